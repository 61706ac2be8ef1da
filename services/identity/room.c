/*
 * identity: who somebody is, and that it is them.
 *
 * StartRegistration takes the form and asks who can vouch for the person: the carrier who owns the
 * phone (mnp.check, carrier.check), the social insurance (insurance.check), Vietnam Post
 * (post.check). When it is this person a code goes to the phone (otp.issue), and FinishRegistration
 * turns the otp room's proof and a password into an account, which the population register may
 * confirm later (population.check). A system that is away is asked again while the registration
 * lives; the tries of one never wait for another's. FindInsuranceCode sends a person's own
 * insurance code to the phone the insurer knows, and says the same to everybody. Login and
 * FinishLogin do the same for a session: a signed token every room verifies by itself, and a
 * refresh token that is good once. Codes live in the otp room: the registration's or sign-in's own
 * id is the subject, so a front end verifies and resends there directly and brings back the proof.
 *
 * Which methods are open for whom is a table with days (ListMethods), and so are the texts people
 * agree to (GetConsent); an operator's own files replace the built-in ones at start.
 *
 * Wrong passwords are counted by number and source, so that a stranger locks only himself; guessing
 * on is made dear by GetCaptcha's work (failures.c, captcha.c). A forgotten password is set anew by
 * a code (start_password_reset.c); nothing on that way tells whether there is an account.
 *
 * To portals it is an OpenID provider («Đăng nhập với DVC Quốc gia»): Authorize … EndBrowser are
 * what the gateway's /oauth2 pages ask, and oidc.h says how it works.
 *
 * A certificate is the third way in: StartSigning gives a text that is good once, a USB token, a
 * SIM or an app signs it, the authority is asked whether the certificate still holds (cert.ocsp),
 * and RegisterByCertificate or LoginByCertificate takes what the certificate says of its holder,
 * never what the caller says. State agencies' certificates come from the Government's authority,
 * all others' from public ones. identity_strong_proof() is the same for what needs more than a
 * code.
 *
 * Identity numbers, names, dates, phones and password hashes are sealed in the store; accounts are
 * found by a keyed hash of the number. One account per number.
 *
 * After it has opened an account is altered in one way only (change.c): before and after become a
 * sealed row of its history, its version goes on, the counters move. SetAccountStatus goes along
 * the table of status.c; whoever is switched off is signed out of every room at once. Officers see
 * and change accounts by right, within their unit, for a purpose or a reason, and never their own.
 * GetProfile is masked; ReadAccount is not, and tells the past, too. UpdateAccount changes what a
 * person may say of himself; names and birth dates are the desk's. What needs a code first, a new
 * phone or closing the account, is a step: Start… asks the otp room, Finish… brings the proofs.
 * Who has two numbers has them joined at a desk; who has two accounts, too, has them merged by an
 * administrator: as previewed, undoable for a while, followed by the other rooms.
 *
 * Officers work for units of the table of agencies, in several if need be (AssignUnits), with
 * rights that belong to a unit (GrantRights). Only an administrator of level 1 gives them, within
 * the own ministry or province (grantor.c). A session acts for one unit at a time (SwitchUnit);
 * what is taken away ends the account's sessions, which every room hears of within a second.
 *
 * Accounts are found by phone, name, unit and status through an index of keyed hashes (index.c):
 * SearchStaff and its Excel file, SearchMade. Who searches names a purpose, and the log has it.
 *
 * An officer of a one-door unit makes an account for a citizen in front of him: LookUpCitizen, the
 * form with a scan (StartCitizenAccount, a registration like any other: the carrier is asked), the
 * printed request, a code to the citizen's phone, CreateCitizenAccount. The password is drawn here,
 * goes to the citizen by SMS and must be changed; the officer can have another one sent
 * (SendCitizenPassword). Scans are sealed and end on their day (scan.c).
 */
#include <stddef.h>
#include <string.h>

#include "common/captcha.h"
#include "common/file.h"

#include "account.h"
#include "lookup.h"
#include "officer.h"
#include "oidc.h"
#include "signer.h"
#include "signing.h"
#include "vneid.h"

extern const char mc_data_registration_methods[];
extern const size_t mc_data_registration_methods_len;
extern const char mc_data_consents[];
extern const size_t mc_data_consents_len;

/* Front ends, and the gateway for browsers; not SMS gateways. */
#define FRONT (MC_ROOM | MC_PORTAL | MC_CITIZEN | MC_OFFICER)
#define SELF  (MC_CITIZEN | MC_OFFICER)
/* Who gives units and rights; how far each reaches is grantor.c. */
#define GRANTOR (MC_OPERATOR | MC_OFFICER)

/* clang-format off */
/*    method             handler                       request                              reply                               mode             who    right */
#define IDENTITY_ROUTES(X)                                                                                                                                   \
    X(StartRegistration,  identity_start_registration,  Identity__StartRegistrationRequest,  Identity__StartRegistrationReply,  MC_WRITE,        FRONT, NULL, NULL) \
    X(GetRegistration,    identity_get_registration,    Identity__GetRegistrationRequest,    Identity__Registration,            MC_READ,         FRONT, NULL, NULL) \
    X(FinishRegistration, identity_finish_registration, Identity__FinishRegistrationRequest, Identity__FinishRegistrationReply, MC_WRITE_SECRET, FRONT, NULL, identity_finish_registration_prepare) \
    X(FindInsuranceCode,  identity_find_insurance_code, Identity__FindInsuranceCodeRequest,  Identity__FindInsuranceCodeReply,  MC_WRITE,        FRONT, NULL, NULL) \
    X(ListMethods,        identity_list_methods,        Identity__ListMethodsRequest,        Identity__ListMethodsReply,        MC_READ,         MC_ANYONE, NULL, NULL) \
    X(GetConsent,         identity_get_consent,         Identity__GetConsentRequest,         Identity__Consent,                 MC_READ,         MC_ANYONE, NULL, NULL) \
    X(Login,              identity_login,               Identity__LoginRequest,              Identity__LoginReply,              MC_WRITE,        FRONT, NULL, identity_login_prepare) \
    X(GetLogin,           identity_get_login,           Identity__GetLoginRequest,           Identity__LoginReply,              MC_READ,         FRONT, NULL, NULL) \
    X(FinishLogin,        identity_finish_login,        Identity__FinishLoginRequest,        Identity__SessionReply,            MC_WRITE_SECRET, FRONT, NULL, NULL) \
    X(Refresh,            identity_refresh,             Identity__RefreshRequest,            Identity__SessionReply,            MC_WRITE_SECRET, FRONT, NULL, NULL) \
    X(Logout,             identity_logout,              Identity__LogoutRequest,             Identity__LogoutReply,             MC_WRITE,        SELF | MC_TEMPORARY, NULL, NULL) \
    X(ListSessions,       identity_list_sessions,       Identity__ListSessionsRequest,       Identity__ListSessionsReply,       MC_READ,         SELF,  NULL, NULL) \
    X(RevokeSessions,     identity_revoke_sessions,     Identity__RevokeSessionsRequest,     Identity__RevokeSessionsReply,     MC_WRITE,        SELF,  NULL, NULL) \
    X(ChangePassword,     identity_change_password,     Identity__ChangePasswordRequest,     Identity__ChangePasswordReply,     MC_WRITE_SECRET, SELF | MC_TEMPORARY, NULL, identity_change_password_prepare) \
    X(StartPasswordReset, identity_start_password_reset, Identity__StartPasswordResetRequest, Identity__StartPasswordResetReply, MC_WRITE,      FRONT, NULL, NULL) \
    X(FinishPasswordReset, identity_finish_password_reset, Identity__FinishPasswordResetRequest, Identity__FinishPasswordResetReply, MC_WRITE, FRONT, NULL, identity_finish_password_reset_prepare) \
    X(GetLoginGuide,      identity_get_login_guide,     Identity__GetLoginGuideRequest,      Identity__LoginGuide,              MC_READ,         MC_ANYONE, NULL, NULL) \
    X(GetCaptcha,         identity_get_captcha,         Identity__GetCaptchaRequest,         Identity__GetCaptchaReply,         MC_READ,         FRONT, NULL, NULL) \
    X(GetProfile,         identity_get_profile,         Identity__GetProfileRequest,         Identity__Profile,                 MC_READ,         SELF,  NULL, NULL) \
    X(GrantRights,        identity_grant_rights,        Identity__GrantRightsRequest,        Identity__GrantRightsReply,        MC_WRITE,        GRANTOR, NULL, NULL) \
    X(ListRights,         identity_list_rights,         Identity__ListRightsRequest,         Identity__ListRightsReply,         MC_READ,         GRANTOR, NULL, NULL) \
    X(SearchAgencies,     identity_search_agencies,     Identity__SearchAgenciesRequest,     Identity__SearchAgenciesReply,     MC_READ,         GRANTOR, NULL, NULL) \
    X(ImportAgencies,     identity_import_agencies,     Identity__ImportAgenciesRequest,     Identity__ImportAgenciesReply,     MC_WRITE,        MC_OPERATOR, NULL, NULL) \
    X(GetOfficer,         identity_get_officer,         Identity__GetOfficerRequest,         Identity__Officer,                 MC_READ,         GRANTOR, NULL, NULL) \
    X(AssignUnits,        identity_assign_units,        Identity__AssignUnitsRequest,        Identity__Officer,                 MC_WRITE_SECRET, GRANTOR, NULL, NULL) \
    X(SwitchUnit,         identity_switch_unit,         Identity__SwitchUnitRequest,         Identity__SessionReply,            MC_WRITE_SECRET, MC_OFFICER, NULL, NULL) \
    X(SearchStaff,        identity_search_staff,        Identity__SearchStaffRequest,        Identity__SearchStaffReply,        MC_WRITE_FRESH,  GRANTOR, NULL, NULL) \
    X(ExportStaff,        identity_export_staff,        Identity__ExportStaffRequest,        Identity__ExportStaffReply,        MC_WRITE_FRESH,  GRANTOR, NULL, NULL, MC_UPLOAD_MAX) \
    X(AddStaff,           identity_add_staff,           Identity__AddStaffRequest,           Identity__Officer,                 MC_WRITE_SECRET, GRANTOR, NULL, NULL) \
    X(SearchMade,         identity_search_made,         Identity__SearchMadeRequest,         Identity__SearchMadeReply,         MC_WRITE_FRESH,  GRANTOR, NULL, NULL) \
    X(GetDesk,            identity_get_desk,            Identity__GetDeskRequest,            Identity__DeskReply,               MC_READ,         SELF, NULL, NULL) \
    X(LookUpCitizen,      identity_look_up_citizen,     Identity__LookUpCitizenRequest,      Identity__LookUpCitizenReply,      MC_WRITE_FRESH,  MC_OFFICER, NULL, NULL) \
    X(StartCitizenAccount, identity_start_citizen_account, Identity__StartCitizenAccountRequest, Identity__StartCitizenAccountReply, MC_WRITE,    MC_OFFICER, NULL, NULL, MC_UPLOAD_MAX) \
    X(GetCitizenAccount,  identity_get_citizen_account, Identity__GetCitizenAccountRequest,  Identity__CitizenAccount,          MC_READ,         MC_OFFICER, NULL, NULL) \
    X(PrintRequestForm,   identity_print_request_form,  Identity__PrintRequestFormRequest,   Identity__PrintRequestFormReply,   MC_READ,         MC_OFFICER, NULL, NULL) \
    X(SendCitizenCode,    identity_send_citizen_code,   Identity__SendCitizenCodeRequest,    Identity__SendCitizenCodeReply,    MC_WRITE,        MC_OFFICER, NULL, NULL) \
    X(CreateCitizenAccount, identity_create_citizen_account, Identity__CreateCitizenAccountRequest, Identity__CreateCitizenAccountReply, MC_WRITE, MC_OFFICER, NULL, identity_create_citizen_account_prepare) \
    X(SendCitizenPassword, identity_send_citizen_password, Identity__SendCitizenPasswordRequest, Identity__SendCitizenPasswordReply, MC_WRITE, MC_OFFICER, NULL, identity_send_citizen_password_prepare) \
    X(ReadScan,           identity_read_scan,           Identity__ReadScanRequest,           Identity__ReadScanReply,           MC_WRITE_FRESH,  GRANTOR, NULL, NULL, MC_UPLOAD_MAX) \
    X(CountAccounts,      identity_count_accounts,      Identity__CountAccountsRequest,      Identity__CountAccountsReply,      MC_READ,         MC_OPERATOR | MC_OFFICER, "ACCOUNT_VIEW", NULL) \
    X(SetAccountStatus,   identity_set_account_status,  Identity__SetAccountStatusRequest,   Identity__SetAccountStatusReply,   MC_WRITE,        SELF | MC_OPERATOR, NULL, NULL) \
    X(ReadAccount,        identity_read_account,        Identity__ReadAccountRequest,        Identity__AccountDetails,          MC_WRITE_FRESH,  SELF | MC_OPERATOR, NULL, NULL) \
    X(UpdateAccount,      identity_update_account,      Identity__UpdateAccountRequest,      Identity__UpdateAccountReply,      MC_WRITE,        SELF | MC_OPERATOR, NULL, NULL) \
    X(StartPhoneChange,   identity_start_phone_change,  Identity__StartPhoneChangeRequest,   Identity__AccountStep,             MC_WRITE,        SELF,  NULL, NULL) \
    X(FinishPhoneChange,  identity_finish_phone_change, Identity__FinishPhoneChangeRequest,  Identity__UpdateAccountReply,      MC_WRITE,        SELF,  NULL, NULL) \
    X(StopPhoneChange,    identity_stop_phone_change,   Identity__StopPhoneChangeRequest,    Identity__UpdateAccountReply,      MC_WRITE,        SELF,  NULL, NULL) \
    X(StartClosing,       identity_start_closing,       Identity__StartClosingRequest,       Identity__AccountStep,             MC_WRITE,        SELF,  NULL, identity_start_closing_prepare) \
    X(FinishClosing,      identity_finish_closing,      Identity__FinishClosingRequest,      Identity__FinishClosingReply,      MC_WRITE,        SELF,  NULL, NULL) \
    X(GetAccountStep,     identity_get_account_step,    Identity__GetAccountStepRequest,     Identity__AccountStep,             MC_READ,         SELF,  NULL, NULL) \
    X(JoinNumber,         identity_join_number,         Identity__JoinNumberRequest,         Identity__JoinNumberReply,         MC_WRITE,        MC_OFFICER | MC_OPERATOR, NULL, NULL) \
    X(PreviewMerge,       identity_preview_merge,       Identity__PreviewMergeRequest,       Identity__PreviewMergeReply,       MC_READ,         MC_OFFICER | MC_OPERATOR, "ACCOUNT_MERGE", NULL) \
    X(MergeAccounts,      identity_merge_accounts,      Identity__MergeAccountsRequest,      Identity__Merge,                   MC_WRITE,        MC_OFFICER | MC_OPERATOR, "ACCOUNT_MERGE", NULL) \
    X(UndoMerge,          identity_undo_merge,          Identity__UndoMergeRequest,          Identity__Merge,                   MC_WRITE,        MC_OFFICER | MC_OPERATOR, "ACCOUNT_MERGE", NULL) \
    X(ListMerges,         identity_list_merges,         Identity__ListMergesRequest,         Identity__ListMergesReply,         MC_READ,         MC_OFFICER | MC_OPERATOR, "ACCOUNT_MERGE", NULL) \
    X(ListAccountChanges, identity_list_account_changes, Identity__ListAccountChangesRequest, Identity__ListAccountChangesReply, MC_WRITE_FRESH, SELF | MC_OPERATOR, NULL, NULL) \
    X(SaveClient,           identity_save_client,           Identity__SaveClientRequest,           Identity__SaveClientReply,         MC_WRITE_SECRET, MC_OPERATOR | MC_OFFICER, "APCA_ADMIN", NULL) \
    X(RotateClientSecret,   identity_rotate_client_secret,  Identity__RotateClientSecretRequest,   Identity__RotateClientSecretReply, MC_WRITE_SECRET, MC_OPERATOR | MC_OFFICER, "APCA_ADMIN", NULL) \
    X(ListClients,          identity_list_clients,          Identity__ListClientsRequest,          Identity__ListClientsReply,        MC_READ,         MC_OPERATOR | MC_OFFICER, "APCA_ADMIN", NULL) \
    X(Authorize,            identity_authorize,             Identity__AuthorizeRequest,            Identity__AuthorizeReply,          MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(GetAuthorization,     identity_get_authorization,     Identity__GetAuthorizationRequest,     Identity__AuthorizeReply,          MC_READ,         MC_ROOM, NULL, NULL) \
    X(LoginAuthorization,   identity_login_authorization,   Identity__LoginAuthorizationRequest,   Identity__AuthorizeReply,          MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(ConsentAuthorization, identity_consent_authorization, Identity__ConsentAuthorizationRequest, Identity__AuthorizeReply,          MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(StartVneid,           identity_start_vneid,           Identity__StartVneidRequest,           Identity__AuthorizeReply,          MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(ReturnVneid,          identity_return_vneid,          Identity__ReturnVneidRequest,          Identity__AuthorizeReply,          MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(FinishVneid,          identity_finish_vneid,          Identity__FinishVneidRequest,          Identity__AuthorizeReply,          MC_WRITE_FRESH,  MC_ROOM, NULL, NULL) \
    X(ExchangeCode,         identity_exchange_code,         Identity__ExchangeCodeRequest,         Identity__ExchangeCodeReply,       MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(GetUserinfo,          identity_get_userinfo,          Identity__GetUserinfoRequest,          Identity__GetUserinfoReply,        MC_READ,         MC_ROOM, NULL, NULL) \
    X(GetProvider,          identity_get_provider,          Identity__GetProviderRequest,          Identity__Provider,                MC_READ,         MC_ROOM, NULL, NULL) \
    X(EndBrowser,           identity_end_browser,           Identity__EndBrowserRequest,           Identity__EndBrowserReply,         MC_WRITE_SECRET, MC_ROOM, NULL, NULL) \
    X(ListConsents,         identity_list_consents,         Identity__ListConsentsRequest,         Identity__ListConsentsReply,       MC_READ,         SELF,    NULL, NULL) \
    X(RevokeConsent,        identity_revoke_consent,        Identity__RevokeConsentRequest,        Identity__RevokeConsentReply,      MC_WRITE,        SELF,    NULL, NULL) \
    X(ReadForMember,        identity_read_for_member,       Identity__ReadForMemberRequest,       Identity__ReadForMemberReply,      MC_WRITE_FRESH,  MC_ROOM, NULL, NULL) \
    X(StartSigning,       identity_start_signing,       Identity__StartSigningRequest,       Identity__Signing,                 MC_WRITE,        FRONT, NULL, NULL) \
    X(SubmitSignature,    identity_submit_signature,    Identity__SubmitSignatureRequest,    Identity__Signing,                 MC_WRITE_SECRET, FRONT, NULL, NULL) \
    X(GetSigning,         identity_get_signing,         Identity__GetSigningRequest,         Identity__Signing,                 MC_READ,         FRONT, NULL, NULL) \
    X(RegisterByCertificate, identity_register_by_certificate, Identity__RegisterByCertificateRequest, Identity__RegisterByCertificateReply, MC_WRITE, FRONT, NULL, NULL) \
    X(LoginByCertificate, identity_login_by_certificate, Identity__LoginByCertificateRequest, Identity__SessionReply,           MC_WRITE_SECRET, FRONT, NULL, NULL) \
    X(GetSigningGuide,    identity_get_signing_guide,   Identity__GetSigningGuideRequest,    Identity__SigningGuide,            MC_READ,         MC_ANYONE, NULL, NULL) \
    X(SignerCallback,     identity_signer_callback,     Motcua__WebhookRequest,              Motcua__WebhookReply,              MC_WRITE,        MC_ROOM, NULL, NULL) \
    X(GetSigningEvidence, identity_get_signing_evidence, Identity__GetSigningEvidenceRequest, Identity__SigningEvidence,        MC_WRITE_FRESH,  MC_OPERATOR, NULL, NULL)

static const char *const tables[IDENTITY_TABLES_END - MC_TABLE_ROOM] = {
    [IDENTITY_REGISTRATIONS - MC_TABLE_ROOM]    = "registrations",    /* registration id -> Registration */
    [IDENTITY_ACCOUNTS - MC_TABLE_ROOM]         = "accounts",         /* account id -> Account */
    [IDENTITY_LOGIN_INDEX - MC_TABLE_ROOM]      = "login_index",      /* hash of the number -> account id */
    [IDENTITY_FAILURES - MC_TABLE_ROOM]         = "failures",         /* hash of number, source or both -> Failures */
    [IDENTITY_STARTS - MC_TABLE_ROOM]           = "starts",           /* hash of a phone or number -> Starts */
    [IDENTITY_CAPTCHAS - MC_TABLE_ROOM]         = "captchas",         /* expiry, nonce -> nothing: spent */
    [IDENTITY_RESETS - MC_TABLE_ROOM]           = "resets",           /* reset id -> Reset */
    [IDENTITY_LOGINS - MC_TABLE_ROOM]           = "logins",           /* login id -> Login */
    [IDENTITY_SESSIONS - MC_TABLE_ROOM]         = "sessions",         /* session id -> Session */
    [IDENTITY_ACCOUNT_SESSIONS - MC_TABLE_ROOM] = "account_sessions", /* account id, session id -> nothing */
    [IDENTITY_CHANGES - MC_TABLE_ROOM]          = "changes",          /* account id, version -> Change */
    [IDENTITY_COUNTS - MC_TABLE_ROOM]           = "counts",           /* kind, status, verified, method -> how many accounts */
    [IDENTITY_STEPS - MC_TABLE_ROOM]            = "steps",            /* step id -> Step */
    [IDENTITY_CLOSINGS - MC_TABLE_ROOM]         = "closings",         /* when, account id -> nothing */
    [IDENTITY_PHONE_WAITS - MC_TABLE_ROOM]      = "phone_waits",      /* when, account id -> nothing */
    [IDENTITY_MERGES - MC_TABLE_ROOM]           = "merges",           /* merge id -> Merge */
    [IDENTITY_MERGE_PAIRS - MC_TABLE_ROOM]      = "merge_pairs",      /* kept account, merged account -> merge id */
    [IDENTITY_AGENCIES - MC_TABLE_ROOM]         = "agencies",         /* code -> Agency */
    [IDENTITY_AGENCY_WORDS - MC_TABLE_ROOM]     = "agency_words",     /* folded word, code -> nothing */
    [IDENTITY_SCANS - MC_TABLE_ROOM]            = "scans",            /* scan id -> Scan; and its pieces */
    [IDENTITY_SCAN_ENDS - MC_TABLE_ROOM]        = "scan_ends",        /* when, scan id -> nothing */
    [IDENTITY_MADE - MC_TABLE_ROOM]             = "made",             /* account id -> Made */
    [IDENTITY_CLIENTS - MC_TABLE_ROOM]          = "clients",          /* client id -> Client */
    [IDENTITY_OIDC_KEYS - MC_TABLE_ROOM]        = "oidc_keys",        /* kid -> OidcKey */
    [IDENTITY_AUTHORIZATIONS - MC_TABLE_ROOM]   = "authorizations",   /* authorization id -> Authorization */
    [IDENTITY_BROWSERS - MC_TABLE_ROOM]         = "browsers",         /* hash of a cookie -> Browser */
    [IDENTITY_CODES - MC_TABLE_ROOM]            = "codes",            /* hash of a code -> Code */
    [IDENTITY_ACCESS_TOKENS - MC_TABLE_ROOM]    = "access_tokens",    /* hash of a token -> AccessToken */
    [IDENTITY_CONSENTS - MC_TABLE_ROOM]         = "consents",         /* account id, client id -> Consent */
    [IDENTITY_ASSERTIONS - MC_TABLE_ROOM]       = "assertions",       /* hash of client and jti -> Assertion */
    [IDENTITY_SESSION_CLIENTS - MC_TABLE_ROOM]  = "session_clients",  /* session id, client id -> SessionClient */
    [IDENTITY_VNEID_LOGINS - MC_TABLE_ROOM]     = "vneid_logins",     /* hash of a state -> VneidLogin */
    [IDENTITY_VNEID_KEYS - MC_TABLE_ROOM]       = "vneid_keys",       /* "jwks" -> VneidKeys */
    [IDENTITY_VNEID_INDEX - MC_TABLE_ROOM]      = "vneid_index",      /* hash of a TechID -> account id */
    [IDENTITY_SIGNINGS - MC_TABLE_ROOM]         = "signings",         /* signing id -> Signing */
    [IDENTITY_EVIDENCE - MC_TABLE_ROOM]         = "evidence",         /* signing id -> Evidence, of accounts and changes */
    [IDENTITY_LOGIN_EVIDENCE - MC_TABLE_ROOM]   = "login_evidence",   /* signing id -> Evidence, of sign-ins */
    [IDENTITY_ACCOUNT_INDEX - MC_TABLE_ROOM]    = "account_index",    /* hash of what is searched, account id -> nothing */
    [IDENTITY_ACCOUNT_NAMES - MC_TABLE_ROOM]    = "account_names",    /* hash of a name, a bound -> account ids */
    [IDENTITY_ACCOUNT_TOTALS - MC_TABLE_ROOM]   = "account_totals",   /* hash of what is searched -> how many rows */
};

static const char *const lanes[IDENTITY_LANES_LEN] = {
    [IDENTITY_LANE_CARRIER] = "carrier",
    [IDENTITY_LANE_CODE]    = "code",
    [IDENTITY_LANE_INSURANCE]  = "insurance",
    [IDENTITY_LANE_POST]       = "post",
    [IDENTITY_LANE_POPULATION] = "population",
    [IDENTITY_LANE_REVOCATION] = "revocation",
    [IDENTITY_LANE_SIGNER]     = "signer",
    [IDENTITY_LANE_LOGOUT]     = "logout",
    [IDENTITY_LANE_VNEID]      = "vneid",
};

#define AT(field) offsetof(struct identity, field)
#define MINUTE (60 * 1000LL)
#define HOUR   (60 * MINUTE)
static const struct mc_config_key config[] = {
    {"identity.registration_life", MC_CONFIG_DURATION, AT(registration_life_ms), "30m", 5000, 24 * HOUR, "How long a registration may take from the form to the password; so long, too, other systems are asked again that are away."},
    {"identity.methods_file",      MC_CONFIG_PATH,     AT(methods_file),         "",    0, 1024, "Your own table of registration methods (CSV), read at start; empty: the one built in."},
    {"identity.consents_file",     MC_CONFIG_PATH,     AT(consents_file),        "",    0, 1024, "Your own texts of consent (CSV), read at start; empty: the one built in."},
    {"identity.login_life",        MC_CONFIG_DURATION, AT(login_life_ms),        "10m", MINUTE, HOUR,      "How long a sign-in may take from the password to the code."},
    {"identity.citizen_passwords", MC_CONFIG_BOOL,     AT(citizen_passwords),    "true", 0, 0, "Lets citizens who act for no unit sign in by password; false leaves them VNeID and certificates (Decree 69/2024, from 01/07/2024). Officers and enterprises keep theirs."},
    {"identity.session_life",      MC_CONFIG_DURATION, AT(session_life_ms),      "15m", MINUTE, HOUR,      "How long a session token is good without a refresh."},
    {"identity.refresh_life",      MC_CONFIG_DURATION, AT(refresh_life_ms),      "2h",  MINUTE, 24 * HOUR, "How long a session may lie idle before it needs a new sign-in."},
    {"identity.session_max",       MC_CONFIG_DURATION, AT(session_max_ms),       "12h", MINUTE, 168 * HOUR, "How long a session may last with all its refreshes."},
    {"identity.failure_window",    MC_CONFIG_DURATION, AT(failure_window_ms),    "30m", MINUTE, 24 * HOUR, "Five wrong passwords within this time lock the identity number for the source they came from."},
    {"identity.lock",              MC_CONFIG_DURATION, AT(lock_ms),              "30m", MINUTE, 24 * HOUR, "How long the first lock lasts; each further one in a row twice as long."},
    {"identity.starts_max",        MC_CONFIG_INT,      AT(starts_max),           "5",   1, 100000,         "How many registrations of one phone or identity number may begin in an hour."},
    {"identity.known_source_life", MC_CONFIG_DURATION, AT(known_source_life_ms), "720h", HOUR, 8760 * HOUR, "How long a source from which somebody has signed in is not slowed by what strangers guess at his account."},
    {"identity.password_bits",     MC_CONFIG_INT,      AT(password_bits),        "27",  1, 64, "How hard a new password must be to guess: 27 is a hundred million tries (libzxcvbn)."},
    {"identity.captcha_callers",   MC_CONFIG_LIST,     AT(captcha_callers),      "portal:http", 0, 64, "Front ends whose users always solve a captcha; * is all. Others need one only after many failures: they are known and have their own."},
    {"identity.captcha_life",      MC_CONFIG_DURATION, AT(captcha_life_ms),      "10m", 10 * 1000LL, HOUR, "How long a captcha may take to be solved and sent."},
    {"identity.captcha_prefix",    MC_CONFIG_INT,      AT(captcha_prefix),       "3",   1, MC_CAPTCHA_PREFIX_MAX, "Zeros a captcha's key must begin with: each one more is 16 times the work. 3 is a fifth of a second on a desktop."},
    {"identity.carrier_url",       MC_CONFIG_STRING,   AT(carrier_url),          "https://localhost:8443/carrier/{carrier}/subscriber", 1, 1024, "Where carriers are asked who owns a phone; {carrier} becomes the carrier's code."},
    {"identity.carriers",          MC_CONFIG_LIST,     AT(carriers),             "",    0, IDENTITY_CARRIERS_MAX, "Addresses of single carriers instead: viettel=https://…, vinaphone=https://…"},
    {"identity.mnp_url",           MC_CONFIG_STRING,   AT(mnp_url),              "",    0, 1024, "Where the register of ported numbers is asked first; empty: there is none, the prefix decides."},
    {"identity.insurance_url",     MC_CONFIG_STRING,   AT(insurance_url),        "https://localhost:8443/bhxh/check", 1, 1024, "Where the social insurance is asked whose a code is."},
    {"identity.insurance_find_url", MC_CONFIG_STRING,  AT(insurance_find_url),   "https://localhost:8443/bhxh/find", 1, 1024, "Where the social insurance is asked for a person's code."},
    {"identity.insurance_by_identity", MC_CONFIG_BOOL, AT(insurance_by_identity), "false", 0, 0, "Takes the 12-digit personal number as insurance code, where the insurer does."},
    {"identity.post_url",          MC_CONFIG_STRING,   AT(post_url),             "https://localhost:8443/vnpost/check", 1, 1024, "Where Vietnam Post is asked whose an account is."},
    {"identity.population_url",    MC_CONFIG_STRING,   AT(population_url),       "",    0, 1024, "Where the population register is asked about new accounts; empty: it is not."},
    {"identity.population_life",   MC_CONFIG_DURATION, AT(population_life_ms),   "168h", HOUR, 720 * HOUR, "How long the population register is asked again when it is away."},
    {"identity.carrier_ca_file",   MC_CONFIG_PATH,     AT(carrier_ca_file),      "",    0, 1024, "Certificates (PEM) that those of all these systems must be signed by; empty: the system's."},
    {"identity.carrier_timeout",   MC_CONFIG_DURATION, AT(carrier_timeout_ms),   "10s", 1000, 20000, "How long each of these systems may take to answer before it is asked again."},
    {"identity.allow_plain_http",  MC_CONFIG_BOOL,     AT(allow_plain_http),     "false", 0, 0, "Lets these addresses begin with http://: only for a sandbox."},
    {"identity.temporary_password_life", MC_CONFIG_DURATION, AT(temporary_password_life_ms), "168h", HOUR, 720 * HOUR, "How long a password that an office has sent by SMS can be used to set a real one."},
    {"identity.step_life",         MC_CONFIG_DURATION, AT(step_life_ms),         "15m", MINUTE, HOUR, "How long a change of phone or a closing may take from its beginning to its codes."},
    {"identity.phone_wait_desk",   MC_CONFIG_DURATION, AT(phone_wait_desk_ms),   "24h", 0, 720 * HOUR, "How long a lost phone's change made at a desk waits, while its owner can stop it; 0s: it takes effect at once."},
    {"identity.phone_wait_signed", MC_CONFIG_DURATION, AT(phone_wait_signed_ms), "0s",  0, 720 * HOUR, "The same for a change that the owner has signed with a certificate (IAL3)."},
    {"identity.closing_period",    MC_CONFIG_DURATION, AT(closing_period_ms),    "720h", 24 * HOUR, 8760 * HOUR, "How long an account that its owner closes can be taken back."},
    {"identity.merge_undo",        MC_CONFIG_DURATION, AT(merge_undo_ms),        "168h", HOUR, 8760 * HOUR, "How long the merge of two accounts can be undone, while nothing else happens to them."},
    {"identity.scan_retention",    MC_CONFIG_DURATION, AT(scan_retention_ms),    "43800h", HOUR, 876000 * HOUR, "How long the scan behind an account that an officer made is kept: five years."},
    {"identity.top_agency",        MC_CONFIG_STRING,   AT(top_agency),           "G22", 1, 16, "The level-1 code whose APCA_ADMIN acts for the whole country: the Government Office."},
    {"identity.oidc_issuer",       MC_CONFIG_STRING,   AT(oidc_issuer),          "https://localhost:8443", 8, 200, "Who this provider is to portals: where browsers reach the gateway, without a slash at the end."},
    {"identity.oidc_key_life",     MC_CONFIG_DURATION, AT(oidc_key_life_ms),     "90d", HOUR, 8760 * HOUR, "How long a key signs sign-ins for portals; the next one is shown that long before."},
    {"identity.vneid_issuer",      MC_CONFIG_STRING,   AT(vneid_issuer),         "",    0, 200, "The national identity provider, as its tokens name it; its endpoints are below /oauth2/. Empty: nobody signs in by it."},
    {"identity.vneid_client_id",   MC_CONFIG_STRING,   AT(vneid_client_id),      "motcua", 1, 200, "Who we are there. We sign with the keys that <identity.oidc_issuer>/oauth2/jwks shows."},
    {"identity.vneid_ca_file",     MC_CONFIG_PATH,     AT(vneid_ca_file),        "",    0, 1024, "Certificates (PEM) VNeID's must be signed by; empty: the system's."},
    {"identity.signing_life",      MC_CONFIG_DURATION, AT(signing_life_ms),      "5m",  MINUTE, 10 * MINUTE, "How long a text may take to be signed, checked and used."},
    {"identity.signing_origin",    MC_CONFIG_STRING,   AT(signing_origin),       "https://dichvucong.gov.vn", 1, 200, "Whose request a text to be signed says it is."},
    {"identity.trust_public",      MC_CONFIG_PATH,     AT(trust_public_path),    "",    0, 1024, "Authorities of citizens' and enterprises' certificates: a PEM file, or a folder of .pem and .crt, roots and those below them; read at start. Empty: none."},
    {"identity.trust_government",  MC_CONFIG_PATH,     AT(trust_government_path), "",   0, 1024, "The same for state agencies: the Government's own authority."},
    {"identity.ocsp_url",          MC_CONFIG_STRING,   AT(ocsp_url),             "",    0, 512, "The responder to ask whether a certificate was revoked; empty: the one the certificate names. http:// needs http.allow_plain; answers are signed."},
    {"identity.ocsp_nonce_needed", MC_CONFIG_BOOL,     AT(ocsp_nonce_needed),    "false", 0, 0, "Refuses a responder's answer without our nonce; many responders send answers they made beforehand."},
    {"identity.accept_crl",        MC_CONFIG_BOOL,     AT(accept_crl),           "false", 0, 0, "When the responder is away: takes the authority's revocation list while it is fresh. Otherwise the signature is refused."},
    {"identity.revocation_timeout", MC_CONFIG_DURATION, AT(revocation_timeout_ms), "5s", 1000, 30000, "How long a responder may take before it is asked again."},
    {"identity.evidence_life",     MC_CONFIG_DURATION, AT(evidence_life_ms),     "87600h", 24 * HOUR, 262800 * HOUR, "How long the signature behind an account or a change is kept."},
    {"identity.login_evidence_life", MC_CONFIG_DURATION, AT(login_evidence_life_ms), "720h", HOUR, 87600 * HOUR, "How long the signature behind a sign-in is kept."},
    {"identity.sim_url",           MC_CONFIG_STRING,   AT(sim_url),              "",    0, 1024, "Where the carriers' SIM signature service is asked; empty: there is none."},
    {"identity.remote_url",        MC_CONFIG_STRING,   AT(remote_url),           "",    0, 1024, "Where the remote signature service is asked; empty: there is none."},
    {"identity.signer_ca_file",    MC_CONFIG_PATH,     AT(signer_ca_file),       "",    0, 1024, "Certificates (PEM) these services' must be signed by; empty: the system's."},
    {"identity.signer_poll",       MC_CONFIG_DURATION, AT(signer_poll_ms),       "1s",  50, 30000, "The pause between two looks at whether somebody has signed there."},
    {"identity.signer_timeout",    MC_CONFIG_DURATION, AT(signer_timeout_ms),    "10s", 1000, 20000, "How long these services may take to answer before they are asked again."},
};

#define VNEID(kind_, name)                                                                           \
    {.kind = (kind_), .lane = IDENTITY_LANE_VNEID, .payload = &identity_state__vneid_call__descriptor, \
     .http = identity_vneid_request, .done = identity_vneid_##name##_done,                           \
     .lease_ms = 2LL * VNEID_TIMEOUT_MS, .concurrency = 64}
#define LOOKUP(kind_, lane_, name, most)                                                             \
    {.kind = (kind_), .lane = (lane_), .payload = &identity_state__lookup__descriptor,                 \
     .http = identity_##name##_request, .done = identity_##name##_done,                            \
     .lease_ms = IDENTITY_LOOKUP_LEASE_MS, .concurrency = (most)}
static const struct mc_effect effects[] = {
    LOOKUP("carrier.check", IDENTITY_LANE_CARRIER, carrier, 64),
    {.kind = "otp.issue", .lane = IDENTITY_LANE_CODE, .payload = &otp__issue_request__descriptor,
     .call = identity_code_call, .done = identity_code_done, .lease_ms = IDENTITY_CODE_LEASE_MS, .concurrency = 256},
    {.kind = "sms.send", .lane = IDENTITY_LANE_CODE, .payload = &otp__enqueue_sms_request__descriptor,
     .call = identity_sms_call, .done = identity_sms_done, .lease_ms = IDENTITY_CODE_LEASE_MS, .concurrency = 256},
    LOOKUP("mnp.check", IDENTITY_LANE_CARRIER, mnp, 64),
    LOOKUP("insurance.check", IDENTITY_LANE_INSURANCE, insurance, 32),
    LOOKUP("insurance.find", IDENTITY_LANE_INSURANCE, insurance_find, 32),
    LOOKUP("post.check", IDENTITY_LANE_POST, post, 32),
    LOOKUP("population.check", IDENTITY_LANE_POPULATION, population, 16),
    {.kind = "otp.sms", .lane = IDENTITY_LANE_CODE, .payload = &otp__enqueue_sms_request__descriptor,
     .call = identity_sms_call, .done = identity_password_sms_done, .lease_ms = IDENTITY_CODE_LEASE_MS, .concurrency = 256},
    {.kind = "cert.ocsp", .lane = IDENTITY_LANE_REVOCATION, .payload = &identity_state__revocation_check__descriptor,
     .http = identity_ocsp_request, .done = identity_ocsp_done, .lease_ms = IDENTITY_REVOCATION_LEASE_MS, .concurrency = 64},
    {.kind = "cert.crl", .lane = IDENTITY_LANE_REVOCATION, .payload = &identity_state__revocation_check__descriptor,
     .http = identity_crl_request, .done = identity_crl_done, .lease_ms = IDENTITY_REVOCATION_LEASE_MS, .concurrency = 64},
    {.kind = "signer.sim", .lane = IDENTITY_LANE_SIGNER, .payload = &identity_state__signer_request__descriptor,
     .http = identity_sim_request, .done = identity_signer_done, .lease_ms = IDENTITY_SIGNER_LEASE_MS, .concurrency = 64},
    {.kind = "signer.remote", .lane = IDENTITY_LANE_SIGNER, .payload = &identity_state__signer_request__descriptor,
     .http = identity_remote_request, .done = identity_signer_done, .lease_ms = IDENTITY_SIGNER_LEASE_MS, .concurrency = 64},
    {.kind = "oidc.logout", .lane = IDENTITY_LANE_LOGOUT, .payload = &identity_state__logout_notice__descriptor,
     .http = identity_logout_request, .done = identity_logout_done, .lease_ms = 2LL * OIDC_LOGOUT_TIMEOUT_MS, .concurrency = 32},
    VNEID("vneid.token", token),
    VNEID("vneid.keys", keys),
    VNEID("vneid.userinfo", userinfo),
};
/* clang-format on */

#define IDENTITY_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct identity, fn, req, rep)
IDENTITY_ROUTES(IDENTITY_CALL)

static const struct mc_route routes[] = {IDENTITY_ROUTES(MC_ROUTE_ROW)};

static enum mc_status refuse_boot(struct mc_boot *boot, enum mc_status status, const char *why)
{
    (void)snprintf(boot->why, sizeof boot->why, "%s", why);
    return status;
}

typedef enum mc_status table_reader(struct identity *identity, struct mc_bytes text, char *why,
                                    size_t why_size);

/* A table that is wrong stops the start, with the file and line that is. */
static enum mc_status read_table(struct identity *identity, struct mc_boot *boot, const char *file,
                                 struct mc_bytes text, table_reader *reader)
{
    char why[MC_LEN(boot->why) / 2] = "";

    if (file[0] != '\0') {
        enum mc_status status =
            mc_file_read(&identity->tables, file, IDENTITY_TABLE_FILE_MAX, &text);
        if (status != MC_OK)
            (void)snprintf(why, sizeof why, "%s", mc_file_sentence(status));
        if (status != MC_OK)
            text = (struct mc_bytes){0};
    }
    if (why[0] == '\0' && reader(identity, text, why, sizeof why) == MC_OK)
        return MC_OK;
    (void)snprintf(boot->why, sizeof boot->why, "%.120s: %s", file, why);
    return MC_INVALID;
}

static enum mc_status read_tables(struct identity *identity, struct mc_boot *boot)
{
    const struct mc_bytes methods = {mc_data_registration_methods,
                                     mc_data_registration_methods_len};
    const struct mc_bytes consents = {mc_data_consents, mc_data_consents_len};
    enum mc_status status = mc_arena_init(&identity->tables, IDENTITY_TABLES_SIZE);

    if (status != MC_OK)
        return refuse_boot(boot, status, "no memory for the tables");
    status = read_table(identity, boot, identity->methods_file, methods, identity_methods_read);
    if (status == MC_OK)
        status =
            read_table(identity, boot, identity->consents_file, consents, identity_consents_read);
    if (status == MC_OK && identity_rights_read(identity) != MC_OK)
        status = refuse_boot(boot, MC_INVALID, "quantri_rights.csv cannot be read");
    if (status != MC_OK)
        mc_arena_done(&identity->tables);
    return status;
}

static enum mc_status start(void *ctx, struct mc_boot *boot)
{
    struct identity *identity = ctx;

    if (!identity_lookup_urls_are_good(identity, boot->why, sizeof boot->why))
        return MC_INVALID;
    if (!identity_oidc_issuer_ok(identity))
        return refuse_boot(boot, MC_INVALID, "identity.oidc_issuer: https:// and a host is needed");
    if (vneid_is_open(identity) && !oidc_uri_ok(identity, identity->vneid_issuer))
        return refuse_boot(boot, MC_INVALID,
                           "identity.vneid_issuer: https:// and a host is needed");
    identity->boot = boot;
    identity->sign_secret = boot->sign_secret;
    enum mc_status status = identity_signing_boot(identity, boot->why, sizeof boot->why);
    if (status == MC_OK && (status = read_tables(identity, boot)) != MC_OK)
        identity_signing_stop(identity);
    if (status == MC_OK) {
        identity_signing_close_methods(identity);
        vneid_close_method(identity);
    }
    return status;
}

static void stop(void *ctx)
{
    struct identity *identity = ctx;

    identity_signing_stop(identity);
    mc_arena_done(&identity->tables);
}

/* Jobs of the other lanes wait for a time of their own: late is what they are not. */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    return lane == IDENTITY_LANE_CODE ? MINUTE : 0;
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "registrations", .what = "Registrations that were not finished", .key = "identity.registration_life", .source = OURS, .table = IDENTITY_REGISTRATIONS},
    {.rule = "logins", .what = "Sign-ins between password and code", .key = "identity.login_life", .source = OURS, .table = IDENTITY_LOGINS},
    {.rule = "sessions", .what = "Sessions", .until = "until their refresh token ends", .source = OURS, .table = IDENTITY_SESSIONS},
    {.rule = "resets", .what = "Password resets that were not finished", .until = "until they end", .source = OURS, .table = IDENTITY_RESETS},
    {.rule = "steps", .what = "Changes of phone and closings that were not finished", .key = "identity.step_life", .source = OURS, .table = IDENTITY_STEPS},
    {.rule = "captchas", .what = "Captchas that were solved", .key = "identity.captcha_life", .source = OURS},
    {.rule = "login_failures", .what = "Wrong passwords, by account and source", .until = "until they slow nobody any more", .source = OURS},
    {.rule = "starts", .what = "Registrations begun, by source", .keep_ms = IDENTITY_STARTS_WINDOW_MS, .source = OURS},
    {.rule = "oidc", .what = "Sign-ins for portals: requests, codes, tokens, browsers", .until = "until each ends", .source = OURS},
    {.rule = "scans", .what = "Scans behind accounts that officers made", .key = "identity.scan_retention", .source = OURS},
    {.rule = "signings", .what = "Texts to be signed", .key = "identity.signing_life", .source = OURS, .table = IDENTITY_SIGNINGS},
    {.rule = "evidence", .what = "Signatures behind accounts and changes", .key = "identity.evidence_life", .source = OURS, .table = IDENTITY_EVIDENCE},
    {.rule = "login_evidence", .what = "Signatures behind sign-ins", .key = "identity.login_evidence_life", .source = OURS, .table = IDENTITY_LOGIN_EVIDENCE},
};
/* clang-format on */

const struct mc_room identity_room = {
    .name = "identity",
    .proto = &identity__identity__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct identity),
    .boot = start,
    .shutdown = stop,
    .tick = identity_tick,
    .tick_ms = 10000,
};
