/*
 * SMS text as SMPP carries it: GSM-7 one septet a byte (data_coding 0) or UCS-2 big-endian (8), cut
 * into parts that each begin with a header 05 00 03 ref total part when there are several. Pure.
 *
 * A character is never cut in two: an escape pair or a surrogate pair that does not fit begins the
 * next part. The otp room counts parts in the same way.
 */
#pragma once

#include "common/base.h"

enum {
    SMPP_PARTS_MAX = 8,
    SMPP_PART_MAX = 160,
    SMPP_UDH_LEN = 6,
};

struct smpp_part {
    uint8_t data[SMPP_PART_MAX];
    size_t len;
};

struct smpp_text {
    struct smpp_part parts[SMPP_PARTS_MAX];
    unsigned len; /* parts; a single one has no header */
};

/* MC_INVALID: not UTF-8, or a character GSM-7 does not have. MC_LIMITED: too many parts. */
mc_nodiscard enum mc_status smpp_text_make(struct smpp_text *out, const char *text, bool ucs2,
                                           uint8_t reference);
