/* The integration of a member: six steps, what is missing, who confirms. */
#include "services/support/integration.h"
#include "support_help.h"

#define STEP(name) SUPPORT__INTEGRATION_STEP__STEP_##name

static int open_room(void **state)
{
    *state = harness_open(&support_room, NULL);
    return *state != NULL ? 0 : -1;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static const Support__Integration *open_case(struct harness *h)
{
    Support__OpenIntegrationRequest req = SUPPORT__OPEN_INTEGRATION_REQUEST__INIT;

    as_maker(h);
    req.unit_name = text("Tỉnh Nam Định");
    req.service = text("Thanh toán nghĩa vụ tài chính về đất đai");
    return harness_call(h, "OpenIntegration", &req.base, MC_OK);
}

static Support__RecordStepRequest step_of(const Support__Integration *at,
                                          Support__IntegrationStep step)
{
    Support__RecordStepRequest req = SUPPORT__RECORD_STEP_REQUEST__INIT;

    req.code = at->code;
    req.version = at->version;
    req.step = step;
    return req;
}

static const Support__Integration *record(struct harness *h, Support__RecordStepRequest *req)
{
    return harness_call(h, "RecordStep", &req->base, MC_OK);
}

static const Support__Integration *confirm(struct harness *h, const Support__Integration *at,
                                           const char *reason, enum mc_status want)
{
    Support__ConfirmIntegrationRequest req = SUPPORT__CONFIRM_INTEGRATION_REQUEST__INIT;

    req.code = at->code;
    req.version = at->version;
    req.reason = text(reason);
    return harness_call(h, "ConfirmIntegration", &req.base, want);
}

static ProtobufCBinaryData checked(struct harness *h, uint8_t last, const char *unit, bool fits)
{
    static const char *const no_keys[] = {NULL};
    static uint8_t ids[8][MC_ID_LEN];
    Partner__ApiChecked body = PARTNER__API_CHECKED__INIT;

    ids[last][0] = 1;
    ids[last][MC_ID_LEN - 1] = last;
    body.check_id = (ProtobufCBinaryData){MC_ID_LEN, ids[last]};
    body.unit = text(unit);
    body.api_type = text("LAND_TAX_PAYMENT");
    body.fits = fits;
    harness_event(h, "partner", "partner.api_checked", &body.base, no_keys);
    return body.check_id;
}

/* Domain 3.4, SUP-12 … SUP-18: nothing is there; then one after another. */
static void six_steps_to_confirmation(void **state)
{
    struct harness *h = *state;
    Support__Api api = SUPPORT__API__INIT;
    Support__Api *apis[] = {&api};
    const Support__Integration *at = open_case(h);

    assert_string_equal(at->code, "TH-2026-000001");
    assert_int_equal(at->n_steps, 6);
    for (size_t i = 0; i < 6; i++)
        assert_false(at->steps[i]->done);
    assert_int_equal(at->steps[STEP(TEST) - 1]->n_missing, 4);
    assert_string_equal(at->next, "Nhập tên và địa chỉ các API của đơn vị.");
    as_staff(h);
    assert_null(confirm(h, at, "", MC_CONFLICT));
    assert_true(harness_violated(h, "", "INTEGRATION_MISSING"));
    assert_int_equal(harness_header(h)->n_violations, 8); /* each thing by its name */

    as_maker(h);
    Support__RecordStepRequest req = step_of(at, STEP(CONFIGURE));
    assert_null(harness_call(h, "RecordStep", &req.base, MC_INVALID));
    api.name = text("API BNDP thanh toán thuế đất");
    api.url = text("https://namdinh.example.vn/api");
    req.apis = apis;
    req.n_apis = 1;
    at = record(h, &req);
    assert_true(at->steps[0]->done);

    /* a check that did not fit is kept, and is not enough; one of others does not exist */
    ProtobufCBinaryData bad = checked(h, 1, PROVINCE_UNIT, false);
    ProtobufCBinaryData good = checked(h, 2, PROVINCE_UNIT, true);
    ProtobufCBinaryData alien = checked(h, 3, OTHER_UNIT, true);
    req = step_of(at, STEP(CHECK));
    req.n_check_ids = 1;
    req.check_ids = &alien;
    assert_null(harness_call(h, "RecordStep", &req.base, MC_NOT_FOUND));
    req.check_ids = &bad;
    at = record(h, &req);
    assert_false(at->steps[STEP(CHECK) - 1]->done);
    req = step_of(at, STEP(CHECK));
    req.n_check_ids = 1;
    req.check_ids = &good;
    at = record(h, &req);
    assert_true(at->steps[STEP(CHECK) - 1]->done);
    assert_int_equal(at->n_check_ids, 2);

    /* linked while it is still being dealt with */
    const Support__Request *request = create(h, "Nam Định- hỗ trợ cấu hình URL API");
    req = step_of(at, STEP(REQUEST_CONFIGURE));
    req.request_code = text("YCHT-2026-000099");
    assert_null(harness_call(h, "RecordStep", &req.base, MC_NOT_FOUND));
    req.request_code = request->code;
    at = record(h, &req);
    assert_string_equal(at->steps[STEP(REQUEST_CONFIGURE) - 1]->missing[0],
                        "yêu cầu hỗ trợ cấu hình chưa được xử lý xong");
    as_staff(h);
    request = move(h, request, SUPPORT__REQUEST_STATE__REQUEST_IN_PROGRESS, "", MC_OK);
    assert_non_null(move(h, request, SUPPORT__REQUEST_STATE__REQUEST_DONE, "Xong", MC_OK));

    as_maker(h);
    ProtobufCBinaryData file = upload_png(h, 8);
    req = step_of(at, STEP(TEST));
    assert_null(harness_call(h, "RecordStep", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "voucher_no", "FIELD_REQUIRED"));
    req.dossier_code = text("000.20.31.H40-260907-0001");
    req.payment_id = text("GD-1");
    req.voucher_no = text("CT-1");
    req.n_file_ids = 1;
    req.file_ids = &file;
    at = record(h, &req);
    assert_true(at->steps[STEP(REQUEST_CONFIGURE) - 1]->done); /* nobody said so */
    assert_true(at->steps[STEP(TEST) - 1]->done);
    req = step_of(at, STEP(REQUEST_CONFIRM));
    req.request_code = create(h, "Nam Định- Đề nghị xác nhận")->code;
    at = record(h, &req);
    assert_string_equal(at->next, "Chờ Văn phòng Chính phủ xác nhận.");
    assert_null(confirm(h, at, "", MC_DENIED));
    as_staff(h);
    at = confirm(h, at, "", MC_OK);
    assert_true(at->steps[5]->done);
    assert_string_equal(at->confirmed_by, STAFF);
    assert_string_equal(at->next, "Đã xác nhận tích hợp thành công.");
    assert_null(confirm(h, at, "", MC_CONFLICT));
}

static void certified(struct harness *h, const char *number, const char *unit, bool production)
{
    static const char *const no_keys[] = {NULL};
    Partner__CertificateIssued body = PARTNER__CERTIFICATE_ISSUED__INIT;

    body.number = text(number);
    body.unit = text(unit);
    body.production = production;
    body.api_type = text("land_payment");
    body.order_id = (ProtobufCBinaryData){MC_ID_LEN, (uint8_t *)text("0123456789abcdef")};
    body.dossier_code = text("000.20.31.H40-260907-0001");
    body.notice = text("TB-1");
    harness_event(h, "partner", "partner.certificate_issued", &body.base, no_keys);
}

/* C13, LND-11: the certificate is the test's evidence; one of others does not exist. */
static void a_certificate_stands_for_pictures(void **state)
{
    struct harness *h = *state;
    const Support__Integration *at = open_case(h);

    certified(h, "CNTH-2026-000001", PROVINCE_UNIT, false);
    certified(h, "CNTH-2026-000003", PROVINCE_UNIT, true);
    certified(h, "CNTH-2026-000002", OTHER_UNIT, true);
    Support__RecordStepRequest req = step_of(at, STEP(TEST));
    req.certificate = text("CNTH-2026-000002");
    assert_null(harness_call(h, "RecordStep", &req.base, MC_NOT_FOUND));
    assert_true(harness_violated(h, "certificate", "NOT_FOUND"));
    req.certificate = text("012345678901234567890123456789012");
    assert_null(harness_call(h, "RecordStep", &req.base, MC_NOT_FOUND));
    req.certificate = text("CNTH-2026-000001");
    at = record(h, &req);
    assert_true(at->steps[STEP(TEST) - 1]->done);
    assert_string_equal(at->certificate, "CNTH-2026-000001");
    assert_string_equal(at->dossier_code, "000.20.31.H40-260907-0001");
    assert_string_equal(at->payment_id, "30313233343536373839616263646566");
    assert_string_equal(at->voucher_no, "TB-1");
    assert_int_equal(at->n_files, 0);
    assert_true(at->test_system); /* who confirms sees it */
    req = step_of(at, STEP(TEST));
    req.certificate = text("CNTH-2026-000003");
    assert_false(record(h, &req)->test_system);
}

static void a_case_takes_so_many_apis_and_checks(void **state)
{
    struct harness *h = *state;
    Support__Api api = SUPPORT__API__INIT;
    Support__Api *apis[SUPPORT_APIS_MAX + 1];
    ProtobufCBinaryData checks[SUPPORT_CHECKS_MAX + 1];
    const Support__Integration *at = open_case(h);

    api.name = text("API");
    api.url = text("https://a.example.vn");
    for (size_t i = 0; i < MC_LEN(apis); i++)
        apis[i] = &api;
    for (size_t i = 0; i < MC_LEN(checks); i++)
        checks[i] = checked(h, 1, PROVINCE_UNIT, true);
    Support__RecordStepRequest req = step_of(at, STEP(CONFIGURE));
    req.apis = apis;
    req.n_apis = SUPPORT_APIS_MAX + 1;
    assert_null(harness_call(h, "RecordStep", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "apis", "LIST_TOO_LONG"));
    req.n_apis = SUPPORT_APIS_MAX;
    at = record(h, &req);
    req = step_of(at, STEP(CHECK));
    req.check_ids = checks;
    req.n_check_ids = SUPPORT_CHECKS_MAX + 1;
    assert_null(harness_call(h, "RecordStep", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "check_ids", "LIST_TOO_LONG"));
    req.n_check_ids = SUPPORT_CHECKS_MAX;
    at = record(h, &req);
    req = step_of(at, STEP(CONFIRM)); /* is not recorded, it is said */
    assert_null(harness_call(h, "RecordStep", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "step", "FIELD_INVALID"));
}

static void confirmation_with_a_reason(void **state)
{
    struct harness *h = *state;
    Support__ListIntegrationsRequest list = SUPPORT__LIST_INTEGRATIONS_REQUEST__INIT;
    const Support__Integration *at = open_case(h);

    (void)open_case(h);
    as_staff(h);
    at = confirm(h, at, "Đã thử trực tiếp tại đơn vị, biên bản số 7", MC_OK);
    assert_string_equal(at->reason, "Đã thử trực tiếp tại đơn vị, biên bản số 7");
    assert_false(at->steps[0]->done);
    list.open_only = true;
    const Support__ListIntegrationsReply *rep =
        harness_call(h, "ListIntegrations", &list.base, MC_OK);
    assert_int_equal(rep->count, 1);
    assert_string_equal(rep->integrations[0]->code, "TH-2026-000002");
    list.open_only = false;
    rep = harness_call(h, "ListIntegrations", &list.base, MC_OK);
    assert_int_equal(rep->count, 2);
    as_officer(h, COLLEAGUE, OTHER_UNIT);
    rep = harness_call(h, "ListIntegrations", &list.base, MC_OK);
    assert_int_equal(rep->count, 0);
    Support__GetIntegrationRequest get = SUPPORT__GET_INTEGRATION_REQUEST__INIT;
    get.code = at->code;
    assert_null(harness_call(h, "GetIntegration", &get.base, MC_NOT_FOUND));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(six_steps_to_confirmation),
        TEST(a_certificate_stands_for_pictures),
        TEST(a_case_takes_so_many_apis_and_checks),
        TEST(confirmation_with_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
