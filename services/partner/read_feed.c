/*
 * ReadFeed: the next events of a unit and those below it; waits a moment for one. `last` is how far
 * it looked, which may be behind the last event it tells: others' types were passed over.
 *
 * ReadMemberFeed is the same for a member's system, which has no officer to sign in: its own unit
 * and those below, while its session lasts.
 */
#include "feed.h"
#include "inbound.h"

static void check(struct mc_txn *txn, const Partner__ReadFeedRequest *req)
{
    partner_feed_types_check(txn, req->types, req->n_types);
    if (req->limit > PARTNER_FEED_LIMIT_MAX)
        (void)mc_refuse(txn, MC_INVALID, "limit", "FIELD_INVALID", "field", "limit", NULL);
    if (req->wait_ms > PARTNER_WAIT_MAX_MS)
        (void)mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field",
                        "Thời gian chờ (tối đa 10 giây)", NULL);
}

static void fill(struct mc_txn *txn, const Partner__ReadFeedRequest *req, const char *unit,
                 uint64_t after, Partner__ReadFeedReply *rep)
{
    size_t limit = req->limit != 0 ? req->limit : PARTNER_FEED_LIMIT_DEFAULT;

    rep->last = after;
    rep->events = mc_alloc(txn->arena, limit * sizeof(Partner__FeedEvent *));
    while (rep->events != NULL && rep->n_events < limit) {
        PartnerState__FeedRow *row = NULL;
        uint64_t sequence =
            partner_feed_next(txn, unit, rep->last, req->types, req->n_types, &rep->last, &row);
        Partner__FeedEvent *event = sequence != 0 ? mc_alloc(txn->arena, sizeof *event) : NULL;

        if (event == NULL)
            break;
        partner__feed_event__init(event);
        event->sequence = sequence;
        event->type = row->type;
        event->event = row->event;
        rep->events[rep->n_events++] = event;
    }
    if (txn->arena->full)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

static enum mc_status read(struct mc_txn *txn, const Partner__ReadFeedRequest *req,
                           const char *unit, Partner__ReadFeedReply *rep)
{
    uint64_t last = partner_feed_last(txn);
    if (req->from_now || req->after > last) { /* a sequence that never was: nothing is before it */
        rep->last = last;
        return txn->status;
    }
    uint64_t first = partner_feed_first(txn);
    rep->gap = first > req->after + 1;
    fill(txn, req, unit, rep->gap ? first - 1 : req->after, rep);
    if (rep->n_events == 0 && rep->last == req->after && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    return txn->status;
}

enum mc_status partner_read_feed(struct partner *partner, struct mc_txn *txn,
                                 const Partner__ReadFeedRequest *req, Partner__ReadFeedReply *rep)
{
    (void)partner;
    check(txn, req);
    const char *unit = partner_unit_asked(txn, req->unit);
    if (txn->status != MC_OK || unit == NULL)
        return txn->status;
    return read(txn, req, unit, rep);
}

enum mc_status partner_read_member_feed(struct partner *partner, struct mc_txn *txn,
                                        const Partner__ReadMemberFeedRequest *req,
                                        Partner__ReadFeedReply *rep)
{
    const Partner__ReadFeedRequest whole = PARTNER__READ_FEED_REQUEST__INIT;
    const Partner__ReadFeedRequest *feed = req->feed != NULL ? req->feed : &whole;
    struct partner_inbound who;
    char unit[MC_AGENCY_CODE_SIZE] = "";

    (void)partner;
    if (!partner_inbound_session_find(txn, req->session, &who))
        return txn->status != MC_OK
                   ? txn->status
                   : mc_refuse(txn, MC_UNAUTHENTICATED, "session", "SESSION_INVALID", NULL);
    check(txn, feed);
    if (feed->unit[0] != '\0' && mc_agency_parse(feed->unit, unit, sizeof unit) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
    else if (unit[0] != '\0' && !mc_agency_within(unit, who.unit))
        (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    return read(txn, feed, unit[0] != '\0' ? unit : who.unit, rep);
}
