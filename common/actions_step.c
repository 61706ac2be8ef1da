/*
 * Acting on many jobs: a step at a time, from the room's own housekeeping. An action's set is used
 * up row by row as it is done, so that what is left of it is what is left to do.
 */
#include <endian.h>
#include <string.h>

#include "common/actions.h"
#include "common/actions_row.h"
#include "common/jobs.h"

enum { KEY_LEN = MC_ID_LEN + 8, ID_SHIFT = 56 };

/* --- counting --- */

static bool has_key(const Motcua__Job *job, const char *key)
{
    for (size_t i = 0; i < job->n_keys; i++)
        if (strcmp(job->keys[i], key) == 0)
            return true;
    return false;
}

/* To try a queued job again is to end the pause after a failure; who was never tried has none. */
static bool is_wanted(const Motcua__Action *action, const Motcua__Job *job)
{
    const Motcua__JobFilter *filter = action->filter;
    bool hurries =
        action->kind == MOTCUA__ACTION_KIND__RETRY && filter->state == MOTCUA__JOB_STATE__QUEUED;

    return job->state == filter->state && (!hurries || job->attempts > 0) &&
           (filter->kind[0] == '\0' || strcmp(job->kind, filter->kind) == 0) &&
           (filter->destination[0] == '\0' || strcmp(job->destination, filter->destination) == 0) &&
           strncmp(job->last_error, filter->error, strlen(filter->error)) == 0 &&
           (filter->key[0] == '\0' || has_key(job, filter->key)) &&
           (filter->created_before_ms == 0 || job->created_ms < filter->created_before_ms);
}

static unsigned table_of(const Motcua__JobFilter *filter)
{
    return filter->state == MOTCUA__JOB_STATE__DEAD ? MC_TABLE_DEAD : MC_TABLE_JOBS;
}

static void add_sample(struct mc_txn *txn, Motcua__Action *action, const Motcua__Job *job)
{
    Motcua__Job *copy = mc_alloc(txn->arena, sizeof *copy);
    Motcua__Job **sample = mc_alloc(txn->arena, (action->n_sample + 1) * sizeof(void *));

    if (copy == NULL || sample == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    *copy = *job;
    copy->payload = (ProtobufCBinaryData){0};
    copy->note = (ProtobufCBinaryData){0};
    if (action->n_sample > 0)
        memcpy(sample, action->sample, action->n_sample * sizeof(void *));
    sample[action->n_sample++] = copy;
    action->sample = sample;
}

/* hash(n) = SHA-256(hash(n-1) ‖ job id ‖ attempts) */
static void bind(struct mc_txn *txn, Motcua__Action *action, const Motcua__Job *job)
{
    struct mc_bytes id = mc_key_u64(txn, job->id);
    uint32_t attempts = htobe32(job->attempts);
    struct mc_bytes row = {&attempts, sizeof attempts};
    struct mc_bytes before = mc_key_bytes(action->set_hash);
    uint8_t hash[MC_HASH_LEN];

    mc_hash_parts(hash, (const struct mc_bytes[]){before, id, row}, 3);
    struct mc_bytes kept = mc_keep(txn, hash, sizeof hash);
    action->set_hash = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
    mc_put(txn, MC_TABLE_ACTION_SET, mc_key_join(txn, mc_key_bytes(action->action_id), id), row);
    action->count++;
    if (action->n_sample < MC_ACTION_SAMPLE)
        add_sample(txn, action, job);
}

static bool is_full(Motcua__Action *action)
{
    action->more = action->count >= MC_ACTION_SET_MAX;
    return action->more;
}

/* True: every named job was looked at. */
static bool count_named(const struct mc_service *service, struct mc_txn *txn,
                        Motcua__ActionRow *row, size_t rows)
{
    const Motcua__JobFilter *filter = row->action->filter;

    for (size_t n = 0; n < rows && row->id_index < filter->n_ids; n++) {
        uint64_t id = filter->ids[row->id_index++];
        const Motcua__Job *job =
            mc_load(txn, table_of(filter), mc_key_u64(txn, id), &motcua__job__descriptor);
        bool again = false;

        for (size_t i = 0; i + 1 < row->id_index; i++)
            again = again || filter->ids[i] == id;
        if (job != NULL && !again && id >> ID_SHIFT == mc_action_lane(service, row->action) &&
            is_wanted(row->action, job))
            bind(txn, row->action, job);
    }
    return row->id_index >= filter->n_ids;
}

/* True: the lane's end was reached, or the set is full. */
static bool count_lane(const struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row,
                       size_t rows)
{
    const Motcua__JobFilter *filter = row->action->filter;
    uint8_t lane = (uint8_t)mc_action_lane(service, row->action);
    struct mc_cursor cursor = mc_seek(
        txn, table_of(filter), (struct mc_bytes){&lane, 1},
        row->place != 0 ? mc_key_u64(txn, row->place + 1) : (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < rows; n++) {
        if (is_full(row->action) || !mc_next(&cursor))
            return true;
        const Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);
        if (job == NULL)
            return true;
        row->place = job->id;
        if (is_wanted(row->action, job))
            bind(txn, row->action, job);
        else
            mc_pass(&cursor);
    }
    return false;
}

void mc_action_count(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row,
                     size_t rows)
{
    Motcua__Action *action = row->action;
    bool all = action->filter->n_ids > 0 ? count_named(service, txn, row, rows)
                                         : count_lane(service, txn, row, rows);

    if (!all)
        return;
    action->state = MOTCUA__ACTION_STATE__PREPARED;
    action->needs_approval = action->count > service->options.alone_max ||
                             (service->room->money >> mc_action_lane(service, action) & 1U) != 0;
}

/* --- running --- */

static enum mc_job_step step_of(Motcua__ActionKind kind)
{
    switch (kind) {
    case MOTCUA__ACTION_KIND__HOLD:
        return MC_JOB_HOLD;
    case MOTCUA__ACTION_KIND__RELEASE:
        return MC_JOB_RELEASE;
    case MOTCUA__ACTION_KIND__DROP:
        return MC_JOB_DROP;
    case MOTCUA__ACTION_KIND__MOVE:
        return MC_JOB_MOVE;
    case MOTCUA__ACTION_KIND__RETRY:
    case MOTCUA__ACTION_KIND__ACTION_KIND_UNSPECIFIED:
    case _MOTCUA__ACTION_KIND_IS_INT_SIZE:
        break;
    }
    return MC_JOB_RETRY;
}

static struct mc_cursor set_of(struct mc_txn *txn, const Motcua__Action *action)
{
    return mc_seek(txn, MC_TABLE_ACTION_SET, mc_key_bytes(action->action_id), (struct mc_bytes){0},
                   MC_FORWARD);
}

/* The job id and attempts of a row of the set. */
static bool row_of(const struct mc_cursor *cursor, uint64_t *ret_id, uint32_t *ret_attempts)
{
    if (cursor->key.len != KEY_LEN || cursor->value.len != sizeof *ret_attempts)
        return false;
    memcpy(ret_id, (const uint8_t *)cursor->key.data + MC_ID_LEN, sizeof *ret_id);
    memcpy(ret_attempts, cursor->value.data, sizeof *ret_attempts);
    *ret_id = be64toh(*ret_id);
    *ret_attempts = be32toh(*ret_attempts);
    return true;
}

void mc_action_end(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row,
                   Motcua__ActionState state)
{
    row->action->state = state;
    row->action->ended_ms = txn->now_ms;
    mc_action_save(txn, row);
    mc_action_tell(service, txn, row->action,
                   state == MOTCUA__ACTION_STATE__DONE ? "done" : "stopped");
}

static void run_chunk(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row)
{
    Motcua__Action *action = row->action;
    struct mc_cursor cursor = set_of(txn, action);
    Motcua__JobTouch by = MOTCUA__JOB_TOUCH__INIT;
    size_t n = 0;

    by.kind = action->kind;
    by.by = action->run_by;
    by.approved_by = action->approved_by;
    by.action_id = action->action_id;
    by.to_destination = action->destination;
    for (; n < MC_ACTION_STEP && mc_next(&cursor); n++) {
        uint64_t id = 0;
        uint32_t attempts = 0;

        if (row_of(&cursor, &id, &attempts) &&
            mc_job_step(txn, id, action->filter->state, attempts, step_of(action->kind), &by))
            action->done++;
        else
            action->skipped++;
        mc_drop(txn, MC_TABLE_ACTION_SET, mc_keep(txn, cursor.place, cursor.place_len));
    }
    if (n < MC_ACTION_STEP)
        mc_action_end(service, txn, row, MOTCUA__ACTION_STATE__DONE);
    else
        mc_action_save(txn, row);
}

/* The set of an action that was stopped; true: there was something left of it. */
static bool clear_chunk(struct mc_txn *txn, const Motcua__Action *action)
{
    struct mc_cursor cursor = set_of(txn, action);
    size_t n = 0;

    for (; n < MC_ACTION_STEP && mc_next(&cursor); n++)
        mc_drop(txn, MC_TABLE_ACTION_SET, mc_keep(txn, cursor.place, cursor.place_len));
    return n > 0;
}

/* True: it has done something, and may have more to do. */
static bool step(struct mc_service *service, struct mc_txn *txn, Motcua__ActionRow *row)
{
    Motcua__Action *action = row->action;

    switch (action->state) {
    case MOTCUA__ACTION_STATE__COUNTING:
        mc_action_count(service, txn, row, MC_ACTION_STEP);
        mc_action_save(txn, row);
        return true;
    case MOTCUA__ACTION_STATE__RUNNING:
        run_chunk(service, txn, row);
        return true;
    case MOTCUA__ACTION_STATE__PREPARED:
    case MOTCUA__ACTION_STATE__ASKED:
        if (txn->now_ms - action->prepared_ms < MC_ACTION_LIFE_MS)
            return false;
        action->stop_reason = mc_unconst("nobody ran it in time");
        mc_action_end(service, txn, row, MOTCUA__ACTION_STATE__STOPPED);
        return true;
    case MOTCUA__ACTION_STATE__STOPPED:
        return action->ended_ms + MC_ACTION_LIFE_MS > txn->now_ms && clear_chunk(txn, action);
    case MOTCUA__ACTION_STATE__DONE:
    case MOTCUA__ACTION_STATE__ACTION_STATE_UNSPECIFIED:
    case _MOTCUA__ACTION_STATE_IS_INT_SIZE:
        break;
    }
    return false;
}

/* The newest are looked at: the ones before them have ended, and stay for the record. */
bool mc_actions_step(struct mc_service *service, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_ACTIONS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_BACKWARD);

    for (size_t n = 0; n < (size_t)2 * MC_ACTION_OPEN_MAX && mc_next(&cursor); n++) {
        Motcua__ActionRow *row = mc_row(&cursor, &motcua__action_row__descriptor);

        if (row == NULL || row->action == NULL || row->action->filter == NULL)
            return false;
        if (step(service, txn, row))
            return true; /* one step a turn, of the newest that has work */
        mc_pass(&cursor);
    }
    return false;
}
