/* What the partner room's tests share: officers of two units, and a check's whole way. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "services/partner/check.h"

#define MINUTE_MS   60000LL
#define HOUR_MS     (60 * MINUTE_MS)
#define DAY_MS      (24 * HOUR_MS)
#define LAN         "0190a07b-0000-7000-8000-0000000000a1"
#define MINH        "0190a07b-0000-7000-8000-0000000000a2"
#define TAY_NINH    "000.00.00.H53"
#define BEN_CAU     "000.20.31.H53"
#define LONG_AN     "000.00.00.H36"
#define PUBLIC_URL  "https://motcua.tayninh.gov.vn/api/thue"
#define SAMPLE_BODY "{\"Service\":\"NhanThongBaoThueDat\",\"MaHoSo\":\"000.20.31.H53-260907-0007\"}"

static const char *const check_rights[] = {PARTNER_RIGHT_CHECK};

static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

static inline ProtobufCBinaryData data(const char *literal)
{
    return (ProtobufCBinaryData){strlen(literal), mc_unconst(literal)};
}

static inline void as_officer(struct harness *h, const char *account, const char *unit)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = account,
                                      .unit = unit,
                                      .rights = check_rights,
                                      .rights_len = MC_LEN(check_rights),
                                      .ial = 2});
}

static inline int open_room(void **state)
{
    *state = harness_open(&partner_room, NULL);
    as_officer(*state, LAN, TAY_NINH);
    return 0;
}

static inline int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)

static inline Partner__ApiCheck *start_check(struct harness *h, const char *type, const char *url,
                                             enum mc_status want)
{
    Partner__StartApiCheckRequest req = PARTNER__START_API_CHECK_REQUEST__INIT;

    req.api_type = text(type);
    req.url = text(url);
    req.dstcode = text("VN:COOP:" TAY_NINH);
    req.body = data(SAMPLE_BODY);
    return harness_call(h, "StartApiCheck", &req.base, want);
}

static inline Partner__ApiCheck *get_check(struct harness *h, ProtobufCBinaryData id,
                                           enum mc_status want)
{
    Partner__GetApiCheckRequest req = PARTNER__GET_API_CHECK_REQUEST__INIT;

    req.check_id = id;
    return harness_call(h, "GetApiCheck", &req.base, want);
}

/* The other side answers the oldest check. */
static inline void check_answered(struct harness *h, unsigned status, const char *body)
{
    static struct mc_http_detail detail;
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "check.call", &exchange));
    detail = (struct mc_http_detail){.dns_us = 1000,
                                     .connect_us = 2000,
                                     .tls_us = 5000,
                                     .first_byte_us = 9000,
                                     .total_us = 9500,
                                     .body_len = strlen(body)};
    detail.head_len = (size_t)snprintf(detail.head, sizeof detail.head,
                                       "HTTP/1.1 %u X\r\nServer: test\r\n\r\n", status);
    harness_result(h, &exchange,
                   &(struct mc_result){.outcome = MC_HTTP_ANSWERED,
                                       .http_status = status,
                                       .body = {body, strlen(body)},
                                       .detail = &detail});
}

/* An operator pauses one destination of a lane; what is not there is told, not paused. */
static inline void pause_as_operator(struct harness *h, const char *lane, const char *destination,
                                     enum mc_status want)
{
    Motcua__PauseLaneRequest req = MOTCUA__PAUSE_LANE_REQUEST__INIT;

    req.lane = mc_unconst(lane);
    req.destination = mc_unconst(destination);
    req.reason = mc_unconst("đối tác bảo trì");
    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    (void)harness_call(h, "PauseLane", &req.base, want);
    if (want != MC_OK)
        assert_true(harness_violated(h, "destination", "DESTINATION_UNKNOWN"));
}
