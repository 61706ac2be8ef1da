/* ListCertifiedCopies: those of a dossier, for its owner and its unit's officers. */
#include "dossier.h"

enum mc_status dossier_list_certified_copies(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__ListCertifiedCopiesRequest *req,
                                             Dossier__ListCertifiedCopiesReply *rep)
{
    struct dossier_open open = {0};

    (void)dossier;
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    struct mc_bytes owner = mc_key_bytes(open.record->dossier_id);
    rep->copies = dossier_list(txn, DOSSIER_COPIES_MAX);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_COPIES, owner, (struct mc_bytes){0}, MC_FORWARD);
    while (rep->copies != NULL && rep->n_copies < DOSSIER_COPIES_MAX && mc_next(&cursor)) {
        struct dossier_copy_open copy = {
            .record = mc_row(&cursor, &dossier_state__certified_copy__descriptor),
            .dossier_id = owner,
            .id = mc_keep(txn, (const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN),
        };
        Dossier__CertifiedCopy *row = copy.record != NULL ? dossier_alloc(txn, sizeof *row) : NULL;

        if (row == NULL)
            break;
        dossier_copy_fill(txn, &copy, row);
        rep->copies[rep->n_copies++] = row;
    }
    return txn->status;
}
