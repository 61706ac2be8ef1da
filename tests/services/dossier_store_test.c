/* The citizen's data store: digitised at reception, results, reuse, who used what (DIG-01 to
 * DIG-03, S33). */
#include "dossier_file_help.h"

#define ALICE_CCCD "001099000019"
#define BOB_CCCD   "001099000027"

static void open_account(struct harness *h, const struct mc_caller *who, const char *number)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:x", NULL};

    opened.account_id = mc_unconst(who->account_id);
    opened.login_id = mc_unconst(number);
    opened.full_name = mc_unconst("Nguyễn Thử Nghiệm");
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
}

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    open_account(*state, &alice, ALICE_CCCD);
    open_account(*state, &bob, BOB_CCCD);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static const uint8_t birth_pdf[] = "%PDF-1.7\nGiay khai sinh";

static Dossier__DepositPaperRequest birth_certificate(const Dossier__DossierReply *at)
{
    Dossier__DepositPaperRequest req = DOSSIER__DEPOSIT_PAPER_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.origin = DOSSIER__PAPER_ORIGIN__RESULT_OF_DOSSIER;
    req.content = (ProtobufCBinaryData){sizeof birth_pdf, mc_unconst(birth_pdf)};
    req.file_name = mc_unconst("giay-khai-sinh.pdf");
    req.result_code = mc_unconst("KQ.G15.000031");
    req.number = mc_unconst("123/2026");
    req.issued_on = mc_unconst("07/09/2026");
    return req;
}

static Dossier__StoredPaper *deposited(struct harness *h)
{
    Dossier__DepositPaperRequest req = birth_certificate(finished(h));

    harness_as(h, &officer);
    Dossier__DepositPaperReply *rep = harness_call(h, "DepositPaper", &req.base, MC_OK);
    return rep->paper;
}

static Dossier__ListStoredPapersReply *list(struct harness *h, const struct mc_caller *caller,
                                            ProtobufCBinaryData dossier_id, const char *code,
                                            enum mc_status want)
{
    Dossier__ListStoredPapersRequest req = DOSSIER__LIST_STORED_PAPERS_REQUEST__INIT;

    req.dossier_id = dossier_id;
    req.result_code = mc_unconst(code);
    harness_as(h, caller);
    return harness_call(h, "ListStoredPapers", &req.base, want);
}

static Dossier__AttachReply *reuse(struct harness *h, const struct mc_caller *caller,
                                   ProtobufCBinaryData dossier_id, ProtobufCBinaryData paper_id,
                                   enum mc_status want)
{
    Dossier__ReusePaperRequest req = DOSSIER__REUSE_PAPER_REQUEST__INIT;

    req.dossier_id = dossier_id;
    req.paper_id = paper_id;
    req.component = mc_unconst("Giấy khai sinh");
    harness_as(h, caller);
    return harness_call(h, "ReusePaper", &req.base, want);
}

static Dossier__ReadAttachmentReply *read_stored(struct harness *h, const struct mc_caller *caller,
                                                 const Dossier__StoredPaper *paper,
                                                 ProtobufCBinaryData dossier_id,
                                                 enum mc_status want)
{
    Dossier__ReadStoredPaperRequest req = DOSSIER__READ_STORED_PAPER_REQUEST__INIT;

    req.issuer = paper->issuer;
    req.paper_id = paper->paper_id;
    req.dossier_id = dossier_id;
    harness_as(h, caller);
    return harness_call(h, "ReadStoredPaper", &req.base, want);
}

static const ProtobufCBinaryData none = {0};

/* S33: a birth certificate in the store is used in a later dossier: marked, not uploaded. */
static void test_result_is_reused(void **state)
{
    struct harness *h = *state;
    Dossier__StoredPaper *paper = deposited(h);

    assert_string_equal(paper->name, "Giấy khai sinh");
    assert_string_equal(paper->issuer, BEN_CAU);
    assert_int_equal(paper->signature, DOSSIER__PAPER_SIGNATURE__SIGNATURE_NONE);
    Dossier__ListStoredPapersReply *mine = list(h, &alice, none, "KQ.G15.000031", MC_OK);
    assert_int_equal(mine->n_papers, 1);
    assert_string_equal(mine->papers[0]->number, "123/2026");
    assert_string_equal(mine->papers[0]->issued_on, "07/09/2026");
    assert_int_equal(list(h, &alice, none, "KQ.G15.000032", MC_OK)->n_papers, 0);
    assert_int_equal(list(h, &bob, none, "", MC_OK)->n_papers, 0);

    size_t files = harness_rows(h, DOSSIER_FILES);
    Dossier__DossierReply *draft = save_as(h, &alice, BIRTH, MC_OK);
    Dossier__AttachReply *used = reuse(h, &alice, draft->dossier_id, paper->paper_id, MC_OK);
    assert_string_equal(used->sha256, paper->sha256);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), files); /* nothing was uploaded */
    Dossier__DossierView *view = get_as(h, &alice, draft->dossier_id, MC_OK);
    assert_int_equal(view->n_attachments, 1);
    assert_int_equal(view->attachments[0]->digitised, DOSSIER__DIGITISED__REUSED_RESULT);
    assert_true(view->attachments[0]->from_data_store);                /* DuocLayTuKhoDMQG=1 */
    (void)reuse(h, &alice, draft->dossier_id, paper->paper_id, MC_OK); /* there already */
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->n_attachments, 1);

    /* The holder sees who used it. */
    Dossier__ListPaperUsesRequest req = DOSSIER__LIST_PAPER_USES_REQUEST__INIT;
    req.paper_id = paper->paper_id;
    harness_as(h, &alice);
    Dossier__ListPaperUsesReply *uses = harness_call(h, "ListPaperUses", &req.base, MC_OK);
    assert_int_equal(uses->n_uses, 1);
    assert_string_equal(uses->uses[0]->how, "REUSED");
    assert_string_equal(uses->uses[0]->by, "account:" ALICE_ID);
    assert_string_equal(uses->uses[0]->unit, "");
    assert_int_equal(harness_events(h, "dossier.paper_used"), 1);
    harness_as(h, &bob);
    (void)harness_call(h, "ListPaperUses", &req.base, MC_NOT_FOUND);
    harness_as(h, &officer);
    (void)harness_call(h, "ListPaperUses", &req.base, MC_DENIED);
}

/* The result is a paper of the dossier it came from: its owner reads it there (indicator 4.1). */
static void test_result_of_a_dossier(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = finished(h);
    Dossier__DepositPaperRequest req = birth_certificate(at);

    harness_as(h, &officer);
    Dossier__DepositPaperReply *rep = harness_call(h, "DepositPaper", &req.base, MC_OK);
    assert_int_equal(rep->version, at->version + 1);
    assert_int_equal(harness_events(h, "dossier.paper_deposited"), 1);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->n_results, 1);
    assert_string_equal(view->results[0]->component, "Giấy khai sinh");
    Dossier__ReadAttachmentRequest read = DOSSIER__READ_ATTACHMENT_REQUEST__INIT;
    read.dossier_id = at->dossier_id;
    read.sha256 = view->results[0]->sha256;
    Dossier__ReadAttachmentReply *got = harness_call(h, "ReadAttachment", &read.base, MC_OK);
    assert_int_equal(got->content.len, sizeof birth_pdf);

    harness_as(h, &officer);
    (void)harness_call(h, "DepositPaper", &req.base, MC_CONFLICT); /* a stale screen */
    req.version = rep->version;
    (void)harness_call(h, "DepositPaper", &req.base, MC_CONFLICT);
    assert_true(harness_violated(h, "number", "PAPER_EXISTS"));
}

static void test_deposit_refusals(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *early = processing(h);
    Dossier__DepositPaperRequest req = birth_certificate(early);
    static const char *const few[] = {"DOSSIER_PROCESS"};
    struct mc_caller clerk = officer;

    harness_as(h, &officer);
    (void)harness_call(h, "DepositPaper", &req.base, MC_EXPIRED);
    assert_true(harness_violated(h, "dossier_id", "RESULT_TOO_EARLY"));
    req = birth_certificate(finished(h));
    clerk.rights = few;
    clerk.rights_len = 1;
    harness_as(h, &clerk);
    (void)harness_call(h, "DepositPaper", &req.base, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    harness_as(h, &stranger);
    (void)harness_call(h, "DepositPaper", &req.base, MC_NOT_FOUND);
    harness_as(h, &officer);
    req.result_code = mc_unconst("KQ.G15.999999");
    req.number = mc_unconst(" ");
    req.issuer = mc_unconst("nowhere");
    req.issued_on = mc_unconst("31/02/2026");
    (void)harness_call(h, "DepositPaper", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "result_code", "RESULT_CODE_UNKNOWN"));
    assert_true(harness_violated(h, "number", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "issuer", "AGENCY_CODE_FORMAT"));
    assert_true(harness_violated(h, "issued_on", "DATE_INVALID"));
    req = birth_certificate(finished(h));
    req.valid_until = mc_unconst("06/09/2026");
    (void)harness_call(h, "DepositPaper", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "valid_until", "PAPER_DATES"));
    assert_int_equal(harness_rows(h, DOSSIER_STORED_PAPERS), 0);
}

/* DIG-01: what was handed in is digitised by who takes it in; it may be used again, once it is. */
static void test_digitised_at_reception(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__AttachReply *kept = attach_content(h, &alice, draft->dossier_id, birth_pdf,
                                                sizeof birth_pdf, "Giấy chứng sinh");
    Dossier__DossierReply *at =
        accept_as(h, &officer, submit_as(h, &alice, draft->dossier_id, MC_OK), MC_OK);
    Dossier__DepositPaperRequest req = DOSSIER__DEPOSIT_PAPER_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.sha256 = kept->sha256;
    req.component = mc_unconst("Giấy chứng sinh");
    req.name = mc_unconst("Giấy chứng sinh");
    req.number = mc_unconst("77");
    req.valid_until = mc_unconst("08/09/2026");
    harness_as(h, &officer);
    Dossier__DepositPaperReply *rep = harness_call(h, "DepositPaper", &req.base, MC_OK);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->attachments[0]->digitised,
                     DOSSIER__DIGITISED__DIGITISED);
    req.version = rep->version;
    req.number = mc_unconst("78");
    harness_as(h, &officer);
    (void)harness_call(h, "DepositPaper", &req.base, MC_CONFLICT);
    assert_true(harness_violated(h, "sha256", "PAPER_DIGITISED"));

    Dossier__DossierReply *later = save_as(h, &alice, SINGLE, MC_OK);
    (void)reuse(h, &alice, later->dossier_id, rep->paper->paper_id, MC_OK);
    assert_int_equal(get_as(h, &alice, later->dossier_id, MC_OK)->attachments[0]->digitised,
                     DOSSIER__DIGITISED__REUSED);
    /* Good to the end of its last day, and not a day longer. */
    harness_set_clock(h, local(2026, 9, 8, 23, 59));
    (void)reuse(h, &alice, save_as(h, &alice, SINGLE, MC_OK)->dossier_id, rep->paper->paper_id,
                MC_OK);
    harness_set_clock(h, local(2026, 9, 9, 0, 0));
    (void)reuse(h, &alice, save_as(h, &alice, SINGLE, MC_OK)->dossier_id, rep->paper->paper_id,
                MC_EXPIRED);
    assert_true(harness_violated(h, "paper_id", "PAPER_NOT_VALID"));
}

/* By whom: the holder, the issuer's officers, and those who have a dossier of his in hand. */
static void test_who_may_read(void **state)
{
    struct harness *h = *state;
    Dossier__StoredPaper *paper = deposited(h);
    Dossier__DossierReply *his = received(h);
    Dossier__DossierReply *draft = save_as(h, &bob, SINGLE, MC_OK);
    struct mc_caller elsewhere = stranger;

    (void)read_stored(h, &alice, paper, none, MC_OK);
    (void)read_stored(h, &bob, paper, none, MC_NOT_FOUND);
    assert_true(harness_violated(h, "paper_id", "PAPER_NOT_FOUND"));
    (void)reuse(h, &bob, draft->dossier_id, paper->paper_id, MC_NOT_FOUND);
    (void)read_stored(h, &elsewhere, paper, none, MC_NOT_FOUND);
    (void)list(h, &elsewhere, his->dossier_id, "", MC_NOT_FOUND);

    (void)list(h, &officer, his->dossier_id, "", MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    (void)read_stored(h, &officer, paper, his->dossier_id, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    harness_purpose(h, "Đối chiếu giấy khai sinh");
    assert_int_equal(list(h, &officer, his->dossier_id, "", MC_OK)->n_papers, 1);
    assert_int_equal(harness_events(h, "dossier.papers_listed"), 1);
    Dossier__ReadAttachmentReply *got = read_stored(h, &officer, paper, his->dossier_id, MC_OK);
    assert_memory_equal(got->content.data, birth_pdf, sizeof birth_pdf);
    paper->issuer = mc_unconst("000.15.43.H35"); /* not CoQuanChuQuan of this DuongDan */
    (void)read_stored(h, &officer, paper, his->dossier_id, MC_NOT_FOUND);

    Dossier__ListPaperUsesRequest req = DOSSIER__LIST_PAPER_USES_REQUEST__INIT;
    req.paper_id = paper->paper_id;
    harness_as(h, &alice);
    Dossier__ListPaperUsesReply *uses = harness_call(h, "ListPaperUses", &req.base, MC_OK);
    assert_int_equal(uses->n_uses, 2);
    assert_string_equal(uses->uses[0]->unit, BEN_CAU);
    assert_string_equal(uses->uses[0]->purpose, "Đối chiếu giấy khai sinh");
}

static void test_revoked_and_replaced(void **state)
{
    struct harness *h = *state;
    Dossier__StoredPaper *first = deposited(h);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__EndStoredPaperRequest req = DOSSIER__END_STORED_PAPER_REQUEST__INIT;
    Dossier__DepositPaperRequest again = birth_certificate(finished(h));

    (void)reuse(h, &alice, draft->dossier_id, first->paper_id, MC_OK);
    again.number = mc_unconst("124/2026");
    harness_as(h, &officer);
    Dossier__DepositPaperReply *second = harness_call(h, "DepositPaper", &again.base, MC_OK);
    req.paper_id = first->paper_id;
    (void)harness_call(h, "EndStoredPaper", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "REASON_REQUIRED"));
    req.reason = mc_unconst("Cải chính họ tên");
    req.replaced_by = first->paper_id;
    (void)harness_call(h, "EndStoredPaper", &req.base, MC_INVALID);
    req.replaced_by = second->paper->paper_id;
    harness_as(h, &stranger);
    (void)harness_call(h, "EndStoredPaper", &req.base, MC_NOT_FOUND);
    harness_as(h, &officer);
    Dossier__StoredPaper *ended = harness_call(h, "EndStoredPaper", &req.base, MC_OK);
    assert_int_equal(ended->state, DOSSIER__PAPER_STATE__PAPER_REPLACED);
    (void)harness_call(h, "EndStoredPaper", &req.base, MC_EXPIRED);
    (void)reuse(h, &alice, save_as(h, &alice, SINGLE, MC_OK)->dossier_id, first->paper_id,
                MC_EXPIRED);
    /* What used it keeps it. */
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->n_attachments, 1);
    assert_int_equal(harness_events(h, "dossier.paper_ended"), 1);
    req.paper_id = second->paper->paper_id;
    req.replaced_by = (ProtobufCBinaryData){0};
    harness_as(h, &officer);
    ended = harness_call(h, "EndStoredPaper", &req.base, MC_OK);
    assert_int_equal(ended->state, DOSSIER__PAPER_STATE__PAPER_REVOKED);
    assert_string_equal(ended->end_reason, "Cải chính họ tên");
}

/* Two accounts of one person: what either holds, both do; taken apart again, each its own. */
static void test_merged_accounts(void **state)
{
    struct harness *h = *state;
    Dossier__StoredPaper *paper = deposited(h);
    Identity__AccountsMerged merged = IDENTITY__ACCOUNTS_MERGED__INIT;
    const char *const keys[] = {"account:x", NULL};

    merged.kept_account_id = mc_unconst(bob.account_id);
    merged.merged_account_id = mc_unconst(alice.account_id);
    harness_event(h, "identity", "identity.accounts_merged", &merged.base, keys);
    assert_int_equal(list(h, &bob, none, "", MC_OK)->n_papers, 1);
    (void)reuse(h, &bob, save_as(h, &bob, SINGLE, MC_OK)->dossier_id, paper->paper_id, MC_OK);
    harness_event(h, "identity", "identity.accounts_unmerged", &merged.base, keys);
    assert_int_equal(list(h, &bob, none, "", MC_OK)->n_papers, 0);
    assert_int_equal(list(h, &alice, none, "", MC_OK)->n_papers, 1);
}

/* DIG-02: a paper of the desk waits for its holder's account. */
static void test_waits_for_an_account(void **state)
{
    struct harness *h = *state;
    Dossier__ReceiveAtDeskRequest desk = DOSSIER__RECEIVE_AT_DESK_REQUEST__INIT;
    Dossier__Applicant applicant = DOSSIER__APPLICANT__INIT;
    static const struct mc_caller carol = {.account_id = "0190a07b-0000-7000-8000-000000000ca1",
                                           .ial = 2};

    applicant.full_name = mc_unconst("Trần Thử Nghiệm");
    applicant.id_number = mc_unconst("001099000035");
    desk.procedure_code = mc_unconst(SINGLE);
    desk.unit = mc_unconst(BEN_CAU);
    desk.channel = DOSSIER__CHANNEL__AT_DESK;
    desk.applicant = &applicant;
    harness_as(h, &officer);
    Dossier__DossierReply *at = harness_call(h, "ReceiveAtDesk", &desk.base, MC_OK);
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    Dossier__DepositPaperRequest req = birth_certificate(at);
    (void)harness_call(h, "DepositPaper", &req.base, MC_OK);
    open_account(h, &carol, "001099000035");
    assert_int_equal(list(h, &carol, none, "", MC_OK)->n_papers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_result_is_reused, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_result_of_a_dossier, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_deposit_refusals, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_digitised_at_reception, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_who_may_read, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_revoked_and_replaced, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_merged_accounts, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_waits_for_an_account, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
