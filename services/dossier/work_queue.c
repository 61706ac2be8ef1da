/*
 * Queues merged by due time. Each unit and state is a queue of its own; of each only the first row
 * after the last one taken is known, so a list costs one look-up per queue and one per row.
 */
#include <string.h>

#include "work.h"

int64_t dossier_tail_due(const uint8_t *tail)
{
    uint64_t due = 0;

    for (size_t i = 0; i < 8; i++)
        due = due << 8 | tail[i];
    return (int64_t)due;
}

bool dossier_queues_open(struct mc_txn *txn, unsigned table, struct mc_bytes after,
                         struct dossier_queues *ret_queues)
{
    *ret_queues = (struct dossier_queues){.txn = txn, .table = table, .after = after};
    ret_queues->rows = dossier_alloc(txn, DOSSIER_QUEUES_MAX * sizeof ret_queues->rows[0]);
    return ret_queues->rows != NULL;
}

/* The first row behind a tail; empty: the first of all. */
static void find_head(struct dossier_queues *queues, struct dossier_queue *queue,
                      struct mc_bytes after)
{
    uint8_t from[MC_KEY_MAX];
    size_t len = 0;

    queue->over = true;
    if (after.len > 0) {
        if (queue->prefix.len + after.len + 1 > sizeof from)
            return;
        memcpy(from, queue->prefix.data, queue->prefix.len);
        memcpy(from + queue->prefix.len, after.data, after.len);
        len = queue->prefix.len + after.len;
        from[len++] = 0; /* the least that is behind it */
    }
    struct mc_cursor cursor = mc_seek(queues->txn, queues->table, queue->prefix,
                                      (struct mc_bytes){from, len}, MC_FORWARD);
    if (!mc_next(&cursor) || cursor.key.len != queue->prefix.len + DOSSIER_WORK_TAIL)
        return;
    memcpy(queue->head, (const uint8_t *)cursor.key.data + queue->prefix.len, DOSSIER_WORK_TAIL);
    queue->over = false;
    mc_pass(&cursor);
}

void dossier_queues_add(struct dossier_queues *queues, struct mc_bytes prefix)
{
    if (queues->len == DOSSIER_QUEUES_MAX) {
        mc_refuse(queues->txn, MC_INVALID, "unit", "LIST_TOO_WIDE", NULL);
        return;
    }
    struct dossier_queue queue = {.prefix = prefix};
    find_head(queues, &queue, queues->after);
    if (!queue.over)
        queues->rows[queues->len++] = queue;
}

/* FINANCIAL_OBLIGATION runs only where money does not suspend; it is asked of the record then. */
static bool may_run(Dossier__State state)
{
    return state == DOSSIER__STATE__NEW || state == DOSSIER__STATE__RECEIVED ||
           state == DOSSIER__STATE__PROCESSING || state == DOSSIER__STATE__FINANCIAL_OBLIGATION;
}

void dossier_queues_add_units(const struct dossier *dossier, struct dossier_queues *queues,
                              const char *ancestor, Dossier__State state, bool running)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    struct mc_txn *txn = queues->txn;

    for (size_t i = 0; i < catalogue->units_len && txn->status == MC_OK; i++) {
        const char *unit = catalogue->units[i].code;

        if (!mc_agency_within(unit, ancestor))
            continue;
        for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++) {
            Dossier__State one = (Dossier__State)at;

            if ((state != DOSSIER__STATE__DRAFT && one != state) || !dossier_state_is_open(one) ||
                (running && !may_run(one)))
                continue;
            struct mc_bytes prefix = dossier_unit_prefix(txn, unit, one);
            dossier_queues_add(
                queues, queues->holder.len > 0 ? mc_key_join(txn, queues->holder, prefix) : prefix);
        }
    }
}

static struct dossier_queue *earliest(const struct dossier_queues *queues)
{
    struct dossier_queue *best = NULL;

    for (size_t i = 0; i < queues->len; i++) {
        struct dossier_queue *queue = &queues->rows[i];

        if (!queue->over &&
            (best == NULL || memcmp(queue->head, best->head, DOSSIER_WORK_TAIL) < 0))
            best = queue;
    }
    return best;
}

const uint8_t *dossier_queues_head(const struct dossier_queues *queues)
{
    const struct dossier_queue *queue = queues->txn->status == MC_OK ? earliest(queues) : NULL;

    return queue != NULL ? queue->head : NULL;
}

void dossier_queues_step(struct dossier_queues *queues)
{
    struct dossier_queue *queue = earliest(queues);
    uint8_t tail[DOSSIER_WORK_TAIL];

    if (queue == NULL)
        return;
    memcpy(tail, queue->head, sizeof tail);
    find_head(queues, queue, (struct mc_bytes){tail, sizeof tail});
}

Dossier__DossierSummary *dossier_work_row(const struct dossier *dossier, struct mc_txn *txn,
                                          const uint8_t *tail)
{
    struct mc_bytes id = mc_keep(txn, tail + 8, MC_ID_LEN);
    const DossierState__Dossier *record = dossier_indexed(txn, id, "work index");

    if (record == NULL)
        return NULL;
    Dossier__DossierSummary *row = dossier_summary(dossier, txn, record, DOSSIER_BY_OFFICER);
    if (row == NULL)
        return NULL;
    row->work_due_ms = dossier_work_due(record);
    row->assignee = record->assignee;
    row->assignee_name = dossier_owner_name(txn, record->assignee);
    row->unit = record->unit;
    row->overdue = dossier_is_overdue(record, txn->now_ms);
    return row;
}

const char *dossier_unit_of_caller(struct mc_txn *txn, const char *text)
{
    char code[MC_AGENCY_CODE_SIZE];
    const char *own = txn->caller->unit;
    bool is_operator = (txn->caller->who & MC_OPERATOR) != 0;

    if (!is_operator && (own == NULL || own[0] == '\0')) {
        mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
        return NULL;
    }
    if (text[0] == '\0' && own != NULL)
        return own;
    if (mc_agency_parse(text, code, sizeof code) != MC_WHY_OK) {
        mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
        return NULL;
    }
    if (!is_operator && !mc_agency_within(code, own)) {
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
        return NULL;
    }
    return dossier_text(txn, code);
}
