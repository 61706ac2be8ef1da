/* Templates as they are looked up: their versions, and the variables that they name. */
#include <string.h>

#include "book.h"

const struct notification_template *
notification_template_version(const struct notification_book *book, const char *key,
                              uint32_t version)
{
    for (size_t i = 0; i < book->templates_len; i++)
        if (book->templates[i].version == version && strcmp(book->templates[i].key, key) == 0)
            return &book->templates[i];
    return NULL;
}

static size_t add_name(char names[NOTIFICATION_VARIABLES_MAX][NOTIFICATION_NAME_SIZE], size_t n,
                       const char *name, size_t len)
{
    if (len == 0 || len >= NOTIFICATION_NAME_SIZE || n == NOTIFICATION_VARIABLES_MAX)
        return n;
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return n;
    memcpy(names[n], name, len);
    names[n][len] = '\0';
    return n + 1;
}

size_t
notification_template_variables(const struct notification_template *words,
                                char names[NOTIFICATION_VARIABLES_MAX][NOTIFICATION_NAME_SIZE])
{
    const char *const places[] = {words->title, words->text, words->sms};
    size_t n = 0;

    for (size_t i = 0; i < MC_LEN(places); i++)
        for (const char *at = strchr(places[i], '{'); at != NULL; at = strchr(at + 1, '{'))
            n = add_name(names, n, at + 1, strcspn(at + 1, "}"));
    return n;
}
