/*
 * PublishFeedback: an answer that everybody may read, within two working days of it. What is shown
 * is the officer's wording, without what names a person; the sender's name is masked.
 */
#include "feedback.h"

/* Everybody's words: "p" for all units, beside the unit's own list. */
static void index_public(struct mc_txn *txn, const struct support_feedback *feedback,
                         const char *title, const char *text, bool published)
{
    struct support_facets *facets = support_alloc(txn, sizeof *facets);

    if (facets == NULL)
        return;
    facets->len = 0;
    support_facets_unit(txn, facets, SUPPORT_PUBLISHED, feedback->record->unit, 0, "");
    support_facets_words(txn, facets, SUPPORT_PUBLISHED, 't', title, SUPPORT_TITLE_WORDS_MAX);
    support_facets_words(txn, facets, SUPPORT_PUBLISHED, 't', text, SUPPORT_NAME_WORDS_MAX);
    if (published)
        support_facets_put(txn, facets, feedback->id);
    else
        support_facets_drop(txn, facets, feedback->id);
}

static ProtobufCBinaryData either(struct mc_txn *txn, const char *given, ProtobufCBinaryData kept)
{
    return given[0] != '\0' ? mc_seal_text(txn, given) : kept;
}

static void publish(const struct support *support, struct mc_txn *txn,
                    struct support_feedback *feedback, const Support__PublishFeedbackRequest *req)
{
    SupportState__Feedback *record = feedback->record;
    const char *title = support_line(txn, "title", req->title, SUPPORT_TITLE_CHARS_MAX, false);
    const char *text = support_lines(txn, "text", req->text, SUPPORT_DESCRIPTION_CHARS_MAX, false);
    const char *answer = support_lines(txn, "answer", req->answer, SUPPORT_ANSWER_CHARS_MAX, false);
    int64_t due_ms = support_feedback_due(support, record);

    record->late |= due_ms != 0 && txn->now_ms > due_ms;
    record->public_title = either(txn, title, record->title);
    record->public_text = either(txn, text, record->text);
    record->public_answer = either(txn, answer, record->answer);
    record->published_at_ms = txn->now_ms;
    support_sum_add(txn, record->unit, SUPPORT_SUM_PUBLISHED);
}

enum mc_status support_publish_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__PublishFeedbackRequest *req,
                                        Support__Feedback *rep)
{
    struct support_feedback feedback;

    if (!support_feedback_open(support, txn, (ProtobufCBinaryData){0}, req->code, "", &feedback) ||
        !support_feedback_check_version(txn, &feedback, req->version))
        return txn->status;
    SupportState__Feedback *record = feedback.record;
    if (feedback.actor != SUPPORT_FEEDBACK_OFFICER)
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
    if (record->state != SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED ||
        (record->published_at_ms != 0) != req->withdraw)
        return mc_refuse(txn, MC_CONFLICT, "", "FEEDBACK_STEP", "state",
                         support_feedback_state_name((Support__FeedbackState)record->state), NULL);

    if (!req->withdraw)
        publish(support, txn, &feedback, req);
    if (txn->status != MC_OK)
        return txn->status;
    index_public(txn, &feedback, mc_open_text(txn, record->public_title),
                 mc_open_text(txn, record->public_text), !req->withdraw);
    if (req->withdraw)
        record->published_at_ms = 0;
    support_feedback_save(support, txn, &feedback,
                          req->withdraw ? "support.feedback_unpublished"
                                        : "support.feedback_published");
    support_feedback_show(support, txn, &feedback, rep);
    return txn->status;
}
