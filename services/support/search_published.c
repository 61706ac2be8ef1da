/* SearchPublished: answers that were published, for everybody, without a session. */
#include <string.h>

#include "common/text.h"

#include "feedback.h"

/* The first letter of each word of a name: N*** V*** A***. */
static char *mask(struct mc_txn *txn, const char *name)
{
    char *out = support_alloc(txn, 4 * strlen(name) + 1);
    size_t len = 0;
    bool first = true;

    if (out == NULL)
        return mc_unconst("");
    for (const char *at = name; *at != '\0';) {
        size_t letter = mc_text_prefix(at, 1, SIZE_MAX);

        if (first && *at != ' ') {
            memcpy(out + len, at, letter);
            memcpy(out + len + letter, "***", 3);
            len += letter + 3;
        }
        if (*at == ' ')
            out[len++] = ' ';
        first = *at == ' ';
        at += letter > 0 ? letter : 1;
    }
    out[len] = '\0';
    return out;
}

static void row_show(struct mc_txn *txn, struct mc_bytes id, Support__Published *row)
{
    const SupportState__Feedback *record =
        mc_load(txn, SUPPORT_FEEDBACK_TABLE, id, &support_state__feedback__descriptor);

    if (record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a row without its feedback");
        return;
    }
    row->code = record->code;
    row->kind = (Support__FeedbackKind)record->kind;
    row->unit_name = record->unit_name;
    row->name = mask(txn, mc_open_text(txn, record->name));
    row->title = mc_open_text(txn, record->public_title);
    row->text = mc_open_text(txn, record->public_text);
    row->answer = mc_open_text(txn, record->public_answer);
    row->answered_at = support_time(txn, record->answered_at_ms);
}

enum mc_status support_search_published(struct support *support, struct mc_txn *txn,
                                        const Support__SearchPublishedRequest *req,
                                        Support__SearchPublishedReply *rep)
{
    struct support_search *search = support_alloc(txn, sizeof *search);
    struct support_found found;
    const char *words = support_line(txn, "words", req->words, SUPPORT_TITLE_CHARS_MAX, false);
    const char *unit = req->unit[0] != '\0' ? support_feedback_unit(txn, "unit", req->unit) : "";

    (void)support;
    if (search == NULL || txn->status != MC_OK)
        return txn->status;
    memset(search, 0, sizeof *search); /* too large for the stack */
    search->page_size = req->page_size;
    search->page_token = req->page_token;
    support_facets_want(txn, &search->facets, SUPPORT_PUBLISHED, unit, 0, "");
    support_facets_words(txn, &search->facets, SUPPORT_PUBLISHED, 't', words, SUPPORT_WORDS_MAX);
    if (txn->status != MC_OK || !support_search_run(txn, search, &found))
        return txn->status;
    rep->count = found.count;
    rep->count_is_least = found.count_is_least;
    rep->rows = (Support__Published **)support_rows(txn, found.len, sizeof(Support__Published));
    for (size_t i = 0; rep->rows != NULL && i < found.len; i++) {
        support__published__init(rep->rows[i]);
        row_show(txn, found.ids[i], rep->rows[i]);
    }
    rep->n_rows = found.len;
    rep->next_page_token = found.next_page_token;
    return txn->status;
}
