/* ListNotes: newest first. The citizen sees those that were written for him. */
#include "dossier.h"

static bool add_row(struct mc_txn *txn, const struct mc_cursor *cursor, unsigned actor,
                    Dossier__ListNotesReply *rep)
{
    const DossierState__Note *note = mc_row(cursor, &dossier_state__note__descriptor);

    if (note == NULL || (actor == DOSSIER_BY_CITIZEN && !note->to_citizen))
        return false;
    Dossier__Note *row = dossier_alloc(txn, sizeof *row);
    if (row == NULL)
        return false;
    dossier__note__init(row);
    struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor->key.data + MC_ID_LEN, MC_ID_LEN);
    row->note_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    row->at_ms = note->at_ms;
    row->author = note->author;
    row->author_name = dossier_owner_name(txn, note->author);
    row->to_citizen = note->to_citizen;
    row->text = mc_open_text(txn, note->text);
    rep->notes[rep->n_notes++] = row;
    return true;
}

enum mc_status dossier_list_notes(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListNotesRequest *req,
                                  Dossier__ListNotesReply *rep)
{
    struct dossier_open open = {0};
    struct dossier_page page;

    (void)dossier;
    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        !dossier_page_of(txn, mc_key_bytes(open.record->dossier_id), MC_ID_LEN, req->page_size,
                         req->page_token, &page))
        return txn->status;
    rep->notes = dossier_list(txn, page.size);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_NOTES, page.prefix, page.from, MC_BACKWARD);
    while (rep->notes != NULL && mc_next(&cursor)) { /* at most DOSSIER_NOTES_MAX rows */
        if (rep->n_notes == page.size) {
            rep->next_page_token = page.last;
            break;
        }
        if (add_row(txn, &cursor, open.actor, rep))
            dossier_page_at(txn, &page, cursor.key);
        if (txn->status != MC_OK)
            break;
    }
    return txn->status;
}
