/*
 * Any bytes as a record that is to be sealed anew. Nobody can make what our key has sealed, so any
 * bytes stay as they are; and a value that is sealed in the midst of them is found where a record
 * has it, sealed with the new key, and nothing around it changes.
 */
#include <assert.h>
#include <string.h>

#include "common/reseal.h"

enum { MEMORY = 4 << 20, MOST = 32 << 10, HEAD = 4 };

static const struct mc_bytes ad = {"motcua record", 13}; /* moment.c */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mc_arena arena;
static struct mc_keyring before;
static struct mc_keyring both;
static struct mc_random_seeded state;
static struct mc_random random_source;

static void ready(void)
{
    static const uint8_t old_key[MC_KEY_LEN] = {1};
    static const uint8_t new_key[MC_KEY_LEN] = {2};

    if (arena.base == NULL) {
        assert(mc_arena_init(&arena, MEMORY) == MC_OK);
        random_source = mc_random_seed(&state, 1);
        mc_keyring_set(&before, old_key, NULL);
        mc_keyring_set(&both, new_key, old_key);
        assert(both.keys[0].id != both.keys[1].id);
    }
    mc_arena_reset(&arena);
}

static void any_bytes_stay(const uint8_t *data, size_t size)
{
    uint8_t *bytes = mc_alloc(&arena, size + 1);

    assert(bytes != NULL);
    memcpy(bytes, data, size);
    assert(mc_reseal_bytes(&both, &random_source, &arena, bytes, size) == 0);
    assert(memcmp(bytes, data, size) == 0);
}

/* Field 1 holds the sealed bytes, field 2 the same bytes as they are. */
static void a_sealed_one_is_found(const uint8_t *data, size_t size)
{
    size_t sealed = mc_sealed_len(size);
    size_t len = HEAD + sealed + HEAD + size;
    uint8_t *record = mc_alloc(&arena, len);
    uint8_t *plain = mc_alloc(&arena, sealed);
    size_t plain_len = 0;

    assert(record != NULL && plain != NULL);
    const uint8_t heads[2][HEAD] = {
        {1 << 3 | 2, (uint8_t)(sealed | 0x80), (uint8_t)(sealed >> 7 | 0x80),
         (uint8_t)(sealed >> 14)},
        {2 << 3 | 2, (uint8_t)(size | 0x80), (uint8_t)(size >> 7 | 0x80), (uint8_t)(size >> 14)}};
    memcpy(record, heads[0], HEAD);
    mc_seal(&before, &random_source, ad, (struct mc_bytes){data, size}, record + HEAD);
    memcpy(record + HEAD + sealed, heads[1], HEAD);
    memcpy(record + HEAD + sealed + HEAD, data, size);

    assert(mc_reseal_bytes(&both, &random_source, &arena, record, len) == 1);
    struct mc_bytes value = {record + HEAD, sealed};
    assert(mc_sealed_is_current(&both, value));
    assert(mc_unseal(&both, ad, value, plain, &plain_len) == MC_OK);
    assert(plain_len == size && memcmp(plain, data, size) == 0);
    assert(memcmp(record, heads[0], HEAD) == 0);
    assert(memcmp(record + HEAD + sealed, heads[1], HEAD) == 0);
    assert(memcmp(record + HEAD + sealed + HEAD, data, size) == 0);
    assert(mc_reseal_bytes(&both, &random_source, &arena, record, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ready();
    if (size > MOST)
        return 0;
    any_bytes_stay(data, size);
    a_sealed_one_is_found(data, size);
    return 0;
}
