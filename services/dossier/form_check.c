/*
 * What people filled in, against what the form asks. One walk checks the values and writes them as
 * they are kept, so that what is kept is what was checked.
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/money.h"
#include "common/text.h"

#include "form.h"

enum { NUMBER_SIZE = 32 };

/* Where values are looked for: in a group's item, or in the form. */
struct scope {
    const struct mc_json *form;
    const struct mc_json *item; /* NULL outside of groups */
    const char *path;           /* "children[1]"; "" outside */
};

struct walk {
    const struct dossier_form_check *check;
    struct dossier_problems *problems;
    struct mc_arena *arena;
    struct mc_json_writer writer;
};

static const struct mc_json *value_of(const struct scope *scope, const struct dossier_field *field)
{
    return mc_json_at(field->group != NULL ? scope->item : scope->form, field->name);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static bool is_filled(const struct mc_json *value)
{
    switch (mc_json_kind(value, "")) {
    case MC_JSON_ABSENT:
        return false;
    case MC_JSON_TEXT:
        return !is_blank(mc_json_text(value, ""));
    case MC_JSON_ARRAY:
        return mc_json_count(value, "") > 0;
    case MC_JSON_OBJECT:
    case MC_JSON_INTEGER:
    case MC_JSON_REAL:
    case MC_JSON_BOOL:
    default:
        return true;
    }
}

static bool holds_value(const struct dossier_condition *condition, const char *value)
{
    for (size_t i = 0; value != NULL && i < condition->values_len; i++)
        if (strcmp(condition->values[i], value) == 0)
            return true;
    return false;
}

static bool is_in(const struct dossier_condition *condition, const struct mc_json *value)
{
    bool flag = false;

    if (condition->field->type == DOSSIER_FIELD_CHECK) {
        (void)mc_json_bool(value, "", &flag); /* not said is not checked */
        return holds_value(condition, flag ? "true" : "false");
    }
    for (size_t i = 0; mc_json_kind(value, "") == MC_JSON_ARRAY && i < mc_json_count(value, "");
         i++)
        if (holds_value(condition, mc_json_text(mc_json_item(value, "", i), "")))
            return true;
    return holds_value(condition, mc_json_text(value, ""));
}

static bool is_shown(const struct scope *scope, const struct dossier_field *field);

/* What is not shown says nothing. */
static bool is_met(const struct scope *scope, const struct dossier_condition *condition)
{
    if (condition->kind == DOSSIER_WHEN_ALWAYS)
        return true;
    const struct mc_json *value = value_of(scope, condition->field);
    bool shown = is_shown(scope, condition->field);
    if (condition->kind == DOSSIER_WHEN_EMPTY)
        return !shown || !is_filled(value);
    if (condition->kind == DOSSIER_WHEN_FILLED)
        return shown && is_filled(value);
    return shown && is_in(condition, value);
}

/* As deep as the chain of conditions, which the load has seen to end. */
static bool is_shown(const struct scope *scope, const struct dossier_field *field)
{
    return is_met(scope, &field->show_when);
}

static bool is_required(const struct scope *scope, const struct dossier_field *field)
{
    return field->required || (field->required_when.kind != DOSSIER_WHEN_ALWAYS &&
                               is_met(scope, &field->required_when));
}

static const char *path_of(const struct walk *walk, const struct scope *scope, const char *name)
{
    return scope->path[0] == '\0' ? name : mc_sprintf(walk->arena, "%s.%s", scope->path, name);
}

static void tell(struct walk *walk, const struct scope *scope, const struct dossier_field *field,
                 const char *code, const char *limit)
{
    dossier_problem_add(walk->problems, path_of(walk, scope, field->name), code, field->label,
                        limit, "");
}

static void tell_limit(struct walk *walk, const struct scope *scope,
                       const struct dossier_field *field, const char *code, int64_t limit)
{
    char text[NUMBER_SIZE];

    if (field->type == DOSSIER_FIELD_MONEY)
        mc_money_format(text, sizeof text, limit);
    else
        (void)snprintf(text, sizeof text, "%lld", (long long)limit);
    const char *copy = mc_strdup(walk->arena, text);
    tell(walk, scope, field, code, copy != NULL ? copy : "");
}

/* --- texts --- */

static const char *format_code(enum mc_why why)
{
    return why == MC_WHY_OK ? NULL : mc_why_code(why);
}

static const char *clean_date(char *text, size_t size, bool partial)
{
    struct mc_date date;
    enum mc_why why = partial ? mc_birth_parse(text, &date) : mc_date_parse(text, &date);

    if (why == MC_WHY_OK)
        mc_date_format(text, size, date);
    return format_code(why);
}

static const char *clean_identity(char *text, size_t size, bool personal)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind = MC_IDENTITY_NONE;
    enum mc_why why = mc_identity_parse(text, number, sizeof number, &kind);

    if (why == MC_WHY_OK && personal && kind != MC_IDENTITY_CCCD)
        why = MC_WHY_CCCD_FORMAT;
    if (why == MC_WHY_OK)
        (void)snprintf(text, size, "%s", number);
    return format_code(why);
}

/* As people write it: 0912000101. */
static const char *clean_phone(char *text, size_t size)
{
    struct mc_phone phone;
    enum mc_why why = mc_phone_parse(text, &phone);

    if (why == MC_WHY_OK)
        (void)snprintf(text, size, "0%s", phone.number + 2);
    return format_code(why);
}

static const char *clean_by_type(const struct dossier_field *field, char *text, size_t size)
{
    switch (field->type) {
    case DOSSIER_FIELD_NAME:
        return format_code(mc_name_check(text));
    case DOSSIER_FIELD_DATE:
        return clean_date(text, size, false);
    case DOSSIER_FIELD_BIRTH:
        return clean_date(text, size, true);
    case DOSSIER_FIELD_IDENTITY:
        return clean_identity(text, size, false);
    case DOSSIER_FIELD_PERSONAL_ID:
        return clean_identity(text, size, true);
    case DOSSIER_FIELD_PHONE:
        return clean_phone(text, size);
    case DOSSIER_FIELD_EMAIL:
        return format_code(mc_email_check(text));
    case DOSSIER_FIELD_TEXT:
    case DOSSIER_FIELD_LINES:
    case DOSSIER_FIELD_CHOICE:
    case DOSSIER_FIELD_PROVINCE:
    case DOSSIER_FIELD_COMMUNE:
    case DOSSIER_FIELD_NUMBER:
    case DOSSIER_FIELD_MONEY:
    case DOSSIER_FIELD_CHOICES:
    case DOSSIER_FIELD_CHECK:
    case DOSSIER_FIELD_FILE:
    case DOSSIER_FIELD_GROUP:
    case DOSSIER_FIELD_TYPES_LEN:
    default:
        return NULL;
    }
}

enum mc_status dossier_form_clean(struct mc_arena *arena, const struct dossier_field *field,
                                  const char *text, const char **ret_clean, const char **ret_code)
{
    /* a normalised date, number or phone may be longer than what was typed, never than this */
    size_t size = MC_TEXT_SIZE(strlen(text)) + NUMBER_SIZE;
    char *clean = mc_alloc(arena, size);

    *ret_code = NULL;
    if (clean == NULL)
        return MC_FULL;
    enum mc_status status = field->type == DOSSIER_FIELD_LINES
                                ? mc_text_clean_lines(clean, size, text)
                                : mc_text_clean(clean, size, text);
    *ret_code = status == MC_OK ? clean_by_type(field, clean, size) : "FORM_VALUE";
    if (*ret_code != NULL)
        return MC_INVALID;
    *ret_clean = clean;
    return MC_OK;
}

static int full_years(struct mc_date birth, struct mc_date today)
{
    int years = today.year - birth.year;

    if (today.month < birth.month || (today.month == birth.month && today.day < birth.day))
        years--;
    return years;
}

/* Of those who know only the year, the kindest reading counts. */
static void check_date(struct walk *walk, const struct scope *scope,
                       const struct dossier_field *field, const char *text)
{
    struct mc_date today = walk->check->today;
    struct mc_date date;

    if (mc_birth_parse(text, &date) != MC_WHY_OK)
        return;
    if (field->not_future && mc_date_compare(date, today) > 0)
        tell(walk, scope, field, "FORM_DATE_FUTURE", "");
    if (field->not_past && mc_date_compare(date, today) < 0)
        tell(walk, scope, field, "FORM_DATE_PAST", "");
    struct mc_date latest = {date.year, date.month != 0 ? date.month : 12,
                             date.day != 0 ? date.day : 31};
    if (field->age_min >= 0 && full_years(date, today) < field->age_min)
        tell_limit(walk, scope, field, "FORM_AGE_MIN", field->age_min);
    if (field->age_max >= 0 && full_years(latest, today) > field->age_max)
        tell_limit(walk, scope, field, "FORM_AGE_MAX", field->age_max);
}

static bool is_option(const struct dossier_field *field, const char *value)
{
    for (size_t i = 0; i < field->options_len; i++)
        if (strcmp(field->options[i].value, value) == 0)
            return true;
    return false;
}

static bool is_offered(const struct walk *walk, const struct dossier_field *field,
                       const char *value)
{
    if (field->type == DOSSIER_FIELD_PROVINCE)
        return dossier_province_find(walk->check->places, value) != NULL;
    return field->type != DOSSIER_FIELD_CHOICE || is_option(field, value);
}

static void check_commune(struct walk *walk, const struct scope *scope,
                          const struct dossier_field *field, const char *code)
{
    const struct dossier_place *commune = dossier_commune_find(walk->check->places, code);
    const char *province =
        field->province != NULL ? mc_json_text(value_of(scope, field->province), "") : NULL;

    if (commune == NULL)
        tell(walk, scope, field, "FORM_CHOICE", "");
    else if (province != NULL && strcmp(commune->province, province) != 0)
        tell(walk, scope, field, "FORM_COMMUNE", "");
}

static void check_words(struct walk *walk, const struct scope *scope,
                        const struct dossier_field *field, const char *text)
{
    int64_t chars = (int64_t)mc_text_chars(text);

    if (chars < field->min)
        tell_limit(walk, scope, field, "FORM_TOO_SHORT", field->min);
    if (chars > field->max)
        tell_limit(walk, scope, field, "FORM_TOO_LONG", field->max);
    if (field->pattern != NULL && !dossier_pattern_match(field->pattern, text))
        tell(walk, scope, field, "FORM_PATTERN", field->hint != NULL ? field->hint : "");
}

static void check_text(struct walk *walk, const struct scope *scope,
                       const struct dossier_field *field, const struct mc_json *value)
{
    const char *text = mc_json_text(value, "");
    const char *clean = NULL;
    const char *code = "FORM_VALUE";

    if (text == NULL || dossier_form_clean(walk->arena, field, text, &clean, &code) != MC_OK) {
        tell(walk, scope, field, code != NULL ? code : "FORM_VALUE", "");
        return;
    }
    if (field->type == DOSSIER_FIELD_TEXT || field->type == DOSSIER_FIELD_LINES)
        check_words(walk, scope, field, clean);
    else if (field->type == DOSSIER_FIELD_DATE || field->type == DOSSIER_FIELD_BIRTH)
        check_date(walk, scope, field, clean);
    else if (!is_offered(walk, field, clean))
        tell(walk, scope, field, "FORM_CHOICE", "");
    else if (field->type == DOSSIER_FIELD_COMMUNE)
        check_commune(walk, scope, field, clean);
    mc_json_key(&walk->writer, field->name);
    mc_json_string(&walk->writer, clean);
}

/* --- the other types --- */

static bool read_amount(const struct dossier_field *field, const struct mc_json *value,
                        int64_t *ret_number)
{
    const char *text = mc_json_text(value, "");

    if (mc_json_number(value, "", ret_number))
        return true;
    return field->type == DOSSIER_FIELD_MONEY && text != NULL &&
           mc_money_parse(text, ret_number) == MC_WHY_OK;
}

static void check_number(struct walk *walk, const struct scope *scope,
                         const struct dossier_field *field, const struct mc_json *value)
{
    int64_t number = 0;

    if (!read_amount(field, value, &number)) {
        tell(walk, scope, field, "FORM_VALUE", "");
        return;
    }
    if (number < field->min)
        tell_limit(walk, scope, field, "FORM_MIN", field->min);
    if (number > field->max)
        tell_limit(walk, scope, field, "FORM_MAX", field->max);
    mc_json_key(&walk->writer, field->name);
    mc_json_int(&walk->writer, number);
}

static void check_checked(struct walk *walk, const struct scope *scope,
                          const struct dossier_field *field, const struct mc_json *value)
{
    bool flag = false;

    if (!mc_json_bool(value, "", &flag))
        tell(walk, scope, field, "FORM_VALUE", "");
    else if (!flag && is_required(scope, field))
        tell(walk, scope, field, "FORM_REQUIRED", "");
    mc_json_key(&walk->writer, field->name);
    mc_json_true_or_false(&walk->writer, flag);
}

static bool counts(struct walk *walk, const struct scope *scope, const struct dossier_field *field,
                   const struct mc_json *value)
{
    size_t len = mc_json_count(value, "");

    if (mc_json_kind(value, "") != MC_JSON_ARRAY) {
        tell(walk, scope, field, "FORM_VALUE", "");
        return false;
    }
    if ((int64_t)len < field->min)
        tell_limit(walk, scope, field, "FORM_ITEMS_MIN", field->min);
    if ((int64_t)len > field->max)
        tell_limit(walk, scope, field, "FORM_ITEMS_MAX", field->max);
    return (int64_t)len <= field->max;
}

static bool came_before(const struct mc_json *list, size_t index, const char *value)
{
    for (size_t i = 0; i < index; i++) {
        const char *other = mc_json_text(mc_json_item(list, "", i), "");

        if (other != NULL && strcmp(other, value) == 0)
            return true;
    }
    return false;
}

static void check_choices(struct walk *walk, const struct scope *scope,
                          const struct dossier_field *field, const struct mc_json *value)
{
    if (!counts(walk, scope, field, value))
        return;
    mc_json_key(&walk->writer, field->name);
    mc_json_array(&walk->writer);
    for (size_t i = 0; i < mc_json_count(value, ""); i++) {
        const char *text = mc_json_text(mc_json_item(value, "", i), "");

        if (text == NULL || !is_option(field, text) || came_before(value, i, text))
            tell(walk, scope, field, "FORM_CHOICE", "");
        else
            mc_json_string(&walk->writer, text);
    }
    mc_json_end(&walk->writer);
}

static void check_file(struct walk *walk, const struct scope *scope,
                       const struct dossier_field *field)
{
    const struct dossier_form_check *check = walk->check;

    if (!check->papers || !is_required(scope, field))
        return;
    for (size_t i = 0; i < check->components_len; i++)
        if (strcmp(check->components[i], field->component) == 0)
            return;
    tell(walk, scope, field, "FORM_FILE", "");
}

static void check_fields(struct walk *walk, const struct scope *scope,
                         const struct dossier_field *fields, size_t len);
static void check_unknown(struct walk *walk, const struct scope *scope,
                          const struct mc_json *object, const struct dossier_field *fields,
                          size_t len);

static void check_group(struct walk *walk, const struct scope *scope,
                        const struct dossier_field *field, const struct mc_json *value)
{
    if (!counts(walk, scope, field, value))
        return;
    mc_json_key(&walk->writer, field->name);
    mc_json_array(&walk->writer);
    for (size_t i = 0; i < mc_json_count(value, ""); i++) {
        const struct mc_json *item = mc_json_item(value, "", i);
        const char *path = mc_sprintf(walk->arena, "%s[%zu]", field->name, i);
        struct scope inner = {scope->form, item, path != NULL ? path : ""};

        if (mc_json_kind(item, "") != MC_JSON_OBJECT) {
            tell(walk, scope, field, "FORM_VALUE", "");
            continue;
        }
        mc_json_object(&walk->writer);
        check_fields(walk, &inner, field->fields, field->fields_len);
        check_unknown(walk, &inner, item, field->fields, field->fields_len);
        mc_json_end(&walk->writer);
    }
    mc_json_end(&walk->writer);
}

static void check_value(struct walk *walk, const struct scope *scope,
                        const struct dossier_field *field, const struct mc_json *value)
{
    switch (field->type) {
    case DOSSIER_FIELD_NUMBER:
    case DOSSIER_FIELD_MONEY:
        check_number(walk, scope, field, value);
        return;
    case DOSSIER_FIELD_CHECK:
        check_checked(walk, scope, field, value);
        return;
    case DOSSIER_FIELD_CHOICES:
        check_choices(walk, scope, field, value);
        return;
    case DOSSIER_FIELD_GROUP:
        check_group(walk, scope, field, value);
        return;
    case DOSSIER_FIELD_FILE:
        tell(walk, scope, field, "FORM_VALUE", "");
        return;
    case DOSSIER_FIELD_TEXT:
    case DOSSIER_FIELD_LINES:
    case DOSSIER_FIELD_NAME:
    case DOSSIER_FIELD_DATE:
    case DOSSIER_FIELD_BIRTH:
    case DOSSIER_FIELD_IDENTITY:
    case DOSSIER_FIELD_PERSONAL_ID:
    case DOSSIER_FIELD_PHONE:
    case DOSSIER_FIELD_EMAIL:
    case DOSSIER_FIELD_CHOICE:
    case DOSSIER_FIELD_PROVINCE:
    case DOSSIER_FIELD_COMMUNE:
    case DOSSIER_FIELD_TYPES_LEN:
    default:
        check_text(walk, scope, field, value);
    }
}

static void check_fields(struct walk *walk, const struct scope *scope,
                         const struct dossier_field *fields, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct dossier_field *field = &fields[i];
        const struct mc_json *value = value_of(scope, field);

        if (!is_shown(scope, field))
            continue;
        if (is_filled(value))
            check_value(walk, scope, field, value);
        else if (field->type == DOSSIER_FIELD_FILE)
            check_file(walk, scope, field);
        else if (is_required(scope, field))
            tell(walk, scope, field, "FORM_REQUIRED", "");
        else if (field->type == DOSSIER_FIELD_GROUP && field->min > 0)
            tell_limit(walk, scope, field, "FORM_ITEMS_MIN", field->min);
    }
}

static void check_unknown(struct walk *walk, const struct scope *scope,
                          const struct mc_json *object, const struct dossier_field *fields,
                          size_t len)
{
    const void *at = NULL;
    const char *key;
    const struct mc_json *value;

    while (mc_json_each(object, &at, &key, &value)) {
        bool known = false;

        for (size_t i = 0; i < len && !known; i++)
            known = strcmp(fields[i].name, key) == 0;
        if (known)
            continue;
        const char *copy = mc_strdup(walk->arena, key);
        const char *name = copy != NULL ? copy : "";
        dossier_problem_add(walk->problems, path_of(walk, scope, name), "FORM_UNKNOWN_FIELD", name,
                            "", "");
    }
}

/* --- rules --- */

/* Below, at or above 0; false when one of them is missing or wrong, which is told elsewhere. */
static bool compare(const struct scope *scope, const struct dossier_rule *rule, int *ret_order)
{
    const struct mc_json *a = value_of(scope, rule->fields[0]);
    const struct mc_json *b = value_of(scope, rule->fields[1]);
    struct mc_date dates[2];
    int64_t numbers[2];

    if (rule->kind != DOSSIER_RULE_ORDER) {
        const char *left = mc_json_text(a, "");
        const char *right = mc_json_text(b, "");

        *ret_order = left != NULL && right != NULL && mc_text_same(left, right) ? 0 : 1;
        return left != NULL && right != NULL;
    }
    if (read_amount(rule->fields[0], a, &numbers[0]) &&
        read_amount(rule->fields[1], b, &numbers[1])) {
        *ret_order = (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
        return true;
    }
    if (mc_json_text(a, "") == NULL || mc_json_text(b, "") == NULL ||
        mc_birth_parse(mc_json_text(a, ""), &dates[0]) != MC_WHY_OK ||
        mc_birth_parse(mc_json_text(b, ""), &dates[1]) != MC_WHY_OK)
        return false;
    *ret_order = mc_date_compare(dates[0], dates[1]);
    return true;
}

static bool is_broken(const struct scope *scope, const struct dossier_rule *rule)
{
    size_t filled = 0;
    size_t shown = 0;
    int order = 0;

    for (size_t i = 0; i < rule->fields_len; i++) {
        bool here = is_shown(scope, rule->fields[i]);

        shown += here;
        filled += here && is_filled(value_of(scope, rule->fields[i]));
    }
    if (rule->kind == DOSSIER_RULE_ANY)
        return shown > 0 && filled == 0;
    if (filled < 2 || !compare(scope, rule, &order))
        return false;
    if (rule->kind == DOSSIER_RULE_ORDER)
        return order > 0;
    return rule->kind == DOSSIER_RULE_SAME ? order != 0 : order == 0;
}

/* Told at the last field of the rule: it is the one people fill in later. */
static void check_rules(struct walk *walk, const struct scope *scope)
{
    const struct dossier_form *form = walk->check->form;

    for (size_t i = 0; i < form->rules_len; i++) {
        const struct dossier_rule *rule = &form->rules[i];
        const struct dossier_field *field = rule->fields[rule->fields_len - 1];

        if (is_broken(scope, rule))
            dossier_problem_add(walk->problems, field->name, "FORM_RULE", field->label, "",
                                rule->message);
    }
}

enum mc_status dossier_form_check(const struct dossier_form_check *check,
                                  const struct mc_json *values, struct dossier_problems *problems,
                                  struct mc_bytes *ret_clean)
{
    struct walk walk = {.check = check, .problems = problems, .arena = problems->arena};
    const struct scope scope = {values, NULL, ""};
    const struct dossier_form *form = check->form;

    if (mc_json_kind(values, "") != MC_JSON_OBJECT) {
        dossier_problem_add(problems, "", "JSON_INVALID", "", "", "");
        return MC_INVALID;
    }
    mc_json_begin(&walk.writer, problems->arena);
    mc_json_object(&walk.writer);
    check_fields(&walk, &scope, form->fields, form->fields_len);
    check_unknown(&walk, &scope, values, form->fields, form->fields_len);
    check_rules(&walk, &scope);
    mc_json_end(&walk.writer);
    if (mc_json_finish(&walk.writer, ret_clean) != MC_OK)
        return MC_FULL;
    return problems->len == 0 ? MC_OK : MC_INVALID;
}
