/*
 * A room fed with anything: the first byte picks the method, the second who calls, the rest is
 * the body. It goes through the frame as on the wire, in a room that stays open between inputs,
 * so that later ones meet what earlier ones left. Refusals are fine; crashes and faults are not.
 *
 *     #include "room_fuzz.h"
 *     ROOM_FUZZ(otp_room, NULL)
 *
 * or, for a room that does not start without settings, ROOM_FUZZ(x_room, "x.key=value", NULL).
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"

#include "../harness.h"

enum { ROOM_FUZZ_INPUTS = 2000 }; /* then the room is opened afresh: the store is not endless */

/* Every kind of caller the frame tells apart; with and without a session, a unit, a right. */
static inline struct mc_caller room_fuzz_caller(uint8_t pick)
{
    static const char *const names[] = {"room:test",   "room:payment", "portal:hanoi",
                                        "sms:viettel", "operator:an",  ""};
    static const char *const account = "0190a07b-0000-7000-8000-000000000001";
    struct mc_caller caller = {.name = names[pick % MC_LEN(names)]};
    unsigned session = pick / MC_LEN(names) % 3;

    if (session > 0) {
        caller.account_id = account;
        caller.ial = 2;
    }
    if (session > 1)
        caller.unit = "H53";
    return caller;
}

/* An officer of the fuzz has every right the room's table asks for. */
static inline size_t room_fuzz_rights(const struct mc_room *room, const char **rights, size_t max)
{
    size_t len = 0;

    for (size_t i = 0; i < room->routes_len && len < max; i++)
        if (room->routes[i].right != NULL)
            rights[len++] = room->routes[i].right;
    return len;
}

static inline char *room_fuzz_session(struct harness *h, const struct mc_room *room,
                                      const struct mc_caller *caller)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    const char *rights[MC_METHODS_MAX];

    claims.session_id = mc_unconst("0190a07b-0000-7000-8000-00000000cafe");
    claims.account_id = mc_unconst(caller->account_id);
    claims.subject_kind = 1;
    claims.ial = caller->ial;
    if (caller->unit != NULL) {
        claims.unit = mc_unconst(caller->unit);
        claims.n_rights = room_fuzz_rights(room, rights, MC_LEN(rights));
        claims.rights = (char **)(void *)rights;
    }
    claims.issued_at_ms = harness_now(h);
    claims.expires_at_ms = harness_now(h) + 900000;
    return harness_token(h, "identity", &claims.base);
}

static inline void room_fuzz_run(struct harness *h, struct mc_call *call)
{
    struct mc_service *service = harness_service(h);
    struct mc_work work = {.kind = MC_WORK_VERIFY, .ok = true};
    struct mc_turn turn;

    if (!mc_call_open(service, call))
        return;
    if (mc_call_is_read(call)) {
        mc_call_read(service, call);
        return;
    }
    mc_call_prepare(service, call);
    if (call->reply_header.data != NULL)
        return;
    if (call->needs_work) { /* what the pool would have made of it, without its time */
        work = call->wanted_work;
        work.ok = true;
        if (work.kind == MC_WORK_HASH)
            (void)snprintf(work.hash, sizeof work.hash, "$argon2id$v=19$m=8,t=1,p=1$x$y");
        call->work = &work;
    }
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_call_write(service, &turn, call);
    if (mc_turn_commit(&turn) != MC_OK) {
        fprintf(stderr, "fault: the turn: %s\n", turn.why != NULL ? turn.why : "?");
        abort();
    }
}

static inline void room_fuzz_call(struct harness *h, const struct mc_room *room,
                                  const uint8_t *data, size_t size)
{
    static struct mc_random_seeded seeded;
    static uint64_t inputs;
    struct mc_service *service = harness_service(h);
    struct mc_random random = mc_random_seed(&seeded, ++inputs);
    struct mc_caller caller = room_fuzz_caller(data[1]);
    const struct mc_method *method = &service->methods[data[0] % service->methods_len];
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];
    uint8_t header[MC_HEADER_MAX];

    mc_uuid7(id, harness_now(h), &random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method->name);
    head.caller = mc_unconst(caller.name);
    head.purpose = mc_unconst("fuzz");
    if (caller.account_id != NULL) {
        char *token = room_fuzz_session(h, room, &caller);
        head.session = (ProtobufCBinaryData){strlen(token), (uint8_t *)token};
    }
    if (motcua__header__get_packed_size(&head) > sizeof header)
        abort();
    struct mc_call call = {
        .header = {header, motcua__header__pack(&head, header)},
        .body = {data + 2, size - 2},
        .arrived_ms = harness_now(h),
    };
    room_fuzz_run(h, &call);
    if (mc_is_fault(call.status)) {
        fprintf(stderr, "fault: %s: status %d\n", method->name, (int)call.status);
        abort();
    }
    mc_arena_reset(&service->arena);
    harness_advance(h, data[1] & 0x80 ? 60000 : 1); /* things expire */
}

static inline int room_fuzz(const struct mc_room *room, const char *const *settings,
                            const uint8_t *data, size_t size)
{
    static struct harness *h;
    static unsigned inputs;

    if (size < 2)
        return 0;
    if (h == NULL)
        h = harness_open(room, settings);
    room_fuzz_call(h, room, data, size);
    if (++inputs % 64 == 0)
        harness_tick(h);
    if (inputs % ROOM_FUZZ_INPUTS == 0) {
        harness_close(h);
        h = NULL;
    }
    return 0;
}

#define ROOM_FUZZ(room, ...)                                                                       \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                                  \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        static const char *const settings[] = {__VA_ARGS__};                                       \
        return room_fuzz(&(room), settings, data, size);                                           \
    }
