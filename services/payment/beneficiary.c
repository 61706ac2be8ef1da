/*
 * SaveBeneficiary, ListBeneficiaries: where the money of an agency goes. An agency without an
 * account of its own uses that of the nearest agency above it.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "transfer.h"
#include "vietqr.h"

static const char digits[] = "0123456789";
static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const PaymentState__Beneficiary *payment_beneficiary_of(struct mc_txn *txn, const char *unit)
{
    char at[MC_AGENCY_CODE_SIZE];

    do {
        const PaymentState__Beneficiary *found = mc_load(
            txn, PAYMENT_BENEFICIARIES, mc_key_text(unit), &payment_state__beneficiary__descriptor);
        if (found != NULL)
            return found;
        if (!mc_agency_parent(unit, at, sizeof at))
            return NULL;
        unit = at;
    } while (txn->status == MC_OK);
    return NULL;
}

const char *payment_bank_account(struct mc_txn *txn, const char *bin, const char *account)
{
    const char *text = mc_sprintf(txn->arena, "bank:%s:%s", bin, account);

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text;
}

static void request_check(struct mc_txn *txn, const Payment__Beneficiary *req, char *unit,
                          char *name)
{
    size_t len = strlen(req->account);
    enum mc_why why = mc_agency_parse(req->unit, unit, MC_AGENCY_CODE_SIZE);

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), "field", "unit", NULL);
    if (len > PAYMENT_BANK_ACCOUNT_MAX || strspn(req->account, letters) != len)
        (void)mc_refuse(txn, MC_INVALID, "account", "FIELD_INVALID", "field", "account", NULL);
    if (len > 0 &&
        (strlen(req->bin) != PAYMENT_BIN_LEN || strspn(req->bin, digits) != PAYMENT_BIN_LEN))
        (void)mc_refuse(txn, MC_INVALID, "bin", "FIELD_INVALID", "field", "bin", NULL);
    if (strlen(req->name) > PAYMENT_TEXT_MAX ||
        mc_text_clean(name, MC_TEXT_SIZE(PAYMENT_TEXT_MAX), req->name) != MC_OK)
        (void)mc_refuse(txn, MC_INVALID, "name", "FIELD_INVALID", "field", "name", NULL);
    else if (len > 0 && name[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "name", "FIELD_REQUIRED", "field", "name", NULL);
}

enum mc_status payment_save_beneficiary(struct payment *payment, struct mc_txn *txn,
                                        const Payment__Beneficiary *req, Payment__Beneficiary *rep)
{
    static const char *const no_keys[] = {NULL};
    PaymentState__Beneficiary record = PAYMENT_STATE__BENEFICIARY__INIT;
    char *unit = mc_alloc(txn->arena, MC_AGENCY_CODE_SIZE);
    char *name = mc_alloc(txn->arena, MC_TEXT_SIZE(PAYMENT_TEXT_MAX));

    (void)payment;
    if (unit == NULL || name == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    request_check(txn, req, unit, name);
    if (txn->status != MC_OK)
        return txn->status;
    record.bin = req->bin;
    record.account = req->account;
    record.name = name;
    if (req->account[0] == '\0')
        mc_drop(txn, PAYMENT_BENEFICIARIES, mc_key_text(unit));
    else
        mc_save(txn, PAYMENT_BENEFICIARIES, mc_key_text(unit), &record.base);
    rep->unit = unit;
    rep->bin = req->account[0] != '\0' ? req->bin : mc_unconst("");
    rep->account = req->account;
    rep->name = name;
    mc_emit(txn, "payment.beneficiary_saved", &rep->base, MC_PLAIN, no_keys);
    return txn->status;
}

static Payment__Beneficiary *row_show(struct mc_cursor *cursor)
{
    struct mc_txn *txn = cursor->txn;
    const PaymentState__Beneficiary *record =
        mc_row(cursor, &payment_state__beneficiary__descriptor);
    Payment__Beneficiary *shown = mc_alloc(txn->arena, sizeof *shown);
    char *unit =
        mc_sprintf(txn->arena, "%.*s", (int)cursor->key.len, (const char *)cursor->key.data);

    if (record == NULL || shown == NULL || unit == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment__beneficiary__init(shown);
    shown->unit = unit;
    shown->bin = record->bin;
    shown->account = record->account;
    shown->name = record->name;
    return shown;
}

/* The token of a page is the first unit of the next. */
enum mc_status payment_list_beneficiaries(struct payment *payment, struct mc_txn *txn,
                                          const Payment__ListBeneficiariesRequest *req,
                                          Payment__ListBeneficiariesReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;

    (void)payment;
    if (size > PAYMENT_PAGE_MAX)
        return mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (strlen(req->page_token) >= MC_AGENCY_CODE_SIZE)
        return mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                         NULL);
    rep->beneficiaries = mc_alloc(txn->arena, size * sizeof(Payment__Beneficiary *));
    if (rep->beneficiaries == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_BENEFICIARIES, (struct mc_bytes){0},
                                      mc_key_text(req->page_token), MC_FORWARD);
    while (mc_next(&cursor)) {
        Payment__Beneficiary *shown = row_show(&cursor);
        if (shown == NULL)
            return txn->status;
        if (rep->n_beneficiaries == size) {
            rep->next_page_token = shown->unit;
            break;
        }
        rep->beneficiaries[rep->n_beneficiaries++] = shown;
    }
    return txn->status;
}
