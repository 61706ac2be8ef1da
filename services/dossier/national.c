/*
 * The national database of procedures (cơ sở dữ liệu quốc gia về TTHC), asked for an import.
 *
 *     POST session_url {"username", "password"}, header dstcode -> {"session", "error_code"}
 *     POST data_url {"session", "service": "LayDanhSachTTHC", "madonvi"} -> {"result":
 * [{"MATTHC"}]} POST data_url {"session", "service": "LayThuTuc", "maTTHC", "madonvi"} ->
 * {"result": [{…}]}
 *
 * Nothing changes over there, so a question is repeated until it has an answer that can be read.
 * The list is kept row by row, and a few lines of questions walk along it; when one has used up
 * its attempts, the import fails where it is and ResumeImport goes on from there.
 */
#include <stdio.h>
#include <string.h>

#include "upkeep.h"

enum { HTTP_OK = 200, ATTEMPTS_MAX = 8, TIMEOUT_MS = 30000, LIST_MAX = DOSSIER_PROCEDURES_MAX };

static const char list_service[] = "LayDanhSachTTHC";
static const char detail_service[] = "LayThuTuc";

static void ask(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *import,
                const char *service, const char *code)
{
    DossierState__NationalCall call = DOSSIER_STATE__NATIONAL_CALL__INIT;

    call.import_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    call.service = mc_unconst(service);
    call.code = mc_unconst(code);
    call.session = import->session.len > 0 ? mc_open_text(txn, import->session) : mc_unconst("");
    const struct mc_job_spec spec = {
        .lane = DOSSIER_LANE_NATIONAL,
        .kind = "national.call",
        .payload = mc_body_pack(txn->arena, &call.base),
        .attempts_max = ATTEMPTS_MAX,
        .backoff_ms = DOSSIER_NATIONAL_BACKOFF_MS,
        .backoff_max_ms = DOSSIER_NATIONAL_BACKOFF_MAX_MS,
        .destination = "dvcqg",
        .forget = true,
    };
    (void)mc_job_add(txn, &spec);
}

/* The next procedure on the list that has not been told; each is asked for by one line. */
static char *next_wanted(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *import)
{
    static const uint8_t past = 0;
    struct mc_bytes from = {0};

    if (import->cursor[0] != '\0')
        from = mc_key_join(txn, dossier_import_row_key(txn, id, import->cursor),
                           (struct mc_bytes){&past, 1});
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_IMPORT_ROWS, id, from, MC_FORWARD);
    while (mc_next(&cursor)) {
        const DossierState__ImportRow *row =
            mc_row(&cursor, &dossier_state__import_row__descriptor);

        if (row != NULL && row->kind == DOSSIER_ROW_WANTED)
            return mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - id.len),
                              (const char *)cursor.key.data + id.len);
        mc_pass(&cursor);
    }
    return NULL;
}

static void more(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import, size_t lines)
{
    for (; lines > 0; lines--) {
        char *code = next_wanted(txn, id, import);

        if (code == NULL)
            break;
        import->cursor = code;
        ask(txn, id, import, detail_service, code);
    }
    if (import->waiting > 0)
        return;
    import->cursor = mc_unconst("");
    import->state = import->complete ? DOSSIER__IMPORT_STATE__IMPORT_SETTLING
                                     : DOSSIER__IMPORT_STATE__IMPORT_READY;
    if (import->complete)
        dossier_import_work(txn, id);
}

void dossier_national_begin(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes id,
                            DossierState__Import *import)
{
    (void)dossier;
    import->state = DOSSIER__IMPORT_STATE__IMPORT_FETCHING;
    import->cursor = mc_unconst("");
    import->session = (ProtobufCBinaryData){0};
    if (import->waiting == 0)
        ask(txn, id, import, list_service, "");
    else
        more(txn, id, import, DOSSIER_NATIONAL_LINES);
}

static void write_field(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

enum mc_status dossier_national_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request)
{
    (void)job;
    const struct dossier *dossier = ctx;
    const DossierState__NationalCall *call = (const void *)payload;
    bool opens = call->session[0] == '\0';
    struct mc_header *headers = mc_alloc(arena, 2 * sizeof *headers);
    struct mc_json_writer writer;

    if (headers == NULL)
        return MC_FULL;
    headers[0] = (struct mc_header){"dstcode", dossier->national_dstcode};
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    if (opens) {
        write_field(&writer, "username", dossier->national_username);
        write_field(&writer, "password", dossier->national_password);
    } else {
        write_field(&writer, "session", call->session);
        write_field(&writer, "service", call->service);
        if (call->code[0] != '\0')
            write_field(&writer, "maTTHC", call->code);
        write_field(&writer, "madonvi", dossier->national_unit);
    }
    mc_json_end(&writer);
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = mc_sprintf(arena, "%s%s", dossier->national_url, opens ? "/session" : "/data"),
        .headers = headers,
        .content_type = "application/json",
        .timeout_ms = TIMEOUT_MS,
        .answer_max = DOSSIER_NATIONAL_ANSWER_MAX,
        .ca_file = dossier->national_ca_file[0] != '\0' ? dossier->national_ca_file : NULL,
    };
    return ret_request->url != NULL ? mc_json_finish(&writer, &ret_request->body) : MC_FULL;
}

/* The list becomes rows that wait to be told. False: it cannot be read. */
static bool take_list(struct mc_txn *txn, struct mc_bytes id, const struct mc_json *json,
                      DossierState__Import *import)
{
    char code[MC_PROCEDURE_CODE_SIZE];
    struct mc_bytes there;
    size_t len = mc_json_count(json, "result");

    if (!dossier_national_is_good(json) || len == 0 || len > LIST_MAX)
        return false;
    for (size_t i = 0; i < len && txn->status == MC_OK; i++) {
        const char *text = mc_json_text(mc_json_item(json, "result", i), "MATTHC");

        if (text == NULL || mc_procedure_parse(text, code, sizeof code) != MC_WHY_OK) {
            dossier_import_fault(txn, import, text != NULL ? text : "?", "PROCEDURE_CODE_FORMAT");
            continue;
        }
        if (mc_get(txn, DOSSIER_IMPORT_ROWS, dossier_import_row_key(txn, id, code), &there))
            continue;
        dossier_import_mark(txn, id, code, DOSSIER_ROW_WANTED);
        import->waiting++;
    }
    more(txn, id, import, DOSSIER_NATIONAL_LINES);
    return true;
}

/* A procedure that cannot be taken is told and stays as it is; the others go on. */
static bool take_detail(struct mc_txn *txn, struct mc_bytes id, const struct mc_json *json,
                        const char *code, DossierState__Import *import)
{
    struct mc_bytes key = dossier_import_row_key(txn, id, code);
    const DossierState__ImportRow *row =
        mc_load(txn, DOSSIER_IMPORT_ROWS, key, &dossier_state__import_row__descriptor);
    Dossier__ProcedureDetail *detail = dossier_detail_load(txn, code, 0);
    const char *why = NULL;
    const char *field = NULL;

    if (!dossier_national_is_good(json))
        return false;
    if (row == NULL || row->kind != DOSSIER_ROW_WANTED)
        return true; /* another line has told it */
    if (detail == NULL && (detail = dossier_alloc(txn, sizeof *detail)) != NULL)
        dossier__procedure_detail__init(detail);
    if (detail == NULL)
        return true;
    detail->code = mc_unconst(code);
    why = dossier_national_read(txn->arena, json, detail);
    if (why == NULL && (field = dossier_detail_check(detail, &why)) == NULL)
        (void)dossier_import_stage(txn, id, import, detail, DOSSIER_ROW_CHANGED);
    else {
        dossier_import_mark(txn, id, code, DOSSIER_ROW_FAULT);
        dossier_import_fault(txn, import, code,
                             field != NULL ? mc_sprintf(txn->arena, "%s %s", why, field) : why);
    }
    import->waiting--;
    more(txn, id, import, 1);
    return true;
}

/* A session that is over is asked for anew; the question follows it. */
static bool take_session(struct mc_txn *txn, struct mc_bytes id, const struct mc_json *json,
                         const DossierState__NationalCall *call, DossierState__Import *import)
{
    const char *session = mc_json_text(json, "session");

    if (!dossier_national_is_good(json) || session == NULL || session[0] == '\0')
        return false;
    import->session = mc_seal_text(txn, session);
    ask(txn, id, import, call->service, call->code);
    return true;
}

static bool session_is_over(const struct mc_json *json)
{
    const char *message = mc_json_text(json, "message");

    return !dossier_national_is_good(json) && message != NULL &&
           strcasestr(message, "session") != NULL;
}

static bool take(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes body,
                 const DossierState__NationalCall *call, DossierState__Import *import)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (mc_json_parse(body, &json) != MC_OK)
        return false;
    if (call->session[0] == '\0')
        return take_session(txn, id, json, call, import);
    if (session_is_over(json)) {
        import->session = (ProtobufCBinaryData){0};
        ask(txn, id, import, call->service, call->code);
        return true;
    }
    return strcmp(call->service, list_service) == 0
               ? take_list(txn, id, json, import)
               : take_detail(txn, id, json, call->code, import);
}

static void give_up(struct mc_txn *txn, struct mc_bytes id, const struct mc_result *result,
                    const DossierState__NationalCall *call, DossierState__Import *import)
{
    import->state = DOSSIER__IMPORT_STATE__IMPORT_FAILED;
    import->error =
        mc_sprintf(txn->arena, "%s %s: HTTP %u", call->service, call->code, result->http_status);
    if (import->error == NULL)
        import->error = mc_unconst("?");
    dossier_import_save(txn, id, import);
}

enum mc_status dossier_national_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const DossierState__NationalCall *call = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(call->import_id);
    DossierState__Import *import =
        mc_load(txn, DOSSIER_IMPORTS, id, &dossier_state__import__descriptor);

    *ret_verdict = MC_DONE;
    if (import == NULL || import->state != DOSSIER__IMPORT_STATE__IMPORT_FETCHING)
        return txn->status; /* it was given up meanwhile */
    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_OK &&
        take(txn, id, result->body, call, import)) {
        dossier_import_save(txn, id, import);
        return txn->status;
    }
    if (result->gave_up) {
        give_up(txn, id, result, call, import);
        *ret_verdict = MC_BURY;
    } else
        *ret_verdict = MC_RETRY;
    return txn->status;
}

enum mc_status dossier_national_open(struct dossier *dossier, struct mc_boot *boot)
{
    const char *url = dossier->national_url;
    enum mc_status status = MC_INVALID;

    if (url[0] == '\0')
        return MC_OK;
    if (strncmp(url, "https://", 8) != 0 &&
        !(dossier->post_plain && strncmp(url, "http://", 7) == 0)) {
        (void)snprintf(boot->why, sizeof boot->why,
                       "dossier.national_url must be https:// (dossier.allow_plain_http is off)");
        return MC_INVALID;
    }
    for (size_t len = 1; status == MC_INVALID && len <= DOSSIER_PASSWORD_MAX; len++)
        status = mc_key_load(dossier->national_password_file, (uint8_t *)dossier->national_password,
                             len);
    if (status != MC_OK)
        (void)snprintf(boot->why, sizeof boot->why, "dossier.national_password_file: %s",
                       mc_key_sentence(status));
    return status;
}
