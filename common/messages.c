#include "common/messages.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/text.h"

extern const char mc_data_messages[];
extern const size_t mc_data_messages_len;

enum {
    MESSAGES_MAX = 2048,
    TEXTS_SIZE = 512 * 1024,
};

struct message {
    const char *code;
    const char *text;
};

static struct message messages[MESSAGES_MAX];
static size_t messages_len;
static char texts[TEXTS_SIZE];
static size_t texts_len;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct message *)a)->code, ((const struct message *)b)->code);
}

static const char *keep(const struct mc_csv *csv, size_t column)
{
    char *text = texts + texts_len;
    bool fits = mc_csv_copy(csv, column, text, sizeof texts - texts_len);

    assert(fits);
    texts_len += strlen(text) + 1;
    return text;
}

static void read_messages(void)
{
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_messages, mc_data_messages_len);
    bool header = mc_csv_next(&csv);
    assert(header && mc_csv_is(&csv, 0, "key") && mc_csv_is(&csv, 1, "text_vi"));
    while (mc_csv_next(&csv)) {
        assert(messages_len < MESSAGES_MAX);
        messages[messages_len].code = keep(&csv, 0);
        messages[messages_len].text = keep(&csv, 1);
        messages_len++;
    }
    assert(csv.status == MC_OK);
    qsort(messages, messages_len, sizeof messages[0], compare);
}

const char *mc_message_text(const char *code)
{
    struct message key = {.code = code};

    (void)pthread_once(&once, read_messages);
    const struct message *found =
        bsearch(&key, messages, messages_len, sizeof messages[0], compare);
    return found != NULL ? found->text : NULL;
}

/* The value for the name between the braces, or NULL. */
static const char *value_of(const char *name, size_t len, const char *const *args)
{
    for (; args != NULL && args[0] != NULL && args[1] != NULL; args += 2) {
        if (strlen(args[0]) == len && memcmp(args[0], name, len) == 0)
            return args[1];
    }
    return NULL;
}

/* Appends and says whether everything fitted; a cut falls between characters. */
static bool append(char *out, size_t size, size_t *len, const char *text, size_t text_len)
{
    size_t room = size - 1 - *len;
    size_t part = text_len;

    while (part > room ||
           (part < text_len && part > 0 && ((unsigned char)text[part] & 0xC0U) == 0x80U))
        part--;
    memcpy(out + *len, text, part);
    *len += part;
    out[*len] = '\0';
    return part == text_len;
}

size_t mc_message_format(char *out, size_t size, const char *code, const char *const *args)
{
    const char *text = mc_message_text(code);
    size_t len = 0;

    assert(size > 0);
    out[0] = '\0';
    while (text != NULL && *text != '\0') {
        size_t plain = strcspn(text, "{");
        if (plain == 0) {
            const char *close = strchr(text, '}');
            size_t name_len = close != NULL ? (size_t)(close - text) - 1 : 0;
            const char *value = close != NULL ? value_of(text + 1, name_len, args) : NULL;
            if (value != NULL) {
                if (!append(out, size, &len, value, strlen(value)))
                    break;
                text = close + 1;
                continue;
            }
            plain = 1 + strcspn(text + 1, "{");
        }
        if (!append(out, size, &len, text, plain))
            break;
        text += plain;
    }
    return len;
}
