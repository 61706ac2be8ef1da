/*
 * Answers: the same request id is the same call, for ever.
 *
 * Key: class (1) ‖ request id (16) ‖ caller (8). Class 0 are UUIDv7 ids, which order by time:
 * neighbours on disk, and the old end can be cut. After MC_ANSWER_LIFE_MS the stored reply is
 * gone, and an id that old is refused rather than run a second time. Class 1 are other ids (a
 * client's own idempotency key, hashed by the gateway); they are pruned by their stored time.
 */
#include <string.h>

#include "common/retention.h"

enum { ANSWER_KEY_LEN = 25, CALLER_LEN = 8 };

/* Those who call for themselves are few and call all the time: the last one is remembered. */
static void caller_hash(const struct mc_caller *caller, uint8_t ret_hash[CALLER_LEN])
{
    static _Thread_local struct {
        char name[64];
        uint8_t hash[CALLER_LEN];
    } last;
    const char *account = caller->account_id != NULL ? caller->account_id : "";
    struct mc_bytes parts[] = {mc_key_text(caller->name), {"", 1}, mc_key_text(account)};
    bool remembers = account[0] == '\0' && parts[0].len > 0 && parts[0].len < sizeof last.name;
    uint8_t hash[MC_HASH_LEN];

    if (remembers && strcmp(last.name, caller->name) == 0) {
        memcpy(ret_hash, last.hash, CALLER_LEN);
        return;
    }
    mc_hash_parts(hash, parts, MC_LEN(parts));
    memcpy(ret_hash, hash, CALLER_LEN);
    if (remembers) {
        memcpy(last.name, caller->name, parts[0].len + 1);
        memcpy(last.hash, hash, CALLER_LEN);
    }
}

static struct mc_bytes answer_key(struct mc_txn *txn, const struct mc_call *call)
{
    uint8_t key[ANSWER_KEY_LEN];
    int64_t made_ms = 0;

    key[0] = mc_uuid7_time(call->head->request_id.data, &made_ms) ? 0 : 1;
    memcpy(key + 1, call->head->request_id.data, MC_ID_LEN);
    caller_hash(&call->caller, key + 1 + MC_ID_LEN);
    return mc_keep(txn, key, sizeof key);
}

/* Keyed: a body may hold a password, and a plain hash of it could be guessed at leisure. */
static void request_hash(const struct mc_txn *txn, const struct mc_call *call,
                         uint8_t hash[MC_HASH_LEN])
{
    struct mc_bytes parts[] = {mc_key_text(call->method->name), call->body};

    mc_mac(hash, txn->secrets->mac, "answer", parts, MC_LEN(parts));
}

bool mc_answer_timely(struct mc_txn *txn, const struct mc_call *call)
{
    int64_t made_ms = 0;

    if (!mc_uuid7_time(call->head->request_id.data, &made_ms))
        return true;
    if (made_ms > txn->now_ms + MC_CLOCK_SKEW_MS)
        return mc_refuse(txn, MC_INVALID, "request_id", "REQUEST_ID_INVALID", NULL) == MC_OK;
    if (made_ms < txn->now_ms - MC_ANSWER_LIFE_MS)
        return mc_refuse(txn, MC_EXPIRED, "request_id", "REQUEST_TOO_OLD", NULL) == MC_OK;
    return true;
}

enum mc_answered mc_answer_find(struct mc_txn *txn, struct mc_call *call, struct mc_bytes *ret_body)
{
    uint8_t hash[MC_HASH_LEN];

    call->answer_key = answer_key(txn, call);
    const Motcua__Answer *answer =
        mc_load(txn, MC_TABLE_ANSWERS, call->answer_key, &motcua__answer__descriptor);

    if (txn->status != MC_OK)
        return MC_ANSWERED_REFUSED;
    if (answer == NULL)
        return mc_answer_timely(txn, call) ? MC_ANSWERED_NOT : MC_ANSWERED_REFUSED;

    request_hash(txn, call, hash);
    if (answer->request_hash.len != MC_ID_LEN ||
        memcmp(answer->request_hash.data, hash, MC_ID_LEN) != 0) {
        (void)mc_refuse(txn, MC_CONFLICT, "request_id", "REQUEST_REUSED", NULL);
        return MC_ANSWERED_REFUSED;
    }
    *ret_body = answer->sealed ? mc_open_bytes(txn, answer->body) : mc_key_bytes(answer->body);
    return txn->status == MC_OK ? MC_ANSWERED_BEFORE : MC_ANSWERED_REFUSED;
}

void mc_answer_keep(struct mc_txn *txn, const struct mc_call *call, struct mc_bytes body)
{
    Motcua__Answer answer = MOTCUA__ANSWER__INIT;
    uint8_t hash[MC_HASH_LEN];

    request_hash(txn, call, hash);
    answer.request_hash = (ProtobufCBinaryData){MC_ID_LEN, hash};
    answer.sealed = call->method->route->mode == MC_WRITE_SECRET;
    answer.body = answer.sealed ? mc_seal_bytes(txn, body)
                                : (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
    answer.at_ms = txn->now_ms;
    mc_save(txn, MC_TABLE_ANSWERS, call->answer_key, &answer.base);
}

static bool answer_is_old(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const uint8_t *key = cursor->key.data;
    int64_t made_ms = 0;

    if (key[0] == 0)
        return !mc_uuid7_time(key + 1, &made_ms) || made_ms < txn->now_ms - MC_ANSWER_LIFE_MS;
    const Motcua__Answer *answer = mc_row(cursor, &motcua__answer__descriptor);
    return answer != NULL && answer->at_ms < txn->now_ms - MC_ANSWER_LIFE_MS;
}

/* Drops the row without keeping the reply in memory: replies may be large, and rows many. */
static void drop_current(struct mc_txn *txn, struct mc_cursor *cursor)
{
    mc_pass(cursor);
    mc_drop(txn, MC_TABLE_ANSWERS, (struct mc_bytes){cursor->place, cursor->place_len});
}

/* Time-ordered ids: from the old end until one is young. */
static bool prune_ordered(struct mc_txn *txn, size_t max)
{
    static const uint8_t class = 0;
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_ANSWERS, (struct mc_bytes){&class, 1},
                                      (struct mc_bytes){0}, MC_FORWARD);

    size_t n = 0;

    while (n < max && mc_next(&cursor) && answer_is_old(txn, &cursor)) {
        n++;
        drop_current(txn, &cursor);
    }
    mc_retention_count(txn, "answers", n);
    return n == max;
}

/* Other ids: a slow walk round and round, from where the last step ended. */
static void prune_others(struct mc_txn *txn, size_t max)
{
    static const uint8_t class = 1;
    struct mc_bytes place_key = mc_key_text("prune/answers");
    struct mc_bytes from = {0};
    uint64_t gone = 0;
    size_t n = 0;

    (void)mc_get(txn, MC_TABLE_META, place_key, &from);
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_ANSWERS, (struct mc_bytes){&class, 1}, from, MC_FORWARD);
    while (n < max && mc_next(&cursor)) {
        n++;
        if (answer_is_old(txn, &cursor)) {
            drop_current(txn, &cursor);
            gone++;
        } else {
            mc_pass(&cursor);
        }
    }
    mc_retention_count(txn, "answers", gone);
    if (n == max)
        mc_put(txn, MC_TABLE_META, place_key, (struct mc_bytes){cursor.place, cursor.place_len});
    else if (from.len > 0)
        mc_drop(txn, MC_TABLE_META, place_key);
}

bool mc_answers_prune(struct mc_txn *txn, size_t max)
{
    bool more = prune_ordered(txn, max);

    prune_others(txn, 64);
    return more;
}
