/*
 * One e-mail to a relay, as a daemon hands it over: prints the outcome and the relay's status.
 * usage: mail_tool <url> <CA file> <timeout in ms> <user> <password> <to> <subject> <text> <file>
 * A user of "" does not log in; "-" builds the mail only, and prints it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http.h"
#include "common/loop.h"
#include "common/mail.h"

enum { ARGS = 10, FILE_MAX = 1 << 20, ARENA = 8 << 20 };

static void answered(void *arg, const struct mc_http_answer *answer)
{
    static const char *const outcomes[] = {
        [MC_HTTP_ANSWERED] = "answered",
        [MC_HTTP_NOT_SENT] = "not_sent",
        [MC_HTTP_UNKNOWN] = "unknown",
    };

    (void)printf("%s %d\n", outcomes[answer->outcome], answer->status);
    mc_loop_stop(arg);
}

static struct mc_bytes read_whole(const char *path)
{
    static char bytes[FILE_MAX];
    FILE *file = fopen(path, "re");

    assert(file != NULL);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    return (struct mc_bytes){bytes, len};
}

int main(int argc, char **argv)
{
    struct mc_arena arena;
    struct mc_bytes bytes;

    if (argc != ARGS || mc_arena_init(&arena, ARENA) != MC_OK)
        return 64;
    const char *user = argv[4][0] != '\0' ? argv[4] : NULL;
    struct mc_mail_file file = {"Biên lai “số 1”.pdf", "application/pdf", read_whole(argv[9])};
    struct mc_mail mail = {
        .from = "khong-tra-loi@dichvucong.example",
        .from_name = "Cổng Dịch vụ công Quốc gia",
        .to = argv[6],
        .subject = argv[7],
        .text = argv[8],
        .id = "notice.01",
        .unsubscribe = "https://dichvucong.example/thong-bao",
        .at_ms = 1788746400000,
        .files = &file,
        .files_len = 1,
    };
    if (mc_mail_build(&arena, &mail, &bytes) != MC_OK)
        return 65;
    if (strcmp(argv[1], "-") == 0)
        return fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len ? 0 : 1;

    struct mc_loop *loop = mc_loop_create();
    assert(loop != NULL);
    struct mc_http *http = mc_http_create(loop, &(struct mc_http_config){.allow_plain = false});
    assert(http != NULL);
    struct mc_http_mail envelope = {mail.from, mail.to, user, argv[5], false};
    struct mc_http_request request = {
        .mail = &envelope,
        .url = argv[1],
        .body = bytes,
        .timeout_ms = strtol(argv[3], NULL, 10),
        .ca_file = argv[2],
    };
    enum mc_status status = mc_http_start(http, &request, answered, loop, NULL);
    if (status == MC_OK)
        status = mc_loop_run(loop);
    mc_http_destroy(http);
    mc_loop_destroy(loop);
    mc_arena_done(&arena);
    return status == MC_OK ? 0 : 66;
}
