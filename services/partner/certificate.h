/*
 * The integration certificate (C13): instead of screenshots that are mailed (LND-11), what this
 * room saw itself. Private to this room.
 */
#pragma once

#include "check.h"
#include "delivery.h"

enum {
    PARTNER_CERTIFICATE_CONTRACTS_MAX = 8,
    PARTNER_CERTIFICATE_CONTRACT_ROWS = 200, /* contract tests of the unit that are looked at */
    PARTNER_CERTIFICATE_NUMBER_MAX = 32,
};

/* «CertificateProof», version 1 (common/proof.h). */
#define PARTNER_CERTIFICATE_KIND "MCTH1"

/*
 * The partner has acknowledged this voucher: it gets the certificate of that API, unless it has one
 * already: one as a test system, and one when it is a production system.
 */
void partner_certificate_issue(const struct partner *partner, struct mc_txn *txn,
                               struct mc_bytes delivery_id, const PartnerState__Delivery *delivery);

Partner__IntegrationCertificate *partner_certificate_load(struct mc_txn *txn, struct mc_bytes id);
/* By the number, or by the whole text of the proof; empty: there is none. */
struct mc_bytes partner_certificate_numbered(struct mc_txn *txn, const char *number);
struct mc_bytes partner_certificate_proved(struct mc_txn *txn, struct mc_bytes proof);
