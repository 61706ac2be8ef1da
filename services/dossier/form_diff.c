/* What differs between two definitions, field by field: for the administrator's preview. */
#include <string.h>

#include "form.h"

struct entry {
    const char *name;
    const char *label;
    const char *text; /* all the field says, as JSON */
};

struct side {
    struct mc_json *json;
    struct entry *entries;
    size_t len;
};

static void write_json(struct mc_json_writer *writer, const struct mc_json *json);

static void write_members(struct mc_json_writer *writer, const struct mc_json *json)
{
    const void *at = NULL;
    const char *key;
    const struct mc_json *value;

    mc_json_object(writer);
    while (mc_json_each(json, &at, &key, &value)) {
        if (strcmp(key, "fields") == 0 &&
            mc_json_kind(mc_json_item(value, "", 0), "") == MC_JSON_OBJECT)
            continue; /* a group's fields are entries of their own */
        mc_json_key(writer, key);
        write_json(writer, value);
    }
    mc_json_end(writer);
}

static void write_json(struct mc_json_writer *writer, const struct mc_json *json)
{
    int64_t number;
    bool flag;

    switch (mc_json_kind(json, "")) {
    case MC_JSON_OBJECT:
        write_members(writer, json);
        return;
    case MC_JSON_ARRAY:
        mc_json_array(writer);
        for (size_t i = 0; i < mc_json_count(json, ""); i++)
            write_json(writer, mc_json_item(json, "", i));
        mc_json_end(writer);
        return;
    case MC_JSON_TEXT:
        mc_json_string(writer, mc_json_text(json, ""));
        return;
    case MC_JSON_INTEGER:
        mc_json_int(writer, mc_json_number(json, "", &number) ? number : 0);
        return;
    case MC_JSON_BOOL:
        mc_json_true_or_false(writer, mc_json_bool(json, "", &flag) && flag);
        return;
    case MC_JSON_ABSENT:
    case MC_JSON_REAL:
    default:
        mc_json_null(writer);
    }
}

static const char *text_of(struct mc_arena *arena, const struct mc_json *json)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    mc_json_begin(&writer, arena);
    write_json(&writer, json);
    return mc_json_finish(&writer, &text) == MC_OK ? text.data : "";
}

static const char *keep(struct mc_arena *arena, const char *text)
{
    const char *copy = mc_strdup(arena, text != NULL ? text : "");

    return copy != NULL ? copy : "";
}

static void add_entry(struct mc_arena *arena, struct side *side, const char *name,
                      const char *label, const struct mc_json *json)
{
    if (side->len < DOSSIER_FORM_FIELDS_MAX + 2)
        side->entries[side->len++] =
            (struct entry){keep(arena, name), keep(arena, label), text_of(arena, json)};
}

static void add_fields(struct mc_arena *arena, struct side *side, const struct mc_json *of,
                       const char *group)
{
    for (size_t i = 0; i < mc_json_count(of, "fields"); i++) {
        const struct mc_json *field = mc_json_item(of, "fields", i);
        const char *name = mc_json_text(field, "name");
        const char *path =
            group == NULL || name == NULL ? name : mc_sprintf(arena, "%s.%s", group, name);

        add_entry(arena, side, path, mc_json_text(field, "label"), field);
        if (mc_json_kind(field, "fields") == MC_JSON_ARRAY)
            add_fields(arena, side, field, name);
    }
}

/* The head says all but its version, which always differs. */
static void add_head(struct mc_arena *arena, struct side *side)
{
    static const char *const keys[] = {"title", "basis", "paper", "from", "until", "procedures"};
    char *text = mc_strdup(arena, "");

    for (size_t i = 0; text != NULL && i < MC_LEN(keys); i++)
        text = mc_sprintf(arena, "%s%s\n", text, text_of(arena, mc_json_at(side->json, keys[i])));
    if (side->len < DOSSIER_FORM_FIELDS_MAX + 2)
        side->entries[side->len++] = (struct entry){
            "#form", keep(arena, mc_json_text(side->json, "title")), text != NULL ? text : ""};
}

static bool read_side(struct mc_arena *arena, struct mc_bytes text, struct side *side)
{
    side->entries = mc_alloc(arena, (DOSSIER_FORM_FIELDS_MAX + 2) * sizeof *side->entries);
    if (side->entries == NULL || text.len == 0 || mc_json_parse(text, &side->json) != MC_OK)
        return false;
    add_head(arena, side);
    for (size_t i = 0; i < mc_json_count(side->json, "sections"); i++)
        add_fields(arena, side, mc_json_item(side->json, "sections", i), NULL);
    add_entry(arena, side, "#rules", "", mc_json_at(side->json, "rules"));
    return true;
}

static const struct entry *find(const struct side *side, const char *name)
{
    for (size_t i = 0; i < side->len; i++)
        if (strcmp(side->entries[i].name, name) == 0)
            return &side->entries[i];
    return NULL;
}

size_t dossier_form_diff(struct mc_arena *arena, struct mc_bytes before, struct mc_bytes after,
                         struct dossier_form_change *changes, size_t max)
{
    struct side old = {0};
    struct side new = {0};
    size_t len = 0;

    (void)read_side(arena, before, &old);
    (void)read_side(arena, after, &new);
    for (size_t i = 0; i < new.len &&len < max; i++) {
        const struct entry *was = find(&old, new.entries[i].name);

        if (was == NULL || strcmp(was->text, new.entries[i].text) != 0)
            changes[len++] = (struct dossier_form_change){
                new.entries[i].name, was == NULL ? "ADDED" : "CHANGED", new.entries[i].label};
    }
    for (size_t i = 0; i < old.len && len < max; i++)
        if (find(&new, old.entries[i].name) == NULL)
            changes[len++] =
                (struct dossier_form_change){old.entries[i].name, "REMOVED", old.entries[i].label};
    mc_json_free(old.json);
    mc_json_free(new.json);
    return len;
}
