/* Crypto: the published vectors, then what must not open, decode, load or repeat. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/crypto.h"

#define BYTES(text) ((struct mc_bytes){(text), sizeof(text) - 1})

static struct mc_bytes text_bytes(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

static void unhex(void *out, size_t len, const char *hex)
{
    assert_true(mc_unhex(out, len, text_bytes(hex)));
}

static void assert_hex(const uint8_t *bytes, size_t len, const char *want)
{
    char got[1024];

    assert_true(2 * len < sizeof(got));
    (void)mc_hex(got, (struct mc_bytes){bytes, len});
    assert_string_equal(got, want);
}

static struct mc_random seeded(struct mc_random_seeded *state)
{
    return mc_random_seed(state, 7);
}

static void sha256_of_fips_180(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_hasher hasher;
        uint8_t out[MC_HASH_LEN];
        struct mc_bytes text = text_bytes(cases[i].text);
        struct mc_bytes halves[] = {
            {text.data, text.len / 2},
            {cases[i].text + text.len / 2, text.len - text.len / 2},
        };

        mc_hash(out, text);
        assert_hex(out, sizeof(out), cases[i].want);
        mc_hash_parts(out, halves, 2);
        assert_hex(out, sizeof(out), cases[i].want);
        mc_hasher_begin(&hasher);
        mc_hasher_add(&hasher, halves[0]);
        mc_hasher_add(&hasher, halves[1]);
        mc_hasher_end(&hasher, out);
        assert_hex(out, sizeof(out), cases[i].want);
    }
}

static void hmac_of_rfc_4231(void **unused)
{
    (void)unused;
    uint8_t key[131];
    uint8_t out[MC_HASH_LEN];

    memset(key, 0x0b, sizeof(key));
    mc_hmac_sha256(out, (struct mc_bytes){key, 20}, BYTES("Hi There"));
    assert_hex(out, sizeof(out),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    mc_hmac_sha256(out, BYTES("Jefe"), BYTES("what do ya want for nothing?"));
    assert_hex(out, sizeof(out),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    mc_hmac_sha256(out, (struct mc_bytes){key, sizeof(key)},
                   BYTES("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_hex(out, sizeof(out),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 8032 sect. 7.1, tests 1 to 3 */
static void ed25519_of_rfc_8032(void **unused)
{
    (void)unused;
    static const struct {
        const char *seed;
        const char *public_key;
        const char *message;
        const char *signature;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "8"
         "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        uint8_t seed[MC_KEY_LEN];
        uint8_t public_key[MC_SIGN_PUBLIC_LEN];
        uint8_t secret_key[MC_SIGN_SECRET_LEN];
        uint8_t message[2];
        uint8_t signature[MC_SIGNATURE_LEN];
        struct mc_bytes bytes = {message, strlen(cases[i].message) / 2};

        unhex(seed, sizeof(seed), cases[i].seed);
        unhex(message, bytes.len, cases[i].message);
        mc_sign_key(seed, public_key, secret_key);
        assert_hex(public_key, sizeof(public_key), cases[i].public_key);
        mc_sign(signature, secret_key, bytes);
        assert_hex(signature, sizeof(signature), cases[i].signature);
        assert_true(mc_sign_verify(signature, public_key, bytes));
        signature[5] ^= 1;
        assert_false(mc_sign_verify(signature, public_key, bytes));
    }
}

static void fill_with_draft_nonce(void *arg, void *bytes, size_t len)
{
    (void)arg;
    assert_int_equal(len, MC_SEAL_NONCE_LEN);
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(0x40 + i);
}

static const char sunscreen[] =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";

/* draft-irtf-cfrg-xchacha-03 appendix A.3.1 */
static void seal_of_xchacha_draft(void **unused)
{
    (void)unused;
    static const char want[] =
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4e"
        "da7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2"
        "383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";
    struct mc_random random = {.fill = fill_with_draft_nonce};
    struct mc_keyring ring;
    uint8_t key[MC_KEY_LEN];
    uint8_t ad[12];
    uint8_t sealed[sizeof(sunscreen) + MC_SEAL_OVERHEAD];

    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(0x80 + i);
    unhex(ad, sizeof(ad), "50515253c0c1c2c3c4c5c6c7");
    mc_keyring_set(&ring, key, NULL);
    mc_seal(&ring, &random, (struct mc_bytes){ad, sizeof(ad)}, BYTES(sunscreen), sealed);
    assert_hex(sealed + 1 + MC_SEAL_NONCE_LEN, sizeof(sunscreen) - 1 + MC_SEAL_TAG_LEN, want);
}

static void seal_opens_only_untouched(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    struct mc_keyring ring;
    uint8_t sealed[sizeof(sunscreen) - 1 + MC_SEAL_OVERHEAD];
    uint8_t out[sizeof(sunscreen)];
    struct mc_bytes whole = {sealed, sizeof(sealed)};
    size_t len = 0;

    mc_keyring_set(&ring, (const uint8_t[MC_KEY_LEN]){1}, NULL);
    assert_int_equal(mc_sealed_len(sizeof(sunscreen) - 1), sizeof(sealed));
    mc_seal(&ring, &random, BYTES("accounts:1"), BYTES(sunscreen), sealed);
    assert_int_equal(mc_unseal(&ring, BYTES("accounts:1"), whole, out, &len), MC_OK);
    assert_int_equal(len, sizeof(sunscreen) - 1);
    assert_memory_equal(out, sunscreen, len);

    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 0x80;
        assert_int_equal(mc_unseal(&ring, BYTES("accounts:1"), whole, out, &len), MC_CORRUPT);
        sealed[i] ^= 0x80;
    }
    for (size_t cut = 0; cut < sizeof(sealed); cut++)
        assert_int_equal(
            mc_unseal(&ring, BYTES("accounts:1"), (struct mc_bytes){sealed, cut}, out, &len),
            MC_CORRUPT);
    assert_int_equal(mc_unseal(&ring, BYTES("accounts:2"), whole, out, &len), MC_CORRUPT);
}

static void seal_of_nothing(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    struct mc_keyring ring;
    uint8_t sealed[MC_SEAL_OVERHEAD];
    uint8_t out[1];
    size_t len = 9;

    mc_keyring_set(&ring, (const uint8_t[MC_KEY_LEN]){1}, NULL);
    mc_seal(&ring, &random, (struct mc_bytes){0}, (struct mc_bytes){0}, sealed);
    assert_int_equal(mc_unseal(&ring, (struct mc_bytes){0},
                               (struct mc_bytes){sealed, sizeof(sealed)}, out, &len),
                     MC_OK);
    assert_int_equal(len, 0);
}

static void keys_rotate(void **unused)
{
    (void)unused;
    static const uint8_t first[MC_KEY_LEN] = {1};
    static const uint8_t second[MC_KEY_LEN] = {2};
    static const uint8_t third[MC_KEY_LEN] = {3};
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    struct mc_keyring ring;
    uint8_t sealed[3 + MC_SEAL_OVERHEAD];
    struct mc_bytes whole = {sealed, sizeof(sealed)};
    uint8_t out[3];
    size_t len;

    mc_keyring_set(&ring, first, NULL);
    mc_seal(&ring, &random, BYTES(""), BYTES("abc"), sealed);
    assert_true(mc_sealed_is_current(&ring, whole));

    mc_keyring_set(&ring, second, first);
    assert_false(mc_sealed_is_current(&ring, whole));
    assert_int_equal(mc_unseal(&ring, BYTES(""), whole, out, &len), MC_OK);
    mc_seal(&ring, &random, BYTES(""), BYTES("abc"), sealed);
    assert_true(mc_sealed_is_current(&ring, whole));

    mc_keyring_set(&ring, third, second);
    assert_int_equal(mc_unseal(&ring, BYTES(""), whole, out, &len), MC_OK);
    mc_keyring_set(&ring, third, NULL);
    assert_int_equal(mc_unseal(&ring, BYTES(""), whole, out, &len), MC_CORRUPT);
}

/* Two keys in 256 share an id byte; both must then be tried. */
static void keys_with_one_id_both_open(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    struct mc_keyring ring;
    struct mc_keyring other;
    uint8_t key[MC_KEY_LEN] = {0};
    uint8_t sealed[3 + MC_SEAL_OVERHEAD];
    uint8_t out[3];
    size_t len;

    mc_keyring_set(&ring, key, NULL);
    do {
        mc_random_fill(&random, key, sizeof(key));
        mc_keyring_set(&other, key, NULL);
    } while (other.keys[0].id != ring.keys[0].id);
    mc_seal(&ring, &random, BYTES(""), BYTES("abc"), sealed);
    mc_keyring_set(&other, key, ring.keys[0].bytes);
    assert_int_equal(
        mc_unseal(&other, BYTES(""), (struct mc_bytes){sealed, sizeof(sealed)}, out, &len), MC_OK);
    mc_keyring_wipe(&ring);
    assert_int_equal(ring.len, 0);
}

static void mac_frames_its_parts(void **unused)
{
    (void)unused;
    static const uint8_t key[MC_KEY_LEN] = {1};
    uint8_t a[MC_HASH_LEN];
    uint8_t b[MC_HASH_LEN];

    mc_mac(a, key, "otp", (const struct mc_bytes[]){BYTES("ab"), BYTES("c")}, 2);
    mc_mac(b, key, "otp", (const struct mc_bytes[]){BYTES("a"), BYTES("bc")}, 2);
    assert_false(mc_equal(a, b, sizeof(a)));
    mc_mac(b, key, "otpab", (const struct mc_bytes[]){BYTES("c")}, 1);
    assert_false(mc_equal(a, b, sizeof(a)));
    mc_mac(b, key, "otp", (const struct mc_bytes[]){BYTES("ab"), BYTES("c"), BYTES("")}, 3);
    assert_false(mc_equal(a, b, sizeof(a)));
    mc_mac(b, (const uint8_t[MC_KEY_LEN]){2}, "otp",
           (const struct mc_bytes[]){BYTES("ab"), BYTES("c")}, 2);
    assert_false(mc_equal(a, b, sizeof(a)));
    mc_mac(b, key, "otp", (const struct mc_bytes[]){BYTES("ab"), BYTES("c")}, 2);
    assert_true(mc_equal(a, b, sizeof(a)));
    mc_key_derive(b, key, "otp");
    mc_mac(a, key, "otp", NULL, 0);
    assert_false(mc_equal(a, b, sizeof(a)));
}

/* Computed by other implementations. These are on disk in every blind index and sealed value: they
 * may never change. */
static void stored_forms_stay(void **unused)
{
    (void)unused;
    uint8_t key[MC_KEY_LEN];
    uint8_t out[MC_HASH_LEN];

    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    mc_mac(out, key, "phone", (const struct mc_bytes[]){BYTES("+84869000603")}, 1);
    assert_hex(out, sizeof(out),
               "d9e0b0b6a0999db8400c3535364a0f7e2cd5451916d982aa3e22569994aa181e");
    mc_key_derive(out, key, "identity/seal");
    assert_hex(out, sizeof(out),
               "e3c7e7aef324dc7aab31790e1502e271ee6f4da663bf8fdba3137699c4676d43");
    assert_int_equal(mc_checksum(BYTES("key"), BYTES("value")), 0xe4a2c259748d5a);
}

static void checksum_sees_every_bit(void **unused)
{
    (void)unused;
    uint8_t value[300] = {0};
    struct mc_bytes key = BYTES("accounts:0123456789abcdef");
    uint64_t sum = mc_checksum(key, (struct mc_bytes){value, sizeof(value)});

    for (size_t bit = 0; bit < 8 * sizeof(value); bit++) {
        value[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(mc_checksum(key, (struct mc_bytes){value, sizeof(value)}), sum);
        value[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_not_equal(mc_checksum(key, (struct mc_bytes){value, sizeof(value) - 1}), sum);
    assert_int_not_equal(mc_checksum(BYTES("ab"), BYTES("c")),
                         mc_checksum(BYTES("a"), BYTES("bc")));
    assert_int_not_equal(mc_checksum(BYTES("ab"), BYTES("")), mc_checksum(BYTES(""), BYTES("ab")));
}

/* RFC 4648 sect. 10, and RFC 4648 sect. 3.5 on what is not canonical */
static void base64_one_form_only(void **unused)
{
    (void)unused;
    static const struct {
        const char *plain;
        const char *padded;
        const char *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff", "+/8=", "-_8"},
    };
    static const char *const bad[] = {"Z",   "Zh",  "Zg=",   "Zg==",   "Zg\n",
                                      " Zg", "+/8", "Zm9v!", "Zm9\xff"};
    uint8_t bytes[16];
    char text[32];
    size_t len;

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_true(mc_base64_size(strlen(cases[i].plain)) > strlen(cases[i].padded));
        assert_int_equal(mc_base64(text, text_bytes(cases[i].plain)), strlen(cases[i].padded));
        assert_string_equal(text, cases[i].padded);
        assert_int_equal(mc_base64url(text, text_bytes(cases[i].plain)), strlen(cases[i].url));
        assert_string_equal(text, cases[i].url);
        assert_true(mc_unbase64(bytes, sizeof(bytes), text_bytes(cases[i].padded), &len));
        assert_int_equal(len, strlen(cases[i].plain));
        assert_true(mc_unbase64url(bytes, len, text_bytes(cases[i].url), &len));
        assert_memory_equal(bytes, cases[i].plain, len);
        assert_true(len == 0 || !mc_unbase64url(bytes, len - 1, text_bytes(cases[i].url), &len));
    }
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(mc_unbase64url(bytes, sizeof(bytes), text_bytes(bad[i]), &len));
}

static void hex_exactly(void **unused)
{
    (void)unused;
    uint8_t bytes[2];

    assert_true(mc_unhex(bytes, 2, BYTES("00fF")));
    assert_int_equal(bytes[1], 0xff);
    assert_false(mc_unhex(bytes, 2, BYTES("00f")));
    assert_false(mc_unhex(bytes, 2, BYTES("00fff")));
    assert_false(mc_unhex(bytes, 2, BYTES("00fg")));
    assert_false(mc_unhex(bytes, 2, BYTES("0 ff")));
}

/* RFC 9562 appendix A.6 */
static void uuid7_of_rfc_9562(void **unused)
{
    (void)unused;
    static const char text[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    uint8_t id[MC_ID_LEN];
    char again[MC_UUID_TEXT_LEN + 1];
    int64_t ms;

    assert_true(mc_uuid_parse(id, BYTES(text)));
    assert_true(mc_uuid7_time(id, &ms));
    assert_int_equal(ms, 1645557742000);
    mc_uuid_text(again, id);
    assert_string_equal(again, text);
    assert_true(mc_uuid_parse(id, BYTES("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")));
    assert_false(mc_uuid_parse(id, BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398")));
    assert_false(mc_uuid_parse(id, BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398ff")));
    assert_false(mc_uuid_parse(id, BYTES("017f22e279b0-7cc3-98c4-dc0c0c07398f-")));
    assert_false(mc_uuid_parse(id, BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398g")));
    assert_true(mc_uuid_parse(id, BYTES("919108f7-52d1-4320-9bac-f847db4148a8")));
    assert_false(mc_uuid7_time(id, &ms)); /* version 4 */
}

static void uuid7_orders_by_time(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    uint8_t early[MC_ID_LEN];
    uint8_t late[MC_ID_LEN];
    int64_t ms;

    for (int64_t now = 1700000000255; now < 1700000000600; now++) {
        mc_uuid7(early, now, &random);
        mc_uuid7(late, now + 1, &random);
        assert_true(memcmp(early, late, sizeof(early)) < 0);
        assert_true(mc_uuid7_time(early, &ms));
        assert_int_equal(ms, now);
    }
}

static void seeded_random_is_one_stream(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    uint8_t whole[1500];
    uint8_t piece[1500];

    mc_random_fill(&random, whole, sizeof(whole));
    random = seeded(&state);
    for (size_t at = 0, step = 0; at < sizeof(piece); at += step) {
        step = MC_MIN(at % 37 + 1, sizeof(piece) - at);
        mc_random_fill(&random, piece + at, step);
    }
    assert_memory_equal(whole, piece, sizeof(whole));
    random = mc_random_seed(&state, 8);
    mc_random_fill(&random, piece, sizeof(piece));
    assert_memory_not_equal(whole, piece, sizeof(whole));
}

static void random_below_stays_below(void **unused)
{
    (void)unused;
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    bool seen[10] = {false};

    for (size_t i = 0; i < 500; i++)
        seen[mc_random_below(&random, MC_LEN(seen))] = true;
    for (size_t i = 0; i < MC_LEN(seen); i++)
        assert_true(seen[i]);
    assert_int_equal(mc_random_below(&random, 1), 0);
    (void)mc_random_below(&random, UINT64_MAX);
}

static void system_random_does_not_repeat(void **unused)
{
    (void)unused;
    struct mc_random random;
    static uint8_t ids[600][MC_ID_LEN];
    static uint8_t large[10000];
    size_t zeros = 0;

    assert_int_equal(mc_random_open(&random), MC_OK);
    for (size_t i = 0; i < MC_LEN(ids); i++) /* more than two pools */
        mc_random_fill(&random, ids[i], sizeof(ids[i]));
    for (size_t i = 0; i < MC_LEN(ids); i++)
        for (size_t j = i + 1; j < MC_LEN(ids); j++)
            assert_memory_not_equal(ids[i], ids[j], sizeof(ids[i]));
    mc_random_fill(&random, large, sizeof(large));
    for (size_t i = 0; i < sizeof(large); i++)
        zeros += large[i] == 0;
    assert_in_range(zeros, 1, 200);
    mc_random_close(&random);
    assert_null(random.fill);
}

static void system_random_is_not_shared_by_fork(void **unused)
{
    (void)unused;
    struct mc_random random;
    uint8_t ours[MC_ID_LEN];
    uint8_t theirs[MC_ID_LEN];
    int ends[2];

    assert_int_equal(mc_random_open(&random), MC_OK);
    mc_random_fill(&random, ours, sizeof(ours)); /* the pool is full now */
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        mc_random_fill(&random, theirs, sizeof(theirs));
        _exit(write(ends[1], theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
    }
    assert_true(child > 0);
    mc_random_fill(&random, ours, sizeof(ours));
    assert_int_equal(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(ours, theirs, sizeof(ours));
    (void)close(ends[0]);
    (void)close(ends[1]);
    mc_random_close(&random);
}

struct signing {
    struct mc_arena arena;
    struct mc_token_verifier verifier;
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
    uint8_t secret_key[MC_SIGN_SECRET_LEN];
};

static int signing_begin(void **state)
{
    struct signing *signing = calloc(1, sizeof(*signing));

    if (signing == NULL || mc_arena_init(&signing->arena, 1 << 20) != MC_OK)
        return -1;
    mc_sign_key((const uint8_t[MC_KEY_LEN]){1}, signing->public_key, signing->secret_key);
    mc_token_verifier_set(&signing->verifier, signing->public_key, NULL);
    *state = signing;
    return 0;
}

static int signing_end(void **state)
{
    struct signing *signing = *state;

    mc_arena_done(&signing->arena);
    free(signing);
    return 0;
}

static enum mc_status token_open(struct signing *signing, const char *token,
                                 struct mc_bytes *ret_payload)
{
    return mc_token_open(&signing->verifier, &signing->arena, text_bytes(token), ret_payload);
}

static void token_opens_again_and_again(void **state)
{
    struct signing *signing = *state;
    struct mc_bytes payload = {0};
    char *token = mc_token_sign(&signing->arena, signing->secret_key, BYTES("{\"sub\":1}"));

    assert_non_null(token);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(token_open(signing, token, &payload), MC_OK);
        assert_int_equal(payload.len, 9);
        assert_memory_equal(payload.data, "{\"sub\":1}", 9);
    }
    /* the cache itself answers: with the key out of its hands, a new token would not open */
    memset(signing->verifier.keys, 0, sizeof(signing->verifier.keys));
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
    char *other = mc_token_sign(&signing->arena, signing->secret_key, BYTES("{\"sub\":2}"));
    assert_int_equal(token_open(signing, other, &payload), MC_UNAUTHENTICATED);
}

static void token_touched_anywhere_is_refused(void **state)
{
    struct signing *signing = *state;
    struct mc_bytes payload;
    char *token = mc_token_sign(&signing->arena, signing->secret_key, BYTES("{\"sub\":1}"));

    assert_non_null(token);
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
    for (size_t i = 0; token[i] != '\0'; i++) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(token_open(signing, token, &payload), MC_UNAUTHENTICATED);
        token[i] = '\0';
        assert_int_equal(token_open(signing, token, &payload), MC_UNAUTHENTICATED);
        token[i] = was;
    }
    char *longer = mc_sprintf(&signing->arena, "%sA", token);
    assert_int_equal(token_open(signing, longer, &payload), MC_UNAUTHENTICATED);
    assert_int_equal(token_open(signing, "", &payload), MC_UNAUTHENTICATED);
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
}

static void token_keys_rotate(void **state)
{
    struct signing *signing = *state;
    uint8_t next[MC_SIGN_PUBLIC_LEN];
    uint8_t next_secret[MC_SIGN_SECRET_LEN];
    struct mc_bytes payload;
    char *token = mc_token_sign(&signing->arena, signing->secret_key, BYTES("x"));

    mc_sign_key((const uint8_t[MC_KEY_LEN]){2}, next, next_secret);
    mc_token_verifier_set(&signing->verifier, next, signing->public_key);
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
    mc_token_verifier_set(&signing->verifier, next, NULL);
    assert_int_equal(token_open(signing, token, &payload), MC_UNAUTHENTICATED);
    token = mc_token_sign(&signing->arena, next_secret, BYTES("x"));
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
}

static void token_limits(void **state)
{
    struct signing *signing = *state;
    static const uint8_t bytes[MC_TOKEN_MAX];
    struct mc_bytes payload;
    size_t most =
        (MC_TOKEN_MAX - 3 - 1 - 86) / 4 * 3 + 1; /* 4006 characters, 2 of them left over */

    char *token =
        mc_token_sign(&signing->arena, signing->secret_key, (struct mc_bytes){bytes, most});
    assert_non_null(token);
    assert_int_equal(strlen(token), MC_TOKEN_MAX);
    assert_int_equal(token_open(signing, token, &payload), MC_OK);
    assert_int_equal(payload.len, most);
    assert_null(
        mc_token_sign(&signing->arena, signing->secret_key, (struct mc_bytes){bytes, most + 1}));
    assert_null(
        mc_token_sign(&signing->arena, signing->secret_key, (struct mc_bytes){bytes, SIZE_MAX}));

    char *large = mc_sprintf(&signing->arena, "v1.%s", token + 2); /* one character more */
    assert_int_equal(strlen(large), MC_TOKEN_MAX + 1);
    assert_int_equal(token_open(signing, large, &payload), MC_UNAUTHENTICATED);

    mc_arena_budget(&signing->arena, 10);
    assert_int_equal(token_open(signing, token, &payload), MC_FULL);
    assert_null(mc_token_sign(&signing->arena, signing->secret_key, BYTES("x")));
}

static char *in_folder(const char *folder, const char *name)
{
    char *path = NULL;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

static void file_put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* First the key that seals already, then others. */
static void fill_with_the_same_key_first(void *arg, void *bytes, size_t len)
{
    uint8_t *draws = arg;

    memset(bytes, *draws, len);
    ++*draws;
}

/* One key of 256 has the id of the one before it; a room would not start with both. */
static void a_seal_key_is_told_apart(void **unused)
{
    (void)unused;
    char folder[] = "/tmp/motcua-crypto-XXXXXX";
    uint8_t draws = 7;
    struct mc_random random = {.fill = fill_with_the_same_key_first, .arg = &draws};
    uint8_t before[MC_KEY_LEN];
    uint8_t key[MC_KEY_LEN];
    struct mc_keyring ring;

    memset(before, 7, sizeof(before));
    assert_non_null(mkdtemp(folder));
    char *path = in_folder(folder, "room.seal.1");
    assert_int_equal(mc_seal_key_create(path, &random, before), MC_OK);
    assert_int_equal(mc_key_load(path, key, sizeof(key)), MC_OK);
    mc_keyring_set(&ring, key, before);
    assert_int_not_equal(ring.keys[0].id, ring.keys[1].id);
    assert_int_equal(mc_seal_key_create(path, &random, before), MC_CONFLICT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(path);
}

static void key_files(void **unused)
{
    (void)unused;
    char folder[] = "/tmp/motcua-crypto-XXXXXX";
    struct mc_random_seeded state;
    struct mc_random random = seeded(&state);
    uint8_t key[MC_KEY_LEN] = {0};
    uint8_t again[MC_KEY_LEN];
    struct stat info;

    assert_non_null(mkdtemp(folder));
    char *path = in_folder(folder, "room.key");
    assert_int_equal(mc_key_load(path, key, sizeof(key)), MC_NOT_FOUND);
    assert_int_equal(mc_key_create(path, &random, sizeof(key)), MC_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_size, 2 * sizeof(key) + 1);
    assert_int_equal(info.st_nlink, 1);
    assert_int_equal(mc_key_load(path, key, sizeof(key)), MC_OK);
    assert_int_equal(mc_key_create(path, &random, sizeof(key)), MC_CONFLICT);
    assert_int_equal(mc_key_load(path, again, sizeof(again)), MC_OK);
    assert_memory_equal(key, again, sizeof(key));
    assert_int_equal(mc_key_load(path, again, sizeof(again) - 1), MC_INVALID);

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(mc_key_load(path, key, sizeof(key)), MC_OK);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(mc_key_load(path, key, sizeof(key)), MC_DENIED);
    file_put(path, "00ff", 0600);
    assert_int_equal(mc_key_load(path, key, 2), MC_OK);
    file_put(path, "00ff ", 0600);
    assert_int_equal(mc_key_load(path, key, 2), MC_INVALID);
    file_put(path, "00fz\n", 0600);
    assert_int_equal(mc_key_load(path, key, 2), MC_INVALID);
    file_put(path, "00ff\n\n", 0600);
    assert_int_equal(mc_key_load(path, key, 2), MC_INVALID);
    assert_int_equal(mc_key_load(folder, key, 2), MC_INVALID);

    char *nowhere = in_folder(folder, "no/room.key");
    assert_int_equal(mc_key_create(nowhere, &random, 32), MC_IO);
    char *largest = in_folder(folder, "largest.key");
    uint8_t *large = calloc(1, MC_KEY_FILE_MAX);
    assert_int_equal(mc_key_create(largest, &random, MC_KEY_FILE_MAX), MC_OK);
    assert_int_equal(mc_key_load(largest, large, MC_KEY_FILE_MAX), MC_OK);
    assert_string_not_equal(mc_key_sentence(MC_DENIED), mc_key_sentence(MC_INVALID));

    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(largest), 0);
    assert_int_equal(rmdir(folder), 0); /* no draft was left */
    free(large);
    free(largest);
    free(nowhere);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_fips_180),
        cmocka_unit_test(hmac_of_rfc_4231),
        cmocka_unit_test(ed25519_of_rfc_8032),
        cmocka_unit_test(seal_of_xchacha_draft),
        cmocka_unit_test(seal_opens_only_untouched),
        cmocka_unit_test(seal_of_nothing),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(keys_with_one_id_both_open),
        cmocka_unit_test(mac_frames_its_parts),
        cmocka_unit_test(stored_forms_stay),
        cmocka_unit_test(checksum_sees_every_bit),
        cmocka_unit_test(base64_one_form_only),
        cmocka_unit_test(hex_exactly),
        cmocka_unit_test(uuid7_of_rfc_9562),
        cmocka_unit_test(uuid7_orders_by_time),
        cmocka_unit_test(seeded_random_is_one_stream),
        cmocka_unit_test(random_below_stays_below),
        cmocka_unit_test(system_random_does_not_repeat),
        cmocka_unit_test(system_random_is_not_shared_by_fork),
        cmocka_unit_test_setup_teardown(token_opens_again_and_again, signing_begin, signing_end),
        cmocka_unit_test_setup_teardown(token_touched_anywhere_is_refused, signing_begin,
                                        signing_end),
        cmocka_unit_test_setup_teardown(token_keys_rotate, signing_begin, signing_end),
        cmocka_unit_test_setup_teardown(token_limits, signing_begin, signing_end),
        cmocka_unit_test(a_seal_key_is_told_apart),
        cmocka_unit_test(key_files),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
