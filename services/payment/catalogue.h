/*
 * Catalogue: what the fee of a procedure is called and which budget sub-item (tiểu mục) it goes
 * to. Read from data/payment_items.csv (codes of the Ministry of Finance's list, from the
 * product's domain study; which procedure has which is by its sector, with its certainty).
 */
#pragma once

#include "common/arena.h"

enum { PAYMENT_CATALOGUE_NAME_SIZE = 128, PAYMENT_CATALOGUE_CODE_SIZE = 8 };

struct payment_fee {
    uint32_t kind; /* motcua.payment.v1.ItemKind */
    char code[PAYMENT_CATALOGUE_CODE_SIZE];
    char name[PAYMENT_CATALOGUE_NAME_SIZE];
};

/* Matches on the national part of the code: 1.001193 and 1.001193.000.00.00.H53 are one. */
struct payment_fee payment_fee_of(const char *procedure_code);

/*
 * The state budget's name of a sub-item, 4 digits, in the arena; "" when data/sub_items.csv (the
 * Ministry of Finance's list, from the product's domain study) does not have it.
 */
const char *payment_sub_item_name(struct mc_arena *arena, const char *code);
