/* The catalogue's upkeep: versions, imports as previewed, undo, the national database (DOS-16,
 * DOS-18, MAP-08). */
#include "../../services/dossier/upkeep.h"
#include "dossier_help.h"

#define HEAD_LINE "code,name,sector,level,limit,limit_desk,service_level,fees,topics,subjects\n"
#define NEW_ROW                                                                                    \
    "1.900001,Cấp giấy phép thử,Hộ tịch,xã,3 working_day,5 working_day,PARTIAL,"       \
    "\"FEE;2716;Phí chứng thực;2000;before;ONLINE|CHARGE;2771;Lệ phí;5000;before\","       \
    "Có con nhỏ|Hôn nhân,CITIZEN\n"
/* Of what holds only the name differs. */
#define RENAMED "code,name\n1.004873,Cấp Giấy xác nhận tình trạng hôn nhân (mới)\n"

static const struct mc_caller keeper = {.name = "operator:test", .who = MC_OPERATOR};

static const char *const national[] = {
    "dossier.national_url=https://dvcqg.example", "dossier.national_username=motcua",
    "dossier.national_unit=000.00.00.H53", "dossier.national_password_file=@secret", NULL};

static int open_room(void **state)
{
    struct harness *h = harness_open(&dossier_room, national);

    harness_tick(h); /* the seed goes into the store */
    harness_as(h, &keeper);
    *state = h;
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__Import *start(struct harness *h, Dossier__ImportSource source, bool complete)
{
    Dossier__StartImportRequest req = DOSSIER__START_IMPORT_REQUEST__INIT;

    req.source = source;
    req.reason = mc_unconst("QĐ 1234/QĐ-BTP");
    req.complete = complete;
    return harness_call(h, "StartImport", &req.base, MC_OK);
}

static Dossier__Import *add_rows(struct harness *h, ProtobufCBinaryData id, const char *csv,
                                 bool last, enum mc_status want)
{
    Dossier__AddImportRowsRequest req = DOSSIER__ADD_IMPORT_ROWS_REQUEST__INIT;

    req.import_id = id;
    req.csv = (ProtobufCBinaryData){strlen(csv), mc_unconst(csv)};
    req.last = last;
    return harness_call(h, "AddImportRows", &req.base, want);
}

static Dossier__PreviewImportReply *preview(struct harness *h, ProtobufCBinaryData id)
{
    Dossier__PreviewImportRequest req = DOSSIER__PREVIEW_IMPORT_REQUEST__INIT;

    req.import_id = id;
    req.page_size = 50;
    return harness_call(h, "PreviewImport", &req.base, MC_OK);
}

static Dossier__Import *apply(struct harness *h, ProtobufCBinaryData id, const char *hash,
                              enum mc_status want)
{
    Dossier__ApplyImportRequest req = DOSSIER__APPLY_IMPORT_REQUEST__INIT;

    req.import_id = id;
    req.hash = mc_unconst(hash);
    req.reason = mc_unconst("đã rà soát");
    return harness_call(h, "ApplyImport", &req.base, want);
}

static void apply_all(struct harness *h, ProtobufCBinaryData id)
{
    (void)apply(h, id, preview(h, id)->hash, MC_OK);
    for (int i = 0; i < 10; i++)
        harness_tick(h);
    assert_int_equal(preview(h, id)->import->state, DOSSIER__IMPORT_STATE__IMPORT_APPLIED);
}

static Dossier__Procedure *get(struct harness *h, const char *code, uint32_t version,
                               enum mc_status want)
{
    Dossier__GetProcedureRequest req = DOSSIER__GET_PROCEDURE_REQUEST__INIT;

    req.code = mc_unconst(code);
    req.version = version;
    return harness_call(h, "GetProcedure", &req.base, want);
}

static ProtobufCBinaryData import_csv(struct harness *h, const char *csv)
{
    ProtobufCBinaryData id = start(h, DOSSIER__IMPORT_SOURCE__FROM_CSV, false)->import_id;

    (void)add_rows(h, id, csv, true, MC_OK);
    return id;
}

/* DOS-18, MAP-08: nothing changes before what was previewed is applied; then all of it does. */
static void test_previewed_then_applied(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = import_csv(h, HEAD_LINE NEW_ROW);

    (void)add_rows(h, id, RENAMED, false, MC_OK);
    Dossier__PreviewImportReply *seen = preview(h, id);
    assert_int_equal(seen->import->added, 1);
    assert_int_equal(seen->import->changed, 1);
    assert_int_equal(seen->n_differences, 2);
    assert_string_equal(seen->differences[0]->code, "1.004873");
    assert_string_equal(seen->differences[0]->kind, "CHANGED");
    assert_int_equal(seen->differences[0]->n_fields, 1);
    assert_string_equal(seen->differences[0]->fields[0]->field, "name");
    assert_string_equal(seen->differences[0]->fields[0]->old,
                        "Cấp Giấy xác nhận tình trạng hôn nhân");
    assert_string_equal(seen->differences[1]->kind, "ADDED");
    (void)get(h, "1.900001", 0, MC_NOT_FOUND);

    apply_all(h, id);
    Dossier__Procedure *one = get(h, "1.900001", 0, MC_OK);
    assert_int_equal(one->version, 1);
    assert_int_equal(one->detail->n_fees, 2);
    assert_int_equal(one->detail->fees[0]->kind, DOSSIER__FEE_KIND__KIND_FEE);
    assert_int_equal(one->detail->fees[1]->kind, DOSSIER__FEE_KIND__KIND_CHARGE);
    one = get(h, SINGLE, 0, MC_OK);
    assert_int_equal(one->version, 2);
    Dossier__ListVersionsRequest versions = DOSSIER__LIST_VERSIONS_REQUEST__INIT;
    versions.code = mc_unconst(SINGLE);
    Dossier__ListVersionsReply *list = harness_call(h, "ListVersions", &versions.base, MC_OK);
    assert_int_equal(list->n_versions, 2);
    assert_string_equal(list->versions[0]->changed_by, "operator:test");
    assert_string_equal(list->versions[0]->reason, "đã rà soát");
    assert_string_equal(one->deadline_unit, "working_day"); /* what the CSV left out stays */
    assert_string_equal(get(h, SINGLE, 1, MC_OK)->name, "Cấp Giấy xác nhận tình trạng hôn nhân");
    assert_int_equal(harness_events(h, "dossier.procedure_published"), 2);
    assert_int_equal(harness_events(h, "dossier.catalogue_changed"), 1);
}

static void test_only_what_was_previewed(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = import_csv(h, RENAMED);
    ProtobufCBinaryData other = import_csv(h, "code,name\n1.001193,Khai sinh\n");
    const char *hash = preview(h, id)->hash;

    (void)apply(h, id, preview(h, other)->hash, MC_CONFLICT);
    assert_true(harness_violated(h, "hash", "IMPORT_HASH"));
    (void)add_rows(h, id, "code,name\n1.000894,Kết hôn\n", false, MC_OK);
    (void)apply(h, id, hash, MC_CONFLICT); /* a row has come since */
    apply_all(h, id);
    (void)apply(h, other, preview(h, other)->hash, MC_CONFLICT);
    assert_true(harness_violated(h, "import_id", "IMPORT_STALE"));
    (void)apply(h, id, hash, MC_EXPIRED);
    assert_true(harness_violated(h, "import_id", "IMPORT_STATE"));
}

/* Undo is another import: of all an import did, or of one procedure's older version. */
static void test_undo(void **state)
{
    struct harness *h = *state;
    Dossier__StartImportRequest req = DOSSIER__START_IMPORT_REQUEST__INIT;
    ProtobufCBinaryData id = import_csv(h, HEAD_LINE NEW_ROW);

    (void)add_rows(h, id, RENAMED, false, MC_OK);
    apply_all(h, id);
    req.reason = mc_unconst("nhầm");
    req.source = DOSSIER__IMPORT_SOURCE__FROM_UNDO;
    req.undo_import = id;
    Dossier__Import *undo = harness_call(h, "StartImport", &req.base, MC_OK);
    assert_int_equal(undo->state, DOSSIER__IMPORT_STATE__IMPORT_SETTLING);
    harness_tick(h);
    Dossier__PreviewImportReply *seen = preview(h, undo->import_id);
    assert_int_equal(seen->import->changed, 1);
    assert_int_equal(seen->import->ended, 1);
    apply_all(h, undo->import_id);
    assert_string_equal(get(h, SINGLE, 0, MC_OK)->name, "Cấp Giấy xác nhận tình trạng hôn nhân");
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 3);
    harness_advance(h, DAY); /* what it added is in force until the end of that day */
    (void)get(h, "1.900001", 0, MC_NOT_FOUND);

    req.source = DOSSIER__IMPORT_SOURCE__FROM_RESTORE;
    req.code = mc_unconst(SINGLE);
    req.version = 2;
    Dossier__Import *again = harness_call(h, "StartImport", &req.base, MC_OK);
    apply_all(h, again->import_id);
    assert_string_equal(get(h, SINGLE, 0, MC_OK)->name,
                        "Cấp Giấy xác nhận tình trạng hôn nhân (mới)");
    req.version = 9;
    (void)harness_call(h, "StartImport", &req.base, MC_NOT_FOUND);
}

/* DOS-16: what a complete list leaves out ends today; tomorrow nobody files it any more. */
static void test_complete_list(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData draft = save_as(h, &alice, BIRTH, MC_OK)->dossier_id;

    harness_as(h, &keeper);
    ProtobufCBinaryData id = start(h, DOSSIER__IMPORT_SOURCE__FROM_CSV, true)->import_id;
    (void)add_rows(h, id, RENAMED, true, MC_OK);
    assert_int_equal(preview(h, id)->import->state, DOSSIER__IMPORT_STATE__IMPORT_SETTLING);
    (void)apply(h, id, preview(h, id)->hash, MC_EXPIRED);
    harness_tick(h);
    assert_int_equal(preview(h, id)->import->ended, 54);
    apply_all(h, id);
    (void)get(h, BIRTH, 0, MC_OK);
    harness_advance(h, DAY);
    (void)get(h, BIRTH, 0, MC_NOT_FOUND);
    (void)save_as(h, &alice, BIRTH, MC_INVALID);
    (void)submit_as(h, &alice, draft, MC_EXPIRED);
    assert_true(harness_violated(h, "", "PROCEDURE_ENDED"));
}

/* A version in force later is not shown before; the dossier keeps the one it was accepted under. */
static void test_validity_and_dossiers(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *dossier = sent(h, SINGLE);

    assert_int_equal(get_as(h, &alice, dossier->dossier_id, MC_OK)->procedure_version, 1);
    harness_as(h, &keeper);
    apply_all(h, import_csv(h, "code,name,limit,valid_from\n"
                               "1.004873,Tên mới,10 working_day,2026-09-08\n"));
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 1);
    Dossier__DossierReply *early = accept_as(h, &officer, dossier, MC_OK);
    assert_int_equal(get_as(h, &alice, early->dossier_id, MC_OK)->procedure_version, 1);

    harness_advance(h, DAY);
    harness_as(h, &keeper);
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 2);
    Dossier__DossierReply *late = accept_as(h, &officer, sent(h, SINGLE), MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, late->dossier_id, MC_OK);
    assert_int_equal(view->procedure_version, 2);
    assert_string_equal(view->procedure_name, "Tên mới");
    view = get_as(h, &alice, early->dossier_id, MC_OK);
    assert_string_equal(view->procedure_name, "Cấp Giấy xác nhận tình trạng hôn nhân");
}

/* DOS-17, DEC-02, DOS-13, and every wrong cell by row and column. */
static void test_rows(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;
    static const struct {
        const char *csv;
        const char *field;
        const char *code;
    } wrong[] = {
        {"name\nx\n", "csv", "IMPORT_COLUMN"},
        {"code,colour\n1.000001,x\n", "csv", "IMPORT_COLUMN"},
        {"code\nkhai sinh\n", "rows[1].code", "PROCEDURE_CODE_FORMAT"},
        {"code,limit\n1.001193,3 days\n", "rows[1].limits", "LIMIT_INVALID"},
        {"code,limit\n1.001193,abc\n", "rows[1].limit", "LIMIT_INVALID"},
        {"code,limit\n1.001193,1001 working_day\n", "rows[1].limits", "LIMIT_INVALID"},
        {"code,fees\n1.001193,FEE;;x;tám nghìn\n", "rows[1].fees", "FEE_INVALID"},
        {"code,name\n1.900002,Không có gì khác\n", "rows[1].sector", "FIELD_REQUIRED"},
        {"code,valid_from\n1.001193,2026-02-30\n", "rows[1].valid_from", "DATE_INVALID"},
        {"code,valid_from,valid_until\n1.001193,2026-09-08,2026-09-07\n", "rows[1].valid_until",
         "DATE_INVALID"},
        {"code,presence\n1.001193,phải có mặt\n", "rows[1].service_level",
         "SERVICE_LEVEL_PRESENCE"},
        {"code,old_level\n1.001193,5\n", "rows[1].service_level", "SERVICE_LEVEL_INVALID"},
        {"code,subjects\n1.001193,ALIEN\n", "rows[1].subjects", "FIELD_INVALID"},
        {"code,agencies\n1.001193,xã\n", "rows[1].agencies", "AGENCY_CODE_FORMAT"},
        {"code\n1.001193\n1.001193\n", "csv", "IMPORT_ROW_TWICE"},
    };

    for (size_t i = 0; i < MC_LEN(wrong); i++) {
        ProtobufCBinaryData id = start(h, DOSSIER__IMPORT_SOURCE__FROM_CSV, false)->import_id;

        (void)add_rows(h, id, wrong[i].csv, false, MC_INVALID);
        assert_true(harness_violated(h, wrong[i].field, wrong[i].code));
    }
    apply_all(h, import_csv(h, HEAD_LINE NEW_ROW));
    apply_all(h, import_csv(h, "code,name,sector,level,limit,old_level,agencies,subjects\n"
                               "1.900003,Cấp phép bốn,Hộ tịch,xã,1 working_day,4,"
                               "000.15.43.H35,ENTERPRISE\n"));
    req.topic = mc_unconst("có con nhỏ");
    Dossier__SearchProceduresReply *found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 1);
    assert_int_equal(found->n_topics, 2);
    req.topic = mc_unconst("không có");
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 0);
    req.topic = mc_unconst("");
    req.words = mc_unconst("cấp phép bốn");
    req.subject = DOSSIER__SUBJECT_KIND__SUBJECT_CITIZEN;
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 0);
    req.subject = DOSSIER__SUBJECT_KIND__SUBJECT_ENTERPRISE;
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 1);
    assert_string_equal(found->procedures[0]->service_level, "FULL");
    assert_int_equal(found->procedures[0]->old_level, 4);
    assert_int_equal(found->procedures[0]->n_units, 1); /* its own agency, not all of its level */
    req.unit = mc_unconst(BEN_CAU);
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 0);
}

static void test_restart_goes_on(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = import_csv(h, RENAMED);

    (void)apply(h, id, preview(h, id)->hash, MC_OK);
    harness_reopen(h);
    harness_as(h, &keeper);
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 1);
    harness_tick(h);
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 2);
    harness_reopen(h);
    harness_as(h, &keeper);
    assert_int_equal(get(h, SINGLE, 0, MC_OK)->version, 2);
    Dossier__ListImportsRequest req = DOSSIER__LIST_IMPORTS_REQUEST__INIT;
    Dossier__ListImportsReply *list = harness_call(h, "ListImports", &req.base, MC_OK);
    assert_int_equal(list->n_imports, 1);
    assert_string_equal(list->imports[0]->reason, "QĐ 1234/QĐ-BTP");
    assert_string_equal(list->imports[0]->applied_by, "operator:test");
}

static void test_who_may(void **state)
{
    struct harness *h = *state;
    Dossier__StartImportRequest req = DOSSIER__START_IMPORT_REQUEST__INIT;

    req.reason = mc_unconst("x");
    harness_as(h, &officer);
    (void)harness_call(h, "StartImport", &req.base, MC_DENIED);
    harness_as(h, &keeper);
    req.reason = mc_unconst("");
    (void)harness_call(h, "StartImport", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "REASON_REQUIRED"));
}

/* --- the national database --- */

static const char session_answer[] = "{\"session\":\"abc\",\"error_code\":\"0\"}";
static const char list_answer[] =
    "{\"error_code\":0,\"result\":[{\"MATTHC\":\"1.004873\"},{\"MATTHC\":\"1.900009\"},"
    "{\"MATTHC\":\"2.900009\"},{\"MATTHC\":\"hỏng\"}]}";
static const char known_answer[] =
    "{\"error_code\":\"00\",\"result\":[{\"MATTHC\":\"1.004873\",\"TENTTHC\":\"Cấp Giấy xác nhận "
    "tình trạng hôn nhân\",\"LINHVUCTHUCHIEN\":[{\"MALINHVUC\":\"G15-HT\",\"TENLINHVUC\":\"Hộ "
    "tịch\"}],\"CACHTHUCTHUCHIEN\":[{\"KENH\":\"1\",\"THOIGIAN\":[{\"THOIGIANGIAIQUYET\":3,"
    "\"DONVITINH\":\"Ngày làm việc\",\"PHILEPHI\":[{\"MAPHILEPHI\":\"2\",\"SOTIEN\":\"15.000\","
    "\"MOTA\":\"\"}]}]},{\"KENH\":\"2\",\"THOIGIAN\":[{\"THOIGIANGIAIQUYET\":2,\"DONVITINH\":"
    "\"Ngày làm việc\",\"PHILEPHI\":[{\"MAPHILEPHI\":\"2\",\"SOTIEN\":\"7.500\",\"MOTA\":\"\"}]}]}"
    "],\"THANHPHANHOSO\":[{\"TENGIAYTO\":\"Tờ khai\",\"SOBANCHINH\":1,\"SOBANSAO\":0}],"
    "\"DOITUONGTHUCHIEN\":[{\"TENDOITUONG\":\"Công dân Việt Nam\"}],\"TRINHTUTHUCHIEN\":"
    "\"Bước 1: nộp.\\nBước 2: nhận.\"}]}";
static const char new_answer[] =
    "{\"error_code\":\"0\",\"result\":[{\"MATTHC\":\"1.900009\",\"TENTTHC\":\"Thủ tục mới\","
    "\"LINHVUCTHUCHIEN\":[{\"TENLINHVUC\":\"Hộ tịch\"}],\"CAPTHUCHIEN\":\"Cấp xã\",\"MUCDO\":\"4\","
    "\"CACHTHUCTHUCHIEN\":[{\"KENH\":\"1\",\"THOIGIAN\":[{\"THOIGIANGIAIQUYET\":\"05\","
    "\"DONVITINH\":\"Ngày làm việc\",\"PHILEPHI\":[]}]}]}]}";
static const char poor_answer[] =
    "{\"error_code\":\"0\",\"result\":[{\"MATTHC\":\"2.900009\",\"TENTTHC\":\"Thiếu lĩnh vực\"}]}";

static bool asks(const struct harness_exchange *exchange, const char *words)
{
    return memmem(exchange->http.body.data, exchange->http.body.len, words, strlen(words)) != NULL;
}

static const char *answer_of(const struct harness_exchange *exchange)
{
    return asks(exchange, "password")       ? session_answer
           : asks(exchange, "LayDanhSach")  ? list_answer
           : asks(exchange, "\"1.004873\"") ? known_answer
           : asks(exchange, "\"1.900009\"") ? new_answer
                                            : poor_answer;
}

/* Everything the national database is asked, answered. */
static void answer_all(struct harness *h)
{
    struct harness_exchange exchange;

    while (harness_effect(h, "national.call", &exchange))
        harness_answer(h, &exchange, 200, answer_of(&exchange));
}

static void test_from_the_national_database(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    ProtobufCBinaryData id = start(h, DOSSIER__IMPORT_SOURCE__FROM_NATIONAL, false)->import_id;

    assert_true(harness_effect(h, "national.call", &exchange));
    assert_string_equal(exchange.http.url, "https://dvcqg.example/session");
    assert_string_equal(exchange.http.headers[0].name, "dstcode");
    harness_answer(h, &exchange, 200, "<html>"); /* garbage: asked again */
    harness_advance(h, 2 * MINUTE);
    answer_all(h);
    Dossier__PreviewImportReply *seen = preview(h, id);
    assert_int_equal(seen->import->state, DOSSIER__IMPORT_STATE__IMPORT_READY);
    assert_int_equal(seen->import->waiting, 0);
    assert_int_equal(seen->import->added, 1);
    assert_int_equal(seen->import->changed, 1);
    assert_int_equal(seen->import->n_faults, 2);
    apply_all(h, id);

    Dossier__Procedure *one = get(h, SINGLE, 0, MC_OK);
    assert_int_equal(one->detail->n_limits, 2);
    assert_int_equal(one->deadline_value, 2); /* online */
    assert_int_equal(one->detail->fees[1]->amount, 7500);
    assert_int_equal(one->detail->fees[1]->kind, DOSSIER__FEE_KIND__KIND_CHARGE);
    assert_int_equal(one->detail->n_components, 1);
    assert_int_equal(one->detail->n_user_guide, 2);
    assert_string_equal(get(h, "1.900009", 0, MC_OK)->service_level, "FULL");
    (void)get(h, "2.900009", 0, MC_NOT_FOUND);
}

/* A session that ends in between is asked for anew; a database that stays away fails the import,
 * which is resumed. */
static void test_national_faults(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__ResumeImportRequest resume = DOSSIER__RESUME_IMPORT_REQUEST__INIT;
    ProtobufCBinaryData id = start(h, DOSSIER__IMPORT_SOURCE__FROM_NATIONAL, false)->import_id;

    assert_true(harness_effect(h, "national.call", &exchange));
    harness_answer(h, &exchange, 200, session_answer);
    assert_true(harness_effect(h, "national.call", &exchange));
    harness_answer(h, &exchange, 200, "{\"error_code\":\"-1\",\"message\":\"Invalid session\"}");
    assert_true(harness_effect(h, "national.call", &exchange));
    assert_string_equal(exchange.http.url, "https://dvcqg.example/session");
    harness_answer(h, &exchange, 200, session_answer);
    assert_true(harness_effect(h, "national.call", &exchange));
    harness_answer(h, &exchange, 200, list_answer);
    for (int i = 0; i < 40; i++) {
        harness_advance(h, 2 * MINUTE);
        while (harness_effect(h, "national.call", &exchange))
            harness_answer(h, &exchange, 500, "");
    }
    Dossier__Import *failed = preview(h, id)->import;
    assert_int_equal(failed->state, DOSSIER__IMPORT_STATE__IMPORT_FAILED);
    assert_int_equal(failed->waiting, 3);
    resume.import_id = id;
    (void)harness_call(h, "ResumeImport", &resume.base, MC_OK);
    answer_all(h);
    assert_int_equal(preview(h, id)->import->state, DOSSIER__IMPORT_STATE__IMPORT_READY);
    (void)harness_call(h, "ResumeImport", &resume.base, MC_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(test_previewed_then_applied),
        TEST(test_only_what_was_previewed),
        TEST(test_undo),
        TEST(test_complete_list),
        TEST(test_validity_and_dossiers),
        TEST(test_rows),
        TEST(test_restart_goes_on),
        TEST(test_who_may),
        TEST(test_from_the_national_database),
        TEST(test_national_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
