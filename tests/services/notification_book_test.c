/* Rules and templates: what opens, what does not, and how words are filled in. */
#include <stdio.h>
#include <string.h>

#include "../harness.h"
#include "services/notification/book.h"

#define RULES     "event,to_state,template,channels,kind,sms_life\n"
#define TEMPLATES "key,version,title,sms,text\n"

static void assert_read(const char *rules, const char *templates, const char *want_why)
{
    struct notification_book *book = test_calloc(1, sizeof *book);
    char why[256] = "";
    enum mc_status status =
        notification_book_read(book, mc_key_text(rules), mc_key_text(templates), why, sizeof why);

    assert_string_equal(why, want_why);
    assert_int_equal(status, want_why[0] == '\0' ? MC_OK : MC_INVALID);
    test_free(book);
}

static void bad_tables_do_not_open(void **state)
{
    static const char good[] = TEMPLATES "A,1,Tiêu đề,Ho so {code},Hồ sơ {code}\n";
    static const char bad_life[] = "dossier.sent: the life of an SMS is 1h to 72h, or empty";
    static const struct {
        const char *rules;
        const char *templates;
        const char *want;
    } cases[] = {
        {RULES "dossier.sent,,A,inbox sms,dossier,\n", good, ""},
        {RULES "dossier.advanced,REFUSED,A,inbox,dossier,\ndossier.advanced,,A,inbox,dossier,\n",
         good, ""},
        {"", good, "event: empty"},
        {RULES, "", "key: empty"},
        {"event,to_state,template\n", good, "channels: no such column"},
        {"event,to_state,template,channels,kind\n", good, "sms_life: no such column"},
        {RULES, "key,version,title,sms\n", "text: no such column"},
        {RULES "dossier.eaten,,A,inbox,dossier,\n", good, "dossier.eaten: no such event"},
        {RULES "dossier.advanced,EATEN,A,inbox,dossier,\n", good,
         "dossier.advanced: no such state"},
        {RULES "payment.paid,PAID,A,inbox,dossier,\n", good, "payment.paid: no such state"},
        {RULES "dossier.sent,,B,inbox,dossier,\n", good, "dossier.sent: no such template"},
        {RULES "dossier.sent,,A,fax,dossier,\n", good,
         "dossier.sent: channels are \"inbox\", then \"sms\", then \"email\""},
        {RULES "dossier.sent,,A,inbox email,dossier,\n", good, ""},
        {RULES "dossier.sent,,A,inbox sms email,dossier,\n", good, ""},
        {RULES "dossier.sent,,A,inbox,weather,\n", good, "dossier.sent: no such kind"},
        {RULES "dossier.sent,,A,inbox,,\n", good, "dossier.sent: no such kind"},
        {RULES "dossier.sent,,A,inbox,payment,1h\n", good, ""},
        {RULES "dossier.sent,,A,inbox,payment,72h\n", good, ""},
        {RULES "dossier.sent,,A,inbox,payment,0h\n", good, bad_life},
        {RULES "dossier.sent,,A,inbox,payment,73h\n", good, bad_life},
        {RULES "dossier.sent,,A,inbox,payment,24\n", good, bad_life},
        {RULES "dossier.sent,,A,inbox,payment,1000000h\n", good, bad_life},
        {RULES "dossier.sent,,A,inbox sms,dossier,13h\n", good, ""},
        {RULES "dossier.sent,,A,inbox sms,payment,12h\n", good, ""},
        {RULES "dossier.sent,,A,inbox sms,dossier,12h\n", good,
         "dossier.sent: an SMS that may wait for the morning lives no longer than a night"},
        {RULES "dossier.sent,,A,inbox,dossier,\ndossier.sent,,A,inbox,dossier,\n", good,
         "dossier.sent: two rules for one event"},
        {RULES "identity.account_opened,,A,inbox,dossier,\n", good,
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,{tx}\n",
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,{name},,x\n",
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,{code\n",
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,code}\n",
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,{}\n",
         "A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox sms,dossier,\n", TEMPLATES "A,1,T,,x\n",
         "A: a rule wants an SMS, and there is no text for it"},
        {RULES, TEMPLATES "A,1,T,Hồ sơ,x\n", "A: the SMS has letters that are not of GSM-7"},
        {RULES, TEMPLATES "A,1,T,a^b,x\n", "A: the SMS has letters that are not of GSM-7"},
        {RULES, TEMPLATES "A,0,T,,x\n", "A: a field is missing or too long"},
        {RULES, TEMPLATES "A,x,T,,x\n", "A: a field is missing or too long"},
        {RULES, TEMPLATES "A,1,,,x\n", "A: a field is missing or too long"},
        {RULES, TEMPLATES "A,1,T,,\n", "A: a field is missing or too long"},
        {RULES, TEMPLATES "A,1,T,,\xff\n", "A: not UTF-8"},
        {RULES, TEMPLATES "A,1,T,,x\nA,1,T,,y\n", "A: the same version twice"},
        {RULES, TEMPLATES "A,1,T,,\"x\n", "templates: cannot be read"},
    };
    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_read(cases[i].rules, cases[i].templates, cases[i].want);
}

/* The newest words are used, in whatever order the rows are; states decide between rules. */
static void versions_and_states(void **state)
{
    struct notification_book *book = test_calloc(1, sizeof *book);
    char why[256] = "";

    (void)state;
    assert_int_equal(
        notification_book_read(
            book,
            mc_key_text(
                RULES
                "dossier.advanced,REFUSED,A,inbox,dossier,\n"
                "dossier.advanced,STOPPED,B,inbox sms,dossier,\ndossier.sent,,A,inbox,dossier,\n"),
            mc_key_text(TEMPLATES "A,1,T,,một\nA,10,T,,mười\nA,9,T,,chín\nB,1,T,x,y\n"), why,
            sizeof why),
        MC_OK);
    const struct notification_rule *rule = notification_rule_find(book, "dossier.advanced", 3);
    assert_int_equal(rule->words->version, 10);
    assert_string_equal(rule->words->text, "mười");
    assert_false(rule->sms);
    assert_string_equal(notification_rule_find(book, "dossier.advanced", 8)->words->key, "B");
    assert_true(notification_rule_find(book, "dossier.advanced", 8)->sms);
    assert_null(notification_rule_find(book, "dossier.advanced", 4));
    assert_null(notification_rule_find(book, "dossier.accepted", 2));
    assert_non_null(notification_rule_find(book, "dossier.sent", 1));
    test_free(book);
}

static void words_are_filled_in(void **state)
{
    static const struct notification_value values[] = {
        {"code", "000.20.31.H53-260907-0007"},
        {"reason", "thiếu tờ khai\ncó \"chữ ký\" {code} ~ [số 1]"},
        {"empty", ""},
        {NULL, NULL},
    };
    static char out[NOTIFICATION_TEXT_SIZE];
    char sms[NOTIFICATION_SMS_MAX + 1];

    (void)state;
    notification_render(out, "{code}: {reason}{empty}.", values);
    assert_string_equal(out,
                        "000.20.31.H53-260907-0007: thiếu tờ khai\ncó \"chữ ký\" {code} ~ [số 1].");
    notification_render_sms(sms, "Ly do: {reason}{empty}.", values);
    assert_string_equal(sms, "Ly do: thieu to khai co \"chu ky\" (code) - (so 1).");
    notification_render_sms(sms, "{unknown}x", values);
    assert_string_equal(sms, "x");
    notification_render_sms(sms, "", values);
    assert_string_equal(sms, "");
}

/* The text as the longest that fits, and with one letter more. */
static void texts_at_their_limit(void **state)
{
    enum { LETTERS = NOTIFICATION_TEXT_MAX + 1 };
    static char out[NOTIFICATION_TEXT_SIZE];
    static char value[LETTERS * 4 + 1];
    const struct notification_value values[] = {{"v", value}, {NULL, NULL}};
    static const char *const letters[] = {"x", "ố", "𠊛"};

    (void)state;
    for (size_t kind = 0; kind < MC_LEN(letters); kind++) {
        size_t size = strlen(letters[kind]);

        for (size_t i = 0; i < LETTERS; i++)
            memcpy(value + i * size, letters[kind], size);
        value[NOTIFICATION_TEXT_MAX * size] = '\0';
        notification_render(out, "{v}", values);
        assert_string_equal(out, value);
        memcpy(value + (size_t)NOTIFICATION_TEXT_MAX * size, letters[kind], size);
        value[LETTERS * size] = '\0';
        notification_render(out, "{v}", values);
        assert_int_equal(strlen(out), (NOTIFICATION_TEXT_MAX - 1) * size + strlen("…"));
        assert_string_equal(out + (NOTIFICATION_TEXT_MAX - 1) * size, "…");
        notification_render(out, "{v}{v}x", values);
        assert_string_equal(out + (NOTIFICATION_TEXT_MAX - 1) * size, "…");
    }
}

static void sms_at_its_limits(void **state)
{
    static char value[NOTIFICATION_SMS_VALUE_MAX * 8 + 1];
    const struct notification_value values[] = {{"v", value}, {NULL, NULL}};
    char words[NOTIFICATION_SMS_MAX + 1];
    char sms[NOTIFICATION_SMS_MAX + 1];

    (void)state;
    memset(value, 'x', NOTIFICATION_SMS_VALUE_MAX);
    notification_render_sms(sms, "{v}", values);
    assert_string_equal(sms, value);
    value[NOTIFICATION_SMS_VALUE_MAX] = 'x';
    notification_render_sms(sms, "{v}", values);
    assert_int_equal(strlen(sms), NOTIFICATION_SMS_VALUE_MAX);
    assert_string_equal(sms + NOTIFICATION_SMS_VALUE_MAX - 4, "x...");

    /* 306 letters fit two parts; of one more than that, three give way to the dots. */
    value[1] = '\0';
    memset(words, 'y', sizeof words);
    memcpy(words + NOTIFICATION_SMS_MAX - 4, "y{v}", 5);
    notification_render_sms(sms, words, values);
    assert_int_equal(strlen(sms), NOTIFICATION_SMS_MAX - 2);
    memcpy(value, "xxxx", 5);
    notification_render_sms(sms, words, values);
    assert_int_equal(strlen(sms), NOTIFICATION_SMS_MAX);
    assert_string_equal(sms + NOTIFICATION_SMS_MAX - 3, "...");
    memcpy(value, "xxx", 4);
    notification_render_sms(sms, words, values);
    assert_int_equal(strlen(sms), NOTIFICATION_SMS_MAX);
    assert_string_equal(sms + NOTIFICATION_SMS_MAX - 3, "xxx");

    /* A long Vietnamese reason loses its marks first, then its end. */
    for (size_t i = 0; i < NOTIFICATION_SMS_VALUE_MAX; i++)
        memcpy(value + i * 3, "ố", 4);
    notification_render_sms(sms, "{v}", values);
    assert_int_equal(strlen(sms), NOTIFICATION_SMS_VALUE_MAX);
    assert_string_equal(sms + NOTIFICATION_SMS_VALUE_MAX - 2, "oo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_tables_do_not_open), cmocka_unit_test(versions_and_states),
        cmocka_unit_test(words_are_filled_in),    cmocka_unit_test(texts_at_their_limit),
        cmocka_unit_test(sms_at_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
