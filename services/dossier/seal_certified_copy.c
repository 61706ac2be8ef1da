/*
 * SealCertifiedCopy: the number in the agency's series, and the words of certification as a
 * document of the dossier, signed with the agency's key by the print room. When that could not be
 * printed it is made again under the same number: an entry of the book stands.
 */
#include "dossier.h"

static bool may_be_made(struct mc_txn *txn, const struct dossier_copy_open *copy)
{
    if (copy->record->state == DOSSIER__COPY_STATE__COPY_SIGNED)
        return true;
    if (copy->record->state != DOSSIER__COPY_STATE__COPY_SEALED)
        return false;
    const DossierState__Document *document =
        mc_load(txn, DOSSIER_DOCUMENTS,
                mc_key_join(txn, copy->dossier_id, mc_key_bytes(copy->record->document_id)),
                &dossier_state__document__descriptor);
    return document != NULL && document->state == DOSSIER__DOCUMENT_STATE__DOCUMENT_FAILED;
}

static struct mc_bytes print_it(const struct dossier *dossier, struct mc_txn *txn,
                                const struct dossier_copy_open *copy,
                                const DossierState__Dossier *of)
{
    const struct dossier_document_info *info = dossier_document_info(DOSSIER_CERTIFICATE);
    const DossierState__CertifiedCopy *record = copy->record;
    struct dossier_print print;
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, mc_key_bytes(record->sha256));
    dossier_print_begin(&print, txn, info);
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    dossier_print_unit(&print, dossier, record->unit, record->unit_name, record->copy_number);
    dossier_print_field(&print, "qr", dossier_copy_code(txn, copy));
    dossier_print_field(&print, "name", record->name);
    dossier_print_field(&print, "original_number", mc_open_text(txn, record->number));
    dossier_print_field(&print, "issuer", record->issuer);
    dossier_print_field(&print, "pages", dossier_number_text(txn, record->pages));
    dossier_print_field(&print, "sha256", dossier_text(txn, sha256));
    dossier_print_field(&print, "signer", dossier_owner_name(txn, record->signed_by));
    return dossier_document_add(&print, copy->dossier_id, info, record->copy_number,
                                dossier_keys(txn, of));
}

enum mc_status dossier_seal_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__CertifiedCopyRequest *req,
                                           Dossier__CertifiedCopy *rep)
{
    struct dossier_open open = {0};
    struct dossier_copy_open copy;

    if (dossier_copy_open(txn, req, &open, &copy) != MC_OK)
        return txn->status;
    if (!may_be_made(txn, &copy))
        return mc_refuse(txn, MC_EXPIRED, "copy_id", "COPY_STATE", NULL);
    bool again = copy.record->state == DOSSIER__COPY_STATE__COPY_SEALED;
    if (!again) {
        copy.record->state = DOSSIER__COPY_STATE__COPY_SEALED;
        copy.record->sealed_at_ms = txn->now_ms;
        copy.record->sealed_by = mc_unconst(txn->caller->account_id);
        copy.record->copy_number = mc_unconst(dossier_document_number(
            txn, dossier_document_info(DOSSIER_CERTIFICATE), copy.record->unit));
    }
    struct mc_bytes id = print_it(dossier, txn, &copy, open.record);
    copy.record->document_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    if (again) {
        mc_save(txn, DOSSIER_COPIES, mc_key_join(txn, copy.dossier_id, copy.id),
                &copy.record->base);
        dossier_copy_fill(txn, &copy, rep);
    } else {
        dossier_copy_step(txn, &copy, open.record, "dossier.copy_sealed", rep);
    }
    return txn->status;
}
