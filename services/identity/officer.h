/*
 * Officers: agencies, who works where with which rights, and the accounts officers make for
 * citizens. The part of the identity room that its other files need not know.
 *
 * Everything returned lives in the call's arena; NULL or false has failed or refused the call
 * unless a comment says otherwise.
 */
#pragma once

#include "common/ident.h"

#include "account.h"

enum {
    IDENTITY_AGENCY_NAME_MAX = 200, /* characters */
    IDENTITY_AGENCY_ROWS_MAX = 500, /* rows of one import */
    IDENTITY_AGENCY_WORDS_MAX = 40, /* of one name that are indexed */
    IDENTITY_WORD_SIZE = 33,        /* of a folded word, with NUL */
    IDENTITY_UNITS_MAX = 20,        /* units of one officer (OFF-10) */
    IDENTITY_WALK_MAX = 2000, /* index rows one search looks at before it hands out a page token */
    IDENTITY_FIND_LISTS = 16, /* filters one search can have, each word of a name being one */
    IDENTITY_FIND_STEPS = 4000, /* about 10 ms of leaps; what is left is for the next page */
    IDENTITY_EXPORT_ROWS_MAX = 2000,
    IDENTITY_EXPORT_STEPS = 20000,
    IDENTITY_ORGANISATION_MAX = 200,     /* characters */
    IDENTITY_SCAN_MAX = 5 * 1024 * 1024, /* bytes of a scan (OFF-27) */
    IDENTITY_SCAN_PIECE = 64 * 1024,
    IDENTITY_SCAN_NAME_MAX = 100,    /* characters of its file name */
    IDENTITY_LOOK_UPS_AN_HOUR = 120, /* of one officer */
    IDENTITY_DESK_STARTS_AN_HOUR = 60,
    IDENTITY_PASSWORD_SMS_LIFE_MS = 24 * 60 * 60 * 1000,
    IDENTITY_PASSWORD_SMS_ATTEMPTS = 50,
    IDENTITY_PASSWORD_RESENDS_MAX = 3, /* other temporary passwords for one account */
    IDENTITY_PASSWORD_SMS_BACKOFF_MAX_MS = 10 * 60 * 1000,
};

/* Pages. False: refused. */
bool identity_page_size(struct mc_txn *txn, uint32_t asked, size_t most, size_t *ret_size);

/* Agencies (OFF-11, OFF-13, OFF-33). NULL from load: there is none, which refuses nothing. */
IdentityState__Agency *identity_agency_load(struct mc_txn *txn, const char *code);
void identity_agency_save(struct mc_txn *txn, const char *code,
                          const IdentityState__Agency *agency);
bool identity_agency_is_valid(const IdentityState__Agency *agency, int64_t now_ms);
/* One-door: by its name (OFF-04, OFF-32) or by the flag of the table (OFF-33). */
bool identity_agency_is_one_stop(const IdentityState__Agency *agency);
/* The ministry's or province's own short code: H35 of 000.15.43.H35 and of H35.14 alike. */
const char *identity_agency_level1(struct mc_txn *txn, const char *code);
bool identity_agency_is_root(const char *code);
Identity__Agency *identity_agency_message(struct mc_txn *txn, const char *code,
                                          const IdentityState__Agency *agency);
/* Splits a text into folded words; returns how many. */
size_t identity_words(const char *text, char (*out)[IDENTITY_WORD_SIZE], size_t max);

struct identity_import {
    uint32_t added;
    uint32_t changed;
    uint32_t same;
};
/* Adds and changes agencies by a CSV; never takes one away. Refuses the call for wrong rows. */
void identity_agencies_import(struct mc_txn *txn, struct mc_bytes csv, size_t rows_max,
                              struct identity_import *ret_import);
/* The table the program came with goes into the store, once per version of it. */
void identity_agencies_seed(struct mc_txn *txn);

/* Units of an officer: the home unit first. */
struct identity_units {
    IdentityState__Assignment *rows[IDENTITY_UNITS_MAX];
    size_t len;
};
void identity_units_read(struct mc_txn *txn, const IdentityState__Account *account,
                         struct identity_units *ret_units);
void identity_units_write(struct mc_txn *txn, IdentityState__Account *account,
                          const struct identity_units *units);
IdentityState__Assignment *identity_units_find(const struct identity_units *units,
                                               const char *code);
IdentityState__Assignment *identity_units_add(struct mc_txn *txn, struct identity_units *units,
                                              const char *code);
void identity_units_text(struct mc_txn *txn, const IdentityState__Account *account,
                         const char **ret_units, const char **ret_rights);
void identity_units_remove(struct identity_units *units, const char *code);

/* Who may give units and rights, and where (OFF-03). */
struct identity_grantor {
    bool everywhere; /* an operator, or the top administrator */
    const char *level1;
    const char *account_id; /* NULL: an operator */
    bool makes_administrators;
};
bool identity_grantor_find(const struct identity *identity, struct mc_txn *txn,
                           struct identity_grantor *ret_grantor);
bool identity_grantor_reaches(struct mc_txn *txn, const struct identity_grantor *grantor,
                              const char *unit);
/* Refuses a unit that cannot be given: unknown, over, or outside the grantor's tree. */
void identity_grantor_check_unit(struct mc_txn *txn, const struct identity_grantor *grantor,
                                 const char *field, const char *unit);
enum identity_way identity_grantor_way(const struct identity_grantor *grantor);
/* By id or by identity number; refuses when there is none. */
IdentityState__Account *identity_officer_find(struct mc_txn *txn, const char *account_id,
                                              const char *login_id, struct mc_bytes *ret_id);
void identity_officer_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account,
                           const struct identity_grantor *grantor, Identity__Officer *rep);

/* Scans of identity papers. */
const char *identity_scan_type(struct mc_bytes content); /* "pdf", "doc", "docx", or NULL; pure */
struct mc_bytes identity_scan_keep(struct mc_txn *txn, struct mc_bytes content, const char *type,
                                   int64_t ends_ms); /* its id */
void identity_scan_keep_until(struct mc_txn *txn, struct mc_bytes id, int64_t ends_ms);
/* Empty without a failure: it is gone. */
struct mc_bytes identity_scan_read(struct mc_txn *txn, struct mc_bytes id, const char **ret_type);
void identity_scans_expire(struct mc_txn *txn);

/* An officer at work for a citizen. */
struct identity_desk {
    struct mc_bytes officer_id;
    const IdentityState__Account *officer;
    const IdentityState__Person *person;
    struct identity_units units;
    const char *unit; /* the one he makes the account for, and its row in the table */
    const IdentityState__Agency *agency;
};
/* Why no account can be made for this unit; NULL: it can. row NULL: he is not assigned to it. */
const char *identity_desk_cause(struct mc_txn *txn, const IdentityState__Assignment *row);
bool identity_desk_officer(struct mc_txn *txn, struct identity_desk *ret_desk);
bool identity_desk_open(struct mc_txn *txn, const char *unit, struct identity_desk *ret_desk);
IdentityState__Registration *identity_desk_request(struct mc_txn *txn, struct mc_bytes id,
                                                   struct identity_desk *ret_desk);
ProtobufCBinaryData identity_desk_seal(struct mc_txn *txn, const IdentityState__Desk *block);
IdentityState__Desk *identity_desk_unseal(struct mc_txn *txn, ProtobufCBinaryData sealed);

/* Effect otp.sms: a temporary password goes to its owner. */
void identity_password_sms_ask(struct mc_txn *txn, struct mc_bytes account_id,
                               const IdentityState__Person *person, const IdentityState__Made *made,
                               const char *password);
enum mc_status identity_password_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                          const ProtobufCMessage *payload,
                                          const struct mc_result *result,
                                          enum mc_verdict *ret_verdict);

/* The index of accounts (index.c): what is searched, and by which list. */
enum identity_index {
    IDENTITY_INDEX_PHONE,
    IDENTITY_INDEX_NAME,
    IDENTITY_INDEX_STAFF,
    IDENTITY_INDEX_STAFF_STATUS,
    IDENTITY_INDEX_STAFF_WORD,
    IDENTITY_INDEX_STAFF_UNIT,
    IDENTITY_INDEX_STAFF_LEVEL1,
    IDENTITY_INDEX_STAFF_ORGANISATION,
    IDENTITY_INDEX_MADE,
    IDENTITY_INDEX_MADE_WORD,
    IDENTITY_INDEX_MADE_UNIT,
    IDENTITY_INDEX_MADE_LEVEL1,
    IDENTITY_INDEX_MADE_BY_WORD,
    IDENTITY_INDEX_KINDS
};
struct mc_bytes identity_index_hash(struct mc_txn *txn, enum identity_index kind, const char *text);
uint64_t identity_index_total(struct mc_txn *txn, struct mc_bytes hash);
/* Is this list one of names.c? */
bool identity_index_is_name(enum identity_index kind);
void identity_index_move_name(struct mc_txn *txn, struct mc_bytes id,
                              const IdentityState__Account *account);

/*
 * The lists of whole names (names.c). step: the newest id that is not newer than `at`; false: there
 * is none. move: a step of taking over what an older version has left in the index; moved: it is
 * done.
 */
enum { IDENTITY_NAMES_PIECE = 64 };
void identity_names_add(struct mc_txn *txn, struct mc_bytes hash, struct mc_bytes id);
void identity_names_drop(struct mc_txn *txn, struct mc_bytes hash, struct mc_bytes id);
bool identity_names_step(struct mc_txn *txn, struct mc_bytes hash, uint8_t at[MC_ID_LEN]);
void identity_names_move(struct mc_txn *txn);
bool identity_names_moved(struct mc_txn *txn);

/* A search: the accounts that are in all its lists (find.c). `at` is the one that was found. */
struct identity_find {
    struct mc_bytes lists[IDENTITY_FIND_LISTS];
    bool is_name[IDENTITY_FIND_LISTS]; /* a list of names.c */
    size_t len;
    uint8_t at[MC_ID_LEN];
    uint8_t first[MC_ID_LEN]; /* none older than this */
    bool started;
    bool bounded; /* a part of the lists only: their totals say nothing */
    size_t steps; /* left */
};
enum identity_found { IDENTITY_FOUND_NONE, IDENTITY_FOUND_ONE, IDENTITY_FOUND_LATER };
void identity_find_begin(struct identity_find *find);
void identity_find_add(struct mc_txn *txn, struct identity_find *find, enum identity_index kind,
                       const char *text);
void identity_find_add_words(struct mc_txn *txn, struct identity_find *find,
                             enum identity_index kind, const char *text);
/* 0: no bound. until_ms is the first instant that is too late. */
void identity_find_between(struct identity_find *find, int64_t from_ms, int64_t until_ms);
bool identity_find_token(struct mc_txn *txn, struct identity_find *find, const char *token);
char *identity_find_token_text(struct mc_txn *txn, const struct identity_find *find, bool after);
enum identity_found identity_find_next(struct mc_txn *txn, struct identity_find *find);
bool identity_find_holds(struct mc_txn *txn, const struct identity_find *find, struct mc_bytes id);
/* What a page of results says beside its rows; the pointers are into the reply. */
struct identity_page {
    size_t rows;
    bool whole; /* nothing more can come */
    uint64_t *count;
    protobuf_c_boolean *count_is_least;
    char **next_page_token;
    char **message;
};
void identity_find_finish(struct mc_txn *txn, struct identity_find *find, enum identity_found found,
                          const char *page_token, const struct identity_page *page);
char *identity_count_text(struct mc_txn *txn, uint64_t count, bool least);
void identity_search_emit(struct mc_txn *txn, const char *what, size_t rows);

/* The list of staff. */
struct identity_staff {
    struct identity_find find;
    const struct identity_grantor *grantor;
    bool by_number;
    struct mc_bytes number_id;
};
bool identity_staff_open(struct mc_txn *txn, const struct identity_grantor *grantor,
                         const Identity__StaffFilter *filter, const char *page_token,
                         struct identity_staff *ret_staff);
enum identity_found identity_staff_next(struct mc_txn *txn, struct identity_staff *staff);
Identity__StaffRow *identity_staff_row(struct mc_txn *txn, const struct identity_staff *staff);

/* Handlers, one file each. */
enum mc_status identity_search_agencies(struct identity *identity, struct mc_txn *txn,
                                        const Identity__SearchAgenciesRequest *req,
                                        Identity__SearchAgenciesReply *rep);
enum mc_status identity_import_agencies(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ImportAgenciesRequest *req,
                                        Identity__ImportAgenciesReply *rep);
enum mc_status identity_get_officer(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetOfficerRequest *req, Identity__Officer *rep);
enum mc_status identity_assign_units(struct identity *identity, struct mc_txn *txn,
                                     const Identity__AssignUnitsRequest *req,
                                     Identity__Officer *rep);
enum mc_status identity_switch_unit(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SwitchUnitRequest *req,
                                    Identity__SessionReply *rep);
enum mc_status identity_list_rights(struct identity *identity, struct mc_txn *txn,
                                    const Identity__ListRightsRequest *req,
                                    Identity__ListRightsReply *rep);
enum mc_status identity_get_desk(struct identity *identity, struct mc_txn *txn,
                                 const Identity__GetDeskRequest *req, Identity__DeskReply *rep);
enum mc_status identity_look_up_citizen(struct identity *identity, struct mc_txn *txn,
                                        const Identity__LookUpCitizenRequest *req,
                                        Identity__LookUpCitizenReply *rep);
enum mc_status identity_start_citizen_account(struct identity *identity, struct mc_txn *txn,
                                              const Identity__StartCitizenAccountRequest *req,
                                              Identity__StartCitizenAccountReply *rep);
enum mc_status identity_get_citizen_account(struct identity *identity, struct mc_txn *txn,
                                            const Identity__GetCitizenAccountRequest *req,
                                            Identity__CitizenAccount *rep);
enum mc_status identity_print_request_form(struct identity *identity, struct mc_txn *txn,
                                           const Identity__PrintRequestFormRequest *req,
                                           Identity__PrintRequestFormReply *rep);
enum mc_status identity_send_citizen_code(struct identity *identity, struct mc_txn *txn,
                                          const Identity__SendCitizenCodeRequest *req,
                                          Identity__SendCitizenCodeReply *rep);
enum mc_status identity_create_citizen_account(struct identity *identity, struct mc_txn *txn,
                                               const Identity__CreateCitizenAccountRequest *req,
                                               Identity__CreateCitizenAccountReply *rep);
enum mc_status identity_send_citizen_password(struct identity *identity, struct mc_txn *txn,
                                              const Identity__SendCitizenPasswordRequest *req,
                                              Identity__SendCitizenPasswordReply *rep);
mc_prepare identity_send_citizen_password_prepare;
enum mc_status identity_read_scan(struct identity *identity, struct mc_txn *txn,
                                  const Identity__ReadScanRequest *req,
                                  Identity__ReadScanReply *rep);
mc_prepare identity_create_citizen_account_prepare;
enum mc_status identity_search_staff(struct identity *identity, struct mc_txn *txn,
                                     const Identity__SearchStaffRequest *req,
                                     Identity__SearchStaffReply *rep);
enum mc_status identity_export_staff(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ExportStaffRequest *req,
                                     Identity__ExportStaffReply *rep);
enum mc_status identity_add_staff(struct identity *identity, struct mc_txn *txn,
                                  const Identity__AddStaffRequest *req, Identity__Officer *rep);
enum mc_status identity_search_made(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SearchMadeRequest *req,
                                    Identity__SearchMadeReply *rep);
