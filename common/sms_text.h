/*
 * SMS texts: what a text costs on the air. Pure.
 *
 * GSM-7 (3GPP TS 23.038): 160 septets, 153 per part when split; ^{}\[~]| and € take two, which
 * are never parted. One character outside it makes the whole text UCS-2: 70 units, 67 per part,
 * surrogate pairs never parted.
 */
#pragma once

#include "common/base.h"

enum mc_sms_encoding { MC_SMS_GSM7 = 1, MC_SMS_UCS2 = 2 };

enum {
    MC_GSM7_SINGLE = 160,
    MC_GSM7_PART = 153,
    MC_UCS2_SINGLE = 70,
    MC_UCS2_PART = 67,
};

struct mc_sms_size {
    enum mc_sms_encoding encoding;
    uint32_t units;
    uint32_t parts; /* 0 for the empty text */
};

/* The text is valid UTF-8. */
struct mc_sms_size mc_sms_measure(const char *text);

const char *mc_sms_encoding_name(uint32_t encoding);

/* Makes every character one septet: what GSM-7's basic table does not have becomes '?'. */
void mc_sms_plain(char *text);
