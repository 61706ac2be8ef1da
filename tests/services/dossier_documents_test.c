/* The forms of TT 03/2025 as documents: made with the step, printed by a job, read by who may. */
#include "dossier_help.h"

static int setup(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int teardown(void **state)
{
    harness_close(*state);
    return 0;
}

static void tell_account(struct harness *h, const struct mc_caller *who, const char *name,
                         const char *number)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    char key[64];
    const char *const keys[] = {key, NULL};

    (void)snprintf(key, sizeof key, "account:%s", who->account_id);
    opened.account_id = mc_unconst(who->account_id);
    opened.full_name = mc_unconst(name);
    opened.login_id = mc_unconst(number);
    opened.birth_date = mc_unconst("05/03/1993");
    opened.phone = mc_unconst("84912000101");
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
}

static const char *field(const Print__RenderRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_fields; i++)
        if (strcmp(request->fields[i]->name, name) == 0)
            return request->fields[i]->value;
    return "";
}

static const Print__RenderRequest *request_of(const struct harness_exchange *exchange)
{
    return (const Print__RenderRequest *)(const void *)exchange->call.request;
}

/* The print room's answer: a PDF of these bytes. */
static void print_it(struct harness *h, const struct harness_exchange *exchange, const char *pdf,
                     const char *signed_by)
{
    Print__RenderReply made = PRINT__RENDER_REPLY__INIT;

    made.pdf = (ProtobufCBinaryData){strlen(pdf), mc_unconst(pdf)};
    made.pages = 1;
    made.signed_ = signed_by[0] != '\0';
    made.signed_by = mc_unconst(signed_by);
    harness_reply(h, exchange, &made.base);
}

static struct harness_exchange due(struct harness *h, const char *template)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "document.print", &exchange));
    assert_string_equal(exchange.call.room, "print");
    assert_string_equal(request_of(&exchange)->template_, template);
    return exchange;
}

static Dossier__ListDocumentsReply *list(struct harness *h, const struct mc_caller *who,
                                         ProtobufCBinaryData id, enum mc_status want)
{
    Dossier__ListDocumentsRequest req = DOSSIER__LIST_DOCUMENTS_REQUEST__INIT;

    req.dossier_id = id;
    harness_as(h, who);
    return harness_call(h, "ListDocuments", &req.base, want);
}

static Dossier__GetDocumentReply *get(struct harness *h, const struct mc_caller *who,
                                      ProtobufCBinaryData id, ProtobufCBinaryData document,
                                      enum mc_status want)
{
    Dossier__GetDocumentRequest req = DOSSIER__GET_DOCUMENT_REQUEST__INIT;

    req.dossier_id = id;
    req.document_id = document;
    harness_as(h, who);
    harness_purpose(h, who == &alice ? "" : "Kiểm tra hồ sơ");
    return harness_call(h, "GetDocument", &req.base, want);
}

/* S15: form 01 with the acceptance; its number, its facts, its file, its readers. */
static void test_receipt_slip(void **state)
{
    struct harness *h = *state;

    tell_account(h, &alice, "Nguyễn Thị Hoà Bình", "012193990017");
    tell_account(h, &officer, "Phạm Thử Nghiệm", "001085990043");
    harness_set_clock(h, local(2026, 9, 7, 9, 20));
    Dossier__DossierReply *at = sent(h, BIRTH);
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_PRINT), 0);
    at = accept_as(h, &officer, at, MC_OK);
    struct harness_exchange exchange = due(h, "receipt_slip");
    const Print__RenderRequest *request = request_of(&exchange);

    assert_string_equal(request->sign_as, BEN_CAU);
    assert_string_equal(field(request, "number"), "1/TNHS");
    assert_string_equal(field(request, "authority"), "Thị trấn Bến Cầu");
    assert_string_equal(field(request, "agency"), "Bộ phận Tiếp nhận và Trả kết quả");
    assert_string_equal(field(request, "place_date"), "Bến Cầu, ngày 07 tháng 09 năm 2026");
    assert_string_equal(field(request, "code"), at->code);
    assert_string_equal(field(request, "qr"), at->code); /* and nothing personal */
    assert_string_equal(field(request, "applicant"), "Nguyễn Thị Hoà Bình");
    assert_string_equal(field(request, "identity_no"), "012193990017");
    assert_string_equal(field(request, "phone"), "0912000101");
    assert_string_equal(field(request, "address"),
                        "Ấp 2, xã Bến Cầu, tỉnh Tây Ninh"); /* the form's */
    assert_string_equal(field(request, "received_at"), "09 giờ 20 phút, ngày 07 tháng 09 năm 2026");
    assert_string_equal(field(request, "due_at"), "17 giờ 00 phút, ngày 07 tháng 09 năm 2026");
    assert_string_equal(field(request, "fee"), "1.000 đồng");
    assert_string_equal(field(request, "officer"), "Phạm Thử Nghiệm");
    assert_int_equal(request->n_tables, 1);
    assert_string_equal(request->tables[0]->rows[0]->cells[1], "Tờ khai đăng ký khai sinh");

    Dossier__ListDocumentsReply *all = list(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(all->n_documents, 1);
    assert_int_equal(all->documents[0]->state, DOSSIER__DOCUMENT_STATE__DOCUMENT_PRINTING);
    (void)get(h, &alice, at->dossier_id, all->documents[0]->document_id, MC_BUSY);
    print_it(h, &exchange, "%PDF-1.7 giấy hẹn", "UBND thị trấn Bến Cầu");
    assert_int_equal(harness_events(h, "dossier.document_made"), 1);
    const Dossier__DocumentMade *made =
        harness_last_event(h, "dossier.document_made", &dossier__document_made__descriptor, NULL);
    assert_string_equal(made->code, at->code);
    assert_true(made->signed_);

    const Dossier__GetDocumentReply *got =
        get(h, &alice, at->dossier_id, all->documents[0]->document_id, MC_OK);
    assert_memory_equal(got->content.data, "%PDF-1.7 giấy hẹn", got->content.len);
    assert_string_equal(got->document->signed_by, "UBND thị trấn Bến Cầu");
    assert_string_equal(got->content_type, "application/pdf");
    (void)get(h, &district, at->dossier_id, all->documents[0]->document_id, MC_OK);
    (void)get(h, &bob, at->dossier_id, all->documents[0]->document_id, MC_NOT_FOUND);
    (void)get(h, &stranger, at->dossier_id, all->documents[0]->document_id, MC_NOT_FOUND);
    (void)list(h, &bob, at->dossier_id, MC_NOT_FOUND);
    (void)get(h, &alice, at->dossier_id, at->dossier_id, MC_NOT_FOUND);
    assert_true(harness_violated(h, "document_id", "DOCUMENT_NOT_FOUND"));
}

/* Forms 02, 03 and 05 go with their steps, with the reason; other steps make none. */
static void test_documents_of_the_steps(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = sent(h, SINGLE);

    (void)advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    struct harness_exchange exchange = due(h, "supplement_slip");
    assert_string_equal(field(request_of(&exchange), "reason"), why);
    assert_string_equal(field(request_of(&exchange), "code"), "");
    assert_string_not_equal(field(request_of(&exchange), "qr"), "");
    print_it(h, &exchange, "%PDF-1.7", "");

    (void)advance_as(h, &officer, sent(h, SINGLE), DOSSIER__STATE__REFUSED, why, MC_OK);
    exchange = due(h, "refusal_slip");
    assert_string_equal(field(request_of(&exchange), "number"), "1/TCHS");
    print_it(h, &exchange, "%PDF-1.7", "");

    at = advance_as(h, &officer, received(h), DOSSIER__STATE__PROCESSING, "", MC_OK);
    exchange = due(h, "receipt_slip");
    print_it(h, &exchange, "%PDF-1.7", "");
    assert_false(harness_effect(h, "document.print", &exchange));
    at = advance_as(h, &officer, at, DOSSIER__STATE__STOPPED, why, MC_OK);
    exchange = due(h, "stop_notice");
    print_it(h, &exchange, "%PDF-1.7", "");
    assert_int_equal(list(h, &alice, at->dossier_id, MC_OK)->n_documents, 2);
    assert_string_equal(list(h, &alice, at->dossier_id, MC_OK)->documents[0]->form_no, "05");
}

/* S22: form 04 with the apology, both due times in it. */
static void test_apology_letter(void **state)
{
    struct harness *h = *state;
    Dossier__ApologiseRequest req = DOSSIER__APOLOGISE_REQUEST__INIT;

    harness_set_clock(h, local(2026, 9, 7, 9, 32));
    Dossier__DossierReply *at = processing(h);
    struct harness_exchange exchange = due(h, "receipt_slip");
    print_it(h, &exchange, "%PDF-1.7", "");
    harness_set_clock(h, local(2026, 9, 9, 9, 32));
    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.due_at_ms = local(2026, 9, 14, 9, 32);
    req.reason = mc_unconst("Phải xác minh thêm");
    harness_as(h, &officer);
    (void)harness_call(h, "Apologise", &req.base, MC_OK);
    exchange = due(h, "apology_letter");
    assert_string_equal(field(request_of(&exchange), "due_before"),
                        "09 giờ 32 phút, ngày 10 tháng 09 năm 2026");
    assert_string_equal(field(request_of(&exchange), "due_after"),
                        "09 giờ 32 phút, ngày 14 tháng 09 năm 2026");
    assert_string_equal(field(request_of(&exchange), "reason"), "Phải xác minh thêm");
}

static void answer(struct harness *h, enum mc_status status, const char *code)
{
    struct harness_exchange exchange = due(h, "receipt_slip");
    const struct mc_result result = {.status = status, .code = code};

    harness_result(h, &exchange, &result);
}

/* The print room may be away; what it refuses is told to officers, and made again by one. */
static void test_when_printing_fails(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);
    Dossier__MakeDocumentRequest again = DOSSIER__MAKE_DOCUMENT_REQUEST__INIT;

    again.dossier_id = at->dossier_id;
    again.form_no = mc_unconst("01");
    answer(h, MC_BUSY, "UNAVAILABLE");
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_PRINT), 1);
    harness_advance(h, MINUTE);
    answer(h, MC_INVALID, "REQUEST_TOO_OLD");
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_PRINT), 1);
    assert_int_equal(harness_dead(h, DOSSIER_LANE_PRINT), 0);
    harness_as(h, &officer);
    (void)harness_call(h, "MakeDocument", &again.base, MC_EXPIRED);
    answer(h, MC_INVALID, "FIELD_INVALID");
    assert_int_equal(harness_dead(h, DOSSIER_LANE_PRINT), 1);
    const Dossier__Document *failed = list(h, &officer, at->dossier_id, MC_OK)->documents[0];
    assert_int_equal(failed->state, DOSSIER__DOCUMENT_STATE__DOCUMENT_FAILED);
    assert_string_equal(failed->why, "FIELD_INVALID");
    assert_string_equal(list(h, &alice, at->dossier_id, MC_OK)->documents[0]->why, "");

    harness_as(h, &officer);
    const Dossier__Document *made = harness_call(h, "MakeDocument", &again.base, MC_OK);
    assert_string_equal(made->number, "2/TNHS");
    harness_as(h, &alice);
    (void)harness_call(h, "MakeDocument", &again.base, MC_DENIED);
}

/* Forms 06 and 07 are for officers. */
static void test_control_slip_and_register(void **state)
{
    struct harness *h = *state;
    Dossier__MakeDocumentRequest slip = DOSSIER__MAKE_DOCUMENT_REQUEST__INIT;
    Dossier__MakeRegisterRequest book = DOSSIER__MAKE_REGISTER_REQUEST__INIT;
    struct harness_exchange exchange;

    tell_account(h, &alice, "Nguyễn Thị Hoà Bình", "012193990017");
    harness_set_clock(h, local(2026, 9, 7, 9, 20));
    Dossier__DossierReply *at = processing(h);
    print_it(h, (exchange = due(h, "receipt_slip"), &exchange), "%PDF-1.7", "");
    slip.dossier_id = at->dossier_id;
    slip.form_no = mc_unconst("06");
    harness_as(h, &officer);
    (void)harness_call(h, "MakeDocument", &slip.base, MC_OK);
    exchange = due(h, "control_slip");
    assert_int_equal(request_of(&exchange)->tables[0]->n_rows, 3);
    assert_string_equal(request_of(&exchange)->tables[0]->rows[2]->cells[2], "Đang xử lý");
    print_it(h, &exchange, "%PDF-1.7 phiếu", "");
    assert_int_equal(list(h, &alice, at->dossier_id, MC_OK)->n_documents, 1);
    const Dossier__ListDocumentsReply *all = list(h, &officer, at->dossier_id, MC_OK);
    assert_int_equal(all->n_documents, 2);
    (void)get(h, &alice, at->dossier_id, all->documents[0]->document_id, MC_NOT_FOUND);
    (void)get(h, &officer, at->dossier_id, all->documents[0]->document_id, MC_OK);

    harness_advance(h, DAY);
    (void)received(h);
    print_it(h, (exchange = due(h, "receipt_slip"), &exchange), "%PDF-1.7", "");
    book.from = mc_unconst("07/09/2026");
    book.until = mc_unconst("07/09/2026");
    harness_as(h, &officer);
    const Dossier__Document *made = harness_call(h, "MakeRegister", &book.base, MC_OK);
    assert_string_equal(made->form_no, "07");
    exchange = due(h, "register_book");
    assert_int_equal(request_of(&exchange)->tables[0]->n_rows, 1);
    assert_string_equal(request_of(&exchange)->tables[0]->rows[0]->cells[2], "Nguyễn Thị Hoà Bình");
    print_it(h, &exchange, "%PDF-1.7 sổ", "");
    book.until = mc_unconst("08/09/2026");
    book.unit = mc_unconst(BEN_CAU);
    harness_as(h, &district);
    (void)harness_call(h, "MakeRegister", &book.base, MC_OK);
    exchange = due(h, "register_book");
    assert_string_equal(field(request_of(&exchange), "count"), "2");
    harness_as(h, &stranger);
    (void)harness_call(h, "MakeRegister", &book.base, MC_DENIED);
    harness_as(h, &officer);
    book.until = mc_unconst("08/09/2027"); /* a day too many */
    (void)harness_call(h, "MakeRegister", &book.base, MC_INVALID);
    book.until = mc_unconst("07/09/2027");
    (void)harness_call(h, "MakeRegister", &book.base, MC_OK);
    book.until = mc_unconst("06/09/2026");
    (void)harness_call(h, "MakeRegister", &book.base, MC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receipt_slip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_documents_of_the_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_apology_letter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_when_printing_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_control_slip_and_register, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
