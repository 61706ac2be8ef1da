/*
 * API checks: a call to a local system that an officer asks for, and what came back (API-01 …
 * API-06). What was sent and answered is sealed: it may name people.
 */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/header.h"
#include "common/json.h"

#include "registry.h"

enum { HOUR_MS = 3600000 };

static void refuse_field(struct mc_txn *txn, const char *field, const char *code, const char *label)
{
    (void)mc_refuse(txn, MC_INVALID, field, code, "field", label, "max", "64 KB", NULL);
}

static void check_body(struct mc_txn *txn, struct mc_bytes body)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (body.len == 0)
        refuse_field(txn, "body", "FIELD_REQUIRED", "Body");
    else if (body.len > PARTNER_CHECK_BODY_MAX)
        refuse_field(txn, "body", "FIELD_TOO_LONG", "Body");
    else if (mc_json_parse(body, &json) != MC_OK)
        refuse_field(txn, "body", "API_BODY_JSON", "Body");
}

static bool dstcode_ok(const char *code)
{
    static const char letters[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:/";

    return strspn(code, letters) == strlen(code) && strlen(code) <= PARTNER_DSTCODE_MAX;
}

const char *partner_asked_resolve(struct mc_txn *txn, struct partner_asked *asked)
{
    const PartnerState__Partner *record = partner_load(txn, asked->partner_id);
    const PartnerState__Api *api = record != NULL ? partner_api_of(record, asked->api_type) : NULL;
    const PartnerState__Credential *credential =
        record != NULL
            ? partner_credential_of(record, PARTNER__CREDENTIAL_WAY__OUTBOUND, txn->now_ms)
            : NULL;
    const PartnerState__Secret *secret =
        credential != NULL ? partner_credential_open(txn, credential) : NULL;

    if (api == NULL)
        return "PARTNER_API_MISSING";
    if (secret == NULL)
        return "PARTNER_CREDENTIAL_MISSING";
    asked->url = api->data_url;
    asked->session_url = api->session_url;
    asked->dstcode = record->dstcode;
    asked->username = secret->username;
    asked->password = secret->password;
    return NULL;
}

void partner_asked_check(const struct partner *partner, struct mc_txn *txn,
                         const struct partner_asked *asked)
{
    if (asked->api_type[0] == '\0')
        refuse_field(txn, "api_type", "FIELD_REQUIRED", "Loại API");
    else if (partner_type_find(&partner->book, asked->api_type) == NULL)
        refuse_field(txn, "api_type", "FIELD_INVALID", "Loại API");
    if (asked->url[0] == '\0') {
        refuse_field(txn, "url", "FIELD_REQUIRED", "URL API địa phương");
    } else {
        const char *why = mc_guard_url(&partner->guard, asked->url);
        if (why != NULL)
            refuse_field(txn, "url", why, "URL API địa phương");
    }
    if (!dstcode_ok(asked->dstcode))
        refuse_field(txn, "dstcode", "FIELD_INVALID", "DSTCode");
    check_body(txn, asked->body);
}

static void take_one(struct mc_txn *txn, const char *kind, const char *who, int64_t most)
{
    PartnerState__Budget now = PARTNER_STATE__BUDGET__INIT;
    struct mc_bytes key = mc_key_join(txn, mc_key_text(kind), mc_blind(txn, "check", who));
    const PartnerState__Budget *before =
        mc_load(txn, PARTNER_BUDGETS, key, &partner_state__budget__descriptor);

    now.hour = txn->now_ms / HOUR_MS;
    if (before != NULL && before->hour == now.hour)
        now.count = before->count;
    if (now.count >= most) {
        txn->retry_after_ms = (now.hour + 1) * HOUR_MS - txn->now_ms;
        (void)mc_refuse(txn, MC_LIMITED, "", "API_CHECKS_TOO_MANY", NULL);
        return;
    }
    now.count++;
    mc_save(txn, PARTNER_BUDGETS, key, &now.base);
}

void partner_budget_take(const struct partner *partner, struct mc_txn *txn, const char *unit)
{
    take_one(txn, "o", partner_actor(txn), partner->checks_per_officer);
    take_one(txn, "u", unit, partner->checks_per_unit);
}

/* For lists and events: where it goes, without what an address may carry. */
static char *host_of(struct mc_txn *txn, const char *url)
{
    const char *host = strstr(url, "://");

    host = host != NULL ? host + 3 : url;
    char *text = mc_sprintf(txn->arena, "%.*s", (int)strcspn(host, "/?"), host);
    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text;
}

PartnerState__Check *partner_check_load(struct mc_txn *txn, struct mc_bytes id,
                                        Partner__ApiCheck **ret_told)
{
    PartnerState__Check *record =
        mc_load(txn, PARTNER_CHECKS, id, &partner_state__check__descriptor);

    if (record == NULL)
        return NULL;
    *ret_told = partner_unpack(txn, record->told, &partner__api_check__descriptor);
    return *ret_told != NULL ? record : NULL;
}

void partner_check_save(struct mc_txn *txn, struct mc_bytes id, PartnerState__Check *record,
                        const Partner__ApiCheck *told)
{
    record->told = partner_pack(txn, &told->base);
    mc_save(txn, PARTNER_CHECKS, id, &record->base);
}

void partner_check_emit(struct mc_txn *txn, const char *type, const PartnerState__Check *record,
                        const Partner__ApiCheck *told)
{
    Partner__ApiChecked event = PARTNER__API_CHECKED__INIT;
    char id[2 * MC_ID_LEN + 1];

    (void)mc_hex(id, mc_key_bytes(told->check_id));
    const char *keys[] = {mc_sprintf(txn->arena, "check:%s", id),
                          mc_sprintf(txn->arena, "unit:%s", told->unit), NULL};
    event.check_id = told->check_id;
    event.api_type = told->api_type;
    event.unit = told->unit;
    event.dstcode = told->dstcode;
    event.host = record->host;
    event.state = told->state;
    event.http_status = told->http_status;
    event.fits = told->verdict != NULL && told->verdict->fits;
    event.contract_id = told->contract_id;
    mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

void partner_check_drop(struct mc_txn *txn, struct mc_bytes id, const Partner__ApiCheck *told)
{
    mc_unit_index_drop(txn, PARTNER_BY_UNIT, "check", told->unit, id);
    mc_drop(txn, PARTNER_CHECKS, id);
}

/* What is shown of an address of the registry (API-06). */
static char *redacted(struct mc_txn *txn, const char *url)
{
    const char *host = strstr(url, "://");
    size_t len = host != NULL ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?") : 0;
    char *text = mc_sprintf(txn->arena, len > 0 ? "%.*s/…" : "%.*s", (int)len, url);

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text;
}

static void add_job(struct mc_txn *txn, const struct partner_asked *asked, struct mc_bytes id,
                    const char *host)
{
    PartnerState__CheckCall call = PARTNER_STATE__CHECK_CALL__INIT;

    call.check_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    call.url = mc_unconst(asked->url);
    call.dstcode = mc_unconst(asked->dstcode);
    call.body = (ProtobufCBinaryData){asked->body.len, mc_unconst(asked->body.data)};
    call.session_url = mc_unconst(asked->session_url);
    call.username = mc_unconst(asked->username);
    call.password = mc_unconst(asked->password);
    partner_check_job(txn, &call, host);
}

void partner_check_job(struct mc_txn *txn, const PartnerState__CheckCall *call, const char *host)
{
    ProtobufCBinaryData payload = partner_pack(txn, &call->base);
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PARTNER_LANE_CHECK,
                              .kind = "check.call",
                              .payload = mc_key_bytes(payload),
                              .attempts_max = 1,
                              .destination = host,
                              .forget = true,
                          });
}

void partner_check_begin(struct mc_txn *txn, const struct partner_asked *asked,
                         Partner__ApiCheck *ret_told)
{
    PartnerState__Check record = PARTNER_STATE__CHECK__INIT;
    PartnerState__Asked sealed = PARTNER_STATE__ASKED__INIT;
    struct mc_bytes id = mc_new_id(txn);
    char *host = host_of(txn, asked->url);

    if (txn->status != MC_OK || host == NULL)
        return;
    bool listed = asked->partner_id[0] != '\0';
    sealed.url = listed ? redacted(txn, asked->url) : mc_unconst(asked->url);
    if (sealed.url == NULL)
        return;
    sealed.dstcode = mc_unconst(asked->dstcode);
    sealed.body = (ProtobufCBinaryData){asked->body.len, mc_unconst(asked->body.data)};
    record.asked = partner_seal(txn, &sealed.base);
    record.host = host;

    ret_told->check_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    ret_told->state = PARTNER__API_CHECK_STATE__API_CHECK_WAITING;
    ret_told->api_type = mc_unconst(asked->api_type);
    ret_told->dstcode = mc_unconst(asked->dstcode);
    ret_told->partner_id = mc_unconst(asked->partner_id);
    if (listed && (ret_told->session_url = redacted(txn, asked->session_url)) == NULL)
        return;
    ret_told->by = mc_unconst(partner_actor(txn));
    ret_told->unit = mc_unconst(asked->unit);
    ret_told->started_ms = txn->now_ms;
    ret_told->contract_id =
        (ProtobufCBinaryData){asked->contract_id.len, mc_unconst(asked->contract_id.data)};
    partner_check_save(txn, id, &record, ret_told);
    mc_unit_index_put(txn, PARTNER_BY_UNIT, "check", asked->unit, id);
    add_job(txn, asked, id, host);
    partner_check_emit(txn, "partner.api_check_started", &record, ret_told);
}
