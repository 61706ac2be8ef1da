/*
 * Indicators of QĐ 766/QĐ-TTg: what each dossier contributes, added up by agency, officer and month
 * in the transaction that changes the dossier; and the scores that follow from the sums.
 *
 * What a dossier contributes (its facts) follows from its record alone. When that changes, the old
 * facts are taken off the sums, the new ones are added, and both go into the journal as
 * dossier.counted: so a sum is never counted twice, and the journal folds to the same sums.
 */
#pragma once

#include "work.h"

/* What is summed. The order is kept on disk: add at the end. */
enum dossier_tally {
    DOSSIER_TALLY_RECEIVED,
    DOSSIER_TALLY_RECEIVED_ONLINE,
    DOSSIER_TALLY_VERIFIED,    /* of those received: sent by an account of IAL 2 */
    DOSSIER_TALLY_ENDED,       /* with a due time: finished, stopped, refused after acceptance */
    DOSSIER_TALLY_ON_TIME,     /* of these: by the first due time, and asked at most once */
    DOSSIER_TALLY_LATE,        /* of these: after it */
    DOSSIER_TALLY_SUPPLEMENTS, /* of these: asked for supplements more than once */
    DOSSIER_TALLY_REFUSED,     /* at reception: no due time yet */
    DOSSIER_TALLY_STOPPED,
    DOSSIER_TALLY_RESOLVED,      /* finished */
    DOSSIER_TALLY_RESULT,        /* of these: with an electronic result */
    DOSSIER_TALLY_SERVED_ONLINE, /* of these: of a procedure that is served online */
    DOSSIER_TALLY_ONLINE,        /* of these: sent online, with an electronic result */
    DOSSIER_TALLY_FEE,           /* of those finished: with a fee that is not 0 */
    DOSSIER_TALLY_PAID_ONLINE,   /* of these: paid on the platform */
    DOSSIER_TALLY_DIGITISED,     /* of those finished: with papers and a result as files */
    DOSSIER_TALLY_REUSED,        /* of those finished: a paper came from the data store */
    DOSSIER_TALLY_WENT_LATE,     /* past the first due time while running */
    DOSSIER_TALLY_LATE_ENDED,    /* of those that went late, in whatever month: ended in this one */
    DOSSIER_TALLIES_LEN,
    DOSSIER_TALLY_RUNNING_LATE, /* derived: late and still running at the end of a month */
    DOSSIER_TALLY_TOTAL,        /* derived: ended, or running late at the end */
    DOSSIER_TALLY_NONE,         /* not summed here */
};

#define DOSSIER_BIT(tally) (UINT64_C(1) << DOSSIER_TALLY_##tally)

const char *dossier_tally_name(enum dossier_tally tally);
bool dossier_tally_parse(const char *name, enum dossier_tally *ret_tally);

/* Months count from year 0: 2026-09 is 2026 * 12 + 8. 0: never. */
uint32_t dossier_month_of(int64_t at_ms);
bool dossier_month_parse(const char *text, uint32_t *ret_month); /* 2026-09 */
char *dossier_month_text(struct mc_txn *txn, uint32_t month);

/* indicator_facts.c */
/* Before the record is saved; changes record->counted. */
void dossier_facts_sync(struct mc_txn *txn, DossierState__Dossier *record);
/* Sent by its owner: at which assurance; and received: whether its procedure is served online. */
void dossier_facts_sent(struct mc_txn *txn, DossierState__Dossier *record);
void dossier_facts_received(struct mc_txn *txn, DossierState__Dossier *record, bool served_online);
/* The clock has passed the first due time while it runs. */
void dossier_facts_late(struct mc_txn *txn, DossierState__Dossier *record);

/* One dossier's facts as sums: what they add where. The journal is folded by it, too. */
struct dossier_fact_sink {
    void (*add)(struct dossier_fact_sink *sink, const char *officer, uint32_t month, uint64_t bits);
};
void dossier_facts_add(struct dossier_fact_sink *sink, const Dossier__CountedFacts *facts);

/* indicator_sums.c: sums on disk, and read back. */
enum dossier_fact_kind { DOSSIER_FACT_RECEIVED = 1, DOSSIER_FACT_LATE, DOSSIER_FACT_ENDED };

struct dossier_sums {
    int64_t of[DOSSIER_TALLY_NONE]; /* with the derived ones, once dossier_sums_end() is called */
};

/* Officer "": the unit itself; "*": all officers of it. In the arena. */
struct mc_bytes dossier_tally_prefix(struct mc_txn *txn, const char *unit, const char *officer);
struct mc_bytes dossier_tally_key(struct mc_txn *txn, const char *unit, const char *officer,
                                  uint32_t month);
struct mc_bytes dossier_fact_prefix(struct mc_txn *txn, const char *unit, const char *officer,
                                    enum dossier_fact_kind kind);
void dossier_tally_add(struct mc_txn *txn, const char *unit, const char *officer, uint32_t month,
                       uint64_t bits, bool more);
/* Adds a unit's, or of one of its officers, months from..to; what runs late is taken from all until
 * then. */
void dossier_sums_read(struct mc_txn *txn, const char *unit, const char *officer, uint32_t from,
                       uint32_t to, struct dossier_sums *sums);
void dossier_sums_end(struct dossier_sums *sums);

/* indicator_table.c: pure. */
enum {
    DOSSIER_INDICATORS_MAX = 40,
    DOSSIER_INDICATOR_CODE_SIZE = 48,
    DOSSIER_INDICATOR_NAME_SIZE = 200,
};
enum dossier_zero {
    DOSSIER_ZERO_NONE,
    DOSSIER_ZERO_FULL
}; /* a denominator of 0: no score, or all */
struct dossier_indicator {
    char group[64];
    char code[DOSSIER_INDICATOR_CODE_SIZE];
    char name[DOSSIER_INDICATOR_NAME_SIZE];
    char note[DOSSIER_INDICATOR_NAME_SIZE]; /* why it is not measured here, or how */
    uint32_t max_points;
    uint32_t threshold; /* percent that gives all points: the target line */
    enum dossier_tally numerator;
    enum dossier_tally denominator;
    bool measured;
    enum dossier_zero zero;
    int64_t valid_from_day;
};
struct dossier_indicators {
    struct dossier_indicator rows[DOSSIER_INDICATORS_MAX];
    size_t len;
};
mc_nodiscard enum mc_status dossier_indicators_load(struct dossier_indicators *ret_table,
                                                    struct mc_bytes csv);
const struct dossier_indicator *dossier_indicator_find(const struct dossier_indicators *table,
                                                       const char *code);
/* Hundredths, rounded half up. False: nothing to say (no denominator). */
bool dossier_indicator_points(const struct dossier_indicator *indicator, int64_t numerator,
                              int64_t denominator, int64_t *ret_points);

/* show_indicators.c: what several handlers ask for. False or NULL: refused. */
/* Empty: this month; only from: that month. */
mc_nodiscard bool dossier_months_read(struct mc_txn *txn, const char *from, const char *to,
                                      uint32_t *ret_from, uint32_t *ret_to);
/* A unit's with all below it. */
void dossier_sums_of(const struct dossier *dossier, struct mc_txn *txn, const char *unit,
                     const char *officer, uint32_t from, uint32_t to, struct dossier_sums *sums);
/* "" or an account that the caller may look at. */
const char *dossier_officer_read(struct mc_txn *txn, const char *officer);

/*
 * export_indicators.c: rows of cells as an Excel file, or as CSV (RPT-10); in the arena. CSV is
 * RFC 4180, every cell quoted, and none begins a formula.
 */
struct dossier_sheet {
    const char *name;
    const char *const *head;
    const unsigned *widths; /* characters */
    size_t columns;
    const char *const **rows;
    size_t len;
};
struct mc_bytes dossier_sheet_file(struct mc_txn *txn, const struct dossier_sheet *sheet, bool csv);
/* 9000 as 90,00: two decimals, a comma, as in Vietnamese. In the arena. */
const char *dossier_hundredths(struct mc_txn *txn, int64_t hundredths);

/* Handlers. */
enum mc_status dossier_show_indicators(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ShowIndicatorsRequest *req,
                                       Dossier__ShowIndicatorsReply *rep);
enum mc_status dossier_compare_indicator(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__CompareIndicatorRequest *req,
                                         Dossier__CompareIndicatorReply *rep);
enum mc_status dossier_list_counted(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListCountedRequest *req,
                                    Dossier__ListCountedReply *rep);
enum mc_status dossier_export_indicators(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__ExportIndicatorsRequest *req,
                                         Dossier__ExportIndicatorsReply *rep);
enum mc_status dossier_check_indicators(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__CheckIndicatorsRequest *req,
                                        Dossier__CheckIndicatorsReply *rep);
