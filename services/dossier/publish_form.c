/*
 * PreviewForm and PublishForm: an administrator's new version of a form. The preview says what
 * would change and gives a token, a hash over the definition and over the version it was compared
 * with; publishing takes that token, so what is published is what was shown. Versions that were
 * published stay, and dossiers keep theirs.
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

enum { CHANGES_MAX = 2 * DOSSIER_FORM_FIELDS_MAX + 4, REASON_CHARS_MAX = 500 };

struct proposal {
    struct dossier_form form;
    struct dossier_form_version before; /* .version 0: none */
    char token[2 * MC_HASH_LEN + 1];
};

/* A procedure asks for one declaration. */
static void check_procedures(const struct dossier *dossier, struct mc_txn *txn,
                             const struct dossier_form *form)
{
    for (size_t i = 0; i < form->procedures_len; i++) {
        const char *code = dossier_form_code_of(dossier, txn, form->procedures[i]);

        if (dossier_procedure_find(&dossier->catalogue, form->procedures[i]) == NULL)
            mc_refuse(txn, MC_INVALID, "definition.procedures", "PROCEDURE_UNKNOWN", NULL);
        else if (code != NULL && strcmp(code, form->code) != 0)
            mc_refuse(txn, MC_CONFLICT, "definition.procedures", "FORM_PROCEDURE_TAKEN", "label",
                      form->procedures[i], "text", code, NULL);
    }
}

static void make_token(struct mc_txn *txn, const char *definition, struct proposal *proposal)
{
    uint8_t hash[MC_HASH_LEN];
    const char *text = mc_sprintf(txn->arena, "%s\n%llu\n%s", proposal->form.code,
                                  (unsigned long long)proposal->before.version, definition);

    if (text == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    mc_hash(hash, mc_key_text(text));
    (void)mc_hex(proposal->token, (struct mc_bytes){hash, sizeof hash});
}

static bool read(const struct dossier *dossier, struct mc_txn *txn, const char *definition,
                 struct proposal *proposal)
{
    struct dossier_problems *problems = dossier_problems_new(txn);

    *proposal = (struct proposal){0};
    if (problems == NULL)
        return false;
    enum mc_status status =
        dossier_form_load(&proposal->form, txn->arena, mc_key_text(definition), problems);
    if (status == MC_FULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else if (status != MC_OK)
        dossier_problems_refuse(txn, problems, "definition");
    else
        check_procedures(dossier, txn, &proposal->form);
    if (txn->status != MC_OK)
        return false;
    (void)dossier_form_newest(dossier, txn, proposal->form.code, &proposal->before);
    if (proposal->before.version >= DOSSIER_FORM_VERSIONS_MAX)
        mc_refuse(txn, MC_LIMITED, "definition", "FORM_VERSIONS_FULL", NULL);
    make_token(txn, definition, proposal);
    return txn->status == MC_OK;
}

enum mc_status dossier_preview_form(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__PreviewFormRequest *req,
                                    Dossier__PreviewFormReply *rep)
{
    struct proposal *proposal = dossier_alloc(txn, sizeof *proposal);
    struct dossier_form_change *changes = dossier_alloc(txn, CHANGES_MAX * sizeof *changes);
    Dossier__FormChange *rows = dossier_alloc(txn, CHANGES_MAX * sizeof *rows);

    rep->changes = dossier_list(txn, CHANGES_MAX);
    if (rep->changes == NULL || rows == NULL || changes == NULL || proposal == NULL ||
        !read(dossier, txn, req->definition, proposal))
        return txn->status;
    const char *before = proposal->before.version != 0 ? proposal->before.text : "";
    size_t n = dossier_form_diff(txn->arena, mc_key_text(before), mc_key_text(req->definition),
                                 changes, CHANGES_MAX);
    for (size_t i = 0; i < n; i++) {
        dossier__form_change__init(&rows[i]);
        rows[i].field = mc_unconst(changes[i].field);
        rows[i].what = mc_unconst(changes[i].what);
        rows[i].label = mc_unconst(changes[i].label);
        rep->changes[rep->n_changes++] = &rows[i];
    }
    rep->code = mc_unconst(proposal->form.code);
    rep->version = proposal->before.version + 1;
    rep->token = dossier_text(txn, proposal->token);
    return txn->status;
}

/* The version before holds until the day before this one begins. */
static void end_before(struct mc_txn *txn, const struct proposal *proposal)
{
    const struct dossier_form_version *before = &proposal->before;
    int64_t last = mc_date_days(proposal->form.from) - 1;

    if (before->version == 0)
        return;
    if (before->until.year != 0 && mc_date_days(before->until) <= last)
        return;
    if (mc_date_days(before->from) > last) {
        mc_refuse(txn, MC_INVALID, "definition.from", "FORM_BEGINS_BEFORE", NULL);
        return;
    }
    dossier_form_keep(txn, before);
    struct mc_bytes key = dossier_form_key(txn, before->form.code, before->version);
    DossierState__Form *record = mc_load(txn, DOSSIER_FORMS, key, &dossier_state__form__descriptor);
    if (record == NULL)
        return;
    record->until_day = last;
    mc_save(txn, DOSSIER_FORMS, key, &record->base);
}

static const DossierState__Form *save(struct mc_txn *txn, const struct proposal *proposal,
                                      const char *definition, const char *reason)
{
    const struct dossier_form *form = &proposal->form;
    DossierState__Form *record = dossier_alloc(txn, sizeof *record);

    if (record == NULL)
        return NULL;
    dossier_state__form__init(record);
    record->code = mc_unconst(form->code);
    record->version = proposal->before.version + 1;
    record->definition = mc_unconst(definition);
    record->from_day = mc_date_days(form->from);
    record->until_day = form->until.year != 0 ? mc_date_days(form->until) : 0;
    record->published_at_ms = txn->now_ms;
    record->published_by = dossier_text(txn, txn->actor);
    record->reason = mc_unconst(reason);
    mc_save(txn, DOSSIER_FORMS, dossier_form_key(txn, form->code, record->version), &record->base);
    for (size_t i = 0; i < form->procedures_len; i++)
        mc_put(txn, DOSSIER_FORM_USES, mc_key_text(form->procedures[i]), mc_key_text(form->code));
    return record;
}

static void tell(struct mc_txn *txn, const Dossier__FormHead *head)
{
    Dossier__FormPublished body = DOSSIER__FORM_PUBLISHED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "form:%s", head->code), NULL};

    body.code = head->code;
    body.version = head->version;
    body.title = head->title;
    body.from = head->from;
    body.procedures = head->procedures;
    body.n_procedures = head->n_procedures;
    mc_emit(txn, "dossier.form_published", &body.base, MC_PLAIN, keys);
}

enum mc_status dossier_publish_form(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__PublishFormRequest *req, Dossier__FormHead *rep)
{
    struct proposal *proposal = dossier_alloc(txn, sizeof *proposal);
    const char *reason = dossier_line(txn, "reason", req->reason, REASON_CHARS_MAX);

    if (reason != NULL && reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (txn->status != MC_OK || proposal == NULL || !read(dossier, txn, req->definition, proposal))
        return txn->status;
    if (strcmp(req->token, proposal->token) != 0)
        return mc_refuse(txn, MC_CONFLICT, "token", "FORM_PREVIEW_STALE", NULL);
    if (req->end_previous)
        end_before(txn, proposal);
    const DossierState__Form *record = save(txn, proposal, req->definition, reason);
    if (txn->status != MC_OK || record == NULL)
        return txn->status;
    struct dossier_form_version version = {
        .form = proposal->form,
        .text = req->definition,
        .version = record->version,
        .record = record,
        .from = proposal->form.from,
        .until = proposal->form.until,
    };
    const Dossier__FormHead *head = dossier_form_head(txn, &version);
    if (head == NULL)
        return txn->status;
    *rep = *head;
    tell(txn, rep);
    return txn->status;
}
