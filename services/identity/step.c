/*
 * Steps: a change of an account that waits for codes, a phone's or a closing's. Its id is the
 * subject of the code to the phone that counts; the code to the old phone has the same id with one
 * bit of it turned, so that both lead back to the one row. A step is spent when it is finished, and
 * only by who began it.
 */
#include <string.h>

#include "common/ident.h"
#include "common/retention.h"

#include "account.h"

enum { MARK_AT = 9, MARK = 0x80 }; /* a random bit of a UUIDv7: 0 in steps, 1 in old subjects */

static struct mc_bytes marked(struct mc_txn *txn, struct mc_bytes id, bool old)
{
    uint8_t bytes[MC_ID_LEN] = {0};

    memcpy(bytes, id.data, MC_MIN(id.len, sizeof bytes));
    bytes[MARK_AT] = (uint8_t)(old ? bytes[MARK_AT] | MARK : bytes[MARK_AT] & ~MARK);
    return mc_keep(txn, bytes, sizeof bytes);
}

struct mc_bytes identity_step_old_subject(struct mc_txn *txn, struct mc_bytes id)
{
    return marked(txn, id, true);
}

static void ask(struct mc_txn *txn, const struct identity_step *step, struct mc_bytes subject,
                const char *phone, int64_t expires_ms)
{
    IdentityState__Person to = *step->person;

    to.phone = mc_unconst(phone);
    identity_code_ask(txn, step->kind, subject, &to, identity_key(txn, "account", step->target->id),
                      expires_ms);
}

void identity_step_begin(const struct identity *identity, struct mc_txn *txn,
                         const struct identity_step *step, Identity__AccountStep *rep)
{
    IdentityState__Step row = IDENTITY_STATE__STEP__INIT;

    if (txn->status != MC_OK)
        return;
    struct mc_bytes id = marked(txn, mc_new_id(txn), false);
    row.kind = (uint32_t)step->kind;
    row.account = identity_data(step->target->id);
    row.phone = mc_seal_text(txn, step->phone);
    if (step->old_phone != NULL)
        row.old_phone = mc_seal_text(txn, step->old_phone);
    row.began_by = mc_unconst(txn->caller->account_id);
    row.reason = mc_seal_text(txn, step->reason);
    row.expires_at_ms = txn->now_ms + identity->step_life_ms;
    mc_save(txn, IDENTITY_STEPS, id, &row.base);
    ask(txn, step, id, step->phone, row.expires_at_ms);
    if (step->old_phone != NULL)
        ask(txn, step, identity_step_old_subject(txn, id), step->old_phone, row.expires_at_ms);
    identity_step_fill(txn, id, &row, rep);
}

IdentityState__Step *identity_step_find(struct mc_txn *txn, struct mc_bytes id)
{
    IdentityState__Step *step = NULL;

    if (id.len == MC_ID_LEN)
        step = mc_load(txn, IDENTITY_STEPS, id, &identity_state__step__descriptor);
    return step != NULL && step->expires_at_ms > txn->now_ms ? step : NULL;
}

IdentityState__Step *identity_step_load(const struct identity *identity, struct mc_txn *txn,
                                        ProtobufCBinaryData id, Otp__Purpose kind,
                                        struct identity_target *ret_target)
{
    IdentityState__Step *step = identity_step_find(txn, mc_key_bytes(id));
    const char *own = txn->caller->account_id;

    if (step == NULL || step->kind != (uint32_t)kind || own == NULL ||
        strcmp(step->began_by, own) != 0) {
        (void)mc_refuse(txn, MC_EXPIRED, "step", "STEP_EXPIRED", NULL);
        return NULL;
    }
    const char *account = identity_uuid(txn, mc_key_bytes(step->account));
    if (!identity_target_find(identity, txn, account, "", "ACCOUNT_EDIT", ret_target))
        return NULL;
    return step;
}

static char *masked(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    char text[MC_MASK_SIZE] = "";

    if (sealed.len > 0)
        mc_mask_phone(text, sizeof text, mc_open_text(txn, sealed));
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return copy != NULL ? copy : mc_unconst("");
}

void identity_step_fill(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Step *step,
                        Identity__AccountStep *rep)
{
    rep->step = identity_data(id);
    rep->phone_masked = masked(txn, step->phone);
    rep->expires_at_ms = step->expires_at_ms;
    if (step->old_phone.len > 0) {
        rep->old_phone_subject = identity_data(identity_step_old_subject(txn, id));
        rep->old_phone_masked = masked(txn, step->old_phone);
    }
    if (step->code[0] != '\0') {
        rep->code = step->code;
        rep->message = identity_code_text(txn, step->code, "", step->code_until_ms);
    }
}

void identity_step_fail(struct mc_txn *txn, struct mc_bytes subject, const char *code,
                        int64_t until_ms)
{
    if (subject.len != MC_ID_LEN)
        return;
    struct mc_bytes id = marked(txn, subject, false);
    IdentityState__Step *step = identity_step_find(txn, id);
    if (step == NULL)
        return;
    step->code = mc_unconst(code);
    step->code_until_ms = until_ms;
    mc_save(txn, IDENTITY_STEPS, id, &step->base);
}

bool identity_step_proof(struct identity *identity, struct mc_txn *txn,
                         const struct identity_claim *claim, const char *field, const char *proof)
{
    const char *code = NULL;

    if (txn->status != MC_OK || identity_proof_holds(identity, txn, proof, claim, &code))
        return txn->status == MC_OK;
    return mc_refuse(txn, MC_DENIED, field, code, NULL) == MC_OK;
}

void identity_steps_expire(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_STEPS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Step *step = mc_row(&cursor, &identity_state__step__descriptor);
        if (step == NULL || step->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_STEPS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "steps", gone);
}
