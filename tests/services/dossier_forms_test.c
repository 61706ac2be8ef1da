/* Forms in the room: found, prefilled, checked, kept with their version, published by people. */
#include "dossier_help.h"

static const char *const form_rights[] = {"FORM_EDIT"};
static const struct mc_caller editor = {
    .account_id = "0190a07b-0000-7000-8000-0000000000ed",
    .unit = BEN_CAU,
    .rights = form_rights,
    .rights_len = 1,
};

static int setup(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int teardown(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__Form *get_form(struct harness *h, const struct mc_caller *caller, const char *code,
                               uint64_t version, const char *at, bool prefill, enum mc_status want)
{
    Dossier__GetFormRequest req = DOSSIER__GET_FORM_REQUEST__INIT;

    req.code = mc_unconst(code);
    req.version = version;
    req.at = mc_unconst(at);
    req.prefill = prefill;
    harness_as(h, caller);
    return harness_call(h, "GetForm", &req.base, want);
}

static void tell_account(struct harness *h, const char *verified_by)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:" ALICE_ID, NULL};

    opened.account_id = mc_unconst(ALICE_ID);
    opened.full_name = mc_unconst("Nguyễn Thị Hoà Bình");
    opened.login_id = mc_unconst("012193990017");
    opened.birth_date = mc_unconst("05/03/1993");
    opened.phone = mc_unconst("84912000101");
    opened.verified_by = mc_unconst(verified_by);
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
}

static const Dossier__FormOrigin *origin_of(Dossier__FormOrigin *const *rows, size_t n,
                                            const char *field)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i]->field, field) == 0)
            return rows[i];
    return NULL;
}

/* The first of these words become others of the same length. */
static void write_over(char *text, const char *words, const char *others)
{
    char *at = strstr(text, words);

    assert_non_null(at);
    for (size_t i = 0; others[i] != '\0'; i++)
        at[i] = others[i];
}

static Dossier__DossierReply *save_form(struct harness *h, ProtobufCBinaryData id, const char *form,
                                        enum mc_status want)
{
    Dossier__SaveDraftRequest req = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    req.dossier_id = id;
    req.procedure_code = mc_unconst(BIRTH);
    req.unit = mc_unconst(BEN_CAU);
    req.form = mc_unconst(form);
    harness_as(h, &alice);
    return harness_call(h, "SaveDraft", &req.base, want);
}

static void attach(struct harness *h, ProtobufCBinaryData id, const char *component)
{
    Dossier__AttachRequest req = DOSSIER__ATTACH_REQUEST__INIT;
    static const char pdf[] = "%PDF-1.4 x";

    req.dossier_id = id;
    req.component = mc_unconst(component);
    req.file_name = mc_unconst("a.pdf");
    req.content = (ProtobufCBinaryData){sizeof pdf - 1, mc_unconst(pdf)};
    harness_as(h, &alice);
    (void)harness_call(h, "Attach", &req.base, MC_OK);
}

static const ProtobufCBinaryData new_one = {0, NULL};

/* DOS-14: the forms that come with the software, by code and by procedure, as JSON. */
static void test_forms_that_come_along(void **state)
{
    struct harness *h = *state;
    Dossier__ListFormsRequest list = DOSSIER__LIST_FORMS_REQUEST__INIT;
    static const struct mc_caller nobody = {.name = "portal:x", .who = MC_PORTAL};

    harness_as(h, &nobody);
    const Dossier__ListFormsReply *all = harness_call(h, "ListForms", &list.base, MC_OK);
    assert_int_equal(all->n_forms, 4);
    for (size_t i = 0; i < all->n_forms; i++) {
        assert_true(all->forms[i]->in_force);
        const Dossier__Form *form = get_form(h, &nobody, all->forms[i]->code, 0, "", false, MC_OK);
        assert_string_equal(form->head->title, all->forms[i]->title);
        assert_non_null(strstr(form->definition, all->forms[i]->title));
    }
    list.procedure_code = mc_unconst("2.000635");
    all = harness_call(h, "ListForms", &list.base, MC_OK);
    assert_int_equal(all->n_forms, 1);
    assert_string_equal(all->forms[0]->code, "extract_copy");
    (void)get_form(h, &nobody, "smell", 0, "", false, MC_NOT_FOUND);
    (void)get_form(h, &nobody, "birth", 9, "", false, MC_NOT_FOUND);
    (void)get_form(h, &nobody, "birth", 0, "30/06/2025", false, MC_NOT_FOUND);
    (void)get_form(h, &nobody, "birth", 0, "01/07/2025", false, MC_OK);
    (void)get_form(h, &nobody, "birth", 0, "2025", false, MC_INVALID);
    (void)get_form(h, &nobody, "", 0, "", false, MC_INVALID);
    (void)get_form(h, &nobody, "birth", 0, "", true, MC_UNAUTHENTICATED);
}

/* DOS-15, DIG-03: each value with its source; verified ones are the population register's. */
static void test_prefill_from_the_account(void **state)
{
    struct harness *h = *state;
    const Dossier__Form *form = get_form(h, &alice, "birth", 0, "", true, MC_OK);

    assert_string_equal(form->values, "{}"); /* nothing is known of her yet */
    tell_account(h, "");
    form = get_form(h, &alice, "birth", 0, "", true, MC_OK);
    assert_string_equal(origin_of(form->origins, form->n_origins, "applicant_name")->source_kind,
                        "ACCOUNT");
    tell_account(h, "POPULATION_REGISTER");
    form = get_form(h, &alice, "birth", 0, "", true, MC_OK);
    assert_string_equal(form->values, "{\"applicant_name\":\"Nguyễn Thị Hoà Bình\","
                                      "\"applicant_id\":\"012193990017\","
                                      "\"applicant_birth\":\"05/03/1993\","
                                      "\"applicant_phone\":\"0912000101\"}");
    const Dossier__FormOrigin *name = origin_of(form->origins, form->n_origins, "applicant_name");
    assert_string_equal(name->source, "Cơ sở dữ liệu quốc gia về dân cư");
    assert_string_equal(name->label, "Họ, chữ đệm, tên người yêu cầu");
    assert_string_equal(origin_of(form->origins, form->n_origins, "applicant_phone")->source_kind,
                        "ACCOUNT");
    form = get_form(h, &bob, "birth", 0, "", true, MC_OK);
    assert_string_equal(form->values, "{}"); /* somebody else's data are not his */
}

/* A draft may lack everything; Submit names every field that is wrong, and keeps the form clean. */
static void test_submit_checks_every_field(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_form(
        h, new_one, "{\"child_name\":\"An 1\",\"siblings\":[{\"name\":\"Bình\"}]}", MC_OK);

    assert_true(draft->n_form_problems > 10);
    (void)submit_as(h, &alice, draft->dossier_id, MC_INVALID);
    assert_true(harness_violated(h, "form.applicant_name", "FORM_REQUIRED"));
    assert_true(harness_violated(h, "form.child_name", "NAME_INVALID"));
    assert_true(harness_violated(h, "form.siblings[0].birth", "FORM_REQUIRED"));
    assert_true(harness_violated(h, "form.truthful", "FORM_REQUIRED"));
    assert_int_equal(harness_header(h)->n_violations, draft->n_form_problems);

    char form[sizeof birth_form + 64];
    (void)snprintf(form, sizeof form, "{\"father_name\":\"không khai\",%s", birth_form + 1);
    draft = save_form(h, draft->dossier_id, form, MC_OK);
    assert_int_equal(draft->n_form_problems, 0); /* the father is not declared: nothing is asked */
    (void)submit_as(h, &alice, draft->dossier_id, MC_OK);
    Dossier__DossierView *view = get_as(h, &alice, draft->dossier_id, MC_OK);
    assert_null(strstr(view->form, "father_name"));
    assert_string_equal(view->form_code, "birth");
    assert_int_equal(view->form_version, 1);
}

/* Papers a form asks for, and a declaration filled by hand in its place. */
static void test_papers_of_a_form(void **state)
{
    struct harness *h = *state;
    char form[sizeof birth_form + 64];

    (void)snprintf(form, sizeof form, "%s", birth_form);
    char *place = strstr(form, "\"elsewhere\"");
    (void)snprintf(place, sizeof form - (size_t)(place - form),
                   "\"facility\",\"birth_facility\":\"Bệnh viện\"%s",
                   strstr(birth_form, "\"elsewhere\"") + strlen("\"elsewhere\""));
    Dossier__DossierReply *draft = save_form(h, new_one, form, MC_OK);
    assert_int_equal(draft->n_form_problems, 0);
    (void)submit_as(h, &alice, draft->dossier_id, MC_INVALID);
    assert_true(harness_violated(h, "form.birth_certificate", "FORM_FILE"));
    attach(h, draft->dossier_id, "Giấy chứng sinh");
    (void)submit_as(h, &alice, draft->dossier_id, MC_OK);

    draft = save_form(h, new_one, "{}", MC_OK);
    (void)submit_as(h, &alice, draft->dossier_id, MC_INVALID);
    attach(h, draft->dossier_id, "Tờ khai đăng ký khai sinh");
    (void)submit_as(h, &alice, draft->dossier_id, MC_OK);
}

/* What was prefilled and sent as it was, and what the person changed. */
static void test_origins_are_kept(void **state)
{
    struct harness *h = *state;

    tell_account(h, "POPULATION_REGISTER");
    Dossier__DossierReply *at = save_form(h, new_one, birth_form, MC_OK);
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    const Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);
    const Dossier__FormOrigin *name =
        origin_of(view->form_origins, view->n_form_origins, "applicant_name");
    assert_string_equal(name->source_kind, "POPULATION_REGISTER");
    assert_false(name->changed);

    at = accept_as(h, &officer, at, MC_OK); /* from here on the dossier has a name */
    const Dossier__Form *form = get_form(h, &alice, "birth", 0, "", true, MC_OK);
    const Dossier__FormOrigin *mother = origin_of(form->origins, form->n_origins, "mother_name");
    assert_string_equal(mother->source_kind, "DOSSIER");
    assert_memory_equal(mother->source, "Hồ sơ ", strlen("Hồ sơ "));
    assert_string_equal(mother->source + strlen("Hồ sơ "), at->code);
    assert_non_null(strstr(form->values, "\"mother_birth\":\"05/03/1993\""));
    assert_null(strstr(form->values, "child_name"));

    char other[sizeof birth_form + 16];
    (void)snprintf(other, sizeof other, "%s", birth_form);
    write_over(other, "012193990017", "012193990025");
    at = save_form(h, new_one, other, MC_OK);
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    view = get_as(h, &officer, at->dossier_id, MC_OK);
    assert_true(origin_of(view->form_origins, view->n_form_origins, "applicant_id")->changed);
    assert_false(origin_of(view->form_origins, view->n_form_origins, "applicant_name")->changed);
}

static void deposit_marriage(struct harness *h, const char *number, const char *valid_until)
{
    Dossier__DepositPaperRequest req = DOSSIER__DEPOSIT_PAPER_REQUEST__INIT;
    const Dossier__DossierReply *at = finished(h);
    static const char pdf[] = "%PDF-1.7";

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.origin = DOSSIER__PAPER_ORIGIN__RESULT_OF_DOSSIER;
    req.content = (ProtobufCBinaryData){sizeof pdf, mc_unconst(pdf)};
    req.file_name = mc_unconst("ket-hon.pdf");
    req.result_code = mc_unconst("KQ.G15.000032");
    req.number = mc_unconst(number);
    req.valid_until = mc_unconst(valid_until);
    harness_as(h, &officer);
    (void)harness_call(h, "DepositPaper", &req.base, MC_OK);
}

/* DIG-03: a number on a valid paper of the person's data store need not be typed. */
static void test_prefill_from_the_data_store(void **state)
{
    struct harness *h = *state;

    tell_account(h, "");
    deposit_marriage(h, "45/2020", "");
    deposit_marriage(h, "46/2020", "08/09/2026");
    harness_advance(h, 3LL * DAY); /* the newer one has expired */
    const Dossier__Form *form = get_form(h, &alice, "birth", 0, "", true, MC_OK);
    const Dossier__FormOrigin *number =
        origin_of(form->origins, form->n_origins, "parents_marriage_no");
    assert_string_equal(number->source_kind, "DATA_STORE");
    assert_string_equal(number->source, "Kho dữ liệu điện tử: Giấy chứng nhận kết hôn");
    assert_non_null(strstr(form->values, "\"parents_marriage_no\":\"45/2020\""));
    form = get_form(h, &bob, "birth", 0, "", true, MC_OK);
    assert_string_equal(form->values, "{}");
}

/* --- publishing --- */

static char *second_version(struct harness *h, const char *from)
{
    static char text[DOSSIER_FORM_DEFINITION_MAX];
    const char *first = get_form(h, &alice, "birth", 1, "", false, MC_OK)->definition;

    (void)snprintf(text, sizeof text, "%s", first);
    write_over(text, "01/07/2025", from);
    write_over(text, "Tờ khai đăng ký khai sinh", "Tờ khai đăng ký khai xinh");
    return text;
}

static Dossier__PreviewFormReply *preview(struct harness *h, const char *text, enum mc_status want)
{
    Dossier__PreviewFormRequest req = DOSSIER__PREVIEW_FORM_REQUEST__INIT;

    req.definition = mc_unconst(text);
    harness_as(h, &editor);
    return harness_call(h, "PreviewForm", &req.base, want);
}

static Dossier__FormHead *publish(struct harness *h, const char *text, const char *token,
                                  bool end_previous, enum mc_status want)
{
    Dossier__PublishFormRequest req = DOSSIER__PUBLISH_FORM_REQUEST__INIT;

    req.definition = mc_unconst(text);
    req.token = mc_unconst(token);
    req.reason = mc_unconst("Theo thông tư mới");
    req.end_previous = end_previous;
    harness_as(h, &editor);
    return harness_call(h, "PublishForm", &req.base, want);
}

/* Shown, then published as it was shown; the old version stays, and who filled it keeps it. */
static void test_a_new_version(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_form(h, new_one, birth_form, MC_OK);
    const char *text = second_version(h, "10/09/2026");
    Dossier__PreviewFormReply *shown = preview(h, text, MC_OK);

    assert_int_equal(shown->version, 2);
    assert_int_equal(shown->n_changes, 1);
    assert_string_equal(shown->changes[0]->field, "#form");
    (void)publish(h, text, "00", false, MC_CONFLICT);
    assert_true(harness_violated(h, "token", "FORM_PREVIEW_STALE"));
    Dossier__FormHead *head = publish(h, text, shown->token, false, MC_OK);
    assert_int_equal(head->version, 2);
    assert_string_equal(head->reason, "Theo thông tư mới");
    assert_false(head->in_force);
    assert_int_equal(harness_events(h, "dossier.form_published"), 1);
    (void)publish(h, text, shown->token, false, MC_CONFLICT); /* the form has moved on */

    assert_int_equal(get_form(h, &alice, "birth", 0, "", false, MC_OK)->head->version, 1);
    assert_int_equal(get_form(h, &alice, "birth", 0, "10/09/2026", false, MC_OK)->head->version, 2);
    harness_reopen(h);
    harness_advance(h, 3LL * DAY);
    assert_int_equal(get_form(h, &alice, "birth", 0, "", false, MC_OK)->head->version, 2);
    (void)submit_as(h, &alice, draft->dossier_id, MC_OK);
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->form_version, 1);
    draft = save_form(h, new_one, birth_form, MC_OK);
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->form_version, 2);
}

/* When the old version ended, a draft of it must be looked at again. */
static void test_a_version_that_ended(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_form(h, new_one, birth_form, MC_OK);
    const char *text = second_version(h, "10/09/2026");

    (void)publish(h, text, preview(h, text, MC_OK)->token, true, MC_OK);
    assert_string_equal(get_form(h, &alice, "birth", 1, "", false, MC_OK)->head->until,
                        "09/09/2026");
    harness_advance(h, 2LL * DAY); /* 09/09: its last day */
    Dossier__DossierReply *other = save_form(h, new_one, birth_form, MC_OK);
    (void)submit_as(h, &alice, other->dossier_id, MC_OK);
    harness_advance(h, DAY);
    (void)submit_as(h, &alice, draft->dossier_id, MC_EXPIRED);
    assert_true(harness_violated(h, "form", "FORM_OUTDATED"));
    draft = save_form(h, draft->dossier_id, birth_form, MC_OK);
    (void)submit_as(h, &alice, draft->dossier_id, MC_OK);
    assert_int_equal(get_as(h, &alice, draft->dossier_id, MC_OK)->form_version, 2);

    text = second_version(h, "09/09/2026"); /* not before the one that it ends */
    (void)publish(h, text, preview(h, text, MC_OK)->token, true, MC_INVALID);
    assert_true(harness_violated(h, "definition.from", "FORM_BEGINS_BEFORE"));
}

static void test_who_may_publish_and_what(void **state)
{
    struct harness *h = *state;
    Dossier__PreviewFormRequest req = DOSSIER__PREVIEW_FORM_REQUEST__INIT;
    char *text = second_version(h, "10/09/2026");

    req.definition = text;
    harness_as(h, &officer); /* without FORM_EDIT */
    (void)harness_call(h, "PreviewForm", &req.base, MC_DENIED);
    harness_as(h, &alice);
    (void)harness_call(h, "PreviewForm", &req.base, MC_DENIED);
    (void)preview(h, "{}", MC_INVALID);
    assert_true(harness_violated(h, "definition.title", "FORM_DEF_MISSING"));
    write_over(text, "\"birth\"", "\"bxrth\""); /* another form for the same procedure */
    (void)preview(h, text, MC_CONFLICT);
    assert_true(harness_violated(h, "definition.procedures", "FORM_PROCEDURE_TAKEN"));
}

static void test_check_form_saves_nothing(void **state)
{
    struct harness *h = *state;
    Dossier__CheckFormRequest req = DOSSIER__CHECK_FORM_REQUEST__INIT;

    req.procedure_code = mc_unconst(BIRTH);
    req.form = mc_unconst("{\"child_birth\":\"1/9/2099\"}");
    harness_as(h, &alice);
    const Dossier__CheckFormReply *rep = harness_call(h, "CheckForm", &req.base, MC_OK);
    assert_false(rep->valid);
    bool found = false;
    for (size_t i = 0; i < rep->n_problems; i++)
        found |= strcmp(rep->problems[i]->code, "FORM_DATE_FUTURE") == 0 &&
                 strcmp(rep->problems[i]->message,
                        "“Ngày, tháng, năm sinh” không được sau ngày hôm nay.") == 0;
    assert_true(found);
    req.form = mc_unconst(birth_form);
    rep = harness_call(h, "CheckForm", &req.base, MC_OK);
    assert_true(rep->valid);
    assert_int_equal(rep->version, 1);
    assert_non_null(strstr(rep->form, "\"child_birth\":\"01/09/2025\""));
    req.form = mc_unconst("{");
    (void)harness_call(h, "CheckForm", &req.base, MC_INVALID);
    req.procedure_code = mc_unconst(SINGLE);
    (void)harness_call(h, "CheckForm", &req.base, MC_NOT_FOUND);
    assert_int_equal(harness_rows(h, DOSSIER_FORMS), 0);
}

static void test_places(void **state)
{
    struct harness *h = *state;
    Dossier__ListPlacesRequest req = DOSSIER__LIST_PLACES_REQUEST__INIT;

    harness_as(h, &alice);
    const Dossier__ListPlacesReply *rep = harness_call(h, "ListPlaces", &req.base, MC_OK);
    assert_int_equal(rep->n_places, 34);
    req.province = mc_unconst("80");
    rep = harness_call(h, "ListPlaces", &req.base, MC_OK);
    assert_int_equal(rep->n_places, 96);
    req.province = mc_unconst("99");
    (void)harness_call(h, "ListPlaces", &req.base, MC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forms_that_come_along, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prefill_from_the_account, setup, teardown),
        cmocka_unit_test_setup_teardown(test_submit_checks_every_field, setup, teardown),
        cmocka_unit_test_setup_teardown(test_papers_of_a_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_origins_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prefill_from_the_data_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_version_that_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_publish_and_what, setup, teardown),
        cmocka_unit_test_setup_teardown(test_check_form_saves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
