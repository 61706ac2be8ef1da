/*
 * Scan: files that wait for a virus scanner. A new file is a job in a lane of its room;
 * motcua-scanworker leases it, streams the file to clamd and tells what it found. So no parser of
 * hostile files and no socket of theirs is near a room, and a scanner that is away only lets the
 * queue grow. A room routes LeaseScans, ReadScan and AckScan here and says what its files are.
 *
 *     MC_TABLE_META: "scan/last/" worker -> request id (16) ‖ token (12)
 */
#pragma once

#include "common/jobs.h"

#include "scan.pb-c.h"

enum {
    MC_SCAN_PIECE = 128 * 1024, /* bytes in one answer */
    MC_SCAN_LEASE_MIN_MS = 1000,
    MC_SCAN_LEASE_MAX_MS = 5 * 60 * 1000,
    MC_SCAN_LEASE_MS = 60 * 1000,
    MC_SCAN_WAIT_MAX_MS = 10 * 1000,
    MC_SCAN_LATE_MS = 15 * 60 * 1000, /* a file that waits longer is late */
    MC_SCAN_MALWARE_CHARS_MAX = 100,
};

/* A file as the room knows it. */
struct mc_scan_file {
    struct mc_bytes id;     /* as it was asked with */
    struct mc_bytes sha256; /* MC_HASH_LEN bytes */
    uint64_t size;
    void *record;
};

struct mc_scan_room {
    unsigned lane;
    /* The file of this id; false: it is gone, or the call has failed. */
    bool (*find)(struct mc_txn *txn, struct mc_bytes id, struct mc_scan_file *ret_file);
    struct mc_bytes (*read)(struct mc_txn *txn, const struct mc_scan_file *file, uint64_t offset,
                            uint64_t len);
    /* CLEAN, INFECTED by `malware`, or IMPOSSIBLE: the room writes it down and tells it. */
    void (*judged)(struct mc_txn *txn, const struct mc_scan_file *file, Motcua__Scan scan,
                   const char *malware);
};

/* Has a file looked at; the pause after a failure doubles from `backoff_ms` up to 5 minutes. */
void mc_scan_ask(struct mc_txn *txn, unsigned lane, struct mc_bytes id, int64_t backoff_ms);

/*
 * LeaseScans: the worker takes the next file, or waits for one. A repeat of its last call gets what
 * it got, while it holds that: nobody listens to a second answer with another file.
 */
enum mc_status mc_scan_lease(const struct mc_scan_room *room, struct mc_txn *txn,
                             const Motcua__LeaseScansRequest *req, Motcua__LeaseScansReply *rep);
/* ReadScan: a stretch of the file that the worker has leased. LEASE_STALE: it holds none. */
enum mc_status mc_scan_read(const struct mc_scan_room *room, struct mc_txn *txn,
                            const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep);
/* AckScan: what the scanner found, or that it has to be asked again. */
enum mc_status mc_scan_ack(const struct mc_scan_room *room, struct mc_txn *txn,
                           const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep);
