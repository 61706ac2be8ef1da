/* Rules and templates: what opens, what does not, and how words are filled in. */
#include <stdio.h>
#include <string.h>

#include "dossier.pb-c.h"

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
         "A: a brace that is none of a pair"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,code}\n",
         "A: a brace that is none of a pair"},
        {RULES "dossier.sent,,A,inbox,dossier,\n", TEMPLATES "A,1,T,,{}\n",
         "A: a brace that is none of a pair"},
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

/* --- an operator's own tables --- */

#define OUR_RULES                                                                                  \
    RULES "dossier.sent,,A,inbox,dossier,\ndossier.advanced,REFUSED,A,inbox,decision,\n"           \
          "dossier.advanced,,A,inbox,dossier,\n"
#define OUR_TEMPLATES TEMPLATES "A,1,Ours,,x\nA,2,Ours,,x {code}\nB,1,Ours B,,x\n"

static void own_read(const char *rules, const char *templates, const char *want_why,
                     struct notification_book *book)
{
    const struct notification_own own_rules = {rules[0] != '\0' ? "r.csv" : "", mc_key_text(rules)};
    const struct notification_own own_templates = {templates[0] != '\0' ? "t.csv" : "",
                                                   mc_key_text(templates)};
    char why[256] = "";
    enum mc_status status =
        notification_book_read_own(book, mc_key_text(OUR_RULES), mc_key_text(OUR_TEMPLATES),
                                   &own_rules, &own_templates, why, sizeof why);

    assert_string_equal(why, want_why);
    assert_int_equal(status, want_why[0] == '\0' ? MC_OK : MC_INVALID);
}

/* His words are used, whatever version ours has; ours of that version make place. */
static void own_words_are_used(void **state)
{
    struct notification_book *book = test_calloc(1, sizeof *book);

    (void)state;
    own_read("", TEMPLATES "A,1,His,,his {code}\n", "", book);
    assert_int_equal(book->templates_len, 3);
    assert_string_equal(notification_template_find(book, "A")->title, "His");
    assert_string_equal(notification_template_version(book, "A", 2)->title, "Ours");
    assert_string_equal(notification_rule_find(book, "dossier.sent", 0)->words->title, "His");
    own_read("", TEMPLATES "A,1001,His,,x\nA,1002,His newer,,x\nC,1,His C,,x\n", "", book);
    assert_int_equal(book->templates_len, 6);
    assert_string_equal(notification_template_find(book, "A")->title, "His newer");
    assert_string_equal(notification_template_find(book, "B")->title, "Ours B");
    test_free(book);
}

/* A rule of one state goes before the one of any, and takes the place of ours of that state. */
static void own_rules_are_used(void **state)
{
    struct notification_book *book = test_calloc(1, sizeof *book);
    int refused = DOSSIER__STATE__REFUSED;
    int finished = DOSSIER__STATE__FINISHED;

    (void)state;
    own_read(RULES "dossier.advanced,REFUSED,B,inbox,decision,\n"
                   "dossier.advanced,FINISHED,C,inbox,dossier,\n"
                   "payment.paid,,C,inbox,payment,\n",
             TEMPLATES "C,1,His C,,x\n", "", book);
    assert_int_equal(book->rules_len, 5);
    assert_string_equal(notification_rule_find(book, "dossier.advanced", refused)->words->key, "B");
    assert_string_equal(notification_rule_find(book, "dossier.advanced", finished)->words->key,
                        "C");
    assert_string_equal(notification_rule_find(book, "dossier.advanced", -5)->words->key, "A");
    assert_string_equal(notification_rule_find(book, "payment.paid", 0)->words->key, "C");
    own_read(RULES "dossier.advanced,,B,inbox,dossier,\n", "", "", book);
    assert_int_equal(book->rules_len, 3);
    assert_string_equal(notification_rule_find(book, "dossier.advanced", finished)->words->key,
                        "B");
    assert_string_equal(notification_rule_find(book, "dossier.advanced", refused)->words->key, "A");
    test_free(book);
}

/* File, line, column: what is wrong can be found. */
static void slips_in_own_tables_are_named(void **state)
{
    static const struct {
        const char *rules;
        const char *templates;
        const char *want;
    } cases[] = {
        {"", "key,version\n", "t.csv:1:title: title: no such column"},
        {"", TEMPLATES "C,1,T,,x\n\nC,0,T,,x\n",
         "t.csv:4:version: C: a field is missing or too long"},
        {"", TEMPLATES "C,1,,,x\n", "t.csv:2:title: C: a field is missing or too long"},
        {"", TEMPLATES "C,1,T,,\"x\ny\"\nC,1,T,,x\n", "t.csv:4:version: C: the same version twice"},
        {"", TEMPLATES "C,1,T,Hồ sơ,x\n",
         "t.csv:2:sms: C: the SMS has letters that are not of GSM-7"},
        {"", TEMPLATES "C,1,T,,x {code\n", "t.csv:2:text: C: a brace that is none of a pair"},
        {"", TEMPLATES "C,1,T,,\"x\n", "t.csv:2:row: templates: cannot be read"},
        /* our rule wants his words */
        {"", TEMPLATES "A,7,T {bank},,x\n",
         "t.csv:2:title: A: a variable that its event does not offer"},
        {"rule\n", "", "r.csv:1:event: event: no such column"},
        {RULES "dossier.eaten,,A,inbox,dossier,\n", "",
         "r.csv:2:event: dossier.eaten: no such event"},
        {RULES "dossier.sent,EATEN,A,inbox,dossier,\n", "",
         "r.csv:2:to_state: dossier.sent: no such state"},
        {RULES "dossier.sent,,Z,inbox,dossier,\n", "",
         "r.csv:2:template: dossier.sent: no such template"},
        {RULES "dossier.sent,,A,fax,dossier,\n", "",
         "r.csv:2:channels: dossier.sent: channels are \"inbox\", then \"sms\", then \"email\""},
        {RULES "dossier.sent,,A,inbox,weather,\n", "", "r.csv:2:kind: dossier.sent: no such kind"},
        {RULES "dossier.sent,,A,inbox,payment,99h\n", "",
         "r.csv:2:sms_life: dossier.sent: the life of an SMS is 1h to 72h, or empty"},
        {RULES "identity.account_opened,,A,inbox,security,\n", "",
         "r.csv:2:template: A: a variable that its event does not offer"},
        {RULES "dossier.sent,,A,inbox sms,payment,\n", "",
         "r.csv:2:channels: A: a rule wants an SMS, and there is no text for it"},
        {RULES "dossier.sent,,A,inbox,payment,\ndossier.sent,,B,inbox,payment,\n", "",
         "r.csv:3:event: dossier.sent: two rules for one event"},
    };
    struct notification_book *book = test_calloc(1, sizeof *book);

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        own_read(cases[i].rules, cases[i].templates, cases[i].want, book);
    test_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_words_are_used),
        cmocka_unit_test(own_rules_are_used),
        cmocka_unit_test(slips_in_own_tables_are_named),
        cmocka_unit_test(bad_tables_do_not_open),
        cmocka_unit_test(versions_and_states),
        cmocka_unit_test(words_are_filled_in),
        cmocka_unit_test(texts_at_their_limit),
        cmocka_unit_test(sms_at_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
