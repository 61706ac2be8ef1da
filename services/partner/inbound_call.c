/*
 * InboundCall: POST /dvcqg/v1/data    {"session", "service", …}
 *
 * Says what the gateway is to call for it, or what is answered at once: 401 and -1 without a live
 * session, -2 for what cannot be read, -3 for a service there is not (the message lists those there
 * are), -4 when the partner has used up its minute. It calls no room itself: a handler cannot wait.
 */
#include "common/json.h"

#include "inbound.h"

static enum mc_status answer(struct mc_txn *txn, Partner__InboundCallReply *rep, uint32_t http,
                             const char *error_code, const char *message)
{
    rep->answer = mc_alloc(txn->arena, sizeof *rep->answer);
    if (rep->answer == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    motcua__webhook_reply__init(rep->answer);
    return partner_inbound_say(txn, rep->answer, http, error_code, message, NULL);
}

static void tell(struct mc_txn *txn, const struct partner_service *service,
                 const struct partner_inbound *who)
{
    Partner__InboundCalled event = PARTNER__INBOUND_CALLED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "partner:%s", who->partner_id), NULL};

    event.partner_id = mc_unconst(who->partner_id);
    event.unit = mc_unconst(who->unit);
    event.service = mc_unconst(service->name);
    mc_emit(txn, "partner.inbound_called", &event.base, MC_PLAIN, keys);
}

static enum mc_status forward(struct mc_txn *txn, const struct partner_service *service,
                              const struct partner_inbound *who, const Motcua__WebhookRequest *req,
                              const struct mc_json *json, Partner__InboundCallReply *rep)
{
    const ProtobufCMessage *request = &req->base;

    if (!service->raw)
        request = service->build(txn, json, who);
    if (request == NULL)
        return txn->status != MC_OK ? txn->status : mc_fail(txn, MC_LIMITED, "arena full");
    rep->room = mc_unconst(service->room);
    rep->method = mc_sprintf(txn->arena, "%s/%s", service->service->name, service->method);
    rep->request = partner_pack(txn, request);
    rep->raw = service->raw;
    rep->partner_id = mc_unconst(who->partner_id);
    if (rep->method == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    tell(txn, service, who);
    return txn->status;
}

enum mc_status partner_inbound_call(struct partner *partner, struct mc_txn *txn,
                                    const Motcua__WebhookRequest *req,
                                    Partner__InboundCallReply *rep)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct partner_inbound who;

    if (mc_json_parse(mc_key_bytes(req->body), &json) != MC_OK)
        return answer(txn, rep, 400, "-2", "Nội dung không phải là JSON hợp lệ.");
    const char *token = mc_json_text(json, "session");
    const char *name = mc_json_text(json, "service");
    if (token == NULL || !partner_inbound_session_find(txn, token, &who))
        return answer(txn, rep, 401, "-1", "session không có hoặc đã hết hạn.");
    if (!partner_inbound_may_call(partner, txn, who.partner_id))
        return answer(txn, rep, 429, "-4", "Quá số lần gọi cho phép trong một phút.");
    const struct partner_service *service = name != NULL ? partner_service_find(name) : NULL;
    if (service == NULL) {
        const char *names = partner_service_names(txn->arena);
        const char *text =
            names != NULL ? mc_sprintf(txn->arena, "service phải là một trong: %s.", names) : NULL;
        return answer(txn, rep, 400, "-3", text != NULL ? text : "service không đúng.");
    }
    return forward(txn, service, &who, req, json, rep);
}
