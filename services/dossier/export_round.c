/* ExportRound: a row for each unit and target, as an Excel file or as CSV (RPT-10). */
#include <string.h>

#include "common/date.h"

#include "rounds.h"

enum { COLUMNS = 12 };

static const char *const head[COLUMNS] = {
    "Đơn vị",     "Mã đơn vị", "Chỉ số",    "Tử số",       "Mẫu số",       "Tỷ lệ %",
    "Mục tiêu %", "Đạt",       "Còn thiếu", "Hạn báo cáo", "Xác nhận lúc", "Ghi chú",
};
static const unsigned widths[COLUMNS] = {40, 16, 50, 10, 10, 10, 10, 8, 10, 18, 18, 50};

static const char *time_text(struct mc_txn *txn, int64_t at_ms)
{
    struct mc_local at = mc_local_from_ms(at_ms);
    const char *text = at_ms == 0 ? ""
                                  : mc_sprintf(txn->arena, "%02d/%02d/%04d %02d:%02d", at.date.day,
                                               at.date.month, at.date.year, at.hour, at.minute);

    return text != NULL ? text : dossier_text(txn, "");
}

static const char *const *cells_of(struct mc_txn *txn, const Dossier__Round *round,
                                   const Dossier__RoundUnit *unit, size_t at)
{
    const Dossier__RoundScore *score = unit->scores[at];
    const char **cells = dossier_list(txn, COLUMNS);

    if (cells == NULL)
        return NULL;
    cells[0] = unit->unit_name;
    cells[1] = unit->unit;
    cells[2] = round->targets[at]->name;
    cells[3] = dossier_number_text(txn, (uint64_t)score->numerator);
    cells[4] = dossier_number_text(txn, (uint64_t)score->denominator);
    cells[5] = score->denominator > 0 ? dossier_hundredths(txn, score->percent_hundredths) : "";
    cells[6] = dossier_number_text(txn, round->targets[at]->percent);
    cells[7] = score->denominator == 0 ? "" : score->met ? "Đạt" : "Chưa đạt";
    cells[8] = dossier_number_text(txn, (uint64_t)score->missing);
    cells[9] = time_text(txn, unit->by_ms);
    cells[10] = time_text(txn, unit->confirmed_at_ms);
    cells[11] = unit->note;
    return cells;
}

/* Page by page, as it is shown. */
static void fill_rows(struct dossier *dossier, struct mc_txn *txn, ProtobufCBinaryData id,
                      struct dossier_sheet *sheet)
{
    Dossier__GetRoundRequest ask = DOSSIER__GET_ROUND_REQUEST__INIT;

    ask.round_id = id;
    ask.page_size = DOSSIER_PAGE_MAX;
    sheet->rows = dossier_list(txn, (dossier->catalogue.units_len + 1) * DOSSIER_ROUND_TARGETS_MAX);
    do {
        Dossier__GetRoundReply page = DOSSIER__GET_ROUND_REPLY__INIT;

        if (dossier_get_round(dossier, txn, &ask, &page) != MC_OK)
            return;
        for (size_t i = 0; i < page.n_units; i++)
            for (size_t j = 0; j < page.units[i]->n_scores; j++)
                sheet->rows[sheet->len++] = cells_of(txn, page.round, page.units[i], j);
        ask.page_token = page.next_page_token;
    } while (ask.page_token[0] != '\0' && txn->status == MC_OK);
}

enum mc_status dossier_export_round(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ExportRoundRequest *req,
                                    Dossier__ExportIndicatorsReply *rep)
{
    struct dossier_sheet sheet = {"Đợt báo cáo", head, widths, COLUMNS, NULL, 0};
    char uuid[MC_UUID_TEXT_LEN + 1];

    fill_rows(dossier, txn, req->round_id, &sheet);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes file = dossier_sheet_file(txn, &sheet, req->csv);
    mc_uuid_text(uuid, req->round_id.data);
    rep->content = (ProtobufCBinaryData){file.len, mc_unconst(file.data)};
    rep->file_name = mc_sprintf(txn->arena, "dot-bao-cao-%s.%s", uuid, req->csv ? "csv" : "xlsx");
    if (rep->file_name == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
