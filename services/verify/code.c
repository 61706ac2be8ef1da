/*
 * QR codes that a room signed (common/proof.h): receipts and integration certificates. They tell
 * what was so when they were issued; what became of it later, only the room knows.
 */
#include <string.h>

#include "common/envelope.h"

#include "verify.h"

enum mc_status verify_code_open(struct mc_arena *arena, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                                size_t keys_len, const struct verify_code *of, struct mc_bytes code,
                                const ProtobufCMessage **ret_message)
{
    struct mc_validate_error error;
    struct mc_bytes message;
    enum mc_status status = mc_proof_open(arena, keys, keys_len, of->kind, code, &message);

    if (status != MC_OK)
        return status;
    *ret_message = mc_body_open(arena, of->type, message, MC_PROOF_MESSAGE_MAX, &error);
    return *ret_message != NULL ? MC_OK : MC_INVALID;
}

size_t verify_keys(struct mc_bytes text, uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN])
{
    const char *at = text.data;
    const char *end = at + text.len;
    size_t n = 0;

    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line != NULL ? line : end) - at);

        if (len > 0 && (n == MC_PROOF_KEYS_MAX ||
                        !mc_unhex(keys[n++], MC_SIGN_PUBLIC_LEN, (struct mc_bytes){at, len})))
            return 0;
        at += len + 1;
    }
    return n;
}

static bool is_end_of_line(char c)
{
    return c == '\r' || c == '\n';
}

/* The code itself, or the file it is in; a code reader ends it with a newline. */
static bool code_read(struct verify *verify, const char *given, const char *kind,
                      struct mc_bytes *ret_code)
{
    size_t len = strlen(kind);

    if (strncmp(given, kind, len) == 0 && given[len] == ':')
        *ret_code = (struct mc_bytes){given, strlen(given)};
    else if (!verify_read(verify, given, ret_code))
        return false;
    while (ret_code->len > 0 && is_end_of_line(((const char *)ret_code->data)[ret_code->len - 1]))
        ret_code->len--;
    return true;
}

void verify_line(const char *label, const char *value)
{
    if (value[0] != '\0')
        printf("%s: %s\n", label, value);
}

int verify_code(struct verify *verify, int argc, char **argv, const struct verify_code *of)
{
    uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    const ProtobufCMessage *message = NULL;
    struct mc_bytes code;
    struct mc_bytes text;

    if (argc != 2)
        return VERIFY_USAGE;
    if (!code_read(verify, argv[0], of->kind, &code) || !verify_read(verify, argv[1], &text))
        return VERIFY_DATA;
    size_t keys_len = verify_keys(text, keys);
    if (keys_len == 0) {
        fprintf(stderr, "motcua-verify: %s: no public keys in hex, one a line\n", argv[1]);
        return VERIFY_DATA;
    }
    enum mc_status status = verify_code_open(&verify->arena, keys, keys_len, of, code, &message);
    if (status == MC_OK) {
        of->tell(message);
        return VERIFY_OK;
    }
    if (status == MC_UNAUTHENTICATED) {
        fprintf(stderr, "motcua-verify: KHÔNG HỢP LỆ: none of these keys signed this\n");
        return VERIFY_BAD;
    }
    fprintf(stderr, "motcua-verify: this is no such code\n");
    return VERIFY_DATA;
}
