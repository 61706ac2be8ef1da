/* What responders and lists say of a certificate: believed only from the right one, and of now. */
#include <stdlib.h>
#include <unistd.h>

#include "../harness.h"
#include "cert_help.h"

#define NOW    HARNESS_T0
#define HOUR   (3600 * 1000LL)
#define SECOND 1000LL

struct world {
    struct mc_arena arena;
    char file[64];
    struct cert_party root;
    struct cert_party holder;
    struct cert_party appointed; /* by the root, to answer for it */
    struct cert_party stranger;  /* a root of the same name, in no set */
    struct mc_trust *trust;
    uint8_t nonce[MC_OCSP_NONCE_LEN];
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL || mc_arena_init(&w->arena, 1 << 20) != MC_OK)
        return -1;
    (void)snprintf(w->file, sizeof w->file, "/tmp/motcua-revoke-XXXXXX");
    int fd = mkstemp(w->file);
    if (fd < 0)
        return -1;
    (void)close(fd);
    memset(w->nonce, 7, sizeof w->nonce);
    w->root = cert_authority("CA", NULL, NOW);
    w->stranger = cert_authority("CA", NULL, NOW);
    struct cert_spec spec = cert_holder(&w->root, NOW);
    spec.name = "Người ký";
    w->holder = cert_make(&spec);
    spec.name = "Responder";
    spec.purposes = "OCSPSigning";
    w->appointed = cert_make(&spec);
    cert_write(w->file, (const struct cert_party *const[]){&w->root, NULL});
    *state = w;
    return mc_trust_load(w->file, &w->trust) == MC_OK ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;

    mc_trust_free(w->trust);
    cert_free(&w->root);
    cert_free(&w->holder);
    cert_free(&w->appointed);
    cert_free(&w->stranger);
    (void)unlink(w->file);
    mc_arena_done(&w->arena);
    free(w);
    return 0;
}

static struct cert_answer good(struct world *w)
{
    return (struct cert_answer){
        .signer = &w->appointed,
        .about = &w->holder,
        .issuer = &w->root,
        .status = V_OCSP_CERTSTATUS_GOOD,
        .this_ms = NOW - HOUR,
        .next_ms = NOW + HOUR,
        .nonce = w->nonce,
    };
}

static enum mc_cert_verdict judged_with(struct world *w, const struct cert_answer *says,
                                        struct mc_ocsp_question question)
{
    question.cert = cert_der(&w->arena, &w->holder);
    question.issuer = cert_der(&w->arena, &w->root);
    question.nonce = w->nonce;
    return mc_ocsp_check(w->trust, cert_ocsp(&w->arena, says), &question, NOW);
}

static enum mc_cert_verdict judged(struct world *w, const struct cert_answer *says)
{
    return judged_with(w, says, (struct mc_ocsp_question){0});
}

static void a_responder_says_what_it_knows(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);

    assert_int_equal(judged(w, &says), MC_CERT_OK);
    says.status = V_OCSP_CERTSTATUS_REVOKED;
    assert_int_equal(judged(w, &says), MC_CERT_REVOKED);
    says.status = V_OCSP_CERTSTATUS_UNKNOWN;
    assert_int_equal(judged(w, &says), MC_CERT_UNKNOWN);
    says.status = V_OCSP_CERTSTATUS_GOOD;
    says.about = &w->appointed; /* another certificate is good */
    assert_int_equal(judged(w, &says), MC_CERT_UNKNOWN);
}

static void only_the_issuer_and_whom_it_appointed_answer(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);

    says.signer = &w->root;
    assert_int_equal(judged(w, &says), MC_CERT_OK);
    says.flags = OCSP_NOCERTS;
    assert_int_equal(judged(w, &says), MC_CERT_OK);
    says.flags = 0;
    says.signer = &w->holder; /* the same issuer's, and not appointed */
    assert_int_equal(judged(w, &says), MC_CERT_SIGNATURE);
    says.signer = &w->stranger;
    assert_int_equal(judged(w, &says), MC_CERT_SIGNATURE);
    says = good(w);
    says.hash = EVP_sha1();
    assert_int_equal(judged(w, &says), MC_CERT_SIGNATURE);
}

static void an_appointment_ends(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);
    struct cert_spec spec = cert_holder(&w->root, NOW);
    spec.name = "Responder";
    spec.purposes = "OCSPSigning";
    spec.until_ms = NOW - SECOND;
    struct cert_party former = cert_make(&spec);

    says.signer = &former;
    assert_int_equal(judged(w, &says), MC_CERT_SIGNATURE);
    cert_free(&former);
}

static void an_answer_to_another_is_none(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);
    const uint8_t other[MC_OCSP_NONCE_LEN] = {1};

    says.nonce = other;
    assert_int_equal(judged(w, &says), MC_CERT_SIGNATURE);
    says.nonce = NULL;
    assert_int_equal(judged(w, &says), MC_CERT_OK);
    assert_int_equal(judged_with(w, &says, (struct mc_ocsp_question){.nonce_needed = true}),
                     MC_CERT_SIGNATURE);
}

static void an_answer_is_of_its_time(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);

    says.next_ms = NOW; /* over */
    assert_int_equal(judged(w, &says), MC_CERT_STALE);
    says.next_ms = NOW + SECOND;
    assert_int_equal(judged(w, &says), MC_CERT_OK);
    says.this_ms = NOW + MC_CERT_SKEW_MS;
    says.next_ms = NOW + HOUR;
    assert_int_equal(judged(w, &says), MC_CERT_OK);
    says.this_ms += SECOND;
    assert_int_equal(judged(w, &says), MC_CERT_STALE);
    says = good(w);
    says.next_ms = 0; /* does not say: as old as we allow */
    assert_int_equal(judged(w, &says), MC_CERT_STALE);
    assert_int_equal(judged_with(w, &says, (struct mc_ocsp_question){.age_max_ms = HOUR}),
                     MC_CERT_OK);
    assert_int_equal(
        judged_with(w, &says, (struct mc_ocsp_question){.age_max_ms = HOUR - MC_CERT_SKEW_MS}),
        MC_CERT_STALE);
}

static void a_question_names_the_certificate_and_the_nonce(void **state)
{
    struct world *w = *state;
    struct mc_bytes request;
    struct mc_bytes cert = cert_der(&w->arena, &w->holder);

    assert_int_equal(
        mc_ocsp_request(&w->arena, cert, cert_der(&w->arena, &w->root), w->nonce, &request), MC_OK);
    assert_non_null(memmem(request.data, request.len, w->nonce, sizeof w->nonce));
    const unsigned char *at = request.data;
    OCSP_REQUEST *asked = d2i_OCSP_REQUEST(NULL, &at, (long)request.len);
    assert_non_null(asked);
    assert_int_equal(OCSP_request_onereq_count(asked), 1);
    ASN1_INTEGER *serial = NULL;
    OCSP_id_get0_info(NULL, NULL, NULL, &serial,
                      OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked, 0)));
    assert_int_equal(ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(w->holder.cert)), 0);
    OCSP_REQUEST_free(asked);
    assert_int_equal(
        mc_ocsp_request(&w->arena, (struct mc_bytes){"x", 1}, cert, w->nonce, &request),
        MC_INVALID);
}

static enum mc_cert_verdict listed(struct world *w, const struct cert_list *says)
{
    return mc_crl_check(cert_crl(&w->arena, says), cert_der(&w->arena, &w->holder),
                        cert_der(&w->arena, &w->root), NOW);
}

static void a_list_names_the_revoked(void **state)
{
    struct world *w = *state;
    struct cert_list says = {.issuer = &w->root, .this_ms = NOW - HOUR, .next_ms = NOW + HOUR};

    assert_int_equal(listed(w, &says), MC_CERT_OK);
    says.revoked = &w->appointed;
    assert_int_equal(listed(w, &says), MC_CERT_OK);
    says.revoked = &w->holder;
    assert_int_equal(listed(w, &says), MC_CERT_REVOKED);
}

static void a_list_must_be_fresh_whole_and_the_issuers(void **state)
{
    struct world *w = *state;
    const struct cert_list fresh = {
        .issuer = &w->root, .this_ms = NOW - HOUR, .next_ms = NOW + SECOND};
    struct cert_list says = fresh;

    says.next_ms = NOW;
    assert_int_equal(listed(w, &says), MC_CERT_STALE);
    says.next_ms = 0;
    assert_int_equal(listed(w, &says), MC_CERT_STALE);
    says = fresh;
    says.issuer = &w->stranger;
    assert_int_equal(listed(w, &says), MC_CERT_SIGNATURE);
    says.issuer = &w->appointed;
    assert_int_equal(listed(w, &says), MC_CERT_SIGNATURE);
    says = fresh;
    says.hash = EVP_sha1();
    assert_int_equal(listed(w, &says), MC_CERT_SIGNATURE);
    says = fresh;
    says.delta = true;
    assert_int_equal(listed(w, &says), MC_CERT_MALFORMED);
    says.delta = false;
    says.part = "critical,onlyCA:TRUE";
    assert_int_equal(listed(w, &says), MC_CERT_MALFORMED);
    says.part = "critical,onlyuser:TRUE";
    assert_int_equal(listed(w, &says), MC_CERT_OK);
    says.part = "critical,onlysomereasons:keyCompromise";
    assert_int_equal(listed(w, &says), MC_CERT_MALFORMED);
}

static void what_is_no_answer_is_none(void **state)
{
    struct world *w = *state;
    struct cert_answer says = good(w);
    struct cert_list list = {.issuer = &w->root, .this_ms = NOW - HOUR, .next_ms = NOW + HOUR};
    struct mc_bytes answer = cert_ocsp(&w->arena, &says);
    struct mc_bytes crl = cert_crl(&w->arena, &list);
    struct mc_bytes cert = cert_der(&w->arena, &w->holder);
    struct mc_bytes issuer = cert_der(&w->arena, &w->root);
    const struct mc_ocsp_question question = {cert, issuer, w->nonce, false, 0};
    static const uint8_t later[] = {0x30, 0x03, 0x0a, 0x01, 0x03}; /* tryLater */

    for (size_t len = 0; len < answer.len; len++)
        assert_int_equal(
            mc_ocsp_check(w->trust, (struct mc_bytes){answer.data, len}, &question, NOW),
            MC_CERT_MALFORMED);
    for (size_t len = 0; len < crl.len; len++)
        assert_int_equal(mc_crl_check((struct mc_bytes){crl.data, len}, cert, issuer, NOW),
                         MC_CERT_MALFORMED);
    assert_int_equal(
        mc_ocsp_check(w->trust, (struct mc_bytes){later, sizeof later}, &question, NOW),
        MC_CERT_MALFORMED);
    uint8_t *bytes = mc_unconst(answer.data);
    for (size_t i = 0; i < answer.len; i++) {
        bytes[i] ^= 0x10;
        enum mc_cert_verdict verdict = mc_ocsp_check(w->trust, answer, &question, NOW);
        assert_true(verdict != MC_CERT_REVOKED);
        bytes[i] ^= 0x10;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(a_responder_says_what_it_knows),
        TEST(only_the_issuer_and_whom_it_appointed_answer),
        TEST(an_appointment_ends),
        TEST(an_answer_to_another_is_none),
        TEST(an_answer_is_of_its_time),
        TEST(a_question_names_the_certificate_and_the_nonce),
        TEST(a_list_names_the_revoked),
        TEST(a_list_must_be_fresh_whole_and_the_issuers),
        TEST(what_is_no_answer_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
