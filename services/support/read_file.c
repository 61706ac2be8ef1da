/* ReadFile: a stretch of a file, for who may see what it belongs to. Each reading is told. */
#include "feedback.h"

/* Of a case: by its unit and the staff. */
static const char *case_code(const struct support *support, struct mc_txn *txn,
                             const SupportState__File *file)
{
    const SupportState__Integration *record =
        mc_load(txn, SUPPORT_INTEGRATIONS, mc_key_bytes(file->user),
                &support_state__integration__descriptor);

    return record != NULL && support_actor_of(support, txn, record->unit) != 0 ? record->code
                                                                               : NULL;
}

/* NULL: it is nobody's, or not his to see. */
static const char *code_of(const struct support *support, struct mc_txn *txn,
                           const SupportState__File *file)
{
    struct support_request request;
    struct support_feedback feedback;

    if (file->user_kind == SUPPORT_REQUEST &&
        support_request_open(support, txn, file->user, "", &request))
        return request.record->code;
    if (file->user_kind == SUPPORT_FEEDBACK &&
        support_feedback_open(support, txn, file->user, "", "", &feedback))
        return feedback.record->code;
    if (file->user_kind == SUPPORT_INTEGRATION)
        return case_code(support, txn, file);
    return NULL;
}

enum mc_status support_read_file(struct support *support, struct mc_txn *txn,
                                 const Support__ReadFileRequest *req, Support__ReadFileReply *rep)
{
    if (!support_check_purpose(txn))
        return txn->status;
    const SupportState__File *file = support_file_load(txn, mc_key_bytes(req->file_id));
    const char *code = file != NULL ? code_of(support, txn, file) : NULL;
    if (txn->status == MC_OK && code == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "file_id", "NOT_FOUND", NULL);
    if (txn->status != MC_OK || file == NULL)
        return txn->status;
    if (file->forgotten_at_ms != 0)
        return mc_refuse(txn, MC_EXPIRED, "file_id", "FILE_FORGOTTEN", NULL);
    support_scan_check_reading(support, txn, file);
    if (txn->status != MC_OK)
        return txn->status;
    if (req->offset > file->size || req->length > SUPPORT_READ_MAX)
        return mc_refuse(txn, MC_INVALID, "offset", "FILE_RANGE", "max",
                         support_printf(txn, "%d", SUPPORT_READ_MAX), NULL);

    struct mc_bytes content =
        support_file_range(txn, req->file_id, file, req->offset,
                           req->length != 0 ? req->length : (uint64_t)SUPPORT_READ_MAX);
    rep->content = support_bytes(content);
    rep->content_type = file->content_type;
    rep->file_name = mc_open_text(txn, file->name);
    rep->size = file->size;
    support_tell_read(txn, "FILE", code, 1);
    return txn->status;
}
