/*
 * SMPP 3.4 on the wire: our PDUs packed, theirs unpacked. The owner of libsmpp34. Pure.
 *
 * Every PDU begins with 16 bytes, big-endian: length, command, status, sequence. An answer has the
 * command's highest bit set and the question's sequence. What comes from outside is untrusted: a
 * function that reads it says false, or MC_INVALID, to whatever does not follow the standard.
 */
#pragma once

#include "common/base.h"

enum {
    SMPP_HEAD_LEN = 16,
    SMPP_PDU_MAX = 4096, /* theirs; longer ones end the connection */
    SMPP_OUT_MAX = 512,  /* ours */
    SMPP_ID_SIZE = 66,   /* a message_id of 65 octets with its NUL, or as much of it as a TLV has */
    SMPP_TEXT_MAX = 253, /* short_message; the standard has 254, the library does not */
    SMPP_ADDRESS_MAX = 20,
    SMPP_SYSTEM_ID_MAX = 15,
    SMPP_PASSWORD_MAX = 8,
    SMPP_SYSTEM_TYPE_MAX = 12,
};

/* Without the highest bit, which is `answer`. */
enum smpp_command {
    SMPP_NACK = 0x00, /* generic_nack: an answer only */
    SMPP_SUBMIT = 0x04,
    SMPP_DELIVER = 0x05,
    SMPP_UNBIND = 0x06,
    SMPP_BIND = 0x09, /* transceiver */
    SMPP_ENQUIRE = 0x15,
};

/* What we say of ourselves in an answer. */
enum smpp_status {
    SMPP_OK = 0x00,
    SMPP_BAD_COMMAND = 0x03,
    SMPP_NOT_NOW = 0x64, /* ESME_RX_T_APPN: tell us again */
    SMPP_NEVER = 0x65,   /* ESME_RX_P_APPN */
};

struct smpp_head {
    uint32_t len;
    uint32_t command;
    bool answer;
    uint32_t status;
    uint32_t sequence;
};

/* The length first: MC_WAIT when more bytes are needed to tell, MC_INVALID when it cannot be. */
mc_nodiscard enum mc_status smpp_head_read(struct mc_bytes bytes, struct smpp_head *ret_head);

struct smpp_bind {
    const char *system_id;
    const char *password;
    const char *system_type;
};

/* Whether a message's receipt is wanted. */
enum smpp_wish { SMPP_NO_RECEIPT, SMPP_RECEIPT, SMPP_RECEIPT_OF_FAILURE };

struct smpp_submit {
    const char *from;
    const char *to;      /* 84… */
    int64_t validity_ms; /* 0: as long as the SMSC likes */
    enum smpp_wish wish;
    bool ucs2;
    bool long_text; /* it begins with a user data header */
    struct mc_bytes text;
};

/* Each returns the PDU's length, or 0 when a value does not fit. */
size_t smpp_bind_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence, const struct smpp_bind *bind);
size_t smpp_submit_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence,
                        const struct smpp_submit *submit);
size_t smpp_delivered_pack(uint8_t out[SMPP_OUT_MAX], uint32_t sequence, uint32_t status);
/* enquire_link, unbind, their answers, generic_nack: a header alone. */
size_t smpp_plain_pack(uint8_t out[SMPP_OUT_MAX], const struct smpp_head *head);

/* The message's id in an answer to submit_sm; false when there is none. */
mc_nodiscard bool smpp_submitted_unpack(struct mc_bytes pdu, char ret_id[SMPP_ID_SIZE]);

struct smpp_deliver {
    bool receipt; /* by its esm_class */
    char text[SMPP_TEXT_MAX + 1];
    char id[SMPP_ID_SIZE]; /* TLV receipted_message_id; "" when there is none */
    uint8_t state;         /* TLV message_state; 0 when there is none */
};

mc_nodiscard bool smpp_deliver_unpack(struct mc_bytes pdu, struct smpp_deliver *ret_deliver);
