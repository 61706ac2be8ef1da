/*
 * What clamd says of a file. Pure: one line of its answer, whatever it holds (clamd(8), INSTREAM).
 *
 *     stream: OK                             clean
 *     stream: Win.Test.EICAR_HDB-1 FOUND     infected, and its name
 *     INSTREAM size limit exceeded. ERROR    it will never take this file
 *     … ERROR, and anything else             try again later
 */
#pragma once

#include "common/base.h"

enum verdict { VERDICT_CLEAN, VERDICT_INFECTED, VERDICT_IMPOSSIBLE, VERDICT_RETRY };

enum { VERDICT_NAME_SIZE = 101 };

/* `ret_name` is of printable ASCII, shortened when it is longer; "" unless infected. */
enum verdict verdict_read(struct mc_bytes line, char ret_name[VERDICT_NAME_SIZE]);
