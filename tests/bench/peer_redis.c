/* Redis streams: XADD, XREADGROUP, XACK and XDEL with a row of its state, that row again. */
#include <sys/un.h>

#include "peer.h"

enum { ID_SIZE = 48, DEPTH_OF_ID = 4 };

struct redis {
    struct peer_link link;
    char (*leased)[ID_SIZE]; /* ids the reply just read brought */
    size_t leased_len;
};

static void one_id(struct redis *redis, const char *text, size_t len)
{
    if (len < ID_SIZE) {
        memcpy(redis->leased[redis->leased_len], text, len);
        redis->leased[redis->leased_len++][len] = '\0';
    }
}

/* One reply; the first text of each array at DEPTH_OF_ID is an entry's id. */
static void reply(struct redis *redis, int depth, bool first)
{
    char *line = peer_line(&redis->link);
    long n = strtol(line + 1, NULL, 10);

    if (line[0] == '-')
        peer_die("redis: %s", line);
    if (line[0] == '$' && n >= 0) {
        peer_fill(&redis->link, (size_t)n + 2);
        if (depth == DEPTH_OF_ID && first)
            one_id(redis, redis->link.in + redis->link.in_at, (size_t)n);
        redis->link.in_at += (size_t)n + 2;
    }
    for (long i = 0; line[0] == '*' && i < n; i++)
        reply(redis, depth + 1, i == 0);
}

static void replies(struct redis *redis, size_t n)
{
    for (size_t i = 0; i < n; i++)
        reply(redis, 0, false);
}

static void say_ids(struct redis *redis, const char *begin, char (*ids)[ID_SIZE], size_t n,
                    const char *behind)
{
    peer_say(&redis->link, "%s", begin);
    for (size_t i = 0; i < n; i++)
        peer_say(&redis->link, " %s%s", ids[i], behind);
    peer_say(&redis->link, "\r\n");
}

/* Returns how many commands were said. */
static size_t say_round(struct redis *redis, const struct peer *peer, size_t many,
                        char (*acking)[ID_SIZE], size_t acking_len, char (*telling)[ID_SIZE],
                        size_t telling_len)
{
    size_t said = 0;

    for (size_t i = 0; i < many; i++, said++)
        peer_say(&redis->link,
                 "*7\r\n$4\r\nXADD\r\n$4\r\njobs\r\n$1\r\n*\r\n$5\r\nphone\r\n$%zu\r\n" PEER_PHONE
                 "\r\n$4\r\ntext\r\n$%zu\r\n" PEER_TEXT "\r\n",
                 sizeof PEER_PHONE - 1, sizeof PEER_TEXT - 1);
    for (size_t at = 0; at < acking_len; at += peer->lease, said += 3) {
        size_t n = acking_len - at < peer->lease ? acking_len - at : peer->lease;
        say_ids(redis, "XACK jobs gateways", acking + at, n, "");
        say_ids(redis, "XDEL jobs", acking + at, n, "");
        say_ids(redis, "HSET messages", acking + at, n, " SENT");
    }
    for (size_t at = 0; at < telling_len; at += peer->lease, said++) {
        size_t n = telling_len - at < peer->lease ? telling_len - at : peer->lease;
        say_ids(redis, "HSET messages", telling + at, n, " DELIVERED");
    }
    return said;
}

static void run(struct redis *redis, const struct peer *peer)
{
    size_t many = (peer->outstanding + PEER_STEPS - 1) / PEER_STEPS;
    char(*ids[3])[ID_SIZE];
    size_t lens[3] = {0}; /* leased now, to be acknowledged, to be reported */
    uint64_t lives = 0;

    for (size_t i = 0; i < 3; i++)
        if ((ids[i] = calloc(many + peer->lease, ID_SIZE)) == NULL)
            peer_die("no memory");
    double start = peer_now();
    while (peer_now() - start < peer->seconds) {
        size_t said = say_round(redis, peer, many, ids[1], lens[1], ids[2], lens[2]);
        redis->leased = ids[0];
        redis->leased_len = 0;
        size_t asks = (many + peer->lease - 1) / peer->lease;
        for (size_t i = 0; i < asks; i++)
            peer_say(&redis->link, "XREADGROUP GROUP gateways one COUNT %zu STREAMS jobs >\r\n",
                     peer->lease);
        peer_flush(&redis->link);
        replies(redis, said + asks);
        lives += lens[2];
        char(*done)[ID_SIZE] = ids[2];
        ids[2] = ids[1];
        lens[2] = lens[1];
        ids[1] = ids[0];
        lens[1] = redis->leased_len;
        ids[0] = done;
    }
    peer_tell("redis", peer, lives, peer_now() - start);
}

int main(int argc, char **argv)
{
    struct peer peer = peer_arguments(argc, argv);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static struct redis redis;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", peer.address);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        peer_die("%s: %s", peer.address, strerror(errno));
    peer_link_open(&redis.link, fd);
    redis.leased = calloc(1, ID_SIZE);
    peer_say(&redis.link, "FLUSHALL\r\nXGROUP CREATE jobs gateways $ MKSTREAM\r\n");
    peer_flush(&redis.link);
    replies(&redis, 2);
    run(&redis, &peer);
    return 0;
}
