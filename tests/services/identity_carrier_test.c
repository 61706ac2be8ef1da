/* The carrier's answer, read and compared (domain 1.7, S02). */
#include "../common/vectors.h"
#include "identity_help.h"
#include "services/identity/lookup.h"

static struct mc_arena arena;

static int open_arena(void **state)
{
    (void)state;
    return mc_arena_init(&arena, 1 << 20) == MC_OK ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    mc_arena_done(&arena);
    return 0;
}

static struct identity_answer answer_to(const char *body)
{
    IdentityState__Lookup asked = IDENTITY_STATE__LOOKUP__INIT;
    struct identity_answer answer;

    asked.msisdn = text(BINH_PHONE);
    asked.id_number = text(BINH_ID);
    asked.full_name = text("Nguyễn Thị Hoà Bình");
    asked.birth_date = text("05/03/1993");
    identity_answer_read(&arena, mc_key_text(body), "owner", &asked, &answer);
    return answer;
}

#define OWNER(name, id, birth)                                                                     \
    "{\"owner\":{\"full_name\":\"" name "\",\"id_number\":\"" id "\",\"birth_date\":\"" birth "\"" \
    "}}"

static void answers_are_read(void **state)
{
    (void)state;
    const struct {
        const char *body;
        enum identity_owner want;
        const char *fields; /* in order */
    } cases[] = {
        {"{\"result\":\"MATCH\"}", IDENTITY_OWNER_SAME, ""},
        {"{\"result\":\"MISMATCH\"}", IDENTITY_OWNER_OTHER, ""},
        {"{\"result\":\"MISMATCH\",\"fields\":[\"full_name\",\"full_name\",7,\"x\"]}",
         IDENTITY_OWNER_OTHER, "full_name "},
        {"{\"result\":\"NOT_FOUND\"}", IDENTITY_OWNER_OTHER, "msisdn "},
        {"{\"result\":\"PERHAPS\"}", IDENTITY_OWNER_UNREADABLE, ""},
        {"{\"result\":true}", IDENTITY_OWNER_UNREADABLE, ""},
        {"{}", IDENTITY_OWNER_UNREADABLE, ""},
        {"[]", IDENTITY_OWNER_UNREADABLE, ""},
        {"", IDENTITY_OWNER_UNREADABLE, ""},
        {"{\"result\":\"MATCH\"", IDENTITY_OWNER_UNREADABLE, ""},
        {OWNER("NGUYỄN THỊ HÒA BÌNH", "012193990017", "05/03/1993"), IDENTITY_OWNER_SAME, ""},
        {OWNER("nguyen thi hoa binh", "012 193 990 017", "5/3/1993"), IDENTITY_OWNER_SAME, ""},
        {OWNER("TRẦN ĐỨC ANH", "012193990017", "05/03/1993"), IDENTITY_OWNER_OTHER, "full_name "},
        {OWNER("NGUYỄN THỊ HÒA BÌNH", "01219399001", "05/03/1993"), IDENTITY_OWNER_OTHER,
         "id_number "},
        {OWNER("NGUYỄN THỊ HÒA BÌNH", "012193990017", "06/03/1993"), IDENTITY_OWNER_OTHER,
         "birth_date "},
        {OWNER("NGUYỄN THỊ HÒA BÌNH", "012193990017", "soon"), IDENTITY_OWNER_OTHER, "birth_date "},
        {OWNER("", "", ""), IDENTITY_OWNER_OTHER, "full_name id_number birth_date "},
        {"{\"owner\":{}}", IDENTITY_OWNER_OTHER, "full_name id_number birth_date "},
        {"{\"owner\":null,\"result\":\"MATCH\"}", IDENTITY_OWNER_OTHER,
         "full_name id_number birth_date "},
        /* both forms must both agree */
        {"{\"result\":\"MATCH\",\"owner\":{\"full_name\":\"AI\",\"id_number\":\"012193990017\","
         "\"birth_date\":\"05/03/1993\"}}",
         IDENTITY_OWNER_OTHER, "full_name "},
        {"{\"result\":\"MISMATCH\",\"owner\":{\"full_name\":\"NGUYEN THI HOA BINH\","
         "\"id_number\":\"012193990017\",\"birth_date\":\"05/03/1993\"}}",
         IDENTITY_OWNER_OTHER, ""},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct identity_answer answer = answer_to(cases[i].body);
        char fields[128] = "";
        for (size_t k = 0; k < answer.fields_len; k++)
            (void)snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "%s ",
                           answer.fields[k]);
        if (answer.owner != cases[i].want || strcmp(fields, cases[i].fields) != 0)
            fail_msg("case %zu: owner %d, fields %s", i, (int)answer.owner, fields);
    }
}

/* Domain 1.7: however a system writes a name, it is the person's. */
static void names_are_compared_as_the_vectors_say(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("name_vectors");

    while (vectors_next(vectors)) {
        static const char *const forms[] = {"nfc", "upper", "search_key"};
        IdentityState__Lookup asked = IDENTITY_STATE__LOOKUP__INIT;
        asked.full_name = text(vectors_get(vectors, "nfc"));
        asked.id_number = text(BINH_ID);
        asked.birth_date = text("05/03/1993");
        for (size_t i = 0; i < MC_LEN(forms); i++) {
            struct identity_answer answer;
            char body[1024];
            (void)snprintf(body, sizeof body, OWNER("%s", BINH_ID, "05/03/1993"),
                           vectors_get(vectors, forms[i]));
            identity_answer_read(&arena, mc_key_text(body), "owner", &asked, &answer);
            if (answer.owner != IDENTITY_OWNER_SAME)
                fail_msg("%s is not %s", vectors_get(vectors, forms[i]), asked.full_name);
        }
    }
}

static void a_carriers_name_is_cleaned_and_cut(void **state)
{
    (void)state;
    char body[512];
    char name[200] = {0};

    assert_string_equal(answer_to("{\"result\":\"MATCH\",\"carrier\":\" Vina  phone \"}").system,
                        "Vina phone");
    assert_string_equal(answer_to("{\"result\":\"MATCH\",\"carrier\":\"a\\u0007b\"}").system, "");
    assert_string_equal(answer_to("{\"result\":\"MATCH\",\"carrier\":5}").system, "");
    memset(name, 'x', IDENTITY_SYSTEM_NAME_MAX + 1);
    (void)snprintf(body, sizeof body, "{\"result\":\"MATCH\",\"carrier\":\"%s\"}", name);
    assert_int_equal(strlen(answer_to(body).system), IDENTITY_SYSTEM_NAME_MAX);
    memset(name, 'x', 4 * IDENTITY_SYSTEM_NAME_MAX + 1);
    (void)snprintf(body, sizeof body, "{\"result\":\"MATCH\",\"carrier\":\"%s\"}", name);
    assert_string_equal(answer_to(body).system, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(names_are_compared_as_the_vectors_say),
        cmocka_unit_test(a_carriers_name_is_cleaned_and_cut),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
