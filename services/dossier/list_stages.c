/* ListStages: the state table, for front ends that show what is possible, and for its readers. */
#include "dossier.h"

static const struct {
    unsigned actor;
    const char *name;
} actors[] = {
    {DOSSIER_BY_CITIZEN, "citizen"},
    {DOSSIER_BY_OFFICER, "officer"},
    {DOSSIER_BY_PAYMENT, "payment"},
    {DOSSIER_BY_SYSTEM, "system"},
};

static Dossier__Stage *row_of(struct mc_txn *txn, const struct dossier_stage *stage)
{
    static const char *const whens[] = {"", "accepted", "not accepted"};
    Dossier__Stage *row = dossier_alloc(txn, sizeof *row);

    if (row == NULL)
        return NULL;
    dossier__stage__init(row);
    row->from = stage->from;
    row->to = stage->to;
    row->actors = dossier_list(txn, MC_LEN(actors));
    for (size_t i = 0; i < MC_LEN(actors) && row->actors != NULL; i++)
        if ((stage->actors & actors[i].actor) != 0)
            row->actors[row->n_actors++] = mc_unconst(actors[i].name);
    row->right = mc_unconst(stage->right != NULL ? stage->right : "");
    row->reason = stage->reason;
    row->consent = stage->consent;
    row->when = mc_unconst(whens[stage->when]);
    row->event = mc_unconst(stage->event);
    return row;
}

enum mc_status dossier_list_stages(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListStagesRequest *req,
                                   Dossier__ListStagesReply *rep)
{
    size_t n;
    const struct dossier_stage *stages = dossier_stages(&n);

    (void)req;
    rep->stages = dossier_list(txn, n);
    for (size_t i = 0; i < n && rep->stages != NULL && txn->status == MC_OK; i++)
        rep->stages[rep->n_stages++] = row_of(txn, &stages[i]);
    char *text = dossier_alloc(txn, DOSSIER_STAGES_TEXT_MAX);
    if (text != NULL && !dossier_stages_text(dossier->state_names, text, DOSSIER_STAGES_TEXT_MAX))
        (void)mc_fail(txn, MC_LIMITED, "the state table as text");
    rep->markdown = text;
    return txn->status;
}
