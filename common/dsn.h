/*
 * DSN: what a mail system says has become of a mail (RFC 3464), as it comes back to the address
 * that a mail was sent from. Such messages are made by strangers: only two fields are taken.
 */
#pragma once

#include "common/base.h"

enum { MC_DSN_MAX = 1 << 20, MC_DSN_STATUS_SIZE = 12 };

struct mc_dsn {
    bool failed;                     /* Action: failed; else delayed, delivered, relayed */
    char status[MC_DSN_STATUS_SIZE]; /* "5.1.1" (RFC 3463) */
};

/* Reads the first recipient's fields of a whole message, line ends CRLF or LF. False: it is no
 * report, or names no action and status. */
mc_nodiscard bool mc_dsn_read(struct mc_bytes message, struct mc_dsn *ret_dsn);
