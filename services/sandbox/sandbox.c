/*
 * sandbox: the outside world, simulated: for development, demonstration and tests.
 *
 * One HTTP listener plays the carriers (their SIMs sign too), an SMS gateway with its handsets, and
 * the national payment platform with its payer's page, all with the interfaces the rooms know, and
 * with their faults: what can go wrong is ordered at /faults. Nothing is kept over a restart, all
 * people are made up, and nothing here is safe to show to a network. GET / explains the rest.
 *
 * The port in use stands in <run.dir>/sandbox/port.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMORY_SIZE = 512 << 20, /* address space; only what is used costs */
    TURN_SIZE = 256 << 20,   /* a ledger of SANDBOX_PAYMENTS_MAX rows */
    CALLBACKS_MAX = 1024,
    BODY_MAX = 1 << 20,
    REQUEST_MS = 70000, /* longer than a handset waits */
};

#define AT(field) offsetof(struct sandbox, field)
/* clang-format off */
const struct mc_config_key sandbox_config[] = {
    {"sandbox.listen",           MC_CONFIG_STRING,   AT(listen),              "127.0.0.1:0", 3, 64, "Address and port; port 0: any free one, written to <run.dir>/sandbox/port."},
    {"sandbox.public_url",       MC_CONFIG_STRING,   AT(public_url),          "",       0, 256,      "How browsers reach it, for the payer's page; empty: http:// and the address in use."},
    {"sandbox.sms_username",     MC_CONFIG_STRING,   AT(sms_username),        "motcua", 1, 64,       "Who may use sendsms."},
    {"sandbox.sms_password",     MC_CONFIG_STRING,   AT(sms_password),        "motcua", 1, 64,       "His password: known to all, this is no real gateway."},
    {"sandbox.dlr_after",        MC_CONFIG_DURATION, AT(dlr_after_ms),        "50ms",   0, 600000,   "Pause before each delivery report."},
    {"sandbox.payment_callback", MC_CONFIG_STRING,   AT(payment_callback),    "",       0, 2048,     "Where CONFIRM goes, e.g. http://127.0.0.1:8080/webhooks/payment; empty: nowhere."},
    {"sandbox.payment_return",   MC_CONFIG_STRING,   AT(payment_return),      "",       0, 2048,     "Where the payer goes back to when his page's address does not say."},
    {"sandbox.payment_partner",  MC_CONFIG_STRING,   AT(payment_partner),     "DVCQG_TEST", 1, 64,   "MaDoiTac of the partner."},
    {"sandbox.payment_secret",   MC_CONFIG_STRING,   AT(payment_secret),      SANDBOX_SECRET, 8, 128, "The secret of MaXacThuc: known to all, this is no real platform."},
    {"sandbox.bank_secret",      MC_CONFIG_STRING,   AT(bank_secret),         "motcua-bank-secret", 8, 128, "What banks are asked with: known to all, these are no real banks."},
    {"sandbox.callback_backoff", MC_CONFIG_DURATION, AT(callback_backoff_ms), "1s",     10, 60000,   "First pause before CONFIRM is repeated; it doubles, up to a minute."},
    {"sandbox.signers",          MC_CONFIG_PATH,     AT(signers),             "",       0, 1024,     "Folder of who signs by SIM or app: <phone or account>.pem and .key; empty: nobody."},
    {"sandbox.seed",             MC_CONFIG_INT,      AT(seed),                "1",      0, INT64_MAX, "Seed of the faults that strike by chance."},
};
/* clang-format on */
const size_t sandbox_config_len = MC_LEN(sandbox_config);

/* A path that ends in '/' takes all below it. */
static const struct route {
    const char *method;
    const char *path;
    enum sandbox_system system;
    sandbox_handler *handler;
} routes[] = {
    {"POST", "/carrier/check", SANDBOX_CARRIER, sandbox_carrier_check},
    {"POST", "/carrier/", SANDBOX_CARRIER, sandbox_carrier_one},
    {"POST", "/mnp/check", SANDBOX_MNP, sandbox_mnp_check},
    {"POST", "/bhxh/check", SANDBOX_INSURANCE, sandbox_insurance_check},
    {"POST", "/bhxh/find", SANDBOX_INSURANCE, sandbox_insurance_find},
    {"POST", "/vnpost/check", SANDBOX_POST, sandbox_post_check},
    {"POST", "/vnpost/orders", SANDBOX_POST, sandbox_parcel_order},
    {"GET", "/vnpost/orders/", SANDBOX_POST, sandbox_parcel_track},
    {"POST", "/vnpost/orders/", SANDBOX_POST, sandbox_parcel_cancel},
    {"POST", "/vnpost/move/", SANDBOX_NO_SYSTEM, sandbox_parcel_move},
    {"POST", "/population/check", SANDBOX_POPULATION, sandbox_population_check},
    {"GET", "/cgi-bin/sendsms", SANDBOX_SMS, sandbox_sendsms},
    {"GET", "/handset/", SANDBOX_NO_SYSTEM, sandbox_handset},
    {"DELETE", "/handset/", SANDBOX_NO_SYSTEM, sandbox_handset_clear},
    {"POST", "/platform", SANDBOX_PLATFORM, sandbox_platform_message},
    {"GET", "/platform/page/", SANDBOX_NO_SYSTEM, sandbox_platform_page},
    {"POST", "/platform/page/", SANDBOX_NO_SYSTEM, sandbox_platform_choice},
    {"GET", "/platform/ledger", SANDBOX_NO_SYSTEM, sandbox_platform_ledger},
    {"POST", "/banks/", SANDBOX_BANK, sandbox_bank},
    {"GET", "/bankpage/", SANDBOX_NO_SYSTEM, sandbox_bank_page},
    {"POST", "/bankpage/", SANDBOX_NO_SYSTEM, sandbox_bank_page},
    {"POST", "/gip", SANDBOX_GIP, sandbox_gip},
    {"POST", "/gip/land", SANDBOX_NO_SYSTEM, sandbox_gip_land},
    {"PUT", "/sim/signatures/", SANDBOX_SIM, sandbox_signer_ask},
    {"PUT", "/smartca/signatures/", SANDBOX_SMARTCA, sandbox_signer_ask},
    {"GET", "/prompts/", SANDBOX_NO_SYSTEM, sandbox_prompt_show},
    {"POST", "/prompts/", SANDBOX_NO_SYSTEM, sandbox_prompt_answer},
    {"GET", "/vneid/oauth2/authorize", SANDBOX_NO_SYSTEM, sandbox_vneid_authorize},
    {"POST", "/vneid/oauth2/authorize", SANDBOX_NO_SYSTEM, sandbox_vneid_choice},
    {"POST", "/vneid/oauth2/token", SANDBOX_VNEID, sandbox_vneid_token},
    {"GET", "/vneid/oauth2/userinfo", SANDBOX_VNEID, sandbox_vneid_userinfo},
    {"GET", "/vneid/oauth2/jwks", SANDBOX_VNEID, sandbox_vneid_jwks},
    {"POST", "/vneid/rotate", SANDBOX_NO_SYSTEM, sandbox_vneid_rotate},
    {"POST", "/dvcqg/session", SANDBOX_DVCQG, sandbox_national_session},
    {"POST", "/dvcqg/data", SANDBOX_DVCQG, sandbox_national_data},
    {"POST", "/province/session", SANDBOX_NO_SYSTEM, sandbox_province_session},
    {"POST", "/province/data", SANDBOX_NO_SYSTEM, sandbox_province_data},
    {"GET", "/province/received/", SANDBOX_NO_SYSTEM, sandbox_province_received},
    {"POST", "/province/faults", SANDBOX_NO_SYSTEM, sandbox_province_fault},
    {"GET", "/province", SANDBOX_NO_SYSTEM, sandbox_province_page},
    {"POST", "/province", SANDBOX_NO_SYSTEM, sandbox_province_form},
    {"POST", "/hooks/orders", SANDBOX_NO_SYSTEM, sandbox_hook_order},
    {"POST", "/hooks/", SANDBOX_NO_SYSTEM, sandbox_hook_call},
    {"GET", "/hooks/", SANDBOX_NO_SYSTEM, sandbox_hook_received},
    {"GET", "/hooks", SANDBOX_NO_SYSTEM, sandbox_hook_page},
    {"POST", "/hooks", SANDBOX_NO_SYSTEM, sandbox_hook_form},
    {"GET", "/faults", SANDBOX_NO_SYSTEM, sandbox_faults_show},
    {"POST", "/faults", SANDBOX_NO_SYSTEM, sandbox_faults_order},
    {"DELETE", "/faults", SANDBOX_NO_SYSTEM, sandbox_faults_clear},
};

extern const char mc_data_sandbox_index[];

void sandbox_say(struct sandbox_answer *answer, int status, const char *content_type,
                 const char *text)
{
    answer->status = status;
    answer->content_type = content_type;
    answer->body = (struct mc_bytes){text, strlen(text)};
}

void sandbox_say_json(struct sandbox_answer *answer, int status, struct mc_json_writer *writer)
{
    if (mc_json_finish(writer, &answer->body) != MC_OK) {
        sandbox_say(answer, 503, "text/plain", "too much to tell");
        return;
    }
    answer->status = status;
    answer->content_type = "application/json";
}

void sandbox_refuse(struct sandbox *sandbox, struct sandbox_answer *answer, int status,
                    const char *code, const char *field)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "error");
    mc_json_string(&writer, code);
    mc_json_key(&writer, "field");
    mc_json_string(&writer, field);
    mc_json_end(&writer);
    sandbox_say_json(answer, status, &writer);
}

const char *sandbox_escape(struct sandbox *sandbox, const char *text)
{
    enum { ENTITY_MAX = 6 };
    char *out = mc_alloc(&sandbox->turn, strlen(text) * ENTITY_MAX + 1);
    size_t len = 0;

    if (out == NULL)
        return "";
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        if (entity == NULL) {
            out[len++] = *text;
            continue;
        }
        memcpy(out + len, entity, strlen(entity));
        len += strlen(entity);
    }
    out[len] = '\0';
    return out;
}

void sandbox_index(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                   struct sandbox_answer *answer)
{
    (void)sandbox;
    (void)request;
    (void)tail;
    sandbox_say(answer, 200, "text/html; charset=utf-8", mc_data_sandbox_index);
}

/*
 * An answer that cannot be read to its end: what a caller sees of a connection that breaks. It
 * promises chunks and sends none, so HTTP clients fail at once, and on this connection only.
 */
static void break_off(struct mc_httpd_request *request)
{
    static const struct mc_header chunked[] = {{"Transfer-Encoding", "chunked"}, {NULL, NULL}};

    mc_httpd_reply(request, 200, chunked, (struct mc_bytes){"!\r\n\r\n", 5});
}

/* NULL when nothing answers there; *ret_path says whether another method would be. */
static const struct route *route_find(const char *method, const char *path, const char **ret_tail,
                                      bool *ret_path)
{
    *ret_path = false;
    for (size_t i = 0; i < MC_LEN(routes); i++) {
        size_t len = strlen(routes[i].path);
        bool below = routes[i].path[len - 1] == '/';

        if (strncmp(path, routes[i].path, len) != 0 ||
            (below ? path[len] == '\0' : path[len] != '\0'))
            continue;
        *ret_path = true;
        *ret_tail = path + len;
        if (strcmp(method, routes[i].method) == 0)
            return &routes[i];
    }
    return NULL;
}

static void reply(struct mc_httpd_request *request, const struct sandbox_answer *answer)
{
    const struct mc_header headers[] = {
        {"Content-Type", answer->content_type},
        {"Cache-Control", "no-store"},
        {answer->status == 429      ? "Retry-After"
         : answer->location != NULL ? "Location"
                                    : NULL,
         answer->status == 429 ? "1" : answer->location},
        {NULL, NULL},
    };

    mc_httpd_reply(request, answer->status, headers, answer->body);
}

static void reply_late(struct sandbox_later *later)
{
    const struct sandbox_answer answer = {
        .status = later->status,
        .content_type = later->content_type,
        .body = {later->text, later->text_len},
    };

    if (later->broken)
        break_off(later->request);
    else
        reply(later->request, &answer);
    later->request = NULL;
    sandbox_later_give(later);
}

bool sandbox_postpone(struct sandbox *sandbox, struct mc_httpd_request *request,
                      const struct sandbox_answer *answer, bool broken, int64_t ms)
{
    struct sandbox_later *later = NULL;

    if (ms > 0 && answer->body.len <= SANDBOX_LATER_TEXT_MAX)
        later = sandbox_later_take(sandbox);
    if (later == NULL)
        return false;
    later->request = request;
    later->broken = broken;
    later->status = answer->status;
    later->content_type = answer->content_type;
    later->text_len = answer->body.len;
    memcpy(later->text, answer->body.data, answer->body.len);
    sandbox_later_start(later, ms, reply_late);
    return true;
}

/* What strikes before anything is done. False: go on. */
static bool refused_by_fault(struct mc_httpd_request *request, enum sandbox_system system,
                             enum sandbox_fault_kind fault)
{
    struct sandbox_answer answer = {0};

    if (fault == SANDBOX_FAULT_RESET) {
        break_off(request);
        return true;
    }
    if (fault == SANDBOX_FAULT_HTTP500)
        sandbox_say(&answer, 500, "text/plain", "Internal Server Error");
    else if (fault == SANDBOX_FAULT_THROTTLE && system == SANDBOX_SMS)
        sandbox_say(&answer, 503, "text/plain", "Temporal failure, try again later.");
    else if (fault == SANDBOX_FAULT_THROTTLE)
        sandbox_say(&answer, 429, "text/plain", "Too Many Requests");
    else
        return false;
    reply(request, &answer);
    return true;
}

static void log_request(struct sandbox *sandbox, struct mc_httpd_request *request,
                        enum sandbox_system system, enum sandbox_fault_kind fault)
{
    struct mc_log_line line;

    if (system == SANDBOX_NO_SYSTEM)
        return;
    mc_log_begin(&line, &sandbox->process.log,
                 fault == SANDBOX_FAULT_NONE ? MC_LOG_DEBUG : MC_LOG_INFO,
                 mc_now_ms(&sandbox->process.clock), "request");
    mc_log_text(&line, "system", sandbox_system_name(system));
    mc_log_text(&line, "method", mc_httpd_method(request));
    mc_log_text(&line, "fault", sandbox_fault_name(fault));
    mc_log_end(&line);
}

static void handle(struct sandbox *sandbox, struct mc_httpd_request *request,
                   const struct route *route, const char *tail)
{
    static const char garbage[] = "<html><body>It works!</body";
    static const char somebody_else[] =
        "{\"result\":\"MATCH\",\"owner\":{\"full_name\":\"NGƯỜI KHÁC\",\"id_number\":"
        "\"001090990058\",\"birth_date\":\"30/01/1990\"},\"person\":{\"full_name\":\"NGƯỜI KHÁC\","
        "\"id_number\":\"001090990058\",\"birth_date\":\"30/01/1990\"}}";
    struct sandbox_answer answer = {.status = 500, .content_type = "text/plain"};
    int64_t ms = 0;
    enum sandbox_fault_kind fault = sandbox_fault_of_request(&sandbox->faults, route->system, &ms);

    log_request(sandbox, request, route->system, fault);
    if (refused_by_fault(request, route->system, fault))
        return;
    route->handler(sandbox, request, tail, &answer);
    if (answer.kept)
        return;
    if (fault == SANDBOX_FAULT_GARBAGE)
        sandbox_say(&answer, 200, "text/html", garbage);
    if (fault == SANDBOX_FAULT_WRONG_PERSON)
        sandbox_say(&answer, 200, "application/json", somebody_else);
    if (fault == SANDBOX_FAULT_SLOW && sandbox_postpone(sandbox, request, &answer, false, ms))
        return;
    if (fault == SANDBOX_FAULT_DROP_REPLY) {
        if (!sandbox_postpone(sandbox, request, &answer, true, ms))
            break_off(request);
        return;
    }
    reply(request, &answer);
}

void sandbox_serve(void *arg, struct mc_httpd_request *request)
{
    static const struct route index_route = {"GET", "/", SANDBOX_NO_SYSTEM, sandbox_index};
    struct sandbox *sandbox = arg;
    struct sandbox_answer answer = {0};
    const char *tail = "";
    bool path = false;

    mc_arena_reset(&sandbox->turn);
    const struct route *route =
        route_find(mc_httpd_method(request), mc_httpd_path(request), &tail, &path);
    if (strcmp(mc_httpd_path(request), "/") == 0 && strcmp(mc_httpd_method(request), "GET") == 0)
        route = &index_route;
    if (route != NULL) {
        handle(sandbox, request, route, tail);
        return;
    }
    sandbox_refuse(sandbox, &answer, path ? 405 : 404, path ? "METHOD" : "NOT_FOUND", "");
    reply(request, &answer);
}

/* Whoever waits for the port must not read half of it. */
static bool port_write(const struct sandbox *sandbox)
{
    char name[300];
    char final[300];
    char text[16];

    (void)snprintf(final, sizeof final, "%s/port", sandbox->process.run_dir);
    (void)snprintf(name, sizeof name, "%s/port.new", sandbox->process.run_dir);
    int len = snprintf(text, sizeof text, "%u\n", (unsigned)mc_httpd_port(sandbox->httpd));
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    bool written = fd >= 0 && write(fd, text, (size_t)len) == len;
    if (fd >= 0)
        (void)close(fd);
    return written && rename(name, final) == 0;
}

/* "127.0.0.1:8081", "[::1]:0" */
static bool listen_parse(const char *text, char *host, size_t size, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned port = 0;

    if (len == 0 || len >= size || colon[1] == '\0' || strlen(colon + 1) > 5)
        return false;
    for (const char *digit = colon + 1; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        port = port * 10 + (unsigned)(*digit - '0');
    }
    bool bracketed = text[0] == '[' && text[len - 1] == ']';
    (void)snprintf(host, size, "%.*s", (int)(bracketed ? len - 2 : len),
                   bracketed ? text + 1 : text);
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static enum mc_status listen_open(struct sandbox *sandbox, char *why, size_t why_size)
{
    char host[64];
    struct mc_httpd_config config = {
        .host = host,
        .body_max = BODY_MAX,
        .request_ms = REQUEST_MS,
        .connections_max = 4096,
        .clock = &sandbox->process.clock,
    };

    (void)snprintf(why, why_size, "sandbox.listen: not an address and port: %s", sandbox->listen);
    if (!listen_parse(sandbox->listen, host, sizeof host, &config.port))
        return MC_INVALID;
    enum mc_status status =
        mc_httpd_create(sandbox->process.loop, &config, sandbox_serve, sandbox, &sandbox->httpd);
    if (status == MC_IO)
        (void)snprintf(why, why_size, "sandbox.listen: cannot listen at %s", sandbox->listen);
    if (status != MC_OK)
        return status;
    if (sandbox->public_url[0] != '\0')
        (void)snprintf(sandbox->base, sizeof sandbox->base, "%s", sandbox->public_url);
    else
        (void)snprintf(sandbox->base, sizeof sandbox->base,
                       strchr(host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
                       (unsigned)mc_httpd_port(sandbox->httpd));
    return MC_OK;
}

enum mc_status sandbox_open(struct sandbox *sandbox, char *why, size_t why_size)
{
    const struct mc_http_config http = {
        .connections_max = 64,
        .per_host_max = 64,
        .requests_max = CALLBACKS_MAX,
        .allow_plain = true,
    };

    sandbox_faults_open(&sandbox->faults, (uint64_t)sandbox->seed);
    (void)snprintf(why, why_size, "memory");
    if (mc_arena_init(&sandbox->memory, MEMORY_SIZE) != MC_OK ||
        mc_arena_init(&sandbox->turn, TURN_SIZE) != MC_OK)
        return MC_FULL;
    (void)snprintf(why, why_size, "the HTTP client cannot be made");
    sandbox->http = mc_http_create(sandbox->process.loop, &http);
    if (sandbox->http == NULL)
        return MC_FULL;
    enum mc_status status = listen_open(sandbox, why, why_size);
    if (status != MC_OK)
        return status;
    (void)snprintf(why, why_size, "%s/sandbox/port cannot be written: %s",
                   sandbox->process.settings.run_dir, strerrorname_np(errno));
    return port_write(sandbox) ? MC_OK : MC_IO;
}

void sandbox_close(struct sandbox *sandbox)
{
    if (sandbox->http != NULL)
        mc_http_destroy(sandbox->http);
    /* whoever still waits is let go, which frees his request */
    for (size_t i = 0; i < sandbox->later_len; i++) {
        struct sandbox_later *later = sandbox->later_all[i];
        if (later->busy && later->request != NULL)
            mc_httpd_reply(later->request, 503, NULL, (struct mc_bytes){"", 0});
        mc_timer_destroy(later->timer);
    }
    if (sandbox->httpd != NULL)
        mc_httpd_destroy(sandbox->httpd);
    mc_arena_done(&sandbox->turn);
    mc_arena_done(&sandbox->memory);
}
