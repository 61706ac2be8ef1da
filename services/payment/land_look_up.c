/*
 * StartLandLookUp, GetLandLookUp: «Thanh toán nghĩa vụ tài chính về đất đai» (LND-02 … LND-06).
 * Anybody may look up who knows a dossier's code and the identity number of one of its taxpayers; a
 * wrong pair is not told which half is wrong. The id of a look-up is its key: nobody guesses it.
 */
#include <string.h>

#include "common/ident.h"
#include "common/messages.h"

#include "land.h"

enum { MINUTE_MS = 60000, SOURCE_KEY_LEN = 2 };

static bool code_valid(const char *code)
{
    static const char letters[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-/_";
    size_t len = strlen(code);

    return len > 0 && len <= PAYMENT_CODE_MAX && strspn(code, letters) == len;
}

/* Who tries pairs one after another is slowed down; 65,536 places are enough to tell sources. */
static bool may_ask(struct mc_txn *txn)
{
    struct mc_bytes blind = mc_blind(txn, "land", mc_source(txn));
    PaymentState__Unproven now = PAYMENT_STATE__UNPROVEN__INIT;

    if (blind.len < SOURCE_KEY_LEN)
        return false;
    blind.len = SOURCE_KEY_LEN;
    struct mc_bytes key = mc_key_join(txn, mc_key_text("land:"), blind);
    const PaymentState__Unproven *before =
        mc_load(txn, PAYMENT_UNPROVEN, key, &payment_state__unproven__descriptor);
    now.minute = txn->now_ms / MINUTE_MS;
    if (before != NULL && before->minute == now.minute)
        now.count = before->count;
    if (now.count >= PAYMENT_LAND_PER_MINUTE) {
        (void)mc_refuse(txn, MC_LIMITED, "", "BUSY", NULL);
        return false;
    }
    now.count++;
    mc_save(txn, PAYMENT_UNPROVEN, key, &now.base);
    return txn->status == MC_OK;
}

enum mc_status payment_start_land_look_up(struct payment *payment, struct mc_txn *txn,
                                          const Payment__StartLandLookUpRequest *req,
                                          Payment__LandLookUp *rep)
{
    PaymentState__LandLookUp look_up = PAYMENT_STATE__LAND_LOOK_UP__INIT;
    PaymentState__LandAsk ask = PAYMENT_STATE__LAND_ASK__INIT;
    enum mc_identity_kind kind = MC_IDENTITY_NONE;
    char identity[MC_CCCD_SIZE];
    enum mc_why why = mc_identity_parse(req->id_number, identity, sizeof identity, &kind);

    if (!code_valid(req->dossier_code))
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "id_number", mc_why_code(why), NULL);
    if (payment->tax_url[0] == '\0')
        (void)mc_refuse(txn, MC_BUSY, "", "TAX_OFFLINE", NULL);
    if (txn->status != MC_OK || !may_ask(txn))
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    look_up.state = PAYMENT__LOOK_UP_STATE__LOOKING;
    look_up.dossier_code = req->dossier_code;
    look_up.at_ms = txn->now_ms;
    ask.look_up_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    ask.dossier_code = req->dossier_code;
    ask.id_number = mc_strdup(txn->arena, identity);
    ask.at_ms = txn->now_ms;
    if (ask.id_number == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    (void)payment_ask(txn, PAYMENT_LANE_TAX, "tax.land", &ask.base, "", PAYMENT_TAX_ASK_MS);
    mc_save(txn, PAYMENT_LAND_LOOK_UPS, id, &look_up.base);
    rep->look_up_id = ask.look_up_id;
    rep->state = PAYMENT__LOOK_UP_STATE__LOOKING;
    rep->dossier_code = req->dossier_code;
    return txn->status;
}

static char *amount_text(struct mc_txn *txn, int64_t amount)
{
    char text[MC_MONEY_SIZE];

    mc_money_format(text, sizeof text, amount);
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy;
}

static void asset_show(struct mc_txn *txn, const PaymentState__TaxDebt *row,
                       Payment__LandLookUp *rep)
{
    Payment__LandAsset *asset = mc_alloc(txn->arena, sizeof *asset);

    if (asset == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment__land_asset__init(asset);
    asset->certificate = row->certificate;
    asset->parcel = row->parcel;
    asset->map_sheet = row->map_sheet;
    asset->address = row->address;
    asset->area = row->area;
    rep->asset = asset;
}

static Payment__LandNotice *notice_of(const Payment__LandLookUp *rep, const char *number)
{
    for (size_t i = 0; i < rep->n_notices; i++)
        if (strcmp(rep->notices[i]->number, number) == 0)
            return rep->notices[i];
    return NULL;
}

/* A row of its own for each notice, with its lines and their sum. */
static void line_show(struct mc_txn *txn, const char *code, const PaymentState__TaxDebt *row,
                      size_t max, Payment__LandLookUp *rep)
{
    Payment__LandNotice *notice = notice_of(rep, row->notice);
    Payment__LandLine *line = mc_alloc(txn->arena, sizeof *line);

    if (notice == NULL) {
        const PaymentState__LandNotice *known = payment_land_load(txn, code, row->notice);
        notice = mc_alloc(txn->arena, sizeof *notice);
        if (notice != NULL) {
            payment__land_notice__init(notice);
            notice->number = row->notice;
            notice->date = row->notice_date;
            notice->taxpayer = row->taxpayer;
            notice->due_date = row->due_date;
            notice->can_pay = known != NULL && known->state == PAYMENT_LAND_DUE;
            notice->lines = mc_alloc(txn->arena, max * sizeof(Payment__LandLine *));
            rep->notices[rep->n_notices++] = notice;
        }
    }
    if (line == NULL || notice == NULL || notice->lines == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment__land_line__init(line);
    line->code = row->item;
    line->name = row->item_name;
    line->amount = row->amount;
    line->amount_text = amount_text(txn, row->amount);
    notice->lines[notice->n_lines++] = line;
    notice->total += row->amount;
    notice->total_text = amount_text(txn, notice->total);
}

enum mc_status payment_get_land_look_up(struct payment *payment, struct mc_txn *txn,
                                        const Payment__GetLandLookUpRequest *req,
                                        Payment__LandLookUp *rep)
{
    const PaymentState__LandLookUp *look_up = NULL;

    (void)payment;
    if (req->wait_ms > PAYMENT_WAIT_MAX_MS)
        return mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    if (req->look_up_id.len == MC_ID_LEN)
        look_up = mc_load(txn, PAYMENT_LAND_LOOK_UPS, mc_key_bytes(req->look_up_id),
                          &payment_state__land_look_up__descriptor);
    if (look_up == NULL || txn->now_ms - look_up->at_ms > PAYMENT_LAND_LIFE_MS)
        return mc_refuse(txn, MC_NOT_FOUND, "look_up_id", "NOT_FOUND", NULL);
    if (look_up->state == PAYMENT__LOOK_UP_STATE__LOOKING && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    const char *text = look_up->error[0] != '\0' ? mc_message_text(look_up->error) : NULL;
    rep->look_up_id = req->look_up_id;
    rep->state = (Payment__LookUpState)look_up->state;
    rep->dossier_code = look_up->dossier_code;
    rep->error = look_up->error;
    rep->message = mc_unconst(text != NULL ? text : "");
    if (look_up->lines.len == 0)
        return txn->status;
    const PaymentState__TaxDebts *debts = payment_land_lines(txn, look_up->lines);
    if (debts == NULL)
        return txn->status;
    rep->notices = mc_alloc(txn->arena, (debts->n_rows + 1) * sizeof(Payment__LandNotice *));
    if (rep->notices == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    if (debts->n_rows > 0)
        asset_show(txn, debts->rows[0], rep);
    for (size_t i = 0; i < debts->n_rows; i++)
        line_show(txn, look_up->dossier_code, debts->rows[i], debts->n_rows, rep);
    return txn->status;
}
