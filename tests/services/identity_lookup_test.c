/* Registration by social insurance and Vietnam Post, ported numbers, the population register. */
#include "../common/vectors.h"
#include "identity_help.h"
#include "services/identity/account.h"
#include "services/identity/lookup.h"

#define URL(name)    "https://lookup.test/" name
#define ASKED(name)  "\"" name "\":"
#define MISMATCH     "{\"result\":\"MISMATCH\",\"fields\":[\"birth_date\"]}"
#define NOT_FOUND    "{\"result\":\"NOT_FOUND\"}"
#define INSURANCE_NO "7900000101"

static int open_all_urls(void **state)
{
    static const char *const settings[] = {
        "identity.carrier_url=" URL("carrier/{carrier}/check"),
        "identity.carriers=mobifone=https://mobifone.test/kyc",
        "identity.mnp_url=" URL("mnp"),
        "identity.insurance_url=" URL("insurance"),
        "identity.insurance_find_url=" URL("find"),
        "identity.post_url=" URL("post"),
        "identity.population_url=" URL("population"),
        NULL,
    };

    if (mc_arena_init(&kept, 1 << 20) != MC_OK)
        return -1;
    *state = harness_open(&identity_room, settings);
    return 0;
}

static Identity__StartRegistrationRequest form_by(const char *method, const struct person *person)
{
    Identity__StartRegistrationRequest form = form_of(person);

    form.method = text(method);
    if (strcmp(method, "SOCIAL_INSURANCE") == 0)
        form.insurance_no = text(INSURANCE_NO);
    if (strcmp(method, "VNPOST") == 0)
        form.post_account = text("binh.nguyen@vnpost.example");
    return form;
}

static ProtobufCBinaryData start_by(struct harness *h, const char *method,
                                    const struct person *person)
{
    Identity__StartRegistrationRequest form = form_by(method, person);
    const Identity__StartRegistrationReply *reply =
        harness_call(h, "StartRegistration", &form.base, MC_OK);

    return reply->registration_id;
}

/* Performs the look-up due and plays the other side; returns what was asked. */
static struct harness_exchange says(struct harness *h, const char *kind, unsigned status,
                                    const char *body)
{
    struct harness_exchange exchange;

    if (!harness_effect(h, kind, &exchange))
        fail_msg("%s is not due", kind);
    harness_answer(h, &exchange, status, body);
    return exchange;
}

static void is_state(struct harness *h, ProtobufCBinaryData id, Identity__RegistrationState want)
{
    assert_int_equal(registration(h, id)->state, want);
}

static const char *finish(struct harness *h, ProtobufCBinaryData id, const struct person *person)
{
    code_goes_out(h);
    Identity__FinishRegistrationRequest request = finish_of(h, id, person);
    const Identity__FinishRegistrationReply *reply =
        harness_call(h, "FinishRegistration", &request.base, MC_OK);

    assert_int_equal(reply->ial, 2); /* REG-07 */
    return reply->account_id;
}

/* REG-26, REG-27, REG-31, SYS-09 */
static void a_citizen_registers_by_social_insurance_REG_31(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_by(h, "SOCIAL_INSURANCE", &binh);

    is_state(h, id, IDENTITY__REGISTRATION_STATE__CHECKING_INSURANCE);
    assert_string_equal(registration(h, id)->waits_for,
                        "Cơ quan Bảo hiểm xã hội đang đối chiếu thông tin.");
    harness_reopen(h);
    struct harness_exchange exchange = says(
        h, "insurance.check", 200,
        "{\"result\":\"MATCH\",\"person\":{\"full_name\":\"NGUYEN THI HOA BINH\",\"id_number\":"
        "\"" BINH_ID "\",\"birth_date\":\"05/03/1993\"}}");
    assert_string_equal(exchange.http.url, URL("insurance"));
    const char *body = exchange.http.body.data;
    assert_non_null(strstr(body, ASKED("insurance_no") "\"" INSURANCE_NO "\""));
    assert_non_null(strstr(body, ASKED("id_number") "\"" BINH_ID "\""));
    assert_null(strstr(body, "912000101")); /* no more than it needs */
    is_state(h, id, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    (void)finish(h, id, &binh);
    assert_int_equal(harness_events(h, "identity.account_opened"), 1);
}

/* REG-30, S07: the same words for a code of nobody and a code of somebody else; the event says
 * more. */
static void the_insurance_knows_otherwise_REG_30(void **state)
{
    struct harness *h = *state;
    static const char *const answers[] = {MISMATCH, NOT_FOUND};
    static const char *const fields[] = {"birth_date", "insurance_no"};

    for (size_t i = 0; i < MC_LEN(answers); i++) {
        ProtobufCBinaryData id = start_by(h, "SOCIAL_INSURANCE", &binh);
        (void)says(h, "insurance.check", 200, answers[i]);
        const Identity__Registration *refused = registration(h, id);
        assert_string_equal(refused->code, "INSURANCE_MISMATCH");
        assert_string_equal(refused->message,
                            "Không đăng ký được tài khoản: thông tin đăng ký không trùng khớp với "
                            "thông tin trong CSDL BHXH, vui lòng kiểm tra lại.");
        const Identity__RegistrationChanged *event = harness_last_event(
            h, "identity.registration_refused", &identity__registration_changed__descriptor, NULL);
        assert_string_equal(event->fields[0], fields[i]);
    }
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 0);
}

/* REG-04, REG-09, SYS-14: the post vouches; such an account never holds rights. */
static void a_citizen_registers_by_the_post_SYS_14(void **state)
{
    struct harness *h = *state;
    Identity__GrantRightsRequest grant = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;
    char *rights[] = {text("DOSSIER_RECEIVE")};
    ProtobufCBinaryData id = start_by(h, "VNPOST", &binh);

    is_state(h, id, IDENTITY__REGISTRATION_STATE__CHECKING_POST);
    assert_string_equal(registration(h, id)->waits_for,
                        "Bưu điện Việt Nam đang xác nhận tài khoản.");
    struct harness_exchange exchange = says(h, "post.check", 200, MATCH);
    assert_string_equal(exchange.http.url, URL("post"));
    assert_non_null(strstr((const char *)exchange.http.body.data,
                           ASKED("post_account") "\"binh.nguyen@vnpost.example\""));
    (void)finish(h, id, &binh);

    act_as_operator(h);
    grant.login_id = text(BINH_ID);
    grant.unit = text("000.20.31.H53");
    grant.rights = rights;
    grant.n_rights = 1;
    grant.reason = text("thử");
    harness_call(h, "GrantRights", &grant.base, MC_CONFLICT);
    assert_string_equal(harness_header(h)->message,
                        "Tài khoản cung cấp từ \"Bưu điện Việt Nam\" không dành cho CBCCVC cơ quan "
                        "nhà nước.");
}

static void the_post_has_not_seen_the_papers(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_by(h, "VNPOST", &binh);

    (void)says(h, "post.check", 200, "{\"result\":\"NOT_CHECKED\"}");
    assert_string_equal(registration(h, id)->code, "POST_NOT_CHECKED");
    id = start_by(h, "VNPOST", &binh);
    (void)says(h, "post.check", 200, NOT_FOUND);
    assert_string_equal(registration(h, id)->code, "POST_MISMATCH");
}

/* S07: each system away: the registration waits, over a restart, and says for whom. */
static void every_system_may_be_away(void **state)
{
    struct harness *h = *state;
    static const struct {
        const char *method, *kind, *system;
    } cases[] = {
        {"SOCIAL_INSURANCE", "insurance.check", "cơ quan Bảo hiểm xã hội"},
        {"VNPOST", "post.check", "Bưu điện Việt Nam"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        ProtobufCBinaryData id = start_by(h, cases[i].method, i == 0 ? &binh : &tho);
        static const char *const troubles[] = {"", "<html>", "[]", "{\"result\":\"PERHAPS\"}",
                                               "{\"result\":\"MATCH\""};
        for (size_t j = 0; j < MC_LEN(troubles); j++) {
            (void)says(h, cases[i].kind, j == 0 ? 503 : 200, troubles[j]);
            harness_advance(h, MINUTE_MS);
            harness_reopen(h);
        }
        assert_non_null(strstr(registration(h, id)->waits_for, cases[i].system));
        assert_non_null(strstr(registration(h, id)->waits_for, "đã hỏi 5 lần"));
        (void)says(h, cases[i].kind, 200, MATCH);
        is_state(h, id, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
        code_goes_out(h);
    }
    ProtobufCBinaryData id = start_by(h, "SOCIAL_INSURANCE", &binh);
    (void)says(h, "insurance.check", 401, "{}");
    assert_string_equal(registration(h, id)->code, "INSURANCE_UNAVAILABLE");
    assert_int_equal(harness_dead(h, IDENTITY_LANE_INSURANCE), 1); /* an operator's matter */
}

/* An outage of most of a day: where registrations may live so long, none is lost. */
static void an_outage_of_hours_is_survived(void **state)
{
    struct harness *h = *state;
    int asked = 0;

    ((struct identity *)harness_ctx(h))->registration_life_ms = 24LL * 60 * MINUTE_MS;
    ProtobufCBinaryData id = start_by(h, "SOCIAL_INSURANCE", &binh);
    for (; asked < 23 * 6; asked++) {
        (void)says(h, "insurance.check", 503, "");
        harness_advance(h, 10 * MINUTE_MS);
        if (asked % 12 == 0)
            harness_reopen(h);
        harness_tick(h);
    }
    assert_non_null(strstr(registration(h, id)->waits_for, "đã hỏi 138 lần"));
    assert_non_null(strstr(registration(h, id)->waits_for, "được giữ đến 08/09/2026 09:20"));
    (void)says(h, "insurance.check", 200, MATCH);
    is_state(h, id, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    (void)finish(h, id, &binh);
}

/* REG-15, REG-27, REG-28: each method its own fields, all told at once. */
static void each_method_has_its_fields_REG_27(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = form_by("SOCIAL_INSURANCE", &binh);
    static const char *const bad[] = {"129900001", "12990000171", "012193990017", "129900001x"};
    char longest[65 + 1] = {0};

    form.insurance_no = text(" ");
    form.login_id = text("");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "insurance_no", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "login_id", "ID_REQUIRED"));
    form = form_by("SOCIAL_INSURANCE", &binh);
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        form.insurance_no = text(bad[i]);
        harness_call(h, "StartRegistration", &form.base, MC_INVALID);
        assert_true(harness_violated(h, "insurance_no", "INSURANCE_FORMAT"));
    }
    ((struct identity *)harness_ctx(h))->insurance_by_identity = true;
    form.insurance_no = text(BINH_ID); /* domain 1.4: behind a switch */
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);

    form = form_by("VNPOST", &tho);
    memset(longest, 'a', 65);
    form.post_account = longest;
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "post_account", "POST_ACCOUNT_FORMAT"));
    longest[64] = '\0';
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
    form.post_account = text("ab");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    form.post_account = text("a b c");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);

    form = form_by("SUBSCRIBER", &tho); /* what is not asked for is not looked at */
    form.insurance_no = text("x");
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
}

static bool is_violated(struct harness *h, const char *field)
{
    const Motcua__Header *header = harness_header(h);

    for (size_t i = 0; i < header->n_violations; i++)
        if (strcmp(header->violations[i]->field, field) == 0)
            return true;
    return false;
}

/* Domain 1.1 to 1.6: the vectors through the form itself, which misses its consent all the time. */
static void the_form_takes_what_the_vectors_say(void **state)
{
    struct harness *h = *state;
    struct vectors *vectors = vectors_open("identity_vectors");
    size_t seen = 0;

    while (vectors_next(vectors)) {
        Identity__StartRegistrationRequest form = form_by("SOCIAL_INSURANCE", &binh);
        const char *kind = vectors_get(vectors, "kind");
        char *input = text(vectors_get(vectors, "input"));
        const char *field = NULL;
        bool want = strcmp(vectors_get(vectors, "expected"), "valid") != 0;
        form.consent_version = text("");
        if (strcmp(kind, "cccd") == 0 || strcmp(kind, "cmnd") == 0) {
            form.login_id = input;
            field = "login_id";
            want = want || strcmp(input, "012993990017") == 0; /* born in 2393 */
        } else if (strcmp(kind, "phone") == 0) {
            form.phone = input;
            field = "phone";
        } else if (strcmp(kind, "insurance_no") == 0) {
            form.insurance_no = input;
            field = "insurance_no";
        } else {
            continue;
        }
        seen++;
        harness_call(h, "StartRegistration", &form.base, MC_INVALID);
        if (is_violated(h, field) != want)
            fail_msg("%s %s: %s", kind, input, vectors_get(vectors, "why"));
    }
    assert_true(seen > 15);
}

/* REG-48: two methods at once for one number: one account. */
static void two_methods_at_once_make_one_account_REG_48(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData insured = start_by(h, "SOCIAL_INSURANCE", &binh);
    ProtobufCBinaryData posted = start_by(h, "VNPOST", &binh);

    (void)says(h, "post.check", 200, MATCH);
    (void)says(h, "insurance.check", 200, MATCH);
    Identity__FinishRegistrationRequest late = finish_of(h, insured, &binh);
    code_goes_out(h);
    (void)finish(h, posted, &binh);
    harness_call(h, "FinishRegistration", &late.base, MC_CONFLICT);
    assert_string_equal(harness_header(h)->message,
                        "Số CMND/CCCD này đã có tài khoản trên Cổng Dịch vụ công quốc gia.");
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 1);
}

/* Domain 1.6: the porting register, then the prefix, then one other carrier. */
static void a_ported_number_is_asked_where_it_is(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_by(h, "SUBSCRIBER", &binh);
    struct harness_exchange exchange =
        says(h, "mnp.check", 200, "{\"carrier_code\":\"viettel\",\"ported\":true}");

    assert_string_equal(exchange.http.url, URL("mnp"));
    assert_null(strstr((const char *)exchange.http.body.data, BINH_ID));
    exchange = says(h, "carrier.check", 200, "{\"result\":\"MISMATCH\"}");
    assert_string_equal(exchange.http.url, URL("carrier/viettel/check"));
    assert_non_null(strstr(registration(h, id)->message, "nhà mạng Viettel, vui lòng"));
}

static void without_porting_data_the_prefix_decides(void **state)
{
    struct harness *h = *state;
    static const struct {
        unsigned status;
        const char *body;
        size_t dead;
    } cases[] = {
        {200, NOT_FOUND, 0},
        {404, "", 0},
        {503, "", 0},
        {200, "<html>", 0},
        {200, "{\"carrier_code\":\"pigeon\"}", 0},
        {401, "", 1},
    };

    ((struct identity *)harness_ctx(h))->starts_max = 100;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        ProtobufCBinaryData id = start_by(h, "SUBSCRIBER", &binh);
        (void)says(h, "mnp.check", cases[i].status, cases[i].body);
        struct harness_exchange exchange = says(h, "carrier.check", 200, MATCH);
        assert_string_equal(exchange.http.url, URL("carrier/vinaphone/check"));
        is_state(h, id, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
        assert_int_equal(harness_dead(h, IDENTITY_LANE_CARRIER), cases[i].dead);
    }
}

static void not_mine_leads_to_one_other_carrier(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_by(h, "SUBSCRIBER", &binh);

    (void)says(h, "mnp.check", 503, "");
    (void)says(h, "carrier.check", 200, "{\"result\":\"NOT_MINE\",\"carrier_code\":\"mobifone\"}");
    is_state(h, id, IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER);
    harness_reopen(h);
    struct harness_exchange exchange = says(h, "carrier.check", 200, MATCH);
    assert_string_equal(exchange.http.url, "https://mobifone.test/kyc");
    is_state(h, id, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    code_goes_out(h);

    /* stale porting data: back to the prefix's; and nobody is asked a third time */
    id = start_by(h, "SUBSCRIBER", &binh);
    (void)says(h, "mnp.check", 200, "{\"carrier_code\":\"viettel\"}");
    (void)says(h, "carrier.check", 200, "{\"result\":\"NOT_MINE\"}");
    exchange =
        says(h, "carrier.check", 200, "{\"result\":\"NOT_MINE\",\"carrier_code\":\"viettel\"}");
    assert_string_equal(exchange.http.url, URL("carrier/vinaphone/check"));
    const Identity__Registration *refused = registration(h, id);
    assert_string_equal(refused->code, "SUBSCRIBER_MISMATCH");
    const Identity__RegistrationChanged *event = harness_last_event(
        h, "identity.registration_refused", &identity__registration_changed__descriptor, NULL);
    assert_string_equal(event->fields[0], "msisdn");
}

static const Identity__Profile *profile_of(struct harness *h, const char *account_id)
{
    const Identity__Profile *profile;
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;

    (void)account_id;
    act_as(h, claims_of(sign_in(h, &binh)->session));
    profile = harness_call(h, "GetProfile", &get.base, MC_OK);
    act_as_front(h);
    return profile;
}

static const char *opened(struct harness *h)
{
    ProtobufCBinaryData id = start_by(h, "VNPOST", &binh);

    (void)says(h, "post.check", 200, MATCH);
    return finish(h, id, &binh);
}

/* SYS-07, REG-47: nobody waits for the register; when it answers the account is verified. */
static void the_population_register_verifies_accounts_SYS_07(void **state)
{
    struct harness *h = *state;
    const char *account = opened(h);

    assert_int_equal(profile_of(h, account)->verified_at_ms, 0);
    (void)says(h, "population.check", 503, "");
    harness_advance(h, 60 * MINUTE_MS);
    harness_reopen(h);
    struct harness_exchange exchange = says(h, "population.check", 200, MATCH);
    assert_string_equal(exchange.http.url, URL("population"));
    assert_null(strstr((const char *)exchange.http.body.data, "912000101"));
    const Identity__Profile *profile = profile_of(h, account);
    assert_int_equal(profile->verified_at_ms, harness_now(h));
    assert_string_equal(profile->verified_by, "POPULATION_REGISTER");
    const Identity__PopulationChecked *event = harness_last_event(
        h, "identity.population_checked", &identity__population_checked__descriptor, NULL);
    assert_true(event->verified);
    assert_string_equal(event->account_id, account);
}

static void a_person_the_register_does_not_know_is_not_verified(void **state)
{
    struct harness *h = *state;
    const char *account = opened(h);

    (void)says(h, "population.check", 200, MISMATCH);
    assert_int_equal(profile_of(h, account)->verified_at_ms, 0);
    const Identity__PopulationChecked *event = harness_last_event(
        h, "identity.population_checked", &identity__population_checked__descriptor, NULL);
    assert_false(event->verified);
    assert_string_equal(event->fields[0], "birth_date");
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_POPULATION), 0);
}

static void an_absent_register_is_an_operators_matter(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)opened(h);
    harness_advance(h, 7LL * 24 * 60 * MINUTE_MS);
    assert_false(harness_effect(h, "population.check", &exchange));
    assert_int_equal(harness_dead(h, IDENTITY_LANE_POPULATION), 1);
}

/* Domain 1.6: an old number is taken as what it became, and the person hears of it. */
static void an_old_phone_is_converted_and_said_so(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = form_of(&binh);

    form.phone = text("0123 2000 101");
    const Identity__StartRegistrationReply *reply =
        harness_call(h, "StartRegistration", &form.base, MC_OK);
    assert_string_equal(reply->notice,
                        "Số điện thoại 11 chữ số đã được chuyển đổi năm 2018 và được "
                        "ghi nhận là 0832000101.");
    form = form_of(&tho);
    reply = harness_call(h, "StartRegistration", &form.base, MC_OK);
    assert_string_equal(reply->notice, "");
}

static Identity__FindInsuranceCodeRequest find_of(const struct person *person)
{
    Identity__FindInsuranceCodeRequest find = IDENTITY__FIND_INSURANCE_CODE_REQUEST__INIT;

    find.login_id = text(person->login_id);
    find.full_name = text(person->name);
    find.birth_date = text(person->birth);
    return find;
}

#define FOUND "{\"result\":\"FOUND\",\"insurance_no\":\"1299000017\",\"phone\":\"0912000101\"}"

/* REG-29: the code goes to the phone the insurer knows; the screen says the same to everybody. */
static void ones_own_insurance_code_comes_by_sms_REG_29(void **state)
{
    struct harness *h = *state;
    Identity__FindInsuranceCodeRequest find = find_of(&binh);
    const Identity__FindInsuranceCodeReply *reply =
        harness_call(h, "FindInsuranceCode", &find.base, MC_OK);
    char said[256];

    (void)snprintf(said, sizeof said, "%s", reply->message);
    (void)says(h, "insurance.find", 503, "");
    harness_advance(h, MINUTE_MS);
    harness_reopen(h);
    struct harness_exchange exchange = says(h, "insurance.find", 200, FOUND);
    assert_string_equal(exchange.http.url, URL("find"));
    assert_true(harness_effect(h, "sms.send", &exchange));
    assert_string_equal(exchange.call.method, "EnqueueSms");
    const Otp__EnqueueSmsRequest *sms = (const void *)exchange.call.request;
    assert_string_equal(sms->phone, BINH_PHONE);
    assert_non_null(strstr(sms->text, "1299000017"));
    assert_true(strlen(sms->dedupe) > 0 && sms->forget);
    const struct mc_result busy = {.status = MC_BUSY, .code = ""};
    harness_result(h, &exchange, &busy);
    harness_advance(h, MINUTE_MS);
    assert_true(harness_effect(h, "sms.send", &exchange));
    Otp__EnqueueSmsReply queued = OTP__ENQUEUE_SMS_REPLY__INIT;
    harness_reply(h, &exchange, &queued.base);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
    assert_int_equal(harness_events(h, "identity.insurance_code_found"), 1);

    find = find_of(&tho);
    reply = harness_call(h, "FindInsuranceCode", &find.base, MC_OK);
    assert_string_equal(reply->message, said);
    (void)says(h, "insurance.find", 200, NOT_FOUND);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
    assert_int_equal(harness_events(h, "identity.insurance_code_found"), 1);
}

static void odd_answers_send_nothing(void **state)
{
    struct harness *h = *state;
    Identity__FindInsuranceCodeRequest find = find_of(&binh);
    static const char *const again[] = {"", "[]", "{\"result\":\"FOUND\"}",
                                        "{\"result\":\"FOUND\",\"insurance_no\":\"1\",\"phone\":"
                                        "\"0912000101\"}"};

    (void)harness_call(h, "FindInsuranceCode", &find.base, MC_OK);
    for (size_t i = 0; i < MC_LEN(again); i++) {
        (void)says(h, "insurance.find", 200, again[i]);
        harness_advance(h, MINUTE_MS);
    }
    (void)says(h, "insurance.find", 200,
               "{\"result\":\"FOUND\",\"insurance_no\":\"1299000017\",\"phone\":\"0243000101\"}");
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_INSURANCE), 0);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
}

static void a_person_is_asked_about_so_often(void **state)
{
    struct harness *h = *state;
    Identity__FindInsuranceCodeRequest find = find_of(&binh);

    for (int i = 0; i < IDENTITY_FINDS_MAX; i++)
        (void)harness_call(h, "FindInsuranceCode", &find.base, MC_OK);
    harness_call(h, "FindInsuranceCode", &find.base, MC_LIMITED);
    assert_true(harness_violated(h, "login_id", "INSURANCE_FIND_TOO_MANY"));
    harness_advance(h, 60 * MINUTE_MS);
    (void)harness_call(h, "FindInsuranceCode", &find.base, MC_OK);
    find.full_name = text("");
    find.login_id = text("");
    harness_call(h, "FindInsuranceCode", &find.base, MC_INVALID);
    assert_true(harness_violated(h, "full_name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "login_id", "ID_REQUIRED"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all_urls, close_room)
        TEST(a_citizen_registers_by_social_insurance_REG_31),
        TEST(the_insurance_knows_otherwise_REG_30),
        TEST(a_citizen_registers_by_the_post_SYS_14),
        TEST(the_post_has_not_seen_the_papers),
        TEST(every_system_may_be_away),
        TEST(an_outage_of_hours_is_survived),
        TEST(each_method_has_its_fields_REG_27),
        TEST(the_form_takes_what_the_vectors_say),
        TEST(two_methods_at_once_make_one_account_REG_48),
        TEST(a_ported_number_is_asked_where_it_is),
        TEST(without_porting_data_the_prefix_decides),
        TEST(not_mine_leads_to_one_other_carrier),
        TEST(the_population_register_verifies_accounts_SYS_07),
        TEST(a_person_the_register_does_not_know_is_not_verified),
        TEST(an_absent_register_is_an_operators_matter),
        TEST(ones_own_insurance_code_comes_by_sms_REG_29),
        TEST(odd_answers_send_nothing),
        TEST(a_person_is_asked_about_so_often),
        TEST(an_old_phone_is_converted_and_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
