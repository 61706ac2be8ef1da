/* GetIntegration, ListIntegrations: the member's own cases; all of them for the staff. */
#include <string.h>

#include "integration.h"

enum mc_status support_get_integration(struct support *support, struct mc_txn *txn,
                                       const Support__GetIntegrationRequest *req,
                                       Support__Integration *rep)
{
    struct support_case at;

    if (support_case_open(support, txn, req->code, &at))
        support_case_show(txn, &at, rep);
    return txn->status;
}

static void row_show(struct mc_txn *txn, struct mc_bytes id, Support__Integration *row)
{
    struct support_case at = {.id = id};

    support__integration__init(row);
    at.record = mc_load(txn, SUPPORT_INTEGRATIONS, id, &support_state__integration__descriptor);
    if (at.record == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a row without its case");
    else
        support_case_show(txn, &at, row);
}

enum mc_status support_list_integrations(struct support *support, struct mc_txn *txn,
                                         const Support__ListIntegrationsRequest *req,
                                         Support__ListIntegrationsReply *rep)
{
    struct support_search *search = support_alloc(txn, sizeof *search);
    struct support_found found;
    const char *scope = support_scope(support, txn, req->unit);

    if (search == NULL || scope == NULL || txn->status != MC_OK)
        return txn->status;
    memset(search, 0, sizeof *search); /* too large for the stack */
    search->page_size = req->page_size;
    search->page_token = req->page_token;
    support_facets_want(txn, &search->facets, SUPPORT_INTEGRATION, scope,
                        req->open_only ? SUPPORT_OPEN : 0U, "");
    if (!support_search_run(txn, search, &found))
        return txn->status;
    rep->count = found.count;
    rep->integrations =
        (Support__Integration **)support_rows(txn, found.len, sizeof(Support__Integration));
    for (size_t i = 0; rep->integrations != NULL && i < found.len; i++)
        row_show(txn, found.ids[i], rep->integrations[rep->n_integrations++]);
    rep->next_page_token = found.next_page_token;
    return txn->status;
}
