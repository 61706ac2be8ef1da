/* A CSV of any length goes to a room in parts of whole lines, each with the head line. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

enum { FILE_BYTES_MAX = 16 << 20, PART_ROWS = 400, PART_BYTES = 200 * 1024 };

struct mc_bytes ctl_file_read(struct ctl *ctl, const char *path)
{
    struct mc_bytes text = {0};
    FILE *file = fopen(path, "re");
    char *bytes = mc_alloc(&ctl->arena, FILE_BYTES_MAX);

    if (file == NULL || bytes == NULL) {
        perror(path);
    } else {
        text = (struct mc_bytes){bytes, fread(bytes, 1, FILE_BYTES_MAX, file)};
        if (ferror(file) || !feof(file)) {
            fprintf(stderr, "%s: cannot be read, or is longer than %d bytes\n", path,
                    (int)FILE_BYTES_MAX);
            text.len = 0;
        }
    }
    if (file != NULL)
        (void)fclose(file);
    return text;
}

/* Bytes up to and with the line's end. A quoted field with a line break is not taken apart: quotes
 * are counted. */
size_t ctl_csv_line(struct mc_bytes text)
{
    const char *at = text.data;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        if (at[i] == '"')
            quoted = !quoted;
        if (at[i] == '\n' && !quoted)
            return i + 1;
    }
    return text.len;
}

size_t ctl_csv_part(struct mc_bytes rest)
{
    size_t len = 0;

    for (int rows = 0; rows < PART_ROWS && len < rest.len; rows++) {
        size_t line =
            ctl_csv_line((struct mc_bytes){(const char *)rest.data + len, rest.len - len});
        if (len > 0 && len + line > PART_BYTES)
            break;
        len += line;
    }
    return len;
}

struct ctl_part ctl_part_next(struct ctl *ctl, const struct ctl_part *before)
{
    struct ctl_part part = {.head = before->head};
    size_t len = before->rest.len > 0 ? ctl_csv_part(before->rest) : 0;
    char *text = len > 0 ? mc_alloc(&ctl->arena, part.head.len + len + 1) : NULL;

    if (text == NULL)
        return part;
    memcpy(text, part.head.data, part.head.len);
    memcpy(text + part.head.len, before->rest.data, len);
    part.text = (struct mc_bytes){text, part.head.len + len};
    part.rest = (struct mc_bytes){(const char *)before->rest.data + len, before->rest.len - len};
    return part;
}

struct ctl_part ctl_part_first(struct ctl *ctl, struct mc_bytes text)
{
    size_t head = ctl_csv_line(text);
    const struct ctl_part before = {
        .head = {text.data, head},
        .rest = {(const char *)text.data + head, text.len - head},
    };

    return ctl_part_next(ctl, &before);
}
