/*
 * A definition, from JSON text. First all fields are read, then what they say of each other, so
 * that a condition may name a field further down. Every mistake is told with its place.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "form.h"

#define ALL        ((1U << DOSSIER_FIELD_TYPES_LEN) - 1)
#define TYPE(name) (1U << DOSSIER_FIELD_##name)
#define DATES      (TYPE(DATE) | TYPE(BIRTH))
#define WORDS      (TYPE(TEXT) | TYPE(LINES))
#define COUNTED    (WORDS | TYPE(NUMBER) | TYPE(MONEY) | TYPE(CHOICES) | TYPE(GROUP))
#define ASKED      (ALL & ~TYPE(GROUP))
#define VALUED     (ALL & ~(TYPE(GROUP) | TYPE(FILE)))

static const char *const type_names[DOSSIER_FIELD_TYPES_LEN] = {
    [DOSSIER_FIELD_TEXT] = "text",         [DOSSIER_FIELD_LINES] = "lines",
    [DOSSIER_FIELD_NAME] = "name",         [DOSSIER_FIELD_NUMBER] = "number",
    [DOSSIER_FIELD_MONEY] = "money",       [DOSSIER_FIELD_DATE] = "date",
    [DOSSIER_FIELD_BIRTH] = "birth",       [DOSSIER_FIELD_IDENTITY] = "identity",
    [DOSSIER_FIELD_PHONE] = "phone",       [DOSSIER_FIELD_PERSONAL_ID] = "personal_id",
    [DOSSIER_FIELD_EMAIL] = "email",       [DOSSIER_FIELD_CHOICE] = "choice",
    [DOSSIER_FIELD_CHOICES] = "choices",   [DOSSIER_FIELD_CHECK] = "check",
    [DOSSIER_FIELD_PROVINCE] = "province", [DOSSIER_FIELD_COMMUNE] = "commune",
    [DOSSIER_FIELD_FILE] = "file",         [DOSSIER_FIELD_GROUP] = "group",
};

/* Which types of field may say what. */
static const struct {
    const char *key;
    unsigned types;
} field_keys[] = {
    {"name", ALL},
    {"type", ALL},
    {"label", ALL},
    {"hint", ALL},
    {"required", ASKED},
    {"required_when", ASKED},
    {"show_when", ALL},
    {"min", COUNTED},
    {"max", COUNTED},
    {"pattern", WORDS},
    {"not_future", DATES},
    {"not_past", TYPE(DATE)},
    {"age_min", DATES},
    {"age_max", DATES},
    {"options", TYPE(CHOICE) | TYPE(CHOICES)},
    {"fact", VALUED},
    {"component", TYPE(FILE)},
    {"province", TYPE(COMMUNE)},
    {"fields", TYPE(GROUP)},
};

static const char *const form_keys[] = {"code",     "title", "basis", "paper",
                                        "version",  "from",  "until", "procedures",
                                        "sections", "rules", NULL};
static const char *const section_keys[] = {"title", "fields", NULL};
static const char *const option_keys[] = {"value", "label", NULL};
static const char *const condition_keys[] = {"field", "is", "in", "filled", NULL};
static const char *const rule_keys[] = {"kind", "fields", "message", NULL};

static const struct {
    const char *name;
    size_t fields_min;
    size_t fields_max;
} rule_kinds[] = {
    [DOSSIER_RULE_ORDER] = {"order", 2, 2},
    [DOSSIER_RULE_DIFFERENT] = {"different", 2, 2},
    [DOSSIER_RULE_SAME] = {"same", 2, 2},
    [DOSSIER_RULE_ANY] = {"any", 2, 10},
};

/* A field whose conditions are still to be read. */
struct pending {
    struct dossier_field *field;
    const struct mc_json *json;
    const char *path;
};

struct loader {
    struct dossier_form *form;
    struct mc_arena *arena;
    struct dossier_problems *problems;
    struct pending pending[DOSSIER_FORM_FIELDS_MAX];
    size_t pending_len;
};

const char *dossier_field_type_name(enum dossier_field_type type)
{
    return type_names[type];
}

void dossier_problem_add(struct dossier_problems *problems, const char *field, const char *code,
                         const char *label, const char *limit, const char *text)
{
    if (problems->len == DOSSIER_FORM_PROBLEMS_MAX) {
        problems->more++;
        return;
    }
    problems->rows[problems->len++] = (struct dossier_problem){
        .field = field != NULL ? field : "",
        .code = code,
        .label = label != NULL ? label : "",
        .limit = limit,
        .text = text,
    };
}

/* Without memory everything is empty, and the load says MC_FULL at its end. */
static const char *keep(struct loader *loader, const char *text)
{
    const char *copy = text != NULL ? mc_strdup(loader->arena, text) : NULL;

    return copy != NULL ? copy : "";
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void fail(struct loader *loader, const char *path, const char *code, const char *word)
{
    dossier_problem_add(loader->problems, path, code, keep(loader, word), "", "");
}

static const char *place(struct loader *loader, const char *path, const char *key)
{
    return path[0] == '\0' ? key : or_empty(mc_sprintf(loader->arena, "%s.%s", path, key));
}

static const char *place_at(struct loader *loader, const char *path, const char *key, size_t index)
{
    const char *dot = path[0] == '\0' ? "" : ".";

    return or_empty(mc_sprintf(loader->arena, "%s%s%s[%zu]", path, dot, key, index));
}

static bool listed(const char *const *list, const char *key)
{
    for (size_t i = 0; list[i] != NULL; i++)
        if (strcmp(list[i], key) == 0)
            return true;
    return false;
}

static bool check_keys(struct loader *loader, const struct mc_json *json, const char *path,
                       const char *const *keys)
{
    const void *at = NULL;
    const char *key;
    const struct mc_json *value;

    if (mc_json_kind(json, "") != MC_JSON_OBJECT) {
        fail(loader, path, "FORM_DEF_VALUE", "{}");
        return false;
    }
    while (mc_json_each(json, &at, &key, &value))
        if (!listed(keys, key))
            fail(loader, path, "FORM_DEF_KEY", key);
    return true;
}

static bool name_is_valid(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > DOSSIER_FORM_NAME_MAX || name[0] < 'a' || name[0] > 'z')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* A text people read: one line, cleaned. NULL when it is not there, or refused. */
static const char *read_text(struct loader *loader, const struct mc_json *json, const char *path,
                             const char *key, bool required)
{
    const char *text = mc_json_text(json, key);
    const char *where = place(loader, path, key);

    if (text == NULL && mc_json_kind(json, key) == MC_JSON_ABSENT) {
        if (required)
            fail(loader, where, "FORM_DEF_MISSING", key);
        return NULL;
    }
    size_t size = text != NULL ? MC_TEXT_SIZE(strlen(text)) : 1;
    char *clean = mc_alloc(loader->arena, size);
    if (clean == NULL || text == NULL || mc_text_clean(clean, size, text) != MC_OK ||
        clean[0] == '\0' || mc_text_chars(clean) > DOSSIER_FORM_LABEL_MAX) {
        fail(loader, where, "FORM_DEF_VALUE", key);
        return NULL;
    }
    return clean;
}

static const char *read_name(struct loader *loader, const struct mc_json *json, const char *path,
                             const char *key)
{
    const char *name = mc_json_text(json, key);

    if (name != NULL && name_is_valid(name))
        return keep(loader, name);
    fail(loader, place(loader, path, key), name == NULL ? "FORM_DEF_MISSING" : "FORM_DEF_VALUE",
         name == NULL ? key : name);
    return "";
}

static int64_t read_number(struct loader *loader, const struct mc_json *json, const char *path,
                           const char *key, int64_t low, int64_t high, int64_t absent)
{
    int64_t number;

    if (mc_json_kind(json, key) == MC_JSON_ABSENT)
        return absent;
    if (mc_json_number(json, key, &number) && number >= low && number <= high)
        return number;
    fail(loader, place(loader, path, key), "FORM_DEF_VALUE", key);
    return absent;
}

static bool read_bool(struct loader *loader, const struct mc_json *json, const char *path,
                      const char *key)
{
    bool value = false;

    if (mc_json_kind(json, key) != MC_JSON_ABSENT && !mc_json_bool(json, key, &value))
        fail(loader, place(loader, path, key), "FORM_DEF_VALUE", key);
    return value;
}

static struct mc_date read_date(struct loader *loader, const struct mc_json *json, const char *key,
                                bool required)
{
    const char *text = mc_json_text(json, key);
    struct mc_date date = {0, 0, 0};

    if (text == NULL && mc_json_kind(json, key) == MC_JSON_ABSENT) {
        if (required)
            fail(loader, key, "FORM_DEF_MISSING", key);
    } else if (text == NULL || mc_date_parse(text, &date) != MC_WHY_OK) {
        fail(loader, key, "FORM_DEF_VALUE", text);
    }
    return date;
}

/* How many items a list has; 0 when it is none, or has too many. */
static size_t list_len(struct loader *loader, const struct mc_json *json, const char *path,
                       const char *key, size_t min, size_t max)
{
    enum mc_json_kind kind = mc_json_kind(json, key);
    size_t len = kind == MC_JSON_ARRAY ? mc_json_count(json, key) : 0;

    if (kind == MC_JSON_ABSENT && min == 0)
        return 0;
    if (kind == MC_JSON_ARRAY && len >= min && len <= max)
        return len;
    fail(loader, place(loader, path, key),
         kind == MC_JSON_ABSENT ? "FORM_DEF_MISSING" : "FORM_DEF_VALUE", key);
    return 0;
}

/* --- fields --- */

static enum dossier_field_type read_type(struct loader *loader, const struct mc_json *json,
                                         const char *path)
{
    const char *name = mc_json_text(json, "type");

    for (unsigned i = 0; name != NULL && i < DOSSIER_FIELD_TYPES_LEN; i++)
        if (strcmp(name, type_names[i]) == 0)
            return (enum dossier_field_type)i;
    fail(loader, place(loader, path, "type"), "FORM_DEF_TYPE", name);
    return DOSSIER_FIELD_TYPES_LEN;
}

static void check_field_keys(struct loader *loader, const struct mc_json *json, const char *path,
                             enum dossier_field_type type)
{
    const void *at = NULL;
    const char *key;
    const struct mc_json *value;

    while (mc_json_each(json, &at, &key, &value)) {
        bool fits = false;

        for (size_t i = 0; i < MC_LEN(field_keys); i++)
            fits |= strcmp(field_keys[i].key, key) == 0 && (field_keys[i].types & 1U << type) != 0;
        if (!fits)
            fail(loader, path, "FORM_DEF_KEY", key);
    }
}

static void read_options(struct loader *loader, const struct mc_json *json, const char *path,
                         struct dossier_field *field)
{
    size_t len = list_len(loader, json, path, "options", 1, DOSSIER_FORM_OPTIONS_MAX);

    field->options = mc_alloc(loader->arena, (len + 1) * sizeof *field->options);
    if (field->options == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        const struct mc_json *row = mc_json_item(json, "options", i);
        const char *where = place_at(loader, path, "options", i);
        struct dossier_option *option = &field->options[field->options_len];

        if (!check_keys(loader, row, where, option_keys))
            continue;
        option->value = read_name(loader, row, where, "value");
        option->label = read_text(loader, row, where, "label", true);
        for (size_t j = 0; j < field->options_len; j++)
            if (strcmp(field->options[j].value, option->value) == 0)
                fail(loader, where, "FORM_DEF_TWICE", option->value);
        field->options_len++;
    }
}

static const char *read_fact(struct loader *loader, const struct mc_json *json, const char *path)
{
    const char *fact = mc_json_text(json, "fact");

    if (mc_json_kind(json, "fact") == MC_JSON_ABSENT)
        return NULL;
    if (fact != NULL && strlen(fact) <= DOSSIER_FORM_NAME_MAX &&
        dossier_pattern_match("[a-z][a-z_]*\\.[a-z_]+", fact))
        return keep(loader, fact);
    fail(loader, place(loader, path, "fact"), "FORM_DEF_VALUE", fact);
    return NULL;
}

static void read_limits(struct loader *loader, const struct mc_json *json, const char *path,
                        struct dossier_field *field)
{
    enum dossier_field_type type = field->type;
    int64_t high = INT64_MAX;

    if (type == DOSSIER_FIELD_TEXT)
        high = DOSSIER_FORM_TEXT_MAX;
    else if (type == DOSSIER_FIELD_LINES)
        high = DOSSIER_FORM_LINES_MAX;
    else if (type == DOSSIER_FIELD_GROUP)
        high = DOSSIER_FORM_ITEMS_MAX;
    else if (type == DOSSIER_FIELD_CHOICES)
        high = DOSSIER_FORM_OPTIONS_MAX;
    bool counts = type != DOSSIER_FIELD_NUMBER;
    field->min = read_number(loader, json, path, "min", counts ? 0 : INT64_MIN, high,
                             counts ? 0 : INT64_MIN);
    field->max = read_number(loader, json, path, "max", field->min, high, high);
    field->age_min = read_number(loader, json, path, "age_min", 0, 150, -1);
    field->age_max = read_number(loader, json, path, "age_max", 0, 150, -1);
    field->not_future = read_bool(loader, json, path, "not_future");
    field->not_past = read_bool(loader, json, path, "not_past");
    if (mc_json_kind(json, "pattern") == MC_JSON_ABSENT)
        return;
    const char *pattern = mc_json_text(json, "pattern");
    if (pattern != NULL && dossier_pattern_valid(pattern))
        field->pattern = keep(loader, pattern);
    else
        fail(loader, place(loader, path, "pattern"), "FORM_DEF_PATTERN", pattern);
}

static const struct dossier_field *find(const struct dossier_field *fields, size_t len,
                                        const char *name)
{
    for (size_t i = 0; i < len; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static void read_fields(struct loader *loader, const struct mc_json *json, const char *path,
                        struct dossier_field *group);

static void read_field(struct loader *loader, const struct mc_json *json, const char *path,
                       struct dossier_field *group, struct dossier_field *field)
{
    field->group = group;
    field->name = read_name(loader, json, path, "name");
    field->label = read_text(loader, json, path, "label", true);
    field->hint = read_text(loader, json, path, "hint", false);
    field->type = read_type(loader, json, path);
    if (field->type == DOSSIER_FIELD_TYPES_LEN) {
        field->type = DOSSIER_FIELD_TEXT;
        return;
    }
    check_field_keys(loader, json, path, field->type);
    field->required = read_bool(loader, json, path, "required");
    field->fact = read_fact(loader, json, path);
    read_limits(loader, json, path, field);
    if (field->type == DOSSIER_FIELD_CHOICE || field->type == DOSSIER_FIELD_CHOICES)
        read_options(loader, json, path, field);
    if (field->type == DOSSIER_FIELD_FILE)
        field->component = read_text(loader, json, path, "component", true);
    if (field->type == DOSSIER_FIELD_GROUP && group != NULL)
        fail(loader, place(loader, path, "type"), "FORM_DEF_TYPE", "group");
    else if (field->type == DOSSIER_FIELD_GROUP)
        read_fields(loader, json, path, field);
}

/* The list of the form, or of the group. */
static void read_fields(struct loader *loader, const struct mc_json *json, const char *path,
                        struct dossier_field *group)
{
    struct dossier_field **fields = group != NULL ? &group->fields : &loader->form->fields;
    size_t *len = group != NULL ? &group->fields_len : &loader->form->fields_len;
    size_t n = list_len(loader, json, path, "fields", 1, DOSSIER_FORM_FIELDS_MAX);

    if (group != NULL)
        *fields = mc_alloc(loader->arena, (n + 1) * sizeof **fields);
    if (*fields == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct mc_json *row = mc_json_item(json, "fields", i);
        const char *where = place_at(loader, path, "fields", i);

        if (mc_json_kind(row, "") != MC_JSON_OBJECT) {
            fail(loader, where, "FORM_DEF_VALUE", "fields");
            continue;
        }
        if (loader->pending_len == DOSSIER_FORM_FIELDS_MAX) {
            fail(loader, where, "FORM_DEF_TOO_MANY", "fields");
            return;
        }
        struct dossier_field *field = &(*fields)[*len];
        loader->pending[loader->pending_len++] = (struct pending){field, row, where};
        read_field(loader, row, where, group, field);
        if (find(*fields, *len, field->name) != NULL)
            fail(loader, where, "FORM_DEF_TWICE", field->name);
        (*len)++;
    }
}

static void read_sections(struct loader *loader, const struct mc_json *json)
{
    size_t n = list_len(loader, json, "", "sections", 1, DOSSIER_FORM_FIELDS_MAX);

    loader->form->fields =
        mc_alloc(loader->arena, DOSSIER_FORM_FIELDS_MAX * sizeof *loader->form->fields);
    for (size_t i = 0; i < n; i++) {
        const struct mc_json *section = mc_json_item(json, "sections", i);
        const char *where = place_at(loader, "", "sections", i);

        if (!check_keys(loader, section, where, section_keys))
            continue;
        (void)read_text(loader, section, where, "title", true);
        read_fields(loader, section, where, NULL);
    }
}

/* --- what fields say of each other --- */

/* Of the same group, else of the form. */
static const struct dossier_field *resolve(const struct loader *loader,
                                           const struct dossier_field *from, const char *name)
{
    const struct dossier_field *found = NULL;

    if (name == NULL)
        return NULL;
    if (from != NULL && from->group != NULL)
        found = find(from->group->fields, from->group->fields_len, name);
    return found != NULL ? found : find(loader->form->fields, loader->form->fields_len, name);
}

static bool has_option(const struct dossier_field *field, const char *value)
{
    if (field->type == DOSSIER_FIELD_CHECK)
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    for (size_t i = 0; i < field->options_len; i++)
        if (strcmp(field->options[i].value, value) == 0)
            return true;
    return field->options_len == 0;
}

static void add_value(struct loader *loader, const struct mc_json *json, const char *path,
                      struct dossier_condition *condition)
{
    const char *value = mc_json_text(json, "");
    bool flag;

    if (mc_json_bool(json, "", &flag))
        value = flag ? "true" : "false";
    if (value == NULL || !has_option(condition->field, value))
        fail(loader, path, "FORM_DEF_VALUE", value);
    else
        condition->values[condition->values_len++] = keep(loader, value);
}

static void read_values(struct loader *loader, const struct mc_json *json, const char *path,
                        struct dossier_condition *condition)
{
    bool many = mc_json_kind(json, "in") != MC_JSON_ABSENT;
    size_t len = many ? list_len(loader, json, path, "in", 1, DOSSIER_FORM_OPTIONS_MAX) : 1;

    condition->kind = DOSSIER_WHEN_IN;
    condition->values = mc_alloc(loader->arena, (len + 1) * sizeof *condition->values);
    for (size_t i = 0; condition->values != NULL && i < len; i++)
        add_value(loader, many ? mc_json_item(json, "in", i) : mc_json_at(json, "is"), path,
                  condition);
}

static void read_condition(struct loader *loader, const struct pending *of, const char *key,
                           struct dossier_condition *condition)
{
    const struct mc_json *json = mc_json_at(of->json, key);
    const char *path = place(loader, of->path, key);
    bool filled;

    if (mc_json_kind(json, "") == MC_JSON_ABSENT || !check_keys(loader, json, path, condition_keys))
        return;
    const char *name = mc_json_text(json, "field");
    condition->field = resolve(loader, of->field, name);
    if (condition->field == NULL || condition->field == of->field) {
        fail(loader, path, "FORM_DEF_FIELD", name);
        return;
    }
    if ((1U << condition->field->type & VALUED) == 0)
        fail(loader, path, "FORM_DEF_FIELD", name);
    else if (mc_json_count(json, "") != 2)
        fail(loader, path, "FORM_DEF_VALUE", name);
    else if (mc_json_bool(json, "filled", &filled))
        condition->kind = filled ? DOSSIER_WHEN_FILLED : DOSSIER_WHEN_EMPTY;
    else if (mc_json_kind(json, "filled") != MC_JSON_ABSENT)
        fail(loader, path, "FORM_DEF_VALUE", "filled");
    else
        read_values(loader, json, path, condition);
}

static void read_province(struct loader *loader, const struct pending *of)
{
    const char *name = mc_json_text(of->json, "province");

    if (mc_json_kind(of->json, "province") == MC_JSON_ABSENT)
        return;
    of->field->province = resolve(loader, of->field, name);
    if (of->field->province == NULL || of->field->province->type != DOSSIER_FIELD_PROVINCE)
        fail(loader, place(loader, of->path, "province"), "FORM_DEF_FIELD", name);
}

/* Each field is shown by at most one other, so what shows it is a chain. */
static bool shows_itself(const struct dossier_field *field)
{
    const struct dossier_field *at = field;

    for (size_t i = 0; i <= DOSSIER_FORM_FIELDS_MAX; i++) {
        if (at->show_when.kind == DOSSIER_WHEN_ALWAYS)
            return false;
        at = at->show_when.field;
        if (at == field)
            return true;
    }
    return false; /* a circle further on: those in it are told */
}

static void read_relations(struct loader *loader)
{
    for (size_t i = 0; i < loader->pending_len; i++) {
        const struct pending *of = &loader->pending[i];

        read_condition(loader, of, "show_when", &of->field->show_when);
        read_condition(loader, of, "required_when", &of->field->required_when);
        read_province(loader, of);
    }
    for (size_t i = 0; i < loader->pending_len; i++)
        if (shows_itself(loader->pending[i].field))
            fail(loader, place(loader, loader->pending[i].path, "show_when"), "FORM_DEF_CYCLE",
                 loader->pending[i].field->name);
}

static bool ordered(enum dossier_field_type type)
{
    return type == DOSSIER_FIELD_DATE || type == DOSSIER_FIELD_BIRTH ||
           type == DOSSIER_FIELD_NUMBER || type == DOSSIER_FIELD_MONEY;
}

static void check_rule_types(struct loader *loader, const struct dossier_rule *rule,
                             const char *path)
{
    if (rule->fields == NULL || rule->fields_len < 2 || rule->kind == DOSSIER_RULE_ANY)
        return;
    const struct dossier_field *a = rule->fields[0];
    const struct dossier_field *b = rule->fields[1];
    bool dates = (1U << a->type & DATES) != 0 && (1U << b->type & DATES) != 0;

    if (a == b || (a->type != b->type && !dates) ||
        (rule->kind == DOSSIER_RULE_ORDER && !ordered(a->type)))
        fail(loader, path, "FORM_DEF_FIELD", b->name);
}

static void read_rule(struct loader *loader, const struct mc_json *json, const char *path,
                      struct dossier_rule *rule)
{
    const char *kind = mc_json_text(json, "kind");
    size_t found = 0;

    while (found < MC_LEN(rule_kinds) &&
           (kind == NULL || strcmp(kind, rule_kinds[found].name) != 0))
        found++;
    if (found == MC_LEN(rule_kinds)) {
        fail(loader, place(loader, path, "kind"), "FORM_DEF_VALUE", kind);
        return;
    }
    rule->kind = (enum dossier_rule_kind)found;
    rule->message = read_text(loader, json, path, "message", true);
    size_t len = list_len(loader, json, path, "fields", rule_kinds[found].fields_min,
                          rule_kinds[found].fields_max);
    rule->fields = mc_alloc(loader->arena, (len + 1) * sizeof(void *));
    for (size_t i = 0; rule->fields != NULL && i < len; i++) {
        const char *name = mc_json_text(mc_json_item(json, "fields", i), "");
        const struct dossier_field *field = resolve(loader, NULL, name);

        if (field == NULL || (1U << field->type & VALUED) == 0)
            fail(loader, path, "FORM_DEF_FIELD", name);
        else
            rule->fields[rule->fields_len++] = field;
    }
    check_rule_types(loader, rule, path);
}

static void read_rules(struct loader *loader, const struct mc_json *json)
{
    size_t n = list_len(loader, json, "", "rules", 0, DOSSIER_FORM_RULES_MAX);

    loader->form->rules = mc_alloc(loader->arena, (n + 1) * sizeof *loader->form->rules);
    for (size_t i = 0; loader->form->rules != NULL && i < n; i++) {
        const struct mc_json *row = mc_json_item(json, "rules", i);
        const char *path = place_at(loader, "", "rules", i);

        if (check_keys(loader, row, path, rule_keys))
            read_rule(loader, row, path, &loader->form->rules[loader->form->rules_len++]);
    }
}

static void read_procedures(struct loader *loader, const struct mc_json *json)
{
    size_t n = list_len(loader, json, "", "procedures", 1, DOSSIER_FORM_PROCEDURES_MAX);
    struct dossier_form *form = loader->form;
    char code[16];

    form->procedures = mc_alloc(loader->arena, (n + 1) * sizeof(char *));
    for (size_t i = 0; form->procedures != NULL && i < n; i++) {
        const char *text = mc_json_text(mc_json_item(json, "procedures", i), "");

        if (text == NULL || mc_procedure_parse(text, code, sizeof code) != MC_WHY_OK)
            fail(loader, place_at(loader, "", "procedures", i), "FORM_DEF_VALUE", text);
        else
            form->procedures[form->procedures_len++] = keep(loader, code);
    }
}

static void read_head(struct loader *loader, const struct mc_json *json)
{
    struct dossier_form *form = loader->form;

    form->code = read_name(loader, json, "", "code");
    form->title = read_text(loader, json, "", "title", true);
    form->basis = read_text(loader, json, "", "basis", true);
    form->paper = read_text(loader, json, "", "paper", false);
    form->version = (uint64_t)read_number(loader, json, "", "version", 1, 1000000, 0);
    form->from = read_date(loader, json, "from", true);
    form->until = read_date(loader, json, "until", false);
    if (form->until.year != 0 && mc_date_compare(form->until, form->from) < 0)
        fail(loader, "until", "FORM_DEF_VALUE", "until");
    read_procedures(loader, json);
}

enum mc_status dossier_form_load(struct dossier_form *form, struct mc_arena *arena,
                                 struct mc_bytes text, struct dossier_problems *problems)
{
    struct mc_json *json mc_cleanup(mc_json_freep) = NULL;
    struct loader *loader = mc_alloc(arena, sizeof *loader);

    if (loader == NULL)
        return MC_FULL;
    *form = (struct dossier_form){0};
    loader->form = form;
    loader->arena = arena;
    loader->problems = problems;
    if (text.len > DOSSIER_FORM_DEFINITION_MAX || mc_json_parse(text, &json) != MC_OK) {
        fail(loader, "", "JSON_INVALID", "");
        return MC_INVALID;
    }
    if (check_keys(loader, json, "", form_keys)) {
        read_head(loader, json);
        read_sections(loader, json);
        read_relations(loader);
        read_rules(loader, json);
    }
    if (arena->full)
        return MC_FULL;
    return problems->len == 0 ? MC_OK : MC_INVALID;
}

const struct dossier_field *dossier_form_field(const struct dossier_form *form, const char *name)
{
    return find(form->fields, form->fields_len, name);
}

bool dossier_form_serves(const struct dossier_form *form, const char *procedure)
{
    for (size_t i = 0; i < form->procedures_len; i++)
        if (strcmp(form->procedures[i], procedure) == 0)
            return true;
    return false;
}

bool dossier_form_holds(const struct dossier_form *form, struct mc_date day)
{
    return mc_date_compare(form->from, day) <= 0 &&
           (form->until.year == 0 || mc_date_compare(day, form->until) <= 0);
}
