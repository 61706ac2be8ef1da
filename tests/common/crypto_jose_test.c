/* JOSE: RFC 7515's own example, npm's jose, what we sign, and what must never pass. */
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/crypto_jose.h"

#include "../harness.h"

#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_JWKS                                                                                    \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}]}"
#define EC_PAYLOAD                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"  \
    "lfQ"
#define EC_SIGNATURE                                                                               \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define EC_TOKEN "eyJhbGciOiJFUzI1NiJ9." EC_PAYLOAD "." EC_SIGNATURE

/* By jose 6.1 (npm). */
#define RSA_N                                                                                      \
    "t5HALj6J1gAe9UuIvcJZPbnGfiiLofLIC8v6SbhARE_opMaKa2RHFSucT7UXPkcCSQfMRkDovw56oH2p"             \
    "O90x0A_WQIH9MbUrWDHHz8rsGx5LPNIIpMBMDE2b4f1FSDeNkfKp004FLWcoHTr70QM5GgbjctxO5IwM"             \
    "DPzn6z3Q0NofO-PZMZ1QobGNiN7tkDCAtE2z999KHDsrNqFxw7_Vbh3wAzikeeAe7HHAKNHuNg8531mx"             \
    "vHsh_nQjKTOVry7arsO4ZvLcFRrT_rIWMWvJB8rE3LjQx1y7WI5kZr_pZ4QC1l2jcrd_n9mRMtpv0nwV"             \
    "_BJdM_XTivrFZPCah-LsWQ"
#define RSA_RS256                                                                                  \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJpc3MiOiJ4In0.g9inGtkkidnAJgl3yD-KeS1uul7sV"             \
    "LrjGV4TXbQDCmFycXSDI_qirf7HbXHpUo0eneP_Wwt1TY67XFzgrhLO5npjlTUc-wTcdKMoqlvSkjLaP"             \
    "4n3om5StqWMwR47XSf2i6rfZfo82uSyFyBoOQ_EnXOKNyl_dqmxXiljb4rSy4Vh5f84MfpMuMbbi_S16"             \
    "OFhiZaHyED1agHJ_LfaRG3c2x9WRQ4B-O7hVhYvpDS-y_CGv-BU5cQkUBcWqJqQ3DKHFYDEdZd76_LLQ"             \
    "h53eNrTK6No49Urgc5_oVOws3-oKRdICsRVuFWP4z5bGwg2DHW5rOLEvdN85rBzRxOs1RLADQ"
#define RSA_PS256                                                                                  \
    "eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJ4In0.QxQNijrjBLcNfoZ7DrOCAe0ik6-Uz33CreuTOfF3I6Z"             \
    "hwTtZJWbQ-JFxPfFlz_cR02P4aV6LZKKEulp3TPI64TdOwOWqxewMIxM4mRDl1kvqcSKL20GBcc2RWc3"             \
    "6PBZOIruGYFSDm5WcKQ36cj9w0n62gNE9MHv_ZtdjZqnPjMkPV8AswNMlyzuh0udHsguQTjB3uO4TNGZ"             \
    "nfZ55LdeM5F5A328i1gmR4Q8CkkFTmQ5HRstfXuMswn3PquA-udOOLExfKj0EAk7sJchGnfJRWAjT80d"             \
    "QcaQWuHj3DjvMQimOPFCwz1ffrh2oSm5LyW42Q-l4fDAivfsGaBkSvPrhrA"

static struct mc_arena arena;

static enum mc_status verify(const char *jwks, const char *token)
{
    struct mc_bytes payload = {0};

    return mc_jose_verify(&arena, (struct mc_bytes){jwks, strlen(jwks)}, token, &payload);
}

static const char *rsa_jwks(const char *more)
{
    char *jwks = mc_sprintf(&arena, "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"%s}]}",
                            RSA_N, more);

    assert_non_null(jwks);
    return jwks;
}

static void others_tokens_are_verified(void **state)
{
    struct mc_bytes payload;

    (void)state;
    assert_int_equal(
        mc_jose_verify(&arena, (struct mc_bytes){EC_JWKS, strlen(EC_JWKS)}, EC_TOKEN, &payload),
        MC_OK);
    assert_int_equal(payload.len, 70);
    assert_memory_equal(payload.data, "{\"iss\":\"joe\"", 12);
    assert_int_equal(verify(rsa_jwks(""), RSA_RS256), MC_OK);
    assert_int_equal(verify(rsa_jwks(",\"kid\":\"r\",\"use\":\"sig\""), RSA_RS256), MC_OK);
    assert_int_equal(verify(rsa_jwks(""), RSA_PS256), MC_OK);
    assert_int_equal(verify(rsa_jwks(",\"alg\":\"PS256\""), RSA_PS256), MC_OK);
    assert_int_equal(mc_jose_usable((struct mc_bytes){EC_JWKS, strlen(EC_JWKS)}), 1);
}

/* A key is for what it says; a name we do not know asks for a new set. */
static void a_key_is_for_what_it_says(void **state)
{
    (void)state;
    assert_int_equal(verify(rsa_jwks(",\"kid\":\"other\""), RSA_RS256), MC_NOT_FOUND);
    assert_int_equal(verify(rsa_jwks(",\"alg\":\"PS256\""), RSA_RS256), MC_NOT_FOUND);
    assert_int_equal(verify(rsa_jwks(",\"use\":\"enc\""), RSA_RS256), MC_UNAUTHENTICATED);
    assert_int_equal(verify(EC_JWKS, RSA_RS256), MC_NOT_FOUND);
    assert_int_equal(verify("{\"keys\":[]}", EC_TOKEN), MC_NOT_FOUND);
    assert_int_equal(verify("{}", EC_TOKEN), MC_NOT_FOUND);
    assert_int_equal(verify("[", EC_TOKEN), MC_UNAUTHENTICATED);
}

static char *header_and(const char *header, const char *rest)
{
    char text[256];

    (void)mc_base64url(text, (struct mc_bytes){header, strlen(header)});
    return mc_sprintf(&arena, "%s.%s", text, rest);
}

static void nothing_else_passes(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"ES384\"}",
        "{\"alg\":\"RS256\"}",
        "{}",
        "{\"alg\":[]}",
        "{\"alg\":\"ES256\",\"crit\":[\"x\"]}",
        "{\"alg\":\"ES256\",\"b64\":false}",
    };
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        EC_TOKEN ".x",
        EC_TOKEN "A",
        " " EC_TOKEN,
        "eyJhbGciOiJFUzI1NiJ9." EC_PAYLOAD ".",
        "eyJhbGciOiJFUzI1NiJ9.." EC_SIGNATURE,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJib2IifQ." EC_SIGNATURE,
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(headers); i++) {
        assert_int_not_equal(verify(EC_JWKS, header_and(headers[i], EC_PAYLOAD ".")), MC_OK);
        assert_int_not_equal(verify(EC_JWKS, header_and(headers[i], EC_PAYLOAD "." EC_SIGNATURE)),
                             MC_OK);
    }
    for (size_t i = 0; i < MC_LEN(tokens); i++)
        if (verify(EC_JWKS, tokens[i]) == MC_OK)
            fail_msg("taken: %s", tokens[i]);
    /* not on the curve */
    assert_int_not_equal(verify("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X
                                "\",\"y\":\"" EC_X "\"}]}",
                                EC_TOKEN),
                         MC_OK);
    /* an RSA key of 256 bits is none */
    static const char small[] = "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" EC_X "\"}]}";
    assert_int_equal(mc_jose_usable((struct mc_bytes){small, sizeof small - 1}), 0);
}

static void what_we_sign_is_verified(void **state)
{
    uint8_t secret[MC_JOSE_SECRET_LEN] = {[31] = 7};
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];
    char x_text[2 * MC_JOSE_POINT_LEN];
    char y_text[2 * MC_JOSE_POINT_LEN];

    (void)state;
    assert_true(mc_jose_public(secret, x, y));
    mc_jose_kid(x, y, kid);
    (void)mc_base64url(x_text, (struct mc_bytes){x, sizeof x});
    (void)mc_base64url(y_text, (struct mc_bytes){y, sizeof y});
    char *jwks = mc_sprintf(
        &arena,
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}]}",
        kid, x_text, y_text);
    char *token = mc_jose_sign(&arena, secret, "JWT", (struct mc_bytes){"{\"a\":1}", 7});
    assert_non_null(token);
    assert_int_equal(verify(jwks, token), MC_OK);
    token[strlen(token) - 4] ^= 1;
    assert_int_not_equal(verify(jwks, token), MC_OK);
    secret[31] = 8;
    assert_int_equal(
        verify(jwks, mc_jose_sign(&arena, secret, "JWT", (struct mc_bytes){"{\"a\":1}", 7})),
        MC_NOT_FOUND);

    memset(secret, 0, sizeof secret);
    assert_false(mc_jose_public(secret, x, y));
    memset(secret, 0xff, sizeof secret);
    assert_false(mc_jose_public(secret, x, y));
}

static void a_token_has_an_end(void **state)
{
    char *long_token = mc_alloc(&arena, MC_JOSE_TOKEN_MAX + 2);

    (void)state;
    assert_non_null(long_token);
    memset(long_token, 'A', MC_JOSE_TOKEN_MAX + 1);
    long_token[10] = long_token[20] = '.';
    assert_int_not_equal(verify(EC_JWKS, long_token), MC_OK);
    struct mc_bytes payload;
    assert_false(mc_jose_peek(&arena, long_token, &payload));
    long_token[MC_JOSE_TOKEN_MAX] = '\0';
    assert_true(mc_jose_peek(&arena, EC_TOKEN, &payload));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_tokens_are_verified), cmocka_unit_test(a_key_is_for_what_it_says),
        cmocka_unit_test(nothing_else_passes),        cmocka_unit_test(what_we_sign_is_verified),
        cmocka_unit_test(a_token_has_an_end),
    };

    if (mc_arena_init(&arena, 4 << 20) != MC_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mc_arena_done(&arena);
    return failed;
}
