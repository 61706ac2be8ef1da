/*
 * Render: a template and its fields become a PDF. The loop only looks whether the request fits the
 * template; a thread of the pool sets the pages and signs them; nothing is kept.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "print.h"

static void check_fields(struct mc_txn *txn, const Template__Document *document,
                         const Print__RenderRequest *req)
{
    bool came[PRINT_FIELDS_MAX] = {false};
    bool required;

    for (size_t i = 0; i < req->n_fields; i++) {
        size_t n = 0;
        while (n < document->n_fields &&
               !print_field_is_named(document->fields[n], req->fields[i]->name, &required))
            n++;
        if (n == document->n_fields || came[n])
            (void)mc_refuse(txn, MC_INVALID, "fields", "FIELD_INVALID", "field",
                            req->fields[i]->name, NULL);
        else
            came[n] = req->fields[i]->value[0] != '\0';
    }
    for (size_t n = 0; n < document->n_fields; n++) {
        size_t len = strcspn(document->fields[n], "*");
        if (document->fields[n][len] == '*' && !came[n])
            (void)mc_refuse(txn, MC_INVALID, "fields", "FIELD_REQUIRED", "field",
                            mc_sprintf(txn->arena, "%.*s", (int)len, document->fields[n]), NULL);
    }
}

static size_t columns_of(const Template__Document *document, const char *table)
{
    for (size_t i = 0; i < document->n_blocks; i++)
        if (document->blocks[i]->what_case == TEMPLATE__BLOCK__WHAT_TABLE &&
            strcmp(document->blocks[i]->table->name, table) == 0)
            return document->blocks[i]->table->n_columns;
    return 0;
}

static void check_tables(struct mc_txn *txn, const Template__Document *document,
                         const Print__RenderRequest *req)
{
    if (req->n_tables > PRINT_TABLES_MAX)
        (void)mc_refuse(txn, MC_INVALID, "tables", "LIST_TOO_LONG", NULL);
    for (size_t i = 0; i < req->n_tables && txn->status == MC_OK; i++) {
        const Print__Table *table = req->tables[i];
        size_t columns = columns_of(document, table->name);
        bool fits = columns > 0 && table->n_rows <= PRINT_ROWS_MAX;

        for (size_t row = 0; fits && row < table->n_rows; row++)
            fits = table->rows[row]->n_cells == columns;
        if (!fits)
            (void)mc_refuse(txn, MC_INVALID, "tables", "FIELD_INVALID", "field", table->name, NULL);
    }
}

static enum mc_status check(const struct print *print, struct mc_txn *txn,
                            const Print__RenderRequest *req)
{
    const Template__Document *document = print_template_find(print, req->template_);

    if (document == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "template", "NOT_FOUND", NULL);
    if (req->at_ms <= 0)
        (void)mc_refuse(txn, MC_INVALID, "at_ms", "FIELD_REQUIRED", "field", "at_ms", NULL);
    check_fields(txn, document, req);
    check_tables(txn, document, req);
    return txn->status;
}

static const char *time_text(struct mc_arena *arena, int64_t at_ms)
{
    const struct mc_local at = mc_local_from_ms(at_ms);

    return mc_sprintf(arena, "%02d/%02d/%04d %02d:%02d:%02d", at.date.day, at.date.month,
                      at.date.year, at.hour, at.minute, at.second);
}

/* In a thread of the pool. */
static const void *make(const void *ctx, struct mc_arena *arena, struct mc_bytes body)
{
    const struct print *print = ctx;
    struct print_made *made = mc_alloc(arena, sizeof *made);
    struct mc_validate_error error;
    const Print__RenderRequest *req = (const Print__RenderRequest *)(void *)mc_body_open(
        arena, &print__render_request__descriptor, body, MC_FORM_BODY_MAX, &error);

    if (made == NULL || req == NULL)
        return NULL;
    const struct mc_signer *signer = mc_signers_find(print->signers, req->sign_as);
    if (signer != NULL && !mc_signer_is_valid_at(signer, req->at_ms))
        signer = NULL;
    made->signed_by = signer != NULL ? mc_signer_name(signer) : "";
    const struct print_fields fields = {
        .request = req,
        .signed_by = made->signed_by,
        .signed_at = signer != NULL ? time_text(arena, req->at_ms) : "",
    };
    if (fields.signed_at == NULL)
        return NULL;
    print_layout(arena, print_template_find(print, req->template_), &fields, signer, made);
    return made;
}

enum mc_status print_render_prepare(void *ctx, struct mc_txn *snapshot, const ProtobufCMessage *req,
                                    struct mc_work *ret_work)
{
    const Print__RenderRequest *request = (const Print__RenderRequest *)(const void *)req;

    if (check(ctx, snapshot, request) == MC_OK) {
        ret_work->kind = MC_WORK_TASK;
        ret_work->task = make;
        ret_work->task_ctx = ctx;
    }
    return snapshot->status;
}

enum mc_status print_render(struct print *print, struct mc_txn *txn,
                            const Print__RenderRequest *req, Print__RenderReply *rep)
{
    const struct print_made *made = txn->work != NULL ? txn->work->task_result : NULL;

    (void)print;
    (void)req;
    if (made == NULL)
        return mc_fail(txn, MC_BUSY, "no memory for a document");
    if (made->status != MC_OK)
        return mc_refuse(txn, made->status, made->field, made->code, NULL);
    rep->pdf = (ProtobufCBinaryData){made->pdf.len, mc_unconst(made->pdf.data)};
    rep->pages = made->pages;
    rep->signed_ = made->is_signed;
    rep->signed_by = mc_unconst(made->signed_by);
    return MC_OK;
}
