/*
 * Statements as CSV (RFC 4180, UTF-8). Banks name their columns as they like: these names are
 * known, whatever their case and marks. Other formats (MT940, CAMT.053) are not read: Debian has no
 * C library for them that is more than a banking program of its own.
 */
#include <string.h>

#include "common/date.h"
#include "common/text.h"

#include "reconcile.h"

enum { NAME_MAX_LEN = 64, TIME_SIZE = 32 };

static const char *const references[] = {"MaThamChieu", "reference", NULL};
static const char *const transactions[] = {"transaction_id", "MaGiaoDich",  "Mã giao dịch",
                                           "Số tham chiếu",  "Số bút toán", NULL};
static const char *const amounts[] = {"amount", "SoTien",       "Số tiền",
                                      "Ghi có", "Phát sinh có", NULL};
static const char *const times[] = {"time", "ThoiGianGD", "Thời gian", "Ngày giao dịch", NULL};
static const char *const contents[] = {
    "content", "ThongTinGiaoDich", "Nội dung", "Nội dung giao dịch", "Diễn giải", NULL};
static const char *const states[] = {"TrangThaiGD", "state", NULL};

static size_t column_of(const struct mc_csv *csv, const char *const *names)
{
    char name[NAME_MAX_LEN];

    for (size_t column = 0; column < csv->fields_len; column++) {
        if (!mc_csv_copy(csv, column, name, sizeof name))
            continue;
        for (size_t i = 0; names[i] != NULL; i++)
            if (mc_text_same(name, names[i]))
                return column;
    }
    return csv->fields_len;
}

bool payment_statement_open(struct payment_statement *statement, struct mc_bytes text,
                            bool platform)
{
    mc_csv_open(&statement->csv, text.data, text.len);
    if (!mc_csv_next(&statement->csv))
        return false;
    size_t none = statement->csv.fields_len;
    statement->reference = column_of(&statement->csv, platform ? references : transactions);
    statement->amount = column_of(&statement->csv, amounts);
    statement->time = column_of(&statement->csv, times);
    statement->content = column_of(&statement->csv, contents);
    statement->state = platform ? column_of(&statement->csv, states) : none;
    return statement->reference < none && statement->amount < none &&
           (platform || (statement->time < none && statement->content < none));
}

/* yyyyMMddHHmmss, or a day as people write it. */
static bool time_read(const char *text, int64_t *ret_ms)
{
    char day[MC_DATE_SIZE] = "";
    struct mc_date date;

    if (mc_stamp_parse(text, ret_ms) == MC_WHY_OK)
        return true;
    size_t len = strcspn(text, " ");
    if (len >= sizeof day)
        return false;
    memcpy(day, text, len);
    if (mc_date_parse(day, &date) != MC_WHY_OK)
        return false;
    *ret_ms = mc_date_to_ms(date);
    return true;
}

enum payment_statement_read payment_statement_next(struct payment_statement *statement,
                                                   struct payment_statement_line *ret_line)
{
    struct mc_csv *csv = &statement->csv;
    char amount[MC_MONEY_SIZE];
    char time[TIME_SIZE];
    int64_t total = 0;

    if (!mc_csv_next(csv))
        return csv->status == MC_OK ? PAYMENT_STATEMENT_END : PAYMENT_STATEMENT_BAD;
    *ret_line = (struct payment_statement_line){.at_ms = 0};
    if (statement->state < MC_CSV_FIELDS_MAX && mc_csv_field(csv, statement->state).len > 0 &&
        !mc_csv_is(csv, statement->state, "00"))
        return PAYMENT_STATEMENT_SKIP;
    if (!mc_csv_copy(csv, statement->amount, amount, sizeof amount))
        return PAYMENT_STATEMENT_BAD;
    if (amount[0] == '\0' || amount[0] == '-' || strcmp(amount, "0") == 0)
        return PAYMENT_STATEMENT_SKIP;
    if (mc_money_parse(amount, &ret_line->amount) != MC_WHY_OK ||
        !payment_total_add(&total, ret_line->amount) ||
        !mc_csv_copy(csv, statement->reference, ret_line->reference, sizeof ret_line->reference) ||
        ret_line->reference[0] == '\0' ||
        !mc_csv_copy(csv, statement->content, ret_line->content, sizeof ret_line->content) ||
        !mc_csv_copy(csv, statement->time, time, sizeof time))
        return PAYMENT_STATEMENT_BAD;
    if (time[0] != '\0' && !time_read(time, &ret_line->at_ms))
        return PAYMENT_STATEMENT_BAD;
    return PAYMENT_STATEMENT_ROW;
}
