/* Templates: read from JSON, checked whole, so that a rendering meets none that is wrong. */
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/json.h"

#include "print.h"

enum { SIZE_MAX_POINTS = 40, SPACE_MAX = 250, CODE_MAX = 80, PATH_SIZE = 1024 };

/* Those linked in; made by the build. */
extern const struct mc_embedded print_templates[];
extern const size_t print_templates_len;

struct check {
    const Template__Document *document;
    char *why;
    char where[64];
};

static bool wrong(struct check *check, const char *what, const char *name, size_t len)
{
    (void)snprintf(check->why, PRINT_WHY_MAX, "%s: %s %.*s", check->where, what, (int)len, name);
    return false;
}

bool print_field_is_named(const char *entry, const char *name, bool *ret_required)
{
    size_t len = strcspn(entry, "*");

    *ret_required = entry[len] == '*';
    return strlen(name) == len && memcmp(entry, name, len) == 0;
}

static bool is_known(const Template__Document *document, const char *name, size_t len)
{
    static const char *const own[] = {"signed_by", "signed_at"};

    for (size_t i = 0; i < MC_LEN(own); i++)
        if (strlen(own[i]) == len && memcmp(own[i], name, len) == 0)
            return true;
    for (size_t i = 0; i < document->n_fields; i++)
        if (strcspn(document->fields[i], "*") == len && memcmp(document->fields[i], name, len) == 0)
            return true;
    return false;
}

static bool name_known(void *arg, const char *name, size_t len)
{
    struct check *check = arg;

    return is_known(check->document, name, len) || wrong(check, "unknown field", name, len);
}

static bool check_string(struct check *check, const char *text)
{
    check->why[0] = '\0';
    if (strlen(text) > PRINT_TEXT_MAX / 2)
        return wrong(check, "too long", "", 0);
    if (print_names(text, name_known, check))
        return true;
    return check->why[0] != '\0'
               ? false
               : wrong(check, "a brace or mark without its other half in", text, strlen(text));
}

static bool within(struct check *check, double number, double max)
{
    return (number >= 0 && number <= max) || wrong(check, "a number out of range", "", 0);
}

static bool check_text(struct check *check, const Template__Text *text)
{
    return check_string(check, text->text) && within(check, text->size, SIZE_MAX_POINTS) &&
           within(check, text->indent, SPACE_MAX) && within(check, text->before, SPACE_MAX) &&
           within(check, text->rule, 1);
}

static bool check_code(struct check *check, const Template__Code *code)
{
    return check_string(check, code->text) && within(check, code->size, CODE_MAX);
}

static bool check_side(struct check *check, const Template__Side *side)
{
    for (size_t i = 0; side != NULL && i < side->n_texts; i++)
        if (!check_text(check, side->texts[i]))
            return false;
    return side == NULL || side->qr == NULL || check_code(check, side->qr);
}

static bool check_table(struct check *check, const Template__Table *table)
{
    double parts = 0;

    if (table->name[0] == '\0' || table->n_columns == 0 || table->n_columns > PRINT_COLUMNS_MAX)
        return wrong(check, "a table needs a name and columns", table->name, strlen(table->name));
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!check_string(check, table->columns[i]->heading) ||
            !within(check, table->columns[i]->part, 1))
            return false;
        parts += table->columns[i]->part;
    }
    return ((parts > 0.99 && parts < 1.01) ||
            wrong(check, "column parts do not add up to 1 in", table->name, strlen(table->name))) &&
           within(check, table->size, SIZE_MAX_POINTS);
}

static bool check_header(struct check *check, const Template__Header *header)
{
    return check_string(check, header->authority) && check_string(check, header->agency) &&
           check_string(check, header->number) && check_string(check, header->place_date);
}

static bool check_block(struct check *check, const Template__Block *block)
{
    const char *when = block->when[0] == '!' ? block->when + 1 : block->when;

    if (when[0] != '\0' && !name_known(check, when, strlen(when)))
        return false;
    switch ((int)block->what_case) {
    case TEMPLATE__BLOCK__WHAT_HEADER:
        return check_header(check, block->header);
    case TEMPLATE__BLOCK__WHAT_TEXT:
        return check_text(check, block->text);
    case TEMPLATE__BLOCK__WHAT_SIDES:
        return check_side(check, block->sides->left) && check_side(check, block->sides->right) &&
               within(check, block->sides->left_part, 0.95);
    case TEMPLATE__BLOCK__WHAT_TABLE:
        return check_table(check, block->table);
    case TEMPLATE__BLOCK__WHAT_SPACE:
        return within(check, block->space, SPACE_MAX);
    case TEMPLATE__BLOCK__WHAT_QR:
        return check_code(check, block->qr);
    case TEMPLATE__BLOCK__WHAT__NOT_SET:
    default:
        return wrong(check, "nothing to show", "", 0);
    }
}

static bool check_fields(struct check *check)
{
    const Template__Document *document = check->document;

    (void)snprintf(check->where, sizeof check->where, "fields");
    for (size_t i = 0; i < document->n_fields; i++) {
        const char *name = document->fields[i];
        size_t len = strcspn(name, "*");
        bool twice = false;

        for (size_t j = 0; j < i && !twice; j++)
            twice = strcspn(document->fields[j], "*") == len &&
                    memcmp(document->fields[j], name, len) == 0;
        if (twice || len == 0 || len > PRINT_NAME_MAX ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len || strlen(name) > len + 1)
            return wrong(check, "not a name, or given twice:", name, strlen(name));
    }
    return true;
}

static bool check_document(struct check *check)
{
    const Template__Document *document = check->document;

    if (!check_fields(check))
        return false;
    (void)snprintf(check->where, sizeof check->where, "title");
    if (document->title[0] == '\0')
        return wrong(check, "is missing", "", 0);
    if (!check_string(check, document->title) || !within(check, document->size, SIZE_MAX_POINTS))
        return false;
    if (document->n_fields > PRINT_FIELDS_MAX || document->n_blocks > PRINT_BLOCKS_MAX)
        return wrong(check, "too many fields or blocks", "", 0);
    for (size_t i = 0; i < document->n_blocks; i++) {
        (void)snprintf(check->where, sizeof check->where, "blocks[%zu]", i);
        if (!check_block(check, document->blocks[i]))
            return false;
    }
    return true;
}

const Template__Document *print_template_read(struct mc_arena *arena, struct mc_bytes json,
                                              char why[PRINT_WHY_MAX])
{
    ProtobufCMessage *message = NULL;
    struct mc_json_error error = {.code = ""};

    if (mc_json_decode(arena, &template__document__descriptor, json, &message, &error) != MC_OK) {
        (void)snprintf(why, PRINT_WHY_MAX, "%s: %s, at byte %zu", error.field, error.code,
                       error.position);
        return NULL;
    }
    struct check check = {.document = (const Template__Document *)(void *)message, .why = why};
    return check_document(&check) ? check.document : NULL;
}

/* The operator's own, when there is one. */
static bool replace(struct print *print, const char *name, struct mc_bytes *json, char *why,
                    size_t why_size)
{
    char path[PATH_SIZE];

    if (print->templates_dir[0] == '\0')
        return true;
    (void)snprintf(path, sizeof path, "%s/%s.json", print->templates_dir, name);
    enum mc_status status = mc_file_read(&print->arena, path, PRINT_TEMPLATE_MAX, json);
    if (status == MC_OK || status == MC_NOT_FOUND)
        return true;
    (void)snprintf(why, why_size, "%.160s: %s", path, mc_file_sentence(status));
    return false;
}

bool print_templates_load(struct print *print, char *why, size_t why_size)
{
    assert(print_templates_len <= PRINT_TEMPLATES_MAX);
    for (size_t i = 0; i < print_templates_len; i++) {
        const struct mc_embedded *linked = &print_templates[i];
        struct mc_bytes json = {linked->data, *linked->len};
        char wrong_there[PRINT_WHY_MAX] = "";

        if (!replace(print, linked->name, &json, why, why_size))
            return false;
        const Template__Document *document = print_template_read(&print->arena, json, wrong_there);
        if (document == NULL) {
            (void)snprintf(why, why_size, "template %s: %.180s", linked->name, wrong_there);
            return false;
        }
        print->templates[print->templates_len++] = (struct print_template){linked->name, document};
    }
    return true;
}

const Template__Document *print_template_find(const struct print *print, const char *name)
{
    for (size_t i = 0; i < print->templates_len; i++)
        if (strcmp(print->templates[i].name, name) == 0)
            return print->templates[i].document;
    return NULL;
}
