/* Texts of templates: fields and marks. Pure. */
#include <string.h>

#include "common/text.h"

#include "print.h"

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of the name in "{name}", 0 when there is none. */
static size_t name_len(const char *text)
{
    size_t len = 1;

    if (text[0] != '{')
        return 0;
    while (is_name(text[len]))
        len++;
    return text[len] == '}' && len > 1 && len <= PRINT_NAME_MAX ? len - 1 : 0;
}

static bool is_mark(const char *text)
{
    return (text[0] == '*' && text[1] == '*') || (text[0] == '_' && text[1] == '_');
}

bool print_names(const char *text, bool (*found)(void *arg, const char *name, size_t), void *arg)
{
    size_t bold = 0;
    size_t italic = 0;

    while (*text != '\0') {
        size_t len = name_len(text);

        if ((*text == '{' || *text == '}') && (len == 0 || !found(arg, text + 1, len)))
            return false;
        if (is_mark(text)) {
            bold += *text == '*';
            italic += *text == '_';
            len = 1;
        }
        text += len > 0 ? len + (*text == '{' ? 2 : 1) : 1;
    }
    return bold % 2 == 0 && italic % 2 == 0 && bold + italic <= PRINT_SPANS_MAX;
}

const char *print_field(const struct print_fields *fields, const char *name, size_t len)
{
    const struct {
        const char *name;
        const char *value;
    } own[] = {{"signed_by", fields->signed_by}, {"signed_at", fields->signed_at}};

    for (size_t i = 0; i < MC_LEN(own); i++)
        if (strlen(own[i].name) == len && memcmp(own[i].name, name, len) == 0)
            return own[i].value;
    for (size_t i = 0; i < fields->request->n_fields; i++) {
        const Print__Field *field = fields->request->fields[i];
        if (strlen(field->name) == len && memcmp(field->name, name, len) == 0)
            return field->value;
    }
    return "";
}

/* The text as it grows, and the marks that are open. */
struct expansion {
    struct print_text *out;
    size_t size;
    bool bold;
    bool italic;
    size_t from;
};

static bool put(struct expansion *e, const char *text, size_t len)
{
    if (len >= e->size - e->out->len)
        return false;
    memcpy(e->out->text + e->out->len, text, len);
    e->out->len += len;
    return true;
}

/* Ends the piece so far: it has a style of its own. */
static bool span_end(struct expansion *e)
{
    if (e->out->len > e->from && (e->bold || e->italic)) {
        if (e->out->spans_len == PRINT_SPANS_MAX)
            return false;
        e->out->spans[e->out->spans_len++] =
            (struct print_span){e->from, e->out->len, e->bold, e->italic};
    }
    e->from = e->out->len;
    return true;
}

static const char *upper_of(struct mc_arena *arena, const char *value)
{
    size_t size = MC_TEXT_SIZE(strlen(value));
    char *out = mc_alloc(arena, size);

    return out != NULL && mc_text_upper(out, size, value) == MC_OK ? out : NULL;
}

static bool put_value(struct mc_arena *arena, struct expansion *e, const char *value, bool upper)
{
    if (upper)
        value = upper_of(arena, value);
    return value != NULL && put(e, value, strlen(value));
}

/* The template's own words up to the next field or mark. */
static size_t put_words(struct mc_arena *arena, struct expansion *e, const char *text, bool upper)
{
    size_t len = 1;

    while (text[len] != '\0' && !is_mark(text + len) && name_len(text + len) == 0)
        len++;
    if (!upper)
        return put(e, text, len) ? len : 0;
    const char *words = mc_copy(arena, text, len + 1).data;
    if (words == NULL)
        return 0;
    char *ended = mc_unconst(words);
    ended[len] = '\0';
    return put_value(arena, e, words, true) ? len : 0;
}

/* Enough for the text with its fields; capitals may take three times the bytes. */
static size_t room_for(const char *text, const struct print_fields *fields, bool upper)
{
    size_t size = strlen(text) * (upper ? 3 : 1) + 1;

    for (; *text != '\0'; text++) {
        size_t len = name_len(text);
        if (len > 0)
            size += strlen(print_field(fields, text + 1, len)) * (upper ? 3 : 1);
    }
    return MC_MIN(size, (size_t)PRINT_TEXT_MAX + 1);
}

bool print_expand(struct mc_arena *arena, const char *text, const struct print_fields *fields,
                  bool upper, struct print_text *ret_text)
{
    struct expansion e = {.out = ret_text, .size = room_for(text, fields, upper)};

    *ret_text = (struct print_text){.text = mc_alloc(arena, e.size)};
    if (ret_text->text == NULL)
        return false;
    while (*text != '\0') {
        size_t len = name_len(text);

        if (len > 0) {
            if (!put_value(arena, &e, print_field(fields, text + 1, len), upper))
                return false;
            text += len + 2;
        } else if (is_mark(text)) {
            if (!span_end(&e))
                return false;
            e.bold ^= *text == '*';
            e.italic ^= *text == '_';
            text += 2;
        } else {
            size_t words = put_words(arena, &e, text, upper);
            if (words == 0)
                return false;
            text += words;
        }
    }
    return span_end(&e);
}
