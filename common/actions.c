/* Acting on many jobs: the methods. The chunks are in actions_step.c. */
#include "common/actions.h"

#include <string.h>

#include "common/actions_row.h"
#include "common/pauses.h"

unsigned mc_action_lane(const struct mc_service *service, const Motcua__Action *action)
{
    return (unsigned)mc_lane_named(service->room, action->filter->lane);
}

Motcua__ActionRow *mc_action_load(struct mc_txn *txn, struct mc_bytes id)
{
    Motcua__ActionRow *row = mc_load(txn, MC_TABLE_ACTIONS, id, &motcua__action_row__descriptor);

    if (row != NULL && (row->action == NULL || row->action->filter == NULL)) {
        (void)mc_fail(txn, MC_CORRUPT, "an action");
        return NULL;
    }
    return row;
}

void mc_action_save(struct mc_txn *txn, const Motcua__ActionRow *row)
{
    mc_save(txn, MC_TABLE_ACTIONS, mc_key_bytes(row->action->action_id), &row->base);
}

bool mc_action_is_open(const Motcua__Action *action)
{
    return action->state != MOTCUA__ACTION_STATE__DONE &&
           action->state != MOTCUA__ACTION_STATE__STOPPED;
}

/* The sample names what jobs are about; the log of actions does not need that. */
void mc_action_tell(struct mc_service *service, struct mc_txn *txn, const Motcua__Action *action,
                    const char *what)
{
    Motcua__Action told = *action;
    char id[MC_UUID_TEXT_LEN + 1];

    told.n_sample = 0;
    told.sample = NULL;
    mc_uuid_text(id, action->action_id.data);
    const char *type = mc_sprintf(txn->arena, "%s.queue_action_%s", service->room->name, what);
    const char *keys[] = {mc_sprintf(txn->arena, "action:%s", id), NULL};
    if (type == NULL || keys[0] == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, type, &told.base, MC_SEALED, keys);
}

/* --- prepare --- */

/* What an action can be done to. */
static bool fits(Motcua__ActionKind kind, Motcua__JobState state)
{
    switch (kind) {
    case MOTCUA__ACTION_KIND__RETRY:
        return state == MOTCUA__JOB_STATE__DEAD || state == MOTCUA__JOB_STATE__QUEUED;
    case MOTCUA__ACTION_KIND__HOLD:
        return state == MOTCUA__JOB_STATE__QUEUED;
    case MOTCUA__ACTION_KIND__RELEASE:
        return state == MOTCUA__JOB_STATE__HELD;
    case MOTCUA__ACTION_KIND__DROP:
    case MOTCUA__ACTION_KIND__MOVE:
        return state == MOTCUA__JOB_STATE__DEAD || state == MOTCUA__JOB_STATE__QUEUED ||
               state == MOTCUA__JOB_STATE__HELD;
    case MOTCUA__ACTION_KIND__ACTION_KIND_UNSPECIFIED:
    case _MOTCUA__ACTION_KIND_IS_INT_SIZE:
        break;
    }
    return false;
}

static void check_filter(const struct mc_service *service, struct mc_txn *txn,
                         const Motcua__PrepareActionRequest *req)
{
    const Motcua__JobFilter *filter = req->filter;

    int lane = filter != NULL ? mc_lane_named(service->room, filter->lane) : -1;

    if (lane < 0) {
        (void)mc_refuse(txn, MC_INVALID, "filter.lane", "FIELD_INVALID", "field", "lane", NULL);
        return;
    }
    if (!fits(req->kind, filter->state))
        (void)mc_refuse(txn, MC_INVALID, "filter.state", "ACTION_UNFIT", NULL);
    if (filter->n_ids > MC_ACTION_IDS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "filter.ids", "LIST_TOO_LONG", NULL);
    bool move = req->kind == MOTCUA__ACTION_KIND__MOVE;
    if (move != (req->destination[0] != '\0'))
        (void)mc_refuse(txn, MC_INVALID, "destination", move ? "FIELD_REQUIRED" : "FIELD_INVALID",
                        "field", "destination", NULL);
    else if (move)
        mc_destination_check(service, txn, lane, req->destination);
}

/* How many are not ended; the newest are looked at, for old ones have ended long ago. */
static void check_open(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_ACTIONS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_BACKWARD);
    size_t open = 0;

    for (size_t n = 0; n < MC_ACTION_PAGE_MAX && mc_next(&cursor); n++) {
        const Motcua__ActionRow *row = mc_row(&cursor, &motcua__action_row__descriptor);
        open += row != NULL && row->action != NULL && mc_action_is_open(row->action);
        mc_pass(&cursor);
    }
    if (open >= MC_ACTION_OPEN_MAX)
        (void)mc_refuse(txn, MC_LIMITED, "", "ACTIONS_TOO_MANY", NULL);
}

enum mc_status mc_action_prepare(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__PrepareActionRequest *req, Motcua__Action *rep)
{
    Motcua__ActionRow row = MOTCUA__ACTION_ROW__INIT;
    static const uint8_t zeros[MC_HASH_LEN];

    check_filter(service, txn, req);
    mc_reason_check(txn, req->reason);
    check_open(txn);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes id = mc_new_id(txn);
    rep->action_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->kind = req->kind;
    rep->state = MOTCUA__ACTION_STATE__COUNTING;
    rep->filter = req->filter;
    rep->destination = req->destination;
    rep->reason = req->reason;
    rep->prepared_by = mc_unconst(txn->caller->name);
    rep->prepared_ms = txn->now_ms;
    rep->set_hash = (ProtobufCBinaryData){MC_HASH_LEN, mc_unconst(zeros)};
    row.action = rep;
    mc_action_count(service, txn, &row, MC_ACTION_CHUNK); /* of most it is all */
    mc_action_save(txn, &row);
    mc_action_tell(service, txn, rep, "prepared");
    return txn->status;
}

/* --- run, approve, stop --- */

static Motcua__ActionRow *find(struct mc_txn *txn, ProtobufCBinaryData id)
{
    Motcua__ActionRow *row = id.len == MC_ID_LEN ? mc_action_load(txn, mc_key_bytes(id)) : NULL;

    if (row == NULL && txn->status == MC_OK)
        (void)mc_refuse(txn, MC_NOT_FOUND, "action_id", "NOT_FOUND", NULL);
    return row;
}

static Motcua__ActionRow *find_bound(struct mc_txn *txn, const Motcua__RunActionRequest *req,
                                     Motcua__ActionState state)
{
    Motcua__ActionRow *row = find(txn, req->action_id);

    if (row == NULL)
        return NULL;
    if (row->action->state != state)
        (void)mc_refuse(txn, MC_CONFLICT, "action_id", "ACTION_STATE", NULL);
    else if (req->set_hash.len != row->action->set_hash.len ||
             memcmp(req->set_hash.data, row->action->set_hash.data, req->set_hash.len) != 0)
        (void)mc_refuse(txn, MC_CONFLICT, "set_hash", "ACTION_OTHER_SET", NULL);
    return txn->status == MC_OK ? row : NULL;
}

static void start(Motcua__ActionRow *row)
{
    row->action->state = MOTCUA__ACTION_STATE__RUNNING;
    row->place = 0;
}

enum mc_status mc_action_run(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__RunActionRequest *req, Motcua__Action *rep)
{
    Motcua__ActionRow *row = find_bound(txn, req, MOTCUA__ACTION_STATE__PREPARED);

    if (row == NULL)
        return txn->status;
    row->action->run_by = mc_unconst(txn->caller->name);
    if (row->action->needs_approval)
        row->action->state = MOTCUA__ACTION_STATE__ASKED;
    else
        start(row);
    mc_action_save(txn, row);
    mc_action_tell(service, txn, row->action, row->action->needs_approval ? "asked" : "run");
    *rep = *row->action;
    return txn->status;
}

enum mc_status mc_action_approve(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__RunActionRequest *req, Motcua__Action *rep)
{
    Motcua__ActionRow *row = find_bound(txn, req, MOTCUA__ACTION_STATE__ASKED);

    if (row == NULL)
        return txn->status;
    if (strcmp(row->action->run_by, txn->caller->name) == 0)
        return mc_refuse(txn, MC_DENIED, "", "SECOND_PERSON_NEEDED", NULL);
    row->action->approved_by = mc_unconst(txn->caller->name);
    start(row);
    mc_action_save(txn, row);
    mc_action_tell(service, txn, row->action, "approved");
    *rep = *row->action;
    return txn->status;
}

enum mc_status mc_action_stop(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__StopActionRequest *req, Motcua__Action *rep)
{
    Motcua__ActionRow *row = find(txn, req->action_id);

    mc_reason_check(txn, req->reason);
    if (row != NULL && !mc_action_is_open(row->action))
        (void)mc_refuse(txn, MC_CONFLICT, "action_id", "ACTION_STATE", NULL);
    if (row == NULL || txn->status != MC_OK)
        return txn->status;
    row->action->stopped_by = mc_unconst(txn->caller->name);
    row->action->stop_reason = req->reason;
    mc_action_end(service, txn, row, MOTCUA__ACTION_STATE__STOPPED);
    *rep = *row->action;
    return txn->status;
}

/* --- look --- */

enum mc_status mc_action_get(struct mc_service *service, struct mc_txn *txn,
                             const Motcua__GetActionRequest *req, Motcua__Action *rep)
{
    const Motcua__ActionRow *row = find(txn, req->action_id);

    (void)service;
    if (row != NULL)
        *rep = *row->action;
    return txn->status;
}

enum mc_status mc_action_list(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ListActionsRequest *req, Motcua__ListActionsReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : MC_ACTION_PAGE;

    (void)service;
    if (size > MC_ACTION_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->before.len != 0 && req->before.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "before", "FIELD_INVALID", "field", "before", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->actions = mc_alloc(txn->arena, size * sizeof(void *));
    if (rep->actions == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_ACTIONS, (struct mc_bytes){0},
                                      mc_key_bytes(req->before), MC_BACKWARD);
    while (mc_next(&cursor)) {
        if (rep->n_actions == size) {
            rep->more = true;
            break;
        }
        Motcua__ActionRow *row = mc_row(&cursor, &motcua__action_row__descriptor);
        if (row == NULL || row->action == NULL)
            return mc_fail(txn, MC_CORRUPT, "an action");
        rep->actions[rep->n_actions++] = row->action;
    }
    return txn->status;
}
