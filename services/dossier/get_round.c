/*
 * GetRound: who has confirmed and who is behind, with each unit's numbers now. Officers of a unit
 * below see the rows of their own units.
 */
#include <string.h>

#include "rounds.h"

int64_t dossier_round_missing(int64_t numerator, int64_t denominator, uint32_t percent)
{
    int64_t needed = (denominator * (int64_t)percent + 99) / 100;

    return MC_MAX(needed - numerator, 0);
}

static Dossier__RoundScore *score_of(const struct dossier *dossier, struct mc_txn *txn,
                                     const DossierState__RoundTarget *target,
                                     const struct dossier_sums *sums)
{
    const struct dossier_indicator *indicator =
        dossier_indicator_find(dossier->indicators, target->code);
    Dossier__RoundScore *score = dossier_alloc(txn, sizeof *score);

    if (score == NULL)
        return NULL;
    dossier__round_score__init(score);
    score->code = target->code;
    if (indicator == NULL || !indicator->measured)
        return score; /* a later release does not measure it any more */
    score->numerator = sums->of[indicator->numerator];
    score->denominator = sums->of[indicator->denominator];
    if (score->denominator > 0)
        score->percent_hundredths =
            (score->numerator * 20000 + score->denominator) / (2 * score->denominator);
    score->missing = dossier_round_missing(score->numerator, score->denominator, target->percent);
    score->met = score->denominator > 0 && score->missing == 0;
    return score;
}

static void fill_report(struct mc_txn *txn, const DossierState__RoundReport *report,
                        Dossier__RoundUnit *row)
{
    row->confirmed_at_ms = report->at_ms;
    row->confirmed_by = report->by;
    row->confirmed_by_name = dossier_owner_name(txn, report->by);
    row->note = mc_open_text(txn, report->note);
    row->late = report->late;
    row->times = report->times;
    for (size_t i = 0; i < row->n_scores; i++) {
        if (i < report->n_numerators)
            row->scores[i]->confirmed_numerator = report->numerators[i];
        if (i < report->n_denominators)
            row->scores[i]->confirmed_denominator = report->denominators[i];
    }
}

Dossier__RoundUnit *dossier_round_unit(const struct dossier *dossier, struct mc_txn *txn,
                                       const struct dossier_round *round, const char *unit,
                                       const char *name)
{
    const DossierState__Round *record = round->record;
    Dossier__RoundUnit *row = dossier_alloc(txn, sizeof *row);
    struct dossier_sums sums;

    if (row == NULL)
        return NULL;
    dossier__round_unit__init(row);
    row->unit = mc_unconst(unit);
    row->unit_name = mc_unconst(name);
    row->by_ms = dossier_round_by_ms(record, unit);
    row->scores = dossier_list(txn, record->n_targets);
    if (row->scores == NULL)
        return NULL;
    dossier_round_sums(dossier, txn, record, unit, &sums);
    for (size_t i = 0; i < record->n_targets; i++) {
        Dossier__RoundScore *score = score_of(dossier, txn, record->targets[i], &sums);
        if (score == NULL)
            return NULL;
        row->scores[row->n_scores++] = score;
    }
    const DossierState__RoundReport *report = dossier_round_report(txn, round->id, unit);
    if (report != NULL)
        fill_report(txn, report, row);
    else
        row->overdue = txn->now_ms >= row->by_ms;
    return txn->status == MC_OK ? row : NULL;
}

struct walk {
    const struct dossier *dossier;
    struct mc_txn *txn;
    const struct dossier_round *round;
    const Dossier__GetRoundRequest *req;
    size_t size;
    Dossier__GetRoundReply *rep;
};

static bool is_shown(const struct walk *walk, const char *unit)
{
    const struct mc_caller *caller = walk->txn->caller;

    return (caller->who & MC_OPERATOR) != 0 ||
           (caller->unit != NULL && mc_agency_within(unit, caller->unit));
}

/* False: the page is full, or the call has failed. */
static bool step(const struct walk *walk, const char *unit, const char *name)
{
    Dossier__GetRoundReply *rep = walk->rep;
    bool own = strcmp(unit, walk->round->record->unit) == 0;

    if (!is_shown(walk, unit))
        return true;
    if (walk->req->behind && (own ? walk->round->record->rolled_up
                                  : dossier_round_report(walk->txn, walk->round->id, unit) != NULL))
        return true;
    if (rep->n_units == walk->size) {
        rep->next_page_token = dossier_text(walk->txn, rep->units[walk->size - 1]->unit);
        return false;
    }
    Dossier__RoundUnit *row = dossier_round_unit(walk->dossier, walk->txn, walk->round, unit, name);
    if (row != NULL)
        rep->units[rep->n_units++] = row;
    return row != NULL;
}

/* The place in the catalogue behind the last row; the round's own row is before all. */
static bool begin_of(const struct walk *walk, size_t *ret_begin)
{
    const struct dossier_catalogue *catalogue = &walk->dossier->catalogue;
    const char *token = walk->req->page_token;

    *ret_begin = 0;
    if (token[0] == '\0' || strcmp(token, walk->round->record->unit) == 0)
        return true;
    for (size_t i = 0; i < catalogue->units_len; i++)
        if (strcmp(catalogue->units[i].code, token) == 0) {
            *ret_begin = i + 1;
            return true;
        }
    mc_refuse(walk->txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    return false;
}

enum mc_status dossier_get_round(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__GetRoundRequest *req, Dossier__GetRoundReply *rep)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    struct dossier_round round = {0};
    struct walk walk = {dossier, txn, &round, req, 0, rep};
    size_t begin = 0;

    if (!dossier_round_open(txn, req->round_id, &round) ||
        !dossier_page(txn, req->page_size, &walk.size) || !begin_of(&walk, &begin))
        return txn->status;
    rep->round = dossier_alloc(txn, sizeof *rep->round);
    rep->units = dossier_list(txn, walk.size);
    if (rep->round == NULL || rep->units == NULL)
        return txn->status;
    dossier__round__init(rep->round);
    dossier_round_fill(dossier, txn, &round, rep->round);
    const char *own = round.record->unit;
    const struct dossier_unit *top = dossier_unit_find(catalogue, own);
    bool more = req->page_token[0] != '\0' || step(&walk, own, top != NULL ? top->name : "");
    for (size_t i = begin; i < catalogue->units_len && more && txn->status == MC_OK; i++) {
        const struct dossier_unit *unit = &catalogue->units[i];

        if (strcmp(unit->code, own) != 0 && mc_agency_within(unit->code, own))
            more = step(&walk, unit->code, unit->name);
    }
    return txn->status;
}
