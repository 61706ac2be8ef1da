/* SearchRequests: the list of the screen with its filters (SUP-02 … SUP-04), the newest first. */
#include <string.h>

#include "support.h"

static void row_show(struct mc_txn *txn, struct mc_bytes id, Support__RequestRow *row)
{
    const SupportState__Request *record =
        mc_load(txn, SUPPORT_REQUESTS, id, &support_state__request__descriptor);

    if (record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a row without its request");
        return;
    }
    row->title = mc_open_text(txn, record->title);
    row->requester = mc_open_text(txn, record->requester);
    row->created_at = support_time(txn, record->created_at_ms);
    row->state = (Support__RequestState)record->state;
    row->state_name = mc_unconst(support_state_name(row->state));
    row->request_id = support_bytes(id);
    row->code = record->code;
    row->unit_name = record->unit_name;
    row->overdue = record->overdue_at_ms != 0;
}

bool support_requests_find(const struct support *support, struct mc_txn *txn,
                           const Support__SearchRequestsRequest *req, size_t rows_max,
                           struct support_found *ret_found, Support__RequestRow ***ret_rows)
{
    struct support_search *search = support_alloc(txn, sizeof *search);
    const char *title = support_line(txn, "title", req->title, SUPPORT_TITLE_CHARS_MAX, false);
    const char *group =
        support_line(txn, "service_group", req->service_group, SUPPORT_NAME_CHARS_MAX, false);
    const char *requester =
        support_line(txn, "requester", req->requester, SUPPORT_NAME_CHARS_MAX, false);
    const char *scope = support_scope(support, txn, req->unit);
    int64_t from_ms = support_day(txn, "from_day", req->from_day);

    if (txn->status != MC_OK || search == NULL || scope == NULL)
        return false;
    memset(search, 0, sizeof *search); /* too large for the stack */
    search->from_ms = from_ms;
    search->page_size = req->page_size;
    search->page_token = req->page_token;
    search->rows_max = rows_max;
    support_facets_want(txn, &search->facets, SUPPORT_REQUEST, scope, req->state, group);
    support_facets_words(txn, &search->facets, SUPPORT_REQUEST, 't', title, SUPPORT_WORDS_MAX);
    support_facets_words(txn, &search->facets, SUPPORT_REQUEST, 'r', requester, SUPPORT_WORDS_MAX);
    if (txn->status != MC_OK || !support_search_run(txn, search, ret_found))
        return false;
    *ret_rows =
        (Support__RequestRow **)support_rows(txn, ret_found->len, sizeof(Support__RequestRow));
    for (size_t i = 0; *ret_rows != NULL && i < ret_found->len; i++) {
        support__request_row__init((*ret_rows)[i]);
        (*ret_rows)[i]->number = (uint32_t)i + 1;
        row_show(txn, ret_found->ids[i], (*ret_rows)[i]);
    }
    return txn->status == MC_OK;
}

enum mc_status support_search_requests(struct support *support, struct mc_txn *txn,
                                       const Support__SearchRequestsRequest *req,
                                       Support__SearchRequestsReply *rep)
{
    struct support_found found;

    if (!support_check_purpose(txn) ||
        !support_requests_find(support, txn, req, 0, &found, &rep->rows))
        return txn->status;
    rep->n_rows = found.len;
    rep->count = found.count;
    rep->count_is_least = found.count_is_least;
    rep->found = support_found_text(txn, &found);
    rep->next_page_token = found.next_page_token;
    support_tell_read(txn, "SUPPORT_LIST", "", found.len);
    return txn->status;
}
