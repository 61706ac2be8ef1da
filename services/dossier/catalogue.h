/*
 * Catalogue: procedures, the units where they can be filed, and what they cost there, in memory.
 *
 * Built from the store (catalogue_store.c) into memory the caller gives and keeps, and only read
 * from then on; built anew, in other memory, when the store's catalogue has changed. Words are
 * compared folded: lower case, without marks. Every version of a procedure that is or will be in
 * force has an entry of its own, and so has the last one of a procedure that has ended: what was
 * filed under it is still dealt with. Days are local days since 1970.
 */
#pragma once

#include "common/arena.h"
#include "common/calendar.h"

#include "dossier.pb-c.h"

enum {
    DOSSIER_WORDS_CHARS_MAX = 200, /* of a search text */
    DOSSIER_KEY_SIZE = 1024,       /* a folded search text: blank, words, NUL */
    DOSSIER_PROCEDURES_MAX = 16384,
    DOSSIER_UNITS_MAX = 16384,
    DOSSIER_TABLE_MAX = 16384, /* rows of the smaller tables */
    DOSSIER_LEVELS_MAX = 64,   /* of procedures, and of topics: each is a bit */
    DOSSIER_TOPICS_MAX = 64,
    DOSSIER_DAY_MIN = -4000000, /* before any day, and after any day, a date can name */
    DOSSIER_DAY_MAX = 4000000,
};

struct dossier_fee {
    const char *unit; /* "": everywhere else */
    int64_t amount;   /* VND, filed online: fees (phí) and charges (lệ phí) together */
    int64_t charge;   /* the part of it that is lệ phí */
    int64_t amount_desk;
    bool before; /* collected before processing */
};

struct dossier_procedure {
    const char *code; /* 1.001193 */
    uint32_t version;
    int64_t from_day; /* in force from … until, both included */
    int64_t until_day;
    const char *name;
    const char *sector;
    const char *level;         /* as written: "xã (từ 1/7/2025; trước: huyện)" */
    const char *level_now;     /* "xã" */
    const char *level_key;     /* the same folded */
    const char *service_level; /* FULL, PARTIAL, INFORMATION (DOS-11, DOS-12) */
    unsigned old_level;        /* 1 to 4 (DEC-02), or 0 */
    enum mc_time_limit limit;  /* filed online */
    uint32_t limit_value;
    enum mc_time_limit limit_desk;
    uint32_t limit_desk_value;
    const char *upper;      /* the name in upper case, with marks */
    const char *key;        /* the name folded, one blank before each word */
    const char *sector_key; /* the same of the sector */
    size_t chars;           /* of the name */
    unsigned sector_at;     /* in catalogue->sectors */
    unsigned level_at;      /* in catalogue->levels */
    uint64_t topics;        /* bits of catalogue->topics */
    unsigned subjects;      /* bits of motcua.dossier.v1.SubjectKind; 0: all */
    const char **agencies;  /* instead of all units that take its level */
    size_t agencies_len;
    struct dossier_fee *fees;
    size_t fees_len;
};

struct dossier_unit {
    const char *code; /* 000.20.31.H53 */
    const char *name;
    const char *province;
    const char *levels; /* of procedures filed here, "tỉnh|Công an tỉnh" */
    const char *key;    /* name and province folded */
    uint64_t level_bits;
};

struct dossier_alias {
    const char *key; /* " tu phap" */
    const char *sector;
};

/* Entries by code: open addressing, place + 1. */
struct dossier_index {
    uint32_t *slots;
    size_t size; /* a power of two */
};

struct dossier_catalogue {
    struct mc_arena *memory;
    int64_t today;
    uint64_t revision;                    /* of the store, that this is */
    struct dossier_procedure *procedures; /* by code and version */
    size_t procedures_len;
    size_t procedures_max;
    struct dossier_index procedures_by_code; /* the first entry of a code */
    struct dossier_unit *units;
    size_t units_len;
    size_t units_max;
    struct dossier_index units_by_code;
    struct dossier_alias *aliases;
    size_t aliases_len;
    const char **sectors; /* each once */
    size_t sectors_len;
    const char *levels[DOSSIER_LEVELS_MAX]; /* the same of level_now */
    size_t levels_len;
    const char *topics[DOSSIER_TOPICS_MAX];
    size_t topics_len;
};

/*
 * Building (catalogue_build.c): begin, everything once, end. Texts are copied. Procedures come by
 * code, a code's versions upwards. MC_INVALID: a row that makes no sense. MC_FULL: too many, or no
 * memory.
 */
mc_nodiscard enum mc_status dossier_catalogue_begin(struct dossier_catalogue *catalogue,
                                                    struct mc_arena *memory, size_t procedures_max,
                                                    size_t units_max, int64_t today);
mc_nodiscard enum mc_status dossier_catalogue_add(struct dossier_catalogue *catalogue,
                                                  const Dossier__ProcedureDetail *detail);
mc_nodiscard enum mc_status dossier_catalogue_add_unit(struct dossier_catalogue *catalogue,
                                                       const struct dossier_unit *unit);
mc_nodiscard enum mc_status dossier_catalogue_add_alias(struct dossier_catalogue *catalogue,
                                                        const char *alias, const char *sector);
mc_nodiscard enum mc_status dossier_catalogue_end(struct dossier_catalogue *catalogue);

/* "xã (từ 1/7/2025; trước: huyện)" is "xã" today; "xã (Công an)" is not: another agency's. */
void dossier_level_now(char *out, size_t size, const char *level);
/* yyyy-MM-dd as a day; false, and nothing, when it is none. "" is `otherwise`. */
bool dossier_day_parse(const char *text, int64_t otherwise, int64_t *ret_day);

/* By code, in any of the forms members write; NULL when none is in force today. */
const struct dossier_procedure *dossier_procedure_find(const struct dossier_catalogue *catalogue,
                                                       const char *code);
/* The same, or the last one that was: for what was filed before it ended. */
const struct dossier_procedure *dossier_procedure_last(const struct dossier_catalogue *catalogue,
                                                       const char *code);
bool dossier_procedure_in_force(const struct dossier_procedure *procedure, int64_t day);
const struct dossier_unit *dossier_unit_find(const struct dossier_catalogue *catalogue,
                                             const char *code);
bool dossier_unit_takes(const struct dossier_unit *unit, const struct dossier_procedure *procedure);

/* What the unit asks, or what is asked everywhere. NULL: nothing to pay, or not known to be. */
const struct dossier_fee *dossier_fee_of(const struct dossier_procedure *procedure,
                                         const char *unit);
/* The same by the procedure's code. */
const struct dossier_fee *dossier_fee_find(const struct dossier_catalogue *catalogue,
                                           const char *procedure, const char *unit);

/*
 * What a search asks for, made from a person's texts. MC_INVALID: not text. MC_FULL: too long.
 */
struct dossier_query {
    char unit[DOSSIER_KEY_SIZE]; /* folded words; empty: all */
    const struct dossier_unit *unit_exact;
    char sector[DOSSIER_KEY_SIZE];
    bool sector_is_alias;
    char words[DOSSIER_KEY_SIZE];
    char upper[DOSSIER_KEY_SIZE]; /* the words as written, in upper case */
    const char *code;             /* the words, when they are a procedure's code */
    char level[DOSSIER_KEY_SIZE];
    const char *service_level; /* empty: all */
    uint64_t topic;            /* bits; 0: all */
    unsigned subject;          /* a bit; 0: all */
};
mc_nodiscard enum mc_status dossier_key(char out[DOSSIER_KEY_SIZE], const char *text);
mc_nodiscard enum mc_status dossier_query_unit(struct dossier_query *query,
                                               const struct dossier_catalogue *catalogue,
                                               const char *text);
mc_nodiscard enum mc_status dossier_query_sector(struct dossier_query *query,
                                                 const struct dossier_catalogue *catalogue,
                                                 const char *text);
mc_nodiscard enum mc_status dossier_query_level(struct dossier_query *query, const char *level);
mc_nodiscard enum mc_status dossier_query_words(struct dossier_query *query,
                                                const struct dossier_catalogue *catalogue,
                                                const char *text);

/* Best first; the smaller the better. */
enum dossier_rank {
    DOSSIER_RANK_EXACT,  /* the very phrase, with its marks; or the code */
    DOSSIER_RANK_PHRASE, /* the phrase, marks aside */
    DOSSIER_RANK_WORDS,  /* all its words */
    DOSSIER_RANK_NONE,
};
enum dossier_rank dossier_query_rank(const struct dossier_query *query,
                                     const struct dossier_procedure *procedure);
bool dossier_query_in_sector(const struct dossier_query *query,
                             const struct dossier_catalogue *catalogue,
                             const struct dossier_procedure *procedure);
bool dossier_query_at_level(const struct dossier_query *query,
                            const struct dossier_procedure *procedure);
bool dossier_query_at_unit(const struct dossier_query *query, const struct dossier_unit *unit);

/* The rows that a freshly made house begins with, as CSV text linked into the daemon. */
struct dossier_tables {
    struct mc_bytes procedures;
    struct mc_bytes service_levels;
    struct mc_bytes units;
    struct mc_bytes fees;
    struct mc_bytes aliases;
};

/* The same read (seed.c); by code. */
struct dossier_seed {
    Dossier__ProcedureDetail *procedures;
    size_t procedures_len;
    struct dossier_unit *units;
    size_t units_len;
    struct dossier_alias *aliases; /* key: as written */
    size_t aliases_len;
};
mc_nodiscard enum mc_status dossier_seed_load(struct dossier_seed *seed, struct mc_arena *memory,
                                              const struct dossier_tables *tables);
