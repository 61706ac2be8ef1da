/* GET /dvcqg/v1/file: the files that are being fetched. */
#pragma once

#include "dossier.pb-c.h"

#include "gateway.h"

enum {
    GATEWAY_DOWNLOADS = 64,     /* under way at once */
    GATEWAY_DOWNLOADS_EACH = 8, /* of one partner */
    GATEWAY_DOWNLOAD_PIECE = 1 << 20,
    GATEWAY_DOWNLOAD_ASK_MAX = 1024,
};

struct gateway_download {
    struct gateway *gateway;           /* NULL: free */
    struct gateway_exchange *exchange; /* until the first piece; then NULL, and: */
    struct mc_httpd_request *request;
    char partner_id[64];
    uint8_t ask[GATEWAY_DOWNLOAD_ASK_MAX]; /* a ReadFileForPartnerRequest, as the partner room made
                                              it */
    size_t ask_len;
    bool ranged; /* a part was asked for */
    bool asking;
    uint64_t at;   /* the next byte */
    uint64_t last; /* of what was asked for */
};

#define GATEWAY_DOWNLOADS_SIZE (GATEWAY_DOWNLOADS * sizeof(struct gateway_download))
