/* RateFeedback: what its sender says of the answer, once. */
#include "feedback.h"

enum mc_status support_rate_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__RateFeedbackRequest *req,
                                     Support__Feedback *rep)
{
    struct support_feedback feedback;
    const char *note = support_lines(txn, "note", req->note, SUPPORT_TEXT_CHARS_MAX, false);

    if (req->rating < 1 || req->rating > SUPPORT_RATING_MAX)
        (void)mc_refuse(txn, MC_INVALID, "rating", "FIELD_INVALID", "field",
                        support_label("rating"), NULL);
    if (!support_feedback_open(support, txn, (ProtobufCBinaryData){0}, req->code, req->key,
                               &feedback))
        return txn->status;
    SupportState__Feedback *record = feedback.record;
    if (feedback.actor != SUPPORT_FEEDBACK_SENDER)
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
    if (record->state != SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED || record->rating != 0)
        return mc_refuse(txn, MC_CONFLICT, "", "FEEDBACK_STEP", "state",
                         support_feedback_state_name((Support__FeedbackState)record->state), NULL);

    record->rating = req->rating;
    record->rating_note = mc_seal_text(txn, note);
    support_sum_add(txn, record->unit, SUPPORT_SUM_RATED);
    if (req->rating >= SUPPORT_SATISFIED)
        support_sum_add(txn, record->unit, SUPPORT_SUM_SATISFIED);
    support_feedback_save(support, txn, &feedback, "support.feedback_rated");
    support_feedback_show(support, txn, &feedback, rep);
    return txn->status;
}
