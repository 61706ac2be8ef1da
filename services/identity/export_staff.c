/*
 * ExportStaff: [XUẤT EXCEL] (OFF-07): the rows of the search, in the columns of the screen, as an
 * Excel file of at most 2,000 rows; a longer list comes as several files, so that no call holds the
 * room up. Numbers are masked as on the screen. Cells are text: a name that begins with = is a
 * name.
 */
#include "common/xlsx.h"

#include "officer.h"

static const char *const head[] = {"STT",    "Tên",        "CMND/CCCD/MST/MCQ",   "Số điện thoại",
                                   "Đơn vị", "Trạng thái", "NH/TGTT/Cơ quan khác"};
static const unsigned widths[] = {6, 30, 20, 16, 60, 18, 30};

static enum identity_found write_rows(struct mc_txn *txn, struct identity_staff *staff,
                                      struct mc_xlsx *xlsx, uint32_t first, uint32_t *ret_rows)
{
    enum identity_found found = IDENTITY_FOUND_NONE;
    char number[16];

    while (*ret_rows < IDENTITY_EXPORT_ROWS_MAX &&
           (found = identity_staff_next(txn, staff)) == IDENTITY_FOUND_ONE) {
        size_t mark = txn->arena->used;
        const Identity__StaffRow *row = identity_staff_row(txn, staff);
        if (row == NULL)
            break;
        (void)snprintf(number, sizeof number, "%u", first + *ret_rows);
        const char *const cells[] = {
            number,     row->full_name,   row->login_id_masked, row->phone_masked,
            row->units, row->status_text, row->organisation};
        if (!mc_xlsx_row(xlsx, cells)) {
            (void)mc_fail(txn, MC_FULL, "xlsx row");
            break;
        }
        *ret_rows += 1;
        mc_arena_rewind(txn->arena, mark); /* the row is in the file */
    }
    return found;
}

enum mc_status identity_export_staff(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ExportStaffRequest *req,
                                     Identity__ExportStaffReply *rep)
{
    struct identity_grantor grantor;
    struct identity_staff staff;
    struct mc_bytes file = {0};

    if (!identity_grantor_find(identity, txn, &grantor) || !identity_check_purpose(txn) ||
        !identity_staff_open(txn, &grantor, req->filter, req->page_token, &staff))
        return txn->status;
    staff.find.steps = IDENTITY_EXPORT_STEPS;
    struct mc_xlsx *xlsx = mc_xlsx_open("Người dùng", head, widths, MC_LEN(head));
    if (xlsx == NULL)
        return mc_fail(txn, MC_IO, "xlsx");
    enum identity_found found = write_rows(txn, &staff, xlsx, req->first_number, &rep->rows);
    enum mc_status status = mc_xlsx_close(xlsx, txn->arena, &file);
    if (status != MC_OK)
        return mc_fail(txn, status, "xlsx");
    rep->content = identity_data(file);
    rep->file_name = mc_unconst("nguoi-dung.xlsx");
    if (!staff.by_number && found != IDENTITY_FOUND_NONE)
        rep->next_page_token =
            identity_find_token_text(txn, &staff.find, found == IDENTITY_FOUND_ONE);
    identity_search_emit(txn, "staff export", rep->rows);
    return txn->status;
}
