/*
 * MoveRequest: a request taken a step of the table. What is said with it is a comment that the
 * requesting unit reads, and goes to «Email phản hồi» (NOT-07).
 */
#include "support.h"

enum mc_status support_move_request(struct support *support, struct mc_txn *txn,
                                    const Support__MoveRequestRequest *req, Support__Request *rep)
{
    struct support_request request;
    const char *text = support_lines(txn, "text", req->text, SUPPORT_TEXT_CHARS_MAX, false);

    if (!support_request_take(support, txn, req->request_id, req->code, req->version, &request) ||
        !support_request_step(support, txn, &request, req->to, text))
        return txn->status;
    support_files_use(txn, SUPPORT_REQUEST, request.id, req->n_file_ids, req->file_ids,
                      &request.record->n_files, &request.record->files);
    if (text[0] != '\0')
        support_comment_put(txn, request.id, &request.record->comments, text, false);
    support_request_save(txn, &request, "support.request_moved");
    support_request_mail(txn, &request, text);
    support_request_show(txn, &request, rep);
    return txn->status;
}
