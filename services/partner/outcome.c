#include "outcome.h"

#include <string.h>

#include "common/json.h"
#include "common/text.h"

enum {
    HTTP_OK = 200,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_TIMEOUT = 408,
    HTTP_MANY = 429,
    HTTP_SERVER_ERROR = 500,
    SESSION_TEXT_MAX = 1024,
    REASON_CODE_MAX = 16,
};

static const char *code_of(struct mc_arena *arena, const struct mc_json *json, const char *field)
{
    const char *text = mc_json_text(json, field);
    int64_t number = 0;
    const char *code = "";

    if (text != NULL)
        code = mc_sprintf(arena, "%.*s", (int)strnlen(text, REASON_CODE_MAX), text);
    else if (mc_json_number(json, field, &number))
        code = mc_sprintf(arena, "%lld", (long long)number);
    return code != NULL ? code : "";
}

static bool is_success(const char *codes, const char *code)
{
    size_t len = strlen(code);

    for (const char *at = codes; len > 0 && *at != '\0';) {
        size_t one = strcspn(at, "|");
        if (one == len && memcmp(at, code, len) == 0)
            return true;
        at += one + (at[one] == '|');
    }
    return false;
}

static struct partner_outcome read_json(struct mc_arena *arena, const struct partner_type *type,
                                        const struct mc_json *json, bool is_session)
{
    const char *message = mc_json_text(json, "message");
    struct partner_outcome outcome = {.verdict = PARTNER__ATTEMPT_VERDICT__REFUSED,
                                      .code = code_of(arena, json, type->code_field)};

    if (outcome.code[0] == '\0') {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__NOT_UNDERSTOOD;
        outcome.fault = true;
    } else if (is_success(type->success, outcome.code)) {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__TAKEN;
        const char *session = is_session ? mc_json_text(json, "session") : NULL;
        if (session != NULL && session[0] != '\0' && strlen(session) <= SESSION_TEXT_MAX)
            outcome.session = mc_strdup(arena, session);
        if (is_session && outcome.session == NULL)
            outcome.verdict = PARTNER__ATTEMPT_VERDICT__NOT_UNDERSTOOD;
    } else if (is_session) {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__SESSION_REFUSED;
    } else if (message != NULL && mc_text_contains(message, "đã tồn tại")) {
        outcome.exists = true;
    } else if (message != NULL &&
               (mc_text_contains(message, "session") || mc_text_contains(message, "phiên"))) {
        outcome.session_over = true;
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__SESSION_REFUSED;
    }
    return outcome;
}

struct partner_outcome partner_outcome_read(const struct partner_book *book, struct mc_arena *arena,
                                            const char *api_type, const struct mc_result *result)
{
    bool is_session = result->step == PARTNER_STEP_SESSION;
    const struct partner_type *type = partner_type_find(book, is_session ? "session" : api_type);
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct partner_outcome outcome = {.verdict = PARTNER__ATTEMPT_VERDICT__NO_ANSWER, .code = ""};

    if (result->outcome != MC_HTTP_ANSWERED) {
        bool built = strcmp(result->code, "NOT_BUILT") != 0;
        outcome.fault = built;
        if (!built)
            outcome.verdict = PARTNER__ATTEMPT_VERDICT__NOT_CALLABLE;
        return outcome;
    }
    if (!is_session &&
        (result->http_status == HTTP_UNAUTHORIZED || result->http_status == HTTP_FORBIDDEN)) {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__SESSION_REFUSED;
        outcome.session_over = true;
        return outcome;
    }
    if (result->http_status != HTTP_OK) {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__HTTP_ERROR;
        outcome.fault = result->http_status >= HTTP_SERVER_ERROR ||
                        result->http_status == HTTP_TIMEOUT || result->http_status == HTTP_MANY;
        return outcome;
    }
    if (type == NULL || mc_json_parse(result->body, &json) != MC_OK ||
        mc_json_kind(json, "") != MC_JSON_OBJECT) {
        outcome.verdict = PARTNER__ATTEMPT_VERDICT__NOT_UNDERSTOOD;
        outcome.fault = true;
        return outcome;
    }
    return read_json(arena, type, json, is_session);
}
