#include "common/csv.h"

#include <string.h>

void mc_csv_open(struct mc_csv *csv, const void *data, size_t len)
{
    *csv = (struct mc_csv){.data = data, .len = len, .line = 1};
    if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
        csv->at = 3;
}

static bool at_end_of_line(const struct mc_csv *csv)
{
    if (csv->at == csv->len || csv->data[csv->at] == '\n')
        return true;
    return csv->data[csv->at] == '\r' && csv->at + 1 < csv->len && csv->data[csv->at + 1] == '\n';
}

static void skip_end_of_line(struct mc_csv *csv)
{
    if (csv->at < csv->len && csv->data[csv->at] == '\r')
        csv->at++;
    if (csv->at < csv->len)
        csv->at++;
}

static struct mc_bytes plain_field(struct mc_csv *csv)
{
    size_t start = csv->at;

    while (!at_end_of_line(csv) && csv->data[csv->at] != ',') {
        if (csv->data[csv->at] == '"')
            csv->status = MC_INVALID;
        csv->at++;
    }
    return (struct mc_bytes){csv->data + start, csv->at - start};
}

/* Turns "" into " in the reader's own room. */
static struct mc_bytes undo_quotes(struct mc_csv *csv, struct mc_bytes raw)
{
    const char *from = raw.data;
    char *start = csv->undone + csv->undone_len;
    size_t len = 0;

    if (raw.len > sizeof csv->undone - csv->undone_len) {
        csv->status = MC_FULL;
        return (struct mc_bytes){0};
    }
    for (size_t i = 0; i < raw.len; i++) {
        start[len++] = from[i];
        i += from[i] == '"';
    }
    csv->undone_len += len;
    return (struct mc_bytes){start, len};
}

static struct mc_bytes quoted_field(struct mc_csv *csv)
{
    size_t start = ++csv->at;
    bool doubled = false;

    for (; csv->at < csv->len; csv->at++) {
        if (csv->data[csv->at] != '"')
            continue;
        if (csv->at + 1 == csv->len || csv->data[csv->at + 1] != '"')
            break;
        doubled = true;
        csv->at++;
    }
    if (csv->at >= csv->len) {
        csv->status = MC_INVALID;
        csv->at = csv->len;
        return (struct mc_bytes){0};
    }

    struct mc_bytes raw = {csv->data + start, csv->at - start};
    csv->at++;
    if (!at_end_of_line(csv) && csv->data[csv->at] != ',')
        csv->status = MC_INVALID;
    return doubled ? undo_quotes(csv, raw) : raw;
}

/* For whoever has to mend the file; a quoted field may hold line ends of its own. */
static void count_lines(struct mc_csv *csv)
{
    for (; csv->counted < csv->at; csv->counted++)
        csv->line += csv->data[csv->counted] == '\n';
}

bool mc_csv_next(struct mc_csv *csv)
{
    csv->fields_len = 0;
    csv->undone_len = 0;
    while (csv->at < csv->len && at_end_of_line(csv))
        skip_end_of_line(csv);
    count_lines(csv);
    if (csv->status != MC_OK || csv->at == csv->len)
        return false;

    for (;;) {
        if (csv->fields_len == MC_CSV_FIELDS_MAX) {
            csv->status = MC_FULL;
            break;
        }
        bool quoted = csv->at < csv->len && csv->data[csv->at] == '"';
        csv->fields[csv->fields_len++] = quoted ? quoted_field(csv) : plain_field(csv);
        if (csv->status != MC_OK || at_end_of_line(csv))
            break;
        csv->at++; /* the comma */
    }
    if (csv->status != MC_OK)
        csv->fields_len = 0;
    else
        skip_end_of_line(csv);
    return csv->status == MC_OK;
}

size_t mc_csv_column(const struct mc_csv *csv, const char *name)
{
    size_t column = 0;

    while (column < csv->fields_len && !mc_csv_is(csv, column, name))
        column++;
    return column;
}

struct mc_bytes mc_csv_field(const struct mc_csv *csv, size_t column)
{
    return column < csv->fields_len ? csv->fields[column] : (struct mc_bytes){"", 0};
}

bool mc_csv_is(const struct mc_csv *csv, size_t column, const char *text)
{
    struct mc_bytes field = mc_csv_field(csv, column);

    return field.len == strlen(text) && memcmp(field.data, text, field.len) == 0;
}

bool mc_csv_copy(const struct mc_csv *csv, size_t column, char *out, size_t size)
{
    struct mc_bytes field = mc_csv_field(csv, column);
    bool fits = field.len < size && memchr(field.data, '\0', field.len) == NULL;

    assert(size > 0);
    if (fits)
        memcpy(out, field.data, field.len);
    out[fits ? field.len : 0] = '\0';
    return fits;
}
