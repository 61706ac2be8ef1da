/*
 * Every method of every room, and the house's own, against everything that is wrong on the wire
 * (reliability: I23, I28, F12), told from the descriptors: a method added tomorrow is tested
 * tomorrow. A refusal has a stable code with a Vietnamese text and names the field; nothing is a
 * fault and nothing passes. Then who may call what: each method by each kind of caller.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/messages.h"

#include "../harness.h"

extern const struct mc_room identity_room;
extern const struct mc_room otp_room;
extern const struct mc_room dossier_room;
extern const struct mc_room payment_room;
extern const struct mc_room notification_room;
extern const struct mc_room audit_room;
extern const struct mc_room print_room;
extern const struct mc_room support_room;

static const struct mc_room *const rooms[] = {&identity_room, &otp_room,          &dossier_room,
                                              &payment_room,  &notification_room, &audit_room,
                                              &print_room,    &support_room};

enum {
    ROOMS = 8,
    TAG_ROOM = 5,
    TAGS_ROOM = 10, /* a tag and a length */
    GARBAGE_ROUNDS = 24,
    GARBAGE_MAX = 300,
    NESTED_DEEP = 10000,
    ARENA = 64 << 20,
};

struct bench {
    struct harness *houses[ROOMS];
    struct mc_arena arena;
    struct mc_random_seeded seeded;
    struct mc_random random;
};

static int open_all(void **state)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret", NULL};
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    assert_int_equal(mc_arena_init(&bench->arena, ARENA), MC_OK);
    bench->random = mc_random_seed(&bench->seeded, 7);
    for (size_t i = 0; i < ROOMS; i++)
        bench->houses[i] = harness_open(rooms[i], rooms[i] == &payment_room ? settings : NULL);
    *state = bench;
    return 0;
}

static int close_all(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < ROOMS; i++)
        harness_close(bench->houses[i]);
    mc_arena_done(&bench->arena);
    free(bench);
    return 0;
}

/* --- calls, as bytes --- */

struct told {
    enum mc_status status;
    const Motcua__Header *head;
};

static struct told feed(struct bench *bench, struct harness *h, struct mc_bytes header,
                        struct mc_bytes body)
{
    struct mc_service *service = harness_service(h);
    struct mc_call call = {.header = header, .body = body, .arrived_ms = harness_now(h)};
    struct mc_validate_error error;
    struct mc_turn turn;

    if (mc_call_open(service, &call)) {
        if (mc_call_is_read(&call))
            mc_call_read(service, &call);
        else
            mc_call_prepare(service, &call);
        struct mc_work work = call.wanted_work; /* no pool here: never the right password */
        if (call.needs_work)
            call.work = &work;
        if (!mc_call_is_read(&call) && call.reply_header.data == NULL) {
            mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
            mc_call_write(service, &turn, &call);
            assert_int_equal(mc_turn_commit(&turn), MC_OK);
        }
        call.work = NULL;
    }
    struct told told = {.status = call.status};
    if (call.status != MC_WAIT) {
        assert_non_null(call.reply_header.data);
        told.head = mc_envelope_open_reply(
            &bench->arena, mc_copy(&bench->arena, call.reply_header.data, call.reply_header.len),
            &error);
        assert_non_null(told.head);
    }
    mc_arena_reset(&service->arena);
    return told;
}

/* Who calls, and by which right. */
struct who {
    const char *kind;
    const char *caller;
    const char *unit;
    unsigned who;
    bool session;
    bool has_right;
};

static const struct who kinds[] = {
    {"anonymous", "", NULL, MC_ANYONE, false, false},
    {"a name without a kind", "room", NULL, MC_ANYONE, false, false},
    {"a kind in capitals", "ROOM:payment", NULL, MC_ANYONE, false, false},
    {"a kind after a space", " room:payment", NULL, MC_ANYONE, false, false},
    {"a kind inside", "portal", NULL, MC_ANYONE, false, false},
    {"citizen", "portal:test", NULL, MC_PORTAL | MC_CITIZEN, true, false},
    {"citizen with rights but no unit", "portal:test", NULL, MC_PORTAL | MC_CITIZEN, true, true},
    {"citizen without a front end", "", NULL, MC_CITIZEN, true, false},
    {"officer without the right", "portal:test", "H53.1", MC_PORTAL | MC_CITIZEN | MC_OFFICER, true,
     false},
    {"officer", "portal:test", "H53.1", MC_PORTAL | MC_CITIZEN | MC_OFFICER, true, true},
    {"room", "room:dossier", NULL, MC_ROOM, false, false},
    {"portal", "portal:test", NULL, MC_PORTAL, false, false},
    {"SMS gateway", "sms:viettel", NULL, MC_SMS, false, false},
    {"operator", "operator:an", NULL, MC_OPERATOR, false, false},
};

static struct mc_bytes session_of(struct harness *h, const struct who *who, const char *right)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    char *rights[] = {mc_unconst("another.right"), mc_unconst(right)};

    claims.session_id = mc_unconst("0190a07b-0000-7000-8000-00000000cafe");
    claims.account_id = mc_unconst("0190a07b-0000-7000-8000-00000000beef");
    claims.subject_kind = 1;
    claims.ial = 2;
    claims.unit = mc_unconst(who->unit != NULL ? who->unit : "");
    claims.rights = rights;
    claims.n_rights = who->has_right && right != NULL ? 2 : 1;
    claims.issued_at_ms = harness_now(h);
    claims.expires_at_ms = harness_now(h) + 900000;
    return mc_key_text(harness_token(h, "identity", &claims.base));
}

static struct mc_bytes header_of(struct bench *bench, struct harness *h, const char *method,
                                 const char *caller, struct mc_bytes session)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t *id = mc_alloc(&bench->arena, MC_ID_LEN);

    assert_non_null(id);
    mc_uuid7(id, harness_now(h), &bench->random);
    head.request_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    head.method = mc_unconst(method);
    head.caller = mc_unconst(caller);
    head.session = (ProtobufCBinaryData){session.len, mc_unconst(session.data)};
    return mc_envelope_pack(&bench->arena, &head);
}

/* A caller the method's row lets in, so that what is refused is refused for what it says. */
static struct mc_bytes header_allowed(struct bench *bench, struct harness *h,
                                      const struct mc_method *method)
{
    static const struct {
        unsigned who;
        const char *name;
    } callers[] = {{MC_ROOM, "room:dossier"},
                   {MC_OPERATOR, "operator:an"},
                   {MC_SMS, "sms:viettel"},
                   {MC_PORTAL, "portal:test"}};
    const struct mc_route *route = method->route;
    const struct who officer = {.unit = "H53.1", .has_right = true};

    for (size_t i = 0; i < MC_LEN(callers); i++)
        if ((route->who & callers[i].who) != 0)
            return header_of(bench, h, method->name, callers[i].name, (struct mc_bytes){0});
    if (route->who == MC_ANYONE)
        return header_of(bench, h, method->name, "portal:test", (struct mc_bytes){0});
    return header_of(bench, h, method->name, "portal:test", session_of(h, &officer, route->right));
}

/* --- what is expected --- */

static bool has_vietnamese(const char *text)
{
    for (; *text != '\0'; text++)
        if ((uint8_t)*text >= 0x80)
            return true;
    return false;
}

/* A refusal is a sentence a person can read, under a code of the table; a fault is a bug. */
static void check_refused(const char *what, struct told told)
{
    if (told.status == MC_OK)
        fail_msg("%s: passed", what);
    if (told.status == MC_WAIT || mc_is_fault(told.status))
        fail_msg("%s: status %d", what, (int)told.status);
    if (mc_message_text(told.head->code) == NULL)
        fail_msg("%s: code '%s' is not in messages.csv", what, told.head->code);
    if (!has_vietnamese(told.head->message))
        fail_msg("%s: %s: no text: '%s'", what, told.head->code, told.head->message);
    for (size_t i = 0; i < told.head->n_violations; i++)
        if (!has_vietnamese(told.head->violations[i]->message))
            fail_msg("%s: %s: no text", what, told.head->violations[i]->code);
}

static void check_not_a_fault(const char *what, struct told told)
{
    if (told.status != MC_OK && told.status != MC_WAIT)
        check_refused(what, told);
}

static void check_wire(const char *what, struct told told, const char *field, const char *code)
{
    check_refused(what, told);
    if (told.head->n_violations != 1)
        fail_msg("%s: %s with %zu violations", what, told.head->code, told.head->n_violations);
    const Motcua__Violation *violation = told.head->violations[0];
    if (strcmp(violation->code, code) != 0 || strcmp(told.head->code, code) != 0)
        fail_msg("%s: code %s, not %s", what, violation->code, code);
    if (field != NULL && strcmp(violation->field, field) != 0)
        fail_msg("%s: %s at '%s', not '%s'", what, code, violation->field, field);
}

/* --- bytes that are wrong --- */

struct out {
    uint8_t *data;
    size_t len;
    size_t size;
};

static struct out out_new(struct bench *bench, size_t size)
{
    struct out out = {.data = mc_alloc(&bench->arena, size), .size = size};

    assert_non_null(out.data);
    return out;
}

static void put(struct out *out, const void *data, size_t len)
{
    assert_true(out->size - out->len >= len);
    if (len > 0)
        memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void put_varint(struct out *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    put(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put_tag(struct out *out, uint32_t id, unsigned wire_type)
{
    put_varint(out, (uint64_t)id << 3 | wire_type);
}

static void put_text(struct out *out, uint32_t id, struct mc_bytes text)
{
    put_tag(out, id, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(out, text.len);
    put(out, text.data, text.len);
}

static unsigned wire_type(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return PROTOBUF_C_WIRE_TYPE_VARINT;
}

/* The least that is a value of a wire type: zero, or nothing at all. */
static void put_least(struct out *out, uint32_t id, unsigned type)
{
    static const uint8_t zeros[8];

    put_tag(out, id, type);
    put(out, zeros,
        type == PROTOBUF_C_WIRE_TYPE_64BIT   ? 8
        : type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4
                                             : 1);
}

/* Where in a method's request a message stands: its path, and what must be wrapped around it. */
struct place {
    struct bench *bench;
    struct harness *h;
    struct mc_bytes header; /* a call of `method`, or empty: it is headers that are fed */
    const struct mc_method *method;
    const struct mc_limits *limits;
    const ProtobufCMessageDescriptor *type;
    const struct place *up;
    uint32_t id;      /* of the field above that holds this */
    const char *path; /* "items[0]." or "" */
};

static const char *name_of(const struct place *place, const char *name, const char *after)
{
    char *text = mc_sprintf(&place->bench->arena, "%s%s%s", place->path, name, after);

    assert_non_null(text);
    return text;
}

/* The path of the message itself: the whole. */
static const char *name_whole(const struct place *place)
{
    char *text = mc_strdup(&place->bench->arena, place->path);

    assert_non_null(text);
    if (text[0] != '\0')
        text[strlen(text) - 1] = '\0';
    return text;
}

static struct told feed_place(const struct place *place, const struct out *inner)
{
    struct out out = *inner;

    for (const struct place *at = place; at->up != NULL; at = at->up) {
        struct out outer = out_new(place->bench, out.len + TAGS_ROOM + 2);
        put_text(&outer, at->id, (struct mc_bytes){out.data, out.len});
        out = outer;
    }
    struct mc_bytes bytes = {out.data, out.len};
    if (place->header.data == NULL)
        return feed(place->bench, place->h, bytes, (struct mc_bytes){0});
    return feed(place->bench, place->h, place->header, bytes);
}

static void expect(const struct place *place, const char *what, const struct out *inner,
                   const char *field, const char *code)
{
    char text[512];

    (void)snprintf(text, sizeof text, "%s %s%s: %s", place->method->name, place->path, field, what);
    check_wire(text, feed_place(place, inner), field, code);
}

static const char *first_of(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    return name_of(place, field->name, field->label == PROTOBUF_C_LABEL_REPEATED ? "[0]" : "");
}

static void wrong_wire_types(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    static const unsigned types[] = {PROTOBUF_C_WIRE_TYPE_VARINT, PROTOBUF_C_WIRE_TYPE_64BIT,
                                     PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
                                     PROTOBUF_C_WIRE_TYPE_32BIT};
    static const unsigned never[] = {3, 4, 6, 7}; /* groups, and what is no wire type at all */

    for (size_t i = 0; i < MC_LEN(types); i++) {
        bool packed = field->label == PROTOBUF_C_LABEL_REPEATED &&
                      types[i] == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
        if (types[i] == wire_type(field->type) || packed)
            continue;
        struct out out = out_new(place->bench, 32);
        put_least(&out, field->id, types[i]);
        expect(place, "wrong wire type", &out, name_of(place, field->name, ""),
               MC_CODE_FIELD_INVALID);
    }
    for (size_t i = 0; i < MC_LEN(never); i++) {
        struct out out = out_new(place->bench, 32);
        put_tag(&out, field->id, never[i]);
        expect(place, "no wire type", &out, name_whole(place), MC_CODE_WIRE_INVALID);
    }
}

/* Cut anywhere: inside the tag it is nobody's field, after it the field's. */
static void truncated(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    unsigned type = wire_type(field->type);
    struct out whole = out_new(place->bench, 64);
    struct out tag = out_new(place->bench, 16);

    put_tag(&tag, field->id, type);
    if (type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        put_text(&whole, field->id, mc_key_text("0123456789"));
    else
        put_least(&whole, field->id, type);
    for (size_t len = 1; len < whole.len; len++) {
        struct out cut = {whole.data, len, len};
        expect(place, "cut off", &cut, len < tag.len ? name_whole(place) : first_of(place, field),
               MC_CODE_WIRE_INVALID);
    }
}

static void endless_varint(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    static const uint8_t ones[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    struct out out = out_new(place->bench, 32);

    put_tag(&out, field->id, wire_type(field->type));
    put(&out, ones, sizeof ones);
    expect(place, "more than 64 bits", &out, first_of(place, field), MC_CODE_WIRE_INVALID);
}

static void bad_text(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    static const struct mc_bytes texts[] = {
        {"\xff", 1},        {"a\0b", 3},         {"\0", 1},
        {"\xc0\x80", 2},    {"\xed\xa0\x80", 3}, {"\xf4\x90\x80\x80", 4},
        {"abc\xe1\xbb", 5}, {"\x80", 1},
    };

    for (size_t i = 0; i < MC_LEN(texts); i++) {
        struct out out = out_new(place->bench, 32);
        put_text(&out, field->id, texts[i]);
        expect(place, "not UTF-8, or NUL", &out, first_of(place, field), MC_CODE_FIELD_UTF8);
    }
}

static size_t whole_max(const struct place *place)
{
    if (place->header.data == NULL)
        return MC_HEADER_MAX;
    size_t most = place->method->route->body_max;
    return most != 0 ? most : MC_BODY_MAX;
}

/* At the limit the wire lets it pass, and the room decides; one past, nobody asks the room. */
static void long_value(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
    size_t max = is_text ? place->limits->string_max : place->limits->bytes_max;
    uint8_t *text = mc_alloc(&place->bench->arena, max + 1);
    struct out out = out_new(place->bench, max + 1 + TAGS_ROOM);

    assert_non_null(text);
    memset(text, 'a', max + 1);
    put_text(&out, field->id, (struct mc_bytes){text, max + 1});
    if (max + 1 > whole_max(place))
        expect(place, "one past the limit", &out, "", MC_CODE_TOO_LONG);
    else
        expect(place, "one past the limit", &out, first_of(place, field), MC_CODE_FIELD_TOO_LONG);
    if (!is_text)
        return;
    out.len = 0;
    put_text(&out, field->id, (struct mc_bytes){text, max});
    check_not_a_fault(name_of(place, field->name, " at the limit"), feed_place(place, &out));
}

static void unknown_values(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    bool is_wide = field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64 ||
                   field->type == PROTOBUF_C_TYPE_SINT64;
    const uint64_t values[] = {
        UINT64_MAX >> 1,
        field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BOOL ? 99999U
                                                                                   : 1ULL << 33,
    };

    for (size_t i = 0; i < MC_LEN(values) && !is_wide; i++) {
        struct out out = out_new(place->bench, 32);
        put_tag(&out, field->id, PROTOBUF_C_WIRE_TYPE_VARINT);
        put_varint(&out, values[i]);
        expect(place, "out of range", &out, first_of(place, field), MC_CODE_FIELD_INVALID);
    }
}

static void twice(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    struct out out = out_new(place->bench, 64);

    put_least(&out, field->id, wire_type(field->type));
    put_least(&out, field->id, wire_type(field->type));
    expect(place, "twice", &out, name_of(place, field->name, ""), MC_CODE_FIELD_DUPLICATE);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return;
    for (unsigned i = 0; i < place->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &place->type->fields[i];
        if (other == field || other->quantifier_offset != field->quantifier_offset ||
            (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
            continue;
        out.len = 0;
        put_least(&out, field->id, wire_type(field->type));
        put_least(&out, other->id, wire_type(other->type));
        expect(place, "two of a oneof", &out, name_of(place, other->name, ""),
               MC_CODE_FIELD_DUPLICATE);
    }
}

/* One element more than a list may have, each as small as can be (F12: 1 MB became 69 MB). */
static void long_list(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    size_t most = place->limits->list_max;
    struct out out = out_new(place->bench, (most + 1) * (TAG_ROOM + 8));

    for (size_t i = 0; i < most; i++)
        put_least(&out, field->id, wire_type(field->type));
    if (place->header.data != NULL)
        check_not_a_fault(name_of(place, field->name, " at the limit"), feed_place(place, &out));
    put_least(&out, field->id, wire_type(field->type));
    expect(place, "one too many", &out, name_of(place, field->name, ""), MC_CODE_LIST_TOO_LONG);

    if (wire_type(field->type) != PROTOBUF_C_WIRE_TYPE_VARINT)
        return;
    out.len = 0;
    put_tag(&out, field->id, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(&out, most + 1);
    memset(out.data + out.len, 0, most + 1);
    out.len += most + 1;
    expect(place, "one too many, packed", &out, name_of(place, field->name, ""),
           MC_CODE_LIST_TOO_LONG);
}

/* Ten thousand messages within each other, where protobuf-c alone would run out of stack. */
static void deep(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    struct out out = out_new(place->bench, TAGS_ROOM + (size_t)NESTED_DEEP * 4);
    size_t inside = (size_t)(NESTED_DEEP - 1) * 4;

    if (place->header.data == NULL)
        return;
    put_tag(&out, field->id, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    put_varint(&out, inside);
    for (size_t left = inside; left >= 4; left -= 4) {
        size_t len = left - 4;
        const uint8_t level[] = {(uint8_t)(1 << 3 | 2), (uint8_t)(len | 0x80),
                                 (uint8_t)(len >> 7 | 0x80), (uint8_t)(len >> 14)};
        put(&out, level, sizeof level);
    }
    check_not_a_fault(name_of(place, field->name, " ten thousand deep"), feed_place(place, &out));
}

static void try_field(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    size_t used = place->bench->arena.used;

    wrong_wire_types(place, field);
    truncated(place, field);
    if (wire_type(field->type) == PROTOBUF_C_WIRE_TYPE_VARINT) {
        endless_varint(place, field);
        unknown_values(place, field);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING)
        bad_text(place, field);
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
        long_value(place, field);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        deep(place, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        long_list(place, field);
    else
        twice(place, field);
    mc_arena_rewind(&place->bench->arena, used);
}

/* A number the message does not have, and the largest there can be. */
static void try_unknown(const struct place *place)
{
    uint32_t ids[] = {1, (1U << 29) - 1};

    while (protobuf_c_message_descriptor_get_field(place->type, ids[0]) != NULL)
        ids[0]++;
    for (size_t i = 0; i < MC_LEN(ids); i++) {
        struct out out = out_new(place->bench, 32);
        char number[16];
        (void)snprintf(number, sizeof number, "%u", ids[i]);
        put_least(&out, ids[i], PROTOBUF_C_WIRE_TYPE_VARINT);
        expect(place, "unknown field", &out, name_of(place, number, ""), MC_CODE_FIELD_UNKNOWN);
    }
    struct out zero = out_new(place->bench, 32);
    put_least(&zero, 0, PROTOBUF_C_WIRE_TYPE_VARINT);
    expect(place, "field zero", &zero, name_whole(place), MC_CODE_WIRE_INVALID);
}

/* A message type and all within it; the types are bounded, which every daemon checks at boot. */
static void try_message(const struct place *place)
{
    try_unknown(place);
    for (unsigned i = 0; i < place->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &place->type->fields[i];
        size_t used = place->bench->arena.used;

        try_field(place, field);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            struct place below = *place;
            below.type = field->descriptor;
            below.up = place;
            below.id = field->id;
            below.path = name_of(place, field->name,
                                 field->label == PROTOBUF_C_LABEL_REPEATED ? "[0]." : ".");
            try_message(&below);
        }
        mc_arena_rewind(&place->bench->arena, used);
    }
}

/* --- each method --- */

static void each_method(struct bench *bench,
                        void (*visit)(struct bench *, struct harness *, const struct mc_method *))
{
    for (size_t i = 0; i < ROOMS; i++) {
        struct harness *h = bench->houses[i];
        const struct mc_service *service = harness_service(h);

        assert_int_equal(service->methods_len, rooms[i]->routes_len + mc_house_routes_len);
        for (size_t m = 0; m < service->methods_len; m++) {
            visit(bench, h, &service->methods[m]);
            mc_arena_reset(&bench->arena);
        }
    }
}

static void visit_fields(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;

    if (method->route->body_max > MC_BODY_MAX) {
        limits.bytes_max = method->route->body_max;
        limits.string_max = MC_FORM_MAX;
    }
    try_message(&(struct place){
        .bench = bench,
        .h = h,
        .header = header_allowed(bench, h, method),
        .method = method,
        .limits = &limits,
        .type = method->proto->input,
        .path = "",
    });
}

static void every_field_of_every_method_is_checked(void **state)
{
    each_method(*state, visit_fields);
}

static void visit_whole(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    struct mc_bytes header = header_allowed(bench, h, method);
    size_t most = method->route->body_max != 0 ? method->route->body_max : MC_BODY_MAX;
    uint8_t *body = mc_alloc(&bench->arena, most + 1);

    assert_non_null(body);
    memset(body, 0xff, most + 1);
    check_wire(method->name, feed(bench, h, header, (struct mc_bytes){body, most + 1}), "",
               MC_CODE_TOO_LONG);
    check_wire(method->name, feed(bench, h, header, (struct mc_bytes){body, most}), "",
               MC_CODE_WIRE_INVALID);
    check_not_a_fault(method->name, feed(bench, h, header, (struct mc_bytes){0}));
    for (unsigned round = 0; round < GARBAGE_ROUNDS; round++) {
        size_t len = 1 + round * GARBAGE_MAX / GARBAGE_ROUNDS;
        mc_random_fill(&bench->random, body, len);
        check_not_a_fault(method->name, feed(bench, h, header_allowed(bench, h, method),
                                             (struct mc_bytes){body, len}));
        body[0] = 0x0f; /* field 1 of a wire type that is none */
        check_wire(method->name, feed(bench, h, header, (struct mc_bytes){body, len}), "",
                   MC_CODE_WIRE_INVALID);
    }
}

static void empty_huge_and_random_bodies_never_fault(void **state)
{
    each_method(*state, visit_whole);
}

/* --- headers --- */

static void header_fields_are_checked(void **state)
{
    static const struct mc_limits limits = {.string_max = MC_HEADER_TEXT_MAX,
                                            .bytes_max = MC_SESSION_MAX,
                                            .list_max = MC_VIOLATIONS_MAX,
                                            .depth_max = 2};
    struct bench *bench = *state;

    for (size_t i = 0; i < ROOMS; i++) {
        try_message(&(struct place){
            .bench = bench,
            .h = bench->houses[i],
            .method = &harness_service(bench->houses[i])->methods[0],
            .limits = &limits,
            .type = &motcua__header__descriptor,
            .path = "",
        });
        mc_arena_reset(&bench->arena);
    }
}

static struct told feed_head(struct bench *bench, struct harness *h, const Motcua__Header *head)
{
    return feed(bench, h, mc_envelope_pack(&bench->arena, head), (struct mc_bytes){0});
}

/* A good header of a method, to be spoilt. */
static Motcua__Header head_of(struct harness *h, const struct mc_method *method,
                              uint8_t id[MC_ID_LEN + 1])
{
    static struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 11);
    Motcua__Header head = MOTCUA__HEADER__INIT;

    mc_uuid7(id, harness_now(h), &random);
    head.request_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    head.method = mc_unconst(method->name);
    head.caller = mc_unconst("room:dossier");
    return head;
}

static void visit_ids(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    static const size_t lens[] = {0, 1, MC_ID_LEN - 1, MC_ID_LEN + 1};
    uint8_t id[MC_ID_LEN + 1] = {0};
    Motcua__Header head = head_of(h, method, id);

    for (size_t i = 0; i < MC_LEN(lens); i++) {
        head.request_id.len = lens[i];
        check_wire("request id", feed_head(bench, h, &head), "request_id", MC_CODE_FIELD_INVALID);
    }
    if (method->route->mode == MC_READ)
        return;
    /* A write that is too old to be known, or from tomorrow, is not done: it could be a replay. */
    head = head_of(h, method, id);
    const char *const codes[] = {"REQUEST_TOO_OLD", "REQUEST_ID_INVALID"};
    const int64_t times[] = {harness_now(h) - MC_ANSWER_LIFE_MS - 1,
                             harness_now(h) + MC_CLOCK_SKEW_MS + 1};
    for (size_t i = 0; i < MC_LEN(times); i++) {
        mc_uuid7(id, times[i], &bench->random);
        struct mc_bytes header = header_allowed(bench, h, method);
        Motcua__Header *late =
            motcua__header__unpack(&bench->arena.protobuf, header.len, header.data);
        late->request_id = (ProtobufCBinaryData){MC_ID_LEN, id};
        check_wire(method->name, feed_head(bench, h, late), "request_id", codes[i]);
    }
}

static void request_ids_are_checked(void **state)
{
    each_method(*state, visit_ids);
}

static void visit_deadline(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    const int64_t deadlines[] = {harness_now(h), harness_now(h) - 1, 1, -1, INT64_MIN};
    uint8_t id[MC_ID_LEN + 1];
    Motcua__Header head = head_of(h, method, id);

    for (size_t i = 0; i < MC_LEN(deadlines); i++) {
        head.deadline_ms = deadlines[i];
        struct told told = feed_head(bench, h, &head);
        check_refused(method->name, told);
        assert_string_equal(told.head->code, "DEADLINE_EXCEEDED");
    }
}

static void nobody_waits_after_the_deadline(void **state)
{
    each_method(*state, visit_deadline);
}

static void methods_have_one_spelling(void **state)
{
    struct bench *bench = *state;
    struct harness *h = bench->houses[0];
    char longest[MC_METHOD_MAX + 2];
    const char *const shapes[] = {
        "",
        "x",
        "/",
        "motcua.otp.v1.Otp",
        "motcua.otp.v1.Otp/",
        "/motcua.otp.v1.Otp/Issue",
        "motcua.otp.v1.Otp/Issue ",
        "motcua.otp.v1.Otp/Issue\n",
        "motcua.otp.v1.otp/Issue",
        "motcua.otp.v1.Otp/issue",
        "motcua.otp.v.Otp/Issue",
        "motcua.Otp.v1.Otp/Issue",
        "motcua.otp.v1.Otp/../Issue",
        "motcua.otp.v1.Otp//Issue",
        "google.rpc.v1.Otp/Issue",
        "motcua..v1.Otp/Issue",
        longest,
    };
    uint8_t id[MC_ID_LEN + 1];
    Motcua__Header head = head_of(h, &harness_service(h)->methods[0], id);

    (void)snprintf(longest, sizeof longest, "motcua.otp.v1.Otp/I%0*d", MC_METHOD_MAX - 18, 0);
    assert_int_equal(strlen(longest), MC_METHOD_MAX + 1);
    for (size_t i = 0; i < MC_LEN(shapes); i++) {
        head.method = mc_unconst(shapes[i]);
        check_wire(shapes[i], feed_head(bench, h, &head), "method", MC_CODE_FIELD_INVALID);
    }
    mc_arena_reset(&bench->arena);
}

/* Of the right shape, and nobody's: the next room's methods above all. */
static void methods_of_another_room_are_unknown(void **state)
{
    struct bench *bench = *state;
    uint8_t id[MC_ID_LEN + 1];

    for (size_t i = 0; i < ROOMS; i++) {
        struct harness *h = bench->houses[i];
        const struct mc_method *other =
            &harness_service(bench->houses[(i + 1) % ROOMS])->methods[0];
        Motcua__Header head = head_of(h, other, id);
        struct told told = feed_head(bench, h, &head);
        check_refused(other->name, told);
        assert_string_equal(told.head->code, "METHOD_UNKNOWN");
        assert_int_equal(told.head->status, MC_RPC_UNIMPLEMENTED);
    }
    mc_arena_reset(&bench->arena);
}

static void a_header_too_long_is_not_read(void **state)
{
    struct bench *bench = *state;
    uint8_t *bytes = mc_alloc(&bench->arena, MC_HEADER_MAX + 1);

    assert_non_null(bytes);
    memset(bytes, 0x0f, MC_HEADER_MAX + 1);
    for (size_t i = 0; i < ROOMS; i++) {
        check_wire("header",
                   feed(bench, bench->houses[i], (struct mc_bytes){bytes, 0}, //
                        (struct mc_bytes){0}),
                   "request_id", MC_CODE_FIELD_INVALID);
        check_wire("header",
                   feed(bench, bench->houses[i], (struct mc_bytes){bytes, MC_HEADER_MAX},
                        (struct mc_bytes){0}),
                   "", MC_CODE_WIRE_INVALID);
        check_wire("header",
                   feed(bench, bench->houses[i], (struct mc_bytes){bytes, MC_HEADER_MAX + 1},
                        (struct mc_bytes){0}),
                   "", MC_CODE_TOO_LONG);
    }
    mc_arena_reset(&bench->arena);
}

/* --- sessions --- */

static void check_session(struct bench *bench, struct harness *h, const struct mc_method *method,
                          struct mc_bytes session, const char *code)
{
    struct told told = feed(bench, h, header_of(bench, h, method->name, "portal:test", session),
                            (struct mc_bytes){0});

    check_refused(method->name, told);
    assert_int_equal(told.status, MC_UNAUTHENTICATED);
    if (strcmp(told.head->code, code) != 0)
        fail_msg("%s: %s, not %s", method->name, told.head->code, code);
}

/* Forged in every way a token can be: even a method open to all refuses it. */
static void visit_forged(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    const struct who officer = {.unit = "H53.1", .has_right = true};
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    struct mc_bytes good = session_of(h, &officer, method->route->right);
    char *bad = mc_alloc(&bench->arena, good.len + 2);

    assert_non_null(bad);
    for (size_t at = 0; at < good.len; at += 7) { /* a character changed */
        memcpy(bad, good.data, good.len);
        bad[at] = bad[at] == 'A' ? 'B' : 'A';
        check_session(bench, h, method, (struct mc_bytes){bad, good.len}, "SESSION_INVALID");
    }
    memcpy(bad, good.data, good.len);
    for (size_t len = 1; len < good.len; len += 13)
        check_session(bench, h, method, (struct mc_bytes){bad, len}, "SESSION_INVALID");
    bad[good.len] = 'A';
    check_session(bench, h, method, (struct mc_bytes){bad, good.len + 1}, "SESSION_INVALID");
    check_session(bench, h, method, mc_key_text("v1.."), "SESSION_INVALID");
    check_session(bench, h, method, (struct mc_bytes){"\0\0\0", 3}, "SESSION_INVALID");

    claims.session_id = mc_unconst("0190a07b-0000-7000-8000-00000000cafe");
    claims.account_id = mc_unconst("0190a07b-0000-7000-8000-00000000beef");
    claims.unit = mc_unconst("H53.1");
    claims.issued_at_ms = harness_now(h) - 900000;
    claims.expires_at_ms = harness_now(h);
    check_session(bench, h, method, mc_key_text(harness_token(h, "identity", &claims.base)),
                  "SESSION_EXPIRED");
    claims.expires_at_ms++;
    check_session(bench, h, method, mc_key_text(harness_token(h, "otp", &claims.base)),
                  "SESSION_INVALID"); /* another room cannot make one */
}

static void forged_sessions_open_nothing(void **state)
{
    each_method(*state, visit_forged);
}

/* --- who may call what --- */

/* What anybody at all may call. A new one belongs here only after somebody has thought about it. */
static const char *const open_to_all[] = {
    "motcua.otp.v1.Otp/Resend",
    "motcua.identity.v1.Identity/GetLoginGuide", /* words, the same for everybody */
    "motcua.otp.v1.Otp/Verify",
    "motcua.otp.v1.Otp/Status",
    "motcua.dossier.v1.Dossier/SearchProcedures",
    "motcua.dossier.v1.Dossier/GetCalendar",
    "motcua.dossier.v1.Dossier/GetProcedure",
    "motcua.dossier.v1.Dossier/ListCodes", /* public lists, and public maps of them */
    "motcua.dossier.v1.Dossier/ResolveCode",
    "motcua.dossier.v1.Dossier/ExportMap",
    "motcua.dossier.v1.Dossier/ListStages",          /* the state table */
    "motcua.dossier.v1.Dossier/VerifyCertifiedCopy", /* names the office, never the person */
    "motcua.dossier.v1.Dossier/ListBundles",
    "motcua.dossier.v1.Dossier/ListForms", /* laws' forms; what is known of a person: of himself */
    "motcua.dossier.v1.Dossier/GetForm",
    "motcua.dossier.v1.Dossier/CheckForm",
    "motcua.dossier.v1.Dossier/ListPlaces",
    "motcua.identity.v1.Identity/ListMethods",
    "motcua.identity.v1.Identity/GetConsent",
    "motcua.identity.v1.Identity/GetSigningGuide",
    "motcua.payment.v1.Payment/ListBanks",       /* names, the same for everybody */
    "motcua.payment.v1.Payment/StartLandLookUp", /* LND-02: a public page; so many a minute */
    "motcua.payment.v1.Payment/GetLandLookUp",   /* by the id of a look-up, which nobody guesses */
    "motcua.support.v1.Support/ListStates",      /* the state tables */
    "motcua.support.v1.Support/SendFeedback", /* by law; a captcha, and one source's are bounded */
    "motcua.support.v1.Support/GetCaptcha",   /* for that; nothing is stored */
    "motcua.support.v1.Support/GetFeedback",  /* these three: by its sender's session or key */
    "motcua.support.v1.Support/MoveFeedback",
    "motcua.support.v1.Support/RateFeedback",
    "motcua.support.v1.Support/SearchPublished",
    "motcua.v1.Room/Health",
};

static bool is_open_to_all(const char *name)
{
    for (size_t i = 0; i < MC_LEN(open_to_all); i++)
        if (strcmp(open_to_all[i], name) == 0)
            return true;
    return false;
}

static bool is_allowed(const struct mc_route *route, const struct who *who)
{
    const unsigned people = MC_CITIZEN | MC_OFFICER;

    if (route->who == MC_ANYONE)
        return route->right == NULL;
    if ((route->who & who->who) == 0)
        return false;
    if (route->right == NULL || (route->who & who->who & ~people) != 0)
        return true;
    return who->has_right && who->unit != NULL; /* a right is worth nothing outside a unit */
}

/* Refused as a caller: nothing of the room has run. */
static bool is_turned_away(struct told told)
{
    static const char *const codes[] = {"SESSION_REQUIRED", "CALLER_DENIED", "RIGHT_MISSING"};

    if (told.head == NULL || (told.status != MC_DENIED && told.status != MC_UNAUTHENTICATED))
        return false;
    for (size_t i = 0; i < MC_LEN(codes); i++)
        if (strcmp(told.head->code, codes[i]) == 0)
            return told.head->n_violations == 1 && told.head->violations[0]->field[0] == '\0';
    return false;
}

static void visit_callers(struct bench *bench, struct harness *h, const struct mc_method *method)
{
    if ((method->route->who == MC_ANYONE) != is_open_to_all(method->name))
        fail_msg("%s: open to all, or no longer: look at open_to_all", method->name);
    for (size_t i = 0; i < MC_LEN(kinds); i++) {
        struct mc_bytes session = {0};
        char what[256];

        if (kinds[i].session)
            session = session_of(h, &kinds[i], method->route->right);
        struct told told =
            feed(bench, h, header_of(bench, h, method->name, kinds[i].caller, session),
                 (struct mc_bytes){0});
        (void)snprintf(what, sizeof what, "%s by %s", method->name, kinds[i].kind);
        check_not_a_fault(what, told);
        if (!is_allowed(method->route, &kinds[i]) && !is_turned_away(told))
            fail_msg("%s: let in", what);
        if (is_allowed(method->route, &kinds[i]) && is_turned_away(told) && told.head != NULL &&
            strcmp(told.head->code, "CALLER_DENIED") == 0) /* the other two a room may add */
            fail_msg("%s: turned away: %s", what, told.head->code);
    }
}

static void callers_are_let_in_by_the_route_table_only(void **state)
{
    each_method(*state, visit_callers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_method_is_checked),
        cmocka_unit_test(empty_huge_and_random_bodies_never_fault),
        cmocka_unit_test(header_fields_are_checked),
        cmocka_unit_test(request_ids_are_checked),
        cmocka_unit_test(nobody_waits_after_the_deadline),
        cmocka_unit_test(methods_have_one_spelling),
        cmocka_unit_test(methods_of_another_room_are_unknown),
        cmocka_unit_test(a_header_too_long_is_not_read),
        cmocka_unit_test(forged_sessions_open_nothing),
        cmocka_unit_test(callers_are_let_in_by_the_route_table_only),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
