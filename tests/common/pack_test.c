/* Messages in one pass: what is written is what protobuf-c writes, what is read what it reads. */
#include <string.h>

#include "common/crypto.h"
#include "common/pack.h"
#include "common/unpack.h"

#include "dossier.pb-c.h"
#include "envelope.pb-c.h"
#include "otp.pb-c.h"
#include "room.pb-c.h"

#include "../harness.h"

enum { ROUNDS = 400, DEPTH = 3, LIST_MAX = 4, TEXT_MAX = 300, ARENA = 64 << 20, HURTS = 20 };

static struct mc_random rng;

/* Often nothing, often small, sometimes as large or as negative as it gets. */
static uint64_t any_number(void)
{
    static const uint64_t edges[] = {0x7f, 0x80, 0x3fff, 0x4000, UINT32_MAX, UINT64_MAX, 1};
    uint64_t kind = mc_random_below(&rng, 4);
    uint64_t number = 0;

    if (kind == 0)
        return 0;
    if (kind == 1)
        return edges[mc_random_below(&rng, MC_LEN(edges))];
    mc_random_fill(&rng, &number, sizeof number);
    return number >> mc_random_below(&rng, 64);
}

static char *any_text(struct mc_arena *arena)
{
    size_t len = (size_t)mc_random_below(&rng, 3) * (size_t)mc_random_below(&rng, TEXT_MAX);
    char *text = mc_alloc(arena, len + 1);

    assert_non_null(text);
    memset(text, 'a', len);
    return text;
}

static ProtobufCMessage *any_message(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                     unsigned depth);

static void fill_one(struct mc_arena *arena, const ProtobufCFieldDescriptor *field, void *value,
                     unsigned depth)
{
    uint64_t number = any_number();

    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)value = number % 2 == 1;
        break;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(value, &number, sizeof(uint32_t));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        memcpy(value, &number, sizeof number);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)value = (double)(int64_t)number / 3;
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)value = any_text(arena);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)value = (ProtobufCBinaryData){.data = (uint8_t *)any_text(arena)};
        ((ProtobufCBinaryData *)value)->len = strlen((char *)((ProtobufCBinaryData *)value)->data);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)value =
            depth > 0 ? any_message(arena, field->descriptor, depth - 1) : NULL;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
        fail_msg("a kind of field that no message of ours had: %s", field->name);
    }
}

static size_t size_of(ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_BOOL)
        return sizeof(protobuf_c_boolean);
    if (type == PROTOBUF_C_TYPE_ENUM || type == PROTOBUF_C_TYPE_UINT32)
        return sizeof(uint32_t);
    return type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(uint64_t);
}

static ProtobufCMessage *any_message(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                     unsigned depth)
{
    uint8_t *base = mc_alloc(arena, type->sizeof_message);

    assert_non_null(base);
    protobuf_c_message_init(type, base);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            fill_one(arena, field, base + field->offset, depth);
            continue;
        }
        /* protobuf-c cannot pack a list that holds no message where one should be */
        bool nests = field->type == PROTOBUF_C_TYPE_MESSAGE;
        size_t n = nests && depth == 0 ? 0 : (size_t)mc_random_below(&rng, LIST_MAX);
        uint8_t *items = mc_alloc(arena, (n + 1) * size_of(field->type));
        assert_non_null(items);
        for (size_t j = 0; j < n; j++)
            fill_one(arena, field, items + j * size_of(field->type), depth);
        memcpy(base + field->quantifier_offset, &n, sizeof n);
        memcpy(base + field->offset, &items, sizeof items);
    }
    return (void *)base;
}

static void assert_same(struct mc_arena *arena, const ProtobufCMessage *message)
{
    size_t expected_len = protobuf_c_message_get_packed_size(message);
    uint8_t *expected = mc_alloc(arena, expected_len);
    size_t len = 0;
    uint8_t *packed = mc_pack(arena, message, 9, &len);

    assert_non_null(expected);
    assert_non_null(packed);
    (void)protobuf_c_message_pack(message, expected);
    assert_int_equal(len, expected_len);
    assert_memory_equal(packed + 9, expected, len);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(packed[i], 0);
}

/* Read by both, and written again by protobuf-c: the same bytes, or nothing for both. */
static void assert_reads_the_same(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                  struct mc_bytes wire)
{
    const ProtobufCMessage *theirs =
        protobuf_c_message_unpack(type, &arena->protobuf, wire.len, wire.data);
    const ProtobufCMessage *ours = mc_unpack_message(arena, type, wire);

    assert_int_equal(theirs != NULL, ours != NULL);
    if (theirs == NULL)
        return;
    size_t len = protobuf_c_message_get_packed_size(theirs);
    uint8_t *again = mc_alloc(arena, len);
    uint8_t *expected = mc_alloc(arena, len);
    assert_non_null(again);
    assert_non_null(expected);
    assert_int_equal(protobuf_c_message_get_packed_size(ours), len);
    (void)protobuf_c_message_pack(theirs, expected);
    (void)protobuf_c_message_pack(ours, again);
    assert_memory_equal(again, expected, len);
}

static void assert_round(struct mc_arena *arena, const ProtobufCMessage *message)
{
    size_t len = 0;
    uint8_t *packed = mc_pack(arena, message, 0, &len);

    assert_non_null(packed);
    assert_reads_the_same(arena, message->descriptor, (struct mc_bytes){packed, len});
    for (size_t i = 0; i < HURTS && len > 0; i++) { /* cut off, and with a byte that is another */
        size_t cut = (size_t)mc_random_below(&rng, len);
        uint8_t *hurt = mc_alloc(arena, len);
        assert_non_null(hurt);
        memcpy(hurt, packed, len);
        hurt[mc_random_below(&rng, len)] ^= (uint8_t)(1 + mc_random_below(&rng, 255));
        assert_reads_the_same(arena, message->descriptor, (struct mc_bytes){packed, cut});
        assert_reads_the_same(arena, message->descriptor, (struct mc_bytes){hurt, len});
    }
}

static void packs_and_reads_as_protobuf_c(void **state)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &motcua__job__descriptor,
        &motcua__event__descriptor,
        &motcua__header__descriptor,
        &motcua__shape_reply__descriptor,
        &motcua__store_state__descriptor,
        &motcua__tally__descriptor,
        &otp__lease_jobs_reply__descriptor,
        &otp__issue_request__descriptor,
        &dossier__dossier_reply__descriptor,
    };
    struct mc_random_seeded seeded;
    struct mc_arena arena;

    (void)state;
    rng = mc_random_seed(&seeded, 7);
    assert_int_equal(mc_arena_init(&arena, ARENA), MC_OK);
    for (size_t i = 0; i < ROUNDS; i++) {
        const ProtobufCMessageDescriptor *type = types[i % MC_LEN(types)];
        const ProtobufCMessage *message =
            any_message(&arena, type, (unsigned)mc_random_below(&rng, DEPTH));
        assert_same(&arena, message);
        assert_round(&arena, message);
        mc_arena_reset(&arena);
    }
    mc_arena_done(&arena);
}

static void packs_at_the_edges_of_its_scratch(void **state)
{
    static char text[17 << 10];
    Motcua__Event event = MOTCUA__EVENT__INIT;
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, ARENA), MC_OK);
    event.type = text;
    for (size_t len = (8 << 10) - 8; len <= (8 << 10) + 8; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        assert_same(&arena, &event.base);
        mc_arena_reset(&arena);
    }
    memset(text, 'x', sizeof text - 1);
    assert_same(&arena, &event.base);
    mc_arena_done(&arena);
}

static void keeps_fields_of_newer_versions(void **state)
{
    Motcua__Event event = MOTCUA__EVENT__INIT;
    uint8_t newer[] = "newer";
    ProtobufCMessageUnknownField field = {
        .tag = 900, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1, .data = newer};
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, ARENA), MC_OK);
    event.seq = 7;
    event.base.n_unknown_fields = 1;
    event.base.unknown_fields = &field;
    assert_same(&arena, &event.base);
    mc_arena_done(&arena);
}

static void says_when_the_arena_is_full(void **state)
{
    Motcua__Event event = MOTCUA__EVENT__INIT;
    struct mc_arena arena;
    size_t len = 0;

    (void)state;
    event.type = mc_unconst("dossier.accepted");
    assert_int_equal(mc_arena_init(&arena, 16), MC_OK);
    assert_null(mc_pack(&arena, &event.base, 0, &len));
    assert_true(arena.full);
    mc_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_and_reads_as_protobuf_c),
        cmocka_unit_test(packs_at_the_edges_of_its_scratch),
        cmocka_unit_test(keeps_fields_of_newer_versions),
        cmocka_unit_test(says_when_the_arena_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
