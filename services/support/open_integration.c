/* OpenIntegration: a member's case, with six steps that nothing is done of. */
#include "integration.h"

static SupportState__Step **steps_new(struct mc_txn *txn, size_t n)
{
    SupportState__Step **rows =
        (SupportState__Step **)support_rows(txn, n, sizeof(SupportState__Step));

    for (size_t i = 0; rows != NULL && i < n; i++)
        support_state__step__init(rows[i]);
    return rows;
}

enum mc_status support_open_integration(struct support *support, struct mc_txn *txn,
                                        const Support__OpenIntegrationRequest *req,
                                        Support__Integration *rep)
{
    SupportState__Integration record = SUPPORT_STATE__INTEGRATION__INIT;
    struct support_case at = {.record = &record};
    struct support_facets *facets = support_alloc(txn, sizeof *facets);

    record.unit = support_unit_own(support, txn, "unit", req->unit);
    record.unit_name = support_line(txn, "unit_name", req->unit_name, SUPPORT_NAME_CHARS_MAX, true);
    record.service = support_line(txn, "service", req->service, SUPPORT_NAME_CHARS_MAX, true);
    record.n_steps = SUPPORT_STEPS_LEN - 1;
    record.steps = steps_new(txn, record.n_steps);
    if (txn->status != MC_OK || facets == NULL)
        return txn->status;

    at.id = mc_new_id(txn);
    record.code = support_code(txn, "TH");
    record.opened_at_ms = txn->now_ms;
    mc_put(txn, SUPPORT_CODES, mc_key_text(record.code), at.id);
    facets->len = 0;
    support_facets_unit(txn, facets, SUPPORT_INTEGRATION, record.unit, SUPPORT_OPEN, "");
    support_facets_put(txn, facets, at.id);
    support_case_save(txn, &at, SUPPORT__INTEGRATION_STEP__STEP_NONE, "support.integration_opened");
    support_case_show(txn, &at, rep);
    return txn->status;
}
