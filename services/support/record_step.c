/* RecordStep: what a step brings, by the member or the staff; steps may be recorded in any order.
 */
#include <string.h>

#include "integration.h"

#define STEP(name) SUPPORT__INTEGRATION_STEP__STEP_##name

static void set_apis(struct mc_txn *txn, SupportState__Integration *record,
                     const Support__RecordStepRequest *req)
{
    SupportState__Api **apis =
        (SupportState__Api **)support_rows(txn, req->n_apis, sizeof(SupportState__Api));

    if (req->n_apis == 0)
        (void)mc_refuse(txn, MC_INVALID, "apis", "FIELD_REQUIRED", "field", support_label("apis"),
                        NULL);
    else if (req->n_apis > SUPPORT_APIS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "apis", "LIST_TOO_LONG", NULL);
    for (size_t i = 0; apis != NULL && txn->status == MC_OK && i < req->n_apis; i++) {
        support_state__api__init(apis[i]);
        apis[i]->name =
            support_line(txn, "apis.name", req->apis[i]->name, SUPPORT_NAME_CHARS_MAX, true);
        apis[i]->url =
            support_line(txn, "apis.url", req->apis[i]->url, SUPPORT_URL_CHARS_MAX, true);
    }
    record->apis = apis;
    record->n_apis = req->n_apis;
}

/* One that the partner room has told of, and of this member. */
static bool is_known(struct mc_txn *txn, const SupportState__Integration *record,
                     ProtobufCBinaryData id)
{
    const SupportState__Check *check =
        id.len == MC_ID_LEN
            ? mc_load(txn, SUPPORT_CHECKS, mc_key_bytes(id), &support_state__check__descriptor)
            : NULL;

    return check != NULL && mc_agency_within(check->unit, record->unit);
}

static void add_checks(struct mc_txn *txn, SupportState__Integration *record,
                       const Support__RecordStepRequest *req)
{
    size_t n = record->n_checks + req->n_check_ids;
    ProtobufCBinaryData *all = support_alloc(txn, (n + 1) * sizeof(ProtobufCBinaryData));

    if (req->n_check_ids == 0)
        (void)mc_refuse(txn, MC_INVALID, "check_ids", "FIELD_REQUIRED", "field",
                        support_label("check_ids"), NULL);
    else if (n > SUPPORT_CHECKS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "check_ids", "LIST_TOO_LONG", NULL);
    for (size_t i = 0; all != NULL && txn->status == MC_OK && i < n; i++) {
        all[i] = i < record->n_checks ? record->checks[i] : req->check_ids[i - record->n_checks];
        if (i >= record->n_checks && !is_known(txn, record, all[i]))
            (void)mc_refuse(txn, MC_NOT_FOUND, "check_ids", "NOT_FOUND", NULL);
    }
    record->checks = all;
    record->n_checks = n;
}

static char *request_code(const struct support *support, struct mc_txn *txn,
                          const SupportState__Integration *record, const char *text)
{
    struct support_request request;

    if (text[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "request_code", "FIELD_REQUIRED", "field",
                        support_label("request_code"), NULL);
    else if (support_request_open(support, txn, (ProtobufCBinaryData){0}, text, &request) &&
             mc_agency_within(request.record->unit, record->unit))
        return request.record->code;
    if (txn->status == MC_OK)
        (void)mc_refuse(txn, MC_NOT_FOUND, "request_code", "NOT_FOUND", NULL);
    return mc_unconst("");
}

/* C13: what the partner room has certified stands for what the member would state and show. */
static void set_certificate(struct mc_txn *txn, SupportState__Integration *record,
                            const char *number)
{
    char order[2 * MC_ID_LEN + 1] = "";
    const SupportState__Certificate *known =
        strlen(number) <= SUPPORT_CERTIFICATE_MAX
            ? mc_load(txn, SUPPORT_CERTIFICATES, mc_key_text(number),
                      &support_state__certificate__descriptor)
            : NULL;

    if (txn->status != MC_OK)
        return;
    if (known == NULL || !mc_agency_within(known->unit, record->unit)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "certificate", "NOT_FOUND", NULL);
        return;
    }
    if (known->order_id.len == MC_ID_LEN)
        (void)mc_hex(order, mc_key_bytes(known->order_id));
    record->certificate = mc_unconst(number);
    record->dossier_code = known->dossier_code;
    record->payment_id = support_text(txn, order);
    record->voucher_no = known->notice;
}

static void set_test(struct mc_txn *txn, SupportState__Integration *record,
                     const Support__RecordStepRequest *req)
{
    record->dossier_code =
        support_line(txn, "dossier_code", req->dossier_code, SUPPORT_CODE_CHARS_MAX, true);
    record->payment_id =
        support_line(txn, "payment_id", req->payment_id, SUPPORT_CODE_CHARS_MAX, true);
    record->voucher_no =
        support_line(txn, "voucher_no", req->voucher_no, SUPPORT_CODE_CHARS_MAX, true);
}

static void set_step(const struct support *support, struct mc_txn *txn, struct support_case *at,
                     const Support__RecordStepRequest *req)
{
    SupportState__Integration *record = at->record;

    switch (req->step) {
    case STEP(CONFIGURE):
        set_apis(txn, record, req);
        break;
    case STEP(CHECK):
        add_checks(txn, record, req);
        break;
    case STEP(REQUEST_CONFIGURE):
        record->configure_request = request_code(support, txn, record, req->request_code);
        break;
    case STEP(TEST):
        if (req->certificate[0] != '\0')
            set_certificate(txn, record, req->certificate);
        else
            set_test(txn, record, req);
        break;
    case STEP(REQUEST_CONFIRM):
        record->confirm_request = request_code(support, txn, record, req->request_code);
        break;
    case STEP(NONE):
    case STEP(CONFIRM): /* ConfirmIntegration */
    case _SUPPORT__INTEGRATION_STEP_IS_INT_SIZE:
    default:
        (void)mc_refuse(txn, MC_INVALID, "step", "FIELD_INVALID", "field", support_label("step"),
                        NULL);
    }
}

enum mc_status support_record_step(struct support *support, struct mc_txn *txn,
                                   const Support__RecordStepRequest *req, Support__Integration *rep)
{
    struct support_case at;
    const char *note = support_lines(txn, "note", req->note, SUPPORT_TEXT_CHARS_MAX, false);

    if (!support_case_take(support, txn, req->code, req->version, &at))
        return txn->status;
    set_step(support, txn, &at, req);
    if (txn->status == MC_OK)
        support_files_use(txn, SUPPORT_INTEGRATION, at.id, req->n_file_ids, req->file_ids,
                          &at.record->n_files, &at.record->files);
    if (txn->status != MC_OK)
        return txn->status;

    SupportState__Step *kept = at.record->steps[req->step - 1];
    support_change_put(txn, at.id, &at.record->changes, "step",
                       kept->at_ms != 0 ? support_time(txn, kept->at_ms) : "",
                       support_printf(txn, "%u", (unsigned)req->step));
    kept->by = mc_unconst(support_actor(txn));
    kept->at_ms = txn->now_ms;
    kept->note = mc_seal_text(txn, note);
    support_case_save(txn, &at, req->step, "support.integration_recorded");
    support_case_show(txn, &at, rep);
    return txn->status;
}
