/*
 * ListCounted: the dossiers behind a number: those of one unit, or of one of its officers, that
 * counted as something in a month. RUNNING_LATE looks at all that went late until then. A page
 * looks at a bounded number of rows, so it may be short though more follow.
 */
#include <string.h>

#include "indicators.h"

enum { ROWS_SEEN_MAX = 5000, TAIL = 2 + MC_ID_LEN };

struct wish {
    enum dossier_tally tally;
    enum dossier_fact_kind kind;
    uint32_t month;
};

static enum dossier_fact_kind kind_of(enum dossier_tally tally)
{
    if (tally <= DOSSIER_TALLY_VERIFIED)
        return DOSSIER_FACT_RECEIVED;
    return tally >= DOSSIER_TALLY_WENT_LATE ? DOSSIER_FACT_LATE : DOSSIER_FACT_ENDED;
}

static uint64_t value_of(struct mc_bytes bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | ((const uint8_t *)bytes.data)[i];
    return value;
}

static bool fits(const struct wish *wish, uint32_t month, uint64_t value)
{
    if (wish->tally == DOSSIER_TALLY_RUNNING_LATE)
        return value == 0 || value > wish->month; /* of what went late: the month it ended in */
    if (wish->tally == DOSSIER_TALLY_LATE_ENDED)
        return value == wish->month;
    if (month != wish->month)
        return false;
    return wish->kind == DOSSIER_FACT_LATE || (value >> wish->tally & 1) != 0;
}

static bool add(const struct dossier *dossier, struct mc_txn *txn, const uint8_t *id,
                Dossier__ListCountedReply *rep)
{
    const DossierState__Dossier *record =
        dossier_indexed(txn, mc_keep(txn, id, MC_ID_LEN), "facts index");

    if (record == NULL)
        return false;
    Dossier__DossierSummary *row = dossier_summary(dossier, txn, record, DOSSIER_BY_OFFICER);
    if (row == NULL)
        return false;
    rep->dossiers[rep->n_dossiers++] = row;
    return true;
}

/* What went late may have done so in any month until then; the rest lies in its month. */
static void walk(const struct dossier *dossier, struct mc_txn *txn, const struct wish *wish,
                 struct dossier_page *page, Dossier__ListCountedReply *rep)
{
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_FACTS, page->prefix, page->from, MC_FORWARD);
    size_t own = page->prefix.len;

    for (size_t seen = 0; txn->status == MC_OK && mc_next(&cursor); seen++) {
        const uint8_t *tail = (const uint8_t *)cursor.key.data + own;

        if (cursor.key.len != own + TAIL)
            return;
        uint32_t month = (uint32_t)tail[0] << 8 | tail[1];
        if (month > wish->month)
            return;
        if (rep->n_dossiers == page->size || seen == ROWS_SEEN_MAX) {
            dossier_page_at(txn, page, cursor.key);
            rep->next_page_token = page->last;
            return;
        }
        if (!fits(wish, month, value_of(cursor.value)))
            mc_pass(&cursor);
        else if (!add(dossier, txn, tail + 2, rep))
            return;
    }
}

enum mc_status dossier_list_counted(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListCountedRequest *req,
                                    Dossier__ListCountedReply *rep)
{
    struct dossier_page page;
    struct wish wish = {.tally = DOSSIER_TALLY_NONE};
    const char *unit = dossier_unit_of_caller(txn, req->unit);
    const char *officer = unit != NULL ? dossier_officer_read(txn, req->officer) : NULL;

    if (officer == NULL)
        return txn->status;
    if (!dossier_tally_parse(req->counted_as, &wish.tally) || wish.tally == DOSSIER_TALLY_TOTAL)
        return mc_refuse(txn, MC_INVALID, "counted_as", "FIELD_INVALID", "field", "counted_as",
                         NULL);
    if (!dossier_month_parse(req->month, &wish.month))
        return mc_refuse(txn, MC_INVALID, "month", "MONTH_INVALID", NULL);
    wish.kind = kind_of(wish.tally);
    struct mc_bytes prefix = dossier_fact_prefix(txn, unit, officer, wish.kind);
    if (!dossier_page_of(txn, prefix, TAIL, req->page_size, req->page_token, &page))
        return txn->status;
    if (page.from.len == 0 && wish.kind != DOSSIER_FACT_LATE) {
        uint8_t month[2] = {(uint8_t)(wish.month >> 8), (uint8_t)wish.month};
        page.from = mc_key_join(txn, prefix, mc_keep(txn, month, sizeof month));
    }
    rep->dossiers = dossier_list(txn, page.size);
    if (rep->dossiers != NULL)
        walk(dossier, txn, &wish, &page, rep);
    return txn->status;
}
