/*
 * Book: which event becomes which notice (data/rules.csv), and in what words
 * (data/templates.csv). Pure.
 *
 * A template has versions; the highest is used, and the lower stay to show what earlier notices
 * were made of. Each event offers a few variables; a template that names another does not open,
 * nor does an SMS that would not fit or not be GSM-7: better at start-up than on a citizen's phone.
 *
 * An operator may have tables of his own, with the same columns. A template of his is used whatever
 * versions ours has, and takes the place of ours of the same version; a rule of his takes the place
 * of ours of the same event and state. What is wrong there is named with file, line and column.
 */
#pragma once

#include "common/base.h"

enum {
    NOTIFICATION_RULES_MAX = 160,
    NOTIFICATION_TEMPLATES_MAX = 256,
    NOTIFICATION_NAME_SIZE = 48,      /* of an event, a template */
    NOTIFICATION_TITLE_SIZE = 160,    /* bytes */
    NOTIFICATION_WORDS_SIZE = 1024,   /* bytes of a template's text for the inbox */
    NOTIFICATION_SMS_MAX = 306,       /* characters as sent: two parts of 153 */
    NOTIFICATION_SMS_VALUE_MAX = 100, /* characters one variable may take of them */
    NOTIFICATION_TEXT_MAX = 2000,     /* characters of a notice's text in the inbox */
    NOTIFICATION_TEXT_SIZE = NOTIFICATION_TEXT_MAX * 4 + 1,
    NOTIFICATION_STATE_ANY = -1,
    NOTIFICATION_LIFE_HOURS_MAX = 72, /* of an SMS */
    NOTIFICATION_NIGHT_HOURS_MAX = 12,
};

/* What an event can say. */
enum notification_source {
    NOTIFICATION_OF_ACCOUNT,
    NOTIFICATION_OF_SECURITY,
    NOTIFICATION_OF_DOSSIER,
    NOTIFICATION_OF_ORDER,
    NOTIFICATION_OF_TAX_NOTICE,
    NOTIFICATION_OF_DUE,
    NOTIFICATION_OF_ROUND,
    NOTIFICATION_OF_REFUND,
    NOTIFICATION_OF_LINK,
    NOTIFICATION_OF_TAX,
    NOTIFICATION_OF_OFFICER,
    NOTIFICATION_OF_PHONE,
    NOTIFICATION_OF_RECEIPT,
    NOTIFICATION_OF_COPY,
    NOTIFICATION_OF_STATUS,
    NOTIFICATION_OF_FEEDBACK,
};

/* Where a notice is told; bits. */
enum notification_channel {
    NOTIFICATION_INBOX = 1 << 0,
    NOTIFICATION_SMS = 1 << 1,
    NOTIFICATION_EMAIL = 1 << 2,
};

/* What people can switch, and what waits for the morning. */
enum notification_kind {
    NOTIFICATION_KIND_SECURITY, /* of the account: who has not done it has to know */
    NOTIFICATION_KIND_DECISION, /* refusals, requests for more papers, results */
    NOTIFICATION_KIND_DUTY,     /* money that is owed, with a date */
    NOTIFICATION_KIND_DOSSIER,  /* how a dossier goes on */
    NOTIFICATION_KIND_PAYMENT,  /* what became of money, and its receipts */
    NOTIFICATION_KIND_FEEDBACK, /* what becomes of feedback and petitions */
    NOTIFICATION_KIND_WORK,     /* of officers */
    NOTIFICATION_KINDS_LEN
};

struct notification_kind_row {
    const char *key;
    const char *name;
    unsigned locked; /* channels that cannot be switched off */
    bool quiet;      /* its SMS are not sent at night */
};
extern const struct notification_kind_row notification_kinds[NOTIFICATION_KINDS_LEN];
/* The kind of a key; NOTIFICATION_KINDS_LEN: there is none. */
enum notification_kind notification_kind_find(const char *key);

struct notification_template {
    char key[NOTIFICATION_NAME_SIZE];
    uint32_t version;
    char title[NOTIFICATION_TITLE_SIZE];
    char sms[NOTIFICATION_SMS_MAX + 1];
    char text[NOTIFICATION_WORDS_SIZE];
    size_t line; /* in the operator's table; 0: ours */
};

struct notification_rule {
    char event[NOTIFICATION_NAME_SIZE];
    int to_state;
    const struct notification_template *words;
    bool sms;
    bool email;
    enum notification_kind kind;
    int64_t sms_life_ms; /* from the fact on; 0: as notification.sms_life says */
    size_t line;         /* in the operator's table; 0: ours */
};

struct notification_book {
    struct notification_template templates[NOTIFICATION_TEMPLATES_MAX];
    size_t templates_len;
    struct notification_rule rules[NOTIFICATION_RULES_MAX];
    size_t rules_len;
    const char *own_templates; /* the operator's file, for what is said of a line of it; or NULL */
};

/* Reads both tables; MC_INVALID with a line in `why`. The book may not move afterwards. */
mc_nodiscard enum mc_status notification_book_read(struct notification_book *book,
                                                   struct mc_bytes rules, struct mc_bytes templates,
                                                   char *why, size_t why_size);

/* An operator's own table. */
struct notification_own {
    const char *file; /* "": there is none */
    struct mc_bytes text;
};
/* The same, with an operator's own behind ours. The file's name must live as long as the book. */
mc_nodiscard enum mc_status notification_book_read_own(struct notification_book *book,
                                                       struct mc_bytes rules,
                                                       struct mc_bytes templates,
                                                       const struct notification_own *own_rules,
                                                       const struct notification_own *own_templates,
                                                       char *why, size_t why_size);
/* Where a template of the operator's stands, "FILE:LINE:COLUMN: "; "" when it is ours. */
enum { NOTIFICATION_WHERE_SIZE = 160 };
const char *notification_template_where(const struct notification_book *book,
                                        const struct notification_template *words,
                                        const char *column, char out[NOTIFICATION_WHERE_SIZE]);

/* The rule of an event; to_state as its body says. NULL: nobody is told. */
const struct notification_rule *notification_rule_find(const struct notification_book *book,
                                                       const char *event, int to_state);

/* The name of the state that a rule wants; "": any. */
const char *notification_rule_state(const struct notification_rule *rule);

/* The version of a template that is used: the newest, of the operator's if he has any; or NULL. */
const struct notification_template *notification_template_find(const struct notification_book *book,
                                                               const char *key);

/* That version of it; NULL: there is none. */
const struct notification_template *
notification_template_version(const struct notification_book *book, const char *key,
                              uint32_t version);

enum { NOTIFICATION_VARIABLES_MAX = 32 }; /* that one template is looked through for */
/* The variables of its title, text and SMS, each once; returns how many. */
size_t
notification_template_variables(const struct notification_template *words,
                                char names[NOTIFICATION_VARIABLES_MAX][NOTIFICATION_NAME_SIZE]);

/* Lists of these end in a name of NULL. */
struct notification_value {
    const char *name;
    const char *value;
};

/*
 * Writes a template with its variables replaced. A text that is too long is cut at a character,
 * and ends in "…". `out` holds NOTIFICATION_TEXT_SIZE.
 */
void notification_render(char *out, const char *words, const struct notification_value *values);

/*
 * The same for SMS: values without marks, on one line, in GSM-7 letters that take one place each.
 * Cut texts end in "...". `out` holds NOTIFICATION_SMS_MAX + 1.
 */
void notification_render_sms(char *out, const char *words, const struct notification_value *values);

/* Every {name} in the words is one of these (ended by NULL), and no brace stands alone. */
bool notification_variables_fit(const char *words, const char *const *names);
