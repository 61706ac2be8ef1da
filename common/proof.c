#include "common/proof.h"

#include <stdio.h>
#include <string.h>

enum { BASE = 45, PAIR = 3 };

static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

size_t mc_base45(char *out, struct mc_bytes bytes)
{
    const uint8_t *in = bytes.data;
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i += 2) {
        bool pair = i + 1 < bytes.len;
        unsigned value = pair ? in[i] * 256U + in[i + 1] : in[i];

        out[len++] = letters[value % BASE];
        out[len++] = letters[value / BASE % BASE];
        if (pair)
            out[len++] = letters[value / BASE / BASE];
    }
    out[len] = '\0';
    return len;
}

/* A pair of bytes of its three letters, or a last byte of two; false: they stand for nothing. */
static bool take(const char *text, size_t n, unsigned *ret_value)
{
    unsigned value = 0;

    for (size_t i = n; i-- > 0;) {
        const char *at = text[i] != '\0' ? strchr(letters, text[i]) : NULL;
        if (at == NULL)
            return false;
        value = value * BASE + (unsigned)(at - letters);
    }
    *ret_value = value;
    return value <= (n == PAIR ? UINT16_MAX : UINT8_MAX);
}

bool mc_unbase45(uint8_t *out, size_t size, struct mc_bytes text, size_t *ret_len)
{
    const char *in = text.data;
    size_t len = 0;

    if (text.len % PAIR == 1)
        return false;
    for (size_t i = 0; i < text.len; i += PAIR) {
        size_t n = MC_MIN(text.len - i, (size_t)PAIR);
        unsigned value;

        if (len + n - 1 > size || !take(in + i, n, &value))
            return false;
        if (n == PAIR)
            out[len++] = (uint8_t)(value >> 8);
        out[len++] = (uint8_t)value;
    }
    *ret_len = len;
    return true;
}

/* What is signed: the kind, a NUL, the message. */
static struct mc_bytes signed_part(struct mc_arena *arena, const char *kind,
                                   struct mc_bytes message)
{
    size_t head = strlen(kind) + 1;
    uint8_t *out = mc_alloc(arena, head + message.len);

    if (out == NULL)
        return (struct mc_bytes){0};
    memcpy(out, kind, head);
    memcpy(out + head, message.data, message.len);
    return (struct mc_bytes){out, head + message.len};
}

char *mc_proof_make(struct mc_arena *arena, const uint8_t secret[MC_SIGN_SECRET_LEN],
                    const char *kind, struct mc_bytes message)
{
    uint8_t both[MC_PROOF_MESSAGE_MAX + MC_SIGNATURE_LEN];
    size_t head = strlen(kind);

    assert(head > 0 && head <= MC_PROOF_KIND_MAX);
    if (message.len > MC_PROOF_MESSAGE_MAX)
        return NULL;
    struct mc_bytes what = signed_part(arena, kind, message);
    char *text = mc_alloc(arena, MC_PROOF_TEXT_MAX);
    if (what.data == NULL || text == NULL)
        return NULL;
    memcpy(both, message.data, message.len);
    mc_sign(both + message.len, secret, what);
    (void)snprintf(text, MC_PROOF_TEXT_MAX, "%s:", kind);
    (void)mc_base45(text + head + 1, (struct mc_bytes){both, message.len + MC_SIGNATURE_LEN});
    return text;
}

enum mc_status mc_proof_open(struct mc_arena *arena, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                             size_t keys_len, const char *kind, struct mc_bytes text,
                             struct mc_bytes *ret_message)
{
    size_t head = strlen(kind) + 1;
    size_t len = 0;

    if (text.len <= head || text.len > MC_PROOF_TEXT_MAX ||
        memcmp(text.data, kind, head - 1) != 0 || ((const char *)text.data)[head - 1] != ':')
        return MC_INVALID;
    uint8_t *both = mc_alloc(arena, text.len);
    if (both == NULL)
        return MC_FULL;
    const struct mc_bytes coded = {(const char *)text.data + head, text.len - head};
    if (!mc_unbase45(both, text.len, coded, &len) || len <= MC_SIGNATURE_LEN ||
        len > MC_PROOF_MESSAGE_MAX + MC_SIGNATURE_LEN)
        return MC_INVALID;
    const struct mc_bytes message = {both, len - MC_SIGNATURE_LEN};
    struct mc_bytes what = signed_part(arena, kind, message);
    if (what.data == NULL)
        return MC_FULL;
    for (size_t i = 0; i < keys_len; i++)
        if (mc_sign_verify(both + message.len, keys[i], what)) {
            *ret_message = message;
            return MC_OK;
        }
    return MC_UNAUTHENTICATED;
}
