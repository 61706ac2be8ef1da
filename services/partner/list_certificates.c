/* ListCertificates: those of a unit and below it, newest first; of one system when it is named. */
#include <string.h>

#include "certificate.h"

enum mc_status partner_list_certificates(struct partner *partner, struct mc_txn *txn,
                                         const Partner__ListCertificatesRequest *req,
                                         Partner__ListCertificatesReply *rep)
{
    struct partner_page page;
    struct mc_bytes id;
    struct mc_bytes last = {0};

    (void)partner;
    if (!partner_page_open(txn, "certificate", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->certificates = mc_alloc(txn->arena, page.size * sizeof(Partner__IntegrationCertificate *));
    if (rep->certificates == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (partner_page_next(&page, &id)) {
        if (rep->n_certificates == page.size) {
            rep->next_page_token = mc_unconst(partner_page_token(txn, last));
            break;
        }
        Partner__IntegrationCertificate *one = partner_certificate_load(txn, id);
        if (one == NULL || (req->dstcode[0] != '\0' && strcmp(one->dstcode, req->dstcode) != 0))
            continue;
        rep->certificates[rep->n_certificates++] = one;
        last = id;
    }
    return txn->status;
}
