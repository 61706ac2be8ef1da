#include "verdict.h"

#include <string.h>

static bool ends(struct mc_bytes text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp((const char *)text.data + text.len - len, with, len) == 0;
}

static bool begins(struct mc_bytes text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static void read_name(struct mc_bytes text, char ret_name[VERDICT_NAME_SIZE])
{
    const char *at = text.data;
    size_t len = MC_MIN(text.len, (size_t)VERDICT_NAME_SIZE - 1);

    for (size_t i = 0; i < len; i++) {
        char c = at[i];
        if (c <= ' ' || c >= 0x7f)
            c = '?';
        ret_name[i] = c;
    }
    ret_name[len] = '\0';
}

enum verdict verdict_read(struct mc_bytes line, char ret_name[VERDICT_NAME_SIZE])
{
    static const char stream[] = "stream: ";
    static const char found[] = " FOUND";
    const size_t around = sizeof stream - 1 + sizeof found - 1;

    ret_name[0] = '\0';
    while (line.len > 0 && strchr("\r\n", ((const char *)line.data)[line.len - 1]) != NULL)
        line.len--;
    if (line.len == 0)
        return VERDICT_RETRY;
    if (ends(line, "size limit exceeded. ERROR"))
        return VERDICT_IMPOSSIBLE;
    if (!begins(line, stream))
        return VERDICT_RETRY;
    if (line.len == sizeof stream - 1 + 2 && ends(line, "OK"))
        return VERDICT_CLEAN;
    if (line.len <= around || !ends(line, found))
        return VERDICT_RETRY;
    read_name((struct mc_bytes){(const char *)line.data + sizeof stream - 1, line.len - around},
              ret_name);
    return VERDICT_INFECTED;
}
