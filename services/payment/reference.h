/*
 * Reference: how a bank transfer names what it pays, and how that is found again in the words a
 * bank hands on. Pure.
 *
 * A VietQR code carries "DVC", yyMMdd, six digits of a number, two check digits (ISO 7064
 * MOD 97-10): 17 characters where 25 are allowed. Banks write it in capitals or not, put blanks
 * and points in or leave them out, and sometimes lose a character; the check digits tell whether
 * what is left can be repaired. A payer may as well have typed his dossier's code.
 */
#pragma once

#include "common/date.h"

enum {
    PAYMENT_SHORT_SIZE = 18, /* DVC26090700000123 and NUL */
    PAYMENT_SHORT_NUMBER_MAX = 999999,
    PAYMENT_SQUEEZED_SIZE = 512,
    PAYMENT_HITS_MAX = 64,
    PAYMENT_HIT_SIZE = 40,
};

/* number: 1 … PAYMENT_SHORT_NUMBER_MAX of the day. */
void payment_short_reference(char out[PAYMENT_SHORT_SIZE], struct mc_date date, uint64_t number);

/* Letters without marks in upper case, and digits; all else is left out. Cut when too long. */
void payment_squeeze(char *out, size_t size, const char *text);

enum payment_hit_kind {
    PAYMENT_HIT_REFERENCE, /* whole, with good check digits */
    PAYMENT_HIT_CODE,      /* looks like a dossier's code */
    PAYMENT_HIT_REPAIRED,  /* a reference after one lost digit was put back */
};

/* What the words may mean: keys to look up, the surest first. */
struct payment_hit {
    enum payment_hit_kind kind;
    char key[PAYMENT_HIT_SIZE];
};

size_t payment_reference_find(const char *squeezed, struct payment_hit hits[PAYMENT_HITS_MAX]);
