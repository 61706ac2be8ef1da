/*
 * Any bytes at all into text, CSV, dates, money, identity numbers and messages: no crash, and the
 * promises that hold for every input (cleaning and folding twice changes nothing more; what a
 * parser gives back, it reads again as the same).
 */
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/date.h"
#include "common/ident.h"
#include "common/messages.h"
#include "common/money.h"
#include "common/text.h"

enum { INPUT_MAX = 512, OUT_SIZE = 18 * INPUT_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_text(const char *text)
{
    static char once[OUT_SIZE];
    static char twice[3 * OUT_SIZE];
    size_t len = strlen(text);
    bool valid = mc_utf8_valid(text, len);

    enum mc_status status = mc_text_clean(once, MC_TEXT_SIZE(len), text);
    assert(status == MC_OK || status == MC_INVALID);
    if (status == MC_OK) {
        assert(valid && mc_utf8_valid(once, strlen(once)));
        assert(mc_text_clean(twice, sizeof twice, once) == MC_OK && strcmp(once, twice) == 0);
        (void)mc_name_valid(once);
    }
    status = mc_text_clean_lines(once, MC_TEXT_SIZE(len), text);
    assert(status == MC_OK || status == MC_INVALID);
    if (status == MC_OK)
        assert(mc_text_clean_lines(twice, sizeof twice, once) == MC_OK && strcmp(once, twice) == 0);
    if (mc_text_fold(once, sizeof once, text) == MC_OK)
        assert(mc_text_fold(twice, sizeof twice, once) == MC_OK && strcmp(once, twice) == 0);
    status = mc_text_upper(once, MC_TEXT_SIZE(len), text);
    assert(status == (valid ? MC_OK : MC_INVALID));
    status = mc_text_unaccent(once, MC_TEXT_SIZE(len), text);
    assert(status == (valid ? MC_OK : MC_INVALID));
    (void)mc_text_same(text, once);
    (void)mc_text_fold(once, 7, text);

    size_t cut = mc_text_prefix(text, len / 3, len / 2);
    assert(cut <= len / 2 && mc_utf8_valid(text, cut));
    memcpy(once, text, len + 1);
    mc_text_truncate(once, len / 4);
    assert(mc_text_chars(once) <= len / 4);
}

static void fuzz_csv(const uint8_t *data, size_t size)
{
    struct mc_csv csv;
    char out[16];

    mc_csv_open(&csv, data, size);
    while (mc_csv_next(&csv)) {
        assert(csv.fields_len > 0);
        for (size_t i = 0; i <= csv.fields_len; i++)
            (void)mc_csv_copy(&csv, i, out, sizeof out);
        (void)mc_csv_column(&csv, out);
    }
}

static void fuzz_numbers(const char *text, int64_t number)
{
    char out[MC_MONEY_WORDS_SIZE];
    int64_t amount = 0;
    int64_t again = -1;
    struct mc_date date;

    mc_money_words(out, sizeof out, number);
    mc_money_format(out, sizeof out, number);
    if (number >= 0)
        assert(mc_money_parse(out, &again) == MC_WHY_OK && again == number);
    if (mc_money_parse(text, &amount) == MC_WHY_OK)
        assert(amount >= 0);

    mc_time_format(out, sizeof out, number);
    mc_time_format_rfc3339(out, sizeof out, number);
    mc_time_format_stamp(out, sizeof out, number);
    assert(mc_stamp_parse(out, &again) == MC_WHY_OK);
    if (mc_stamp_parse(text, &again) == MC_WHY_OK) {
        mc_time_format_stamp(out, sizeof out, again);
        assert(strcmp(out, text) == 0);
    }
    if (mc_date_parse(text, &date) == MC_WHY_OK)
        assert(mc_date_compare(mc_date_from_days(mc_date_days(date)), date) == 0);
    if (mc_birth_parse(text, &date) == MC_WHY_OK)
        mc_date_format_iso(out, sizeof out, date);
}

static void fuzz_numbers_of_people(const char *text)
{
    char out[MC_MASK_SIZE];
    char again[MC_MASK_SIZE];
    struct mc_tax_code tax;
    struct mc_phone phone;
    struct mc_dossier_code dossier;
    enum mc_identity_kind kind;

    (void)!mc_identity_parse(text, out, sizeof out, &kind);
    (void)!mc_health_card_parse(text, out, sizeof out);
    (void)!mc_insurance_parse(text, true, out, sizeof out);
    (void)!mc_procedure_parse(text, out, sizeof out);
    (void)!mc_email_check(text);
    (void)!mc_dossier_code_parse_member(text, out, sizeof out);
    if (mc_tax_code_parse(text, &tax) == MC_WHY_OK)
        assert(mc_tax_code_parse(tax.code, &tax) == MC_WHY_OK);
    if (mc_phone_parse(text, &phone) == MC_WHY_OK)
        assert(mc_phone_parse(phone.number, &phone) == MC_WHY_OK && !phone.converted);
    if (mc_dossier_code_parse(text, &dossier) == MC_WHY_OK) {
        mc_dossier_code_make(out, sizeof out, dossier.agency, dossier.date, dossier.sequence);
        assert(strcmp(out, dossier.code) == 0);
    }
    if (mc_agency_parse(text, out, sizeof out) == MC_WHY_OK) {
        assert(mc_agency_within(out, out));
        if (mc_agency_parent(out, again, sizeof again))
            assert(mc_agency_within(out, again) && !mc_agency_within(again, out));
    }
    mc_mask_phone(out, sizeof out, text);
    mc_mask_identity(out, sizeof out, text);
    mc_mask_email(out, sizeof out, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[INPUT_MAX + 1];
    char out[64];
    size_t len = MC_MIN(size, INPUT_MAX);
    int64_t number = 0;

    memcpy(text, data, len);
    text[len] = '\0';
    memcpy(&number, data, MC_MIN(size, sizeof number));
    fuzz_text(text);
    fuzz_csv(data, size);
    fuzz_numbers(text, number);
    fuzz_numbers_of_people(text);

    const char *const args[] = {"carrier", text, "n", text, NULL};
    size_t written = mc_message_format(out, sizeof out, "SUBSCRIBER_MISMATCH", args);
    assert(written < sizeof out);
    (void)mc_message_text(text);
    return 0;
}
