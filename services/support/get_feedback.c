/* GetFeedback: its sender, by session or key, and officers of its unit, who name a purpose. */
#include "feedback.h"

enum mc_status support_get_feedback(struct support *support, struct mc_txn *txn,
                                    const Support__GetFeedbackRequest *req, Support__Feedback *rep)
{
    struct support_feedback feedback;

    if (!support_feedback_open(support, txn, req->feedback_id, req->code, req->key, &feedback))
        return txn->status;
    bool officer = feedback.actor == SUPPORT_FEEDBACK_OFFICER;
    if (officer && !support_check_purpose(txn))
        return txn->status;
    support_feedback_show(support, txn, &feedback, rep);
    if (officer)
        support_tell_read(txn, "FEEDBACK", feedback.record->code, 1);
    return txn->status;
}
