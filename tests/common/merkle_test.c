/* Merkle trees against RFC 6962's own definition, and its published vectors. */
#include <stdlib.h>
#include <string.h>

#include "common/merkle.h"

#include "../harness.h"

enum { LEAVES = 300 };

/* The eight inputs of Certificate Transparency's reference tests, and the root of all. */
static const char *const inputs[] = {"",
                                     "00",
                                     "10",
                                     "2021",
                                     "3031",
                                     "40414243",
                                     "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f"};
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

struct kept {
    uint8_t hashes[2 * LEAVES][MC_HASH_LEN];
    size_t len;
};

static bool read_kept(void *arg, uint64_t place, uint8_t ret_hash[MC_HASH_LEN])
{
    const struct kept *kept = arg;

    if (place >= kept->len)
        return false;
    memcpy(ret_hash, kept->hashes[place], MC_HASH_LEN);
    return true;
}

static void keep(void *arg, uint64_t place, const uint8_t hash[MC_HASH_LEN])
{
    struct kept *kept = arg;

    assert_int_equal(place, kept->len); /* only ever at the end */
    memcpy(kept->hashes[kept->len++], hash, MC_HASH_LEN);
}

static struct mc_merkle tree_of(struct kept *kept)
{
    return (struct mc_merkle){read_kept, keep, kept};
}

/* Leaf i, and the root of leaves [from, from + n) as RFC 6962 defines it. */
static void leaf_of(uint64_t i, uint8_t out[MC_HASH_LEN])
{
    mc_merkle_leaf(out, (struct mc_bytes){&i, sizeof i});
}

static void defined_root(uint64_t from, uint64_t n, uint8_t out[MC_HASH_LEN])
{
    uint8_t left[MC_HASH_LEN];
    uint8_t right[MC_HASH_LEN];
    uint64_t half = 1;

    if (n == 1) {
        leaf_of(from, out);
        return;
    }
    while (half * 2 < n)
        half *= 2;
    defined_root(from, half, left);
    defined_root(from + half, n - half, right);
    mc_merkle_node(out, left, right);
}

static struct kept *grown(uint64_t n)
{
    struct kept *kept = test_calloc(1, sizeof *kept);
    struct mc_merkle tree = tree_of(kept);
    uint8_t leaf[MC_HASH_LEN];

    for (uint64_t i = 0; i < n; i++) {
        leaf_of(i, leaf);
        assert_true(mc_merkle_append(&tree, i, leaf));
    }
    return kept;
}

static void published_vectors(void **state)
{
    struct kept *kept = test_calloc(1, sizeof *kept);
    struct mc_merkle tree = tree_of(kept);
    struct mc_merkle_stream stream = {0};
    uint8_t root[MC_HASH_LEN];
    char hex[2 * MC_HASH_LEN + 1];

    (void)state;
    for (size_t n = 0; n <= MC_LEN(inputs); n++) {
        uint8_t leaf[MC_HASH_LEN];
        uint8_t data[16];

        assert_true(mc_merkle_root(&tree, n, root));
        (void)mc_hex(hex, (struct mc_bytes){root, sizeof root});
        assert_string_equal(hex, roots[n]);
        mc_merkle_stream_root(&stream, root);
        (void)mc_hex(hex, (struct mc_bytes){root, sizeof root});
        assert_string_equal(hex, roots[n]);
        if (n == MC_LEN(inputs))
            break;
        struct mc_bytes text = {inputs[n], strlen(inputs[n])};
        assert_true(mc_unhex(data, text.len / 2, text));
        mc_merkle_leaf(leaf, (struct mc_bytes){data, text.len / 2});
        assert_true(mc_merkle_append(&tree, n, leaf));
        mc_merkle_stream_add(&stream, leaf);
    }
    test_free(kept);
}

static void every_root_is_the_defined_one(void **state)
{
    struct kept *kept = grown(LEAVES);
    struct mc_merkle tree = tree_of(kept);

    (void)state;
    for (uint64_t n = 1; n <= LEAVES; n++) {
        uint8_t want[MC_HASH_LEN];
        uint8_t got[MC_HASH_LEN];

        defined_root(0, n, want);
        assert_true(mc_merkle_root(&tree, n, got));
        assert_memory_equal(got, want, MC_HASH_LEN);
    }
    test_free(kept);
}

static void every_leaf_is_proved_in_every_list(void **state)
{
    enum { MOST = 70 };
    struct kept *kept = grown(MOST);
    struct mc_merkle tree = tree_of(kept);
    struct mc_merkle_path path;
    uint8_t root[MC_HASH_LEN];
    uint8_t leaf[MC_HASH_LEN];

    (void)state;
    for (uint64_t n = 1; n <= MOST; n++)
        for (uint64_t i = 0; i < n; i++) {
            leaf_of(i, leaf);
            assert_true(mc_merkle_root(&tree, n, root));
            assert_true(mc_merkle_inclusion(&tree, i, n, &path));
            assert_true(mc_merkle_includes(i, n, leaf, &path, root));
            assert_false(mc_merkle_includes(i + 1, n, leaf, &path, root));
            leaf[0] ^= 1;
            assert_false(mc_merkle_includes(i, n, leaf, &path, root));
            leaf[0] ^= 1;
            for (size_t at = 0; at < path.len; at++) {
                path.hashes[at][7] ^= 1;
                assert_false(mc_merkle_includes(i, n, leaf, &path, root));
                path.hashes[at][7] ^= 1;
            }
            path.len++;
            memset(path.hashes[path.len - 1], 0, MC_HASH_LEN);
            assert_false(mc_merkle_includes(i, n, leaf, &path, root));
        }
    test_free(kept);
}

static void every_list_extends_the_shorter_ones(void **state)
{
    enum { MOST = 70 };
    struct kept *kept = grown(MOST);
    struct mc_merkle tree = tree_of(kept);
    struct mc_merkle_path path;
    uint8_t first[MC_HASH_LEN];
    uint8_t root[MC_HASH_LEN];

    (void)state;
    for (uint64_t n = 0; n <= MOST; n++)
        for (uint64_t m = 0; m <= n; m++) {
            assert_true(mc_merkle_root(&tree, m, first));
            assert_true(mc_merkle_root(&tree, n, root));
            assert_true(mc_merkle_consistency(&tree, m, n, &path));
            assert_true(mc_merkle_extends(m, first, n, root, &path));
            first[3] ^= 1;
            assert_false(mc_merkle_extends(m, first, n, root, &path));
            first[3] ^= 1;
            if (m > 0) {
                root[3] ^= 1;
                assert_false(mc_merkle_extends(m, first, n, root, &path));
                root[3] ^= 1;
            }
            for (size_t at = 0; at < path.len; at++) {
                path.hashes[at][0] ^= 1;
                assert_false(mc_merkle_extends(m, first, n, root, &path));
                path.hashes[at][0] ^= 1;
            }
        }
    assert_false(mc_merkle_extends(MOST + 1, root, MOST, root, &path));
    test_free(kept);
}

/* A changed leaf, or a changed node above it, is seen at a leaf that completes it. */
static void what_was_kept_is_checked(void **state)
{
    struct kept *kept = grown(64);
    struct mc_merkle tree = tree_of(kept);
    uint8_t leaf[MC_HASH_LEN];

    (void)state;
    for (size_t place = 0; place < kept->len; place++) {
        size_t found = 0;

        kept->hashes[place][0] ^= 1;
        for (uint64_t i = 0; i < 64; i++) {
            bool same = true;

            leaf_of(i, leaf);
            assert_true(mc_merkle_check(&tree, i, leaf, &same));
            found += !same;
        }
        assert_true(found > 0);
        kept->hashes[place][0] ^= 1;
    }
    test_free(kept);
}

static void a_hash_that_is_not_there_ends_it(void **state)
{
    struct kept *kept = grown(10);
    struct mc_merkle tree = tree_of(kept);
    struct mc_merkle_path path;
    uint8_t root[MC_HASH_LEN];

    (void)state;
    assert_false(mc_merkle_root(&tree, 16, root));
    assert_false(mc_merkle_inclusion(&tree, 3, 20, &path));
    assert_false(mc_merkle_consistency(&tree, 5, 16, &path));
    test_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(every_root_is_the_defined_one),
        cmocka_unit_test(every_leaf_is_proved_in_every_list),
        cmocka_unit_test(every_list_extends_the_shorter_ones),
        cmocka_unit_test(what_was_kept_is_checked),
        cmocka_unit_test(a_hash_that_is_not_there_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
