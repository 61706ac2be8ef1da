/*
 * Captcha: ALTCHA's proof of work instead of an image (altcha.org, PoW v2, PBKDF2/SHA-256). A
 * picture shuts out people who cannot see it and costs a program nothing, work costs whoever wants
 * many tries. Ready widgets and libraries solve it.
 *
 * A challenge is signed, not stored: it is for one thing, runs out, and is good once. What is kept
 * are the spent ones, in a table of the room, until they would have run out anyway. A call that is
 * refused for something else writes nothing, so it spends none: a typing mistake costs no second
 * captcha.
 */
#pragma once

#include "common/txn.h"

enum {
    MC_CAPTCHA_LEVEL_MAX = 7, /* 2,048 times the work of level 0 */
    MC_CAPTCHA_PREFIX_MAX = 5,
    MC_CAPTCHA_SOLVED_MAX = 2048, /* characters of a solved one */
};

/* What a room's challenges are like. */
struct mc_captcha {
    const char *purpose; /* of the key they are signed with: no other room's or purpose's holds */
    unsigned table;      /* expiry (seconds), nonce -> nothing: spent */
    int64_t life_ms;     /* to solve one and send it */
    int64_t prefix; /* zeros at level 0, at most MC_CAPTCHA_PREFIX_MAX: each is 16 times more */
};

/*
 * A challenge that is good for `whom` alone, which it does not show; four levels are one zero more.
 * JSON as ALTCHA's widget takes it, in the arena; its payload, in base64, is the captcha. NULL: the
 * call has failed (MC_FULL: no memory).
 */
mc_nodiscard char *mc_captcha_make(struct mc_txn *txn, const struct mc_captcha *captcha,
                                   const char *whom, unsigned level, int64_t *ret_expires_ms);

/*
 * Spends a solved one, of this level at least; on a snapshot it is only looked at. False: the call
 * is refused (MC_INVALID, the field "captcha"): CAPTCHA_REQUIRED when there is none, it was spent
 * or was too little work; CAPTCHA_EXPIRED; CAPTCHA_WRONG for all else, also of a call that was
 * refused before: look at the captcha first, or not at all.
 */
bool mc_captcha_spend(struct mc_txn *txn, const struct mc_captcha *captcha, const char *whom,
                      const char *solved, unsigned level);

/* Forgets the oldest spent ones that have run out, at most so many; returns how many. */
uint64_t mc_captcha_expire(struct mc_txn *txn, unsigned table, unsigned rows);
