/* PostgreSQL: rows queued and taken a batch a statement, FOR UPDATE SKIP LOCKED. */
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "peer.h"

enum { HANDS = 2 }; /* connections that queue, and as many that work */

static struct peer peer;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t queued;
static uint64_t ended;
static atomic_bool over;

static void count(uint64_t *counter, size_t n)
{
    (void)pthread_mutex_lock(&lock);
    *counter += n;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&lock);
}

static void wait_for_room(void)
{
    (void)pthread_mutex_lock(&lock);
    while (!over && queued - ended >= peer.outstanding)
        (void)pthread_cond_wait(&changed, &lock);
    (void)pthread_mutex_unlock(&lock);
}

static PGconn *open_link(void)
{
    PGconn *link = PQconnectdb(peer.address);

    if (PQstatus(link) != CONNECTION_OK)
        peer_die("postgres: %s", PQerrorMessage(link));
    return link;
}

static PGresult *ask(PGconn *link, const char *sql, const char *argument)
{
    PGresult *result =
        PQexecParams(link, sql, argument != NULL ? 1 : 0, NULL, &argument, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        peer_die("postgres: %s", PQerrorMessage(link));
    return result;
}

static void *enqueue(void *unused)
{
    PGconn *link = open_link();
    char many[24];

    (void)unused;
    (void)snprintf(many, sizeof many, "%zu", peer.lease);
    while (!over) {
        wait_for_room();
        PQclear(ask(link,
                    "INSERT INTO jobs (phone, text) SELECT '" PEER_PHONE "', '" PEER_TEXT
                    "' FROM generate_series(1, $1::int)",
                    many));
        count(&queued, peer.lease);
    }
    PQfinish(link);
    return NULL;
}

/* "{1,2,3}" of the ids a statement gave back. */
static size_t array_of(const PGresult *result, char *array, size_t size)
{
    size_t n = (size_t)PQntuples(result);
    size_t len = 0;

    array[len++] = '{';
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(array + len, size - len, "%s%s", i > 0 ? "," : "",
                                PQgetvalue(result, (int)i, 0));
    (void)snprintf(array + len, size - len, "}");
    return n;
}

static void *work(void *unused)
{
    PGconn *link = open_link();
    static _Thread_local char ids[PEER_LEASE_MAX * 24];
    char many[24];

    (void)unused;
    (void)snprintf(many, sizeof many, "%zu", peer.lease);
    while (!over) {
        PGresult *leased =
            ask(link,
                "UPDATE jobs SET state = 1, attempts = attempts + 1, leased_until = now() + "
                "interval '30 s' WHERE id IN (SELECT id FROM jobs WHERE state = 0 ORDER BY id "
                "FOR UPDATE SKIP LOCKED LIMIT $1::int) RETURNING id, phone, text",
                many);
        size_t n = array_of(leased, ids, sizeof ids);
        PQclear(leased);
        if (n == 0)
            continue;
        PQclear(ask(link,
                    "WITH gone AS (DELETE FROM jobs WHERE id = ANY ($1::bigint[]) RETURNING id) "
                    "INSERT INTO messages SELECT id, 'SENT' FROM gone",
                    ids));
        PQclear(ask(link, "UPDATE messages SET state = 'DELIVERED' WHERE id = ANY ($1::bigint[])",
                    ids));
        count(&ended, n);
    }
    PQfinish(link);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t hands[2 * HANDS];

    peer = peer_arguments(argc, argv);
    PGconn *link = open_link();
    PQclear(ask(link, "DROP TABLE IF EXISTS jobs, messages", NULL));
    PQclear(ask(link,
                "CREATE TABLE jobs (id bigserial PRIMARY KEY, phone text, text text, state int "
                "DEFAULT 0, attempts int DEFAULT 0, leased_until timestamptz)",
                NULL));
    PQclear(ask(link, "CREATE INDEX ON jobs (id) WHERE state = 0", NULL));
    PQclear(ask(link, "CREATE TABLE messages (id bigint PRIMARY KEY, state text)", NULL));
    PQfinish(link);
    double start = peer_now();
    for (size_t i = 0; i < 2 * HANDS; i++)
        if (pthread_create(&hands[i], NULL, i < HANDS ? enqueue : work, NULL) != 0)
            peer_die("no thread");
    (void)poll(NULL, 0, (int)(peer.seconds * 1000));
    over = true;
    count(&ended, 0);
    for (size_t i = 0; i < 2 * HANDS; i++)
        (void)pthread_join(hands[i], NULL);
    peer_tell("postgres", &peer, ended, peer_now() - start);
    return 0;
}
