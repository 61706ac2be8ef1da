/*
 * The fields of a person's form, as a citizen or an officer at the desk types them (REG-13 to
 * REG-15, OFF-25). Every field is checked before anything is said.
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

static void check_contact(struct mc_txn *txn, const struct identity_form *form,
                          IdentityState__Person *person)
{
    struct mc_phone phone;

    if (form->phone[0] == '\0') {
        require(txn, "phone", "số điện thoại");
    } else {
        enum mc_why why = mc_phone_parse(form->phone, &phone);
        if (why != MC_WHY_OK)
            refuse_why(txn, "phone", why);
        else
            person->phone = mc_strdup(txn->arena, phone.number);
    }
    if (form->email[0] != '\0') {
        enum mc_why why = mc_email_check(form->email);
        if (why != MC_WHY_OK)
            refuse_why(txn, "email", why);
        person->email = mc_unconst(form->email);
    }
}

void identity_names_check(struct mc_txn *txn, const struct identity_form *form,
                          IdentityState__Person *person)
{
    struct mc_date birth;

    bool known = check_birth(txn, form->birth_date, person, &birth);
    check_login_id(txn, form->login_id, known ? &birth : NULL, person);
    check_name(txn, form->full_name, person);
    if (txn->status == MC_OK &&
        (person->login_id == NULL || person->full_name == NULL || person->birth_date == NULL))
        (void)mc_fail(txn, MC_FULL, "arena");
}

void identity_form_check(struct mc_txn *txn, const struct identity_form *form,
                         IdentityState__Person *person)
{
    identity_names_check(txn, form, person);
    check_contact(txn, form, person);
    if (txn->status == MC_OK && person->phone == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}
