/* Receipts: the file a job makes, what its code says, cancelling, lists, the history (RCP-01…07).
 */
#include "common/frame.h"
#include "common/proof.h"

#include "payment_help.h"

#define FIRST  "28AA-26E/0000001"
#define SECOND "28AA-26E/0000002"

static const char pdf[] = "%PDF-1.5 a receipt";

static void as_clerk(struct harness *h, const char *unit)
{
    static const char *const rights[] = {"FEE_COLLECT"};

    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = OFFICER,
                                      .unit = unit,
                                      .ial = 2,
                                      .rights = rights,
                                      .rights_len = 1});
}

static void pay(struct harness *h)
{
    const char *reference = start(h);

    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .transaction = reference)),
                        "00");
    query_answer(h, QUERY_PAID);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
}

static struct harness *house_paid(void)
{
    struct harness *h = room_open();

    open_account(h);
    (void)order_new(h);
    pay(h);
    return h;
}

static const char *asked(const struct harness_exchange *exchange, const char *name)
{
    const Print__RenderRequest *request =
        (const Print__RenderRequest *)(const void *)exchange->call.request;

    for (size_t i = 0; i < request->n_fields; i++)
        if (strcmp(request->fields[i]->name, name) == 0)
            return request->fields[i]->value;
    return "";
}

static void print(struct harness *h, struct harness_exchange *exchange)
{
    Print__RenderReply made = PRINT__RENDER_REPLY__INIT;

    assert_true(harness_effect(h, "receipt.print", exchange));
    made.pdf = (ProtobufCBinaryData){sizeof pdf - 1, mc_unconst(pdf)};
    made.pages = 1;
    made.signed_ = true;
    made.signed_by = text("UBND XÃ BẾN CẦU");
    harness_reply(h, exchange, &made.base);
}

static void *file_of(struct harness *h, const char *number, enum mc_status want)
{
    Payment__GetReceiptFileRequest req = PAYMENT__GET_RECEIPT_FILE_REQUEST__INIT;

    req.number = text(number);
    return harness_call(h, "GetReceiptFile", &req.base, want);
}

static const Payment__Receipt *receipt_of(struct harness *h, const char *number)
{
    Payment__GetReceiptRequest req = PAYMENT__GET_RECEIPT_REQUEST__INIT;

    req.number = text(number);
    return harness_call(h, "GetReceipt", &req.base, MC_OK);
}

/* RCP-05: the print room is asked with all there is to say; the file is then the owner's. */
static void rcp05_a_job_prints_what_was_paid(void **state)
{
    (void)state;
    struct harness *h = house_paid();
    struct harness_exchange exchange;

    as_account(h, OWNER);
    assert_false(receipt_of(h, FIRST)->printed);
    (void)file_of(h, FIRST, MC_BUSY);
    assert_true(harness_violated(h, "number", "RECEIPT_NOT_PRINTED"));
    print(h, &exchange);
    assert_string_equal(exchange.call.room, "print");
    assert_string_equal(exchange.call.method, "Render");
    assert_string_equal(asked(&exchange, "kind"), "lệ phí");
    assert_string_equal(asked(&exchange, "number"), FIRST);
    assert_string_equal(asked(&exchange, "symbol"), "28AA-26E");
    assert_string_equal(asked(&exchange, "serial"), "0000001");
    assert_string_equal(asked(&exchange, "agency"), "UBND Thị trấn Bến Cầu");
    assert_string_equal(asked(&exchange, "payer"), "Nguyễn Thị Hoà Bình");
    assert_string_equal(asked(&exchange, "amount"), "8.000");
    assert_string_equal(asked(&exchange, "amount_in_words"), "Tám nghìn đồng");
    assert_string_equal(asked(&exchange, "dossier_code"), CODE);
    assert_string_equal(asked(&exchange, "place_date"), "Ngày 07 tháng 09 năm 2026");
    const Print__RenderRequest *request =
        (const Print__RenderRequest *)(const void *)exchange.call.request;
    assert_string_equal(request->sign_as, UNIT);

    as_account(h, OWNER);
    const Payment__ReceiptFile *file = file_of(h, FIRST, MC_OK);
    assert_true(mc_bytes_same(mc_key_bytes(file->pdf), mc_key_text(pdf)));
    assert_string_equal(file->file_name, "bien-lai-28AA-26E-0000001.pdf");
    assert_string_equal(file->signed_by, "UBND XÃ BẾN CẦU");
    assert_true(receipt_of(h, FIRST)->printed);
    assert_string_equal(receipt_of(h, FIRST)->amount_text, "8.000 đ"); /* RCP-07 */
    assert_int_equal(harness_events(h, "payment.receipt_printed"), 1);
    as_account(h, STRANGER);
    (void)file_of(h, FIRST, MC_NOT_FOUND);
    as_officer(h, "000.21.31.H53"); /* another commune's */
    (void)file_of(h, FIRST, MC_NOT_FOUND);
    as_officer(h, "000.00.00.H53"); /* the province's */
    (void)file_of(h, FIRST, MC_OK);
    harness_close(h);
}

/* The code says the same as the paper, to who has the room's public key and nothing else. */
static void the_code_is_signed(void **state)
{
    (void)state;
    struct harness *h = house_paid();
    struct harness_exchange exchange;
    struct mc_validate_error error;
    struct mc_bytes message;
    struct mc_arena arena;
    uint8_t keys[1][MC_SIGN_PUBLIC_LEN];

    print(h, &exchange);
    as_account(h, OWNER);
    const char *code = receipt_of(h, FIRST)->proof;
    assert_string_equal(code, asked(&exchange, "proof"));
    memcpy(keys[0], harness_service(h)->sign_public, MC_SIGN_PUBLIC_LEN);
    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    assert_int_equal(mc_proof_open(&arena, keys, 1, "MCBL1", mc_key_text(code), &message), MC_OK);
    const Payment__ReceiptProof *proof = (const Payment__ReceiptProof *)(void *)mc_body_open(
        &arena, &payment__receipt_proof__descriptor, message, MC_BODY_MAX, &error);
    assert_non_null(proof);
    assert_string_equal(proof->number, FIRST);
    assert_string_equal(proof->unit, UNIT);
    assert_int_equal(proof->amount, 8000);
    assert_int_equal(proof->issued_at_s, receipt_of(h, FIRST)->issued_at_ms / 1000);
    assert_string_equal(proof->payer_name, "Nguyễn Thị Hoà Bình");
    assert_true(strlen(code) < 400); /* a code that a phone reads from paper */
    mc_arena_done(&arena);
    harness_close(h);
}

/* Asked until the print room answers; what it refuses is a dead letter, after a day a new call. */
static void printing_is_repeated_until_done(void **state)
{
    (void)state;
    struct harness *h = house_paid();
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "receipt.print", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.status = MC_BUSY, .code = "NO_ANSWER"});
    assert_false(harness_effect(h, "receipt.print", &exchange));
    harness_advance(h, PAYMENT_PRINT_BACKOFF_MS);
    assert_true(harness_effect(h, "receipt.print", &exchange));
    harness_result(h, &exchange,
                   &(struct mc_result){.status = MC_INVALID, .code = "REQUEST_TOO_OLD"});
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_PRINT), 1);
    assert_true(harness_effect(h, "receipt.print", &exchange));
    assert_string_equal(asked(&exchange, "payer"), "Nguyễn Thị Hoà Bình");
    harness_result(h, &exchange,
                   &(struct mc_result){.status = MC_INVALID, .code = "FIELD_INVALID"});
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_PRINT), 0);
    assert_int_equal(harness_dead(h, PAYMENT_LANE_PRINT), 1);
    harness_close(h);
}

static void *cancel(struct harness *h, const char *number, bool replace, const char *payer,
                    enum mc_status want)
{
    Payment__CancelReceiptRequest req = PAYMENT__CANCEL_RECEIPT_REQUEST__INIT;

    req.number = text(number);
    req.reason = text("Sai tên người nộp");
    req.replace = replace;
    req.payer_name = text(payer);
    return harness_call(h, "CancelReceipt", &req.base, want);
}

/* Never changed: the old one says what took its place, the new one what it is instead of. */
static void a_wrong_one_is_cancelled_and_replaced(void **state)
{
    (void)state;
    struct harness *h = house_paid();
    struct harness_exchange exchange;

    print(h, &exchange);
    as_account(h, OWNER);
    (void)cancel(h, FIRST, true, "", MC_DENIED); /* a citizen */
    as_officer(h, UNIT);
    (void)cancel(h, FIRST, true, "", MC_DENIED); /* without the right */
    as_clerk(h, "000.21.31.H53");
    (void)cancel(h, FIRST, true, "", MC_NOT_FOUND);
    as_clerk(h, UNIT);
    const Payment__Receipt *old = cancel(h, FIRST, true, "Nguyễn Thị Hòa Bình", MC_OK);
    assert_string_equal(old->replaced_by, SECOND);
    assert_string_equal(old->cancel_reason, "REPLACED");
    assert_string_equal(old->cancel_note, "Sai tên người nộp");
    assert_string_equal(old->payer_name, "Nguyễn Thị Hoà Bình"); /* as it was */
    (void)cancel(h, FIRST, true, "", MC_CONFLICT);
    assert_true(harness_violated(h, "number", "RECEIPT_CANCELLED"));

    const Payment__Receipt *fresh = receipt_of(h, SECOND);
    assert_string_equal(fresh->replaces, FIRST);
    assert_string_equal(fresh->payer_name, "Nguyễn Thị Hòa Bình");
    assert_int_equal(fresh->amount, 8000);
    assert_int_equal(fresh->cancelled_at_ms, 0);
    print(h, &exchange);
    assert_string_equal(asked(&exchange, "replaces"), FIRST);
    assert_int_equal(current(h)->n_receipts, 2);
    assert_int_equal(harness_events(h, "payment.receipt_cancelled"), 1);
    as_account(h, OWNER);
    (void)file_of(h, FIRST, MC_CONFLICT); /* nothing to print any more */
    (void)file_of(h, SECOND, MC_OK);
    as_clerk(h, UNIT);
    (void)file_of(h, FIRST, MC_OK); /* the office still has it */

    const Payment__Receipt *ended = cancel(h, SECOND, false, "", MC_OK);
    assert_string_equal(ended->replaced_by, "");
    assert_string_equal(ended->cancel_reason, "CANCELLED");
    money_is(h, 8000, 0); /* a receipt is no money */
    harness_close(h);
}

static const Payment__ListTransactionsReply *history(struct harness *h,
                                                     Payment__ListTransactionsRequest *req)
{
    return harness_call(h, "ListTransactions", &req->base, MC_OK);
}

/* RCP-01 … RCP-04, RCP-07 as the seed shows them: 1,000 đ failed first, then paid. */
static void rcp03_history_as_the_portal_shows_it(void **state)
{
    (void)state;
    struct harness *h = room_open();
    Payment__ListTransactionsRequest req = PAYMENT__LIST_TRANSACTIONS_REQUEST__INIT;

    open_account(h);
    accept(h, CODE, 1000, 7);
    const char *first = start(h);
    (void)confirm(h, CONFIRM(.reference = first, .amount = "1000", .code = "24"));
    query_answer(h, QUERY_FAILED);
    harness_advance(h, 86000);
    const char *second = start(h);
    (void)confirm(h, CONFIRM(.reference = second, .amount = "1000", .transaction = "FT2"));
    query_answer(h, QUERY_PAID);

    as_account(h, OWNER);
    const Payment__ListTransactionsReply *rows = history(h, &req);
    assert_int_equal(rows->n_transactions, 2);
    const Payment__Transaction *failed = rows->transactions[0];
    assert_string_equal(failed->dossier_code, CODE);
    assert_string_equal(failed->at_text, "07/09/2026 09:20:00 AM");
    assert_string_equal(failed->amount_text, "1,000 đ");
    assert_string_equal(failed->outcome, "Thanh toán không thành công");
    assert_string_equal(failed->print_label, "");
    assert_int_equal(failed->n_receipts, 0);
    const Payment__Transaction *paid = rows->transactions[1];
    assert_string_equal(paid->at_text, "07/09/2026 09:21:26 AM");
    assert_string_equal(paid->outcome, "Thanh toán thành công");
    assert_string_equal(paid->print_label, "In biên lai");
    assert_string_equal(paid->receipts[0], FIRST);

    req.outcome = PAYMENT__ATTEMPT_STATE__FAILED;
    assert_int_equal(history(h, &req)->n_transactions, 1);
    req.outcome = PAYMENT__ATTEMPT_STATE__UNKNOWN;
    harness_call(h, "ListTransactions", &req.base, MC_INVALID);
    req.outcome = PAYMENT__ATTEMPT_STATE__ATTEMPT_STATE_UNSPECIFIED;
    req.from_ms = HARNESS_T0 + DAY_MS;
    assert_int_equal(history(h, &req)->n_transactions, 0);
    req.from_ms = 0;
    req.to_ms = HARNESS_T0;
    assert_int_equal(history(h, &req)->n_transactions, 0);
    req.to_ms = 0;
    as_account(h, STRANGER);
    assert_int_equal(history(h, &req)->n_transactions, 0);
    harness_close(h);
}

static void histories_come_in_pages(void **state)
{
    (void)state;
    struct harness *h = room_open();
    Payment__ListTransactionsRequest req = PAYMENT__LIST_TRANSACTIONS_REQUEST__INIT;
    size_t seen = 0;

    open_account(h);
    for (uint8_t i = 0; i < 5; i++) {
        char code[] = "000.20.31.H53-260907-0100";
        code[sizeof code - 2] = (char)('0' + i);
        accept(h, code, 2000, (uint8_t)(20 + i));
        (void)start_as(h, order_of(h, code)->order_id, MC_OK);
        init_answer(h, INIT_OK);
        harness_advance(h, 1000);
    }
    as_account(h, OWNER);
    req.page_size = 2;
    do {
        const Payment__ListTransactionsReply *rows = history(h, &req);
        assert_true(rows->n_transactions <= 2);
        seen += rows->n_transactions;
        req.page_token = rows->next_page_token;
    } while (req.page_token[0] != '\0');
    assert_int_equal(seen, 5);
    req.page_token = text("zz");
    harness_call(h, "ListTransactions", &req.base, MC_INVALID);
    req.page_token = text("");
    req.page_size = PAYMENT_PAGE_MAX;
    (void)history(h, &req);
    req.page_size = PAYMENT_PAGE_MAX + 1;
    harness_call(h, "ListTransactions", &req.base, MC_INVALID);
    harness_close(h);
}

static const Payment__ListReceiptsReply *receipts(struct harness *h,
                                                  Payment__ListReceiptsRequest *req)
{
    return harness_call(h, "ListReceipts", &req->base, MC_OK);
}

static void lists_for_citizen_office_and_member(void **state)
{
    (void)state;
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api",
                                           "payment.members=portal:tayninh=000.00.00.H53", NULL};
    struct harness *h = harness_open(&payment_room, settings);
    Payment__ListReceiptsRequest req = PAYMENT__LIST_RECEIPTS_REQUEST__INIT;

    open_account(h);
    (void)order_new(h);
    pay(h);
    as_clerk(h, UNIT);
    (void)cancel(h, FIRST, true, "", MC_OK);

    as_account(h, OWNER);
    assert_int_equal(receipts(h, &req)->n_receipts, 2);
    req.dossier_code = text(CODE);
    assert_int_equal(receipts(h, &req)->n_receipts, 2);
    as_account(h, STRANGER);
    assert_int_equal(receipts(h, &req)->n_receipts, 0);
    req.dossier_code = text("");

    as_officer(h, "000.00.00.H53");
    req.page_size = 1;
    const Payment__ListReceiptsReply *page = receipts(h, &req);
    assert_string_equal(page->receipts[0]->number, FIRST);
    assert_string_not_equal(page->next_page_token, "");
    req.page_token = page->next_page_token;
    assert_string_equal(receipts(h, &req)->receipts[0]->number, SECOND);
    req.page_token = text("");
    req.page_size = 0;
    req.from_ms = HARNESS_T0 + DAY_MS;
    assert_int_equal(receipts(h, &req)->n_receipts, 0);
    req.from_ms = HARNESS_T0;
    assert_int_equal(receipts(h, &req)->n_receipts, 2);
    req.from_ms = 0;
    req.to_ms = HARNESS_T0;
    assert_int_equal(receipts(h, &req)->n_receipts, 0);
    req.to_ms = 0;
    as_officer(h, "000.21.31.H53");
    assert_int_equal(receipts(h, &req)->n_receipts, 0);
    req.unit = text(UNIT);
    harness_call(h, "ListReceipts", &req.base, MC_DENIED);
    req.unit = text("");

    harness_as(h, &(struct mc_caller){.name = "portal:tayninh", .who = MC_PORTAL});
    assert_int_equal(receipts(h, &req)->n_receipts, 2);
    assert_string_equal(receipt_of(h, SECOND)->replaces, FIRST);
    harness_as(h, &(struct mc_caller){.name = "portal:tayninh2", .who = MC_PORTAL});
    harness_call(h, "ListReceipts", &req.base, MC_UNAUTHENTICATED);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rcp05_a_job_prints_what_was_paid),
        cmocka_unit_test(the_code_is_signed),
        cmocka_unit_test(printing_is_repeated_until_done),
        cmocka_unit_test(a_wrong_one_is_cancelled_and_replaced),
        cmocka_unit_test(rcp03_history_as_the_portal_shows_it),
        cmocka_unit_test(histories_come_in_pages),
        cmocka_unit_test(lists_for_citizen_office_and_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
