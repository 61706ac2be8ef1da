/*
 * Merkle: an append-only list whose every state has one root, and short proofs about it
 * (RFC 6962 sect. 2.1, RFC 9162 sect. 2.1). Pure: where hashes are kept is the caller's.
 *
 *     leaf = SHA-256(0x00 ‖ data)      node = SHA-256(0x01 ‖ left ‖ right)
 *
 * Kept are the leaves' hashes and those of every complete subtree, none of which ever changes, in
 * the order in which they become known (post-order). So appending writes only at the end, about
 * two hashes an item, and any root or proof reads at most twice the tree's height of them.
 */
#pragma once

#include "common/crypto.h"

enum { MC_MERKLE_PATH_MAX = 64 }; /* hashes of any proof: a list is shorter than 2^63 */

/* Reads the hash that was kept at a place; false ends the caller's work, which returns false. */
typedef bool mc_merkle_read(void *arg, uint64_t place, uint8_t ret_hash[MC_HASH_LEN]);
typedef void mc_merkle_keep(void *arg, uint64_t place, const uint8_t hash[MC_HASH_LEN]);

struct mc_merkle {
    mc_merkle_read *read;
    mc_merkle_keep *keep; /* may be NULL for who only reads */
    void *arg;
};

struct mc_merkle_path {
    uint8_t hashes[MC_MERKLE_PATH_MAX][MC_HASH_LEN];
    size_t len;
};

void mc_merkle_leaf(uint8_t out[MC_HASH_LEN], struct mc_bytes data);
void mc_merkle_node(uint8_t out[MC_HASH_LEN], const uint8_t left[MC_HASH_LEN],
                    const uint8_t right[MC_HASH_LEN]);

/* Where the complete subtree over leaves [index × 2^level, (index + 1) × 2^level) is kept. */
uint64_t mc_merkle_place(unsigned level, uint64_t index);

/* Adds leaf number `size` (from 0): keeps its hash and those of the subtrees it completes. */
mc_nodiscard bool mc_merkle_append(const struct mc_merkle *tree, uint64_t size,
                                   const uint8_t leaf[MC_HASH_LEN]);
/* The subtrees that leaf `index` completes, from its hash on: is each the one that was kept? */
mc_nodiscard bool mc_merkle_check(const struct mc_merkle *tree, uint64_t index,
                                  const uint8_t leaf[MC_HASH_LEN], bool *ret_same);

/* Of the first `size` leaves; of none it is SHA-256 of nothing. */
mc_nodiscard bool mc_merkle_root(const struct mc_merkle *tree, uint64_t size,
                                 uint8_t ret_root[MC_HASH_LEN]);
/* That leaf `index` is in the list of `size`; index < size. */
mc_nodiscard bool mc_merkle_inclusion(const struct mc_merkle *tree, uint64_t index, uint64_t size,
                                      struct mc_merkle_path *ret_path);
/* That the list of `size` begins with that of `first`; first <= size. */
mc_nodiscard bool mc_merkle_consistency(const struct mc_merkle *tree, uint64_t first, uint64_t size,
                                        struct mc_merkle_path *ret_path);

/* For who holds a root and a path, and no list (RFC 9162 sect. 2.1.3.2 and 2.1.4.2). */
mc_nodiscard bool mc_merkle_includes(uint64_t index, uint64_t size, const uint8_t leaf[MC_HASH_LEN],
                                     const struct mc_merkle_path *path,
                                     const uint8_t root[MC_HASH_LEN]);
mc_nodiscard bool mc_merkle_extends(uint64_t first, const uint8_t first_root[MC_HASH_LEN],
                                    uint64_t size, const uint8_t root[MC_HASH_LEN],
                                    const struct mc_merkle_path *path);

/* The root of a list that streams by, with nothing kept but one hash a level. */
struct mc_merkle_stream {
    uint64_t size;
    uint8_t peaks[MC_MERKLE_PATH_MAX][MC_HASH_LEN];
};
void mc_merkle_stream_add(struct mc_merkle_stream *stream, const uint8_t leaf[MC_HASH_LEN]);
void mc_merkle_stream_root(const struct mc_merkle_stream *stream, uint8_t out[MC_HASH_LEN]);
