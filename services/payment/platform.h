/*
 * Platform: the national payment platform's protocol 1.0.6, the pure part of it.
 *
 * MaXacThuc is lower-case hex SHA-256 of the fields joined by '|' and the secret; it is not an
 * HMAC, so a '|' inside a value would move the borders: such values are refused or cleaned.
 * What codes other than "00" mean is not published; data/payment_codes.csv holds our reading,
 * with its certainty (from the product's domain study).
 */
#pragma once

#include "common/base.h"

enum {
    PAYMENT_HASH_SIZE = 65,
    PAYMENT_HASH_FIELDS_MAX = 16,
    PAYMENT_REFERENCE_MAX = 64,
    PAYMENT_REFERENCE_SUFFIX_MAX = 99,
    PAYMENT_INFORMATION_SIZE = 96,
    PAYMENT_MALOI_SIZE = 8,
    PAYMENT_MALOI_TEXT_SIZE = 96,
};

#define PAYMENT_PROTOCOL "1.0.6"
#define PAYMENT_CURRENCY "VND"
#define PAYMENT_ANY_BANK "PAYMENT" /* the payer chooses at the platform */

/* fields ends in NULL. */
void payment_hash(char out[PAYMENT_HASH_SIZE], const char *const *fields, const char *secret);

/* Compares in constant time; false for a text of another length. */
mc_nodiscard bool payment_hash_equal(const char *expected, const char *given);

/*
 * MaThamChieu: "dvc", the code without punctuation, yyyyMMddHHmmss; suffix 2 … 99 when that was
 * used before, 0 for none. A dossier without a code gets the order's id.
 */
void payment_reference(char out[PAYMENT_REFERENCE_MAX + 1], const char *code,
                       const uint8_t order_id[MC_ID_LEN], int64_t now_ms, unsigned suffix);

/* "THANH TOAN HO SO 000.20.31.H53-260907-0007": ASCII, no '|'. */
void payment_information(char out[PAYMENT_INFORMATION_SIZE], const char *code);

/* Text of a field that is hashed or shown at the platform: unaccented, no '|', no controls. */
void payment_plain(char *out, size_t size, const char *text);

enum payment_truth { PAYMENT_TRUTH_PAID, PAYMENT_TRUTH_PENDING, PAYMENT_TRUTH_FAILED };
enum payment_truth payment_truth_of(const char *state); /* TrangThaiGD */

/* MaLoi and MoTaLoi of our answer, by meaning: "HASH_WRONG". */
struct payment_maloi {
    char code[PAYMENT_MALOI_SIZE];
    char text[PAYMENT_MALOI_TEXT_SIZE];
};
struct payment_maloi payment_maloi_of(const char *meaning);
