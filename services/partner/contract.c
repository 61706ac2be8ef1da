/*
 * Contract tests (C13): a check that is kept is made again every night, instead of screenshots. It
 * holds while the answer has every documented field and the code still says what it said; a shape
 * that changed by itself is shown with the run and breaks nothing, for fields may be added.
 */
#include <string.h>

#include "common/date.h"
#include "common/retention.h"

#include "check.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS, RUNS_DROPPED_AT_ONCE = 2 };

PartnerState__Contract *partner_contract_load(struct mc_txn *txn, struct mc_bytes id,
                                              Partner__Contract **ret_told)
{
    PartnerState__Contract *record =
        mc_load(txn, PARTNER_CONTRACTS, id, &partner_state__contract__descriptor);

    if (record == NULL)
        return NULL;
    *ret_told = partner_unpack(txn, record->told, &partner__contract__descriptor);
    return *ret_told != NULL ? record : NULL;
}

void partner_contract_save(struct mc_txn *txn, struct mc_bytes id, PartnerState__Contract *record,
                           const Partner__Contract *told)
{
    record->told = partner_pack(txn, &told->base);
    mc_save(txn, PARTNER_CONTRACTS, id, &record->base);
}

void partner_contract_emit(struct mc_txn *txn, const char *type, const Partner__Contract *told,
                           struct mc_bytes check_id)
{
    Partner__ContractChanged event = PARTNER__CONTRACT_CHANGED__INIT;
    char id[2 * MC_ID_LEN + 1];

    (void)mc_hex(id, mc_key_bytes(told->contract_id));
    const char *keys[] = {mc_sprintf(txn->arena, "contract:%s", id),
                          mc_sprintf(txn->arena, "unit:%s", told->unit), NULL};
    event.contract_id = told->contract_id;
    event.name = told->name;
    event.api_type = told->api_type;
    event.unit = told->unit;
    event.dstcode = told->dstcode;
    event.reason = told->reason;
    event.since_ms = told->changed_ms;
    event.check_id = (ProtobufCBinaryData){check_id.len, mc_unconst(check_id.data)};
    mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

PartnerState__Contract *partner_contract_mine(struct mc_txn *txn, ProtobufCBinaryData id,
                                              Partner__Contract **ret_told)
{
    PartnerState__Contract *record = NULL;

    if (id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "contract_id", "FIELD_INVALID", "field", "contract_id",
                        NULL);
    else
        record = partner_contract_load(txn, mc_key_bytes(id), ret_told);
    if (txn->status != MC_OK)
        return NULL;
    if (record == NULL || !mc_unit_mine(txn, (*ret_told)->unit)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "contract_id", "NOT_FOUND", NULL);
        return NULL;
    }
    return record;
}

static struct mc_bytes due_key(struct mc_txn *txn, struct mc_bytes id, int64_t at_ms)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), id);
}

void partner_contract_unplan(struct mc_txn *txn, struct mc_bytes id, const Partner__Contract *told)
{
    if (told->next_run_ms != 0)
        mc_drop(txn, PARTNER_CONTRACTS_DUE, due_key(txn, id, told->next_run_ms));
}

/* Spread by the id, so that a night's calls do not all go in its first second. */
void partner_contract_plan(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                           Partner__Contract *told)
{
    uint64_t place = mc_checksum(mc_key_text("contract"), id);
    int64_t of_day =
        partner->contract_hour * HOUR_MS + (int64_t)(place % (uint64_t)partner->contract_spread_ms);
    int64_t next = mc_date_to_ms(mc_date_from_ms(txn->now_ms)) + of_day;

    partner_contract_unplan(txn, id, told);
    told->next_run_ms = next > txn->now_ms ? next : next + DAY_MS;
    mc_put(txn, PARTNER_CONTRACTS_DUE, due_key(txn, id, told->next_run_ms), (struct mc_bytes){0});
}

const char *partner_contract_start(struct mc_txn *txn, const PartnerState__Contract *record,
                                   const Partner__Contract *told, Partner__ApiCheck *ret_check)
{
    const PartnerState__Asked *asked =
        partner_open(txn, record->asked, &partner_state__asked__descriptor);

    if (asked == NULL)
        return NULL;
    struct partner_asked again = {
        .api_type = told->api_type,
        .url = asked->url,
        .dstcode = asked->dstcode,
        .body = mc_key_bytes(asked->body),
        .unit = told->unit,
        .contract_id = mc_key_bytes(told->contract_id),
        .partner_id = told->partner_id,
        .session_url = "",
        .username = "",
        .password = "",
    };
    const char *why = told->partner_id[0] != '\0' ? partner_asked_resolve(txn, &again) : NULL;
    if (why == NULL)
        partner_check_begin(txn, &again, ret_check);
    return why;
}

/* Why it does not hold; "": it does. */
static const char *broken_by(const Partner__ApiCheck *check)
{
    if (check->state != PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED || check->verdict == NULL)
        return "NO_ANSWER";
    if (check->verdict->n_problems > 0)
        return check->verdict->problems[0]->code;
    return check->verdict->succeeded ? "" : "REFUSED";
}

/* Some of those that are too old go with each new one. */
static void drop_old_runs(struct mc_txn *txn, struct mc_bytes contract)
{
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_CONTRACT_RUNS, contract, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (unsigned n = 0; n < RUNS_DROPPED_AT_ONCE && mc_next(&cursor); n++) {
        int64_t at_ms = 0;
        const uint8_t *id = (const uint8_t *)cursor.key.data + MC_ID_LEN;
        if (cursor.key.len == (size_t)2 * MC_ID_LEN && mc_uuid7_time(id, &at_ms) &&
            at_ms < txn->now_ms - PARTNER_RUN_LIFE_MS) {
            mc_drop(txn, PARTNER_CONTRACT_RUNS, cursor.key);
            gone++;
        }
    }
    mc_retention_count(txn, "contract_runs", gone);
}

/* The run is kept, and is the contract's verdict from now on; a change of it is told. */
static void judge(struct mc_txn *txn, PartnerState__Contract *record, Partner__Contract *told,
                  Partner__ContractRun *run)
{
    struct mc_bytes id = mc_key_bytes(told->contract_id);
    Partner__ContractState state = run->fits ? PARTNER__CONTRACT_STATE__CONTRACT_HOLDS
                                             : PARTNER__CONTRACT_STATE__CONTRACT_BROKEN;
    bool changed = state != told->state;

    mc_save(txn, PARTNER_CONTRACT_RUNS, mc_key_join(txn, id, mc_key_bytes(run->check_id)),
            &run->base);
    drop_old_runs(txn, id);
    told->last_run_ms = run->at_ms;
    told->state = state;
    told->reason = run->reason;
    if (changed)
        told->changed_ms = txn->now_ms;
    partner_contract_save(txn, id, record, told);
    if (changed)
        partner_contract_emit(txn,
                              run->fits ? "partner.contract_mended" : "partner.contract_broken",
                              told, mc_key_bytes(run->check_id));
}

void partner_contract_ran(struct mc_txn *txn, const Partner__ApiCheck *check)
{
    Partner__ContractRun run = PARTNER__CONTRACT_RUN__INIT;
    Partner__Contract *told = NULL;
    PartnerState__Contract *record =
        partner_contract_load(txn, mc_key_bytes(check->contract_id), &told);

    if (record == NULL || told->state == PARTNER__CONTRACT_STATE__CONTRACT_ENDED)
        return;
    const char *reason = broken_by(check);
    run.check_id = check->check_id;
    run.at_ms = check->ended_ms;
    run.fits = reason[0] == '\0';
    run.same_shape = check->verdict != NULL && strcmp(check->verdict->shape, told->shape) == 0;
    run.reason = mc_unconst(reason);
    run.http_status = check->http_status;
    run.total_us = check->times != NULL ? check->times->total_us : 0;
    judge(txn, record, told, &run);
}

void partner_contract_lost(struct mc_txn *txn, PartnerState__Contract *record,
                           Partner__Contract *told, const char *why)
{
    Partner__ContractRun run = PARTNER__CONTRACT_RUN__INIT;
    struct mc_bytes id = mc_new_id(txn);

    run.check_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    run.at_ms = txn->now_ms;
    run.reason = mc_unconst(why);
    judge(txn, record, told, &run);
}
