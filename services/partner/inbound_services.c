/*
 * The services partners may call, one row each: the name that stands in `service`, and the method
 * of a room it is. What they ask for stands beside `service`, as the portal's own documents name
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "dossier.pb-c.h"
#include "payment.pb-c.h"
#include "support.pb-c.h"

#include "inbound.h"

enum {
    PAGE_DEFAULT = 100,
    PROGRESS_SHOWN = 51, /* one more than the dossier room takes at once, so that it says so */
};

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

/* A code of a list: a number, or a number as text. */
static int code_of(const struct mc_json *json, const char *name)
{
    const char *text = mc_json_text(json, name);
    int64_t number = -1;

    if (text != NULL) {
        char *end = NULL;
        long told = strtol(text, &end, 10);
        number = end != text && *end == '\0' ? told : -1;
    } else if (!mc_json_number(json, name, &number)) {
        return -1;
    }
    return number >= 0 && number <= INT8_MAX ? (int)number : -1;
}

static Dossier__ProgressStep *step_of(struct mc_txn *txn, const struct mc_json *json)
{
    Dossier__ProgressStep *step = mc_alloc(txn->arena, sizeof *step);
    const char *at = mc_json_text(json, "ThoiDiemXuLy");
    int to = code_of(json, "TrangThai");

    if (step == NULL)
        return NULL;
    dossier__progress_step__init(step);
    step->code = text_of(txn, json, "MaHoSo");
    step->to =
        to > 0 && to <= DOSSIER__STATE__RETURNED ? (Dossier__State)to : DOSSIER__STATE__DRAFT;
    if (at == NULL || mc_stamp_parse(at, &step->at_ms) != MC_WHY_OK)
        step->at_ms = 0;
    step->note = text_of(txn, json, "NoiDungXuLy");
    return step;
}

/* CapNhatTienDoHoSoMC: {"data": [{"MaHoSo", "TrangThai", "ThoiDiemXuLy", "NoiDungXuLy"}]}; who
 * handled it there (NguoiXuLy, ChucDanh) is not kept. */
static ProtobufCMessage *receive_progress(struct mc_txn *txn, const struct mc_json *json,
                                          const struct partner_inbound *who)
{
    Dossier__ReceiveProgressRequest *request = mc_alloc(txn->arena, sizeof *request);
    size_t n = MC_MIN(mc_json_count(json, "data"), (size_t)PROGRESS_SHOWN);
    Dossier__ProgressStep **steps = mc_alloc(txn->arena, (n + 1) * sizeof(void *));

    if (request == NULL || steps == NULL)
        return NULL;
    dossier__receive_progress_request__init(request);
    request->unit = mc_unconst(who->unit);
    request->partner_id = mc_unconst(who->partner_id);
    request->steps = steps;
    for (; request->n_steps < n; request->n_steps++)
        steps[request->n_steps] = step_of(txn, mc_json_item(json, "data", request->n_steps));
    return !txn->arena->full ? &request->base : NULL;
}

/* TraCuuHoSo: {"MaHoSo"} */
static ProtobufCMessage *look_up_dossier(struct mc_txn *txn, const struct mc_json *json,
                                         const struct partner_inbound *who)
{
    Dossier__LookUpForPartnerRequest *request = mc_alloc(txn->arena, sizeof *request);

    if (request == NULL)
        return NULL;
    dossier__look_up_for_partner_request__init(request);
    request->unit = mc_unconst(who->unit);
    request->partner_id = mc_unconst(who->partner_id);
    request->code = text_of(txn, json, "MaHoSo");
    return request->code != NULL ? &request->base : NULL;
}

static uint64_t count_of(const struct mc_json *json, const char *name)
{
    int64_t number = 0;

    return mc_json_number(json, name, &number) && number > 0 ? (uint64_t)number : 0;
}

/* TaiTepTin: {"MaHoSo", "TepDinhKemId", "ViTri", "DoDai"}: a part of a file; the gateway's
 * /dvcqg/v1/file gives it whole. */
static ProtobufCMessage *read_file(struct mc_txn *txn, const struct mc_json *json,
                                   const struct partner_inbound *who)
{
    Dossier__ReadFileForPartnerRequest *request = mc_alloc(txn->arena, sizeof *request);

    if (request == NULL)
        return NULL;
    dossier__read_file_for_partner_request__init(request);
    request->unit = mc_unconst(who->unit);
    request->partner_id = mc_unconst(who->partner_id);
    request->code = text_of(txn, json, "MaHoSo");
    request->sha256 = text_of(txn, json, "TepDinhKemId");
    request->offset = count_of(json, "ViTri");
    request->length = count_of(json, "DoDai");
    return !txn->arena->full ? &request->base : NULL;
}

/* DongBoHoiDap: {"MaHoiDap", "madonvi", "TenDonVi", "LoaiHoiDap", "HoTen", "TieuDe", "NoiDung",
 * "NoiDungTraLoi"}: a question that the member received itself; of no other unit than its own. */
static ProtobufCMessage *receive_feedback(struct mc_txn *txn, const struct mc_json *json,
                                          const struct partner_inbound *who)
{
    Support__ReceiveFeedbackRequest *request = mc_alloc(txn->arena, sizeof *request);
    const char *unit = mc_json_text(json, "madonvi");
    int kind = code_of(json, "LoaiHoiDap");

    if (request == NULL)
        return NULL;
    support__receive_feedback_request__init(request);
    if (unit != NULL && unit[0] != '\0' && !mc_agency_within(unit, who->unit)) {
        (void)mc_refuse(txn, MC_DENIED, "madonvi", "RIGHT_MISSING", NULL);
        return NULL;
    }
    request->unit =
        unit != NULL && unit[0] != '\0' ? mc_strdup(txn->arena, unit) : mc_unconst(who->unit);
    request->unit_name = text_of(txn, json, "TenDonVi");
    request->partner_code = text_of(txn, json, "MaHoiDap");
    request->kind = kind >= SUPPORT__FEEDBACK_KIND__KIND_REGULATION &&
                            kind <= SUPPORT__FEEDBACK_KIND__KIND_QUESTION
                        ? (Support__FeedbackKind)kind
                        : SUPPORT__FEEDBACK_KIND__KIND_QUESTION;
    request->name = text_of(txn, json, "HoTen");
    request->title = text_of(txn, json, "TieuDe");
    request->text = text_of(txn, json, "NoiDung");
    request->answer = text_of(txn, json, "NoiDungTraLoi");
    return !txn->arena->full ? &request->base : NULL;
}

/* clang-format off */
static const struct partner_service services[] = {
    {"LayThuTuc",          "dossier", &dossier__dossier__descriptor, "GetProcedure",     false, get_procedure},
    {"LayDanhSachTTHC",    "dossier", &dossier__dossier__descriptor, "SearchProcedures", false, search_procedures},
    {"TraCuuHoSo",         "dossier", &dossier__dossier__descriptor, "LookUpForPartner", false, look_up_dossier},
    {"TaiTepTin",          "dossier", &dossier__dossier__descriptor, "ReadFileForPartner", false, read_file},
    {"CapNhatTienDoHoSoMC", "dossier", &dossier__dossier__descriptor, "ReceiveProgress", false, receive_progress},
    {"LayDanhMuc",         "dossier", &dossier__dossier__descriptor, "ListCodes",        false, list_codes},
    {"NhanThongBaoThueDat", "payment", &payment__payment__descriptor, "TaxNotice",       true,  NULL},
    {"LayDanhSachHoiDapGuiTuDVCQG",  "support", &support__support__descriptor, "ListForPartner", false, list_feedback},
    {"LayNoiDungTraLoiTheoCauHoi",   "support", &support__support__descriptor, "GetAnswer",      false, get_answer},
    {"DongBoKetQuaHoiDapGuiTuDVCQG", "support", &support__support__descriptor, "ReceiveAnswer",  false, receive_answer},
    {"DongBoHoiDap",                 "support", &support__support__descriptor, "ReceiveFeedback", false, receive_feedback},
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
