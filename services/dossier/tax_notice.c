/*
 * payment.tax_notice, payment.land_settled: a dossier about land waits while a tax notice is to be
 * paid, and goes on when none is left, here (paid.c) or because it was paid elsewhere. Where the
 * table has no such step for the system, an officer takes it.
 */
#include "dossier.h"

static bool may_wait(const struct dossier_open *open)
{
    return dossier_stage_find(open->was, DOSSIER__STATE__FINANCIAL_OBLIGATION, DOSSIER_BY_SYSTEM,
                              open->record->received_at_ms != 0) != NULL;
}

enum mc_status dossier_tax_notice(struct dossier *dossier, struct mc_txn *txn,
                                  const Motcua__Event *event, const Payment__TaxNoticeTold *body)
{
    struct dossier_open open = {0};
    enum mc_status status = dossier_open_any(txn, body->dossier_id, body->dossier_code, &open);

    (void)event;
    if (status == MC_NOT_FOUND)
        return MC_OK;
    if (status != MC_OK || !may_wait(&open))
        return status;
    open.actor = DOSSIER_BY_SYSTEM;
    return dossier_move(dossier, txn, &open, DOSSIER__STATE__FINANCIAL_OBLIGATION, body->notice);
}

enum mc_status dossier_land_settled(struct dossier *dossier, struct mc_txn *txn,
                                    const Motcua__Event *event, const Payment__LandSettled *body)
{
    struct dossier_open open = {0};
    enum mc_status status = dossier_open_any(txn, body->dossier_id, body->dossier_code, &open);

    (void)event;
    if (status == MC_NOT_FOUND)
        return MC_OK;
    if (status != MC_OK || open.was != DOSSIER__STATE__FINANCIAL_OBLIGATION)
        return status;
    open.actor = DOSSIER_BY_PAYMENT;
    bool accepted = open.record->received_at_ms != 0;
    return dossier_move(dossier, txn, &open,
                        accepted ? DOSSIER__STATE__PROCESSING : DOSSIER__STATE__NEW, "");
}
