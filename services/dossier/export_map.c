/* ExportMap: a signed version as CSV, the very bytes its statement hashes, or as an Excel file. */
#include <string.h>

#include "common/xlsx.h"

#include "codelist.h"

struct export
{
    struct mc_txn *txn;
    char *text;
    size_t len;
    size_t size;
    struct mc_xlsx *xlsx;
};

static bool add_csv(void *arg, const struct dossier_map_line *line)
{
    struct export *export = arg;
    const char *text = dossier_map_csv(export->txn, line);
    size_t len = strlen(text);

    if (export->len + len > export->size) {
        (void)mc_fail(export->txn, MC_LIMITED, "map too long");
        return false;
    }
    memcpy(export->text + export->len, text, len);
    export->len += len;
    return export->txn->status == MC_OK;
}

static bool add_row(void *arg, const struct dossier_map_line *line)
{
    struct export *export = arg;
    const char *cells[] = {line->code, line->row->from_name, line->row->to_code,
                           line->row->to_name};

    if (!mc_xlsx_row(export->xlsx, cells))
        (void)mc_fail(export->txn, MC_LIMITED, "map too long");
    return export->txn->status == MC_OK;
}

static struct mc_bytes as_csv(struct mc_txn *txn, const Dossier__ExportMapRequest *req,
                              uint32_t version)
{
    struct export export = {.txn = txn, .size = MC_UPLOAD_MAX};

    export.text = dossier_alloc(txn, export.size);
    if (export.text != NULL && add_csv(&export, NULL))
        dossier_map_walk(txn, req->from_list, req->to_list, version, add_csv, &export);
    return (struct mc_bytes){export.text, export.len};
}

static struct mc_bytes as_xlsx(struct mc_txn *txn, const Dossier__ExportMapRequest *req,
                               uint32_t version)
{
    static const char *const head[] = {"Mã nguồn", "Tên nguồn", "Mã đích", "Tên đích"};
    static const unsigned widths[] = {16, 40, 16, 40};
    struct export export = {.txn = txn};
    struct mc_bytes file = {0};

    export.xlsx = mc_xlsx_open("Bảng ánh xạ", head, widths, MC_LEN(head));
    if (export.xlsx == NULL) {
        (void)mc_fail(txn, MC_FULL, "xlsx");
        return file;
    }
    dossier_map_walk(txn, req->from_list, req->to_list, version, add_row, &export);
    if (txn->status != MC_OK) {
        mc_xlsx_abandon(export.xlsx);
        return file;
    }
    enum mc_status status = mc_xlsx_close(export.xlsx, txn->arena, &file);
    if (status != MC_OK)
        (void)mc_fail(txn, status, "xlsx");
    return file;
}

enum mc_status dossier_export_map(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ExportMapRequest *req,
                                  Dossier__ExportMapReply *rep)
{
    if (!dossier_map_check(txn, req->from_list, req->to_list))
        return txn->status;
    const DossierState__MapHead *head = dossier_map_head(txn, req->from_list, req->to_list);
    uint32_t version = req->version != 0 ? req->version : head != NULL ? head->version : 0;
    const DossierState__MapVersion *record =
        version != 0 ? dossier_map_version(txn, req->from_list, req->to_list, version) : NULL;
    if (record == NULL && txn->status == MC_OK)
        return mc_refuse(txn, MC_NOT_FOUND, "version", "MAP_VERSION_UNKNOWN", NULL);
    rep->version = dossier_alloc(txn, sizeof *rep->version);
    if (record == NULL || rep->version == NULL)
        return txn->status;
    dossier__map_version__init(rep->version);
    dossier_map_version_message(dossier, txn, req->from_list, req->to_list, version, record,
                                rep->version);
    bool csv = req->format == DOSSIER__MAP_FORMAT__MAP_CSV;
    struct mc_bytes content = csv ? as_csv(txn, req, version) : as_xlsx(txn, req, version);
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type =
        mc_unconst(csv ? "text/csv; charset=utf-8"
                       : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    return txn->status;
}
