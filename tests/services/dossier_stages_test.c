/* The state table: every step allowed, every other refused, and what each brings about. */
#include <stdlib.h>

#include "common/csv.h"

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

struct transition {
    int from;
    int to;
    char actor[64];
};

/* The rows of the domain's own table; "-" is 0, a draft. */
static size_t read_transitions(struct transition *rows, size_t max)
{
    static char text[16384];
    FILE *file = fopen(MC_SOURCE_DIR "/tests/vectors/dossier_transitions.csv", "re");
    struct mc_csv csv;
    size_t n = 0;

    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    assert_int_equal(fclose(file), 0);
    mc_csv_open(&csv, text, len);
    assert_true(mc_csv_next(&csv));
    for (; mc_csv_next(&csv); n++) {
        char from[8];
        char to[8];

        assert_true(n < max);
        assert_true(mc_csv_copy(&csv, 0, from, sizeof from));
        assert_true(mc_csv_copy(&csv, 1, to, sizeof to));
        assert_true(mc_csv_copy(&csv, 2, rows[n].actor, sizeof rows[n].actor));
        rows[n].from = from[0] == '-' ? 0 : (int)strtol(from, NULL, 10);
        rows[n].to = (int)strtol(to, NULL, 10);
    }
    assert_int_equal(csv.status, MC_OK);
    return n;
}

static const struct transition *transition_of(const struct transition *rows, size_t n, int from,
                                              int to)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].from == from && rows[i].to == to)
            return &rows[i];
    return NULL;
}

static bool names(const struct transition *row, const char *actor)
{
    return strstr(row->actor, actor) != NULL;
}

/* The code's table and the domain's say the same, row by row. */
static void test_table_is_the_domains(void **state)
{
    (void)state;
    struct transition rows[40];
    size_t n = read_transitions(rows, MC_LEN(rows));
    size_t len = 0;
    const struct dossier_stage *stages = dossier_stages(&len);

    assert_int_equal(n, 31);
    assert_int_equal(len, 31);
    for (size_t i = 0; i < len; i++) {
        const struct transition *row =
            transition_of(rows, n, (int)stages[i].from, (int)stages[i].to);

        assert_non_null(row);
        assert_int_equal((stages[i].actors & DOSSIER_BY_CITIZEN) != 0, names(row, "citizen"));
        assert_int_equal((stages[i].actors & DOSSIER_BY_OFFICER) != 0,
                         names(row, "officer") || names(row, "leader"));
        assert_int_equal((stages[i].actors & DOSSIER_BY_PAYMENT) != 0, names(row, "payment"));
        assert_int_equal((stages[i].actors & DOSSIER_BY_SYSTEM) != 0,
                         names(row, "system") || names(row, "tax notice"));
        assert_int_equal(stages[i].consent, strcmp(row->actor, "citizen+officer") == 0);
    }
    assert_true(dossier_state_is_final(DOSSIER__STATE__REFUSED));
    assert_true(dossier_state_is_final(DOSSIER__STATE__WITHDRAWN));
    assert_true(dossier_state_is_final(DOSSIER__STATE__STOPPED));
    assert_true(dossier_state_is_final(DOSSIER__STATE__RETURNED));
    assert_false(dossier_state_is_final(DOSSIER__STATE__FINISHED));
}

/* Steps that depend on whether the dossier was ever accepted. */
static bool fits_acceptance(int from, int to, bool accepted)
{
    if (from != 5)
        return true;
    if (to == 1 || to == 2 || to == 3)
        return !accepted;
    return to == 7 || accepted;
}

static bool allowed(const struct transition *row, bool by_officer, bool accepted)
{
    if (row == NULL || !fits_acceptance(row->from, row->to, accepted))
        return false;
    return by_officer ? names(row, "officer") || names(row, "leader") : names(row, "citizen");
}

static void try_step(struct harness *h, const struct transition *row, Dossier__State from,
                     Dossier__State to, bool by_officer, bool accepted)
{
    Dossier__DossierReply *at = in_state(h, from, accepted);
    bool both = row != NULL && strcmp(row->actor, "citizen+officer") == 0;
    bool may = allowed(row, by_officer, accepted);

    if (both && by_officer) /* the citizen asks first */
        at = advance_as(h, &alice, at, to, "", MC_OK);
    Dossier__DossierReply *after =
        advance_as(h, by_officer ? &officer : &alice, at, to, why, may ? MC_OK : MC_EXPIRED);
    if (!may) {
        assert_true(harness_violated(h, "to", "TRANSITION_NOT_ALLOWED"));
        return;
    }
    assert_int_equal(after->state, both && !by_officer ? from : to);
    assert_int_equal(after->version, at->version + 1);
}

/* Every state (5 and 6 accepted or not), every target, citizen and officer. */
static void test_every_step(void **state)
{
    (void)state;
    struct transition rows[40];
    size_t n = read_transitions(rows, MC_LEN(rows));

    for (int from = 0; from <= 10; from++) {
        struct harness *h = harness_open(&dossier_room, NULL);

        for (int to = 0; to <= 10; to++)
            for (int variant = 0; variant < 4; variant++) {
                bool by_officer = (variant & 1) != 0;
                bool accepted = (variant & 2) != 0;

                if (from == 0 && by_officer)
                    continue; /* a draft does not exist for officers */
                if (accepted && from != 5 && from != 6)
                    continue;
                try_step(h, transition_of(rows, n, from, to), (Dossier__State)from,
                         (Dossier__State)to, by_officer, accepted);
            }
        harness_close(h);
    }
}

/* S15: «Gửi hồ sơ» at 09:20, accepted at 09:32. */
static void test_submission_to_acceptance(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    assert_int_equal(draft->internal_number, 1);
    assert_string_equal(draft->code, ""); /* DOS-09 */
    assert_int_equal(draft->state, DOSSIER__STATE__DRAFT);
    Dossier__DossierReply *new = submit_as(h, &alice, draft->dossier_id, MC_OK);
    assert_int_equal(new->state, DOSSIER__STATE__NEW);
    assert_string_equal(new->code, "");
    assert_string_equal(new->message, "Hồ sơ đã gửi"); /* DOS-06 */

    harness_set_clock(h, local(2026, 9, 7, 9, 32));
    Dossier__DossierReply *accepted = accept_as(h, &officer, new, MC_OK);
    assert_string_equal(accepted->code, "000.20.31.H53-260907-0001"); /* DOS-08 */
    assert_int_equal(accepted->state, DOSSIER__STATE__RECEIVED);
    assert_int_equal(accepted->due_at_ms, local(2026, 9, 10, 9, 32));

    Dossier__DossierView *view = get_as(h, &officer, new->dossier_id, MC_OK);
    assert_int_equal(view->sent_at_ms, local(2026, 9, 7, 9, 20)); /* DOS-10 */
    assert_int_equal(view->received_at_ms, local(2026, 9, 7, 9, 32));
    assert_int_equal(view->money, DOSSIER__MONEY_STATE__NOTHING_DUE);
    assert_int_equal(view->n_history, 2);
    assert_int_equal(view->history[1]->from, DOSSIER__STATE__NEW);
    assert_int_equal(view->history[1]->to, DOSSIER__STATE__RECEIVED);
    assert_string_equal(view->state_name, "Được tiếp nhận");

    const Motcua__Event *event = NULL;
    Dossier__Changed *told =
        harness_last_event(h, "dossier.accepted", &dossier__changed__descriptor, &event);
    assert_string_equal(told->code, accepted->code);
    assert_string_equal(told->owner_account, ALICE_ID);
    assert_string_equal(told->unit_name, "Thị trấn Bến Cầu");
    assert_int_equal(told->fee, 0);
    assert_int_equal(event->n_keys, 3);
    assert_string_equal(event->keys[1], "account:" ALICE_ID);
    assert_string_equal(event->keys[2], "dossier:000.20.31.H53-260907-0001");
    assert_int_equal(harness_events(h, "dossier.drafted"), 1);
    assert_int_equal(harness_events(h, "dossier.sent"), 1);
}

/* S17: asked on 09/09 10:00, answered and resumed on 11/09 10:00; two working days. */
static void test_supplement_moves_the_due_time(void **state)
{
    struct harness *h = *state;

    harness_set_clock(h, local(2026, 9, 9, 9, 0));
    Dossier__DossierReply *at = processing(h);
    assert_int_equal(at->due_at_ms, local(2026, 9, 14, 9, 0));
    harness_set_clock(h, local(2026, 9, 9, 10, 0));
    at = advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_string_equal(view->state_name, "Yêu cầu bổ sung hồ sơ");       /* DOS-06 */
    assert_string_equal(view->history[view->n_history - 1]->reason, why); /* DOS-07 */

    /* The citizen answers; the officer looks only three days later, at no cost to the agency. */
    harness_set_clock(h, local(2026, 9, 11, 10, 0));
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(at->state, DOSSIER__STATE__SUPPLEMENT_REQUESTED);
    assert_int_equal(harness_events(h, "dossier.supplemented"), 1);
    harness_set_clock(h, local(2026, 9, 14, 10, 0));
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    assert_int_equal(at->due_at_ms, local(2026, 9, 16, 9, 0));

    /* A second request needs the leader. */
    static const char *const rights[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS"};
    struct mc_caller clerk = officer;
    clerk.rights = rights;
    clerk.rights_len = MC_LEN(rights);
    (void)advance_as(h, &clerk, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_DENIED);
    assert_true(harness_violated(h, "to", "SUPPLEMENT_ONCE"));
    (void)advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
}

/* A supplement before acceptance: content may be mended, the dossier is NEW again, then accepted.
 */
static void test_supplement_before_acceptance(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, false);
    Dossier__SaveDraftRequest mend = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    assert_string_equal(at->code, "");
    assert_int_equal(at->due_at_ms, 0);
    mend.dossier_id = at->dossier_id;
    mend.procedure_code = mc_unconst(SINGLE);
    mend.unit = mc_unconst(BEN_CAU);
    mend.form = mc_unconst("{\"coChuKy\":true}");
    harness_as(h, &alice);
    (void)harness_call(h, "SaveDraft", &mend.base, MC_OK);
    mend.procedure_code = mc_unconst(BIRTH);
    (void)harness_call(h, "SaveDraft", &mend.base, MC_INVALID);
    assert_true(harness_violated(h, "procedure_code", "SUPPLEMENT_SAME_PROCEDURE"));
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(at->state, DOSSIER__STATE__NEW);
    at = accept_as(h, &officer, at, MC_OK);
    assert_int_not_equal(at->due_at_ms, 0);
    assert_string_equal(get_as(h, &alice, at->dossier_id, MC_OK)->form, "{\"coChuKy\":true}");
}

/* A reason is needed wherever somebody is turned away; S19: a refused dossier stays refused.
 */
static void test_reasons(void **state)
{
    struct harness *h = *state;
    static const struct {
        Dossier__State from;
        Dossier__State to;
    } rows[] = {
        {DOSSIER__STATE__NEW, DOSSIER__STATE__REFUSED},
        {DOSSIER__STATE__NEW, DOSSIER__STATE__SUPPLEMENT_REQUESTED},
        {DOSSIER__STATE__PROCESSING, DOSSIER__STATE__STOPPED},
        {DOSSIER__STATE__FINISHED, DOSSIER__STATE__PROCESSING},
    };

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        Dossier__DossierReply *at = in_state(h, rows[i].from, false);

        (void)advance_as(h, &officer, at, rows[i].to, "  \t ", MC_INVALID);
        assert_true(harness_violated(h, "reason", "REASON_REQUIRED"));
        (void)advance_as(h, &officer, at, rows[i].to, why, MC_OK);
    }
    Dossier__DossierReply *refused = in_state(h, DOSSIER__STATE__REFUSED, false);
    (void)accept_as(h, &officer, refused, MC_EXPIRED);
    assert_true(harness_violated(h, "to", "TRANSITION_NOT_ALLOWED"));
    (void)submit_as(h, &alice, refused->dossier_id, MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_SENT_ALREADY"));
    assert_true(harness_events(h, "dossier.advanced") >= 5);
}

static void test_reason_limit(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = sent(h, SINGLE);
    static char reason[1002];

    memset(reason, 'x', 1001);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__REFUSED, reason, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_TOO_LONG"));
    reason[1000] = '\0';
    (void)advance_as(h, &officer, at, DOSSIER__STATE__REFUSED, reason, MC_OK);
}

/* What is refused says what would be possible. */
static void test_refusal_names_what_is_possible(void **state)
{
    struct harness *h = *state;

    (void)advance_as(h, &officer, received(h), DOSSIER__STATE__RETURNED, "", MC_EXPIRED);
    const char *text = harness_header(h)->violations[0]->message;
    assert_non_null(strstr(text, "Được tiếp nhận"));
    assert_non_null(strstr(text, "Đang xử lý"));
    assert_non_null(strstr(text, "Đã xử lý xong"));
    assert_null(strstr(text, "Mới đăng ký"));
}

/* Two officers, one screen: the second one's is stale. */
static void test_stale_version(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *new = sent(h, SINGLE);
    Dossier__DossierReply *first = accept_as(h, &officer, new, MC_OK);

    (void)accept_as(h, &district, new, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "STALE_VERSION"));
    (void)advance_as(h, &district, new, DOSSIER__STATE__PROCESSING, "", MC_CONFLICT);
    (void)advance_as(h, &officer, first, DOSSIER__STATE__PROCESSING, "", MC_OK);
    (void)advance_as(h, &district, first, DOSSIER__STATE__PROCESSING, "", MC_CONFLICT);
}

/* Withdrawing an accepted dossier takes two: the citizen asks, an officer confirms. */
static void test_withdrawal_takes_two(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = processing(h);

    (void)advance_as(h, &officer, at, DOSSIER__STATE__WITHDRAWN, "", MC_EXPIRED);
    assert_true(harness_violated(h, "to", "WITHDRAW_NOT_ASKED"));
    at = advance_as(h, &alice, at, DOSSIER__STATE__WITHDRAWN, "Tôi đổi ý", MC_OK);
    assert_int_equal(at->state, DOSSIER__STATE__PROCESSING);
    assert_int_equal(harness_events(h, "dossier.withdraw_asked"), 1);
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    at = advance_as(h, &officer, at, DOSSIER__STATE__WITHDRAWN, "", MC_OK);
    assert_int_equal(at->state, DOSSIER__STATE__WITHDRAWN);
}

static void test_rights(void **state)
{
    struct harness *h = *state;
    static const char *const rights[] = {"DOSSIER_PROCESS"};
    struct mc_caller clerk = officer;
    clerk.rights = rights;
    clerk.rights_len = MC_LEN(rights);

    (void)accept_as(h, &clerk, sent(h, SINGLE), MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    (void)advance_as(h, &clerk, sent(h, SINGLE), DOSSIER__STATE__REFUSED, why, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    Dossier__DossierReply *at = processing(h);
    at = advance_as(h, &clerk, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    (void)advance_as(h, &clerk, at, DOSSIER__STATE__FINISHED, "", MC_DENIED);
    (void)advance_as(h, &clerk, finished(h), DOSSIER__STATE__RETURNED, "", MC_DENIED);
    /* Citizens have no rights of officers, whoever's dossier it is. */
    (void)accept_as(h, &alice, sent(h, SINGLE), MC_DENIED);
}

/* An officer's own dossier is decided by another. */
static void test_own_dossier(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *own = save_as(h, &officer, SINGLE, MC_OK);

    own = submit_as(h, &officer, own->dossier_id, MC_OK);
    (void)accept_as(h, &officer, own, MC_DENIED);
    assert_true(harness_violated(h, "", "OWN_DOSSIER"));
    (void)advance_as(h, &officer, own, DOSSIER__STATE__RECEIVED, "", MC_EXPIRED);
    (void)accept_as(h, &district, own, MC_OK);
}

/* The fee of the seed: 1.000 VND for a birth at Bến Cầu, due from acceptance on. */
static void test_fee(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = accept_as(h, &officer, sent(h, BIRTH), MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    Dossier__Changed *told =
        harness_last_event(h, "dossier.accepted", &dossier__changed__descriptor, NULL);

    assert_int_equal(view->money, DOSSIER__MONEY_STATE__DUE);
    assert_int_equal(view->fee, 1000);
    assert_int_equal(told->fee, 1000);
    assert_int_equal(at->due_at_ms, local(2026, 9, 7, 17, 0)); /* same day, before 15:00 */

    pay(h, at->dossier_id);
    pay(h, at->dossier_id); /* told twice, true once */
    view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->money, DOSSIER__MONEY_STATE__PAID);
    assert_int_equal(view->state, DOSSIER__STATE__RECEIVED);
    assert_int_equal(harness_events(h, "dossier.paid"), 1);
}

static void told_of_order(struct harness *h, const char *event, ProtobufCBinaryData dossier,
                          char order)
{
    Payment__OrderChanged body = PAYMENT__ORDER_CHANGED__INIT;
    const char *const keys[] = {"payment:x", NULL};
    uint8_t id[MC_ID_LEN];

    memset(id, order, sizeof id);
    body.order_id = (ProtobufCBinaryData){sizeof id, id};
    body.dossier_id = dossier;
    harness_event(h, "payment", event, &body.base, keys);
}

/* The money went back: the dossier says so, and stays where it is. */
static void test_refund(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = accept_as(h, &officer, sent(h, BIRTH), MC_OK);
    Dossier__ListMineRequest list = DOSSIER__LIST_MINE_REQUEST__INIT;

    told_of_order(h, "payment.refunded", at->dossier_id, 'a'); /* nothing was paid */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->money, DOSSIER__MONEY_STATE__DUE);
    told_of_order(h, "payment.paid", at->dossier_id, 'a');
    told_of_order(h, "payment.refunded", at->dossier_id, 'b'); /* not the order that paid it */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->money, DOSSIER__MONEY_STATE__PAID);
    told_of_order(h, "payment.refunded", at->dossier_id, 'a');
    told_of_order(h, "payment.refunded", at->dossier_id, 'a');
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->money, DOSSIER__MONEY_STATE__REFUNDED);
    assert_int_equal(view->state, DOSSIER__STATE__RECEIVED);
    assert_int_equal(view->due_at_ms, at->due_at_ms);
    assert_int_equal(harness_events(h, "dossier.refunded"), 1);
    Dossier__ListReply *mine = harness_call(h, "ListMine", &list.base, MC_OK);
    assert_int_equal(mine->dossiers[0]->money, DOSSIER__MONEY_STATE__REFUNDED);
    told_of_order(h, "payment.paid", at->dossier_id, 'b'); /* another order instead of it */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->money, DOSSIER__MONEY_STATE__PAID);
    told_of_order(h, "payment.refunded", (ProtobufCBinaryData){0}, 'a'); /* of no dossier of ours */
    assert_int_equal(harness_events(h, "dossier.refunded"), 1);
}

/* Paid before the order was kept with it: any refund of its orders is the one. */
static void test_refund_of_an_old_payment(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = accept_as(h, &officer, sent(h, BIRTH), MC_OK);

    pay(h, at->dossier_id);
    told_of_order(h, "payment.refunded", at->dossier_id, 'a');
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->money,
                     DOSSIER__MONEY_STATE__REFUNDED);
}

/* 6 → 1 resets the time of sending; 6 → 4 extends the due time. */
static void test_payment_moves_on(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *early = in_state(h, DOSSIER__STATE__FINANCIAL_OBLIGATION, false);
    Dossier__DossierReply *late = in_state(h, DOSSIER__STATE__FINANCIAL_OBLIGATION, true);

    assert_int_equal(late->due_at_ms, local(2026, 9, 10, 9, 20));
    (void)accept_as(h, &officer, early, MC_EXPIRED); /* not before it is paid for */
    harness_set_clock(h, local(2026, 9, 8, 9, 20));
    pay(h, early->dossier_id);
    pay(h, late->dossier_id);
    Dossier__DossierView *view = get_as(h, &officer, early->dossier_id, MC_OK);
    assert_int_equal(view->state, DOSSIER__STATE__NEW);
    assert_int_equal(view->sent_at_ms, local(2026, 9, 8, 9, 20));
    assert_int_equal(view->money, DOSSIER__MONEY_STATE__PAID);
    view = get_as(h, &officer, late->dossier_id, MC_OK);
    assert_int_equal(view->state, DOSSIER__STATE__PROCESSING);
    assert_int_equal(view->due_at_ms, local(2026, 9, 11, 9, 20));
    assert_int_equal(harness_events(h, "dossier.paid"), 2);
}

static void test_payment_of_unknown_dossiers(void **state)
{
    struct harness *h = *state;
    Payment__OrderChanged paid = PAYMENT__ORDER_CHANGED__INIT;
    const char *const keys[] = {"payment:x", NULL};

    harness_event(h, "payment", "payment.paid", &paid.base, keys);
    paid.dossier_code = mc_unconst("000.20.31.H53-260907-0001");
    harness_event(h, "payment", "payment.paid", &paid.base, keys);
    paid.dossier_id = (ProtobufCBinaryData){3, (uint8_t *)mc_unconst("abc")};
    harness_event(h, "payment", "payment.paid", &paid.base, keys);
    assert_int_equal(harness_events(h, "dossier.paid"), 0);
    /* By its code alone. */
    Dossier__DossierReply *at = accept_as(h, &officer, sent(h, BIRTH), MC_OK);
    paid.dossier_id = (ProtobufCBinaryData){0};
    paid.dossier_code = at->code;
    harness_event(h, "payment", "payment.paid", &paid.base, keys);
    assert_int_equal(harness_events(h, "dossier.paid"), 1);
}

static void test_hand_over(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = finished(h);

    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->finished_at_ms, harness_now(h));
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, why, MC_OK);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->finished_at_ms, 0);
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    at = advance_as(h, &officer, at, DOSSIER__STATE__RETURNED, "", MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->returned_at_ms, harness_now(h));
    assert_string_equal(view->state_name, "Đã trả kết quả");
}

/* A dossier that is forwarded for ever would grow for ever. */
static void test_history_limit(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = processing(h);

    for (int i = 3; i < DOSSIER_STEPS_MAX; i++)
        at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_LIMITED);
    assert_true(harness_violated(h, "", "HISTORY_FULL"));
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->n_history, DOSSIER_STEPS_MAX);
    /* It can still be brought to its end. */
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, why, MC_LIMITED);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__RETURNED, "", MC_OK);
}

int main(void)
{
#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_the_domains),
        cmocka_unit_test(test_every_step),
        ROOM_TEST(test_submission_to_acceptance),
        ROOM_TEST(test_supplement_moves_the_due_time),
        ROOM_TEST(test_supplement_before_acceptance),
        ROOM_TEST(test_reasons),
        ROOM_TEST(test_reason_limit),
        ROOM_TEST(test_refusal_names_what_is_possible),
        ROOM_TEST(test_stale_version),
        ROOM_TEST(test_withdrawal_takes_two),
        ROOM_TEST(test_rights),
        ROOM_TEST(test_own_dossier),
        ROOM_TEST(test_fee),
        ROOM_TEST(test_refund),
        ROOM_TEST(test_refund_of_an_old_payment),
        ROOM_TEST(test_payment_moves_on),
        ROOM_TEST(test_payment_of_unknown_dossiers),
        ROOM_TEST(test_hand_over),
        ROOM_TEST(test_history_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
