/* What the otp room's tests share: phones, gateways, and a whole code's way in one call. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "services/otp/otp.h"

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)

/* Numbers of the scenarios' synthetic people. */
#define BINH "0912000101"
#define THO  "0868000202"

enum { SUBJECTS = 256 };

/* Message fields are not const, and nobody writes through these. */
static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

/* A subject made when the harness's clock began; the same for the same number. */
static inline ProtobufCBinaryData subject(unsigned number)
{
    static uint8_t ids[SUBJECTS][MC_ID_LEN];
    struct mc_random_seeded seed;
    struct mc_random random = mc_random_seed(&seed, 5000 + number);

    mc_uuid7(ids[number % SUBJECTS], HARNESS_T0 + number, &random);
    return (ProtobufCBinaryData){MC_ID_LEN, ids[number % SUBJECTS]};
}

static inline int open_room(void **state)
{
    *state = harness_open(&otp_room, NULL);
    return 0;
}

static inline int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)

static inline void as_room(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "room:identity", .who = MC_ROOM});
}

static inline void as_anyone(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "", .who = MC_ANYONE});
}

static inline void as_gateway(struct harness *h, const char *name)
{
    harness_as(h, &(struct mc_caller){.name = name, .who = MC_SMS});
}

static inline Otp__IssueRequest issue_request(unsigned number, const char *phone)
{
    Otp__IssueRequest request = OTP__ISSUE_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    request.phone = text(phone);
    return request;
}

static inline Otp__IssueReply *issue(struct harness *h, unsigned number, const char *phone,
                                     enum mc_status want)
{
    Otp__IssueRequest request = issue_request(number, phone);

    as_room(h);
    return harness_call(h, "Issue", &request.base, want);
}

static inline Otp__IssueReply *resend(struct harness *h, unsigned number, enum mc_status want)
{
    Otp__ResendRequest request = OTP__RESEND_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    as_anyone(h);
    return harness_call(h, "Resend", &request.base, want);
}

static inline Otp__VerifyReply *verify(struct harness *h, unsigned number, const char *code)
{
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    request.code = text(code);
    as_anyone(h);
    return harness_call(h, "Verify", &request.base, MC_OK);
}

static inline Otp__StatusReply *status_of(struct harness *h, unsigned number)
{
    Otp__StatusRequest request = OTP__STATUS_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    as_anyone(h);
    return harness_call(h, "Status", &request.base, MC_OK);
}

static inline Otp__LeaseJobsReply *lease(struct harness *h, const char *gateway, uint32_t credit)
{
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;

    request.credit = credit;
    as_gateway(h, gateway);
    return harness_call(h, "LeaseJobs", &request.base, MC_OK);
}

static inline Otp__JobResult *ack(struct harness *h, const char *gateway, const Otp__SmsJob *job)
{
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack one = OTP__ACK__INIT;
    Otp__Ack *list[] = {&one};

    one.token = job->token;
    one.provider_reference = text("smsc-1");
    request.acks = list;
    request.n_acks = 1;
    as_gateway(h, gateway);
    Otp__JobResults *results = harness_call(h, "AckJobs", &request.base, MC_OK);
    assert_int_equal(results->n_results, 1);
    return results->results[0];
}

static inline Otp__JobResult *nack(struct harness *h, const char *gateway, const Otp__SmsJob *job,
                                   bool permanent, uint32_t retry_ms)
{
    Otp__NackJobsRequest request = OTP__NACK_JOBS_REQUEST__INIT;
    Otp__Nack one = OTP__NACK__INIT;
    Otp__Nack *list[] = {&one};

    one.token = job->token;
    one.error = text("ESME_RMSGQFUL");
    one.permanent = permanent;
    one.retry_ms = retry_ms;
    request.nacks = list;
    request.n_nacks = 1;
    as_gateway(h, gateway);
    Otp__JobResults *results = harness_call(h, "NackJobs", &request.base, MC_OK);
    assert_int_equal(results->n_results, 1);
    return results->results[0];
}

static inline Otp__EnqueueSmsReply *enqueue(struct harness *h, Otp__Lane lane, const char *phone,
                                            const char *words, enum mc_status want)
{
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;

    request.lane = lane;
    request.phone = text(phone);
    request.text = text(words);
    as_room(h);
    return harness_call(h, "EnqueueSms", &request.base, want);
}

/* The six digits of a text. */
static inline const char *code_in(const char *sms)
{
    static char codes[8][OTP_CODE_SIZE];
    static unsigned next;

    for (const char *at = sms; *at != '\0'; at++)
        if (strspn(at, "0123456789") == MC_OTP_LEN) {
            char *code = codes[next++ % MC_LEN(codes)];
            memcpy(code, at, MC_OTP_LEN);
            code[MC_OTP_LEN] = '\0';
            return code;
        }
    fail_msg("no code in '%s'", sms);
    return NULL;
}

/* Takes the next SMS as a gateway would, tells that it is sent, and returns its code. */
static inline const char *next_code(struct harness *h)
{
    Otp__LeaseJobsReply *reply = lease(h, "sms:viettel", 1);

    assert_int_equal(reply->n_jobs, 1);
    assert_true(ack(h, "sms:viettel", reply->jobs[0])->ok);
    return code_in(reply->jobs[0]->text);
}

/* Another code than the right one. */
static inline const char *not_code(const char *code)
{
    return strcmp(code, "000000") == 0 ? "000001" : "000000";
}
