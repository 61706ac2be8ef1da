/*
 * StartCitizenAccount: the form at the desk with the scan of both sides of the paper (OFF-24 to
 * OFF-28). From here it is a registration like the citizen's own: the carrier says whether the
 * phone is the citizen's (OFF-26), and it ends by itself when nobody finishes it, with its scan.
 */
#include <string.h>

#include "common/text.h"

#include "lookup.h"
#include "officer.h"

/* One file of one of three kinds, and its name says the same kind (OFF-24, OFF-27). */
static const char *check_scan(struct mc_txn *txn, const Identity__StartCitizenAccountRequest *req)
{
    const char *dot = strrchr(req->scan_name, '.');

    if (req->scan.len == 0) {
        (void)mc_refuse(txn, MC_INVALID, "scan", "ID_FILE_HINT", NULL);
        return NULL;
    }
    if (req->scan.len > IDENTITY_SCAN_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "scan", "SCAN_TOO_LARGE", NULL);
        return NULL;
    }
    const char *type = identity_scan_type(mc_key_bytes(req->scan));
    if (type == NULL)
        (void)mc_refuse(txn, MC_INVALID, "scan", "ID_FILE_HINT", NULL);
    if (req->scan_name[0] == '\0' || strpbrk(req->scan_name, "/\\") != NULL ||
        mc_text_chars(req->scan_name) > IDENTITY_SCAN_NAME_MAX)
        (void)mc_refuse(txn, MC_INVALID, "scan_name", "FILE_NAME_INVALID", NULL);
    else if (type != NULL && (dot == NULL || !mc_text_same(dot + 1, type)))
        (void)mc_refuse(txn, MC_INVALID, "scan_name", "SCAN_NAME_TYPE", "type", type, NULL);
    return type;
}

static enum mc_status check(const struct identity *identity, struct mc_txn *txn,
                            const Identity__StartCitizenAccountRequest *req,
                            const struct identity_desk *desk, IdentityState__Person *person)
{
    const struct identity_form form = {
        .login_id = req->login_id,
        .full_name = req->full_name,
        .birth_date = req->birth_date,
        .phone = req->phone,
        .email = req->email,
    };

    (void)identity_method_check(identity, txn, IDENTITY_DESK_METHOD,
                                IDENTITY__SUBJECT_KIND__CITIZEN);
    identity_form_check(txn, &form, person);
    identity_consent_check(identity, txn, req->consent_version);
    /* a code to the officer's own phone proves nothing about the citizen */
    if (person->phone != NULL && strcmp(person->phone, desk->person->phone) == 0)
        (void)mc_refuse(txn, MC_INVALID, "phone", "PHONE_OF_OFFICER", NULL);
    return txn->status;
}

/* OFF-28: «Cán bộ», «Số điện thoại», «Đơn vị», «Thời gian tạo», as they are today. */
static ProtobufCBinaryData seal_block(struct mc_txn *txn,
                                      const Identity__StartCitizenAccountRequest *req,
                                      const struct identity_desk *desk, const char *type)
{
    IdentityState__Desk block = IDENTITY_STATE__DESK__INIT;

    block.officer_name = desk->person->full_name;
    block.officer_phone = desk->person->phone;
    block.unit_name = desk->agency->name;
    block.at_ms = txn->now_ms;
    block.scan_name = req->scan_name;
    block.scan_type = mc_unconst(type);
    block.scan_size = req->scan.len;
    return identity_desk_seal(txn, &block);
}

static struct mc_bytes save(const struct identity *identity, struct mc_txn *txn,
                            const Identity__StartCitizenAccountRequest *req,
                            const struct identity_desk *desk, const IdentityState__Person *person,
                            const char *type)
{
    IdentityState__Registration registration = IDENTITY_STATE__REGISTRATION__INIT;
    struct mc_bytes id = mc_new_id(txn);
    char masked[MC_MASK_SIZE];

    mc_mask_phone(masked, sizeof masked, person->phone);
    registration.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    registration.method = mc_unconst(IDENTITY_DESK_METHOD);
    registration.person = identity_person_seal(txn, person);
    registration.login_index = identity_data(identity_login_index(txn, person->login_id));
    registration.phone_masked = mc_strdup(txn->arena, masked);
    registration.consent_version = req->consent_version;
    registration.created_at_ms = txn->now_ms;
    registration.expires_at_ms = txn->now_ms + identity->registration_life_ms;
    registration.officer = identity_data(desk->officer_id);
    registration.unit = mc_unconst(desk->unit);
    registration.desk = seal_block(txn, req, desk, type);
    registration.scan = identity_data(
        identity_scan_keep(txn, mc_key_bytes(req->scan), type, registration.expires_at_ms));
    if (registration.phone_masked == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    registration.state = identity_lookup_begin(identity, txn, id, IDENTITY_DESK_METHOD, person,
                                               registration.expires_at_ms);
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration.base);
    return id;
}

enum mc_status identity_start_citizen_account(struct identity *identity, struct mc_txn *txn,
                                              const Identity__StartCitizenAccountRequest *req,
                                              Identity__StartCitizenAccountReply *rep)
{
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    struct identity_desk desk;
    struct mc_bytes known;

    if (!identity_desk_open(txn, req->unit, &desk))
        return txn->status;
    const char *type = check_scan(txn, req);
    if (check(identity, txn, req, &desk, &person) != MC_OK)
        return txn->status;
    if (identity_account_find(txn, identity_login_index(txn, person.login_id), &known))
        return mc_refuse(txn, MC_CONFLICT, "login_id", "ACCOUNT_EXISTS", NULL); /* OFF-23 */
    if (identity_starts_count(identity, txn, &person) != MC_OK ||
        !identity_budget_take(txn, "desk.start", desk.officer_id, IDENTITY_DESK_STARTS_AN_HOUR,
                              "DESK_TOO_MANY"))
        return txn->status;

    struct mc_bytes id = save(identity, txn, req, &desk, &person, type);
    changed.state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    changed.consent_version = req->consent_version;
    changed.officer_id = identity_uuid(txn, desk.officer_id);
    changed.unit = mc_unconst(desk.unit);
    identity_registration_emit(txn, "identity.registration_started", id, &changed);
    rep->registration_id = identity_data(id);
    return txn->status;
}
