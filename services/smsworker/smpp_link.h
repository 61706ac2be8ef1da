/*
 * The connection to an SMSC: bytes in, whole PDUs out. No protocol beyond the length of a PDU.
 *
 * One connection at a time. `up` and `down` tell of it; `down` comes once for each connect that did
 * not end with smpp_link_close(). Callbacks may send and close.
 */
#pragma once

#include "common/base.h"

#include "smpp_pdu.h"

struct mc_loop;
struct smpp_link;

struct smpp_link_events {
    void (*up)(void *arg);
    void (*pdu)(void *arg, const struct smpp_head *head, struct mc_bytes pdu);
    void (*down)(void *arg, const char *why);
    void *arg;
};

/* "10.0.0.9:2775" or "[fd00::9]:2775"; a name would have to be looked up. */
mc_nodiscard bool smpp_address_is_good(const char *address);

mc_nodiscard struct smpp_link *smpp_link_create(struct mc_loop *loop,
                                                const struct smpp_link_events *events);
void smpp_link_destroy(struct smpp_link *link);

/* False: it could not even begin; nothing will be called. */
mc_nodiscard bool smpp_link_connect(struct smpp_link *link, const char *address);
void smpp_link_close(struct smpp_link *link);

/* False: not connected, or the SMSC has stopped reading. */
mc_nodiscard bool smpp_link_send(struct smpp_link *link, struct mc_bytes pdu);
