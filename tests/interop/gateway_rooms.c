/*
 * All rooms at once, with fixed answers, for a gateway to talk to.
 *
 *     gateway_rooms RUN_DIR
 *
 * prints "ready" when its sockets are there, and serves until its standard input ends. Answers
 * show what came through: Otp/Status tells the header it got, Otp/Verify fails as its code asks,
 * a webhook's answer is its request.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/bus.h"
#include "common/crypto.h"
#include "common/envelope.h"

#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "otp.pb-c.h"
#include "room.pb-c.h"

enum { ROOMS = 9, ARENA = 64 << 20, UPLOAD = 6 << 20 };

static const char *const names[ROOMS] = {"identity", "otp",   "dossier", "payment", "notification",
                                         "audit",    "print", "partner", "support"};

/* A call, and what to answer: a message, or a refusal in the header. */
struct call {
    struct mc_arena *arena;
    const char *room;
    const Motcua__Header *head;
    struct mc_bytes body;
    Motcua__Header reply;
    bool silent;
};

static void *open_body(struct call *call, const ProtobufCMessageDescriptor *type)
{
    struct mc_validate_error error;
    ProtobufCMessage *message = mc_body_open(call->arena, type, call->body, UPLOAD, &error);

    if (message == NULL) {
        Motcua__Violation *violation = mc_alloc(call->arena, sizeof *violation);
        Motcua__Violation **list = mc_alloc(call->arena, sizeof(Motcua__Violation *));

        assert(violation != NULL && list != NULL);
        motcua__violation__init(violation);
        violation->field = mc_strdup(call->arena, error.field);
        violation->code = mc_unconst(error.code);
        violation->message = mc_unconst(mc_validate_text(error.code));
        list[0] = violation;
        call->reply.status = 3;
        call->reply.code = violation->code;
        call->reply.message = violation->message;
        call->reply.violations = list;
        call->reply.n_violations = 1;
    }
    return message;
}

static char *text_of(struct call *call, ProtobufCBinaryData data)
{
    char *text = mc_alloc(call->arena, 2 * data.len + 1);

    assert(text != NULL);
    (void)mc_hex(text, (struct mc_bytes){data.data, data.len});
    return text;
}

/* Two conditions fail at once, so that both must come through. */
static struct mc_bytes issue(struct call *call)
{
    static Motcua__Violation phone = MOTCUA__VIOLATION__INIT;
    static Motcua__Violation purpose = MOTCUA__VIOLATION__INIT;
    static Motcua__Violation *both[] = {&phone, &purpose};
    const Otp__IssueRequest *request = open_body(call, &otp__issue_request__descriptor);
    Otp__IssueReply reply = OTP__ISSUE_REPLY__INIT;

    if (request == NULL)
        return (struct mc_bytes){0};
    if (request->phone[0] == '\0') {
        phone.field = mc_unconst("phone");
        phone.code = mc_unconst("PHONE_FORMAT");
        phone.message = mc_unconst("Số điện thoại không đúng định dạng.");
        purpose.field = mc_unconst("purpose");
        purpose.code = mc_unconst("FIELD_REQUIRED");
        purpose.message = mc_unconst("Vui lòng nhập purpose.");
        call->reply.status = 3;
        call->reply.code = phone.code;
        call->reply.message = phone.message;
        call->reply.violations = both;
        call->reply.n_violations = 2;
        return (struct mc_bytes){0};
    }
    reply.phone_masked = mc_unconst("091****101");
    reply.tag = mc_unconst("ĐÃ GỬI");
    reply.expires_at_ms = INT64_C(1788888888123);
    reply.attempts_left = 3;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes status(struct call *call)
{
    const Motcua__Header *head = call->head;
    Otp__StatusReply reply = OTP__STATUS_REPLY__INIT;

    if (open_body(call, &otp__status_request__descriptor) == NULL)
        return (struct mc_bytes){0};
    reply.state = OTP__DELIVERY_STATE__DELIVERED;
    reply.phone_masked = head->caller;
    reply.tag = text_of(call, head->request_id);
    reply.reason = mc_sprintf(call->arena, "%.*s|%s|%s", (int)head->session.len,
                              (const char *)head->session.data, head->purpose, head->traceparent);
    reply.expires_at_ms = head->deadline_ms;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes verify(struct call *call)
{
    const Otp__VerifyRequest *request = open_body(call, &otp__verify_request__descriptor);
    Otp__VerifyReply reply = OTP__VERIFY_REPLY__INIT;
    unsigned rpc = 0;

    if (request == NULL)
        return (struct mc_bytes){0};
    call->silent = strcmp(request->code, "silent") == 0;
    if (sscanf(request->code, "status %u", &rpc) == 1) { /* NOLINT(cert-err34-c): a test's own */
        call->reply.status = rpc;
        call->reply.code = mc_unconst("TEST_STATUS");
        call->reply.message = mc_unconst("Thử lại sau.");
        call->reply.retry_after_ms = 1500;
    }
    reply.correct = true;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes login(struct call *call)
{
    Identity__LoginReply reply = IDENTITY__LOGIN_REPLY__INIT;

    if (open_body(call, &identity__login_request__descriptor) == NULL)
        return (struct mc_bytes){0};
    reply.login = call->head->request_id;
    reply.phone_masked = mc_unconst("091****101");
    return mc_body_pack(call->arena, &reply.base);
}

/* The file's hash, as proof that it came whole. */
static struct mc_bytes attach(struct call *call)
{
    const Dossier__AttachRequest *request = open_body(call, &dossier__attach_request__descriptor);
    Dossier__AttachReply reply = DOSSIER__ATTACH_REPLY__INIT;
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN + 1];

    if (request == NULL)
        return (struct mc_bytes){0};
    mc_hash(hash, (struct mc_bytes){request->content.data, request->content.len});
    (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    reply.sha256 = text;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes webhook(struct call *call)
{
    const Motcua__WebhookRequest *request = open_body(call, &motcua__webhook_request__descriptor);
    Motcua__WebhookReply reply = MOTCUA__WEBHOOK_REPLY__INIT;

    if (request == NULL)
        return (struct mc_bytes){0};
    char *text = mc_sprintf(call->arena, "%s|%s|%s|%s|%s|%.*s", call->head->caller, request->method,
                            request->path, request->query, request->signature,
                            (int)request->body.len, (const char *)request->body.data);
    assert(text != NULL);
    reply.status = strcmp(request->query, "refuse") == 0 ? 403 : 200;
    reply.content_type = mc_unconst("text/x-echo");
    reply.body = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes health(struct call *call)
{
    Motcua__HealthReply reply = MOTCUA__HEALTH_REPLY__INIT;

    reply.ready = true;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes stats(struct call *call)
{
    Motcua__LaneStats lane = MOTCUA__LANE_STATS__INIT;
    Motcua__LaneStats *lanes[] = {&lane};
    Motcua__MethodStats method = MOTCUA__METHOD_STATS__INIT;
    Motcua__MethodStats *methods[] = {&method};
    Motcua__StoreStats store = MOTCUA__STORE_STATS__INIT;
    Motcua__StatsReply reply = MOTCUA__STATS_REPLY__INIT;
    uint64_t buckets[] = {1, 2, 0, 4};

    lane.lane = mc_unconst("otp");
    lane.queued = 7;
    lane.oldest_ms = 1500;
    method.method = mc_unconst("motcua.otp.v1.Otp/Issue");
    method.ok = 7;
    method.us_total = 250;
    method.us_buckets = buckets;
    method.n_us_buckets = MC_LEN(buckets);
    store.map_bytes = 1 << 30;
    reply.room = mc_unconst(call->room);
    reply.version = mc_unconst("0.1.0");
    reply.lanes = lanes;
    reply.n_lanes = 1;
    reply.methods = methods;
    reply.n_methods = 1;
    reply.store = &store;
    return mc_body_pack(call->arena, &reply.base);
}

static struct mc_bytes answer(struct call *call)
{
    static const struct {
        const char *method;
        struct mc_bytes (*answer)(struct call *call);
    } methods[] = {
        {"motcua.otp.v1.Otp/Issue", issue},
        {"motcua.otp.v1.Otp/Status", status},
        {"motcua.otp.v1.Otp/Verify", verify},
        {"motcua.otp.v1.Otp/DeliveryWebhook", webhook},
        {"motcua.identity.v1.Identity/Login", login},
        {"motcua.dossier.v1.Dossier/Attach", attach},
        {"motcua.payment.v1.Payment/PlatformConfirm", webhook},
        {"motcua.v1.Room/Health", health},
        {"motcua.v1.Room/Stats", stats},
    };

    for (size_t i = 0; i < MC_LEN(methods); i++)
        if (strcmp(methods[i].method, call->head->method) == 0)
            return methods[i].answer(call);
    call->reply.status = MC_RPC_UNIMPLEMENTED;
    call->reply.code = mc_unconst("METHOD_UNKNOWN");
    return (struct mc_bytes){0};
}

static void serve_one(struct mc_listener *listener, const char *room, struct mc_arena *arena,
                      const struct mc_message *message)
{
    struct mc_validate_error error;
    struct call call = {
        .arena = arena, .room = room, .body = message->body, .reply = MOTCUA__HEADER__INIT};

    mc_arena_reset(arena);
    call.head = mc_envelope_open(arena, message->header, &error);
    if (call.head == NULL)
        return;
    call.reply.request_id = call.head->request_id;
    call.reply.tag = call.head->tag;
    struct mc_bytes body = answer(&call);
    if (!call.silent)
        (void)mc_listener_send(listener, &message->origin, mc_envelope_pack(arena, &call.reply),
                               body);
}

static bool turn(struct mc_listener *listener, const char *room, struct mc_arena *arena)
{
    struct mc_message message;

    while (mc_listener_receive(listener, &message)) {
        serve_one(listener, room, arena, &message);
        mc_message_close(&message);
    }
    return mc_listener_pending(listener);
}

static void serve(struct mc_listener *listeners[ROOMS], struct mc_arena *arena)
{
    struct pollfd watch[ROOMS + 1] = {{STDIN_FILENO, POLLIN, 0}};

    for (size_t i = 0; i < ROOMS; i++)
        watch[i + 1] = (struct pollfd){mc_listener_fd(listeners[i], 0), POLLIN, 0};
    do {
        for (size_t i = 0; i < ROOMS; i++)
            while (turn(listeners[i], names[i], arena))
                ;
        (void)poll(watch, MC_LEN(watch), -1);
    } while (watch[0].revents == 0);
}

int main(int argc, char **argv)
{
    struct mc_listener *listeners[ROOMS] = {NULL};
    struct mc_bus *bus = NULL;
    struct mc_arena arena;
    char why[256] = "usage: gateway_rooms RUN_DIR";
    char ipc[ROOMS][128];
    bool opened = argc == 2 && mc_arena_init(&arena, ARENA) == MC_OK &&
                  mc_bus_open(&bus, why, sizeof why) == MC_OK;

    for (size_t i = 0; opened && i < ROOMS; i++) {
        (void)snprintf(ipc[i], sizeof ipc[i], "ipc://%s/%s/sock", argv[1], names[i]);
        struct mc_listener_options options = {.ipc = ipc[i]};
        opened = mc_listener_open(&listeners[i], bus, &options, why, sizeof why) == MC_OK;
    }
    if (opened) {
        (void)puts("ready");
        (void)fflush(stdout);
        serve(listeners, &arena);
        mc_arena_done(&arena);
    } else {
        (void)fprintf(stderr, "%s\n", why);
    }
    for (size_t i = 0; i < ROOMS; i++)
        mc_listener_close(listeners[i]);
    mc_bus_close(bus);
    return opened ? 0 : 1;
}
