/*
 * The fields of a person that are changed after registration, checked as on the form and put into
 * the record. Each refuses by itself, so that every wrong field is told.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "account.h"

enum { ADDRESS_SIZE = 4 * IDENTITY_ADDRESS_MAX + 1 };

static void refuse_why(struct mc_txn *txn, const char *field, enum mc_why why)
{
    (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
}

static void refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", label, "max", max, NULL);
}

static void put(struct mc_txn *txn, const char *text, char **ret_field)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    else
        *ret_field = copy;
}

void identity_put_email(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    enum mc_why why = text[0] != '\0' ? mc_email_check(text) : MC_WHY_OK;

    if (why != MC_WHY_OK)
        refuse_why(txn, "email", why);
    else
        put(txn, text, &person->email);
}

void identity_put_address(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    char clean[ADDRESS_SIZE];
    enum mc_status status = mc_text_clean(clean, sizeof clean, text);

    if (status == MC_FULL || mc_text_chars(clean) > IDENTITY_ADDRESS_MAX)
        refuse_long(txn, "address", "Địa chỉ", "300 ký tự");
    else if (status != MC_OK)
        (void)mc_refuse(txn, MC_INVALID, "address", "FIELD_INVALID", "field", "Địa chỉ", NULL);
    else
        put(txn, clean, &person->address);
}

static bool is_own_number(const IdentityState__Person *person, const char *number)
{
    for (size_t i = 0; i < person->n_numbers; i++)
        if (strcmp(person->numbers[i], number) == 0)
            return true;
    return strcmp(person->login_id, number) == 0;
}

/* REG-51. Since 1/7/2025 a person's number is the tax code; nobody enters another's as his own. */
void identity_put_tax_code(struct mc_txn *txn, const char *text, uint32_t subject_kind,
                           IdentityState__Person *person)
{
    struct mc_tax_code code = {0};
    enum mc_why why = text[0] != '\0' ? mc_tax_code_parse(text, &code) : MC_WHY_OK;
    bool personal = text[0] != '\0' && code.kind == MC_TAX_PERSON;

    if (why != MC_WHY_OK)
        refuse_why(txn, "tax_code", why);
    else if (personal && subject_kind != IDENTITY__SUBJECT_KIND__CITIZEN)
        (void)mc_refuse(txn, MC_INVALID, "tax_code", "TAX_CODE_PERSONAL", NULL);
    else if (personal && !is_own_number(person, code.code))
        (void)mc_refuse(txn, MC_INVALID, "tax_code", "TAX_CODE_NOT_YOURS", NULL);
    else
        put(txn, code.code, &person->tax_code);
}

void identity_put_name(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    char name[MC_NAME_SIZE];
    enum mc_status status = mc_text_clean(name, sizeof name, text);
    enum mc_why why = status == MC_OK ? mc_name_check(name) : MC_WHY_NAME_INVALID;

    if (name[0] == '\0' && status == MC_OK)
        (void)mc_refuse(txn, MC_INVALID, "full_name", "FIELD_REQUIRED", "field", "họ tên", NULL);
    else if (status == MC_FULL || why == MC_WHY_FIELD_TOO_LONG)
        refuse_long(txn, "full_name", "Họ tên", "100 ký tự");
    else if (why != MC_WHY_OK)
        refuse_why(txn, "full_name", why);
    else
        put(txn, name, &person->full_name);
}

/* The number tells the year of birth: what does not fit it is a slip of the pen. */
static enum mc_why fits_number(const char *number, struct mc_date birth)
{
    struct mc_cccd cccd;

    if (strlen(number) != MC_CCCD_SIZE - 1 || mc_cccd_parse(number, &cccd) != MC_WHY_OK)
        return MC_WHY_OK;
    return mc_cccd_check_birth(&cccd, birth);
}

void identity_put_birth(struct mc_txn *txn, const char *text, IdentityState__Person *person)
{
    struct mc_date birth;
    char date[MC_DATE_SIZE];
    enum mc_why why = mc_birth_parse(text, &birth);

    if (why == MC_WHY_OK && mc_date_compare(birth, mc_date_from_ms(txn->now_ms)) > 0)
        why = MC_WHY_DATE_INVALID;
    if (why == MC_WHY_OK)
        why = fits_number(person->login_id, birth);
    for (size_t i = 0; why == MC_WHY_OK && i < person->n_numbers; i++)
        why = fits_number(person->numbers[i], birth);
    if (why != MC_WHY_OK) {
        refuse_why(txn, "birth_date", why);
        return;
    }
    mc_date_format(date, sizeof date, birth);
    put(txn, date, &person->birth_date);
}
