/* PreviewImport: what the set would change, field by field, and the hash that names it. */
#include "common/text.h"

#include "upkeep.h"

enum { PAGE_MAX = 50, FIELDS_MAX = 32, SHOWN_MAX = 4000 /* bytes of a value */ };

struct fields {
    struct mc_txn *txn;
    Dossier__Difference *row;
};

static char *shown(struct mc_txn *txn, const char *text)
{
    return mc_sprintf(txn->arena, "%.*s", (int)mc_text_prefix(text, SHOWN_MAX, SHOWN_MAX), text);
}

static void add_field(void *arg, const char *field, const char *old, const char *new)
{
    struct fields *fields = arg;
    Dossier__Difference *row = fields->row;
    Dossier__FieldDifference *one = dossier_alloc(fields->txn, sizeof *one);

    if (one == NULL || row->n_fields == FIELDS_MAX)
        return;
    dossier__field_difference__init(one);
    one->field = mc_unconst(field);
    one->old = shown(fields->txn, old);
    one->new_ = shown(fields->txn, new);
    if (one->old == NULL || one->new_ == NULL)
        (void)mc_fail(fields->txn, MC_LIMITED, "arena full");
    else
        row->fields[row->n_fields++] = one;
}

static Dossier__Difference *difference(struct mc_txn *txn, struct mc_bytes id,
                                       const Dossier__ProcedureDetail *detail)
{
    static const char *const kinds[] = {"SAME", "ADDED", "CHANGED", "ENDED", "WANTED"};
    Dossier__Difference *row = dossier_alloc(txn, sizeof *row);
    const DossierState__ImportRow *about =
        mc_load(txn, DOSSIER_IMPORT_ROWS, dossier_import_row_key(txn, id, detail->code),
                &dossier_state__import_row__descriptor);

    if (row == NULL || about == NULL || about->kind >= MC_LEN(kinds))
        return NULL;
    const Dossier__ProcedureDetail *old =
        about->base_version != 0 ? dossier_detail_load(txn, detail->code, about->base_version)
                                 : NULL;
    dossier__difference__init(row);
    row->code = detail->code;
    row->name = detail->name;
    row->kind = mc_unconst(kinds[about->kind]);
    row->fields = dossier_list(txn, FIELDS_MAX);
    struct fields fields = {.txn = txn, .row = row};
    if (row->fields != NULL)
        (void)dossier_detail_compare(txn->arena, old, detail, add_field, &fields);
    return row;
}

enum mc_status dossier_preview_import(struct dossier *dossier, struct mc_txn *txn,
                                      const Dossier__PreviewImportRequest *req,
                                      Dossier__PreviewImportReply *rep)
{
    (void)dossier;
    struct mc_bytes id;
    struct mc_bytes from = {0};
    size_t size = 0;
    const DossierState__Import *import = dossier_import_open(txn, req->import_id, &id);

    if (import == NULL || !dossier_page(txn, req->page_size, &size))
        return txn->status;
    size = MC_MIN(size, (size_t)PAGE_MAX);
    if (req->page_token[0] != '\0')
        from = dossier_import_row_key(txn, id, req->page_token);
    if (from.len > MC_KEY_MAX)
        return mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    rep->import = dossier_alloc(txn, sizeof *rep->import);
    rep->differences = dossier_list(txn, size);
    if (rep->import == NULL || rep->differences == NULL)
        return txn->status;
    dossier__import__init(rep->import);
    dossier_import_fill(txn, id, import, rep->import);
    rep->hash = dossier_import_hash(txn, import);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_IMPORT_SET, id, from, MC_FORWARD);
    while (mc_next(&cursor)) {
        const Dossier__ProcedureDetail *detail =
            mc_row(&cursor, &dossier__procedure_detail__descriptor);

        if (detail == NULL)
            break;
        if (rep->n_differences == size) {
            rep->next_page_token = detail->code;
            break;
        }
        Dossier__Difference *row = difference(txn, id, detail);
        if (row != NULL)
            rep->differences[rep->n_differences++] = row;
    }
    return txn->status;
}
