#include "common/holds.h"

#include <string.h>

#include "common/retention.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200 };

static const char prefix[] = "hold/";

static struct mc_bytes hold_key(struct mc_txn *txn, const char *key)
{
    return mc_key_join(txn, mc_key_text(prefix), mc_key_text(key));
}

bool mc_held(struct mc_txn *txn, const char *key)
{
    struct mc_bytes value;
    size_t len = strlen(key);

    return len > 0 && len <= MC_HOLD_KEY_MAX &&
           mc_get(txn, MC_TABLE_META, hold_key(txn, key), &value);
}

static bool room_minds(const struct mc_room *room)
{
    for (size_t i = 0; i < room->retention_len; i++)
        if (room->retention[i].sweep != NULL)
            return true;
    return false;
}

/* "kind:id" of the three kinds there are. */
static bool is_business_id(const char *key)
{
    static const char *const kinds[] = {"dossier:", "account:", "payment:"};
    size_t len = strlen(key);

    for (size_t i = 0; i < MC_LEN(kinds); i++)
        if (strncmp(key, kinds[i], strlen(kinds[i])) == 0)
            return len > strlen(kinds[i]) && len <= MC_HOLD_KEY_MAX;
    return false;
}

static void check(const struct mc_service *service, struct mc_txn *txn,
                  const Motcua__AddHoldRequest *req)
{
    if (req->key[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_REQUIRED", "field", "key", NULL);
    else if (!is_business_id(req->key) || !room_minds(service->room))
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_INVALID", "field", "key", NULL);
    mc_reason_check(txn, req->reason);
}

static void emit(const struct mc_service *service, struct mc_txn *txn, const Motcua__Hold *hold,
                 const char *what)
{
    const char *type = mc_sprintf(txn->arena, "%s.hold_%s", service->room->name, what);
    const char *const keys[] = {hold->key, NULL};

    if (type == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, type, &hold->base, MC_SEALED, keys);
}

/* The reason may name people: sealed at rest, like everything that operators write. */
static void save(struct mc_txn *txn, const Motcua__Hold *hold)
{
    uint8_t *packed = mc_alloc(txn->arena, motcua__hold__get_packed_size(hold));

    if (packed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    struct mc_bytes plain = {packed, motcua__hold__pack(hold, packed)};
    mc_put(txn, MC_TABLE_META, hold_key(txn, hold->key), mc_key_bytes(mc_seal_bytes(txn, plain)));
}

static Motcua__Hold *open_hold(struct mc_txn *txn, struct mc_bytes sealed)
{
    struct mc_bytes plain =
        mc_open_bytes(txn, (ProtobufCBinaryData){sealed.len, mc_unconst(sealed.data)});
    Motcua__Hold *hold = txn->status == MC_OK
                             ? motcua__hold__unpack(&txn->arena->protobuf, plain.len, plain.data)
                             : NULL;

    if (hold == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a hold");
    return hold;
}

enum mc_status mc_hold_add(struct mc_service *service, struct mc_txn *txn,
                           const Motcua__AddHoldRequest *req, Motcua__Hold *rep)
{
    struct mc_bytes sealed;

    check(service, txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    if (mc_get(txn, MC_TABLE_META, hold_key(txn, req->key), &sealed)) {
        const Motcua__Hold *now = open_hold(txn, sealed);
        if (now != NULL)
            *rep = *now;
        return txn->status;
    }
    rep->key = req->key;
    rep->reason = req->reason;
    rep->by = mc_unconst(txn->caller->name);
    rep->at_ms = txn->now_ms;
    save(txn, rep);
    emit(service, txn, rep, "added");
    return txn->status;
}

enum mc_status mc_hold_release(struct mc_service *service, struct mc_txn *txn,
                               const Motcua__AddHoldRequest *req, Motcua__Hold *rep)
{
    struct mc_bytes sealed;

    check(service, txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    if (!mc_get(txn, MC_TABLE_META, hold_key(txn, req->key), &sealed))
        return mc_refuse(txn, MC_NOT_FOUND, "key", "NOT_FOUND", NULL);
    const Motcua__Hold *now = open_hold(txn, sealed);
    if (now == NULL)
        return txn->status;
    *rep = *now;
    rep->release_reason = req->reason;
    mc_drop(txn, MC_TABLE_META, hold_key(txn, req->key));
    emit(service, txn, rep, "released");
    return txn->status;
}

enum mc_status mc_hold_list(struct mc_service *service, struct mc_txn *txn,
                            const Motcua__ListHoldsRequest *req, Motcua__ListHoldsReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAGE_DEFAULT;
    struct mc_bytes from = {0};

    (void)service;
    if (size > PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (strlen(req->after) > MC_HOLD_KEY_MAX)
        (void)mc_refuse(txn, MC_INVALID, "after", "FIELD_INVALID", "field", "after", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->holds = mc_alloc(txn->arena, size * sizeof(Motcua__Hold *));
    if (rep->holds == NULL)
        return MC_LIMITED;
    if (req->after[0] != '\0') /* the first key behind it */
        from = mc_key_join(txn, hold_key(txn, req->after), (struct mc_bytes){"", 1});
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_META, mc_key_text(prefix), from, MC_FORWARD);
    while (mc_next(&cursor)) {
        if (rep->n_holds == size) {
            rep->more = true;
            break;
        }
        rep->holds[rep->n_holds] = open_hold(txn, cursor.value);
        if (rep->holds[rep->n_holds] == NULL)
            break;
        rep->n_holds++;
    }
    return txn->status;
}
