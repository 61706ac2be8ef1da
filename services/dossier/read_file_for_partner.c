/*
 * ReadFileForPartner: a part of a paper or a result, for the member that a dossier was sent to:
 * what DongBoHoSoMC names by DuongDanTaiTepTin and DuongDanTepTinKetQua. Of its unit's dossiers
 * only, and nothing that the virus scanner holds back; every reading is told to the log, in the
 * member's name.
 */
#include "dossier.h"

/* For the citizen, who sees it in his list of accesses. */
static const char purpose[] = "Hệ thống một cửa của cơ quan giải quyết lấy tệp của hồ sơ";

static void tell(struct mc_txn *txn, const DossierState__Dossier *record,
                 const Dossier__ReadFileForPartnerRequest *req, uint64_t length)
{
    Dossier__FileRead read = DOSSIER__FILE_READ__INIT;

    read.dossier_id = record->dossier_id;
    read.sha256 = req->sha256;
    read.offset = req->offset;
    read.length = length;
    read.by = mc_sprintf(txn->arena, "partner:%s", req->partner_id);
    txn->actor = read.by; /* the gateway asks in its name */
    read.unit = req->unit;
    read.purpose = mc_unconst(purpose);
    if (read.by == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, "dossier.file_read", &read.base, MC_SEALED, dossier_keys(txn, record));
}

enum mc_status dossier_read_file_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__ReadFileForPartnerRequest *req,
                                             Dossier__ReadAttachmentReply *rep)
{
    const struct dossier_member who = {req->unit, req->partner_id};
    struct dossier_open open = {0};
    uint8_t hash[MC_HASH_LEN];

    (void)dossier;
    if (!mc_unhex(hash, sizeof hash, mc_key_text(req->sha256)))
        (void)mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "mã tệp", NULL);
    if (dossier_member_check(txn, &who, req->code) != MC_OK ||
        dossier_member_open(txn, &who, req->code, &open) != MC_OK)
        return txn->status;
    const DossierState__Paper *paper =
        dossier_paper_or_result(open.record, (struct mc_bytes){hash, sizeof hash});
    if (paper == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "sha256", "FILE_NOT_FOUND", NULL);
    uint64_t length = req->length != 0 ? req->length : DOSSIER_READ_MAX;
    struct mc_bytes content =
        dossier_file_read(txn, mc_key_bytes(paper->sha256), paper->size, req->offset, length);
    if (txn->status != MC_OK)
        return txn->status;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = paper->content_type;
    rep->file_name = mc_open_text(txn, paper->file_name);
    rep->size = paper->size;
    tell(txn, open.record, req, content.len);
    return txn->status;
}
