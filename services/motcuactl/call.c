#include <string.h>

#include "ctl.h"

struct waiting {
    struct ctl *ctl;
    const ProtobufCMethodDescriptor *method;
    bool answered;
    Motcua__Header *head;
    void *reply;
};

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct waiting *waiting = arg;
    struct mc_arena *arena = &waiting->ctl->arena;
    struct mc_validate_error error;

    waiting->answered = true;
    if (head == NULL)
        return;
    struct mc_bytes packed = mc_envelope_pack(arena, head);
    waiting->head = mc_envelope_open_reply(arena, packed, &error);
    if (head->status == 0)
        waiting->reply = mc_body_open(arena, waiting->method->output, body, MC_UPLOAD_MAX, &error);
}

static int tell_refusal(const char *room, const Motcua__Header *head)
{
    if (head == NULL) {
        fprintf(stderr, "%s: no answer\n", room);
        return CTL_UNREACHABLE;
    }
    fprintf(stderr, "%s: %s: %s\n", room, head->code, head->message);
    for (size_t i = 0; i < head->n_violations; i++)
        fprintf(stderr, "  %s: %s: %s\n", head->violations[i]->field, head->violations[i]->code,
                head->violations[i]->message);
    return CTL_REFUSED;
}

/* Not sent: nobody will answer, which is known at once. */
static void ask(struct waiting *waiting, const char *room,
                const ProtobufCServiceDescriptor *service, const char *method,
                const ProtobufCMessage *request)
{
    struct ctl *ctl = waiting->ctl;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];

    waiting->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
    assert(waiting->method != NULL);
    mc_uuid7(id, mc_now_ms(&ctl->clock), &ctl->random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_sprintf(&ctl->arena, "%s/%s", service->name, method);
    head.caller = ctl->caller;
    if (ctl->purpose != NULL)
        head.purpose = mc_unconst(ctl->purpose);
    struct mc_bytes body = mc_body_pack(&ctl->arena, request);
    waiting->answered =
        mc_link_call(ctl->links, room, &head, body, ctl->timeout_ms, answered, waiting) != MC_OK;
}

static void *await(struct waiting *waiting, const char *room, int *ret_exit)
{
    while (!waiting->answered && mc_loop_step(waiting->ctl->loop, true) == MC_OK)
        continue;
    if (waiting->reply == NULL)
        *ret_exit = tell_refusal(room, waiting->head);
    return waiting->reply;
}

void *ctl_call(struct ctl *ctl, const char *room, const ProtobufCServiceDescriptor *service,
               const char *method, const ProtobufCMessage *request, int *ret_exit)
{
    struct waiting waiting = {.ctl = ctl};

    ask(&waiting, room, service, method, request);
    return await(&waiting, room, ret_exit);
}

void ctl_call_rooms(struct ctl *ctl, const ProtobufCServiceDescriptor *service, const char *method,
                    const ProtobufCMessage *request, void *ret_replies[CTL_ROOMS], int *ret_exit)
{
    struct waiting waiting[CTL_ROOMS] = {0};

    for (size_t i = 0; i < CTL_ROOMS; i++) {
        waiting[i].ctl = ctl;
        ask(&waiting[i], ctl_rooms[i], service, method, request);
    }
    for (size_t i = 0; i < CTL_ROOMS; i++)
        ret_replies[i] = await(&waiting[i], ctl_rooms[i], ret_exit);
}

int ctl_print_json(struct ctl *ctl, const ProtobufCMessage *message)
{
    struct mc_bytes text;

    if (mc_json_encode(&ctl->arena, message, &text) != MC_OK)
        return CTL_SOFTWARE;
    (void)fwrite(text.data, 1, text.len, stdout);
    (void)putchar('\n');
    return CTL_OK;
}

const char *ctl_age(char out[CTL_AGE_SIZE], int64_t ms)
{
    static const struct {
        int64_t ms;
        char letter;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};

    for (size_t i = 0; i < MC_LEN(units); i++)
        if (ms >= units[i].ms) {
            (void)snprintf(out, CTL_AGE_SIZE, "%lld%c", (long long)(ms / units[i].ms),
                           units[i].letter);
            return out;
        }
    (void)snprintf(out, CTL_AGE_SIZE, "%s", ms > 0 ? "<1s" : "-");
    return out;
}
