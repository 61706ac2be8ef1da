/*
 * document.print: the print room makes the file. Never in the way of a step: a job of its own lane,
 * repeated until the print room answers. What it refuses is told in the document's record.
 */
#include <string.h>

#include "dossier.h"

static const DossierState__DocumentPrint *work_of(const ProtobufCMessage *payload)
{
    return (const DossierState__DocumentPrint *)(const void *)payload;
}

enum mc_status dossier_document_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    const DossierState__DocumentPrint *work = work_of(payload);
    const Print__RenderRequest *request =
        print__render_request__unpack(&arena->protobuf, work->request.len, work->request.data);

    (void)ctx;
    (void)job;
    if (request == NULL)
        return MC_LIMITED;
    *ret_call = (struct mc_room_call){.room = "print",
                                      .service = &print__print__descriptor,
                                      .method = "Render",
                                      .request = &request->base};
    return MC_OK;
}

/* What the document is about, for the event: a dossier, or a unit's register. */
static void tell(struct mc_txn *txn, const DossierState__DocumentPrint *work,
                 const DossierState__Document *record, const char *const *keys)
{
    Dossier__DocumentMade body = DOSSIER__DOCUMENT_MADE__INIT;
    struct dossier_open open = {0};
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, mc_key_bytes(record->sha256));
    body.document_id = work->document_id;
    body.form_no = record->form_no;
    body.number = record->number;
    body.sha256 = sha256;
    body.signed_ = record->signed_;
    if (work->owner.len == MC_ID_LEN && dossier_open_any(txn, work->owner, "", &open) == MC_OK) {
        body.dossier_id = open.record->dossier_id;
        body.code = open.record->code;
        body.unit = open.record->unit;
        body.owner_account = open.record->owner_account;
        keys = dossier_keys(txn, open.record);
    }
    mc_emit(txn, "dossier.document_made", &body.base, MC_PLAIN, keys);
}

static void keep(struct mc_txn *txn, DossierState__Document *record, const Print__RenderReply *made)
{
    uint8_t *hash = dossier_alloc(txn, MC_HASH_LEN);

    if (hash == NULL)
        return;
    mc_hash(hash, mc_key_bytes(made->pdf));
    dossier_file_put(NULL, txn, hash, mc_key_bytes(made->pdf), "application/pdf");
    record->state = DOSSIER__DOCUMENT_STATE__DOCUMENT_READY;
    record->sha256 = (ProtobufCBinaryData){MC_HASH_LEN, hash};
    record->size = made->pdf.len;
    record->pages = made->pages;
    record->signed_ = made->signed_;
    record->signed_by = made->signed_by;
}

static void work_again(struct mc_txn *txn, const struct mc_job *job)
{
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = DOSSIER_LANE_PRINT,
                              .kind = DOSSIER_DOCUMENT_PRINT,
                              .payload = job->payload,
                              .backoff_ms = DOSSIER_DOCUMENT_BACKOFF_MS,
                              .backoff_max_ms = DOSSIER_DOCUMENT_BACKOFF_MAX_MS,
                              .destination = "print",
                              .keys = (const char *const *)job->record->keys,
                              .forget = true,
                          });
}

static bool is_refused(const struct mc_result *result)
{
    return result->status == MC_INVALID || result->status == MC_LIMITED ||
           result->status == MC_NOT_FOUND || result->status == MC_DENIED;
}

enum mc_status dossier_document_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const DossierState__DocumentPrint *work = work_of(payload);
    struct mc_bytes key =
        mc_key_join(txn, mc_key_bytes(work->owner), mc_key_bytes(work->document_id));
    DossierState__Document *record =
        mc_load(txn, DOSSIER_DOCUMENTS, key, &dossier_state__document__descriptor);

    (void)ctx;
    *ret_verdict = MC_DONE;
    if (record == NULL || record->state == DOSSIER__DOCUMENT_STATE__DOCUMENT_READY)
        return txn->status;
    if (result->status == MC_OK && result->reply != NULL) {
        keep(txn, record, (const Print__RenderReply *)(const void *)result->reply);
        tell(txn, work, record, (const char *const *)job->record->keys);
    } else if (strcmp(result->code, "REQUEST_TOO_OLD") == 0) {
        work_again(txn, job); /* the print room was away for long: a new call has a new id */
        return txn->status;
    } else if (is_refused(result)) {
        *ret_verdict = MC_BURY;
        record->state = DOSSIER__DOCUMENT_STATE__DOCUMENT_FAILED;
        record->why = mc_unconst(result->code);
    } else {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    mc_save(txn, DOSSIER_DOCUMENTS, key, &record->base);
    return txn->status;
}
