/*
 * TaxNotice: a province hands on a tax notice about land (S29), as its API «nhận thông báo thuế
 * đất» has it:
 *
 *     POST /webhooks/tax-notice
 *     {"SecurityKey", "Service", "Ngay", "IsUpdating", "Data": {"FileThongBaoThue": base64 of
 *      <DATA><BODY><ROW_LIST><MA_HSO/><LIST>{MA_SO_THUE, SO_QUYET_DINH, NGAY_QUYET_DINH dd-MM-yyyy,
 *      TEN_TIEUMUC, SO_TIEN}</LIST>…</ROW_LIST></BODY></DATA>}}
 *
 * Known by (MA_HSO, SO_QUYET_DINH): the same again changes nothing. Another sum is taken only with
 * IsUpdating, and never of a notice that is paid or being paid. All of a message is taken, or none.
 */
#include <string.h>

#include "common/xml.h"

#include "land.h"
#include "transfer.h"

enum { KEY_MAX = 256, TEXT_MAX = 300 };

struct notice_in {
    const char *code;
    const struct mc_xml *list; /* the first */
    bool updating;
};

/* {"status": "1" | "0" | "401", "message": …} */
static enum mc_status answer(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t http,
                             const char *status, const char *message)
{
    struct mc_json_writer writer;
    struct mc_bytes body;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    payment_json_pair(&writer, "status", status);
    payment_json_pair(&writer, "message", message);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &body) != MC_OK)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->status = http;
    rep->content_type = mc_unconst("application/json");
    rep->body = (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
    return txn->status;
}

static bool key_is_good(const struct payment *payment, const struct mc_json *json)
{
    const char *given = mc_json_text(json, "SecurityKey");
    size_t len = strlen(payment->notice_key);

    return len > 0 && given != NULL && strlen(given) == len &&
           mc_equal(given, payment->notice_key, len);
}

/* False: not a notice as the API has it. */
static bool read(struct mc_arena *arena, const struct mc_json *json, struct notice_in *in)
{
    const char *file = mc_json_text(json, "Data.FileThongBaoThue");
    size_t size = file != NULL ? strlen(file) : 0;
    uint8_t *xml = mc_alloc(arena, size + 1);
    const struct mc_xml *root = NULL;
    size_t len = 0;

    if (size == 0 || xml == NULL || !mc_unbase64(xml, size, mc_key_text(file), &len) ||
        mc_xml_parse(arena, (struct mc_bytes){xml, len}, &root) != MC_OK ||
        strcmp(root->name, "DATA") != 0)
        return false;
    const struct mc_xml *rows = mc_xml_child(mc_xml_child(root, "BODY"), "ROW_LIST");
    in->code = mc_xml_text(rows, "MA_HSO");
    in->list = mc_xml_child(rows, "LIST");
    in->updating = false;
    (void)mc_json_bool(json, "IsUpdating", &in->updating);
    return in->code[0] != '\0' && strlen(in->code) <= PAYMENT_CODE_MAX && in->list != NULL;
}

static bool line_read(const struct mc_xml *list, const char *code, PaymentState__TaxDebt *line,
                      char date[PAYMENT_GIP_DATE_SIZE])
{
    const char *number = mc_xml_text(list, "SO_QUYET_DINH");
    const char *name = mc_xml_text(list, "TEN_TIEUMUC");

    payment_state__tax_debt__init(line);
    payment_gip_date(date, mc_xml_text(list, "NGAY_QUYET_DINH"));
    line->notice = mc_unconst(number);
    line->notice_date = date;
    line->item_name = mc_unconst(name);
    line->tax_code = mc_unconst(mc_xml_text(list, "MA_SO_THUE"));
    line->dossier_code = mc_unconst(code);
    return number[0] != '\0' && strlen(number) <= PAYMENT_NOTICE_MAX && strlen(name) <= TEXT_MAX &&
           strlen(line->tax_code) < PAYMENT_NOTE_MAX && date[0] != '\0' &&
           mc_money_parse(mc_xml_text(list, "SO_TIEN"), &line->amount) == MC_WHY_OK &&
           line->amount > 0;
}

/* All lines of the message; NULL: one of them cannot be read, or there are too many. */
static PaymentState__TaxDebt *lines_read(struct mc_txn *txn, const struct notice_in *in,
                                         size_t *ret_n)
{
    PaymentState__TaxDebt *lines = mc_alloc(txn->arena, PAYMENT_LAND_NOTICES_MAX * sizeof *lines);
    char(*dates)[PAYMENT_GIP_DATE_SIZE] =
        mc_alloc(txn->arena, PAYMENT_LAND_NOTICES_MAX * sizeof *dates);
    size_t n = 0;

    if (lines == NULL || dates == NULL)
        return NULL;
    for (const struct mc_xml *at = in->list; at != NULL; at = mc_xml_same(at), n++)
        if (n == PAYMENT_LAND_NOTICES_MAX || !line_read(at, in->code, &lines[n], dates[n]))
            return NULL;
    *ret_n = n;
    return lines;
}

static void tell(struct mc_txn *txn, const char *code, const PaymentState__LandDossier *dossier,
                 const PaymentState__TaxDebt *line, const PaymentState__LandNotice *record)
{
    Payment__TaxNoticeTold event = PAYMENT__TAX_NOTICE_TOLD__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "dossier:%s", code), NULL};

    event.dossier_code = mc_unconst(code);
    event.dossier_id = dossier->dossier_id;
    event.owner_account = dossier->owner_account;
    event.unit = dossier->unit;
    event.unit_name = dossier->unit_name;
    event.notice = line->notice;
    event.amount = record->total;
    event.due_date = record->due_date;
    mc_emit(txn, "payment.tax_notice", &event.base, MC_PLAIN, keys);
}

/* NULL: taken, or known already. Else what is wrong with it. */
static const char *take(struct mc_txn *txn, const struct notice_in *in,
                        const PaymentState__LandDossier *dossier, PaymentState__TaxDebt *lines,
                        size_t n, size_t first)
{
    PaymentState__TaxDebt *chosen[PAYMENT_LAND_NOTICES_MAX];
    PaymentState__LandNotice fresh = PAYMENT_STATE__LAND_NOTICE__INIT;
    const char *number = lines[first].notice;
    PaymentState__LandNotice *record = payment_land_load(txn, in->code, number);
    bool known = record != NULL;
    int64_t total = 0;
    size_t chosen_n = 0;
    bool open = false;

    for (size_t i = first; i < n; i++) {
        if (strcmp(lines[i].notice, number) != 0)
            continue;
        chosen[chosen_n++] = &lines[i];
        if (!payment_total_add(&total, lines[i].amount))
            return "SO_TIEN";
    }
    if (known && (record->told_total == total || record->state != PAYMENT_LAND_DUE))
        return NULL;
    if (known && record->order_id.len == MC_ID_LEN)
        (void)payment_attempts_count(txn, mc_key_bytes(record->order_id), &open);
    if (known && record->told_total != 0 && (!in->updating || open))
        return "SO_QUYET_DINH";
    if (!known)
        record = &fresh;
    record->told_total = total;
    if (!known)
        record->told_at_ms = txn->now_ms;
    /* once the tax office has said what is still owed, its word stays */
    if ((!known || in->updating) && !payment_land_set(txn, record, chosen, chosen_n))
        return "SO_TIEN";
    payment_land_save(txn, in->code, number, record);
    tell(txn, in->code, dossier, &lines[first], record);
    return NULL;
}

static const char *take_all(struct mc_txn *txn, const struct notice_in *in,
                            const PaymentState__LandDossier *dossier, PaymentState__TaxDebt *lines,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool first = true;
        for (size_t before = 0; before < i; before++)
            first = first && strcmp(lines[before].notice, lines[i].notice) != 0;
        const char *wrong = first ? take(txn, in, dossier, lines, n, i) : NULL;
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

/* Would all of it be taken? Nothing of a message that is refused may stay. */
static bool is_contradicted(struct mc_txn *txn, const struct notice_in *in,
                            const PaymentState__TaxDebt *lines, size_t n)
{
    for (size_t i = 0; i < n && !in->updating; i++) {
        const PaymentState__LandNotice *record = payment_land_load(txn, in->code, lines[i].notice);
        int64_t total = 0;
        for (size_t other = 0; other < n; other++)
            if (strcmp(lines[other].notice, lines[i].notice) == 0 &&
                !payment_total_add(&total, lines[other].amount))
                return true;
        if (record != NULL && record->state == PAYMENT_LAND_DUE && record->told_total != 0 &&
            record->told_total != total)
            return true;
    }
    return false;
}

enum mc_status payment_tax_notice(struct payment *payment, struct mc_txn *txn,
                                  const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct notice_in in = {0};
    size_t n = 0;

    if (mc_json_parse(mc_key_bytes(req->body), &json) != MC_OK || !key_is_good(payment, json))
        return answer(txn, rep, 401, "401", "401 Unauthorized - Error Security Code");
    if (!read(txn->arena, json, &in))
        return answer(txn, rep, 400, "0", "Thông báo thuế không đúng định dạng.");
    const PaymentState__LandDossier *dossier = mc_load(
        txn, PAYMENT_LAND_DOSSIERS, mc_key_text(in.code), &payment_state__land_dossier__descriptor);
    if (dossier == NULL)
        return answer(txn, rep, 200, "0", "Không tìm thấy hồ sơ có mã MA_HSO.");
    PaymentState__TaxDebt *lines = lines_read(txn, &in, &n);
    if (lines == NULL)
        return answer(txn, rep, 400, "0", "Thông báo thuế không đúng định dạng.");
    if (is_contradicted(txn, &in, lines, n))
        return answer(txn, rep, 200, "0", "Thông báo thuế đã có với số tiền khác.");
    const char *wrong = take_all(txn, &in, dossier, lines, n);
    if (wrong != NULL) /* a limit: nothing may stay of a message that is not taken */
        return mc_refuse(txn, MC_INVALID, "", "FIELD_INVALID", "field", wrong, NULL);
    return answer(txn, rep, 200, "1", "OK");
}
