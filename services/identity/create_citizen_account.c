/*
 * CreateCitizenAccount: [Tạo tài khoản] (OFF-31): the phone is the citizen's, the newest code was
 * right, so the account opens with a password that was drawn here and goes to the citizen by SMS.
 * The officer never sees it, and it is good for nothing but setting a real one.
 */
#include <string.h>

#include "lookup.h"
#include "officer.h"

struct creation {
    struct identity_desk desk;
    struct mc_bytes registration_id;
    IdentityState__Registration *registration;
    const IdentityState__Person *person;
    uint32_t ial;
    IdentityState__Made made;
};

static enum mc_status check(struct identity *identity, struct mc_txn *txn,
                            const Identity__CreateCitizenAccountRequest *req,
                            struct creation *creation)
{
    struct mc_bytes id = mc_key_bytes(req->registration_id);
    struct mc_bytes known;
    const char *code = NULL;

    creation->registration_id = id;
    creation->registration = identity_desk_request(txn, id, &creation->desk);
    if (creation->registration == NULL)
        return txn->status;
    if (creation->registration->state != IDENTITY__REGISTRATION_STATE__AWAITING_CODE)
        return mc_refuse(txn, MC_EXPIRED, "registration_id",
                         identity_registration_why(creation->registration), NULL);
    creation->person = identity_person_open(txn, creation->registration->person);
    if (creation->person == NULL)
        return txn->status;
    struct identity_claim claim = {OTP__PURPOSE__OFFICER_CREATE, id, creation->person->phone};
    if (!identity_proof_holds(identity, txn, req->proof, &claim, &code))
        return mc_refuse(txn, MC_DENIED, "proof", code, NULL);
    if (identity_account_find(txn, mc_key_bytes(creation->registration->login_index), &known))
        return mc_refuse(txn, MC_CONFLICT, "registration_id", "ACCOUNT_EXISTS", NULL);
    return txn->status;
}

/* The pool hashes only what has a chance; what is wrong the handler tells. */
enum mc_status identity_create_citizen_account_prepare(void *ctx, struct mc_txn *snapshot,
                                                       const ProtobufCMessage *req,
                                                       struct mc_work *ret_work)
{
    (void)ctx;
    const Identity__CreateCitizenAccountRequest *create = (const void *)req;
    const IdentityState__Registration *registration =
        identity_registration_load(snapshot, mc_key_bytes(create->registration_id));

    ret_work->kind = MC_WORK_NONE;
    if (registration != NULL && registration->officer.len == MC_ID_LEN &&
        registration->state == IDENTITY__REGISTRATION_STATE__AWAITING_CODE &&
        create->proof[0] != '\0')
        identity_password_temporary_prepare(snapshot, ret_work);
    return MC_OK;
}

static void open_account(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                         struct creation *creation, const char **ret_password)
{
    IdentityState__Account account = IDENTITY_STATE__ACCOUNT__INIT;
    const IdentityState__Registration *registration = creation->registration;
    const struct identity_method *method = identity_method_find(identity, registration->method);

    account.subject_kind = registration->subject_kind;
    account.ial = creation->ial = method != NULL ? method->ial : 0;
    account.method = registration->method;
    account.person = registration->person;
    account.login_index = registration->login_index;
    account.consent_version = registration->consent_version;
    account.consent_at_ms = registration->created_at_ms;
    *ret_password = identity_password_temporary(identity, txn, &account);
    if (*ret_password != NULL)
        identity_account_open(txn, id, &account);
}

static void keep_made(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                      struct creation *creation)
{
    IdentityState__Registration *registration = creation->registration;

    identity_state__made__init(&creation->made);
    creation->made.officer = registration->officer;
    creation->made.unit = registration->unit;
    creation->made.desk = registration->desk;
    creation->made.scan = registration->scan;
    creation->made.at_ms = txn->now_ms;
    mc_save(txn, IDENTITY_MADE, id, &creation->made.base);
    identity_scan_keep_until(txn, mc_key_bytes(creation->made.scan),
                             txn->now_ms + identity->scan_retention_ms);
    registration->state = IDENTITY__REGISTRATION_STATE__DONE;
    registration->account = identity_data(id);
    mc_save(txn, IDENTITY_REGISTRATIONS, creation->registration_id, &registration->base);
}

static void tell(struct mc_txn *txn, struct mc_bytes id, const struct creation *creation)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    Identity__AccountMade made = IDENTITY__ACCOUNT_MADE__INIT;
    const char *keys[] = {identity_key(txn, "account", id),
                          identity_key(txn, "registration", creation->registration_id), NULL};

    opened.account_id = identity_uuid(txn, id);
    opened.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    opened.ial = creation->ial;
    opened.full_name = creation->person->full_name;
    opened.phone = creation->person->phone;
    opened.email = creation->person->email;
    opened.login_id = creation->person->login_id;
    opened.birth_date = creation->person->birth_date;
    opened.address = creation->person->address;
    mc_emit(txn, "identity.account_opened", &opened.base, MC_SEALED, keys);
    made.account_id = opened.account_id;
    made.officer_id = identity_uuid(txn, creation->desk.officer_id);
    made.unit = creation->registration->unit;
    mc_emit(txn, "identity.account_made", &made.base, MC_PLAIN, keys);
}

enum mc_status identity_create_citizen_account(struct identity *identity, struct mc_txn *txn,
                                               const Identity__CreateCitizenAccountRequest *req,
                                               Identity__CreateCitizenAccountReply *rep)
{
    struct creation creation = {0};
    const char *password = NULL;

    if (check(identity, txn, req, &creation) != MC_OK)
        return txn->status;
    struct mc_bytes id = mc_new_id(txn);
    keep_made(identity, txn, id, &creation); /* before the account: its index looks here */
    open_account(identity, txn, id, &creation, &password);
    if (password == NULL)
        return txn->status;
    identity_password_sms_ask(txn, id, creation.person, &creation.made, password);
    tell(txn, id, &creation);
    identity_population_ask(identity, txn, id, creation.person); /* SYS-07 */
    rep->account_id = identity_uuid(txn, id);
    rep->message = identity_text(txn, "CITIZEN_ACCOUNT_DONE", NULL);
    return txn->status;
}
