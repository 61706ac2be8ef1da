/* What is shown of feedback: all of it to its sender and its officers; a row of a list. */
#include "feedback.h"

static void next_show(struct mc_txn *txn, const struct support_feedback *feedback,
                      Support__Feedback *rep)
{
    size_t n;
    const struct support_feedback_stage *stages = support_feedback_stages(&n);

    rep->next = support_alloc(txn, (n + 1) * sizeof rep->next[0]);
    for (size_t i = 0; rep->next != NULL && i < n; i++)
        if (stages[i].from == feedback->record->state && (stages[i].actors & feedback->actor) != 0)
            rep->next[rep->n_next++] = (Support__FeedbackState)stages[i].to;
}

static void texts_show(struct mc_txn *txn, const SupportState__Feedback *record,
                       Support__Feedback *rep)
{
    rep->name = mc_open_text(txn, record->name);
    rep->address = mc_open_text(txn, record->address);
    rep->phone = mc_open_text(txn, record->phone);
    rep->email = mc_open_text(txn, record->email);
    rep->title = mc_open_text(txn, record->title);
    rep->text = mc_open_text(txn, record->text);
    if (record->answer.len > 0)
        rep->answer = mc_open_text(txn, record->answer);
    if (record->rating_note.len > 0)
        rep->rating_note = mc_open_text(txn, record->rating_note);
}

void support_feedback_show(const struct support *support, struct mc_txn *txn,
                           const struct support_feedback *feedback, Support__Feedback *rep)
{
    const SupportState__Feedback *record = feedback->record;
    bool officer = feedback->actor == SUPPORT_FEEDBACK_OFFICER;

    rep->feedback_id = support_bytes(feedback->id);
    rep->code = record->code;
    rep->kind = (Support__FeedbackKind)record->kind;
    rep->state = (Support__FeedbackState)record->state;
    rep->state_name = mc_unconst(support_feedback_state_name(rep->state));
    rep->version = record->version;
    rep->unit = record->unit;
    rep->unit_name = record->unit_name;
    rep->files = support_files_show(txn, record->n_files, record->files);
    rep->n_files = record->n_files;
    rep->received_at_ms = record->received_at_ms;
    rep->received_at = support_time(txn, record->received_at_ms);
    rep->due_at_ms = support_feedback_due(support, record);
    rep->late = record->late;
    rep->answered_at_ms = record->answered_at_ms;
    rep->published_at_ms = record->published_at_ms;
    rep->rating = record->rating;
    texts_show(txn, record, rep);
    rep->comments = support_comments_show(txn, feedback->id, officer, &rep->n_comments);
    if (officer)
        rep->changes = support_changes_show(txn, feedback->id, &rep->n_changes);
    next_show(txn, feedback, rep);
}

static void row_show(const struct support *support, struct mc_txn *txn, struct mc_bytes id,
                     Support__FeedbackRow *row)
{
    const SupportState__Feedback *record =
        mc_load(txn, SUPPORT_FEEDBACK_TABLE, id, &support_state__feedback__descriptor);

    if (record == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a row without its feedback");
        return;
    }
    row->feedback_id = support_bytes(id);
    row->code = record->code;
    row->kind = (Support__FeedbackKind)record->kind;
    row->state = (Support__FeedbackState)record->state;
    row->state_name = mc_unconst(support_feedback_state_name(row->state));
    row->title = mc_open_text(txn, record->title);
    row->unit = record->unit;
    row->unit_name = record->unit_name;
    row->received_at = support_time(txn, record->received_at_ms);
    row->due_at_ms = support_feedback_due(support, record);
    row->late = record->late;
}

Support__FeedbackRow **support_feedback_rows(const struct support *support, struct mc_txn *txn,
                                             const struct support_found *found)
{
    Support__FeedbackRow **rows =
        (Support__FeedbackRow **)support_rows(txn, found->len, sizeof(Support__FeedbackRow));

    for (size_t i = 0; rows != NULL && i < found->len; i++) {
        support__feedback_row__init(rows[i]);
        row_show(support, txn, found->ids[i], rows[i]);
    }
    return rows;
}
