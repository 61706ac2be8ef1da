/*
 * Who owns a number. Pure.
 *
 * The rule for load tests: 84981NNNNNN, with N the number of its last six digits, belongs to
 *
 *     identity number  001 G YY NNNNNN   G = N % 2 (0 man, 1 woman), YY = 70 + N % 30
 *     birth date       1 + N % 28, 1 + N / 28 % 12, 19YY
 *     name             NGUYỄN VĂN (man) or NGUYỄN THỊ (woman), then the last two digits as words
 *
 * so a load generator knows a million people without a list.
 */
#include "subscribers.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/ident.h"

extern const char mc_data_subscribers[];
extern const size_t mc_data_subscribers_len;
extern const char mc_data_insured[];
extern const size_t mc_data_insured_len;
extern const char mc_data_post_accounts[];
extern const size_t mc_data_post_accounts_len;

enum column { COLUMN_PHONE, COLUMN_CARRIER, COLUMN_NAME, COLUMN_ID_NUMBER, COLUMN_BIRTH };
enum { RULE_PREFIX_LEN = 5, RULE_DIGITS = 6, FIRST_YEAR = 70, YEARS = 30, DAYS = 28, MONTHS = 12 };

static const char rule_prefix[] = "84981";
static const char *const words[] = {"KHÔNG", "MỘT", "HAI", "BA",  "BỐN",
                                    "NĂM",   "SÁU", "BẢY", "TÁM", "CHÍN"};

bool sandbox_phone(const char *text, char out[SANDBOX_PHONE_SIZE])
{
    struct mc_phone phone;

    if (mc_phone_parse(text, &phone) != MC_WHY_OK)
        return false;
    static_assert(sizeof phone.number == SANDBOX_PHONE_SIZE, "a phone is a phone");
    memcpy(out, phone.number, SANDBOX_PHONE_SIZE);
    return true;
}

void sandbox_carrier_name(const char *phone, char out[SANDBOX_CARRIER_SIZE])
{
    struct mc_carrier guess;

    out[0] = '\0';
    if (mc_carrier_guess(phone, &guess))
        (void)snprintf(out, SANDBOX_CARRIER_SIZE, "%s", guess.name);
}

bool sandbox_subscriber_rule(const char *phone, struct sandbox_subscriber *ret_owner)
{
    unsigned n = 0;

    if (strncmp(phone, rule_prefix, RULE_PREFIX_LEN) != 0 ||
        strspn(phone + RULE_PREFIX_LEN, "0123456789") != RULE_DIGITS ||
        phone[RULE_PREFIX_LEN + RULE_DIGITS] != '\0')
        return false;
    for (const char *digit = phone + RULE_PREFIX_LEN; *digit != '\0'; digit++)
        n = n * 10 + (unsigned)(*digit - '0');
    n %= 1000000; /* is so already; the compiler wants to hear it */

    unsigned year = FIRST_YEAR + n % YEARS;
    (void)snprintf(ret_owner->phone, sizeof ret_owner->phone, "%s%06u", rule_prefix, n);
    (void)snprintf(ret_owner->carrier, sizeof ret_owner->carrier, "Viettel");
    (void)snprintf(ret_owner->full_name, sizeof ret_owner->full_name, "NGUYỄN %s %s %s",
                   n % 2 == 0 ? "VĂN" : "THỊ", words[n / 10 % 10], words[n % 10]);
    (void)snprintf(ret_owner->id_number, sizeof ret_owner->id_number, "001%u%02u%06u", n % 2,
                   year % 100, n);
    (void)snprintf(ret_owner->birth_date, sizeof ret_owner->birth_date, "%02u/%02u/19%02u",
                   1 + n % DAYS, 1 + n / DAYS % MONTHS, year % 100);
    return true;
}

static bool row_read(const struct mc_csv *csv, struct sandbox_subscriber *ret_owner)
{
    char number[16];

    return mc_csv_copy(csv, COLUMN_PHONE, number, sizeof number) &&
           sandbox_phone(number, ret_owner->phone) &&
           mc_csv_copy(csv, COLUMN_CARRIER, ret_owner->carrier, sizeof ret_owner->carrier) &&
           mc_csv_copy(csv, COLUMN_NAME, ret_owner->full_name, sizeof ret_owner->full_name) &&
           mc_csv_copy(csv, COLUMN_ID_NUMBER, ret_owner->id_number, sizeof ret_owner->id_number) &&
           mc_csv_copy(csv, COLUMN_BIRTH, ret_owner->birth_date, sizeof ret_owner->birth_date);
}

bool sandbox_subscriber_find(const char *phone, struct sandbox_subscriber *ret_owner)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_subscribers, mc_data_subscribers_len);
    while (mc_csv_next(&csv))
        if (row_read(&csv, ret_owner) && strcmp(ret_owner->phone, phone) == 0)
            return true;
    return sandbox_subscriber_rule(phone, ret_owner);
}

void sandbox_subscriber_carrier(const struct sandbox_subscriber *owner,
                                char out[SANDBOX_CARRIER_SIZE])
{
    size_t i = 0;

    for (; owner->carrier[i] != '\0' && i < SANDBOX_CARRIER_SIZE - 1; i++) {
        static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const char *capital = strchr(capitals, owner->carrier[i]);
        out[i] = owner->carrier[i];
        if (capital != NULL)
            out[i] = "abcdefghijklmnopqrstuvwxyz"[capital - capitals];
    }
    out[i] = '\0';
}

/* Who the rule makes of six digits. */
static bool ruled(const char *digits, struct sandbox_subscriber *ret_person)
{
    char phone[SANDBOX_PHONE_SIZE];

    if (strlen(digits) != RULE_DIGITS)
        return false;
    (void)snprintf(phone, sizeof phone, "%s%.6s", rule_prefix, digits);
    return sandbox_subscriber_rule(phone, ret_person);
}

bool sandbox_person_find(const char *id_number, struct sandbox_subscriber *ret_person)
{
    struct mc_csv csv;
    size_t len = strlen(id_number);

    mc_csv_open(&csv, mc_data_subscribers, mc_data_subscribers_len);
    while (mc_csv_next(&csv))
        if (row_read(&csv, ret_person) && strcmp(ret_person->id_number, id_number) == 0)
            return true;
    return len > RULE_DIGITS && ruled(id_number + len - RULE_DIGITS, ret_person) &&
           strcmp(ret_person->id_number, id_number) == 0;
}

/* The row whose first field this is; its second is an identity number. */
static bool keyed(struct mc_csv *csv, const char *key, struct sandbox_subscriber *ret_person)
{
    char id_number[SANDBOX_ID_NUMBER_SIZE];

    while (mc_csv_next(csv))
        if (mc_csv_is(csv, 0, key) && mc_csv_copy(csv, 1, id_number, sizeof id_number))
            return sandbox_person_find(id_number, ret_person);
    return false;
}

static const char insured_prefix[] = "7900";

bool sandbox_insured_number(const struct sandbox_subscriber *person,
                            char out[SANDBOX_ID_NUMBER_SIZE])
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_insured, mc_data_insured_len);
    while (mc_csv_next(&csv))
        if (mc_csv_is(&csv, 1, person->id_number))
            return mc_csv_copy(&csv, 0, out, SANDBOX_ID_NUMBER_SIZE);
    if (strncmp(person->phone, rule_prefix, RULE_PREFIX_LEN) != 0)
        return false;
    (void)snprintf(out, SANDBOX_ID_NUMBER_SIZE, "%s%.6s", insured_prefix,
                   person->phone + RULE_PREFIX_LEN);
    return true;
}

bool sandbox_insured_find(const char *insurance_no, struct sandbox_subscriber *ret_person)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_insured, mc_data_insured_len);
    return keyed(&csv, insurance_no, ret_person) ||
           (strncmp(insurance_no, insured_prefix, sizeof insured_prefix - 1) == 0 &&
            ruled(insurance_no + sizeof insured_prefix - 1, ret_person));
}

bool sandbox_post_find(const char *account, struct sandbox_subscriber *ret_person,
                       bool *ret_checked)
{
    static const char prefix[] = "vnp";
    struct mc_csv csv;
    size_t len = strlen(account);

    mc_csv_open(&csv, mc_data_post_accounts, mc_data_post_accounts_len);
    if (keyed(&csv, account, ret_person)) {
        *ret_checked = mc_csv_is(&csv, 2, "yes");
        return true;
    }
    *ret_checked = len > 0 && account[len - 1] != '9';
    return strncmp(account, prefix, sizeof prefix - 1) == 0 &&
           ruled(account + sizeof prefix - 1, ret_person);
}
