/* JWS with the signer's certificates: what the Government's plugin and other tools make. */
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <unistd.h>

#include "../harness.h"
#include "cert_help.h"

#define NOW HARNESS_T0

static const struct mc_bytes text = {"motcua: one text of ours to sign", 32};
static struct mc_arena arena;
static struct cert_party root;
static struct mc_trust *trust;

static int open_all(void **state)
{
    char path[] = "/tmp/motcua-jws-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0 || close(fd) != 0 || mc_arena_init(&arena, 8 << 20) != MC_OK)
        return -1;
    root = cert_authority("CA", NULL, NOW);
    cert_write(path, (const struct cert_party *const[]){&root, NULL});
    enum mc_status status = mc_trust_load(path, &trust);
    (void)unlink(path);
    return status == MC_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    mc_trust_free(trust);
    cert_free(&root);
    mc_arena_done(&arena);
    return 0;
}

static struct cert_party holder_with(EVP_PKEY *key)
{
    struct cert_spec spec = cert_holder(&root, NOW);

    spec.parts[0] = (struct cert_part){.oid = CERT_UID, .value = "MNS:1047665"};
    spec.parts[1] = (struct cert_part){.oid = "CN", .value = "UBND xã Bến Cầu"};
    spec.key = key;
    struct cert_party holder = cert_make(&spec);
    EVP_PKEY_free(key);
    return holder;
}

static const char *base64url(struct mc_bytes bytes)
{
    char *out = mc_alloc(&arena, mc_base64_size(bytes.len));

    assert_non_null(out);
    (void)mc_base64url(out, bytes);
    return out;
}

/* r and s side by side */
static struct mc_bytes raw_of(const uint8_t *der, size_t len, int half)
{
    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    uint8_t *raw = mc_alloc(&arena, 2 * (size_t)half);

    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + half, half), half);
    ECDSA_SIG_free(pair);
    return (struct mc_bytes){raw, 2 * (size_t)half};
}

static struct mc_bytes made(const struct cert_party *holder, const char *alg, const EVP_MD *hash,
                            const char *more)
{
    struct mc_bytes der = cert_der(&arena, holder);
    char *x5c = mc_alloc(&arena, mc_base64_size(der.len));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    static uint8_t signature[1024];
    size_t len = sizeof signature;

    assert_true(x5c != NULL && ctx != NULL);
    (void)mc_base64(x5c, der);
    char *header = mc_sprintf(&arena, "{\"alg\":\"%s\",\"x5c\":[\"%s\"]%s}", alg, x5c, more);
    assert_non_null(header);
    char *input = mc_sprintf(&arena, "%s.%s", base64url((struct mc_bytes){header, strlen(header)}),
                             base64url(text));
    assert_non_null(input);
    assert_int_equal(EVP_DigestSignInit(ctx, &options, hash, NULL, holder->key), 1);
    if (alg[0] == 'P') {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const uint8_t *)input, strlen(input)),
                     1);
    EVP_MD_CTX_free(ctx);
    struct mc_bytes raw = {signature, len};
    if (alg[0] == 'E')
        raw = raw_of(signature, len, (EVP_PKEY_get_bits(holder->key) + 7) / 8);
    char *jws = mc_sprintf(&arena, "%s.%s", input, base64url(raw));
    assert_non_null(jws);
    return (struct mc_bytes){jws, strlen(jws)};
}

static enum mc_cert_verdict judged(struct mc_bytes jws, struct mc_cert *ret_cert)
{
    return mc_signature_verify(trust, &arena, jws, text, NOW, ret_cert);
}

static void every_algorithm_is_taken_with_its_key(void **state)
{
    struct mc_cert cert;
    struct cert_party rsa = holder_with(EVP_RSA_gen(2048));
    struct cert_party ec = holder_with(EVP_EC_gen("P-256"));
    struct cert_party large = holder_with(EVP_EC_gen("P-521"));

    (void)state;
    assert_int_equal(judged(made(&rsa, "PS256", EVP_sha256(), ""), &cert), MC_CERT_OK);
    assert_string_equal(cert.numbers[0].number, "1047665");
    assert_string_equal(cert.common_name, "UBND xã Bến Cầu");
    assert_int_equal(judged(made(&rsa, "PS512", EVP_sha512(), ""), &cert), MC_CERT_OK);
    assert_int_equal(judged(made(&rsa, "RS256", EVP_sha256(), ",\"typ\":\"JWT\""), &cert),
                     MC_CERT_OK);
    assert_int_equal(judged(made(&ec, "ES256", EVP_sha256(), ""), &cert), MC_CERT_OK);
    assert_int_equal(judged(made(&large, "ES512", EVP_sha512(), ""), &cert), MC_CERT_OK);
    /* a name that is not the key's, or none at all */
    assert_int_equal(judged(made(&ec, "ES512", EVP_sha512(), ""), &cert), MC_CERT_WEAK);
    assert_int_equal(judged(made(&rsa, "none", EVP_sha256(), ""), &cert), MC_CERT_WEAK);
    assert_int_equal(judged(made(&rsa, "RS1", EVP_sha1(), ""), &cert), MC_CERT_WEAK);
    assert_int_equal(judged(made(&rsa, "HS256", EVP_sha256(), ""), &cert), MC_CERT_WEAK);
    assert_int_equal(judged(made(&rsa, "PS256", EVP_sha512(), ""), &cert), MC_CERT_SIGNATURE);
    assert_int_equal(judged(made(&rsa, "RS256", EVP_sha256(), ",\"crit\":[\"b64\"]"), &cert),
                     MC_CERT_MALFORMED);
    cert_free(&rsa);
    cert_free(&ec);
    cert_free(&large);
}

static void the_text_is_ours_or_left_out(void **state)
{
    struct mc_cert cert;
    struct cert_party holder = holder_with(EVP_EC_gen("P-256"));
    struct mc_bytes whole = made(&holder, "ES256", EVP_sha256(), "");
    char *jws = mc_strdup(&arena, whole.data);

    (void)state;
    assert_non_null(jws);
    char *first = strchr(jws, '.');
    char *last = strrchr(jws, '.');
    char *detached =
        mc_sprintf(&arena, "%.*s..%s", (int)(first - jws), jws, last + 1); /* appendix F */
    assert_non_null(detached);
    assert_int_equal(judged((struct mc_bytes){detached, strlen(detached)}, &cert), MC_CERT_OK);
    assert_int_equal(mc_jws_verify(trust, &arena, whole, (struct mc_bytes){"other", 5}, NOW, &cert),
                     MC_CERT_SIGNATURE);
    assert_int_equal(cert.der.len, 0);
    /* our text in its place, and the signature over another */
    first[1] = first[1] == 'A' ? 'B' : 'A';
    assert_int_equal(judged((struct mc_bytes){jws, whole.len}, &cert), MC_CERT_SIGNATURE);
    cert_free(&holder);
}

static void what_is_cut_or_changed_is_refused(void **state)
{
    struct mc_cert cert;
    struct cert_party holder = holder_with(EVP_EC_gen("P-256"));
    struct mc_bytes whole = made(&holder, "ES256", EVP_sha256(), "");
    char *bytes = mc_unconst(whole.data);
    size_t used = arena.used;

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        assert_true(mc_jws_verify(trust, &arena, (struct mc_bytes){bytes, len}, text, NOW, &cert) !=
                    MC_CERT_OK);
        mc_arena_rewind(&arena, used);
    }
    for (size_t i = 0; i < whole.len; i += 5) {
        bytes[i] ^= 1;
        assert_true(judged(whole, &cert) != MC_CERT_OK);
        bytes[i] ^= 1;
        mc_arena_rewind(&arena, used);
    }
    assert_int_equal(judged(whole, &cert), MC_CERT_OK);
    cert_free(&holder);
}

static void a_stranger_is_not_trusted(void **state)
{
    struct mc_cert cert;
    struct cert_party other = cert_authority("CA", NULL, NOW);
    struct cert_spec spec = cert_holder(&other, NOW);
    spec.name = "X";
    struct cert_party holder = cert_make(&spec);

    (void)state;
    assert_int_equal(judged(made(&holder, "ES256", EVP_sha256(), ""), &cert), MC_CERT_UNTRUSTED);
    cert_free(&holder);
    cert_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_taken_with_its_key),
        cmocka_unit_test(the_text_is_ours_or_left_out),
        cmocka_unit_test(what_is_cut_or_changed_is_refused),
        cmocka_unit_test(a_stranger_is_not_trusted),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
