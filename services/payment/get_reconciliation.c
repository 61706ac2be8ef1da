/*
 * GetReconciliation: a day's sums with one partner, and its differences by page, or all of them as
 * a CSV or Excel file. The tick tells, once, of a statement that has not come.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/xlsx.h"

#include "reconcile.h"

enum { COLUMNS = 6, CSV_ROW = 320 };

static const char *const head[COLUMNS] = {"Mã tham chiếu",   "Loại chênh lệch", "Số tiền ghi nhận",
                                          "Số tiền đối tác", "Đã xử lý",        "Ngày"};

bool payment_partner_read(struct mc_txn *txn, const char *bin, const char *account,
                          const char **ret_partner)
{
    const struct payment_credit like = {bin, account, "x", "", 1, 0};

    if (bin[0] == '\0' && account[0] == '\0') {
        *ret_partner = PAYMENT_PARTNER_PLATFORM;
        return true;
    }
    if (payment_credit_check(&like) != NULL) {
        (void)mc_refuse(txn, MC_INVALID, "account", "FIELD_INVALID", "field", "account", NULL);
        return false;
    }
    *ret_partner = mc_sprintf(txn->arena, "%s/%s", bin, account);
    if (*ret_partner == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status == MC_OK;
}

/* yyyy-MM-dd, today or before. */
bool payment_day_read(struct mc_txn *txn, const char *text, struct mc_date *ret_date,
                      char ret_day[PAYMENT_DAY_SIZE])
{
    char turned[MC_DATE_SIZE] = "";

    if (strlen(text) == MC_DATE_SIZE - 1 && text[4] == '-' && text[7] == '-')
        (void)snprintf(turned, sizeof turned, "%.2s/%.2s/%.4s", text + 8, text + 5, text);
    if (mc_date_parse(turned, ret_date) != MC_WHY_OK ||
        mc_date_compare(*ret_date, mc_date_from_ms(txn->now_ms)) > 0) {
        (void)mc_refuse(txn, MC_INVALID, "day", "DATE_INVALID", NULL);
        return false;
    }
    (void)snprintf(ret_day, PAYMENT_DAY_SIZE, "%.4s%.2s%.2s", text, text + 5, text + 8);
    return true;
}

static const char *kind_text(uint32_t kind)
{
    return kind == PAYMENT__CASE_KIND__ONLY_THERE  ? "Chỉ có ở đối tác"
           : kind == PAYMENT__CASE_KIND__ONLY_HERE ? "Chỉ có ở hệ thống"
                                                   : "Lệch số tiền";
}

static Payment__Difference *row_show(struct mc_cursor *cursor, size_t prefix_len)
{
    struct mc_txn *txn = cursor->txn;
    const PaymentState__Difference *record = mc_row(cursor, &payment_state__difference__descriptor);
    Payment__Difference *shown = mc_alloc(txn->arena, sizeof *shown);
    char *reference = mc_sprintf(txn->arena, "%.*s", (int)(cursor->key.len - prefix_len),
                                 (const char *)cursor->key.data + prefix_len);

    if (record == NULL || shown == NULL || reference == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment__difference__init(shown);
    shown->reference = reference;
    shown->kind = (Payment__CaseKind)record->kind;
    shown->ours = record->ours;
    shown->theirs = record->theirs;
    shown->asked = record->asked;
    shown->case_id = record->case_id;
    shown->resolved_at_ms = record->resolved_at_ms;
    return shown;
}

static void page(struct mc_txn *txn, struct mc_bytes prefix,
                 const Payment__GetReconciliationRequest *req, size_t size,
                 Payment__Reconciliation *rep)
{
    struct mc_bytes from = {0};

    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, mc_key_text(req->page_token));
    rep->differences = mc_alloc(txn->arena, size * sizeof(Payment__Difference *));
    if (rep->differences == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_DIFFERENCES, prefix, from, MC_FORWARD);
    while (mc_next(&cursor)) {
        Payment__Difference *shown = row_show(&cursor, prefix.len);
        if (shown == NULL)
            return;
        if (rep->n_differences == size) {
            rep->next_page_token = shown->reference;
            return;
        }
        rep->differences[rep->n_differences++] = shown;
    }
}

/* One line of either file. */
struct cells {
    char ours[MC_MONEY_SIZE];
    char theirs[MC_MONEY_SIZE];
    const char *texts[COLUMNS];
};

static void cells_of(const Payment__Difference *row, const char *day, struct cells *cells)
{
    (void)snprintf(cells->ours, sizeof cells->ours, "%lld", (long long)row->ours);
    (void)snprintf(cells->theirs, sizeof cells->theirs, "%lld", (long long)row->theirs);
    cells->texts[0] = row->reference;
    cells->texts[1] = kind_text(row->kind);
    cells->texts[2] = cells->ours;
    cells->texts[3] = cells->theirs;
    cells->texts[4] = row->resolved_at_ms != 0 ? "x" : "";
    cells->texts[5] = day;
}

/* References are printable and hold no comma or quote of their own that we did not check. */
static size_t csv_line(char *out, size_t size, const char *const *texts)
{
    int len = snprintf(out, size, "\"%s\",%s,%s,%s,%s,%s\r\n", texts[0], texts[1], texts[2],
                       texts[3], texts[4], texts[5]);

    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

static void file(struct mc_txn *txn, struct mc_bytes prefix,
                 const Payment__GetReconciliationRequest *req, Payment__Reconciliation *rep)
{
    static const unsigned widths[COLUMNS] = {40, 20, 18, 18, 10, 12};
    bool excel = req->format == PAYMENT__EXPORT_FORMAT__XLSX;
    struct mc_xlsx *book = excel ? mc_xlsx_open("Đối soát", head, widths, COLUMNS) : NULL;
    size_t size = CSV_ROW * ((size_t)PAYMENT_DIFFERENCES_EXPORT_MAX + 1);
    char *csv = excel ? NULL : mc_alloc(txn->arena, size);
    size_t len = csv != NULL ? csv_line(csv, size, head) : 0;
    bool good = excel ? book != NULL : csv != NULL;
    struct mc_bytes bytes = {csv, 0};

    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_DIFFERENCES, prefix, (struct mc_bytes){0}, MC_FORWARD);
    for (size_t n = 0; good && n < PAYMENT_DIFFERENCES_EXPORT_MAX && mc_next(&cursor); n++) {
        struct cells cells;
        const Payment__Difference *row = row_show(&cursor, prefix.len);
        if (row == NULL)
            break;
        cells_of(row, req->day, &cells);
        if (excel)
            good = mc_xlsx_row(book, cells.texts);
        else
            len += csv_line(csv + len, size - len, cells.texts);
        mc_pass(&cursor);
    }
    if (excel && book != NULL && (txn->status != MC_OK || !good))
        mc_xlsx_abandon(book);
    else if (excel && book != NULL)
        good = mc_xlsx_close(book, txn->arena, &bytes) == MC_OK;
    if (!good || txn->status != MC_OK) {
        (void)mc_fail(txn, MC_LIMITED, "no memory for the file");
        return;
    }
    if (!excel)
        bytes.len = len;
    rep->file = (ProtobufCBinaryData){bytes.len, mc_unconst(bytes.data)};
    rep->file_type = mc_unconst(
        excel ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv");
}

enum mc_status payment_get_reconciliation(struct payment *payment, struct mc_txn *txn,
                                          const Payment__GetReconciliationRequest *req,
                                          Payment__Reconciliation *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;
    const char *partner = NULL;
    struct mc_date date;
    char day[PAYMENT_DAY_SIZE];

    (void)payment;
    if (size > PAYMENT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (strlen(req->page_token) > PAYMENT_TRANSACTION_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (txn->status != MC_OK || !payment_partner_read(txn, req->bin, req->account, &partner) ||
        !payment_day_read(txn, req->day, &date, day))
        return txn->status;
    struct mc_bytes key = payment_partner_key(txn, partner, day);
    const PaymentState__Reconciliation *run =
        mc_load(txn, PAYMENT_RECONCILIATIONS, key, &payment_state__reconciliation__descriptor);
    if (run == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "day", "NOT_FOUND", NULL);
    rep->partner = mc_unconst(partner);
    rep->day = req->day;
    rep->rows = run->rows;
    rep->matched = run->matched;
    rep->difference_count = run->differences;
    rep->theirs = run->theirs;
    rep->closed_at_ms = run->closed_at_ms;
    rep->missing = run->missing;
    if (req->format == PAYMENT__EXPORT_FORMAT__EXPORT_FORMAT_UNSPECIFIED)
        page(txn, key, req, size, rep);
    else
        file(txn, key, req, rep);
    return txn->status;
}

static void missing(struct mc_txn *txn, const char *partner, const char *day)
{
    static const char *const no_keys[] = {NULL};
    PaymentState__Reconciliation run = PAYMENT_STATE__RECONCILIATION__INIT;
    Payment__StatementMissing event = PAYMENT__STATEMENT_MISSING__INIT;

    run.missing = true;
    mc_save(txn, PAYMENT_RECONCILIATIONS, payment_partner_key(txn, partner, day), &run.base);
    event.partner = mc_unconst(partner);
    event.day = mc_unconst(day);
    mc_emit(txn, "payment.statement_missing", &event.base, MC_PLAIN, no_keys);
}

/* Partners with whom something was booked yesterday, and who have not told of it in time. */
void payment_reconcile_tick(const struct payment *payment, struct mc_txn *txn)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    struct mc_date yesterday = mc_date_from_days(mc_date_days(today) - 1);
    struct mc_cursor partners =
        mc_seek(txn, PAYMENT_PARTNERS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    char stamp[MC_STAMP_SIZE];

    if (txn->now_ms - mc_date_to_ms(today) < payment->statement_due_ms)
        return;
    mc_time_format_stamp(stamp, sizeof stamp, mc_date_to_ms(yesterday));
    stamp[PAYMENT_DAY_SIZE - 1] = '\0';
    const char *day = mc_strdup(txn->arena, stamp);
    for (size_t n = 0; day != NULL && n < PAYMENT_PARTNERS_MAX && mc_next(&partners); n++) {
        struct mc_bytes known;
        const char *partner =
            mc_sprintf(txn->arena, "%.*s", (int)partners.key.len, (const char *)partners.key.data);
        if (partner == NULL ||
            mc_get(txn, PAYMENT_RECONCILIATIONS, payment_partner_key(txn, partner, day), &known))
            continue;
        struct mc_cursor booked =
            mc_seek(txn, PAYMENT_BOOKED_DAYS, payment_partner_key(txn, partner, day),
                    (struct mc_bytes){0}, MC_FORWARD);
        if (mc_next(&booked))
            missing(txn, partner, day);
    }
}
