/*
 * Signers: the carriers' signatures on the SIM, and a remote signature service with its app
 * (REG-33, REG-08). Whoever has <sandbox.signers>/<who>.pem and .key is a customer.
 *
 *     PUT  /sim/signatures/<reference>      {"who": "84912000101", "text": base64, "check_code"}
 *     PUT  /smartca/signatures/<reference>  {"who": "001085990043", …}
 *          {"state": "PENDING" | "SIGNED" | "DECLINED" | "EXPIRED" | "NOT_FOUND", "signature"}
 *     GET  /prompts/<who>                   what his SIM or app shows: {"reference", "check_code",
 * …} POST /prompts/<reference>             {"pin": "1234"} or {"decline": true}
 *
 * The same reference is the same request: asked again it tells how far it is.
 */
#include <stdio.h>
#include <string.h>

#include "common/crypto_cert.h"

#include "sandbox.h"

#define PIN "1234" /* of every SIM and app here */
enum { PATH_MAX_LEN = 1200, PROMPT_LIFE_MS = 5 * 60 * 1000 };

static struct sandbox_prompt *find(struct sandbox *sandbox, const char *reference)
{
    for (size_t i = 0; i < MC_LEN(sandbox->prompts); i++)
        if (reference[0] != '\0' && strcmp(sandbox->prompts[i].reference, reference) == 0)
            return &sandbox->prompts[i];
    return NULL;
}

static bool is_plain(const char *text, size_t max, const char *more)
{
    size_t len = strlen(text);

    for (const char *c = text; *c != '\0'; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) &&
            strchr(more, *c) == NULL)
            return false;
    return len > 0 && len <= max;
}

static bool sign(struct sandbox *sandbox, const struct sandbox_prompt *prompt,
                 struct mc_bytes *ret_cms)
{
    char cert[PATH_MAX_LEN];
    char key[PATH_MAX_LEN];

    (void)snprintf(cert, sizeof cert, "%.1024s/%s.pem", sandbox->signers, prompt->who);
    (void)snprintf(key, sizeof key, "%.1024s/%s.key", sandbox->signers, prompt->who);
    return mc_cms_sign(&sandbox->turn, cert, key, (struct mc_bytes){prompt->text, prompt->text_len},
                       ret_cms) == MC_OK;
}

static void tell(struct sandbox *sandbox, const char *state, struct mc_bytes cms,
                 struct sandbox_answer *answer)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "state");
    mc_json_string(&writer, state);
    if (cms.len > 0) {
        mc_json_key(&writer, "signature");
        mc_json_base64(&writer, cms);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void tell_prompt(struct sandbox *sandbox, const struct sandbox_prompt *prompt,
                        struct sandbox_answer *answer)
{
    struct mc_bytes cms = {0};

    if (prompt->state == SANDBOX_PROMPT_DECLINED)
        tell(sandbox, "DECLINED", cms, answer);
    else if (prompt->state == SANDBOX_PROMPT_SIGNED && sign(sandbox, prompt, &cms))
        tell(sandbox, "SIGNED", cms, answer);
    else if (mc_now_ms(&sandbox->process.clock) > prompt->at_ms + PROMPT_LIFE_MS)
        tell(sandbox, "EXPIRED", cms, answer);
    else
        tell(sandbox, "PENDING", cms, answer);
}

/* The name of the field that is wrong, or NULL. */
static const char *read_prompt(const struct mc_json *json, struct sandbox_prompt *prompt)
{
    const char *who = mc_json_text(json, "who");
    const char *text = mc_json_text(json, "text");
    const char *code = mc_json_text(json, "check_code");

    if (who == NULL || !is_plain(who, sizeof prompt->who - 1, ""))
        return "who";
    if (text == NULL ||
        !mc_unbase64(prompt->text, sizeof prompt->text, (struct mc_bytes){text, strlen(text)},
                     &prompt->text_len) ||
        prompt->text_len == 0)
        return "text";
    if (code == NULL || !is_plain(code, sizeof prompt->check_code - 1, ""))
        return "check_code";
    (void)snprintf(prompt->who, sizeof prompt->who, "%s", who);
    (void)snprintf(prompt->check_code, sizeof prompt->check_code, "%s", code);
    return NULL;
}

void sandbox_signer_ask(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                        struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    const struct sandbox_prompt *known = find(sandbox, tail);
    struct sandbox_prompt prompt = {.at_ms = mc_now_ms(&sandbox->process.clock)};
    struct mc_bytes cms = {0};

    if (known != NULL) {
        tell_prompt(sandbox, known, answer);
        return;
    }
    const char *field = "reference";
    if (is_plain(tail, sizeof prompt.reference - 1, "-"))
        field = mc_json_parse(mc_httpd_body(request), &json) == MC_OK ? read_prompt(json, &prompt)
                                                                      : "body";
    if (field != NULL) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", field);
        return;
    }
    (void)snprintf(prompt.reference, sizeof prompt.reference, "%s", tail);
    if (sandbox->signers[0] == '\0' || !sign(sandbox, &prompt, &cms)) {
        tell(sandbox, "NOT_FOUND", (struct mc_bytes){0}, answer);
        return;
    }
    sandbox->prompts[sandbox->prompts_next++ % MC_LEN(sandbox->prompts)] = prompt;
    tell_prompt(sandbox, &prompt, answer);
}

void sandbox_prompt_show(struct sandbox *sandbox, struct mc_httpd_request *request,
                         const char *tail, struct sandbox_answer *answer)
{
    const struct sandbox_prompt *newest = NULL;
    struct mc_json_writer writer;

    (void)request;
    for (size_t i = 0; i < MC_LEN(sandbox->prompts); i++) {
        const struct sandbox_prompt *prompt = &sandbox->prompts[i];
        if (prompt->state == SANDBOX_PROMPT_PENDING && strcmp(prompt->who, tail) == 0 &&
            (newest == NULL || prompt->at_ms >= newest->at_ms))
            newest = prompt;
    }
    if (newest == NULL) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "");
        return;
    }
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "reference");
    mc_json_string(&writer, newest->reference);
    mc_json_key(&writer, "check_code");
    mc_json_string(&writer, newest->check_code);
    mc_json_key(&writer, "text");
    mc_json_base64(&writer, (struct mc_bytes){newest->text, newest->text_len});
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_prompt_answer(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct sandbox_prompt *prompt = find(sandbox, tail);
    bool decline = false;

    if (prompt == NULL || prompt->state != SANDBOX_PROMPT_PENDING) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "");
        return;
    }
    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "JSON_INVALID", "");
        return;
    }
    const char *pin = mc_json_text(json, "pin");
    if (mc_json_bool(json, "decline", &decline) && decline)
        prompt->state = SANDBOX_PROMPT_DECLINED;
    else if (pin != NULL && strcmp(pin, PIN) == 0)
        prompt->state = SANDBOX_PROMPT_SIGNED;
    else {
        sandbox_refuse(sandbox, answer, 403, "PIN_WRONG", "pin");
        return;
    }
    sandbox_say(answer, 204, "text/plain", "");
}
