#include <stdio.h>
#include <string.h>

#include "common/crypto.h"

#include "hooks.h"

static const char secret_prefix[] = "whsec_";
static const char version[] = "v1,";

static const char *const faults[SANDBOX_HOOK_FAULTS_LEN] = {
    [SANDBOX_HOOK_WELL] = "none",       [SANDBOX_HOOK_SLOW] = "slow",
    [SANDBOX_HOOK_HTTP500] = "http500", [SANDBOX_HOOK_GARBAGE] = "garbage",
    [SANDBOX_HOOK_EXPIRE] = "expire",   [SANDBOX_HOOK_EXISTS] = "exists",
    [SANDBOX_HOOK_LOSE] = "lose",       [SANDBOX_HOOK_DOWN] = "down",
    [SANDBOX_HOOK_GONE] = "gone",
};

static const char *const verdicts[SANDBOX_HOOK_VERDICTS_LEN] = {
    [SANDBOX_HOOK_VALID] = "VALID",       [SANDBOX_HOOK_NO_SECRET] = "NO_SECRET",
    [SANDBOX_HOOK_UNSIGNED] = "UNSIGNED", [SANDBOX_HOOK_STALE] = "STALE",
    [SANDBOX_HOOK_INVALID] = "INVALID",
};

const char *sandbox_hook_fault_name(enum sandbox_hook_fault fault)
{
    return faults[fault];
}

const char *sandbox_hook_verdict_name(enum sandbox_hook_verdict verdict)
{
    return verdicts[verdict];
}

bool sandbox_hook_fault_parse(const char *name, enum sandbox_hook_fault *ret_fault)
{
    for (unsigned i = 0; i < SANDBOX_HOOK_FAULTS_LEN; i++)
        if (strcmp(name, faults[i]) == 0) {
            *ret_fault = (enum sandbox_hook_fault)i;
            return true;
        }
    return false;
}

static bool name_ok(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(name);

    return len > 0 && len < SANDBOX_HOOK_NAME_SIZE && strspn(name, letters) == len;
}

struct sandbox_hook *sandbox_hook_of(struct sandbox_hooks *hooks, struct mc_arena *memory,
                                     const char *name)
{
    for (size_t i = 0; i < hooks->len; i++)
        if (strcmp(hooks->rows[i]->name, name) == 0)
            return hooks->rows[i];
    if (hooks->len == SANDBOX_HOOKS_MAX || !name_ok(name))
        return NULL;
    struct sandbox_hook *made = mc_alloc(memory, sizeof *made);
    if (made == NULL)
        return NULL;
    (void)snprintf(made->name, sizeof made->name, "%s", name);
    hooks->rows[hooks->len++] = made;
    return made;
}

/* False: no secret of that form. */
static bool key_of(const char *secret, uint8_t key[SANDBOX_HOOK_KEY_MAX], size_t *ret_len)
{
    size_t prefix = sizeof secret_prefix - 1;

    if (strncmp(secret, secret_prefix, prefix) != 0)
        return false;
    return mc_unbase64(key, SANDBOX_HOOK_KEY_MAX,
                       (struct mc_bytes){secret + prefix, strlen(secret) - prefix}, ret_len) &&
           *ret_len >= SANDBOX_HOOK_KEY_MIN;
}

bool sandbox_hook_secret_ok(const char *secret)
{
    uint8_t key[SANDBOX_HOOK_KEY_MAX];
    size_t len = 0;

    return secret[0] == '\0' ||
           (strlen(secret) < SANDBOX_HOOK_SECRET_SIZE && key_of(secret, key, &len));
}

enum sandbox_hook_fault sandbox_hook_strikes(struct sandbox_hook *hook, int64_t now_ms)
{
    enum sandbox_hook_fault fault = hook->fault;

    if (hook->fault_until_ms != 0 && hook->fault_until_ms <= now_ms) {
        hook->fault = SANDBOX_HOOK_WELL;
        hook->fault_until_ms = 0;
        return SANDBOX_HOOK_WELL;
    }
    if (hook->fault_left > 0 && --hook->fault_left == 0)
        hook->fault = SANDBOX_HOOK_WELL;
    return fault;
}

static bool seconds_of(const char *text, int64_t *ret_seconds)
{
    enum { DIGITS_MAX = 12 };
    size_t len = strlen(text);
    int64_t seconds = 0;

    if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") != len)
        return false;
    for (; *text != '\0'; text++)
        seconds = seconds * 10 + (*text - '0');
    *ret_seconds = seconds;
    return true;
}

/* One of the header's signatures; others' versions are passed over. */
static bool any_fits(const char *header, const uint8_t mac[MC_HASH_LEN])
{
    const char *at = header;

    for (unsigned n = 0; *at != '\0' && n < SANDBOX_HOOK_SIGNATURES_MAX; n++) {
        uint8_t given[MC_HASH_LEN];
        size_t len = 0;
        size_t text = strcspn(at, " ");
        size_t skip = sizeof version - 1;

        if (strncmp(at, version, skip) == 0 &&
            mc_unbase64(given, sizeof given, (struct mc_bytes){at + skip, text - skip}, &len) &&
            len == MC_HASH_LEN && mc_equal(given, mac, MC_HASH_LEN))
            return true;
        at += text;
        at += strspn(at, " ");
    }
    return false;
}

enum sandbox_hook_verdict sandbox_hook_verify(struct mc_arena *scratch, const char *secret,
                                              const struct sandbox_hook_signed *message,
                                              int64_t now_ms)
{
    uint8_t key[SANDBOX_HOOK_KEY_MAX];
    uint8_t mac[MC_HASH_LEN];
    size_t key_len = 0;
    int64_t at_s = 0;

    if (!key_of(secret, key, &key_len))
        return SANDBOX_HOOK_NO_SECRET;
    if (message->id == NULL || message->timestamp == NULL || message->signature == NULL ||
        !seconds_of(message->timestamp, &at_s))
        return SANDBOX_HOOK_UNSIGNED;
    int64_t apart = at_s - now_ms / 1000;
    if (apart > SANDBOX_HOOK_TOLERANCE_S || apart < -SANDBOX_HOOK_TOLERANCE_S)
        return SANDBOX_HOOK_STALE;
    const char *head = mc_sprintf(scratch, "%s.%s.", message->id, message->timestamp);
    size_t head_len = head != NULL ? strlen(head) : 0;
    char *text = head != NULL ? mc_alloc(scratch, head_len + message->body.len + 1) : NULL;
    if (text == NULL)
        return SANDBOX_HOOK_INVALID;
    char *rest = mempcpy(text, head, head_len);
    if (message->body.len > 0)
        memcpy(rest, message->body.data, message->body.len);
    mc_hmac_sha256(mac, (struct mc_bytes){key, key_len},
                   (struct mc_bytes){text, head_len + message->body.len});
    return any_fits(message->signature, mac) ? SANDBOX_HOOK_VALID : SANDBOX_HOOK_INVALID;
}

void sandbox_hook_take(struct sandbox_hook *hook, const char *id, const char *type,
                       enum sandbox_hook_verdict verdict, int64_t now_ms)
{
    for (size_t i = 0; i < SANDBOX_HOOK_KEPT && i < hook->taken; i++)
        if (strcmp(hook->items[i].id, id) == 0) {
            hook->items[i].times++;
            hook->items[i].verdict = verdict;
            return;
        }
    struct sandbox_hook_item *item = &hook->items[hook->taken++ % SANDBOX_HOOK_KEPT];
    *item = (struct sandbox_hook_item){.verdict = verdict, .times = 1, .at_ms = now_ms};
    (void)snprintf(item->id, sizeof item->id, "%s", id);
    (void)snprintf(item->type, sizeof item->type, "%s", type);
}
