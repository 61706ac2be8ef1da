/*
 * Documents about dossiers and units:
 *
 *     dossier id (16)       ‖ document id (16)  ->  Document
 *     "U", unit, 0          ‖ document id (16)  ->  Document: a register
 */
#include <stdio.h>
#include <string.h>

#include "dossier.h"

struct mc_bytes dossier_document_unit(struct mc_txn *txn, const char *unit)
{
    return mc_key_join(txn, mc_key_text("U"), mc_keep(txn, unit, strlen(unit) + 1));
}

const char *dossier_document_number(struct mc_txn *txn, const struct dossier_document_info *info,
                                    const char *unit)
{
    char counter[sizeof "document/2026/01/" + MC_AGENCY_CODE_SIZE];

    (void)snprintf(counter, sizeof counter, "document/%04d/%s/%s",
                   mc_date_from_ms(txn->now_ms).year, info->form_no, unit);
    const char *number =
        mc_sprintf(txn->arena, "%llu/%s", (unsigned long long)mc_count(txn, counter), info->symbol);
    return number != NULL ? number : "";
}

static void job_add(struct mc_txn *txn, const DossierState__DocumentPrint *work,
                    const char *const *keys)
{
    struct mc_bytes payload = mc_body_pack(txn->arena, &work->base);

    if (payload.data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = DOSSIER_LANE_PRINT,
                              .kind = DOSSIER_DOCUMENT_PRINT,
                              .payload = payload,
                              .backoff_ms = DOSSIER_DOCUMENT_BACKOFF_MS,
                              .backoff_max_ms = DOSSIER_DOCUMENT_BACKOFF_MAX_MS,
                              .destination = "print",
                              .keys = keys,
                              .forget = true,
                          });
}

struct mc_bytes dossier_document_add(struct dossier_print *print, struct mc_bytes owner,
                                     const struct dossier_document_info *info, const char *number,
                                     const char *const *keys)
{
    struct mc_txn *txn = print->txn;
    DossierState__Document record = DOSSIER_STATE__DOCUMENT__INIT;
    DossierState__DocumentPrint work = DOSSIER_STATE__DOCUMENT_PRINT__INIT;
    struct mc_bytes id = mc_new_id(txn);
    struct mc_bytes request = mc_body_pack(txn->arena, &print->request.base);

    if (request.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    record.form_no = mc_unconst(info->form_no);
    record.number = mc_unconst(number);
    record.title = mc_unconst(info->title);
    record.made_at_ms = txn->now_ms;
    record.made_by = mc_unconst(txn->caller->account_id != NULL ? txn->caller->account_id : "");
    record.state = DOSSIER__DOCUMENT_STATE__DOCUMENT_PRINTING;
    mc_save(txn, DOSSIER_DOCUMENTS, mc_key_join(txn, owner, id), &record.base);
    work.owner = (ProtobufCBinaryData){owner.len, mc_unconst(owner.data)};
    work.document_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    work.request = (ProtobufCBinaryData){request.len, mc_unconst(request.data)};
    job_add(txn, &work, keys);
    return id;
}

/* The unit that is answerable to the person: the desk that took it in (NĐ 118/2025). */
struct mc_bytes dossier_document_make(const struct dossier *dossier, struct mc_txn *txn,
                                      const DossierState__Dossier *record,
                                      enum dossier_document_kind kind, const char *reason)
{
    const struct dossier_document_info *info = dossier_document_info(kind);
    struct dossier_print print;
    bool desk = kind == DOSSIER_RECEIPT_SLIP && record->receiving_unit[0] != '\0';
    const char *unit = desk ? record->receiving_unit : record->unit;
    const char *unit_name = desk ? record->receiving_unit_name : record->unit_name;

    dossier_print_begin(&print, txn, info);
    const char *number = dossier_document_number(txn, info, unit);
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    dossier_print_unit(&print, dossier, unit, unit_name, number);
    dossier_print_facts(&print, dossier, record, kind, reason);
    return dossier_document_add(&print, mc_key_bytes(record->dossier_id), info, number,
                                dossier_keys(txn, record));
}

void dossier_document_of_step(const struct dossier *dossier, struct mc_txn *txn,
                              const DossierState__Dossier *record, Dossier__State to,
                              const char *reason)
{
    static const struct {
        Dossier__State to;
        enum dossier_document_kind kind;
    } steps[] = {
        {DOSSIER__STATE__RECEIVED, DOSSIER_RECEIPT_SLIP},
        {DOSSIER__STATE__SUPPLEMENT_REQUESTED, DOSSIER_SUPPLEMENT_SLIP},
        {DOSSIER__STATE__REFUSED, DOSSIER_REFUSAL_SLIP},
        {DOSSIER__STATE__STOPPED, DOSSIER_STOP_NOTICE},
    };

    for (size_t i = 0; i < MC_LEN(steps); i++)
        if (steps[i].to == to && txn->status == MC_OK)
            (void)dossier_document_make(dossier, txn, record, steps[i].kind, reason);
}

Dossier__Document *dossier_document_message(struct mc_txn *txn, struct mc_bytes id,
                                            const DossierState__Document *record, bool officer)
{
    Dossier__Document *out = dossier_alloc(txn, sizeof *out);
    char sha256[2 * MC_HASH_LEN + 1] = "";

    if (out == NULL)
        return NULL;
    dossier__document__init(out);
    if (record->sha256.len == MC_HASH_LEN)
        (void)mc_hex(sha256, mc_key_bytes(record->sha256));
    out->document_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    out->form_no = record->form_no;
    out->title = record->title;
    out->number = record->number;
    out->made_at_ms = record->made_at_ms;
    out->state = (Dossier__DocumentState)record->state;
    out->sha256 = dossier_text(txn, sha256);
    out->size = record->size;
    out->pages = record->pages;
    out->signed_ = record->signed_;
    out->signed_by = record->signed_by;
    out->why = officer ? record->why : mc_unconst("");
    return out;
}

struct mc_bytes dossier_document_owner(struct mc_txn *txn, ProtobufCBinaryData dossier_id,
                                       const char *unit, bool *ret_officer,
                                       const DossierState__Dossier **ret_record)
{
    struct dossier_open open = {0};

    *ret_record = NULL;
    if (dossier_id.len > 0 || unit[0] == '\0') {
        if (dossier_open(txn, dossier_id, "", &open) != MC_OK)
            return (struct mc_bytes){0};
        *ret_officer = open.actor != DOSSIER_BY_CITIZEN;
        *ret_record = open.record;
        return mc_key_bytes(open.record->dossier_id);
    }
    *ret_officer = true;
    if ((txn->caller->who & MC_OFFICER) == 0 || txn->caller->unit == NULL ||
        !mc_agency_within(unit, txn->caller->unit)) {
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
        return (struct mc_bytes){0};
    }
    return dossier_document_unit(txn, unit);
}
