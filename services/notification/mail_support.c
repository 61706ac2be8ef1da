/* «Email phản hồi»: each outcome of a request for support is mailed (NOT-07). */
#include "mail.h"

enum mc_status notification_mail_wanted(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Support__MailWanted *body)
{
    const struct notification_template *words =
        notification_template_find(&notification->book, body->template_);
    const struct notification_value values[] = {
        {"code", body->code}, {"title", body->title}, {"state", body->state_name},
        {"text", body->text}, {"time", body->time},   {NULL, NULL},
    };
    char *subject = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    char *text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    const char *dedupe = mc_sprintf(txn->arena, "support %s", body->dedupe);

    if (words == NULL) /* of a newer support room: the feed goes on */
        return MC_OK;
    if (subject == NULL || text == NULL || dedupe == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    notification_render(subject, words->title, values);
    notification_render(text, words->text, values);
    (void)notification_send_mail(notification, txn,
                                 &(struct notification_mail){
                                     .to = body->email,
                                     .subject = subject,
                                     .text = text,
                                     .words = words,
                                     .keys = event->keys,
                                     .keys_len = event->n_keys,
                                     .dedupe = dedupe,
                                     .at_ms = event->at_ms,
                                 });
    return txn->status;
}
