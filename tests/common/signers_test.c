/* Another room's keys: believed two seconds after they are published, and no longer than that. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/service.h"

#include "harness.h"

/* A room whose keys a test sets. */
struct published {
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    uint8_t secrets[MC_SIGN_KEYS_MAX][MC_SIGN_SECRET_LEN];
    size_t len;
    unsigned asked;
};

static size_t told(const struct mc_boot *boot, const char *room,
                   uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN])
{
    struct published *published = boot->keys;

    assert_string_equal(room, "identity");
    published->asked++;
    memcpy(ret_keys, published->keys, published->len * sizeof published->keys[0]);
    return published->len;
}

static void key_add(struct published *published)
{
    const uint8_t seed[MC_KEY_LEN] = {(uint8_t)(published->len + 1)};

    mc_sign_key(seed, published->keys[published->len], published->secrets[published->len]);
    published->len++;
}

static bool believed(struct mc_signers *signers, const uint8_t secret[MC_SIGN_SECRET_LEN])
{
    struct mc_arena arena;
    struct mc_bytes payload;

    assert_int_equal(mc_arena_init(&arena, 1 << 16), MC_OK);
    const char *token = mc_token_sign(&arena, secret, (struct mc_bytes){"x", 1});
    assert_non_null(token);
    bool good = mc_token_open(&signers->verifier, &arena, (struct mc_bytes){token, strlen(token)},
                              &payload) == MC_OK;
    mc_arena_done(&arena);
    return good;
}

static void keys_come_and_go(void **state)
{
    static struct mc_signers signers; /* 64 KiB */
    struct published published = {0};
    const struct mc_boot boot = {.public_keys = told, .keys = &published};
    int64_t now_ms = 1000000;

    (void)state;
    assert_false(mc_signers_ready(&signers, &boot, "identity", now_ms));
    key_add(&published); /* looked for at each use until there is one */
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms));
    assert_true(believed(&signers, published.secrets[0]));
    assert_int_equal(published.asked, 2);

    key_add(&published);
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms + MC_SIGNERS_READ_MS - 1));
    assert_int_equal(published.asked, 2);
    assert_false(believed(&signers, published.secrets[1]));
    now_ms += MC_SIGNERS_READ_MS;
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms));
    assert_true(believed(&signers, published.secrets[1]));
    assert_true(believed(&signers, published.secrets[0]));

    /* The first is taken away: what it signed is not believed, though it was seen before. */
    memcpy(published.keys[0], published.keys[1], sizeof published.keys[0]);
    published.len = 1;
    now_ms += MC_SIGNERS_READ_MS;
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms));
    assert_false(believed(&signers, published.secrets[0]));
    assert_true(believed(&signers, published.secrets[1]));

    /* A file that does not read for a moment changes nothing; a clock that is set back does not
     * keep an old key alive. */
    published.len = 0;
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms + MC_SIGNERS_READ_MS));
    assert_true(believed(&signers, published.secrets[1]));
    unsigned asked = published.asked;
    assert_true(mc_signers_ready(&signers, &boot, "identity", now_ms - 1));
    assert_int_equal(published.asked, asked + 1);
}

static void write_text(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    (void)close(fd);
}

static void a_file_of_public_keys(void **state)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    uint8_t read[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    char folder[] = "/tmp/motcua-signers-XXXXXX";
    char path[64];
    char text[(MC_SIGN_KEYS_MAX + 1) * 65];
    struct stat about;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/identity.pub", folder);
    for (size_t i = 0; i < MC_LEN(keys); i++)
        memset(keys[i], (int)i + 1, sizeof keys[i]);
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_NOT_FOUND);
    assert_int_equal(mc_public_keys_save(path, keys, 1), MC_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(mc_public_keys_save(path, keys, MC_SIGN_KEYS_MAX), MC_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640); /* as it was before */
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_OK);
    assert_int_equal(n, MC_SIGN_KEYS_MAX);
    assert_memory_equal(read, keys, sizeof keys);

    /* One past the limit, half a line, another letter, nothing, another length. */
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 65 == 64 ? '\n' : 'a';
    write_text(path, text, sizeof text);
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_INVALID);
    write_text(path, text, 64);
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_OK);
    assert_int_equal(n, 1);
    static const size_t bad[] = {0, 63, 66, 128};
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        write_text(path, text, bad[i]);
        assert_int_equal(mc_public_keys_load(path, read, &n), MC_INVALID);
    }
    text[3] = 'x';
    write_text(path, text, 65);
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_INVALID);
    text[3] = 'a';
    write_text(path, text, 65);
    assert_int_equal(chmod(path, 0644), 0); /* others might change what we believe: not taken */
    assert_int_equal(mc_public_keys_load(path, read, &n), MC_DENIED);
    (void)unlink(path);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_and_go),
        cmocka_unit_test(a_file_of_public_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
