/*
 * Provinces' one-door systems: what each has received, and what goes wrong there. One for each
 * DSTCODE that calls; which it is says the header. Pure but for the arena.
 */
#pragma once

#include "common/arena.h"
#include "common/base.h"

enum {
    SANDBOX_PROVINCES_MAX = 2048,
    SANDBOX_DSTCODE_SIZE = 65,
    SANDBOX_ITEMS_MAX = 400000, /* received by all */
    SANDBOX_ITEM_CHAINS = 65536,
    SANDBOX_REFERENCE_SIZE = 65,
    SANDBOX_SERVICE_SIZE = 33,
    SANDBOX_OBJECT_SIZE = 65,
    SANDBOX_FILE_SIZE = 256,
    SANDBOX_SESSION_SIZE = 96,
};

enum sandbox_province_fault {
    SANDBOX_PROVINCE_WELL,
    SANDBOX_PROVINCE_SLOW,    /* done, and answered after ms */
    SANDBOX_PROVINCE_HTTP500, /* not done */
    SANDBOX_PROVINCE_GARBAGE, /* not done, and the answer is no JSON */
    SANDBOX_PROVINCE_EXPIRE,  /* not done: the session is not known any more */
    SANDBOX_PROVINCE_EXISTS,  /* done, and called a duplicate */
    SANDBOX_PROVINCE_REFUSE,  /* not done: «dữ liệu không hợp lệ» */
    SANDBOX_PROVINCE_LOSE,    /* done, and the answer breaks off */
    SANDBOX_PROVINCE_DOWN,    /* not done, the answer breaks off; with ms: for so long */
    SANDBOX_PROVINCE_FAULTS_LEN
};

/* One thing received: the same reference again counts up `times`, and does nothing else. */
struct sandbox_item {
    struct sandbox_item *next;    /* of its province, in order of arrival */
    struct sandbox_item *chained; /* of its hash */
    const struct sandbox_province *province;
    char reference[SANDBOX_REFERENCE_SIZE];
    char service[SANDBOX_SERVICE_SIZE];
    char object[SANDBOX_OBJECT_SIZE];
    char state[8];
    char file[SANDBOX_FILE_SIZE]; /* where its first paper is fetched; "" when there is none */
    bool updating;
    unsigned times;
    int64_t at_ms;
};

struct sandbox_province {
    char dstcode[SANDBOX_DSTCODE_SIZE];
    enum sandbox_province_fault fault;
    int64_t fault_ms;
    int64_t fault_left; /* times; 0: until it is ordered otherwise */
    int64_t fault_until_ms;
    uint64_t session; /* its number: part of the token */
    uint64_t calls;   /* of data */
    struct sandbox_item *first;
    struct sandbox_item *last;
    size_t items;
};

struct sandbox_provinces {
    struct sandbox_province *rows[SANDBOX_PROVINCES_MAX];
    size_t len;
    struct sandbox_item *chains[SANDBOX_ITEM_CHAINS];
    size_t items;
};

const char *sandbox_province_fault_name(enum sandbox_province_fault fault);
mc_nodiscard bool sandbox_province_fault_parse(const char *name,
                                               enum sandbox_province_fault *ret_fault);
/* The province of a DSTCODE, made when it is new; NULL: too many. */
struct sandbox_province *sandbox_province_of(struct sandbox_provinces *provinces,
                                             struct mc_arena *memory, const char *dstcode);
/* What strikes now; uses one up. */
enum sandbox_province_fault sandbox_province_strikes(struct sandbox_province *province,
                                                     int64_t now_ms);
struct sandbox_item *sandbox_item_find(const struct sandbox_provinces *provinces,
                                       const struct sandbox_province *province,
                                       const char *reference);
/* Whether a dossier was created there. */
bool sandbox_province_has(const struct sandbox_province *province, const char *object);
/* Puts it at the end. NULL: too many. The texts are cut to what there is room for. */
struct sandbox_item *sandbox_item_add(struct sandbox_provinces *provinces, struct mc_arena *memory,
                                      struct sandbox_province *province, const char *reference);
