/* The virus scanner as the room sees it: leases, verdicts, and what goes on with which file. */
#include "dossier_file_help.h"

static const struct mc_caller worker = {.name = "room:scanworker", .who = MC_ROOM};
static const struct mc_caller other = {.name = "room:scanworker2", .who = MC_ROOM};

static int open_room(void **state)
{
    static const char *const settings[] = {"dossier.scanner=true", "dossier.scan_backoff=10s",
                                           "dossier.orphan_grace=10m", NULL};

    *state = harness_open(&dossier_room, settings);
    return 0;
}

static int open_lenient(void **state)
{
    static const char *const settings[] = {"dossier.scanner=true", "dossier.scan_required=false",
                                           NULL};

    *state = harness_open(&dossier_room, settings);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Motcua__LeaseScansReply *lease(struct harness *h, const struct mc_caller *who)
{
    Motcua__LeaseScansRequest req = MOTCUA__LEASE_SCANS_REQUEST__INIT;

    harness_as(h, who);
    return harness_call(h, "LeaseScans", &req.base, MC_OK);
}

static bool ack(struct harness *h, const struct mc_caller *who, ProtobufCBinaryData token,
                Motcua__Scan scan, const char *malware)
{
    Motcua__AckScanRequest req = MOTCUA__ACK_SCAN_REQUEST__INIT;

    req.token = token;
    req.scan = scan;
    req.malware = mc_unconst(malware);
    req.error = mc_unconst("TIMEOUT");
    harness_as(h, who);
    const Motcua__AckScanReply *rep = harness_call(h, "AckScan", &req.base, MC_OK);
    return rep->held;
}

/* A dossier with one paper, sent; its content differs by the seed. */
static Dossier__DossierReply *with_paper(struct harness *h, uint8_t seed)
{
    uint8_t *content = pdf_of(MC_SCAN_PIECE + 100, seed);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    (void)attach_content(h, &alice, draft->dossier_id, content, MC_SCAN_PIECE + 100, "Đơn");
    free(content);
    return submit_as(h, &alice, draft->dossier_id, MC_OK);
}

static Motcua__Scan scan_of(struct harness *h, const Dossier__DossierReply *at)
{
    return get_as(h, &alice, at->dossier_id, MC_OK)->attachments[0]->scan;
}

static void test_clean(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = with_paper(h, 1);
    uint8_t *content = pdf_of(MC_SCAN_PIECE + 100, 1);
    Motcua__ReadScanRequest req = MOTCUA__READ_SCAN_REQUEST__INIT;

    assert_int_equal(scan_of(h, at), MOTCUA__SCAN__SCAN_WAITING);
    (void)accept_as(h, &officer, at, MC_BUSY);
    assert_true(harness_violated(h, "attachments", "FILE_NOT_SCANNED"));
    Motcua__LeaseScansReply *job = lease(h, &worker);
    assert_int_equal(job->size, MC_SCAN_PIECE + 100);
    assert_string_equal(job->sha256, hash_of(content, MC_SCAN_PIECE + 100));
    assert_int_equal(lease(h, &other)->token.len, 0); /* one file, one worker */
    req.token = job->token;
    harness_as(h, &worker);
    Motcua__ReadScanReply *read = harness_call(h, "ReadScan", &req.base, MC_OK);
    assert_int_equal(read->content.len, MC_SCAN_PIECE);
    assert_memory_equal(read->content.data, content, MC_SCAN_PIECE);
    req.offset = MC_SCAN_PIECE;
    read = harness_call(h, "ReadScan", &req.base, MC_OK);
    assert_int_equal(read->content.len, 100);
    harness_as(h, &other);
    (void)harness_call(h, "ReadScan", &req.base, MC_NOT_FOUND);
    assert_true(harness_violated(h, "token", "LEASE_STALE"));
    assert_false(ack(h, &other, job->token, MOTCUA__SCAN__SCAN_CLEAN, ""));
    assert_true(ack(h, &worker, job->token, MOTCUA__SCAN__SCAN_CLEAN, ""));
    assert_false(ack(h, &worker, job->token, MOTCUA__SCAN__SCAN_INFECTED, "late"));
    assert_int_equal(scan_of(h, at), MOTCUA__SCAN__SCAN_CLEAN);
    (void)accept_as(h, &officer, at, MC_OK);
    (void)with_paper(h, 1); /* known to be clean */
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_SCAN), 0);
    free(content);
}

static void test_infected(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = with_paper(h, 2);
    uint8_t *content = pdf_of(MC_SCAN_PIECE + 100, 2);
    Dossier__ReadAttachmentRequest read = DOSSIER__READ_ATTACHMENT_REQUEST__INIT;
    Dossier__AttachRequest again = DOSSIER__ATTACH_REQUEST__INIT;

    assert_true(ack(h, &worker, lease(h, &worker)->token, MOTCUA__SCAN__SCAN_INFECTED,
                    "Eicar-Test-Signature"));
    assert_int_equal(harness_events(h, "dossier.file_infected"), 1);
    (void)accept_as(h, &officer, at, MC_CONFLICT);
    assert_true(harness_violated(h, "sha256", "FILE_INFECTED"));
    read.dossier_id = at->dossier_id;
    read.sha256 = mc_unconst(hash_of(content, MC_SCAN_PIECE + 100));
    harness_as(h, &alice);
    (void)harness_call(h, "ReadAttachment", &read.base, MC_CONFLICT);
    assert_true(harness_violated(h, "sha256", "FILE_INFECTED"));
    again.dossier_id = save_as(h, &alice, SINGLE, MC_OK)->dossier_id;
    again.component = again.file_name = mc_unconst("Đơn");
    again.content = (ProtobufCBinaryData){MC_SCAN_PIECE + 100, content};
    (void)harness_call(h, "Attach", &again.base, MC_CONFLICT);
    /* The officer asks for another; the bad one is taken out, and the dossier goes on. */
    at = advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    Dossier__DetachRequest detach = DOSSIER__DETACH_REQUEST__INIT;
    detach.dossier_id = at->dossier_id;
    detach.sha256 = read.sha256;
    detach.component = mc_unconst("Đơn");
    harness_as(h, &alice);
    (void)harness_call(h, "Detach", &detach.base, MC_OK);
    (void)accept_as(h, &officer, submit_as(h, &alice, at->dossier_id, MC_OK), MC_OK);
    free(content);
}

/* The answer to its call was lost: the same file again, and no other with it. */
static void test_a_repeat_takes_no_other_file(void **state)
{
    struct harness *h = *state;
    static const uint8_t id[MC_ID_LEN] = {1, 2, 3};
    Motcua__LeaseScansRequest req = MOTCUA__LEASE_SCANS_REQUEST__INIT;
    uint8_t token[64];

    (void)with_paper(h, 3);
    (void)with_paper(h, 4);
    harness_as(h, &worker);
    const Motcua__LeaseScansReply *job = harness_call_as(h, id, "LeaseScans", &req.base, MC_OK);
    ProtobufCBinaryData first = {job->token.len, token};
    assert_true(first.len > 0 && first.len <= sizeof token);
    memcpy(token, job->token.data, first.len);
    job = harness_call_as(h, id, "LeaseScans", &req.base, MC_OK);
    assert_int_equal(job->token.len, first.len);
    assert_memory_equal(job->token.data, token, first.len);
    assert_true(ack(h, &worker, first, MOTCUA__SCAN__SCAN_CLEAN, ""));
    harness_as(h, &worker);
    job = harness_call_as(h, id, "LeaseScans", &req.base, MC_OK);
    assert_int_equal(job->token.len, 0); /* it is done, and the other is for the next call */
    assert_int_not_equal(lease(h, &worker)->token.len, 0);
}

/* Away or confused: again after the back-off. Too large for it: the officer must ask for another.
 */
static void test_again_and_impossible(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = with_paper(h, 3);
    Motcua__LeaseScansReply *job = lease(h, &worker);

    assert_true(ack(h, &worker, job->token, MOTCUA__SCAN__SCAN_WAITING, ""));
    assert_int_equal(lease(h, &worker)->token.len, 0);
    harness_advance(h, 20 * 1000LL);
    job = lease(h, &other);
    assert_int_not_equal(job->token.len, 0);
    harness_advance(h, MC_SCAN_LEASE_MS); /* it died */
    Motcua__LeaseScansReply *next = lease(h, &worker);
    assert_false(ack(h, &other, job->token, MOTCUA__SCAN__SCAN_CLEAN, "")); /* too late */
    assert_true(ack(h, &worker, next->token, MOTCUA__SCAN__SCAN_IMPOSSIBLE, ""));
    assert_int_equal(harness_events(h, "dossier.file_unscannable"), 1);
    (void)accept_as(h, &officer, at, MC_CONFLICT);
    assert_true(harness_violated(h, "attachments", "FILE_UNSCANNABLE"));
    (void)with_paper(h, 3); /* handed in again: perhaps the scanner takes more by now */
    assert_int_equal(scan_of(h, at), MOTCUA__SCAN__SCAN_WAITING);
}

/* A file that is gone needs no scanner. */
static void test_gone(void **state)
{
    struct harness *h = *state;
    uint8_t *content = pdf_of(100, 4);
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    Dossier__DetachRequest detach = DOSSIER__DETACH_REQUEST__INIT;

    (void)attach_content(h, &alice, draft->dossier_id, content, 100, "Đơn");
    detach.dossier_id = draft->dossier_id;
    detach.sha256 = mc_unconst(hash_of(content, 100));
    detach.component = mc_unconst("Đơn");
    (void)harness_call(h, "Detach", &detach.base, MC_OK);
    harness_advance(h, DAY);
    harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_FILES), 0);
    assert_int_equal(lease(h, &worker)->token.len, 0);
    assert_int_equal(harness_jobs(h, DOSSIER_LANE_SCAN), 0);
    free(content);
}

/* By policy what is not scanned may go on; what is infected never. */
static void test_lenient(void **state)
{
    struct harness *h = *state;

    (void)accept_as(h, &officer, with_paper(h, 5), MC_OK);
    Dossier__DossierReply *at = with_paper(h, 5);
    assert_true(ack(h, &worker, lease(h, &worker)->token, MOTCUA__SCAN__SCAN_INFECTED, "bad"));
    (void)accept_as(h, &officer, at, MC_CONFLICT);
    assert_true(harness_violated(h, "sha256", "FILE_INFECTED"));
}

/* Found infected while the fee was being paid: the dossier hears of its money all the same. */
static void test_money_is_heard_of(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = accept_as(h, &officer, with_paper(h, 6), MC_OK);

    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, why, MC_OK);
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINANCIAL_OBLIGATION, why, MC_OK);
    assert_true(ack(h, &worker, lease(h, &worker)->token, MOTCUA__SCAN__SCAN_INFECTED, "bad"));
    pay(h, at->dossier_id);
    const Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);
    assert_int_equal(view->state, DOSSIER__STATE__PROCESSING);
    assert_int_equal(view->money, DOSSIER__MONEY_STATE__PAID);
    assert_int_equal(harness_events(h, "dossier.paid"), 1);
    assert_int_equal(harness_events(h, "dossier.event_refused"), 0);
}

static void test_limits(void **state)
{
    struct harness *h = *state;
    Motcua__LeaseScansRequest req = MOTCUA__LEASE_SCANS_REQUEST__INIT;

    harness_as(h, &worker);
    req.lease_ms = MC_SCAN_LEASE_MIN_MS - 1;
    (void)harness_call(h, "LeaseScans", &req.base, MC_INVALID);
    req.lease_ms = MC_SCAN_LEASE_MAX_MS + 1;
    (void)harness_call(h, "LeaseScans", &req.base, MC_INVALID);
    req.lease_ms = MC_SCAN_LEASE_MAX_MS;
    (void)harness_call(h, "LeaseScans", &req.base, MC_OK);
    req.wait_ms = MC_SCAN_WAIT_MAX_MS + 1;
    (void)harness_call(h, "LeaseScans", &req.base, MC_INVALID);
    harness_as(h, &alice);
    req.wait_ms = 0;
    (void)harness_call(h, "LeaseScans", &req.base, MC_DENIED); /* rooms only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clean, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_infected, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_a_repeat_takes_no_other_file, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_again_and_impossible, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_gone, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_lenient, open_lenient, close_room),
        cmocka_unit_test_setup_teardown(test_money_is_heard_of, open_lenient, close_room),
        cmocka_unit_test_setup_teardown(test_limits, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
