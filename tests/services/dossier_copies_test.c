/* Certified electronic copies: create, sign, seal, report, verify; four rights (DIG-04). */
#include "dossier_file_help.h"

static const char *const copy_rights[] = {"E_CERT_CREATE", "E_CERT_SIGN", "E_CERT_SEAL",
                                          "E_CERT_REPORT"};
static struct mc_caller clerk = {.account_id = "0190a07b-0000-7000-8000-0000000000c1",
                                 .unit = BEN_CAU,
                                 .rights = copy_rights,
                                 .rights_len = 4};
static struct mc_caller chairman = {.account_id = "0190a07b-0000-7000-8000-0000000000c2",
                                    .unit = BEN_CAU,
                                    .rights = copy_rights,
                                    .rights_len = 4};

static void name(struct harness *h, const struct mc_caller *who, const char *full_name)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:x", NULL};

    opened.account_id = mc_unconst(who->account_id);
    opened.full_name = mc_unconst(full_name);
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
}

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    name(*state, &clerk, "Lê Thử Nghiệm");
    name(*state, &chairman, "Phạm Thử Nghiệm");
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static const uint8_t scan_pdf[] = "%PDF-1.7\nBang tot nghiep";

static Dossier__DossierReply *asked(struct harness *h)
{
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    (void)attach_content(h, &alice, draft->dossier_id, scan_pdf, sizeof scan_pdf, "Bản chính");
    return accept_as(h, &officer, submit_as(h, &alice, draft->dossier_id, MC_OK), MC_OK);
}

static Dossier__CreateCertifiedCopyRequest copy_of(const Dossier__DossierReply *at)
{
    Dossier__CreateCertifiedCopyRequest req = DOSSIER__CREATE_CERTIFIED_COPY_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.sha256 = mc_unconst(hash_of(scan_pdf, sizeof scan_pdf));
    req.name = mc_unconst("Bằng tốt nghiệp");
    req.number = mc_unconst("A-77");
    req.issuer = mc_unconst("Trường Đại học Thử Nghiệm");
    req.pages = 1;
    return req;
}

static Dossier__CertifiedCopy *step(struct harness *h, const struct mc_caller *who,
                                    const char *method, const Dossier__CertifiedCopy *copy,
                                    enum mc_status want)
{
    Dossier__CertifiedCopyRequest req = DOSSIER__CERTIFIED_COPY_REQUEST__INIT;

    req.dossier_id = copy->dossier_id;
    req.copy_id = copy->copy_id;
    harness_as(h, who);
    return harness_call(h, method, &req.base, want);
}

static Dossier__CertifiedCopy *created(struct harness *h)
{
    Dossier__CreateCertifiedCopyRequest req = copy_of(asked(h));

    harness_as(h, &clerk);
    return harness_call(h, "CreateCertifiedCopy", &req.base, MC_OK);
}

static const Print__RenderRequest *request_of(const struct harness_exchange *exchange)
{
    return (const Print__RenderRequest *)(const void *)exchange->call.request;
}

static const char *field(const Print__RenderRequest *request, const char *wanted)
{
    for (size_t i = 0; i < request->n_fields; i++)
        if (strcmp(request->fields[i]->name, wanted) == 0)
            return request->fields[i]->value;
    return "";
}

static void print_copy(struct harness *h, struct harness_exchange *exchange)
{
    do
        assert_true(harness_effect(h, DOSSIER_DOCUMENT_PRINT, exchange));
    while (strcmp(request_of(exchange)->template_, "certified_copy") != 0);
}

static bool verify(struct harness *h, const char *code, const char *sha256)
{
    Dossier__VerifyCertifiedCopyRequest req = DOSSIER__VERIFY_CERTIFIED_COPY_REQUEST__INIT;
    static const struct mc_caller anyone = {.name = "portal:tayninh", .who = MC_PORTAL};

    req.code = mc_unconst(code);
    req.sha256 = mc_unconst(sha256);
    harness_as(h, &anyone);
    const Dossier__VerifyCertifiedCopyReply *rep =
        harness_call(h, "VerifyCertifiedCopy", &req.base, MC_OK);
    assert_int_equal(rep->valid, rep->copy_number[0] != '\0');
    return rep->valid;
}

static void test_whole_way(void **state)
{
    struct harness *h = *state;
    Dossier__CertifiedCopy *copy = created(h);
    struct harness_exchange exchange;
    char code[DOSSIER_COPY_CODE_LEN + 1];
    char sha256[2 * MC_HASH_LEN + 1];

    (void)step(h, &clerk, "SealCertifiedCopy", copy, MC_EXPIRED); /* not signed yet */
    assert_true(harness_violated(h, "copy_id", "COPY_STATE"));
    (void)step(h, &clerk, "SignCertifiedCopy", copy, MC_DENIED);
    assert_true(harness_violated(h, "copy_id", "COPY_SAME_PERSON"));
    copy = step(h, &chairman, "SignCertifiedCopy", copy, MC_OK);
    assert_string_equal(copy->signed_by_name, "Phạm Thử Nghiệm");
    (void)step(h, &chairman, "SignCertifiedCopy", copy, MC_EXPIRED);
    copy = step(h, &clerk, "SealCertifiedCopy", copy, MC_OK);
    assert_string_equal(copy->copy_number, "1/SCT/BS");
    (void)step(h, &clerk, "SealCertifiedCopy", copy, MC_EXPIRED);

    print_copy(h, &exchange);
    const Print__RenderRequest *request = request_of(&exchange);
    assert_string_equal(request->sign_as, BEN_CAU);
    assert_string_equal(field(request, "number"), "1/SCT/BS");
    assert_string_equal(field(request, "signer"), "Phạm Thử Nghiệm");
    assert_string_equal(field(request, "original_number"), "A-77");
    assert_string_equal(field(request, "sha256"), copy->sha256);
    (void)snprintf(code, sizeof code, "%s", field(request, "qr"));
    (void)snprintf(sha256, sizeof sha256, "%s", copy->sha256);
    assert_true(verify(h, code, sha256));
    assert_false(verify(h, code, hash_of("other", 5)));
    code[0] = code[0] == '0' ? '1' : '0';
    assert_false(verify(h, code, sha256));
    assert_int_equal(harness_events(h, "dossier.copy_created"), 1);
    assert_int_equal(harness_events(h, "dossier.copy_signed"), 1);
    assert_int_equal(harness_events(h, "dossier.copy_sealed"), 1);

    Dossier__ListCertifiedCopiesRequest list = DOSSIER__LIST_CERTIFIED_COPIES_REQUEST__INIT;
    list.dossier_id = copy->dossier_id;
    harness_as(h, &alice);
    Dossier__ListCertifiedCopiesReply *mine =
        harness_call(h, "ListCertifiedCopies", &list.base, MC_OK);
    assert_int_equal(mine->n_copies, 1);
    assert_int_equal(mine->copies[0]->document_id.len, MC_ID_LEN);
    harness_as(h, &bob);
    (void)harness_call(h, "ListCertifiedCopies", &list.base, MC_NOT_FOUND);
}

/* What could not be printed is printed again under its number. */
static void test_print_failed(void **state)
{
    struct harness *h = *state;
    Dossier__CertifiedCopy *copy = step(h, &chairman, "SignCertifiedCopy", created(h), MC_OK);
    struct harness_exchange exchange;
    const struct mc_result refused = {
        .outcome = MC_HTTP_ANSWERED, .status = MC_INVALID, .code = "TEMPLATE_FIELD"};

    copy = step(h, &clerk, "SealCertifiedCopy", copy, MC_OK);
    print_copy(h, &exchange);
    harness_result(h, &exchange, &refused);
    Dossier__CertifiedCopy *again = step(h, &clerk, "SealCertifiedCopy", copy, MC_OK);
    assert_string_equal(again->copy_number, "1/SCT/BS");
    print_copy(h, &exchange);
    assert_string_equal(field(request_of(&exchange), "number"), "1/SCT/BS");
    assert_int_equal(harness_events(h, "dossier.copy_sealed"), 1);
}

static void test_refusals(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = asked(h);
    Dossier__CreateCertifiedCopyRequest req = copy_of(at);
    struct mc_caller nobody = clerk;

    nobody.rights_len = 0;
    harness_as(h, &nobody);
    (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_DENIED);
    harness_as(h, &clerk);
    req.name = req.number = req.issuer = mc_unconst("");
    req.pages = DOSSIER_COPY_PAGES_MAX + 1;
    (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "number", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "issuer", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "pages", "FIELD_INVALID"));
    req = copy_of(at);
    req.sha256 = mc_unconst(hash_of("other", 5));
    (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_NOT_FOUND);
    req = copy_of(at);
    req.pages = DOSSIER_COPY_PAGES_MAX;
    for (int i = 0; i < DOSSIER_COPIES_MAX; i++)
        (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_OK);
    (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "COPIES_TOO_MANY"));

    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    (void)attach_content(h, &alice, draft->dossier_id, "\x89PNG\r\n\x1a\n", 8, "Bản chính");
    at = accept_as(h, &officer, submit_as(h, &alice, draft->dossier_id, MC_OK), MC_OK);
    req = copy_of(at);
    req.sha256 = mc_unconst(hash_of("\x89PNG\r\n\x1a\n", 8));
    harness_as(h, &clerk);
    (void)harness_call(h, "CreateCertifiedCopy", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "sha256", "COPY_NOT_PDF"));
}

static Dossier__ReportCertifiedCopiesReply *report(struct harness *h, const struct mc_caller *who,
                                                   const char *from, const char *to,
                                                   enum mc_status want)
{
    Dossier__ReportCertifiedCopiesRequest req = DOSSIER__REPORT_CERTIFIED_COPIES_REQUEST__INIT;

    req.from_month = mc_unconst(from);
    req.to_month = mc_unconst(to);
    harness_as(h, who);
    return harness_call(h, "ReportCertifiedCopies", &req.base, want);
}

/* In the month of each step; for the unit and those above it. */
static void test_report(void **state)
{
    struct harness *h = *state;
    Dossier__CertifiedCopy *copy = created(h);
    struct mc_caller above = clerk;

    (void)created(h);
    harness_set_clock(h, local(2026, 10, 1, 8, 0));
    (void)step(h, &chairman, "SignCertifiedCopy", copy, MC_OK);
    Dossier__ReportCertifiedCopiesReply *rep = report(h, &clerk, "202609", "202610", MC_OK);
    assert_int_equal(rep->n_rows, 2);
    assert_string_equal(rep->rows[0]->month, "202609");
    assert_int_equal(rep->rows[0]->created, 2);
    assert_int_equal(rep->rows[0]->signed_, 0);
    assert_int_equal(rep->rows[1]->signed_, 1);
    above.unit = "000.00.31.H53";
    assert_int_equal(report(h, &above, "202610", "202612", MC_OK)->n_rows, 1);
    above.unit = "000.15.43.H35";
    assert_int_equal(report(h, &above, "202601", "202612", MC_OK)->n_rows, 0);
    (void)report(h, &clerk, "202613", "2026", MC_INVALID);
    assert_true(harness_violated(h, "from_month", "FIELD_INVALID"));
    assert_true(harness_violated(h, "to_month", "FIELD_INVALID"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_way, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_print_failed, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_refusals, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_report, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
