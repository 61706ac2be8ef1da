/* Files: uploads in parts, kept once, read in ranges for a purpose, and gone when nobody refers. */
#include "dossier_file_help.h"

enum { LEN = 3 * DOSSIER_CHUNK + 1000 };

static int open_room(void **state)
{
    static const char *const settings[] = {"dossier.upload_life=1h", "dossier.orphan_grace=10m",
                                           NULL};

    *state = harness_open(&dossier_room, settings);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__ReadAttachmentReply *range(struct harness *h, const struct mc_caller *caller,
                                           ProtobufCBinaryData id, const char *sha256,
                                           uint64_t offset, uint64_t length, enum mc_status want)
{
    Dossier__ReadAttachmentRequest req = DOSSIER__READ_ATTACHMENT_REQUEST__INIT;

    req.dossier_id = id;
    req.sha256 = mc_unconst(sha256);
    req.offset = offset;
    req.length = length;
    harness_as(h, caller);
    return harness_call(h, "ReadAttachment", &req.base, want);
}

static enum mc_status detach(struct harness *h, ProtobufCBinaryData id, const char *sha256,
                             const char *component, enum mc_status want)
{
    Dossier__DetachRequest req = DOSSIER__DETACH_REQUEST__INIT;

    req.dossier_id = id;
    req.sha256 = mc_unconst(sha256);
    req.component = mc_unconst(component);
    harness_as(h, &alice);
    (void)harness_call(h, "Detach", &req.base, want);
    return want;
}

static Dossier__UploadReply *look(struct harness *h, ProtobufCBinaryData id, enum mc_status want)
{
    Dossier__GetUploadRequest req = DOSSIER__GET_UPLOAD_REQUEST__INIT;

    req.upload_id = id;
    return harness_call(h, "GetUpload", &req.base, want);
}

/* A file of several parts, cut off in the middle, gone on with after a restart. */
static void test_upload_and_resume(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(LEN, 1);
    Dossier__UploadReply *upload = start_as(h, &alice, LEN, MC_OK);
    ProtobufCBinaryData id = upload->upload_id;

    assert_int_equal(upload->part_size, DOSSIER_CHUNK);
    upload = part(h, id, 0, content, DOSSIER_CHUNK, MC_OK);
    assert_string_equal(upload->content_type, "application/pdf");
    (void)part(h, id, DOSSIER_CHUNK, content, DOSSIER_CHUNK, MC_OK);
    harness_reopen(h);
    harness_as(h, &alice);
    assert_int_equal(look(h, id, MC_OK)->received, 2 * DOSSIER_CHUNK);
    /* What came before may come again; what is ahead of its turn may not. */
    assert_int_equal(part(h, id, 0, content, DOSSIER_CHUNK, MC_OK)->received, 2 * DOSSIER_CHUNK);
    (void)part(h, id, 3 * DOSSIER_CHUNK, content, 1000, MC_CONFLICT);
    assert_true(harness_violated(h, "offset", "UPLOAD_GAP"));
    (void)part(h, id, 2 * DOSSIER_CHUNK, content, DOSSIER_CHUNK - 1, MC_INVALID);
    assert_true(harness_violated(h, "content", "UPLOAD_PART_SIZE"));
    (void)finish(h, id, hash_of(content, LEN), MC_EXPIRED);
    assert_true(harness_violated(h, "upload_id", "UPLOAD_INCOMPLETE"));
    upload = parts(h, id, 2 * DOSSIER_CHUNK, content, LEN);
    assert_int_equal(upload->received, LEN);
    (void)part(h, id, LEN, content - LEN, 1, MC_INVALID); /* one byte more than announced */
    (void)finish(h, id, "12", MC_INVALID);
    (void)finish(h, id, hash_of(content, LEN - 1), MC_CONFLICT);
    assert_true(harness_violated(h, "sha256", "FILE_CHECKSUM"));
    upload = finish(h, id, hash_of(content, LEN), MC_OK);
    assert_string_equal(upload->sha256, hash_of(content, LEN));
    assert_string_equal(finish(h, id, upload->sha256, MC_OK)->sha256, upload->sha256);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 1);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 4);

    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__AttachReply *kept = attach_upload(h, &alice, draft->dossier_id, id, "Bản vẽ", MC_OK);
    assert_int_equal(kept->size, LEN);
    assert_string_equal(kept->content_type, "application/pdf");
    assert_int_equal(harness_rows(h, DOSSIER_UPLOADS), 0); /* used up */
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 0);
    (void)attach_upload(h, &alice, draft->dossier_id, id, "Bản vẽ", MC_NOT_FOUND);
    assert_true(harness_violated(h, "upload_id", "UPLOAD_NOT_FOUND"));
    Dossier__ReadAttachmentReply *got =
        range(h, &alice, draft->dossier_id, kept->sha256, 0, 0, MC_OK);
    assert_int_equal(got->content.len, LEN);
    assert_memory_equal(got->content.data, content, LEN);
    free(content);
}

static void test_upload_refusals(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(DOSSIER_CHUNK + 1, 2);
    const struct mc_caller portal = {.name = "portal:tayninh", .who = MC_PORTAL};
    const uint64_t largest = 20 << 20;

    (void)start_as(h, &portal, LEN, MC_UNAUTHENTICATED);
    (void)start_as(h, &alice, 0, MC_INVALID);
    (void)start_as(h, &alice, largest + 1, MC_INVALID);
    assert_true(harness_violated(h, "size", "FILE_TOO_LARGE"));
    ProtobufCBinaryData id = start_as(h, &alice, largest, MC_OK)->upload_id;
    /* Its kind, by its content, may be smaller: a picture 5 MiB. */
    memcpy(content, "\x89PNG\r\n\x1a\n", 8);
    (void)part(h, id, 0, content, DOSSIER_CHUNK, MC_INVALID);
    assert_true(harness_violated(h, "content", "FILE_TOO_LARGE"));
    ProtobufCBinaryData picture = start_as(h, &alice, DOSSIER_FILE_MAX, MC_OK)->upload_id;
    (void)part(h, picture, 0, content, DOSSIER_CHUNK, MC_OK);
    picture = start_as(h, &alice, DOSSIER_FILE_MAX + 1, MC_OK)->upload_id;
    (void)part(h, picture, 0, content, DOSSIER_CHUNK, MC_INVALID);
    memcpy(content, "MZ not a paper", 14);
    (void)part(h, id, 0, content, DOSSIER_CHUNK, MC_INVALID);
    assert_true(harness_violated(h, "content", "FILE_TYPE"));
    /* Another's is none. */
    harness_as(h, &bob);
    (void)look(h, id, MC_NOT_FOUND);
    (void)part(h, id, 0, content, DOSSIER_CHUNK, MC_NOT_FOUND);
    (void)finish(h, id, hash_of(content, 9), MC_NOT_FOUND);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    (void)attach_upload(h, &alice, draft->dossier_id, id, "Đơn", MC_EXPIRED);
    assert_true(harness_violated(h, "upload_id", "UPLOAD_INCOMPLETE"));
    free(content);
}

/* 40 unused ones and 100 MiB announced, and no more. */
static void test_upload_budget(void **state)
{
    struct harness *h = *state;

    for (int i = 0; i < DOSSIER_UPLOADS_MAX; i++)
        (void)start_as(h, &alice, 1, MC_OK);
    (void)start_as(h, &alice, 1, MC_LIMITED);
    assert_true(harness_violated(h, "", "UPLOADS_TOO_MANY"));
    for (int i = 0; i < 5; i++)
        (void)start_as(h, &bob, 20 << 20, MC_OK);
    (void)start_as(h, &bob, 1, MC_LIMITED);
    harness_advance(h, 2 * HOUR);
    for (int i = 0; i < 45 / DOSSIER_COLLECT_ROWS + 1; i++)
        harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_UPLOADS), 0);
    (void)start_as(h, &bob, 1, MC_OK);
}

/* Handed in by two, in parts and in one message: kept once, until the last has let go. */
static void test_kept_once(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(LEN, 3);
    Dossier__DossierReply *mine = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__DossierReply *his = save_as(h, &bob, SINGLE, MC_OK);
    char sha256[2 * MC_HASH_LEN + 1];

    memcpy(sha256, hash_of(content, LEN), sizeof sha256);
    (void)attach_upload(h, &alice, mine->dossier_id, upload_as(h, &alice, content, LEN)->upload_id,
                        "Đơn", MC_OK);
    (void)attach_content(h, &bob, his->dossier_id, content, LEN, "Đơn");
    (void)attach_upload(h, &bob, his->dossier_id, upload_as(h, &bob, content, LEN)->upload_id,
                        "Tờ khai", MC_OK);
    (void)attach_upload(h, &bob, his->dossier_id, upload_as(h, &bob, content, LEN)->upload_id,
                        "Tờ khai", MC_OK); /* there already */
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 1);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 4);

    (void)detach(h, mine->dossier_id, sha256, "Đơn khác", MC_NOT_FOUND);
    (void)detach(h, mine->dossier_id, sha256, "Đơn", MC_OK);
    (void)range(h, &alice, mine->dossier_id, sha256, 0, 10, MC_NOT_FOUND);
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 0); /* his two still refer to it */
    Dossier__DetachRequest req = DOSSIER__DETACH_REQUEST__INIT;
    req.dossier_id = his->dossier_id;
    req.sha256 = sha256;
    harness_as(h, &bob);
    req.component = mc_unconst("Đơn");
    (void)harness_call(h, "Detach", &req.base, MC_OK);
    req.component = mc_unconst("Tờ khai");
    (void)harness_call(h, "Detach", &req.base, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 1);
    harness_advance(h, 10 * MINUTE - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 4); /* grace */
    (void)attach_content(h, &bob, his->dossier_id, content, LEN, "Đơn");
    harness_advance(h, HOUR);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 4); /* referred to again */
    req.component = mc_unconst("Đơn");
    (void)harness_call(h, "Detach", &req.base, MC_OK);
    harness_advance(h, 10 * MINUTE);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 0);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 0);
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 0);
    free(content);
}

/* Uploads that nobody used: unfinished, their parts go; finished, the file does, a grace later. */
static void test_unused_uploads_go(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(LEN, 4);
    ProtobufCBinaryData half = start_as(h, &alice, LEN, MC_OK)->upload_id;

    (void)part(h, half, 0, content, DOSSIER_CHUNK, MC_OK);
    ProtobufCBinaryData whole = upload_as(h, &alice, content, LEN)->upload_id;
    harness_advance(h, HOUR);
    (void)look(h, whole, MC_NOT_FOUND); /* over, though it is still there */
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_UPLOADS), 0);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 4);
    harness_advance(h, 10 * MINUTE);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), 0);
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 0);
    free(content);
}

/* Any range, across pieces, as it was put in; an officer tells why; all of it is in the journal. */
static void test_ranges_and_purpose(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(LEN, 5);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    ProtobufCBinaryData id = draft->dossier_id;
    Dossier__AttachReply *kept = attach_content(h, &alice, id, content, LEN, "Đơn");
    static const struct {
        uint64_t offset;
        uint64_t length;
        size_t want;
    } rows[] = {{0, 1, 1},
                {DOSSIER_CHUNK - 1, 2, 2},
                {1, LEN, LEN - 1},
                {LEN - 1, DOSSIER_READ_MAX, 1},
                {LEN, 10, 0}};

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        const Dossier__ReadAttachmentReply *got =
            range(h, &alice, id, kept->sha256, rows[i].offset, rows[i].length, MC_OK);
        assert_int_equal(got->content.len, rows[i].want);
        assert_int_equal(got->size, LEN);
        if (rows[i].want > 0)
            assert_memory_equal(got->content.data, content + rows[i].offset, rows[i].want);
    }
    (void)range(h, &alice, id, kept->sha256, LEN + 1, 10, MC_INVALID);
    assert_true(harness_violated(h, "offset", "FILE_RANGE"));
    (void)range(h, &alice, id, kept->sha256, 0, DOSSIER_READ_MAX + 1, MC_INVALID);
    assert_true(harness_violated(h, "length", "FILE_RANGE"));

    (void)submit_as(h, &alice, id, MC_OK);
    (void)range(h, &officer, id, kept->sha256, 0, 10, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    size_t before = harness_events(h, "dossier.file_read");
    harness_purpose(h, "Thẩm định hồ sơ");
    (void)range(h, &officer, id, kept->sha256, 5, 10, MC_OK);
    assert_int_equal(harness_events(h, "dossier.file_read"), before + 1);
    const Dossier__FileRead *told =
        harness_last_event(h, "dossier.file_read", &dossier__file_read__descriptor, NULL);
    assert_string_equal(told->purpose, "Thẩm định hồ sơ");
    assert_string_equal(told->unit, BEN_CAU);
    assert_string_equal(told->sha256, kept->sha256);
    assert_int_equal(told->offset, 5);
    assert_int_equal(told->length, 10);
    free(content);
}

/* 20 MiB: more than one message takes, in or out. */
static void test_large(void **state)
{
    struct harness *h = *state;
    size_t len = 20 << 20;
    uint8_t *content = pdf_of(len, 6);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    ProtobufCBinaryData id = draft->dossier_id;

    Dossier__AttachReply *kept = attach_upload(
        h, &alice, id, upload_as(h, &alice, content, len)->upload_id, "Bản vẽ", MC_OK);
    (void)range(h, &alice, id, kept->sha256, 0, 0, MC_INVALID);
    assert_true(harness_violated(h, "length", "FILE_READ_IN_PARTS"));
    for (size_t at = 0; at < len; at += 5 * DOSSIER_READ_MAX) {
        const Dossier__ReadAttachmentReply *got =
            range(h, &alice, id, kept->sha256, at, DOSSIER_READ_MAX, MC_OK);
        assert_int_equal(got->content.len, DOSSIER_READ_MAX);
        assert_memory_equal(got->content.data, content + at, DOSSIER_READ_MAX);
    }
    free(content);
}

/* What was sent stays in the history, so its content stays, too. */
static void test_history_keeps_its_files(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(1000, 7);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__AttachReply *kept = attach_content(h, &alice, draft->dossier_id, content, 1000, "Đơn");
    Dossier__DossierReply *sent_one = submit_as(h, &alice, draft->dossier_id, MC_OK);

    (void)detach(h, draft->dossier_id, kept->sha256, "Đơn", MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_SENT_ALREADY"));
    (void)advance_as(h, &officer, sent_one, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    (void)detach(h, draft->dossier_id, kept->sha256, "Đơn", MC_OK);
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->n_attachments, 0);
    assert_int_equal(harness_rows(h, DOSSIER_FILE_ENDS), 0);
    harness_advance(h, DAY);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 1);
    free(content);
}

/* A copy refers to the same contents: they outlive the draft they came with. */
static void test_a_copy_holds_its_files(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(1000, 8);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__AttachReply *kept = attach_content(h, &alice, draft->dossier_id, content, 1000, "Đơn");
    Dossier__CopyRequest req = DOSSIER__COPY_REQUEST__INIT;

    req.dossier_id = draft->dossier_id;
    Dossier__DossierReply *copy = harness_call(h, "Copy", &req.base, MC_OK);
    (void)detach(h, draft->dossier_id, kept->sha256, "Đơn", MC_OK);
    harness_advance(h, DAY);
    harness_tick(h);
    (void)range(h, &alice, copy->dossier_id, kept->sha256, 0, 0, MC_OK);
    (void)detach(h, copy->dossier_id, kept->sha256, "Đơn", MC_OK);
    harness_advance(h, DAY);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 0);
    free(content);
}

static void test_types(void **state)
{
    (void)state;
    static const char xlsx[] = "PK\x03\x04 [Content_Types].xml xl/workbook.xml";
    static const char zip[] = "PK\x03\x04 word/document.xml"; /* a folder of that name, no more */
    static const char xls[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 W\0o\0r\0k\0b\0o\0o\0k\0";
    static const char *const bad[] = {"a,b,c,d\nx,y,z,", "a,b,c,d\nx,y,z,-1", "a,b,c,d\nx,y,z,0",
                                      "a,b,c,d\n,y,z,5", ""};
    struct mc_file_types types;

    assert_string_equal(mc_sniff((struct mc_bytes){xlsx, sizeof xlsx - 1}),
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert_string_equal(mc_sniff((struct mc_bytes){zip, sizeof zip - 1}), "application/zip");
    assert_string_equal(mc_sniff((struct mc_bytes){xls, sizeof xls - 1}),
                        "application/vnd.ms-excel");
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_int_equal(mc_file_types_load(&types, mc_key_text(bad[i])), MC_INVALID);
    assert_int_equal(mc_file_types_load(&types, mc_key_text("a,b,c,d\nx,y,z,7")), MC_OK);
    assert_int_equal(mc_file_max(&types, "x"), 7);
    assert_int_equal(mc_file_max(&types, "y"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_upload_and_resume, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_upload_refusals, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_upload_budget, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_kept_once, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_unused_uploads_go, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_ranges_and_purpose, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_large, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_history_keeps_its_files, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_a_copy_holds_its_files, open_room, close_room),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
