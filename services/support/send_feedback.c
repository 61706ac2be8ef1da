/*
 * SendFeedback: anybody may; by law with name, address and how he is reached (NĐ 20/2008/NĐ-CP
 * điều 7). Only a fault of the portal itself may be told without a name. Who has no session solves
 * a captcha, gets a key to come back with, and so many an hour from one source.
 */
#include <string.h>

#include "feedback.h"

enum { HOUR_MS = 60 * 60 * 1000 };

/*
 *     budgets: source, keyed hash (16) -> Budget; it goes when the hour is over, by an alarm
 */
static void spend(const struct support *support, struct mc_txn *txn)
{
    struct mc_bytes blind = mc_blind(txn, "support.source", mc_source(txn));
    int64_t hour = txn->now_ms / HOUR_MS;

    if (blind.len < MC_ID_LEN)
        return;
    struct mc_bytes key = {blind.data, MC_ID_LEN};
    SupportState__Budget *budget =
        mc_load(txn, SUPPORT_BUDGETS, key, &support_state__budget__descriptor);
    SupportState__Budget fresh = SUPPORT_STATE__BUDGET__INIT;
    if (budget == NULL || budget->hour != hour) {
        fresh.hour = hour;
        budget = &fresh;
        support_alarm_put(txn, SUPPORT_BUDGET, (hour + 1) * HOUR_MS, key);
    }
    if (budget->used >= support->anonymous_hour) {
        (void)mc_refuse(txn, MC_LIMITED, "", "FEEDBACK_TOO_MANY", NULL);
        return;
    }
    budget->used++;
    mc_save(txn, SUPPORT_BUDGETS, key, &budget->base);
}

static void check_reachable(struct mc_txn *txn, const Support__SendFeedbackRequest *req)
{
    if (req->kind != SUPPORT__FEEDBACK_KIND__KIND_PORTAL && req->phone[0] == '\0' &&
        req->email[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "phone", "FEEDBACK_CONTACT", NULL);
}

static void read_form(struct mc_txn *txn, const Support__SendFeedbackRequest *req,
                      SupportState__Feedback *record)
{
    bool named = req->kind != SUPPORT__FEEDBACK_KIND__KIND_PORTAL;

    if (req->kind == SUPPORT__FEEDBACK_KIND__KIND_NONE)
        (void)mc_refuse(txn, MC_INVALID, "kind", "FIELD_REQUIRED", "field", support_label("kind"),
                        NULL);
    record->kind = req->kind;
    record->unit = support_feedback_unit(txn, "unit", req->unit);
    record->unit_name =
        support_line(txn, "unit_name", req->unit_name, SUPPORT_NAME_CHARS_MAX, true);
    const char *name = support_line(txn, "name", req->name, SUPPORT_NAME_CHARS_MAX, named);
    const char *address =
        support_line(txn, "address", req->address, SUPPORT_ADDRESS_CHARS_MAX, named);
    const char *phone = support_phone(txn, "phone", req->phone, false);
    const char *email = support_email(txn, "email", req->email, false);
    const char *text = support_lines(txn, "text", req->text, SUPPORT_DESCRIPTION_CHARS_MAX, true);
    check_reachable(txn, req);
    record->name = mc_seal_text(txn, name);
    record->address = mc_seal_text(txn, address);
    record->phone = mc_seal_text(txn, phone);
    record->email = mc_seal_text(txn, email);
    record->text = mc_seal_text(txn, text);
}

/* Of a session: in his list. Without one: the key is told now, and kept as a hash. */
static void give_to(struct mc_txn *txn, struct support_feedback *feedback, Support__Feedback *rep)
{
    uint8_t secret[SUPPORT_KEY_LEN];
    uint8_t account[MC_ID_LEN];
    char key[2 * SUPPORT_KEY_LEN + 1];
    const char *owner = txn->caller->account_id;

    if (owner != NULL && mc_uuid_parse(account, mc_key_text(owner))) {
        feedback->record->owner_account = mc_unconst(owner);
        mc_put(txn, SUPPORT_OWNED,
               mc_key_join(txn, (struct mc_bytes){account, sizeof account}, feedback->id),
               mc_key_text(""));
        return;
    }
    mc_random_fill(txn->random, secret, sizeof secret);
    (void)mc_hex(key, (struct mc_bytes){secret, sizeof secret});
    rep->key = support_text(txn, key);
    feedback->record->key_hash = support_bytes(support_feedback_key_hash(txn, key));
    mc_wipe(secret, sizeof secret);
    mc_wipe(key, sizeof key);
}

enum mc_status support_send_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__SendFeedbackRequest *req,
                                     Support__Feedback *rep)
{
    SupportState__Feedback record = SUPPORT_STATE__FEEDBACK__INIT;
    struct support_feedback feedback = {.record = &record, .actor = SUPPORT_FEEDBACK_SENDER};

    /* first: it cannot be judged after a refusal, and all that fails is told at once */
    support_captcha_check(support, txn, req->captcha);
    const char *title = support_line(txn, "title", req->title, SUPPORT_TITLE_CHARS_MAX, true);

    read_form(txn, req, &record);
    if (req->n_file_ids > 0 && txn->caller->account_id == NULL)
        (void)mc_refuse(txn, MC_UNAUTHENTICATED, "file_ids", "SESSION_REQUIRED", NULL);
    feedback.id = mc_new_id(txn);
    if (txn->status == MC_OK)
        support_files_use(txn, SUPPORT_FEEDBACK, feedback.id, req->n_file_ids, req->file_ids,
                          &record.n_files, &record.files);
    if (txn->status == MC_OK && txn->caller->account_id == NULL)
        spend(support, txn);
    if (txn->status != MC_OK)
        return txn->status;

    give_to(txn, &feedback, rep);
    support_feedback_begin(support, txn, &feedback, title);
    if (!support_feedback_step(support, txn, &feedback, SUPPORT__FEEDBACK_STATE__FEEDBACK_NEW, "",
                               NULL, NULL))
        return txn->status;
    support_feedback_save(support, txn, &feedback, "support.feedback_sent");
    support_feedback_show(support, txn, &feedback, rep);
    return txn->status;
}
