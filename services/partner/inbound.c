/*
 * Sessions of partners that call us: a random token, kept as a hash, for half an hour. A partner
 * has a bounded number of them, in one record; it and its rate are found by the token's first part.
 *
 *     PARTNER_INBOUND: partner id -> Inbound
 *     PARTNER_BUDGETS: "f", blind of the source -> Budget: failures of half an hour
 */
#include "inbound.h"

#include <string.h>

#include "common/json.h"

enum { MINUTE_MS = 60000 };

static PartnerState__Inbound *load(struct mc_txn *txn, const char *partner_id)
{
    return mc_load(txn, PARTNER_INBOUND, mc_key_text(partner_id),
                   &partner_state__inbound__descriptor);
}

static void hash_of(struct mc_txn *txn, const char *token, uint8_t out[MC_HASH_LEN])
{
    struct mc_bytes part = mc_key_text(token);

    mc_mac(out, txn->secrets->mac, "inbound-session", &part, 1);
}

/* The place of the one that ends first, when there is no room for another. */
static size_t place_for(const PartnerState__Inbound *record, int64_t now_ms)
{
    size_t oldest = 0;

    for (size_t i = 0; i < record->n_sessions; i++) {
        if (record->sessions[i]->expires_ms <= now_ms)
            return i;
        if (record->sessions[i]->expires_ms < record->sessions[oldest]->expires_ms)
            oldest = i;
    }
    return record->n_sessions < PARTNER_INBOUND_SESSIONS_MAX ? record->n_sessions : oldest;
}

static void put_session(struct mc_txn *txn, PartnerState__Inbound *record,
                        PartnerState__InboundSession *session)
{
    size_t place = place_for(record, txn->now_ms);
    size_t n = MC_MAX(record->n_sessions, place + 1);
    PartnerState__InboundSession **sessions = mc_alloc(txn->arena, n * sizeof(void *));

    if (sessions == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < record->n_sessions; i++)
        sessions[i] = record->sessions[i];
    sessions[place] = session;
    record->sessions = sessions;
    record->n_sessions = n;
}

char *partner_inbound_session_make(const struct partner *partner, struct mc_txn *txn,
                                   const struct partner_inbound *who)
{
    PartnerState__Inbound fresh = PARTNER_STATE__INBOUND__INIT;
    PartnerState__InboundSession session = PARTNER_STATE__INBOUND_SESSION__INIT;
    uint8_t random[PARTNER_INBOUND_TOKEN_LEN];
    uint8_t hash[MC_HASH_LEN];
    char text[2 * PARTNER_INBOUND_TOKEN_LEN + 1];
    PartnerState__Inbound *record = load(txn, who->partner_id);

    mc_random_fill(txn->random, random, sizeof random);
    (void)mc_hex(text, (struct mc_bytes){random, sizeof random});
    char *token = mc_sprintf(txn->arena, "%s.%s", who->partner_id, text);
    if (token == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    hash_of(txn, token, hash);
    session.hash = (ProtobufCBinaryData){sizeof hash, hash};
    session.expires_ms = txn->now_ms + partner->inbound_life_ms;
    session.unit = mc_unconst(who->unit);
    session.credential =
        (ProtobufCBinaryData){who->credential_id.len, mc_unconst(who->credential_id.data)};
    if (record == NULL)
        record = &fresh;
    put_session(txn, record, &session);
    mc_save(txn, PARTNER_INBOUND, mc_key_text(who->partner_id), &record->base);
    return token;
}

bool partner_inbound_session_find(struct mc_txn *txn, const char *token,
                                  struct partner_inbound *ret_who)
{
    const char *dot = strrchr(token, '.');
    uint8_t hash[MC_HASH_LEN];
    bool found = false;

    if (dot == NULL || strlen(token) >= PARTNER_INBOUND_TOKEN_SIZE)
        return false;
    const char *partner_id = mc_sprintf(txn->arena, "%.*s", (int)(dot - token), token);
    const PartnerState__Inbound *record =
        partner_id != NULL && partner_id[0] != '\0' ? load(txn, partner_id) : NULL;
    hash_of(txn, token, hash);
    for (size_t i = 0; record != NULL && i < record->n_sessions; i++) {
        const PartnerState__InboundSession *session = record->sessions[i];

        if (session->hash.len == sizeof hash && mc_equal(session->hash.data, hash, sizeof hash) &&
            session->expires_ms > txn->now_ms) {
            *ret_who = (struct partner_inbound){partner_id, session->unit,
                                                mc_key_bytes(session->credential)};
            found = partner_inbound_is_live(txn, partner_id, ret_who->credential_id);
        }
    }
    return found && txn->status == MC_OK;
}

bool partner_inbound_may_call(const struct partner *partner, struct mc_txn *txn,
                              const char *partner_id)
{
    PartnerState__Inbound *record = load(txn, partner_id);

    if (record == NULL)
        return false;
    if (record->minute != txn->now_ms / MINUTE_MS)
        record->calls = 0;
    record->minute = txn->now_ms / MINUTE_MS;
    if (record->calls >= partner->inbound_per_minute)
        return false;
    record->calls++;
    mc_save(txn, PARTNER_INBOUND, mc_key_text(partner_id), &record->base);
    return true;
}

/* By source, not by partner: a stranger who guesses at one does not lock it out. */
static struct mc_bytes source_key(struct mc_txn *txn)
{
    return mc_key_join(txn, mc_key_text("f"), mc_blind(txn, "inbound", mc_source(txn)));
}

static PartnerState__Budget *failures(struct mc_txn *txn)
{
    PartnerState__Budget *budget =
        mc_load(txn, PARTNER_BUDGETS, source_key(txn), &partner_state__budget__descriptor);

    return budget != NULL && budget->hour == txn->now_ms / PARTNER_INBOUND_LOCK_MS ? budget : NULL;
}

bool partner_inbound_is_locked(struct mc_txn *txn)
{
    const PartnerState__Budget *budget = failures(txn);

    return budget != NULL && budget->count >= PARTNER_INBOUND_FAILURES_MAX;
}

void partner_inbound_failed(struct mc_txn *txn)
{
    PartnerState__Budget now = PARTNER_STATE__BUDGET__INIT;
    const PartnerState__Budget *before = failures(txn);

    now.hour = txn->now_ms / PARTNER_INBOUND_LOCK_MS;
    now.count = (before != NULL ? before->count : 0) + 1;
    mc_save(txn, PARTNER_BUDGETS, source_key(txn), &now.base);
}

enum mc_status partner_inbound_say(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t http,
                                   const char *error_code, const char *message, const char *session)
{
    struct mc_json_writer writer;
    struct mc_bytes body;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    if (session != NULL) {
        mc_json_key(&writer, "session");
        mc_json_string(&writer, session);
    }
    mc_json_key(&writer, "error_code");
    mc_json_string(&writer, error_code);
    mc_json_key(&writer, "message");
    mc_json_string(&writer, message);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &body) != MC_OK)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->status = http;
    rep->content_type = mc_unconst("application/json; charset=utf-8");
    rep->body = (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
    return txn->status;
}
