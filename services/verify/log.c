/*
 * log: the leaves, hashed one after the other, have at each checkpoint's size the root that it
 * signs. With a checkpoint that was kept from before it shows that the log was only added to.
 *
 * The file is a row of leaves, each led by its length, big-endian in 4 bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

enum { CHECKPOINTS_MAX = 64, LEAF_MAX = 1 << 20, BUFFER = 1 << 18 };

struct kept {
    const char *path;
    struct mc_checkpoint checkpoint;
};

static int by_size(const void *a, const void *b)
{
    const struct kept *left = a;
    const struct kept *right = b;

    return (left->checkpoint.size > right->checkpoint.size) -
           (left->checkpoint.size < right->checkpoint.size);
}

/* 1: there is one; 0: the end; -1: the file breaks off. */
static int next_leaf(FILE *in, uint8_t *leaf, size_t *ret_len)
{
    uint8_t head[4];
    size_t got = fread(head, 1, sizeof head, in);

    if (got == 0 && !ferror(in))
        return 0;
    *ret_len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (got != sizeof head || *ret_len > LEAF_MAX || fread(leaf, 1, *ret_len, in) != *ret_len)
        return -1;
    return 1;
}

/* Checkpoints of the size that was reached; false: one signs another root. */
static bool pass(const struct mc_merkle_stream *stream, const struct kept *kept, size_t n,
                 size_t *at)
{
    uint8_t root[MC_HASH_LEN];

    for (; *at < n && kept[*at].checkpoint.size == stream->size; ++*at) {
        mc_merkle_stream_root(stream, root);
        if (memcmp(root, kept[*at].checkpoint.root, sizeof root) != 0) {
            fprintf(stderr, "%s: signs another log than these %llu leaves\n", kept[*at].path,
                    (unsigned long long)stream->size);
            return false;
        }
    }
    return true;
}

static int check(FILE *in, const char *path, uint8_t *leaf, const struct kept *kept, size_t n)
{
    static struct mc_merkle_stream stream;
    uint8_t hash[MC_HASH_LEN];
    size_t at = 0;
    size_t len = 0;
    int more;

    if (!pass(&stream, kept, n, &at))
        return VERIFY_BAD;
    while ((more = next_leaf(in, leaf, &len)) > 0) {
        mc_merkle_leaf(hash, (struct mc_bytes){leaf, len});
        mc_merkle_stream_add(&stream, hash);
        if (!pass(&stream, kept, n, &at))
            return VERIFY_BAD;
    }
    if (more < 0) {
        fprintf(stderr, "%s: breaks off after %llu leaves\n", path,
                (unsigned long long)stream.size);
        return VERIFY_DATA;
    }
    if (at < n) {
        fprintf(stderr, "%s: signed for %llu entries, and there are %llu\n", kept[at].path,
                (unsigned long long)kept[at].checkpoint.size, (unsigned long long)stream.size);
        return VERIFY_BAD;
    }
    printf("%llu leaves, %zu checkpoints of %s hold\n", (unsigned long long)stream.size, n,
           kept[0].checkpoint.origin);
    return VERIFY_OK;
}

int verify_log(struct verify *verify, int argc, char **argv)
{
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    struct kept *kept = mc_alloc(&verify->arena, (n + 1) * sizeof *kept);
    uint8_t *leaf = mc_alloc(&verify->arena, LEAF_MAX);
    struct mc_note_key key;

    if (n == 0 || n > CHECKPOINTS_MAX || kept == NULL || leaf == NULL)
        return VERIFY_USAGE;
    if (!verify_key(verify, argv[1], &key))
        return VERIFY_DATA;
    for (size_t i = 0; i < n; i++) {
        size_t mark = verify->arena.used;
        struct mc_bytes note;

        kept[i].path = argv[2 + i];
        if (!verify_read(verify, kept[i].path, &note))
            return VERIFY_DATA;
        if (!verify_checkpoint(kept[i].path, note, &key, &kept[i].checkpoint))
            return VERIFY_BAD;
        mc_arena_rewind(&verify->arena, mark);
    }
    qsort(kept, n, sizeof *kept, by_size);
    FILE *in = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "rbe");
    if (in == NULL) {
        perror(argv[0]);
        return VERIFY_DATA;
    }
    (void)setvbuf(in, NULL, _IOFBF, BUFFER);
    int code = check(in, argv[0], leaf, kept, n);
    if (in != stdin)
        (void)fclose(in);
    return code;
}
