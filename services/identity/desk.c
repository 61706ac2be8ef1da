/*
 * The desk: an officer of a one-door unit at work for a citizen who is there in person (OFF-18).
 * Whether he may is read from his account as it is now, not from what his session once said, and
 * the refusal tells which of the guide's two causes it is (OFF-32): he is not assigned to such a
 * unit, or the unit's name lacks the text.
 */
#include <string.h>

#include "officer.h"

static bool holds_right(const IdentityState__Assignment *row, const char *right)
{
    for (size_t i = 0; i < row->n_rights; i++)
        if (strcmp(row->rights[i], right) == 0)
            return true;
    return false;
}

/* NULL: may make accounts there. */
const char *identity_desk_cause(struct mc_txn *txn, const IdentityState__Assignment *row)
{
    if (row == NULL)
        return "UNIT_NOT_ASSIGNED"; /* cause 1 */
    const IdentityState__Agency *agency = identity_agency_load(txn, row->unit);
    if (agency == NULL || !identity_agency_is_one_stop(agency))
        return "UNIT_NAME_LACKS_TEXT"; /* cause 2 */
    if (!identity_agency_is_valid(agency, txn->now_ms))
        return "AGENCY_OVER";
    return holds_right(row, "CITIZEN_ACCOUNT_CREATE") ? NULL : "RIGHT_MISSING";
}

bool identity_desk_officer(struct mc_txn *txn, struct identity_desk *ret_desk)
{
    struct mc_bytes session_id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &session_id);

    if (session == NULL)
        return false;
    ret_desk->officer_id = mc_key_bytes(session->account);
    ret_desk->officer = identity_account_load(txn, ret_desk->officer_id);
    if (ret_desk->officer == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "session without account");
        return false;
    }
    ret_desk->person = identity_person_open(txn, ret_desk->officer->person);
    identity_units_read(txn, ret_desk->officer, &ret_desk->units);
    return txn->status == MC_OK;
}

/* The unit asked for, or the one the session acts for. */
static const char *unit_asked(struct mc_txn *txn, const char *asked)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (asked[0] == '\0')
        return txn->caller->unit != NULL ? txn->caller->unit : "";
    enum mc_why why = mc_agency_parse(asked, code, sizeof code);
    if (why != MC_WHY_OK) {
        (void)mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, code);
}

bool identity_desk_open(struct mc_txn *txn, const char *unit, struct identity_desk *ret_desk)
{
    if (!identity_desk_officer(txn, ret_desk))
        return false;
    const char *code = unit_asked(txn, unit);
    if (code == NULL)
        return false;
    const IdentityState__Assignment *row = identity_units_find(&ret_desk->units, code);
    const char *cause = identity_desk_cause(txn, row);
    if (cause != NULL) {
        (void)mc_refuse(txn, MC_DENIED, strcmp(cause, "RIGHT_MISSING") == 0 ? "" : "unit", cause,
                        NULL);
        return false;
    }
    ret_desk->unit = row->unit;
    ret_desk->agency = identity_agency_load(txn, row->unit);
    return txn->status == MC_OK;
}

/* A request belongs to the officer who began it; for everybody else there is none. */
IdentityState__Registration *identity_desk_request(struct mc_txn *txn, struct mc_bytes id,
                                                   struct identity_desk *ret_desk)
{
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    if (!identity_desk_officer(txn, ret_desk))
        return NULL;
    struct mc_bytes officer =
        registration != NULL ? mc_key_bytes(registration->officer) : (struct mc_bytes){0};
    if (officer.len != MC_ID_LEN ||
        memcmp(officer.data, ret_desk->officer_id.data, MC_ID_LEN) != 0) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "registration_id", "REGISTRATION_EXPIRED", NULL);
        return NULL;
    }
    /* what he may do can have been taken away since he began */
    return identity_desk_open(txn, registration->unit, ret_desk) ? registration : NULL;
}

ProtobufCBinaryData identity_desk_seal(struct mc_txn *txn, const IdentityState__Desk *block)
{
    return mc_seal_bytes(txn, identity_pack(txn, &block->base));
}

IdentityState__Desk *identity_desk_unseal(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);

    if (txn->status != MC_OK)
        return NULL;
    IdentityState__Desk *block =
        identity_state__desk__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (block == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_FULL : MC_CORRUPT, "desk");
    return block;
}
