#include "common/captcha.h"

#include <string.h>

#include "common/crypto.h"
#include "common/json.h"

enum {
    NONCE_LEN = 16,
    COST = 100, /* rounds of PBKDF2 per try; doubles with each level, then the prefix grows */
    COST_STEPS = 4,
    KEY_LEN = 32,
    SIGNATURE_LEN = 2 * MC_HASH_LEN, /* hex */
    MS = 1000,
};

static const char prefix_zeros[] = "000000";
_Static_assert(sizeof prefix_zeros > MC_CAPTCHA_PREFIX_MAX + MC_CAPTCHA_LEVEL_MAX / COST_STEPS,
               "a zero for each that is asked for");

/* What a challenge says; the rest follows from it. */
struct challenge {
    uint8_t nonce[NONCE_LEN];
    uint8_t salt[NONCE_LEN];
    int64_t expires_s;
    unsigned level;
};

static unsigned cost_of(unsigned level)
{
    return (unsigned)COST << (level % COST_STEPS);
}

static unsigned prefix_of(const struct mc_captcha *captcha, unsigned level)
{
    return (unsigned)captcha->prefix + level / COST_STEPS;
}

/* The parameters as ALTCHA signs them: JSON with sorted keys. */
static const char *parameters_text(struct mc_txn *txn, const struct mc_captcha *captcha,
                                   const struct challenge *challenge, const char *whom)
{
    char nonce[2 * NONCE_LEN + 1];
    char salt[2 * NONCE_LEN + 1];
    char hidden[2 * MC_HASH_LEN + 1];
    struct mc_bytes blind = mc_blind(txn, "captcha", whom);

    if (blind.len == 0 || blind.len > MC_HASH_LEN)
        return NULL;
    (void)mc_hex(nonce, (struct mc_bytes){challenge->nonce, NONCE_LEN});
    (void)mc_hex(salt, (struct mc_bytes){challenge->salt, NONCE_LEN});
    (void)mc_hex(hidden, blind);
    const char *text = mc_sprintf(
        txn->arena,
        "{\"algorithm\":\"PBKDF2/SHA-256\",\"cost\":%u,\"data\":{\"for\":\"%s\","
        "\"level\":%u},\"expiresAt\":%lld,\"keyLength\":%d,\"keyPrefix\":\"%.*s\","
        "\"nonce\":\"%s\",\"salt\":\"%s\"}",
        cost_of(challenge->level), hidden, challenge->level, (long long)challenge->expires_s,
        (int)KEY_LEN, (int)prefix_of(captcha, challenge->level), prefix_zeros, nonce, salt);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text;
}

static void signature_of(const struct mc_txn *txn, const struct mc_captcha *captcha,
                         const char *parameters, char ret_hex[SIGNATURE_LEN + 1])
{
    uint8_t key[MC_HASH_LEN];
    uint8_t mac[MC_HASH_LEN];

    mc_mac(key, txn->secrets->mac, captcha->purpose, NULL, 0);
    mc_hmac_sha256(mac, (struct mc_bytes){key, sizeof key}, mc_key_text(parameters));
    (void)mc_hex(ret_hex, (struct mc_bytes){mac, sizeof mac});
    mc_wipe(key, sizeof key);
}

char *mc_captcha_make(struct mc_txn *txn, const struct mc_captcha *captcha, const char *whom,
                      unsigned level, int64_t *ret_expires_ms)
{
    struct challenge challenge = {.level = level};
    char signature[SIGNATURE_LEN + 1];

    mc_random_fill(txn->random, challenge.nonce, sizeof challenge.nonce);
    mc_random_fill(txn->random, challenge.salt, sizeof challenge.salt);
    challenge.expires_s = (txn->now_ms + captcha->life_ms) / MS;
    const char *parameters = parameters_text(txn, captcha, &challenge, whom);
    if (parameters == NULL)
        return NULL;
    signature_of(txn, captcha, parameters, signature);
    char *text =
        mc_sprintf(txn->arena, "{\"parameters\":%s,\"signature\":\"%s\"}", parameters, signature);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    *ret_expires_ms = challenge.expires_s * MS;
    return text;
}

static bool read_hex(const struct mc_json *json, const char *path, uint8_t bytes[NONCE_LEN])
{
    const char *text = mc_json_text(json, path);

    return text != NULL && mc_unhex(bytes, NONCE_LEN, mc_key_text(text));
}

/* The widget's payload: base64 of {"challenge": {"parameters": …, "signature": …}, "solution": …}.
 */
static bool read_payload(struct mc_txn *txn, const char *solved, struct challenge *ret_challenge,
                         char ret_signature[SIGNATURE_LEN + 1], uint32_t *ret_counter)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    size_t size = strlen(solved);
    uint8_t *bytes = size <= MC_CAPTCHA_SOLVED_MAX ? mc_alloc(txn->arena, size + 1) : NULL;
    size_t len = 0;
    int64_t level = 0;
    int64_t counter = 0;

    if (bytes == NULL || !mc_unbase64(bytes, size, mc_key_text(solved), &len) ||
        mc_json_parse((struct mc_bytes){bytes, len}, &json) != MC_OK)
        return false;
    const char *signature = mc_json_text(json, "challenge.signature");
    if (signature == NULL || strlen(signature) != SIGNATURE_LEN ||
        !read_hex(json, "challenge.parameters.nonce", ret_challenge->nonce) ||
        !read_hex(json, "challenge.parameters.salt", ret_challenge->salt) ||
        !mc_json_number(json, "challenge.parameters.expiresAt", &ret_challenge->expires_s) ||
        !mc_json_number(json, "challenge.parameters.data.level", &level) ||
        !mc_json_number(json, "solution.counter", &counter) || level < 0 ||
        level > MC_CAPTCHA_LEVEL_MAX || counter < 0 || counter > UINT32_MAX)
        return false;
    memcpy(ret_signature, signature, SIGNATURE_LEN + 1);
    ret_challenge->level = (unsigned)level;
    *ret_counter = (uint32_t)counter;
    return true;
}

/* The derived key begins with as many zeros as were asked for. */
static bool is_solved(const struct mc_captcha *captcha, const struct challenge *challenge,
                      uint32_t counter)
{
    uint8_t password[NONCE_LEN + 4];
    uint8_t key[KEY_LEN];
    char hex[2 * KEY_LEN + 1];

    memcpy(password, challenge->nonce, NONCE_LEN);
    for (int i = 0; i < 4; i++)
        password[NONCE_LEN + i] = (uint8_t)(counter >> (24 - 8 * i));
    mc_pbkdf2_sha256(key, sizeof key, (struct mc_bytes){password, sizeof password},
                     (struct mc_bytes){challenge->salt, NONCE_LEN}, cost_of(challenge->level));
    (void)mc_hex(hex, (struct mc_bytes){key, sizeof key});
    return strncmp(hex, prefix_zeros, prefix_of(captcha, challenge->level)) == 0;
}

/* Expired ones lie in front. */
static struct mc_bytes spent_key(struct mc_txn *txn, const struct challenge *challenge)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)challenge->expires_s),
                       (struct mc_bytes){challenge->nonce, NONCE_LEN});
}

static const char *judge(struct mc_txn *txn, const struct mc_captcha *captcha, const char *whom,
                         const char *solved, unsigned level, struct challenge *challenge)
{
    char claimed[SIGNATURE_LEN + 1];
    char signature[SIGNATURE_LEN + 1];
    struct mc_bytes spent;
    uint32_t counter = 0;

    if (solved[0] == '\0')
        return "CAPTCHA_REQUIRED";
    if (!read_payload(txn, solved, challenge, claimed, &counter))
        return "CAPTCHA_WRONG";
    const char *parameters = parameters_text(txn, captcha, challenge, whom);
    if (parameters == NULL)
        return "CAPTCHA_WRONG";
    signature_of(txn, captcha, parameters, signature);
    if (!mc_equal(signature, claimed, sizeof signature))
        return "CAPTCHA_WRONG";
    if (challenge->expires_s * MS <= txn->now_ms)
        return "CAPTCHA_EXPIRED";
    if (challenge->level < level || mc_get(txn, captcha->table, spent_key(txn, challenge), &spent))
        return "CAPTCHA_REQUIRED"; /* too little work by now, or done before: another one */
    return is_solved(captcha, challenge, counter) ? NULL : "CAPTCHA_WRONG";
}

bool mc_captcha_spend(struct mc_txn *txn, const struct mc_captcha *captcha, const char *whom,
                      const char *solved, unsigned level)
{
    struct challenge challenge = {0};
    const char *code = judge(txn, captcha, whom, solved, level, &challenge);

    if (code != NULL) {
        (void)mc_refuse(txn, MC_INVALID, "captcha", code, NULL);
        return false;
    }
    if (txn->turn != NULL)
        mc_put(txn, captcha->table, spent_key(txn, &challenge), (struct mc_bytes){0});
    return txn->status == MC_OK;
}

uint64_t mc_captcha_expire(struct mc_txn *txn, unsigned table, unsigned rows)
{
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)(txn->now_ms / MS));
    struct mc_cursor cursor =
        mc_seek(txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (unsigned i = 0; i < rows && mc_next(&cursor); i++) {
        if (cursor.key.len < now.len || memcmp(cursor.key.data, now.data, now.len) > 0)
            break;
        mc_drop(txn, table, cursor.key);
        gone++;
    }
    return gone;
}
