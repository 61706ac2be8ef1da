/*
 * The answers of other systems, read and compared. Pure.
 *
 *     {"result": "MATCH" | "MISMATCH" | "NOT_FOUND" | "NOT_MINE" | "NOT_CHECKED",
 *      "carrier": "Vinaphone", "carrier_code": "vinaphone", "fields": ["full_name"]}
 *     {"carrier": "Vinaphone", "owner": {"full_name": …, "id_number": …, "birth_date": …}}
 *
 * In the second form we compare: names by their search key, because "Hoà" and "Hòa" are one name
 * and some systems send no accents; numbers by their digits; dates by day, month and year. Both
 * forms together must both agree.
 */
#include <string.h>

#include "common/date.h"
#include "common/ident.h"
#include "common/text.h"

#include "lookup.h"

static const char *const field_names[] = {"full_name", "id_number",    "birth_date",
                                          "msisdn",    "insurance_no", "post_account"};

static bool digits_are_same(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && (*a < '0' || *a > '9'))
            a++;
        while (*b != '\0' && (*b < '0' || *b > '9'))
            b++;
        if (*a != *b || *a == '\0')
            return *a == *b;
        a++;
        b++;
    }
}

static bool dates_are_same(const char *a, const char *b)
{
    struct mc_date first;
    struct mc_date second;

    return mc_birth_parse(a, &first) == MC_WHY_OK && mc_birth_parse(b, &second) == MC_WHY_OK &&
           mc_date_compare(first, second) == 0;
}

static void differs(struct identity_answer *answer, const char *field)
{
    answer->owner = IDENTITY_OWNER_OTHER;
    for (size_t i = 0; i < answer->fields_len; i++)
        if (strcmp(answer->fields[i], field) == 0)
            return;
    if (answer->fields_len < MC_LEN(answer->fields))
        answer->fields[answer->fields_len++] = field;
}

static const char *person_text(const struct mc_json *person, const char *path)
{
    const char *text = mc_json_text(person, path);

    return text != NULL ? text : "";
}

static void compare_person(const struct mc_json *person, const IdentityState__Lookup *asked,
                           struct identity_answer *answer)
{
    answer->owner = IDENTITY_OWNER_SAME;
    if (!mc_text_same(person_text(person, "full_name"), asked->full_name))
        differs(answer, "full_name");
    if (!digits_are_same(person_text(person, "id_number"), asked->id_number))
        differs(answer, "id_number");
    if (!dates_are_same(person_text(person, "birth_date"), asked->birth_date))
        differs(answer, "birth_date");
}

/* Only names we know go on into the journal: the other side's text may hold anything. */
static void take_fields(const struct mc_json *json, struct identity_answer *answer)
{
    size_t count = mc_json_count(json, "fields");

    for (size_t i = 0; i < MC_MIN(count, (size_t)16); i++) {
        const char *name = mc_json_text(mc_json_item(json, "fields", i), "");
        for (size_t known = 0; name != NULL && known < MC_LEN(field_names); known++)
            if (strcmp(name, field_names[known]) == 0)
                differs(answer, field_names[known]);
    }
}

/* What was asked for by is the fact that does not fit when nothing was found. */
static const char *key_field(const IdentityState__Lookup *asked)
{
    if (asked->insurance_no[0] != '\0')
        return "insurance_no";
    if (asked->post_account[0] != '\0')
        return "post_account";
    return asked->msisdn[0] != '\0' ? "msisdn" : "id_number";
}

static void take_result(const struct mc_json *json, const char *result,
                        const IdentityState__Lookup *asked, struct identity_answer *answer)
{
    if (strcmp(result, "MATCH") == 0) {
        if (answer->owner == IDENTITY_OWNER_UNREADABLE)
            answer->owner = IDENTITY_OWNER_SAME;
    } else if (strcmp(result, "MISMATCH") == 0) {
        answer->owner = IDENTITY_OWNER_OTHER;
        take_fields(json, answer);
    } else if (strcmp(result, "NOT_FOUND") == 0) {
        differs(answer, key_field(asked));
    } else if (strcmp(result, "NOT_MINE") == 0) {
        answer->owner = IDENTITY_OWNER_ELSEWHERE;
    } else if (strcmp(result, "NOT_CHECKED") == 0) {
        answer->owner = IDENTITY_OWNER_NOT_CHECKED;
    } else {
        answer->owner = IDENTITY_OWNER_UNREADABLE;
    }
}

static char *name_of(struct mc_arena *arena, const char *said)
{
    char name[MC_TEXT_SIZE(IDENTITY_SYSTEM_NAME_MAX * 4)];

    if (said == NULL || strlen(said) > (size_t)IDENTITY_SYSTEM_NAME_MAX * 4 ||
        mc_text_clean(name, sizeof name, said) != MC_OK)
        return mc_strdup(arena, "");
    mc_text_truncate(name, IDENTITY_SYSTEM_NAME_MAX);
    return mc_strdup(arena, name);
}

/* Only a carrier we know of can be asked. */
static char *carrier_code_of(struct mc_arena *arena, const char *said)
{
    struct mc_carrier carrier;

    return mc_strdup(arena, said != NULL && mc_carrier_find(said, &carrier) ? carrier.code : "");
}

void identity_answer_read(struct mc_arena *arena, struct mc_bytes body, const char *person,
                          const IdentityState__Lookup *asked, struct identity_answer *ret_answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    *ret_answer = (struct identity_answer){.owner = IDENTITY_OWNER_UNREADABLE};
    if (mc_json_parse(body, &json) != MC_OK)
        return;
    const char *result = mc_json_text(json, "result");
    const struct mc_json *found = mc_json_at(json, person);
    if (found != NULL)
        compare_person(found, asked, ret_answer);
    if (result != NULL)
        take_result(json, result, asked, ret_answer);
    ret_answer->system = name_of(arena, mc_json_text(json, "carrier"));
    ret_answer->carrier = carrier_code_of(arena, mc_json_text(json, "carrier_code"));
}
