/*
 * Rounds of reports: an agency sets targets for some indicators over some months, and a deadline
 * for the units below it and a later one for itself, who rolls up (RPT-07). Units confirm their
 * numbers; who has not is reminded once before its deadline and once after it (RPT-11).
 *
 *     rounds:        round id                     -> DossierState__Round
 *     round_reports: round id, unit               -> DossierState__RoundReport
 *     round_alarms:  time (8), round id, kind (1) -> the key in officers that was looked at last
 *
 * The units of a round are those of the catalogue below its own unit, as they are now. A deadline
 * is an instant: what comes before it is in time («trước ngày 08/12/2022»).
 */
#pragma once

#include "indicators.h"

enum {
    DOSSIER_ROUND_TARGETS_MAX = 5,
    DOSSIER_ROUND_STEPS_MAX = 50, /* of a round's history; it can still be closed */
    DOSSIER_ROUND_NAME_CHARS_MAX = 200,
    DOSSIER_ROUND_SEEN_MAX = 500, /* rounds looked at for one page */
};

enum dossier_round_alarm {
    DOSSIER_ROUND_UNITS_SOON = 1,
    DOSSIER_ROUND_UNITS_LATE,
    DOSSIER_ROUND_ROLLUP_SOON,
    DOSSIER_ROUND_ROLLUP_LATE,
    DOSSIER_ROUND_ALARMS_END,
};

struct dossier_round {
    struct mc_bytes id;
    DossierState__Round *record;
};

/* rounds.c */
/* Refused as unknown for all but the operator and officers of its unit, or of one above or below.
 */
mc_nodiscard bool dossier_round_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                     struct dossier_round *ret_round);
bool dossier_round_is_seen(const struct mc_txn *txn, const DossierState__Round *record);
/* Adds to the history, saves under the next version. */
void dossier_round_save(struct mc_txn *txn, const struct dossier_round *round, const char *what,
                        const char *reason);
void dossier_round_tell(struct mc_txn *txn, const struct dossier_round *round, const char *event,
                        const Dossier__RoundChanged *with);
/* True: the unit reports in it, or rolls it up. */
bool dossier_round_has(const struct dossier *dossier, const DossierState__Round *record,
                       const char *unit);
uint32_t dossier_round_units(const struct dossier *dossier, const DossierState__Round *record);
int64_t dossier_round_by_ms(const DossierState__Round *record, const char *unit);
DossierState__RoundReport *dossier_round_report(struct mc_txn *txn, struct mc_bytes id,
                                                const char *unit);
struct mc_bytes dossier_round_report_key(struct mc_txn *txn, struct mc_bytes id, const char *unit);
void dossier_round_sums(const struct dossier *dossier, struct mc_txn *txn,
                        const DossierState__Round *record, const char *unit,
                        struct dossier_sums *ret_sums);
void dossier_round_fill(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_round *round, Dossier__Round *rep);

/* get_round.c: pure. How many more of the denominator would meet the target; 0: it is met. */
int64_t dossier_round_missing(int64_t numerator, int64_t denominator, uint32_t percent);
Dossier__RoundUnit *dossier_round_unit(const struct dossier *dossier, struct mc_txn *txn,
                                       const struct dossier_round *round, const char *unit,
                                       const char *name);

/* round_tick.c */
/* Puts the alarms of an open round, or takes them away. What is over already is not put. */
void dossier_round_alarms_set(struct mc_txn *txn, const struct dossier_round *round, bool on);
/* Reminds, a bounded number of officers. */
enum mc_status dossier_round_alarms(const struct dossier *dossier, struct mc_txn *txn);

/* Handlers. */
enum mc_status dossier_save_round(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__SaveRoundRequest *req, Dossier__Round *rep);
enum mc_status dossier_close_round(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__CloseRoundRequest *req, Dossier__Round *rep);
enum mc_status dossier_list_rounds(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListRoundsRequest *req,
                                   Dossier__ListRoundsReply *rep);
enum mc_status dossier_get_round(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__GetRoundRequest *req, Dossier__GetRoundReply *rep);
enum mc_status dossier_confirm_round(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ConfirmRoundRequest *req, Dossier__Round *rep);
enum mc_status dossier_export_round(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ExportRoundRequest *req,
                                    Dossier__ExportIndicatorsReply *rep);
