/* Feedback and petitions: who sent one with an account is told what becomes of it. */
#include "notification.h"

enum mc_status notification_feedback_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Support__FeedbackChanged *body)
{
    const struct notification_value values[] = {
        {"code", body->code}, {"time", notification_time_text(txn, event->at_ms)}, {NULL, NULL}};

    return notification_tell_owner(
        notification, txn, event, (int)body->to, body->owner_account, body->unit,
        notification_about(txn, "feedback", body->code, mc_key_bytes(body->feedback_id)), values);
}
