/*
 * Papers' contents: uploads in parts, files kept once under their hash, and what becomes of those
 * nobody refers to.
 *
 * A file is kept as long as something refers to it. Each reference is counted in the transaction
 * that makes or ends it, so the count is never wrong after a crash. When the last one goes, the
 * file gets an end, a grace time ahead; until then it may be referred to again.
 */
#pragma once

#include "common/scan.h"
#include "common/service.h"
#include "common/sniff.h"

#include "dossier.pb-c.h"
#include "state.pb-c.h"

struct dossier;

enum {
    DOSSIER_FILE_MAX = 5 << 20, /* in one message: Attach, and ReadAttachment of a whole */
    DOSSIER_CHUNK = 256 * 1024, /* a piece of a file, sealed on its own; also a part of an upload */
    DOSSIER_PART_BODY_MAX = DOSSIER_CHUNK + 4096,
    DOSSIER_READ_MAX = 1 << 20,           /* bytes of a file in one answer, read by ranges */
    DOSSIER_UPLOADS_MAX = 40,             /* of one account, not used yet */
    DOSSIER_UPLOADS_SIZE_MAX = 100 << 20, /* bytes announced by them together */
    DOSSIER_PURPOSE_CHARS_MAX = 200,
    DOSSIER_COLLECT_ROWS = 4, /* files or uploads that go in one tick */
};

/* Handlers. */
enum mc_status dossier_lease_scans(struct dossier *dossier, struct mc_txn *txn,
                                   const Motcua__LeaseScansRequest *req,
                                   Motcua__LeaseScansReply *rep);
enum mc_status dossier_read_scan(struct dossier *dossier, struct mc_txn *txn,
                                 const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep);
enum mc_status dossier_ack_scan(struct dossier *dossier, struct mc_txn *txn,
                                const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep);
enum mc_status dossier_start_upload(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartUploadRequest *req,
                                    Dossier__UploadReply *rep);
enum mc_status dossier_upload_part(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__UploadPartRequest *req,
                                   Dossier__UploadReply *rep);
enum mc_status dossier_finish_upload(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__FinishUploadRequest *req,
                                     Dossier__UploadReply *rep);
enum mc_status dossier_get_upload(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__GetUploadRequest *req, Dossier__UploadReply *rep);
enum mc_status dossier_detach(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__DetachRequest *req, Dossier__DetachReply *rep);

/* file.c. A file in the hand: its record, and the hash it is known by. */
struct dossier_file {
    DossierState__File *record; /* NULL: there is none, or the call has failed */
    struct mc_bytes hash;       /* MC_HASH_LEN bytes */
};

struct dossier_file dossier_file_open(struct mc_txn *txn, struct mc_bytes hash);
/* One more, or one less, that refers to it. Holding one that is gone fails the call. */
void dossier_file_hold(struct mc_txn *txn, struct mc_bytes hash);
void dossier_file_release(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash);
/* A new file whose pieces lie there already, or the known one of this hash; held once. */
void dossier_file_make(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash,
                       const DossierState__File *made);
/* The whole of it, sealed and held once; `type` is mc_sniff()'s. */
void dossier_file_put(const struct dossier *dossier, struct mc_txn *txn,
                      const uint8_t hash[MC_HASH_LEN], struct mc_bytes content, const char *type);
/* Empty with the call failed when a piece is missing or the whole is not what was put in. */
struct mc_bytes dossier_file_get(struct mc_txn *txn, struct mc_bytes hash, uint64_t size);
/* The bytes from `offset`, at most `len`; each piece they lie in is checked by its own hash. */
struct mc_bytes dossier_file_range(struct mc_txn *txn, const DossierState__File *file,
                                   uint64_t offset, uint64_t len);

/* Pieces: id (16) ‖ number, big-endian (8) -> sealed bytes. */
void dossier_piece_put(struct mc_txn *txn, struct mc_bytes id, uint64_t number,
                       struct mc_bytes plain, uint8_t ret_hash[MC_HASH_LEN]);
void dossier_pieces_drop(struct mc_txn *txn, struct mc_bytes id, uint64_t size);

/* upload.c. The caller's; refused when there is none, or its life is over. */
struct dossier_upload {
    DossierState__Upload *record;
    struct mc_bytes key; /* account id (16) ‖ upload id (16) */
    struct mc_bytes id;
};
mc_nodiscard enum mc_status dossier_upload_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                                struct dossier_upload *ret_upload);
void dossier_upload_save(struct mc_txn *txn, const struct dossier_upload *upload);
void dossier_upload_answer(struct mc_txn *txn, const struct dossier_upload *upload,
                           Dossier__UploadReply *rep);
/* A finished one is used up: its reference to the file is the caller's from now on. */
mc_nodiscard enum mc_status dossier_upload_take(struct mc_txn *txn, ProtobufCBinaryData id,
                                                struct dossier_file *ret_file);

/* scan.c: what the virus scanner says. */
/* Asks for a file that comes now, when a scanner is configured and has not looked at it. dossier
 * NULL, here and above: we made it ourselves. */
void dossier_scan_ask(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash,
                      DossierState__File *file);
/* Refused for an infected file: it is not given out, nor taken in again. */
mc_nodiscard enum mc_status dossier_scan_check(struct mc_txn *txn, const DossierState__File *file);
/* Refused when a paper of the dossier keeps it from going on. */
mc_nodiscard enum mc_status dossier_scan_check_papers(const struct dossier *dossier,
                                                      struct mc_txn *txn,
                                                      const DossierState__Dossier *record);

/* file_ends.c: when a file or an upload goes, unless something happens before. */
enum dossier_end { DOSSIER_END_FILE = 'f', DOSSIER_END_UPLOAD = 'u' };
void dossier_end_put(struct mc_txn *txn, int64_t at_ms, enum dossier_end what, struct mc_bytes key);
void dossier_end_drop(struct mc_txn *txn, int64_t at_ms, enum dossier_end what,
                      struct mc_bytes key);
enum mc_status dossier_collect_files(struct dossier *dossier, struct mc_txn *txn);

/* paper.c: papers of a dossier. Checks refuse the call. */
struct dossier_open;
char *dossier_paper_file_name(struct mc_txn *txn, const char *text);
char *dossier_paper_component(struct mc_txn *txn, const char *text);
/* What came on paper is scanned by the officers who have it in hand, until it is dealt with. */
bool dossier_paper_may_scan(const struct dossier_open *open);
/* May the caller add one now, and is there room? */
mc_nodiscard enum mc_status dossier_paper_check(struct mc_txn *txn, const struct dossier_open *open,
                                                uint64_t content_len);
void dossier_paper_add(struct mc_txn *txn, DossierState__Dossier *record,
                       const DossierState__Paper *paper);
/* component NULL: whichever. */
const DossierState__Paper *dossier_paper_find(const DossierState__Dossier *record,
                                              struct mc_bytes hash, const char *component);
const DossierState__Paper *dossier_paper_or_result(const DossierState__Dossier *record,
                                                   struct mc_bytes hash);

/* A file in the call's hand: held once, by who will refer to it. */
struct dossier_taken {
    struct mc_bytes hash;
    const char *content_type;
    uint64_t size;
};
/* Content of a message, or a finished upload; never both. */
enum mc_status dossier_take_check(struct mc_txn *txn, ProtobufCBinaryData content,
                                  ProtobufCBinaryData upload_id);
mc_nodiscard enum mc_status dossier_take(const struct dossier *dossier, struct mc_txn *txn,
                                         ProtobufCBinaryData content, ProtobufCBinaryData upload_id,
                                         struct dossier_taken *ret_taken);
/* The whole (length 0) or a range, as the caller asked; refused past the limits. */
struct mc_bytes dossier_file_read(struct mc_txn *txn, struct mc_bytes hash, uint64_t size,
                                  uint64_t offset, uint64_t length);
/* Writes down that a file was read; of `read` the caller has filled what was. */
void dossier_tell_read(struct mc_txn *txn, Dossier__FileRead *read, const char *const *keys);
/* Reading personal data: an officer names his purpose. False: refused. */
bool dossier_check_purpose(struct mc_txn *txn, unsigned actor);
