/*
 * Work: deadlines of dossiers and the queues of those who deal with them.
 *
 * A dossier that was sent and has not ended has a place in its unit's queue and in that of the
 * officer who holds it, by the time until which something must be done; and, while its clock runs,
 * an alarm. Places, alarms and counts follow from the record alone: they are kept in step with it
 * in the transaction that writes it (work_index.c).
 */
#pragma once

#include "dossier.h"

/* due.c: the clock of one dossier. */
/* The calendar its agency works by; lives as long as the call. */
const struct mc_calendar *dossier_calendar_of(const struct dossier *dossier, struct mc_txn *txn,
                                              const char *unit);
/* Something must be done by an officer, and time counts against him. */
bool dossier_clock_runs(const DossierState__Dossier *record);
/* Until when: the due time, or for what nobody has looked at yet, until when that should be. */
int64_t dossier_work_due(const DossierState__Dossier *record);
bool dossier_is_overdue(const DossierState__Dossier *record, int64_t now_ms);
/* A new due time; reminders whose time is over already are not sent for it. */
void dossier_due_set(const struct dossier *dossier, struct mc_txn *txn,
                     DossierState__Dossier *record, int64_t due_ms);
/* Sent, or sent again: the time to look at it begins. */
void dossier_check_begins(const struct dossier *dossier, struct mc_txn *txn,
                          DossierState__Dossier *record);
/* Who holds it; else the officer who dealt with it last; "": nobody yet. */
const char *dossier_officer_of(const DossierState__Dossier *record);
/* To be called after every change of the state or of the due time. */
void dossier_alarm_set(const struct dossier *dossier, struct mc_txn *txn,
                       DossierState__Dossier *record);
/* What is told of it to an officer, or of an apology to the citizen. */
void dossier_tell_due(const struct dossier *dossier, struct mc_txn *txn,
                      const DossierState__Dossier *record, const char *event, const char *reason);
/* Tells what has become due, a bounded number of them. */
enum mc_status dossier_alarms(const struct dossier *dossier, struct mc_txn *txn);

/* work_index.c */
/* Before the record is saved: moves places, alarm and counts from what the store has to this. */
void dossier_work_index(struct mc_txn *txn, const DossierState__Dossier *record);
uint64_t dossier_count_get(struct mc_txn *txn, const char *unit, unsigned what);
/* How many the unit finished on the local day of that instant. */
uint64_t dossier_finished_get(struct mc_txn *txn, const char *unit, int64_t at_ms);

/* Beside the states: how many are late and were told to be. */
enum { DOSSIER_COUNT_OVERDUE = 255 };

/* work_queue.c: several queues as one, by due time. */
enum {
    DOSSIER_WORK_TAIL = 8 + MC_ID_LEN, /* due time, id: the end of a queue's key */
    DOSSIER_QUEUES_MAX = 4096,         /* units times states one list may merge */
};

struct dossier_queue {
    struct mc_bytes prefix; /* of its rows */
    uint8_t head[DOSSIER_WORK_TAIL];
    bool over;
};

struct dossier_queues {
    struct mc_txn *txn;
    unsigned table;
    struct dossier_queue *rows;
    size_t len;
    struct mc_bytes holder; /* of DOSSIER_ASSIGNED: whose queues; else empty */
    struct mc_bytes after;  /* the tail of the last row before the page; empty: from the first */
    bool full;              /* more queues than may be merged: the call is refused */
};

mc_nodiscard bool dossier_queues_open(struct mc_txn *txn, unsigned table, struct mc_bytes after,
                                      struct dossier_queues *ret_queues);
void dossier_queues_add(struct dossier_queues *queues, struct mc_bytes prefix);
/* Those of a unit and all below it; state DRAFT: of every open state. */
void dossier_queues_add_units(const struct dossier *dossier, struct dossier_queues *queues,
                              const char *ancestor, Dossier__State state, bool running);
/* The row with the earliest due time; NULL: there is none. Valid until the next step. */
const uint8_t *dossier_queues_head(const struct dossier_queues *queues);
void dossier_queues_step(struct dossier_queues *queues);
int64_t dossier_tail_due(const uint8_t *tail);
mc_nodiscard Dossier__DossierSummary *dossier_work_row(const struct dossier *dossier,
                                                       struct mc_txn *txn, const uint8_t *tail);
bool dossier_state_is_open(Dossier__State state);
/* The officer's own unit, or one below it; NULL with the call refused for others. */
const char *dossier_unit_of_caller(struct mc_txn *txn, const char *text);

/* Handlers. */
enum mc_status dossier_list_work(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListWorkRequest *req, Dossier__ListWorkReply *rep);
enum mc_status dossier_count_work(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__CountWorkRequest *req,
                                  Dossier__CountWorkReply *rep);
enum mc_status dossier_forecast(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__ForecastRequest *req, Dossier__ForecastReply *rep);
enum mc_status dossier_apologise(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ApologiseRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_set_calendar(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__SetCalendarRequest *req,
                                    Dossier__CalendarReply *rep);
enum mc_status dossier_get_calendar(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__GetCalendarRequest *req,
                                    Dossier__CalendarReply *rep);
