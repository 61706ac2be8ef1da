/* Render: what is asked is checked, the pages come, the same twice, and signed by who has a key. */
#include <openssl/err.h>
#include <stdlib.h>

#include "print_help.h"

static const Print__RenderReply *print(struct harness *h, struct render *render)
{
    const Print__RenderReply *reply = harness_call(h, "Render", &render->request.base, MC_OK);

    assert_non_null(reply);
    return reply;
}

static void a_receipt_is_one_page_and_the_same_twice(void **state)
{
    (void)state;
    struct harness *h = harness_open(&print_room, NULL);
    struct render render;
    receipt(&render);

    const Print__RenderReply *first = print(h, &render);
    assert_int_equal(first->pages, 1);
    assert_false(first->signed_);
    struct mc_bytes pdf = mc_key_bytes(first->pdf);
    assert_memory_equal(pdf.data, "%PDF-1.5\n", 9);
    assert_true(has(pdf, "/Lang (vi-VN)"));
    assert_true(
        has(pdf, "<rdf:li xml:lang=\"x-default\">Biên lai lệ phí số 28AA-26E/0000001</rdf:li>"));
    assert_true(has(pdf, "2026-09-07T09:20:00+07:00"));
    assert_true(has(pdf, "LiberationSerif"));
    assert_false(has(pdf, "/ByteRange"));
    harness_advance(h, 3600 * 1000LL);
    const Print__RenderReply *second = print(h, &render);
    assert_true(mc_bytes_same(pdf, mc_key_bytes(second->pdf)));
    harness_close(h);
}

static void what_does_not_fit_the_template_is_named(void **state)
{
    (void)state;
    struct harness *h = harness_open(&print_room, NULL);
    struct render render;

    receipt(&render);
    render.request.template_ = text("giay_khen");
    harness_call(h, "Render", &render.request.base, MC_NOT_FOUND);
    receipt(&render);
    field(&render, "colour", "red");
    harness_call(h, "Render", &render.request.base, MC_INVALID);
    assert_true(harness_violated(h, "fields", "FIELD_INVALID"));
    receipt(&render);
    field(&render, "payer", "twice");
    harness_call(h, "Render", &render.request.base, MC_INVALID);
    assert_true(harness_violated(h, "fields", "FIELD_INVALID"));
    receipt(&render);
    render.request.n_fields--; /* without the proof */
    render.request.at_ms = 0;
    harness_call(h, "Render", &render.request.base, MC_INVALID);
    assert_true(harness_violated(h, "fields", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "at_ms", "FIELD_REQUIRED"));
    receipt(&render);
    Print__Table table = PRINT__TABLE__INIT;
    Print__Table *tables[] = {&table};
    table.name = text("papers");
    render.request.tables = tables;
    render.request.n_tables = 1;
    harness_call(h, "Render", &render.request.base, MC_INVALID);
    assert_true(harness_violated(h, "tables", "FIELD_INVALID"));
    harness_close(h);
}

static void a_document_has_an_end(void **state)
{
    (void)state;
    struct harness *h = harness_open(&print_room, NULL);
    struct render render;
    static char lines[4000];

    memset(lines, '\n', sizeof lines - 1);
    receipt(&render);
    render.request.fields[5]->value = lines; /* the payer */
    harness_call(h, "Render", &render.request.base, MC_LIMITED);
    assert_string_equal(harness_header(h)->code, "DOCUMENT_TOO_LONG");
    lines[200] = '\0';
    const Print__RenderReply *reply = print(h, &render);
    assert_true(reply->pages > 1);
    harness_close(h);
}

static void only_rooms_print(void **state)
{
    (void)state;
    struct harness *h = harness_open(&print_room, NULL);
    struct render render;

    receipt(&render);
    harness_as(h, &(struct mc_caller){.name = "portal:test", .who = MC_PORTAL});
    harness_call(h, "Render", &render.request.base, MC_DENIED);
    harness_close(h);
}

/* The bytes that a signature stands for: the two ranges, and the hex between them. */
static struct mc_bytes signed_bytes(struct mc_bytes pdf, uint8_t *out, struct mc_bytes *ret_hex)
{
    size_t range[3];
    const char *at = memmem(pdf.data, pdf.len, "/ByteRange [0 ", 14);

    assert_non_null(at);
    char *number = mc_unconst(at + 14);
    for (size_t i = 0; i < MC_LEN(range); i++)
        range[i] = strtoul(number, &number, 10);
    assert_int_equal(range[1] + range[2], pdf.len);
    memcpy(out, pdf.data, range[0]);
    memcpy(out + range[0], (const char *)pdf.data + range[1], range[2]);
    *ret_hex = (struct mc_bytes){(const char *)pdf.data + range[0] + 1, range[1] - range[0] - 2};
    return (struct mc_bytes){out, range[0] + range[2]};
}

static bool is_signed_by(struct mc_bytes pdf, X509 *root)
{
    static uint8_t covered[1 << 20];
    static uint8_t der[MC_CMS_MAX];
    struct mc_bytes hex;
    struct mc_bytes bytes = signed_bytes(pdf, covered, &hex);
    const unsigned char *at = der;

    assert_true(mc_unhex(der, hex.len / 2, hex));
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)(hex.len / 2));
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, root);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(AT_MS / 1000));
    X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
    BIO *content = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    assert_non_null(cms);
    bool good =
        CMS_verify(cms, NULL, store, content, NULL, CMS_BINARY | CMS_CADES | CMS_DETACHED) == 1;
    BIO_free(content);
    X509_STORE_free(store);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return good;
}

static void an_agency_with_a_key_signs(void **state)
{
    (void)state;
    struct keys keys;
    struct render render;
    char setting[64];

    keys_make(&keys, 0600);
    (void)snprintf(setting, sizeof setting, "print.agency_keys=%s", keys.dir);
    struct harness *h = harness_open(&print_room, (const char *const[]){setting, NULL});
    receipt(&render);
    render.request.sign_as = text(AGENCY);
    const Print__RenderReply *reply = print(h, &render);
    assert_true(reply->signed_);
    assert_string_equal(reply->signed_by, "UBND XÃ BẾN CẦU");
    struct mc_bytes pdf = mc_key_bytes(reply->pdf);
    assert_true(has(pdf, "/SubFilter /ETSI.CAdES.detached"));
    assert_true(is_signed_by(pdf, keys.root.cert));
    assert_false(is_signed_by(pdf, keys.leaf.cert)); /* no root */
    uint8_t *tampered = reply->pdf.data;
    tampered[200] ^= 1;
    assert_false(is_signed_by(pdf, keys.root.cert));

    render.request.sign_as = text("000.21.31.H53"); /* it has none */
    assert_false(print(h, &render)->signed_);
    render.request.sign_as = text(AGENCY);
    render.request.at_ms = AT_MS + 301 * CERT_DAY_MS; /* the certificate has ended */
    assert_false(print(h, &render)->signed_);
    harness_close(h);
    keys_free(&keys);
}

static void keys_that_are_not_right_stop_the_boot(void **state)
{
    (void)state;
    struct mc_signers *signers = NULL;
    struct keys keys;
    char why[128];
    char path[64];

    keys_make(&keys, 0640);
    assert_int_equal(mc_signers_load(keys.dir, &signers, why, sizeof why), MC_DENIED);
    assert_string_equal(why, AGENCY ".key");
    key_write(&keys, ".key", 0600);
    (void)snprintf(path, sizeof path, "%s/" AGENCY ".pem", keys.dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mc_signers_load(keys.dir, &signers, why, sizeof why), MC_INVALID);
    keys_free(&keys);
    assert_int_equal(mc_signers_load(keys.dir, &signers, why, sizeof why), MC_NOT_FOUND);
}

static void templates_are_listed_with_their_fields(void **state)
{
    (void)state;
    struct harness *h = harness_open(&print_room, NULL);
    Print__ListTemplatesRequest req = PRINT__LIST_TEMPLATES_REQUEST__INIT;
    const Print__ListTemplatesReply *reply = harness_call(h, "ListTemplates", &req.base, MC_OK);
    bool found = false;

    for (size_t i = 0; i < reply->n_templates; i++)
        found = found || (strcmp(reply->templates[i]->name, "receipt") == 0 &&
                          reply->templates[i]->n_fields > 10);
    assert_true(found);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_one_page_and_the_same_twice),
        cmocka_unit_test(what_does_not_fit_the_template_is_named),
        cmocka_unit_test(a_document_has_an_end),
        cmocka_unit_test(only_rooms_print),
        cmocka_unit_test(an_agency_with_a_key_signs),
        cmocka_unit_test(keys_that_are_not_right_stop_the_boot),
        cmocka_unit_test(templates_are_listed_with_their_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
