/*
 * The payment platform's messages, protocol 1.0.6: POST /platform with INIT, QUERY or GET_BILL; and
 * REFUND and QUERY_REFUND, which are ours, after the manner of the others.
 * Every message is checked as the real one would: hash, partner, form; a reference is good once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/date.h"

#include "sandbox.h"

/* Places of the values in the order of their hash. */
enum { INIT_VERSION = 1, INIT_PARTNER, INIT_REFERENCE, INIT_AMOUNT, INIT_CURRENCY = 9 };
enum { INIT_INFORMATION = 11 };
enum { QUERY_REFERENCE = 3 };
enum { REFUND_OF = 3, REFUND_REFERENCE, REFUND_TRANSACTION, REFUND_AMOUNT };

static size_t slot_of(const char *reference)
{
    return (
        size_t)(mc_checksum((struct mc_bytes){reference, strlen(reference)}, (struct mc_bytes){0}) %
                (2 * (uint64_t)SANDBOX_PAYMENTS_MAX));
}

/* Where the reference lies in the index, or where it would. At most half of it is ever used. */
static uint32_t *index_of(const struct sandbox *sandbox, const char *reference)
{
    const struct sandbox_platform *platform = &sandbox->platform;
    size_t slot = slot_of(reference);

    while (platform->index[slot] != 0 &&
           strcmp(platform->payments[platform->index[slot] - 1]->reference, reference) != 0)
        slot = (slot + 1) % MC_LEN(platform->index);
    return mc_unconst(&platform->index[slot]);
}

struct sandbox_payment *sandbox_payment_find(const struct sandbox *sandbox, const char *reference,
                                             size_t *ret_place)
{
    uint32_t place = *index_of(sandbox, reference);

    if (place == 0)
        return NULL;
    if (ret_place != NULL)
        *ret_place = place - 1;
    return sandbox->platform.payments[place - 1];
}

static void field(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void say_error(struct sandbox *sandbox, struct sandbox_answer *answer, const char *code,
                      const char *message)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    field(&writer, "error_code", code);
    field(&writer, "message", message);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void say_page(struct sandbox *sandbox, struct sandbox_answer *answer, const char *reference)
{
    struct mc_json_writer inner;
    struct mc_bytes message;
    const char *url = mc_sprintf(&sandbox->turn, "%s/platform/page/%s", sandbox->base, reference);

    mc_json_begin(&inner, &sandbox->turn);
    mc_json_object(&inner);
    field(&inner, "UrlThanhToan", url);
    mc_json_end(&inner);
    if (url != NULL && mc_json_finish(&inner, &message) == MC_OK)
        say_error(sandbox, answer, SANDBOX_ERROR_OK, message.data);
    else
        sandbox_say(answer, 503, "text/plain", "full");
}

static struct sandbox_payment *payment_add(struct sandbox *sandbox, const char *reference)
{
    struct sandbox_platform *platform = &sandbox->platform;

    if (platform->len == SANDBOX_PAYMENTS_MAX)
        return NULL;
    struct sandbox_payment *payment = mc_alloc(&sandbox->memory, sizeof *payment);
    if (payment == NULL)
        return NULL;
    uint32_t *index = index_of(sandbox, reference);
    platform->payments[platform->len++] = payment;
    *index = (uint32_t)platform->len;
    (void)snprintf(payment->reference, sizeof payment->reference, "%s", reference);
    payment->state = SANDBOX_PENDING;
    payment->at_ms = mc_now_ms(&sandbox->process.clock);
    return payment;
}

static void init(struct sandbox *sandbox, const char *const *values, struct sandbox_answer *answer)
{
    int64_t amount = 0;

    if (!sandbox_reference_ok(values[INIT_REFERENCE])) {
        say_error(sandbox, answer, SANDBOX_ERROR_FORMAT, "MaThamChieu không đúng định dạng");
        return;
    }
    if (!sandbox_amount_parse(values[INIT_AMOUNT], &amount) ||
        strcmp(values[INIT_CURRENCY], SANDBOX_CURRENCY) != 0) {
        say_error(sandbox, answer, SANDBOX_ERROR_AMOUNT, "SoTien hoặc MaTienTe không hợp lệ");
        return;
    }
    if (sandbox_payment_find(sandbox, values[INIT_REFERENCE], NULL) != NULL) {
        say_error(sandbox, answer, SANDBOX_ERROR_DUPLICATE, "MaThamChieu đã tồn tại");
        return;
    }
    struct sandbox_payment *payment = payment_add(sandbox, values[INIT_REFERENCE]);
    if (payment == NULL) {
        sandbox_say(answer, 503, "text/plain", "full");
        return;
    }
    payment->amount = amount;
    (void)snprintf(payment->partner, sizeof payment->partner, "%s", values[INIT_PARTNER]);
    (void)snprintf(payment->information, sizeof payment->information, "%s",
                   values[INIT_INFORMATION]);
    say_page(sandbox, answer, payment->reference);
}

static void query(struct sandbox *sandbox, const struct sandbox_payment *payment,
                  struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    char amount[24];
    char stamp[MC_STAMP_SIZE];
    bool chosen = payment->chosen_ms != 0;

    (void)snprintf(amount, sizeof amount, "%" PRId64, chosen ? payment->booked : payment->amount);
    mc_time_format_stamp(stamp, sizeof stamp, chosen ? payment->chosen_ms : payment->at_ms);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    field(&writer, "error_code", SANDBOX_ERROR_OK);
    field(&writer, "TrangThaiGD", payment->state);
    field(&writer, "MaDoiTac", payment->partner);
    field(&writer, "MaThamChieu", payment->reference);
    field(&writer, "SoTien", amount);
    field(&writer, "MaTienTe", SANDBOX_CURRENCY);
    field(&writer, "MaGiaoDich", payment->transaction);
    field(&writer, "MaNganHang", payment->bank);
    field(&writer, "ThoiGianGD", stamp);
    field(&writer, "ThongTinGiaoDich", payment->information);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void bill(struct sandbox *sandbox, const struct sandbox_payment *payment,
                 struct sandbox_answer *answer)
{
    char *pdf = mc_alloc(&sandbox->turn, SANDBOX_PDF_SIZE);

    if (strcmp(payment->state, SANDBOX_PAID) != 0) {
        say_error(sandbox, answer, SANDBOX_ERROR_UNPAID, "Giao dịch chưa thanh toán");
        return;
    }
    if (pdf == NULL) {
        sandbox_say(answer, 503, "text/plain", "full");
        return;
    }
    answer->status = 200;
    answer->content_type = "application/pdf";
    answer->body = (struct mc_bytes){pdf, sandbox_receipt_pdf(pdf, payment)};
}

static void say_refund(struct sandbox *sandbox, const struct sandbox_refund *refund,
                       struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    field(&writer, "error_code", SANDBOX_ERROR_OK);
    field(&writer, "MaHoanTien", refund->reference);
    field(&writer, "TrangThaiGD", SANDBOX_PAID);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static const struct sandbox_refund *refund_find(const struct sandbox *sandbox,
                                                const char *reference)
{
    for (size_t i = 0; i < sandbox->platform.len; i++) {
        const struct sandbox_payment *payment = sandbox->platform.payments[i];
        for (size_t k = 0; k < payment->refunds_len; k++)
            if (strcmp(payment->refunds[k].reference, reference) == 0)
                return &payment->refunds[k];
    }
    return NULL;
}

static int64_t refunded(const struct sandbox_payment *payment)
{
    int64_t sum = 0;

    for (size_t i = 0; i < payment->refunds_len; i++)
        sum += payment->refunds[i].amount;
    return sum;
}

/* Never more than came, never one reference twice. */
static void refund(struct sandbox *sandbox, const char *const *values,
                   struct sandbox_answer *answer)
{
    struct sandbox_payment *payment = sandbox_reference_ok(values[REFUND_OF])
                                          ? sandbox_payment_find(sandbox, values[REFUND_OF], NULL)
                                          : NULL;
    int64_t amount = 0;

    if (payment == NULL || strcmp(payment->transaction, values[REFUND_TRANSACTION]) != 0 ||
        strcmp(payment->state, SANDBOX_PAID) != 0)
        say_error(sandbox, answer, SANDBOX_ERROR_UNPAID, "Không có giao dịch để hoàn");
    else if (!sandbox_reference_ok(values[REFUND_REFERENCE]))
        say_error(sandbox, answer, SANDBOX_ERROR_FORMAT, "MaHoanTien không đúng định dạng");
    else if (refund_find(sandbox, values[REFUND_REFERENCE]) != NULL)
        say_error(sandbox, answer, SANDBOX_ERROR_DUPLICATE, "MaHoanTien đã tồn tại");
    else if (!sandbox_amount_parse(values[REFUND_AMOUNT], &amount) ||
             amount > payment->booked - refunded(payment) ||
             payment->refunds_len == SANDBOX_REFUNDS_MAX)
        say_error(sandbox, answer, SANDBOX_ERROR_AMOUNT, "SoTien không hợp lệ");
    else {
        struct sandbox_refund *made = &payment->refunds[payment->refunds_len++];
        made->amount = amount;
        (void)snprintf(made->reference, sizeof made->reference, "%s", values[REFUND_REFERENCE]);
        say_refund(sandbox, made, answer);
    }
}

static void refund_query(struct sandbox *sandbox, const char *reference,
                         struct sandbox_answer *answer)
{
    const struct sandbox_refund *made = refund_find(sandbox, reference);

    if (made != NULL)
        say_refund(sandbox, made, answer);
    else
        say_error(sandbox, answer, SANDBOX_ERROR_UNKNOWN, "MaHoanTien không tồn tại");
}

static const char *sentence_of(const char *error)
{
    return strcmp(error, SANDBOX_ERROR_HASH) == 0 ? "MaXacThuc không đúng"
                                                  : "Bản tin không đúng định dạng";
}

void sandbox_platform_message(struct sandbox *sandbox, struct mc_httpd_request *request,
                              const char *tail, struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    const char *values[SANDBOX_FIELDS_MAX + 1] = {0};
    const char *wrong = NULL;

    (void)tail;
    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK) {
        say_error(sandbox, answer, SANDBOX_ERROR_FORMAT, sentence_of(SANDBOX_ERROR_FORMAT));
        return;
    }
    const char *error = sandbox_message_read(json, sandbox->payment_secret, values, &wrong);
    if (error == NULL && strcmp(values[0], "CONFIRM") == 0) {
        error = SANDBOX_ERROR_FORMAT; /* that one goes the other way */
        wrong = "LoaiBanTin";
    }
    if (error != NULL) {
        const char *text = mc_sprintf(&sandbox->turn, "%s: %s", sentence_of(error), wrong);
        say_error(sandbox, answer, error, text != NULL ? text : "");
        return;
    }
    if (strcmp(values[INIT_VERSION], SANDBOX_PROTOCOL) != 0) {
        say_error(sandbox, answer, SANDBOX_ERROR_FORMAT, "PhienBan không được hỗ trợ");
        return;
    }
    if (strcmp(values[INIT_PARTNER], sandbox->payment_partner) != 0) {
        say_error(sandbox, answer, SANDBOX_ERROR_PARTNER, "MaDoiTac không đúng");
        return;
    }
    if (strcmp(values[0], "INIT") == 0) {
        init(sandbox, values, answer);
        return;
    }
    if (strcmp(values[0], "REFUND") == 0) {
        refund(sandbox, values, answer);
        return;
    }
    if (strcmp(values[0], "QUERY_REFUND") == 0) {
        refund_query(sandbox, values[QUERY_REFERENCE], answer);
        return;
    }
    int64_t unused = 0;
    const struct sandbox_payment *payment =
        sandbox_payment_find(sandbox, values[QUERY_REFERENCE], NULL);
    if (payment == NULL ||
        (strcmp(values[0], "QUERY") == 0 &&
         sandbox_fault_strikes(&sandbox->faults, SANDBOX_PLATFORM, SANDBOX_FAULT_FORGET, &unused)))
        say_error(sandbox, answer, SANDBOX_ERROR_UNKNOWN, "MaThamChieu không tồn tại");
    else if (strcmp(values[0], "QUERY") == 0)
        query(sandbox, payment, answer);
    else
        bill(sandbox, payment, answer);
}

static void ledger_row(struct mc_json_writer *writer, const struct sandbox_payment *payment)
{
    char at[MC_RFC3339_SIZE];

    mc_json_object(writer);
    field(writer, "reference", payment->reference);
    field(writer, "partner", payment->partner);
    field(writer, "information", payment->information);
    mc_json_key(writer, "amount");
    mc_json_int(writer, payment->amount);
    mc_json_key(writer, "booked");
    mc_json_int(writer, strcmp(payment->state, SANDBOX_PAID) == 0 ? payment->booked : 0);
    mc_json_key(writer, "refunded");
    mc_json_int(writer, refunded(payment));
    field(writer, "state", payment->state);
    field(writer, "transaction", payment->transaction);
    field(writer, "bank", payment->bank);
    mc_time_format_rfc3339(at, sizeof at, payment->at_ms);
    field(writer, "at", at);
    mc_json_key(writer, "bookings");
    mc_json_uint(writer, payment->bookings);
    mc_json_key(writer, "confirms");
    mc_json_uint(writer, payment->confirms);
    mc_json_key(writer, "confirmed");
    mc_json_true_or_false(writer, payment->confirmed);
    mc_json_end(writer);
}

void sandbox_platform_ledger(struct sandbox *sandbox, struct mc_httpd_request *request,
                             const char *tail, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    int64_t total = 0;
    size_t paid = 0;

    (void)request;
    (void)tail;
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "payments");
    mc_json_array(&writer);
    for (size_t i = 0; i < sandbox->platform.len; i++) {
        const struct sandbox_payment *payment = sandbox->platform.payments[i];
        ledger_row(&writer, payment);
        if (strcmp(payment->state, SANDBOX_PAID) != 0)
            continue;
        total += payment->booked;
        paid++;
    }
    mc_json_end(&writer);
    mc_json_key(&writer, "paid");
    mc_json_uint(&writer, paid);
    mc_json_key(&writer, "total");
    mc_json_int(&writer, total);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}
