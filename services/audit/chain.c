/* The hash chain. */
#include "chain.h"

#include <endian.h>
#include <string.h>

static void add_u32(struct mc_hasher *hasher, size_t number)
{
    uint32_t big = htobe32((uint32_t)number);

    mc_hasher_add(hasher, (struct mc_bytes){&big, sizeof big});
}

static void add_u64(struct mc_hasher *hasher, uint64_t number)
{
    uint64_t big = htobe64(number);

    mc_hasher_add(hasher, (struct mc_bytes){&big, sizeof big});
}

static void add_bytes(struct mc_hasher *hasher, const void *data, size_t len)
{
    add_u32(hasher, len);
    mc_hasher_add(hasher, (struct mc_bytes){data, len});
}

static void add_text(struct mc_hasher *hasher, const char *text)
{
    add_bytes(hasher, text, strlen(text));
}

void audit_chain_next(uint8_t out[MC_HASH_LEN], const uint8_t before[MC_HASH_LEN], uint64_t number,
                      const AuditState__Entry *entry)
{
    const uint8_t version = AUDIT_CHAIN_VERSION;
    struct mc_hasher hasher;

    mc_hasher_begin(&hasher);
    mc_hasher_add(&hasher, (struct mc_bytes){&version, 1});
    mc_hasher_add(&hasher, (struct mc_bytes){before, MC_HASH_LEN});
    add_u64(&hasher, number);
    add_text(&hasher, entry->room);
    add_u64(&hasher, entry->seq);
    add_text(&hasher, entry->type);
    add_u64(&hasher, (uint64_t)entry->at_ms);
    add_text(&hasher, entry->actor);
    add_u32(&hasher, entry->n_keys);
    for (size_t i = 0; i < entry->n_keys; i++)
        add_text(&hasher, entry->keys[i]);
    add_text(&hasher, entry->traceparent);
    add_bytes(&hasher, entry->cause.data, entry->cause.len);
    add_text(&hasher, entry->cause_event);
    add_bytes(&hasher, entry->body_hash.data, entry->body_hash.len);
    mc_hasher_end(&hasher, out);
}
