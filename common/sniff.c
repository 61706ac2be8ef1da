#include "common/sniff.h"

#include <string.h>

#include "common/csv.h"
#include "common/validate.h"

static const char word_2007[] =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
static const char excel_2007[] =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

static bool begins(struct mc_bytes content, const char *magic, size_t len)
{
    return content.len >= len && memcmp(content.data, magic, len) == 0;
}

static bool holds(struct mc_bytes content, const char *what, size_t len)
{
    return content.len > 0 && memmem(content.data, content.len, what, len) != NULL;
}

/* An Office file is a ZIP whose early entries name its parts; other archives stay archives. */
static const char *sniff_zip(struct mc_bytes content)
{
    static const char types[] = "[Content_Types].xml";

    if (!holds(content, types, sizeof types - 1))
        return "application/zip";
    if (holds(content, "word/", 5))
        return word_2007;
    if (holds(content, "xl/", 3))
        return excel_2007;
    return "application/zip";
}

/* The old Office: one container for both; its directory names the stream in UTF-16. */
static const char *sniff_ole(struct mc_bytes content)
{
    static const char workbook[] = "W\0o\0r\0k\0b\0o\0o\0k";

    return holds(content, workbook, sizeof workbook) ? "application/vnd.ms-excel"
                                                     : "application/msword";
}

const char *mc_sniff(struct mc_bytes content)
{
    content.len = MC_MIN(content.len, (size_t)MC_SNIFF_MAX);
    if (begins(content, "%PDF-", 5))
        return "application/pdf";
    if (begins(content, "\x89PNG\r\n\x1a\n", 8))
        return "image/png";
    if (begins(content, "\xff\xd8\xff", 3))
        return "image/jpeg";
    if (begins(content, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        return sniff_ole(content);
    if (begins(content, "PK\x03\x04", 4))
        return sniff_zip(content);
    return NULL;
}

/* Layer III of MPEG 1, 2 or 2.5 (ISO 11172-3): sync, then no reserved bit rate or sampling rate. */
static bool is_mp3_frame(struct mc_bytes content)
{
    const uint8_t *at = content.data;

    return content.len >= 4 && at[0] == 0xff && (at[1] & 0xe6) == 0xe2 && (at[1] & 0x18) != 0x08 &&
           (at[2] & 0xf0) != 0xf0 && (at[2] & 0x0c) != 0x0c;
}

/* ISO 14496-12: the first box says which kind of file it is. QuickTime's own is no MP4. */
static bool is_mp4(struct mc_bytes content)
{
    const char *at = content.data;

    return content.len >= 12 && memcmp(at + 4, "ftyp", 4) == 0 && memcmp(at + 8, "qt  ", 4) != 0;
}

static bool is_text(struct mc_bytes content, bool cut)
{
    const uint8_t *at = content.data;
    size_t good = mc_utf8_prefix(content);

    if (content.len == 0 || (good < content.len && !(cut && content.len - good < 4)))
        return false;
    for (size_t i = 0; i < good; i++)
        if (at[i] == 0x7f || (at[i] < ' ' && at[i] != '\t' && at[i] != '\r' && at[i] != '\n'))
            return false;
    return true;
}

const char *mc_sniff_any(struct mc_bytes content)
{
    bool cut = content.len >= MC_SNIFF_MAX;
    const char *document = mc_sniff(content);

    content.len = MC_MIN(content.len, (size_t)MC_SNIFF_MAX);
    if (document != NULL)
        return document;
    if (begins(content, "ID3", 3) || is_mp3_frame(content))
        return "audio/mpeg";
    if (is_mp4(content))
        return "video/mp4";
    return is_text(content, cut) ? "text/plain" : NULL;
}

static bool read_row(const struct mc_csv *csv, struct mc_file_type *row)
{
    struct mc_bytes digits = mc_csv_field(csv, 3);
    const char *at = digits.data;

    row->max = 0;
    if (!mc_csv_copy(csv, 0, row->media_type, sizeof row->media_type) || digits.len == 0 ||
        digits.len > 9)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        row->max = 10 * row->max + (uint64_t)(at[i] - '0');
    }
    return row->media_type[0] != '\0' && row->max > 0;
}

enum mc_status mc_file_types_load(struct mc_file_types *ret_types, struct mc_bytes csv)
{
    struct mc_csv rows;

    *ret_types = (struct mc_file_types){0};
    mc_csv_open(&rows, csv.data, csv.len);
    if (!mc_csv_next(&rows))
        return MC_INVALID;
    while (mc_csv_next(&rows)) {
        struct mc_file_type *row = &ret_types->rows[ret_types->len];

        if (ret_types->len == MC_FILE_TYPES_MAX || !read_row(&rows, row))
            return MC_INVALID;
        ret_types->len++;
        ret_types->largest = MC_MAX(ret_types->largest, row->max);
    }
    return rows.status;
}

uint64_t mc_file_max(const struct mc_file_types *types, const char *media_type)
{
    for (size_t i = 0; i < types->len; i++)
        if (strcmp(types->rows[i].media_type, media_type) == 0)
            return types->rows[i].max;
    return 0;
}
