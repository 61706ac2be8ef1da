/* Merkle trees. A range of leaves here always begins at a multiple of the largest subtree in it. */
#include "common/merkle.h"

#include <string.h>

void mc_merkle_leaf(uint8_t out[MC_HASH_LEN], struct mc_bytes data)
{
    const struct mc_bytes parts[] = {{"\0", 1}, data};

    mc_hash_parts(out, parts, MC_LEN(parts));
}

void mc_merkle_node(uint8_t out[MC_HASH_LEN], const uint8_t left[MC_HASH_LEN],
                    const uint8_t right[MC_HASH_LEN])
{
    const struct mc_bytes parts[] = {{"\1", 1}, {left, MC_HASH_LEN}, {right, MC_HASH_LEN}};

    mc_hash_parts(out, parts, MC_LEN(parts));
}

/* Leaf n is written after n leaves and the n - popcount(n) nodes that they completed. */
uint64_t mc_merkle_place(unsigned level, uint64_t index)
{
    uint64_t last = ((index + 1) << level) - 1;

    return 2 * last - (uint64_t)__builtin_popcountll(last) + level;
}

/* The largest power of two that is not more than n > 0, as its exponent. */
static unsigned log2_of(uint64_t n)
{
    return 63U - (unsigned)__builtin_clzll(n);
}

/* RFC 6962's k: the largest power of two smaller than n > 1. */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << log2_of(n - 1);
}

bool mc_merkle_append(const struct mc_merkle *tree, uint64_t size, const uint8_t leaf[MC_HASH_LEN])
{
    uint8_t hash[MC_HASH_LEN];

    memcpy(hash, leaf, sizeof hash);
    tree->keep(tree->arg, mc_merkle_place(0, size), hash);
    for (unsigned level = 0; size >> level & 1; level++) {
        uint8_t left[MC_HASH_LEN];

        if (!tree->read(tree->arg, mc_merkle_place(level, (size >> level) - 1), left))
            return false;
        mc_merkle_node(hash, left, hash);
        tree->keep(tree->arg, mc_merkle_place(level + 1, size >> (level + 1)), hash);
    }
    return true;
}

bool mc_merkle_check(const struct mc_merkle *tree, uint64_t index, const uint8_t leaf[MC_HASH_LEN],
                     bool *ret_same)
{
    uint8_t hash[MC_HASH_LEN];
    uint8_t kept[MC_HASH_LEN];

    memcpy(hash, leaf, sizeof hash);
    for (unsigned level = 0;; level++) {
        if (!tree->read(tree->arg, mc_merkle_place(level, index >> level), kept))
            return false;
        *ret_same = memcmp(hash, kept, sizeof hash) == 0;
        if (!*ret_same || !(index >> level & 1))
            return true;
        uint8_t left[MC_HASH_LEN];
        if (!tree->read(tree->arg, mc_merkle_place(level, (index >> level) - 1), left))
            return false;
        mc_merkle_node(hash, left, hash);
    }
}

/* The root over leaves [from, from + n), n > 0: its subtrees, joined from the right. */
static bool range_root(const struct mc_merkle *tree, uint64_t from, uint64_t n,
                       uint8_t out[MC_HASH_LEN])
{
    uint64_t end = from + n;
    bool any = false;

    while (n > 0) {
        unsigned level = (unsigned)__builtin_ctzll(n);
        uint8_t peak[MC_HASH_LEN];

        end -= UINT64_C(1) << level;
        n -= UINT64_C(1) << level;
        if (!tree->read(tree->arg, mc_merkle_place(level, end >> level), peak))
            return false;
        if (any)
            mc_merkle_node(out, peak, out);
        else
            memcpy(out, peak, MC_HASH_LEN);
        any = true;
    }
    return true;
}

bool mc_merkle_root(const struct mc_merkle *tree, uint64_t size, uint8_t ret_root[MC_HASH_LEN])
{
    if (size > 0)
        return range_root(tree, 0, size, ret_root);
    mc_hash(ret_root, (struct mc_bytes){"", 0});
    return true;
}

static bool path_add(const struct mc_merkle *tree, uint64_t from, uint64_t n,
                     struct mc_merkle_path *path)
{
    return range_root(tree, from, n, path->hashes[path->len++]);
}

/* Going down adds what lies beside the way, the top first; a path is told from the leaf up. */
static void path_turn(struct mc_merkle_path *path)
{
    for (size_t i = 0, j = path->len; i + 1 < j; i++) {
        uint8_t hash[MC_HASH_LEN];

        j--;
        memcpy(hash, path->hashes[i], sizeof hash);
        memcpy(path->hashes[i], path->hashes[j], sizeof hash);
        memcpy(path->hashes[j], hash, sizeof hash);
    }
}

bool mc_merkle_inclusion(const struct mc_merkle *tree, uint64_t index, uint64_t size,
                         struct mc_merkle_path *ret_path)
{
    uint64_t from = 0;

    ret_path->len = 0;
    while (size > 1) {
        uint64_t half = split_of(size);
        bool left = index - from < half;

        if (!path_add(tree, left ? from + half : from, left ? size - half : half, ret_path))
            return false;
        from += left ? 0 : half;
        size = left ? half : size - half;
    }
    path_turn(ret_path);
    return true;
}

bool mc_merkle_consistency(const struct mc_merkle *tree, uint64_t first, uint64_t size,
                           struct mc_merkle_path *ret_path)
{
    uint64_t from = 0;
    bool known = true; /* the subtree we stand in is the whole first list: its root is known */

    ret_path->len = 0;
    if (first == 0 || first == size)
        return true;
    while (first - from != size) {
        uint64_t half = split_of(size);
        bool left = first - from <= half;

        if (!path_add(tree, left ? from + half : from, left ? size - half : half, ret_path))
            return false;
        known = known && left;
        from += left ? 0 : half;
        size = left ? half : size - half;
    }
    if (!known && !path_add(tree, from, size, ret_path))
        return false;
    path_turn(ret_path);
    return true;
}

bool mc_merkle_includes(uint64_t index, uint64_t size, const uint8_t leaf[MC_HASH_LEN],
                        const struct mc_merkle_path *path, const uint8_t root[MC_HASH_LEN])
{
    uint64_t at = index;
    uint64_t last = size - 1;
    uint8_t hash[MC_HASH_LEN];

    if (index >= size)
        return false;
    memcpy(hash, leaf, sizeof hash);
    for (size_t i = 0; i < path->len; i++) {
        if (last == 0)
            return false;
        if ((at & 1) != 0 || at == last) {
            mc_merkle_node(hash, path->hashes[i], hash);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            mc_merkle_node(hash, hash, path->hashes[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, sizeof hash) == 0;
}

/* RFC 9162 sect. 2.1.4.2, with the first root put before the path where it has left it out. */
static bool extends(uint64_t first, const uint8_t first_root[MC_HASH_LEN], uint64_t size,
                    const uint8_t root[MC_HASH_LEN], const struct mc_merkle_path *path)
{
    bool whole = (first & (first - 1)) == 0;
    const uint8_t *begin = whole ? first_root : path->hashes[0];
    uint64_t at = first - 1;
    uint64_t last = size - 1;
    uint8_t old[MC_HASH_LEN];
    uint8_t new[MC_HASH_LEN];

    while (at & 1) {
        at >>= 1;
        last >>= 1;
    }
    memcpy(old, begin, sizeof old);
    memcpy(new, begin, sizeof new);
    for (size_t i = whole ? 0 : 1; i < path->len; i++) {
        if (last == 0)
            return false;
        if ((at & 1) != 0 || at == last) {
            mc_merkle_node(old, path->hashes[i], old);
            mc_merkle_node(new, path->hashes[i], new);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            mc_merkle_node(new, new, path->hashes[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old, first_root, sizeof old) == 0 &&
           memcmp(new, root, sizeof new) == 0;
}

bool mc_merkle_extends(uint64_t first, const uint8_t first_root[MC_HASH_LEN], uint64_t size,
                       const uint8_t root[MC_HASH_LEN], const struct mc_merkle_path *path)
{
    uint8_t nothing[MC_HASH_LEN];

    if (first > size)
        return false;
    if (first == size)
        return path->len == 0 && memcmp(first_root, root, MC_HASH_LEN) == 0;
    if (first > 0)
        return path->len > 0 && extends(first, first_root, size, root, path);
    mc_hash(nothing, (struct mc_bytes){"", 0});
    return path->len == 0 && memcmp(first_root, nothing, sizeof nothing) == 0;
}

void mc_merkle_stream_add(struct mc_merkle_stream *stream, const uint8_t leaf[MC_HASH_LEN])
{
    uint8_t hash[MC_HASH_LEN];
    unsigned level = 0;

    memcpy(hash, leaf, sizeof hash);
    for (; stream->size >> level & 1; level++)
        mc_merkle_node(hash, stream->peaks[level], hash);
    memcpy(stream->peaks[level], hash, sizeof hash);
    stream->size++;
}

void mc_merkle_stream_root(const struct mc_merkle_stream *stream, uint8_t out[MC_HASH_LEN])
{
    bool any = false;

    if (stream->size == 0)
        mc_hash(out, (struct mc_bytes){"", 0});
    for (unsigned level = 0; level < MC_MERKLE_PATH_MAX; level++) {
        if (!(stream->size >> level & 1))
            continue;
        if (any)
            mc_merkle_node(out, stream->peaks[level], out);
        else
            memcpy(out, stream->peaks[level], MC_HASH_LEN);
        any = true;
    }
}
