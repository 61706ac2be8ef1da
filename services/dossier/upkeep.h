/*
 * Upkeep of the catalogue: what the store keeps of procedures, and how it changes.
 *
 *     procedures: code ‖ 0 ‖ version (4, big-endian) -> motcua.dossier.v1.ProcedureDetail
 *                 ".revision"                        -> DossierState__Revision
 *     imports:    import id -> DossierState__Import
 *     import_rows: import id ‖ code -> DossierState__ImportRow
 *     import_set: import id ‖ code -> the ProcedureDetail it would bring
 *
 * A version is never changed or dropped. A change comes as an import: rows are collected and each
 * is compared with the newest version of its procedure; a hash over all of them names the set; the
 * set is applied, some rows a tick, only by that hash and only while nothing else has changed the
 * catalogue. Readers see an applied import at once and whole.
 */
#pragma once

#include "common/json.h"

#include "dossier.h"

enum {
    DOSSIER_IMPORT_ROWS_MAX = 500,  /* of one AddImportRows */
    DOSSIER_IMPORT_STEP = 100,      /* rows applied, settled or undone in a tick */
    DOSSIER_IMPORT_FAULTS_MAX = 50, /* rows of the national database that are told */
    DOSSIER_NATIONAL_LINES = 4,     /* questions under way at once */
    DOSSIER_NATIONAL_LEASE_MS = 40000,
    DOSSIER_NATIONAL_BACKOFF_MS = 1000,
    DOSSIER_NATIONAL_BACKOFF_MAX_MS = 60000,
    DOSSIER_NATIONAL_ANSWER_MAX = 2 << 20,
};

#define DOSSIER_FEE_MAX         ((int64_t)1000 * 1000 * 1000 * 1000) /* VND, of one row */
#define DOSSIER_RIGHT_CATALOGUE "CATALOGUE_EDIT"

/* What becomes of a row of an import. */
enum dossier_row {
    DOSSIER_ROW_SAME,
    DOSSIER_ROW_ADDED,
    DOSSIER_ROW_CHANGED,
    DOSSIER_ROW_ENDED,  /* a complete list leaves it out */
    DOSSIER_ROW_WANTED, /* the national database has not told it yet */
    DOSSIER_ROW_FAULT,  /* it has, and it cannot be taken: what holds stays */
};

/* catalogue_store.c: reads are to call _now first; it builds the catalogue anew when it must. */
mc_nodiscard enum mc_status dossier_catalogue_build(struct dossier *dossier, struct mc_txn *txn,
                                                    const DossierState__Revision *revision,
                                                    int64_t today);
void dossier_catalogue_now(struct dossier *dossier, struct mc_txn *txn);
void dossier_catalogue_seed(struct dossier *dossier, struct mc_txn *txn); /* the first tick */
uint64_t dossier_revision(struct mc_txn *txn);
void dossier_revision_next(struct mc_txn *txn);
/* Version 0: the newest. NULL: there is none. */
Dossier__ProcedureDetail *dossier_detail_load(struct mc_txn *txn, const char *code,
                                              uint32_t version);
void dossier_detail_save(struct mc_txn *txn, const Dossier__ProcedureDetail *detail);
struct mc_bytes dossier_detail_key(struct mc_txn *txn, const char *code, uint32_t version);
struct mc_bytes dossier_detail_prefix(struct mc_txn *txn, const char *code);
/* The next code after one ("": the first); NULL: no more. Skips a code's versions. */
char *dossier_detail_next(struct mc_txn *txn, const char *after);

/* detail.c, pure: what two versions differ in, and whether one may be kept at all. */
typedef void dossier_told(void *arg, const char *field, const char *old, const char *new);
/* Tells each field that differs, as text in the arena. How many. `old` may be NULL. */
size_t dossier_detail_compare(struct mc_arena *arena, const Dossier__ProcedureDetail *old,
                              const Dossier__ProcedureDetail *new, dossier_told *told, void *arg);
/* NULL, or the field that is wrong and the code that says why. */
const char *dossier_detail_check(const Dossier__ProcedureDetail *detail, const char **ret_code);
/* The new level of the old scale of 1 to 4 (DEC-02). */
const char *dossier_level_of_old(unsigned old_level);
/* What of a version is compared, as bytes: the same for the same content. */
struct mc_bytes dossier_detail_content(struct mc_arena *arena,
                                       const Dossier__ProcedureDetail *detail);

/* detail_csv.c: rows of a CSV as procedures. */
struct dossier_csv; /* the head's columns */
mc_nodiscard bool dossier_csv_begin(struct mc_txn *txn, struct mc_bytes text,
                                    struct dossier_csv **ret_csv);
/* The next row laid over what holds now; NULL at the end, or with the call refused. */
Dossier__ProcedureDetail *dossier_csv_next(struct dossier_csv *csv);

/* import.c */
DossierState__Import *dossier_import_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                          struct mc_bytes *ret_id); /* NULL: refused */
void dossier_import_save(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *at);
struct mc_bytes dossier_import_row_key(struct mc_txn *txn, struct mc_bytes id, const char *code);
/* Compares with what holds and puts the row into the set. False: it is there already. */
bool dossier_import_stage(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import,
                          Dossier__ProcedureDetail *detail, enum dossier_row kind);
void dossier_import_mark(struct mc_txn *txn, struct mc_bytes id, const char *code,
                         enum dossier_row kind);
void dossier_import_fault(struct mc_txn *txn, DossierState__Import *import, const char *code,
                          const char *why);
void dossier_import_fill(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *at,
                         Dossier__Import *out);
char *dossier_import_hash(struct mc_txn *txn, const DossierState__Import *import);
/* One step of the import that is at work, if any; its id lies under a key of its own. */
void dossier_import_tick(struct dossier *dossier, struct mc_txn *txn);
/* Refuses the call while another is at work. */
void dossier_import_work(struct mc_txn *txn, struct mc_bytes id);

/* national.c: the national database of procedures asks one list, then each procedure of it. */
/* Where it is, and who we are there: the configuration checked. */
mc_nodiscard enum mc_status dossier_national_open(struct dossier *dossier, struct mc_boot *boot);
void dossier_national_begin(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id,
                            DossierState__Import *import);
enum mc_status dossier_national_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request);
enum mc_status dossier_national_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict);
/*
 * national_read.c, pure: lays what LayThuTuc answers over what holds now; what it does not tell
 * stays. NULL, or why it cannot be taken. Texts live in the arena.
 */
const char *dossier_national_read(struct mc_arena *arena, const struct mc_json *json,
                                  Dossier__ProcedureDetail *detail);
/* error_code 0, "0" and "00" are all good. */
bool dossier_national_is_good(const struct mc_json *json);

/* Handlers. */
enum mc_status dossier_list_versions(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ListVersionsRequest *req,
                                     Dossier__ListVersionsReply *rep);
enum mc_status dossier_start_import(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartImportRequest *req, Dossier__Import *rep);
enum mc_status dossier_add_import_rows(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__AddImportRowsRequest *req,
                                       Dossier__Import *rep);
enum mc_status dossier_preview_import(struct dossier *dossier, struct mc_txn *txn,
                                      const Dossier__PreviewImportRequest *req,
                                      Dossier__PreviewImportReply *rep);
enum mc_status dossier_apply_import(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ApplyImportRequest *req, Dossier__Import *rep);
enum mc_status dossier_resume_import(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ResumeImportRequest *req, Dossier__Import *rep);
enum mc_status dossier_cancel_import(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__CancelImportRequest *req, Dossier__Import *rep);
enum mc_status dossier_list_imports(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListImportsRequest *req,
                                    Dossier__ListImportsReply *rep);
