/* MoveFeedback: taken a step of the table; with another unit it is forwarded there. */
#include "feedback.h"

enum mc_status support_move_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__MoveFeedbackRequest *req,
                                     Support__Feedback *rep)
{
    struct support_feedback feedback;
    const char *text = support_lines(txn, "text", req->text, SUPPORT_ANSWER_CHARS_MAX, false);
    bool forward = req->unit[0] != '\0';
    const char *unit = forward ? support_feedback_unit(txn, "unit", req->unit) : NULL;
    const char *unit_name =
        support_line(txn, "unit_name", req->unit_name, SUPPORT_NAME_CHARS_MAX, forward);

    if (!support_feedback_open(support, txn, req->feedback_id, req->code, req->key, &feedback) ||
        !support_feedback_check_version(txn, &feedback, req->version) ||
        !support_feedback_step(support, txn, &feedback, req->to, text, unit, unit_name))
        return txn->status;
    support_feedback_save(support, txn, &feedback,
                          forward ? "support.feedback_forwarded" : "support.feedback_moved");
    support_feedback_show(support, txn, &feedback, rep);
    return txn->status;
}
