/*
 * Money: Vietnamese dong in int64_t, which has no minor unit.
 *
 * Pure. An amount on the wire is digits only; on a screen it has dots, on a receipt words.
 */
#pragma once

#include "common/base.h"
#include "common/why.h"

enum {
    MC_MONEY_SIZE = 27, /* "-9.223.372.036.854.775.808" and NUL */
    MC_MONEY_STYLE_SIZE = 32,
    MC_MONEY_WORDS_SIZE = 384, /* the longest int64_t in words takes less */
};

/* "1.378.500". The buffer holds MC_MONEY_SIZE. */
void mc_money_format(char *out, size_t size, int64_t amount);

/* As each screen of the portal writes it (RCP-07). */
enum mc_money_style {
    MC_MONEY_PLAIN,   /* 1.378.500: land obligations */
    MC_MONEY_VND,     /* 1.000 VND: the payment page */
    MC_MONEY_DONG,    /* 1.000 đ: the result page, receipts */
    MC_MONEY_HISTORY, /* 1,000 đ: the transaction history */
    MC_MONEY_FEE,     /* 0đ: fees in the catalogue */
};
/* The buffer holds MC_MONEY_STYLE_SIZE. */
void mc_money_show(char *out, size_t size, int64_t amount, enum mc_money_style style);

/* "Một triệu ba trăm bảy mươi tám nghìn năm trăm đồng". The buffer holds MC_MONEY_WORDS_SIZE. */
void mc_money_words(char *out, size_t size, int64_t amount);

/*
 * Reads "1378500", "1.378.500" or "1,378,500", blanks around allowed. No sign, no decimal part
 * (AMOUNT_DECIMAL), no unit, no leading zero, one kind of separator.
 */
mc_nodiscard enum mc_why mc_money_parse(const char *text, int64_t *ret_amount);

/* False on overflow, and the result is not written. */
mc_nodiscard bool mc_money_add(int64_t a, int64_t b, int64_t *ret_sum);
mc_nodiscard bool mc_money_sub(int64_t a, int64_t b, int64_t *ret_difference);
