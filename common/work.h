/*
 * Work: what the pool does for a call before its handler runs. Passwords are long in the
 * processor on purpose, and a page takes as long to set: neither may hold up the loop.
 */
#pragma once

#include "common/arena.h"
#include "common/password.h"

enum mc_work_kind {
    MC_WORK_NONE,
    MC_WORK_HASH,   /* hashes the password that was chosen */
    MC_WORK_VERIFY, /* compares; when it fits and the costs were raised since, makes a fresh hash */
    MC_WORK_CHANGE, /* compares; when it fits, hashes the next one */
    MC_WORK_TASK,   /* the room's own function */
};

enum { MC_WORK_ARENA = 256 << 20 }; /* address space of a task; only touched pages cost memory */

/*
 * A task of a room. It runs in a thread of the pool, on the call's body as it came (and was found
 * valid): it may use its own arena and whatever of `ctx` never changes, and nothing else. What it
 * returns lives in that arena until the call is over; NULL: no memory.
 */
typedef const void *mc_task(const void *ctx, struct mc_arena *arena, struct mc_bytes body);

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
    mc_task *task;     /* TASK */
    const void *task_ctx;
    const void *task_result;
    struct mc_arena arena; /* TASK: made by mc_work_run(), so work that has run is not copied */
};

void mc_work_run(struct mc_work *work, struct mc_password_cost cost, struct mc_bytes body);

/* Gives back what the work took, and wipes it: at the end of its call, whether it ran or not. */
void mc_work_done(struct mc_work *work);
