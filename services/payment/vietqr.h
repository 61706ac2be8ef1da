/* VietQR: the EMVCo merchant payload a banking app reads (NAPAS, A000000727). Pure. */
#pragma once

#include "common/base.h"

enum {
    PAYMENT_QR_SIZE = 256,
    PAYMENT_QR_BIN_LEN = 6,
    PAYMENT_QR_ACCOUNT_MAX = 19,
    PAYMENT_QR_PURPOSE_MAX = 25,
};

#define PAYMENT_QR_AMOUNT_MAX INT64_C(9999999999999) /* tag 54 holds 13 digits */

struct payment_qr {
    const char *bin;
    const char *account;
    int64_t amount;      /* 0: static, the payer types it */
    const char *purpose; /* printable ASCII; "" for none */
};

/* False when a part is not allowed. The buffer holds PAYMENT_QR_SIZE. */
mc_nodiscard bool payment_vietqr(char *out, size_t size, const struct payment_qr *qr);

/* CRC-16 of EMVCo: polynomial 0x1021, from 0xFFFF, not reflected. */
uint16_t payment_qr_crc(const char *text, size_t len);
