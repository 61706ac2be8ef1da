/*
 * Events of other rooms: contacts are kept, facts become notices. What a fact can say in a
 * template is listed here and in book.c.
 */
#include <string.h>

#include "common/date.h"
#include "common/money.h"

#include "notification.h"

/* Never NULL: what did not fit has failed the call. */
static const char *text_or_fail(struct mc_txn *txn, const char *text)
{
    if (text != NULL)
        return text;
    (void)mc_fail(txn, MC_LIMITED, "arena full");
    return "";
}

/* HH:mm dd/MM/yyyy, as the forms and the sample messages have it. */
const char *notification_time_text(struct mc_txn *txn, int64_t at_ms)
{
    struct mc_local local = mc_local_from_ms(at_ms);

    return text_or_fail(txn,
                        mc_sprintf(txn->arena, "%02d:%02d %02d/%02d/%04d", local.hour, local.minute,
                                   local.date.day, local.date.month, local.date.year));
}

const char *notification_money_text(struct mc_txn *txn, int64_t amount)
{
    char text[MC_MONEY_SIZE];

    mc_money_format(text, sizeof text, amount);
    return text_or_fail(txn, mc_strdup(txn->arena, text));
}

const char *notification_about(struct mc_txn *txn, const char *kind, const char *code,
                               struct mc_bytes id)
{
    char uuid[MC_UUID_TEXT_LEN + 1] = "";

    if (code[0] == '\0' && id.len == MC_ID_LEN)
        mc_uuid_text(uuid, id.data);
    return text_or_fail(txn, mc_sprintf(txn->arena, "%s:%s", kind, code[0] != '\0' ? code : uuid));
}

enum mc_status notification_tell_owner(const struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event, int state, const char *account,
                                       const char *unit, const char *about,
                                       const struct notification_value *values)
{
    if (account[0] == '\0')
        return MC_OK; /* somebody without an account, at a desk */
    notification_make(notification, txn,
                      &(struct notification_fact){
                          .event = event,
                          .to_state = state,
                          .account = account,
                          .unit = unit,
                          .about = about,
                          .values = values,
                      });
    return txn->status;
}

/* REG-50: who holds the phone that an account had is told, too; it may be the thief who does not.
 */
static const char *other_phone(const char *before, const char *now)
{
    return before != NULL && before[0] != '\0' && strcmp(before, now) != 0 ? before : NULL;
}

enum mc_status notification_account_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Identity__AccountOpened *body)
{
    NotificationState__Contact contact = NOTIFICATION_STATE__CONTACT__INIT;
    NotificationState__Account account = NOTIFICATION_STATE__ACCOUNT__INIT;
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(body->account_id)))
        return mc_fail(txn, MC_INVALID, "an account without an id");
    struct mc_bytes owner = mc_copy(txn->arena, id, sizeof id);
    const char *before = notification_sms_phone(txn, owner);
    contact.phone = body->phone;
    contact.name = body->full_name;
    account.contact = notification_seal(txn, &contact.base);
    if (txn->status != MC_OK)
        return txn->status;
    mc_save(txn, NOTIFICATION_ACCOUNTS, owner, &account.base);
    notification_sms_release(notification, txn, owner);

    const struct notification_value values[] = {{"name", body->full_name},
                                                {"time", notification_time_text(txn, event->at_ms)},
                                                {NULL, NULL}};
    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = body->account_id,
            .about = notification_about(txn, "account", body->account_id, (struct mc_bytes){0}),
            .values = values,
            .also_phone = other_phone(before, body->phone),
        });
    return txn->status;
}

/* What somebody should know who did not do it himself. */
enum mc_status notification_security_changed(struct notification *notification, struct mc_txn *txn,
                                             const Motcua__Event *event,
                                             const Identity__SecurityChanged *body)
{
    const struct notification_value values[] = {{"time", notification_time_text(txn, event->at_ms)},
                                                {NULL, NULL}};

    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = body->account_id,
            .about = notification_about(txn, "account", body->account_id, (struct mc_bytes){0}),
            .values = values,
        });
    return txn->status;
}

/* OTP-09: a lost phone's change that waits, or was stopped; the phone that may not be lost hears
 * it.
 */
enum mc_status notification_phone_told(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__PhoneChangeTold *body)
{
    const struct notification_value values[] = {
        {"phone", body->phone_masked},
        {"until", notification_time_text(txn, body->takes_effect_at_ms)},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = body->account_id,
            .about = notification_about(txn, "account", body->account_id, (struct mc_bytes){0}),
            .values = values,
        });
    return txn->status;
}

/* The official code comes with acceptance (DOS-09); before, the internal number says which. */
static const char *code_text(struct mc_txn *txn, const char *code, uint64_t internal_number)
{
    if (code[0] != '\0')
        return code;
    return text_or_fail(txn,
                        mc_sprintf(txn->arena, "số %llu", (unsigned long long)internal_number));
}

enum mc_status notification_dossier_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Dossier__Changed *body)
{
    if (body->from == body->to && strcmp(event->type, "dossier.advanced") == 0)
        return MC_OK; /* handed on within the agency: its own affair */
    const struct notification_value values[] = {
        {"code", code_text(txn, body->code, body->internal_number)},
        {"procedure", body->procedure_name},
        {"unit", body->unit_name},
        {"due",
         body->due_at_ms != 0 ? notification_time_text(txn, body->due_at_ms) : "theo quy định"},
        {"time", notification_time_text(txn, event->at_ms)},
        {"reason", body->reason},
        {"amount", notification_money_text(txn, body->fee)},
        {"waybill", body->waybill},
        {NULL, NULL},
    };
    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = (int)body->to,
            .account = body->owner_account,
            .unit = body->unit,
            .about = notification_about(txn, "dossier", body->code, mc_key_bytes(body->dossier_id)),
            .values = values,
        });
    return txn->status;
}

/* Of a due time: officers are reminded, and the citizen gets an apology (S22). */
enum mc_status notification_dossier_due(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Dossier__Due *body)
{
    bool to_citizen = strcmp(event->type, "dossier.apologised") == 0;
    const char *account = to_citizen ? body->owner_account : body->officer;

    if (account[0] == '\0')
        return MC_OK; /* nobody holds it: the unit's queue shows it */
    const struct notification_value values[] = {
        {"code", code_text(txn, body->code, body->internal_number)},
        {"procedure", body->procedure_name},
        {"unit", body->unit_name},
        {"due", notification_time_text(txn, body->due_at_ms)},
        {"before", notification_time_text(txn, body->due_before_ms)},
        {"time", notification_time_text(txn, event->at_ms)},
        {"reason", body->reason},
        {NULL, NULL},
    };
    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = account,
            .unit = body->unit,
            .about = notification_about(txn, "dossier", body->code, mc_key_bytes(body->dossier_id)),
            .values = values,
        });
    return txn->status;
}

/* Of a round of reports: who confirms for a unit, and who monitors, are reminded (RPT-11). */
enum mc_status notification_round_reminder(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Dossier__RoundReminder *body)
{
    const char *behind = text_or_fail(txn, mc_sprintf(txn->arena, "%u", body->behind));
    const struct notification_value values[] = {
        {"name", body->name},
        {"unit", body->unit},
        {"due", notification_time_text(txn, body->by_ms)},
        {"behind", behind},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };
    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = body->account,
            .unit = body->unit,
            .about = notification_about(txn, "round", "", mc_key_bytes(body->round_id)),
            .values = values,
        });
    return txn->status;
}

static const char *receipts_text(struct mc_txn *txn, const Payment__OrderChanged *body)
{
    const char *list = "";

    for (size_t i = 0; i < body->n_receipts; i++)
        list = text_or_fail(
            txn, mc_sprintf(txn->arena, "%s%s%s", list, i > 0 ? ", " : "", body->receipts[i]));
    return list;
}

enum mc_status notification_order_changed(struct notification *notification, struct mc_txn *txn,
                                          const Motcua__Event *event,
                                          const Payment__OrderChanged *body)
{
    bool of_dossier = body->dossier_code[0] != '\0';
    bool replaced = strcmp(event->type, "payment.order_cancelled") == 0 &&
                    strcmp(body->reason, "REPLACED") == 0;
    const char *what =
        of_dossier ? mc_sprintf(txn->arena, " của hồ sơ %s", body->dossier_code) : "";

    const char *dossier =
        of_dossier ? mc_sprintf(txn->arena, " cho hồ sơ %s", body->dossier_code) : "";

    if (replaced)
        return MC_OK; /* another one for the same money is there */
    if (what == NULL || dossier == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    const struct notification_value values[] = {
        {"code", body->dossier_code},
        {"amount", notification_money_text(txn, body->amount)},
        {"tx", body->transaction_id},
        {"receipts", receipts_text(txn, body)},
        {"what", what},
        {"dossier", dossier},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    notification_make(
        notification, txn,
        &(struct notification_fact){
            .event = event,
            .to_state = NOTIFICATION_STATE_ANY,
            .account = body->owner_account,
            .unit = body->unit,
            .about = notification_about(txn, of_dossier ? "dossier" : "payment", body->dossier_code,
                                        mc_key_bytes(body->order_id)),
            .values = values,
        });
    return txn->status;
}

/* yyyy-MM-dd as people write it; a notice without a date says itself until when. */
static const char *until_text(struct mc_txn *txn, const char *date)
{
    enum { ISO_LEN = 10 };

    if (strlen(date) != ISO_LEN)
        return "ngày ghi trên thông báo";
    return text_or_fail(txn, mc_sprintf(txn->arena, "%.2s/%.2s/%.4s", date + 8, date + 5, date));
}

enum mc_status notification_tax_notice(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Payment__TaxNoticeTold *body)
{
    const struct notification_value values[] = {
        {"notice", body->notice},
        {"code", body->dossier_code},
        {"amount", notification_money_text(txn, body->amount)},
        {"until", until_text(txn, body->due_date)},
        {"unit", body->unit_name},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    notification_make(notification, txn,
                      &(struct notification_fact){
                          .event = event,
                          .to_state = NOTIFICATION_STATE_ANY,
                          .account = body->owner_account,
                          .unit = body->unit,
                          .about = notification_about(txn, "dossier", body->dossier_code,
                                                      mc_key_bytes(body->dossier_id)),
                          .values = values,
                      });
    return txn->status;
}
