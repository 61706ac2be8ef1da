/*
 * ReceiveAtDesk: a dossier that is brought to a desk, or came by post (DOS-24, row 0->2 of the
 * state table): no draft and no sending, the official code and the due time at once.
 *
 * NĐ 118/2025: any desk may receive for another unit; the code is then the receiving desk's, the
 * work is the other's, and the desk hands over the result. Without an account the person is asked
 * to open one (DIG-05); with one the dossier is in his list.
 */
#include <string.h>

#include "common/messages.h"
#include "common/text.h"

#include "dossier.h"

/* What is written down of the owner; the number as it is compared. */
struct person {
    const char *full_name;
    const char *id_number;
    const char *account; /* "" for none */
};

static const char *check_number(struct mc_txn *txn, const char *text)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;
    struct mc_tax_code tax;

    if (mc_identity_parse(text, number, sizeof number, &kind) == MC_WHY_OK)
        return dossier_text(txn, number);
    if (text[0] != '\0' && mc_tax_code_parse(text, &tax) == MC_WHY_OK)
        return dossier_text(txn, tax.code);
    mc_refuse(txn, MC_INVALID, "applicant.id_number", text[0] == '\0' ? "ID_REQUIRED" : "ID_FORMAT",
              NULL);
    return "";
}

static ProtobufCBinaryData seal_line(struct mc_txn *txn, const char *field, const char *text,
                                     size_t chars_max)
{
    const char *line = dossier_line(txn, field, text, chars_max);

    if (line == NULL || line[0] == '\0')
        return (ProtobufCBinaryData){0};
    return mc_seal_text(txn, line);
}

static DossierState__Applicant *applicant_of(struct mc_txn *txn, const Dossier__Applicant *given,
                                             struct person *ret_person)
{
    DossierState__Applicant *kept = dossier_alloc(txn, sizeof *kept);

    if (kept == NULL || given == NULL) {
        mc_refuse(txn, MC_INVALID, "applicant", "FIELD_REQUIRED", "field", "applicant", NULL);
        return NULL;
    }
    ret_person->full_name =
        dossier_line(txn, "applicant.full_name", given->full_name, DOSSIER_NAME_CHARS_MAX);
    if (ret_person->full_name != NULL && ret_person->full_name[0] == '\0')
        mc_refuse(txn, MC_INVALID, "applicant.full_name", "FIELD_REQUIRED", "field",
                  "applicant.full_name", NULL);
    ret_person->id_number = check_number(txn, given->id_number);
    dossier_state__applicant__init(kept);
    kept->phone = seal_line(txn, "applicant.phone", given->phone, DOSSIER_NAME_CHARS_MAX);
    kept->address = seal_line(txn, "applicant.address", given->address, DOSSIER_ADDRESS_CHARS_MAX);
    kept->submitter =
        seal_line(txn, "applicant.submitter", given->submitter, DOSSIER_NAME_CHARS_MAX);
    if (txn->status != MC_OK)
        return NULL;
    kept->full_name = mc_seal_text(txn, ret_person->full_name);
    kept->id_number = mc_seal_text(txn, ret_person->id_number);
    return kept;
}

static void check_account(struct mc_txn *txn, struct person *person)
{
    if (txn->status != MC_OK)
        return;
    person->account = dossier_person_find(txn, person->id_number);
    if (person->account[0] == '\0')
        return;
    if (!mc_text_same(dossier_owner_name(txn, person->account), person->full_name))
        mc_refuse(txn, MC_INVALID, "applicant.full_name", "APPLICANT_NAME_DIFFERS", NULL);
    if (txn->caller->account_id != NULL && strcmp(person->account, txn->caller->account_id) == 0)
        mc_refuse(txn, MC_DENIED, "", "OWN_DOSSIER", NULL);
}

/* The desk's own unit, when the work is another's. */
static void set_receiving(const struct dossier *dossier, struct mc_txn *txn,
                          DossierState__Dossier *record)
{
    const char *own = txn->caller->unit;
    const struct dossier_unit *desk = dossier_unit_find(&dossier->catalogue, own);

    if (mc_agency_within(record->unit, own))
        return;
    if (desk == NULL) {
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_UNKNOWN", NULL);
        return;
    }
    record->receiving_unit = mc_unconst(desk->code);
    record->receiving_unit_name = mc_unconst(desk->name);
}

static struct dossier_draft check(const struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ReceiveAtDeskRequest *req)
{
    Dossier__SaveDraftRequest draft = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    if (req->channel != DOSSIER__CHANNEL__AT_DESK && req->channel != DOSSIER__CHANNEL__BY_POST)
        mc_refuse(txn, MC_INVALID, "channel", "FIELD_INVALID", "field", "channel", NULL);
    draft.procedure_code = req->procedure_code;
    draft.unit = req->unit[0] != '\0' ? req->unit : mc_unconst(txn->caller->unit);
    draft.abstract = req->abstract;
    draft.form = req->form;
    return dossier_draft_check(dossier, txn, &draft);
}

enum mc_status dossier_receive_at_desk(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ReceiveAtDeskRequest *req,
                                       Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    struct person person = {0};

    if (txn->caller->unit == NULL)
        return mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", "right", DOSSIER_RIGHT_ACCEPT,
                         NULL);
    struct dossier_draft draft = check(dossier, txn, req);
    DossierState__Applicant *applicant = applicant_of(txn, req->applicant, &person);
    check_account(txn, &person);
    if (txn->status != MC_OK)
        return txn->status;
    dossier_begin(txn, person.account, &open);
    if (open.record == NULL)
        return txn->status;

    DossierState__Dossier *record = open.record;
    open.actor = DOSSIER_BY_OFFICER;
    dossier_draft_fill(txn, &draft, req->form, record);
    record->applicant = applicant;
    record->channel = (uint32_t)req->channel;
    record->received_by = dossier_text(txn, txn->actor);
    record->sent_at_ms = txn->now_ms; /* NgayNopHoSo: brought now */
    set_receiving(dossier, txn, record);
    if (person.account[0] == '\0')
        dossier_applicant_wait(txn, record, person.id_number);
    if (dossier_move(dossier, txn, &open, DOSSIER__STATE__RECEIVED, "") != MC_OK)
        return txn->status;
    dossier_fill_reply(dossier, txn, &open, rep);
    if (person.account[0] == '\0')
        rep->message = mc_unconst(mc_message_text("ACCOUNT_URGED"));
    return txn->status;
}
