/* Certificates, as the partner room tells of them: a case may only name what is known. */
#include "integration.h"

enum mc_status support_certificate_issued(struct support *support, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Partner__CertificateIssued *body)
{
    SupportState__Certificate certificate = SUPPORT_STATE__CERTIFICATE__INIT;

    (void)support;
    if (body->number[0] == '\0')
        return txn->status;
    certificate.unit = body->unit;
    certificate.api_type = body->api_type;
    certificate.dossier_code = body->dossier_code;
    certificate.order_id = body->order_id;
    certificate.notice = body->notice;
    certificate.production = body->production;
    certificate.at_ms = event->at_ms;
    mc_save(txn, SUPPORT_CERTIFICATES, mc_key_text(body->number), &certificate.base);
    return txn->status;
}
