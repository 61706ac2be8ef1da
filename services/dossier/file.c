/*
 * Papers' contents. A file is kept once, whoever handed it in, under its SHA-256 and in pieces,
 * each sealed on its own:
 *
 *     SHA-256 (32) ‖ piece, big-endian (8)  ->  sealed bytes, at most DOSSIER_CHUNK of plain text
 *
 * All pieces of a file come in one transaction, so the first stands for all.
 */
#include <string.h>

#include "dossier.h"

static bool begins(struct mc_bytes content, const char *magic, size_t len)
{
    return content.len >= len && memcmp(content.data, magic, len) == 0;
}

/* A docx is a ZIP whose early entries name its parts; other archives stay archives. */
static bool zip_holds_word(struct mc_bytes content)
{
    static const char part[] = "word/";

    return memmem(content.data, content.len, part, sizeof part - 1) != NULL &&
           memmem(content.data, content.len, "[Content_Types].xml", 19) != NULL;
}

const char *dossier_sniff(struct mc_bytes content)
{
    if (begins(content, "%PDF-", 5))
        return "application/pdf";
    if (begins(content, "\x89PNG\r\n\x1a\n", 8))
        return "image/png";
    if (begins(content, "\xff\xd8\xff", 3))
        return "image/jpeg";
    if (begins(content, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        return "application/msword";
    if (begins(content, "PK\x03\x04", 4))
        return zip_holds_word(content)
                   ? "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
                   : "application/zip";
    return NULL;
}

static struct mc_bytes piece_key(struct mc_txn *txn, struct mc_bytes hash, uint64_t piece)
{
    return mc_key_join(txn, hash, mc_key_u64(txn, piece));
}

void dossier_file_put(struct mc_txn *txn, const uint8_t hash[MC_HASH_LEN], struct mc_bytes content)
{
    struct mc_bytes name = mc_copy(txn->arena, hash, MC_HASH_LEN);
    struct mc_bytes there;
    const uint8_t *bytes = content.data;
    uint64_t piece = 0;

    if (name.len == 0)
        return;
    if (mc_get(txn, DOSSIER_FILES, piece_key(txn, name, 0), &there))
        return;
    for (size_t at = 0; at < content.len; at += DOSSIER_CHUNK) {
        size_t len = MC_MIN(content.len - at, (size_t)DOSSIER_CHUNK);
        ProtobufCBinaryData sealed = mc_seal_bytes(txn, (struct mc_bytes){bytes + at, len});

        mc_put(txn, DOSSIER_FILES, piece_key(txn, name, piece++), mc_key_bytes(sealed));
    }
}

static struct mc_bytes fault(struct mc_txn *txn, enum mc_status status, const char *why)
{
    mc_fail(txn, status, why);
    return (struct mc_bytes){NULL, 0};
}

struct mc_bytes dossier_file_get(struct mc_txn *txn, struct mc_bytes hash, uint64_t size)
{
    uint8_t *content = mc_alloc(txn->arena, size);
    size_t len = 0;
    uint8_t found[MC_HASH_LEN];

    if (content == NULL)
        return fault(txn, MC_LIMITED, "arena full");
    for (uint64_t piece = 0; len < size; piece++) {
        struct mc_bytes sealed;

        if (!mc_get(txn, DOSSIER_FILES, piece_key(txn, hash, piece), &sealed))
            return fault(txn, MC_CORRUPT, "file piece missing");
        struct mc_bytes plain =
            mc_open_bytes(txn, (ProtobufCBinaryData){sealed.len, mc_unconst(sealed.data)});
        if (plain.len == 0 || plain.len > size - len)
            return fault(txn, MC_CORRUPT, "file piece length");
        memcpy(content + len, plain.data, plain.len);
        len += plain.len;
    }
    mc_hash(found, (struct mc_bytes){content, len});
    if (hash.len != MC_HASH_LEN || memcmp(found, hash.data, MC_HASH_LEN) != 0)
        return fault(txn, MC_CORRUPT, "file hash");
    return (struct mc_bytes){content, len};
}
