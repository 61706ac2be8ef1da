/*
 * Vietnam Post's parcels (S32): ordered, asked after, cancelled before they are collected.
 *
 *     POST /vnpost/orders {"orderNumber", "receiverName", "receiverAddress", …}
 *     GET  /vnpost/orders/<number>
 *     POST /vnpost/orders/<number>/cancel
 *     POST /vnpost/move/<number> {"status": 2}: what the postman does; 3: handed over, 4: brought
 * back
 */
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

enum { REGISTERED = 1, COLLECTING = 2, DELIVERED = 3, CANCELLED = 4 };

static struct sandbox_parcel *find(struct sandbox *sandbox, const char *number, size_t len)
{
    for (size_t i = 0; i < sandbox->parcels_len; i++)
        if (strlen(sandbox->parcels[i].number) == len &&
            memcmp(sandbox->parcels[i].number, number, len) == 0)
            return &sandbox->parcels[i];
    return NULL;
}

static void say_parcel(struct sandbox *sandbox, const struct sandbox_parcel *parcel, int status,
                       const char *result, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    char stamp[MC_STAMP_SIZE];

    mc_time_format_stamp(stamp, sizeof stamp, parcel->at_ms);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "result");
    mc_json_string(&writer, result);
    mc_json_key(&writer, "status");
    mc_json_int(&writer, parcel->status);
    mc_json_key(&writer, "waybill");
    mc_json_string(&writer, parcel->waybill);
    mc_json_key(&writer, "at");
    mc_json_string(&writer, stamp);
    mc_json_end(&writer);
    sandbox_say_json(answer, status, &writer);
}

void sandbox_parcel_order(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"orderNumber",     "receiverName",     "receiverTel",
                                        "receiverAddress", "receiverProvince", NULL};

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    const char *number = mc_json_text(json, "orderNumber");
    const struct sandbox_parcel *known = find(sandbox, number, strlen(number));
    if (known != NULL) {
        say_parcel(sandbox, known, 409, "DUPLICATE", answer);
        return;
    }
    if (strlen(number) >= SANDBOX_PARCEL_NUMBER_SIZE || strchr(number, '/') != NULL) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "orderNumber");
        return;
    }
    if (sandbox->parcels_len == SANDBOX_PARCELS_MAX) {
        sandbox_say(answer, 503, "text/plain", "full");
        return;
    }
    struct sandbox_parcel *parcel = &sandbox->parcels[sandbox->parcels_len++];
    (void)snprintf(parcel->number, sizeof parcel->number, "%s", number);
    (void)snprintf(parcel->waybill, sizeof parcel->waybill, "EV%09zuVN", sandbox->parcels_len);
    parcel->status = REGISTERED;
    parcel->at_ms = mc_now_ms(&sandbox->process.clock);
    say_parcel(sandbox, parcel, 200, "OK", answer);
}

void sandbox_parcel_track(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    const struct sandbox_parcel *parcel = find(sandbox, tail, strlen(tail));

    (void)request;
    if (parcel == NULL)
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "orderNumber");
    else
        say_parcel(sandbox, parcel, 200, "OK", answer);
}

void sandbox_parcel_cancel(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    const char *end = strchrnul(tail, '/');
    struct sandbox_parcel *parcel = find(sandbox, tail, (size_t)(end - tail));

    (void)request;
    if (parcel == NULL || strcmp(end, "/cancel") != 0) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "orderNumber");
        return;
    }
    if (parcel->status == COLLECTING || parcel->status == DELIVERED) {
        say_parcel(sandbox, parcel, 200, "TOO_LATE", answer);
        return;
    }
    parcel->status = CANCELLED;
    parcel->at_ms = mc_now_ms(&sandbox->process.clock);
    say_parcel(sandbox, parcel, 200, "OK", answer);
}

void sandbox_parcel_move(struct sandbox *sandbox, struct mc_httpd_request *request,
                         const char *tail, struct sandbox_answer *answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct sandbox_parcel *parcel = find(sandbox, tail, strlen(tail));
    int64_t status = 0;

    if (parcel == NULL) {
        sandbox_refuse(sandbox, answer, 404, "NOT_FOUND", "orderNumber");
        return;
    }
    if (mc_json_parse(mc_httpd_body(request), &json) != MC_OK ||
        !mc_json_number(json, "status", &status) || status < REGISTERED || status > CANCELLED) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "status");
        return;
    }
    parcel->status = (int)status;
    parcel->at_ms = mc_now_ms(&sandbox->process.clock);
    say_parcel(sandbox, parcel, 200, "OK", answer);
}
