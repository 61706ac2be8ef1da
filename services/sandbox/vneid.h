/* The national identity provider's part of the sandbox's state: grants, keys, its next mood. */
#pragma once

#include "common/base.h"
#include "common/crypto.h"

enum { SANDBOX_GRANTS_MAX = 256, SANDBOX_SECRET_TEXT = 44, SANDBOX_VNEID_TEXT = 512 };

struct sandbox_grant {
    char code[SANDBOX_SECRET_TEXT]; /* "": used */
    char token[SANDBOX_SECRET_TEXT];
    char client_id[SANDBOX_VNEID_TEXT];
    char redirect_uri[SANDBOX_VNEID_TEXT];
    char nonce[SANDBOX_VNEID_TEXT];
    char challenge[SANDBOX_SECRET_TEXT];
    char number[16]; /* whose */
    char mood[24];
};

struct sandbox_vneid {
    struct sandbox_grant grants[SANDBOX_GRANTS_MAX]; /* the oldest gives way */
    size_t next;
    uint8_t key; /* which of the issuer's keys signs: a rotation is the next one */
};
