/* Requests for support: the form, the state table, the clock, searches, files. */
#include "common/date.h"

#include "support_help.h"

static int open_room(void **state)
{
    *state = harness_open(&support_room, NULL);
    return *state != NULL ? 0 : -1;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

/* SUP-06 … SUP-09, SUP-15: every required field is named; the clock begins (SUP-16). */
static void create_request_names_every_missing_field(void **state)
{
    struct harness *h = *state;
    Support__RequestForm empty = SUPPORT__REQUEST_FORM__INIT;
    static const char *const needed[] = {"form.unit_name",  "form.service_group", "form.requester",
                                         "form.phone",      "form.email",         "form.title",
                                         "form.description"};

    as_maker(h);
    assert_null(create_with(h, &empty, 0, NULL, MC_INVALID));
    for (size_t i = 0; i < MC_LEN(needed); i++)
        assert_true(harness_violated(h, needed[i], "FIELD_REQUIRED"));
    assert_int_equal(harness_header(h)->n_violations, MC_LEN(needed));
    for (size_t i = 0; i < MC_LEN(needed); i++) /* people read words, not fields */
        assert_null(strchr(harness_header(h)->violations[i]->message, '_'));

    Support__RequestForm bad = form_of("Tên");
    bad.unit = text("000.00.00.H53");
    bad.phone = text("12");
    bad.email = text("mot-cua");
    bad.contact_phone = text("0199");
    assert_null(create_with(h, &bad, 0, NULL, MC_DENIED));
    assert_true(harness_violated(h, "form.unit", "UNIT_NOT_YOURS"));
    assert_true(harness_violated(h, "form.phone", "PHONE_FORMAT"));
    assert_true(harness_violated(h, "form.email", "EMAIL_FORMAT"));

    const Support__Request *made = create(h, "Hỗ trợ");
    assert_string_equal(made->code, "YCHT-2026-000001");
    assert_string_equal(made->created_at, "07/09/2026 09:20:00");
    assert_string_equal(made->state_name, "Đã gửi");
    assert_string_equal(made->form->unit, PROVINCE_UNIT);
    assert_string_equal(made->form->phone, "84912000101");
    assert_string_equal(made->form->contact_phone, "02283 649 123");
    /* eight working hours from Monday 09:20: Tuesday 09:20 */
    assert_int_equal(made->due_at_ms, HARNESS_T0 + 24 * HOUR_MS);
    assert_int_equal(harness_events(h, "support.request_sent"), 1);
    assert_int_equal(harness_events(h, "support.mail_wanted"), 1);
}

static char *letters(struct harness *h, size_t n)
{
    static char out[SUPPORT_DESCRIPTION_CHARS_MAX + 2];

    (void)h;
    memset(out, 'a', n);
    out[n] = '\0';
    return out;
}

static void create_request_takes_texts_up_to_their_limits(void **state)
{
    struct harness *h = *state;
    Support__RequestForm form = form_of("");

    as_maker(h);
    form.title = letters(h, SUPPORT_TITLE_CHARS_MAX);
    assert_non_null(create_with(h, &form, 0, NULL, MC_OK));
    form.title = letters(h, SUPPORT_TITLE_CHARS_MAX + 1);
    assert_null(create_with(h, &form, 0, NULL, MC_INVALID));
    assert_true(harness_violated(h, "form.title", "FIELD_TOO_LONG"));
    form = form_of("Tên");
    form.description = letters(h, SUPPORT_DESCRIPTION_CHARS_MAX);
    assert_non_null(create_with(h, &form, 0, NULL, MC_OK));
    form.description = letters(h, SUPPORT_DESCRIPTION_CHARS_MAX + 1);
    assert_null(create_with(h, &form, 0, NULL, MC_INVALID));
    assert_true(harness_violated(h, "form.description", "FIELD_TOO_LONG"));
    form = form_of("Tên");
    form.requester = letters(h, SUPPORT_NAME_CHARS_MAX + 1);
    assert_null(create_with(h, &form, 0, NULL, MC_INVALID));
    assert_true(harness_violated(h, "form.requester", "FIELD_TOO_LONG"));
}

/* SUP-12 … SUP-14, letter by letter. */
static void propose_request_gives_the_names_of_the_guide(void **state)
{
    struct harness *h = *state;
    Support__ProposeRequestRequest req = SUPPORT__PROPOSE_REQUEST_REQUEST__INIT;
    Support__Api api = SUPPORT__API__INIT;
    Support__Api *apis[] = {&api};

    as_maker(h);
    assert_null(harness_call(h, "ProposeRequest", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "unit_name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "format", "FIELD_REQUIRED"));
    api.name = text("API BNDP thanh toán thuế đất");
    api.url = text("https://namdinh.example.vn/api");
    req.format = SUPPORT__REQUEST_FORMAT__FORMAT_CONFIGURE_API;
    req.unit_name = text("Nam Định");
    req.n_apis = 1;
    req.apis = apis;
    const Support__ProposeRequestReply *rep = harness_call(h, "ProposeRequest", &req.base, MC_OK);
    assert_string_equal(rep->title,
                        "Nam Định- hỗ trợ cấu hình URL API thanh toán nghĩa vụ tài chính đất đai");
    assert_string_equal(rep->service_group, "Tích hợp Cổng Dịch vụ công quốc gia");
    assert_string_equal(rep->service, "Thanh toán nghĩa vụ tài chính về đất đai");
    assert_non_null(strstr(rep->description, "API BNDP thanh toán thuế đất\nhttps://namdinh"));
    req.format = SUPPORT__REQUEST_FORMAT__FORMAT_CONFIRM_INTEGRATION;
    rep = harness_call(h, "ProposeRequest", &req.base, MC_OK);
    assert_string_equal(rep->title, "Nam Định- Đề nghị xác nhận tích hợp thanh toán nghĩa vụ tài "
                                    "chính đất đai thành công");
}

#define TO(name) SUPPORT__REQUEST_STATE__REQUEST_##name

/* SUP-05, SUP-17: sent, assigned, in progress, asked, answered, done, opened again. */
static void a_request_is_dealt_with(void **state)
{
    struct harness *h = *state;
    Support__AssignRequestRequest assign = SUPPORT__ASSIGN_REQUEST_REQUEST__INIT;
    const Support__Request *at = create(h, "Hỗ trợ cấu hình");

    assert_null(move(h, at, TO(DONE), "xong", MC_CONFLICT)); /* not by the unit, nor from there */
    as_staff(h);
    assign.request_id = at->request_id;
    assign.version = at->version;
    assign.assignee = text(COLLEAGUE);
    assign.assignee_name = text("Phạm Kỹ Thuật");
    assign.text = text("gọi đầu mối trước");
    at = harness_call(h, "AssignRequest", &assign.base, MC_OK);
    assert_int_equal(at->state, TO(ASSIGNED));
    assert_string_equal(at->assignee_name, "Phạm Kỹ Thuật");
    assert_int_equal(at->n_comments, 1);
    assert_null(harness_call(h, "AssignRequest", &assign.base, MC_CONFLICT)); /* another version */
    assert_true(harness_violated(h, "version", "CONFLICT"));

    at = move(h, at, TO(IN_PROGRESS), "", MC_OK);
    assert_null(move(h, at, TO(WAITING), "", MC_INVALID)); /* what is asked? */
    assert_true(harness_violated(h, "text", "FIELD_REQUIRED"));
    harness_advance(h, HOUR_MS); /* 10:20 */
    at = move(h, at, TO(WAITING), "Cho biết URL", MC_OK);
    assert_int_equal(at->due_at_ms, 0);
    harness_advance(h, 24 * HOUR_MS); /* eight working hours pass, and are not counted */
    harness_tick(h);
    assert_int_equal(harness_events(h, "support.request_overdue"), 0);
    as_maker(h);
    at = move(h, at, TO(IN_PROGRESS), "https://namdinh.example.vn", MC_OK);
    assert_int_equal(at->due_at_ms, HARNESS_T0 + 48 * HOUR_MS);
    assert_int_equal(at->n_comments, 2); /* the internal one is not for them */
    as_staff(h);
    at = move(h, at, TO(DONE), "Đã cấu hình", MC_OK);
    assert_string_equal(at->state_name, "Đã xử lý xong");
    as_maker(h);
    at = move(h, at, TO(REOPENED), "Vẫn lỗi", MC_OK);
    assert_true(at->due_at_ms > harness_now(h));
    assert_int_equal(harness_events(h, "support.mail_wanted"), 7); /* NOT-07: each outcome */
    const Support__MailWanted *mail =
        harness_last_event(h, "support.mail_wanted", &support__mail_wanted__descriptor, NULL);
    assert_string_equal(mail->email, "mot-cua@namdinh.example.vn");
    assert_string_equal(mail->template_, "SUPPORT_REQUEST_MOVED");
    assert_string_equal(mail->state_name, "Mở lại");
    assert_string_equal(mail->text, "Vẫn lỗi");

    const Support__Request *shown = get(h, at, MC_OK);
    assert_int_equal(shown->n_changes, 8);
    assert_string_equal(shown->changes[1]->before, "Đã gửi");
    assert_string_equal(shown->changes[1]->after, "Đã phân công");
    assert_string_equal(shown->changes[2]->field, "assignee");
    assert_string_equal(shown->changes[2]->after, COLLEAGUE);
    assert_int_equal(harness_events(h, "support.data_read"), 1);
}

static void reopening_has_its_time(void **state)
{
    struct harness *h = *state;
    const Support__Request *at = create(h, "Hỗ trợ");

    as_staff(h);
    at = move(h, at, TO(IN_PROGRESS), "", MC_OK);
    at = move(h, at, TO(DONE), "xong", MC_OK);
    as_maker(h);
    harness_advance(h, 30LL * 24 * HOUR_MS + 1);
    assert_null(move(h, at, TO(REOPENED), "lỗi", MC_EXPIRED));
    assert_true(harness_violated(h, "to", "SUPPORT_REOPEN_LATE"));
    harness_advance(h, -1);
    assert_non_null(move(h, at, TO(REOPENED), "lỗi", MC_OK));
}

/* SUP-16: once, at the moment, also after a restart. */
static void a_late_request_is_told_once(void **state)
{
    struct harness *h = *state;
    const Support__Request *at = create(h, "Hỗ trợ");

    harness_advance(h, 24 * HOUR_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_events(h, "support.request_overdue"), 0);
    harness_advance(h, 1);
    harness_tick(h);
    harness_reopen(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "support.request_overdue"), 1);
    assert_int_equal(harness_rows(h, SUPPORT_ALARMS), 0);
    as_maker(h);
    assert_int_equal(get(h, at, MC_OK)->overdue_at_ms, HARNESS_T0 + 24 * HOUR_MS);
}

/* To others it does not exist; a reader names his purpose. */
static void a_request_is_its_units_and_the_staffs(void **state)
{
    struct harness *h = *state;
    const Support__Request *at = create(h, "Hỗ trợ");

    as_officer(h, COLLEAGUE, OTHER_UNIT);
    assert_null(get(h, at, MC_NOT_FOUND));
    assert_null(move(h, at, TO(CANCELLED), "x", MC_NOT_FOUND));
    as_officer(h, COLLEAGUE, "000.01.00.H40"); /* below it */
    assert_null(get(h, at, MC_NOT_FOUND));
    as_maker(h);
    harness_purpose(h, " ");
    assert_null(get(h, at, MC_INVALID));
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    harness_as(h, &(struct mc_caller){.name = "operator:root", .who = MC_OPERATOR});
    assert_non_null(get(h, at, MC_OK));
}

static const Support__SearchRequestsReply *search(struct harness *h,
                                                  Support__SearchRequestsRequest *req)
{
    return harness_call(h, "SearchRequests", &req->base, MC_OK);
}

/* SUP-02 … SUP-04 */
static void search_requests_by_every_filter(void **state)
{
    struct harness *h = *state;
    Support__SearchRequestsRequest req = SUPPORT__SEARCH_REQUESTS_REQUEST__INIT;
    Support__RequestForm form = form_of("Nam Định- hỗ trợ cấu hình URL API");
    const Support__Request *first;

    as_maker(h);
    first = create_with(h, &form, 0, NULL, MC_OK);
    harness_advance(h, 24 * HOUR_MS);
    form = form_of("Đề nghị xác nhận tích hợp");
    form.service_group = text("Khác");
    form.requester = text("Nguyễn Thị Hoà");
    assert_non_null(create_with(h, &form, 0, NULL, MC_OK));
    as_officer(h, COLLEAGUE, OTHER_UNIT);
    form = form_of("Tây Ninh- hỗ trợ cấu hình URL API");
    assert_non_null(create_with(h, &form, 0, NULL, MC_OK));

    as_staff(h);
    const Support__SearchRequestsReply *rep = search(h, &req);
    assert_string_equal(rep->found, "Tìm thấy 3 kết quả");
    assert_string_equal(rep->rows[0]->title, "Tây Ninh- hỗ trợ cấu hình URL API");
    assert_string_equal(rep->rows[2]->created_at, "07/09/2026 09:20:00");
    assert_string_equal(rep->rows[2]->requester, "Trần Thị Bưởi");
    req.title = text("CẤU HÌNH");
    assert_int_equal(search(h, &req)->count, 2);
    req.title = text("cau hinh nam");
    assert_int_equal(search(h, &req)->count, 1);
    req.title = text("không có");
    assert_int_equal(search(h, &req)->count, 0);
    req.title = text("");
    req.unit = text(OTHER_UNIT);
    assert_int_equal(search(h, &req)->count, 1);
    req.unit = text("");
    req.service_group = text("Khác");
    assert_int_equal(search(h, &req)->count, 1);
    req.service_group = text("");
    req.requester = text("hòa");
    assert_int_equal(search(h, &req)->count, 1);
    req.requester = text("");
    req.from_day = text("08/09/2026");
    assert_int_equal(search(h, &req)->count, 2);
    req.from_day = text("7/9/2026");
    assert_int_equal(search(h, &req)->count, 3);
    req.from_day = text("31/02/2026");
    assert_null(harness_call(h, "SearchRequests", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "from_day", "DATE_INVALID"));
    req.from_day = text("");
    req.state = TO(IN_PROGRESS);
    assert_int_equal(search(h, &req)->count, 0);
    assert_non_null(move(h, first, TO(IN_PROGRESS), "", MC_OK));
    assert_int_equal(search(h, &req)->count, 1);
    req.state = TO(SENT);
    assert_int_equal(search(h, &req)->count, 2);

    as_maker(h); /* its own unit's list */
    req.state = TO(NONE);
    assert_int_equal(search(h, &req)->count, 2);
    req.unit = text(OTHER_UNIT);
    assert_null(harness_call(h, "SearchRequests", &req.base, MC_DENIED));
}

static void search_requests_by_pages(void **state)
{
    struct harness *h = *state;
    Support__SearchRequestsRequest req = SUPPORT__SEARCH_REQUESTS_REQUEST__INIT;
    size_t seen = 0;

    for (int i = 0; i < 7; i++)
        assert_non_null(create(h, "Hỗ trợ trang"));
    as_staff(h);
    for (int worded = 0; worded < 2; worded++) {
        req.title = text(worded ? "trang" : "");
        req.page_token = text("");
        req.page_size = 3;
        do {
            const Support__SearchRequestsReply *rep = search(h, &req);

            assert_int_equal(rep->count, 7);
            seen += rep->n_rows;
            req.page_token = rep->next_page_token;
        } while (req.page_token[0] != '\0');
    }
    assert_int_equal(seen, 14);
    req.page_size = SUPPORT_PAGE_MAX + 1;
    assert_null(harness_call(h, "SearchRequests", &req.base, MC_INVALID));
    req.page_size = SUPPORT_PAGE_MAX;
    req.page_token = text("00");
    assert_null(harness_call(h, "SearchRequests", &req.base, MC_INVALID));
    req.page_token = text("");
    const Support__ExportRequestsReply *file = harness_call(h, "ExportRequests", &req.base, MC_OK);
    assert_int_equal(file->rows, 7);
    assert_true(file->complete);
    assert_memory_equal(file->content.data, "PK\x03\x04", 4);
}

/* SUP-10, SUP-11 */
static void files_of_ten_kinds_and_no_other(void **state)
{
    struct harness *h = *state;
    Support__UploadPartRequest part = SUPPORT__UPLOAD_PART_REQUEST__INIT;
    Support__RequestForm form = form_of("Kèm tệp");
    ProtobufCBinaryData ids[2];

    as_maker(h);
    part.file_id = upload_start(h, "chay.exe", 4, MC_OK)->file_id;
    part.content = (ProtobufCBinaryData){4, mc_unconst("MZ\x90\0")};
    assert_null(harness_call(h, "UploadPart", &part.base, MC_INVALID));
    assert_true(harness_violated(h, "content", "SUPPORT_FILE_TYPES"));
    part.content = (ProtobufCBinaryData){4, mc_unconst("PK\x03\x04")}; /* an archive */
    assert_null(harness_call(h, "UploadPart", &part.base, MC_INVALID));
    assert_null(upload_start(h, "../a.png", 4, MC_INVALID));
    assert_true(harness_violated(h, "file_name", "FILE_NAME_INVALID"));
    assert_non_null(upload_start(h, "to.mp4", 20 << 20, MC_OK));
    assert_null(upload_start(h, "to.mp4", (20 << 20) + 1, MC_INVALID));
    assert_true(harness_violated(h, "size", "FILE_TOO_LARGE"));

    ids[0] = upload_png(h, SUPPORT_CHUNK + 10);
    ids[1] = upload(h, "nhat-ky.txt", (struct mc_bytes){"dòng 1\n", 8}, 8);
    const Support__Request *at = create_with(h, &form, 2, ids, MC_OK);
    assert_int_equal(at->n_files, 2);
    assert_string_equal(at->files[0]->content_type, "image/png");
    assert_string_equal(at->files[1]->content_type, "text/plain");
    assert_int_equal(harness_rows(h, SUPPORT_UPLOADS), 2);    /* the two that were not used */
    assert_null(create_with(h, &form, 2, ids, MC_NOT_FOUND)); /* they are used up */

    Support__ReadFileRequest read = SUPPORT__READ_FILE_REQUEST__INIT;
    read.file_id = ids[0];
    read.offset = SUPPORT_CHUNK;
    const Support__ReadFileReply *rep = harness_call(h, "ReadFile", &read.base, MC_OK);
    assert_int_equal(rep->content.len, 10);
    as_officer(h, COLLEAGUE, OTHER_UNIT);
    assert_null(harness_call(h, "ReadFile", &read.base, MC_NOT_FOUND));

    harness_advance(h, 24 * HOUR_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, SUPPORT_UPLOADS), 0);
    assert_int_equal(harness_rows(h, SUPPORT_FILES), 2);
}

static void read_one(struct harness *h, ProtobufCBinaryData id, enum mc_status want)
{
    Support__ReadFileRequest read = SUPPORT__READ_FILE_REQUEST__INIT;

    read.file_id = id;
    as_maker(h);
    (void)harness_call(h, "ReadFile", &read.base, want);
}

static uint64_t preview_of(struct harness *h, bool held)
{
    Motcua__PreviewRetentionRequest request = MOTCUA__PREVIEW_RETENTION_REQUEST__INIT;

    request.rule = mc_unconst("files");
    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    const Motcua__RetentionPreview *rep = harness_call(h, "PreviewRetention", &request.base, MC_OK);
    return held ? rep->held : rep->count;
}

static void hold(struct harness *h, const char *method)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;

    request.key = mc_unconst("account:" MAKER);
    request.reason = mc_unconst("khiếu nại 17");
    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    (void)harness_call(h, method, &request.base, MC_OK);
}

/* B1-51: bytes go support.file_life after the request is over, not before; what they were stays. */
static void files_go_when_their_time_is_over(void **state)
{
    enum { MOMENT = 1000 };
    const int64_t life_ms = INT64_C(43800) * HOUR_MS;
    struct harness *h = *state;
    Support__RequestForm form = form_of("Kèm tệp");
    uint8_t kept[2][MC_ID_LEN];
    ProtobufCBinaryData ids[2];

    as_maker(h);
    for (size_t i = 0; i < 2; i++) {
        ProtobufCBinaryData id = upload_png(h, SUPPORT_CHUNK + 10);
        memcpy(kept[i], id.data, MC_ID_LEN);
        ids[i] = (ProtobufCBinaryData){MC_ID_LEN, kept[i]};
    }
    (void)create_with(h, &form, 1, &ids[1], MC_OK); /* this one is never over */
    const Support__Request *at = create_with(h, &form, 1, &ids[0], MC_OK);
    harness_advance(h, MOMENT);
    at = move(h, at, TO(CANCELLED), "nhầm", MC_OK);
    harness_advance(h, life_ms - 1);
    harness_tick(h);
    assert_int_equal(preview_of(h, false), 0);
    read_one(h, ids[0], MC_OK);
    harness_advance(h, 1);
    hold(h, "AddHold");
    assert_int_equal(preview_of(h, true), 1);
    harness_tick(h);
    read_one(h, ids[0], MC_OK);
    hold(h, "ReleaseHold");
    assert_int_equal(preview_of(h, false), 1);
    harness_tick(h);
    assert_int_equal(preview_of(h, false), 0);
    read_one(h, ids[0], MC_EXPIRED);
    assert_true(harness_violated(h, "file_id", "FILE_FORGOTTEN"));
    read_one(h, ids[1], MC_OK);
    assert_int_equal(harness_rows(h, SUPPORT_PIECES), 2);
    assert_int_equal(harness_rows(h, SUPPORT_FILES), 2);
}

/* 30 MB together, and not a byte more. */
static void files_of_a_request_have_a_size_together(void **state)
{
    struct harness *h = *state;
    Support__RequestForm form = form_of("Kèm tệp");
    ProtobufCBinaryData ids[3];

    as_maker(h);
    ids[0] = upload_png(h, 20 << 20);
    ids[1] = upload_png(h, 10 << 20);
    ids[2] = upload_png(h, 8);
    assert_null(create_with(h, &form, 3, ids, MC_INVALID));
    assert_true(harness_violated(h, "file_ids", "SUPPORT_FILES_TOO_LARGE"));
    assert_int_equal(create_with(h, &form, 2, ids, MC_OK)->n_files, 2);
}

static void uploads_are_bounded(void **state)
{
    struct harness *h = *state;

    as_maker(h);
    for (int i = 0; i < SUPPORT_UPLOADS_MAX; i++)
        assert_non_null(upload_start(h, "a.png", 8, MC_OK));
    assert_null(upload_start(h, "a.png", 8, MC_LIMITED));
    assert_true(harness_violated(h, "", "UPLOADS_TOO_MANY"));
}

static void files_of_a_request_have_a_number(void **state)
{
    struct harness *h = *state;
    Support__RequestForm form = form_of("Kèm tệp");
    Support__AddCommentRequest more = SUPPORT__ADD_COMMENT_REQUEST__INIT;
    ProtobufCBinaryData ids[SUPPORT_FILES_MAX + 1];

    as_maker(h);
    for (size_t i = 0; i < SUPPORT_FILES_MAX; i++)
        ids[i] = upload_png(h, 8);
    const Support__Request *at = create_with(h, &form, SUPPORT_FILES_MAX, ids, MC_OK);
    assert_int_equal(at->n_files, SUPPORT_FILES_MAX);
    ids[0] = upload_png(h, 8);
    more.code = at->code;
    more.version = at->version;
    more.text = text("thêm tệp");
    more.n_file_ids = 1;
    more.file_ids = ids;
    assert_null(harness_call(h, "AddComment", &more.base, MC_INVALID));
    assert_true(harness_violated(h, "file_ids", "SUPPORT_FILES_TOO_MANY"));
}

static void comments_are_bounded_and_internal_ones_the_staffs(void **state)
{
    struct harness *h = *state;
    Support__AddCommentRequest req = SUPPORT__ADD_COMMENT_REQUEST__INIT;
    const Support__Request *at = create(h, "Hỗ trợ");

    req.code = at->code;
    req.version = at->version;
    req.internal = true;
    assert_null(harness_call(h, "AddComment", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "text", "FIELD_REQUIRED"));
    req.text = letters(h, SUPPORT_TEXT_CHARS_MAX + 1);
    assert_null(harness_call(h, "AddComment", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "text", "FIELD_TOO_LONG"));
    req.text = letters(h, SUPPORT_TEXT_CHARS_MAX);
    assert_null(harness_call(h, "AddComment", &req.base, MC_DENIED));
    req.internal = false;
    for (int i = 0; i < SUPPORT_COMMENTS_MAX; i++) {
        at = harness_call(h, "AddComment", &req.base, MC_OK);
        assert_non_null(at);
        req.version = at->version;
        req.text = text("lời");
    }
    assert_null(harness_call(h, "AddComment", &req.base, MC_LIMITED));
    assert_true(harness_violated(h, "text", "SUPPORT_COMMENTS_FULL"));
    at = move(h, at, TO(CANCELLED), "", MC_INVALID);
    assert_null(at);
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/*
 * Any moves at all, by anybody: a request is only ever where a row of the table leads, refused
 * moves change nothing, and counts of states are those of the requests.
 */
static void random_moves_never_leave_the_table(void **state)
{
    struct harness *h = *state;
    const Support__Request *at[4];
    uint32_t seed = 20260907;
    size_t moved = 0;

    for (size_t i = 0; i < MC_LEN(at); i++)
        at[i] = create(h, "Bất kỳ");
    for (int i = 0; i < 600; i++) {
        size_t which = random_next(&seed) % MC_LEN(at);
        Support__RequestState to = random_next(&seed) % (TO(REOPENED) + 1);
        bool staff = random_next(&seed) % 2 == 0;
        const char *words = random_next(&seed) % 4 == 0 ? "" : "lời";

        if (staff)
            as_staff(h);
        else
            as_maker(h);
        const struct support_stage *stage = support_stage_find(
            at[which]->state, to, staff ? SUPPORT_BY_STAFF : SUPPORT_BY_REQUESTER);
        bool holds = stage != NULL && !(stage->text && words[0] == '\0');
        const Support__Request *now = move(h, at[which], to, words,
                                           holds           ? MC_OK
                                           : stage != NULL ? MC_INVALID
                                                           : MC_CONFLICT);
        if (now != NULL) {
            assert_int_equal(now->state, to);
            at[which] = now;
            moved++;
        }
        if (support_state_is_final(at[which]->state))
            at[which] = create(h, "Bất kỳ");
    }
    assert_true(moved > 60);
    as_staff(h);
    for (unsigned kind = TO(SENT); kind <= TO(REOPENED); kind++) {
        Support__SearchRequestsRequest req = SUPPORT__SEARCH_REQUESTS_REQUEST__INIT;
        uint64_t open = 0;

        req.state = kind;
        for (size_t i = 0; i < MC_LEN(at); i++)
            open += at[i]->state == kind;
        if (kind != TO(CANCELLED))
            assert_int_equal(search(h, &req)->count, open);
    }
}

/* STATES.md is what the code does; the right text lies beside the test when it is not. */
static void states_md_is_the_table(void **state)
{
    static char want[SUPPORT_STATES_TEXT_MAX];
    static char got[SUPPORT_STATES_TEXT_MAX];
    FILE *file = fopen(MC_SOURCE_DIR "/services/support/STATES.md", "re");

    (void)state;
    assert_true(support_stages_text(want, sizeof want));
    if (file != NULL) {
        got[fread(got, 1, sizeof got - 1, file)] = '\0';
        assert_int_equal(fclose(file), 0);
    }
    if (strcmp(got, want) != 0) {
        file = fopen("STATES.md", "we");
        assert_non_null(file);
        assert_true(fputs(want, file) >= 0);
        assert_int_equal(fclose(file), 0);
        fail_msg("services/support/STATES.md is not what stages.c says: cp STATES.md");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create_request_names_every_missing_field),
        TEST(create_request_takes_texts_up_to_their_limits),
        TEST(propose_request_gives_the_names_of_the_guide),
        TEST(a_request_is_dealt_with),
        TEST(reopening_has_its_time),
        TEST(a_late_request_is_told_once),
        TEST(a_request_is_its_units_and_the_staffs),
        TEST(search_requests_by_every_filter),
        TEST(search_requests_by_pages),
        TEST(files_of_ten_kinds_and_no_other),
        TEST(files_go_when_their_time_is_over),
        TEST(files_of_a_request_have_a_size_together),
        TEST(files_of_a_request_have_a_number),
        TEST(comments_are_bounded_and_internal_ones_the_staffs),
        TEST(uploads_are_bounded),
        TEST(random_moves_never_leave_the_table),
        cmocka_unit_test(states_md_is_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
