/*
 * Work: what the pool does for a call before its handler runs. Passwords are long in the
 * processor on purpose, so they never hold up the loop.
 */
#pragma once

#include "common/password.h"

enum mc_work_kind {
    MC_WORK_NONE,
    MC_WORK_HASH,   /* hashes the password that was chosen */
    MC_WORK_VERIFY, /* compares; when it fits and the costs were raised since, makes a fresh hash */
    MC_WORK_CHANGE, /* compares; when it fits, hashes the next one */
};

enum { MC_WORK_PASSWORD_MAX = 256, MC_WORK_HASH_MAX = 128, MC_WORK_WORDS_MAX = 320 };

struct mc_work {
    enum mc_work_kind kind;
    char password[MC_WORK_PASSWORD_MAX];
    char hash[MC_WORK_HASH_MAX];     /* HASH: the result; else to compare with */
    bool ok;                         /* the password fits, or the hash was made */
    char next[MC_WORK_PASSWORD_MAX]; /* CHANGE */
    char fresh[MC_WORK_HASH_MAX];    /* CHANGE, VERIFY: the new hash; "": there is none */
    char words[MC_WORK_WORDS_MAX]; /* HASH, CHANGE: what a guesser knows of who chooses; one a line
                                    */
    unsigned bits_min; /* HASH, CHANGE: nothing easier to guess is hashed; 0: anything */
    bool guessable;    /* it was easier */
};

void mc_work_run(struct mc_work *work, struct mc_password_cost cost);
