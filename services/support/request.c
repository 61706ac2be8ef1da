/*
 * A request on disk: opened for those who may, taken a step, saved with its lists, shown.
 *
 *     requests: request id                               -> Request
 *     codes:    code                                     -> id
 *     alarms:   due time, big-endian (8) ‖ kind (1) ‖ id -> nothing (alarm.c)
 */
#include <string.h>

#include "support.h"

static struct mc_bytes id_of(struct mc_txn *txn, ProtobufCBinaryData id, const char *code)
{
    struct mc_bytes key = mc_key_bytes(id);

    if (id.len == 0 && code[0] != '\0' && strlen(code) < SUPPORT_CODE_SIZE &&
        !mc_get(txn, SUPPORT_CODES, mc_key_text(code), &key))
        return (struct mc_bytes){0};
    return key;
}

bool support_request_open(const struct support *support, struct mc_txn *txn, ProtobufCBinaryData id,
                          const char *code, struct support_request *ret_request)
{
    struct mc_bytes key = id_of(txn, id, code);
    SupportState__Request *record =
        key.len == MC_ID_LEN
            ? mc_load(txn, SUPPORT_REQUESTS, key, &support_state__request__descriptor)
            : NULL;
    unsigned actor = record != NULL ? support_actor_of(support, txn, record->unit) : 0;

    if (txn->status == MC_OK && actor == 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "request_id", "NOT_FOUND", NULL);
    if (txn->status != MC_OK || record == NULL)
        return false;
    *ret_request =
        (struct support_request){.record = record, .id = key, .actor = actor, .was = record->state};
    return true;
}

bool support_request_take(const struct support *support, struct mc_txn *txn, ProtobufCBinaryData id,
                          const char *code, uint64_t version, struct support_request *ret_request)
{
    if (!support_request_open(support, txn, id, code, ret_request))
        return false;
    if (ret_request->record->version != version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "CONFLICT", NULL);
    return txn->status == MC_OK;
}

void support_request_facets(struct mc_txn *txn, const SupportState__Request *record, unsigned state,
                            struct support_facets *facets)
{
    support_facets_unit(txn, facets, SUPPORT_REQUEST, record->unit, state, record->service_group);
}

static void alarm_set(struct mc_txn *txn, struct support_request *request)
{
    SupportState__Request *record = request->record;
    bool runs = support_state_counts((Support__RequestState)record->state);
    int64_t at_ms = runs && record->overdue_at_ms == 0 ? record->due_at_ms : 0;

    if (at_ms == record->alarm_at_ms)
        return;
    if (record->alarm_at_ms != 0)
        support_alarm_drop(txn, SUPPORT_REQUEST, record->alarm_at_ms, request->id);
    if (at_ms != 0)
        support_alarm_put(txn, SUPPORT_REQUEST, at_ms, request->id);
    record->alarm_at_ms = at_ms;
}

/* SUP-16. What the requester takes to answer is not counted. */
static void clock_step(const struct support *support, struct mc_txn *txn,
                       SupportState__Request *record, const struct support_stage *stage)
{
    if (stage->clock) {
        record->due_at_ms =
            mc_working_due(&support->calendar, txn->now_ms, MC_WORKING_HOUR, SUPPORT_SLA_HOURS);
        record->overdue_at_ms = 0;
    } else if (stage->to == SUPPORT__REQUEST_STATE__REQUEST_WAITING) {
        record->waiting_since_ms = txn->now_ms;
    } else if (stage->from == SUPPORT__REQUEST_STATE__REQUEST_WAITING &&
               record->waiting_since_ms != 0) {
        record->due_at_ms = mc_working_extended(
            &support->calendar, record->due_at_ms,
            mc_working_ms(&support->calendar, record->waiting_since_ms, txn->now_ms));
        record->waiting_since_ms = 0;
    }
}

static bool step_holds(const struct support *support, struct mc_txn *txn,
                       const SupportState__Request *record, const struct support_stage *stage,
                       const char *text)
{
    int64_t until_ms = record->ended_at_ms + support->reopen_days * (int64_t)24 * 60 * 60 * 1000;

    if (stage == NULL)
        (void)mc_refuse(txn, MC_CONFLICT, "to", "SUPPORT_STEP", "state",
                        support_state_name((Support__RequestState)record->state), NULL);
    else if (stage->text && text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "text", "FIELD_REQUIRED", "field", support_label("text"),
                        NULL);
    else if (stage->to == SUPPORT__REQUEST_STATE__REQUEST_REOPENED && txn->now_ms > until_ms)
        (void)mc_refuse(txn, MC_EXPIRED, "to", "SUPPORT_REOPEN_LATE", "days",
                        support_printf(txn, "%lld", (long long)support->reopen_days), NULL);
    return txn->status == MC_OK;
}

bool support_request_step(const struct support *support, struct mc_txn *txn,
                          struct support_request *request, Support__RequestState to,
                          const char *text)
{
    SupportState__Request *record = request->record;
    const struct support_stage *stage =
        support_stage_find((Support__RequestState)record->state, to, request->actor);

    if (!step_holds(support, txn, record, stage, text))
        return false;
    support_change_put(txn, request->id, &record->changes, "state",
                       support_state_name((Support__RequestState)record->state),
                       support_state_name(to));
    clock_step(support, txn, record, stage);
    record->state = to;
    record->ended_at_ms = to == SUPPORT__REQUEST_STATE__REQUEST_DONE ||
                                  to == SUPPORT__REQUEST_STATE__REQUEST_CANCELLED
                              ? txn->now_ms
                              : 0;
    return txn->status == MC_OK;
}

static void tell(struct mc_txn *txn, const struct support_request *request, const char *event)
{
    const SupportState__Request *record = request->record;
    Support__RequestChanged changed = SUPPORT__REQUEST_CHANGED__INIT;
    const char *keys[] = {support_printf(txn, "support:%s", record->code), NULL};

    changed.request_id = support_bytes(request->id);
    changed.code = record->code;
    changed.from = (Support__RequestState)request->was;
    changed.to = (Support__RequestState)record->state;
    changed.unit = record->unit;
    changed.assignee = record->assignee;
    changed.by = mc_unconst(support_actor(txn));
    changed.due_at_ms = record->due_at_ms;
    mc_emit(txn, event, &changed.base, MC_PLAIN, keys);
}

void support_request_save(struct mc_txn *txn, struct support_request *request, const char *event)
{
    struct support_facets *before = support_alloc(txn, sizeof *before);
    struct support_facets *after = support_alloc(txn, sizeof *after);

    if (before == NULL || after == NULL)
        return;
    before->len = 0;
    after->len = 0;
    if (request->was != request->record->state) {
        if (request->was != SUPPORT__REQUEST_STATE__REQUEST_NONE)
            support_request_facets(txn, request->record, request->was, before);
        support_request_facets(txn, request->record, request->record->state, after);
        support_facets_move(txn, before, after, request->id);
    }
    alarm_set(txn, request);
    request->record->version++;
    mc_save(txn, SUPPORT_REQUESTS, request->id, &request->record->base);
    tell(txn, request, event);
}

static Support__RequestForm *form_show(struct mc_txn *txn, const SupportState__Request *record)
{
    Support__RequestForm *form = support_alloc(txn, sizeof *form);

    if (form == NULL)
        return NULL;
    support__request_form__init(form);
    form->unit = record->unit;
    form->unit_name = record->unit_name;
    form->service_group = record->service_group;
    form->service = record->service;
    form->requester = mc_open_text(txn, record->requester);
    form->phone = mc_open_text(txn, record->phone);
    form->contact = mc_open_text(txn, record->contact);
    form->contact_phone = mc_open_text(txn, record->contact_phone);
    form->email = mc_open_text(txn, record->email);
    form->title = mc_open_text(txn, record->title);
    form->description = mc_open_text(txn, record->description);
    return form;
}

static void next_show(struct mc_txn *txn, const struct support_request *request,
                      Support__Request *rep)
{
    size_t n;
    const struct support_stage *stages = support_stages(&n);

    rep->next = support_alloc(txn, (n + 1) * sizeof rep->next[0]);
    for (size_t i = 0; rep->next != NULL && i < n; i++)
        if (stages[i].from == request->record->state && (stages[i].actors & request->actor) != 0)
            rep->next[rep->n_next++] = (Support__RequestState)stages[i].to;
}

void support_request_show(struct mc_txn *txn, const struct support_request *request,
                          Support__Request *rep)
{
    const SupportState__Request *record = request->record;
    bool staff = (request->actor & SUPPORT_BY_STAFF) != 0;

    rep->request_id = support_bytes(request->id);
    rep->code = record->code;
    rep->state = (Support__RequestState)record->state;
    rep->state_name = mc_unconst(support_state_name(rep->state));
    rep->version = record->version;
    rep->form = form_show(txn, record);
    rep->files = support_files_show(txn, record->n_files, record->files);
    rep->n_files = record->n_files;
    rep->created_at_ms = record->created_at_ms;
    rep->created_at = support_time(txn, record->created_at_ms);
    rep->due_at_ms = support_state_counts(rep->state) ? record->due_at_ms : 0;
    rep->overdue_at_ms = record->overdue_at_ms;
    rep->assignee = record->assignee;
    rep->assignee_name = mc_open_text(txn, record->assignee_name);
    rep->comments = support_comments_show(txn, request->id, staff, &rep->n_comments);
    rep->changes = support_changes_show(txn, request->id, &rep->n_changes);
    next_show(txn, request, rep);
}

/* Once for a due time: the officers and whoever follows hear that eight working hours are over. */
void support_request_overdue(struct mc_txn *txn, struct mc_bytes id)
{
    SupportState__Request *record =
        mc_load(txn, SUPPORT_REQUESTS, id, &support_state__request__descriptor);

    if (record == NULL)
        return;
    struct support_request request = {.record = record, .id = id, .was = record->state};
    record->overdue_at_ms = txn->now_ms;
    record->alarm_at_ms = 0; /* its row is the one that is being dealt with */
    mc_save(txn, SUPPORT_REQUESTS, id, &record->base);
    tell(txn, &request, "support.request_overdue");
}
