/* AssignRequest: technical staff who deal with it (SUP-17), chosen by one of them or an operator.
 */
#include "support.h"

enum mc_status support_assign_request(struct support *support, struct mc_txn *txn,
                                      const Support__AssignRequestRequest *req,
                                      Support__Request *rep)
{
    struct support_request request;
    uint8_t account[MC_ID_LEN];
    const char *name =
        support_line(txn, "assignee_name", req->assignee_name, SUPPORT_NAME_CHARS_MAX, false);
    const char *text = support_lines(txn, "text", req->text, SUPPORT_TEXT_CHARS_MAX, false);
    const char *assignee = req->assignee[0] != '\0' ? req->assignee : txn->caller->account_id;

    if (assignee == NULL)
        (void)mc_refuse(txn, MC_INVALID, "assignee", "FIELD_REQUIRED", "field",
                        support_label("assignee"), NULL);
    else if (!mc_uuid_parse(account, mc_key_text(assignee)))
        (void)mc_refuse(txn, MC_INVALID, "assignee", "FIELD_INVALID", "field",
                        support_label("assignee"), NULL);
    if (!support_request_take(support, txn, req->request_id, req->code, req->version, &request) ||
        !support_request_step(support, txn, &request, SUPPORT__REQUEST_STATE__REQUEST_ASSIGNED, ""))
        return txn->status;

    support_change_put(txn, request.id, &request.record->changes, "assignee",
                       request.record->assignee, assignee);
    request.record->assignee = mc_unconst(assignee);
    request.record->assignee_name = mc_seal_text(txn, name);
    if (text[0] != '\0')
        support_comment_put(txn, request.id, &request.record->comments, text, true);
    support_request_save(txn, &request, "support.request_assigned");
    support_request_mail(txn, &request, "");
    support_request_show(txn, &request, rep);
    return txn->status;
}
