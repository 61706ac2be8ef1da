/* NATS JetStream: a publish with its confirmation, a pull, a confirmed ack, a report published. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "peer.h"

enum inbox { INBOX_API = 1, INBOX_PUBLISHED, INBOX_LEASED, INBOX_ACKED, INBOX_REPORTED, INBOX_END };
enum { ACK_SIZE = 128 };

struct nats {
    struct peer_link link;
    char (*leased)[ACK_SIZE];
    size_t leased_len;
    size_t came[INBOX_END];
};

static void publish(struct nats *nats, const char *subject, enum inbox reply, const char *body)
{
    peer_say(&nats->link, "PUB %s _INBOX.%d %zu\r\n%s\r\n", subject, (int)reply, strlen(body),
             body);
}

/* Takes one message: MSG subject sid [reply] size. */
static void take(struct nats *nats)
{
    char *line = peer_line(&nats->link);
    char subject[64];
    char third[ACK_SIZE];
    char fourth[24];
    unsigned sid = 0;

    if (strcmp(line, "PING") == 0) {
        peer_say(&nats->link, "PONG\r\n");
        peer_flush(&nats->link);
        return;
    }
    if (strncmp(line, "MSG ", 4) != 0) {
        if (line[0] == '-')
            peer_die("nats: %s", line);
        return;
    }
    int n = sscanf(line, "MSG %63s %u %127s %23s", subject, &sid, third, fourth);
    size_t size = strtoul(n == 4 ? fourth : third, NULL, 10);
    peer_fill(&nats->link, size + 2);
    char *body = nats->link.in + nats->link.in_at;
    body[size] = '\0';
    nats->link.in_at += size + 2;
    if (sid >= INBOX_END)
        return;
    if (sid != INBOX_LEASED && strstr(body, "\"error\"") != NULL)
        peer_die("nats: %s", body);
    nats->came[sid]++;
    if (sid == INBOX_LEASED && n == 4)
        memcpy(nats->leased[nats->leased_len++], third, sizeof third);
}

static void wait_for(struct nats *nats, enum inbox inbox, size_t many)
{
    while (nats->came[inbox] < many)
        take(nats);
    nats->came[inbox] -= many;
}

static void make_streams(struct nats *nats)
{
    peer_say(&nats->link, "CONNECT {\"verbose\":false,\"headers\":false}\r\n");
    for (int inbox = INBOX_API; inbox < INBOX_END; inbox++)
        peer_say(&nats->link, "SUB _INBOX.%d %d\r\n", inbox, inbox);
    publish(nats, "$JS.API.STREAM.CREATE.JOBS", INBOX_API,
            "{\"name\":\"JOBS\",\"subjects\":[\"jobs\"],\"retention\":\"workqueue\","
            "\"storage\":\"file\"}");
    publish(nats, "$JS.API.STREAM.CREATE.REPORTS", INBOX_API,
            "{\"name\":\"REPORTS\",\"subjects\":[\"reports\"],\"storage\":\"file\"}");
    publish(nats, "$JS.API.CONSUMER.DURABLE.CREATE.JOBS.gateways", INBOX_API,
            "{\"stream_name\":\"JOBS\",\"config\":{\"durable_name\":\"gateways\","
            "\"ack_policy\":\"explicit\",\"max_ack_pending\":100000}}");
    peer_flush(&nats->link);
    wait_for(nats, INBOX_API, 3);
}

static void run(struct nats *nats, const struct peer *peer)
{
    size_t many = (peer->outstanding + PEER_STEPS - 1) / PEER_STEPS;
    char(*ids[2])[ACK_SIZE]; /* leased now, to be acknowledged */
    size_t acking = 0;
    size_t reporting = 0;
    size_t queued = 0;
    uint64_t lives = 0;
    char next[64];

    for (size_t i = 0; i < 2; i++)
        if ((ids[i] = calloc(many + peer->lease, ACK_SIZE)) == NULL)
            peer_die("no memory");
    (void)snprintf(next, sizeof next, "{\"batch\":%zu,\"expires\":30000000000}", peer->lease);
    double start = peer_now();
    while (peer_now() - start < peer->seconds) {
        size_t asks = queued / peer->lease;
        for (size_t i = 0; i < many; i++)
            publish(nats, "jobs", INBOX_PUBLISHED, PEER_PHONE " " PEER_TEXT);
        for (size_t i = 0; i < asks; i++)
            publish(nats, "$JS.API.CONSUMER.MSG.NEXT.JOBS.gateways", INBOX_LEASED, next);
        for (size_t i = 0; i < acking; i++)
            publish(nats, ids[1][i], INBOX_ACKED, "+ACK");
        for (size_t i = 0; i < reporting; i++)
            publish(nats, "reports", INBOX_REPORTED, "DELIVERED");
        nats->leased = ids[0];
        nats->leased_len = 0;
        peer_flush(&nats->link);
        wait_for(nats, INBOX_PUBLISHED, many);
        wait_for(nats, INBOX_LEASED, asks * peer->lease);
        wait_for(nats, INBOX_ACKED, acking);
        wait_for(nats, INBOX_REPORTED, reporting);
        queued += many - asks * peer->lease;
        lives += reporting;
        reporting = acking;
        acking = nats->leased_len;
        ids[0] = ids[1];
        ids[1] = nats->leased;
    }
    peer_tell("nats", peer, lives, peer_now() - start);
}

int main(int argc, char **argv)
{
    struct peer peer = peer_arguments(argc, argv);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(peer.address, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static struct nats nats;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0)
        peer_die("port %s: %s", peer.address, strerror(errno));
    peer_link_open(&nats.link, fd);
    nats.leased = calloc(1, ACK_SIZE);
    make_streams(&nats);
    run(&nats, &peer);
    return 0;
}
