/* AddComment: a word to the other side, or one that only those who deal with it read; and files. */
#include "support.h"

enum mc_status support_add_comment(struct support *support, struct mc_txn *txn,
                                   const Support__AddCommentRequest *req, Support__Request *rep)
{
    struct support_request request;
    const char *text = support_lines(txn, "text", req->text, SUPPORT_TEXT_CHARS_MAX, true);

    if (!support_request_take(support, txn, req->request_id, req->code, req->version, &request))
        return txn->status;
    if (support_state_is_final((Support__RequestState)request.record->state))
        return mc_refuse(txn, MC_CONFLICT, "", "SUPPORT_STEP", "state",
                         support_state_name((Support__RequestState)request.record->state), NULL);
    if (req->internal && (request.actor & SUPPORT_BY_STAFF) == 0)
        return mc_refuse(txn, MC_DENIED, "internal", "RIGHT_MISSING", NULL);

    support_files_use(txn, SUPPORT_REQUEST, request.id, req->n_file_ids, req->file_ids,
                      &request.record->n_files, &request.record->files);
    support_comment_put(txn, request.id, &request.record->comments, text, req->internal);
    support_request_save(txn, &request, "support.request_commented");
    support_request_show(txn, &request, rep);
    return txn->status;
}
