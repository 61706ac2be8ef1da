/* One job's page, and the jobs about a business id. */
#include <endian.h>
#include <string.h>

#include "common/actions_row.h"
#include "common/frame.h"
#include "common/pauses.h"
#include "common/queue.h"
#include "common/text.h"

enum { ID_SHIFT = 56, PLACE_LEN = 1 + sizeof(uint64_t) };

static void shut(Motcua__Job *job)
{
    job->payload = (ProtobufCBinaryData){0};
    job->note = (ProtobufCBinaryData){0};
}

static Motcua__Job *job_of(struct mc_txn *txn, uint64_t id)
{
    struct mc_bytes key = mc_key_u64(txn, id);
    Motcua__Job *job = mc_load(txn, MC_TABLE_JOBS, key, &motcua__job__descriptor);

    return job != NULL ? job : mc_load(txn, MC_TABLE_DEAD, key, &motcua__job__descriptor);
}

/* The actions that the job remembers, without their samples: those name other jobs. */
static void tell_actions(struct mc_txn *txn, const Motcua__Job *job, Motcua__JobPage *rep)
{
    rep->actions = mc_alloc(txn->arena, (job->n_touches + 1) * sizeof(void *));
    for (size_t i = 0; rep->actions != NULL && i < job->n_touches; i++) {
        Motcua__ActionRow *row = mc_action_load(txn, mc_key_bytes(job->touches[i]->action_id));

        if (row == NULL)
            continue;
        row->action->n_sample = 0;
        rep->actions[rep->n_actions++] = row->action;
    }
}

static Motcua__LanePause *pause_of(struct mc_txn *txn, unsigned lane, const Motcua__Job *job)
{
    Motcua__LanePause **pauses = NULL;
    size_t len = mc_pauses_of(txn, (int)lane, &pauses);

    for (size_t i = 0; i < len; i++)
        if (pauses[i]->whole_lane || strcmp(pauses[i]->destination, job->destination) == 0)
            return pauses[i];
    return NULL;
}

enum mc_status mc_queue_job(struct mc_service *service, struct mc_txn *txn,
                            const Motcua__GetJobRequest *req, Motcua__JobPage *rep)
{
    unsigned lane = (unsigned)(req->id >> ID_SHIFT);
    Motcua__Job *job = lane < service->room->lanes_len ? job_of(txn, req->id) : NULL;

    if (job == NULL && txn->status == MC_OK)
        return mc_refuse(txn, MC_NOT_FOUND, "id", "NOT_FOUND", NULL);
    if (job == NULL)
        return txn->status;
    shut(job);
    rep->job = job;
    rep->lane = mc_unconst(service->room->lanes[lane]);
    rep->now_ms = txn->now_ms;
    if (job->state == MOTCUA__JOB_STATE__QUEUED)
        rep->pause = pause_of(txn, lane, job);
    tell_actions(txn, job, rep);
    return txn->status;
}

/* --- by business id --- */

/* Where a search stands: the table, and the last job it has read of it. */
struct place {
    bool dead;
    uint64_t id;
};

static bool place_read(ProtobufCBinaryData bytes, struct place *ret_place)
{
    uint64_t id = 0;

    if (bytes.len == 0)
        return true;
    if (bytes.len != PLACE_LEN || bytes.data[0] > 1)
        return false;
    memcpy(&id, bytes.data + 1, sizeof id);
    *ret_place = (struct place){bytes.data[0] == 1, be64toh(id)};
    return ret_place->id != UINT64_MAX;
}

static ProtobufCBinaryData place_write(struct mc_txn *txn, struct place place)
{
    uint64_t id = htobe64(place.id);
    uint8_t bytes[PLACE_LEN];

    bytes[0] = place.dead;
    memcpy(bytes + 1, &id, sizeof id);
    struct mc_bytes kept = mc_keep(txn, bytes, sizeof bytes);
    return (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
}

static bool is_about(const Motcua__Job *job, const char *key)
{
    for (size_t i = 0; i < job->n_keys; i++)
        if (strcmp(job->keys[i], key) == 0)
            return true;
    return false;
}

/* Reads on in one table; false: the call has done enough. */
static bool look(struct mc_txn *txn, const char *key, size_t limit, struct place *place,
                 Motcua__FindJobsReply *rep)
{
    struct mc_cursor cursor =
        mc_seek(txn, place->dead ? MC_TABLE_DEAD : MC_TABLE_JOBS, (struct mc_bytes){0},
                place->id != 0 ? mc_key_u64(txn, place->id + 1) : (struct mc_bytes){0}, MC_FORWARD);

    while (rep->looked_at < MC_FIND_LOOK_MAX && rep->n_jobs < limit) {
        if (!mc_next(&cursor))
            return true;
        Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);
        if (job == NULL)
            return false;
        rep->looked_at++;
        place->id = job->id;
        if (is_about(job, key)) {
            shut(job);
            rep->jobs[rep->n_jobs++] = job;
        } else {
            mc_pass(&cursor);
        }
    }
    return false;
}

/*
 * No index: a row per key and job, under keys that lie anywhere, would cost each SMS more than all
 * else that is written of it, to serve a question that is asked by hand. A call reads some thousand
 * jobs and says where it stands, so the room serves others in between, however much waits.
 */
enum mc_status mc_queue_find(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__FindJobsRequest *req, Motcua__FindJobsReply *rep)
{
    size_t limit = req->limit != 0 ? req->limit : MC_FIND_JOBS;
    struct place place = {0};

    (void)service;
    if (req->key[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_REQUIRED", "field", "mã", NULL);
    else if (mc_text_chars(req->key) > MC_FIND_KEY_CHARS)
        (void)mc_refuse(txn, MC_INVALID, "key", "FIELD_TOO_LONG", "field", "Mã", "max", "200 ký tự",
                        NULL);
    if (limit > MC_FIND_JOBS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "limit", "FIELD_INVALID", "field", "limit", NULL);
    if (!place_read(req->place, &place))
        (void)mc_refuse(txn, MC_INVALID, "place", "JOB_PLACE", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->jobs = mc_alloc(txn->arena, limit * sizeof(void *));
    if (rep->jobs == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    bool ended = look(txn, req->key, limit, &place, rep);
    if (ended && !place.dead) {
        place = (struct place){.dead = true};
        ended = look(txn, req->key, limit, &place, rep);
    }
    rep->more = !ended && txn->status == MC_OK;
    if (rep->more)
        rep->place = place_write(txn, place);
    return txn->status;
}
