#include "vietqr.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FIELD_SIZE = 100
}; /* id, length, a value of at most 99 characters: lengths are two digits */

uint16_t payment_qr_crc(const char *text, size_t len)
{
    unsigned crc = 0xFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)(unsigned char)text[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return (uint16_t)(crc & 0xFFFF);
}

/* Appends id, two digits of length, value. */
static void add(char *out, size_t size, const char *id, const char *value)
{
    size_t len = strlen(out);

    assert(len < size && strlen(value) < FIELD_SIZE);
    (void)snprintf(out + len, size - len, "%s%02zu%s", id, strlen(value), value);
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static bool is_valid(const struct payment_qr *qr)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t account_len = strlen(qr->account);

    return strlen(qr->bin) == PAYMENT_QR_BIN_LEN &&
           strspn(qr->bin, "0123456789") == PAYMENT_QR_BIN_LEN && account_len > 0 &&
           account_len <= PAYMENT_QR_ACCOUNT_MAX && strspn(qr->account, letters) == account_len &&
           qr->amount >= 0 && qr->amount <= PAYMENT_QR_AMOUNT_MAX &&
           strlen(qr->purpose) <= PAYMENT_QR_PURPOSE_MAX && is_printable(qr->purpose);
}

bool payment_vietqr(char *out, size_t size, const struct payment_qr *qr)
{
    char bank[FIELD_SIZE] = "";
    char merchant[FIELD_SIZE] = "";
    char value[FIELD_SIZE] = "";

    if (size < PAYMENT_QR_SIZE || !is_valid(qr))
        return false;
    add(bank, sizeof bank, "00", qr->bin);
    add(bank, sizeof bank, "01", qr->account);
    add(merchant, sizeof merchant, "00", "A000000727");
    add(merchant, sizeof merchant, "01", bank);
    add(merchant, sizeof merchant, "02", "QRIBFTTA");

    out[0] = '\0';
    add(out, size, "00", "01");
    add(out, size, "01", qr->amount > 0 ? "12" : "11"); /* dynamic: with an amount */
    add(out, size, "38", merchant);
    add(out, size, "53", "704");
    if (qr->amount > 0) {
        (void)snprintf(value, sizeof value, "%" PRId64, qr->amount);
        add(out, size, "54", value);
    }
    add(out, size, "58", "VN");
    if (qr->purpose[0] != '\0') {
        value[0] = '\0';
        add(value, sizeof value, "08", qr->purpose);
        add(out, size, "62", value);
    }
    size_t len = strlen(out);
    (void)snprintf(out + len, size - len, "6304"); /* its own id and length are in the sum */
    uint16_t crc = payment_qr_crc(out, len + 4);
    (void)snprintf(out + len + 4, size - len - 4, "%04X", (unsigned)crc);
    return true;
}
