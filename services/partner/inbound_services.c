/*
 * The services partners may call, one row each: the name that stands in `service`, and the method
 * of a room it is. What they ask for stands beside `service`, as the portal's own documents name
 * it.
 */
#include <string.h>

#include "common/json.h"

#include "dossier.pb-c.h"
#include "payment.pb-c.h"
#include "support.pb-c.h"

#include "inbound.h"

enum { PAGE_DEFAULT = 100 };

/* Borrowed texts end with the document: a copy, "" when it is not there. */
static char *text_of(struct mc_txn *txn, const struct mc_json *json, const char *name)
{
    const char *text = mc_json_text(json, name);

    return mc_strdup(txn->arena, text != NULL ? text : "");
}

static uint32_t page_of(const struct mc_json *json)
{
    int64_t size = 0;

    return mc_json_number(json, "SoLuong", &size) && size > 0 && size <= PAGE_DEFAULT
               ? (uint32_t)size
               : PAGE_DEFAULT;
}

/* LayThuTuc: {"maTTHC"} */
static ProtobufCMessage *get_procedure(struct mc_txn *txn, const struct mc_json *json,
                                       const struct partner_inbound *who)
{
    Dossier__GetProcedureRequest *request = mc_alloc(txn->arena, sizeof *request);

    (void)who;
    if (request == NULL)
        return NULL;
    dossier__get_procedure_request__init(request);
    request->code = text_of(txn, json, "maTTHC");
    return request->code != NULL ? &request->base : NULL;
}

/* LayDanhSachTTHC: {"madonvi", "TuKhoa", "LinhVuc", "SoLuong", "TrangSau"} */
static ProtobufCMessage *search_procedures(struct mc_txn *txn, const struct mc_json *json,
                                           const struct partner_inbound *who)
{
    Dossier__SearchProceduresRequest *request = mc_alloc(txn->arena, sizeof *request);

    (void)who;
    if (request == NULL)
        return NULL;
    dossier__search_procedures_request__init(request);
    request->unit = text_of(txn, json, "madonvi");
    request->words = text_of(txn, json, "TuKhoa");
    request->sector = text_of(txn, json, "LinhVuc");
    request->page_token = text_of(txn, json, "TrangSau");
    request->page_size = page_of(json);
    return !txn->arena->full ? &request->base : NULL;
}

/* LayDanhMuc: {"MaDanhMuc", "MaTinh", "TuKhoa", "SoLuong", "TrangSau"} */
static ProtobufCMessage *list_codes(struct mc_txn *txn, const struct mc_json *json,
                                    const struct partner_inbound *who)
{
    Dossier__ListCodesRequest *request = mc_alloc(txn->arena, sizeof *request);

    (void)who;
    if (request == NULL)
        return NULL;
    dossier__list_codes_request__init(request);
    request->list = text_of(txn, json, "MaDanhMuc");
    request->province = text_of(txn, json, "MaTinh");
    request->words = text_of(txn, json, "TuKhoa");
    request->page_token = text_of(txn, json, "TrangSau");
    request->page_size = page_of(json);
    return !txn->arena->full ? &request->base : NULL;
}

/* LayDanhSachHoiDapGuiTuDVCQG: {"TuSo", "SoLuong"}; of the member's own unit and below. */
static ProtobufCMessage *list_feedback(struct mc_txn *txn, const struct mc_json *json,
                                       const struct partner_inbound *who)
{
    Support__ListForPartnerRequest *request = mc_alloc(txn->arena, sizeof *request);
    int64_t after = 0;

    if (request == NULL)
        return NULL;
    support__list_for_partner_request__init(request);
    request->unit = mc_unconst(who->unit);
    if (mc_json_number(json, "TuSo", &after) && after > 0)
        request->after = (uint64_t)after;
    return &request->base;
}

/* LayNoiDungTraLoiTheoCauHoi: {"MaHoiDap"} */
static ProtobufCMessage *get_answer(struct mc_txn *txn, const struct mc_json *json,
                                    const struct partner_inbound *who)
{
    Support__GetAnswerRequest *request = mc_alloc(txn->arena, sizeof *request);

    if (request == NULL)
        return NULL;
    support__get_answer_request__init(request);
    request->unit = mc_unconst(who->unit);
    request->code = text_of(txn, json, "MaHoiDap");
    return request->code != NULL ? &request->base : NULL;
}

/* DongBoKetQuaHoiDapGuiTuDVCQG: {"MaHoiDap", "NoiDungTraLoi", "NguoiTraLoi"} */
static ProtobufCMessage *receive_answer(struct mc_txn *txn, const struct mc_json *json,
                                        const struct partner_inbound *who)
{
    Support__ReceiveAnswerRequest *request = mc_alloc(txn->arena, sizeof *request);

    if (request == NULL)
        return NULL;
    support__receive_answer_request__init(request);
    request->unit = mc_unconst(who->unit);
    request->code = text_of(txn, json, "MaHoiDap");
    request->answer = text_of(txn, json, "NoiDungTraLoi");
    request->answered_by = text_of(txn, json, "NguoiTraLoi");
    return !txn->arena->full ? &request->base : NULL;
}

/* clang-format off */
static const struct partner_service services[] = {
    {"LayThuTuc",          "dossier", &dossier__dossier__descriptor, "GetProcedure",     false, get_procedure},
    {"LayDanhSachTTHC",    "dossier", &dossier__dossier__descriptor, "SearchProcedures", false, search_procedures},
    {"LayDanhMuc",         "dossier", &dossier__dossier__descriptor, "ListCodes",        false, list_codes},
    {"NhanThongBaoThueDat", "payment", &payment__payment__descriptor, "TaxNotice",       true,  NULL},
    {"LayDanhSachHoiDapGuiTuDVCQG",  "support", &support__support__descriptor, "ListForPartner", false, list_feedback},
    {"LayNoiDungTraLoiTheoCauHoi",   "support", &support__support__descriptor, "GetAnswer",      false, get_answer},
    {"DongBoKetQuaHoiDapGuiTuDVCQG", "support", &support__support__descriptor, "ReceiveAnswer",  false, receive_answer},
};
/* clang-format on */

const struct partner_service *partner_service_find(const char *name)
{
    for (size_t i = 0; i < MC_LEN(services); i++)
        if (strcmp(services[i].name, name) == 0)
            return &services[i];
    return NULL;
}

const char *partner_service_names(struct mc_arena *arena)
{
    char *names = mc_strdup(arena, services[0].name);

    for (size_t i = 1; names != NULL && i < MC_LEN(services); i++)
        names = mc_sprintf(arena, "%s, %s", names, services[i].name);
    return names;
}
