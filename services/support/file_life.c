/*
 * How long files are kept: those of requests and feedback that were over support.file_life ago, and
 * came before that, lose their bytes; name, size and hash stay, so that it is known what there was.
 * Files of an integration stay with it: they are its evidence. What an account under a hold has
 * sent stays too (holds.h).
 */
#include <string.h>

#include "common/holds.h"
#include "common/retention.h"

#include "feedback.h"

/* When what it belongs to was over; 0: it is not. */
static int64_t over_ms(struct mc_txn *txn, const SupportState__File *file)
{
    struct mc_bytes owner = mc_key_bytes(file->user);

    if (file->user_kind == SUPPORT_REQUEST) {
        const SupportState__Request *request =
            mc_load(txn, SUPPORT_REQUESTS, owner, &support_state__request__descriptor);
        return request != NULL ? request->ended_at_ms : 0;
    }
    if (file->user_kind == SUPPORT_FEEDBACK) {
        const SupportState__Feedback *feedback =
            mc_load(txn, SUPPORT_FEEDBACK_TABLE, owner, &support_state__feedback__descriptor);
        bool final =
            feedback != NULL && support_feedback_is_final((Support__FeedbackState)feedback->state);
        return final ? MC_MAX(feedback->answered_at_ms, feedback->received_at_ms) : 0;
    }
    return 0;
}

static bool is_held(struct mc_txn *txn, const SupportState__File *file)
{
    const char *key = mc_sprintf(txn->arena, "account:%s", file->by);

    return key != NULL && mc_held(txn, key);
}

static bool is_over(struct mc_txn *txn, const SupportState__File *file, int64_t before_ms)
{
    if (file->ends_at_ms != 0 || file->forgotten_at_ms != 0)
        return false;
    int64_t ended_ms = over_ms(txn, file);
    return ended_ms != 0 && ended_ms <= before_ms;
}

static void forget(struct mc_txn *txn, struct mc_bytes id, SupportState__File *file)
{
    support_pieces_drop(txn, id, file);
    file->forgotten_at_ms = txn->now_ms;
    mc_save(txn, SUPPORT_FILES, id, &file->base);
}

/* Ids are time-ordered: from the oldest on, and round again. */
void support_files_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep)
{
    struct support *support = ctx;
    struct mc_bytes from = {support->sweep_place, support->sweeping && !sweep->dry ? MC_ID_LEN : 0};
    struct mc_cursor cursor = mc_seek(txn, SUPPORT_FILES, (struct mc_bytes){0}, from, MC_FORWARD);

    while (sweep->looked_at < sweep->looks && mc_next(&cursor)) {
        SupportState__File *file = mc_row(&cursor, &support_state__file__descriptor);

        if (file == NULL || cursor.key.len != MC_ID_LEN || file->at_ms > sweep->before_ms)
            return;
        sweep->looked_at++;
        if (!sweep->dry)
            memcpy(support->sweep_place, cursor.key.data, MC_ID_LEN);
        struct mc_bytes id = mc_keep(txn, cursor.key.data, MC_ID_LEN);
        if (is_over(txn, file, sweep->before_ms) &&
            mc_sweep_takes(sweep, file->at_ms, is_held(txn, file)))
            forget(txn, id, file);
        else
            mc_pass(&cursor);
    }
    sweep->more = sweep->looked_at == sweep->looks;
}

enum mc_status support_files_forget(struct support *support, struct mc_txn *txn)
{
    struct mc_sweep sweep = {.before_ms = txn->now_ms - support->file_life_ms,
                             .looks = SUPPORT_COLLECT_ROWS};

    support_files_sweep(support, txn, &sweep);
    mc_retention_count(txn, "files", sweep.over);
    support->sweeping = sweep.more; /* else from the first again */
    return txn->status;
}
