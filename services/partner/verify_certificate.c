/*
 * VerifyCertificate: was a certificate with this code issued here? For anybody: it says what the
 * code's own text says, and the partner's name. motcua-verify answers the same without us.
 */
#include <string.h>

#include "common/proof.h"

#include "certificate.h"

/* A reader of QR codes may end the text with a new line. */
static struct mc_bytes trimmed(const char *code)
{
    size_t len = strlen(code);

    while (len > 0 && (code[len - 1] == '\n' || code[len - 1] == '\r'))
        len--;
    return (struct mc_bytes){code, len};
}

enum mc_status partner_verify_certificate(struct partner *partner, struct mc_txn *txn,
                                          const Partner__VerifyCertificateRequest *req,
                                          Partner__VerifyCertificateReply *rep)
{
    struct mc_bytes code = trimmed(req->code);

    (void)partner;
    if (code.len == 0)
        return mc_refuse(txn, MC_INVALID, "code", "FIELD_REQUIRED", "field", "mã chứng nhận", NULL);
    if (code.len > MC_PROOF_TEXT_MAX)
        return mc_refuse(txn, MC_INVALID, "code", "FIELD_TOO_LONG", "field", "Mã chứng nhận", "max",
                         "2048 ký tự", NULL);
    const Partner__IntegrationCertificate *found =
        partner_certificate_load(txn, partner_certificate_proved(txn, code));
    if (found == NULL)
        return txn->status;
    rep->genuine = true;
    rep->number = found->number;
    rep->partner_name = found->partner_name;
    rep->dstcode = found->dstcode;
    rep->unit = found->unit;
    rep->api_name = found->api_name;
    rep->production = found->production;
    rep->issued_at_ms = found->issued_at_ms;
    rep->contracts = (uint32_t)found->n_contract_ids;
    return txn->status;
}
