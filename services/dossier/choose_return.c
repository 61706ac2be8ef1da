/* ChooseReturn: how the owner wants his result: at the desk, electronically, or by post. */
#include "common/ident.h"

#include "dossier.h"

static ProtobufCBinaryData line(struct mc_txn *txn, const char *field, const char *text,
                                size_t chars_max)
{
    const char *clean = dossier_line(txn, field, text, chars_max);

    if (clean != NULL && clean[0] == '\0')
        mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", field, NULL);
    return txn->status == MC_OK ? mc_seal_text(txn, clean) : (ProtobufCBinaryData){0};
}

static ProtobufCBinaryData phone_of(struct mc_txn *txn, const char *text)
{
    struct mc_phone phone;

    if (mc_phone_parse(text, &phone) != MC_WHY_OK) {
        mc_refuse(txn, MC_INVALID, "address.phone", "PHONE_FORMAT", NULL);
        return (ProtobufCBinaryData){0};
    }
    return mc_seal_text(txn, phone.number);
}

static DossierState__ReturnAddress *address_of(struct mc_txn *txn,
                                               const Dossier__ReturnAddress *given)
{
    DossierState__ReturnAddress *kept = dossier_alloc(txn, sizeof *kept);

    if (given == NULL)
        mc_refuse(txn, MC_INVALID, "address", "FIELD_REQUIRED", "field", "address", NULL);
    if (kept == NULL || given == NULL)
        return NULL;
    dossier_state__return_address__init(kept);
    kept->receiver = line(txn, "address.receiver", given->receiver, DOSSIER_NAME_CHARS_MAX);
    kept->phone = phone_of(txn, given->phone);
    kept->address = line(txn, "address.address", given->address, DOSSIER_ADDRESS_CHARS_MAX);
    kept->province = line(txn, "address.province", given->province, DOSSIER_NAME_CHARS_MAX);
    return kept;
}

static enum mc_status check(const struct dossier *dossier, struct mc_txn *txn,
                            const struct dossier_open *open,
                            const Dossier__ChooseReturnRequest *req)
{
    if (open->actor == DOSSIER_BY_OFFICER &&
        dossier_check_version(txn, open, req->version) != MC_OK)
        return txn->status;
    if (dossier_state_is_final(open->was))
        mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_ENDED", NULL);
    else if (dossier_parcel_is_under_way(open->record))
        mc_refuse(txn, MC_EXPIRED, "", "PARCEL_UNDER_WAY", NULL);
    if (req->way == DOSSIER__RETURN_WAY__RETURN_BY_POST && dossier->post_url[0] == '\0')
        mc_refuse(txn, MC_EXPIRED, "way", "POST_NOT_OFFERED", NULL);
    return txn->status;
}

enum mc_status dossier_choose_return(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ChooseReturnRequest *req,
                                     Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    bool by_post = req->way == DOSSIER__RETURN_WAY__RETURN_BY_POST;

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        check(dossier, txn, &open, req) != MC_OK)
        return txn->status;
    DossierState__ReturnAddress *address = by_post ? address_of(txn, req->address) : NULL;
    if (txn->status != MC_OK)
        return txn->status;
    open.record->return_way = (uint32_t)req->way;
    open.record->return_address = address;
    if (by_post && open.was == DOSSIER__STATE__FINISHED)
        dossier_parcel_order(txn, open.record);
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.return_chosen", "");
    dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
