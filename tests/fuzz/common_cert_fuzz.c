/*
 * Any bytes as a signature, a certificate, a responder's answer, a revocation list; and true ones
 * of each with some of their bytes changed (place, place, value), which reach deeper.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "../common/cert_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1788747600000LL

static struct mc_arena arena;
static struct mc_arena kept;
static struct mc_trust *trust;
static struct mc_bytes holder_der;
static struct mc_bytes root_der;
static struct mc_bytes true_cms;
static struct mc_bytes true_answer;
static struct mc_bytes true_list;
static const uint8_t nonce[MC_OCSP_NONCE_LEN] = {1};
static const struct mc_bytes text = {"text", 4};

static void ready(void)
{
    char path[] = "/tmp/motcua-fuzz-XXXXXX";
    struct cert_party root = cert_authority("CA", NULL, NOW);
    struct cert_spec spec = cert_holder(&root, NOW);

    spec.parts[0] = (struct cert_part){.oid = "CN", .value = "N"};
    spec.parts[1] = (struct cert_part){.oid = CERT_UID, .value = "MST:9900000016"};
    struct cert_party holder = cert_make(&spec);
    int fd = mkstemp(path);
    assert(fd >= 0);
    (void)close(fd);
    cert_write(path, (const struct cert_party *const[]){&root, NULL});
    assert(mc_trust_load(path, &trust) == MC_OK);
    (void)unlink(path);
    assert(mc_arena_init(&arena, 1 << 20) == MC_OK && mc_arena_init(&kept, 1 << 20) == MC_OK);
    holder_der = cert_der(&kept, &holder);
    root_der = cert_der(&kept, &root);
    true_cms = cert_sign(&kept, &(struct cert_signing){.signer = &holder}, text);
    true_answer = cert_ocsp(&kept, &(struct cert_answer){.signer = &root,
                                                         .about = &holder,
                                                         .issuer = &root,
                                                         .status = V_OCSP_CERTSTATUS_GOOD,
                                                         .this_ms = NOW,
                                                         .next_ms = NOW + CERT_DAY_MS,
                                                         .nonce = nonce});
    true_list = cert_crl(
        &kept, &(struct cert_list){.issuer = &root, .this_ms = NOW, .next_ms = NOW + CERT_DAY_MS});
    cert_free(&holder);
    cert_free(&root);
}

static struct mc_bytes changed(struct mc_bytes whole, const uint8_t *data, size_t size)
{
    struct mc_bytes copy = mc_copy(&arena, whole.data, whole.len);
    uint8_t *bytes = mc_unconst(copy.data);

    for (size_t i = 0; i + 3 <= size && i < 30; i += 3)
        bytes[(size_t)(data[i] << 8 | data[i + 1]) % whole.len] = data[i + 2];
    return copy;
}

static void any_bytes(struct mc_bytes input)
{
    const struct mc_ocsp_question question = {holder_der, root_der, nonce, false, 1000};
    struct mc_cert cert;
    struct mc_bytes request;

    /* without the keys nothing can be made that holds */
    assert(mc_cms_verify(trust, &arena, input, text, NOW, &cert) != MC_CERT_OK);
    assert(mc_jws_verify(trust, &arena, input, text, NOW, &cert) != MC_CERT_OK);
    assert(mc_ocsp_check(trust, input, &question, NOW) != MC_CERT_OK);
    assert(mc_crl_check(input, holder_der, root_der, NOW) != MC_CERT_OK);
    (void)mc_ocsp_request(&arena, input, root_der, nonce, &request);
    struct x509_st *x = mc_cert_open(input);
    if (x != NULL && mc_cert_read(&arena, x, &cert))
        for (size_t i = 0; i < cert.numbers_len; i++)
            assert(cert.numbers[i].kind[0] != '\0' && cert.numbers[i].number[0] != '\0');
    X509_free(x);
}

static void changed_ones(const uint8_t *data, size_t size)
{
    const struct mc_ocsp_question question = {holder_der, root_der, nonce, false, 1000};
    struct mc_cert cert;

    if (mc_cms_verify(trust, &arena, changed(true_cms, data, size), text, NOW, &cert) == MC_CERT_OK)
        assert(cert.numbers_len == 1 && strcmp(cert.numbers[0].number, "9900000016") == 0);
    assert(mc_ocsp_check(trust, changed(true_answer, data, size), &question, NOW) !=
           MC_CERT_REVOKED);
    assert(mc_crl_check(changed(true_list, data, size), holder_der, root_der, NOW) !=
           MC_CERT_REVOKED);
    struct x509_st *x = mc_cert_open(changed(holder_der, data, size));
    if (x != NULL)
        (void)!mc_cert_read(&arena, x, &cert);
    X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (trust == NULL)
        ready();
    any_bytes((struct mc_bytes){data, size});
    changed_ones(data, size);
    mc_arena_reset(&arena);
    return 0;
}
