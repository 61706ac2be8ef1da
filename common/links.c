#include "common/links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SWEEP_MS = 50,
    DRAIN_MAX = 1024, /* replies taken before others get a turn */
    BUCKETS = 4096,
    ARENA_SIZE = 16 << 20,
    LINK_QUEUE = 4096,
};

struct link {
    struct mc_links *links;
    char room[32];
    struct mc_peer *peer;
    struct mc_watch *watch;
    struct mc_defer *soon;
};

struct link_call {
    struct link_call *next; /* in its bucket */
    struct link *link;
    uint64_t tag;
    int64_t ends_ms; /* monotonic */
    int64_t again_ms;
    int64_t pause_ms;
    mc_link_answered *answered;
    void *arg;
    size_t header_len;
    size_t body_len;
    uint8_t bytes[]; /* header, body */
};

struct mc_links {
    struct mc_links_options options;
    struct link links[MC_LINKS_MAX];
    size_t links_len;
    struct link_call *calls[BUCKETS];
    unsigned load;
    uint64_t tag_last;
    struct mc_timer *sweep;
    struct mc_arena arena;
};

static int64_t mono_ms(const struct mc_links *links)
{
    return mc_mono_ns(links->options.clock) / 1000000;
}

static void call_send(struct link_call *call)
{
    struct mc_links *links = call->link->links;
    struct mc_bytes header = {call->bytes, call->header_len};
    struct mc_bytes body = {call->bytes + call->header_len, call->body_len};

    if (mc_peer_send(call->link->peer, header, body) == MC_OK) {
        call->again_ms = mono_ms(links) + call->pause_ms;
        call->pause_ms = MC_MIN(call->pause_ms * 2, (int64_t)MC_LINK_RESEND_MAX_MS);
    } else {
        call->again_ms = 0; /* nobody there yet: at the next sweep */
    }
    mc_loop_defer(call->link->soon); /* a send may have eaten the descriptor's signal */
}

static struct link_call **call_find(struct mc_links *links, uint64_t tag)
{
    struct link_call **at = &links->calls[tag % BUCKETS];

    while (*at != NULL && (*at)->tag != tag)
        at = &(*at)->next;
    return at;
}

/* Takes the call out and tells who asked. */
static void call_end(struct mc_links *links, struct link_call **at, const Motcua__Header *head,
                     struct mc_bytes body)
{
    struct link_call *call = *at;

    *at = call->next;
    links->load--;
    call->answered(call->arg, head, body);
    free(call);
}

static void sweep_bucket(struct mc_links *links, size_t bucket, int64_t now_ms)
{
    struct link_call **at = &links->calls[bucket];

    while (*at != NULL) {
        struct link_call *call = *at;

        if (call->ends_ms <= now_ms) {
            call_end(links, at, NULL, (struct mc_bytes){0});
            at = &links->calls[bucket]; /* the callback may have called again */
            continue;
        }
        if (call->again_ms <= now_ms)
            call_send(call);
        at = &call->next;
    }
}

static void sweep(void *arg)
{
    struct mc_links *links = arg;
    int64_t now_ms = mono_ms(links);

    for (size_t i = 0; i < BUCKETS; i++)
        if (links->calls[i] != NULL)
            sweep_bucket(links, i, now_ms);
    if (links->load > 0)
        mc_timer_start(links->sweep, SWEEP_MS);
}

static void take(struct mc_links *links, const struct mc_message *message)
{
    struct mc_validate_error error;

    mc_arena_reset(&links->arena);
    const Motcua__Header *head = mc_envelope_open_reply(&links->arena, message->header, &error);
    if (head == NULL)
        return;
    struct link_call **at = call_find(links, head->tag);
    if (*at != NULL) /* else the answer to a repeat: the first was enough */
        call_end(links, at, head, message->body);
}

static void drain(void *arg)
{
    struct link *link = arg;
    struct mc_message message;

    for (size_t n = 0; n < DRAIN_MAX && mc_peer_receive(link->peer, &message); n++) {
        take(link->links, &message);
        mc_message_close(&message);
    }
    if (mc_peer_pending(link->peer))
        mc_loop_defer(link->soon);
}

static void readable(void *arg, unsigned events)
{
    (void)events;
    drain(arg);
}

/* Where a room is: "room=endpoint=key" of the list, else its ipc socket here. */
static bool locate(const struct mc_links *links, const char *room, char *endpoint, size_t size,
                   const char **ret_key)
{
    size_t room_len = strlen(room);
    int len = snprintf(endpoint, size, "ipc://%s/%s/sock", links->options.run_dir, room);

    *ret_key = NULL;
    for (size_t i = 0; i < links->options.remote.len; i++) {
        const char *item = links->options.remote.items[i];

        if (strncmp(item, room, room_len) != 0 || item[room_len] != '=')
            continue;
        const char *key = strchr(item + room_len + 1, '='); /* a key may hold more of them */
        if (key == NULL)
            continue;
        *ret_key = key + 1;
        len = snprintf(endpoint, size, "%.*s", (int)(key - item) - (int)room_len - 1,
                       item + room_len + 1);
    }
    return len > 0 && (size_t)len < size;
}

static struct link *link_open(struct mc_links *links, const char *room)
{
    char endpoint[256];
    char why[256];
    const char *key = NULL;

    for (size_t i = 0; i < links->links_len; i++)
        if (strcmp(links->links[i].room, room) == 0)
            return &links->links[i];
    if (links->links_len == MC_LINKS_MAX || strlen(room) >= sizeof links->links[0].room ||
        !locate(links, room, endpoint, sizeof endpoint, &key))
        return NULL;

    struct link *link = &links->links[links->links_len];
    *link = (struct link){.links = links};
    (void)snprintf(link->room, sizeof link->room, "%s", room);
    struct mc_peer_options options = {
        .endpoint = endpoint,
        .server_key = key,
        .secret_key = key != NULL ? links->options.secret_key : NULL,
        .queue_max = LINK_QUEUE,
    };
    if (mc_peer_open(&link->peer, links->options.bus, &options, why, sizeof why) != MC_OK)
        return NULL;
    link->soon = mc_defer_create(links->options.loop, drain, link);
    link->watch =
        mc_watch_create(links->options.loop, mc_peer_fd(link->peer), MC_WATCH_READ, readable, link);
    links->links_len++;
    if (link->soon == NULL || link->watch == NULL)
        return NULL;
    mc_loop_defer(link->soon);
    return link;
}

struct mc_links *mc_links_create(const struct mc_links_options *options)
{
    struct mc_links *links = calloc(1, sizeof *links);

    if (links == NULL)
        return NULL;
    links->options = *options;
    links->sweep = mc_timer_create(options->loop, sweep, links);
    if (links->sweep == NULL || mc_arena_init(&links->arena, ARENA_SIZE) != MC_OK) {
        mc_links_destroy(links);
        return NULL;
    }
    return links;
}

void mc_links_destroy(struct mc_links *links)
{
    if (links == NULL)
        return;
    for (size_t i = 0; i < links->links_len; i++) {
        if (links->links[i].watch != NULL)
            mc_watch_destroy(links->links[i].watch);
        if (links->links[i].soon != NULL)
            mc_defer_destroy(links->links[i].soon);
        mc_peer_close(links->links[i].peer);
    }
    for (size_t i = 0; i < BUCKETS; i++)
        while (links->calls[i] != NULL) {
            struct link_call *call = links->calls[i];

            links->calls[i] = call->next;
            free(call);
        }
    if (links->sweep != NULL)
        mc_timer_destroy(links->sweep);
    if (links->arena.base != NULL)
        mc_arena_done(&links->arena);
    free(links);
}

enum mc_status mc_link_call(struct mc_links *links, const char *room, const Motcua__Header *head,
                            struct mc_bytes body, int64_t timeout_ms, mc_link_answered *answered,
                            void *arg)
{
    struct link *link = link_open(links, room);
    Motcua__Header ours = *head;
    struct mc_arena arena;

    if (link == NULL)
        return MC_INVALID;
    if (links->load >= MC_LINK_CALLS_MAX)
        return MC_BUSY;
    if (mc_arena_init(&arena, (size_t)2 * MC_HEADER_MAX) != MC_OK)
        return MC_FULL;
    ours.tag = ++links->tag_last;
    struct mc_bytes header = mc_envelope_pack(&arena, &ours);
    struct link_call *call =
        header.data != NULL ? malloc(sizeof *call + header.len + body.len) : NULL;
    if (call != NULL) {
        *call = (struct link_call){
            .link = link,
            .tag = ours.tag,
            .ends_ms = mono_ms(links) + timeout_ms,
            .pause_ms = MC_LINK_RESEND_MS,
            .answered = answered,
            .arg = arg,
            .header_len = header.len,
            .body_len = body.len,
        };
        memcpy(call->bytes, header.data, header.len);
        if (body.len > 0)
            memcpy(call->bytes + header.len, body.data, body.len);
    }
    mc_arena_done(&arena);
    if (call == NULL)
        return MC_INVALID;

    struct link_call **bucket = &links->calls[call->tag % BUCKETS];
    call->next = *bucket;
    *bucket = call;
    links->load++;
    call_send(call);
    if (!mc_timer_running(links->sweep))
        mc_timer_start(links->sweep, SWEEP_MS);
    return MC_OK;
}

void mc_link_forget(struct mc_links *links, const void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct link_call **at = &links->calls[i];

        while (*at != NULL) {
            struct link_call *call = *at;

            if (call->arg != arg) {
                at = &call->next;
                continue;
            }
            *at = call->next;
            links->load--;
            free(call);
        }
    }
}

unsigned mc_link_load(const struct mc_links *links)
{
    return links->load;
}
