/*
 * The form of one dossier. A draft is bound to the version that it was filled by and may be as
 * incomplete as it likes; Submit takes it only whole, and keeps it cleaned, with a note of what
 * came from where (DOS-14, DOS-15).
 */
#include <string.h>

#include "common/messages.h"

#include "dossier.h"

enum { MESSAGE_MAX = 700 };

struct dossier_problems *dossier_problems_new(struct mc_txn *txn)
{
    struct dossier_problems *problems = dossier_alloc(txn, sizeof *problems);

    if (problems != NULL)
        problems->arena = txn->arena;
    return problems;
}

void dossier_problems_refuse(struct mc_txn *txn, const struct dossier_problems *problems,
                             const char *prefix)
{
    for (size_t i = 0; i < problems->len; i++) {
        const struct dossier_problem *row = &problems->rows[i];
        const char *dot = prefix[0] != '\0' && row->field[0] != '\0' ? "." : "";
        const char *field = mc_sprintf(txn->arena, "%s%s%s", prefix, dot, row->field);

        mc_refuse(txn, MC_INVALID, field != NULL ? field : prefix, row->code, "label", row->label,
                  "limit", row->limit, "text", row->text, NULL);
    }
}

Dossier__FormProblem **dossier_problems_list(struct mc_txn *txn,
                                             const struct dossier_problems *problems)
{
    Dossier__FormProblem **list = dossier_list(txn, problems->len);
    Dossier__FormProblem *rows = dossier_alloc(txn, (problems->len + 1) * sizeof *rows);
    char text[MESSAGE_MAX];

    if (list == NULL || rows == NULL)
        return NULL;
    for (size_t i = 0; i < problems->len; i++) {
        const struct dossier_problem *row = &problems->rows[i];
        const char *const args[] = {"label", row->label, "limit", row->limit,
                                    "text",  row->text,  NULL};

        (void)mc_message_format(text, sizeof text, row->code, args);
        dossier__form_problem__init(&rows[i]);
        rows[i].field = dossier_text(txn, row->field);
        rows[i].code = dossier_text(txn, row->code);
        rows[i].message = dossier_text(txn, text);
        rows[i].label = dossier_text(txn, row->label);
        list[i] = &rows[i];
    }
    return list;
}

/* --- which form --- */

static bool open_bound(const struct dossier *dossier, struct mc_txn *txn,
                       const DossierState__Dossier *record,
                       struct dossier_form_version *ret_version)
{
    return record->form_code[0] != '\0' &&
           dossier_form_open(dossier, txn, record->form_code, record->form_version,
                             mc_date_from_ms(txn->now_ms), ret_version);
}

/* A form that is named must be one for this procedure, and still hold. */
static bool open_named(const struct dossier *dossier, struct mc_txn *txn, const char *procedure,
                       const char *code, uint64_t number, struct dossier_form_version *ret_version)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);

    if (!dossier_form_open(dossier, txn, code, number, today, ret_version) ||
        !dossier_form_serves(&ret_version->form, procedure)) {
        mc_refuse(txn, MC_INVALID, "form_code", "FORM_NOT_FOUND", NULL);
        return false;
    }
    if (!dossier_form_in_force(ret_version, today)) {
        mc_refuse(txn, MC_EXPIRED, "form_version", "FORM_OUTDATED", "label",
                  ret_version->form.title, NULL);
        return false;
    }
    return true;
}

void dossier_form_bind(const struct dossier *dossier, struct mc_txn *txn,
                       const struct dossier_open *open, const char *code, uint64_t version)
{
    DossierState__Dossier *record = open->record;
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    struct dossier_form_version filled;
    bool found = false;

    if (code[0] != '\0')
        found = open_named(dossier, txn, record->procedure_code, code, version, &filled);
    else if (open_bound(dossier, txn, record, &filled) &&
             dossier_form_serves(&filled.form, record->procedure_code) &&
             (open->was != DOSSIER__STATE__DRAFT || dossier_form_in_force(&filled, today)))
        found = true; /* it keeps the version it was filled by */
    else
        found = dossier_form_of(dossier, txn, record->procedure_code, today, &filled);
    if (txn->status != MC_OK)
        return;
    record->form_code = found ? dossier_text(txn, filled.form.code) : mc_unconst("");
    record->form_version = found ? filled.version : 0;
    record->n_form_origins = 0;
    if (found)
        dossier_form_keep(txn, &filled);
}

/* --- its values --- */

static struct mc_json *parse(struct mc_txn *txn, const char *form)
{
    struct mc_json *json = NULL;

    if (mc_json_parse(mc_key_text(form[0] != '\0' ? form : "{}"), &json) != MC_OK) {
        (void)mc_fail(txn, MC_CORRUPT, "stored form values");
        return NULL;
    }
    return json;
}

static struct dossier_form_check check_of(const struct dossier *dossier, struct mc_txn *txn,
                                          const struct dossier_form *form,
                                          const DossierState__Dossier *record)
{
    const char **components = dossier_list(txn, record->n_papers);

    for (size_t i = 0; components != NULL && i < record->n_papers; i++)
        components[i] = record->papers[i]->component;
    return (struct dossier_form_check){
        .form = form,
        .places = &dossier->forms.places,
        .today = mc_date_from_ms(txn->now_ms),
        .components = components,
        .components_len = components != NULL ? record->n_papers : 0,
        .papers = true,
    };
}

/* A declaration filled by hand and attached stands for the form. */
static bool has_paper(const struct dossier_form_check *check)
{
    for (size_t i = 0; check->form->paper != NULL && i < check->components_len; i++)
        if (strcmp(check->components[i], check->form->paper) == 0)
            return true;
    return false;
}

void dossier_form_advise(const struct dossier *dossier, struct mc_txn *txn,
                         const struct dossier_open *open, const char *form,
                         Dossier__DossierReply *rep)
{
    struct dossier_form_version version;
    struct dossier_problems *problems = dossier_problems_new(txn);
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;
    struct mc_bytes clean;

    if (problems == NULL || !open_bound(dossier, txn, open->record, &version))
        return;
    values = parse(txn, form);
    if (values == NULL)
        return;
    struct dossier_form_check check = check_of(dossier, txn, &version.form, open->record);
    check.papers = false; /* they are attached after the form is saved */
    if (dossier_form_check(&check, values, problems, &clean) == MC_FULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    rep->form_problems = dossier_problems_list(txn, problems);
    rep->n_form_problems = rep->form_problems != NULL ? problems->len : 0;
}

/* --- where its values came from --- */

static bool same_value(const struct mc_json *values, const struct dossier_known *known)
{
    const char *sent = mc_json_text(values, known->field->name);

    return sent != NULL && strcmp(sent, known->value) == 0;
}

static void note_origins(const struct dossier *dossier, struct mc_txn *txn,
                         const struct dossier_form *form, const struct mc_json *values,
                         DossierState__Dossier *record)
{
    struct dossier_known *known = NULL;
    size_t n = dossier_form_known(dossier, txn, form, record->owner_account, &known);
    DossierState__Origin *rows = dossier_alloc(txn, (n + 1) * sizeof *rows);

    record->form_origins = dossier_list(txn, n);
    record->n_form_origins = 0;
    if (rows == NULL || record->form_origins == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        DossierState__Origin *row = &rows[record->n_form_origins];

        if (mc_json_text(values, known[i].field->name) == NULL)
            continue; /* not shown, or left out */
        dossier_state__origin__init(row);
        row->field = dossier_text(txn, known[i].field->name);
        row->source = mc_unconst(known[i].source);
        row->source_kind = mc_unconst(known[i].source_kind);
        row->changed = !same_value(values, &known[i]);
        record->form_origins[record->n_form_origins++] = row;
    }
}

static void send_values(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_form_check *check, const struct mc_json *values,
                        DossierState__Dossier *record)
{
    struct dossier_problems *problems = dossier_problems_new(txn);
    struct mc_json *kept mc_cleanup(mc_json_freep) = NULL;
    struct mc_bytes clean;

    if (problems == NULL)
        return;
    enum mc_status status = dossier_form_check(check, values, problems, &clean);
    if (status == MC_FULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    if (status != MC_OK) {
        dossier_problems_refuse(txn, problems, "form");
        return;
    }
    record->form = dossier_seal_again(txn, record->form, clean.data);
    kept = parse(txn, clean.data);
    if (kept != NULL)
        note_origins(dossier, txn, check->form, kept, record);
}

void dossier_form_send(const struct dossier *dossier, struct mc_txn *txn,
                       const struct dossier_open *open)
{
    DossierState__Dossier *record = open->record;
    struct dossier_form_version version;
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;

    if (record->form_code[0] == '\0')
        return; /* its procedure had no form when it was saved */
    if (!open_bound(dossier, txn, record, &version)) {
        (void)mc_fail(txn, MC_CORRUPT, "the dossier's form is gone");
        return;
    }
    if (open->was == DOSSIER__STATE__DRAFT &&
        !dossier_form_in_force(&version, mc_date_from_ms(txn->now_ms))) {
        mc_refuse(txn, MC_EXPIRED, "form", "FORM_OUTDATED", "label", version.form.title, NULL);
        return;
    }
    values = parse(txn, mc_open_text(txn, record->form));
    if (values == NULL)
        return;
    struct dossier_form_check check = check_of(dossier, txn, &version.form, record);
    if (mc_json_kind(values, "") == MC_JSON_OBJECT && mc_json_count(values, "") == 0 &&
        has_paper(&check))
        return;
    send_values(dossier, txn, &check, values, record);
}
