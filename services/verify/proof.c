/* proof: the leaf's hash and the path lead to the root that was signed; then it tells the entry. */
#include <string.h>

#include "common/date.h"
#include "common/envelope.h"
#include "common/json.h"

#include "audit.pb-c.h"

#include "verify.h"

static int bad(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    return VERIFY_BAD;
}

static bool path_of(const Audit__Proof *proof, struct mc_merkle_path *path)
{
    if (proof->n_path > MC_MERKLE_PATH_MAX)
        return false;
    path->len = proof->n_path;
    for (size_t i = 0; i < proof->n_path; i++) {
        if (proof->path[i].len != MC_HASH_LEN)
            return false;
        memcpy(path->hashes[i], proof->path[i].data, MC_HASH_LEN);
    }
    return true;
}

static const void *open_body(struct verify *verify, const ProtobufCMessageDescriptor *type,
                             ProtobufCBinaryData bytes)
{
    struct mc_validate_error error;

    return mc_body_open(&verify->arena, type, (struct mc_bytes){bytes.data, bytes.len}, MC_BODY_MAX,
                        &error);
}

static void tell(const Audit__Leaf *leaf, const Audit__Disclosure *about,
                 const struct mc_checkpoint *checkpoint)
{
    char when[MC_RFC3339_SIZE];

    mc_time_format_rfc3339(when, sizeof when, leaf->at_ms);
    printf("entry %llu of %llu in %s\n", (unsigned long long)leaf->number,
           (unsigned long long)checkpoint->size, checkpoint->origin);
    printf("  %s  %s  (%s/%llu)\n", when, leaf->type, leaf->room, (unsigned long long)leaf->seq);
    if (about == NULL) {
        printf("  who and about whom: forgotten, or not told\n");
        return;
    }
    printf("  by %s\n", about->actor);
    for (size_t i = 0; i < about->n_keys; i++)
        printf("  about %s\n", about->keys[i]);
}

/* The disclosure, when there is one, is what the leaf was committed to. */
static int check_leaf(struct verify *verify, const char *path, const Audit__Proof *proof,
                      const Audit__Leaf *leaf, const struct mc_checkpoint *checkpoint)
{
    const Audit__Disclosure *about = NULL;
    uint8_t hash[MC_HASH_LEN];

    if (proof->disclosure.len > 0) {
        mc_hash(hash, (struct mc_bytes){proof->disclosure.data, proof->disclosure.len});
        if (leaf->commitment.len != MC_HASH_LEN ||
            memcmp(hash, leaf->commitment.data, MC_HASH_LEN) != 0)
            return bad(path, "tells of another actor than the entry was committed to");
        about = open_body(verify, &audit__disclosure__descriptor, proof->disclosure);
        if (about == NULL)
            return bad(path, "the disclosure cannot be read");
    }
    tell(leaf, about, checkpoint);
    return VERIFY_OK;
}

static int check(struct verify *verify, const char *path, const Audit__Proof *proof,
                 const struct mc_note_key *key)
{
    const Audit__Leaf *leaf = open_body(verify, &audit__leaf__descriptor, proof->leaf);
    struct mc_bytes note = {proof->checkpoint, strlen(proof->checkpoint)};
    struct mc_checkpoint checkpoint;
    struct mc_merkle_path way;
    uint8_t hash[MC_HASH_LEN];

    if (leaf == NULL || leaf->number == 0 || !path_of(proof, &way))
        return bad(path, "not a proof");
    if (!verify_checkpoint(path, note, key, &checkpoint))
        return VERIFY_BAD;
    mc_merkle_leaf(hash, (struct mc_bytes){proof->leaf.data, proof->leaf.len});
    if (!mc_merkle_includes(leaf->number - 1, checkpoint.size, hash, &way, checkpoint.root))
        return bad(path, "the entry is not in the log that was signed");
    return check_leaf(verify, path, proof, leaf, &checkpoint);
}

int verify_proof(struct verify *verify, int argc, char **argv)
{
    struct mc_json_error error;
    ProtobufCMessage *message;
    struct mc_note_key key;
    struct mc_bytes text;

    if (argc != 2)
        return VERIFY_USAGE;
    if (!verify_key(verify, argv[1], &key) || !verify_read(verify, argv[0], &text))
        return VERIFY_DATA;
    if (mc_json_decode(&verify->arena, &audit__proof__descriptor, text, &message, &error) !=
        MC_OK) {
        fprintf(stderr, "%s: not a proof as JSON\n", argv[0]);
        return VERIFY_DATA;
    }
    return check(verify, argv[0], (const Audit__Proof *)(const void *)message, &key);
}
