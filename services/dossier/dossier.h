/* The dossier room: what its files share. Nothing outside this folder includes it. */
#pragma once

#include "common/calendar.h"
#include "common/ident.h"
#include "common/service.h"
#include "common/validate.h"

#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "payment.pb-c.h"
#include "print.pb-c.h"
#include "state.pb-c.h"

#include "bundles.h"
#include "catalogue.h"
#include "certified_copy.h"
#include "data_store.h"
#include "document.h"
#include "files.h"
#include "form.h"
#include "stages.h"
#include "sub_states.h"

enum dossier_table {
    DOSSIER_DOSSIERS = MC_TABLE_ROOM,
    DOSSIER_OWNERS,
    DOSSIER_UNITS,
    DOSSIER_CODES,
    DOSSIER_ACCOUNTS,
    DOSSIER_FILES,
    DOSSIER_ALIASES,
    DOSSIER_CHANGES,
    DOSSIER_NOTES,
    DOSSIER_OFFICERS,
    DOSSIER_PERSONS,
    DOSSIER_APPLICANTS,
    DOSSIER_GROUPS,
    DOSSIER_UNSYNCED,
    DOSSIER_SUPPLEMENTS,
    DOSSIER_PIECES,
    DOSSIER_UPLOADS,
    DOSSIER_FILE_ENDS,
    DOSSIER_FORMS,
    DOSSIER_FORM_USES,
    DOSSIER_STORED_PAPERS,
    DOSSIER_HOLDERS,
    DOSSIER_PAPER_USES,
    DOSSIER_COPIES,
    DOSSIER_COPY_COUNTS,
    DOSSIER_PROCEDURES,
    DOSSIER_IMPORTS,
    DOSSIER_IMPORT_ROWS,
    DOSSIER_IMPORT_SET,
    DOSSIER_DOCUMENTS,
    DOSSIER_WORK,
    DOSSIER_ASSIGNED,
    DOSSIER_ALARMS,
    DOSSIER_COUNTS,
    DOSSIER_CALENDARS,
    DOSSIER_LIST_CODES,
    DOSSIER_LIST_NAMES,
    DOSSIER_MAPPINGS,
    DOSSIER_MAP_STATES,
    DOSSIER_MAP_ROWS,
    DOSSIER_MAP_VERSIONS,
    DOSSIER_TALLIES,
    DOSSIER_FACTS,
    DOSSIER_ROUNDS,
    DOSSIER_ROUND_REPORTS,
    DOSSIER_ROUND_ALARMS,
    DOSSIER_TABLES_END,
};

enum {
    DOSSIER_ABSTRACT_CHARS_MAX = 1000,
    DOSSIER_FORM_MAX = 64 * 1024, /* bytes of JSON text */
    DOSSIER_REASON_CHARS_MAX = 1000,
    DOSSIER_STEPS_MAX = 200, /* of one dossier's history */
    DOSSIER_COMPONENT_CHARS_MAX = 200,
    DOSSIER_DEPARTMENT_CHARS_MAX = 200,
    DOSSIER_NOTE_CHARS_MAX = 2000,
    DOSSIER_NAME_CHARS_MAX = 200,
    DOSSIER_SYNC_PROBLEM_CHARS_MAX = 500,
    DOSSIER_ADDRESS_CHARS_MAX = 300,
    DOSSIER_CLAIMS_MAX = 200,      /* dossiers of the desk that a new account takes over at once */
    DOSSIER_FILTER_ROWS_MAX = 500, /* looked at for one page */
    DOSSIER_NOTES_MAX = 500,       /* of one dossier */
    DOSSIER_PROGRESS_MAX = 50,     /* steps a member's system tells of at once */
    DOSSIER_PROGRESS_AHEAD_MS = 5 * 60 * 1000, /* so much its clock may differ from ours */
    DOSSIER_SUPPLEMENT_MAX = 30,               /* things missing, in one request */
    DOSSIER_STAGES_TEXT_MAX = 16384,
    DOSSIER_FILE_NAME_CHARS_MAX = 200,
    DOSSIER_PAPERS_MAX = 20,
    DOSSIER_PAPERS_SIZE_MAX = 40 << 20, /* all papers of one dossier */
    DOSSIER_PAGE_DEFAULT = 20,
    DOSSIER_PAGE_MAX = 100,
    DOSSIER_REPLY_UNITS_MAX = 100, /* named with one procedure */
    DOSSIER_STREAMS_MAX = 512,     /* units times states one listing may walk */
    DOSSIER_SEQUENCE_MAX = MC_DOSSIER_SEQUENCE_MAX,
    DOSSIER_FORM_VERSIONS_MAX = 100,   /* of one form */
    DOSSIER_FORMS_LISTED_MAX = 1000,   /* versions of all forms */
    DOSSIER_PREFILL_DOSSIERS_MAX = 20, /* of the caller's, looked at for a prefill; newest first */
};

/* The forms that came with the software, and the places they offer. */
struct dossier_form_text {
    struct dossier_form form;
    const char *text;
};
struct dossier_forms {
    struct dossier_places places;
    struct dossier_form_text *builtin;
    size_t builtin_len;
};

enum dossier_lane {
    DOSSIER_LANE_POST,
    DOSSIER_LANE_NATIONAL,
    DOSSIER_LANE_PRINT,
    DOSSIER_LANE_SCAN,
    DOSSIER_LANES_LEN
};

#define DOSSIER_POST_ORDER  "post.order"
#define DOSSIER_POST_TRACK  "post.track"
#define DOSSIER_POST_CANCEL "post.cancel"
enum {
    DOSSIER_POST_BACKOFF_MS = 5000,
    DOSSIER_POST_BACKOFF_MAX_MS = 600000,
    DOSSIER_POST_LEASE_MS = 60000,
    DOSSIER_POST_TOKEN_LEN = 32,
    DOSSIER_POST_TEXT_MAX = 64, /* of what the post calls things */
    DOSSIER_REMINDERS = 2,      /* before a due time */
};

enum { DOSSIER_PASSWORD_MAX = 64 /* bytes, of the national database */ };

struct dossier_indicators;

struct dossier {
    const char *post_url;
    const char *post_customer;
    const char *post_token_file;
    int64_t post_track_ms;
    int64_t supplement_life_ms;
    struct mc_arena memory; /* of the linked-in tables; lives as long as the process */
    struct mc_calendar calendar;
    struct dossier_catalogue catalogue;
    const uint8_t *sign_secret; /* signs maps of codes; the process has it */
    const struct mc_boot *boot;
    struct mc_arena catalogue_memory[2]; /* the one in use, and the next */
    struct dossier_seed seed;
    const char *national_url; /* of the national database of procedures; "": none */
    const char *national_username;
    const char *national_password_file;
    const char *national_dstcode;
    const char *national_unit;
    const char *national_ca_file;
    const char *state_names[DOSSIER_STATES_LEN]; /* the national ones, for officers */
    struct dossier_sub_states sub_states;
    struct dossier_bundles bundles;
    struct mc_file_types file_types;
    struct dossier_result_codes result_codes;
    int64_t upload_life_ms;
    int64_t orphan_grace_ms;
    bool scanner;
    bool scan_required;
    int64_t scan_backoff_ms;
    struct dossier_forms forms;
    struct mc_day calendar_days[MC_CALENDAR_DAYS_MAX];
    int64_t remind_hours[DOSSIER_REMINDERS]; /* working hours before it is due; 0: none */
    int64_t check_hours;                     /* working hours in which a new one is looked at */
    int64_t apology_days;                    /* working days by which form 04 may put it off */
    struct dossier_indicators *indicators;   /* of QĐ 766 */
    int64_t round_remind_ms;                 /* before a round's deadline */
    unsigned catalogue_in;
    uint8_t revision_id[MC_ID_LEN];
    char national_password[DOSSIER_PASSWORD_MAX + 1];
    char post_token[2 * DOSSIER_POST_TOKEN_LEN + 1];
    bool post_plain;
    bool money_suspends; /* the clock stands while money is waited for */
};

/* Handlers, one file each. */
enum mc_status dossier_search_procedures(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__SearchProceduresRequest *req,
                                         Dossier__SearchProceduresReply *rep);
enum mc_status dossier_get_procedure(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__GetProcedureRequest *req,
                                     Dossier__Procedure *rep);
enum mc_status dossier_save_draft(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__SaveDraftRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_list_forms(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListFormsRequest *req,
                                  Dossier__ListFormsReply *rep);
enum mc_status dossier_get_form(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__GetFormRequest *req, Dossier__Form *rep);
enum mc_status dossier_check_form(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__CheckFormRequest *req,
                                  Dossier__CheckFormReply *rep);
enum mc_status dossier_preview_form(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__PreviewFormRequest *req,
                                    Dossier__PreviewFormReply *rep);
enum mc_status dossier_publish_form(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__PublishFormRequest *req, Dossier__FormHead *rep);
enum mc_status dossier_list_places(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListPlacesRequest *req,
                                   Dossier__ListPlacesReply *rep);
enum mc_status dossier_attach(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AttachRequest *req, Dossier__AttachReply *rep);
enum mc_status dossier_submit(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__SubmitRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_accept(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AcceptRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_advance(struct dossier *dossier, struct mc_txn *txn,
                               const Dossier__AdvanceRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_get(struct dossier *dossier, struct mc_txn *txn,
                           const Dossier__GetRequest *req, Dossier__DossierView *rep);
enum mc_status dossier_list_mine(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListMineRequest *req, Dossier__ListReply *rep);
enum mc_status dossier_list_unit(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListUnitRequest *req, Dossier__ListReply *rep);
enum mc_status dossier_read_attachment(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ReadAttachmentRequest *req,
                                       Dossier__ReadAttachmentReply *rep);
enum mc_status dossier_assign(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AssignRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_add_note(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__AddNoteRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_list_notes(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListNotesRequest *req,
                                  Dossier__ListNotesReply *rep);
enum mc_status dossier_set_sub_state(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__SetSubStateRequest *req,
                                     Dossier__DossierReply *rep);
enum mc_status dossier_list_changes(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListChangesRequest *req,
                                    Dossier__ListChangesReply *rep);
enum mc_status dossier_copy(struct dossier *dossier, struct mc_txn *txn,
                            const Dossier__CopyRequest *req, Dossier__DossierReply *rep);
enum mc_status dossier_receive_at_desk(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ReceiveAtDeskRequest *req,
                                       Dossier__DossierReply *rep);
enum mc_status dossier_choose_return(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ChooseReturnRequest *req,
                                     Dossier__DossierReply *rep);
enum mc_status dossier_cancel_parcel(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__CancelParcelRequest *req,
                                     Dossier__DossierReply *rep);
enum mc_status dossier_list_bundles(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ListBundlesRequest *req,
                                    Dossier__ListBundlesReply *rep);
enum mc_status dossier_start_linked(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartLinkedRequest *req,
                                    Dossier__LinkedView *rep);
enum mc_status dossier_submit_linked(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__SubmitLinkedRequest *req,
                                     Dossier__LinkedView *rep);
enum mc_status dossier_get_linked(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__GetLinkedRequest *req, Dossier__LinkedView *rep);
enum mc_status dossier_list_unsynced(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ListUnsyncedRequest *req,
                                     Dossier__ListUnsyncedReply *rep);
enum mc_status dossier_read_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__ReadForPartnerRequest *req,
                                        Dossier__DossierView *rep);
enum mc_status dossier_receive_progress(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__ReceiveProgressRequest *req,
                                        Dossier__ReceiveProgressReply *rep);
enum mc_status dossier_read_file_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__ReadFileForPartnerRequest *req,
                                             Dossier__ReadAttachmentReply *rep);
enum mc_status dossier_look_up_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__LookUpForPartnerRequest *req,
                                           Dossier__PartnerDossier *rep);
enum mc_status dossier_report_sync(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ReportSyncRequest *req,
                                   Dossier__ReportSyncReply *rep);
enum mc_status dossier_list_stages(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListStagesRequest *req,
                                   Dossier__ListStagesReply *rep);

/* What other rooms tell. */
enum mc_status dossier_rights_granted(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__RightsGranted *body);
enum mc_status dossier_units_assigned(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__UnitsAssigned *body);
enum mc_status dossier_accounts_merged(struct dossier *dossier, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body);
enum mc_status dossier_accounts_unmerged(struct dossier *dossier, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body);
enum mc_status dossier_account_opened(struct dossier *dossier, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__AccountOpened *body);
enum mc_status dossier_tax_notice(struct dossier *dossier, struct mc_txn *txn,
                                  const Motcua__Event *event, const Payment__TaxNoticeTold *body);
enum mc_status dossier_land_settled(struct dossier *dossier, struct mc_txn *txn,
                                    const Motcua__Event *event, const Payment__LandSettled *body);
enum mc_status dossier_paid(struct dossier *dossier, struct mc_txn *txn, const Motcua__Event *event,
                            const Payment__OrderChanged *body);
enum mc_status dossier_refunded(struct dossier *dossier, struct mc_txn *txn,
                                const Motcua__Event *event, const Payment__OrderChanged *body);
/* It was paid for, whatever became of the money later (paid.c). */
bool dossier_was_paid(const DossierState__Dossier *record);

/* record.c: a dossier, and who may have it in his hands. */
struct dossier_open {
    DossierState__Dossier *record;
    unsigned actor;     /* enum dossier_actor */
    bool desk_only;     /* an officer of the desk that took it in for another unit */
    const char *member; /* the partner whose system tells of a step of its officers; NULL: none */
    Dossier__State was; /* the state it was opened in */
};

/* By id or code. Refused as not found for all but its owner and the officers of its unit. */
mc_nodiscard enum mc_status dossier_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                         const char *code, struct dossier_open *ret_open);
/* The same, refused for the owner too: nobody decides about his own dossier. */
mc_nodiscard enum mc_status dossier_open_officer(struct mc_txn *txn, ProtobufCBinaryData id,
                                                 struct dossier_open *ret_open);
/* A new draft of an account, or of none (""); not saved yet. Its record is NULL when refused. */
void dossier_begin(struct mc_txn *txn, const char *account, struct dossier_open *ret_open);
/* The account of the caller's session; "" with the call refused when there is none. */
const char *dossier_session_account(struct mc_txn *txn);
/* From now on it is this account's, and in its list. */
void dossier_give_to(struct mc_txn *txn, DossierState__Dossier *record, const char *account);
bool dossier_may(const struct mc_caller *caller, const char *right);
/* For a room that was told of it; MC_NOT_FOUND, without a refusal, when it is not ours. */
mc_nodiscard enum mc_status dossier_open_any(struct mc_txn *txn, ProtobufCBinaryData id,
                                             const char *code, struct dossier_open *ret_open);
/* A member's system that asks about a dossier. */
struct dossier_member {
    const char *unit;
    const char *partner_id;
};
/* Refuses what was left out, all of it. */
enum mc_status dossier_member_check(struct mc_txn *txn, const struct dossier_member *who,
                                    const char *code);
/* The dossier, when it is the member's; another's is one that there is not. */
enum mc_status dossier_member_open(struct mc_txn *txn, const struct dossier_member *who,
                                   const char *code, struct dossier_open *ret_open);
/* It is dealt with, or was received, in this unit or below it (receive_progress.c). */
bool dossier_is_of_member(const DossierState__Dossier *record, const char *unit);
/* What the caller is to a dossier (enum dossier_actor); 0: nothing. */
unsigned dossier_actor_of(struct mc_txn *txn, const DossierState__Dossier *record);
/* Refused when the caller looked at another version. */
mc_nodiscard enum mc_status
dossier_check_version(struct mc_txn *txn, const struct dossier_open *open, uint64_t version);
void dossier_note(struct mc_txn *txn, const struct dossier_open *open, const char *reason);
/* And its indexes, and what changed. */
void dossier_save(struct mc_txn *txn, const struct dossier_open *open);
/* The business ids its events are found by: "dossier:<id>", "account:<id>", "dossier:<code>". */
const char *const *dossier_keys(struct mc_txn *txn, const DossierState__Dossier *record);
void dossier_tell(struct mc_txn *txn, const struct dossier_open *open, const char *event,
                  const char *reason);

/* Keys of the indexes. */
/* The account filed it, or the one that filed it was merged into this account (REG-48). */
bool dossier_is_owned(struct mc_txn *txn, const DossierState__Dossier *record, const char *account);
struct mc_bytes dossier_owner_prefix(struct mc_txn *txn, const char *account);
struct mc_bytes dossier_unit_prefix(struct mc_txn *txn, const char *unit, Dossier__State state);

/* change.c: every change, beside the record. */
/* To be called before the record is saved, with its version after the change. */
void dossier_change_keep(struct mc_txn *txn, const struct dossier_open *open);
/* Puts the record as it was then in the place of today's; refused for a time before it was sent. */
mc_nodiscard enum mc_status dossier_as_of(struct mc_txn *txn, int64_t at_ms,
                                          struct dossier_open *open);
mc_nodiscard DossierState__Dossier *dossier_unpack(struct mc_txn *txn, struct mc_bytes packed);

/* page.c: pages of the rows under a prefix; the tails of their keys are all of one length. */
struct dossier_page {
    struct mc_bytes prefix;
    struct mc_bytes from;
    size_t size;
    char *last; /* the token of the last row taken */
};
mc_nodiscard bool dossier_page_of(struct mc_txn *txn, struct mc_bytes prefix, size_t tail_len,
                                  uint32_t size, const char *token, struct dossier_page *ret_page);
void dossier_page_at(struct mc_txn *txn, struct dossier_page *page, struct mc_bytes key);

/* save_draft.c: what a draft is made of, checked. */
struct dossier_draft {
    const struct dossier_procedure *procedure;
    const struct dossier_unit *unit;
    const char *abstract;
};
struct dossier_draft dossier_draft_check(const struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__SaveDraftRequest *req);
void dossier_draft_fill(struct mc_txn *txn, const struct dossier_draft *draft, const char *form,
                        DossierState__Dossier *record);

/* persons.c: accounts by identity number, and dossiers of the desk that have no account yet. */
struct mc_bytes dossier_person_key(struct mc_txn *txn, const char *id_number);
void dossier_person_keep(struct mc_txn *txn, const char *id_number, const char *account);
/* The account's id as text; "" for none. */
const char *dossier_person_find(struct mc_txn *txn, const char *id_number);
void dossier_applicant_wait(struct mc_txn *txn, const DossierState__Dossier *record,
                            const char *id_number);
/* An opened account takes over what its person filed at a desk. */
void dossier_applicant_claim(struct mc_txn *txn, const char *id_number, const char *full_name,
                             const char *account);

/* parcel.c: a result on its way by post. */
enum {
    DOSSIER_POST_REGISTERED = 1, /* as the post numbers them */
    DOSSIER_POST_COLLECTING = 2,
    DOSSIER_POST_DELIVERED = 3,
    DOSSIER_POST_CANCELLED = 4,
};
struct dossier_post_news {
    unsigned status; /* 0: none of these */
    const char *waybill;
    int64_t at_ms; /* 0: not said */
};
bool dossier_parcel_is_under_way(const DossierState__Dossier *record);
void dossier_parcel_order(struct mc_txn *txn, DossierState__Dossier *record);
void dossier_parcel_job(struct mc_txn *txn, const DossierState__Dossier *record, const char *kind,
                        int64_t due_ms);
void dossier_parcel_cancelled(struct mc_txn *txn, const struct dossier_open *open);
void dossier_parcel_fail(struct mc_txn *txn, const struct dossier_open *open, const char *problem);
/* False: the post said nothing that can be understood. Saves and tells what is new. */
bool dossier_parcel_told(struct dossier *dossier, struct mc_txn *txn, struct dossier_open *open,
                         const struct dossier_post_news *news);

/* post.c: the effects that ask the post office. */
enum mc_status dossier_post_order_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request);
enum mc_status dossier_post_order_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result,
                                       enum mc_verdict *ret_verdict);
enum mc_status dossier_post_track_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request);
enum mc_status dossier_post_track_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result,
                                       enum mc_verdict *ret_verdict);
enum mc_status dossier_post_cancel_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request);
enum mc_status dossier_post_cancel_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict);

/* linked.c, linked_view.c: requests of linked procedures. */
mc_nodiscard DossierState__Group *dossier_group_load(struct mc_txn *txn, struct mc_bytes id);
/* For those who have a part of it in hand; NULL: refused. *ret_actor: all he is to its parts. */
mc_nodiscard DossierState__Group *dossier_group_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                                     unsigned *ret_actor);
/* Bits of the parts that this one (from 0) still waits for; lost: one of them never will be done.
 */
unsigned dossier_group_waits(struct mc_txn *txn, const DossierState__Group *group, size_t part,
                             bool *ret_lost);
/* Refuses to accept what waits for another part. */
mc_nodiscard enum mc_status dossier_group_check(struct mc_txn *txn, const struct dossier_open *open,
                                                Dossier__State to);
/* What waited for this one is told that it need not any more, and its clock begins. */
void dossier_group_moved(const struct dossier *dossier, struct mc_txn *txn,
                         const struct dossier_open *open);
/* It cannot be accepted yet, so no time counts against those who would. */
bool dossier_group_holds(struct mc_txn *txn, const DossierState__Dossier *record);
void dossier_fill_linked(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id,
                         const DossierState__Group *group, unsigned actor,
                         Dossier__LinkedView *rep);

/* submit.c: sends an opened draft or supplement of the caller's. */
mc_nodiscard enum mc_status dossier_send(struct dossier *dossier, struct mc_txn *txn,
                                         struct dossier_open *open);

/* expire_supplements.c: what is asked for is watched until it is answered. */
void dossier_supplement_watch(struct mc_txn *txn, const DossierState__Dossier *record);
void dossier_supplement_unwatch(struct mc_txn *txn, const DossierState__Dossier *record);
mc_nodiscard enum mc_status dossier_expire_supplements(struct dossier *dossier, struct mc_txn *txn);

/* report_sync.c: something changed that others have to be told. */
void dossier_sync_changed(struct mc_txn *txn, DossierState__Dossier *record);

/* advance.c: DOS-07, what is missing and why; the state moves after it. */
void dossier_supplement_keep(const struct dossier *dossier, struct mc_txn *txn,
                             const struct dossier_open *open, const Dossier__AdvanceRequest *req);

/* move.c: one step of the state table, with all it brings about; then save and tell. */
mc_nodiscard enum mc_status dossier_move(struct dossier *dossier, struct mc_txn *txn,
                                         struct dossier_open *open, Dossier__State to,
                                         const char *reason);

/* view.c: records as their readers see them. */
void dossier_fill_reply(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_open *open, Dossier__DossierReply *rep);
/* Of the dossier that a row of an index leads to; NULL with the call failed, naming the index. */
DossierState__Dossier *dossier_indexed(struct mc_txn *txn, struct mc_bytes id, const char *index);
Dossier__DossierSummary *dossier_summary(const struct dossier *dossier, struct mc_txn *txn,
                                         const DossierState__Dossier *record, unsigned actor);
const char *dossier_state_text(const struct dossier *dossier, Dossier__State state, unsigned actor);
char *dossier_owner_name(struct mc_txn *txn, const char *account);
/* The same, or of who has no account the name that was written down at the desk. */
char *dossier_record_name(struct mc_txn *txn, const DossierState__Dossier *record);
void dossier_fill_procedure(const struct dossier *dossier, struct mc_txn *txn,
                            const struct dossier_procedure *procedure,
                            const struct dossier_query *query, Dossier__Procedure *out);

/* form_book.c: which forms there are. A version that somebody filled in stays for ever. */
struct dossier_form_version {
    struct dossier_form form; /* in the call's arena */
    const char *text;
    uint64_t version;
    const DossierState__Form *record; /* NULL: came with the software */
    struct mc_date from;
    struct mc_date until; /* year 0: open */
};
mc_nodiscard enum mc_status dossier_forms_load(struct dossier_forms *forms, struct mc_arena *memory,
                                               char *why, size_t why_size);
/* version 0: the one in force on the day. False when there is none, or the call has failed. */
bool dossier_form_open(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                       uint64_t version, struct mc_date day,
                       struct dossier_form_version *ret_version);
bool dossier_form_newest(const struct dossier *dossier, struct mc_txn *txn, const char *code,
                         struct dossier_form_version *ret_version);
/* The form that a procedure asks for on the day. */
bool dossier_form_of(const struct dossier *dossier, struct mc_txn *txn, const char *procedure,
                     struct mc_date day, struct dossier_form_version *ret_version);
/* The code of the form that serves the procedure; NULL: none. */
const char *dossier_form_code_of(const struct dossier *dossier, struct mc_txn *txn,
                                 const char *procedure);
bool dossier_form_in_force(const struct dossier_form_version *version, struct mc_date day);
/* Keeps a version that came with the software, before somebody relies on it. */
void dossier_form_keep(struct mc_txn *txn, const struct dossier_form_version *version);
struct mc_bytes dossier_form_key(struct mc_txn *txn, const char *code, uint64_t version);
struct mc_bytes dossier_form_prefix(struct mc_txn *txn, const char *code);
Dossier__FormHead *dossier_form_head(struct mc_txn *txn,
                                     const struct dossier_form_version *version);

/* What the form says to a question like "applicant.address"; "" when it says nothing. */
const char *dossier_form_fact(const struct dossier *dossier, struct mc_txn *txn,
                              const DossierState__Dossier *record, const char *fact);

/* form_draft.c: the form of one dossier. */
struct dossier_problems *dossier_problems_new(struct mc_txn *txn);
void dossier_problems_refuse(struct mc_txn *txn, const struct dossier_problems *problems,
                             const char *prefix);
Dossier__FormProblem **dossier_problems_list(struct mc_txn *txn,
                                             const struct dossier_problems *problems);
/* Binds the draft to the form it was filled by (code "": the one it has, else the one in force);
 * refused when that does not fit. */
void dossier_form_bind(const struct dossier *dossier, struct mc_txn *txn,
                       const struct dossier_open *open, const char *code, uint64_t version);
/* What Submit would refuse in the form, for the reply of a draft. */
void dossier_form_advise(const struct dossier *dossier, struct mc_txn *txn,
                         const struct dossier_open *open, const char *form,
                         Dossier__DossierReply *rep);
/* Refuses the call for every field that is wrong, else keeps the form cleaned, with its origins. */
void dossier_form_send(const struct dossier *dossier, struct mc_txn *txn,
                       const struct dossier_open *open);

/* account_opened.c: what identity told of an account's person; NULL when it is not known. */
const DossierState__Person *dossier_person_of(struct mc_txn *txn, const char *account);

/* form_prefill.c: what the State knows of the caller already. */
struct dossier_known {
    const struct dossier_field *field;
    const char *value;
    const char *source;
    const char *source_kind;
};
/* At most one row per field of the form; the rows live in the call's arena. */
size_t dossier_form_known(const struct dossier *dossier, struct mc_txn *txn,
                          const struct dossier_form *form, const char *account,
                          struct dossier_known **ret_rows);

/* check.c: memory of the call; NULL (text: empty), with the call failed, when there is no more. */
void *dossier_alloc(struct mc_txn *txn, size_t size);
char *dossier_text(struct mc_txn *txn, const char *text);
void *dossier_list(struct mc_txn *txn, size_t len); /* pointers of a repeated field */
/* The sealed text, or what was sealed before when that says the same: no change then. */
ProtobufCBinaryData dossier_seal_again(struct mc_txn *txn, ProtobufCBinaryData before,
                                       const char *text);

/* And fields. Each refuses the call and returns false, or NULL, when they are wrong. */
char *dossier_line(struct mc_txn *txn, const char *field, const char *text, size_t chars_max);
char *dossier_lines(struct mc_txn *txn, const char *field, const char *text, size_t chars_max);
bool dossier_page(struct mc_txn *txn, uint32_t page_size, size_t *ret_size);
/* A dossier id, or empty for the first page. */
bool dossier_token(struct mc_txn *txn, const char *token, struct mc_bytes *ret_id);
char *dossier_token_text(struct mc_txn *txn, ProtobufCBinaryData id);
const char *dossier_number_text(struct mc_txn *txn, uint64_t number);

/* tick.c: housekeeping, in bounded steps. */
enum mc_status dossier_tick(struct dossier *dossier, struct mc_txn *txn);

extern const struct mc_room dossier_room;
