/*
 * With members' systems (requirements, part F): what changed of a member's feedback, oldest first;
 * its answers; what it received itself. The partner room speaks their protocol and calls these.
 *
 *     sync:    unit ‖ 0 ‖ sequence, big-endian (8)      -> feedback id
 *     members: member's unit ‖ 0 ‖ its own number       -> feedback id
 *
 * Each change takes a new sequence and leaves the old one, so a list has each thing once, as it is
 * now, and "after what I have" never misses one that was forwarded to it later.
 */
#include <string.h>

#include "feedback.h"

enum { DEPTH_MAX = 8, MEMBER_CODE_MAX = 64, PAGE_DEFAULT = 50, PAGE_MAX = 100 };

static struct mc_bytes unit_prefix(struct mc_txn *txn, const char *unit)
{
    return mc_keep(txn, unit, strlen(unit) + 1);
}

static void sync_at(struct mc_txn *txn, const char *unit, uint64_t sequence, struct mc_bytes id)
{
    struct mc_bytes key = mc_key_join(txn, unit_prefix(txn, unit), mc_key_u64(txn, sequence));

    if (id.len > 0)
        mc_put(txn, SUPPORT_SYNC, key, id);
    else
        mc_drop(txn, SUPPORT_SYNC, key);
}

/* At the unit and each above it; an id of no bytes takes the rows away. */
static void sync_all(struct mc_txn *txn, const char *unit, uint64_t sequence, struct mc_bytes id)
{
    char place[MC_AGENCY_CODE_SIZE];
    char above[MC_AGENCY_CODE_SIZE];

    if (strlen(unit) >= sizeof place)
        return;
    memcpy(place, unit, strlen(unit) + 1);
    for (int i = 0; i < DEPTH_MAX; i++) {
        sync_at(txn, place, sequence, id);
        if (!mc_agency_parent(place, above, sizeof above))
            break;
        memcpy(place, above, sizeof place);
    }
}

void support_feedback_sync(struct mc_txn *txn, struct support_feedback *feedback)
{
    SupportState__Feedback *record = feedback->record;

    if (record->sync != 0)
        sync_all(txn, feedback->was_unit, record->sync, (struct mc_bytes){0});
    record->sync = mc_count(txn, "support.sync");
    sync_all(txn, record->unit, record->sync, feedback->id);
}

static void member_show(struct mc_txn *txn, const SupportState__Feedback *record,
                        Support__PartnerFeedback *rep)
{
    rep->sequence = record->sync;
    rep->code = record->code;
    rep->partner_code = record->partner_code;
    rep->kind = (Support__FeedbackKind)record->kind;
    rep->state = (Support__FeedbackState)record->state;
    rep->unit = record->unit;
    rep->name = mc_open_text(txn, record->name);
    rep->address = mc_open_text(txn, record->address);
    rep->phone = mc_open_text(txn, record->phone);
    rep->email = mc_open_text(txn, record->email);
    rep->title = mc_open_text(txn, record->title);
    rep->text = mc_open_text(txn, record->text);
    if (record->answer.len > 0)
        rep->answer = mc_open_text(txn, record->answer);
    rep->received_at_ms = record->received_at_ms;
    rep->answered_at_ms = record->answered_at_ms;
}

static void row_add(struct mc_txn *txn, struct mc_bytes id, Support__ListForPartnerReply *rep)
{
    const SupportState__Feedback *record =
        mc_load(txn, SUPPORT_FEEDBACK_TABLE, id, &support_state__feedback__descriptor);
    Support__PartnerFeedback *row = rep->rows[rep->n_rows];

    if (record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a row without its feedback");
        return;
    }
    support__partner_feedback__init(row);
    member_show(txn, record, row);
    rep->n_rows++;
}

enum mc_status support_list_for_partner(struct support *support, struct mc_txn *txn,
                                        const Support__ListForPartnerRequest *req,
                                        Support__ListForPartnerReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAGE_DEFAULT;
    const char *unit = support_feedback_unit(txn, "unit", req->unit);

    (void)support;
    if (req->page_size > PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max",
                        support_printf(txn, "%d", PAGE_MAX), NULL);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes prefix = unit_prefix(txn, unit);
    struct mc_bytes from = mc_key_join(txn, prefix, mc_key_u64(txn, req->after + 1));
    struct mc_cursor cursor = mc_seek(txn, SUPPORT_SYNC, prefix, from, MC_FORWARD);
    rep->rows =
        (Support__PartnerFeedback **)support_rows(txn, size, sizeof(Support__PartnerFeedback));
    while (rep->rows != NULL && txn->status == MC_OK && mc_next(&cursor)) {
        if (rep->n_rows == size) {
            rep->more = true;
            break;
        }
        row_add(txn, cursor.value, rep);
    }
    support_tell_read(txn, "FEEDBACK_PARTNER", "", rep->n_rows);
    return txn->status;
}

enum mc_status support_get_answer(struct support *support, struct mc_txn *txn,
                                  const Support__GetAnswerRequest *req,
                                  Support__PartnerFeedback *rep)
{
    struct support_feedback feedback;
    const char *unit = support_feedback_unit(txn, "unit", req->unit);

    (void)support;
    if (txn->status != MC_OK || !support_feedback_open_member(txn, unit, req->code, &feedback))
        return txn->status;
    member_show(txn, feedback.record, rep);
    support_tell_read(txn, "FEEDBACK_PARTNER", feedback.record->code, 1);
    return txn->status;
}

/* The same answer again changes nothing: members repeat what was not acknowledged. */
static bool is_repeat(struct mc_txn *txn, const SupportState__Feedback *record, const char *answer)
{
    return record->state == SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED && record->answer.len > 0 &&
           strcmp(mc_open_text(txn, record->answer), answer) == 0;
}

enum mc_status support_receive_answer(struct support *support, struct mc_txn *txn,
                                      const Support__ReceiveAnswerRequest *req,
                                      Support__PartnerFeedback *rep)
{
    struct support_feedback feedback;
    const char *unit = support_feedback_unit(txn, "unit", req->unit);
    const char *answer = support_lines(txn, "answer", req->answer, SUPPORT_ANSWER_CHARS_MAX, true);

    if (txn->status != MC_OK || !support_feedback_open_member(txn, unit, req->code, &feedback))
        return txn->status;
    if (!is_repeat(txn, feedback.record, answer)) {
        if (!support_feedback_step(support, txn, &feedback,
                                   SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED, answer, NULL, NULL))
            return txn->status;
        support_feedback_save(support, txn, &feedback, "support.feedback_moved");
    }
    member_show(txn, feedback.record, rep);
    return txn->status;
}

static void read_form(struct mc_txn *txn, const Support__ReceiveFeedbackRequest *req,
                      SupportState__Feedback *record)
{
    if (req->kind == SUPPORT__FEEDBACK_KIND__KIND_NONE)
        (void)mc_refuse(txn, MC_INVALID, "kind", "FIELD_REQUIRED", "field", support_label("kind"),
                        NULL);
    record->kind = req->kind;
    record->unit = support_feedback_unit(txn, "unit", req->unit);
    record->unit_name =
        support_line(txn, "unit_name", req->unit_name, SUPPORT_NAME_CHARS_MAX, true);
    record->partner_code =
        support_line(txn, "partner_code", req->partner_code, MEMBER_CODE_MAX, true);
    const char *name = support_line(txn, "name", req->name, SUPPORT_NAME_CHARS_MAX, false);
    const char *text = support_lines(txn, "text", req->text, SUPPORT_DESCRIPTION_CHARS_MAX, true);
    record->name = mc_seal_text(txn, name);
    record->text = mc_seal_text(txn, text);
    record->address = mc_seal_text(txn, "");
    record->phone = mc_seal_text(txn, "");
    record->email = mc_seal_text(txn, "");
}

enum mc_status support_receive_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__ReceiveFeedbackRequest *req,
                                        Support__PartnerFeedback *rep)
{
    SupportState__Feedback record = SUPPORT_STATE__FEEDBACK__INIT;
    struct support_feedback feedback = {.record = &record, .actor = SUPPORT_FEEDBACK_MEMBER};
    const char *title = support_line(txn, "title", req->title, SUPPORT_TITLE_CHARS_MAX, true);
    const char *answer = support_lines(txn, "answer", req->answer, SUPPORT_ANSWER_CHARS_MAX, false);
    struct mc_bytes known;

    read_form(txn, req, &record);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes theirs =
        mc_key_join(txn, unit_prefix(txn, record.unit), mc_key_text(record.partner_code));
    if (mc_get(txn, SUPPORT_MEMBERS, theirs, &known)) { /* sent again */
        feedback.record =
            mc_load(txn, SUPPORT_FEEDBACK_TABLE, known, &support_state__feedback__descriptor);
        if (feedback.record == NULL)
            return mc_fail(txn, MC_CORRUPT, "members index");
        member_show(txn, feedback.record, rep);
        return txn->status;
    }
    feedback.id = mc_new_id(txn);
    mc_put(txn, SUPPORT_MEMBERS, theirs, feedback.id);
    support_feedback_begin(support, txn, &feedback, title);
    if (!support_feedback_step(support, txn, &feedback, SUPPORT__FEEDBACK_STATE__FEEDBACK_NEW, "",
                               NULL, NULL))
        return txn->status;
    if (answer[0] != '\0' &&
        !support_feedback_step(support, txn, &feedback, SUPPORT__FEEDBACK_STATE__FEEDBACK_ANSWERED,
                               answer, NULL, NULL))
        return txn->status;
    support_feedback_save(support, txn, &feedback, "support.feedback_sent");
    member_show(txn, feedback.record, rep);
    return txn->status;
}
