/* Small files of each kind a scan may be, made byte by byte. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "common/base.h"

static inline void put_le(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* `size` bytes of PDF, its end where readers look for it. */
static inline size_t make_pdf(uint8_t *out, size_t size)
{
    static const char head[] = "%PDF-1.7\n";
    static const char tail[] = "\nstartxref\n0\n%%EOF\n";

    memset(out, ' ', size);
    memcpy(out, head, sizeof head - 1);
    memcpy(out + size - (sizeof tail - 1), tail, sizeof tail - 1);
    return size;
}

/* A ZIP of empty files by these names; NULL ends them. */
static inline size_t make_zip(uint8_t *out, const char *const *names)
{
    size_t len = 0;
    size_t entries = 0;
    size_t central[16];

    for (; names[entries] != NULL; entries++) {
        size_t name = strlen(names[entries]);
        central[entries] = len;
        memset(out + len, 0, 30);
        memcpy(out + len, "PK\3\4", 4);
        put_le(out + len + 26, (uint32_t)name, 2);
        memcpy(out + len + 30, names[entries], name);
        len += 30 + name;
    }
    size_t directory = len;
    for (size_t i = 0; i < entries; i++) {
        size_t name = strlen(names[i]);
        memset(out + len, 0, 46);
        memcpy(out + len, "PK\1\2", 4);
        put_le(out + len + 28, (uint32_t)name, 2);
        put_le(out + len + 42, (uint32_t)central[i], 4);
        memcpy(out + len + 46, names[i], name);
        len += 46 + name;
    }
    memset(out + len, 0, 22);
    memcpy(out + len, "PK\5\6", 4);
    put_le(out + len + 10, (uint32_t)entries, 2);
    put_le(out + len + 12, (uint32_t)(len - directory), 4);
    put_le(out + len + 16, (uint32_t)directory, 4);
    return len + 22;
}

static inline size_t make_docx(uint8_t *out)
{
    static const char *const names[] = {"[Content_Types].xml", "_rels/.rels", "word/document.xml",
                                        NULL};
    return make_zip(out, names);
}

/* A compound file with a directory entry of this name; 2048 bytes. */
static inline size_t make_doc(uint8_t *out, const char *stream)
{
    memset(out, 0, 2048);
    memcpy(out, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
    put_le(out + 24, 0x3e, 2);
    put_le(out + 26, 3, 2);
    put_le(out + 28, 0xfffe, 2);
    put_le(out + 30, 9, 2);
    put_le(out + 32, 6, 2);
    for (size_t i = 0; stream[i] != '\0'; i++)
        out[1024 + 2 * i] = (uint8_t)stream[i];
    return 2048;
}
