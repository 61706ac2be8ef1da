/* The few things every file uses. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MC_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define MC_MIN(a, b)  ((a) < (b) ? (a) : (b))
#define MC_MAX(a, b)  ((a) > (b) ? (a) : (b))

#define mc_nodiscard         __attribute__((warn_unused_result))
#define mc_printf(fmt, args) __attribute__((format(printf, fmt, args)))

/* Runs fn(&variable) when the variable leaves scope. */
#define mc_cleanup(fn) __attribute__((cleanup(fn)))

/* For libraries that take a pointer they will not write through, and do not say so. */
static inline void *mc_unconst(const void *pointer)
{
    union {
        const void *in;
        void *out;
    } both = {.in = pointer};
    return both.out;
}

/* Borrowed bytes: whoever gave them out says how long they live. */
struct mc_bytes {
    const void *data;
    size_t len;
};

enum {
    MC_ID_LEN =
        16, /* every id we make is a UUIDv7 (RFC 9562): time-ordered, so neighbours on disk */
};

/*
 * Why a call did not happen.
 *
 * Anything but MC_OK means nothing was written: the call's write buffer is dropped.
 * An outcome worth remembering (a wrong code, a declined card) is MC_OK with a reply
 * that says so.
 */
enum mc_status {
    MC_OK = 0,

    /* Not an outcome: nothing to give yet; the frame parks the call and runs it again. */
    MC_WAIT,

    /* Refusals: the caller's to fix, sent back as they are. */
    MC_INVALID,         /* a field is wrong */
    MC_UNAUTHENTICATED, /* no session, or a bad one */
    MC_DENIED,          /* known, and not allowed */
    MC_NOT_FOUND,
    MC_CONFLICT, /* exists already, or changed under the caller */
    MC_EXPIRED,  /* too late, or in the wrong state */
    MC_LIMITED,  /* a budget is used up: try later */
    MC_BUSY,     /* a queue is full or another system is away: try later */

    /* Faults: ours to fix, logged here, sent back as "unavailable". */
    MC_FULL,
    MC_CORRUPT,
    MC_IO,
};

/* For ids and keys of no secret: not in constant time. */
static inline bool mc_bytes_same(struct mc_bytes a, struct mc_bytes b)
{
    return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.data, b.data, a.len) == 0);
}

static inline bool mc_is_fault(enum mc_status status)
{
    return status >= MC_FULL;
}
