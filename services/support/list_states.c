/* ListStates: the tables that the code is driven by, as Markdown. */
#include "support.h"

enum mc_status support_list_states(struct support *support, struct mc_txn *txn,
                                   const Support__ListStatesRequest *req,
                                   Support__ListStatesReply *rep)
{
    char *text = support_alloc(txn, SUPPORT_STATES_TEXT_MAX);

    (void)support;
    (void)req;
    if (text == NULL)
        return txn->status;
    if (!support_stages_text(text, SUPPORT_STATES_TEXT_MAX))
        return mc_fail(txn, MC_LIMITED, "states text");
    rep->markdown = text;
    return txn->status;
}
