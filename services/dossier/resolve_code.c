/*
 * ResolveCode: a code on a day. One that has ended leads to what it became, as far as the day
 * needs; where it became several, all of them are told and none is chosen.
 */
#include <string.h>

#include "common/date.h"

#include "codelist.h"

enum { FOUND_MAX = 100 };

struct walk {
    struct mc_txn *txn;
    const char *list;
    int64_t day;
    Dossier__ResolveCodeReply *rep;
};

static bool is_told(const Dossier__ResolveCodeReply *rep, const char *code)
{
    for (size_t i = 0; i < rep->n_successors; i++)
        if (strcmp(rep->successors[i]->code, code) == 0)
            return true;
    return false;
}

/* Bounded by the steps, as lists may name each other in a circle. */
static void follow(const struct walk *walk, const DossierState__ListCode *record, unsigned steps)
{
    Dossier__ResolveCodeReply *rep = walk->rep;

    for (size_t i = 0; i < record->n_successors && rep->n_successors < FOUND_MAX; i++) {
        const char *code = record->successors[i];
        const DossierState__ListCode *next =
            dossier_code_on(walk->txn, walk->list, code, walk->day);

        if (next != NULL && !is_told(rep, code))
            rep->successors[rep->n_successors++] =
                dossier_code_message(walk->txn, walk->list, code, next);
        else if (next == NULL && steps > 0) {
            next = dossier_code_last(walk->txn, walk->list, code);
            if (next != NULL)
                follow(walk, next, steps - 1);
        }
    }
}

static void map_to(struct mc_txn *txn, const Dossier__ResolveCodeRequest *req, int64_t day,
                   Dossier__ResolveCodeReply *rep)
{
    const char *code = rep->valid               ? rep->code->code
                       : rep->n_successors == 1 ? rep->successors[0]->code
                                                : NULL;

    rep->map_version = dossier_map_version_on(txn, req->list, req->to_list, day);
    if (rep->map_version == 0)
        return;
    /* What the map says of the old code itself comes first: a list may lag behind a reform. */
    const DossierState__MapRow *row =
        dossier_map_row(txn, req->list, req->to_list, req->code, rep->map_version);
    if ((row == NULL || row->to_code[0] == '\0') && code != NULL)
        row = dossier_map_row(txn, req->list, req->to_list, code, rep->map_version);
    if (row != NULL)
        rep->to_code = row->to_code;
}

enum mc_status dossier_resolve_code(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ResolveCodeRequest *req,
                                    Dossier__ResolveCodeReply *rep)
{
    (void)dossier;
    int64_t day = 0;

    if (!dossier_list_check(txn, "list", req->list) ||
        !dossier_day_of(txn, "day", req->day, &day) ||
        (req->to_list[0] != '\0' && !dossier_list_check(txn, "to_list", req->to_list)))
        return txn->status;
    if (strlen(req->code) > DOSSIER_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "code", "CODE_FORMAT", NULL);
    const DossierState__ListCode *record = dossier_code_on(txn, req->list, req->code, day);
    rep->valid = record != NULL;
    if (record == NULL)
        record = dossier_code_last(txn, req->list, req->code);
    if (record == NULL && txn->status == MC_OK)
        return mc_refuse(txn, MC_NOT_FOUND, "code", "CODE_UNKNOWN", NULL);
    rep->successors = dossier_list(txn, FOUND_MAX);
    if (record == NULL || rep->successors == NULL)
        return txn->status;
    rep->code = dossier_code_message(txn, req->list, req->code, record);
    const struct walk walk = {.txn = txn, .list = req->list, .day = day, .rep = rep};
    if (!rep->valid)
        follow(&walk, record, DOSSIER_CODE_STEPS_MAX);
    if (req->to_list[0] != '\0' && txn->status == MC_OK)
        map_to(txn, req, day, rep);
    return txn->status;
}
