/*
 * Documents: the forms of TT 03/2025/TT-VPCP, annex I, about a dossier or a unit.
 *
 * What stands in one is decided in the transaction of the step that calls for it; a job has the
 * print room make the PDF, which is kept as a file, sealed. Numbers are per unit, year and form,
 * without gaps.
 */
#pragma once

#include "common/service.h"

#include "dossier.pb-c.h"
#include "print.pb-c.h"
#include "state.pb-c.h"

struct dossier;

#define DOSSIER_DOCUMENT_PRINT "document.print"

enum {
    DOSSIER_DOCUMENT_LEASE_MS = 60 * 1000,
    DOSSIER_DOCUMENT_BACKOFF_MS = 1000,
    DOSSIER_DOCUMENT_BACKOFF_MAX_MS = 5 * 60 * 1000,
    DOSSIER_DOCUMENT_FIELDS_MAX = 40,
    DOSSIER_DOCUMENTS_LISTED_MAX = 100,
    DOSSIER_DOCUMENT_ROWS_MAX = 500, /* of a table */
    DOSSIER_REGISTER_DAYS_MAX = 366,
};

enum dossier_document_kind {
    DOSSIER_RECEIPT_SLIP,    /* 01 */
    DOSSIER_SUPPLEMENT_SLIP, /* 02 */
    DOSSIER_REFUSAL_SLIP,    /* 03 */
    DOSSIER_APOLOGY_LETTER,  /* 04 */
    DOSSIER_STOP_NOTICE,     /* 05 */
    DOSSIER_CONTROL_SLIP,    /* 06 */
    DOSSIER_REGISTER_BOOK,   /* 07 */
    DOSSIER_CERTIFICATE, /* no form of the circular: a certified copy's words of certification */
    DOSSIER_DOCUMENTS_LEN,
};

/* document_kinds.c */
struct dossier_document_info {
    const char *form_no;
    const char *template; /* of the print room */
    const char *title;
    const char *symbol; /* behind the number */
    bool internal;      /* officers only */
};
const struct dossier_document_info *dossier_document_info(enum dossier_document_kind kind);
/* DOSSIER_DOCUMENTS_LEN: there is no such form. */
enum dossier_document_kind dossier_document_kind(const char *form_no);

/* document_fields.c: what stands in it. */
struct dossier_print {
    struct mc_txn *txn;
    Print__RenderRequest request;
};
void dossier_print_begin(struct dossier_print *print, struct mc_txn *txn,
                         const struct dossier_document_info *info);
void dossier_print_field(struct dossier_print *print, const char *name, const char *value);
void dossier_print_time(struct dossier_print *print, const char *name, int64_t at_ms);
Print__Table *dossier_print_table(struct dossier_print *print, const char *name, size_t rows_max);
/* cells end in NULL; nothing happens when the table is full. */
void dossier_print_row(struct dossier_print *print, Print__Table *table, const char *const *cells);
/* The head: whose it is, its number, where and when. */
void dossier_print_unit(struct dossier_print *print, const struct dossier *dossier,
                        const char *unit, const char *unit_name, const char *number);
void dossier_print_facts(struct dossier_print *print, const struct dossier *dossier,
                         const DossierState__Dossier *record, enum dossier_document_kind kind,
                         const char *reason);

/* document.c: numbered, kept as to be printed, and given to the job. Returns its id. */
struct mc_bytes dossier_document_add(struct dossier_print *print, struct mc_bytes owner,
                                     const struct dossier_document_info *info, const char *number,
                                     const char *const *keys);
const char *dossier_document_number(struct mc_txn *txn, const struct dossier_document_info *info,
                                    const char *unit);
/* A document about a dossier; its id. `reason` as people read it, or "". */
struct mc_bytes dossier_document_make(const struct dossier *dossier, struct mc_txn *txn,
                                      const DossierState__Dossier *record,
                                      enum dossier_document_kind kind, const char *reason);
/* The document that the step calls for, if any. */
void dossier_document_of_step(const struct dossier *dossier, struct mc_txn *txn,
                              const DossierState__Dossier *record, Dossier__State to,
                              const char *reason);
struct mc_bytes dossier_document_unit(struct mc_txn *txn,
                                      const char *unit); /* owner of registers */
Dossier__Document *dossier_document_message(struct mc_txn *txn, struct mc_bytes id,
                                            const DossierState__Document *record, bool officer);
/* The owner's key, for who may see its documents; empty with the call refused. */
struct mc_bytes dossier_document_owner(struct mc_txn *txn, ProtobufCBinaryData dossier_id,
                                       const char *unit, bool *ret_officer,
                                       const DossierState__Dossier **ret_record);

/* document_print.c: the effect. */
enum mc_status dossier_document_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_room_call *ret_call);
enum mc_status dossier_document_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict);

/* Handlers. */
enum mc_status dossier_list_documents(struct dossier *dossier, struct mc_txn *txn,
                                      const Dossier__ListDocumentsRequest *req,
                                      Dossier__ListDocumentsReply *rep);
enum mc_status dossier_get_document(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__GetDocumentRequest *req,
                                    Dossier__GetDocumentReply *rep);
enum mc_status dossier_make_document(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__MakeDocumentRequest *req,
                                     Dossier__Document *rep);
enum mc_status dossier_make_register(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__MakeRegisterRequest *req,
                                     Dossier__Document *rep);
