/*
 * Feedback on disk: opened for those who may, taken a step, saved with its lists, shown.
 *
 *     feedback: feedback id -> Feedback
 *     owned:    account id (16) ‖ feedback id (16) -> nothing
 */
#include "feedback.h"

#include <string.h>

#define STATE(name) SUPPORT__FEEDBACK_STATE__FEEDBACK_##name

struct mc_bytes support_feedback_key_hash(struct mc_txn *txn, const char *key)
{
    return mc_blind(txn, "support.feedback_key", key);
}

static SupportState__Feedback *load(struct mc_txn *txn, ProtobufCBinaryData id, const char *code,
                                    struct mc_bytes *ret_id)
{
    *ret_id = mc_key_bytes(id);
    if (id.len == 0 && (code[0] == '\0' || strlen(code) >= SUPPORT_CODE_SIZE ||
                        !mc_get(txn, SUPPORT_CODES, mc_key_text(code), ret_id)))
        return NULL;
    return ret_id->len == MC_ID_LEN
               ? mc_load(txn, SUPPORT_FEEDBACK_TABLE, *ret_id, &support_state__feedback__descriptor)
               : NULL;
}

static bool has_key(struct mc_txn *txn, const SupportState__Feedback *record, const char *key)
{
    struct mc_bytes hash = support_feedback_key_hash(txn, key);

    return key[0] != '\0' && hash.len > 0 && record->key_hash.len == hash.len &&
           mc_equal(hash.data, record->key_hash.data, hash.len);
}

static unsigned actor_of(const struct support *support, struct mc_txn *txn,
                         const SupportState__Feedback *record, const char *key)
{
    const struct mc_caller *caller = txn->caller;
    bool owns =
        caller->account_id != NULL && support_feedback_is_owned(txn, record, caller->account_id);

    if (owns || has_key(txn, record, key))
        return SUPPORT_FEEDBACK_SENDER; /* also when he is an officer of its unit */
    if (support_feedback_is_officer(support, txn, record->unit))
        return SUPPORT_FEEDBACK_OFFICER;
    return 0;
}

static bool opened(struct mc_txn *txn, SupportState__Feedback *record, struct mc_bytes id,
                   unsigned actor, struct support_feedback *ret_feedback)
{
    if (txn->status == MC_OK && actor == 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "code", "NOT_FOUND", NULL);
    if (txn->status != MC_OK || record == NULL)
        return false;
    *ret_feedback = (struct support_feedback){
        .record = record, .id = id, .actor = actor, .was = record->state, .was_unit = record->unit};
    return true;
}

bool support_feedback_open(const struct support *support, struct mc_txn *txn,
                           ProtobufCBinaryData id, const char *code, const char *key,
                           struct support_feedback *ret_feedback)
{
    struct mc_bytes at;
    SupportState__Feedback *record = load(txn, id, code, &at);
    unsigned actor = record != NULL ? actor_of(support, txn, record, key) : 0;

    return opened(txn, record, at, actor, ret_feedback);
}

bool support_feedback_open_member(struct mc_txn *txn, const char *unit, const char *code,
                                  struct support_feedback *ret_feedback)
{
    struct mc_bytes at;
    SupportState__Feedback *record = load(txn, (ProtobufCBinaryData){0}, code, &at);
    bool theirs = record != NULL && unit[0] != '\0' && mc_agency_within(record->unit, unit);

    return opened(txn, record, at, theirs ? (unsigned)SUPPORT_FEEDBACK_MEMBER : 0U, ret_feedback);
}

bool support_feedback_check_version(struct mc_txn *txn, const struct support_feedback *feedback,
                                    uint64_t version)
{
    if (feedback->record->version != version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "CONFLICT", NULL);
    return txn->status == MC_OK;
}

static int64_t days_after(const struct support *support, int64_t from_ms, int days)
{
    return mc_working_due(&support->calendar, from_ms, MC_WORKING_DAY, (uint32_t)days);
}

int64_t support_feedback_due(const struct support *support, const SupportState__Feedback *record)
{
    switch ((Support__FeedbackState)record->state) {
    case STATE(NEW):
        return days_after(support, record->clock_ms, SUPPORT_ASK_DAYS);
    case STATE(PROCESSING):
        return record->process_by_ms;
    case STATE(ANSWERED):
        return record->published_at_ms == 0 && record->kind != SUPPORT__FEEDBACK_KIND__KIND_PORTAL
                   ? days_after(support, record->answered_at_ms, SUPPORT_PUBLISH_DAYS)
                   : 0;
    case STATE(NONE):
    case STATE(ASKED):
    case STATE(REFUSED):
    case STATE(WITHDRAWN):
    case _SUPPORT__FEEDBACK_STATE_IS_INT_SIZE:
    default:
        return 0;
    }
}

static void clock_begin(const struct support *support, struct mc_txn *txn,
                        SupportState__Feedback *record)
{
    record->clock_ms = txn->now_ms;
    record->process_by_ms = days_after(support, txn->now_ms, SUPPORT_PROCESS_DAYS);
}

/* What the sender takes to answer is not counted; who gets it forwarded has his own time. */
static void clock_step(const struct support *support, struct mc_txn *txn,
                       SupportState__Feedback *record, const struct support_feedback_stage *stage)
{
    if (stage->forward) {
        clock_begin(support, txn, record);
    } else if (stage->to == STATE(ASKED)) {
        record->asked_at_ms = txn->now_ms;
    } else if (stage->from == STATE(ASKED)) {
        record->process_by_ms = mc_working_extended(
            &support->calendar, record->process_by_ms,
            mc_working_ms(&support->calendar, record->asked_at_ms, txn->now_ms));
    }
}

static bool is_late(const struct support *support, const struct mc_txn *txn,
                    const SupportState__Feedback *record,
                    const struct support_feedback_stage *stage)
{
    if (stage->days == 0 || (stage->to == STATE(ASKED) && record->asked_at_ms != 0))
        return false;
    if (stage->to == STATE(ANSWERED))
        return txn->now_ms > record->process_by_ms;
    return txn->now_ms > days_after(support, record->clock_ms, stage->days);
}

static void count_end(struct mc_txn *txn, const SupportState__Feedback *record)
{
    bool refused = record->state == STATE(REFUSED);

    if (!refused && record->state != STATE(ANSWERED))
        return;
    support_sum_add(txn, record->unit, SUPPORT_SUM_ENDED);
    if (!record->late)
        support_sum_add(txn, record->unit, SUPPORT_SUM_ON_TIME);
    if (refused)
        support_sum_add(txn, record->unit, SUPPORT_SUM_REFUSED);
}

static bool step_holds(struct mc_txn *txn, const SupportState__Feedback *record,
                       const struct support_feedback_stage *stage, const char *text,
                       const char *unit)
{
    if (stage == NULL)
        (void)mc_refuse(txn, MC_CONFLICT, "to", "FEEDBACK_STEP", "state",
                        support_feedback_state_name((Support__FeedbackState)record->state), NULL);
    else if (stage->text && text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "text", "FIELD_REQUIRED", "field", support_label("text"),
                        NULL);
    else if (unit != NULL && strcmp(unit, record->unit) == 0)
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_INVALID", "field", support_label("unit"),
                        NULL);
    return txn->status == MC_OK;
}

bool support_feedback_step(const struct support *support, struct mc_txn *txn,
                           struct support_feedback *feedback, Support__FeedbackState to,
                           const char *text, const char *unit, const char *unit_name)
{
    SupportState__Feedback *record = feedback->record;
    const struct support_feedback_stage *stage = support_feedback_stage_find(
        (Support__FeedbackState)record->state, to, feedback->actor, unit != NULL);

    if (!step_holds(txn, record, stage, text, unit))
        return false;
    record->late |= is_late(support, txn, record, stage);
    support_change_put(txn, feedback->id, &record->changes, "state",
                       support_feedback_state_name((Support__FeedbackState)record->state),
                       support_feedback_state_name(to));
    if (unit != NULL) {
        support_change_put(txn, feedback->id, &record->changes, "unit", record->unit, unit);
        record->unit = mc_unconst(unit);
        record->unit_name = mc_unconst(unit_name);
    }
    clock_step(support, txn, record, stage);
    record->state = to;
    if (to == STATE(ANSWERED)) {
        record->answer = mc_seal_text(txn, text);
        record->answered_at_ms = txn->now_ms;
    } else if (text[0] != '\0') {
        support_comment_put(txn, feedback->id, &record->comments, text, stage->forward);
    }
    count_end(txn, record);
    return txn->status == MC_OK;
}

static const char *const *keys_of(struct mc_txn *txn, const SupportState__Feedback *record)
{
    const char **keys = support_alloc(txn, 3 * sizeof(char *));

    if (keys == NULL)
        return NULL;
    keys[0] = support_printf(txn, "feedback:%s", record->code);
    keys[1] = record->owner_account[0] != '\0'
                  ? support_printf(txn, "account:%s", record->owner_account)
                  : NULL;
    return keys;
}

static void tell(struct mc_txn *txn, const struct support_feedback *feedback, const char *event)
{
    const SupportState__Feedback *record = feedback->record;
    Support__FeedbackChanged changed = SUPPORT__FEEDBACK_CHANGED__INIT;
    const char *const *keys = keys_of(txn, record);

    changed.feedback_id = support_bytes(feedback->id);
    changed.code = record->code;
    changed.kind = (Support__FeedbackKind)record->kind;
    changed.from = (Support__FeedbackState)feedback->was;
    changed.to = (Support__FeedbackState)record->state;
    changed.unit = record->unit;
    changed.owner_account = record->owner_account;
    changed.by = mc_unconst(support_actor(txn));
    changed.late = record->late;
    if (keys != NULL)
        mc_emit(txn, event, &changed.base, MC_PLAIN, keys);
}

static void relist(struct mc_txn *txn, const struct support_feedback *feedback)
{
    const SupportState__Feedback *record = feedback->record;
    struct support_facets *before = support_alloc(txn, sizeof *before);
    struct support_facets *after = support_alloc(txn, sizeof *after);
    const char *kind = support_printf(txn, "%u", record->kind);

    if (before == NULL || after == NULL ||
        (feedback->was == record->state && strcmp(feedback->was_unit, record->unit) == 0))
        return;
    before->len = 0;
    after->len = 0;
    if (feedback->was != STATE(NONE))
        support_facets_unit(txn, before, SUPPORT_FEEDBACK, feedback->was_unit, feedback->was, kind);
    support_facets_unit(txn, after, SUPPORT_FEEDBACK, record->unit, record->state, kind);
    support_facets_move(txn, before, after, feedback->id);
}

static void alarm_set(const struct support *support, struct mc_txn *txn,
                      const struct support_feedback *feedback)
{
    SupportState__Feedback *record = feedback->record;
    int64_t at_ms = support_feedback_due(support, record);

    if (at_ms <= txn->now_ms) /* it is late already: nothing more is told of it */
        at_ms = 0;
    if (record->alarm_at_ms != 0)
        support_alarm_drop(txn, SUPPORT_FEEDBACK, record->alarm_at_ms, feedback->id);
    if (at_ms != 0)
        support_alarm_put(txn, SUPPORT_FEEDBACK, at_ms, feedback->id);
    record->alarm_at_ms = at_ms;
}

void support_feedback_save(const struct support *support, struct mc_txn *txn,
                           struct support_feedback *feedback, const char *event)
{
    relist(txn, feedback);
    alarm_set(support, txn, feedback);
    support_feedback_sync(txn, feedback);
    feedback->record->version++;
    mc_save(txn, SUPPORT_FEEDBACK_TABLE, feedback->id, &feedback->record->base);
    tell(txn, feedback, event);
}

void support_feedback_begin(const struct support *support, struct mc_txn *txn,
                            struct support_feedback *feedback, const char *title)
{
    SupportState__Feedback *record = feedback->record;
    struct support_facets *words = support_alloc(txn, sizeof *words);

    record->code = support_code(txn, "PAKN");
    record->received_at_ms = txn->now_ms;
    record->title = mc_seal_text(txn, title);
    clock_begin(support, txn, record);
    feedback->was = STATE(NONE);
    feedback->was_unit = record->unit;
    mc_put(txn, SUPPORT_CODES, mc_key_text(record->code), feedback->id);
    support_sum_add(txn, record->unit, SUPPORT_SUM_RECEIVED);
    if (words == NULL)
        return;
    words->len = 0;
    support_facets_words(txn, words, SUPPORT_FEEDBACK, 't', title, SUPPORT_TITLE_WORDS_MAX);
    support_facets_put(txn, words, feedback->id);
}

/* Once for each thing that is due: the unit's officers and whoever follows hear of it. */
void support_feedback_overdue(struct mc_txn *txn, struct mc_bytes id)
{
    struct support_feedback feedback = {.id = id};

    feedback.record =
        mc_load(txn, SUPPORT_FEEDBACK_TABLE, id, &support_state__feedback__descriptor);
    if (feedback.record == NULL)
        return;
    feedback.was = feedback.record->state;
    feedback.record->alarm_at_ms = 0; /* its row is the one that is being dealt with */
    mc_save(txn, SUPPORT_FEEDBACK_TABLE, id, &feedback.record->base);
    tell(txn, &feedback, "support.feedback_overdue");
}
