/*
 * The support room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the call's
 * arena; a function that returns NULL or false has failed or refused the call.
 */
#pragma once

#include "common/calendar.h"
#include "common/ident.h"
#include "common/scan.h"
#include "common/service.h"
#include "common/sniff.h"

#include "state.pb-c.h"
#include "support.pb-c.h"

#include "stages.h"

enum support_table {
    SUPPORT_REQUESTS = MC_TABLE_ROOM,
    SUPPORT_CODES,
    SUPPORT_COMMENTS,
    SUPPORT_CHANGES,
    SUPPORT_FACETS,
    SUPPORT_FACET_COUNTS,
    SUPPORT_ALARMS,
    SUPPORT_FILES,
    SUPPORT_PIECES,
    SUPPORT_UPLOADS,
    SUPPORT_FILE_ENDS,
    SUPPORT_FEEDBACK_TABLE,
    SUPPORT_OWNED,
    SUPPORT_SUMS,
    SUPPORT_SYNC,
    SUPPORT_MEMBERS,
    SUPPORT_BUDGETS,
    SUPPORT_INTEGRATIONS,
    SUPPORT_CHECKS,
    SUPPORT_ALIASES,
    SUPPORT_CERTIFICATES,
    SUPPORT_OUTAGES,
    SUPPORT_CAPTCHAS,
    SUPPORT_TABLES_END,
};

enum { SUPPORT_LANE_SCAN };

/* What a row of a shared table belongs to. */
enum support_kind {
    SUPPORT_REQUEST = 'r',
    SUPPORT_FEEDBACK = 'f',
    SUPPORT_PUBLISHED = 'p', /* feedback that everybody may read */
    SUPPORT_INTEGRATION = 'i',
    SUPPORT_BUDGET = 'b', /* alarms: it goes */
    SUPPORT_OUTAGE = 'o', /* alarms: a partner's system that does not answer */
};

enum {
    SUPPORT_NAME_CHARS_MAX = 200, /* units, groups of services, people */
    SUPPORT_TITLE_CHARS_MAX = 300,
    SUPPORT_DESCRIPTION_CHARS_MAX = 4000,
    SUPPORT_TEXT_CHARS_MAX = 2000, /* of a comment, a reason, an answer */
    SUPPORT_PHONE_CHARS_MAX = 20,
    SUPPORT_URL_CHARS_MAX = 500,
    SUPPORT_APIS_MAX = 10,
    SUPPORT_PURPOSE_CHARS_MAX = 200,
    SUPPORT_COMMENTS_MAX = 200, /* of one request; then it can only be moved */
    SUPPORT_CHANGES_SHOWN_MAX = 500,
    SUPPORT_FILES_MAX = 20,
    SUPPORT_FILES_SIZE_MAX = 30 << 20, /* all files of one request (SUP-10) */
    SUPPORT_FILE_NAME_CHARS_MAX = 200,
    SUPPORT_CHUNK = 256 * 1024,
    SUPPORT_PART_BODY_MAX = SUPPORT_CHUNK + 4096,
    SUPPORT_READ_MAX = 1 << 20,
    SUPPORT_UPLOADS_MAX = 20,   /* of one account, not used yet */
    SUPPORT_COLLECT_ROWS = 4,   /* uploads that go in one tick */
    SUPPORT_ALARM_ROWS = 100,   /* overdue ones told in one tick */
    SUPPORT_CAPTCHA_ROWS = 200, /* spent ones that go in one tick */
    SUPPORT_SLA_HOURS = 8,      /* SUP-16: «Thời hạn xử lý trong vòng 8h làm việc» */
    SUPPORT_PAGE_DEFAULT = 20,
    SUPPORT_PAGE_MAX = 100,
    SUPPORT_WORDS_MAX = 10,       /* of one search field */
    SUPPORT_TITLE_WORDS_MAX = 48, /* of a title that are found; and of a name */
    SUPPORT_NAME_WORDS_MAX = 16,
    SUPPORT_COUNT_MAX = 5000, /* rows that one search looks at */
    SUPPORT_EXPORT_MAX = 5000,
    SUPPORT_CODE_SIZE = 32,
    SUPPORT_TIME_SIZE = 20, /* dd/mm/yyyy HH:MM:SS */
    SUPPORT_STATES_TEXT_MAX = 32768,
};

#define SUPPORT_RIGHT_MANAGE "SUPPORT_REQUEST_MANAGE" /* identity's catalogue of rights */

struct support {
    const char *unit; /* who deals with requests: Văn phòng Chính phủ */
    int64_t upload_life_ms;
    int64_t file_life_ms;
    bool scanner;
    bool scan_required;
    int64_t scan_backoff_ms;
    uint8_t sweep_place[MC_ID_LEN]; /* the last file looked at */
    bool sweeping;
    int64_t reopen_days;
    int64_t outage_patience_ms;
    int64_t anonymous_hour;
    bool feedback_captcha;
    int64_t captcha_life_ms;
    int64_t captcha_prefix;
    struct mc_calendar calendar;
    struct mc_day calendar_days[MC_CALENDAR_DAYS_MAX];
    struct mc_file_types file_types;
};

extern const struct mc_room support_room;

/* Handlers, one file each. */
enum mc_status support_start_upload(struct support *support, struct mc_txn *txn,
                                    const Support__StartUploadRequest *req,
                                    Support__UploadReply *rep);
enum mc_status support_upload_part(struct support *support, struct mc_txn *txn,
                                   const Support__UploadPartRequest *req,
                                   Support__UploadReply *rep);
enum mc_status support_finish_upload(struct support *support, struct mc_txn *txn,
                                     const Support__FinishUploadRequest *req,
                                     Support__UploadReply *rep);
enum mc_status support_get_upload(struct support *support, struct mc_txn *txn,
                                  const Support__GetUploadRequest *req, Support__UploadReply *rep);
enum mc_status support_read_file(struct support *support, struct mc_txn *txn,
                                 const Support__ReadFileRequest *req, Support__ReadFileReply *rep);
enum mc_status support_lease_scans(struct support *support, struct mc_txn *txn,
                                   const Motcua__LeaseScansRequest *req,
                                   Motcua__LeaseScansReply *rep);
enum mc_status support_read_scan(struct support *support, struct mc_txn *txn,
                                 const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep);
enum mc_status support_ack_scan(struct support *support, struct mc_txn *txn,
                                const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep);
enum mc_status support_propose_request(struct support *support, struct mc_txn *txn,
                                       const Support__ProposeRequestRequest *req,
                                       Support__ProposeRequestReply *rep);
enum mc_status support_create_request(struct support *support, struct mc_txn *txn,
                                      const Support__CreateRequestRequest *req,
                                      Support__Request *rep);
enum mc_status support_move_request(struct support *support, struct mc_txn *txn,
                                    const Support__MoveRequestRequest *req, Support__Request *rep);
enum mc_status support_assign_request(struct support *support, struct mc_txn *txn,
                                      const Support__AssignRequestRequest *req,
                                      Support__Request *rep);
enum mc_status support_add_comment(struct support *support, struct mc_txn *txn,
                                   const Support__AddCommentRequest *req, Support__Request *rep);
enum mc_status support_get_request(struct support *support, struct mc_txn *txn,
                                   const Support__GetRequestRequest *req, Support__Request *rep);
enum mc_status support_search_requests(struct support *support, struct mc_txn *txn,
                                       const Support__SearchRequestsRequest *req,
                                       Support__SearchRequestsReply *rep);
enum mc_status support_export_requests(struct support *support, struct mc_txn *txn,
                                       const Support__SearchRequestsRequest *req,
                                       Support__ExportRequestsReply *rep);
enum mc_status support_list_states(struct support *support, struct mc_txn *txn,
                                   const Support__ListStatesRequest *req,
                                   Support__ListStatesReply *rep);
enum mc_status support_tick(struct support *support, struct mc_txn *txn);

/* text.c */
void *support_alloc(struct mc_txn *txn, size_t size);     /* NULL: the call has failed */
char *support_text(struct mc_txn *txn, const char *text); /* a copy; never NULL */
char *support_printf(struct mc_txn *txn, const char *format, ...) mc_printf(2, 3);
ProtobufCBinaryData support_bytes(struct mc_bytes bytes);
/* A field as the screens call it; itself when they do not. */
const char *support_label(const char *field);
/* One line, or several, as they are stored; "" with the call refused past the limit, when it is bad
 * or, `needed`, when it is empty. */
char *support_line(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                   bool needed);
char *support_lines(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                    bool needed);
/* A mobile number as 84…, or a fixed line's digits: an office may have that. "": none was given. */
char *support_phone(struct mc_txn *txn, const char *field, const char *text, bool needed);
char *support_email(struct mc_txn *txn, const char *field, const char *text, bool needed);
/* SUP-04: dd/mm/yyyy HH:MM:SS. */
char *support_time(struct mc_txn *txn, int64_t at_ms);
/* "YCHT-2026-000001": a counter for each year, without gaps. */
char *support_code(struct mc_txn *txn, const char *kind);
char *support_uuid(struct mc_txn *txn, ProtobufCBinaryData id);
/* Repeated messages: `n` of `size` bytes, each to be initialised, and the pointers to them. */
void **support_rows(struct mc_txn *txn, size_t n, size_t size);

/* dd/mm/yyyy as its first instant; 0: none was given. */
int64_t support_day(struct mc_txn *txn, const char *field, const char *text);

/* who.c: who does it, what he is to it, and why he reads. */
const char *support_actor(const struct mc_txn *txn);
/* Deals with requests for the nation: an officer of support.unit, or an operator. */
bool support_is_staff(const struct support *support, const struct mc_txn *txn);
/* Acts for this unit or one above it. */
bool support_is_of(const struct mc_txn *txn, const char *unit);
/* Bits of enum support_actor; 0: nothing, and to him it does not exist. */
unsigned support_actor_of(const struct support *support, const struct mc_txn *txn,
                          const char *unit);
/* The unit asked for, or all the caller may see; NULL: refused. */
const char *support_scope(const struct support *support, struct mc_txn *txn, const char *text);
/* Whose thing it will be: the caller's own unit (""), or one below it. "" with the call refused. */
char *support_unit_own(const struct support *support, struct mc_txn *txn, const char *field,
                       const char *text);
/* Reading personal data: an officer names his purpose (Header.purpose). False: refused. */
bool support_check_purpose(struct mc_txn *txn);
/* Writes down that personal data was read (support.data_read). */
void support_tell_read(struct mc_txn *txn, const char *what, const char *code, size_t rows);

/* facet.c: lists and searches without looking at every row; see there. */
enum { SUPPORT_FACETS_MAX = 96, SUPPORT_FACET_SIZE = 112 };
struct support_facets {
    uint8_t keys[SUPPORT_FACETS_MAX][SUPPORT_FACET_SIZE];
    size_t lens[SUPPORT_FACETS_MAX];
    size_t len;
};
/* The unit, each above it and "" (all): a facet for each, with and without state and group. */
void support_facets_unit(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                         const char *unit, unsigned state, const char *group);
/* The one such facet that a search with these wants; state 0, group "": any. */
void support_facets_want(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                         const char *unit, unsigned state, const char *group);
/* Each word of a text, as a keyed hash: `field` keeps words of one field from another's. */
void support_facets_words(struct mc_txn *txn, struct support_facets *facets, enum support_kind kind,
                          char field, const char *text, size_t words_max);
void support_facets_put(struct mc_txn *txn, const struct support_facets *facets,
                        struct mc_bytes id);
void support_facets_drop(struct mc_txn *txn, const struct support_facets *facets,
                         struct mc_bytes id);
/* Out of those of `before` that are not in `after`, into all of `after`. */
void support_facets_move(struct mc_txn *txn, const struct support_facets *before,
                         const struct support_facets *after, struct mc_bytes id);

/* Rows that are in every facet, the newest first. */
struct support_search {
    struct support_facets facets; /* what is wanted */
    int64_t from_ms;              /* not older; 0: any */
    uint32_t page_size;
    const char *page_token;
    size_t rows_max; /* of the answer; 0: a page */
};
struct support_found {
    struct mc_bytes *ids;
    size_t len;
    uint64_t count;
    bool count_is_least;
    char *next_page_token;
};
mc_nodiscard bool support_search_run(struct mc_txn *txn, const struct support_search *search,
                                     struct support_found *ret_found);
/* «Tìm thấy 21 kết quả» */
char *support_found_text(struct mc_txn *txn, const struct support_found *found);

/* file.c */
SupportState__File *support_file_load(struct mc_txn *txn, struct mc_bytes id);
/* The caller's upload that nothing uses yet; NULL: refused. */
SupportState__File *support_upload_open(struct mc_txn *txn, ProtobufCBinaryData id);
void support_upload_save(struct mc_txn *txn, ProtobufCBinaryData id,
                         const SupportState__File *file);
void support_upload_answer(struct mc_txn *txn, ProtobufCBinaryData id,
                           const SupportState__File *file, Support__UploadReply *rep);
/*
 * Finished uploads of the caller become files of something: they are added to its list, within the
 * number and the size that one thing may have. Refuses the call.
 */
void support_files_use(struct mc_txn *txn, enum support_kind kind, struct mc_bytes owner,
                       size_t n_new, const ProtobufCBinaryData *new_ids, size_t *n_ids,
                       ProtobufCBinaryData **ids);
Support__File **support_files_show(struct mc_txn *txn, size_t n, const ProtobufCBinaryData *ids);
void support_piece_put(struct mc_txn *txn, ProtobufCBinaryData id, uint64_t number,
                       struct mc_bytes plain, uint8_t ret_hash[MC_HASH_LEN]);
struct mc_bytes support_file_range(struct mc_txn *txn, ProtobufCBinaryData id,
                                   const SupportState__File *file, uint64_t offset, uint64_t len);
void support_file_drop(struct mc_txn *txn, struct mc_bytes id);
/* Files whose time is over (file_life.c); the sweep is also the preview's. */
void support_files_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep);
enum mc_status support_files_forget(struct support *support, struct mc_txn *txn);
void support_pieces_drop(struct mc_txn *txn, struct mc_bytes id, const SupportState__File *file);
enum mc_status support_collect_files(struct support *support, struct mc_txn *txn);

/* scan.c: what the virus scanner says. */
/* Has a file looked at that is whole now, when a scanner is configured. */
void support_scan_ask(const struct support *support, struct mc_txn *txn, ProtobufCBinaryData id,
                      SupportState__File *file);
/* Refuses an infected file: nothing uses it, nobody gets it. */
void support_scan_check(struct mc_txn *txn, const char *field, const SupportState__File *file);
/* The same for who wants to read it; with support.scan_required also when it is not known clean. */
void support_scan_check_reading(const struct support *support, struct mc_txn *txn,
                                const SupportState__File *file);

/* alarm.c: when something is to be said because nothing happened. */
void support_alarm_put(struct mc_txn *txn, enum support_kind kind, int64_t at_ms,
                       struct mc_bytes id);
void support_alarm_drop(struct mc_txn *txn, enum support_kind kind, int64_t at_ms,
                        struct mc_bytes id);

/* history.c: comments and changes, by what they belong to. */
void support_comment_put(struct mc_txn *txn, struct mc_bytes owner, uint64_t *count,
                         const char *text, bool internal);
Support__Comment **support_comments_show(struct mc_txn *txn, struct mc_bytes owner, bool internal,
                                         size_t *ret_len);
/* Nothing when both are the same. */
void support_change_put(struct mc_txn *txn, struct mc_bytes owner, uint64_t *count,
                        const char *field, const char *before, const char *after);
Support__Change **support_changes_show(struct mc_txn *txn, struct mc_bytes owner, size_t *ret_len);

/* request.c: a request in the hand. */
struct support_request {
    SupportState__Request *record;
    struct mc_bytes id;
    unsigned actor; /* enum support_actor */
    unsigned was;   /* the state it was opened in */
};
/* By id or code. Refused as not found for all but its unit and the staff. */
mc_nodiscard bool support_request_open(const struct support *support, struct mc_txn *txn,
                                       ProtobufCBinaryData id, const char *code,
                                       struct support_request *ret_request);
/* The same for a change: of this version. */
mc_nodiscard bool support_request_take(const struct support *support, struct mc_txn *txn,
                                       ProtobufCBinaryData id, const char *code, uint64_t version,
                                       struct support_request *ret_request);
/* Where words and lists find it; from its own fields. */
void support_request_facets(struct mc_txn *txn, const SupportState__Request *record, unsigned state,
                            struct support_facets *facets);
/* Its state by a row of the table: due time, alarm, lists; refused when there is none. */
mc_nodiscard bool support_request_step(const struct support *support, struct mc_txn *txn,
                                       struct support_request *request, Support__RequestState to,
                                       const char *text);
/* Saves it, and tells `event`. */
void support_request_save(struct mc_txn *txn, struct support_request *request, const char *event);
/* A new one, of which everything but code and times is there: «Gửi» (create_request.c). */
mc_nodiscard bool support_request_send(const struct support *support, struct mc_txn *txn,
                                       struct support_request *request, const char *title,
                                       const char *requester);
void support_request_show(struct mc_txn *txn, const struct support_request *request,
                          Support__Request *rep);
void support_request_overdue(struct mc_txn *txn, struct mc_bytes id);
/* NOT-07: «tự động gửi thông báo qua “Email phản hồi” về tình trạng xử lý của yêu cầu». */
void support_request_mail(struct mc_txn *txn, const struct support_request *request,
                          const char *text);
/* The search and its rows, for SearchRequests and ExportRequests. */
mc_nodiscard bool support_requests_find(const struct support *support, struct mc_txn *txn,
                                        const Support__SearchRequestsRequest *req, size_t rows_max,
                                        struct support_found *ret_found,
                                        Support__RequestRow ***ret_rows);
