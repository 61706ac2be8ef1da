/* Linked procedures (liên thông), and what others were told of a dossier. */
#include "dossier_help.h"

#define BUNDLE "2.002622"
#define POLICE "000.21.31.H53"

static const struct mc_caller police = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fb",
    .unit = POLICE,
    .rights = all_rights,
    .rights_len = 4,
};

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

static Dossier__LinkedView *start(struct harness *h, const char *bundle, size_t parts,
                                  enum mc_status want)
{
    static const char *const procedures[] = {"1.000656", "1.003197", "1.001731", "1.001731"};
    Dossier__StartLinkedRequest req = DOSSIER__START_LINKED_REQUEST__INIT;
    Dossier__LinkedPartRequest rows[4];
    Dossier__LinkedPartRequest *list[4];

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        dossier__linked_part_request__init(&rows[i]);
        rows[i].procedure_code = mc_unconst(procedures[i]);
        rows[i].unit = mc_unconst(i == 1 ? POLICE : BEN_CAU);
        rows[i].form = mc_unconst("{}");
        list[i] = &rows[i];
    }
    req.bundle = mc_unconst(bundle);
    req.abstract = mc_unconst("Khai tử cho cha");
    req.parts = list;
    req.n_parts = parts;
    harness_as(h, &alice);
    return harness_call(h, "StartLinked", &req.base, want);
}

static Dossier__LinkedView *submit_all(struct harness *h, const struct mc_caller *caller,
                                       ProtobufCBinaryData group, enum mc_status want)
{
    Dossier__SubmitLinkedRequest req = DOSSIER__SUBMIT_LINKED_REQUEST__INIT;

    req.group_id = group;
    harness_as(h, caller);
    return harness_call(h, "SubmitLinked", &req.base, want);
}

static Dossier__LinkedView *linked(struct harness *h, const struct mc_caller *caller,
                                   ProtobufCBinaryData group, enum mc_status want)
{
    Dossier__GetLinkedRequest req = DOSSIER__GET_LINKED_REQUEST__INIT;

    req.group_id = group;
    harness_as(h, caller);
    return harness_call(h, "GetLinked", &req.base, want);
}

static Dossier__DossierReply part(struct harness *h, ProtobufCBinaryData group, size_t i)
{
    Dossier__DossierReply at = DOSSIER__DOSSIER_REPLY__INIT;
    const Dossier__LinkedView *view = linked(h, &alice, group, MC_OK);

    at.dossier_id = view->parts[i]->dossier->dossier_id;
    at.version = view->parts[i]->dossier->version;
    return at;
}

static int64_t check_by(struct harness *h, ProtobufCBinaryData group, size_t i)
{
    return get_as(h, &alice, part(h, group, i).dossier_id, MC_OK)->check_by_ms;
}

static void to_finished(struct harness *h, const struct mc_caller *caller,
                        const Dossier__DossierReply *new)
{
    Dossier__DossierReply *at = accept_as(h, caller, new, MC_OK);

    at = advance_as(h, caller, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    (void)advance_as(h, caller, at, DOSSIER__STATE__FINISHED, "", MC_OK);
}

static void test_one_request(void **state)
{
    struct harness *h = *state;
    Dossier__LinkedView *view = start(h, BUNDLE, 3, MC_OK);
    ProtobufCBinaryData group = view->group_id;

    assert_int_equal(view->n_parts, 3);
    assert_int_equal(view->state, DOSSIER__LINKED_STATE__LINKED_DRAFT);
    assert_int_equal(view->parts[1]->n_waits_for, 1);
    assert_int_equal(view->parts[1]->waits_for[0], 1);
    assert_string_equal(view->parts[1]->unit, POLICE);
    Dossier__DossierReply first = part(h, group, 0);
    (void)submit_as(h, &alice, first.dossier_id, MC_EXPIRED); /* together or not at all */
    assert_true(harness_violated(h, "", "LINKED_TOGETHER"));
    (void)submit_all(h, &bob, group, MC_NOT_FOUND);
    view = submit_all(h, &alice, group, MC_OK);
    assert_int_equal(view->state, DOSSIER__LINKED_STATE__LINKED_RUNNING);
    (void)submit_all(h, &alice, group, MC_EXPIRED);

    /* The second waits for the first, at another agency; no time counts against that meanwhile. */
    assert_int_not_equal(check_by(h, group, 0), 0);
    assert_int_equal(check_by(h, group, 1), 0);
    harness_advance(h, 30LL * DAY);
    harness_tick(h);
    Dossier__DossierReply second = part(h, group, 1);
    (void)accept_as(h, &police, &second, MC_EXPIRED);
    assert_true(harness_violated(h, "", "LINKED_WAITS"));
    first = part(h, group, 0);
    to_finished(h, &officer, &first);
    assert_int_equal(harness_events(h, "dossier.linked_ready"), 2); /* both that waited for it */
    assert_true(check_by(h, group, 1) > harness_now(h));
    second = part(h, group, 1);
    assert_int_equal(linked(h, &police, group, MC_OK)->parts[1]->n_waits_for, 0);
    to_finished(h, &police, &second);
    (void)linked(h, &stranger, group, MC_NOT_FOUND);

    Dossier__DossierReply third = part(h, group, 2);
    to_finished(h, &officer, &third);
    for (size_t i = 0; i < 3; i++) {
        Dossier__DossierReply at = part(h, group, i);

        assert_int_equal(linked(h, &alice, group, MC_OK)->state,
                         DOSSIER__LINKED_STATE__LINKED_RUNNING);
        (void)advance_as(h, i == 1 ? &police : &officer, &at, DOSSIER__STATE__RETURNED, "", MC_OK);
    }
    assert_int_equal(linked(h, &alice, group, MC_OK)->state, DOSSIER__LINKED_STATE__LINKED_DONE);
}

/* What waits for a part that came to nothing is not accepted; it can only be refused. */
static void test_lost(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData group = start(h, BUNDLE, 3, MC_OK)->group_id;

    (void)submit_all(h, &alice, group, MC_OK);
    Dossier__DossierReply first = part(h, group, 0);
    Dossier__DossierReply second = part(h, group, 1);
    (void)advance_as(h, &officer, &first, DOSSIER__STATE__REFUSED, why, MC_OK);
    (void)accept_as(h, &police, &second, MC_EXPIRED);
    assert_true(harness_violated(h, "", "LINKED_LOST"));
    const Dossier__LinkedView *view = linked(h, &alice, group, MC_OK);
    assert_true(view->parts[1]->lost);
    assert_int_equal(view->state, DOSSIER__LINKED_STATE__LINKED_BROKEN);
    (void)advance_as(h, &police, &second, DOSSIER__STATE__REFUSED, why, MC_OK);
}

/* One draft that cannot be sent, and none is. */
static void test_all_or_none(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData group = start(h, BUNDLE, 3, MC_OK)->group_id;
    Dossier__SaveDraftRequest req = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    (void)start(h, BUNDLE, 2, MC_INVALID);
    assert_true(harness_violated(h, "parts", "LINKED_PARTS"));
    (void)start(h, BUNDLE, 4, MC_INVALID);
    (void)start(h, "2.999999", 3, MC_INVALID);
    assert_int_equal(harness_rows(h, DOSSIER_DOSSIERS), 3); /* nothing was left of these */
    req.dossier_id = part(h, group, 0).dossier_id;
    req.procedure_code = mc_unconst(BIRTH);
    req.unit = mc_unconst(BEN_CAU);
    harness_as(h, &alice);
    (void)harness_call(h, "SaveDraft", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "procedure_code", "LINKED_SAME_PROCEDURE"));
}

static void test_bundles(void **state)
{
    struct harness *h = *state;
    Dossier__ListBundlesRequest req = DOSSIER__LIST_BUNDLES_REQUEST__INIT;
    Dossier__ListBundlesReply *all = harness_call(h, "ListBundles", &req.base, MC_OK);
    const struct dossier *dossier = harness_ctx(h);

    assert_int_equal(all->n_bundles, 2);
    for (size_t i = 0; i < all->n_bundles; i++)
        for (size_t j = 0; j < all->bundles[i]->n_parts; j++)
            assert_non_null(dossier_procedure_find(&dossier->catalogue,
                                                   all->bundles[i]->parts[j]->procedure_code));
}

static void load(const char *rows, enum mc_status want)
{
    static struct dossier_bundles table;
    char text[512];

    (void)snprintf(text, sizeof text, "bundle,name,part,procedure,after,origin\n%s", rows);
    assert_int_equal(dossier_bundles_load(&table, mc_key_text(text)), want);
}

static void test_bundle_table(void **state)
{
    (void)state;
    load("1,a,1,p,,\n1,a,2,q,1,\n1,a,3,r,1 2,\n2,b,1,p,,\n", MC_OK);
    load("1,a,1,p,1,\n", MC_INVALID);                      /* for itself */
    load("1,a,1,p,2,\n1,a,2,q,,\n", MC_INVALID);           /* for a later one */
    load("1,a,2,p,,\n", MC_INVALID);                       /* out of order */
    load("1,a,1,p,x,\n", MC_INVALID);                      /* no part */
    load("1,a,1,p,,\n2,b,1,p,,\n1,a,2,q,,\n", MC_INVALID); /* in two places */
    load("1,,1,p,,\n", MC_INVALID);
    load("1,a,1,,,\n", MC_INVALID);
}

static const struct mc_caller carrier = {.name = "room:sync", .who = MC_ROOM};

static Dossier__ListUnsyncedReply *unsynced(struct harness *h, uint32_t size, const char *token)
{
    Dossier__ListUnsyncedRequest req = DOSSIER__LIST_UNSYNCED_REQUEST__INIT;

    req.page_size = size;
    req.page_token = mc_unconst(token);
    harness_as(h, &carrier);
    return harness_call(h, "ListUnsynced", &req.base, MC_OK);
}

static void report(struct harness *h, const Dossier__DossierReply *at, uint64_t version,
                   const char *problem, enum mc_status want)
{
    Dossier__ReportSyncRequest req = DOSSIER__REPORT_SYNC_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = version;
    req.problem = mc_unconst(problem);
    harness_as(h, &carrier);
    (void)harness_call(h, "ReportSync", &req.base, want);
}

/* Business, money, delivery and sync are four things: what is carried is told apart from the rest.
 */
static void test_sync(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    assert_int_equal(unsynced(h, 10, "")->n_dossiers, 0); /* a draft is nobody's business */
    report(h, draft, 1, "", MC_NOT_FOUND);
    Dossier__DossierReply *at = submit_as(h, &alice, draft->dossier_id, MC_OK);
    harness_advance(h, HOUR);
    Dossier__DossierReply *other = sent(h, SINGLE);
    Dossier__ListUnsyncedReply *all = unsynced(h, 1, "");
    assert_int_equal(all->n_dossiers, 1);
    assert_memory_equal(all->dossiers[0]->dossier_id.data, at->dossier_id.data, MC_ID_LEN);
    all = unsynced(h, 1, all->next_page_token);
    assert_memory_equal(all->dossiers[0]->dossier_id.data, other->dossier_id.data, MC_ID_LEN);
    assert_string_equal(all->next_page_token, "");

    report(h, at, at->version + 1, "", MC_INVALID); /* what is not there was not carried */
    report(h, at, at->version, "DVCQG: -1", MC_OK);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->sync,
                     DOSSIER__SYNC_STATE__SYNC_FAILED);
    uint64_t before = at->version;
    at = accept_as(h, &officer, at, MC_OK); /* the officer's screen was not stale */
    report(h, at, before, "", MC_OK);       /* the version before: not all of it */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->sync,
                     DOSSIER__SYNC_STATE__SYNC_PENDING);
    report(h, at, at->version, "", MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->sync, DOSSIER__SYNC_STATE__SYNC_DONE);
    assert_int_equal(view->synced_at_ms, harness_now(h));
    assert_int_equal(view->version, at->version);
    assert_int_equal(unsynced(h, 10, "")->n_dossiers, 1);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    assert_int_equal(unsynced(h, 10, "")->n_dossiers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_request, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_lost, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_all_or_none, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_bundles, open_room, close_room),
        cmocka_unit_test(test_bundle_table),
        cmocka_unit_test_setup_teardown(test_sync, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
