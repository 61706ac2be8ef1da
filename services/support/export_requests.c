/* ExportRequests: what a search finds, as an Excel file with the screen's columns (SUP-04). */
#include "common/xlsx.h"

#include "support.h"

static const char *const head[] = {
    "STT",           "Mã yêu cầu",        "Tên yêu cầu hỗ trợ", "Đơn vị yêu cầu",
    "Người yêu cầu", "Thời gian yêu cầu", "Trạng thái"};
static const unsigned widths[] = {6, 18, 60, 30, 24, 20, 20};

static bool add(struct mc_txn *txn, struct mc_xlsx *xlsx, const Support__RequestRow *row)
{
    const char *cells[MC_LEN(head)] = {support_printf(txn, "%u", row->number),
                                       row->code,
                                       row->title,
                                       row->unit_name,
                                       row->requester,
                                       row->created_at,
                                       row->state_name};

    return mc_xlsx_row(xlsx, cells);
}

static struct mc_bytes file_of(struct mc_txn *txn, Support__RequestRow **rows, size_t n)
{
    struct mc_xlsx *xlsx = mc_xlsx_open("Yêu cầu hỗ trợ", head, widths, MC_LEN(head));
    struct mc_bytes file = {0};
    bool good = xlsx != NULL;

    for (size_t i = 0; good && i < n; i++)
        good = add(txn, xlsx, rows[i]);
    if (xlsx != NULL && (!good || txn->status != MC_OK)) {
        mc_xlsx_abandon(xlsx);
        good = false;
    } else if (good && mc_xlsx_close(xlsx, txn->arena, &file) != MC_OK) {
        good = false;
    }
    if (!good)
        (void)mc_fail(txn, MC_LIMITED, "the file cannot be made");
    return file;
}

enum mc_status support_export_requests(struct support *support, struct mc_txn *txn,
                                       const Support__SearchRequestsRequest *req,
                                       Support__ExportRequestsReply *rep)
{
    struct support_found found;
    Support__RequestRow **rows = NULL;

    if (!support_check_purpose(txn) ||
        !support_requests_find(support, txn, req, SUPPORT_EXPORT_MAX, &found, &rows))
        return txn->status;
    rep->content = support_bytes(file_of(txn, rows, found.len));
    rep->file_name = mc_unconst("yeu-cau-ho-tro.xlsx");
    rep->rows = (uint32_t)found.len;
    rep->complete = found.next_page_token[0] == '\0';
    support_tell_read(txn, "SUPPORT_EXPORT", "", found.len);
    return txn->status;
}
