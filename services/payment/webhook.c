/* What other systems send us: is it theirs, and what they are answered. */
#include <inttypes.h>
#include <string.h>

#include "common/json.h"

#include "transfer.h"

enum { SECOND_MS = 1000, STAMP_DIGITS_MAX = 12, HEAD_MAX = 160 };

static bool seconds_read(const char *text, int64_t *ret_ms)
{
    size_t len = strlen(text);
    int64_t seconds = 0;

    if (len == 0 || len > STAMP_DIGITS_MAX || strspn(text, "0123456789") != len)
        return false;
    for (; *text != '\0'; text++)
        seconds = seconds * 10 + (*text - '0');
    *ret_ms = seconds * SECOND_MS;
    return true;
}

/* Several signatures may stand side by side while a secret is changed; one is enough. */
static bool has_signature(const char *header, const char *wanted)
{
    size_t wanted_len = strlen(wanted);

    while (*header != '\0') {
        size_t len = strcspn(header, " ");
        if (len == wanted_len && mc_equal(header, wanted, len))
            return true;
        header += len;
        header += strspn(header, " ");
    }
    return false;
}

bool payment_webhook_signed(struct mc_txn *txn, const char *secret,
                            const Motcua__WebhookRequest *req)
{
    char signature[3 + MC_HASH_LEN * 2] = "v1,";
    uint8_t mac[MC_HASH_LEN];
    int64_t at_ms = 0;

    if (secret[0] == '\0' || req->webhook_id[0] == '\0' || strlen(req->webhook_id) > HEAD_MAX ||
        !seconds_read(req->webhook_timestamp, &at_ms) ||
        at_ms > txn->now_ms + PAYMENT_NOTICE_SKEW_MS ||
        at_ms < txn->now_ms - PAYMENT_NOTICE_SKEW_MS)
        return false;
    const char *head = mc_sprintf(txn->arena, "%s.%s.", req->webhook_id, req->webhook_timestamp);
    if (head == NULL)
        return false;
    mc_hmac_sha256(mac, mc_key_text(secret),
                   mc_key_join(txn, mc_key_text(head), mc_key_bytes(req->body)));
    (void)mc_base64(signature + 3, (struct mc_bytes){mac, sizeof mac});
    return has_signature(req->signature, signature);
}

enum mc_status payment_webhook_say(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t status,
                                   const char *word)
{
    const char *body = mc_sprintf(txn->arena, "{\"result\":\"%s\"}", word);

    if (body == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->status = status;
    rep->content_type = mc_unconst("application/json");
    rep->body = (ProtobufCBinaryData){strlen(body), mc_unconst(body)};
    return txn->status;
}
