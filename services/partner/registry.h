/*
 * The registry: partners, their credentials, and who may see and change them. Private to this room.
 */
#pragma once

#include "partner.h"

enum {
    PARTNER_ID_MAX = 40,
    PARTNER_NAME_CHARS_MAX = 200,
    PARTNER_DSTCODE_CHARS_MAX = 64,
    PARTNER_APIS_MAX = 16,
    PARTNER_CONTACTS_MAX = 20,
    PARTNER_CONTACT_CHARS_MAX = 120,
    PARTNER_WINDOWS_MAX = 14,
    PARTNER_SERVICE_CHARS_MAX = 64,
    PARTNER_CONCURRENCY_MAX = 16,
    PARTNER_CONCURRENCY_DEFAULT = 4,
    PARTNER_TIMEOUT_MIN_MS = 1000,
    PARTNER_TIMEOUT_MAX_MS = 60000,
    PARTNER_TIMEOUT_DEFAULT_MS = 20000,
    PARTNER_SECRET_CHARS_MAX = 200,
    PARTNER_LIVE_CREDENTIALS_MAX = 2, /* of one way: the old one and the new */
    PARTNER_CREDENTIALS_KEPT = 16,
    PARTNER_PAUSE_DAYS_MAX = 30,
    PARTNER_MINUTES_OF_DAY = 24 * 60,
};

/* "a-z0-9.-", at most PARTNER_ID_MAX. */
bool partner_id_ok(const char *id);
PartnerState__Partner *partner_load(struct mc_txn *txn, const char *id);
void partner_save(struct mc_txn *txn, const char *id, const PartnerState__Partner *record);
/* Refuses with NOT_FOUND also what lies outside the caller's own tree. */
PartnerState__Partner *partner_mine(struct mc_txn *txn, const char *id);
void partner_refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max);
/* A reason that a person must give. */
void partner_reason_check(struct mc_txn *txn, const char *reason);

/* Notes the change in the partner's history, and tells it. */
struct partner_change {
    const char *type; /* "partner.saved": the event; the history says "saved" */
    const char *reason;
    char **fields;
    size_t fields_len;
    int64_t until_ms;
    Partner__CredentialWay way;
};
void partner_changed(struct mc_txn *txn, const char *id, PartnerState__Partner *record,
                     const struct partner_change *change);

/* What may be shown of it: no secret (API-06). */
void partner_view(struct mc_txn *txn, const char *id, const PartnerState__Partner *record,
                  Partner__PartnerView *rep);
void partner_circuit_view(struct mc_txn *txn, const char *id, const PartnerState__Partner *record,
                          Partner__Circuit *rep);

/* Refuses what cannot be kept: every field that is wrong. */
void partner_profile_check(const struct partner *partner, struct mc_txn *txn,
                           const Partner__PartnerProfile *profile);
/* "HH:mm" in minutes, 24:00 too; false: it is none. */
bool partner_minutes_parse(const char *text, uint32_t *ret_minutes);

/* The user name leads to this partner from now on; refused when it is another's (inbound_login.c).
 */
bool partner_inbound_claim(struct mc_txn *txn, const char *username, const char *partner_id);

/* Whether a credential is good now; the newest live one of a way, or NULL. */
bool partner_credential_is_live(const PartnerState__Credential *credential, int64_t now_ms);
const PartnerState__Credential *partner_credential_of(const PartnerState__Partner *record,
                                                      Partner__CredentialWay way, int64_t now_ms);
PartnerState__Secret *partner_credential_open(struct mc_txn *txn,
                                              const PartnerState__Credential *credential);

/* The partner of a unit, or of the nearest one above it, that has this API; NULL: none. */
const PartnerState__Partner *partner_of_unit(const struct partner *partner, struct mc_txn *txn,
                                             const char *unit, const char *api_type,
                                             const char **ret_id);
const PartnerState__Api *partner_api_of(const PartnerState__Partner *record, const char *type);

/* When it may be called next by its windows and pause; 0: now; INT64_MAX: not by itself. */
int64_t partner_open_ms(const PartnerState__Partner *record, int64_t now_ms);
