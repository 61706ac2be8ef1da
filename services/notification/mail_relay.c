/* The relay: its settings, and the exchange that hands it one mail. */
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/ident.h"
#include "common/mail.h"

#include "mail.h"

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* Where this mail's report comes back to: the mail's id is below the address (RFC 5233). */
static const char *envelope_from(const struct notification_relay *relay, struct mc_arena *arena,
                                 const NotificationState__MailJob *mail)
{
    char id[2 * MC_ID_LEN + 1];
    size_t local = strcspn(relay->bounce_to, "@");

    if (relay->bounce_to[0] == '\0')
        return relay->from;
    (void)mc_hex(id, mc_key_bytes(mail->mail_id));
    return mc_sprintf(arena, "%.*s+%s%s", (int)local, relay->bounce_to, id,
                      relay->bounce_to + local);
}

enum mc_status notification_mail_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request)
{
    const struct notification_relay *relay = &((const struct notification *)ctx)->mail;
    const NotificationState__MailJob *mail = (const void *)payload;
    struct mc_http_mail *envelope = mc_alloc(arena, sizeof *envelope);
    char id[MC_UUID_TEXT_LEN + 1];
    struct mc_bytes bytes;

    (void)job;
    if (envelope == NULL || mail->mail_id.len != MC_ID_LEN)
        return MC_LIMITED;
    mc_uuid_text(id, mail->mail_id.data);
    enum mc_status status =
        mc_mail_build(arena,
                      &(struct mc_mail){
                          .from = relay->from,
                          .from_name = or_null(relay->from_name),
                          .to = mail->to,
                          .subject = mail->subject,
                          .text = mail->text,
                          .id = id, /* of the mail: sent again, it is the same */
                          .at_ms = mail->at_ms,
                      },
                      &bytes);
    if (status != MC_OK)
        return status;
    const char *from = envelope_from(relay, arena, mail);
    if (from == NULL)
        return MC_LIMITED;
    *envelope = (struct mc_http_mail){
        .from = from,
        .to = mail->to,
        .user = or_null(relay->user),
        .password = relay->password,
        .plain = relay->plain,
    };
    *ret_request = (struct mc_http_request){
        .mail = envelope,
        .url = relay->relay,
        .body = bytes,
        .timeout_ms = MAIL_TIMEOUT_MS,
        .ca_file = or_null(relay->ca_file),
    };
    return MC_OK;
}

static enum mc_status complain(struct mc_boot *with, const char *what)
{
    (void)snprintf(with->why, sizeof with->why, "%s", what);
    return MC_INVALID;
}

static enum mc_status password_load(struct notification_relay *relay, struct mc_boot *with)
{
    enum mc_status status = MC_INVALID;

    for (size_t len = 1; status == MC_INVALID && len <= NOTIFICATION_PASSWORD_MAX; len++)
        status = mc_key_load(relay->password_file, (uint8_t *)relay->password, len);
    if (status != MC_OK)
        (void)snprintf(with->why, sizeof with->why, "notification.relay_password_file: %s",
                       mc_key_sentence(status));
    return status;
}

const char *notification_mail_problem(const void *ctx)
{
    const struct notification *notification = ctx;
    const struct notification_book *book = &notification->book;

    if (notification_mail_is_on(notification))
        return NULL;
    for (size_t i = 0; i < book->rules_len; i++)
        if (book->rules[i].email)
            return "MAIL_NO_RELAY";
    return NULL;
}

/* E-mails that no rule makes, and what each can say. */
static const struct letter {
    const char *key;
    const char *names[6]; /* ends in NULL */
} letters[] = {
    {"SUPPORT_REQUEST_SENT", {"code", "title", "state", "text", "time"}},
    {"SUPPORT_REQUEST_MOVED", {"code", "title", "state", "text", "time"}},
    {"EMAIL_CODE", {"code", "time"}},
    {"EMAIL_REPLACED", {NULL}},
};

static enum mc_status letter_check(const struct notification *notification, struct mc_boot *with,
                                   const struct letter *letter)
{
    char where[NOTIFICATION_WHERE_SIZE];
    const struct notification_template *words =
        notification_template_find(&notification->book, letter->key);

    bool title_fits = words != NULL && notification_variables_fit(words->title, letter->names);
    if (title_fits && notification_variables_fit(words->text, letter->names))
        return MC_OK;
    (void)snprintf(with->why, sizeof with->why, "%s%s: %s",
                   notification_template_where(&notification->book, words,
                                               title_fits ? "text" : "title", where),
                   letter->key,
                   words == NULL ? "no such template"
                                 : "a variable that this e-mail does not offer");
    return MC_INVALID;
}

enum mc_status notification_mail_boot(struct notification *notification, struct mc_boot *with)
{
    struct notification_relay *relay = &notification->mail;

    enum mc_status status = MC_OK;

    for (size_t i = 0; i < MC_LEN(letters) && status == MC_OK; i++)
        status = letter_check(notification, with, &letters[i]);
    if (status != MC_OK)
        return status;
    if (!notification_mail_is_on(notification))
        return MC_OK;
    if (strncmp(relay->relay, "smtps://", 8) != 0 && strncmp(relay->relay, "smtp://", 7) != 0)
        return complain(with, "notification.relay must be smtps://host:port or smtp://host:port");
    if (mc_email_check(relay->from) != MC_WHY_OK)
        return complain(with, "notification.mail_from must be an e-mail address");
    if (relay->bounce_to[0] != '\0' &&
        (mc_email_check(relay->bounce_to) != MC_WHY_OK ||
         strcspn(relay->bounce_to, "@") > MC_EMAIL_LOCAL_MAX - 1 - 2 * (size_t)MC_ID_LEN))
        return complain(with, "notification.bounce_to must be an e-mail address with at most 31 "
                              "characters before the @");
    return relay->user[0] != '\0' ? password_load(relay, with) : MC_OK;
}
