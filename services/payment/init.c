/*
 * platform.init: asks the platform for a page to send the payer to. Never sent twice: when the
 * answer is lost, it may have been done, and platform.query finds out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "payment.h"

enum { PLAIN_SIZE = 1600, AMOUNT_SIZE = 24 };

struct pair {
    const char *name;
    const char *value;
};

static void pairs_write(struct mc_json_writer *writer, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mc_json_key(writer, pairs[i].name);
        mc_json_string(writer, pairs[i].value);
    }
}

/* LEPHI and PHI are the platform's words; what it calls fines and taxes is not published. */
static const char *kind_text(uint32_t kind)
{
    switch (kind) {
    case PAYMENT__ITEM_KIND__CHARGE:
        return "LEPHI";
    case PAYMENT__ITEM_KIND__FINE:
        return "PHAT";
    case PAYMENT__ITEM_KIND__TAX_DEBT:
        return "THUE";
    default:
        return "PHI";
    }
}

static void items_write(struct mc_json_writer *writer, const PaymentState__Init *init)
{
    char amount[AMOUNT_SIZE];

    mc_json_key(writer, "PhiLePhi");
    mc_json_array(writer);
    for (size_t i = 0; i < init->n_items; i++) {
        const PaymentState__Item *item = init->items[i];
        (void)snprintf(amount, sizeof amount, "%" PRId64, item->amount);
        mc_json_object(writer);
        pairs_write(writer,
                    (const struct pair[]){
                        {"LoaiPhiLePhi", kind_text(item->kind)},
                        {"MaPhiLePhi", item->code},
                        {"TenPhiLePhi", item->name},
                        {"SoTien", amount},
                    },
                    4);
        mc_json_end(writer);
    }
    mc_json_end(writer);

    mc_json_key(writer, "DSKhoanNop");
    mc_json_array(writer);
    for (size_t i = 0; i < init->n_items; i++) {
        (void)snprintf(amount, sizeof amount, "%" PRId64, init->items[i]->amount);
        mc_json_object(writer);
        pairs_write(writer,
                    (const struct pair[]){{"NoiDung", init->items[i]->name}, {"SoTien", amount}},
                    2);
        mc_json_end(writer);
    }
    mc_json_end(writer);
}

/* An order is for a fine, for a tax notice, or for neither. */
static const char *either(const char *of_fine, const char *of_notice)
{
    return of_fine[0] != '\0' ? of_fine : of_notice;
}

/* ThongTinBienLai: what the platform prints on its receipt. What an order does not have is empty.
 */
static void bill_write(struct mc_json_writer *writer, struct mc_arena *arena,
                       const struct payment *payment, const PaymentState__Init *init)
{
    static const PaymentState__TaxDebt nowhere = PAYMENT_STATE__TAX_DEBT__INIT;
    const PaymentState__TaxDebt *debt = init->treasury != NULL ? init->treasury : &nowhere;
    const char *service =
        init->procedure_code[0] != '\0' ? mc_sprintf(arena, "%s.01", init->procedure_code) : "";
    const Payment__Fine *fine = payment_fine_open(arena, mc_key_bytes(init->fine));
    const struct pair pairs[] = {
        /* "2": phí, lệ phí; those of fines and taxes are not published */
        {"MaDichVu", init->treasury != NULL ? payment->platform_tax_service
                     : init->fine.len > 0   ? payment->fine_service
                                            : "2"},
        {"MaDVC", service != NULL ? service : ""},
        {"TenDVC", init->procedure_name},
        {"MaTTHC", init->procedure_code},
        {"TenTTHC", init->procedure_name},
        {"MaDonVi", init->unit},
        {"TenDonVi", init->unit_name},
        {"MaHoSo", init->dossier_code},
        {"TKThuHuong", ""},
        {"MaNHThuHuong", ""},
        {"TenTKThuHuong", ""},
        {"MaLoaiHinhThuPhat", fine->kind_code},
        {"TenLoaiHinhThuPhat", fine->kind_name},
        {"MaCoQuanQD", either(fine->authority_code, debt->office)},
        {"TenCoQuanQD", fine->authority_name},
        {"KhoBac", either(fine->treasury, debt->treasury)},
        {"NgayQD", either(fine->decision_date, debt->notice_date)},
        {"SoQD", either(fine->decision_number, debt->notice)},
        {"ThoiGianViPham", fine->violated_at},
        {"DiaDiemViPham", fine->place},
        {"TenNguoiViPham", fine->violator},
        {"TaiKhoanThuNSNN", debt->account},
        {"NoiDungThanhToan", init->information},
        {"HoTenNguoiNop", init->payer_name},
        {"SoCMNDNguoiNop", init->payer_identity},
        {"DiaChiNguoiNop", ""},
        {"HuyenNguoiNop", ""},
        {"TinhNguoiNop", ""},
    };

    mc_json_key(writer, "ThongTinBienLai");
    mc_json_object(writer);
    pairs_write(writer, pairs, MC_LEN(pairs));
    items_write(writer, init);
    mc_json_end(writer);
}

enum mc_status payment_init_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload,
                                 struct mc_http_request *ret_request)
{
    const struct payment *payment = ctx;
    const PaymentState__Init *init = (const PaymentState__Init *)(const void *)payload;
    char amount[AMOUNT_SIZE];
    char stamp[MC_STAMP_SIZE];
    char hash[PAYMENT_HASH_SIZE];
    struct mc_json_writer writer;

    /* what may have gone out never goes again, not even when an operator revives a dead letter */
    if (job->unreported || init->reference[0] == '\0')
        return MC_EXPIRED;
    (void)snprintf(amount, sizeof amount, "%" PRId64, init->amount);
    mc_time_format_stamp(stamp, sizeof stamp, init->at_ms);
    const struct pair fields[] = {
        {"LoaiBanTin", "INIT"},
        {"PhienBan", PAYMENT_PROTOCOL},
        {"MaDoiTac", payment->partner},
        {"MaThamChieu", init->reference},
        {"SoTien", amount},
        {"LoaiHinhThanhToan", "PAY"},
        {"MaKenhThanhToan", "1"},
        {"MaThietBi", "1"},
        {"NgonNgu", "vi-VN"},
        {"MaTienTe", PAYMENT_CURRENCY},
        {"MaNganHang", init->bank},
        {"ThongTinGiaoDich", init->information},
        {"ThoiGianGD", stamp},
        {"Ip", init->payer_address},
    };
    const char *values[MC_LEN(fields) + 1] = {0};
    for (size_t i = 0; i < MC_LEN(fields); i++)
        values[i] = fields[i].value;
    payment_hash(hash, values, payment->secret);

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    pairs_write(&writer, fields, MC_LEN(fields));
    pairs_write(&writer, &(const struct pair){"MaXacThuc", hash}, 1);
    bill_write(&writer, arena, payment, init);
    mc_json_end(&writer);

    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = payment->platform_url,
        .content_type = "application/json",
        .timeout_ms = PAYMENT_HTTP_TIMEOUT_MS,
        .answer_max = PAYMENT_ANSWER_MAX,
        .once = true,
    };
    return mc_json_finish(&writer, &ret_request->body);
}

/* error_code "0" and a page; any other error_code; or nothing that can be understood. */
enum answer { ANSWER_PAGE, ANSWER_REFUSED, ANSWER_UNREADABLE };

static enum answer answer_read(const struct payment *payment, struct mc_arena *arena,
                               const struct mc_result *result, const char **ret_url,
                               const char **ret_error)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    mc_cleanup(mc_json_freep) struct mc_json *message = NULL;

    if (result->http_status / 100 != 2 || mc_json_parse(result->body, &json) != MC_OK)
        return ANSWER_UNREADABLE;
    const char *code = mc_json_text(json, "error_code");
    const char *text = mc_json_text(json, "message");
    if (code == NULL || code[0] == '\0' || strlen(code) >= PAYMENT_REFERENCE_MAX)
        return ANSWER_UNREADABLE;
    *ret_error = mc_sprintf(arena, "INIT_%s", code);
    if (strcmp(code, "0") != 0)
        return ANSWER_REFUSED;
    *ret_error = "INIT_NO_PAGE";
    if (text == NULL || mc_json_parse(mc_key_text(text), &message) != MC_OK)
        return ANSWER_REFUSED;
    const char *url = mc_json_text(message, "UrlThanhToan");
    if (url == NULL || !payment_url_valid(payment, url))
        return ANSWER_REFUSED;
    *ret_url = mc_strdup(arena, url);
    return ANSWER_PAGE;
}

/* Nothing is to be found out any more: the planned query goes too. */
static void given_up(struct mc_txn *txn, struct payment_case *c, const char *error)
{
    mc_job_cancel(txn, c->attempt->query_job);
    c->attempt->query_job = 0;
    payment_attempt_fail(txn, c, error);
}

/* It may have been done: ask. */
static void unanswered(struct payment *payment, struct mc_txn *txn, struct payment_case *c)
{
    payment_attempt_step(c, PAYMENT_ATTEMPT_NO_ANSWER);
    payment_query_plan(payment, txn, c, txn->now_ms + payment->query_backoff_ms);
    payment_attempt_save(txn, c);
}

static void answered(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                     const struct mc_result *result)
{
    const char *url = NULL;
    const char *error = NULL;

    switch (answer_read(payment, txn->arena, result, &url, &error)) {
    case ANSWER_PAGE:
        payment_attempt_step(c, PAYMENT_ATTEMPT_PAGE);
        c->attempt->pay_url = mc_unconst(url);
        payment_query_plan(payment, txn, c, txn->now_ms + payment->query_after_ms);
        payment_attempt_save(txn, c);
        break;
    case ANSWER_REFUSED:
        given_up(txn, c, error);
        break;
    case ANSWER_UNREADABLE:
        unanswered(payment, txn, c);
        break;
    }
}

enum mc_status payment_init_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict)
{
    struct payment *payment = ctx;
    const PaymentState__Init *init = (const PaymentState__Init *)(const void *)payload;
    struct payment_case c;

    /* a job whose life ended before anything left, or the last try that did not leave */
    bool not_sent = result->outcome == MC_HTTP_NOT_SENT || (job->spent != NULL && !job->unreported);

    *ret_verdict = MC_DONE;
    if (!payment_case_load(txn, mc_key_bytes(init->order_id), mc_key_bytes(init->attempt_id), &c))
        return txn->status;
    /* the CONFIRM was quicker than INIT's answer: the query decides */
    if (c.attempt->state != PAYMENT__ATTEMPT_STATE__STARTING)
        return MC_OK;
    if (not_sent && !result->gave_up)
        *ret_verdict = MC_RETRY;
    else if (not_sent)
        given_up(txn, &c, "PLATFORM_AWAY");
    else if (result->outcome == MC_HTTP_ANSWERED)
        answered(payment, txn, &c, result);
    else
        unanswered(payment, txn, &c);
    return txn->status;
}
