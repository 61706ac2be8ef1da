/*
 * Mail to «Email phản hồi» at each outcome (NOT-07): what is to be sent, as a fact that the room
 * with the templates and the mail server follows: notification. A follower loses none and sends
 * none twice.
 */
#include "support.h"

void support_request_mail(struct mc_txn *txn, const struct support_request *request,
                          const char *text)
{
    const SupportState__Request *record = request->record;
    Support__MailWanted mail = SUPPORT__MAIL_WANTED__INIT;
    const char *keys[] = {support_printf(txn, "support:%s", record->code), NULL};
    bool first = request->was == SUPPORT__REQUEST_STATE__REQUEST_NONE;

    mail.template_ = mc_unconst(first ? "SUPPORT_REQUEST_SENT" : "SUPPORT_REQUEST_MOVED");
    mail.email = mc_open_text(txn, record->email);
    mail.code = record->code;
    mail.title = mc_open_text(txn, record->title);
    mail.state_name = mc_unconst(support_state_name((Support__RequestState)record->state));
    mail.text = mc_unconst(text);
    mail.time = support_time(txn, txn->now_ms);
    mail.dedupe = support_printf(txn, "%s/%llu", record->code, (unsigned long long)record->version);
    /* the system's own request has no address: nobody wrote it */
    if (txn->status == MC_OK && mail.email[0] != '\0')
        mc_emit(txn, "support.mail_wanted", &mail.base, MC_SEALED, keys);
}
