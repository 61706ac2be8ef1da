/*
 * DeliveryWebhook: the same report as ReportDelivery, from an HTTP gateway in Kannel's manner:
 *
 *     GET /webhooks/sms?ref=<reference>&sig=<signature>&st=<state>
 *
 * st: 1 delivered, 2 failed, 8 the carrier took it, 16 the carrier refused it; others (4, buffered)
 * change nothing. The signature lies in the path the lease gave out. What is unknown, late or
 * double is answered 200 as well: the sender need not try again.
 */
#include <string.h>

#include "otp.h"

enum { STATE_SIZE = 4 };

/* A parameter's plain value; false when it is not there or does not fit. */
static bool param(const char *query, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);

    while (*query != '\0') {
        size_t len = strcspn(query, "&");
        if (len > name_len && query[name_len] == '=' && memcmp(query, name, name_len) == 0) {
            size_t value_len = len - name_len - 1;
            if (value_len >= size)
                return false;
            memcpy(out, query + name_len + 1, value_len);
            out[value_len] = '\0';
            return true;
        }
        query += len;
        query += *query == '&';
    }
    return false;
}

static enum mc_status answer(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t status,
                             const char *text)
{
    rep->status = status;
    rep->content_type = mc_unconst("text/plain");
    rep->body = (ProtobufCBinaryData){strlen(text), mc_unconst(text)};
    return txn->status;
}

static bool is_signed(const struct mc_txn *txn, const char *query, const char *reference)
{
    char given[OTP_SIGNATURE_LEN + 1];
    char made[OTP_SIGNATURE_LEN + 1];

    otp_reference_sign(txn, reference, made);
    return param(query, "sig", given, sizeof given) && strlen(given) == OTP_SIGNATURE_LEN &&
           mc_equal(given, made, OTP_SIGNATURE_LEN);
}

static Otp__DeliveryState state_of(const char *st)
{
    if (strcmp(st, "1") == 0)
        return OTP__DELIVERY_STATE__DELIVERED;
    if (strcmp(st, "2") == 0 || strcmp(st, "16") == 0)
        return OTP__DELIVERY_STATE__FAILED;
    return strcmp(st, "8") == 0 ? OTP__DELIVERY_STATE__SENT
                                : OTP__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED;
}

enum mc_status otp_delivery_webhook(struct otp *otp, struct mc_txn *txn,
                                    const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep)
{
    char reference[OTP_REFERENCE_LEN + 1];
    char st[STATE_SIZE];

    if (strcmp(req->path, "/webhooks/sms") != 0)
        return answer(txn, rep, 404, "not found\n");
    if (!param(req->query, "ref", reference, sizeof reference) ||
        !is_signed(txn, req->query, reference))
        return answer(txn, rep, 403, "signature\n");
    if (!param(req->query, "st", st, sizeof st) || st[strspn(st, "0123456789")] != '\0' ||
        st[0] == '\0')
        return answer(txn, rep, 400, "st\n");

    Otp__DeliveryReport report = OTP__DELIVERY_REPORT__INIT;
    struct otp_answers answers = {0};
    report.reference = reference;
    report.state = state_of(st);
    report.reason = mc_unconst(strcmp(st, "16") == 0 ? "REJECTED" : "");
    if (report.state != OTP__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED)
        (void)otp_report_apply(otp, txn, &answers, &report);
    otp_answers_save(txn, &answers);
    return answer(txn, rep, 200, "ok\n");
}
