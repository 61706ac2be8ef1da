/* ListContractRuns: how every run of a contract test went, newest first. */
#include "check.h"

enum mc_status partner_list_contract_runs(struct partner *partner, struct mc_txn *txn,
                                          const Partner__ListContractRunsRequest *req,
                                          Partner__ListContractRunsReply *rep)
{
    Partner__Contract *told = NULL;
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};
    struct mc_bytes id = mc_key_bytes(req->contract_id);
    size_t size = req->page_size != 0 ? req->page_size : PARTNER_PAGE_DEFAULT;

    (void)partner;
    if (req->page_size > PARTNER_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unhex(before, sizeof before, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (partner_contract_mine(txn, req->contract_id, &told) == NULL)
        return txn->status;
    rep->runs = mc_alloc(txn->arena, size * sizeof(Partner__ContractRun *));
    if (rep->runs == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, id, (struct mc_bytes){before, sizeof before});
    struct mc_cursor cursor = mc_seek(txn, PARTNER_CONTRACT_RUNS, id, from, MC_BACKWARD);
    while (mc_next(&cursor)) {
        if (rep->n_runs == size) {
            rep->next_page_token = mc_unconst(
                partner_page_token(txn, mc_key_bytes(rep->runs[rep->n_runs - 1]->check_id)));
            break;
        }
        Partner__ContractRun *run = mc_row(&cursor, &partner__contract_run__descriptor);
        if (run == NULL)
            break;
        rep->runs[rep->n_runs++] = run;
    }
    return txn->status;
}
