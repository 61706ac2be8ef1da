/* A partner with two APIs, and a dossier's events: what the tests of deliveries share. */
#pragma once

#include "common/json.h"

#include "partner_help.h"
#include "services/partner/delivery.h"

#define PARTNER_ID   "tayninh"
#define SESSION_URL  "https://motcua.tayninh.gov.vn/api/session"
#define DOSSIER_CODE "000.20.31.H53-260907-0007"
#define SESSION_OK   "{\"error_code\":\"0\",\"session\":\"CANARY-SESSION-1\"}"
#define TAKEN_JSON   "{\"error_code\":\"00\",\"message\":\"ok\"}"

static const char *const admin_rights[] = {PARTNER_RIGHT_CHECK, PARTNER_RIGHT_ADMIN};

static inline void as_admin(struct harness *h, const char *unit)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = LAN,
                                      .unit = unit,
                                      .rights = admin_rights,
                                      .rights_len = MC_LEN(admin_rights),
                                      .ial = 2});
}

/* A request for a partner with every API of deliveries; its lists live as long as the program. */
struct profile {
    Partner__SavePartnerRequest request;
    Partner__PartnerProfile profile;
    Partner__PartnerApi apis[5];
    Partner__PartnerApi *list[5];
};

static inline void profile_init(struct profile *p)
{
    static const char *const types[] = {"dossier_sync", "dossier_progress", "land_payment",
                                        "receipt", "account_sync"};

    partner__save_partner_request__init(&p->request);
    partner__partner_profile__init(&p->profile);
    p->request.profile = &p->profile;
    p->request.reason = text("theo văn bản 12/2026");
    p->profile.partner_id = text(PARTNER_ID);
    p->profile.name = text("Một cửa điện tử tỉnh Tây Ninh");
    p->profile.kind = PARTNER__PARTNER_KIND__PROVINCE;
    p->profile.unit = text(TAY_NINH);
    p->profile.dstcode = text("VN:COOP:" TAY_NINH);
    p->profile.production = true;
    for (size_t i = 0; i < MC_LEN(types); i++) {
        partner__partner_api__init(&p->apis[i]);
        p->apis[i].type = text(types[i]);
        p->apis[i].session_url = text(SESSION_URL);
        p->apis[i].data_url = text(PUBLIC_URL);
        p->list[i] = &p->apis[i];
    }
    p->profile.apis = p->list;
    p->profile.n_apis = MC_LEN(types);
}

static inline Partner__PartnerView *save_credential(struct harness *h, const char *password,
                                                    enum mc_status want)
{
    Partner__SaveCredentialRequest req = PARTNER__SAVE_CREDENTIAL_REQUEST__INIT;

    req.partner_id = text(PARTNER_ID);
    req.way = PARTNER__CREDENTIAL_WAY__OUTBOUND;
    req.username = text("CANARY-dvcqg");
    req.password = text(password);
    req.reason = text("kết nối");
    return harness_call(h, "SaveCredential", &req.base, want);
}

static inline int open_with_partner(void **state)
{
    struct profile p;

    *state = harness_open(&partner_room, NULL);
    as_admin(*state, TAY_NINH);
    profile_init(&p);
    (void)harness_call(*state, "SavePartner", &p.request.base, MC_OK);
    (void)save_credential(*state, "CANARY-mat-khau", MC_OK);
    return 0;
}

#define PARTNER_TEST(test) cmocka_unit_test_setup_teardown(test, open_with_partner, close_room)

static inline void dossier_event(struct harness *h, const char *type, uint8_t number,
                                 Dossier__State from, Dossier__State to, uint64_t version)
{
    Dossier__Changed body = DOSSIER__CHANGED__INIT;
    uint8_t id[MC_ID_LEN] = {1, 2, 3};
    const char *const keys[] = {"dossier:" DOSSIER_CODE, NULL};

    id[MC_ID_LEN - 1] = number;
    body.dossier_id = (ProtobufCBinaryData){sizeof id, id};
    body.code = text(DOSSIER_CODE);
    body.from = from;
    body.to = to;
    body.unit = text(BEN_CAU);
    body.unit_name = text("UBND thị trấn Bến Cầu");
    body.procedure_code = text("1.001193");
    body.version = version;
    harness_event(h, "dossier", type, &body.base, keys);
}

/* The dossier room tells what the dossier is. */
static inline bool gathered(struct harness *h, uint64_t version)
{
    struct harness_exchange exchange;
    Dossier__DossierView view = DOSSIER__DOSSIER_VIEW__INIT;

    if (!harness_effect(h, "gather", &exchange))
        return false;
    assert_string_equal(exchange.call.method, "ReadForPartner");
    view.code = text(DOSSIER_CODE);
    view.procedure_code = text("1.001193");
    view.unit = text(BEN_CAU);
    view.unit_name = text("UBND thị trấn Bến Cầu");
    view.owner_name = text("CANARY Nguyễn Thị Hoà Bình");
    view.state = DOSSIER__STATE__RECEIVED;
    view.version = version;
    harness_reply(h, &exchange, &view.base);
    return true;
}

/* What the partner is sent next: "session", or the body's service; "" when nothing is. */
static inline const char *sent(struct harness *h, struct harness_exchange *exchange)
{
    static char service[64];
    struct mc_json *json = NULL;

    if (!harness_effect(h, "deliver", exchange))
        return "";
    if (strcmp(exchange->http.url, SESSION_URL) == 0)
        return "session";
    assert_int_equal(mc_json_parse(exchange->http.body, &json), MC_OK);
    const char *name = mc_json_text(json, "service");
    (void)snprintf(service, sizeof service, "%s",
                   name != NULL ? name : mc_json_text(json, "Service"));
    mc_json_free(json);
    return service;
}

static inline void answer_next(struct harness *h, const char *want, unsigned status,
                               const char *body)
{
    struct harness_exchange exchange;

    assert_string_equal(sent(h, &exchange), want);
    harness_answer(h, &exchange, status, body);
}

static inline Partner__Delivery *newest(struct harness *h)
{
    Partner__ListDeliveriesRequest req = PARTNER__LIST_DELIVERIES_REQUEST__INIT;

    req.partner_id = text(PARTNER_ID);
    const Partner__ListDeliveriesReply *rep = harness_call(h, "ListDeliveries", &req.base, MC_OK);
    assert_true(rep->n_deliveries > 0);
    return rep->deliveries[0];
}
