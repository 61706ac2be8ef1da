/* The integration certificate (C13, LND-11, LND-12): what was seen, signed, once. */
#include "common/frame.h"
#include "common/proof.h"

#include "partner_delivery_help.h"
#include "services/partner/certificate.h"

#define ORDER_ID "0123456789abcdef"
#define NUMBER   "CNTH-2026-000001"
#define ACKED    "{\"status\":1,\"message\":\"\"}"
#define REFUSED  "{\"status\":0,\"message\":\"Sai so thong bao\"}"

/* A land notice was paid: its voucher goes to the province. */
static void paid(struct harness *h, const char *notice)
{
    Payment__VoucherIssued body = PAYMENT__VOUCHER_ISSUED__INIT;
    const char *const keys[] = {"dossier:" DOSSIER_CODE, NULL};

    body.dossier_code = text(DOSSIER_CODE);
    body.notice = text(notice);
    body.unit = text(BEN_CAU);
    body.order_id = data(ORDER_ID);
    body.amount = 1378500;
    body.paid_at_ms = HARNESS_T0;
    body.payer_name = text("CANARY Nguyễn Thị Hoà Bình");
    harness_event(h, "payment", "payment.voucher_issued", &body.base, keys);
}

static void acknowledged(struct harness *h, const char *notice)
{
    struct harness_exchange exchange;

    paid(h, notice);
    const char *next = sent(h, &exchange);
    if (strcmp(next, "session") == 0) {
        harness_answer(h, &exchange, 200, SESSION_OK);
        next = sent(h, &exchange);
    }
    assert_string_equal(next, "ThanhToanThueDat");
    harness_answer(h, &exchange, 200, ACKED);
}

static Partner__IntegrationCertificate *get(struct harness *h, const char *number,
                                            enum mc_status want)
{
    Partner__GetCertificateRequest req = PARTNER__GET_CERTIFICATE_REQUEST__INIT;

    req.number = text(number);
    return harness_call(h, "GetCertificate", &req.base, want);
}

static Partner__VerifyCertificateReply *verify(struct harness *h, const char *code,
                                               enum mc_status want)
{
    Partner__VerifyCertificateRequest req = PARTNER__VERIFY_CERTIFICATE_REQUEST__INIT;

    req.code = text(code);
    return harness_call(h, "VerifyCertificate", &req.base, want);
}

static const Partner__ListCertificatesReply *list(struct harness *h, const char *dstcode)
{
    Partner__ListCertificatesRequest req = PARTNER__LIST_CERTIFICATES_REQUEST__INIT;

    req.dstcode = text(dstcode);
    return harness_call(h, "ListCertificates", &req.base, MC_OK);
}

/* A contract test of an API, that held or did not. */
static ProtobufCBinaryData contract(struct harness *h, const char *type, const char *answer)
{
    Partner__KeepContractRequest req = PARTNER__KEEP_CONTRACT_REQUEST__INIT;

    req.check_id = start_check(h, type, PUBLIC_URL, MC_OK)->check_id;
    check_answered(h, 200, answer);
    req.name = text("Kiểm thử");
    return ((const Partner__Contract *)harness_call(h, "KeepContract", &req.base, MC_OK))
        ->contract_id;
}

static const Partner__CertificateProof *opened(struct harness *h, const char *proof)
{
    static struct mc_arena arena;
    static uint8_t keys[1][MC_SIGN_PUBLIC_LEN];
    struct mc_bytes message;

    if (arena.base == NULL)
        assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    memcpy(keys[0], harness_service(h)->sign_public, MC_SIGN_PUBLIC_LEN);
    assert_int_equal(
        mc_proof_open(&arena, keys, 1, PARTNER_CERTIFICATE_KIND, mc_key_text(proof), &message),
        MC_OK);
    return (const void *)protobuf_c_message_unpack(&partner__certificate_proof__descriptor,
                                                   &arena.protobuf, message.len, message.data);
}

/* C13: the acknowledged voucher issues it; the second one finds that there is one. */
static void an_acknowledged_voucher_issues_it_once(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData holds = contract(h, "land_payment", ACKED);

    (void)contract(h, "land_payment", REFUSED);
    (void)contract(h, "session", SESSION_OK); /* of another API */
    acknowledged(h, "TB-1");
    assert_int_equal(harness_events(h, "partner.certificate_issued"), 1);
    const Partner__CertificateIssued *told = harness_last_event(
        h, "partner.certificate_issued", &partner__certificate_issued__descriptor, NULL);
    assert_string_equal(told->number, NUMBER);
    assert_string_equal(told->unit, TAY_NINH);

    const Partner__IntegrationCertificate *certificate = get(h, NUMBER, MC_OK);
    assert_string_equal(certificate->partner_id, PARTNER_ID);
    assert_string_equal(certificate->dstcode, "VN:COOP:" TAY_NINH);
    assert_string_equal(certificate->api_type, "land_payment");
    assert_string_equal(certificate->dossier_code, DOSSIER_CODE);
    assert_true(certificate->production);
    assert_memory_equal(certificate->order_id.data, ORDER_ID, MC_ID_LEN);
    assert_memory_equal(certificate->delivery_id.data, newest(h)->delivery_id.data, MC_ID_LEN);
    assert_int_equal(certificate->n_contract_ids, 1);
    assert_memory_equal(certificate->contract_ids[0].data, holds.data, MC_ID_LEN);

    acknowledged(h, "TB-2");
    assert_int_equal(harness_events(h, "partner.delivered"), 2);
    assert_int_equal(harness_events(h, "partner.certificate_issued"), 1);
    assert_int_equal(list(h, "")->n_certificates, 1);
}

/* A test system's is no word about the production system that it becomes. */
static void a_production_system_gets_its_own(void **state)
{
    struct harness *h = *state;
    struct profile p;

    profile_init(&p);
    p.request.version = 2;
    p.profile.production = false;
    ((struct partner *)harness_ctx(h))->call_test_systems = true;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    acknowledged(h, "TB-1");
    acknowledged(h, "TB-2");
    assert_false(get(h, NUMBER, MC_OK)->production);
    p.request.version = 3;
    p.profile.production = true;
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
    acknowledged(h, "TB-3");
    acknowledged(h, "TB-4");
    assert_int_equal(list(h, "")->n_certificates, 2);
    assert_true(get(h, "CNTH-2026-000002", MC_OK)->production);
}

/* What is signed says what was seen, and nothing of who paid what. */
static void its_proof_is_checked_by_the_public_key(void **state)
{
    struct harness *h = *state;

    acknowledged(h, "TB-1");
    const char *proof = strdup(get(h, NUMBER, MC_OK)->proof);
    const Partner__CertificateProof *signed_ = opened(h, proof);
    assert_string_equal(signed_->number, NUMBER);
    assert_string_equal(signed_->dstcode, "VN:COOP:" TAY_NINH);
    assert_int_equal(signed_->issued_at_s, harness_now(h) / 1000);
    assert_memory_equal(signed_->order_id.data, ORDER_ID, MC_ID_LEN);
    assert_int_equal(signed_->n_contract_ids, 0); /* none was kept, and it says so */
    free(mc_unconst(proof));
}

static void anybody_may_ask_whether_a_code_is_genuine(void **state)
{
    static char code[MC_PROOF_TEXT_MAX + 2];
    struct harness *h = *state;

    acknowledged(h, "TB-1");
    (void)snprintf(code, sizeof code, "%s\n", get(h, NUMBER, MC_OK)->proof);
    harness_as(h, &(struct mc_caller){.name = "portal:test", .who = MC_ANYONE});
    const Partner__VerifyCertificateReply *rep = verify(h, code, MC_OK);
    assert_true(rep->genuine);
    assert_string_equal(rep->number, NUMBER);
    assert_string_equal(rep->partner_name, "Một cửa điện tử tỉnh Tây Ninh");
    code[20] = code[20] == 'A' ? 'B' : 'A';
    rep = verify(h, code, MC_OK);
    assert_false(rep->genuine);
    assert_string_equal(rep->number, "");
    assert_null(verify(h, "\n", MC_INVALID));
    assert_true(harness_violated(h, "code", "FIELD_REQUIRED"));
    memset(code, 'A', sizeof code - 1);
    assert_null(verify(h, code, MC_INVALID));
    assert_true(harness_violated(h, "code", "FIELD_TOO_LONG"));
    code[MC_PROOF_TEXT_MAX] = '\0';
    assert_false(verify(h, code, MC_OK)->genuine);
}

/* A hand that says it arrived is no proof that the API works. */
static void what_was_refused_or_marked_issues_none(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Partner__MarkDeliveredRequest mark = PARTNER__MARK_DELIVERED_REQUEST__INIT;

    paid(h, "TB-1");
    for (int i = 0; i < 6; i++) {
        harness_advance(h, HOUR_MS);
        if (strcmp(sent(h, &exchange), "session") == 0) {
            harness_answer(h, &exchange, 200, SESSION_OK);
            (void)sent(h, &exchange);
        }
        harness_answer(h, &exchange, 200, REFUSED);
    }
    assert_int_equal(harness_events(h, "partner.delivery_failed"), 1);
    mark.delivery_id = newest(h)->delivery_id;
    mark.reason = text("đã gửi công văn");
    mark.evidence = text("CV 15/UBND");
    (void)harness_call(h, "MarkDelivered", &mark.base, MC_OK);
    assert_int_equal(harness_events(h, "partner.certificate_issued"), 0);
    assert_int_equal(harness_rows(h, PARTNER_CERTIFICATES), 0);
}

static void it_is_seen_by_its_unit_and_those_above(void **state)
{
    struct harness *h = *state;

    acknowledged(h, "TB-1");
    assert_int_equal(list(h, "VN:COOP:" TAY_NINH)->n_certificates, 1);
    assert_int_equal(list(h, "VN:COOP:" LONG_AN)->n_certificates, 0);
    as_officer(h, MINH, LONG_AN);
    assert_null(get(h, NUMBER, MC_NOT_FOUND));
    assert_int_equal(list(h, "")->n_certificates, 0);
    as_officer(h, LAN, TAY_NINH);
    assert_null(get(h, "", MC_INVALID));
    assert_null(get(h, "CNTH-2026-000002", MC_NOT_FOUND));
    assert_null(get(h, "012345678901234567890123456789012", MC_INVALID));
    assert_true(harness_violated(h, "number", "FIELD_INVALID"));
    assert_null(get(h, "01234567890123456789012345678901", MC_NOT_FOUND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARTNER_TEST(an_acknowledged_voucher_issues_it_once),
        PARTNER_TEST(a_production_system_gets_its_own),
        PARTNER_TEST(its_proof_is_checked_by_the_public_key),
        PARTNER_TEST(anybody_may_ask_whether_a_code_is_genuine),
        PARTNER_TEST(what_was_refused_or_marked_issues_none),
        PARTNER_TEST(it_is_seen_by_its_unit_and_those_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
