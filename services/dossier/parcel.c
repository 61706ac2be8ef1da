/*
 * The way of a result by post (BCCI, S32): ordered when the dossier is finished, tracked until it
 * is handed over, cancelled only before it is collected. What the post cannot deliver, or will
 * not, lies at the desk again.
 *
 *     ORDERING -> REGISTERED (1) -> COLLECTING (2) -> DELIVERED (3): the dossier is returned
 *                 REGISTERED -> CANCELLING -> CANCELLED (4)
 *     ORDERING, REGISTERED, COLLECTING -> FAILED
 */
#include <string.h>

#include "dossier.h"

bool dossier_parcel_is_under_way(const DossierState__Dossier *record)
{
    const DossierState__Parcel *parcel = record->parcel;

    return parcel != NULL && (parcel->state == DOSSIER__PARCEL_STATE__PARCEL_ORDERING ||
                              parcel->state == DOSSIER__PARCEL_STATE__PARCEL_REGISTERED ||
                              parcel->state == DOSSIER__PARCEL_STATE__PARCEL_COLLECTING ||
                              parcel->state == DOSSIER__PARCEL_STATE__PARCEL_CANCELLING);
}

static char *opened(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    return sealed.len > 0 ? mc_open_text(txn, sealed) : dossier_text(txn, "");
}

void dossier_parcel_job(struct mc_txn *txn, const DossierState__Dossier *record, const char *kind,
                        int64_t due_ms)
{
    DossierState__PostJob job = DOSSIER_STATE__POST_JOB__INIT;
    const DossierState__ReturnAddress *to = record->return_address;

    job.dossier_id = record->dossier_id;
    job.number = record->parcel->number;
    job.sender = record->unit_name;
    if (to != NULL && strcmp(kind, DOSSIER_POST_ORDER) == 0) {
        job.receiver = opened(txn, to->receiver);
        job.phone = opened(txn, to->phone);
        job.address = opened(txn, to->address);
        job.province = opened(txn, to->province);
    }
    if (txn->status != MC_OK)
        return;
    size_t size = dossier_state__post_job__get_packed_size(&job);
    uint8_t *payload = dossier_alloc(txn, size + 1);
    if (payload == NULL)
        return;
    (void)dossier_state__post_job__pack(&job, payload);
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = DOSSIER_LANE_POST,
                              .kind = kind,
                              .payload = {payload, size},
                              .due_ms = due_ms,
                              .backoff_ms = DOSSIER_POST_BACKOFF_MS,
                              .backoff_max_ms = DOSSIER_POST_BACKOFF_MAX_MS,
                              .destination = "vnpost",
                              .keys = dossier_keys(txn, record),
                              .forget = true,
                          });
}

void dossier_parcel_order(struct mc_txn *txn, DossierState__Dossier *record)
{
    DossierState__Parcel *parcel = dossier_alloc(txn, sizeof *parcel);

    if (parcel == NULL)
        return;
    record->parcels++;
    dossier_state__parcel__init(parcel);
    /* the same for every attempt: by it the post is asked whether it has the order */
    parcel->number =
        dossier_text(txn, mc_sprintf(txn->arena, "%s-%u", record->code, record->parcels));
    parcel->state = DOSSIER__PARCEL_STATE__PARCEL_ORDERING;
    parcel->ordered_at_ms = txn->now_ms;
    record->parcel = parcel;
    dossier_parcel_job(txn, record, DOSSIER_POST_ORDER, 0);
}

static void end_at_desk(struct mc_txn *txn, const struct dossier_open *open, uint32_t state,
                        const char *problem, const char *event)
{
    open->record->parcel->state = state;
    open->record->parcel->problem = dossier_text(txn, problem);
    open->record->return_way = DOSSIER__RETURN_WAY__RETURN_AT_DESK;
    dossier_save(txn, open);
    dossier_tell(txn, open, event, "");
}

void dossier_parcel_fail(struct mc_txn *txn, const struct dossier_open *open, const char *problem)
{
    end_at_desk(txn, open, DOSSIER__PARCEL_STATE__PARCEL_FAILED, problem, "dossier.parcel_failed");
}

void dossier_parcel_cancelled(struct mc_txn *txn, const struct dossier_open *open)
{
    end_at_desk(txn, open, DOSSIER__PARCEL_STATE__PARCEL_CANCELLED, "", "dossier.parcel_cancelled");
}

static void registered(struct mc_txn *txn, const struct dossier_open *open, const char *waybill)
{
    DossierState__Parcel *parcel = open->record->parcel;

    if (parcel->state != DOSSIER__PARCEL_STATE__PARCEL_ORDERING)
        return;
    parcel->state = DOSSIER__PARCEL_STATE__PARCEL_REGISTERED;
    parcel->waybill = dossier_text(txn, waybill);
    dossier_save(txn, open);
    dossier_tell(txn, open, "dossier.parcel_ordered", "");
}

static void collected(struct mc_txn *txn, const struct dossier_open *open, const char *waybill,
                      int64_t at_ms)
{
    DossierState__Parcel *parcel = open->record->parcel;

    if (parcel->state == DOSSIER__PARCEL_STATE__PARCEL_COLLECTING)
        return;
    parcel->state = DOSSIER__PARCEL_STATE__PARCEL_COLLECTING;
    parcel->waybill = dossier_text(txn, waybill);
    parcel->collected_at_ms = at_ms;
    dossier_save(txn, open);
    dossier_tell(txn, open, "dossier.parcel_collected", "");
}

/* NgayTra is when the post handed it over, not when we heard of it. */
static void delivered(struct dossier *dossier, struct mc_txn *txn, struct dossier_open *open,
                      const char *waybill, int64_t at_ms)
{
    DossierState__Parcel *parcel = open->record->parcel;

    parcel->state = DOSSIER__PARCEL_STATE__PARCEL_DELIVERED;
    parcel->waybill = dossier_text(txn, waybill);
    parcel->delivered_at_ms = at_ms;
    (void)!dossier_move(dossier, txn, open, DOSSIER__STATE__RETURNED, "");
}

bool dossier_parcel_told(struct dossier *dossier, struct mc_txn *txn, struct dossier_open *open,
                         const struct dossier_post_news *news)
{
    bool cancelling = open->record->parcel->state == DOSSIER__PARCEL_STATE__PARCEL_CANCELLING;
    int64_t at_ms = news->at_ms > 0 && news->at_ms <= txn->now_ms ? news->at_ms : txn->now_ms;

    switch (news->status) {
    case DOSSIER_POST_REGISTERED:
        registered(txn, open, news->waybill);
        return true;
    case DOSSIER_POST_COLLECTING:
        collected(txn, open, news->waybill, at_ms);
        return true;
    case DOSSIER_POST_DELIVERED:
        delivered(dossier, txn, open, news->waybill, at_ms);
        return true;
    case DOSSIER_POST_CANCELLED:
        if (cancelling)
            dossier_parcel_cancelled(txn, open);
        else
            dossier_parcel_fail(txn, open, "POST_BROUGHT_BACK");
        return true;
    default:
        return false;
    }
}
