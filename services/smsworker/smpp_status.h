/* What an SMSC's status means for a text and for the connection: data/smpp_status.csv. Pure. */
#pragma once

#include "verdict.h"

enum {
    SMPP_STATUS_NAME_SIZE = 24,
    SMPP_STATUSES_MAX = 96,
};

struct smpp_status_row {
    uint32_t code;
    char name[SMPP_STATUS_NAME_SIZE]; /* ESME_RTHROTTLED */
    enum verdict verdict;
    bool rebind; /* the connection is of no use any more */
};

struct smpp_statuses {
    struct smpp_status_row rows[SMPP_STATUSES_MAX];
    size_t len;
};

/* False: the table cannot be used. */
mc_nodiscard bool smpp_statuses_read(struct smpp_statuses *statuses);

/* A code that nobody knows is a carrier's own: this text later. */
const struct smpp_status_row *smpp_status_find(const struct smpp_statuses *statuses, uint32_t code);
