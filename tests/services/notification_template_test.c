/* Templates as operators see them: versions, who uses them, and previews with what an SMS costs. */
#include <string.h>

#include "feed.h"
#include "services/notification/mail.h"

static const struct mc_caller operator_hand = {.name = "operator:hoa", .who = MC_OPERATOR};

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    harness_as(*state, &operator_hand);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static const Notification__ListTemplatesReply *
list(struct harness *h, const char *key, uint32_t size, const char *token, enum mc_status want)
{
    Notification__ListTemplatesRequest request = NOTIFICATION__LIST_TEMPLATES_REQUEST__INIT;

    request.template_ = text(key);
    request.page_size = size;
    request.page_token = text(token);
    return harness_call(h, "ListTemplates", &request.base, want);
}

static const Notification__TemplatePreview *preview(struct harness *h, const char *key,
                                                    uint32_t version,
                                                    Notification__NotifyValue **values, size_t n,
                                                    enum mc_status want)
{
    Notification__PreviewTemplateRequest request = NOTIFICATION__PREVIEW_TEMPLATE_REQUEST__INIT;

    request.template_ = text(key);
    request.version = version;
    request.values = values;
    request.n_values = n;
    return harness_call(h, "PreviewTemplate", &request.base, want);
}

static void versions_and_uses_are_listed(void **state)
{
    struct harness *h = *state;
    const Notification__ListTemplatesReply *reply = list(h, "TAX_PAID", 0, "", MC_OK);

    assert_int_equal(reply->n_templates, 2);
    const Notification__Template *old = reply->templates[0];
    const Notification__Template *now = reply->templates[1];
    assert_int_equal(old->version, 1);
    assert_false(old->current);
    assert_int_equal(old->n_uses, 0);
    assert_int_equal(now->version, 2);
    assert_true(now->current);
    assert_int_equal(now->n_variables, 4);
    assert_string_equal(now->variables[0], "what");
    assert_int_equal(now->n_uses, 1);
    assert_string_equal(now->uses[0]->event, "payment.tax_changed");
    assert_string_equal(now->uses[0]->kind, "payment");
    assert_string_not_equal(now->uses[0]->to_state, "");
    assert_int_equal(now->uses[0]->channels[0], NOTIFICATION__CHANNEL__INBOX);
}

/* Page by page it is the whole book, and each of it can be shown: every variable has a sample. */
static void each_template_can_be_previewed(void **state)
{
    struct harness *h = *state;
    const struct notification *room = harness_ctx(h);
    const char *token = "";
    size_t n = 0;

    do {
        const Notification__ListTemplatesReply *reply = list(h, "", 0, token, MC_OK);
        for (size_t i = 0; i < reply->n_templates; i++, n++) {
            const Notification__Template *row = reply->templates[i];
            const Notification__TemplatePreview *shown =
                preview(h, row->template_, row->version, NULL, 0, MC_OK);
            assert_null(strpbrk(shown->title, "{}"));
            assert_null(strpbrk(shown->text, "{}"));
            assert_int_equal(shown->n_values, row->n_variables);
            for (size_t k = 0; k < shown->n_values; k++)
                assert_string_not_equal(shown->values[k]->value, shown->values[k]->name);
            assert_string_equal(shown->alphabet, row->sms[0] != '\0' ? "GSM7" : "");
            assert_true(shown->parts <= 2);
        }
        token = reply->next_page_token;
    } while (token[0] != '\0');
    assert_int_equal(n, room->book.templates_len);
}

/* A value as long as it may be: marks fall away, and parts are counted as on the air. */
static void a_preview_says_what_the_sms_costs(void **state)
{
    struct harness *h = *state;
    Notification__NotifyValue reason = NOTIFICATION__NOTIFY_VALUE__INIT;
    Notification__NotifyValue *values[] = {&reason};
    const Notification__TemplatePreview *shown = preview(h, "BANK_UNLINKED", 0, NULL, 0, MC_OK);

    assert_int_equal(shown->parts, 1);
    assert_int_equal(shown->units, strlen(shown->sms_text));
    reason.name = text("bank");
    char bank[NOTIFICATION_SMS_VALUE_MAX + 2];
    memset(bank, 'b', sizeof bank);
    bank[NOTIFICATION_SMS_VALUE_MAX + 1] = '\0';
    reason.value = bank;
    shown = preview(h, "BANK_UNLINKED", 0, values, 1, MC_OK);
    assert_int_equal(shown->parts, 2);
    assert_non_null(strstr(shown->text, bank));
    assert_non_null(strstr(shown->sms_text, "bbb..."));
    reason.value = text("Ngân hàng Công Thương");
    shown = preview(h, "BANK_UNLINKED", 1, values, 1, MC_OK);
    assert_non_null(strstr(shown->text, "Ngân hàng Công Thương"));
    assert_non_null(strstr(shown->sms_text, "Ngan hang Cong Thuong"));
}

static void slips_are_named(void **state)
{
    struct harness *h = *state;
    Notification__NotifyValue odd = NOTIFICATION__NOTIFY_VALUE__INIT;
    Notification__NotifyValue *values[NOTIFY_VALUES_MAX + 1];

    odd.name = text("weather");
    for (size_t i = 0; i < MC_LEN(values); i++)
        values[i] = &odd;
    preview(h, "BANK_UNLINKED", 0, values, NOTIFY_VALUES_MAX, MC_INVALID);
    assert_true(harness_violated(h, "values[0].name", "TEMPLATE_VALUE_UNKNOWN"));
    assert_false(harness_violated(h, "values", "FIELD_TOO_LONG"));
    preview(h, "", 0, values, NOTIFY_VALUES_MAX + 1, MC_INVALID);
    assert_true(harness_violated(h, "values", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "template", "FIELD_REQUIRED"));
    preview(h, "BANK_UNLINKED", 9, NULL, 0, MC_INVALID);
    assert_true(harness_violated(h, "version", "TEMPLATE_UNKNOWN"));
    list(h, "NONE", NOTIFICATION_PAGE_MAX + 1, "x", MC_INVALID);
    assert_true(harness_violated(h, "template", "TEMPLATE_UNKNOWN"));
    assert_true(harness_violated(h, "page_size", "FIELD_INVALID"));
    assert_true(harness_violated(h, "page_token", "FIELD_INVALID"));
    assert_int_equal(list(h, "", 1, "1", MC_OK)->n_templates, 1);
}

static bool says_no_relay(struct harness *h)
{
    Motcua__HealthRequest request = MOTCUA__HEALTH_REQUEST__INIT;
    const Motcua__HealthReply *reply = harness_call(h, "Health", &request.base, MC_OK);

    assert_true(reply->ready);
    for (size_t i = 0; i < reply->n_problems; i++)
        if (strcmp(reply->problems[i], "MAIL_NO_RELAY") == 0)
            return true;
    return false;
}

/* Rules want e-mail: a house without a relay is told so, one with it is not. */
static void health_says_that_there_is_no_relay(void **state)
{
    static const char *const relay[] = {"notification.relay=smtps://127.0.0.1:1",
                                        "notification.mail_from=dvc@example.vn", NULL};

    assert_true(says_no_relay(*state));
    harness_close(*state);
    *state = harness_open(&notification_room, relay);
    assert_false(says_no_relay(*state));
}

/* The files are read at the start; a template of the operator's is what people will be told. */
static void files_of_the_operator_are_read(void **state)
{
    char path[] = "/tmp/motcua-own-XXXXXX";
    char setting[64];
    int file = mkstemp(path);
    static const char rows[] = "key,version,title,sms,text\n"
                               "BANK_UNLINKED,1001,Của tỉnh,Huy lien ket {bank},Đã hủy {bank}.\n";

    assert_true(file >= 0);
    assert_int_equal(write(file, rows, strlen(rows)), strlen(rows));
    (void)close(file);
    (void)snprintf(setting, sizeof setting, "notification.templates_file=%s", path);
    harness_close(*state);
    *state = harness_open(&notification_room, (const char *const[]){setting, NULL});
    harness_as(*state, &operator_hand);
    (void)unlink(path);
    const Notification__TemplatePreview *shown =
        preview(*state, "BANK_UNLINKED", 0, NULL, 0, MC_OK);
    assert_int_equal(shown->version, 1001);
    assert_string_equal(shown->title, "Của tỉnh");
    assert_string_equal(shown->sms_text, "Huy lien ket Ngan hang mau");
    const Notification__ListTemplatesReply *reply = list(*state, "BANK_UNLINKED", 0, "", MC_OK);
    assert_int_equal(reply->n_templates, 2);
    assert_true(!reply->templates[0]->own && reply->templates[1]->own);
    assert_true(reply->templates[1]->current);
    assert_int_equal(reply->templates[1]->n_uses, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_and_uses_are_listed, open_room, close_room),
        cmocka_unit_test_setup_teardown(each_template_can_be_previewed, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_preview_says_what_the_sms_costs, open_room, close_room),
        cmocka_unit_test_setup_teardown(slips_are_named, open_room, close_room),
        cmocka_unit_test_setup_teardown(health_says_that_there_is_no_relay, open_room, close_room),
        cmocka_unit_test_setup_teardown(files_of_the_operator_are_read, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
