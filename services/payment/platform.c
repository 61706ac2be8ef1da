#include "platform.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/csv.h"
#include "common/date.h"
#include "common/text.h"

extern const char mc_data_payment_codes[];
extern const size_t mc_data_payment_codes_len;

void payment_hash(char out[PAYMENT_HASH_SIZE], const char *const *fields, const char *secret)
{
    struct mc_bytes parts[2 * PAYMENT_HASH_FIELDS_MAX + 1];
    uint8_t hash[MC_HASH_LEN];
    size_t n = 0;

    for (size_t i = 0; fields[i] != NULL; i++) {
        assert(i < PAYMENT_HASH_FIELDS_MAX);
        parts[n++] = (struct mc_bytes){fields[i], strlen(fields[i])};
        parts[n++] = (struct mc_bytes){"|", 1};
    }
    parts[n++] = (struct mc_bytes){secret, strlen(secret)};
    mc_hash_parts(hash, parts, n);
    (void)mc_hex(out, (struct mc_bytes){hash, sizeof hash});
}

bool payment_hash_equal(const char *expected, const char *given)
{
    size_t len = strlen(expected);

    return strlen(given) == len && mc_equal(expected, given, len);
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

void payment_reference(char out[PAYMENT_REFERENCE_MAX + 1], const char *code,
                       const uint8_t order_id[MC_ID_LEN], int64_t now_ms, unsigned suffix)
{
    /* what "dvc", the stamp and a suffix of two digits leave room for */
    char name[PAYMENT_REFERENCE_MAX - 3 - (MC_STAMP_SIZE - 1) - 2 + 1];
    char stamp[MC_STAMP_SIZE];
    size_t len = 0;

    for (; *code != '\0' && len < sizeof name - 1; code++)
        if (is_letter_or_digit(*code))
            name[len++] = *code;
    name[len] = '\0';
    if (len == 0)
        (void)mc_hex(name, (struct mc_bytes){order_id, MC_ID_LEN});
    mc_time_format_stamp(stamp, sizeof stamp, now_ms);
    if (suffix == 0)
        (void)snprintf(out, PAYMENT_REFERENCE_MAX + 1, "dvc%s%s", name, stamp);
    else
        (void)snprintf(out, PAYMENT_REFERENCE_MAX + 1, "dvc%s%s%02u", name, stamp, suffix % 100);
}

void payment_plain(char *out, size_t size, const char *text)
{
    if (mc_text_unaccent(out, size, text) != MC_OK)
        out[0] = '\0';
    for (char *c = out; *c != '\0'; c++)
        if (*c == '|' || (unsigned char)*c < ' ')
            *c = ' ';
}

void payment_information(char out[PAYMENT_INFORMATION_SIZE], const char *code)
{
    char plain[PAYMENT_REFERENCE_MAX];

    payment_plain(plain, sizeof plain, code);
    (void)snprintf(out, PAYMENT_INFORMATION_SIZE, "THANH TOAN HO SO %s", plain);
}

enum { COLUMN_TABLE, COLUMN_CODE, COLUMN_MEANING, COLUMN_TEXT };

enum payment_truth payment_truth_of(const char *state)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_payment_codes, mc_data_payment_codes_len);
    while (mc_csv_next(&csv)) {
        if (!mc_csv_is(&csv, COLUMN_TABLE, "TrangThaiGD") || !mc_csv_is(&csv, COLUMN_CODE, state))
            continue;
        if (mc_csv_is(&csv, COLUMN_MEANING, "PAID"))
            return PAYMENT_TRUTH_PAID;
        if (mc_csv_is(&csv, COLUMN_MEANING, "PENDING"))
            return PAYMENT_TRUTH_PENDING;
    }
    return PAYMENT_TRUTH_FAILED;
}

struct payment_maloi payment_maloi_of(const char *meaning)
{
    struct payment_maloi maloi = {.code = "99"};
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_payment_codes, mc_data_payment_codes_len);
    while (mc_csv_next(&csv))
        if (mc_csv_is(&csv, COLUMN_TABLE, "MaLoi") && mc_csv_is(&csv, COLUMN_MEANING, meaning) &&
            mc_csv_copy(&csv, COLUMN_CODE, maloi.code, sizeof maloi.code) &&
            mc_csv_copy(&csv, COLUMN_TEXT, maloi.text, sizeof maloi.text))
            break;
    return maloi;
}
