#include <stdio.h>
#include <string.h>

#include "province.h"

static const char *const faults[SANDBOX_PROVINCE_FAULTS_LEN] = {
    [SANDBOX_PROVINCE_WELL] = "none",       [SANDBOX_PROVINCE_SLOW] = "slow",
    [SANDBOX_PROVINCE_HTTP500] = "http500", [SANDBOX_PROVINCE_GARBAGE] = "garbage",
    [SANDBOX_PROVINCE_EXPIRE] = "expire",   [SANDBOX_PROVINCE_EXISTS] = "exists",
    [SANDBOX_PROVINCE_REFUSE] = "refuse",   [SANDBOX_PROVINCE_LOSE] = "lose",
    [SANDBOX_PROVINCE_DOWN] = "down",
};

const char *sandbox_province_fault_name(enum sandbox_province_fault fault)
{
    return faults[fault];
}

bool sandbox_province_fault_parse(const char *name, enum sandbox_province_fault *ret_fault)
{
    for (unsigned i = 0; i < SANDBOX_PROVINCE_FAULTS_LEN; i++)
        if (strcmp(name, faults[i]) == 0) {
            *ret_fault = (enum sandbox_province_fault)i;
            return true;
        }
    return false;
}

struct sandbox_province *sandbox_province_of(struct sandbox_provinces *provinces,
                                             struct mc_arena *memory, const char *dstcode)
{
    for (size_t i = 0; i < provinces->len; i++)
        if (strcmp(provinces->rows[i]->dstcode, dstcode) == 0)
            return provinces->rows[i];
    if (provinces->len == SANDBOX_PROVINCES_MAX || strlen(dstcode) >= SANDBOX_DSTCODE_SIZE ||
        dstcode[0] == '\0')
        return NULL;
    struct sandbox_province *made = mc_alloc(memory, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = (struct sandbox_province){.session = 1};
    (void)snprintf(made->dstcode, sizeof made->dstcode, "%s", dstcode);
    provinces->rows[provinces->len++] = made;
    return made;
}

enum sandbox_province_fault sandbox_province_strikes(struct sandbox_province *province,
                                                     int64_t now_ms)
{
    enum sandbox_province_fault fault = province->fault;

    if (province->fault_until_ms != 0 && province->fault_until_ms <= now_ms) {
        province->fault = SANDBOX_PROVINCE_WELL;
        province->fault_until_ms = 0;
        return SANDBOX_PROVINCE_WELL;
    }
    if (province->fault_left > 0 && --province->fault_left == 0)
        province->fault = SANDBOX_PROVINCE_WELL;
    return fault;
}

static size_t chain_of(const struct sandbox_province *province, const char *reference)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uintptr_t)province;

    for (; *reference != '\0'; reference++)
        hash = (hash ^ (uint8_t)*reference) * UINT64_C(1099511628211);
    return (hash ^ hash >> 32) % SANDBOX_ITEM_CHAINS;
}

struct sandbox_item *sandbox_item_find(const struct sandbox_provinces *provinces,
                                       const struct sandbox_province *province,
                                       const char *reference)
{
    struct sandbox_item *item = provinces->chains[chain_of(province, reference)];

    while (item != NULL && (item->province != province || strcmp(item->reference, reference) != 0))
        item = item->chained;
    return item;
}

bool sandbox_province_has(const struct sandbox_province *province, const char *object)
{
    for (const struct sandbox_item *item = province->first; item != NULL; item = item->next)
        if (strcmp(item->object, object) == 0)
            return true;
    return false;
}

struct sandbox_item *sandbox_item_add(struct sandbox_provinces *provinces, struct mc_arena *memory,
                                      struct sandbox_province *province, const char *reference)
{
    size_t chain = chain_of(province, reference);
    struct sandbox_item *item =
        provinces->items < SANDBOX_ITEMS_MAX ? mc_alloc(memory, sizeof *item) : NULL;

    if (item == NULL)
        return NULL;
    *item = (struct sandbox_item){
        .chained = provinces->chains[chain], .province = province, .times = 1};
    (void)snprintf(item->reference, sizeof item->reference, "%s", reference);
    provinces->chains[chain] = item;
    provinces->items++;
    province->items++;
    if (province->last != NULL)
        province->last->next = item;
    else
        province->first = item;
    province->last = item;
    return item;
}
