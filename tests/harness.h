/*
 * Harness: one room in a temporary folder, with neither sockets nor clock.
 *
 * The room's handlers run on a real LMDB exactly as in the daemon, a turn per call; time and
 * randomness are the test's. Everything returned lives until the harness closes. A call that
 * ends otherwise than `want` fails the test with its code and text.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include "common/service.h"

struct harness;

/*
 * settings: "otp.code_life=120s", …, NULL; or NULL. One that ends in "=@secret" names a file of
 * HARNESS_SECRET as hex, which the harness makes. The clock begins at HARNESS_T0.
 */
#define HARNESS_SECRET "motcua-test-secret" /* the one of the payment platform's vectors */
#define HARNESS_T0     1788747600000LL      /* 2026-09-07 09:20 in Hà Nội, a Monday */
struct harness *harness_open(const struct mc_room *room, const char *const *settings);
void harness_close(struct harness *h);
void harness_reopen(struct harness *h); /* closes the store and boots the room again on it */
void *harness_ctx(struct harness *h);
/* The last event of the room that was applied, as the turn sees it. */
uint64_t harness_cursor(struct mc_turn *turn, const char *room);
struct mc_service *harness_service(struct harness *h); /* for the tests of the frame itself */

int64_t harness_now(const struct harness *h);
void harness_set_clock(struct harness *h, int64_t now_ms);
void harness_advance(struct harness *h, int64_t ms);

/* Who calls from now on (copied shallowly); an operator without roles has all of them. At first:
 * {.name = "room:test", .who = MC_ROOM}. */
void harness_as(struct harness *h, const struct mc_caller *caller);

/* Where calls come from from now on (Header.source); "" at first. Not copied. */
void harness_from(struct harness *h, const char *source);
/* Why personal data is read from now on (Header.purpose); "" at first. Not copied. */
void harness_purpose(struct harness *h, const char *purpose);

/* Calls from now on carry this session token as it is; NULL: one made for harness_as()'s caller. */
void harness_session(struct harness *h, const char *token);

/* Calls a method with a new request id; returns the reply, or NULL when want is not MC_OK. */
void *harness_call(struct harness *h, const char *method, const ProtobufCMessage *req,
                   enum mc_status want);
/* The same with a chosen request id: the repeat of a call. */
void *harness_call_as(struct harness *h, const uint8_t request_id[MC_ID_LEN], const char *name,
                      const ProtobufCMessage *req, enum mc_status want);
/* The last call's reply header: status, code, message, violations. */
const Motcua__Header *harness_header(const struct harness *h);
bool harness_violated(const struct harness *h, const char *field, const char *code);

/* Hands an event of another room to the room's follow handlers. keys end in NULL. */
void harness_event(struct harness *h, const char *room, const char *type,
                   const ProtobufCMessage *body, const char *const *keys);
/* The same, of somebody's doing. */
void harness_event_by(struct harness *h, const char *actor, const char *room, const char *type,
                      const ProtobufCMessage *body, const char *const *keys);

/* How many events of a type the journal holds, and the last one's body. */
size_t harness_events(struct harness *h, const char *type);
void *harness_last_event(struct harness *h, const char *type,
                         const ProtobufCMessageDescriptor *body, const Motcua__Event **ret_event);

/* Live and dead jobs of a lane. */
size_t harness_jobs(struct harness *h, unsigned lane);
size_t harness_dead(struct harness *h, unsigned lane);

/*
 * Performs the oldest due effect of a kind: builds the exchange and remembers the job. False
 * when none is due. The test plays the outside world and tells what became of it.
 */
struct harness_exchange {
    struct mc_http_request http; /* when the effect goes by HTTP */
    struct mc_room_call call;    /* when it goes to another room */
    const struct mc_job *job;
};
bool harness_effect(struct harness *h, const char *kind, struct harness_exchange *ret_exchange);
void harness_result(struct harness *h, const struct harness_exchange *exchange,
                    const struct mc_result *result);
void harness_answer(struct harness *h, const struct harness_exchange *exchange, unsigned status,
                    const char *body); /* an HTTP answer */
void harness_reply(struct harness *h, const struct harness_exchange *exchange,
                   const ProtobufCMessage *reply); /* another room's MC_OK */

void harness_tick(struct harness *h); /* the room's housekeeping, once */

/* Rows in one of the room's tables. */
size_t harness_rows(struct harness *h, unsigned table);

/* A signed token as another room would make it, with the harness's key for that room. */
char *harness_token(struct harness *h, const char *room, const ProtobufCMessage *payload);

static inline struct mc_bytes harness_id(struct harness *h, uint8_t last)
{
    (void)h;
    static uint8_t id[MC_ID_LEN] = {0x01, 0xa0, 0x79, 0xaa, 0x50,
                                    0x80, 0x70, 0,    0x80}; /* HARNESS_T0 */
    id[MC_ID_LEN - 1] = last;
    return (struct mc_bytes){id, sizeof id};
}
