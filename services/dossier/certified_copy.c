/*
 *     copies        dossier id (16), copy id (16)      -> DossierState__CertifiedCopy
 *     copy_counts   unit, 0, "yyyyMM"                  -> DossierState__CopyCount
 *
 * Counts are of the month in which the step was taken.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "dossier.h"

enum { MONTH_SIZE = 24 };

static struct mc_bytes key_of(struct mc_txn *txn, const struct dossier_copy_open *copy)
{
    return mc_key_join(txn, copy->dossier_id, copy->id);
}

enum mc_status dossier_copy_open(struct mc_txn *txn, const Dossier__CertifiedCopyRequest *req,
                                 struct dossier_open *ret_dossier,
                                 struct dossier_copy_open *ret_copy)
{
    if (dossier_open_officer(txn, req->dossier_id, ret_dossier) != MC_OK)
        return txn->status;
    *ret_copy = (struct dossier_copy_open){.dossier_id = mc_key_bytes(req->dossier_id),
                                           .id = mc_key_bytes(req->copy_id)};
    if (req->copy_id.len == MC_ID_LEN)
        ret_copy->record = mc_load(txn, DOSSIER_COPIES, key_of(txn, ret_copy),
                                   &dossier_state__certified_copy__descriptor);
    if (txn->status == MC_OK && ret_copy->record == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "copy_id", "COPY_NOT_FOUND", NULL);
    return txn->status;
}

static void count(struct mc_txn *txn, const DossierState__CertifiedCopy *copy)
{
    const struct mc_date today = mc_date_from_ms(txn->now_ms);
    char month[MONTH_SIZE];

    (void)snprintf(month, sizeof month, "%04d%02d", today.year, today.month);
    struct mc_bytes key = mc_key_join(txn, mc_keep(txn, copy->unit, strlen(copy->unit) + 1),
                                      mc_keep(txn, month, strlen(month)));
    DossierState__CopyCount fresh = DOSSIER_STATE__COPY_COUNT__INIT;
    DossierState__CopyCount *row =
        mc_load(txn, DOSSIER_COPY_COUNTS, key, &dossier_state__copy_count__descriptor);
    if (row == NULL)
        row = &fresh;
    row->created += copy->state == DOSSIER__COPY_STATE__COPY_CREATED;
    row->signed_ += copy->state == DOSSIER__COPY_STATE__COPY_SIGNED;
    row->sealed += copy->state == DOSSIER__COPY_STATE__COPY_SEALED;
    mc_save(txn, DOSSIER_COPY_COUNTS, key, &row->base);
}

void dossier_copy_fill(struct mc_txn *txn, const struct dossier_copy_open *copy,
                       Dossier__CertifiedCopy *out)
{
    const DossierState__CertifiedCopy *record = copy->record;
    char sha256[2 * MC_HASH_LEN + 1];

    dossier__certified_copy__init(out);
    (void)mc_hex(sha256, mc_key_bytes(record->sha256));
    out->copy_id = (ProtobufCBinaryData){copy->id.len, mc_unconst(copy->id.data)};
    out->dossier_id =
        (ProtobufCBinaryData){copy->dossier_id.len, mc_unconst(copy->dossier_id.data)};
    out->state = (Dossier__CopyState)record->state;
    out->unit = record->unit;
    out->unit_name = record->unit_name;
    out->sha256 = dossier_text(txn, sha256);
    out->name = record->name;
    out->number = mc_open_text(txn, record->number);
    out->issuer = record->issuer;
    out->pages = record->pages;
    out->created_at_ms = record->created_at_ms;
    out->created_by_name = dossier_owner_name(txn, record->created_by);
    out->signed_at_ms = record->signed_at_ms;
    out->signed_by_name = dossier_owner_name(txn, record->signed_by);
    out->sealed_at_ms = record->sealed_at_ms;
    out->sealed_by_name = dossier_owner_name(txn, record->sealed_by);
    out->copy_number = record->copy_number;
    out->document_id = record->document_id;
}

void dossier_copy_step(struct mc_txn *txn, const struct dossier_copy_open *copy,
                       const DossierState__Dossier *dossier, const char *event,
                       Dossier__CertifiedCopy *rep)
{
    Dossier__CopyChanged changed = DOSSIER__COPY_CHANGED__INIT;

    mc_save(txn, DOSSIER_COPIES, key_of(txn, copy), &copy->record->base);
    count(txn, copy->record);
    dossier_copy_fill(txn, copy, rep);
    changed.copy_id = rep->copy_id;
    changed.dossier_id = rep->dossier_id;
    changed.state = rep->state;
    changed.unit = rep->unit;
    changed.copy_number = rep->copy_number;
    changed.sha256 = rep->sha256;
    mc_emit(txn, event, &changed.base, MC_PLAIN, dossier_keys(txn, dossier));
}

char *dossier_copy_code(struct mc_txn *txn, const struct dossier_copy_open *copy)
{
    char text[DOSSIER_COPY_CODE_LEN + 1];
    size_t len = mc_hex(text, copy->dossier_id);

    (void)mc_hex(text + len, copy->id);
    return dossier_text(txn, text);
}
