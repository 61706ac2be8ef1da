/*
 * Alert book: the types of service that alerts are subscribed for (data/alert_services.csv), and
 * which event begins or ends an alert, how severe it is, how long further failures are gathered,
 * and in what words it is told (data/alert_rules.csv). Pure.
 *
 * An alert's SMS is one part: every variable has a most it may take, and a template whose fixed
 * words and variables together do not fit does not open.
 */
#pragma once

#include "book.h"

enum {
    ALERT_SERVICES_MAX = 16,
    ALERT_RULES_MAX = 48,
    ALERT_SMS_MAX = 160, /* characters of GSM-7 in one part */
    ALERT_API_TYPES_SIZE = 128,
    ALERT_WINDOW_MINUTES_MAX = 24 * 60,
};

struct alert_service {
    char key[NOTIFICATION_NAME_SIZE];
    char name[NOTIFICATION_TITLE_SIZE];
    char api_types[ALERT_API_TYPES_SIZE]; /* "land_payment|file"; "*": all that no other names */
    bool of_the_house;                    /* of no unit: operators and the national office */
};

enum alert_effect {
    ALERT_FAILS,
    ALERT_MENDS,
    ALERT_EITHER, /* the event's body says which */
};

struct alert_rule {
    char event[NOTIFICATION_NAME_SIZE];
    char group[NOTIFICATION_NAME_SIZE];   /* what begins and what ends it have the same */
    char service[NOTIFICATION_NAME_SIZE]; /* of the event; "*": any */
    char severity[NOTIFICATION_NAME_SIZE];
    enum alert_effect effect;
    int64_t window_ms;
    const struct notification_template *words; /* NULL: it only mends */
    const struct notification_template *over;
};

struct alert_book {
    struct alert_service services[ALERT_SERVICES_MAX];
    size_t services_len;
    struct alert_rule rules[ALERT_RULES_MAX];
    size_t rules_len;
};

/* Reads both tables; the templates are `words`'s. MC_INVALID with a line in `why`. */
mc_nodiscard enum mc_status alert_book_read(struct alert_book *book,
                                            const struct notification_book *words,
                                            struct mc_bytes services, struct mc_bytes rules,
                                            char *why, size_t why_size);

const struct alert_service *alert_service_find(const struct alert_book *book, const char *key);
/* The type of service that an API belongs to; NULL only when no row takes the rest ("*"). */
const struct alert_service *alert_service_of_api(const struct alert_book *book,
                                                 const char *api_type);

/* The first rule of an event that takes this service; service NULL: the event has none of its own.
 */
const struct alert_rule *alert_rule_find(const struct alert_book *book, const char *event,
                                         const char *service);

/* The most characters a variable may take of an SMS; 0: no alert offers it. */
size_t alert_variable_max(const char *name);
