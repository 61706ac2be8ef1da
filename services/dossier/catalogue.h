/*
 * Catalogue: procedures, the units where they can be filed, and what they cost there.
 *
 * Read once, at boot, from the tables in data/, into memory the caller gives and keeps; only read
 * from then on, so its pointers live as long as the process. Words are compared folded: lower case,
 * without marks. A table that cannot be read is a build mistake: load returns MC_INVALID.
 */
#pragma once

#include "common/arena.h"

#include "calendar.h"

enum {
    DOSSIER_WORDS_CHARS_MAX = 200, /* of a search text */
    DOSSIER_KEY_SIZE = 1024,       /* a folded search text: blank, words, NUL */
    DOSSIER_PROCEDURES_MAX = 16384,
    DOSSIER_UNITS_MAX = 16384,
    DOSSIER_TABLE_MAX = 16384, /* rows of the smaller tables */
};

struct dossier_procedure {
    const char *code; /* 1.001193 */
    const char *name;
    const char *sector;
    const char *level;         /* as written: "xã (từ 1/7/2025; trước: huyện)" */
    const char *level_now;     /* "xã" */
    const char *level_key;     /* the same folded */
    const char *service_level; /* FULL, PARTIAL, INFORMATION (DOS-11, DOS-12) */
    enum dossier_limit limit;
    uint32_t limit_value;
    const char *upper;      /* the name in upper case, with marks */
    const char *key;        /* the name folded, one blank before each word */
    const char *sector_key; /* the same of the sector */
    size_t chars;           /* of the name */
};

struct dossier_unit {
    const char *code; /* 000.20.31.H53 */
    const char *name;
    const char *province;
    const char *levels; /* of procedures filed here, "tỉnh|Công an tỉnh" */
    const char *key;    /* name and province folded */
};

struct dossier_fee {
    const char *procedure;
    const char *unit;
    int64_t amount; /* VND */
    bool before;    /* collected before processing */
};

struct dossier_alias {
    const char *key; /* " tu phap" */
    const char *sector;
};

struct dossier_catalogue {
    struct dossier_procedure *procedures;
    size_t procedures_len;
    struct dossier_unit *units;
    size_t units_len;
    struct dossier_fee *fees;
    size_t fees_len;
    struct dossier_alias *aliases;
    size_t aliases_len;
    const char **sectors; /* each once, in the catalogue's order */
    size_t sectors_len;
    const char **levels; /* the same of level_now */
    size_t levels_len;
};

/* The tables as CSV text. */
struct dossier_tables {
    struct mc_bytes procedures;
    struct mc_bytes service_levels;
    struct mc_bytes units;
    struct mc_bytes fees;
    struct mc_bytes aliases;
};
mc_nodiscard enum mc_status dossier_catalogue_load(struct dossier_catalogue *catalogue,
                                                   struct mc_arena *memory,
                                                   const struct dossier_tables *tables);

/* By code, in any of the forms members write; NULL when it is not ours. */
const struct dossier_procedure *dossier_procedure_find(const struct dossier_catalogue *catalogue,
                                                       const char *code);
const struct dossier_unit *dossier_unit_find(const struct dossier_catalogue *catalogue,
                                             const char *code);
bool dossier_unit_takes(const struct dossier_unit *unit, const struct dossier_procedure *procedure);

/* NULL: nothing to pay, or not known to be. */
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
