/*
 * ListUnit: the work of a unit and of the units below it, newest first.
 *
 * The index is ordered by unit, state and dossier; each pair of unit and state is a stream, and
 * the streams are merged by dossier id, which grows with time.
 */
#include <string.h>

#include "dossier.h"

struct stream {
    struct mc_cursor cursor;
    struct mc_bytes id; /* of its present row; empty when it has no more */
};

struct streams {
    struct stream *rows;
    size_t len;
};

static void step(struct stream *stream)
{
    size_t prefix = stream->cursor.prefix.len;

    stream->id = (struct mc_bytes){NULL, 0};
    if (!mc_next(&stream->cursor) || stream->cursor.key.len != prefix + MC_ID_LEN)
        return;
    const uint8_t *key = stream->cursor.key.data;
    stream->id = (struct mc_bytes){key + prefix, MC_ID_LEN};
}

static void add_stream(struct mc_txn *txn, struct streams *streams, const char *unit,
                       Dossier__State state, struct mc_bytes before)
{
    struct mc_bytes prefix = dossier_unit_prefix(txn, unit, state);
    struct mc_bytes from = before.len > 0 ? mc_key_join(txn, prefix, before) : before;

    if (streams->len == DOSSIER_STREAMS_MAX) {
        mc_refuse(txn, MC_INVALID, "unit", "LIST_TOO_WIDE", NULL);
        return;
    }
    struct stream *stream = &streams->rows[streams->len++];
    stream->cursor = mc_seek(txn, DOSSIER_UNITS, prefix, from, MC_BACKWARD);
    step(stream);
}

static struct streams open_streams(const struct dossier *dossier, struct mc_txn *txn,
                                   const char *ancestor, Dossier__State state,
                                   struct mc_bytes before)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    Dossier__State first = state != DOSSIER__STATE__DRAFT ? state : DOSSIER__STATE__NEW;
    Dossier__State last = state != DOSSIER__STATE__DRAFT ? state : DOSSIER__STATE__RETURNED;
    struct streams streams = {.rows =
                                  dossier_alloc(txn, DOSSIER_STREAMS_MAX * sizeof streams.rows[0])};

    if (streams.rows == NULL)
        return streams;
    for (size_t i = 0; i < catalogue->units_len && txn->status == MC_OK; i++) {
        const char *unit = catalogue->units[i].code;

        if (!mc_agency_within(unit, ancestor))
            continue;
        for (unsigned at = first; at <= (unsigned)last && txn->status == MC_OK; at++)
            add_stream(txn, &streams, unit, (Dossier__State)at, before);
    }
    return streams;
}

static struct stream *newest(const struct streams *streams)
{
    struct stream *best = NULL;

    for (size_t i = 0; i < streams->len; i++) {
        struct stream *stream = &streams->rows[i];

        if (stream->id.len == MC_ID_LEN &&
            (best == NULL || memcmp(stream->id.data, best->id.data, MC_ID_LEN) > 0))
            best = stream;
    }
    return best;
}

/* Received by one unit for another, it stands in the streams of both. */
static void pass(const struct streams *streams, struct mc_bytes id)
{
    for (size_t i = 0; i < streams->len; i++)
        if (streams->rows[i].id.len == MC_ID_LEN &&
            memcmp(streams->rows[i].id.data, id.data, MC_ID_LEN) == 0)
            step(&streams->rows[i]);
}

static bool add_row(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id,
                    Dossier__ListReply *rep)
{
    const DossierState__Dossier *record = dossier_indexed(txn, id, "units index");

    if (record == NULL)
        return false;
    Dossier__DossierSummary *row = dossier_summary(dossier, txn, record, DOSSIER_BY_OFFICER);
    if (row == NULL)
        return false;
    rep->dossiers[rep->n_dossiers++] = row;
    return true;
}

/* The officer's own unit, or one below it; others do not exist for him. */
static const char *unit_of(struct mc_txn *txn, const char *text)
{
    char code[MC_AGENCY_CODE_SIZE];
    const char *own = txn->caller->unit;

    if (own == NULL || own[0] == '\0') {
        mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
        return NULL;
    }
    if (text[0] == '\0')
        return own;
    if (mc_agency_parse(text, code, sizeof code) != MC_WHY_OK) {
        mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
        return NULL;
    }
    if (!mc_agency_within(code, own)) {
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
        return NULL;
    }
    return dossier_text(txn, code);
}

enum mc_status dossier_list_unit(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListUnitRequest *req, Dossier__ListReply *rep)
{
    size_t size = 0;
    struct mc_bytes before;
    const char *unit = unit_of(txn, req->unit);

    if (unit == NULL || !dossier_page(txn, req->page_size, &size) ||
        !dossier_token(txn, req->page_token, &before))
        return txn->status;
    rep->dossiers = dossier_list(txn, size);
    if (rep->dossiers == NULL)
        return txn->status;

    struct streams streams = open_streams(dossier, txn, unit, req->state, before);
    for (struct stream *next; txn->status == MC_OK && (next = newest(&streams)) != NULL;) {
        if (rep->n_dossiers == size) {
            rep->next_page_token = dossier_token_text(txn, rep->dossiers[size - 1]->dossier_id);
            break;
        }
        struct mc_bytes id = mc_keep(txn, next->id.data, next->id.len);
        if (id.len == 0 || !add_row(dossier, txn, id, rep))
            break;
        pass(&streams, id);
    }
    return txn->status;
}
