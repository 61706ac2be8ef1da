/*
 * What a scan really is (OFF-24), by its bytes and never by its name: the magic, then enough of the
 * structure that another kind of file under a borrowed head does not pass. Macros have no business
 * in a scan and are refused with it. Pure; every offset from outside is checked.
 */
#include <string.h>

#include "officer.h"

enum {
    PDF_TAIL = 1024,      /* where %%EOF must be (ISO 32000, implementation limits) */
    PDF_HEAD_LEN = 8,     /* %PDF-1.x */
    CFB_HEADER_LEN = 512, /* [MS-CFB] 2.2 */
    ZIP_END_LEN = 22,     /* APPNOTE 4.3.16 */
    ZIP_COMMENT_MAX = 65535,
    ZIP_ENTRY_LEN = 46, /* 4.3.12 */
    ZIP_ENTRIES_MAX = 2000,
};

static uint32_t le(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static bool holds(struct mc_bytes content, const void *part, size_t len)
{
    return memmem(content.data, content.len, part, len) != NULL;
}

static bool is_pdf(struct mc_bytes content)
{
    const char *head = content.data;

    if (content.len < PDF_HEAD_LEN || memcmp(head, "%PDF-", 5) != 0 ||
        (head[5] != '1' && head[5] != '2') || head[6] != '.')
        return false;
    size_t tail = MC_MIN(content.len, (size_t)PDF_TAIL);
    struct mc_bytes end = {head + content.len - tail, tail};
    return holds(end, "%%EOF", 5) && holds(end, "startxref", 9);
}

/* A compound file with the stream every Word document has. */
static bool is_doc(struct mc_bytes content)
{
    static const char word[] = "W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t";
    static const char macros[] = "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T";
    const uint8_t *head = content.data;

    if (content.len < 2 * (size_t)CFB_HEADER_LEN ||
        memcmp(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) != 0)
        return false;
    uint32_t version = le(head + 26, 2);
    uint32_t shift = le(head + 30, 2);
    if (le(head + 28, 2) != 0xfffe || le(head + 32, 2) != 6 ||
        !((version == 3 && shift == 9) || (version == 4 && shift == 12)))
        return false;
    return holds(content, word, sizeof word) && !holds(content, macros, sizeof macros);
}

static bool name_is(const uint8_t *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(name, wanted, len) == 0;
}

/* The end of the central directory, searched from behind; NULL: there is none. */
static const uint8_t *zip_end(struct mc_bytes content)
{
    const uint8_t *bytes = content.data;
    size_t most = (size_t)ZIP_END_LEN + ZIP_COMMENT_MAX;
    size_t first = content.len > most ? content.len - most : 0;

    for (size_t at = content.len - ZIP_END_LEN + 1; at-- > first;)
        if (memcmp(bytes + at, "PK\5\6", 4) == 0)
            return bytes + at;
    return NULL;
}

static bool is_docx(struct mc_bytes content)
{
    const uint8_t *bytes = content.data;
    bool types = false;
    bool document = false;

    if (content.len < ZIP_END_LEN + ZIP_ENTRY_LEN || memcmp(bytes, "PK\3\4", 4) != 0)
        return false;
    const uint8_t *end = zip_end(content);
    if (end == NULL)
        return false;
    size_t entries = le(end + 10, 2);
    size_t at = le(end + 16, 4);
    size_t stop = (size_t)(end - bytes);
    if (entries > ZIP_ENTRIES_MAX)
        return false;
    for (size_t i = 0; i < entries; i++) {
        if (at > stop || stop - at < ZIP_ENTRY_LEN || memcmp(bytes + at, "PK\1\2", 4) != 0)
            return false;
        size_t name_len = le(bytes + at + 28, 2);
        size_t whole = ZIP_ENTRY_LEN + name_len + le(bytes + at + 30, 2) + le(bytes + at + 32, 2);
        if (stop - at < whole)
            return false;
        const uint8_t *name = bytes + at + ZIP_ENTRY_LEN;
        types = types || name_is(name, name_len, "[Content_Types].xml");
        document = document || name_is(name, name_len, "word/document.xml");
        if (holds((struct mc_bytes){name, name_len}, "vbaProject", 10))
            return false;
        at += whole;
    }
    return types && document;
}

const char *identity_scan_type(struct mc_bytes content)
{
    if (is_pdf(content))
        return "pdf";
    if (is_docx(content))
        return "docx";
    return is_doc(content) ? "doc" : NULL;
}
