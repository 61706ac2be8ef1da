/*
 * SignerCallback: a SIM's or remote signature service says that somebody has answered (SYS-15).
 *
 *     POST /webhooks/signer?ref=<signing id>
 *
 * Anybody may have sent it, so it proves nothing and its body is not read: the service is asked
 * what it has, only sooner than at the next look. Each costs one look, and a signing has few of
 * them. The answer is the same for what is unknown, over or double: there is nothing to learn here,
 * and the sender need not try again.
 */
#include <string.h>

#include "common/jobs.h"

#include "signer.h"
#include "signing.h"

enum { HTTP_OK = 200, HTTP_BAD = 400, HTTP_NOT_FOUND = 404 };

static enum mc_status answer(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t status,
                             const char *text)
{
    rep->status = status;
    rep->content_type = mc_unconst("text/plain");
    rep->body = (ProtobufCBinaryData){strlen(text), mc_unconst(text)};
    return txn->status;
}

static void heed(struct mc_txn *txn, struct mc_bytes id)
{
    IdentityState__Signing *signing = identity_signing_load(txn, id);

    if (signing == NULL || signing->state != IDENTITY__SIGNING_STATE__SIGNING_AWAITED ||
        signing->job == 0 || signing->callbacks >= IDENTITY_SIGNER_CALLBACKS_MAX)
        return;
    signing->callbacks += 1;
    signing->called_back = !mc_job_hurry(txn, signing->job); /* it is being asked right now */
    identity_signing_save(txn, id, signing, NULL);
}

enum mc_status identity_signer_callback(struct identity *identity, struct mc_txn *txn,
                                        const Motcua__WebhookRequest *req,
                                        Motcua__WebhookReply *rep)
{
    static const char name[] = "ref=";

    (void)identity;
    if (strcmp(req->path, "/webhooks/signer") != 0)
        return answer(txn, rep, HTTP_NOT_FOUND, "not found\n");
    struct mc_bytes id = {0};
    if (strncmp(req->query, name, sizeof name - 1) == 0)
        id = identity_id_parse(txn, req->query + sizeof name - 1);
    if (id.len != MC_ID_LEN)
        return answer(txn, rep, HTTP_BAD, "ref\n");
    heed(txn, id);
    return answer(txn, rep, HTTP_OK, "ok\n");
}
