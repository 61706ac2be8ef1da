/*
 * Inbound: partners call us as they would call the national portal (requirements F): a session for
 * user name and password, then calls that name it and a service. Private to this room.
 */
#pragma once

#include "common/json.h"

#include "registry.h"

enum {
    PARTNER_INBOUND_SESSIONS_MAX = 20, /* of one partner at once; the oldest gives way */
    PARTNER_INBOUND_TOKEN_LEN = 24,    /* random bytes */
    PARTNER_INBOUND_TOKEN_SIZE = 128,  /* "<partner>.<hex>" and NUL */
    PARTNER_INBOUND_FAILURES_MAX = 10, /* of one source in half an hour */
    PARTNER_INBOUND_LOCK_MS = 30 * 60 * 1000,
};

/* Who a session is of; texts in the arena. */
struct partner_inbound {
    const char *partner_id;
    const char *unit;
    struct mc_bytes credential_id;
};

/* Who shows this user name and password at present; false: nobody (inbound_login.c). */
mc_nodiscard bool partner_inbound_find(struct mc_txn *txn, const char *username,
                                       const char *password, struct partner_inbound *ret_who);
/* The credential that a session was opened with is still good. */
mc_nodiscard bool partner_inbound_is_live(struct mc_txn *txn, const char *partner_id,
                                          struct mc_bytes credential_id);

/* A new session of it; as it is told. NULL: no memory. */
char *partner_inbound_session_make(const struct partner *partner, struct mc_txn *txn,
                                   const struct partner_inbound *who);
mc_nodiscard bool partner_inbound_session_find(struct mc_txn *txn, const char *token,
                                               struct partner_inbound *ret_who);
/* False: the partner has used up its minute. */
mc_nodiscard bool partner_inbound_may_call(const struct partner *partner, struct mc_txn *txn,
                                           const char *partner_id);

/* The source of the call has guessed too often, or has guessed once more. */
bool partner_inbound_is_locked(struct mc_txn *txn);
void partner_inbound_failed(struct mc_txn *txn);

/* {"error_code": …, "message": …}, and what else `more` writes. */
enum mc_status partner_inbound_say(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t http,
                                   const char *error_code, const char *message,
                                   const char *session);

/* A service of ours, by its name in the body: what it calls, and with what. */
struct partner_service {
    const char *name;
    const char *room;
    const ProtobufCServiceDescriptor *service;
    const char *method;
    bool raw; /* the room is handed the request as it came, and answers for itself */
    ProtobufCMessage *(*build)(struct mc_txn *txn, const struct mc_json *json,
                               const struct partner_inbound *who);
};
const struct partner_service *partner_service_find(const char *name);
/* All names, for who asks for one that there is not. */
const char *partner_service_names(struct mc_arena *arena);
