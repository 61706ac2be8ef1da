/* Drafts and papers, who may see what, codes over midnight, lists, repeats and restarts. */
#include <stdlib.h>

#include "dossier_help.h"

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__SaveDraftRequest draft_request(void)
{
    Dossier__SaveDraftRequest req = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    req.procedure_code = mc_unconst(SINGLE);
    req.unit = mc_unconst(BEN_CAU);
    return req;
}

static void refuse_draft(struct harness *h, const Dossier__SaveDraftRequest *req, const char *field,
                         const char *code)
{
    (void)harness_call(h, "SaveDraft", &req->base, MC_INVALID);
    if (!harness_violated(h, field, code))
        fail_msg("%s %s: got %s %s", field, code, harness_header(h)->violations[0]->field,
                 harness_header(h)->violations[0]->code);
}

/* LOG-10, DOS-23: only from a registered account. */
static void test_only_with_an_account(void **state)
{
    struct harness *h = *state;
    Dossier__SaveDraftRequest req = draft_request();
    const struct mc_caller portal = {.name = "portal:tayninh", .who = MC_PORTAL};

    (void)harness_call(h, "SaveDraft", &req.base, MC_UNAUTHENTICATED); /* room:test */
    harness_as(h, &portal);
    (void)harness_call(h, "SaveDraft", &req.base, MC_UNAUTHENTICATED);
    assert_true(harness_violated(h, "", "SESSION_REQUIRED"));
    (void)save_as(h, &alice, SINGLE, MC_OK);
}

static void test_draft_fields(void **state)
{
    struct harness *h = *state;
    Dossier__SaveDraftRequest req = draft_request();
    static char abstract[1002];

    harness_as(h, &alice);
    req.procedure_code = mc_unconst("9.999999");
    refuse_draft(h, &req, "procedure_code", "PROCEDURE_UNKNOWN");
    req = draft_request();
    req.unit = mc_unconst("000.99.99.H53");
    refuse_draft(h, &req, "unit", "UNIT_UNKNOWN");
    req.unit = mc_unconst("000.02.03.H48");
    refuse_draft(h, &req, "unit", "PROCEDURE_NOT_HERE");

    static const char *const forms[] = {"{", "{\"a\":1,\"a\":2}", "{} {}", "nope"};
    for (size_t i = 0; i < MC_LEN(forms); i++) {
        req = draft_request();
        req.form = mc_unconst(forms[i]);
        refuse_draft(h, &req, "form", "JSON_INVALID");
    }
    static char form[DOSSIER_FORM_MAX + 2];
    memset(form, ' ', sizeof form - 1);
    memcpy(form, "{}", 2);
    req = draft_request();
    req.form = form;
    (void)harness_call(h, "SaveDraft", &req.base, MC_INVALID); /* one past: refused on the wire */
    assert_true(harness_violated(h, "form", "FIELD_TOO_LONG"));
    form[DOSSIER_FORM_MAX] = '\0';
    (void)harness_call(h, "SaveDraft", &req.base, MC_OK);

    req = draft_request();
    memset(abstract, 'x', 1001);
    req.abstract = abstract;
    refuse_draft(h, &req, "abstract", "FIELD_TOO_LONG");
    abstract[1000] = '\0';
    (void)harness_call(h, "SaveDraft", &req.base, MC_OK);
    req.dossier_id = (ProtobufCBinaryData){3, (uint8_t *)abstract};
    refuse_draft(h, &req, "dossier_id", "FIELD_INVALID");

    /* Every failed condition is told. */
    req = draft_request();
    req.procedure_code = mc_unconst("x");
    req.unit = mc_unconst("y");
    req.form = mc_unconst("z");
    refuse_draft(h, &req, "procedure_code", "PROCEDURE_UNKNOWN");
    assert_true(harness_violated(h, "unit", "UNIT_UNKNOWN"));
    assert_true(harness_violated(h, "form", "JSON_INVALID"));
}

static void test_draft_is_replaced(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *first = save_as(h, &alice, BIRTH, MC_OK);
    Dossier__SaveDraftRequest req = draft_request();

    req.dossier_id = first->dossier_id;
    req.abstract = mc_unconst("  Xác   nhận độc thân ");
    Dossier__DossierReply *second = harness_call(h, "SaveDraft", &req.base, MC_OK);
    assert_memory_equal(second->dossier_id.data, first->dossier_id.data, MC_ID_LEN);
    assert_int_equal(second->internal_number, first->internal_number);
    assert_int_equal(second->version, first->version + 1);
    Dossier__DossierView *view = get_as(h, &alice, first->dossier_id, MC_OK);
    assert_string_equal(view->procedure_code, SINGLE);
    assert_string_equal(view->abstract, "Xác nhận độc thân");
    assert_string_equal(view->form, "");
    assert_int_equal(save_as(h, &bob, SINGLE, MC_OK)->internal_number, 2);

    /* Sent, it stands. */
    (void)submit_as(h, &alice, first->dossier_id, MC_OK);
    (void)harness_call(h, "SaveDraft", &req.base, MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_SENT_ALREADY"));
    (void)submit_as(h, &alice, first->dossier_id, MC_EXPIRED);
}

/* A foreign dossier answers exactly as one that does not exist. */
static void test_foreign_owner(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    struct mc_bytes nowhere = harness_id(h, 9);
    ProtobufCBinaryData unknown = {nowhere.len, mc_unconst(nowhere.data)};
    static const struct mc_caller *const others[] = {&bob, &officer, &district, &stranger};

    for (size_t i = 0; i < MC_LEN(others); i++) {
        (void)get_as(h, others[i], draft->dossier_id, MC_NOT_FOUND);
        assert_true(harness_violated(h, "", "DOSSIER_NOT_FOUND"));
        (void)get_as(h, others[i], unknown, MC_NOT_FOUND);
        assert_true(harness_violated(h, "", "DOSSIER_NOT_FOUND"));
        (void)submit_as(h, others[i], draft->dossier_id, MC_NOT_FOUND);
        (void)advance_as(h, others[i], draft, DOSSIER__STATE__WITHDRAWN, "", MC_NOT_FOUND);
        Dossier__SaveDraftRequest req = draft_request();
        req.dossier_id = draft->dossier_id;
        (void)harness_call(h, "SaveDraft", &req.base, MC_NOT_FOUND);
    }
}

static void test_officers_units(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *new = sent(h, SINGLE);
    Dossier__GetRequest by_code = DOSSIER__GET_REQUEST__INIT;

    (void)get_as(h, &officer, new->dossier_id, MC_OK);
    (void)get_as(h, &district, new->dossier_id, MC_OK);
    (void)get_as(h, &stranger, new->dossier_id, MC_NOT_FOUND);
    (void)get_as(h, &bob, new->dossier_id, MC_NOT_FOUND);
    (void)accept_as(h, &stranger, new, MC_NOT_FOUND);
    (void)advance_as(h, &stranger, new, DOSSIER__STATE__REFUSED, why, MC_NOT_FOUND);
    (void)submit_as(h, &officer, new->dossier_id, MC_DENIED);
    assert_true(harness_violated(h, "", "DOSSIER_NOT_YOURS"));

    by_code.code = accept_as(h, &district, new, MC_OK)->code;
    harness_as(h, &alice);
    Dossier__DossierView *view = harness_call(h, "Get", &by_code.base, MC_OK);
    assert_memory_equal(view->dossier_id.data, new->dossier_id.data, MC_ID_LEN);
    harness_as(h, &stranger);
    (void)harness_call(h, "Get", &by_code.base, MC_NOT_FOUND);
    by_code.code = mc_unconst("");
    (void)harness_call(h, "Get", &by_code.base, MC_INVALID);
    assert_true(harness_violated(h, "dossier_id", "FIELD_REQUIRED"));
}

/* The owner's name comes from identity's journal. */
static void test_owner_name(void **state)
{
    struct harness *h = *state;
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:" ALICE_ID, NULL};
    Dossier__DossierReply *new = sent(h, SINGLE);

    assert_string_equal(get_as(h, &officer, new->dossier_id, MC_OK)->owner_name, "");
    opened.account_id = mc_unconst(ALICE_ID);
    opened.full_name = mc_unconst("Đàm Thử Nghiệm");
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
    assert_string_equal(get_as(h, &officer, new->dossier_id, MC_OK)->owner_name, "Đàm Thử Nghiệm");
    opened.account_id = mc_unconst("not an id");
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
    assert_int_equal(harness_rows(h, DOSSIER_ACCOUNTS), 1);
}

/* S16: a thousand acceptances around midnight. */
static void test_codes_over_midnight(void **state)
{
    struct harness *h = *state;
    int next[2] = {1, 1};
    static const char *const days[2] = {"260907", "260908"};

    harness_set_clock(h, local(2026, 9, 7, 23, 59) + INT64_C(59000));
    for (int i = 0; i < 1000; i++) {
        char want[MC_DOSSIER_CODE_SIZE];
        int day = harness_now(h) >= local(2026, 9, 8, 0, 0);
        Dossier__DossierReply *new = sent(h, SINGLE);

        if (i % 10 == 0) { /* refused calls leave no gap */
            struct Dossier__DossierReply stale = *new;
            stale.version--;
            (void)accept_as(h, &officer, &stale, MC_CONFLICT);
        }
        if (i == 700)
            harness_reopen(h);
        Dossier__DossierReply *done = accept_as(h, &officer, new, MC_OK);
        (void)snprintf(want, sizeof want, BEN_CAU "-%s-%04d", days[day], next[day]++);
        assert_string_equal(done->code, want);
        harness_advance(h, 2);
    }
    assert_true(next[0] > 1 && next[1] > 1);
    assert_int_equal(next[0] + next[1] - 2, 1000);
    assert_int_equal(harness_rows(h, DOSSIER_CODES), 1000);
}

/* More than 9999 on a day: five digits. */
static void test_code_digits(void **state)
{
    (void)state;
    char code[MC_DOSSIER_CODE_SIZE];
    const struct mc_date day = {2020, 6, 10};

    mc_dossier_code_make(code, sizeof code, BEN_CAU, day, 7);
    assert_string_equal(code, "000.20.31.H53-200610-0007");
    mc_dossier_code_make(code, sizeof code, BEN_CAU, day, 9999);
    assert_string_equal(code, "000.20.31.H53-200610-9999");
    mc_dossier_code_make(code, sizeof code, BEN_CAU, day, 10000);
    assert_string_equal(code, "000.20.31.H53-200610-10000");
}

static const uint8_t pdf[] = "%PDF-1.7\nsynthetic";

static Dossier__AttachRequest paper(ProtobufCBinaryData id, const void *content, size_t len)
{
    Dossier__AttachRequest req = DOSSIER__ATTACH_REQUEST__INIT;

    req.dossier_id = id;
    req.component = mc_unconst("Giấy chứng sinh");
    req.file_name = mc_unconst("giay-chung-sinh.pdf");
    req.content = (ProtobufCBinaryData){len, mc_unconst(content)};
    return req;
}

static void refuse_paper(struct harness *h, const Dossier__AttachRequest *req, const char *field,
                         const char *code)
{
    (void)harness_call(h, "Attach", &req->base, MC_INVALID);
    if (!harness_violated(h, field, code))
        fail_msg("%s %s: got %s %s", field, code, harness_header(h)->violations[0]->field,
                 harness_header(h)->violations[0]->code);
}

static void test_paper_fields(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    static const char *const names[] = {"", "../a.pdf", "a\\b.pdf", ".pdf", "a/b"};
    Dossier__AttachRequest req = paper(draft->dossier_id, "MZ\x90 not a paper", 15);

    refuse_paper(h, &req, "content", "FILE_TYPE"); /* whatever its name says */
    req = paper(draft->dossier_id, "", 0);
    refuse_paper(h, &req, "content", "FIELD_REQUIRED");
    for (size_t i = 0; i < MC_LEN(names); i++) {
        req = paper(draft->dossier_id, pdf, sizeof pdf);
        req.file_name = mc_unconst(names[i]);
        refuse_paper(h, &req, "file_name", "FILE_NAME_INVALID");
    }
    req = paper(draft->dossier_id, pdf, sizeof pdf);
    req.component = mc_unconst(" ");
    refuse_paper(h, &req, "component", "FIELD_REQUIRED");
    static char component[202];
    memset(component, 'c', 201);
    req.component = component;
    refuse_paper(h, &req, "component", "FIELD_TOO_LONG");
    component[200] = '\0';
    (void)harness_call(h, "Attach", &req.base, MC_OK);
}

static void test_sniffing(void **state)
{
    (void)state;
    static const char docx[] = "PK\x03\x04[Content_Types].xml word/document.xml";
    static const struct {
        const char *bytes;
        size_t len;
        const char *type;
    } rows[] = {
        {"%PDF-1", 6, "application/pdf"},
        {"%PDF", 4, NULL},
        {"\x89PNG\r\n\x1a\n", 8, "image/png"},
        {"\xff\xd8\xff\xe0", 4, "image/jpeg"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "application/msword"},
        {"PK\x03\x04", 4, "application/zip"},
        {docx, sizeof docx - 1,
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"<html>", 6, NULL},
        {"", 0, NULL},
    };

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        const char *type = mc_sniff((struct mc_bytes){rows[i].bytes, rows[i].len});

        if (rows[i].type == NULL)
            assert_null(type);
        else
            assert_string_equal(type, rows[i].type);
    }
}

static Dossier__ReadAttachmentReply *read_as(struct harness *h, const struct mc_caller *caller,
                                             ProtobufCBinaryData id, const char *sha256,
                                             enum mc_status want)
{
    Dossier__ReadAttachmentRequest req = DOSSIER__READ_ATTACHMENT_REQUEST__INIT;

    req.dossier_id = id;
    req.sha256 = mc_unconst(sha256);
    harness_as(h, caller);
    harness_purpose(h, "Thẩm định hồ sơ");
    return harness_call(h, "ReadAttachment", &req.base, want);
}

static void test_paper_is_kept_once(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *mine = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__DossierReply *other = save_as(h, &bob, SINGLE, MC_OK);
    Dossier__AttachRequest req = paper(mine->dossier_id, pdf, sizeof pdf);

    harness_as(h, &alice);
    Dossier__AttachReply *kept = harness_call(h, "Attach", &req.base, MC_OK);
    assert_string_equal(kept->content_type, "application/pdf");
    assert_int_equal(kept->size, sizeof pdf);
    (void)harness_call(h, "Attach", &req.base, MC_OK); /* there already */
    assert_int_equal(harness_events(h, "dossier.attached"), 1);
    (void)read_as(h, &bob, other->dossier_id, kept->sha256, MC_NOT_FOUND); /* a hash is no key */
    assert_true(harness_violated(h, "sha256", "FILE_NOT_FOUND"));
    (void)read_as(h, &bob, mine->dossier_id, kept->sha256, MC_NOT_FOUND);
    (void)read_as(h, &alice, mine->dossier_id, "12", MC_INVALID);
    assert_true(harness_violated(h, "sha256", "FIELD_INVALID"));
    req.dossier_id = other->dossier_id;
    harness_as(h, &bob);
    (void)harness_call(h, "Attach", &req.base, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 1);

    (void)submit_as(h, &alice, mine->dossier_id, MC_OK);
    Dossier__ReadAttachmentReply *got = read_as(h, &officer, mine->dossier_id, kept->sha256, MC_OK);
    assert_int_equal(got->content.len, sizeof pdf);
    assert_memory_equal(got->content.data, pdf, sizeof pdf);
    assert_string_equal(got->file_name, "giay-chung-sinh.pdf");
    (void)read_as(h, &stranger, mine->dossier_id, kept->sha256, MC_NOT_FOUND);
    /* Sent, nothing is added any more; and never by another. */
    req.dossier_id = mine->dossier_id;
    req.component = mc_unconst("Tờ khai");
    harness_as(h, &alice);
    (void)harness_call(h, "Attach", &req.base, MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_SENT_ALREADY"));
    harness_as(h, &officer);
    (void)harness_call(h, "Attach", &req.base, MC_DENIED);
    assert_true(harness_violated(h, "", "DOSSIER_NOT_YOURS"));
}

/* At 5 MiB, in many pieces; one byte more; and 40 MiB in all. */
static void test_paper_sizes(void **state)
{
    struct harness *h = *state;
    size_t max = DOSSIER_FILE_MAX;
    uint8_t *content = calloc(1, max + 1);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    assert_non_null(content);
    for (size_t i = 0; i <= max; i++)
        content[i] = (uint8_t)(i * 31 >> 7);
    memcpy(content, pdf, 8);
    Dossier__AttachRequest req = paper(draft->dossier_id, content, max + 1);
    refuse_paper(h, &req, "content", "FILE_TOO_LARGE");
    req.content.len = max;
    Dossier__AttachReply *kept = harness_call(h, "Attach", &req.base, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_PIECES), max / DOSSIER_CHUNK);
    Dossier__ReadAttachmentReply *got = read_as(h, &alice, draft->dossier_id, kept->sha256, MC_OK);
    assert_int_equal(got->content.len, max);
    assert_memory_equal(got->content.data, content, max);
    free(content);
}

/* 40 MiB of papers in one dossier, and no byte more; the same content, so stored once. */
static void test_papers_size(void **state)
{
    struct harness *h = *state;
    size_t max = DOSSIER_FILE_MAX;
    uint8_t *content = calloc(1, max);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    char component[16];

    assert_non_null(content);
    memcpy(content, pdf, 8);
    Dossier__AttachRequest req = paper(draft->dossier_id, content, max);
    req.component = component;
    for (int i = 0; i < DOSSIER_PAPERS_SIZE_MAX / DOSSIER_FILE_MAX; i++) {
        (void)snprintf(component, sizeof component, "%d", i);
        (void)harness_call(h, "Attach", &req.base, MC_OK);
    }
    (void)snprintf(component, sizeof component, "more");
    req.content = (ProtobufCBinaryData){sizeof pdf, mc_unconst(pdf)};
    (void)harness_call(h, "Attach", &req.base, MC_LIMITED);
    assert_true(harness_violated(h, "content", "FILES_TOO_LARGE"));
    free(content);
}

static void test_papers_count(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    char component[16];
    Dossier__AttachRequest req = paper(draft->dossier_id, pdf, sizeof pdf);

    req.component = component;
    for (int i = 0; i < DOSSIER_PAPERS_MAX; i++) {
        (void)snprintf(component, sizeof component, "%d", i);
        (void)harness_call(h, "Attach", &req.base, MC_OK);
    }
    (void)snprintf(component, sizeof component, "more");
    (void)harness_call(h, "Attach", &req.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "FILES_TOO_MANY"));
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->n_attachments, 20);
}

static Dossier__ListReply *list_mine(struct harness *h, const struct mc_caller *caller,
                                     uint32_t size, const char *token, enum mc_status want)
{
    Dossier__ListMineRequest req = DOSSIER__LIST_MINE_REQUEST__INIT;

    req.page_size = size;
    req.page_token = mc_unconst(token);
    harness_as(h, caller);
    return harness_call(h, "ListMine", &req.base, want);
}

/* DOS-05: the columns, newest first, in pages. */
static void test_list_mine(void **state)
{
    struct harness *h = *state;

    for (int i = 0; i < 5; i++) {
        (void)save_as(h, &alice, SINGLE, MC_OK);
        (void)save_as(h, &bob, SINGLE, MC_OK);
        harness_advance(h, 1000);
    }
    (void)in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, false);
    Dossier__ListReply *page = list_mine(h, &alice, 4, "", MC_OK);
    assert_int_equal(page->n_dossiers, 4);
    const Dossier__DossierSummary *newest = page->dossiers[0];
    assert_string_equal(newest->state_name, "Yêu cầu bổ sung hồ sơ");
    assert_string_equal(newest->reason, why); /* DOS-07 */
    assert_string_equal(newest->procedure_name, "Cấp Giấy xác nhận tình trạng hôn nhân");
    assert_string_equal(newest->unit_name, "Thị trấn Bến Cầu");
    assert_string_equal(newest->sector, "Hộ tịch");
    assert_string_equal(newest->code, "");
    assert_int_equal(newest->internal_number, 11);
    assert_int_equal(page->dossiers[1]->internal_number, 9);
    page = list_mine(h, &alice, 4, page->next_page_token, MC_OK);
    assert_int_equal(page->n_dossiers, 2);
    assert_int_equal(page->dossiers[1]->internal_number, 1);
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(list_mine(h, &officer, 0, "", MC_OK)->n_dossiers, 0);
    (void)list_mine(h, &alice, 101, "", MC_INVALID);
    (void)list_mine(h, &alice, 0, "nonsense", MC_INVALID);
    assert_true(harness_violated(h, "page_token", "PAGE_TOKEN_INVALID"));
}

static Dossier__ListReply *list_unit(struct harness *h, const struct mc_caller *caller,
                                     const char *unit, Dossier__State state, uint32_t size,
                                     const char *token, enum mc_status want)
{
    Dossier__ListUnitRequest req = DOSSIER__LIST_UNIT_REQUEST__INIT;

    req.unit = mc_unconst(unit);
    req.state = state;
    req.page_size = size;
    req.page_token = mc_unconst(token);
    harness_as(h, caller);
    return harness_call(h, "ListUnit", &req.base, want);
}

static void test_list_unit(void **state)
{
    struct harness *h = *state;

    (void)save_as(h, &alice, SINGLE, MC_OK); /* drafts are nobody's business */
    (void)sent(h, SINGLE);
    harness_advance(h, 1000);
    (void)received(h);
    harness_advance(h, 1000);
    (void)sent(h, SINGLE);
    harness_advance(h, 1000);
    (void)finished(h);

    Dossier__ListReply *all = list_unit(h, &officer, "", DOSSIER__STATE__DRAFT, 0, "", MC_OK);
    assert_int_equal(all->n_dossiers, 4);
    assert_int_equal(all->dossiers[0]->internal_number, 5);
    assert_int_equal(all->dossiers[3]->internal_number, 2);
    assert_string_equal(all->dossiers[1]->state_name, "Mới đăng ký");
    Dossier__ListReply *page = list_unit(h, &district, "", DOSSIER__STATE__DRAFT, 3, "", MC_OK);
    assert_int_equal(page->n_dossiers, 3);
    page = list_unit(h, &district, "", DOSSIER__STATE__DRAFT, 3, page->next_page_token, MC_OK);
    assert_int_equal(page->n_dossiers, 1);
    assert_string_equal(page->next_page_token, "");
    page = list_unit(h, &district, BEN_CAU, DOSSIER__STATE__NEW, 0, "", MC_OK);
    assert_int_equal(page->n_dossiers, 2);
    page = list_unit(h, &stranger, "", DOSSIER__STATE__DRAFT, 0, "", MC_OK);
    assert_int_equal(page->n_dossiers, 0);
    (void)list_unit(h, &stranger, BEN_CAU, DOSSIER__STATE__NEW, 0, "", MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NOT_YOURS"));
    (void)list_unit(h, &officer, "Bến Cầu", DOSSIER__STATE__NEW, 0, "", MC_INVALID);
    (void)list_unit(h, &alice, "", DOSSIER__STATE__NEW, 0, "", MC_DENIED);
}

/* A repeated request has one effect and one answer; another body under its id is refused. */
static void test_repeats(void **state)
{
    struct harness *h = *state;
    uint8_t ids[3][MC_ID_LEN];
    Dossier__SaveDraftRequest save = draft_request();
    Dossier__AcceptRequest accept = DOSSIER__ACCEPT_REQUEST__INIT;

    for (size_t i = 0; i < MC_LEN(ids); i++) {
        memset(ids[i], (int)i, MC_ID_LEN);
        struct mc_random_seeded seeded;
        struct mc_random random = mc_random_seed(&seeded, 77 + i);
        mc_uuid7(ids[i], harness_now(h), &random);
    }
    harness_as(h, &alice);
    Dossier__DossierReply *one = harness_call_as(h, ids[0], "SaveDraft", &save.base, MC_OK);
    Dossier__DossierReply *two = harness_call_as(h, ids[0], "SaveDraft", &save.base, MC_OK);
    assert_memory_equal(one->dossier_id.data, two->dossier_id.data, MC_ID_LEN);
    assert_int_equal(harness_rows(h, DOSSIER_DOSSIERS), 1);
    save.abstract = mc_unconst("khác");
    (void)harness_call_as(h, ids[0], "SaveDraft", &save.base, MC_CONFLICT);

    Dossier__DossierReply *new = submit_as(h, &alice, one->dossier_id, MC_OK);
    accept.dossier_id = new->dossier_id;
    accept.version = new->version;
    harness_as(h, &officer);
    one = harness_call_as(h, ids[1], "Accept", &accept.base, MC_OK);
    harness_reopen(h);
    two = harness_call_as(h, ids[1], "Accept", &accept.base, MC_OK);
    assert_string_equal(one->code, two->code);
    assert_int_equal(harness_events(h, "dossier.accepted"), 1);
    (void)harness_call_as(h, ids[2], "Accept", &accept.base, MC_CONFLICT);
}

/* The daemon is restarted between any two steps. */
static void test_restarts(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__AttachRequest req = paper(at->dossier_id, pdf, sizeof pdf);

    harness_reopen(h);
    harness_as(h, &alice);
    Dossier__AttachReply *kept = harness_call(h, "Attach", &req.base, MC_OK);
    harness_reopen(h);
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    harness_reopen(h);
    at = accept_as(h, &officer, at, MC_OK);
    harness_reopen(h);
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    harness_reopen(h);
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    harness_reopen(h);
    at = advance_as(h, &officer, at, DOSSIER__STATE__RETURNED, "", MC_OK);
    harness_reopen(h);
    assert_int_equal(at->version, 7);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->n_history, 5);
    (void)read_as(h, &alice, at->dossier_id, kept->sha256, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_UNITS), 1);
    assert_int_equal(harness_rows(h, DOSSIER_OWNERS), 1);
    assert_int_equal(harness_rows(h, DOSSIER_CODES), 1);
}

int main(void)
{
#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(test_only_with_an_account),
        ROOM_TEST(test_draft_fields),
        ROOM_TEST(test_draft_is_replaced),
        ROOM_TEST(test_foreign_owner),
        ROOM_TEST(test_officers_units),
        ROOM_TEST(test_owner_name),
        ROOM_TEST(test_codes_over_midnight),
        cmocka_unit_test(test_code_digits),
        ROOM_TEST(test_paper_fields),
        cmocka_unit_test(test_sniffing),
        ROOM_TEST(test_paper_is_kept_once),
        ROOM_TEST(test_paper_sizes),
        ROOM_TEST(test_papers_size),
        ROOM_TEST(test_papers_count),
        ROOM_TEST(test_list_mine),
        ROOM_TEST(test_list_unit),
        ROOM_TEST(test_repeats),
        ROOM_TEST(test_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
