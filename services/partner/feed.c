/*
 * The feed's rows, and how they are made of other rooms' events.
 *
 *     PARTNER_FEED:       sequence (8) -> FeedRow
 *     PARTNER_FEED_UNITS: unit or one above it, NUL ‖ sequence (8) -> nothing
 *
 * CloudEvents 1.0.2 in structured JSON: `id` is the other room's name and place in its journal, so
 * a reader that is told twice knows; `sequence` is the feed's own order (the extension of that
 * name).
 */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/json.h"
#include "common/retention.h"

static const char *const known_types[] = {
    "motcua.dossier.sent",
    "motcua.dossier.accepted",
    "motcua.dossier.advanced",
    "motcua.dossier.supplemented",
    "motcua.dossier.paid",
    "motcua.dossier.refunded",
    "motcua.payment.order_created",
    "motcua.payment.paid",
    "motcua.payment.refunded",
    "motcua.payment.order_expired",
    "motcua.payment.order_cancelled",
};

bool partner_feed_wants(char *const *types, size_t len, const char *type)
{
    for (size_t i = 0; i < len; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return len == 0;
}

void partner_feed_types_check(struct mc_txn *txn, char *const *types, size_t len)
{
    if (len > PARTNER_FEED_TYPES_MAX)
        (void)mc_refuse(txn, MC_INVALID, "types", "LIST_TOO_LONG", NULL);
    for (size_t i = 0; i < len && i < PARTNER_FEED_TYPES_MAX; i++) {
        const char *field = mc_sprintf(txn->arena, "types[%zu]", i);
        bool known = false;

        for (size_t k = 0; k < MC_LEN(known_types); k++)
            known = known || strcmp(types[i], known_types[k]) == 0;
        if (!known)
            (void)mc_refuse(txn, MC_INVALID, field != NULL ? field : "types", "FIELD_INVALID",
                            "field", "Loại sự kiện", NULL);
    }
}

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void time_pair(struct mc_json_writer *writer, const char *name, int64_t at_ms)
{
    char text[MC_RFC3339_SIZE];

    if (at_ms == 0)
        return;
    mc_time_format_rfc3339(text, sizeof text, at_ms);
    pair(writer, name, text);
}

/* The envelope up to its open `data` object. */
static void begin(struct mc_json_writer *writer, struct mc_txn *txn, const Motcua__Event *event,
                  const char *type, const char *subject, uint64_t sequence)
{
    mc_json_begin(writer, txn->arena);
    mc_json_object(writer);
    pair(writer, "specversion", "1.0");
    pair(writer, "id", mc_sprintf(txn->arena, "%s/%" PRIu64, event->room, event->seq));
    pair(writer, "source", mc_sprintf(txn->arena, "/%s", event->room));
    pair(writer, "type", type);
    time_pair(writer, "time", event->at_ms);
    pair(writer, "subject", subject);
    /* an extension's integers end at 2^31: a sequence is text, padded so that text orders it */
    pair(writer, "sequence", mc_sprintf(txn->arena, "%020" PRIu64, sequence));
    pair(writer, "traceparent", event->traceparent);
    pair(writer, "datacontenttype", "application/json");
    mc_json_key(writer, "data");
    mc_json_object(writer);
}

static void put(struct mc_txn *txn, const Motcua__Event *event, const char *type, const char *unit,
                uint64_t sequence, struct mc_json_writer *writer)
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    PartnerState__FeedRow row = PARTNER_STATE__FEED_ROW__INIT;
    struct mc_bytes json = {0};
    struct mc_bytes key = mc_key_u64(txn, sequence);

    mc_json_end(writer);
    mc_json_end(writer);
    if (mc_json_finish(writer, &json) != MC_OK) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    row.type = mc_unconst(type);
    row.at_ms = event->at_ms;
    row.unit = mc_unconst(unit);
    row.event = (ProtobufCBinaryData){json.len, mc_unconst(json.data)};
    mc_save(txn, PARTNER_FEED, key, &row.base);
    size_t n = mc_unit_places(unit, places);
    for (size_t i = 0; i < n; i++)
        mc_put(txn, PARTNER_FEED_UNITS,
               mc_key_join(txn, (struct mc_bytes){places[i], strlen(places[i]) + 1}, key),
               (struct mc_bytes){0});
    partner_webhooks_wake(txn, unit);
}

static const char *type_of(struct mc_txn *txn, const Motcua__Event *event)
{
    const char *type = mc_sprintf(txn->arena, "motcua.%s", event->type);

    if (type == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return type;
}

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    return found != NULL && value != 0 ? found->name : "";
}

/* Reasons stay inside: officers write names into them. */
enum mc_status partner_feed_dossier(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__Event *event, const Dossier__Changed *body)
{
    struct mc_json_writer writer;
    const char *type = type_of(txn, event);
    uint64_t sequence = mc_count(txn, "feed");

    (void)partner;
    if (type == NULL || txn->status != MC_OK)
        return txn->status;
    begin(&writer, txn, event, type, body->code, sequence);
    pair(&writer, "code", body->code);
    pair(&writer, "from", enum_name(&dossier__state__descriptor, (int)body->from));
    pair(&writer, "to", enum_name(&dossier__state__descriptor, (int)body->to));
    pair(&writer, "procedureCode", body->procedure_code);
    pair(&writer, "unit", body->unit);
    time_pair(&writer, "dueAt", body->due_at_ms);
    put(txn, event, type, body->unit, sequence, &writer);
    return txn->status;
}

enum mc_status partner_feed_payment(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__Event *event, const Payment__OrderChanged *body)
{
    struct mc_json_writer writer;
    const char *type = type_of(txn, event);
    uint64_t sequence = mc_count(txn, "feed");

    (void)partner;
    if (type == NULL || txn->status != MC_OK)
        return txn->status;
    begin(&writer, txn, event, type, body->dossier_code, sequence);
    pair(&writer, "dossierCode", body->dossier_code);
    pair(&writer, "state", enum_name(&payment__order_state__descriptor, (int)body->state));
    mc_json_key(&writer, "amount");
    mc_json_int(&writer, body->amount);
    pair(&writer, "unit", body->unit);
    put(txn, event, type, body->unit, sequence, &writer);
    return txn->status;
}

static uint64_t sequence_of(const void *key)
{
    const uint8_t *at = key;
    uint64_t number = 0;

    for (size_t i = 0; i < PARTNER_SEQUENCE_LEN; i++)
        number = number << 8 | at[i];
    return number;
}

static uint64_t edge_of(struct mc_txn *txn, enum mc_direction direction)
{
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_FEED, (struct mc_bytes){0}, (struct mc_bytes){0}, direction);

    return mc_next(&cursor) ? sequence_of(cursor.key.data) : 0;
}

uint64_t partner_feed_last(struct mc_txn *txn)
{
    return edge_of(txn, MC_BACKWARD);
}

uint64_t partner_feed_first(struct mc_txn *txn)
{
    return edge_of(txn, MC_FORWARD);
}

uint64_t partner_feed_next(struct mc_txn *txn, const char *unit, uint64_t after, char *const *types,
                           size_t types_len, uint64_t *ret_looked, PartnerState__FeedRow **ret_row)
{
    struct mc_bytes prefix = {unit, strlen(unit) + 1};
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_FEED_UNITS, prefix,
                mc_key_join(txn, prefix, mc_key_u64(txn, after + 1)), MC_FORWARD);

    *ret_looked = after;
    for (unsigned n = 0; n < PARTNER_FEED_LOOK_MAX && mc_next(&cursor); n++) {
        if (cursor.key.len != prefix.len + PARTNER_SEQUENCE_LEN)
            break;
        uint64_t sequence = sequence_of((const uint8_t *)cursor.key.data + prefix.len);
        PartnerState__FeedRow *row = mc_load(txn, PARTNER_FEED, mc_key_u64(txn, sequence),
                                             &partner_state__feed_row__descriptor);
        *ret_looked = sequence;
        if (row != NULL && partner_feed_wants(types, types_len, row->type)) {
            *ret_row = row;
            return sequence;
        }
        mc_pass(&cursor);
    }
    return 0;
}

static void drop_row(struct mc_txn *txn, struct mc_bytes key, const char *unit)
{
    char places[MC_UNITS_DEPTH_MAX][MC_AGENCY_CODE_SIZE];
    size_t n = mc_unit_places(unit, places);

    for (size_t i = 0; i < n; i++)
        mc_drop(txn, PARTNER_FEED_UNITS,
                mc_key_join(txn, (struct mc_bytes){places[i], strlen(places[i]) + 1}, key));
    mc_drop(txn, PARTNER_FEED, key);
}

/* The newest row stays whatever its age: the sequence that readers go on from. */
void partner_feed_tick(const struct partner *partner, struct mc_txn *txn)
{
    uint64_t last = partner_feed_last(txn);
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_FEED, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (unsigned n = 0; n < PARTNER_FEED_TICK_ROWS && mc_next(&cursor); n++) {
        const PartnerState__FeedRow *row = mc_row(&cursor, &partner_state__feed_row__descriptor);

        if (row == NULL || row->at_ms > txn->now_ms - partner->feed_life_ms ||
            sequence_of(cursor.key.data) == last)
            break;
        drop_row(txn, cursor.key, row->unit);
        gone++;
    }
    mc_retention_count(txn, "events", gone);
}
