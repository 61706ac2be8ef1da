/* Templates with their variables replaced. */
#include <string.h>

#include "common/text.h"

#include "book.h"

struct page {
    char *out;
    size_t len;
    size_t chars;
    size_t chars_max;
    bool cut;
};

/* Adds as many whole characters as there is place for. */
static void add(struct page *page, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && !page->cut) {
        size_t next = at + 1;

        while (next < len && ((unsigned char)text[next] & 0xc0) == 0x80)
            next++;
        if (page->chars == page->chars_max) {
            page->cut = true;
            break;
        }
        memcpy(page->out + page->len, text + at, next - at);
        page->len += next - at;
        page->chars++;
        at = next;
    }
    page->out[page->len] = '\0';
}

static const char *value_of(const struct notification_value *values, const char *name, size_t len)
{
    for (; values->name != NULL; values++)
        if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
            return values->value;
    return "";
}

static void fill(struct page *page, const char *words, const struct notification_value *values,
                 void (*put)(struct page *page, const char *value))
{
    page->out[0] = '\0';
    while (*words != '\0') {
        size_t plain = strcspn(words, "{");

        add(page, words, plain);
        words += plain;
        if (*words == '\0')
            break;
        size_t len = strcspn(words + 1, "}");
        put(page, value_of(values, words + 1, len));
        words += len + 2;
    }
}

/* Puts the sign of something left out at the end, within the limit. */
static void mark_cut(struct page *page, const char *sign, size_t sign_chars)
{
    if (!page->cut)
        return;
    while (page->chars > page->chars_max - sign_chars) {
        do
            page->len--;
        while (((unsigned char)page->out[page->len] & 0xc0) == 0x80);
        page->chars--;
    }
    memcpy(page->out + page->len, sign, strlen(sign) + 1);
}

static void put_plain(struct page *page, const char *value)
{
    add(page, value, strlen(value));
}

void notification_render(char *out, const char *words, const struct notification_value *values)
{
    struct page page = {.chars_max = NOTIFICATION_TEXT_MAX};

    page.out = out;
    fill(&page, words, values, put_plain);
    mark_cut(&page, "…", 1);
}

/* What the unaccented text may still have that is not one place of GSM-7. */
static char gsm(char c)
{
    if (c == '[' || c == '{')
        return '(';
    if (c == ']' || c == '}')
        return ')';
    if (c == '\\' || c == '|' || c == '^' || c == '~')
        return '-';
    if (c == '`')
        return '\'';
    if (c < ' ' || c == 0x7f)
        return '?';
    return c;
}

static void put_sms(struct page *page, const char *value)
{
    /* More than is kept, so that marks that fall away do not shorten it. */
    enum { TAKEN = NOTIFICATION_SMS_VALUE_MAX * 4 };
    char line[TAKEN + 1];
    char plain[MC_TEXT_SIZE(TAKEN)];
    size_t len = mc_text_prefix(value, SIZE_MAX, TAKEN);
    bool cut = value[len] != '\0';

    memcpy(line, value, len);
    line[len] = '\0';
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    if (mc_text_unaccent(plain, sizeof plain, line) != MC_OK)
        return;
    size_t kept = 0;
    for (const char *c = plain; *c != '\0'; c++) {
        if (((unsigned char)*c & 0xc0) == 0x80)
            continue;
        if (kept == NOTIFICATION_SMS_VALUE_MAX) {
            cut = true;
            break;
        }
        line[kept++] = gsm(*c);
    }
    if (cut) {
        kept = MC_MIN(kept, (size_t)NOTIFICATION_SMS_VALUE_MAX - 3);
        memcpy(line + kept, "...", 3);
        kept += 3;
    }
    add(page, line, kept);
}

void notification_render_sms(char *out, const char *words, const struct notification_value *values)
{
    struct page page = {.chars_max = NOTIFICATION_SMS_MAX};

    page.out = out;
    fill(&page, words, values, put_sms);
    mark_cut(&page, "...", 3);
}
