/* Certificates and signatures, by authorities made here (REG-36..41, REG-54, domain rules of UIDs).
 */
#include <stdlib.h>
#include <unistd.h>

#include "../harness.h"
#include "cert_help.h"

#define NOW  HARNESS_T0
#define TEXT "motcua: one text of ours to sign"

struct world {
    struct mc_arena arena;
    char folder[64];
    char public_file[96];
    char government_file[96];
    struct cert_party root;
    struct cert_party between;
    struct cert_party government;
    struct mc_trust *public_set;
    struct mc_trust *government_set;
};

static const struct mc_bytes text = {TEXT, sizeof TEXT - 1};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL || mc_arena_init(&w->arena, 8 << 20) != MC_OK)
        return -1;
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/motcua-cert-XXXXXX");
    if (mkdtemp(w->folder) == NULL)
        return -1;
    (void)snprintf(w->public_file, sizeof w->public_file, "%s/public.pem", w->folder);
    (void)snprintf(w->government_file, sizeof w->government_file, "%s/government.pem", w->folder);
    w->root = cert_authority("Root CA Thử nghiệm", NULL, NOW);
    w->between = cert_authority("Thử nghiệm-CA", &w->root, NOW);
    w->government = cert_authority("Co quan chung thuc so thu nghiem", NULL, NOW);
    cert_write(w->public_file, (const struct cert_party *const[]){&w->root, NULL});
    cert_write(w->government_file, (const struct cert_party *const[]){&w->government, NULL});
    *state = w;
    return mc_trust_load(w->public_file, &w->public_set) == MC_OK &&
                   mc_trust_load(w->government_file, &w->government_set) == MC_OK
               ? 0
               : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;

    mc_trust_free(w->public_set);
    mc_trust_free(w->government_set);
    cert_free(&w->root);
    cert_free(&w->between);
    cert_free(&w->government);
    (void)unlink(w->public_file);
    (void)unlink(w->government_file);
    (void)rmdir(w->folder);
    mc_arena_done(&w->arena);
    free(w);
    return 0;
}

static struct cert_spec organization(const struct world *w)
{
    struct cert_spec spec = cert_holder(&w->between, NOW);

    spec.parts[0] = (struct cert_part){.oid = "CN", .value = "CÔNG TY CỔ PHẦN THỬ NGHIỆM"};
    spec.parts[1] = (struct cert_part){.oid = CERT_UID, .value = "MST:9900000016"};
    return spec;
}

static enum mc_cert_verdict verify(struct world *w, const struct cert_signing *how,
                                   struct mc_cert *ret_cert)
{
    return mc_cms_verify(w->public_set, &w->arena, cert_sign(&w->arena, how, text), text, NOW,
                         ret_cert);
}

/* The chain comes along; `spec` is signed with, detached. */
static enum mc_cert_verdict signed_by(struct world *w, const struct cert_spec *spec,
                                      struct mc_cert *ret_cert)
{
    struct cert_party holder = cert_make(spec);
    enum mc_cert_verdict verdict = verify(
        w,
        &(struct cert_signing){.signer = &holder, .between = {&w->between}, .flags = CMS_DETACHED},
        ret_cert);

    cert_free(&holder);
    return verdict;
}

static void a_chain_of_three_signs_REG_38_REG_41(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    spec.places = "OCSP;URI:http://ocsp.test/,caIssuers;URI:http://ca.test/";
    spec.lists = "URI:ldap://ca.test/,URI:http://crl.test/1.crl";

    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    assert_string_equal(cert.common_name, "CÔNG TY CỔ PHẦN THỬ NGHIỆM");
    assert_string_equal(cert.organization, "");
    assert_string_equal(cert.issuer, "Thử nghiệm-CA");
    assert_int_equal(cert.from_ms, spec.from_ms);
    assert_int_equal(cert.until_ms, spec.until_ms);
    assert_int_equal(cert.numbers_len, 1);
    assert_string_equal(cert.numbers[0].kind, "MST");
    assert_string_equal(cert.numbers[0].number, "9900000016");
    assert_string_equal(cert.ocsp_url, "http://ocsp.test/");
    assert_string_equal(cert.crl_url, "http://crl.test/1.crl");
    assert_true(cert.der.len > 0 && cert.issuer_der.len > 0);
}

static void a_text_inside_must_be_ours(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    const struct mc_bytes other = {"motcua: one text of ours to sigN", text.len};
    struct cert_spec spec = organization(w);
    struct cert_party holder = cert_make(&spec);
    struct cert_signing how = {.signer = &holder, .between = {&w->between}};

    assert_int_equal(verify(w, &how, &cert), MC_CERT_OK); /* attached */
    struct mc_bytes attached = cert_sign(&w->arena, &how, other);
    assert_int_equal(mc_cms_verify(w->public_set, &w->arena, attached, text, NOW, &cert),
                     MC_CERT_SIGNATURE);
    assert_int_equal(cert.der.len, 0);
    how.flags = CMS_DETACHED;
    struct mc_bytes detached = cert_sign(&w->arena, &how, other);
    assert_int_equal(mc_cms_verify(w->public_set, &w->arena, detached, text, NOW, &cert),
                     MC_CERT_SIGNATURE);
    how.flags = CMS_DETACHED | CMS_NOATTR;
    assert_int_equal(verify(w, &how, &cert), MC_CERT_OK);
    detached = cert_sign(&w->arena, &how, other);
    assert_int_equal(mc_cms_verify(w->public_set, &w->arena, detached, text, NOW, &cert),
                     MC_CERT_SIGNATURE);
    cert_free(&holder);
}

/* Every byte of it flipped: never taken for this holder's signature over another text. */
static void a_tampered_signature_is_refused(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    struct cert_party holder = cert_make(&spec);
    const struct cert_signing how = {
        .signer = &holder, .between = {&w->between}, .flags = CMS_DETACHED};
    struct mc_bytes cms = cert_sign(&w->arena, &how, text);
    uint8_t *bytes = mc_unconst(cms.data);
    size_t used = w->arena.used;

    for (size_t i = 0; i < cms.len; i += 3) {
        bytes[i] ^= 0x41;
        if (mc_cms_verify(w->public_set, &w->arena, cms, text, NOW, &cert) == MC_CERT_OK)
            assert_string_equal(cert.numbers[0].number, "9900000016");
        bytes[i] ^= 0x41;
        mc_arena_rewind(&w->arena, used);
    }
    for (size_t len = 0; len < cms.len; len += 7)
        assert_int_equal(mc_cms_verify(w->public_set, &w->arena, (struct mc_bytes){bytes, len},
                                       text, NOW, &cert),
                         MC_CERT_MALFORMED);
    cert_free(&holder);
}

static void identity_is_read_wherever_it_stands(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = cert_holder(&w->between, NOW);

    /* UID first, CN as BMPString, two UIDs and one of them in CN's own RDN */
    spec.parts[0] = (struct cert_part){.oid = CERT_UID, .value = "CMND:012345678"};
    spec.parts[1] =
        (struct cert_part){.oid = "CN", .value = "Nguyễn Thị Hoà Bình", .type = V_ASN1_BMPSTRING};
    spec.parts[2] =
        (struct cert_part){.oid = CERT_UID, .value = "cccd: 012193990017 ", .joined = true};
    spec.parts[3] =
        (struct cert_part){.oid = "O", .value = "Ben Cau", .type = V_ASN1_PRINTABLESTRING};
    spec.parts[4] = (struct cert_part){.oid = CERT_UID, .value = "no number of ours"};
    spec.parts[5] = (struct cert_part){.oid = "serialNumber", .value = "BHXH:0123456789"};
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    assert_string_equal(cert.common_name, "Nguyễn Thị Hoà Bình");
    assert_string_equal(cert.organization, "Ben Cau");
    assert_int_equal(cert.numbers_len, 3);
    /* a set's members are sorted by DER: which of the two UIDs comes first is not ours to say */
    bool first = strcmp(cert.numbers[0].kind, "CMND") == 0;
    assert_string_equal(cert.numbers[first ? 0 : 1].number, "012345678");
    assert_string_equal(cert.numbers[first ? 1 : 0].kind, "CCCD");
    assert_string_equal(cert.numbers[first ? 1 : 0].number, "012193990017");
    assert_string_equal(cert.numbers[2].kind, "BHXH");
}

/* A name that only looks like an identity in print is none. */
static void a_name_that_prints_like_a_uid_is_none(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = cert_holder(&w->between, NOW);

    spec.parts[0] =
        (struct cert_part){.oid = "CN", .value = "X, UID=MST:9900000016/UID=CCCD:012193990017"};
    spec.parts[1] = (struct cert_part){.oid = "O", .value = "MST:9900000023"};
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    assert_int_equal(cert.numbers_len, 0);
}

static void time_decides_REG_37(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);

    spec.until_ms = NOW - 1000;
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_EXPIRED);
    spec.until_ms = NOW + 1000;
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    spec.from_ms = NOW + 1000;
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_EARLY);
    spec.from_ms = NOW;
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
}

static void usage_decides(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);

    spec.usage = "critical,nonRepudiation";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_USAGE);
    spec.usage = "";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_USAGE);
    spec.usage = "critical,digitalSignature";
    spec.purposes = "serverAuth,codeSigning";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_USAGE);
    spec.purposes = "OCSPSigning";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_USAGE);
    spec.purposes = "serverAuth,clientAuth";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    spec.purposes = "1.3.6.1.5.5.7.3.36"; /* signing documents */
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    spec.purposes = NULL;
    spec.basic = "critical,CA:TRUE";
    spec.usage = "critical,digitalSignature,keyCertSign";
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_USAGE);
}

static void the_other_set_vouches_for_nobody_here_REG_54(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    spec.issuer = &w->government;
    struct cert_party holder = cert_make(&spec);
    const struct cert_signing how = {.signer = &holder, .flags = CMS_DETACHED};
    struct mc_bytes cms = cert_sign(&w->arena, &how, text);

    assert_int_equal(mc_cms_verify(w->public_set, &w->arena, cms, text, NOW, &cert),
                     MC_CERT_UNTRUSTED);
    assert_int_equal(mc_cms_verify(w->government_set, &w->arena, cms, text, NOW, &cert),
                     MC_CERT_OK);
    cert_free(&holder);
}

static void an_issuer_of_the_same_name_is_another(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    struct cert_party root = cert_authority("Root CA Thử nghiệm", NULL, NOW);
    struct cert_party between = cert_authority("Thử nghiệm-CA", &root, NOW);
    spec.issuer = &between;
    struct cert_party holder = cert_make(&spec);
    struct cert_signing how = {
        .signer = &holder, .between = {&between, &root}, .flags = CMS_DETACHED};

    assert_int_equal(verify(w, &how, &cert), MC_CERT_UNTRUSTED);
    how.between[0] = &w->between; /* the true one beside the forged one */
    assert_int_equal(verify(w, &how, &cert), MC_CERT_UNTRUSTED);
    how.between[0] = NULL; /* no way from the holder to the root */
    assert_int_equal(verify(w, &how, &cert), MC_CERT_UNTRUSTED);
    cert_free(&holder);
    cert_free(&between);
    cert_free(&root);
}

static void who_is_no_authority_vouches_for_nobody(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    struct cert_party holder = cert_make(&spec);
    spec.issuer = &holder;
    struct cert_party child = cert_make(&spec);
    struct cert_signing how = {
        .signer = &child, .between = {&holder, &w->between}, .flags = CMS_DETACHED};

    assert_int_equal(verify(w, &how, &cert), MC_CERT_UNTRUSTED);
    how = (struct cert_signing){.signer = &w->root, .flags = CMS_DETACHED};
    assert_true(verify(w, &how, &cert) != MC_CERT_OK); /* a root signs no texts */
    cert_free(&child);
    cert_free(&holder);
}

static void too_long_a_way_is_none(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_party a = cert_authority("A", &w->root, NOW);
    struct cert_party b = cert_authority("B", &a, NOW);
    struct cert_party c = cert_authority("C", &b, NOW);
    struct cert_party d = cert_authority("D", &c, NOW);
    struct cert_spec spec = organization(w);

    spec.issuer = &c; /* three between: the limit */
    struct cert_party near = cert_make(&spec);
    spec.issuer = &d;
    struct cert_party far = cert_make(&spec);
    struct cert_signing how = {.signer = &near, .between = {&a, &b, &c}, .flags = CMS_DETACHED};
    assert_int_equal(verify(w, &how, &cert), MC_CERT_OK);
    how = (struct cert_signing){.signer = &far, .between = {&a, &b, &c, &d}, .flags = CMS_DETACHED};
    assert_int_equal(verify(w, &how, &cert), MC_CERT_UNTRUSTED);
    struct cert_party *all[] = {&near, &far, &a, &b, &c, &d};
    for (size_t i = 0; i < MC_LEN(all); i++)
        cert_free(all[i]);
}

static enum mc_cert_verdict signed_with_key(struct world *w, EVP_PKEY *key)
{
    struct mc_cert cert;
    struct cert_spec spec = organization(w);

    spec.key = key;
    enum mc_cert_verdict verdict = signed_by(w, &spec, &cert);
    EVP_PKEY_free(key);
    return verdict;
}

static void weak_keys_and_hashes_are_refused(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;

    assert_int_equal(signed_with_key(w, EVP_RSA_gen(2040)), MC_CERT_WEAK);
    assert_int_equal(signed_with_key(w, EVP_RSA_gen(2048)), MC_CERT_OK);
    assert_int_equal(signed_with_key(w, EVP_EC_gen("P-224")), MC_CERT_WEAK);
    assert_int_equal(signed_with_key(w, EVP_EC_gen("secp256k1")), MC_CERT_WEAK);
    assert_int_equal(signed_with_key(w, EVP_EC_gen("P-384")), MC_CERT_OK);

    struct cert_spec spec = organization(w);
    spec.hash = EVP_sha1(); /* the authority's own signature */
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_WEAK);
    spec.hash = NULL;
    struct cert_party holder = cert_make(&spec);
    struct cert_signing how = {
        .signer = &holder, .between = {&w->between}, .flags = CMS_DETACHED, .hash = EVP_sha1()};
    assert_int_equal(verify(w, &how, &cert), MC_CERT_WEAK);
    how.hash = EVP_sha512();
    assert_int_equal(verify(w, &how, &cert), MC_CERT_OK);
    cert_free(&holder);
}

static void rsa_with_pss_is_taken(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    struct cert_spec spec = organization(w);
    spec.key = EVP_RSA_gen(2048);
    struct cert_party holder = cert_make(&spec);
    struct cert_signing how = {
        .signer = &holder, .between = {&w->between}, .flags = CMS_DETACHED, .pss = true};

    assert_int_equal(verify(w, &how, &cert), MC_CERT_OK);
    how.pss_hash = EVP_sha1();
    assert_int_equal(verify(w, &how, &cert), MC_CERT_WEAK);
    cert_free(&holder);
    EVP_PKEY_free(spec.key);
}

static void limits_hold(void **state)
{
    struct world *w = *state;
    struct mc_cert cert;
    static const uint8_t zeros[MC_CMS_MAX + 1];
    struct cert_spec spec = organization(w);

    for (size_t i = 1; i <= MC_CERT_NUMBERS_MAX; i++)
        spec.parts[i] = (struct cert_part){.oid = CERT_UID, .value = "MST:9900000016"};
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_OK);
    assert_int_equal(cert.numbers_len, MC_CERT_NUMBERS_MAX);
    spec.parts[9] = spec.parts[1];
    assert_int_equal(signed_by(w, &spec, &cert), MC_CERT_MALFORMED);
    assert_int_equal(mc_cms_verify(w->public_set, &w->arena, (struct mc_bytes){zeros, sizeof zeros},
                                   text, NOW, &cert),
                     MC_CERT_MALFORMED);
    assert_int_equal(
        mc_cms_verify(w->public_set, &w->arena, (struct mc_bytes){0}, text, NOW, &cert),
        MC_CERT_MALFORMED);
}

static void a_trust_set_needs_a_root(void **state)
{
    struct world *w = *state;
    struct mc_trust *trust = NULL;
    char path[128];

    assert_int_equal(mc_trust_load("/nowhere/at/all", &trust), MC_NOT_FOUND);
    (void)snprintf(path, sizeof path, "%s/between.crt", w->folder);
    cert_write(path, (const struct cert_party *const[]){&w->between, NULL});
    assert_int_equal(mc_trust_load(path, &trust), MC_INVALID);
    assert_int_equal(mc_trust_load(w->folder, &trust), MC_OK); /* all of the folder's */
    assert_int_equal(mc_trust_len(trust), 3);
    mc_trust_free(trust);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("no certificate\n", file);
    (void)fclose(file);
    assert_int_equal(mc_trust_load(path, &trust), MC_INVALID);
    (void)unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(a_chain_of_three_signs_REG_38_REG_41),
        TEST(a_text_inside_must_be_ours),
        TEST(a_tampered_signature_is_refused),
        TEST(identity_is_read_wherever_it_stands),
        TEST(a_name_that_prints_like_a_uid_is_none),
        TEST(time_decides_REG_37),
        TEST(usage_decides),
        TEST(the_other_set_vouches_for_nobody_here_REG_54),
        TEST(an_issuer_of_the_same_name_is_another),
        TEST(who_is_no_authority_vouches_for_nobody),
        TEST(too_long_a_way_is_none),
        TEST(weak_keys_and_hashes_are_refused),
        TEST(rsa_with_pss_is_taken),
        TEST(limits_hold),
        TEST(a_trust_set_needs_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
