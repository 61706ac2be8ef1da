/* ListCases, GetCase: an officer's open cases, oldest first, of his unit and all below it. */
#include "payment.h"

static bool add(struct mc_txn *txn, struct mc_bytes id, Payment__ListCasesReply *rep)
{
    Payment__Case *shown = mc_alloc(txn->arena, sizeof *shown);
    const PaymentState__Case *record = payment_case_get(txn, id);

    if (shown == NULL || record == NULL) {
        (void)mc_fail(txn, shown == NULL ? MC_LIMITED : MC_CORRUPT, "a row without its case");
        return false;
    }
    payment__case__init(shown);
    payment_case_show(txn, id, record, shown);
    rep->cases[rep->n_cases++] = shown;
    return txn->status == MC_OK;
}

enum mc_status payment_list_cases(struct payment *payment, struct mc_txn *txn,
                                  const Payment__ListCasesRequest *req,
                                  Payment__ListCasesReply *rep)
{
    struct payment_page page;
    struct mc_bytes id = {0};

    (void)payment;
    if (!payment_page_open(txn, req->all ? "a" : "o", req->unit, req->page_size, req->page_token,
                           &page))
        return txn->status;
    rep->cases = mc_alloc(txn->arena, page.size * sizeof(Payment__Case *));
    if (rep->cases == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (payment_page_next(&page, &id))
        if (!add(txn, id, rep))
            return txn->status;
    rep->next_page_token = payment_page_token(txn, &page, id);
    return txn->status;
}

enum mc_status payment_get_case(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetCaseRequest *req, Payment__Case *rep)
{
    struct mc_bytes id = mc_key_bytes(req->case_id);

    (void)payment;
    if (id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "case_id", "FIELD_INVALID", "field", "case_id", NULL);
    const PaymentState__Case *record = payment_case_get(txn, id);
    if (txn->status == MC_OK && (record == NULL || !mc_unit_mine(txn, record->unit)))
        return mc_refuse(txn, MC_NOT_FOUND, "case_id", "NOT_FOUND", NULL);
    if (record != NULL)
        payment_case_show(txn, id, record, rep);
    return txn->status;
}
