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

static void add_officer(struct mc_txn *txn, struct dossier_queues *queues, const char *account,
                        const Dossier__ListWorkRequest *req)
{
    uint8_t prefix[MC_ID_LEN + 1];

    if (strcmp(account, "me") == 0 && txn->caller->account_id != NULL)
        account = txn->caller->account_id;
    if (!mc_uuid_parse(prefix, mc_key_text(account))) {
        mc_refuse(txn, MC_INVALID, "assignee", "FIELD_INVALID", "field", "assignee", NULL);
        return;
    }
    for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++) {
        if (!dossier_state_is_open((Dossier__State)at) ||
            (req->state != DOSSIER__STATE__DRAFT && (unsigned)req->state != at))
            continue;
        prefix[MC_ID_LEN] = (uint8_t)at;
        dossier_queues_add(queues, mc_keep(txn, prefix, sizeof prefix));
    }
}

/* An officer's queue holds what he has in all his units; and what is not late now is passed over.
 */
static bool wanted(const Dossier__DossierSummary *row, const char *unit,
                   const Dossier__ListWorkRequest *req)
{
    return mc_agency_within(row->unit, unit) && (!req->overdue || row->overdue);
}

static void fill(const struct dossier *dossier, struct mc_txn *txn, struct dossier_queues *queues,
                 const char *unit, const Dossier__ListWorkRequest *req, size_t size,
                 Dossier__ListWorkReply *rep)
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
        if (wanted(row, unit, req))
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
    if (of_officer)
        add_officer(txn, &queues, req->assignee, req);
    else
        dossier_queues_add_units(dossier, &queues, unit, req->state, req->overdue);
    fill(dossier, txn, &queues, unit, req, size, rep);
    return txn->status;
}
