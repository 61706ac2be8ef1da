/* The calls, as bytes: made once, then only what differs is written over. */
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "envelope.pb-c.h"
#include "otp.pb-c.h"

#include "bench.h"

enum { ID_AT = 2, PHONES = 100000000 };

static const char phone_form[] = "0900000000";
static const char subject_form[] = "................";

struct bench_subjects bench_subjects;

void bench_uuid7(uint8_t id[16])
{
    uint64_t random[2] = {bench_random(), bench_random()};
    int64_t ms = bench_now_ms();

    memcpy(id, random, sizeof random);
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

static void put_tag(uint8_t *at, size_t slot)
{
    size_t tag = BENCH_TAG_BASE + slot;

    at[0] = (uint8_t)(0x80 | (tag & 0x7f));
    at[1] = (uint8_t)(0x80 | (tag >> 7 & 0x7f));
    at[2] = (uint8_t)(tag >> 14);
}

static uint64_t varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t number = 0;
    unsigned shift = 0;

    while (*at < end && shift < 64) {
        uint8_t byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return number;
        shift += 7;
    }
    bench_die("a header that does not end");
}

/* Reads the reply's tag; a status is a refusal, and its code is told. */
size_t bench_tag_slot(const uint8_t *header, size_t len)
{
    const uint8_t *end = header + len;
    uint64_t tag = 0;

    for (const uint8_t *at = header; at < end;) {
        uint64_t key = varint(&at, end);
        uint64_t value = varint(&at, end);

        if (key == (16 << 3)) {
            Motcua__Header *head = motcua__header__unpack(NULL, len, header);
            bench_die("refused: %s", head != NULL ? head->code : "?");
        }
        if (key == (3 << 3))
            tag = value;
        if ((key & 7) == 2)
            at += value;
    }
    return tag >= BENCH_TAG_BASE ? (size_t)tag - BENCH_TAG_BASE : SIZE_MAX;
}

size_t bench_header(uint8_t *out, const char *method, const char *caller, size_t slot)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[16];
    char method_text[128];
    char caller_text[64];

    bench_uuid7(id);
    (void)snprintf(method_text, sizeof method_text, "%s", method);
    (void)snprintf(caller_text, sizeof caller_text, "%s", caller);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = method_text;
    head.caller = caller_text;
    head.tag = BENCH_TAG_BASE + slot;
    return motcua__header__pack(&head, out);
}

static size_t find(const uint8_t *in, size_t len, const void *what, size_t what_len)
{
    for (size_t i = 0; i + what_len <= len; i++)
        if (memcmp(in + i, what, what_len) == 0)
            return i;
    bench_die("not in its own message");
}

static void header_template(struct bench_load *load, const char *method)
{
    uint8_t tag[4] = {3 << 3};
    struct bench_message *form = &load->template;

    form->header_len = bench_header(form->header, method, "room:bench", 0);
    put_tag(tag + 1, 0);
    load->at_id = ID_AT;
    load->at_tag = find(form->header, form->header_len, tag, sizeof tag) + 1;
}

static void copy(struct bench_message *to, const struct bench_message *from)
{
    memcpy(to->header, from->header, from->header_len);
    memcpy(to->body, from->body, from->body_len);
    to->header_len = from->header_len;
    to->body_len = from->body_len;
}

static void make(struct bench_load *load, size_t slot, struct bench_message *message)
{
    copy(message, &load->template);
    put_tag(message->header + load->at_tag, slot);
    bench_uuid7(message->header + load->at_id);
}

/* Numbers nobody has twice in a run, in no order; all with prefixes of the big networks. */
static void put_phone(uint8_t *at)
{
    static const char prefixes[][4] = {"096", "097", "098", "086", "090",
                                       "093", "091", "094", "088", "089"};
    static uint32_t count;
    uint32_t number = (uint32_t)((uint64_t)++count * 61803397 % PHONES);

    for (size_t i = 0; i < 7; i++) {
        at[9 - i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    memcpy(at, prefixes[number % 10], 3);
}

static void make_issue(struct bench_load *load, size_t slot, struct bench_message *message)
{
    uint8_t *subject = bench_subjects.id[bench_subjects.made++ % BENCH_SUBJECTS];

    make(load, slot, message);
    bench_uuid7(subject);
    memcpy(message->body + load->at_subject, subject, 16);
    put_phone(message->body + load->at_phone);
}

static void make_notice(struct bench_load *load, size_t slot, struct bench_message *message)
{
    make(load, slot, message);
    put_phone(message->body + load->at_phone);
}

static void make_status(struct bench_load *load, size_t slot, struct bench_message *message)
{
    size_t most = bench_subjects.made < BENCH_SUBJECTS ? bench_subjects.made : BENCH_SUBJECTS;

    make(load, slot, message);
    memcpy(message->body + load->at_subject, bench_subjects.id[bench_random() % most], 16);
}

void bench_load_issue(struct bench_load *load, struct bench_server *server)
{
    Otp__IssueRequest request = OTP__ISSUE_REQUEST__INIT;
    char phone[sizeof phone_form];
    uint8_t subject[16];

    *load = (struct bench_load){.server = server,
                                .make = make_issue,
                                .slot_of = bench_tag_slot,
                                .stats = bench_daemon_commits};
    memcpy(phone, phone_form, sizeof phone);
    memcpy(subject, subject_form, sizeof subject);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = (ProtobufCBinaryData){sizeof subject, subject};
    request.phone = phone;
    header_template(load, "motcua.otp.v1.Otp/Issue");
    load->template.body_len = otp__issue_request__pack(&request, load->template.body);
    load->at_subject = find(load->template.body, load->template.body_len, subject, sizeof subject);
    load->at_phone =
        find(load->template.body, load->template.body_len, phone_form, sizeof phone_form - 1);
}

void bench_load_notice(struct bench_load *load, struct bench_server *server)
{
    static char text[] =
        "Ho so 000.20.31.H53-261122-0042 da duoc tiep nhan, hen tra ngay 27/11/2026. "
        "Tra cuu tai Cong DVCQG.";
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;
    char phone[sizeof phone_form];

    *load = (struct bench_load){.server = server,
                                .make = make_notice,
                                .slot_of = bench_tag_slot,
                                .stats = bench_daemon_commits};
    memcpy(phone, phone_form, sizeof phone);
    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = phone;
    request.text = text;
    header_template(load, "motcua.otp.v1.Otp/EnqueueSms");
    load->template.body_len = otp__enqueue_sms_request__pack(&request, load->template.body);
    load->at_phone =
        find(load->template.body, load->template.body_len, phone_form, sizeof phone_form - 1);
}

void bench_load_status(struct bench_load *load, struct bench_server *server)
{
    Otp__StatusRequest request = OTP__STATUS_REQUEST__INIT;
    uint8_t subject[16];

    *load = (struct bench_load){.server = server,
                                .make = make_status,
                                .slot_of = bench_tag_slot,
                                .stats = bench_daemon_commits};
    memcpy(subject, subject_form, sizeof subject);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = (ProtobufCBinaryData){sizeof subject, subject};
    header_template(load, "motcua.otp.v1.Otp/Status");
    load->template.body_len = otp__status_request__pack(&request, load->template.body);
    load->at_subject = find(load->template.body, load->template.body_len, subject, sizeof subject);
}

/* A reference knows nothing of headers: the slot is their first eight bytes. */
static void make_plain(struct bench_load *load, size_t slot, struct bench_message *message)
{
    uint64_t number = slot;

    copy(message, &load->template);
    memcpy(message->header, &number, sizeof number);
}

static size_t plain_slot(const uint8_t *header, size_t len)
{
    uint64_t number = 0;

    if (len < sizeof number)
        bench_die("a short reply");
    memcpy(&number, header, sizeof number);
    return (size_t)number;
}

/* "commits" as a header is answered with their number. */
static void plain_commits(const struct bench_server *server, struct bench_use *use)
{
    struct bench_message message = {.header = "commits", .header_len = 7};
    uint8_t reply[sizeof use->commits];

    bench_send(server, &message);
    if (zmq_recv(server->socket, reply, sizeof reply, 0) != sizeof reply)
        bench_die("%s: no number of commits", server->name);
    memcpy(&use->commits, reply, sizeof reply);
    (void)zmq_recv(server->socket, reply, sizeof reply, 0);
}

void bench_load_plain(struct bench_load *load, struct bench_server *server,
                      const struct bench_load *like)
{
    *load = (struct bench_load){.server = server,
                                .make = make_plain,
                                .slot_of = plain_slot,
                                .stats = plain_commits,
                                .template = like->template};
}
