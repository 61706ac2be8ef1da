#include "common/header.h"

#include <string.h>

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool mc_header_name_ok(const char *name)
{
    const char *c = name;

    while (is_name_char(*c))
        c++;
    return *c == '\0' && c != name;
}

bool mc_header_value_ok(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;

        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

bool mc_headers_ok(const struct mc_header *headers)
{
    for (const struct mc_header *line = headers; line != NULL && line->name != NULL; line++) {
        if (!mc_header_name_ok(line->name) || !mc_header_value_ok(line->value))
            return false;
    }
    return true;
}
