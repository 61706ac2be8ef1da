#include "banks.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"

/* In the order of the file. */
enum column {
    COLUMN_CODE,
    COLUMN_BIN,
    COLUMN_KIND,
    COLUMN_SHORT_NAME,
    COLUMN_NAME,
    COLUMN_SWIFT,
    COLUMN_VIETQR,
    COLUMN_PLATFORM_CODE,
    COLUMN_ENTRY,
    COLUMN_LINK,
    COLUMN_TAX,
    COLUMN_REFUND,
    COLUMN_OLD,
    COLUMNS_LEN
};

static const char *const columns[COLUMNS_LEN] = {
    "code",          "bin",   "kind", "short_name", "name_vi", "swift", "vietqr",
    "platform_code", "entry", "link", "tax",        "refund",  "old",
};

static bool is_made_of(const char *text, const char *letters)
{
    return text[strspn(text, letters)] == '\0';
}

/* One of the words, ended by NULL: its place. */
static bool word_read(const struct mc_csv *csv, size_t column, const char *const *words,
                      unsigned *ret_place)
{
    for (unsigned i = 0; words[i] != NULL; i++)
        if (mc_csv_is(csv, column, words[i])) {
            *ret_place = i;
            return true;
        }
    return false;
}

static bool flag_read(const struct mc_csv *csv, size_t column, bool *ret_flag)
{
    static const char *const words[] = {"0", "1", NULL};
    unsigned place = 0;

    if (!word_read(csv, column, words, &place))
        return false;
    *ret_flag = place == 1;
    return true;
}

static bool texts_read(const struct mc_csv *csv, struct payment_bank *bank)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t bin_len = mc_csv_field(csv, COLUMN_BIN).len;

    return mc_csv_copy(csv, COLUMN_CODE, bank->code, sizeof bank->code) && bank->code[0] != '\0' &&
           is_made_of(bank->code, letters) &&
           mc_csv_copy(csv, COLUMN_BIN, bank->bin, sizeof bank->bin) &&
           (bin_len == 0 || bin_len == PAYMENT_BANK_BIN_SIZE - 1) &&
           is_made_of(bank->bin, "0123456789") &&
           mc_csv_copy(csv, COLUMN_SHORT_NAME, bank->short_name, sizeof bank->short_name) &&
           bank->short_name[0] != '\0' &&
           mc_csv_copy(csv, COLUMN_NAME, bank->name, sizeof bank->name) && bank->name[0] != '\0' &&
           mc_csv_copy(csv, COLUMN_PLATFORM_CODE, bank->platform_code,
                       sizeof bank->platform_code) &&
           is_made_of(bank->platform_code, letters);
}

static bool row_read(const struct mc_csv *csv, struct payment_bank *bank)
{
    static const char *const kinds[] = {"BANK", "WALLET", NULL};
    static const char *const vietqr[] = {
        [PAYMENT_VIETQR_NONE] = "NONE",
        [PAYMENT_VIETQR_RECEIVE] = "RECEIVE",
        [PAYMENT_VIETQR_TRANSFER] = "TRANSFER",
        NULL,
    };
    static const char *const entries[] = {"", "REDIRECT", "SSO", NULL};
    unsigned kind = 0;
    unsigned qr = 0;
    unsigned entry = 0;

    if (!texts_read(csv, bank) || !word_read(csv, COLUMN_KIND, kinds, &kind) ||
        !word_read(csv, COLUMN_VIETQR, vietqr, &qr) ||
        !word_read(csv, COLUMN_ENTRY, entries, &entry) ||
        !flag_read(csv, COLUMN_LINK, &bank->link) || !flag_read(csv, COLUMN_TAX, &bank->tax) ||
        !flag_read(csv, COLUMN_REFUND, &bank->refund) || !flag_read(csv, COLUMN_OLD, &bank->old))
        return false;
    bank->wallet = kind == 1;
    bank->vietqr = (enum payment_vietqr)qr;
    bank->sso = entry == 2;
    /* a bank that cannot be entered cannot be paid at, linked or sent money back to */
    bool entered = entry != 0;
    return entered == (bank->platform_code[0] != '\0') &&
           (entered || (!bank->link && !bank->tax && !bank->refund));
}

static bool header_ok(const struct mc_csv *csv)
{
    for (size_t i = 0; i < COLUMNS_LEN; i++)
        if (!mc_csv_is(csv, i, columns[i]))
            return false;
    return true;
}

static enum mc_status refuse(struct payment_banks *banks, const struct mc_csv *csv, char *why,
                             size_t why_size, const char *what)
{
    banks->n = 0;
    (void)snprintf(why, why_size, "line %zu: %s", csv->line, what);
    return MC_INVALID;
}

enum mc_status payment_banks_read(struct payment_banks *banks, struct mc_bytes text, char *why,
                                  size_t why_size)
{
    struct mc_csv csv;

    banks->n = 0;
    mc_csv_open(&csv, text.data, text.len);
    if (!mc_csv_next(&csv) || !header_ok(&csv))
        return refuse(banks, &csv, why, why_size, "not the columns of the banks' table");
    while (mc_csv_next(&csv)) {
        struct payment_bank bank = {0};

        if (banks->n == PAYMENT_BANKS_MAX)
            return refuse(banks, &csv, why, why_size, "too many banks");
        if (!row_read(&csv, &bank))
            return refuse(banks, &csv, why, why_size, "a column is wrong");
        if (payment_bank_find(banks, bank.code) != NULL ||
            (bank.platform_code[0] != '\0' && payment_bank_find(banks, bank.platform_code) != NULL))
            return refuse(banks, &csv, why, why_size, "the code is taken");
        banks->rows[banks->n++] = bank;
    }
    return csv.status == MC_OK ? MC_OK : refuse(banks, &csv, why, why_size, "not a CSV file");
}

const struct payment_bank *payment_bank_find(const struct payment_banks *banks, const char *code)
{
    if (code[0] == '\0')
        return NULL;
    for (size_t i = 0; i < banks->n; i++)
        if (strcmp(banks->rows[i].code, code) == 0 ||
            strcmp(banks->rows[i].platform_code, code) == 0)
            return &banks->rows[i];
    return NULL;
}

const struct payment_bank *payment_bank_by_bin(const struct payment_banks *banks, const char *bin)
{
    const struct payment_bank *found = NULL;

    if (bin[0] == '\0')
        return NULL;
    for (size_t i = 0; i < banks->n; i++)
        if (strcmp(banks->rows[i].bin, bin) == 0 && (found == NULL || found->old))
            found = &banks->rows[i];
    return found;
}
