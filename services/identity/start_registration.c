/*
 * StartRegistration: the form of REG-13 for the mobile subscription method. Every field is
 * checked before anything is said; then the carrier is asked who owns the number, and a code
 * goes to the phone only when the owner is this person (REG-22, DEC-03).
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "identity.h"

static void refuse_why(struct mc_txn *txn, const char *field, enum mc_why why)
{
    (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
}

static void require(struct mc_txn *txn, const char *field, const char *label)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", label, NULL);
}

/* REG-15: what is marked * must be there; REG-05: which methods are open is a table. */
static void check_method(const struct identity *identity, struct mc_txn *txn,
                         const Identity__StartRegistrationRequest *req)
{
    if (req->subject_kind == IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        require(txn, "subject_kind", "đối tượng đăng ký");
    if (req->method[0] == '\0')
        require(txn, "method", "phương thức đăng ký");
    else if (req->subject_kind != IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        (void)identity_method_check(identity, txn, req->method, (unsigned)req->subject_kind);
}

/* CCCD or CMND (REG-14), and its own birth year and province when it is a CCCD. */
static void check_login_id(struct mc_txn *txn, const char *text, const struct mc_date *birth,
                           IdentityState__Person *person)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;
    enum mc_why why = mc_identity_parse(text, number, sizeof number, &kind);

    if (why == MC_WHY_OK && kind == MC_IDENTITY_CCCD) {
        struct mc_cccd cccd;
        why = mc_cccd_parse(number, &cccd);
        if (why == MC_WHY_OK)
            why = mc_cccd_check_today(&cccd, mc_date_from_ms(txn->now_ms).year);
        if (why == MC_WHY_OK && birth != NULL && mc_cccd_check_birth(&cccd, *birth) != MC_WHY_OK)
            refuse_why(txn, "birth_date", MC_WHY_BIRTH_YEAR_MISMATCH);
    }
    if (why != MC_WHY_OK)
        refuse_why(txn, "login_id", why);
    else
        person->login_id = mc_strdup(txn->arena, number);
}

static void check_name(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    char name[MC_NAME_SIZE];

    if (text[strspn(text, " \t")] == '\0') {
        require(txn, "full_name", "họ tên");
        return;
    }
    enum mc_status status = mc_text_clean(name, sizeof name, text);
    enum mc_why why = status == MC_OK     ? mc_name_check(name)
                      : status == MC_FULL ? MC_WHY_FIELD_TOO_LONG
                                          : MC_WHY_NAME_INVALID;
    if (why == MC_WHY_FIELD_TOO_LONG)
        (void)mc_refuse(txn, MC_INVALID, "full_name", "FIELD_TOO_LONG", "field", "Họ tên", "max",
                        "100 ký tự", NULL);
    else if (why != MC_WHY_OK)
        refuse_why(txn, "full_name", why);
    else
        person->full_name = mc_strdup(txn->arena, name);
}

/* dd/mm/yyyy; old people may know the year only. False: there is no date to compare with. */
static bool check_birth(struct mc_txn *txn, const char *text, IdentityState__Person *person,
                        struct mc_date *ret_birth)
{
    char date[MC_DATE_SIZE];

    if (text[0] == '\0') {
        require(txn, "birth_date", "ngày sinh");
        return false;
    }
    enum mc_why why = mc_birth_parse(text, ret_birth);
    if (why == MC_WHY_OK && mc_date_compare(*ret_birth, mc_date_from_ms(txn->now_ms)) > 0)
        why = MC_WHY_DATE_INVALID;
    if (why != MC_WHY_OK) {
        refuse_why(txn, "birth_date", why);
        return false;
    }
    mc_date_format(date, sizeof date, *ret_birth);
    person->birth_date = mc_strdup(txn->arena, date);
    return true;
}

static void check_contact(struct mc_txn *txn, const Identity__StartRegistrationRequest *req,
                          IdentityState__Person *person)
{
    struct mc_phone phone;

    if (req->phone[0] == '\0') {
        require(txn, "phone", "số điện thoại");
    } else {
        enum mc_why why = mc_phone_parse(req->phone, &phone);
        if (why != MC_WHY_OK)
            refuse_why(txn, "phone", why);
        else
            person->phone = mc_strdup(txn->arena, phone.number);
    }
    if (req->email[0] != '\0') {
        enum mc_why why = mc_email_check(req->email);
        if (why != MC_WHY_OK)
            refuse_why(txn, "email", why);
        person->email = req->email;
    }
}

static enum mc_status check(const struct identity *identity, struct mc_txn *txn,
                            const Identity__StartRegistrationRequest *req,
                            IdentityState__Person *person)
{
    struct mc_date birth;

    check_method(identity, txn, req);
    bool known = check_birth(txn, req->birth_date, person, &birth);
    check_login_id(txn, req->login_id, known ? &birth : NULL, person);
    check_name(txn, req->full_name, person);
    check_contact(txn, req, person);
    identity_consent_check(identity, txn, req->consent_version);
    if (txn->status == MC_OK && (person->login_id == NULL || person->full_name == NULL ||
                                 person->birth_date == NULL || person->phone == NULL))
        return mc_fail(txn, MC_FULL, "arena");
    return txn->status;
}

enum mc_status identity_start_registration(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartRegistrationRequest *req,
                                           Identity__StartRegistrationReply *rep)
{
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    IdentityState__Registration registration = IDENTITY_STATE__REGISTRATION__INIT;
    Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
    struct mc_bytes known;
    char masked[MC_MASK_SIZE];

    if (check(identity, txn, req, &person) != MC_OK)
        return txn->status;

    struct mc_bytes index = identity_login_index(txn, person.login_id);
    if (identity_account_find(txn, index, &known)) /* REG-48 */
        return mc_refuse(txn, MC_CONFLICT, "login_id", "ACCOUNT_EXISTS", NULL);

    if (identity_starts_count(identity, txn, &person) != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    mc_mask_phone(masked, sizeof masked, person.phone);
    registration.state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    registration.subject_kind = (uint32_t)req->subject_kind;
    registration.method = req->method;
    registration.person = identity_person_seal(txn, &person);
    registration.login_index = identity_data(index);
    registration.phone_masked = mc_strdup(txn->arena, masked);
    registration.consent_version = req->consent_version;
    registration.created_at_ms = txn->now_ms;
    registration.expires_at_ms = txn->now_ms + identity->registration_life_ms;
    if (registration.phone_masked == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    mc_save(txn, IDENTITY_REGISTRATIONS, id, &registration.base);
    identity_carrier_ask(txn, id, &person, registration.expires_at_ms);

    changed.state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    changed.consent_version = req->consent_version;
    identity_registration_emit(txn, "identity.registration_started", id, &changed);

    rep->registration_id = identity_data(id);
    rep->state = IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER;
    rep->phone_masked = registration.phone_masked;
    return txn->status;
}
