#include "common/http.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "common/guard.h"
#include "common/ident.h"
#include "common/loop.h"
#include "common/pool.h"

enum {
    CONNECTIONS_MAX = 32,
    PER_HOST_MAX = 8,
    REQUESTS_MAX = 256,
    IDLE_CONNECTION_S = 30,
    MAIL_REFUSED = 400,
    MAIL_THREADS = 8,
};

struct mc_http_call {
    struct mc_http *http;
    CURL *easy;
    struct curl_slist *headers;
    void (*answered)(void *arg, const struct mc_http_answer *answer);
    void *arg;
    char *body; /* received so far, and a NUL */
    size_t body_len;
    size_t body_max;
    const struct mc_guard *guard;
    bool denied;
    struct mc_http_detail *detail; /* NULL: nobody wants it */
    CURLcode result;
    bool finished;
    bool mail;
    atomic_bool cancelled; /* a mail's: its thread lets go of it soon, and then it is freed */
    bool mail_told;        /* all of it was given to libcurl: its end may have reached the relay */
    char *upload;          /* the mail, wiped with the call */
    size_t upload_len;
    size_t upload_at;
    TAILQ_ENTRY(mc_http_call) next;
};

TAILQ_HEAD(call_list, mc_http_call);

struct mc_http {
    struct mc_loop *loop;
    CURLM *multi;
    struct mc_timer *timer;
    struct mc_defer *deliver;
    struct mc_pool *mailers; /* NULL until the first mail */
    struct call_list running;
    struct call_list finished; /* answers waiting for the end of the iteration */
    unsigned load;
    unsigned requests_max;
    bool allow_plain;
};

/* One descriptor of libcurl's; it tells when to begin and when to end watching. */
struct curl_watch {
    struct mc_http *http;
    struct mc_watch *watch;
    curl_socket_t fd;
};

static void finish(struct mc_http_call *call, CURLcode result)
{
    struct mc_http *http = call->http;

    call->result = result;
    call->finished = true;
    TAILQ_REMOVE(&http->running, call, next);
    TAILQ_INSERT_TAIL(&http->finished, call, next);
    mc_loop_defer(http->deliver);
}

static void collect_finished(struct mc_http *http)
{
    const CURLMsg *message = NULL;
    int left = 0;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct mc_http_call *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(call, message->data.result);
    }
}

static void timer_fire(void *arg)
{
    struct mc_http *http = arg;
    int running = 0;

    (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_finished(http);
}

static void socket_ready(void *arg, unsigned events)
{
    const struct curl_watch *watch = arg;
    struct mc_http *http = watch->http;
    int what = 0;
    int running = 0;

    if (events & MC_WATCH_READ)
        what |= CURL_CSELECT_IN;
    if (events & MC_WATCH_WRITE)
        what |= CURL_CSELECT_OUT;
    (void)curl_multi_socket_action(http->multi, watch->fd, what, &running); /* the watch may go */
    collect_finished(http);
}

/* From inside libcurl: only (re)arms, because calling back into the multi handle is an error. */
static int curl_wants_timer(CURLM *multi, long after_ms, void *arg)
{
    struct mc_http *http = arg;

    (void)multi;
    if (after_ms < 0)
        mc_timer_cancel(http->timer);
    else
        mc_timer_start(http->timer, after_ms);
    return 0;
}

static unsigned watched_events(int what)
{
    switch (what) {
    case CURL_POLL_IN:
        return MC_WATCH_READ;
    case CURL_POLL_OUT:
        return MC_WATCH_WRITE;
    case CURL_POLL_INOUT:
        return MC_WATCH_READ | MC_WATCH_WRITE;
    default:
        return 0;
    }
}

static void forget_socket(struct curl_watch *watch)
{
    if (watch == NULL)
        return;
    mc_watch_destroy(watch->watch); /* before libcurl closes the descriptor */
    free(watch);
}

static int watch_socket(struct mc_http *http, curl_socket_t fd, unsigned events)
{
    struct curl_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return -1;
    *watch = (struct curl_watch){.http = http, .fd = fd};
    watch->watch = mc_watch_create(http->loop, fd, events, socket_ready, watch);
    if (watch->watch == NULL || curl_multi_assign(http->multi, fd, watch) != CURLM_OK) {
        forget_socket(watch);
        return -1;
    }
    return 0;
}

static int curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct mc_http *http = arg;
    struct curl_watch *watch = socket_arg;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        forget_socket(watch);
        return 0;
    }
    if (watch == NULL)
        return watch_socket(http, fd, watched_events(what));
    return mc_watch_modify(watch->watch, watched_events(what)) == MC_OK ? 0 : -1;
}

/* MAXFILESIZE is not enforced in 7.88 without a Content-Length: the limit is kept here. */
static size_t receive(char *data, size_t size, size_t count, void *arg)
{
    struct mc_http_call *call = arg;
    size_t told = size * count;
    size_t len = told;

    if (call->detail != NULL) {
        call->detail->body_len += len;
        len = MC_MIN(len, call->body_max - call->body_len);
        if (call->detail->body_len > MC_HTTP_PASSED_MAX)
            return 0;
    }
    if (len > call->body_max - call->body_len)
        return 0; /* CURLE_WRITE_ERROR */
    char *body = realloc(call->body, call->body_len + len + 1);
    if (body == NULL)
        return 0;
    memcpy(body + call->body_len, data, len);
    call->body = body;
    call->body_len += len;
    body[call->body_len] = '\0';
    return told;
}

static size_t receive_head(char *data, size_t size, size_t count, void *arg)
{
    struct mc_http_detail *detail = ((struct mc_http_call *)arg)->detail;
    size_t len = MC_MIN(size * count, MC_HTTP_HEAD_MAX - detail->head_len);

    memcpy(detail->head + detail->head_len, data, len);
    detail->head_len += len;
    return size * count;
}

/* The very address that is about to be connected to: whatever its name says the next time. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct mc_http_call *call = arg;

    (void)purpose;
    if (!mc_guard_address(call->guard, &address->addr)) {
        call->denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void free_call(struct mc_http_call *call)
{
    if (call->easy != NULL)
        curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    if (call->body != NULL)
        explicit_bzero(call->body, call->body_len);
    free(call->body);
    if (call->upload != NULL)
        explicit_bzero(call->upload, call->upload_len);
    free(call->upload);
    free(call->detail);
    free(call);
}

/*
 * Did any byte of the request leave? libcurl's count of sent request bytes goes on over its own
 * retries, so "could not connect" after a first try on a dying connection is rightly UNKNOWN.
 */
static bool may_have_been_sent(const struct mc_http_call *call)
{
    long sent = 0;

    if (call->mail) /* a mail without its end is none */
        return call->mail_told;
    switch ((int)call->result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_NO_CONNECTION_AVAILABLE:
        return curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent != 0;
    default:
        return true;
    }
}

/*
 * Of these, the status is the relay's word about this mail, and not something it said before it
 * was lost. That it does not let us in says nothing of the mail: NOT_SENT.
 */
static bool may_be_refusal(CURLcode result)
{
    switch ((int)result) {
    case CURLE_SEND_ERROR: /* MAIL, RCPT or DATA */
    case CURLE_WEIRD_SERVER_REPLY:
        return true;
    default:
        return false;
    }
}

static int64_t time_of(CURL *easy, CURLINFO info)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(easy, info, &us) == CURLE_OK ? (int64_t)us : 0;
}

static void fill_detail(const struct mc_http_call *call, const char *why)
{
    struct mc_http_detail *detail = call->detail;

    if (detail == NULL)
        return;
    detail->dns_us = time_of(call->easy, CURLINFO_NAMELOOKUP_TIME_T);
    detail->connect_us = time_of(call->easy, CURLINFO_CONNECT_TIME_T);
    detail->tls_us = time_of(call->easy, CURLINFO_APPCONNECT_TIME_T);
    detail->first_byte_us = time_of(call->easy, CURLINFO_STARTTRANSFER_TIME_T);
    detail->total_us = time_of(call->easy, CURLINFO_TOTAL_TIME_T);
    detail->denied = call->denied && detail->connect_us == 0;
    (void)snprintf(detail->why, sizeof detail->why, "%s", why);
}

static struct mc_http_answer judge(const struct mc_http_call *call)
{
    struct mc_http_answer answer = {.body = {"", 0}, .content_type = "", .why = ""};
    const char *content_type = NULL;
    long status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &content_type);
    answer.status = (int)status;
    if (content_type != NULL)
        answer.content_type = content_type;
    answer.detail = call->detail;
    bool answered = call->result == CURLE_OK && status != 0;
    if (call->mail) /* libcurl makes an error of a refusal; the code says whose it is */
        answered = answered || (status >= MAIL_REFUSED && may_be_refusal(call->result));
    if (answered) {
        answer.outcome = MC_HTTP_ANSWERED;
        if (call->body != NULL)
            answer.body = (struct mc_bytes){call->body, call->body_len};
    } else {
        answer.outcome = may_have_been_sent(call) ? MC_HTTP_UNKNOWN : MC_HTTP_NOT_SENT;
        answer.why = curl_easy_strerror(call->result);
    }
    fill_detail(call, answer.why);
    return answer;
}

static void deliver(void *arg)
{
    struct mc_http *http = arg;
    struct mc_http_call *call = NULL;

    while ((call = TAILQ_FIRST(&http->finished)) != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it cannot follow the list's back pointers */
        struct mc_http_answer answer = judge(call);

        TAILQ_REMOVE(&http->finished, call, next);
        http->load--;
        if (!call->mail)
            (void)curl_multi_remove_handle(http->multi, call->easy);
        call->answered(call->arg, &answer);
        free_call(call);
    }
}

/* --- mails: each in a thread --- */

/*
 * libcurl 7.88 blocks in two places of SMTP: for the relay's word after the mail's end (which may
 * take it long: it looks for viruses then) and for that to QUIT. On the loop nothing else would go
 * on meanwhile.
 */
static void mail_work(void *arg)
{
    struct mc_http_call *call = arg;

    call->result = curl_easy_perform(call->easy);
}

/* MC_BUSY: it had not begun when everything ended. */
static void mail_done(void *arg, enum mc_status status)
{
    struct mc_http_call *call = arg;

    (void)status;
    if (atomic_load(&call->cancelled))
        free_call(call);
    else
        finish(call, call->result);
}

static int mail_goes_on(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                        curl_off_t up)
{
    struct mc_http_call *call = arg;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&call->cancelled) ? 1 : 0;
}

static enum mc_status start_mail(struct mc_http_call *call)
{
    struct mc_http *http = call->http;

    if (http->mailers == NULL)
        http->mailers = mc_pool_create(http->loop, MAIL_THREADS, http->requests_max);
    return http->mailers != NULL ? mc_pool_run(http->mailers, mail_work, mail_done, call) : MC_FULL;
}

/* Its thread has it still. */
static void cancel_mail(struct mc_http_call *call)
{
    TAILQ_REMOVE(&call->http->running, call, next);
    atomic_store(&call->cancelled, true);
}

static void end_mails(struct mc_http *http)
{
    struct mc_http_call *call = NULL;
    struct mc_http_call *next = NULL;

    for (call = TAILQ_FIRST(&http->running); call != NULL; call = next) {
        next = TAILQ_NEXT(call, next);
        if (call->mail)
            cancel_mail(call);
    }
    if (http->mailers != NULL)
        mc_pool_destroy(http->mailers); /* waits for a second, and frees them */
}

/* --- */

struct mc_http *mc_http_create(struct mc_loop *loop, const struct mc_http_config *config)
{
    struct mc_http *http = calloc(1, sizeof *http);

    if (http == NULL)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) { /* counted by libcurl */
        free(http);
        return NULL;
    }
    TAILQ_INIT(&http->running);
    TAILQ_INIT(&http->finished);
    http->loop = loop;
    http->allow_plain = config->allow_plain;
    http->requests_max = config->requests_max != 0 ? config->requests_max : REQUESTS_MAX;
    http->multi = curl_multi_init();
    http->timer = mc_timer_create(loop, timer_fire, http);
    http->deliver = mc_defer_create(loop, deliver, http);
    if (http->multi == NULL || http->timer == NULL || http->deliver == NULL) {
        mc_http_destroy(http);
        return NULL;
    }

    unsigned connections =
        config->connections_max != 0 ? config->connections_max : (unsigned)CONNECTIONS_MAX;
    unsigned per_host = config->per_host_max != 0 ? config->per_host_max : (unsigned)PER_HOST_MAX;
    (void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
    (void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    (void)curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer);
    (void)curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    return http;
}

void mc_http_destroy(struct mc_http *http)
{
    struct mc_http_call *call = NULL;

    if (http == NULL)
        return;
    end_mails(http);
    TAILQ_CONCAT(&http->finished, &http->running, next);
    while ((call = TAILQ_FIRST(&http->finished)) != NULL) {
        TAILQ_REMOVE(&http->finished, call, next);
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it cannot follow the list's back pointers */
        if (!call->mail)
            (void)curl_multi_remove_handle(http->multi, call->easy);
        free_call(call);
    }
    if (http->multi != NULL)
        (void)curl_multi_cleanup(http->multi); /* still asks to forget its idle sockets */
    mc_defer_destroy(http->deliver);
    mc_timer_destroy(http->timer);
    curl_global_cleanup();
    free(http);
}

static bool add_header(struct mc_http_call *call, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + sizeof ": ";
    char *line = malloc(size);

    if (line == NULL)
        return false;
    char *end = stpcpy(stpcpy(line, name), ": ");
    /* "X:" would remove the header; an empty value is written "X;" */
    (void)stpcpy(value[0] != '\0' ? end : end - 2, value[0] != '\0' ? value : ";");
    struct curl_slist *headers = curl_slist_append(call->headers, line);
    explicit_bzero(line, size); /* bank keys travel in headers */
    free(line);
    if (headers == NULL)
        return false;
    call->headers = headers;
    return true;
}

static bool add_headers(struct mc_http_call *call, const struct mc_http_request *request)
{
    const struct mc_header *line = request->headers;

    for (; line != NULL && line->name != NULL; line++) {
        if (!add_header(call, line->name, line->value))
            return false;
    }
    if (request->content_type != NULL && !add_header(call, "Content-Type", request->content_type))
        return false;
    /* Never wait for "100 Continue". */
    struct curl_slist *headers = curl_slist_append(call->headers, "Expect:");
    if (headers == NULL)
        return false;
    call->headers = headers;
    return curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
}

static bool set_method(CURL *easy, const struct mc_http_request *request)
{
    bool get = strcmp(request->method, "GET") == 0;
    bool head = strcmp(request->method, "HEAD") == 0;

    if (head)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (get && request->body.len == 0)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
                            request->body.data != NULL ? request->body.data : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

static size_t read_mail(char *data, size_t size, size_t count, void *arg)
{
    struct mc_http_call *call = arg;
    size_t len = MC_MIN(size * count, call->upload_len - call->upload_at);

    memcpy(data, call->upload + call->upload_at, len);
    call->upload_at += len;
    call->mail_told = call->upload_at == call->upload_len;
    return len;
}

/* For the relay's word after the mail's end, and for that to QUIT, which libcurl says after a
 * timeout too: half of the exchange's time for each, in whole seconds, so that both together end
 * within a lease. */
static long relay_word_s(int64_t timeout_ms)
{
    enum { WORDS = 2, SECOND_MS = 1000 };

    return (long)MC_MAX(timeout_ms / WORDS / SECOND_MS, (int64_t)1);
}

static long or_default(int64_t value, int64_t otherwise)
{
    return (long)(value > 0 ? value : otherwise);
}

static bool set_mail(struct mc_http_call *call, const struct mc_http_request *request)
{
    const struct mc_http_mail *mail = request->mail;
    CURL *easy = call->easy;
    bool ok = true;

    call->mail = true;
    call->upload = malloc(request->body.len);
    if (call->upload == NULL)
        return false;
    memcpy(call->upload, request->body.data, request->body.len);
    call->upload_len = request->body.len;
    call->headers = curl_slist_append(NULL, mail->to); /* freed with the call */
    ok &= call->headers != NULL;
    ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_USE_SSL,
                           mail->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->headers) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_mail) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_READDATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, mail_goes_on) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                           relay_word_s(or_default(request->timeout_ms, MC_HTTP_TIMEOUT_MS))) ==
          CURLE_OK;
    if (mail->user != NULL) {
        ok &= curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user) == CURLE_OK;
        ok &= curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password) == CURLE_OK;
    }
    return ok;
}

static bool set_options(struct mc_http_call *call, const struct mc_http_request *request)
{
    CURL *easy = call->easy;
    bool plain = request->guard != NULL ? request->guard->allow_plain : call->http->allow_plain;
    const char *protocols = plain ? "http,https" : "https";
    bool ok = true;

    ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                           or_default(request->timeout_ms, MC_HTTP_TIMEOUT_MS)) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                           or_default(request->connect_timeout_ms, MC_HTTP_CONNECT_TIMEOUT_MS)) ==
          CURLE_OK;
    if (request->ca_file != NULL)
        ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file) == CURLE_OK;
    if (request->guard != NULL) {
        ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
        ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call) == CURLE_OK;
    }
    if (request->detail) {
        ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_head) == CURLE_OK;
        ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK;
    }
    /* a guard's own: one that was opened without a guard may lead anywhere */
    if (request->once || request->guard != NULL) {
        ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
        ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
    }
    return ok;
}

/* An address with a line break would be another command to the relay. */
static bool mail_can_be_sent(const struct mc_http *http, const struct mc_http_request *request)
{
    const struct mc_http_mail *mail = request->mail;
    bool known = strncmp(request->url, "smtps://", 8) == 0 ||
                 (strncmp(request->url, "smtp://", 7) == 0 && (!mail->plain || http->allow_plain));

    return known && request->guard == NULL && request->body.len > 0 &&
           mc_email_check(mail->from) == MC_WHY_OK && mc_email_check(mail->to) == MC_WHY_OK &&
           (mail->user == NULL || mail->password != NULL);
}

static bool can_be_sent(const struct mc_http *http, const struct mc_http_request *request)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    bool known = false;

    if (request->mail != NULL)
        return mail_can_be_sent(http, request);
    for (size_t i = 0; i < MC_LEN(methods); i++)
        known = known || strcmp(request->method, methods[i]) == 0;
    bool https = strncmp(request->url, "https://", 8) == 0;
    bool plain = (request->guard != NULL ? request->guard->allow_plain : http->allow_plain) &&
                 strncmp(request->url, "http://", 7) == 0;
    if (request->guard != NULL && mc_guard_url(request->guard, request->url) != NULL)
        return false;
    return known && (https || plain) && mc_headers_ok(request->headers) &&
           (request->content_type == NULL || mc_header_value_ok(request->content_type));
}

static bool set_exchange(struct mc_http_call *call, const struct mc_http_request *request)
{
    if (request->mail != NULL)
        return set_mail(call, request);
    return set_method(call->easy, request) && add_headers(call, request);
}

static enum mc_status begin(struct mc_http_call *call)
{
    if (call->mail)
        return start_mail(call);
    return curl_multi_add_handle(call->http->multi, call->easy) == CURLM_OK ? MC_OK : MC_FULL;
}

enum mc_status mc_http_start(struct mc_http *http, const struct mc_http_request *request,
                             void (*answered)(void *arg, const struct mc_http_answer *answer),
                             void *arg, struct mc_http_call **ret_call)
{
    if (!can_be_sent(http, request))
        return MC_INVALID;
    if (http->load >= http->requests_max)
        return MC_BUSY;
    struct mc_http_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return MC_FULL;

    call->http = http;
    call->answered = answered;
    call->arg = arg;
    call->body_max = request->answer_max != 0 ? request->answer_max : (size_t)MC_HTTP_ANSWER_MAX;
    call->guard = request->guard;
    call->detail = request->detail ? calloc(1, sizeof *call->detail) : NULL;
    call->easy = curl_easy_init();
    if (call->easy == NULL || (request->detail && call->detail == NULL) ||
        !set_options(call, request) || !set_exchange(call, request) || begin(call) != MC_OK) {
        free_call(call);
        return MC_FULL;
    }
    TAILQ_INSERT_TAIL(&http->running, call, next);
    http->load++;
    if (ret_call != NULL)
        *ret_call = call;
    return MC_OK;
}

void mc_http_cancel(struct mc_http_call *call)
{
    struct mc_http *http = call->http;

    http->load--;
    if (call->mail && !call->finished) {
        cancel_mail(call);
        return;
    }
    TAILQ_REMOVE(call->finished ? &http->finished : &http->running, call, next);
    if (!call->mail)
        (void)curl_multi_remove_handle(http->multi, call->easy);
    free_call(call);
}

unsigned mc_http_load(const struct mc_http *http)
{
    return http->load;
}
