/*
 * A case on disk.
 *
 *     integrations: id -> Integration
 *     checks:       check id of the partner room -> Check
 *     certificates: number of the partner room -> Certificate
 */
#include "integration.h"

#include <string.h>

#define STEP(name) SUPPORT__INTEGRATION_STEP__STEP_##name

static const struct {
    const char *name;
    const char *next; /* what to do, in words */
} steps[SUPPORT_STEPS_LEN] = {
    [STEP(NONE)] = {"", "Đã xác nhận tích hợp thành công."},
    [STEP(CONFIGURE)] = {"Cấu hình API", "Nhập tên và địa chỉ các API của đơn vị."},
    [STEP(CHECK)] = {"Kiểm tra API", "Vào «Kiểm tra API», gọi thử từng API và gắn các lần kiểm tra "
                                     "đạt vào đây."},
    [STEP(REQUEST_CONFIGURE)] = {"Yêu cầu cấu hình",
                                 "Gửi yêu cầu hỗ trợ cấu hình URL API và chờ "
                                 "Văn phòng Chính phủ xử lý trong 8 giờ làm việc."},
    [STEP(TEST)] = {"Thử với hồ sơ thật", "Thanh toán thử một hồ sơ thật; lưu ảnh tin nhắn, thanh "
                                          "toán và chứng từ trên phần mềm một cửa."},
    [STEP(REQUEST_CONFIRM)] = {"Đề nghị xác nhận", "Gửi yêu cầu đề nghị xác nhận tích hợp thành "
                                                   "công, kèm video hoặc hình ảnh."},
    [STEP(CONFIRM)] = {"Xác nhận", "Chờ Văn phòng Chính phủ xác nhận."},
};

bool support_case_open(const struct support *support, struct mc_txn *txn, const char *code,
                       struct support_case *ret_case)
{
    struct mc_bytes id = {0};
    SupportState__Integration *record = NULL;

    if (code[0] != '\0' && strlen(code) < SUPPORT_CODE_SIZE &&
        mc_get(txn, SUPPORT_CODES, mc_key_text(code), &id))
        record = mc_load(txn, SUPPORT_INTEGRATIONS, id, &support_state__integration__descriptor);
    unsigned actor = record != NULL ? support_actor_of(support, txn, record->unit) : 0;
    if (txn->status == MC_OK && actor == 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "code", "NOT_FOUND", NULL);
    if (txn->status != MC_OK || record == NULL)
        return false;
    *ret_case = (struct support_case){.record = record, .id = id, .actor = actor};
    return true;
}

bool support_case_take(const struct support *support, struct mc_txn *txn, const char *code,
                       uint64_t version, struct support_case *ret_case)
{
    if (!support_case_open(support, txn, code, ret_case))
        return false;
    if (ret_case->record->version != version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "CONFLICT", NULL);
    else if (ret_case->record->confirmed_at_ms != 0)
        (void)mc_refuse(txn, MC_CONFLICT, "", "INTEGRATION_CONFIRMED", NULL);
    return txn->status == MC_OK;
}

void support_case_save(struct mc_txn *txn, struct support_case *at, Support__IntegrationStep step,
                       const char *event)
{
    SupportState__Integration *record = at->record;
    Support__IntegrationChanged changed = SUPPORT__INTEGRATION_CHANGED__INIT;
    const char *keys[] = {support_printf(txn, "integration:%s", record->code), NULL};

    record->version++;
    mc_save(txn, SUPPORT_INTEGRATIONS, at->id, &record->base);
    changed.integration_id = support_bytes(at->id);
    changed.code = record->code;
    changed.unit = record->unit;
    changed.step = step;
    changed.excepted = record->reason.len > 0;
    changed.by = mc_unconst(support_actor(txn));
    mc_emit(txn, event, &changed.base, MC_PLAIN, keys);
}

static void lack(struct mc_txn *txn, char **words, size_t *len, bool missing, const char *text)
{
    if (missing && *len < SUPPORT_MISSING_MAX)
        words[(*len)++] = support_text(txn, text);
}

/* 0: no such request of theirs. */
static uint32_t request_state(struct mc_txn *txn, const SupportState__Integration *record,
                              const char *code)
{
    struct mc_bytes id;

    if (code[0] == '\0' || !mc_get(txn, SUPPORT_CODES, mc_key_text(code), &id))
        return 0;
    const SupportState__Request *request =
        mc_load(txn, SUPPORT_REQUESTS, id, &support_state__request__descriptor);
    return request != NULL && mc_agency_within(request->unit, record->unit) ? request->state : 0;
}

static bool check_fits(struct mc_txn *txn, const SupportState__Integration *record)
{
    for (size_t i = 0; i < record->n_checks; i++) {
        const SupportState__Check *check =
            mc_load(txn, SUPPORT_CHECKS, mc_key_bytes(record->checks[i]),
                    &support_state__check__descriptor);

        if (check != NULL && check->fits && mc_agency_within(check->unit, record->unit))
            return true;
    }
    return false;
}

size_t support_case_missing(struct mc_txn *txn, const SupportState__Integration *record,
                            Support__IntegrationStep step, char **ret_words)
{
    uint32_t state;
    size_t len = 0;

    switch (step) {
    case STEP(CONFIGURE):
        lack(txn, ret_words, &len, record->n_apis == 0, "tên và địa chỉ API");
        break;
    case STEP(CHECK):
        lack(txn, ret_words, &len, !check_fits(txn, record), "một lần kiểm tra API đạt");
        break;
    case STEP(REQUEST_CONFIGURE):
        state = request_state(txn, record, record->configure_request);
        lack(txn, ret_words, &len, state == 0, "yêu cầu hỗ trợ cấu hình");
        lack(txn, ret_words, &len, state != 0 && state != SUPPORT__REQUEST_STATE__REQUEST_DONE,
             "yêu cầu hỗ trợ cấu hình chưa được xử lý xong");
        break;
    case STEP(TEST):
        if (record->certificate[0] != '\0')
            break; /* C13: seen by the partner room, so nobody needs pictures of it */
        lack(txn, ret_words, &len, record->dossier_code[0] == '\0', "mã hồ sơ thật");
        lack(txn, ret_words, &len, record->payment_id[0] == '\0', "giao dịch thanh toán");
        lack(txn, ret_words, &len, record->voucher_no[0] == '\0', "số chứng từ");
        lack(txn, ret_words, &len, record->n_files == 0, "ảnh hoặc video minh chứng");
        break;
    case STEP(REQUEST_CONFIRM):
        state = request_state(txn, record, record->confirm_request);
        lack(txn, ret_words, &len, state == 0 || state == SUPPORT__REQUEST_STATE__REQUEST_CANCELLED,
             "yêu cầu đề nghị xác nhận");
        break;
    case STEP(CONFIRM):
        lack(txn, ret_words, &len, record->confirmed_at_ms == 0,
             "xác nhận của Văn phòng Chính phủ");
        break;
    case STEP(NONE):
    case _SUPPORT__INTEGRATION_STEP_IS_INT_SIZE:
    default:
        break;
    }
    return len;
}

static void step_show(struct mc_txn *txn, const SupportState__Integration *record,
                      Support__IntegrationStep step, Support__StepView *view)
{
    const SupportState__Step *kept = record->steps[step - 1];

    support__step_view__init(view);
    view->step = step;
    view->name = mc_unconst(steps[step].name);
    view->missing = support_alloc(txn, SUPPORT_MISSING_MAX * sizeof(char *));
    if (view->missing != NULL)
        view->n_missing = support_case_missing(txn, record, step, view->missing);
    view->done = view->n_missing == 0;
    view->by = kept->by;
    view->at_ms = kept->at_ms;
    if (kept->note.len > 0)
        view->note = mc_open_text(txn, kept->note);
}

static void steps_show(struct mc_txn *txn, const SupportState__Integration *record,
                       Support__Integration *rep)
{
    unsigned next = STEP(NONE);

    rep->steps =
        (Support__StepView **)support_rows(txn, SUPPORT_STEPS_LEN - 1, sizeof(Support__StepView));
    for (unsigned step = STEP(CONFIGURE);
         rep->steps != NULL && step < SUPPORT_STEPS_LEN && step <= record->n_steps; step++) {
        Support__StepView *view = rep->steps[rep->n_steps++];

        step_show(txn, record, (Support__IntegrationStep)step, view);
        if (!view->done && next == STEP(NONE))
            next = step;
    }
    if (record->confirmed_at_ms != 0)
        next = STEP(NONE);
    rep->next = mc_unconst(steps[next].next);
}

static void apis_show(struct mc_txn *txn, const SupportState__Integration *record,
                      Support__Integration *rep)
{
    rep->apis = (Support__Api **)support_rows(txn, record->n_apis, sizeof(Support__Api));
    for (size_t i = 0; rep->apis != NULL && i < record->n_apis; i++) {
        support__api__init(rep->apis[i]);
        rep->apis[i]->name = record->apis[i]->name;
        rep->apis[i]->url = record->apis[i]->url;
        rep->n_apis++;
    }
}

static void certificate_show(struct mc_txn *txn, const SupportState__Integration *record,
                             Support__Integration *rep)
{
    const SupportState__Certificate *known =
        record->certificate[0] != '\0'
            ? mc_load(txn, SUPPORT_CERTIFICATES, mc_key_text(record->certificate),
                      &support_state__certificate__descriptor)
            : NULL;

    rep->certificate = record->certificate;
    rep->test_system = known != NULL && !known->production;
}

void support_case_show(struct mc_txn *txn, const struct support_case *at, Support__Integration *rep)
{
    const SupportState__Integration *record = at->record;

    rep->integration_id = support_bytes(at->id);
    rep->code = record->code;
    rep->unit = record->unit;
    rep->unit_name = record->unit_name;
    rep->service = record->service;
    rep->version = record->version;
    rep->check_ids = record->checks;
    rep->n_check_ids = record->n_checks;
    rep->configure_request = record->configure_request;
    rep->confirm_request = record->confirm_request;
    rep->dossier_code = record->dossier_code;
    rep->payment_id = record->payment_id;
    rep->voucher_no = record->voucher_no;
    certificate_show(txn, record, rep);
    rep->files = support_files_show(txn, record->n_files, record->files);
    rep->n_files = record->n_files;
    rep->opened_at_ms = record->opened_at_ms;
    rep->confirmed_at_ms = record->confirmed_at_ms;
    rep->confirmed_by = record->confirmed_by;
    if (record->reason.len > 0)
        rep->reason = mc_open_text(txn, record->reason);
    apis_show(txn, record, rep);
    steps_show(txn, record, rep);
    rep->changes = support_changes_show(txn, at->id, &rep->n_changes);
}
