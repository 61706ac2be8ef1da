#include "smpp_pdu.h"

/* in the order they need each other */
/* clang-format off */
#include <smpp34.h>
#include <smpp34_structs.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

enum {
    ANSWER_SHIFT = 31,
    VERSION_34 = 0x34,
    RECEIPT_MASK = 0x3C, /* of esm_class: what kind of message */
    GSM7_CODING = 0,
    UCS2_CODING = 8,
    SHORT_CODE_MAX = 8, /* digits: 1414, 8099 … a longer number is a phone's */
    SLACK = 2048, /* zeros behind what the library reads, which looks ahead for ends of strings */
};

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum mc_status smpp_head_read(struct mc_bytes bytes, struct smpp_head *ret_head)
{
    const uint8_t *at = bytes.data;

    if (bytes.len < 4)
        return MC_WAIT;
    uint32_t len = be32(at);
    if (len < SMPP_HEAD_LEN || len > SMPP_PDU_MAX)
        return MC_INVALID;
    if (bytes.len < SMPP_HEAD_LEN)
        return MC_WAIT;
    uint32_t command = be32(at + 4);
    *ret_head = (struct smpp_head){
        .len = len,
        .command = command & ~(1U << ANSWER_SHIFT),
        .answer = command >> ANSWER_SHIFT != 0,
        .status = be32(at + 8),
        .sequence = be32(at + 12),
    };
    return MC_OK;
}

static uint32_t command_of(const struct smpp_head *head)
{
    return head->command | (uint32_t)head->answer << ANSWER_SHIFT;
}

/* The library notes each field it passes, passwords and numbers too, for an error message. */
static void forget(void)
{
    explicit_bzero(smpp34_strerror, sizeof smpp34_strerror);
}

static size_t pack(uint8_t out[SMPP_OUT_MAX], void *pdu)
{
    int len = 0;
    bool packed = smpp34_pack2(out, SMPP_OUT_MAX, &len, pdu) == 0 && len > 0;

    forget();
    return packed ? (size_t)len : 0;
}

static bool copy(uint8_t *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

size_t smpp_plain_pack(uint8_t out[SMPP_OUT_MAX], const struct smpp_head *head)
{
    enquire_link_t pdu = {0}; /* all of them are alike */

    pdu.command_id = command_of(head);
    pdu.command_status = head->status;
    pdu.sequence_number = head->sequence;
    return pack(out, &pdu);
}

size_t smpp_bind_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence, const struct smpp_bind *bind)
{
    bind_transceiver_t pdu = {0};

    pdu.command_id = BIND_TRANSCEIVER;
    pdu.sequence_number = sequence;
    pdu.interface_version = VERSION_34;
    if (!copy(pdu.system_id, sizeof pdu.system_id, bind->system_id) ||
        !copy(pdu.password, sizeof pdu.password, bind->password) ||
        !copy(pdu.system_type, sizeof pdu.system_type, bind->system_type))
        return 0;
    size_t len = pack(out, &pdu);
    explicit_bzero(&pdu, sizeof pdu);
    return len;
}

/* A brandname, a short code, or a phone's number. */
static void from_type(submit_sm_t *pdu, const char *from)
{
    if (from[strspn(from, "0123456789")] != '\0') {
        pdu->source_addr_ton = TON_Alphanumeric;
        pdu->source_addr_npi = NPI_Unknown;
    } else if (strlen(from) <= SHORT_CODE_MAX) {
        pdu->source_addr_ton = TON_Network_Specific;
        pdu->source_addr_npi = NPI_Unknown;
    } else {
        pdu->source_addr_ton = TON_International;
        pdu->source_addr_npi = NPI_ISDN_E163_E164;
    }
}

/* "000000000200000R": two minutes from now. Days, hours, minutes and seconds are enough for us. */
static void validity(uint8_t out[TIME_LENGTH], int64_t life_ms)
{
    static const int64_t seconds_max = 28LL * 86400;
    char text[TIME_LENGTH + 8];
    uint32_t seconds = (uint32_t)MC_MIN(MC_MAX(life_ms / 1000, 1), seconds_max);

    if (life_ms <= 0)
        return;
    (void)snprintf(text, sizeof text, "0000%02u%02u%02u%02u000R", seconds / 86400 % 100,
                   seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    memcpy(out, text, TIME_LENGTH);
}

size_t smpp_submit_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence,
                        const struct smpp_submit *submit)
{
    submit_sm_t pdu = {0};

    pdu.command_id = SUBMIT_SM;
    pdu.sequence_number = sequence;
    from_type(&pdu, submit->from);
    pdu.dest_addr_ton = TON_International;
    pdu.dest_addr_npi = NPI_ISDN_E163_E164;
    pdu.esm_class = submit->long_text ? SMPP34_UDHI_IND : 0;
    pdu.registered_delivery = (uint8_t)submit->wish;
    pdu.data_coding = submit->ucs2 ? UCS2_CODING : GSM7_CODING;
    validity(pdu.validity_period, submit->validity_ms);
    if (submit->text.len > SMPP_TEXT_MAX ||
        !copy(pdu.source_addr, sizeof pdu.source_addr, submit->from) ||
        !copy(pdu.destination_addr, sizeof pdu.destination_addr, submit->to))
        return 0;
    pdu.sm_length = (uint8_t)submit->text.len;
    memcpy(pdu.short_message, submit->text.data, submit->text.len);
    size_t len = pack(out, &pdu);
    explicit_bzero(&pdu, sizeof pdu);
    return len;
}

size_t smpp_delivered_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence, uint32_t status)
{
    deliver_sm_resp_t pdu = {0};

    pdu.command_id = DELIVER_SM_RESP;
    pdu.command_status = status;
    pdu.sequence_number = sequence;
    return pack(out, &pdu);
}

/* Bytes up to the end of the string at `at`, with its NUL; past the end when it has none. */
static size_t past_string(struct mc_bytes pdu, size_t at)
{
    if (at >= pdu.len)
        return pdu.len + 1;
    const char *text = (const char *)pdu.data + at;

    return at + strnlen(text, pdu.len - at) + 1;
}

/* Where a deliver_sm's TLVs begin; past the end when it is cut off before. */
static size_t past_message(struct mc_bytes pdu)
{
    enum { TYPES = 2, CLASSES = 3, FLAGS = 4 };
    size_t at = past_string(pdu, SMPP_HEAD_LEN); /* service_type */

    at = past_string(pdu, at + TYPES);   /* source_addr */
    at = past_string(pdu, at + TYPES);   /* destination_addr */
    at = past_string(pdu, at + CLASSES); /* schedule_delivery_time */
    at = past_string(pdu, at) + FLAGS;   /* validity_period */
    if (at >= pdu.len)
        return pdu.len + 1;
    return at + 1 + ((const uint8_t *)pdu.data)[at]; /* sm_length, short_message */
}

/*
 * The library reads the first `len` bytes: TLVs are read here, since it loses memory over broken
 * ones. It reads from a copy that ends in zeros, and is told what it reads: left to itself, it
 * fills `out` as the PDU's own command says, whatever `out` is.
 */
static bool unpack(uint32_t command, void *out, struct mc_bytes pdu, size_t len)
{
    uint8_t padded[SMPP_PDU_MAX + SLACK];

    if (pdu.len < SMPP_HEAD_LEN || pdu.len > SMPP_PDU_MAX || len > pdu.len ||
        be32((const uint8_t *)pdu.data + 4) != command)
        return false;
    memcpy(padded, pdu.data, len);
    memset(padded + len, 0, sizeof padded - len);
    const uint8_t said[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};
    memcpy(padded, said, sizeof said);
    bool read = smpp34_unpack(command, out, padded, (int)len) == 0;
    forget();
    explicit_bzero(padded, sizeof padded);
    return read;
}

/* Printable ASCII up to the first NUL; false when there is none, or something else. */
static bool id_read(char out[SMPP_ID_SIZE], const uint8_t *from, size_t max)
{
    size_t len = strnlen((const char *)from, MC_MIN(max, SMPP_ID_SIZE - 1U));

    for (size_t i = 0; i < len; i++)
        if (from[i] <= ' ' || from[i] > '~')
            return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return len > 0;
}

bool smpp_submitted_unpack(struct mc_bytes pdu, char ret_id[SMPP_ID_SIZE])
{
    submit_sm_resp_t answer = {0};
    bool read = pdu.len > SMPP_HEAD_LEN &&
                unpack(SUBMIT_SM_RESP, &answer, pdu, past_string(pdu, SMPP_HEAD_LEN)) &&
                id_read(ret_id, answer.message_id, sizeof answer.message_id);

    if (!read)
        ret_id[0] = '\0';
    return read;
}

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* Tag, length, value; one that is longer than what is left ends them. */
static void tlvs_read(const uint8_t *at, size_t left, struct smpp_deliver *out)
{
    enum { TLV_HEAD = 4 };

    while (left >= TLV_HEAD) {
        uint32_t tag = be16(at);
        size_t len = be16(at + 2);
        at += TLV_HEAD;
        left -= TLV_HEAD;
        if (len > left)
            return;
        if (tag == TLVID_message_state && len == 1)
            out->state = at[0];
        else if (tag == TLVID_receipted_message_id && !id_read(out->id, at, len))
            out->id[0] = '\0';
        at += len;
        left -= len;
    }
}

bool smpp_deliver_unpack(struct mc_bytes pdu, struct smpp_deliver *ret_deliver)
{
    deliver_sm_t deliver = {0};
    size_t len = past_message(pdu);

    if (!unpack(DELIVER_SM, &deliver, pdu, len) || deliver.sm_length > SMPP_TEXT_MAX)
        return false;
    *ret_deliver = (struct smpp_deliver){
        .receipt = (deliver.esm_class & RECEIPT_MASK) == SMPP34_DELIVERY_RECEIPT,
    };
    memcpy(ret_deliver->text, deliver.short_message, deliver.sm_length);
    tlvs_read((const uint8_t *)pdu.data + len, pdu.len - len, ret_deliver);
    return true;
}
