/*
 * Notify: another room has something e-mailed, by one of our templates, to addresses that it knows.
 * Asked again with the same dedupe, no address gets it twice. SMS go by the otp room's EnqueueSms.
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"

#include "mail.h"

static void refuse_at(struct mc_txn *txn, const char *list, size_t i, const char *code)
{
    const char *field = mc_sprintf(txn->arena, "%s[%zu]", list, i);

    if (field == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_refuse(txn, MC_INVALID, field, code, NULL);
}

static void refuse_missing(struct mc_txn *txn, const char *field, const char *name)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", name, NULL);
}

static void check_count(struct mc_txn *txn, const char *field, size_t n, unsigned max,
                        const char *name)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", max);
    if (n > max)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", name, "max", text, NULL);
}

static void check_emails(struct mc_txn *txn, const Notification__NotifyRequest *req)
{
    check_count(txn, "emails", req->n_emails, NOTIFY_EMAILS_MAX, "Danh sách email");
    if (req->n_emails == 0)
        refuse_missing(txn, "emails", "email");
    for (size_t i = 0; i < req->n_emails && i < NOTIFY_EMAILS_MAX; i++) {
        enum mc_why why = mc_email_check(req->emails[i]);

        if (why != MC_WHY_OK)
            refuse_at(txn, "emails", i, mc_why_code(why));
    }
}

/* Every variable of the words that will be used is among the values. */
static bool values_fit(const struct notification_template *words,
                       const Notification__NotifyRequest *req)
{
    const char *names[NOTIFY_VALUES_MAX + 1] = {NULL};

    for (size_t i = 0; i < req->n_values && i < NOTIFY_VALUES_MAX; i++)
        names[i] = req->values[i]->name;
    return notification_variables_fit(words->title, names) &&
           notification_variables_fit(words->text, names);
}

static const struct notification_template *check(const struct notification *notification,
                                                 struct mc_txn *txn,
                                                 const Notification__NotifyRequest *req)
{
    const struct notification_template *words =
        notification_template_find(&notification->book, req->template_);

    if (req->template_[0] == '\0')
        refuse_missing(txn, "template", "mẫu thông báo");
    else if (words == NULL)
        (void)mc_refuse(txn, MC_INVALID, "template", "TEMPLATE_UNKNOWN", "template", req->template_,
                        NULL);
    if (req->dedupe[0] == '\0')
        refuse_missing(txn, "dedupe", "mã chống trùng");
    check_count(txn, "dedupe", strlen(req->dedupe), NOTIFY_DEDUPE_MAX, "Mã chống trùng");
    check_count(txn, "keys", req->n_keys, NOTIFICATION_KEYS_MAX, "Danh sách mã");
    check_count(txn, "values", req->n_values, NOTIFY_VALUES_MAX, "Danh sách giá trị");
    if (words != NULL && !values_fit(words, req))
        refuse_missing(txn, "values", "đủ giá trị của mẫu thông báo");
    check_emails(txn, req);
    return words;
}

static const char *dedupe_text(struct mc_txn *txn, const Notification__NotifyRequest *req,
                               const char *address)
{
    const char *text = mc_sprintf(txn->arena, "%s %s %s", txn->caller->name, req->dedupe, address);

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text != NULL ? text : "";
}

static void mails_add(const struct notification *notification, struct mc_txn *txn,
                      const Notification__NotifyRequest *req,
                      const struct notification_template *words,
                      const struct notification_value *values, Notification__NotifyReply *rep)
{
    char *subject = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    char *text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);

    rep->mails = mc_alloc(txn->arena, NOTIFY_EMAILS_MAX * sizeof *rep->mails);
    if (subject == NULL || text == NULL || rep->mails == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    notification_render(subject, words->title, values);
    notification_render(text, words->text, values);
    for (size_t i = 0; i < req->n_emails; i++)
        rep->mails[rep->n_mails++] =
            notification_send_mail(notification, txn,
                                   &(struct notification_mail){
                                       .to = req->emails[i],
                                       .subject = subject,
                                       .text = text,
                                       .words = words,
                                       .keys = req->keys,
                                       .keys_len = req->n_keys,
                                       .dedupe = dedupe_text(txn, req, req->emails[i]),
                                       .at_ms = txn->now_ms,
                                       .expires_ms = req->expires_at_ms,
                                   });
}

enum mc_status notification_notify(struct notification *notification, struct mc_txn *txn,
                                   const Notification__NotifyRequest *req,
                                   Notification__NotifyReply *rep)
{
    const struct notification_template *words = check(notification, txn, req);
    struct notification_value values[NOTIFY_VALUES_MAX + 1] = {{NULL, NULL}};

    if (txn->status != MC_OK || words == NULL)
        return txn->status;
    for (size_t i = 0; i < req->n_values; i++)
        values[i] = (struct notification_value){req->values[i]->name, req->values[i]->value};
    mails_add(notification, txn, req, words, values, rep);
    return txn->status;
}
