/*
 * Any bytes as a request: path, headers and body made a call, or refused with something to say.
 *
 * Input is text lines: HTTP method, path, then "Name: value" headers until an empty line, then
 * the body. What maps must be a header and a body that the bus takes; what is refused must be
 * JSON.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"

#include "../../services/gateway/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16, ARENA = 64 << 20 };

struct request {
    struct mc_header headers[HEADERS_MAX + 1];
    char *text;
};

static const char *header_of(const void *arg, const char *name)
{
    const struct request *request = arg;

    for (const struct mc_header *line = request->headers; line->name != NULL; line++)
        if (strcasecmp(line->name, name) == 0)
            return line->value;
    return NULL;
}

/* The next line, ended by NUL; *at moves on. The text ends in NUL itself. */
static char *line_of(char **at)
{
    char *line = *at;
    size_t len = strcspn(line, "\n");

    *at = line + len + (line[len] == '\n');
    line[len] = '\0';
    return line;
}

static char *read_headers(struct request *request, char *at)
{
    size_t len = 0;

    for (;;) {
        char *line = line_of(&at);
        char *colon = strstr(line, ": ");

        if (colon == NULL || len == HEADERS_MAX)
            return at;
        *colon = '\0';
        if (mc_header_value_ok(colon + 2)) /* the listener lets nothing else through */
            request->headers[len++] = (struct mc_header){line, colon + 2};
    }
}

static void check_call(struct mc_arena *arena, const struct gateway_asked *asked,
                       const struct gateway_call *call)
{
    struct mc_validate_error error;
    struct mc_bytes header = mc_envelope_pack(arena, &call->head);

    assert(header.data != NULL);
    const Motcua__Header *head = mc_envelope_open(arena, header, &error);
    assert(head != NULL);
    assert(strcmp(head->caller, "portal:http") == 0);
    assert(strcmp(head->method, asked->path + 1) == 0);
    assert(call->timeout_ms > 0 && call->timeout_ms <= GATEWAY_TIMEOUT_MAX_MS);
    assert(strcmp(asked->method, "POST") == 0);
    assert(call->method.proto->input != &motcua__webhook_request__descriptor);
    if (call->format == GATEWAY_JSON) /* what was decoded is what the room will read */
        assert(mc_body_open(arena, call->method.proto->input, call->body, MC_UPLOAD_MAX, &error) !=
               NULL);
}

static void check_refusal(struct mc_arena *arena, const struct gateway_refusal *refusal)
{
    struct mc_bytes text = {0};
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    assert(refusal->head.status != 0 && refusal->head.code[0] != '\0');
    assert(mc_header_value_ok(refusal->head.code));
    enum mc_status status = gateway_error_json(arena, &refusal->head, &text);
    assert(status == MC_OK);
    status = mc_json_parse(text, &json);
    assert(status == MC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 1);
    struct gateway_moment moment = {INT64_C(1788000000000), &random};
    struct gateway_limits limits = {GATEWAY_BODY_MAX, GATEWAY_UPLOAD_MAX};
    struct request request = {.text = malloc(size + 1)};
    struct gateway_refusal refusal;
    struct gateway_call call;

    assert(request.text != NULL);
    if (size > 0)
        memcpy(request.text, data, size);
    request.text[size] = '\0';
    if (arena.base == NULL && mc_arena_init(&arena, ARENA) != MC_OK)
        abort();

    char *at = request.text;
    struct gateway_asked asked = {.header = header_of, .arg = &request};
    asked.method = line_of(&at);
    asked.path = line_of(&at);
    at = read_headers(&request, at);
    asked.body = (struct mc_bytes){at, size - (size_t)(at - request.text)};

    if (gateway_map(&arena, &asked, &limits, &moment, &call, &refusal))
        check_call(&arena, &asked, &call);
    else
        check_refusal(&arena, &refusal);
    mc_arena_reset(&arena);
    free(request.text);
    return 0;
}
