/*
 * Delivery receipts: what an SMSC tells later, in a deliver_sm, of a message it took. Pure.
 *
 *     id:0123456789 sub:001 dlvrd:001 submit date:2609070920 done date:2609070921 stat:DELIVRD
 *     err:000 text:Ma OTP
 *
 * The words are a habit, not a standard: order, case and what is left out differ. TLVs are
 * preferred where an SMSC sends them.
 */
#pragma once

#include "smpp_pdu.h"

enum smpp_news {
    SMPP_NO_NEWS, /* on its way, or the SMSC does not know itself: a later receipt may tell */
    SMPP_DELIVERED,
    SMPP_FAILED,
};

enum { SMPP_REASON_SIZE = 24 };

struct smpp_receipt {
    enum smpp_news news;
    char text_id[SMPP_ID_SIZE];    /* in the receipt's text; "" when there is none */
    char tlv_id[SMPP_ID_SIZE];     /* in its TLV, always as the answer to submit_sm had it */
    char reason[SMPP_REASON_SIZE]; /* "UNDELIV 021" */
};

/* False: not a receipt. */
mc_nodiscard bool smpp_receipt_read(const struct smpp_deliver *deliver,
                                    struct smpp_receipt *ret_receipt);

/*
 * Some SMSCs answer in hex and report in decimal, or the reverse. A number in `base` (10 or 16)
 * becomes its shortest hex form; base 0, or what is no number of 64 bits, stays as it is.
 */
void smpp_id_plain(char out[SMPP_ID_SIZE], const char *id, int base);
