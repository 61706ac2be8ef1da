/*
 * Awaited receipts: which of our references a carrier's message id stands for.
 *
 * The last `max` texts are known; older ones are forgotten as new ones come. Each is also a line of
 * a file, so that receipts are understood after a restart: written without waiting for the disk,
 * since a lost line costs a delivery state and not a text. The file is written anew at start and
 * whenever it has grown to twice what is kept. It holds ids and references, no numbers, no texts.
 */
#pragma once

#include "common/base.h"

enum { SMPP_AWAITED_REFERENCE_SIZE = 65 };

struct smpp_awaited;

struct smpp_await {
    uint64_t key;  /* hash of the id */
    uint32_t next; /* in its bucket: place + 1, 0 at the end */
    bool last;     /* the last part of its text: when it arrived, all did */
    char reference[SMPP_AWAITED_REFERENCE_SIZE];
};

/* NULL: memory, or the file cannot be written. An empty path: memory only. */
mc_nodiscard struct smpp_awaited *smpp_awaited_open(const char *path, uint32_t max);
void smpp_awaited_close(struct smpp_awaited *awaited);

/* False: kept in memory, but the file did not take it. */
bool smpp_awaited_add(struct smpp_awaited *awaited, const char *id, const char *reference,
                      bool last);
/* NULL: not known, or known no more. Borrowed until the next add. */
const struct smpp_await *smpp_awaited_find(const struct smpp_awaited *awaited, const char *id);
