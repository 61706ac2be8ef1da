/* AddNote: for colleagues, or for the citizen, who is told. Notes are never changed or taken back.
 */
#include "dossier.h"

enum mc_status dossier_add_note(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__AddNoteRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    DossierState__Note note = DOSSIER_STATE__NOTE__INIT;
    char *text = dossier_lines(txn, "text", req->text, DOSSIER_NOTE_CHARS_MAX);

    if (text != NULL && text[0] == '\0')
        mc_refuse(txn, MC_INVALID, "text", "FIELD_REQUIRED", "field", "text", NULL);
    if (txn->status != MC_OK || dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        dossier_check_version(txn, &open, req->version) != MC_OK)
        return txn->status;
    if (open.record->notes >= DOSSIER_NOTES_MAX)
        return mc_refuse(txn, MC_LIMITED, "", "NOTES_TOO_MANY", "max",
                         dossier_number_text(txn, DOSSIER_NOTES_MAX), NULL);
    note.at_ms = txn->now_ms;
    note.author = mc_unconst(txn->caller->account_id);
    note.to_citizen = req->to_citizen;
    note.text = mc_seal_text(txn, text);
    open.record->notes++;
    mc_save(txn, DOSSIER_NOTES,
            mc_key_join(txn, mc_key_bytes(open.record->dossier_id), mc_new_id(txn)), &note.base);
    dossier_save(txn, &open);
    /* What is internal stays out of the journal. */
    dossier_tell(txn, &open, req->to_citizen ? "dossier.noted" : "dossier.noted_internally",
                 req->to_citizen ? text : "");
    dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
