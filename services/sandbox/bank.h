/*
 * Banks and the tax office, simulated: what one keeps in memory until the process ends.
 */
#pragma once

#include "common/base.h"

enum {
    SANDBOX_LINKS_MAX = 4096,
    SANDBOX_TAXES_MAX = 4096,
    SANDBOX_LAND_MAX = 512,
    SANDBOX_TAX_ITEMS_MAX = 20,
    SANDBOX_UUID_SIZE = 37,
    SANDBOX_LOGIN_SIZE = 65,
    SANDBOX_DECISION_SIZE = 64,
};

enum sandbox_link_state { SANDBOX_LINK_WAITS, SANDBOX_LINK_LIVE, SANDBOX_LINK_GONE };

struct sandbox_link {
    char bank[24];
    char id[SANDBOX_UUID_SIZE];
    char login[SANDBOX_LOGIN_SIZE];
    char code[7];
    char token[40];
    enum sandbox_link_state state;
    int64_t at_ms;
};

struct sandbox_tax {
    char bank[24];
    char reference[64];
    char return_url[512];
    char decisions[SANDBOX_TAX_ITEMS_MAX][SANDBOX_DECISION_SIZE]; /* "" of personal tax */
    size_t decisions_len;
    char tax_code[16];
    int64_t amount;
    const char *state; /* PENDING, PAID, FAILED */
    bool signed_in;    /* by a link's token */
    uint32_t bookings;
};

struct sandbox_land {
    char dossier[64];
    char identity[16];
    char cmnd[16];
    char taxpayer[128];
    char notice[64];
    char item[8];
    char name[256];
    int64_t amount;
};

struct sandbox_banks {
    struct sandbox_link links[SANDBOX_LINKS_MAX];
    size_t links_len;
    struct sandbox_tax taxes[SANDBOX_TAXES_MAX];
    size_t taxes_len;
    struct sandbox_land land[SANDBOX_LAND_MAX];
    size_t land_len;
    bool land_read;
};
