/* KeepContract: this check, with its answer, is what the API promises from now on. */
#include <string.h>

#include "common/text.h"

#include "check.h"

static void check_name(struct mc_txn *txn, const char *name, char *ret_clean, size_t size)
{
    if (mc_text_clean(ret_clean, size, name) != MC_OK || ret_clean[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "name", "FIELD_REQUIRED", "field", "tên kiểm thử", NULL);
    else if (mc_text_chars(ret_clean) > PARTNER_CONTRACT_NAME_MAX)
        (void)mc_refuse(txn, MC_INVALID, "name", "FIELD_TOO_LONG", "field", "Tên kiểm thử", "max",
                        "120 ký tự", NULL);
}

static void fill(struct mc_txn *txn, const Partner__ApiCheck *check, Partner__Contract *told)
{
    bool holds = check->verdict != NULL && check->verdict->fits && check->verdict->succeeded;

    told->api_type = check->api_type;
    told->dstcode = check->dstcode;
    told->partner_id = check->partner_id;
    told->unit = check->unit;
    told->shape = check->verdict != NULL ? check->verdict->shape : told->shape;
    told->state =
        holds ? PARTNER__CONTRACT_STATE__CONTRACT_HOLDS : PARTNER__CONTRACT_STATE__CONTRACT_BROKEN;
    told->kept_ms = txn->now_ms;
    told->kept_by = mc_unconst(partner_actor(txn));
    told->last_run_ms = check->ended_ms;
    told->changed_ms = txn->now_ms;
}

enum mc_status partner_keep_contract(struct partner *partner, struct mc_txn *txn,
                                     const Partner__KeepContractRequest *req,
                                     Partner__Contract *rep)
{
    PartnerState__Contract record = PARTNER_STATE__CONTRACT__INIT;
    Partner__ApiCheck *check = NULL;
    size_t size = MC_TEXT_SIZE(strlen(req->name));
    char *name = mc_alloc(txn->arena, size);

    if (name == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    check_name(txn, req->name, name, size);
    if (req->check_id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "check_id", "FIELD_INVALID", "field", "check_id", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    const PartnerState__Check *kept = partner_check_load(txn, mc_key_bytes(req->check_id), &check);
    if (txn->status != MC_OK)
        return txn->status;
    if (kept == NULL || !mc_unit_mine(txn, check->unit))
        return mc_refuse(txn, MC_NOT_FOUND, "check_id", "NOT_FOUND", NULL);
    if (check->state != PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED)
        return mc_refuse(txn, MC_EXPIRED, "check_id", "API_CHECK_UNANSWERED", NULL);

    struct mc_bytes id = mc_new_id(txn);
    record.asked = kept->asked;
    rep->contract_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->name = name;
    fill(txn, check, rep);
    partner_contract_plan(partner, txn, id, rep);
    partner_contract_save(txn, id, &record, rep);
    mc_unit_index_put(txn, PARTNER_BY_UNIT, "contract", rep->unit, id);
    partner_contract_emit(txn, "partner.contract_kept", rep, mc_key_bytes(req->check_id));
    return txn->status;
}
