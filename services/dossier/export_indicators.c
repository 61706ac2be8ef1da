/* ExportIndicators: the table of ShowIndicators as an Excel file, or as CSV (RPT-10). */
#include <string.h>

#include "common/xlsx.h"

#include "indicators.h"

enum { COLUMNS = 8 };

static const char *const head[COLUMNS] = {"Nhóm",   "Mã",      "Chỉ số",      "Tử số",
                                          "Mẫu số", "Tỷ lệ %", "Điểm tối đa", "Điểm"};
static const unsigned widths[COLUMNS] = {30, 34, 60, 10, 10, 10, 12, 10};

const char *dossier_hundredths(struct mc_txn *txn, int64_t hundredths)
{
    const char *text = mc_sprintf(txn->arena, "%lld,%02lld", (long long)(hundredths / 100),
                                  (long long)(hundredths % 100));

    return text != NULL ? text : dossier_text(txn, "");
}

static struct mc_bytes as_xlsx(struct mc_txn *txn, const struct dossier_sheet *sheet)
{
    struct mc_bytes file = {0};
    struct mc_xlsx *xlsx = mc_xlsx_open(sheet->name, sheet->head, sheet->widths, sheet->columns);

    if (xlsx == NULL) {
        (void)mc_fail(txn, MC_IO, "xlsx");
        return file;
    }
    for (size_t i = 0; i < sheet->len; i++)
        if (!mc_xlsx_row(xlsx, sheet->rows[i]))
            (void)mc_fail(txn, MC_FULL, "xlsx row");
    enum mc_status status = mc_xlsx_close(xlsx, txn->arena, &file);
    if (status != MC_OK)
        (void)mc_fail(txn, status, "xlsx");
    return file;
}

static size_t csv_size(const char *const *cells, size_t columns)
{
    size_t size = 2;

    for (size_t i = 0; i < columns; i++)
        size += 2 * strlen(cells[i]) + 4;
    return size;
}

static char *csv_line(char *out, const char *const *cells, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        if (i > 0)
            *out++ = ',';
        *out++ = '"';
        if (strchr("=+-@", cells[i][0]) != NULL && cells[i][0] != '\0')
            *out++ = '\'';
        for (const char *at = cells[i]; *at != '\0'; at++) {
            if (*at == '"')
                *out++ = '"';
            *out++ = *at;
        }
        *out++ = '"';
    }
    *out++ = '\r';
    *out++ = '\n';
    return out;
}

static struct mc_bytes as_csv(struct mc_txn *txn, const struct dossier_sheet *sheet)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* by which Excel knows UTF-8 */
    size_t size = sizeof mark + csv_size(sheet->head, sheet->columns);

    for (size_t i = 0; i < sheet->len; i++)
        size += csv_size(sheet->rows[i], sheet->columns);
    char *text = dossier_alloc(txn, size);
    if (text == NULL)
        return (struct mc_bytes){0};
    memcpy(text, mark, sizeof mark - 1);
    char *end = csv_line(text + sizeof mark - 1, sheet->head, sheet->columns);
    for (size_t i = 0; i < sheet->len; i++)
        end = csv_line(end, sheet->rows[i], sheet->columns);
    return (struct mc_bytes){text, (size_t)(end - text)};
}

struct mc_bytes dossier_sheet_file(struct mc_txn *txn, const struct dossier_sheet *sheet, bool csv)
{
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    return csv ? as_csv(txn, sheet) : as_xlsx(txn, sheet);
}

static const char *const *cells_of(struct mc_txn *txn, const Dossier__Indicator *row)
{
    const Dossier__Score *score = row->score;
    const char **cells = dossier_list(txn, COLUMNS);

    if (cells == NULL)
        return NULL;
    cells[0] = row->group;
    cells[1] = row->code;
    cells[2] = row->name;
    for (size_t i = 3; i < COLUMNS; i++)
        cells[i] = "";
    cells[6] = dossier_number_text(txn, row->max_points);
    if (row->measured) {
        cells[3] = dossier_number_text(txn, (uint64_t)score->numerator);
        cells[4] = dossier_number_text(txn, (uint64_t)score->denominator);
    }
    if (row->measured && score->denominator > 0)
        cells[5] = dossier_hundredths(txn, score->percent_hundredths);
    if (score->scored)
        cells[7] = dossier_hundredths(txn, score->points_hundredths);
    return cells;
}

static struct mc_bytes file_of(struct mc_txn *txn, const Dossier__ShowIndicatorsReply *shown,
                               bool csv)
{
    struct dossier_sheet sheet = {"Chỉ số 766", head, widths, COLUMNS, NULL, 0};

    sheet.rows = dossier_list(txn, shown->n_indicators);
    for (size_t i = 0; i < shown->n_indicators && txn->status == MC_OK; i++)
        sheet.rows[sheet.len++] = cells_of(txn, shown->indicators[i]);
    return dossier_sheet_file(txn, &sheet, csv);
}

enum mc_status dossier_export_indicators(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__ExportIndicatorsRequest *req,
                                         Dossier__ExportIndicatorsReply *rep)
{
    Dossier__ShowIndicatorsRequest ask = DOSSIER__SHOW_INDICATORS_REQUEST__INIT;
    Dossier__ShowIndicatorsReply shown = DOSSIER__SHOW_INDICATORS_REPLY__INIT;

    ask.unit = req->unit;
    ask.officer = req->officer;
    ask.from = req->from;
    ask.to = req->to;
    if (dossier_show_indicators(dossier, txn, &ask, &shown) != MC_OK)
        return txn->status;
    struct mc_bytes file = file_of(txn, &shown, req->csv);
    rep->content = (ProtobufCBinaryData){file.len, mc_unconst(file.data)};
    rep->file_name = mc_sprintf(txn->arena, "chi-so-766-%s-%s.%s", shown.unit, shown.from,
                                req->csv ? "csv" : "xlsx");
    if (rep->file_name == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
