/* What a handler has at hand besides records: refusals, counters, events, sealing, keys. */
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/envelope.h"
#include "common/messages.h"
#include "common/pack.h"
#include "common/turn.h"

enum mc_status mc_fail(struct mc_txn *txn, enum mc_status status, const char *why)
{
    assert(status != MC_OK);

    if (txn->status == MC_OK) {
        txn->status = status;
        txn->why = why;
    }
    return txn->status;
}

enum { VIOLATION_ARGS_MAX = 8, VIOLATION_TEXT_MAX = 512 };

enum mc_status mc_refuse(struct mc_txn *txn, enum mc_status status, const char *field,
                         const char *code, ...)
{
    const char *args[2 * VIOLATION_ARGS_MAX + 1] = {NULL};
    char text[VIOLATION_TEXT_MAX];
    size_t args_len = 0;
    va_list list;

    va_start(list, code);
    for (const char *arg; args_len < MC_LEN(args) - 1 && (arg = va_arg(list, const char *));)
        args[args_len++] = arg;
    va_end(list);
    (void)mc_message_format(text, sizeof text, code, args);

    if (txn->violations == NULL)
        txn->violations = mc_alloc(txn->arena, MC_VIOLATIONS_MAX * sizeof(Motcua__Violation *));
    Motcua__Violation *violation = mc_alloc(txn->arena, sizeof *violation);
    if (txn->violations != NULL && violation != NULL && txn->violations_len < MC_VIOLATIONS_MAX) {
        motcua__violation__init(violation);
        violation->field = mc_strdup(txn->arena, field);
        violation->code = mc_strdup(txn->arena, code);
        violation->message = mc_strdup(txn->arena, text);
        if (violation->message != NULL)
            txn->violations[txn->violations_len++] = violation;
    }
    return mc_fail(txn, status, code);
}

enum mc_status mc_wait(const struct mc_txn *txn, int64_t wait_ms)
{
    return txn->now_ms - txn->arrived_ms < wait_ms ? MC_WAIT : MC_OK;
}

uint64_t mc_count(struct mc_txn *txn, const char *name)
{
    struct mc_bytes value;
    uint64_t number = 0;
    char key[MC_KEY_MAX];
    int len = snprintf(key, sizeof key, "count/%s", name);

    assert(len > 0 && (size_t)len < sizeof key);
    if (mc_get(txn, MC_TABLE_META, (struct mc_bytes){key, (size_t)len}, &value)) {
        if (value.len != sizeof number)
            (void)mc_fail(txn, MC_CORRUPT, name);
        else
            memcpy(&number, value.data, sizeof number);
    }
    number = htole64(le64toh(number) + 1);
    mc_put(txn, MC_TABLE_META, (struct mc_bytes){key, (size_t)len},
           (struct mc_bytes){&number, sizeof number});
    return txn->status == MC_OK ? le64toh(number) : 0;
}

static size_t list_len(const char *const *list)
{
    size_t len = 0;

    while (list != NULL && list[len] != NULL)
        len++;
    return len;
}

char **mc_list_copy(struct mc_arena *arena, const char *const *list, size_t *ret_len)
{
    size_t len = list_len(list);
    char **copy = mc_alloc(arena, (len + 1) * sizeof *copy);

    *ret_len = 0;
    for (size_t i = 0; copy != NULL && i < len; i++) {
        copy[i] = mc_strdup(arena, list[i]);
        if (copy[i] == NULL)
            return NULL;
        *ret_len = i + 1;
    }
    return copy;
}

void mc_emit(struct mc_txn *txn, const char *type, const ProtobufCMessage *body, enum mc_seal seal,
             const char *const *keys)
{
    size_t len = 0;
    uint8_t *packed = txn->status == MC_OK ? mc_pack(txn->arena, body, 0, &len) : NULL;

    if (len > MC_EVENT_MAX) {
        (void)mc_fail(txn, MC_LIMITED, "event too large");
        packed = NULL;
    }
    struct mc_event_out *out = packed != NULL ? mc_alloc(txn->arena, sizeof *out) : NULL;

    assert(txn->turn != NULL);
    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    motcua__event__init(&out->event);
    out->event.type = mc_unconst(type);
    out->event.at_ms = txn->now_ms;
    out->event.cause = txn->header->request_id;
    out->event.traceparent = txn->header->traceparent;
    out->event.actor = mc_unconst(txn->actor);
    out->event.cause_event = mc_unconst(txn->cause_event);
    out->event.keys = mc_list_copy(txn->arena, keys, &out->event.n_keys);
    out->event.body = (ProtobufCBinaryData){len, packed};
    out->event.sealed = seal == MC_SEALED;
    if (out->event.sealed)
        out->event.body = mc_seal_bytes(txn, (struct mc_bytes){packed, len});
    if (out->event.keys == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");

    if (txn->events_last != NULL)
        txn->events_last->next = out;
    else
        txn->events = out;
    txn->events_last = out;
}

static const struct mc_bytes seal_ad = {"motcua record", 13};

ProtobufCBinaryData mc_seal_bytes(struct mc_txn *txn, struct mc_bytes plain)
{
    size_t len = mc_sealed_len(plain.len);
    uint8_t *out = txn->status == MC_OK ? mc_alloc(txn->arena, len) : NULL;

    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (ProtobufCBinaryData){0};
    }
    mc_seal(&txn->secrets->seal, txn->random, seal_ad, plain, out);
    return (ProtobufCBinaryData){len, out};
}

struct mc_bytes mc_open_bytes(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    size_t len = 0;

    if (txn->status != MC_OK || sealed.len == 0) /* a field that was never set */
        return (struct mc_bytes){0};
    uint8_t *out = mc_alloc(txn->arena, sealed.len);
    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    if (mc_unseal(&txn->secrets->seal, seal_ad, (struct mc_bytes){sealed.data, sealed.len}, out,
                  &len) != MC_OK) {
        (void)mc_fail(txn, MC_CORRUPT, "a sealed value does not open");
        return (struct mc_bytes){0};
    }
    out[len] = '\0';
    return (struct mc_bytes){out, len};
}

ProtobufCBinaryData mc_seal_text(struct mc_txn *txn, const char *plain)
{
    return mc_seal_bytes(txn, mc_key_text(plain));
}

char *mc_open_text(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);

    return plain.data != NULL ? mc_unconst(plain.data) : mc_unconst("");
}

struct mc_bytes mc_keep(struct mc_txn *txn, const void *data, size_t len)
{
    struct mc_bytes copy = mc_copy(txn->arena, data, len);

    if (copy.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy;
}

struct mc_bytes mc_blind(struct mc_txn *txn, const char *purpose, const char *text)
{
    uint8_t mac[MC_HASH_LEN];
    struct mc_bytes part = mc_key_text(text);

    mc_mac(mac, txn->secrets->blind, purpose, &part, 1);
    return mc_keep(txn, mac, 16);
}

const char *mc_source(struct mc_txn *txn)
{
    const char *name = txn->caller->name != NULL ? txn->caller->name : "";
    const char *source = mc_sprintf(txn->arena, "%s %s", name, txn->header->source);

    if (source == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return source != NULL && txn->status == MC_OK ? source : "";
}

struct mc_bytes mc_new_id(struct mc_txn *txn)
{
    uint8_t id[MC_ID_LEN];

    mc_store_id(txn->store, id, txn->now_ms, txn->random);
    return mc_keep(txn, id, sizeof id);
}

struct mc_bytes mc_key_u64(struct mc_txn *txn, uint64_t number)
{
    uint64_t big = htobe64(number);

    return mc_keep(txn, &big, sizeof big);
}

struct mc_bytes mc_key_join(struct mc_txn *txn, struct mc_bytes a, struct mc_bytes b)
{
    uint8_t *key = mc_alloc(txn->arena, a.len + b.len);

    if (key == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    if (a.len > 0)
        memcpy(key, a.data, a.len);
    if (b.len > 0)
        memcpy(key + a.len, b.data, b.len);
    return (struct mc_bytes){key, a.len + b.len};
}
