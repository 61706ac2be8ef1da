/*
 * CreateCertifiedCopy: the officer has held the original against the scan. The scan is a paper of
 * the dossier that asks for the copy, and a PDF.
 */
#include <string.h>

#include "dossier.h"

static void check_facts(struct mc_txn *txn, const Dossier__CreateCertifiedCopyRequest *req,
                        DossierState__CertifiedCopy *record)
{
    static const char *const fields[] = {"name", "number", "issuer"};
    const char *const texts[] = {req->name, req->number, req->issuer};
    char *clean[MC_LEN(fields)];

    for (size_t i = 0; i < MC_LEN(fields); i++) {
        clean[i] = dossier_line(txn, fields[i], texts[i], DOSSIER_STORED_NAME_CHARS_MAX);
        if (clean[i] != NULL && clean[i][0] == '\0')
            mc_refuse(txn, MC_INVALID, fields[i], "FIELD_REQUIRED", "field", fields[i], NULL);
    }
    if (req->pages < 1 || req->pages > DOSSIER_COPY_PAGES_MAX)
        mc_refuse(txn, MC_INVALID, "pages", "FIELD_INVALID", "field", "pages", NULL);
    if (txn->status != MC_OK)
        return;
    record->name = clean[0];
    record->number = mc_seal_text(txn, clean[1]);
    record->issuer = clean[2];
    record->pages = req->pages;
}

static enum mc_status check_scan(struct mc_txn *txn, const struct dossier_open *open,
                                 const char *sha256, DossierState__CertifiedCopy *record)
{
    uint8_t hash[MC_HASH_LEN];

    if (!mc_unhex(hash, sizeof hash, mc_key_text(sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    if (open->was != DOSSIER__STATE__RECEIVED && open->was != DOSSIER__STATE__PROCESSING)
        return mc_refuse(txn, MC_EXPIRED, "dossier_id", "DIGITISE_WHEN", NULL);
    const DossierState__Paper *paper =
        dossier_paper_find(open->record, (struct mc_bytes){hash, sizeof hash}, NULL);
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);
    if (strcmp(paper->content_type, "application/pdf") != 0)
        return mc_refuse(txn, MC_INVALID, "sha256", "COPY_NOT_PDF", NULL);
    struct dossier_file file = dossier_file_open(txn, mc_key_bytes(paper->sha256));
    if (file.record != NULL && dossier_scan_check(txn, file.record) != MC_OK)
        return txn->status;
    record->sha256 = paper->sha256;
    return txn->status;
}

static void check_count(struct mc_txn *txn, struct mc_bytes dossier_id)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_COPIES, dossier_id, (struct mc_bytes){0}, MC_FORWARD);
    unsigned copies = 0;

    while (mc_next(&cursor)) {
        mc_pass(&cursor);
        if (++copies < DOSSIER_COPIES_MAX)
            continue;
        mc_refuse(txn, MC_LIMITED, "", "COPIES_TOO_MANY", "max",
                  dossier_number_text(txn, DOSSIER_COPIES_MAX), NULL);
        return;
    }
}

enum mc_status dossier_create_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__CreateCertifiedCopyRequest *req,
                                             Dossier__CertifiedCopy *rep)
{
    DossierState__CertifiedCopy record = DOSSIER_STATE__CERTIFIED_COPY__INIT;
    struct dossier_copy_open copy = {.record = &record};
    struct dossier_open open = {0};

    (void)dossier;
    check_facts(txn, req, &record);
    if (txn->status != MC_OK || dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        check_scan(txn, &open, req->sha256, &record) != MC_OK)
        return txn->status;
    copy.dossier_id = mc_key_bytes(open.record->dossier_id);
    check_count(txn, copy.dossier_id);
    if (txn->status != MC_OK)
        return txn->status;

    copy.id = mc_new_id(txn);
    record.state = DOSSIER__COPY_STATE__COPY_CREATED;
    record.unit = open.record->unit;
    record.unit_name = open.record->unit_name;
    record.created_at_ms = txn->now_ms;
    record.created_by = mc_unconst(txn->caller->account_id);
    dossier_file_hold(txn, mc_key_bytes(record.sha256));
    dossier_copy_step(txn, &copy, open.record, "dossier.copy_created", rep);
    return txn->status;
}
