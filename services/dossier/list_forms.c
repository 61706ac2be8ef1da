/* ListForms: every version of the forms, or of one procedure's, the newest of each first. */
#include <string.h>

#include "dossier.h"

static void add(struct mc_txn *txn, const struct dossier_form_version *version,
                Dossier__ListFormsReply *rep)
{
    Dossier__FormHead *head = NULL;

    if (rep->n_forms < DOSSIER_FORMS_LISTED_MAX)
        head = dossier_form_head(txn, version);
    if (head != NULL)
        rep->forms[rep->n_forms++] = head;
}

static bool is_listed(const Dossier__ListFormsReply *rep, const char *code, uint64_t version)
{
    for (size_t i = 0; i < rep->n_forms; i++)
        if (rep->forms[i]->version == version && strcmp(rep->forms[i]->code, code) == 0)
            return true;
    return false;
}

/* Versions are numbered in the order they came, linked-in ones too: from the highest down. */
static void add_form(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                     Dossier__ListFormsReply *rep)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    struct dossier_form_version version;

    if (!dossier_form_newest(dossier, txn, code, &version))
        return;
    for (uint64_t i = version.version; i > 0 && txn->status == MC_OK; i--)
        if (!is_listed(rep, code, i) && dossier_form_open(dossier, txn, code, i, today, &version))
            add(txn, &version, rep);
}

/* All codes of the store, each found behind the last key of the one before. */
static void add_stored(const struct dossier *dossier, struct mc_txn *txn,
                       Dossier__ListFormsReply *rep)
{
    struct mc_bytes from = {0};

    for (;;) {
        struct mc_cursor cursor =
            mc_seek(txn, DOSSIER_FORMS, (struct mc_bytes){0}, from, MC_FORWARD);
        if (!mc_next(&cursor))
            return;
        const char *code = cursor.key.data; /* ends in its 0 */
        add_form(dossier, txn, code, rep);
        from = mc_key_join(txn, mc_key_text(code), mc_key_text("\x01"));
    }
}

enum mc_status dossier_list_forms(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListFormsRequest *req,
                                  Dossier__ListFormsReply *rep)
{
    rep->forms = dossier_list(txn, DOSSIER_FORMS_LISTED_MAX);
    if (rep->forms == NULL)
        return txn->status;
    if (req->procedure_code[0] != '\0') {
        const char *code = dossier_form_code_of(dossier, txn, req->procedure_code);

        if (code != NULL)
            add_form(dossier, txn, code, rep);
        return txn->status;
    }
    for (size_t i = 0; i < dossier->forms.builtin_len; i++)
        if (!is_listed(rep, dossier->forms.builtin[i].form.code,
                       dossier->forms.builtin[i].form.version))
            add_form(dossier, txn, dossier->forms.builtin[i].form.code, rep);
    add_stored(dossier, txn, rep);
    return txn->status;
}
