/* GetCertificate: by its number; for officers of the partner's unit, and those above it. */
#include <string.h>

#include "certificate.h"

enum mc_status partner_get_certificate(struct partner *partner, struct mc_txn *txn,
                                       const Partner__GetCertificateRequest *req,
                                       Partner__IntegrationCertificate *rep)
{
    const Partner__IntegrationCertificate *found = NULL;

    (void)partner;
    if (req->number[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "number", "FIELD_REQUIRED", "field", "số chứng nhận",
                         NULL);
    if (strlen(req->number) > PARTNER_CERTIFICATE_NUMBER_MAX)
        return mc_refuse(txn, MC_INVALID, "number", "FIELD_INVALID", "field", "number", NULL);
    found = partner_certificate_load(txn, partner_certificate_numbered(txn, req->number));
    if (txn->status != MC_OK)
        return txn->status;
    if (found == NULL || !mc_unit_mine(txn, found->unit))
        return mc_refuse(txn, MC_NOT_FOUND, "number", "NOT_FOUND", NULL);
    *rep = *found;
    return txn->status;
}
