/*
 * Bus: messages between processes, over ZeroMQ.
 *
 * A listener is where others call us (ROUTER), a peer is somebody we call (DEALER). A
 * message is two frames, [header][body], and the bus does not look into them. Nothing here
 * blocks, keeps or repeats: what a queue does not take is refused and counted, and what was
 * taken may still be lost. Whoever needs an answer asks again.
 *
 * Two doors, two kinds of trust. ipc:// is a socket file that only the right users of this
 * machine can reach; its messages carry no caller and are believed. tcp:// is always CURVE:
 * a key that is not on the bus's list gets no connection (CURVE alone would encrypt for
 * anybody), and each message carries the name that its key has on the list.
 *
 * Routing ids over tcp must be ours: a caller that could choose its own could take the one of
 * another that just left, and be sent its replies. DEALER and REQ clients leave ZMQ_ROUTING_ID
 * unset.
 *
 * Everything belongs to the thread that opened it. Listeners and peers are closed before
 * their bus; none of them survives a fork. Failures at start put a sentence into `why`.
 *
 * How a loop uses the descriptors. ZeroMQ's descriptor is edge-triggered and says only
 * "look again": it can stay silent while messages wait, and any receive or send may eat its
 * signal. It is always watched for reading, and read, written or closed by nobody. So:
 *
 *     turn:  receive, at most N messages, until false
 *            handle, commit, send the replies
 *            pending?  yes: run another turn soon (a zero timer; the fd will not tell)
 *                      no:  sleep until one of the fds is readable, then run a turn
 *
 * The order matters: pending is asked last, after every receive and every send of the turn,
 * after a look at whether a peer is writable, and also after a send outside a turn (from a
 * timer). A loop that sleeps without asking loses messages that are already there until the
 * next one comes.
 */
#pragma once

#include "common/base.h"

enum {
    MC_BUS_KEY_LEN = 40,            /* a CURVE key in Z85, without its NUL */
    MC_BUS_CALLER_MAX = 63,         /* characters of a caller's name */
    MC_BUS_CALLERS_MAX = 4096,      /* keys on the list */
    MC_BUS_IDENTITY_MAX = 255,      /* ZeroMQ's own limit */
    MC_BUS_FRAME_MIN = 1024,        /* below 276 bytes even handshakes break */
    MC_BUS_FRAME_DEFAULT = 8 << 20, /* a dossier's file */
    MC_BUS_FRAME_MAX = 64 << 20,
    MC_BUS_QUEUE_DEFAULT = 1000, /* messages, per connection and direction */
    MC_BUS_QUEUE_MAX = 1 << 20,
    MC_BUS_SKIP_MAX = 1024,             /* unwanted frames thrown away in one receive */
    MC_BUS_UNREAD_MAX = 32 << 20,       /* bytes of large replies a caller may leave unread */
    MC_BUS_UNREAD_TOTAL_MAX = 64 << 20, /* and all callers together */
};

/* One ZeroMQ context per daemon. MC_IO: libzmq is too old (< 4.3.4) or lacks CURVE. */
struct mc_bus;
mc_nodiscard enum mc_status mc_bus_open(struct mc_bus **ret_bus, char *why, size_t why_size);
void mc_bus_close(struct mc_bus *bus); /* NULL is fine, as for every close here */

/*
 * The list: who may connect over tcp. Two keys may have one name (rotation); one key has one.
 * Names are like "portal:tayninh", "sms:viettel", "room:payment", "operator:an".
 *
 * Setting replaces the whole list, or nothing when an entry is wrong (MC_INVALID; MC_CONFLICT
 * for a key with two names). Until it is set nobody may connect. It holds at once: messages
 * from a key that was taken off are dropped, though its connection may stay. A refused client
 * keeps trying (ZAP status 300), so a key added later needs no restart on the other side.
 */
struct mc_bus_caller {
    char key[MC_BUS_KEY_LEN + 1];
    char name[MC_BUS_CALLER_MAX + 1];
    unsigned roles; /* of an operator: enum mc_role bits; one without any may look */
};
mc_nodiscard enum mc_status mc_bus_allow(struct mc_bus *bus, const struct mc_bus_caller *callers,
                                         size_t len, char *why, size_t why_size);
/* From a file of lines "name key" or "operator:name key operate,approve"; blank lines and lines
 * that begin with # say nothing. */
mc_nodiscard enum mc_status mc_bus_allow_file(struct mc_bus *bus, const char *path, char *why,
                                              size_t why_size);

struct mc_bus_stats {
    uint64_t handshakes_admitted;
    uint64_t handshakes_refused; /* key not on the list */
};
void mc_bus_stats(const struct mc_bus *bus, struct mc_bus_stats *ret_stats);

/* CURVE keys, as Z85 text with NUL. The caller keeps the secret one secret, and wipes it. */
void mc_bus_key_make(char ret_public[MC_BUS_KEY_LEN + 1], char ret_secret[MC_BUS_KEY_LEN + 1]);
/*
 * A secret key from its file: Z85 and a newline. MC_NOT_FOUND, MC_IO; MC_DENIED: others may read
 * it, or we may not; MC_INVALID: not a key.
 */
mc_nodiscard enum mc_status mc_bus_key_load(const char *path, char ret_secret[MC_BUS_KEY_LEN + 1]);
mc_nodiscard bool mc_bus_key_public(const char *secret, char ret_public[MC_BUS_KEY_LEN + 1]);

/* What listeners and peers count. */
struct mc_bus_traffic {
    uint64_t received;
    uint64_t sent;
    uint64_t dropped_shape;   /* not two frames */
    uint64_t dropped_frames;  /* the frames these had */
    uint64_t dropped_revoked; /* from a key no longer on the list */
    uint64_t dropped_named;   /* over tcp, from a peer that chose its own routing id */
    uint64_t refused_gone;    /* sends: no such connection */
    uint64_t refused_busy;    /* sends: queue full, or nobody connected */
    uint64_t refused_size;    /* sends: a frame over frame_max, or reply_max */
};

/* Where a reply goes. A plain value: may be copied and kept, but means nothing after a restart. */
struct mc_origin {
    uint8_t door;   /* the listener's own: which of its sockets */
    bool delimited; /* a REQ socket: expects an empty frame first */
    uint8_t len;
    uint8_t id[MC_BUS_IDENTITY_MAX];
};

/*
 * A message received. Header and body point into ZeroMQ's memory and live until
 * mc_message_close(); so does `caller`. The struct must stay where it is (pointers into
 * itself). Neither has to be initialised, but what was received must be closed.
 */
struct mc_message {
    struct mc_origin origin; /* of a listener's messages */
    const char *caller;      /* who holds the CURVE key; NULL on ipc, and from peers */
    struct mc_bytes header;
    struct mc_bytes body;

    char caller_name[MC_BUS_CALLER_MAX + 1];
    unsigned caller_roles;                   /* of an operator who holds a key */
    _Alignas(8) unsigned char frames[2][64]; /* zmq_msg_t */
};
void mc_message_close(struct mc_message *message);

struct mc_listener_options {
    const char *ipc;        /* "ipc:///run/motcua/otp.sock", or NULL */
    const char *tcp;        /* "tcp://10.0.0.5:7001", port * or 0: any; or NULL */
    const char *secret_key; /* CURVE, Z85; needed for tcp */
    size_t frame_max;       /* bytes; a larger frame costs its sender the connection; 0: default */
    size_t reply_max;       /* bytes of a frame sent: what peers take; 0: as frame_max */
    unsigned queue_max;     /* messages per connection and direction; 0: default */
    unsigned ipc_mode;      /* of the socket file: 0 is 0600; at most 0660 */
};

/*
 * Binds. The folder of the ipc file is made (0700) when it is missing, and refused when
 * others may write to it (MC_DENIED); a file left by a killed process is replaced, one that
 * answers is not (MC_CONFLICT). MC_INVALID: an option; MC_IO: the system says no.
 */
struct mc_listener;
mc_nodiscard enum mc_status mc_listener_open(struct mc_listener **ret_listener, struct mc_bus *bus,
                                             const struct mc_listener_options *options, char *why,
                                             size_t why_size);
/* Replies already taken get half a second to leave; the wait, if any, is in mc_bus_close(). */
void mc_listener_close(struct mc_listener *listener);

/* The address bound to, with the real port; "" when it has no such door. */
const char *mc_listener_ipc(const struct mc_listener *listener);
const char *mc_listener_tcp(const struct mc_listener *listener);

/* The descriptors to watch: index 0, 1; -1 beyond the last. See above. */
int mc_listener_fd(const struct mc_listener *listener, unsigned index);
bool mc_listener_pending(const struct mc_listener *listener);

/* False: nothing to give now (ask pending). Doors take turns. */
mc_nodiscard bool mc_listener_receive(struct mc_listener *listener, struct mc_message *message);

/*
 * Sends a copy. MC_NOT_FOUND: it has gone; MC_BUSY: it does not read; MC_INVALID: too large.
 * All counted; a reply may be forgotten, the caller asks again.
 */
enum mc_status mc_listener_send(struct mc_listener *listener, const struct mc_origin *origin,
                                struct mc_bytes header, struct mc_bytes body);
void mc_listener_traffic(const struct mc_listener *listener, struct mc_bus_traffic *ret_traffic);

struct mc_peer_options {
    const char *endpoint;   /* ipc:// or tcp:// */
    const char *server_key; /* CURVE, Z85: whom we expect there; tcp only, and needed there */
    const char *secret_key; /* CURVE, Z85: who we are; the same */
    size_t frame_max;       /* as above */
    unsigned queue_max;     /* small: a queue only hides that nobody reads; 0: default */
};

/* Connects, now and again for ever; nobody needs to be there yet. */
struct mc_peer;
mc_nodiscard enum mc_status mc_peer_open(struct mc_peer **ret_peer, struct mc_bus *bus,
                                         const struct mc_peer_options *options, char *why,
                                         size_t why_size);
void mc_peer_close(struct mc_peer *peer);

int mc_peer_fd(const struct mc_peer *peer);
bool mc_peer_pending(const struct mc_peer *peer);  /* a message waits; the rule is the same */
bool mc_peer_writable(const struct mc_peer *peer); /* connected, and its queue has room */

mc_nodiscard bool mc_peer_receive(struct mc_peer *peer, struct mc_message *message);
/* MC_BUSY: not connected (the fd tells when it is worth another look), or its queue is full. */
enum mc_status mc_peer_send(struct mc_peer *peer, struct mc_bytes header, struct mc_bytes body);
void mc_peer_traffic(const struct mc_peer *peer, struct mc_bus_traffic *ret_traffic);
