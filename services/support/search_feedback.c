/* SearchFeedback: an officer's list of his unit and all below it. */
#include <string.h>

#include "feedback.h"

enum mc_status support_search_feedback(struct support *support, struct mc_txn *txn,
                                       const Support__SearchFeedbackRequest *req,
                                       Support__ListFeedbackReply *rep)
{
    struct support_search *search = support_alloc(txn, sizeof *search);
    struct support_found found;
    const char *words = support_line(txn, "words", req->words, SUPPORT_TITLE_CHARS_MAX, false);
    const char *scope = support_feedback_scope(support, txn, req->unit);
    const char *kind = req->kind != 0 ? support_printf(txn, "%u", (unsigned)req->kind) : "";
    int64_t from_ms = support_day(txn, "from_day", req->from_day);

    if (!support_check_purpose(txn) || search == NULL || scope == NULL)
        return txn->status;
    memset(search, 0, sizeof *search); /* too large for the stack */
    search->from_ms = from_ms;
    search->page_size = req->page_size;
    search->page_token = req->page_token;
    support_facets_want(txn, &search->facets, SUPPORT_FEEDBACK, scope, req->state, kind);
    support_facets_words(txn, &search->facets, SUPPORT_FEEDBACK, 't', words, SUPPORT_WORDS_MAX);
    if (txn->status != MC_OK || !support_search_run(txn, search, &found))
        return txn->status;
    rep->count = found.count;
    rep->count_is_least = found.count_is_least;
    rep->found = support_found_text(txn, &found);
    rep->rows = support_feedback_rows(support, txn, &found);
    rep->n_rows = found.len;
    rep->next_page_token = found.next_page_token;
    support_tell_read(txn, "FEEDBACK_LIST", "", found.len);
    return txn->status;
}
