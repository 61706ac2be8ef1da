/* What a mail may hold, and what it looks like; other people's reader is interop/mail_peer.py. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "common/mail.h"

enum { ARENA = 64 << 20 };

static struct mc_arena arena;

static struct mc_mail letter(void)
{
    return (struct mc_mail){
        .from = "a@example.com",
        .to = "b@example.com",
        .subject = "Chào",
        .text = "Kính gửi",
        .id = "1",
    };
}

static enum mc_status build(const struct mc_mail *mail)
{
    struct mc_bytes bytes;

    return mc_mail_build(&arena, mail, &bytes);
}

static const char *text_of(const struct mc_mail *mail)
{
    struct mc_bytes bytes;

    assert_int_equal(mc_mail_build(&arena, mail, &bytes), MC_OK);
    char *text = mc_alloc(&arena, bytes.len + 1);
    assert_non_null(text);
    memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    return text;
}

static char *repeat(char c, size_t len)
{
    char *text = mc_alloc(&arena, len + 1);

    assert_non_null(text);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

static int clean(void **state)
{
    (void)state;
    mc_arena_reset(&arena);
    return 0;
}

static void a_mail_word_for_word(void **state)
{
    struct mc_mail mail = letter();

    (void)state;
    mail.at_ms = 1788746400000; /* 2026-09-07 02:00 UTC */
    assert_string_equal(
        text_of(&mail),
        "Date: Mon, 07 Sep 2026 09:00:00 +0700\r\n"
        "From: <a@example.com>\r\n"
        "To: <b@example.com>\r\n"
        "Message-ID: <1@example.com>\r\n"
        "Subject: =?UTF-8?B?Q2jDoG8=?=\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_motcua_both\"\r\n\r\n"
        "--=_motcua_both\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "S8OtbmggZ+G7rWk=\r\n"
        "--=_motcua_both\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "PCFET0NUWVBFIGh0bWw+PGh0bWwgbGFuZz0idmkiPjxtZXRhIGNoYXJzZXQ9InV0Zi04Ij48Ym9k\r\n"
        "eT48cD5Lw61uaCBn4butaQ==\r\n"
        "--=_motcua_both--\r\n");
}

/* NOT-07: nobody adds a header, a recipient or a command. */
static void a_control_character_is_refused_everywhere(void **state)
{
    static const char *const bad[] = {"x\r\nBcc: c@example.com", "x\ny", "x\ry", "x\ty", "x\x7fy"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        struct mc_mail_file file = {bad[i], "text/plain", {"", 0}};
        struct mc_mail mails[7];

        for (size_t m = 0; m < MC_LEN(mails); m++)
            mails[m] = letter();
        mails[0].from = bad[i];
        mails[1].to = bad[i];
        mails[2].subject = bad[i];
        mails[3].from_name = bad[i];
        mails[4].id = bad[i];
        mails[5].unsubscribe = bad[i];
        mails[6].files = &file;
        mails[6].files_len = 1;
        for (size_t m = 0; m < MC_LEN(mails); m++)
            assert_int_equal(build(&mails[m]), MC_INVALID);
    }
}

static void an_address_is_one_address(void **state)
{
    static const char *const bad[] = {"", "b", "b@example.com, c@example.com", "<b@example.com>",
                                      "b@example.com>"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        struct mc_mail mail = letter();

        mail.to = bad[i];
        assert_int_equal(build(&mail), MC_INVALID);
    }
}

static void types_ids_and_links_are_checked(void **state)
{
    static const char *const types[] = {"", "pdf", "application/", "/pdf", "a/b; charset=x", "A/b"};
    static const char *const ids[] = {"", "a b", "a@b", "a>b"};
    static const char *const links[] = {"http://a.example", "mailto:a@b", "https://a>,<b", ""};
    struct mc_mail_file file = {"x", "text/plain", {"", 0}};

    (void)state;
    struct mc_mail mail = letter();
    mail.files = &file;
    mail.files_len = 1;
    assert_int_equal(build(&mail), MC_OK);
    for (size_t i = 0; i < MC_LEN(types); i++) {
        file.type = types[i];
        assert_int_equal(build(&mail), MC_INVALID);
    }
    for (size_t i = 0; i < MC_LEN(ids); i++) {
        mail = letter();
        mail.id = ids[i];
        assert_int_equal(build(&mail), MC_INVALID);
    }
    for (size_t i = 0; i < MC_LEN(links); i++) {
        mail = letter();
        mail.unsubscribe = links[i];
        assert_int_equal(build(&mail), MC_INVALID);
    }
}

static void texts_at_their_limits(void **state)
{
    static const size_t limits[] = {MC_MAIL_TEXT_MAX, MC_MAIL_TEXT_MAX, MC_MAIL_BODY_MAX,
                                    MC_MAIL_BODY_MAX, MC_MAIL_ID_MAX};

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        for (size_t i = 0; i < MC_LEN(limits); i++) {
            struct mc_mail mail = letter();
            const char **fields[] = {&mail.subject, &mail.from_name, &mail.text, &mail.html,
                                     &mail.id};
            enum mc_status want = i == MC_LEN(limits) - 1 ? MC_INVALID : MC_LIMITED;

            mc_arena_reset(&arena);
            *fields[i] = repeat('a', limits[i] + over);
            assert_int_equal(build(&mail), over ? want : MC_OK);
        }
    }
}

static void files_at_their_limits(void **state)
{
    struct mc_mail_file files[MC_MAIL_FILES_MAX + 1];
    struct mc_mail mail = letter();

    (void)state;
    for (size_t i = 0; i < MC_LEN(files); i++)
        files[i] = (struct mc_mail_file){"x", "text/plain", {"", 0}};
    mail.files = files;
    mail.files_len = MC_MAIL_FILES_MAX;
    files[0].name = repeat('a', MC_MAIL_FILE_NAME_MAX);
    assert_int_equal(build(&mail), MC_OK);
    mail.files_len = MC_MAIL_FILES_MAX + 1;
    assert_int_equal(build(&mail), MC_LIMITED);
    mail.files_len = 2;
    files[0].bytes = (struct mc_bytes){repeat('b', MC_MAIL_FILES_SIZE), MC_MAIL_FILES_SIZE - 1};
    files[1].bytes = (struct mc_bytes){"b", 1};
    assert_int_equal(build(&mail), MC_OK);
    files[1].bytes.len = 2;
    assert_int_equal(build(&mail), MC_LIMITED);
    files[1].bytes.len = 0;
    files[1].name = repeat('a', MC_MAIL_FILE_NAME_MAX + 1);
    assert_int_equal(build(&mail), MC_LIMITED);
}

/* Long names in Vietnamese: each line of the head at most 76, no letter cut in two. */
static void a_long_subject_is_folded(void **state)
{
    struct mc_mail mail = letter();
    static const char three_bytes[] = {'\xe1', '\xba', '\xbf'}; /* ế */
    char *subject = repeat('a', MC_MAIL_TEXT_MAX);

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        for (size_t i = shift; i + 3 <= MC_MAIL_TEXT_MAX; i += 3)
            memcpy(subject + i, three_bytes, sizeof three_bytes);
        mail.subject = subject;
        const char *line = text_of(&mail);
        const char *end = strstr(line, "\r\n\r\n");
        for (; line < end; line = strstr(line, "\r\n") + 2)
            assert_true(strcspn(line, "\r") <= 76);
        memset(subject, 'a', MC_MAIL_TEXT_MAX);
    }
}

static void a_small_arena_is_a_refusal(void **state)
{
    struct mc_arena small;
    struct mc_mail mail = letter();
    struct mc_bytes bytes;

    (void)state;
    assert_int_equal(mc_arena_init(&small, 4096), MC_OK);
    assert_int_equal(mc_mail_build(&small, &mail, &bytes), MC_LIMITED);
    mc_arena_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_mail_word_for_word, clean),
        cmocka_unit_test_setup(a_control_character_is_refused_everywhere, clean),
        cmocka_unit_test_setup(an_address_is_one_address, clean),
        cmocka_unit_test_setup(types_ids_and_links_are_checked, clean),
        cmocka_unit_test_setup(texts_at_their_limits, clean),
        cmocka_unit_test_setup(files_at_their_limits, clean),
        cmocka_unit_test_setup(a_long_subject_is_folded, clean),
        cmocka_unit_test_setup(a_small_arena_is_a_refusal, clean),
    };

    if (mc_arena_init(&arena, ARENA) != MC_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mc_arena_done(&arena);
    return failed;
}
