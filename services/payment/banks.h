/*
 * Banks and wallets, as data: data/banks.csv, or the operator's own table (payment.banks_file)
 * with the same columns. Read once at boot; a row that is wrong stops the start.
 *
 * What a bank can do is told by its columns, never by its name in code:
 *
 *     platform_code   MaNganHang at the payment platform; empty: fees cannot be paid there
 *     entry           SSO: a linked person is signed in by us; REDIRECT: at the bank's own page
 *     link            its integration is finished, so accounts can be linked (BNK-03)
 *     tax             personal tax and the vehicle charge can be paid there (BNK-01)
 *     refund          the platform sends money back there
 *     vietqr          TRANSFER, RECEIVE or NONE: what VietQR allows
 *     old             a former name: found by its BIN only when there is no other
 */
#pragma once

#include "common/base.h"

enum {
    PAYMENT_BANKS_MAX = 160,
    PAYMENT_BANK_CODE_SIZE = 24,
    PAYMENT_BANK_BIN_SIZE = 7,
    PAYMENT_BANK_SHORT_SIZE = 64,
    PAYMENT_BANK_NAME_SIZE = 160,
    PAYMENT_BANKS_FILE_MAX = 256 << 10,
};

enum payment_vietqr { PAYMENT_VIETQR_NONE, PAYMENT_VIETQR_RECEIVE, PAYMENT_VIETQR_TRANSFER };

struct payment_bank {
    char code[PAYMENT_BANK_CODE_SIZE]; /* ours, for ever: VCB */
    char bin[PAYMENT_BANK_BIN_SIZE];   /* six digits, or empty */
    char short_name[PAYMENT_BANK_SHORT_SIZE];
    char name[PAYMENT_BANK_NAME_SIZE];
    char platform_code[PAYMENT_BANK_CODE_SIZE];
    enum payment_vietqr vietqr;
    bool wallet;
    bool sso;
    bool link;
    bool tax;
    bool refund;
    bool old;
};

struct payment_banks {
    struct payment_bank rows[PAYMENT_BANKS_MAX];
    size_t n;
};

/* MC_INVALID with a sentence that names the line; the table is then empty. */
mc_nodiscard enum mc_status payment_banks_read(struct payment_banks *banks, struct mc_bytes text,
                                               char *why, size_t why_size);

/* By our code or by the platform's; NULL: none. */
const struct payment_bank *payment_bank_find(const struct payment_banks *banks, const char *code);

/* By BIN, its present name first; NULL: none. */
const struct payment_bank *payment_bank_by_bin(const struct payment_banks *banks, const char *bin);
