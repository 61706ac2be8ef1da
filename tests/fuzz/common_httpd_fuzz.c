/* Any bytes as a request head and as a chunked body: in one piece or in single bytes, same result.
 */
#include <stdlib.h>
#include <string.h>

#include "common/httpd_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(const uint8_t *data, size_t size)
{
    struct mc_httpd_head head;
    char *text = calloc(1, size + 1);

    assert(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    if (mc_httpd_parse_head(text, size, &head) == 0) {
        assert(head.path[0] == '/');
        assert(mc_headers_ok(head.headers));
        assert(mc_httpd_head_find(&head, "Host") != NULL);
        assert(!head.chunked || mc_httpd_head_find(&head, "Content-Length") == NULL);
    }
    free(text);
}

/* Feeds `step` bytes at a time; returns how many bytes were data, or -1. */
static int64_t decode(const uint8_t *data, size_t size, size_t step, size_t *ret_end)
{
    struct mc_httpd_chunks chunks = {0};
    int64_t total = 0;
    size_t at = 0;

    while (at < size && chunks.state != MC_CHUNK_DONE) {
        struct mc_bytes in = {data + at, MC_MIN(step, size - at)};
        struct mc_bytes piece = {0};
        size_t used = 0;

        if (mc_httpd_chunks_feed(&chunks, in, &used, &piece) != 0)
            return -1;
        assert(used > 0 && used <= in.len && piece.len <= used);
        total += (int64_t)piece.len;
        at += used;
    }
    *ret_end = at;
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole_end = 0;
    size_t bytes_end = 0;

    check_head(data, size);
    int64_t whole = decode(data, size, size, &whole_end);
    int64_t bytes = decode(data, size, 1, &bytes_end);
    assert(whole == bytes && whole_end == bytes_end);
    return 0;
}
