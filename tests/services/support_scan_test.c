/* The virus scanner as the support room sees it: which files are looked at, used and given out. */
#include "support_help.h"

static const struct mc_caller worker = {.name = "room:scanworker", .who = MC_ROOM};

static struct harness *open_with(const char *setting)
{
    const char *settings[] = {"support.scanner=true", setting, NULL};

    return harness_open(&support_room, settings);
}

static const Motcua__LeaseScansReply *lease(struct harness *h)
{
    Motcua__LeaseScansRequest req = MOTCUA__LEASE_SCANS_REQUEST__INIT;

    harness_as(h, &worker);
    return harness_call(h, "LeaseScans", &req.base, MC_OK);
}

/* The next file that waits gets this judgement. */
static void judge(struct harness *h, Motcua__Scan scan, const char *malware)
{
    Motcua__AckScanRequest req = MOTCUA__ACK_SCAN_REQUEST__INIT;

    req.token = lease(h)->token;
    req.scan = scan;
    req.malware = mc_unconst(malware);
    harness_as(h, &worker);
    const Motcua__AckScanReply *rep = harness_call(h, "AckScan", &req.base, MC_OK);
    assert_true(rep->held);
}

static ProtobufCBinaryData keep(ProtobufCBinaryData id)
{
    static uint8_t ids[16][MC_ID_LEN];
    static size_t next;
    uint8_t *kept = ids[next++ % MC_LEN(ids)];

    assert_int_equal(id.len, MC_ID_LEN);
    memcpy(kept, id.data, MC_ID_LEN);
    return (ProtobufCBinaryData){MC_ID_LEN, kept};
}

static ProtobufCBinaryData upload_as_maker(struct harness *h, uint64_t size)
{
    as_maker(h);
    return keep(upload_png(h, size));
}

static const Support__Request *request_with(struct harness *h, ProtobufCBinaryData file,
                                            enum mc_status want)
{
    Support__RequestForm form = form_of("Lỗi đồng bộ");

    as_maker(h);
    return create_with(h, &form, 1, &file, want);
}

static void read_one(struct harness *h, ProtobufCBinaryData id, enum mc_status want,
                     const char *code)
{
    Support__ReadFileRequest read = SUPPORT__READ_FILE_REQUEST__INIT;

    read.file_id = id;
    as_staff(h);
    (void)harness_call(h, "ReadFile", &read.base, want);
    if (code != NULL)
        assert_true(harness_violated(h, "file_id", code));
}

static void test_clean(void **state)
{
    struct harness *h = open_with(NULL);
    Motcua__ReadScanRequest req = MOTCUA__READ_SCAN_REQUEST__INIT;

    (void)state;
    ProtobufCBinaryData id = upload_as_maker(h, MC_SCAN_PIECE + 10);
    const Support__Request *at = request_with(h, id, MC_OK);
    assert_int_equal(at->files[0]->scan, MOTCUA__SCAN__SCAN_WAITING);
    read_one(h, id, MC_BUSY, "FILE_NOT_SCANNED");
    const Motcua__LeaseScansReply *job = lease(h);
    assert_int_equal(job->size, MC_SCAN_PIECE + 10);
    uint8_t token[64];
    assert_in_range(job->token.len, 1, sizeof token);
    memcpy(token, job->token.data, job->token.len);
    req.token = (ProtobufCBinaryData){job->token.len, token};
    req.offset = MC_SCAN_PIECE;
    harness_as(h, &worker);
    const Motcua__ReadScanReply *rep = harness_call(h, "ReadScan", &req.base, MC_OK);
    assert_int_equal(rep->content.len, 10);
    Motcua__AckScanRequest ack = MOTCUA__ACK_SCAN_REQUEST__INIT;
    ack.token = req.token;
    ack.scan = MOTCUA__SCAN__SCAN_CLEAN;
    (void)harness_call(h, "AckScan", &ack.base, MC_OK);
    assert_int_equal(harness_jobs(h, SUPPORT_LANE_SCAN), 0);
    read_one(h, id, MC_OK, NULL);
    as_maker(h);
    assert_int_equal(get(h, at, MC_OK)->files[0]->scan, MOTCUA__SCAN__SCAN_CLEAN);
    harness_close(h);
}

/* Before it is used nothing takes it; afterwards nobody gets it, and its request says why. */
static void test_infected(void **state)
{
    struct harness *h = open_with(NULL);

    (void)state;
    ProtobufCBinaryData early = upload_as_maker(h, 100);
    judge(h, MOTCUA__SCAN__SCAN_INFECTED, "Eicar-Test-Signature");
    assert_null(request_with(h, early, MC_CONFLICT));
    assert_true(harness_violated(h, "file_ids", "FILE_INFECTED"));

    ProtobufCBinaryData late = upload_as_maker(h, 100);
    const Support__Request *at = request_with(h, late, MC_OK);
    judge(h, MOTCUA__SCAN__SCAN_INFECTED, "Eicar-Test-Signature");
    assert_int_equal(harness_events(h, "support.file_infected"), 2);
    read_one(h, late, MC_CONFLICT, "FILE_INFECTED");
    as_staff(h);
    at = get(h, at, MC_OK);
    assert_int_equal(at->files[0]->scan, MOTCUA__SCAN__SCAN_INFECTED);
    assert_string_equal(at->files[0]->malware, "Eicar-Test-Signature");
    harness_close(h);
}

static void test_unscannable(void **state)
{
    struct harness *h = open_with(NULL);

    (void)state;
    ProtobufCBinaryData id = upload_as_maker(h, 100);
    (void)request_with(h, id, MC_OK);
    judge(h, MOTCUA__SCAN__SCAN_IMPOSSIBLE, "");
    assert_int_equal(harness_events(h, "support.file_unscannable"), 1);
    read_one(h, id, MC_CONFLICT, "FILE_UNSCANNABLE");
    harness_close(h);
}

static void test_not_required(void **state)
{
    struct harness *h = open_with("support.scan_required=false");

    (void)state;
    ProtobufCBinaryData id = upload_as_maker(h, 100);
    (void)request_with(h, id, MC_OK);
    read_one(h, id, MC_OK, NULL);
    judge(h, MOTCUA__SCAN__SCAN_INFECTED, "bad");
    read_one(h, id, MC_CONFLICT, "FILE_INFECTED");
    harness_close(h);
}

/* What is gone before the scanner came to it is no work; without a scanner nothing is. */
static void test_gone_and_off(void **state)
{
    struct harness *h = open_with("support.upload_life=1h");

    (void)state;
    (void)upload_as_maker(h, 100);
    assert_int_equal(harness_jobs(h, SUPPORT_LANE_SCAN), 1);
    harness_advance(h, HOUR_MS);
    harness_tick(h);
    assert_int_equal(lease(h)->token.len, 0);
    assert_int_equal(harness_jobs(h, SUPPORT_LANE_SCAN), 0);
    harness_close(h);

    h = harness_open(&support_room, NULL);
    ProtobufCBinaryData id = upload_as_maker(h, 100);
    assert_int_equal(harness_jobs(h, SUPPORT_LANE_SCAN), 0);
    assert_int_equal(request_with(h, id, MC_OK)->files[0]->scan, MOTCUA__SCAN__SCAN_OFF);
    read_one(h, id, MC_OK, NULL);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),        cmocka_unit_test(test_infected),
        cmocka_unit_test(test_unscannable),  cmocka_unit_test(test_not_required),
        cmocka_unit_test(test_gone_and_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
