/*
 * ListWork: what there is to do, the earliest due first: of a unit and those below it, or of one
 * officer. A page costs one look-up per queue and one per row, however many dossiers there are.
 */
#include <string.h>

#include "work.h"

enum { PASSED_MAX = 2000 }; /* rows of one call that a filter may pass over */

static bool tail_of(struct mc_txn *txn, const char *token, struct mc_bytes *ret_after)
{
    uint8_t tail[DOSSIER_WORK_TAIL];

    *ret_after = (struct mc_bytes){0};
    if (token[0] == '\0')
        return true;
    if (!mc_unhex(tail, sizeof tail, mc_key_text(token))) {
        mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
        return false;
    }
    *ret_after = mc_keep(txn, tail, sizeof tail);
    return true;
}

static char *token_of(struct mc_txn *txn, const uint8_t *tail)
{
    char text[2 * DOSSIER_WORK_TAIL + 1];

    (void)mc_hex(text, (struct mc_bytes){tail, DOSSIER_WORK_TAIL});
    return dossier_text(txn, text);
}

static bool holder_of(struct mc_txn *txn, const char *account, struct mc_bytes *ret_holder)
{
    uint8_t id[MC_ID_LEN];

    if (strcmp(account, "me") == 0 && txn->caller->account_id != NULL)
        account = txn->caller->account_id;
    if (!mc_uuid_parse(id, mc_key_text(account))) {
        mc_refuse(txn, MC_INVALID, "assignee", "FIELD_INVALID", "field", "assignee", NULL);
        return false;
    }
    *ret_holder = mc_keep(txn, id, sizeof id);
    return true;
}

static void fill(const struct dossier *dossier, struct mc_txn *txn, struct dossier_queues *queues,
                 const Dossier__ListWorkRequest *req, size_t size, Dossier__ListWorkReply *rep)
{
    int64_t before_ms = req->due_before_ms > 0 ? req->due_before_ms : INT64_MAX;
    uint8_t last[DOSSIER_WORK_TAIL];
    const uint8_t *head = NULL;

    if (req->overdue)
        before_ms = MC_MIN(before_ms, txn->now_ms);
    for (size_t seen = 0; (head = dossier_queues_head(queues)) != NULL; seen++) {
        if (dossier_tail_due(head) >= before_ms && before_ms != INT64_MAX)
            return;
        if (rep->n_dossiers == size || seen == PASSED_MAX) {
            rep->next_page_token = token_of(txn, last);
            return;
        }
        memcpy(last, head, sizeof last);
        Dossier__DossierSummary *row = dossier_work_row(dossier, txn, head);
        if (row == NULL)
            return;
        if (!req->overdue || row->overdue) /* waiting for money, the clock may stand */
            rep->dossiers[rep->n_dossiers++] = row;
        dossier_queues_step(queues);
    }
}

enum mc_status dossier_list_work(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListWorkRequest *req, Dossier__ListWorkReply *rep)
{
    struct dossier_queues queues;
    struct mc_bytes after;
    size_t size = 0;
    const char *unit = dossier_unit_of_caller(txn, req->unit);
    bool of_officer = req->assignee[0] != '\0';

    if (unit == NULL || !dossier_page(txn, req->page_size, &size) ||
        !tail_of(txn, req->page_token, &after))
        return txn->status;
    rep->dossiers = dossier_list(txn, size);
    if (rep->dossiers == NULL ||
        !dossier_queues_open(txn, of_officer ? DOSSIER_ASSIGNED : DOSSIER_WORK, after, &queues))
        return txn->status;
    if (of_officer && !holder_of(txn, req->assignee, &queues.holder))
        return txn->status;
    dossier_queues_add_units(dossier, &queues, unit, req->state, req->overdue);
    fill(dossier, txn, &queues, req, size, rep);
    return txn->status;
}
