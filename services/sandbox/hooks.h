/*
 * Where webhooks go: addresses a portal's developer may have for trying, what came to each, whether
 * its signature holds (Standard Webhooks), and what goes wrong there. Pure but for the arena.
 */
#pragma once

#include "common/arena.h"
#include "common/base.h"

enum {
    SANDBOX_HOOKS_MAX = 256,
    SANDBOX_HOOK_NAME_SIZE = 33,
    SANDBOX_HOOK_SECRET_SIZE = 128,
    SANDBOX_HOOK_ID_SIZE = 97,
    SANDBOX_HOOK_TYPE_SIZE = 65,
    SANDBOX_HOOK_KEPT = 100,           /* of each address; the oldest gives way */
    SANDBOX_HOOK_KEY_MIN = 24,         /* bytes of a key; standardwebhooks.com: 24 to 64 */
    SANDBOX_HOOK_KEY_MAX = 64,         /* bytes */
    SANDBOX_HOOK_TOLERANCE_S = 5 * 60, /* as the libraries of Standard Webhooks have it */
    SANDBOX_HOOK_SIGNATURES_MAX = 8,   /* that are looked at in one header */
};

enum sandbox_hook_fault {
    SANDBOX_HOOK_WELL,
    SANDBOX_HOOK_SLOW,    /* taken, and answered after ms */
    SANDBOX_HOOK_HTTP500, /* not taken */
    SANDBOX_HOOK_GARBAGE, /* taken, and the answer is no JSON: a challenge is not met by it */
    SANDBOX_HOOK_EXPIRE,  /* not taken: 401, whatever it is signed with */
    SANDBOX_HOOK_EXISTS,  /* taken, and called a duplicate: 409 */
    SANDBOX_HOOK_LOSE,    /* taken, and the answer breaks off */
    SANDBOX_HOOK_DOWN,    /* not taken, the answer breaks off; with ms: for so long */
    SANDBOX_HOOK_GONE,    /* not taken: 410, it is wanted no more */
    SANDBOX_HOOK_FAULTS_LEN
};

enum sandbox_hook_verdict {
    SANDBOX_HOOK_VALID,
    SANDBOX_HOOK_NO_SECRET, /* none was given here, so nothing can be said */
    SANDBOX_HOOK_UNSIGNED,  /* a header is missing, or is none */
    SANDBOX_HOOK_STALE,     /* its time is too far from ours: it may be an old one sent again */
    SANDBOX_HOOK_INVALID,   /* no signature is that of id.timestamp.body */
    SANDBOX_HOOK_VERDICTS_LEN
};

struct sandbox_hook_signed {
    const char *id;        /* webhook-id; NULL: none, as the other two */
    const char *timestamp; /* webhook-timestamp: seconds */
    const char *signature; /* webhook-signature: "v1,<base64>", several with blanks between */
    struct mc_bytes body;
};

/* One message; the same id again counts up `times`. */
struct sandbox_hook_item {
    char id[SANDBOX_HOOK_ID_SIZE];
    char type[SANDBOX_HOOK_TYPE_SIZE]; /* of the CloudEvent */
    enum sandbox_hook_verdict verdict; /* of the last time */
    unsigned times;
    int64_t at_ms; /* of the first */
};

struct sandbox_hook {
    char name[SANDBOX_HOOK_NAME_SIZE];
    char secret[SANDBOX_HOOK_SECRET_SIZE]; /* "whsec_…"; "": not told yet */
    enum sandbox_hook_fault fault;
    int64_t fault_ms;
    int64_t fault_left; /* times; 0: until it is ordered otherwise */
    int64_t fault_until_ms;
    uint64_t calls;
    uint64_t taken; /* items ever */
    struct sandbox_hook_item items[SANDBOX_HOOK_KEPT];
};

struct sandbox_hooks {
    struct sandbox_hook *rows[SANDBOX_HOOKS_MAX];
    size_t len;
};

const char *sandbox_hook_fault_name(enum sandbox_hook_fault fault);
mc_nodiscard bool sandbox_hook_fault_parse(const char *name, enum sandbox_hook_fault *ret_fault);
const char *sandbox_hook_verdict_name(enum sandbox_hook_verdict verdict);
/* The address of that name (letters, digits, '-', '_'), made when it is new; NULL: none such, or
 * too many. */
struct sandbox_hook *sandbox_hook_of(struct sandbox_hooks *hooks, struct mc_arena *memory,
                                     const char *name);
/* "whsec_" and base64 of a key of a length that may be; "" is one too: none. */
bool sandbox_hook_secret_ok(const char *secret);
/* What strikes now; uses one up. */
enum sandbox_hook_fault sandbox_hook_strikes(struct sandbox_hook *hook, int64_t now_ms);
/* Standard Webhooks, "Verifying signatures": HMAC-SHA256 over id.timestamp.body, compared in
 * constant time. `scratch` needs room for them. */
enum sandbox_hook_verdict sandbox_hook_verify(struct mc_arena *scratch, const char *secret,
                                              const struct sandbox_hook_signed *message,
                                              int64_t now_ms);
/* Keeps it, or counts it once more. */
void sandbox_hook_take(struct sandbox_hook *hook, const char *id, const char *type,
                       enum sandbox_hook_verdict verdict, int64_t now_ms);
