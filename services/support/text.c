/* Texts of requests and answers: cleaned, bounded, in the call's arena. */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "support.h"

void *support_alloc(struct mc_txn *txn, size_t size)
{
    void *out = mc_alloc(txn->arena, size);

    if (out == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return out;
}

char *support_text(struct mc_txn *txn, const char *text)
{
    char *copy = mc_strdup(txn->arena, text);

    if (copy == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy != NULL ? copy : mc_unconst("");
}

char *support_printf(struct mc_txn *txn, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = len >= 0 ? support_alloc(txn, (size_t)len + 1) : NULL;
    if (out != NULL)
        (void)vsnprintf(out, (size_t)len + 1, format, again);
    va_end(again);
    return out != NULL ? out : mc_unconst("");
}

ProtobufCBinaryData support_bytes(struct mc_bytes bytes)
{
    return (ProtobufCBinaryData){bytes.len, mc_unconst(bytes.data)};
}

typedef enum mc_status cleaner(char *out, size_t size, const char *text);

static char *clean(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                   bool needed, cleaner *how)
{
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *out = support_alloc(txn, size);

    if (out == NULL)
        return mc_unconst("");
    if (how(out, size, text) != MC_OK)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", support_label(field),
                        NULL);
    else if (mc_text_chars(out) > chars_max)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", support_label(field),
                        "max", support_printf(txn, "%zu", chars_max), NULL);
    else if (needed && out[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", support_label(field),
                        NULL);
    else
        return out;
    return mc_unconst("");
}

char *support_line(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                   bool needed)
{
    return clean(txn, field, text, chars_max, needed, mc_text_clean);
}

char *support_lines(struct mc_txn *txn, const char *field, const char *text, size_t chars_max,
                    bool needed)
{
    return clean(txn, field, text, chars_max, needed, mc_text_clean_lines);
}

char *support_phone(struct mc_txn *txn, const char *field, const char *text, bool needed)
{
    char *line = support_line(txn, field, text, SUPPORT_PHONE_CHARS_MAX, needed);
    struct mc_phone phone;

    if (line[0] == '\0')
        return line;
    enum mc_why why = mc_phone_parse(line, &phone);
    if (why == MC_WHY_OK)
        return support_text(txn, phone.number);
    if (why != MC_WHY_PHONE_FIXED_LINE)
        (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return line;
}

char *support_email(struct mc_txn *txn, const char *field, const char *text, bool needed)
{
    char *line = support_line(txn, field, text, MC_EMAIL_SIZE - 1, needed);
    enum mc_why why = line[0] != '\0' ? mc_email_check(line) : MC_WHY_OK;

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return line;
}

char *support_time(struct mc_txn *txn, int64_t at_ms)
{
    struct mc_local at = mc_local_from_ms(at_ms);

    return support_printf(txn, "%02d/%02d/%04d %02d:%02d:%02d", at.date.day, at.date.month,
                          at.date.year, at.hour, at.minute, at.second);
}

int64_t support_day(struct mc_txn *txn, const char *field, const char *text)
{
    struct mc_date date = {0};
    enum mc_why why = text[0] != '\0' ? mc_date_parse(text, &date) : MC_WHY_OK;

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
    return text[0] != '\0' && why == MC_WHY_OK ? mc_date_to_ms(date) : 0;
}

char *support_code(struct mc_txn *txn, const char *kind)
{
    const char *prefix = support_printf(txn, "%s-%d", kind, mc_date_from_ms(txn->now_ms).year);
    uint64_t number = mc_count(txn, prefix);

    return support_printf(txn, "%s-%06llu", prefix, (unsigned long long)number);
}

char *support_uuid(struct mc_txn *txn, ProtobufCBinaryData id)
{
    char text[MC_UUID_TEXT_LEN + 1] = "";

    if (id.len == MC_ID_LEN)
        mc_uuid_text(text, id.data);
    return support_text(txn, text);
}

void **support_rows(struct mc_txn *txn, size_t n, size_t size)
{
    void **rows = support_alloc(txn, (n + 1) * sizeof(void *));
    char *bodies = support_alloc(txn, n * size + 1);

    if (rows == NULL || bodies == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        rows[i] = bodies + i * size;
    rows[n] = NULL;
    return rows;
}
