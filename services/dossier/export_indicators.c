/* ExportIndicators: the table of ShowIndicators as an Excel file, or as CSV (RPT-10). */
#include <stdio.h>
#include <string.h>

#include "common/xlsx.h"

#include "indicators.h"

enum { COLUMNS = 8, CELL = 32 };

static const char *const head[COLUMNS] = {"Nhóm",   "Mã",      "Chỉ số",      "Tử số",
                                          "Mẫu số", "Tỷ lệ %", "Điểm tối đa", "Điểm"};
static const unsigned widths[COLUMNS] = {30, 34, 60, 10, 10, 10, 12, 10};

/* 9000 as 90,00: two decimals, a comma, as in Vietnamese. */
static void hundredths_text(char out[CELL], int64_t hundredths)
{
    (void)snprintf(out, CELL, "%lld,%02lld", (long long)(hundredths / 100),
                   (long long)(hundredths % 100));
}

struct cells {
    char text[5][CELL];
    const char *of[COLUMNS];
};

static void fill_cells(const Dossier__Indicator *row, struct cells *cells)
{
    const Dossier__Score *score = row->score;

    *cells = (struct cells){.of = {row->group, row->code, row->name, cells->text[0], cells->text[1],
                                   cells->text[2], cells->text[3], cells->text[4]}};
    (void)snprintf(cells->text[3], CELL, "%u", row->max_points);
    if (row->measured) {
        (void)snprintf(cells->text[0], CELL, "%lld", (long long)score->numerator);
        (void)snprintf(cells->text[1], CELL, "%lld", (long long)score->denominator);
    }
    if (row->measured && score->denominator > 0)
        hundredths_text(cells->text[2], score->percent_hundredths);
    if (score->scored)
        hundredths_text(cells->text[4], score->points_hundredths);
}

static struct mc_bytes as_xlsx(struct mc_txn *txn, const Dossier__ShowIndicatorsReply *shown)
{
    struct mc_bytes file = {0};
    struct cells cells;
    struct mc_xlsx *xlsx = mc_xlsx_open("Chỉ số 766", head, widths, COLUMNS);

    if (xlsx == NULL) {
        (void)mc_fail(txn, MC_IO, "xlsx");
        return file;
    }
    for (size_t i = 0; i < shown->n_indicators; i++) {
        fill_cells(shown->indicators[i], &cells);
        if (!mc_xlsx_row(xlsx, cells.of))
            (void)mc_fail(txn, MC_FULL, "xlsx row");
    }
    enum mc_status status = mc_xlsx_close(xlsx, txn->arena, &file);
    if (status != MC_OK)
        (void)mc_fail(txn, status, "xlsx");
    return file;
}

/* RFC 4180; every cell quoted, and none begins a formula. */
static char *csv_line(struct mc_txn *txn, const char *const cells[COLUMNS])
{
    size_t size = 3;

    for (size_t i = 0; i < COLUMNS; i++)
        size += 2 * strlen(cells[i]) + 4;
    char *out = dossier_alloc(txn, size);
    size_t len = 0;
    for (size_t i = 0; i < COLUMNS && out != NULL; i++) {
        if (i > 0)
            out[len++] = ',';
        out[len++] = '"';
        if (strchr("=+-@", cells[i][0]) != NULL && cells[i][0] != '\0')
            out[len++] = '\'';
        for (const char *at = cells[i]; *at != '\0'; at++) {
            if (*at == '"')
                out[len++] = '"';
            out[len++] = *at;
        }
        out[len++] = '"';
    }
    if (out != NULL)
        memcpy(out + len, "\r\n", 3);
    return out;
}

static struct mc_bytes as_csv(struct mc_txn *txn, const Dossier__ShowIndicatorsReply *shown)
{
    char *text = csv_line(txn, head);
    struct cells cells;

    for (size_t i = 0; i < shown->n_indicators && text != NULL; i++) {
        fill_cells(shown->indicators[i], &cells);
        char *line = csv_line(txn, cells.of);
        text = line != NULL ? mc_sprintf(txn->arena, "%s%s", text, line) : NULL;
    }
    /* the mark by which Excel knows UTF-8 */
    text = text != NULL ? mc_sprintf(txn->arena, "\xEF\xBB\xBF%s", text) : NULL;
    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text != NULL ? mc_key_text(text) : (struct mc_bytes){0};
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
    struct mc_bytes file = req->csv ? as_csv(txn, &shown) : as_xlsx(txn, &shown);
    rep->content = (ProtobufCBinaryData){file.len, mc_unconst(file.data)};
    rep->file_name = mc_sprintf(txn->arena, "chi-so-766-%s-%s.%s", shown.unit, shown.from,
                                req->csv ? "csv" : "xlsx");
    if (rep->file_name == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
