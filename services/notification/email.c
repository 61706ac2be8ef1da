#include "email.h"

#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/ident.h"
#include "common/messages.h"
#include "common/text.h"

enum { MESSAGE_SIZE = 256, MASKED_SIZE = 256 };

struct email {
    struct mc_bytes owner;
    NotificationState__Email *record;
    NotificationState__EmailContent *content;
};

static bool out_of_memory(struct mc_txn *txn)
{
    (void)mc_fail(txn, MC_LIMITED, "arena full");
    return false;
}

/* An empty one for an account that has none. */
static bool load(struct mc_txn *txn, struct mc_bytes owner, struct email *ret_email)
{
    ret_email->owner = owner;
    ret_email->record =
        mc_load(txn, NOTIFICATION_EMAILS, owner, &notification_state__email__descriptor);
    if (ret_email->record == NULL) {
        ret_email->record = mc_alloc(txn->arena, sizeof *ret_email->record);
        ret_email->content = mc_alloc(txn->arena, sizeof *ret_email->content);
        if (ret_email->record == NULL || ret_email->content == NULL)
            return out_of_memory(txn);
        notification_state__email__init(ret_email->record);
        notification_state__email_content__init(ret_email->content);
        return txn->status == MC_OK;
    }
    struct mc_bytes plain = mc_open_bytes(txn, ret_email->record->content);
    if (txn->status != MC_OK)
        return false;
    ret_email->content =
        notification_state__email_content__unpack(&txn->arena->protobuf, plain.len, plain.data);
    return ret_email->content != NULL || mc_fail(txn, MC_CORRUPT, "an e-mail address") == MC_OK;
}

static void save(struct mc_txn *txn, const struct email *email)
{
    email->record->content = notification_seal(txn, &email->content->base);
    mc_save(txn, NOTIFICATION_EMAILS, email->owner, &email->record->base);
}

static bool load_own(struct mc_txn *txn, struct email *ret_email)
{
    struct mc_bytes account = notification_caller_account(txn);

    return txn->status == MC_OK && load(txn, notification_recipient(txn, account), ret_email);
}

const char *email_of(struct mc_txn *txn, struct mc_bytes owner)
{
    struct email email;

    if (!load(txn, owner, &email) || email.content->address[0] == '\0')
        return NULL;
    return email.content->address;
}

static char *masked(struct mc_txn *txn, const char *address)
{
    char text[MASKED_SIZE] = "";

    if (address[0] != '\0')
        mc_mask_email(text, sizeof text, address);
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL)
        (void)out_of_memory(txn);
    return copy != NULL ? copy : mc_unconst("");
}

static bool waits(const struct mc_txn *txn, const struct email *email)
{
    return email->content->waiting[0] != '\0' && email->record->code_expires_ms > txn->now_ms &&
           email->record->tries < EMAIL_TRIES_MAX;
}

static enum mc_status tell(struct mc_txn *txn, const struct email *email,
                           Notification__EmailAddress *rep)
{
    rep->masked = masked(txn, email->content->address);
    rep->confirmed_ms = email->record->confirmed_ms;
    rep->bounced_ms = email->record->bounced_ms;
    rep->waiting_masked = masked(txn, waits(txn, email) ? email->content->waiting : "");
    if (waits(txn, email)) {
        rep->code_expires_ms = email->record->code_expires_ms;
        rep->tries_left = EMAIL_TRIES_MAX - email->record->tries;
    }
    return txn->status;
}

static void emit(struct mc_txn *txn, const struct email *email, Notification__EmailChanged changed)
{
    char uuid[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(uuid, email->owner.data);
    const char *keys[] = {mc_sprintf(txn->arena, "account:%s", uuid), NULL};
    if (keys[0] == NULL) {
        (void)out_of_memory(txn);
        return;
    }
    changed.account_id = uuid;
    mc_emit(txn, "notification.email_changed", &changed.base, MC_PLAIN, keys);
}

/* One of our letters about the address itself; its words have no rule. */
static void mail_to(const struct notification *notification, struct mc_txn *txn, const char *to,
                    const char *template, const struct notification_value *values)
{
    const struct notification_template *words =
        notification_template_find(&notification->book, template);
    char *subject = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    char *text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);

    assert(words != NULL); /* the boot has looked */
    if (subject == NULL || text == NULL) {
        (void)out_of_memory(txn);
        return;
    }
    notification_render(subject, words->title, values);
    notification_render(text, words->text, values);
    (void)notification_send_mail(notification, txn,
                                 &(struct notification_mail){
                                     .to = to,
                                     .subject = subject,
                                     .text = text,
                                     .words = words,
                                     .at_ms = txn->now_ms,
                                     .expires_ms = txn->now_ms + EMAIL_CODE_LIFE_MS,
                                 });
}

enum mc_status notification_get_email(struct notification *notification, struct mc_txn *txn,
                                      const Notification__GetEmailRequest *req,
                                      Notification__EmailAddress *rep)
{
    struct email email;

    (void)notification;
    (void)req;
    return load_own(txn, &email) ? tell(txn, &email, rep) : txn->status;
}

static void take_away(struct mc_txn *txn, struct email *email)
{
    Notification__EmailChanged changed = NOTIFICATION__EMAIL_CHANGED__INIT;

    changed.taken_away = true;
    if (email->content->address[0] != '\0')
        emit(txn, email, changed);
    email->content->address = email->content->waiting = email->content->code = mc_unconst("");
    email->record->confirmed_ms = email->record->code_expires_ms = email->record->bounced_ms = 0;
    save(txn, email);
}

void email_bounced(struct mc_txn *txn, struct mc_bytes owner, const char *address)
{
    Notification__EmailChanged changed = NOTIFICATION__EMAIL_CHANGED__INIT;
    struct email email;

    if (!load(txn, notification_recipient(txn, owner), &email) ||
        strcmp(email.content->address, address) != 0)
        return;
    changed.taken_away = changed.bounced = true;
    emit(txn, &email, changed);
    email.content->address = mc_unconst("");
    email.record->confirmed_ms = 0;
    email.record->bounced_ms = txn->now_ms;
    save(txn, &email);
}

/* Codes of the last day; with this one. False: they are too many. */
static bool count_code(struct mc_txn *txn, NotificationState__Email *record)
{
    int64_t *sent = mc_alloc(txn->arena, (record->n_sent_ms + 1) * sizeof *sent);
    size_t n = 0;

    if (sent == NULL)
        return out_of_memory(txn);
    for (size_t i = 0; i < record->n_sent_ms; i++)
        if (record->sent_ms[i] > txn->now_ms - EMAIL_CODES_WINDOW_MS)
            sent[n++] = record->sent_ms[i];
    if (n >= EMAIL_CODES_MAX) {
        (void)mc_refuse(txn, MC_LIMITED, "email", "EMAIL_CODES_LIMIT", NULL);
        return false;
    }
    sent[n++] = txn->now_ms;
    record->sent_ms = sent;
    record->n_sent_ms = n;
    return true;
}

static void send_code(const struct notification *notification, struct mc_txn *txn,
                      struct email *email, const char *address)
{
    char until[MC_DATETIME_SIZE];
    char *code =
        mc_sprintf(txn->arena, "%06llu", (unsigned long long)mc_random_below(txn->random, 1000000));

    if (!count_code(txn, email->record))
        return;
    if (code == NULL) {
        (void)out_of_memory(txn);
        return;
    }
    email->content->waiting = mc_unconst(address);
    email->content->code = code;
    email->record->code_expires_ms = txn->now_ms + EMAIL_CODE_LIFE_MS;
    email->record->tries = 0;
    mc_time_format(until, sizeof until, email->record->code_expires_ms);
    const struct notification_value values[] = {{"code", code}, {"time", until}, {NULL, NULL}};
    mail_to(notification, txn, address, "EMAIL_CODE", values);
    save(txn, email);
}

enum mc_status notification_set_email(struct notification *notification, struct mc_txn *txn,
                                      const Notification__SetEmailRequest *req,
                                      Notification__EmailAddress *rep)
{
    enum mc_why why = req->email[0] != '\0' ? mc_email_check(req->email) : MC_WHY_OK;
    struct email email;

    if (!load_own(txn, &email))
        return txn->status;
    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "email", mc_why_code(why), NULL);
    if (req->email[0] != '\0' && !notification_mail_is_on(notification))
        return mc_refuse(txn, MC_DENIED, "email", "EMAIL_NOT_SET_UP", NULL);
    if (req->email[0] == '\0')
        take_away(txn, &email);
    else if (strcmp(req->email, email.content->address) != 0)
        send_code(notification, txn, &email, req->email);
    return txn->status == MC_OK ? tell(txn, &email, rep) : txn->status;
}

/* Who had the address before hears that it is another now. */
static void take(const struct notification *notification, struct mc_txn *txn, struct email *email)
{
    const Notification__EmailChanged changed = NOTIFICATION__EMAIL_CHANGED__INIT;
    const struct notification_value none[] = {{NULL, NULL}};

    if (email->content->address[0] != '\0')
        mail_to(notification, txn, email->content->address, "EMAIL_REPLACED", none);
    email->content->address = email->content->waiting;
    email->content->waiting = email->content->code = mc_unconst("");
    email->record->confirmed_ms = txn->now_ms;
    email->record->code_expires_ms = email->record->bounced_ms = 0;
    emit(txn, email, changed);
}

static void answer_not(struct mc_txn *txn, Notification__ConfirmEmailReply *rep, const char *code)
{
    const char *const none[] = {NULL};
    char text[MESSAGE_SIZE];

    (void)mc_message_format(text, sizeof text, code, none);
    rep->code = mc_unconst(code);
    rep->message = mc_strdup(txn->arena, text);
    if (rep->message == NULL)
        (void)out_of_memory(txn);
}

static bool is_code(const struct email *email, const char *text)
{
    return strlen(text) == EMAIL_CODE_LEN && mc_equal(text, email->content->code, EMAIL_CODE_LEN);
}

enum mc_status notification_confirm_email(struct notification *notification, struct mc_txn *txn,
                                          const Notification__ConfirmEmailRequest *req,
                                          Notification__ConfirmEmailReply *rep)
{
    struct email email;

    if (!load_own(txn, &email))
        return txn->status;
    rep->address = mc_alloc(txn->arena, sizeof *rep->address);
    if (rep->address == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    notification__email_address__init(rep->address);
    if (!waits(txn, &email)) {
        answer_not(txn, rep, "EMAIL_CODE_EXPIRED");
    } else if (is_code(&email, req->code)) {
        take(notification, txn, &email);
        rep->confirmed = true;
        save(txn, &email);
    } else {
        email.record->tries++;
        answer_not(txn, rep, waits(txn, &email) ? "EMAIL_CODE_WRONG" : "EMAIL_CODE_EXPIRED");
        save(txn, &email);
    }
    return txn->status == MC_OK ? tell(txn, &email, rep->address) : txn->status;
}
