/*
 * ConfirmIntegration: the last step, by Văn phòng Chính phủ (SUP-18): when the others are there, or
 * with a written reason why it is confirmed although something is missing.
 */
#include "integration.h"

static size_t count_missing(struct mc_txn *txn, const SupportState__Integration *record)
{
    char *words[SUPPORT_MISSING_MAX];
    size_t n = 0;

    for (unsigned step = SUPPORT__INTEGRATION_STEP__STEP_CONFIGURE;
         step < SUPPORT__INTEGRATION_STEP__STEP_CONFIRM; step++) {
        size_t more = support_case_missing(txn, record, (Support__IntegrationStep)step, words);

        for (size_t i = 0; i < more; i++)
            (void)mc_refuse(txn, MC_CONFLICT, "", "INTEGRATION_MISSING", "what", words[i], NULL);
        n += more;
    }
    return n;
}

static void relist(struct mc_txn *txn, const struct support_case *at)
{
    struct support_facets *before = support_alloc(txn, sizeof *before);
    struct support_facets *after = support_alloc(txn, sizeof *after);

    if (before == NULL || after == NULL)
        return;
    before->len = after->len = 0;
    support_facets_unit(txn, before, SUPPORT_INTEGRATION, at->record->unit, SUPPORT_OPEN, "");
    support_facets_unit(txn, after, SUPPORT_INTEGRATION, at->record->unit, SUPPORT_CONFIRMED, "");
    support_facets_move(txn, before, after, at->id);
}

enum mc_status support_confirm_integration(struct support *support, struct mc_txn *txn,
                                           const Support__ConfirmIntegrationRequest *req,
                                           Support__Integration *rep)
{
    struct support_case at;
    const char *reason = support_lines(txn, "reason", req->reason, SUPPORT_TEXT_CHARS_MAX, false);

    if (!support_case_take(support, txn, req->code, req->version, &at))
        return txn->status;
    if ((at.actor & SUPPORT_BY_STAFF) == 0)
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
    if (reason[0] == '\0' && count_missing(txn, at.record) > 0)
        return txn->status;

    SupportState__Step *kept = at.record->steps[SUPPORT__INTEGRATION_STEP__STEP_CONFIRM - 1];
    at.record->confirmed_at_ms = txn->now_ms;
    at.record->confirmed_by = mc_unconst(support_actor(txn));
    if (reason[0] != '\0')
        at.record->reason = mc_seal_text(txn, reason);
    kept->by = at.record->confirmed_by;
    kept->at_ms = txn->now_ms;
    relist(txn, &at);
    support_case_save(txn, &at, SUPPORT__INTEGRATION_STEP__STEP_CONFIRM,
                      "support.integration_confirmed");
    support_case_show(txn, &at, rep);
    return txn->status;
}
