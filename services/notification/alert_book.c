/* The tables of alerts, read and checked. */
#include "alert_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

enum { MINUTE_MS = 60000 };

static const struct {
    const char *name;
    size_t sms_max;
} variables[] = {
    {"service", 36}, {"member", 22}, {"code", 25},  {"n", 3},     {"error", 14},
    {"more", 34},    {"time", 16},   {"since", 16}, {"count", 6},
};

static const char *const names[] = {"service", "member", "code",  "n",     "error",
                                    "more",    "time",   "since", "count", NULL};

struct reader {
    struct alert_book *book;
    const struct notification_book *words;
    struct mc_csv csv;
    char *why;
    size_t why_size;
};

static bool complain(const struct reader *reader, const char *what, const char *name)
{
    (void)snprintf(reader->why, reader->why_size, "%s: %s", name, what);
    return false;
}

static size_t max_of(const char *name, size_t len)
{
    for (size_t i = 0; i < MC_LEN(variables); i++)
        if (strlen(variables[i].name) == len && memcmp(variables[i].name, name, len) == 0)
            return variables[i].sms_max;
    return 0;
}

size_t alert_variable_max(const char *name)
{
    return max_of(name, strlen(name));
}

/* Of words whose variables fit. */
static size_t longest(const char *words)
{
    size_t len = 0;

    while (*words != '\0') {
        if (*words != '{') {
            len++;
            words++;
            continue;
        }
        size_t name = strcspn(words + 1, "}");
        len += max_of(words + 1, name);
        words += name + 2;
    }
    return len;
}

/* Of the operator's own words, with their place in his file. */
static bool complain_words(const struct reader *reader, const struct notification_template *words,
                           const char *column, const char *what)
{
    char where[NOTIFICATION_WHERE_SIZE];

    (void)snprintf(reader->why, reader->why_size, "%s%s: %s",
                   notification_template_where(reader->words, words, column, where), words->key,
                   what);
    return false;
}

static bool words_fit(const struct reader *reader, const struct notification_template *words)
{
    static const char not_offered[] = "a variable that alerts do not offer";

    if (!notification_variables_fit(words->title, names))
        return complain_words(reader, words, "title", not_offered);
    if (!notification_variables_fit(words->text, names))
        return complain_words(reader, words, "text", not_offered);
    if (!notification_variables_fit(words->sms, names))
        return complain_words(reader, words, "sms", not_offered);
    if (words->sms[0] == '\0')
        return complain_words(reader, words, "sms",
                              "an alert wants an SMS, and there is no text for it");
    if (longest(words->sms) > ALERT_SMS_MAX)
        return complain_words(reader, words, "sms", "an alert's SMS must be one part");
    return true;
}

static bool service_read(struct reader *reader, const size_t at[4])
{
    struct alert_book *book = reader->book;
    struct alert_service *row = &book->services[book->services_len];
    const struct mc_csv *csv = &reader->csv;

    if (book->services_len == ALERT_SERVICES_MAX)
        return complain(reader, "too many", "services");
    if (!mc_csv_copy(csv, at[0], row->key, sizeof row->key) || row->key[0] == '\0' ||
        !mc_csv_copy(csv, at[1], row->name, sizeof row->name) || row->name[0] == '\0' ||
        !mc_csv_copy(csv, at[2], row->api_types, sizeof row->api_types))
        return complain(reader, "a field is missing or too long", row->key);
    row->of_the_house = mc_csv_is(csv, at[3], "house");
    if (!row->of_the_house && !mc_csv_is(csv, at[3], "unit"))
        return complain(reader, "whose is \"unit\" or \"house\"", row->key);
    if (alert_service_find(book, row->key) != NULL)
        return complain(reader, "two rows for one service", row->key);
    book->services_len++;
    return true;
}

static bool effect_read(const struct mc_csv *csv, size_t column, enum alert_effect *ret_effect)
{
    static const char *const effects[] = {
        [ALERT_FAILS] = "fails", [ALERT_MENDS] = "mends", [ALERT_EITHER] = "either"};

    for (size_t i = 0; i < MC_LEN(effects); i++)
        if (mc_csv_is(csv, column, effects[i])) {
            *ret_effect = (enum alert_effect)i;
            return true;
        }
    return false;
}

static bool template_read(const struct reader *reader, size_t column, const char *event,
                          const struct notification_template **ret_words)
{
    char name[NOTIFICATION_NAME_SIZE];

    if (!mc_csv_copy(&reader->csv, column, name, sizeof name) ||
        (*ret_words = notification_template_find(reader->words, name)) == NULL)
        return complain(reader, "no such template", event);
    return words_fit(reader, *ret_words);
}

/* What only a rule that begins an alert has. */
static bool telling_read(struct reader *reader, struct alert_rule *rule, const size_t at[8])
{
    const struct mc_csv *csv = &reader->csv;
    char number[8];

    if ((!mc_csv_is(csv, at[4], "warning") && !mc_csv_is(csv, at[4], "critical")) ||
        !mc_csv_copy(csv, at[4], rule->severity, sizeof rule->severity))
        return complain(reader, "severity is \"warning\" or \"critical\"", rule->event);
    if (!mc_csv_copy(csv, at[5], number, sizeof number))
        return complain(reader, "window_minutes is no number from 1 to 1440", rule->event);
    char *end = number;
    long minutes = strtol(number, &end, 10);
    if (end == number || *end != '\0' || minutes < 1 || minutes > ALERT_WINDOW_MINUTES_MAX)
        return complain(reader, "window_minutes is no number from 1 to 1440", rule->event);
    rule->window_ms = (int64_t)minutes * MINUTE_MS;
    return template_read(reader, at[6], rule->event, &rule->words) &&
           template_read(reader, at[7], rule->event, &rule->over);
}

static bool rule_read(struct reader *reader, const size_t at[8])
{
    struct alert_book *book = reader->book;
    struct alert_rule *rule = &book->rules[book->rules_len];
    const struct mc_csv *csv = &reader->csv;

    if (book->rules_len == ALERT_RULES_MAX)
        return complain(reader, "too many", "alert rules");
    memset(rule, 0, sizeof *rule);
    if (!mc_csv_copy(csv, at[0], rule->event, sizeof rule->event) || rule->event[0] == '\0' ||
        !mc_csv_copy(csv, at[1], rule->group, sizeof rule->group) || rule->group[0] == '\0')
        return complain(reader, "a field is missing or too long", rule->event);
    if (!effect_read(csv, at[2], &rule->effect))
        return complain(reader, "effect is \"fails\", \"mends\" or \"either\"", rule->event);
    if (!mc_csv_copy(csv, at[3], rule->service, sizeof rule->service) ||
        (strcmp(rule->service, "*") != 0 && alert_service_find(book, rule->service) == NULL))
        return complain(reader, "no such service", rule->event);
    if (rule->effect != ALERT_MENDS && !telling_read(reader, rule, at))
        return false;
    book->rules_len++;
    return true;
}

static bool columns_find(struct reader *reader, struct mc_bytes text, const char *const *columns,
                         size_t *ret_at)
{
    mc_csv_open(&reader->csv, text.data, text.len);
    if (!mc_csv_next(&reader->csv))
        return complain(reader, "empty", columns[0]);
    for (size_t i = 0; columns[i] != NULL; i++) {
        ret_at[i] = mc_csv_column(&reader->csv, columns[i]);
        if (ret_at[i] == reader->csv.fields_len)
            return complain(reader, "no such column", columns[i]);
    }
    return true;
}

static bool read_tables(struct reader *reader, struct mc_bytes services, struct mc_bytes rules)
{
    static const char *const of_service[] = {"key", "name_vi", "api_types", "whose", NULL};
    static const char *const of_rule[] = {"event",    "group",         "effect",
                                          "service",  "severity",      "window_minutes",
                                          "template", "over_template", NULL};
    size_t at[MC_LEN(of_rule)];

    if (!columns_find(reader, services, of_service, at))
        return false;
    while (mc_csv_next(&reader->csv))
        if (!service_read(reader, at))
            return false;
    if (reader->csv.status != MC_OK)
        return complain(reader, "cannot be read", "alert services");
    if (!columns_find(reader, rules, of_rule, at))
        return false;
    while (mc_csv_next(&reader->csv))
        if (!rule_read(reader, at))
            return false;
    return reader->csv.status == MC_OK || complain(reader, "cannot be read", "alert rules");
}

enum mc_status alert_book_read(struct alert_book *book, const struct notification_book *words,
                               struct mc_bytes services, struct mc_bytes rules, char *why,
                               size_t why_size)
{
    struct reader reader = {.book = book, .words = words, .why_size = why_size};

    reader.why = why;
    book->services_len = 0;
    book->rules_len = 0;
    return read_tables(&reader, services, rules) ? MC_OK : MC_INVALID;
}

const struct alert_service *alert_service_find(const struct alert_book *book, const char *key)
{
    for (size_t i = 0; i < book->services_len; i++)
        if (strcmp(book->services[i].key, key) == 0)
            return &book->services[i];
    return NULL;
}

/* One of "a|b|c". */
static bool lists(const char *list, const char *item)
{
    size_t len = strlen(item);

    for (; *list != '\0'; list += *list == '|' ? 1 : 0) {
        size_t part = strcspn(list, "|");

        if (part == len && memcmp(list, item, len) == 0)
            return true;
        list += part;
    }
    return false;
}

const struct alert_service *alert_service_of_api(const struct alert_book *book,
                                                 const char *api_type)
{
    const struct alert_service *rest = NULL;

    for (size_t i = 0; i < book->services_len; i++) {
        if (lists(book->services[i].api_types, api_type))
            return &book->services[i];
        if (strcmp(book->services[i].api_types, "*") == 0)
            rest = &book->services[i];
    }
    return rest;
}

const struct alert_rule *alert_rule_find(const struct alert_book *book, const char *event,
                                         const char *service)
{
    for (size_t i = 0; i < book->rules_len; i++)
        if (strcmp(book->rules[i].event, event) == 0 &&
            (service == NULL || strcmp(book->rules[i].service, "*") == 0 ||
             strcmp(book->rules[i].service, service) == 0))
            return &book->rules[i];
    return NULL;
}
