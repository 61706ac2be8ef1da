/*
 * Scans of identity papers (OFF-24): sealed piece by piece, kept until their day and no longer.
 *
 *     scans:     scan id (16) -> Scan
 *                scan id (16) ‖ piece, big-endian (8) -> sealed bytes
 *     scan_ends: when, in ms, big-endian (8) ‖ scan id (16) -> nothing
 *
 * The scan of a request that nobody finishes ends with the request; the scan of an account that was
 * made ends after identity.scan_retention.
 */
#include <string.h>

#include "common/retention.h"

#include "officer.h"

static struct mc_bytes end_key(struct mc_txn *txn, int64_t ms, struct mc_bytes id)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)ms), id);
}

static struct mc_bytes piece_key(struct mc_txn *txn, struct mc_bytes id, uint64_t piece)
{
    return mc_key_join(txn, id, mc_key_u64(txn, piece));
}

static size_t pieces_of(uint64_t size)
{
    return (size_t)((size + IDENTITY_SCAN_PIECE - 1) / IDENTITY_SCAN_PIECE);
}

static IdentityState__Scan *load(struct mc_txn *txn, struct mc_bytes id)
{
    if (id.len != MC_ID_LEN)
        return NULL;
    return mc_load(txn, IDENTITY_SCANS, id, &identity_state__scan__descriptor);
}

struct mc_bytes identity_scan_keep(struct mc_txn *txn, struct mc_bytes content, const char *type,
                                   int64_t ends_ms)
{
    IdentityState__Scan scan = IDENTITY_STATE__SCAN__INIT;
    struct mc_bytes id = mc_new_id(txn);
    const uint8_t *bytes = content.data;

    for (size_t i = 0; i < pieces_of(content.len) && txn->status == MC_OK; i++) {
        size_t at = i * IDENTITY_SCAN_PIECE;
        struct mc_bytes piece = {bytes + at, MC_MIN(content.len - at, (size_t)IDENTITY_SCAN_PIECE)};
        mc_put(txn, IDENTITY_SCANS, piece_key(txn, id, i), mc_key_bytes(mc_seal_bytes(txn, piece)));
    }
    scan.size = content.len;
    scan.type = mc_unconst(type);
    scan.ends_at_ms = ends_ms;
    mc_save(txn, IDENTITY_SCANS, id, &scan.base);
    mc_put(txn, IDENTITY_SCAN_ENDS, end_key(txn, ends_ms, id), (struct mc_bytes){"", 0});
    return id;
}

void identity_scan_keep_until(struct mc_txn *txn, struct mc_bytes id, int64_t ends_ms)
{
    IdentityState__Scan *scan = load(txn, id);

    if (scan == NULL)
        return;
    mc_drop(txn, IDENTITY_SCAN_ENDS, end_key(txn, scan->ends_at_ms, id));
    scan->ends_at_ms = ends_ms;
    mc_save(txn, IDENTITY_SCANS, id, &scan->base);
    mc_put(txn, IDENTITY_SCAN_ENDS, end_key(txn, ends_ms, id), (struct mc_bytes){"", 0});
}

struct mc_bytes identity_scan_read(struct mc_txn *txn, struct mc_bytes id, const char **ret_type)
{
    const IdentityState__Scan *scan = load(txn, id);
    size_t len = 0;

    if (scan == NULL)
        return (struct mc_bytes){0};
    uint8_t *content = mc_alloc(txn->arena, scan->size);
    if (content == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return (struct mc_bytes){0};
    }
    for (size_t i = 0; i < pieces_of(scan->size); i++) {
        struct mc_bytes sealed;
        if (!mc_get(txn, IDENTITY_SCANS, piece_key(txn, id, i), &sealed))
            break;
        struct mc_bytes plain = mc_open_bytes(txn, identity_data(sealed));
        if (plain.len > scan->size - len)
            break;
        memcpy(content + len, plain.data, plain.len);
        len += plain.len;
    }
    if (len != scan->size)
        (void)mc_fail(txn, MC_CORRUPT, "a scan's pieces");
    *ret_type = scan->type;
    return (struct mc_bytes){content, len};
}

static void drop(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Scan *scan)
{
    for (size_t i = 0; i < pieces_of(scan->size); i++)
        mc_drop(txn, IDENTITY_SCANS, piece_key(txn, id, i));
    mc_drop(txn, IDENTITY_SCANS, id);
}

/* In front lie those that are over. */
void identity_scans_expire(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SCAN_ENDS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        if (cursor.key.len != now.len + MC_ID_LEN || memcmp(cursor.key.data, now.data, now.len) > 0)
            break;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + now.len, MC_ID_LEN};
        const IdentityState__Scan *scan = load(txn, id);
        mc_drop(txn, IDENTITY_SCAN_ENDS, cursor.key);
        gone++;
        if (scan != NULL)
            drop(txn, id, scan);
    }
    mc_retention_count(txn, "scans", gone);
}
