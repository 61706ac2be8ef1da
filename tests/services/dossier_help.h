/* What the dossier tests share: people, calls, and ways to get a dossier into a state. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "../../services/dossier/dossier.h"
#include "../harness.h"

#define BEN_CAU  "000.20.31.H53"
#define BIRTH    "1.001193" /* đăng ký khai sinh: a fee of 1.000 VND at Bến Cầu */
#define SINGLE   "1.004873" /* xác nhận tình trạng hôn nhân: 3 working days, no fee */
#define ALICE_ID "0190a07b-0000-7000-8000-00000000a11c"

/* A declaration of birth that lacks nothing; the mother is the applicant. */
static const char birth_form[] =
    "{\"applicant_name\":\"Nguyễn Thị Hoà Bình\","
    "\"applicant_id\":\"012193990017\",\"applicant_phone\":\"0912000101\","
    "\"applicant_address\":\"Ấp 2, xã Bến Cầu, tỉnh Tây Ninh\","
    "\"relation\":\"mother\",\"child_name\":\"Nguyễn Bảo An\","
    "\"child_birth\":\"01/09/2025\",\"child_sex\":\"female\","
    "\"child_ethnic\":\"Kinh\",\"child_nationality\":\"Việt Nam\","
    "\"birth_place_kind\":\"elsewhere\",\"birth_province\":\"80\","
    "\"birth_commune\":\"25681\",\"home_town\":\"Xã Bến Cầu, tỉnh Tây Ninh\","
    "\"mother_name\":\"Nguyễn Thị Hoà Bình\",\"mother_birth\":\"05/03/1993\","
    "\"mother_ethnic\":\"Kinh\",\"mother_nationality\":\"Việt Nam\","
    "\"mother_address\":\"Ấp 2, xã Bến Cầu, tỉnh Tây Ninh\","
    "\"truthful\":true}";

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const char *const all_rights[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS", "DOSSIER_APPROVE",
                                         "RESULT_RETURN"};
static const struct mc_caller alice = {.account_id = ALICE_ID, .ial = 2};
static const struct mc_caller bob = {.account_id = "0190a07b-0000-7000-8000-000000000b0b",
                                     .ial = 2};
static const struct mc_caller officer = {
    .account_id = "0190a07b-0000-7000-8000-0000000000ff",
    .unit = BEN_CAU,
    .rights = all_rights,
    .rights_len = 4,
};
/* Of the district above Bến Cầu, and of a commune elsewhere. */
static const struct mc_caller district = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fe",
    .unit = "000.00.31.H53",
    .rights = all_rights,
    .rights_len = 4,
};
static const struct mc_caller stranger = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fd",
    .unit = "000.15.43.H35",
    .rights = all_rights,
    .rights_len = 4,
};

static inline int64_t local(int year, int month, int day, int hour, int minute)
{
    const struct mc_local at = {{year, month, day}, hour, minute, 0, 0};

    return mc_local_to_ms(&at);
}

static inline Dossier__DossierReply *save_as(struct harness *h, const struct mc_caller *caller,
                                             const char *procedure, enum mc_status want)
{
    Dossier__SaveDraftRequest req = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    req.procedure_code = mc_unconst(procedure);
    req.unit = mc_unconst(BEN_CAU);
    req.abstract = mc_unconst("Đăng ký khai sinh cho con");
    req.form = mc_unconst(strcmp(procedure, BIRTH) == 0 ? birth_form
                                                        : "{\"hoTen\":\"Nguyễn Thử Nghiệm\"}");
    harness_as(h, caller);
    return harness_call(h, "SaveDraft", &req.base, want);
}

static inline Dossier__DossierReply *submit_as(struct harness *h, const struct mc_caller *caller,
                                               ProtobufCBinaryData id, enum mc_status want)
{
    Dossier__SubmitRequest req = DOSSIER__SUBMIT_REQUEST__INIT;

    req.dossier_id = id;
    harness_as(h, caller);
    return harness_call(h, "Submit", &req.base, want);
}

static inline Dossier__DossierReply *accept_as(struct harness *h, const struct mc_caller *caller,
                                               const Dossier__DossierReply *at, enum mc_status want)
{
    Dossier__AcceptRequest req = DOSSIER__ACCEPT_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    harness_as(h, caller);
    return harness_call(h, "Accept", &req.base, want);
}

static inline Dossier__DossierReply *advance_as(struct harness *h, const struct mc_caller *caller,
                                                const Dossier__DossierReply *at, Dossier__State to,
                                                const char *reason, enum mc_status want)
{
    Dossier__AdvanceRequest req = DOSSIER__ADVANCE_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.to = to;
    req.reason = mc_unconst(reason);
    harness_as(h, caller);
    return harness_call(h, "Advance", &req.base, want);
}

static inline Dossier__DossierView *get_as(struct harness *h, const struct mc_caller *caller,
                                           ProtobufCBinaryData id, enum mc_status want)
{
    Dossier__GetRequest req = DOSSIER__GET_REQUEST__INIT;

    req.dossier_id = id;
    harness_as(h, caller);
    return harness_call(h, "Get", &req.base, want);
}

static inline void pay(struct harness *h, ProtobufCBinaryData id)
{
    Payment__OrderChanged paid = PAYMENT__ORDER_CHANGED__INIT;
    const char *const keys[] = {"payment:0190a07b-0000-7000-8000-00000000feed", NULL};

    paid.dossier_id = id;
    paid.state = PAYMENT__ORDER_STATE__PAID;
    paid.amount = 1000;
    harness_event(h, "payment", "payment.paid", &paid.base, keys);
}

static inline Dossier__DossierReply *sent(struct harness *h, const char *procedure)
{
    return submit_as(h, &alice, save_as(h, &alice, procedure, MC_OK)->dossier_id, MC_OK);
}

static inline Dossier__DossierReply *received(struct harness *h)
{
    return accept_as(h, &officer, sent(h, SINGLE), MC_OK);
}

static inline Dossier__DossierReply *processing(struct harness *h)
{
    return advance_as(h, &officer, received(h), DOSSIER__STATE__PROCESSING, "", MC_OK);
}

static inline Dossier__DossierReply *finished(struct harness *h)
{
    return advance_as(h, &officer, processing(h), DOSSIER__STATE__FINISHED, "", MC_OK);
}

static const char *const why = "KHÔNG HỢP LỆ: thiếu tờ khai có chữ ký";

/* A new dossier in a state; for 5 and 6 either accepted before or not. */
static inline Dossier__DossierReply *in_state(struct harness *h, Dossier__State state,
                                              bool accepted)
{
    switch (state) {
    case DOSSIER__STATE__DRAFT:
        return save_as(h, &alice, SINGLE, MC_OK);
    case DOSSIER__STATE__NEW:
        return sent(h, SINGLE);
    case DOSSIER__STATE__RECEIVED:
        return received(h);
    case DOSSIER__STATE__PROCESSING:
        return processing(h);
    case DOSSIER__STATE__SUPPLEMENT_REQUESTED:
    case DOSSIER__STATE__FINANCIAL_OBLIGATION:
        return advance_as(h, &officer, accepted ? processing(h) : sent(h, SINGLE), state, why,
                          MC_OK);
    case DOSSIER__STATE__REFUSED:
        return advance_as(h, &officer, sent(h, SINGLE), state, why, MC_OK);
    case DOSSIER__STATE__WITHDRAWN:
        return advance_as(h, &alice, sent(h, SINGLE), state, "", MC_OK);
    case DOSSIER__STATE__STOPPED:
        return advance_as(h, &officer, processing(h), state, why, MC_OK);
    case DOSSIER__STATE__FINISHED:
        return finished(h);
    case DOSSIER__STATE__RETURNED:
        return advance_as(h, &officer, finished(h), state, "", MC_OK);
    case _DOSSIER__STATE_IS_INT_SIZE:
    default:
        fail_msg("no such state");
        return NULL;
    }
}
