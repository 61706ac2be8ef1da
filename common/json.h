/*
 * JSON: canonical proto3 JSON of our messages, foreign JSON read, any JSON written.
 *
 * Messages and text made here live as long as the arena's turn. struct mc_json is the
 * exception: it is a parsed foreign document and is freed by hand (mc_json_free, or
 * mc_cleanup(mc_json_freep)); what is taken from it dies with it.
 *
 * The mapping is by descriptor (protobuf.dev, "ProtoJSON"): lowerCamel names out, both spellings
 * in; 64-bit numbers as strings; bytes in base64, url-safe accepted too; enums by name, known
 * numbers accepted; defaults left out; null means absent. protobuf-c's descriptors lose json_name
 * and map_entry, so no .proto of ours uses either. Stricter than the page: an unknown field, an
 * unknown enum value, a field given in both spellings, and base64 with stray bits are errors.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/arena.h"
#include "common/base.h"
#include "common/validate.h"

enum {
    MC_JSON_TEXT_MAX = 9 << 20, /* an upload of MC_UPLOAD_MAX in base64, and its wrapping */
    MC_JSON_DEPTH_MAX = 32,     /* arrays and objects within each other */
};

#define MC_CODE_JSON_INVALID "JSON_INVALID" /* not JSON (RFC 8259), or a key given twice */

/* --- our messages --- */

struct mc_json_error {
    char field[MC_PATH_SIZE]; /* "items[2].amount", by the names in the .proto */
    const char *code;         /* MC_CODE_… */
    size_t position;          /* bytes into the text; for JSON_INVALID only, else 0 */
};

/* MC_FULL: no memory for it. The text is on one line, and ends in a NUL that is not counted. */
mc_nodiscard enum mc_status mc_json_encode(struct mc_arena *arena, const ProtobufCMessage *message,
                                           struct mc_bytes *ret_text);

/* The same, indented by two spaces for people. */
mc_nodiscard enum mc_status mc_json_encode_pretty(struct mc_arena *arena,
                                                  const ProtobufCMessage *message,
                                                  struct mc_bytes *ret_text);

/* MC_INVALID with `error` set, or MC_FULL. What it makes would pass mc_validate() too. */
mc_nodiscard enum mc_status mc_json_decode(struct mc_arena *arena,
                                           const ProtobufCMessageDescriptor *type,
                                           struct mc_bytes text, ProtobufCMessage **ret_message,
                                           struct mc_json_error *error);
mc_nodiscard enum mc_status
mc_json_decode_within(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                      struct mc_bytes text, const struct mc_limits *limits,
                      ProtobufCMessage **ret_message, struct mc_json_error *error);

/* --- foreign JSON, read --- */

struct mc_json;

/* Strict RFC 8259: no duplicate keys, no trailing text, no NUL, valid UTF-8, bounded depth. */
mc_nodiscard enum mc_status mc_json_parse(struct mc_bytes text, struct mc_json **ret_json);
void mc_json_free(struct mc_json *json);
void mc_json_freep(struct mc_json **json);

/*
 * Paths are keys with dots between; a number picks from an array: "data.items.0.amount".
 * "" is the document. What is absent or of another type is NULL, false or 0.
 */
const struct mc_json *mc_json_at(const struct mc_json *json, const char *path);
const char *mc_json_text(const struct mc_json *json, const char *path);
bool mc_json_number(const struct mc_json *json, const char *path, int64_t *ret_number);
bool mc_json_real(const struct mc_json *json, const char *path, double *ret_number);
bool mc_json_bool(const struct mc_json *json, const char *path, bool *ret_value);

enum mc_json_kind {
    MC_JSON_ABSENT, /* or null */
    MC_JSON_OBJECT,
    MC_JSON_ARRAY,
    MC_JSON_TEXT,
    MC_JSON_INTEGER,
    MC_JSON_REAL,
    MC_JSON_BOOL,
};
enum mc_json_kind mc_json_kind(const struct mc_json *json, const char *path);

/* The members of an object in the text's order: *place is NULL before the first; false: no more. */
bool mc_json_each(const struct mc_json *object, const void **place, const char **ret_key,
                  const struct mc_json **ret_value);

/* How many members the array or object has; and one of an array. */
size_t mc_json_count(const struct mc_json *json, const char *path);
const struct mc_json *mc_json_item(const struct mc_json *json, const char *path, size_t index);

/* --- JSON, written --- */

/*
 * Commas, indentation and escapes are the writer's business. A failure (no memory, too deep)
 * sticks and is told once, by mc_json_finish(). Keys and values out of order are a bug: assert.
 * Text that is not UTF-8 is written with U+FFFD for each bad byte, so what comes out is JSON.
 */
struct mc_json_writer {
    struct mc_arena *arena;
    char *data;
    size_t len;
    size_t size;
    unsigned depth;
    char closers[MC_JSON_DEPTH_MAX];
    bool pretty;
    bool first; /* nothing yet in the innermost object or array */
    bool keyed; /* a key waits for its value */
    bool failed;
};

void mc_json_begin(struct mc_json_writer *writer, struct mc_arena *arena);
void mc_json_object(struct mc_json_writer *writer);
void mc_json_array(struct mc_json_writer *writer);
void mc_json_end(struct mc_json_writer *writer); /* the innermost of either */
void mc_json_key(struct mc_json_writer *writer, const char *key);
void mc_json_string(struct mc_json_writer *writer, const char *text); /* NULL: null */
void mc_json_string_n(struct mc_json_writer *writer, struct mc_bytes text);
void mc_json_base64(struct mc_json_writer *writer, struct mc_bytes data);
void mc_json_int(struct mc_json_writer *writer, int64_t number);
void mc_json_uint(struct mc_json_writer *writer, uint64_t number);
void mc_json_double(struct mc_json_writer *writer, double number); /* NaN and such: in quotes */
void mc_json_float(struct mc_json_writer *writer, float number); /* the fewest digits for a float */
void mc_json_true_or_false(struct mc_json_writer *writer, bool value);
void mc_json_null(struct mc_json_writer *writer);
void mc_json_message(struct mc_json_writer *writer, const ProtobufCMessage *message);

/* The text also ends in a NUL that is not counted. */
mc_nodiscard enum mc_status mc_json_finish(struct mc_json_writer *writer,
                                           struct mc_bytes *ret_text);
