/*
 * deliver: one delivery's way to its partner. A session first, where the API has one and none is
 * kept; then the data with it. Each exchange is built of what holds when it is made.
 *
 *     POST <session URL>  dstcode: …   {"username", "password"} -> {"session", "error_code"}
 *     POST <data URL>     dstcode: …   {"session", "service", …} -> {"error_code", "message"}
 *
 * The delivery's id goes along as MaThamChieu and Idempotency-Key, the same at each attempt: a
 * partner that has it already says so ("đã tồn tại"), and that is as good as taking it.
 */
#include <string.h>

#include "common/date.h"
#include "common/header.h"
#include "common/json.h"

#include "certificate.h"
#include "delivery.h"
#include "outcome.h"

static struct mc_bytes session_key(struct mc_txn *txn, const char *id, const char *url)
{
    return mc_key_join(txn, (struct mc_bytes){id, strlen(id) + 1},
                       mc_blind(txn, "partner_session", url));
}

static PartnerState__Session *session_load(struct mc_txn *txn, const char *id, const char *url)
{
    return mc_load(txn, PARTNER_SESSIONS, session_key(txn, id, url),
                   &partner_state__session__descriptor);
}

/* A session of ours that may still be good, or NULL. */
static const char *session_text(const struct partner *partner, struct mc_txn *txn, const char *id,
                                const char *url, const PartnerState__Credential *credential)
{
    const PartnerState__Session *session = session_load(txn, id, url);

    if (session == NULL || session->got_ms + partner->session_life_ms <= txn->now_ms ||
        session->credential_id.len != credential->credential_id.len ||
        memcmp(session->credential_id.data, credential->credential_id.data,
               session->credential_id.len) != 0)
        return NULL;
    return mc_open_text(txn, session->token);
}

/* --- what is sent --- */

static void put(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

static struct mc_bytes session_body(struct mc_txn *txn, const PartnerState__Secret *secret)
{
    struct mc_json_writer writer;
    struct mc_bytes body = {0};

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    put(&writer, "username", secret->username);
    put(&writer, "password", secret->password);
    mc_json_end(&writer);
    return mc_json_finish(&writer, &body) == MC_OK ? body : (struct mc_bytes){0};
}

static bool is_one_door(const PartnerState__Delivery *delivery)
{
    return delivery->kind == PARTNER__DELIVERY_KIND__DOSSIER_CREATE ||
           delivery->kind == PARTNER__DELIVERY_KIND__DOSSIER_UPDATE ||
           delivery->kind == PARTNER__DELIVERY_KIND__DOSSIER_PROGRESS ||
           delivery->kind == PARTNER__DELIVERY_KIND__ACCOUNT;
}

/* The one-door exchange and the land APIs have envelopes of their own. */
static void put_envelope(struct mc_txn *txn, struct mc_json_writer *writer,
                         const PartnerState__Delivery *delivery, const char *service,
                         const char *reference)
{
    bool updating = delivery->updating || delivery->kind == PARTNER__DELIVERY_KIND__DOSSIER_UPDATE;
    bool one_door = is_one_door(delivery);
    char stamp[MC_STAMP_SIZE];

    put(writer, one_door ? "service" : "Service", service);
    if (!one_door) {
        mc_time_format_stamp(stamp, sizeof stamp, txn->now_ms);
        put(writer, "Ngay", stamp);
    }
    mc_json_key(writer, one_door ? "isUpdating" : "IsUpdating");
    mc_json_true_or_false(writer, updating);
    if (one_door)
        put(writer, "madonvi", delivery->unit);
    put(writer, "MaThamChieu", reference);
}

static struct mc_bytes data_body(struct mc_txn *txn, const PartnerState__Delivery *delivery,
                                 const char *service, const char *reference, const char *session,
                                 const char *security_key)
{
    const char *data = mc_open_text(txn, delivery->data);
    struct mc_json_writer writer;
    struct mc_bytes head = {0};
    bool one_door = is_one_door(delivery);

    if (data == NULL)
        return (struct mc_bytes){0};
    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    if (session != NULL)
        put(&writer, "session", session);
    else
        put(&writer, "SecurityKey", security_key);
    put_envelope(txn, &writer, delivery, service, reference);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &head) != MC_OK)
        return (struct mc_bytes){0};
    /* the data is JSON already: it goes in before the closing brace */
    const char *body =
        mc_sprintf(txn->arena, one_door ? "%.*s,\"data\":[%s]}" : "%.*s,\"Data\":%s}",
                   (int)head.len - 1, (const char *)head.data, data);
    return body != NULL ? mc_key_text(body) : (struct mc_bytes){0};
}

static enum mc_status request_make(const struct partner *partner, struct mc_txn *txn,
                                   const PartnerState__Partner *record, const char *url,
                                   const char *reference, struct mc_bytes body,
                                   struct mc_http_request *ret_request)
{
    struct mc_header *headers = mc_alloc(txn->arena, 4 * sizeof *headers);

    if (headers == NULL || body.data == NULL)
        return txn->status != MC_OK ? txn->status : MC_LIMITED;
    headers[0] = (struct mc_header){"Accept", "application/json"};
    headers[1] = (struct mc_header){"dstcode", record->dstcode};
    headers[2] = (struct mc_header){"Idempotency-Key", reference};
    headers[3] = (struct mc_header){NULL, NULL};
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = url,
        .headers = headers,
        .content_type = "application/json; charset=utf-8",
        .body = body,
        .timeout_ms = record->timeout_ms,
        .answer_max = PARTNER_ANSWER_MAX,
        .guard = &partner->guard,
    };
    return MC_OK;
}

enum mc_status partner_deliver_http(void *ctx, struct mc_txn *snapshot, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    const struct partner *partner = ctx;
    const PartnerState__Work *work = (const void *)payload;
    struct mc_txn *txn = snapshot;
    char reference[2 * MC_ID_LEN + 1];
    const char *session = NULL;

    (void)job;
    const PartnerState__Delivery *delivery =
        partner_delivery_load(txn, mc_key_bytes(work->delivery_id));
    const PartnerState__Partner *record =
        delivery != NULL ? partner_load(txn, delivery->partner_id) : NULL;
    if (record == NULL)
        return MC_NOT_FOUND;
    const struct partner_goods *what = partner_goods_of((Partner__DeliveryKind)delivery->kind);
    const PartnerState__Api *api = partner_api_of(record, what->api_type);
    const PartnerState__Credential *credential =
        partner_credential_of(record, PARTNER__CREDENTIAL_WAY__OUTBOUND, txn->now_ms);
    const PartnerState__Secret *secret =
        credential != NULL ? partner_credential_open(txn, credential) : NULL;
    if (api == NULL || secret == NULL)
        return MC_NOT_FOUND;
    (void)mc_hex(reference, mc_key_bytes(work->delivery_id));
    const char *kept = mc_strdup(txn->arena, reference);
    if (api->session_url[0] != '\0')
        session = session_text(partner, txn, delivery->partner_id, api->session_url, credential);
    if (kept == NULL || txn->status != MC_OK)
        return MC_LIMITED;
    if (api->session_url[0] != '\0' && session == NULL) {
        enum mc_status status = request_make(partner, txn, record, api->session_url, kept,
                                             session_body(txn, secret), ret_request);
        ret_request->step = PARTNER_STEP_SESSION;
        return status;
    }
    return request_make(partner, txn, record, api->data_url, kept,
                        data_body(txn, delivery,
                                  api->service[0] != '\0' ? api->service : what->service, kept,
                                  session, secret->password),
                        ret_request);
}

/* --- what came of it --- */

/* The first attempts and the last ones are kept. */
static void note_attempt(struct mc_txn *txn, PartnerState__Delivery *delivery,
                         const struct partner_outcome *outcome, const struct mc_result *result)
{
    PartnerState__Attempt **list =
        mc_alloc(txn->arena, (delivery->n_history + 1) * sizeof(PartnerState__Attempt *));
    PartnerState__Attempt *row = mc_alloc(txn->arena, sizeof *row);
    size_t n = 0;

    if (list == NULL || row == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < delivery->n_history; i++)
        if (delivery->n_history < PARTNER_HISTORY_MAX || i != PARTNER_HISTORY_HEAD)
            list[n++] = delivery->history[i];
    partner_state__attempt__init(row);
    row->at_ms = txn->now_ms;
    row->verdict = outcome->verdict;
    row->http_status = result->http_status;
    row->error_code = mc_unconst(outcome->code);
    row->session = result->step == PARTNER_STEP_SESSION;
    list[n++] = row;
    delivery->history = list;
    delivery->n_history = n;
    delivery->attempts++;
    delivery->last_tried_ms = txn->now_ms;
    if (delivery->first_tried_ms == 0 ||
        delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_FAILED)
        delivery->first_tried_ms = txn->now_ms; /* an operator lets it be tried again */
}

static const char *reason_of(struct mc_txn *txn, const struct partner_outcome *outcome)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &partner__attempt_verdict__descriptor, (int)outcome->verdict);
    const char *name = value != NULL ? value->name : "";
    const char *reason =
        outcome->code[0] != '\0' ? mc_sprintf(txn->arena, "%s %s", name, outcome->code) : name;

    return reason != NULL ? reason : name;
}

static void session_keep(struct mc_txn *txn, const char *id, const PartnerState__Partner *record,
                         const PartnerState__Api *api, const char *text)
{
    const PartnerState__Credential *credential =
        partner_credential_of(record, PARTNER__CREDENTIAL_WAY__OUTBOUND, txn->now_ms);
    PartnerState__Session session = PARTNER_STATE__SESSION__INIT;

    if (credential == NULL)
        return;
    session.token = mc_seal_text(txn, text);
    session.got_ms = txn->now_ms;
    session.credential_id = credential->credential_id;
    mc_save(txn, PARTNER_SESSIONS, session_key(txn, id, api->session_url), &session.base);
}

/* It has it. */
static enum mc_verdict arrived(const struct partner *partner, struct mc_txn *txn,
                               struct mc_bytes id, PartnerState__Delivery *delivery)
{
    bool told = delivery->told;

    delivery->told = false;
    delivery->reason = mc_unconst("");
    partner_delivery_end(partner, txn, id, delivery, PARTNER__DELIVERY_STATE__DELIVERY_DELIVERED);
    partner_delivery_tell(partner, txn, "partner.delivered", id, delivery);
    if (told)
        partner_delivery_tell(partner, txn, "partner.delivery_recovered", id, delivery);
    partner_report_job(txn, delivery, "");
    if (delivery->kind == PARTNER__DELIVERY_KIND__TAX_VOUCHER)
        partner_certificate_issue(partner, txn, id, delivery);
    return MC_DONE;
}

static void trouble(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                    PartnerState__Delivery *delivery, Partner__DeliveryState state,
                    const char *event)
{
    delivery->state = state;
    delivery->told = true;
    partner_failing_set(txn, id, delivery, true);
    partner_delivery_tell(partner, txn, event, id, delivery);
    partner_report_job(txn, delivery, delivery->reason);
}

/* Tried again for a day (part E: exponential to 24 h), refusals a few times; then it is an
 * operator's. It is never dropped. */
static enum mc_verdict failed(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                              PartnerState__Delivery *delivery,
                              const struct partner_outcome *outcome)
{
    bool hopeless = !outcome->fault && delivery->attempts >= (uint32_t)partner->refused_max;
    bool too_old = txn->now_ms - delivery->first_tried_ms >= partner->give_up_ms;
    enum mc_verdict verdict = MC_RETRY;

    delivery->reason = mc_unconst(reason_of(txn, outcome));
    delivery->renewed = false;
    if (hopeless || too_old) {
        trouble(partner, txn, id, delivery, PARTNER__DELIVERY_STATE__DELIVERY_FAILED,
                "partner.delivery_failed");
        verdict = MC_BURY;
    } else if (delivery->attempts >= (uint32_t)partner->late_after &&
               delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_WAITING) {
        trouble(partner, txn, id, delivery, PARTNER__DELIVERY_STATE__DELIVERY_LATE,
                "partner.delivery_late");
    }
    partner_delivery_save(txn, id, delivery);
    return verdict;
}

/* The answer to the data; MC_AGAIN: the same once more, by other means. */
static enum mc_verdict decide(const struct partner *partner, struct mc_txn *txn, struct mc_bytes id,
                              PartnerState__Delivery *delivery, const PartnerState__Api *api,
                              const struct partner_outcome *outcome)
{
    if (outcome->verdict == PARTNER__ATTEMPT_VERDICT__TAKEN)
        return arrived(partner, txn, id, delivery);
    if (outcome->exists) {
        if (delivery->kind != PARTNER__DELIVERY_KIND__DOSSIER_CREATE || delivery->updating)
            return arrived(partner, txn, id, delivery);
        delivery->updating = true; /* 2.7: sent again as an update */
        partner_delivery_save(txn, id, delivery);
        return MC_AGAIN;
    }
    if (outcome->session_over && api != NULL && api->session_url[0] != '\0') {
        mc_drop(txn, PARTNER_SESSIONS, session_key(txn, delivery->partner_id, api->session_url));
        partner_circuit_cool(txn, delivery->partner_id);
        if (!delivery->renewed) {
            delivery->renewed = true;
            partner_delivery_save(txn, id, delivery);
            return MC_AGAIN;
        }
    }
    return failed(partner, txn, id, delivery, outcome);
}

static bool is_over(const PartnerState__Delivery *delivery)
{
    return delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_DELIVERED ||
           delivery->state == PARTNER__DELIVERY_STATE__DELIVERY_MARKED;
}

enum mc_status partner_deliver_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict)
{
    const struct partner *partner = ctx;
    const PartnerState__Work *work = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(work->delivery_id);
    PartnerState__Delivery *delivery = partner_delivery_load(txn, id);

    (void)job;
    *ret_verdict = MC_DONE;
    if (delivery == NULL || is_over(delivery))
        return txn->status;
    const PartnerState__Partner *record = partner_load(txn, delivery->partner_id);
    const struct partner_goods *what = partner_goods_of((Partner__DeliveryKind)delivery->kind);
    const PartnerState__Api *api = record != NULL ? partner_api_of(record, what->api_type) : NULL;
    struct partner_outcome outcome =
        partner_outcome_read(&partner->book, txn->arena, what->api_type, result);
    if (result->step == PARTNER_STEP_SESSION && outcome.session != NULL && api != NULL) {
        session_keep(txn, delivery->partner_id, record, api, outcome.session);
        *ret_verdict = MC_AGAIN;
        return txn->status;
    }
    if (api != NULL && outcome.fault)
        partner_circuit_fault(partner, txn, delivery->partner_id, record, reason_of(txn, &outcome));
    else if (api != NULL && outcome.verdict != PARTNER__ATTEMPT_VERDICT__NOT_CALLABLE &&
             result->step == PARTNER_STEP_DATA && !outcome.session_over)
        partner_circuit_good(txn, delivery->partner_id, record);
    note_attempt(txn, delivery, &outcome, result);
    *ret_verdict = decide(partner, txn, id, delivery, api, &outcome);
    return txn->status;
}
