/*
 * Certified electronic copies («chứng thực bản sao điện tử», NĐ 45/2020/NĐ-CP art. 10, NĐ
 * 23/2015/NĐ-CP; DIG-04): an officer creates one of a scan, another signs, the clerk seals.
 *
 * The copy is the scan's file as it is, by its SHA-256; what is sealed is a page of certification
 * that names it, printed and signed with the agency's key where there is one (print.h). Four
 * rights, one for each step and one for the report, as the seed's list has them.
 */
#pragma once

#include "common/service.h"

#include "dossier.pb-c.h"
#include "state.pb-c.h"

#define DOSSIER_RIGHT_COPY_CREATE "E_CERT_CREATE"
#define DOSSIER_RIGHT_COPY_SIGN   "E_CERT_SIGN"
#define DOSSIER_RIGHT_COPY_SEAL   "E_CERT_SEAL"
#define DOSSIER_RIGHT_COPY_REPORT "E_CERT_REPORT"

struct dossier;
struct dossier_open;

enum {
    DOSSIER_COPIES_MAX = 50, /* of one dossier */
    DOSSIER_COPY_PAGES_MAX = 1000,
    DOSSIER_COPY_ROWS_MAX = 500, /* of a report */
    DOSSIER_COPY_CODE_LEN = 4 * MC_ID_LEN,
};

enum mc_status dossier_create_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__CreateCertifiedCopyRequest *req,
                                             Dossier__CertifiedCopy *rep);
enum mc_status dossier_sign_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__CertifiedCopyRequest *req,
                                           Dossier__CertifiedCopy *rep);
enum mc_status dossier_seal_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__CertifiedCopyRequest *req,
                                           Dossier__CertifiedCopy *rep);
enum mc_status dossier_list_certified_copies(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__ListCertifiedCopiesRequest *req,
                                             Dossier__ListCertifiedCopiesReply *rep);
enum mc_status dossier_report_certified_copies(struct dossier *dossier, struct mc_txn *txn,
                                               const Dossier__ReportCertifiedCopiesRequest *req,
                                               Dossier__ReportCertifiedCopiesReply *rep);
enum mc_status dossier_verify_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__VerifyCertifiedCopyRequest *req,
                                             Dossier__VerifyCertifiedCopyReply *rep);

/* certified_copy.c: one in the hand. */
struct dossier_copy_open {
    DossierState__CertifiedCopy *record;
    struct mc_bytes dossier_id;
    struct mc_bytes id;
};
/* Of a dossier that the calling officer has in hand; refused when there is none. */
mc_nodiscard enum mc_status dossier_copy_open(struct mc_txn *txn,
                                              const Dossier__CertifiedCopyRequest *req,
                                              struct dossier_open *ret_dossier,
                                              struct dossier_copy_open *ret_copy);
/* Saved, counted in its month, told, answered. */
void dossier_copy_step(struct mc_txn *txn, const struct dossier_copy_open *copy,
                       const DossierState__Dossier *dossier, const char *event,
                       Dossier__CertifiedCopy *rep);
void dossier_copy_fill(struct mc_txn *txn, const struct dossier_copy_open *copy,
                       Dossier__CertifiedCopy *out);
/* What the QR code says: where it lies, and nothing personal. */
char *dossier_copy_code(struct mc_txn *txn, const struct dossier_copy_open *copy);
