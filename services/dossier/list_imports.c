/* ListImports: who changed the catalogue when and why, the newest first. */
#include "upkeep.h"

enum mc_status dossier_list_imports(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListImportsRequest *req,
                                    Dossier__ListImportsReply *rep)
{
    (void)dossier;
    struct mc_bytes from;
    size_t size = 0;

    if (!dossier_page(txn, req->page_size, &size) || !dossier_token(txn, req->page_token, &from))
        return txn->status;
    rep->imports = dossier_list(txn, size);
    if (rep->imports == NULL)
        return txn->status;
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_IMPORTS, (struct mc_bytes){0}, from, MC_BACKWARD);
    while (mc_next(&cursor)) {
        if (cursor.key.len != MC_ID_LEN)
            continue; /* the one at work */
        if (rep->n_imports == size) {
            rep->next_page_token =
                dossier_token_text(txn, rep->imports[rep->n_imports - 1]->import_id);
            break;
        }
        const DossierState__Import *import = mc_row(&cursor, &dossier_state__import__descriptor);
        Dossier__Import *row = dossier_alloc(txn, sizeof *row);
        if (import == NULL || row == NULL)
            break;
        dossier__import__init(row);
        dossier_import_fill(txn, cursor.key, import, row);
        rep->imports[rep->n_imports++] = row;
    }
    return txn->status;
}
