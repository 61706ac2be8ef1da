/*
 * The identity room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the
 * call's arena; a function that returns NULL or false has failed or refused the call.
 */
#pragma once

#include "common/ident.h"
#include "common/service.h"

#include "identity.pb-c.h"
#include "otp.pb-c.h"
#include "state.pb-c.h"

struct mc_trust;

enum identity_table {
    IDENTITY_REGISTRATIONS = MC_TABLE_ROOM,
    IDENTITY_ACCOUNTS,
    IDENTITY_LOGIN_INDEX,
    IDENTITY_FAILURES,
    IDENTITY_STARTS,
    IDENTITY_LOGINS,
    IDENTITY_SESSIONS,
    IDENTITY_ACCOUNT_SESSIONS,
    IDENTITY_CHANGES,
    IDENTITY_COUNTS,
    IDENTITY_AGENCIES,
    IDENTITY_AGENCY_WORDS,
    IDENTITY_CAPTCHAS,
    IDENTITY_RESETS,
    IDENTITY_STEPS,
    IDENTITY_CLOSINGS,
    IDENTITY_MERGES,
    IDENTITY_MERGE_PAIRS,
    IDENTITY_SCANS,
    IDENTITY_SCAN_ENDS,
    IDENTITY_MADE,
    IDENTITY_CLIENTS,
    IDENTITY_OIDC_KEYS,
    IDENTITY_AUTHORIZATIONS,
    IDENTITY_BROWSERS,
    IDENTITY_CODES,
    IDENTITY_ACCESS_TOKENS,
    IDENTITY_CONSENTS,
    IDENTITY_ASSERTIONS,
    IDENTITY_SESSION_CLIENTS,
    IDENTITY_SIGNINGS,
    IDENTITY_EVIDENCE,
    IDENTITY_LOGIN_EVIDENCE,
    IDENTITY_ACCOUNT_INDEX,
    IDENTITY_ACCOUNT_TOTALS,
    IDENTITY_VNEID_LOGINS,
    IDENTITY_VNEID_KEYS,
    IDENTITY_VNEID_INDEX,
    IDENTITY_PHONE_WAITS,
    IDENTITY_ACCOUNT_NAMES,
    IDENTITY_TABLES_END
};

enum identity_lane {
    IDENTITY_LANE_CARRIER,
    IDENTITY_LANE_CODE,
    IDENTITY_LANE_INSURANCE, /* a lane each: one system's trouble is not the others' */
    IDENTITY_LANE_POST,
    IDENTITY_LANE_POPULATION,
    IDENTITY_LANE_REVOCATION,
    IDENTITY_LANE_SIGNER,
    IDENTITY_LANE_LOGOUT,
    IDENTITY_LANE_VNEID,
    IDENTITY_LANES_LEN
};

enum {
    IDENTITY_METHODS_MAX = 16,
    IDENTITY_SUBJECTS = 4,      /* kinds, by their number */
    IDENTITY_FIELDS_MAX = 32,   /* a method's fields are bits */
    IDENTITY_GUIDE_MAX = 32,    /* texts beside the methods */
    IDENTITY_CONSENTS_MAX = 16, /* versions of the consent */
    IDENTITY_CONSENT_TEXT_MAX = 16 << 10,
    IDENTITY_TABLE_FILE_MAX = 256 << 10, /* an operator's own table */
    IDENTITY_TABLES_SIZE = 2 << 20,
    IDENTITY_RIGHTS_MAX = 64,  /* names in the table of rights */
    IDENTITY_CODE_SIZE = 32,   /* a method's or a right's name */
    IDENTITY_CONSENT_MAX = 40, /* bytes of a consent version */
    IDENTITY_REASON_MAX = 500, /* characters of a reason for granting */
    IDENTITY_CODE_ATTEMPTS = 6,
    IDENTITY_CODE_BACKOFF_MS = 500,
    IDENTITY_CODE_BACKOFF_MAX_MS = 8000,
    IDENTITY_CODE_LEASE_MS = 15000,
    IDENTITY_FAILURES_MAX = 5,           /* wrong passwords in a window before the lock */
    IDENTITY_ACCOUNT_FAILURES_FREE = 20, /* from all sources, before strangers need a captcha */
    IDENTITY_SOURCE_FAILURES_FREE = 10,  /* for all numbers, before the source needs a captcha */
    IDENTITY_LOCK_DOUBLINGS_MAX = 5,
    IDENTITY_STARTS_WINDOW_MS = 60 * 60 * 1000,
    IDENTITY_SESSIONS_MAX = 10, /* live ones of one account; the oldest gives way */
    IDENTITY_TICK_ROWS = 200,   /* expired rows one tick takes away, per table */
    IDENTITY_REFRESH_SECRET_LEN = 32,
};

/* Days a thing holds for a kind of subject: from_ms <= now < until_ms. */
struct identity_window {
    bool listed;
    int64_t from_ms;
    int64_t until_ms;
};

/* A row of data/registration_methods.csv (REG-05, DEC-01). */
struct identity_method {
    char code[IDENTITY_CODE_SIZE];
    const char *name;
    struct identity_window windows[IDENTITY_SUBJECTS]; /* by motcua.identity.v1.SubjectKind */
    uint32_t ial;
    bool open;
    bool not_here[IDENTITY_SUBJECTS]; /* open by the table, but nobody to ask in this place */
    bool officer_rights;              /* accounts made this way may hold rights (REG-09) */
    uint32_t fields;                  /* bits, in the order of identity.fields */
    uint32_t required;
    const char *condition; /* texts for who chooses */
    const char *verifier;
    const char *confirmation;
};

/* A row of data/registration_fields.csv: what a form may ask (REG-13, REG-27, REG-28). */
struct identity_field {
    const char *name;
    const char *label;
    const char *placeholder;
    const char *hint;
};

/* A row of data/consents.csv (REG-16). */
struct identity_consent {
    char version[IDENTITY_CONSENT_MAX + 1];
    struct identity_window window;
    const char *title;
    const char *text;
};

struct identity {
    /* from the configuration */
    int64_t registration_life_ms;
    int64_t login_life_ms;
    int64_t session_life_ms;
    int64_t refresh_life_ms;
    int64_t session_max_ms;
    int64_t failure_window_ms;
    int64_t lock_ms;
    int64_t temporary_password_life_ms;
    int64_t known_source_life_ms;
    int64_t password_bits;
    int64_t captcha_life_ms;
    int64_t captcha_prefix;
    struct mc_config_list captcha_callers;
    int64_t starts_max;
    int64_t carrier_timeout_ms;
    const char *carrier_url;
    const char *carrier_ca_file;
    struct mc_config_list carriers;
    const char *mnp_url;
    const char *insurance_url;
    const char *insurance_find_url;
    const char *post_url;
    const char *population_url;
    int64_t population_life_ms;
    bool insurance_by_identity;
    bool citizen_passwords;
    bool allow_plain_http;
    const char *methods_file;
    const char *consents_file;
    const char *top_agency;
    int64_t step_life_ms;
    int64_t phone_wait_desk_ms;
    int64_t phone_wait_signed_ms;
    int64_t closing_period_ms;
    int64_t merge_undo_ms;
    int64_t scan_retention_ms;
    const char *oidc_issuer;
    int64_t oidc_key_life_ms;
    const char *vneid_issuer;
    const char *vneid_client_id;
    const char *vneid_ca_file;
    int64_t signing_life_ms;
    int64_t evidence_life_ms;
    int64_t login_evidence_life_ms;
    int64_t revocation_timeout_ms;
    int64_t signer_timeout_ms;
    int64_t signer_poll_ms;
    const char *signing_origin;
    const char *trust_public_path;
    const char *trust_government_path;
    const char *ocsp_url;
    bool ocsp_nonce_needed;
    bool accept_crl;
    const char *sim_url;
    const char *remote_url;
    const char *signer_ca_file;

    /* from boot */
    struct mc_trust *trust_public; /* authorities of citizens and enterprises; NULL: none */
    struct mc_trust *trust_government;
    const uint8_t *sign_secret;
    const struct mc_boot *boot;
    struct mc_signers proofs; /* the otp room's keys */
    struct identity_method methods[IDENTITY_METHODS_MAX];
    size_t methods_len;
    struct identity_field fields[IDENTITY_FIELDS_MAX];
    size_t fields_len;
    struct identity_consent consents[IDENTITY_CONSENTS_MAX];
    size_t consents_len;
    struct mc_arena tables; /* their texts */
    char rights[IDENTITY_RIGHTS_MAX][IDENTITY_CODE_SIZE];
    size_t rights_len;

    /* hints only: where the next sweeps of failures and starts go on */
    uint8_t sweep_failures[MC_ID_LEN];
    uint8_t sweep_starts[MC_ID_LEN];
    uint8_t sweep_browsers[MC_ID_LEN];
    uint8_t sweep_codes[MC_ID_LEN];
    uint8_t sweep_access_tokens[MC_ID_LEN];
    uint8_t sweep_assertions[MC_ID_LEN];
    uint8_t sweep_vneid[MC_ID_LEN];
};

/* Handlers, one file each. */
enum mc_status identity_start_registration(struct identity *identity, struct mc_txn *txn,
                                           const Identity__StartRegistrationRequest *req,
                                           Identity__StartRegistrationReply *rep);
enum mc_status identity_get_registration(struct identity *identity, struct mc_txn *txn,
                                         const Identity__GetRegistrationRequest *req,
                                         Identity__Registration *rep);
enum mc_status identity_finish_registration(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FinishRegistrationRequest *req,
                                            Identity__FinishRegistrationReply *rep);
enum mc_status identity_login(struct identity *identity, struct mc_txn *txn,
                              const Identity__LoginRequest *req, Identity__LoginReply *rep);
enum mc_status identity_get_login(struct identity *identity, struct mc_txn *txn,
                                  const Identity__GetLoginRequest *req, Identity__LoginReply *rep);
enum mc_status identity_finish_login(struct identity *identity, struct mc_txn *txn,
                                     const Identity__FinishLoginRequest *req,
                                     Identity__SessionReply *rep);
enum mc_status identity_refresh(struct identity *identity, struct mc_txn *txn,
                                const Identity__RefreshRequest *req, Identity__SessionReply *rep);
enum mc_status identity_logout(struct identity *identity, struct mc_txn *txn,
                               const Identity__LogoutRequest *req, Identity__LogoutReply *rep);
enum mc_status identity_list_sessions(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ListSessionsRequest *req,
                                      Identity__ListSessionsReply *rep);
enum mc_status identity_revoke_sessions(struct identity *identity, struct mc_txn *txn,
                                        const Identity__RevokeSessionsRequest *req,
                                        Identity__RevokeSessionsReply *rep);
enum mc_status identity_change_password(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ChangePasswordRequest *req,
                                        Identity__ChangePasswordReply *rep);
enum mc_status identity_start_password_reset(struct identity *identity, struct mc_txn *txn,
                                             const Identity__StartPasswordResetRequest *req,
                                             Identity__StartPasswordResetReply *rep);
enum mc_status identity_finish_password_reset(struct identity *identity, struct mc_txn *txn,
                                              const Identity__FinishPasswordResetRequest *req,
                                              Identity__FinishPasswordResetReply *rep);
enum mc_status identity_get_login_guide(struct identity *identity, struct mc_txn *txn,
                                        const Identity__GetLoginGuideRequest *req,
                                        Identity__LoginGuide *rep);
enum mc_status identity_get_captcha(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetCaptchaRequest *req,
                                    Identity__GetCaptchaReply *rep);
enum mc_status identity_get_profile(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetProfileRequest *req, Identity__Profile *rep);
enum mc_status identity_grant_rights(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GrantRightsRequest *req,
                                     Identity__GrantRightsReply *rep);
enum mc_status identity_list_methods(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ListMethodsRequest *req,
                                     Identity__ListMethodsReply *rep);
enum mc_status identity_find_insurance_code(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FindInsuranceCodeRequest *req,
                                            Identity__FindInsuranceCodeReply *rep);
enum mc_status identity_get_consent(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetConsentRequest *req, Identity__Consent *rep);
enum mc_status identity_save_client(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SaveClientRequest *req,
                                    Identity__SaveClientReply *rep);
enum mc_status identity_rotate_client_secret(struct identity *identity, struct mc_txn *txn,
                                             const Identity__RotateClientSecretRequest *req,
                                             Identity__RotateClientSecretReply *rep);
enum mc_status identity_list_clients(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ListClientsRequest *req,
                                     Identity__ListClientsReply *rep);
enum mc_status identity_authorize(struct identity *identity, struct mc_txn *txn,
                                  const Identity__AuthorizeRequest *req,
                                  Identity__AuthorizeReply *rep);
enum mc_status identity_get_authorization(struct identity *identity, struct mc_txn *txn,
                                          const Identity__GetAuthorizationRequest *req,
                                          Identity__AuthorizeReply *rep);
enum mc_status identity_login_authorization(struct identity *identity, struct mc_txn *txn,
                                            const Identity__LoginAuthorizationRequest *req,
                                            Identity__AuthorizeReply *rep);
enum mc_status identity_consent_authorization(struct identity *identity, struct mc_txn *txn,
                                              const Identity__ConsentAuthorizationRequest *req,
                                              Identity__AuthorizeReply *rep);
enum mc_status identity_start_vneid(struct identity *identity, struct mc_txn *txn,
                                    const Identity__StartVneidRequest *req,
                                    Identity__AuthorizeReply *rep);
enum mc_status identity_return_vneid(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ReturnVneidRequest *req,
                                     Identity__AuthorizeReply *rep);
enum mc_status identity_finish_vneid(struct identity *identity, struct mc_txn *txn,
                                     const Identity__FinishVneidRequest *req,
                                     Identity__AuthorizeReply *rep);
enum mc_status identity_exchange_code(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ExchangeCodeRequest *req,
                                      Identity__ExchangeCodeReply *rep);
enum mc_status identity_get_userinfo(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GetUserinfoRequest *req,
                                     Identity__GetUserinfoReply *rep);
enum mc_status identity_get_provider(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GetProviderRequest *req,
                                     Identity__Provider *rep);
enum mc_status identity_end_browser(struct identity *identity, struct mc_txn *txn,
                                    const Identity__EndBrowserRequest *req,
                                    Identity__EndBrowserReply *rep);
enum mc_status identity_list_consents(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ListConsentsRequest *req,
                                      Identity__ListConsentsReply *rep);
enum mc_status identity_read_for_member(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ReadForMemberRequest *req,
                                        Identity__ReadForMemberReply *rep);
enum mc_status identity_revoke_consent(struct identity *identity, struct mc_txn *txn,
                                       const Identity__RevokeConsentRequest *req,
                                       Identity__RevokeConsentReply *rep);

/* What the pool is to compute before the handler runs. */
mc_prepare identity_login_prepare;
mc_prepare identity_change_password_prepare;
mc_prepare identity_finish_password_reset_prepare;
mc_prepare identity_finish_registration_prepare;

/* Effect: asking the otp room for a code. Those that ask other systems are in lookup.h. */
enum mc_status identity_code_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload, struct mc_room_call *ret_call);
enum mc_status identity_code_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict);
/* A code that is wanted: for what, to whom, charged to whom. */
struct identity_code {
    Otp__Purpose purpose;
    struct mc_bytes subject;
    const IdentityState__Person *person;
    const char *unit; /* its name, for the text of codes that an officer asks for; else "" */
    const char *key;
    int64_t expires_ms;
    const char *source;
    bool decoy; /* there is no such person: nothing is sent */
};
void identity_code_want(struct mc_txn *txn, const struct identity_code *code);
/* otp.enqueue_sms: a text that is no code, once for its dedupe key. */
enum mc_status identity_sms_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload, struct mc_room_call *ret_call);
enum mc_status identity_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict);
void identity_sms_ask(struct mc_txn *txn, const char *phone, const char *sms_text, const char *key,
                      int64_t expires_ms);
void identity_code_ask(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                       const IdentityState__Person *person, const char *account_key,
                       int64_t expires_ms);
/* The same for a person who called before this moment: from where is known. */
void identity_code_ask_from(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                            const IdentityState__Person *person, const char *key,
                            int64_t expires_ms, const char *source);
/* For a person that there is not: the same in all that shows, and no SMS. */
void identity_code_ask_nobody(struct mc_txn *txn, Otp__Purpose purpose, struct mc_bytes subject,
                              const IdentityState__Person *person, const char *key,
                              int64_t expires_ms);

enum mc_status identity_tick(void *ctx, struct mc_txn *txn);

/* Registrations. */
struct identity_answer;
IdentityState__Registration *identity_registration_load(struct mc_txn *txn, struct mc_bytes id);
/* Why nothing can be done with it now: a stable code. */
const char *identity_registration_why(const IdentityState__Registration *registration);
void identity_registration_refuse(struct mc_txn *txn, struct mc_bytes id,
                                  IdentityState__Registration *registration, const char *code,
                                  const struct identity_answer *answer);
void identity_registration_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                                Identity__RegistrationChanged *changed);

/* What a person's form holds; checked into a person, every wrong field told. */
struct identity_form {
    const char *login_id;
    const char *full_name;
    const char *birth_date;
    const char *phone;
    const char *email;
};
/* The same without the phone and the address: who the person is. */
void identity_names_check(struct mc_txn *txn, const struct identity_form *form,
                          IdentityState__Person *person);
void identity_form_check(struct mc_txn *txn, const struct identity_form *form,
                         IdentityState__Person *person);
#define IDENTITY_DESK_METHOD  "OFFICER_CREATED"
#define IDENTITY_VNEID_METHOD "VNEID"

/* Counts a form against its phone and its number; refuses the call past the limit. */
enum mc_status identity_starts_count(const struct identity *identity, struct mc_txn *txn,
                                     const IdentityState__Person *person);

/* Counts a question after a person's insurance code; refuses the call past the limit. */
enum mc_status identity_finds_count(struct mc_txn *txn, const char *login_id);

/* Persons and accounts. */

/* A message's bytes, in the arena; empty, and the call has failed, when they do not fit. */
struct mc_bytes identity_pack(struct mc_txn *txn, const ProtobufCMessage *message);
ProtobufCBinaryData identity_person_seal(struct mc_txn *txn, const IdentityState__Person *person);
IdentityState__Person *identity_person_open(struct mc_txn *txn, ProtobufCBinaryData sealed);
/* The number an account signs in by, as it is kept: a person's, an enterprise's tax code, or an
 * agency's code at the treasury; else why it is no person's (target.c). */
enum mc_why identity_number_parse(const char *text, char out[MC_TAX_CODE_SIZE]);
struct mc_bytes identity_login_index(struct mc_txn *txn, const char *login_id);
bool identity_account_find(struct mc_txn *txn, struct mc_bytes login_index,
                           struct mc_bytes *ret_id);
IdentityState__Account *identity_account_load(struct mc_txn *txn, struct mc_bytes id);
/* Writes the profile into a message that the frame has readied. */
void identity_profile_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account, Identity__Profile *profile);

/* Opens the account of a registration that is all right; returns its id. `hash`: of the password.
 */
struct mc_bytes identity_registration_open(const struct identity *identity, struct mc_txn *txn,
                                           struct mc_bytes registration_id,
                                           IdentityState__Registration *registration,
                                           const IdentityState__Person *person, const char *hash,
                                           Identity__FinishRegistrationReply *rep);

/* Proofs: what the otp room signed. False, and a stable code, when it does not prove the claim. */
struct identity_claim {
    Otp__Purpose purpose;
    struct mc_bytes subject;
    const char *phone;
};
bool identity_proof_holds(struct identity *identity, struct mc_txn *txn, const char *proof,
                          const struct identity_claim *claim, const char **ret_code);

/* Sessions. */
void identity_session_open(struct identity *identity, struct mc_txn *txn,
                           struct mc_bytes account_id, const IdentityState__Account *account,
                           Identity__SessionReply *rep);
/* The same by a certificate or VNeID, at that assurance: a temporary password does not hold it up.
 */
void identity_session_open_at(struct identity *identity, struct mc_txn *txn,
                              struct mc_bytes account_id, const IdentityState__Account *account,
                              uint32_t ial, Identity__SessionReply *rep);
/* Good for changing the password only (OFF-31). */
bool identity_session_is_temporary(const IdentityState__Session *session,
                                   const IdentityState__Account *account);
void identity_session_renew(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                            IdentityState__Session *session, const IdentityState__Account *account,
                            Identity__SessionReply *rep);
void identity_session_revoke(struct mc_txn *txn, struct mc_bytes id,
                             const IdentityState__Session *session);
void identity_sessions_revoke(struct mc_txn *txn, struct mc_bytes account_id);
void identity_sessions_revoke_but(struct mc_txn *txn, struct mc_bytes account_id,
                                  struct mc_bytes keep);
/* The caller's own; refuses the call when it has ended. */
/* The account's level, or what the sign-in proved beyond it. */
uint32_t identity_session_ial(const IdentityState__Session *session,
                              const IdentityState__Account *account);
IdentityState__Session *identity_session_of_caller(struct mc_txn *txn, struct mc_bytes *ret_id);
/* False when it is not a refresh token of ours. */
bool identity_refresh_read(struct mc_txn *txn, const char *token, struct mc_bytes *ret_session_id,
                           struct mc_bytes *ret_hash);

/* Wrong passwords (failures.c), and what they make a next try cost. */
struct identity_failures {
    struct mc_bytes account; /* keys: hashes of the number, */
    struct mc_bytes source;  /* of the source (empty: unknown), */
    struct mc_bytes pair;    /* of both */
    int64_t locked_until_ms; /* for this source */
    bool known;              /* the account was signed in to from here */
    unsigned level;          /* of the captcha; above 0 everybody needs one */
};
void identity_failures_look(const struct identity *identity, struct mc_txn *txn,
                            struct mc_bytes login_index, struct identity_failures *ret_failures);
int64_t identity_failures_count(const struct identity *identity, struct mc_txn *txn,
                                const struct identity_failures *failures); /* locked until, or 0 */
void identity_failures_forget(struct mc_txn *txn, const struct identity_failures *failures);
/* ACCOUNT_LOCKED, and how long yet. */
void identity_locked_say(struct mc_txn *txn, int64_t until_ms, char **ret_code, char **ret_message);
/* The account was signed in to from here: strangers' failures do not make it harder from here. */
void identity_source_know(const struct identity *identity, struct mc_txn *txn,
                          struct mc_bytes login_index);

/* What stands for the number where a signature will tell it. */
#define IDENTITY_CAPTCHA_SIGNING "signing"

/* Captchas (captcha.c). `holds` refuses the call when it does not, and spends what does. */
char *identity_captcha_make(const struct identity *identity, struct mc_txn *txn, const char *number,
                            unsigned level, int64_t *ret_expires_ms);
bool identity_captcha_needed(const struct identity *identity, const struct mc_txn *txn,
                             unsigned level);
bool identity_captcha_holds(const struct identity *identity, struct mc_txn *txn, const char *number,
                            const char *solved, unsigned level);

/*
 * A temporary password: drawn into the work of a route's prepare, and given to an account in its
 * handler, which saves the account and sends the text. NULL: the call was refused or has failed.
 */
void identity_password_temporary_prepare(struct mc_txn *snapshot, struct mc_work *ret_work);
const char *identity_password_temporary(const struct identity *identity, struct mc_txn *txn,
                                        IdentityState__Account *account);

/* Tables, embedded in the program or an operator's own; `why` names the line that is wrong. */
mc_nodiscard enum mc_status identity_methods_read(struct identity *identity, struct mc_bytes text,
                                                  char *why, size_t why_size);
bool identity_window_read(const char *text, struct identity_window *ret_window);
const struct identity_method *identity_method_find(const struct identity *identity,
                                                   const char *code);
bool identity_method_is_open(const struct identity_method *method, unsigned subject_kind,
                             int64_t now_ms);
const char *identity_method_why(const struct identity_method *method, unsigned subject_kind,
                                int64_t now_ms, int64_t *ret_day_ms);
const struct identity_method *identity_method_check(const struct identity *identity,
                                                    struct mc_txn *txn, const char *code,
                                                    unsigned subject_kind);
/* Whether the method's form has the field, and whether it must be filled in. */
bool identity_method_asks(const struct identity *identity, const struct identity_method *method,
                          const char *field, bool *ret_required);
const char *identity_subject_name(unsigned subject_kind);
mc_nodiscard enum mc_status identity_consents_read(struct identity *identity, struct mc_bytes text,
                                                   char *why, size_t why_size);
const struct identity_consent *identity_consent_find(const struct identity *identity,
                                                     const char *version);
const struct identity_consent *identity_consent_at(const struct identity *identity, int64_t at_ms);
bool identity_consent_is_in_force(const struct identity_consent *consent, int64_t at_ms);
void identity_consent_check(const struct identity *identity, struct mc_txn *txn,
                            const char *version);
mc_nodiscard enum mc_status identity_rights_read(struct identity *identity);
bool identity_right_is_known(const struct identity *identity, const char *right);

/* Portals that a session was used at: told that it ended; forgotten when `account` is empty. */
void identity_oidc_session_ended(struct mc_txn *txn, struct mc_bytes session,
                                 struct mc_bytes account);
enum mc_status identity_logout_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request);
enum mc_status identity_logout_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict);

/* Effects: questions to VNeID. */
enum mc_status identity_vneid_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request);
enum mc_status identity_vneid_token_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                         const ProtobufCMessage *payload,
                                         const struct mc_result *result,
                                         enum mc_verdict *ret_verdict);
enum mc_status identity_vneid_keys_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict);
enum mc_status identity_vneid_userinfo_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                            const ProtobufCMessage *payload,
                                            const struct mc_result *result,
                                            enum mc_verdict *ret_verdict);

/* Housekeeping of one table whose keys are in no order: each tick looks at the next stretch. */
uint64_t identity_sweep(struct mc_txn *txn, unsigned table, uint8_t from[MC_ID_LEN],
                        bool (*is_over)(const struct mc_cursor *row));

/* Small things. */
char *identity_key(struct mc_txn *txn, const char *kind, struct mc_bytes id); /* "account:…" */
char *identity_uuid(struct mc_txn *txn, struct mc_bytes id);
struct mc_bytes identity_id_parse(struct mc_txn *txn, const char *uuid); /* empty when it is none */
ProtobufCBinaryData identity_data(struct mc_bytes bytes);
char *identity_text(struct mc_txn *txn, const char *code, const char *const *args);
/* Why a code was not sent, or who refused: with the minutes that are left until then. */
char *identity_code_text(struct mc_txn *txn, const char *code, const char *carrier,
                         int64_t until_ms);

extern const struct mc_room identity_room;
