/*
 * SaveCredential, EndCredential: what we show a partner, and what a partner shows us. Given once
 * and never told again (API-06). Two of one way may be live, so that the two sides need not change
 * on the same minute; the newest is shown.
 */
#include <string.h>

#include "common/text.h"

#include "registry.h"

bool partner_credential_is_live(const PartnerState__Credential *credential, int64_t now_ms)
{
    return credential->from_ms <= now_ms &&
           (credential->until_ms == 0 || credential->until_ms > now_ms);
}

const PartnerState__Credential *partner_credential_of(const PartnerState__Partner *record,
                                                      Partner__CredentialWay way, int64_t now_ms)
{
    for (size_t i = record->n_credentials; i > 0; i--)
        if (record->credentials[i - 1]->way == (uint32_t)way &&
            partner_credential_is_live(record->credentials[i - 1], now_ms))
            return record->credentials[i - 1];
    return NULL;
}

PartnerState__Secret *partner_credential_open(struct mc_txn *txn,
                                              const PartnerState__Credential *credential)
{
    return partner_open(txn, credential->secret, &partner_state__secret__descriptor);
}

static bool is_over(const PartnerState__Credential *credential, int64_t now_ms)
{
    return credential->until_ms != 0 && credential->until_ms <= now_ms;
}

static size_t not_over(const PartnerState__Partner *record, Partner__CredentialWay way,
                       int64_t now_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_credentials; i++)
        n += record->credentials[i]->way == (uint32_t)way &&
             !is_over(record->credentials[i], now_ms);
    return n;
}

static void check_text(struct mc_txn *txn, const char *text, const char *field, const char *label)
{
    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", label, NULL);
    else if (mc_text_chars(text) > PARTNER_SECRET_CHARS_MAX)
        partner_refuse_long(txn, field, label, "200 ký tự");
}

static void check(struct mc_txn *txn, const Partner__SaveCredentialRequest *req)
{
    if (req->way != PARTNER__CREDENTIAL_WAY__OUTBOUND &&
        req->way != PARTNER__CREDENTIAL_WAY__INBOUND)
        (void)mc_refuse(txn, MC_INVALID, "way", "FIELD_REQUIRED", "field", "chiều kết nối", NULL);
    check_text(txn, req->username, "username", "Tên đăng nhập");
    check_text(txn, req->password, "password", "Mật khẩu");
    if (req->until_ms != 0 && req->until_ms <= MC_MAX(req->from_ms, txn->now_ms))
        (void)mc_refuse(txn, MC_INVALID, "until_ms", "FIELD_INVALID", "field", "Thời hạn", NULL);
    partner_reason_check(txn, req->reason);
}

/* What is over gives way to what is new: its secret goes. */
static void forget_over(PartnerState__Partner *record, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->n_credentials; i++)
        if (!is_over(record->credentials[i], now_ms))
            record->credentials[kept++] = record->credentials[i];
    record->n_credentials = kept;
}

static PartnerState__Credential *make(struct mc_txn *txn, const Partner__SaveCredentialRequest *req)
{
    PartnerState__Credential *made = mc_alloc(txn->arena, sizeof *made);
    PartnerState__Secret secret = PARTNER_STATE__SECRET__INIT;

    if (made == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    partner_state__credential__init(made);
    secret.username = req->username;
    secret.password = req->password;
    struct mc_bytes id = mc_new_id(txn);
    struct mc_bytes found_by = mc_blind(txn, "partner_username", req->username);
    made->credential_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    made->username_key = (ProtobufCBinaryData){found_by.len, mc_unconst(found_by.data)};
    made->way = req->way;
    made->secret = partner_seal(txn, &secret.base);
    made->from_ms = req->from_ms != 0 ? req->from_ms : txn->now_ms;
    made->until_ms = req->until_ms;
    made->saved_by = mc_unconst(partner_actor(txn));
    return txn->status == MC_OK ? made : NULL;
}

enum mc_status partner_save_credential(struct partner *partner, struct mc_txn *txn,
                                       const Partner__SaveCredentialRequest *req,
                                       Partner__PartnerView *rep)
{
    PartnerState__Partner *record = partner_mine(txn, req->partner_id);

    (void)partner;
    if (record == NULL)
        return txn->status;
    check(txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    forget_over(record, txn->now_ms);
    if (not_over(record, req->way, txn->now_ms) >= PARTNER_LIVE_CREDENTIALS_MAX)
        return mc_refuse(txn, MC_CONFLICT, "way", "PARTNER_CREDENTIALS_MANY", NULL);
    if (req->way == PARTNER__CREDENTIAL_WAY__INBOUND &&
        !partner_inbound_claim(txn, req->username, req->partner_id))
        return txn->status;
    PartnerState__Credential **list =
        mc_alloc(txn->arena, (record->n_credentials + 1) * sizeof(PartnerState__Credential *));
    PartnerState__Credential *made = make(txn, req);
    if (list == NULL || made == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = 0; i < record->n_credentials; i++)
        list[i] = record->credentials[i];
    list[record->n_credentials++] = made;
    record->credentials = list;
    partner_changed(txn, req->partner_id, record,
                    &(struct partner_change){.type = "partner.credential_saved",
                                             .reason = req->reason,
                                             .until_ms = req->until_ms,
                                             .way = req->way});
    partner_save(txn, req->partner_id, record);
    partner_view(txn, req->partner_id, record, rep);
    return txn->status;
}

enum mc_status partner_end_credential(struct partner *partner, struct mc_txn *txn,
                                      const Partner__EndCredentialRequest *req,
                                      Partner__PartnerView *rep)
{
    PartnerState__Partner *record = partner_mine(txn, req->partner_id);
    PartnerState__Credential *found = NULL;

    (void)partner;
    if (record == NULL)
        return txn->status;
    partner_reason_check(txn, req->reason);
    for (size_t i = 0; i < record->n_credentials; i++) {
        PartnerState__Credential *at = record->credentials[i];

        if (at->credential_id.len == req->credential_id.len && at->credential_id.len > 0 &&
            memcmp(at->credential_id.data, req->credential_id.data, at->credential_id.len) == 0)
            found = at;
    }
    if (found == NULL || is_over(found, txn->now_ms))
        (void)mc_refuse(txn, MC_NOT_FOUND, "credential_id", "NOT_FOUND", NULL);
    if (txn->status != MC_OK || found == NULL)
        return txn->status;
    found->until_ms = txn->now_ms;
    partner_changed(txn, req->partner_id, record,
                    &(struct partner_change){.type = "partner.credential_ended",
                                             .reason = req->reason,
                                             .until_ms = txn->now_ms,
                                             .way = (Partner__CredentialWay)found->way});
    forget_over(record, txn->now_ms);
    partner_save(txn, req->partner_id, record);
    partner_view(txn, req->partner_id, record, rep);
    return txn->status;
}
