/* QR codes: the same text comes back when another program reads the picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/qr.h"

#include "../harness.h"

static int open_arena(void **state)
{
    static struct mc_arena arena;

    *state = &arena;
    return mc_arena_init(&arena, 64 << 20) == MC_OK ? 0 : -1;
}

static int close_arena(void **state)
{
    mc_arena_done(*state);
    return 0;
}

/* What zbarimg reads in the picture. */
static void read_back(struct mc_bytes picture, char *out, size_t size)
{
    char path[] = "/tmp/mc-qr-XXXXXX";
    char command[128];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, picture.data, picture.len), picture.len);
    (void)snprintf(command, sizeof command,
                   "zbarimg -q --raw -Sdisable -Sqrcode.enable %s 2>/dev/null", path);
    FILE *zbar = popen(command, "r"); /* NOLINT(cert-env33-c): a fixed program on our own file */
    assert_non_null(zbar);
    size_t len = fread(out, 1, size - 1, zbar);
    out[len] = '\0';
    assert_int_equal(pclose(zbar), 0);
    (void)close(fd);
    (void)unlink(path);
    if (len > 0 && out[len - 1] == '\n')
        out[len - 1] = '\0';
}

static void a_picture_is_read_back(void **state)
{
    static const char vietqr[] =
        "00020101021238560010A0000007270126000697040501129900000000330208QRIBFTTA530370454075514"
        "0005802VN62170813DVC260907000863044290";
    char text[512];
    struct mc_bytes png;

    assert_int_equal(mc_qr_png(*state, vietqr, 0, &png), MC_OK);
    read_back(png, text, sizeof text);
    assert_string_equal(text, vietqr);
    assert_true(png.len < 4096);
}

static void the_svg_has_the_same_dots(void **state)
{
    struct mc_bytes svg;
    struct mc_qr qr;
    size_t dark = 0;
    size_t drawn = 0;

    assert_int_equal(mc_qr_make(*state, "Hồ sơ 000.20.31.H53-260907-0007", &qr), MC_OK);
    for (size_t i = 0; i < (size_t)qr.width * qr.width; i++)
        dark += qr.dark[i];
    assert_int_equal(mc_qr_svg(*state, "Hồ sơ 000.20.31.H53-260907-0007", &svg), MC_OK);
    const char *text = svg.data;
    assert_memory_equal(text, "<svg ", 5);
    for (const char *run = strstr(text, "<path d="); (run = strchr(run + 1, 'h')) != NULL;) {
        long len = strtol(run + 1, NULL, 10);
        drawn += len > 0 ? (size_t)len : 0;
    }
    assert_int_equal(drawn, dark);
}

static void texts_have_a_limit(void **state)
{
    static char text[MC_QR_TEXT_MAX + 2];
    struct mc_bytes bytes;

    memset(text, 'x', MC_QR_TEXT_MAX + 1);
    assert_int_equal(mc_qr_png(*state, text, 1, &bytes), MC_INVALID);
    assert_int_equal(mc_qr_png(*state, "", 1, &bytes), MC_INVALID);
    assert_int_equal(mc_qr_png(*state, "x", MC_QR_SCALE_MAX + 1, &bytes), MC_INVALID);
    assert_int_equal(mc_qr_png(*state, "x", MC_QR_SCALE_MAX, &bytes), MC_OK);
    text[MC_QR_TEXT_MAX] = '\0';
    assert_int_equal(mc_qr_svg(*state, text, &bytes), MC_OK);
    assert_int_equal(mc_qr_png(*state, text, 1, &bytes), MC_OK);
}

static void a_small_arena_is_full(void **state)
{
    struct mc_arena small;
    struct mc_bytes bytes;

    (void)state;
    assert_int_equal(mc_arena_init(&small, 4096), MC_OK);
    assert_int_equal(mc_qr_png(&small, "x", MC_QR_SCALE_MAX, &bytes), MC_FULL);
    mc_arena_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_picture_is_read_back, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(the_svg_has_the_same_dots, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(texts_have_a_limit, open_arena, close_arena),
        cmocka_unit_test(a_small_arena_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
