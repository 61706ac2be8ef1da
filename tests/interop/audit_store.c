/* Makes an audit log in a folder and prints what it proves of itself as JSON, for audit_tree.py. */
#include "../services/feed.h"
#include "services/audit/audit.h"

enum { EVENTS = 500 };

static void print_hex(ProtobufCBinaryData bytes)
{
    char hex[2 * MC_HASH_LEN + 1];

    (void)mc_hex(hex, mc_key_bytes(bytes));
    printf("\"%s\"", hex);
}

/* A note has no character that JSON escapes but its newlines. */
static void print_note(const char *note)
{
    printf("\"");
    for (; *note != '\0'; note++)
        if (*note == '\n')
            printf("\\n");
        else
            (void)putchar(*note);
    printf("\"");
}

static void tell_head(struct feed *feed)
{
    Audit__HeadRequest request = AUDIT__HEAD_REQUEST__INIT;
    const Audit__HeadReply *head = feed_call(feed, "Head", &request.base, MC_OK);

    printf("{\"size\": %llu, \"root\": ", (unsigned long long)head->size);
    print_hex(head->hash);
    printf(", \"note\": ");
    print_note(head->checkpoint);
    printf(", \"key\": \"%s\"", head->key);
}

static void tell_paths(struct feed *feed)
{
    Audit__ProveRequest request = AUDIT__PROVE_REQUEST__INIT;

    printf(", \"paths\": {");
    for (request.number = 1; request.number <= EVENTS; request.number += 7) {
        const Audit__Proof *proof = feed_call(feed, "Prove", &request.base, MC_OK);
        printf("%s\"%llu\": [", request.number > 1 ? ", " : "", (unsigned long long)request.number);
        for (size_t i = 0; i < proof->n_path; i++) {
            printf("%s", i > 0 ? ", " : "");
            print_hex(proof->path[i]);
        }
        printf("]");
    }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    static const char *const rooms[] = {"identity", "otp", "dossier", "payment", "notification"};
    uint64_t seqs[MC_LEN(rooms)] = {0};

    if (argc != 2)
        return 2;
    struct feed *feed = feed_open(&audit_room, argv[1]);
    for (size_t i = 0; i < EVENTS; i++) {
        size_t room = mc_random_below(&feed->random, MC_LEN(rooms));
        Motcua__Event event = MOTCUA__EVENT__INIT;
        uint8_t bytes[64];
        char trace[MC_TRACEPARENT_LEN + 1];
        char key[32];
        char *keys[] = {key, mc_unconst("account:Nguyễn")};

        mc_random_fill(&feed->random, bytes, sizeof bytes);
        mc_trace_new(bytes, trace);
        (void)snprintf(key, sizeof key, "dossier:%zu", i % 17);
        event.room = mc_unconst(rooms[room]);
        event.seq = ++seqs[room];
        event.type = mc_unconst("x.happened");
        event.at_ms = feed->time.now_ms + (int64_t)i;
        event.actor = mc_unconst(i % 3 == 0 ? "" : "system");
        event.keys = keys;
        event.n_keys = i % 3;
        event.traceparent = i % 4 == 0 ? mc_unconst("") : trace;
        event.cause = (ProtobufCBinaryData){i % 2 == 0 ? MC_ID_LEN : 0, bytes};
        event.cause_event = mc_unconst(i % 5 == 0 ? "dossier/1" : "");
        event.body = (ProtobufCBinaryData){i % sizeof bytes, bytes};
        feed_events(feed, &event, 1);
    }
    feed_step(feed, true);
    tell_head(feed);
    tell_paths(feed);
    feed_close(feed);
    return 0;
}
