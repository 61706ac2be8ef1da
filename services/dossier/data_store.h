/*
 * The citizen's data store («kho dữ liệu»): papers and results of one person, put there when they
 * are digitised, found by their holder, and used again in later dossiers without an upload
 * (DIG-01 to DIG-04, S33; QĐ 468/QĐ-TTg).
 *
 * The holder is a blind hash of his identity number, so a paper may wait for an account that is
 * not opened yet, and the store does not name him. A paper is given out to its holder; to officers
 * who have a dossier of his in hand, or whose unit issued it, for a purpose. Each use is kept
 * beside the paper, and he sees it.
 */
#pragma once

#include "common/service.h"

#include "dossier.pb-c.h"
#include "state.pb-c.h"

struct dossier;
struct dossier_open;

enum {
    DOSSIER_STORED_MAX = 300, /* papers of one holder */
    DOSSIER_STORED_NAME_CHARS_MAX = 200,
    DOSSIER_STORED_NUMBER_CHARS_MAX = 100,
    DOSSIER_RESULT_CODES_MAX = 500,
    DOSSIER_RESULT_CODE_SIZE = 32,
    DOSSIER_RESULT_NAME_SIZE = 256,
};

/* Kinds of results («mã kết quả»): data/result_codes.csv. */
struct dossier_result_codes {
    struct dossier_result_code {
        char code[DOSSIER_RESULT_CODE_SIZE];
        char name[DOSSIER_RESULT_NAME_SIZE];
    } rows[DOSSIER_RESULT_CODES_MAX];
    size_t len;
};
mc_nodiscard enum mc_status dossier_result_codes_load(struct dossier_result_codes *ret_codes,
                                                      struct mc_bytes csv);
const char *dossier_result_name(const struct dossier_result_codes *codes, const char *code);

/* Handlers. */
enum mc_status dossier_deposit_paper(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__DepositPaperRequest *req,
                                     Dossier__DepositPaperReply *rep);
enum mc_status dossier_reuse_paper(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ReusePaperRequest *req,
                                   Dossier__AttachReply *rep);
enum mc_status dossier_list_stored_papers(struct dossier *dossier, struct mc_txn *txn,
                                          const Dossier__ListStoredPapersRequest *req,
                                          Dossier__ListStoredPapersReply *rep);
enum mc_status dossier_read_stored_paper(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__ReadStoredPaperRequest *req,
                                         Dossier__ReadAttachmentReply *rep);
enum mc_status dossier_list_paper_uses(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ListPaperUsesRequest *req,
                                       Dossier__ListPaperUsesReply *rep);
enum mc_status dossier_end_stored_paper(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__EndStoredPaperRequest *req,
                                        Dossier__StoredPaper *rep);

/* data_store.c. The key papers of this person lie under; empty: his number is not known. */
struct mc_bytes dossier_holder_of_account(struct mc_txn *txn, const char *account);
struct mc_bytes dossier_holder_of_dossier(struct mc_txn *txn, const DossierState__Dossier *record);
/* Two accounts of one person: what either holds, both do. */
void dossier_holders_share(struct mc_txn *txn, const char *kept, const char *merged, bool shared);

/* A paper in the hand, and who has it there. */
struct dossier_stored {
    DossierState__StoredPaper *record;
    struct mc_bytes id;
    bool holder; /* the caller holds it */
};
/*
 * For its holder; for an officer of the issuer; or with a dossier of the holder's that the officer
 * has in hand (`with` may be NULL). To all others it does not exist.
 */
mc_nodiscard enum mc_status dossier_stored_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                                const struct dossier_open *with,
                                                struct dossier_stored *ret_stored);
void dossier_stored_save(struct mc_txn *txn, const struct dossier_stored *stored);
Dossier__PaperState dossier_stored_state(struct mc_txn *txn,
                                         const DossierState__StoredPaper *record);
void dossier_stored_fill(struct mc_txn *txn, struct mc_bytes id,
                         const DossierState__StoredPaper *record, Dossier__StoredPaper *out);
/* Kept beside the paper, and told. */
void dossier_stored_use(struct mc_txn *txn, const struct dossier_stored *stored, const char *how,
                        const DossierState__Dossier *with);
