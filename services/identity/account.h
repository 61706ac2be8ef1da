/*
 * Accounts as they change: what is known of one, who may see and change it, its status, and the
 * record of every change. Only the identity room's files include it.
 */
#pragma once

#include "identity.h"

enum {
    IDENTITY_PAGE_DEFAULT = 20,
    IDENTITY_PAGE_MAX = 100,
    IDENTITY_PURPOSE_MAX = 200, /* characters of why personal data is read */
    IDENTITY_ADDRESS_MAX = 300, /* characters */
    IDENTITY_CHANGES_AN_HOUR = 20,
    IDENTITY_READS_AN_HOUR = 200, /* of other people's data, by one officer */
    IDENTITY_STEPS_AN_HOUR = 5,   /* phone changes, and closings, begun by one account */
    IDENTITY_NUMBERS_MAX = 4,     /* of a person, beside the login id */
    IDENTITY_MERGE_SCAN = 500,    /* rows one page of merges looks at */
    IDENTITY_BLOCKERS_MAX = 8,
    IDENTITY_HISTORY_MAX = 2000,    /* changes that a look into the past goes back over */
    IDENTITY_COUNT_ROWS_MAX = 2000, /* kinds × methods × statuses × verified: far fewer */
};

/* What can change. The numbers are on disk; the names are the history's. */
enum identity_fact {
    IDENTITY_FACT_FULL_NAME = 1,
    IDENTITY_FACT_BIRTH_DATE,
    IDENTITY_FACT_LOGIN_ID,
    IDENTITY_FACT_NUMBERS,
    IDENTITY_FACT_PHONE,
    IDENTITY_FACT_EMAIL,
    IDENTITY_FACT_ADDRESS,
    IDENTITY_FACT_TAX_CODE,
    IDENTITY_FACT_STATUS,
    IDENTITY_FACT_VERIFIED,
    IDENTITY_FACT_UNIT,
    IDENTITY_FACT_RIGHTS,
    IDENTITY_FACT_MERGED_INTO,
    IDENTITY_FACT_STAFF,
    IDENTITY_FACT_ORGANISATION,
    IDENTITY_FACT_NEXT_PHONE,
    IDENTITY_FACTS_END
};
struct identity_facts {
    const char *value[IDENTITY_FACTS_END]; /* "" for what is not known */
};
const char *identity_fact_name(unsigned fact);

/*
 * A change, from the account as it was to the account as it is saved: begin, alter account and
 * person, save. Nothing happens when nothing differs. Every change of an account goes this way.
 */
struct identity_change {
    struct mc_bytes id;
    IdentityState__Account *account;
    IdentityState__Person *person;
    struct identity_facts before;
    Identity__AccountStatus bucket_status; /* where it was counted */
    bool bucket_verified;
};
enum identity_way { IDENTITY_BY_OWNER, IDENTITY_AT_DESK, IDENTITY_BY_OPERATOR, IDENTITY_BY_SYSTEM };
bool identity_change_begin(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account,
                           struct identity_change *ret_change);
void identity_change_save(struct mc_txn *txn, struct identity_change *change, enum identity_way way,
                          const char *reason);
/* What an account was at a moment. False when it fails, or was not there yet (the call is refused).
 */
bool identity_facts_at(struct mc_txn *txn, const struct identity_change *now, int64_t at_ms,
                       struct identity_facts *ret_facts, uint64_t *ret_version);

/* A row of the history, opened; and the version it is of. */
IdentityState__ChangeContent *identity_change_open(struct mc_txn *txn,
                                                   const IdentityState__Change *change);
uint64_t identity_change_version(const struct mc_cursor *cursor);

/* The one way an account's row is written when its person, status or units may differ: index.c
 * moves what it is found by. */
void identity_account_save(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account);

/* The first row of an account: saved, found by its number, counted. For every way of opening. */
void identity_account_open(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account);

/* How many accounts, kept with every change. */
void identity_counts_add(struct mc_txn *txn, const IdentityState__Account *account);
void identity_counts_move(struct mc_txn *txn, const IdentityState__Account *account,
                          Identity__AccountStatus old_status, bool old_verified);

/* Status. */
Identity__AccountStatus identity_status_of(const IdentityState__Account *account);
const char *identity_status_text(Identity__AccountStatus status);
bool identity_account_may_sign_in(const IdentityState__Account *account);

/* A sign-in that still lives; NULL: there is none, or not any more. */
IdentityState__Login *identity_login_load(struct mc_txn *txn, ProtobufCBinaryData id);
bool identity_status_may(Identity__AccountStatus from, Identity__AccountStatus to,
                         enum identity_way way);
/* Sets it, ends sessions, tells the other rooms; the change is the caller's to save. */
void identity_status_set(struct mc_txn *txn, struct identity_change *change,
                         Identity__AccountStatus to, const char *reason);
/* False, and the call refused, when the account is not active. */
bool identity_account_is_active(struct mc_txn *txn, const IdentityState__Account *account);

/*
 * Whose account a call is about and in which role the caller stands to it: its owner, an officer
 * with `right` and the account's unit within his own, an operator. Refuses the call otherwise.
 */
struct identity_target {
    struct mc_bytes id;
    IdentityState__Account *account;
    enum identity_way way;
    bool everywhere; /* the top administrator: his reach is the whole country */
};
bool identity_target_own(struct mc_txn *txn, struct identity_target *ret_target);
bool identity_target_find(const struct identity *identity, struct mc_txn *txn,
                          const char *account_id, const char *login_id, const char *right,
                          struct identity_target *ret_target);
bool identity_caller_has(const struct mc_txn *txn, const char *right);

/* Checks that several messages share; each refuses by itself. */
void identity_check_reason(struct mc_txn *txn, const char *reason);
bool identity_check_version(struct mc_txn *txn, const IdentityState__Account *account,
                            uint64_t version);
/* Personal data is read unmasked for a purpose, and that is kept; an officer's reading is limited.
 */
bool identity_check_purpose(struct mc_txn *txn);
void identity_read_emit(struct mc_txn *txn, const struct identity_target *target, const char *what);
/* Counts `what` of a key within an hour; refuses the call by `code` past the limit. */
bool identity_budget_take(struct mc_txn *txn, const char *what, struct mc_bytes key, int64_t max,
                          const char *code);

/* Fields of a person, checked and put into it (account_fields.c). */
void identity_put_email(struct mc_txn *txn, const char *text, IdentityState__Person *person);
void identity_put_address(struct mc_txn *txn, const char *text, IdentityState__Person *person);
void identity_put_tax_code(struct mc_txn *txn, const char *text, uint32_t subject_kind,
                           IdentityState__Person *person);
void identity_put_name(struct mc_txn *txn, const char *text, IdentityState__Person *person);
void identity_put_birth(struct mc_txn *txn, const char *text, IdentityState__Person *person);

/* Steps: what waits for codes (step.c). */
struct identity_step {
    Otp__Purpose kind;
    const struct identity_target *target;
    const IdentityState__Person *person; /* the account's: codes are charged to it */
    const char *phone;                   /* the code's */
    const char *old_phone;               /* of the second code, or NULL */
    const char *reason;
};
void identity_step_begin(const struct identity *identity, struct mc_txn *txn,
                         const struct identity_step *step, Identity__AccountStep *rep);
/* The step, its time not over, in the hands of who began it; NULL: refused. */
IdentityState__Step *identity_step_load(const struct identity *identity, struct mc_txn *txn,
                                        ProtobufCBinaryData id, Otp__Purpose kind,
                                        struct identity_target *ret_target);
/* The step, as it is stored; NULL when it is over. Refuses nothing. */
IdentityState__Step *identity_step_find(struct mc_txn *txn, struct mc_bytes id);
void identity_step_fill(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Step *step,
                        Identity__AccountStep *rep);
struct mc_bytes identity_step_old_subject(struct mc_txn *txn, struct mc_bytes id);
/* A code of the subject could not be sent. */
void identity_step_fail(struct mc_txn *txn, struct mc_bytes subject, const char *code,
                        int64_t until_ms);
/* Refuses the call unless the proof is of this step's code to this phone. */
bool identity_step_proof(struct identity *identity, struct mc_txn *txn,
                         const struct identity_claim *claim, const char *field, const char *proof);
void identity_steps_expire(struct mc_txn *txn);

/*
 * A lost phone's change (phone_wait.c). The new phone takes effect after `wait_ms`, or with the
 * change at hand when that is 0 or there is no old phone to warn; the old phone is told at once.
 */
void identity_phone_change(struct mc_txn *txn, struct identity_change *change, const char *phone,
                           int64_t wait_ms, const char *reason);
/* What waits is forgotten and its people told; nothing when nothing waits. */
void identity_phone_stop(struct mc_txn *txn, struct identity_change *change);
/* Who has just proved to hold the present phone has not lost it: nothing waits any more. */
void identity_phone_is_held(struct mc_txn *txn, struct mc_bytes id,
                            IdentityState__Account *account);
/* Changes whose time has come, a few at a tick. */
void identity_phones_due(struct mc_txn *txn);

/* Closings whose time is over become CLOSED, a few at a tick. */
void identity_closings_due(struct mc_txn *txn);
mc_prepare identity_start_closing_prepare;

/* Merges of two accounts of one person (merge.c). */
struct identity_pair {
    struct identity_target kept;
    struct identity_target merged;
    IdentityState__Person *kept_person;
    IdentityState__Person *merged_person;
};
/* False: refused. Only the top administrator and operators get through, and never for themselves.
 */
bool identity_pair_find(const struct identity *identity, struct mc_txn *txn, const char *kept,
                        const char *merged, struct identity_pair *ret_pair);
/* Why the two cannot become one; returns how many codes. */
size_t identity_pair_blockers(struct mc_txn *txn, const struct identity_pair *pair,
                              const char *ret_codes[IDENTITY_BLOCKERS_MAX]);
/* What stands for both accounts as they are now. */
struct mc_bytes identity_pair_hash(struct mc_txn *txn, const struct identity_pair *pair);
IdentityState__Merge *identity_merge_load(struct mc_txn *txn, struct mc_bytes id);
/* Saves it in a new state by this caller, and tells the others. */
void identity_merge_move(struct mc_txn *txn, struct mc_bytes id, IdentityState__Merge *merge,
                         Identity__MergeState state, const char *reason, const char *event);
void identity_merge_fill(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Merge *merge,
                         Identity__Merge *rep);
/* The open proposal to merge the two, made if there is none; its id. */
struct mc_bytes identity_merge_propose(struct mc_txn *txn, struct mc_bytes kept,
                                       struct mc_bytes merged, const char *reason);
/* Adds a number to the person; false: it is there, or there are too many (the call is refused). */
bool identity_number_add(struct mc_txn *txn, IdentityState__Person *person, const char *number);

/* Handlers, one file each. */
enum mc_status identity_join_number(struct identity *identity, struct mc_txn *txn,
                                    const Identity__JoinNumberRequest *req,
                                    Identity__JoinNumberReply *rep);
enum mc_status identity_preview_merge(struct identity *identity, struct mc_txn *txn,
                                      const Identity__PreviewMergeRequest *req,
                                      Identity__PreviewMergeReply *rep);
enum mc_status identity_merge_accounts(struct identity *identity, struct mc_txn *txn,
                                       const Identity__MergeAccountsRequest *req,
                                       Identity__Merge *rep);
enum mc_status identity_undo_merge(struct identity *identity, struct mc_txn *txn,
                                   const Identity__UndoMergeRequest *req, Identity__Merge *rep);
enum mc_status identity_list_merges(struct identity *identity, struct mc_txn *txn,
                                    const Identity__ListMergesRequest *req,
                                    Identity__ListMergesReply *rep);
enum mc_status identity_start_phone_change(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartPhoneChangeRequest *req,
                                           Identity__AccountStep *rep);
enum mc_status identity_finish_phone_change(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FinishPhoneChangeRequest *req,
                                            Identity__UpdateAccountReply *rep);
enum mc_status identity_stop_phone_change(struct identity *identity, struct mc_txn *txn,
                                          const Identity__StopPhoneChangeRequest *req,
                                          Identity__UpdateAccountReply *rep);
enum mc_status identity_start_closing(struct identity *identity, struct mc_txn *txn,
                                      const Identity__StartClosingRequest *req,
                                      Identity__AccountStep *rep);
enum mc_status identity_finish_closing(struct identity *identity, struct mc_txn *txn,
                                       const Identity__FinishClosingRequest *req,
                                       Identity__FinishClosingReply *rep);
enum mc_status identity_get_account_step(struct identity *identity, struct mc_txn *txn,
                                         const Identity__GetAccountStepRequest *req,
                                         Identity__AccountStep *rep);
enum mc_status identity_read_account(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ReadAccountRequest *req,
                                     Identity__AccountDetails *rep);
enum mc_status identity_update_account(struct identity *identity, struct mc_txn *txn,
                                       const Identity__UpdateAccountRequest *req,
                                       Identity__UpdateAccountReply *rep);
enum mc_status identity_count_accounts(struct identity *identity, struct mc_txn *txn,
                                       const Identity__CountAccountsRequest *req,
                                       Identity__CountAccountsReply *rep);
enum mc_status identity_set_account_status(struct identity *identity, struct mc_txn *txn,
                                           const Identity__SetAccountStatusRequest *req,
                                           Identity__SetAccountStatusReply *rep);
enum mc_status identity_list_account_changes(struct identity *identity, struct mc_txn *txn,
                                             const Identity__ListAccountChangesRequest *req,
                                             Identity__ListAccountChangesReply *rep);
