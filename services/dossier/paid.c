/*
 * payment.paid: the dossier is paid for; one that waited for it goes on. payment.refunded: its
 * money went back, which moves nothing: what is to become of the dossier is an officer's to say.
 */
#include <string.h>

#include "dossier.h"

bool dossier_was_paid(const DossierState__Dossier *record)
{
    return record->money == DOSSIER__MONEY_STATE__PAID ||
           record->money == DOSSIER__MONEY_STATE__REFUNDED;
}

/* What the table says payment does in this state, or nothing. */
static const struct dossier_stage *next_of(const struct dossier_open *open)
{
    size_t n;
    const struct dossier_stage *stages = dossier_stages(&n);

    for (size_t i = 0; i < n; i++)
        if (dossier_stage_fits(&stages[i], open->was, DOSSIER_BY_PAYMENT,
                               open->record->received_at_ms != 0))
            return &stages[i];
    return NULL;
}

enum mc_status dossier_paid(struct dossier *dossier, struct mc_txn *txn, const Motcua__Event *event,
                            const Payment__OrderChanged *body)
{
    (void)event;
    struct dossier_open open = {0};
    enum mc_status status = dossier_open_any(txn, body->dossier_id, body->dossier_code, &open);

    if (status == MC_NOT_FOUND)
        return MC_OK;                      /* an order without a dossier of ours */
    if (status != MC_OK || body->more_due) /* it waits until every notice is paid */
        return status;
    const struct dossier_stage *stage = next_of(&open);
    if (stage == NULL && open.record->money == DOSSIER__MONEY_STATE__PAID)
        return MC_OK;
    open.actor = DOSSIER_BY_PAYMENT;
    open.record->money = DOSSIER__MONEY_STATE__PAID;
    open.record->paid_order_id = body->order_id;
    if (stage != NULL && dossier_move(dossier, txn, &open, stage->to, "") != MC_OK)
        return txn->status;
    if (stage == NULL)
        dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.paid", "");
    return txn->status;
}

/* A dossier may have several orders (notices, an order instead of another): only that of its state.
 */
static bool is_its_order(const DossierState__Dossier *record, ProtobufCBinaryData order)
{
    const ProtobufCBinaryData *paid = &record->paid_order_id;

    return record->money == DOSSIER__MONEY_STATE__PAID &&
           (paid->len == 0 ||
            (paid->len == order.len && memcmp(paid->data, order.data, order.len) == 0));
}

enum mc_status dossier_refunded(struct dossier *dossier, struct mc_txn *txn,
                                const Motcua__Event *event, const Payment__OrderChanged *body)
{
    (void)dossier;
    (void)event;
    struct dossier_open open = {0};
    enum mc_status status = dossier_open_any(txn, body->dossier_id, body->dossier_code, &open);

    if (status == MC_NOT_FOUND)
        return MC_OK;
    if (status != MC_OK || !is_its_order(open.record, body->order_id))
        return status;
    open.actor = DOSSIER_BY_PAYMENT;
    open.record->money = DOSSIER__MONEY_STATE__REFUNDED;
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.refunded", "");
    return txn->status;
}
