/*
 * Provinces' one-door systems: who calls has a session, then hands over dossiers, their progress,
 * tax vouchers and receipts. The header dstcode says which province it is.
 *
 *     POST /province/session {"username", "password"} -> {"session", "error_code": "0"}
 *     POST /province/data {"session", "service" or "Service", "MaThamChieu", "data" or "Data"}
 *          -> {"error_code": "0", "message"}, or {"status": 1, "message"} of a tax voucher
 *     GET  /province/received/<dstcode>   what it has, in order of arrival, and how often it came
 *     POST /province/faults {"dstcode", "fault", "count", "ms"}   slow, http500, garbage, expire,
 *          exists, refuse, lose, down (ms: for so long), none
 *     GET  /province   the same for people
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

static int64_t now(const struct sandbox *sandbox)
{
    return mc_now_ms(&sandbox->process.clock);
}

static void say(struct sandbox *sandbox, struct sandbox_answer *answer, const char *key,
                const char *code, const char *message)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, key);
    mc_json_string(&writer, code);
    mc_json_key(&writer, "message");
    mc_json_string(&writer, message);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static struct sandbox_province *province_of(struct sandbox *sandbox,
                                            struct mc_httpd_request *request,
                                            struct sandbox_answer *answer)
{
    const char *dstcode = mc_httpd_header(request, "dstcode");
    struct sandbox_province *province =
        dstcode != NULL ? sandbox_province_of(&sandbox->provinces, &sandbox->memory, dstcode)
                        : NULL;

    if (province == NULL)
        say(sandbox, answer, "error_code", "-1", "dstcode is missing");
    return province;
}

/* A connection that breaks: chunks are promised, and none comes. */
static void break_off(struct mc_httpd_request *request, struct sandbox_answer *answer)
{
    static const struct mc_header chunked[] = {{"Transfer-Encoding", "chunked"}, {NULL, NULL}};

    mc_httpd_reply(request, 200, chunked, (struct mc_bytes){"!\r\n\r\n", 5});
    answer->kept = true;
}

/* What strikes before anything is done; true: that was the answer. */
static bool struck(struct sandbox *sandbox, struct mc_httpd_request *request,
                   struct sandbox_province *province, enum sandbox_province_fault fault,
                   struct sandbox_answer *answer)
{
    switch (fault) {
    case SANDBOX_PROVINCE_HTTP500:
        sandbox_say(answer, 500, "text/plain", "Internal Server Error");
        return true;
    case SANDBOX_PROVINCE_GARBAGE:
        sandbox_say(answer, 200, "text/html", "<html><body>It works!</body");
        return true;
    case SANDBOX_PROVINCE_DOWN:
        break_off(request, answer);
        return true;
    case SANDBOX_PROVINCE_EXPIRE:
        province->session++;
        say(sandbox, answer, "error_code", "-1", "Invalid session");
        return true;
    case SANDBOX_PROVINCE_REFUSE:
        say(sandbox, answer, "error_code", "-1", "Dữ liệu không hợp lệ");
        return true;
    case SANDBOX_PROVINCE_WELL:
    case SANDBOX_PROVINCE_SLOW:
    case SANDBOX_PROVINCE_EXISTS:
    case SANDBOX_PROVINCE_LOSE:
    case SANDBOX_PROVINCE_FAULTS_LEN:
        break;
    }
    return false;
}

static void late(struct sandbox *sandbox, struct mc_httpd_request *request,
                 const struct sandbox_province *province, struct sandbox_answer *answer)
{
    if (sandbox_postpone(sandbox, request, answer, false, province->fault_ms))
        answer->kept = true;
}

static const char *session_of(struct sandbox *sandbox, const struct sandbox_province *province)
{
    const char *text =
        mc_sprintf(&sandbox->turn, "%s/%" PRIu64, province->dstcode, province->session);

    return text != NULL ? text : "";
}

void sandbox_province_session(struct sandbox *sandbox, struct mc_httpd_request *request,
                              const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"username", "password", NULL};
    struct mc_json_writer writer;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    struct sandbox_province *province = json != NULL ? province_of(sandbox, request, answer) : NULL;
    if (province == NULL)
        return;
    /* what is ordered is of data; a system that is down is down for sessions too */
    if ((province->fault == SANDBOX_PROVINCE_DOWN || province->fault == SANDBOX_PROVINCE_HTTP500) &&
        struck(sandbox, request, province, sandbox_province_strikes(province, now(sandbox)),
               answer))
        return;
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "error_code");
    mc_json_string(&writer, "0");
    mc_json_key(&writer, "session");
    mc_json_string(&writer, session_of(sandbox, province));
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
    if (province->fault == SANDBOX_PROVINCE_SLOW)
        late(sandbox, request, province, answer);
}

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

static const char *first_text(const struct mc_json *json, const char *const *paths)
{
    for (; *paths != NULL; paths++) {
        const char *text = mc_json_text(json, *paths);
        if (text != NULL && text[0] != '\0')
            return text;
    }
    return "";
}

/* NULL, or why it is not taken. */
static const char *take(struct sandbox *sandbox, struct sandbox_province *province,
                        const struct mc_json *json, const char *service)
{
    static const char *const objects[] = {"Data.SoBienLai", "data.0.MaHoSo", "Data.MaHoSo",
                                          "data.0.sub", NULL};
    static const char *const files[] = {"data.0.TaiLieuNop.0.DuongDanTaiTepTin", NULL};
    static const char *const states[] = {"data.0.TrangThaiHoSo", "data.0.TrangThai", NULL};
    const char *reference = mc_json_text(json, "MaThamChieu");
    const char *object = first_text(json, objects);
    bool create = strcmp(service, "DongBoHoSoMC") == 0;
    bool updating = false;

    (void)mc_json_bool(json, create ? "isUpdating" : "IsUpdating", &updating);
    if (reference == NULL || reference[0] == '\0' || object[0] == '\0')
        return "thiếu mã";
    struct sandbox_item *item = sandbox_item_find(&sandbox->provinces, province, reference);
    if (item != NULL) {
        item->times++;
        return NULL;
    }
    if (create && !updating && sandbox_province_has(province, object))
        return "Hồ sơ đã tồn tại";
    if (strcmp(service, "CapNhatTienDoHoSoMC") == 0 && !sandbox_province_has(province, object))
        return "Không tìm thấy hồ sơ";
    item = sandbox_item_add(&sandbox->provinces, &sandbox->memory, province, reference);
    if (item == NULL)
        return "quá nhiều";
    copy(item->service, sizeof item->service, service);
    copy(item->object, sizeof item->object, object);
    copy(item->state, sizeof item->state, first_text(json, states));
    copy(item->file, sizeof item->file, first_text(json, files));
    item->updating = updating;
    item->at_ms = now(sandbox);
    return NULL;
}

void sandbox_province_data(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"session", NULL};
    static const char *const services[] = {"service", "Service", NULL};

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    struct sandbox_province *province = json != NULL ? province_of(sandbox, request, answer) : NULL;
    if (province == NULL)
        return;
    province->calls++;
    enum sandbox_province_fault fault = sandbox_province_strikes(province, now(sandbox));
    if (struck(sandbox, request, province, fault, answer))
        return;
    if (strcmp(mc_json_text(json, "session"), session_of(sandbox, province)) != 0) {
        say(sandbox, answer, "error_code", "-1", "Invalid session");
        return;
    }
    const char *service = first_text(json, services);
    const char *problem = take(sandbox, province, json, service);
    bool voucher = strcmp(service, "ThanhToanThueDat") == 0;
    if (problem == NULL && fault == SANDBOX_PROVINCE_EXISTS)
        problem = "Dữ liệu đã tồn tại";
    if (fault == SANDBOX_PROVINCE_LOSE) {
        break_off(request, answer);
        return;
    }
    if (voucher)
        say(sandbox, answer, "status", problem == NULL ? "1" : "0", problem != NULL ? problem : "");
    else
        say(sandbox, answer, "error_code", problem == NULL ? "0" : "3",
            problem != NULL ? problem : "");
    if (fault == SANDBOX_PROVINCE_SLOW)
        late(sandbox, request, province, answer);
}

void sandbox_province_received(struct sandbox *sandbox, struct mc_httpd_request *request,
                               const char *tail, struct sandbox_answer *answer)
{
    const struct sandbox_province *province =
        sandbox_province_of(&sandbox->provinces, &sandbox->memory, tail);
    struct mc_json_writer writer;

    (void)request;
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_array(&writer);
    for (const struct sandbox_item *item = province != NULL ? province->first : NULL; item != NULL;
         item = item->next) {
        mc_json_object(&writer);
        mc_json_key(&writer, "reference");
        mc_json_string(&writer, item->reference);
        mc_json_key(&writer, "service");
        mc_json_string(&writer, item->service);
        mc_json_key(&writer, "object");
        mc_json_string(&writer, item->object);
        mc_json_key(&writer, "state");
        mc_json_string(&writer, item->state);
        mc_json_key(&writer, "file");
        mc_json_string(&writer, item->file);
        mc_json_key(&writer, "updating");
        mc_json_true_or_false(&writer, item->updating);
        mc_json_key(&writer, "times");
        mc_json_uint(&writer, item->times);
        mc_json_key(&writer, "at_ms");
        mc_json_int(&writer, item->at_ms);
        mc_json_end(&writer);
    }
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static bool order(struct sandbox *sandbox, const char *dstcode, const char *name, int64_t count,
                  int64_t ms)
{
    struct sandbox_province *province =
        sandbox_province_of(&sandbox->provinces, &sandbox->memory, dstcode);
    enum sandbox_province_fault fault = SANDBOX_PROVINCE_WELL;

    if (province == NULL || !sandbox_province_fault_parse(name, &fault) || count < 0 || ms < 0 ||
        ms > (int64_t)24 * 3600 * 1000)
        return false;
    province->fault = fault;
    province->fault_left = count;
    province->fault_ms = ms;
    province->fault_until_ms = fault == SANDBOX_PROVINCE_DOWN && ms > 0 ? now(sandbox) + ms : 0;
    return true;
}

void sandbox_province_fault(struct sandbox *sandbox, struct mc_httpd_request *request,
                            const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"dstcode", "fault", NULL};
    int64_t count = 0;
    int64_t ms = 0;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    (void)mc_json_number(json, "count", &count);
    (void)mc_json_number(json, "ms", &ms);
    if (order(sandbox, mc_json_text(json, "dstcode"), mc_json_text(json, "fault"), count, ms))
        sandbox_say(answer, 204, "text/plain", "");
    else
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "fault");
}

static const char *row_of(struct sandbox *sandbox, const struct sandbox_province *province)
{
    const char *dstcode = sandbox_escape(sandbox, province->dstcode);
    const char *options = "";

    for (unsigned i = 0; i < SANDBOX_PROVINCE_FAULTS_LEN && options != NULL; i++)
        options = mc_sprintf(&sandbox->turn, "%s<option%s>%s", options,
                             i == (unsigned)province->fault ? " selected" : "",
                             sandbox_province_fault_name((enum sandbox_province_fault)i));
    const char *row = mc_sprintf(
        &sandbox->turn,
        "<tr><td><a href=\"/province/received/%s\">%s</a><td>%zu<td>%" PRIu64
        "<td><form method=post action=\"/province\"><input type=hidden name=dstcode value=\"%s\">"
        "<select name=fault>%s</select> <input name=ms size=6 value=\"%" PRId64
        "\"> ms <button>Đặt</button></form>",
        dstcode, dstcode, province->items, province->calls, dstcode, options != NULL ? options : "",
        province->fault_ms);
    return row != NULL ? row : "";
}

void sandbox_province_page(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    enum { ROWS_MAX = 100 };
    const char *rows = "";

    (void)request;
    (void)tail;
    for (size_t i = 0; i < sandbox->provinces.len && i < ROWS_MAX && rows != NULL; i++)
        rows =
            mc_sprintf(&sandbox->turn, "%s%s", rows, row_of(sandbox, sandbox->provinces.rows[i]));
    const char *html = mc_sprintf(
        &sandbox->turn,
        "<!doctype html><html lang=vi><meta charset=utf-8><title>Một cửa của tỉnh (mô phỏng)"
        "</title><body style=\"font:16px sans-serif;max-width:60em;margin:2em auto\">"
        "<h1>Một cửa điện tử của các tỉnh (mô phỏng)</h1><p>Một tỉnh hiện ra khi được gọi lần đầu "
        "(header <code>dstcode</code>).<table border=1 cellpadding=6><tr><th>DSTCODE<th>đã nhận"
        "<th>lượt gọi<th>lỗi đang đặt%s</table>",
        rows != NULL ? rows : "");
    sandbox_say(answer, 200, "text/html; charset=utf-8", html != NULL ? html : "");
}

void sandbox_province_form(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    struct mc_form form;
    int64_t ms = 0;

    if (mc_form_decode(&sandbox->turn, mc_httpd_body(request), &form) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "form");
        return;
    }
    const char *dstcode = mc_form_get(&form, "dstcode");
    const char *fault = mc_form_get(&form, "fault");
    const char *text = mc_form_get(&form, "ms");
    for (size_t i = 0; text != NULL && i < 8 && text[i] >= '0' && text[i] <= '9'; i++)
        ms = ms * 10 + (text[i] - '0');
    if (dstcode == NULL || fault == NULL || !order(sandbox, dstcode, fault, 0, ms)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "fault");
        return;
    }
    sandbox_province_page(sandbox, request, tail, answer);
}
