/*
 * The carrier's answer, read and compared. Pure.
 *
 *     {"result": "MATCH" | "MISMATCH" | "NOT_FOUND", "carrier": "Vinaphone", "fields":
 * ["full_name"]}
 *     {"carrier": "Vinaphone", "owner": {"full_name": …, "id_number": …, "birth_date": …}}
 *
 * In the second form we compare: names by their search key, because "Hoà" and "Hòa" are one name
 * and some carriers send no accents; numbers by their digits; dates by day, month and year. Both
 * forms together must both agree.
 */
#include <string.h>

#include "common/date.h"
#include "common/json.h"
#include "common/text.h"

#include "identity.h"

static const char *const field_names[] = {"full_name", "id_number", "birth_date", "msisdn"};

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

static void differs(struct identity_carrier_answer *answer, const char *field)
{
    answer->owner = IDENTITY_OWNER_OTHER;
    for (size_t i = 0; i < answer->fields_len; i++)
        if (strcmp(answer->fields[i], field) == 0)
            return;
    if (answer->fields_len < MC_LEN(answer->fields))
        answer->fields[answer->fields_len++] = field;
}

static const char *owner_text(const struct mc_json *json, const char *path)
{
    const char *text = mc_json_text(json, path);

    return text != NULL ? text : "";
}

static void compare_owner(const struct mc_json *json, const IdentityState__CarrierCheck *asked,
                          struct identity_carrier_answer *answer)
{
    answer->owner = IDENTITY_OWNER_SAME;
    if (!mc_text_same(owner_text(json, "owner.full_name"), asked->full_name))
        differs(answer, "full_name");
    if (!digits_are_same(owner_text(json, "owner.id_number"), asked->id_number))
        differs(answer, "id_number");
    if (!dates_are_same(owner_text(json, "owner.birth_date"), asked->birth_date))
        differs(answer, "birth_date");
}

/* Only names we know go on into the journal: the carrier's text may hold anything. */
static void take_fields(const struct mc_json *json, struct identity_carrier_answer *answer)
{
    size_t count = mc_json_count(json, "fields");

    for (size_t i = 0; i < MC_MIN(count, (size_t)16); i++) {
        const char *name = mc_json_text(mc_json_item(json, "fields", i), "");
        for (size_t known = 0; name != NULL && known < MC_LEN(field_names); known++)
            if (strcmp(name, field_names[known]) == 0)
                differs(answer, field_names[known]);
    }
}

static void take_result(const struct mc_json *json, const char *result,
                        struct identity_carrier_answer *answer)
{
    if (strcmp(result, "MATCH") == 0) {
        if (answer->owner == IDENTITY_OWNER_UNREADABLE)
            answer->owner = IDENTITY_OWNER_SAME;
    } else if (strcmp(result, "MISMATCH") == 0) {
        answer->owner = IDENTITY_OWNER_OTHER;
        take_fields(json, answer);
    } else if (strcmp(result, "NOT_FOUND") == 0) {
        differs(answer, "msisdn");
    } else {
        answer->owner = IDENTITY_OWNER_UNREADABLE;
    }
}

static char *carrier_name(struct mc_arena *arena, const struct mc_json *json)
{
    char name[MC_TEXT_SIZE(IDENTITY_CARRIER_NAME_MAX * 4)];
    const char *said = mc_json_text(json, "carrier");

    if (said == NULL || strlen(said) > (size_t)IDENTITY_CARRIER_NAME_MAX * 4 ||
        mc_text_clean(name, sizeof name, said) != MC_OK)
        return mc_strdup(arena, "");
    mc_text_truncate(name, IDENTITY_CARRIER_NAME_MAX);
    return mc_strdup(arena, name);
}

void identity_carrier_read(struct mc_arena *arena, struct mc_bytes body,
                           const IdentityState__CarrierCheck *asked,
                           struct identity_carrier_answer *ret_answer)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    *ret_answer = (struct identity_carrier_answer){.owner = IDENTITY_OWNER_UNREADABLE};
    if (mc_json_parse(body, &json) != MC_OK)
        return;
    const char *result = mc_json_text(json, "result");
    if (mc_json_at(json, "owner") != NULL)
        compare_owner(json, asked, ret_answer);
    if (result != NULL)
        take_result(json, result, ret_answer);
    ret_answer->carrier = carrier_name(arena, json);
}
