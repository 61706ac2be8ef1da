/*
 * GetReceiptFile: «In biên lai» (RCP-05), a receipt to download. A citizen gets no cancelled one;
 * officers see it as it was.
 */
#include <string.h>

#include "payment.h"

/* "28AA-26E/0000001" -> "bien-lai-28AA-26E-0000001.pdf" */
static char *name_of(struct mc_txn *txn, const char *number)
{
    char *name = mc_sprintf(txn->arena, "bien-lai-%s.pdf", number);
    char *slash = name != NULL ? strchr(name, '/') : NULL;

    if (slash != NULL)
        *slash = '-';
    return name;
}

static bool is_good_for(struct mc_txn *txn, const char *number)
{
    const PaymentState__ReceiptEnd *end = payment_receipt_end(txn, number);

    if (end == NULL || txn->caller->account_id == NULL || (txn->caller->who & MC_OFFICER) != 0)
        return txn->status == MC_OK;
    (void)mc_refuse(txn, MC_CONFLICT, "number", "RECEIPT_CANCELLED", "number", number, NULL);
    return false;
}

enum mc_status payment_get_receipt_file(struct payment *payment, struct mc_txn *txn,
                                        const Payment__GetReceiptFileRequest *req,
                                        Payment__ReceiptFile *rep)
{
    PaymentState__Order *order = NULL;

    if (req->wait_ms > PAYMENT_FILE_WAIT_MAX_MS)
        (void)mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    if (!payment_member_stand(payment, txn) ||
        payment_receipt_load(txn, req->number, &order) == NULL || !is_good_for(txn, req->number))
        return txn->status;
    const PaymentState__ReceiptFile *file =
        mc_load(txn, PAYMENT_RECEIPT_FILES, mc_key_text(req->number),
                &payment_state__receipt_file__descriptor);
    if (file == NULL && txn->status == MC_OK && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    if (file == NULL)
        return mc_refuse(txn, MC_BUSY, "number", "RECEIPT_NOT_PRINTED", NULL);
    struct mc_bytes pdf = mc_open_bytes(txn, file->pdf);
    rep->number = req->number;
    rep->pdf = (ProtobufCBinaryData){pdf.len, mc_unconst(pdf.data)};
    rep->file_name = name_of(txn, req->number);
    rep->pages = file->pages;
    rep->signed_ = file->signed_;
    rep->signed_by = file->signed_by;
    if (rep->file_name == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
