/* Signed notes and checkpoints. */
#include "common/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HASH_LEN = 4, /* of a key, before each signature */
    TIME_LEN = 8, /* of a witness's, between the two */
    SIGNATURE_MAX = HASH_LEN + TIME_LEN + MC_SIGNATURE_LEN,
};

/* An em dash and a blank begin each line of a signature. */
static const char mark[] = "\xe2\x80\x94 ";

bool mc_note_name_is_valid(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > MC_NOTE_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f)
            return false;
    return true;
}

static void key_hash(uint8_t out[HASH_LEN], const struct mc_note_key *key)
{
    const uint8_t kind = (uint8_t)key->kind;
    const struct mc_bytes parts[] = {{key->name, strlen(key->name)},
                                     {"\n", 1},
                                     {&kind, 1},
                                     {key->public_key, MC_SIGN_PUBLIC_LEN}};
    uint8_t hash[MC_HASH_LEN];

    mc_hash_parts(hash, parts, MC_LEN(parts));
    memcpy(out, hash, HASH_LEN);
}

void mc_note_key_text(char out[MC_NOTE_KEY_SIZE], const struct mc_note_key *key)
{
    uint8_t bytes[1 + MC_SIGN_PUBLIC_LEN] = {(uint8_t)key->kind};
    uint8_t hash[HASH_LEN];
    char hex[2 * HASH_LEN + 1];
    char base64[64];

    memcpy(bytes + 1, key->public_key, MC_SIGN_PUBLIC_LEN);
    key_hash(hash, key);
    (void)mc_hex(hex, (struct mc_bytes){hash, sizeof hash});
    (void)mc_base64(base64, (struct mc_bytes){bytes, sizeof bytes});
    (void)snprintf(out, MC_NOTE_KEY_SIZE, "%s+%s+%s", key->name, hex, base64);
}

static bool is_kind(uint8_t byte)
{
    return byte == MC_NOTE_SIGNED || byte == MC_NOTE_COSIGNED;
}

bool mc_note_key_parse(struct mc_note_key *key, struct mc_bytes text)
{
    const char *at = text.data;
    const char *first = memchr(at, '+', text.len);
    const char *second =
        first != NULL ? memchr(first + 1, '+', text.len - (size_t)(first + 1 - at)) : NULL;
    uint8_t bytes[64];
    uint8_t told[HASH_LEN];
    uint8_t hash[HASH_LEN];
    size_t len;

    if (second == NULL || (size_t)(first - at) > MC_NOTE_NAME_MAX)
        return false;
    struct mc_bytes tail = {second + 1, text.len - (size_t)(second + 1 - at)};
    if (!mc_unhex(told, sizeof told, (struct mc_bytes){first + 1, (size_t)(second - first - 1)}) ||
        !mc_unbase64(bytes, sizeof bytes, tail, &len) || len != 1 + MC_SIGN_PUBLIC_LEN ||
        !is_kind(bytes[0]))
        return false;
    *key = (struct mc_note_key){.kind = bytes[0]};
    memcpy(key->name, at, (size_t)(first - at));
    memcpy(key->public_key, bytes + 1, MC_SIGN_PUBLIC_LEN);
    key_hash(hash, key);
    return mc_note_name_is_valid(key->name) && memcmp(hash, told, sizeof hash) == 0;
}

/* What is signed: the text itself, or with the time before it (tlog-cosignature). */
static char *message_of(struct mc_arena *arena, enum mc_note_kind kind, uint64_t seconds,
                        struct mc_bytes text)
{
    if (kind == MC_NOTE_SIGNED)
        return mc_sprintf(arena, "%.*s", (int)text.len, (const char *)text.data);
    return mc_sprintf(arena, "cosignature/v1\ntime %llu\n%.*s", (unsigned long long)seconds,
                      (int)text.len, (const char *)text.data);
}

char *mc_note_sign(struct mc_arena *arena, const char *text, const struct mc_note_key *key,
                   const uint8_t secret[MC_SIGN_SECRET_LEN], int64_t at_ms)
{
    uint64_t seconds = (uint64_t)at_ms / 1000;
    size_t time_len = key->kind == MC_NOTE_COSIGNED ? TIME_LEN : 0;
    uint8_t bytes[SIGNATURE_MAX];
    char base64[2 * SIGNATURE_MAX];
    const char *message =
        message_of(arena, key->kind, seconds, (struct mc_bytes){text, strlen(text)});

    if (message == NULL)
        return NULL;
    key_hash(bytes, key);
    for (size_t i = 0; i < time_len; i++)
        bytes[HASH_LEN + i] = (uint8_t)(seconds >> (8 * (TIME_LEN - 1 - i)));
    mc_sign(bytes + HASH_LEN + time_len, secret, (struct mc_bytes){message, strlen(message)});
    (void)mc_base64(base64, (struct mc_bytes){bytes, HASH_LEN + time_len + MC_SIGNATURE_LEN});
    return mc_sprintf(arena, "%s%s %s\n", mark, key->name, base64);
}

/* The text ends with the last empty line; signatures have none. */
bool mc_note_text(struct mc_bytes note, struct mc_bytes *ret_text)
{
    const char *data = note.data;

    if (note.len < 3 || note.len > MC_NOTE_MAX || data[note.len - 1] != '\n' ||
        memchr(data, '\0', note.len) != NULL)
        return false;
    for (size_t i = note.len - 1; i > 1; i--)
        if (data[i - 1] == '\n' && data[i - 2] == '\n') {
            *ret_text = (struct mc_bytes){data, i - 1};
            return ret_text->len <= MC_NOTE_TEXT_MAX;
        }
    return false;
}

static bool signature_fits(struct mc_bytes text, const struct mc_note_key *key,
                           const uint8_t *bytes, size_t len, int64_t *ret_at_ms)
{
    size_t time_len = key->kind == MC_NOTE_COSIGNED ? TIME_LEN : 0;
    uint8_t hash[HASH_LEN];
    uint64_t seconds = 0;
    char message[64 + MC_NOTE_TEXT_MAX];

    key_hash(hash, key);
    if (len != HASH_LEN + time_len + MC_SIGNATURE_LEN || memcmp(bytes, hash, HASH_LEN) != 0)
        return false;
    for (size_t i = 0; i < time_len; i++)
        seconds = seconds << 8 | bytes[HASH_LEN + i];
    if (seconds > INT64_MAX / 1000)
        return false;
    int head_len = time_len == 0 ? 0
                                 : snprintf(message, sizeof message, "cosignature/v1\ntime %llu\n",
                                            (unsigned long long)seconds);
    memcpy(message + head_len, text.data, text.len); // NOLINT(bugprone-not-null-terminated-result)
    if (!mc_sign_verify(bytes + HASH_LEN + time_len, key->public_key,
                        (struct mc_bytes){message, (size_t)head_len + text.len}))
        return false;
    if (ret_at_ms != NULL)
        *ret_at_ms = (int64_t)seconds * 1000;
    return true;
}

/* One line: is it a signature of this key over the text? */
static bool line_fits(struct mc_bytes text, struct mc_bytes line, const struct mc_note_key *key,
                      int64_t *ret_at_ms)
{
    size_t name_len = strlen(key->name);
    size_t before = sizeof mark - 1 + name_len + 1;
    const char *data = line.data;
    uint8_t bytes[SIGNATURE_MAX + 4];
    size_t len;

    return line.len > before && memcmp(data, mark, sizeof mark - 1) == 0 &&
           memcmp(data + sizeof mark - 1, key->name, name_len) == 0 && data[before - 1] == ' ' &&
           mc_unbase64(bytes, sizeof bytes, (struct mc_bytes){data + before, line.len - before},
                       &len) &&
           signature_fits(text, key, bytes, len, ret_at_ms);
}

bool mc_note_verify(struct mc_bytes note, const struct mc_note_key *key, int64_t *ret_at_ms)
{
    struct mc_bytes text;

    if (!mc_note_text(note, &text))
        return false;
    const char *at = (const char *)note.data + text.len + 1;
    const char *end = (const char *)note.data + note.len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (stop == NULL)
            return false;
        if (line_fits(text, (struct mc_bytes){at, (size_t)(stop - at)}, key, ret_at_ms))
            return true;
        at = stop + 1;
    }
    return false;
}

char *mc_checkpoint_text(struct mc_arena *arena, const struct mc_checkpoint *checkpoint)
{
    char root[2 * MC_HASH_LEN];

    (void)mc_base64(root, (struct mc_bytes){checkpoint->root, MC_HASH_LEN});
    return mc_sprintf(arena, "%s\n%llu\n%s\n", checkpoint->origin,
                      (unsigned long long)checkpoint->size, root);
}

/* Takes a line off the front; false: there is none. */
static bool take_line(struct mc_bytes *rest, struct mc_bytes *ret_line)
{
    const char *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (end == NULL)
        return false;
    size_t len = (size_t)(end - (const char *)rest->data);
    *ret_line = (struct mc_bytes){rest->data, len};
    *rest = (struct mc_bytes){end + 1, rest->len - len - 1};
    return true;
}

/* Decimal, without leading zeros. */
static bool parse_size(struct mc_bytes text, uint64_t *ret_size)
{
    const char *digits = text.data;
    uint64_t size = 0;

    if (text.len == 0 || text.len > 19 || (text.len > 1 && digits[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        size = size * 10 + (uint64_t)(digits[i] - '0');
    }
    *ret_size = size;
    return true;
}

bool mc_checkpoint_parse(struct mc_checkpoint *checkpoint, struct mc_bytes note)
{
    struct mc_bytes rest = note;
    struct mc_bytes origin;
    struct mc_bytes size;
    struct mc_bytes root;
    uint8_t bytes[MC_HASH_LEN + 4];
    size_t len;

    if (!take_line(&rest, &origin) || !take_line(&rest, &size) || !take_line(&rest, &root) ||
        origin.len > MC_NOTE_NAME_MAX || !parse_size(size, &checkpoint->size) ||
        !mc_unbase64(bytes, sizeof bytes, root, &len) || len != MC_HASH_LEN)
        return false;
    memcpy(checkpoint->origin, origin.data, origin.len);
    checkpoint->origin[origin.len] = '\0';
    memcpy(checkpoint->root, bytes, MC_HASH_LEN);
    return mc_note_name_is_valid(checkpoint->origin);
}
