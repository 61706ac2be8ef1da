/* The two tables, read and checked. */
#include "book.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/text.h"

#include "dossier.pb-c.h"
#include "payment.pb-c.h"
#include "support.pb-c.h"

#define HOUR_MS INT64_C(3600000)

enum { COLUMNS_MAX = 6 }; /* of a table */

/* The events that can become notices, and what they offer; room.c follows these. */
static const struct {
    const char *event;
    enum notification_source source;
} events[] = {
    {"identity.account_opened", NOTIFICATION_OF_ACCOUNT},
    {"identity.contact_changed", NOTIFICATION_OF_ACCOUNT},
    {"identity.password_changed", NOTIFICATION_OF_SECURITY},
    {"identity.password_reset", NOTIFICATION_OF_SECURITY},
    {"identity.session_stolen", NOTIFICATION_OF_SECURITY},
    {"dossier.sent", NOTIFICATION_OF_DOSSIER},
    {"dossier.accepted", NOTIFICATION_OF_DOSSIER},
    {"dossier.advanced", NOTIFICATION_OF_DOSSIER},
    {"dossier.noted", NOTIFICATION_OF_DOSSIER},
    {"dossier.parcel_ordered", NOTIFICATION_OF_DOSSIER},
    {"dossier.parcel_failed", NOTIFICATION_OF_DOSSIER},
    {"dossier.due_soon", NOTIFICATION_OF_DUE},
    {"dossier.overdue", NOTIFICATION_OF_DUE},
    {"dossier.unexamined", NOTIFICATION_OF_DUE},
    {"dossier.round_due_soon", NOTIFICATION_OF_ROUND},
    {"dossier.round_late", NOTIFICATION_OF_ROUND},
    {"dossier.round_behind", NOTIFICATION_OF_ROUND},
    {"dossier.apologised", NOTIFICATION_OF_DUE},
    {"payment.order_created", NOTIFICATION_OF_ORDER},
    {"payment.paid", NOTIFICATION_OF_ORDER},
    {"payment.attempt_failed", NOTIFICATION_OF_ORDER},
    {"payment.tax_notice", NOTIFICATION_OF_TAX_NOTICE},
    {"payment.refund_approved", NOTIFICATION_OF_REFUND},
    {"payment.refund_done", NOTIFICATION_OF_REFUND},
    {"payment.link_changed", NOTIFICATION_OF_LINK},
    {"payment.tax_changed", NOTIFICATION_OF_TAX},
    {"dossier.supplemented", NOTIFICATION_OF_DOSSIER},
    {"dossier.withdraw_asked", NOTIFICATION_OF_DOSSIER},
    {"dossier.linked_ready", NOTIFICATION_OF_DOSSIER},
    {"dossier.claimed", NOTIFICATION_OF_DOSSIER},
    {"dossier.parcel_collected", NOTIFICATION_OF_DOSSIER},
    {"dossier.parcel_cancelled", NOTIFICATION_OF_DOSSIER},
    {"dossier.copy_sealed", NOTIFICATION_OF_COPY},
    {"payment.order_cancelled", NOTIFICATION_OF_ORDER},
    {"payment.order_expired", NOTIFICATION_OF_ORDER},
    {"payment.receipt_printed", NOTIFICATION_OF_RECEIPT},
    {"payment.receipt_cancelled", NOTIFICATION_OF_RECEIPT},
    {"identity.status_changed", NOTIFICATION_OF_STATUS},
    {"identity.vneid_linked", NOTIFICATION_OF_STATUS},
    {"identity.accounts_merged", NOTIFICATION_OF_STATUS},
    {"identity.accounts_unmerged", NOTIFICATION_OF_STATUS},
    {"support.feedback_moved", NOTIFICATION_OF_FEEDBACK},
    {"support.feedback_forwarded", NOTIFICATION_OF_FEEDBACK},
    {"identity.account_made", NOTIFICATION_OF_OFFICER},
    {"identity.account_changed", NOTIFICATION_OF_OFFICER},
    {"identity.phone_change_waits", NOTIFICATION_OF_PHONE},
    {"identity.phone_change_stopped", NOTIFICATION_OF_PHONE},
};

static const char *const offered[][10] = {
    [NOTIFICATION_OF_ACCOUNT] = {"name", "time"},
    [NOTIFICATION_OF_SECURITY] = {"time"},
    [NOTIFICATION_OF_DOSSIER] = {"code", "procedure", "unit", "due", "time", "reason", "amount",
                                 "waybill"},
    [NOTIFICATION_OF_DUE] = {"code", "procedure", "unit", "due", "before", "time", "reason"},
    [NOTIFICATION_OF_ROUND] = {"name", "unit", "due", "behind", "time"},
    [NOTIFICATION_OF_ORDER] = {"code", "amount", "tx", "receipts", "what", "dossier", "time"},
    [NOTIFICATION_OF_TAX_NOTICE] = {"notice", "code", "amount", "until", "unit", "time"},
    [NOTIFICATION_OF_REFUND] = {"what", "amount", "tx", "time"},
    [NOTIFICATION_OF_LINK] = {"bank", "time"},
    [NOTIFICATION_OF_TAX] = {"what", "decision", "bank", "tx", "time"},
    [NOTIFICATION_OF_OFFICER] = {"time"},
    [NOTIFICATION_OF_PHONE] = {"phone", "until", "time"},
    [NOTIFICATION_OF_RECEIPT] = {"receipt", "amount", "what", "replaces", "replaced_by", "time"},
    [NOTIFICATION_OF_COPY] = {"number", "code", "time"},
    [NOTIFICATION_OF_STATUS] = {"status", "time"},
    [NOTIFICATION_OF_FEEDBACK] = {"code", "time"},
};

/*
 * Refusals, requests for more papers, apologies and results are owed to the person (NĐ 118/2025),
 * and so is the demand for a tax (LND-08); what happens to an account is told for its safety.
 */
const struct notification_kind_row notification_kinds[NOTIFICATION_KINDS_LEN] = {
    [NOTIFICATION_KIND_SECURITY] = {"security", "Tài khoản và bảo mật",
                                    NOTIFICATION_INBOX | NOTIFICATION_SMS, false},
    [NOTIFICATION_KIND_DECISION] = {"decision", "Từ chối, yêu cầu bổ sung và kết quả hồ sơ",
                                    NOTIFICATION_INBOX | NOTIFICATION_SMS, false},
    [NOTIFICATION_KIND_DUTY] = {"duty", "Nghĩa vụ tài chính phải nộp",
                                NOTIFICATION_INBOX | NOTIFICATION_SMS, true},
    [NOTIFICATION_KIND_DOSSIER] = {"dossier", "Tiến độ giải quyết hồ sơ", 0, true},
    [NOTIFICATION_KIND_PAYMENT] = {"payment", "Thanh toán, hoàn tiền và biên lai", 0, false},
    [NOTIFICATION_KIND_FEEDBACK] = {"feedback", "Phản ánh, kiến nghị", 0, true},
    [NOTIFICATION_KIND_WORK] = {"work", "Nhắc việc cán bộ", NOTIFICATION_INBOX, true},
};

enum notification_kind notification_kind_find(const char *key)
{
    unsigned kind = 0;

    while (kind < NOTIFICATION_KINDS_LEN && strcmp(notification_kinds[kind].key, key) != 0)
        kind++;
    return (enum notification_kind)kind;
}

struct reader {
    struct notification_book *book;
    struct mc_csv csv;
    char *why;
    size_t why_size;
    const char *file;         /* the operator's; NULL: the table is ours */
    const char *const *names; /* of its columns, and where they are */
    size_t at[COLUMNS_MAX];
    const char *column; /* the one that is read */
};

static bool complain(const struct reader *reader, const char *what, const char *name)
{
    if (reader->file != NULL)
        (void)snprintf(reader->why, reader->why_size, "%.100s:%zu:%s: %s: %s", reader->file,
                       reader->csv.line, reader->column, name, what);
    else
        (void)snprintf(reader->why, reader->why_size, "%s: %s", name, what);
    return false;
}

/* A complaint about this column may follow. */
static size_t column(struct reader *reader, size_t i)
{
    reader->column = reader->names[i];
    return reader->at[i];
}

const char *notification_template_where(const struct notification_book *book,
                                        const struct notification_template *words,
                                        const char *column, char out[NOTIFICATION_WHERE_SIZE])
{
    out[0] = '\0';
    if (words != NULL && words->line != 0 && book->own_templates != NULL)
        (void)snprintf(out, NOTIFICATION_WHERE_SIZE, "%.100s:%zu:%s: ", book->own_templates,
                       words->line, column);
    return out;
}

static bool offers(const char *const *names, const char *name, size_t len)
{
    for (; *names != NULL; names++)
        if (strlen(*names) == len && memcmp(*names, name, len) == 0)
            return true;
    return false;
}

/* Every {name} must be offered; a brace that is none of a pair is a slip. */
bool notification_variables_fit(const char *words, const char *const *names)
{
    for (const char *at = strpbrk(words, "{}"); at != NULL; at = strpbrk(at, "{}")) {
        size_t len = strcspn(at + 1, "{}");

        if (*at != '{' || at[1 + len] != '}' || !offers(names, at + 1, len))
            return false;
        at += len + 2;
    }
    return true;
}

/* Letters of GSM 03.38 that ASCII has at one place each; braces go with the variables. */
static bool is_gsm(char c)
{
    return c >= ' ' && c <= '~' && strchr("[]\\^|~`", c) == NULL;
}

static bool all_gsm(const char *text)
{
    for (; *text != '\0'; text++)
        if (!is_gsm(*text))
            return false;
    return true;
}

static bool number_read(const struct mc_csv *csv, size_t at, uint32_t *ret_number)
{
    char text[8];
    uint32_t number = 0;

    if (!mc_csv_copy(csv, at, text, sizeof text) || text[0] == '\0')
        return false;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        number = number * 10 + (uint32_t)(*digit - '0');
    }
    *ret_number = number;
    return number > 0;
}

/* A brace that is none of a pair would be read past. */
static bool braces_pair(const char *words)
{
    for (const char *at = strpbrk(words, "{}"); at != NULL; at = strpbrk(at, "{}")) {
        size_t len = strcspn(at + 1, "{}");

        if (*at != '{' || at[1 + len] != '}' || len == 0)
            return false;
        at += len + 2;
    }
    return true;
}

static bool words_hold(struct reader *reader, const struct notification_template *row)
{
    const char *const words[] = {row->title, row->sms, row->text};

    for (size_t i = 0; i < MC_LEN(words); i++) {
        (void)column(reader, i + 2);
        if (!mc_utf8_valid(words[i], strlen(words[i])))
            return complain(reader, "not UTF-8", row->key);
        if (!braces_pair(words[i]))
            return complain(reader, "a brace that is none of a pair", row->key);
    }
    (void)column(reader, 3);
    return all_gsm(row->sms) ||
           complain(reader, "the SMS has letters that are not of GSM-7", row->key);
}

/* One of the same version; NULL: there is none. */
static struct notification_template *template_twin(struct notification_book *book,
                                                   const struct notification_template *row)
{
    for (size_t i = 0; i < book->templates_len; i++)
        if (book->templates[i].version == row->version &&
            strcmp(book->templates[i].key, row->key) == 0)
            return &book->templates[i];
    return NULL;
}

static bool template_put(struct reader *reader, struct notification_template *row)
{
    struct notification_template *twin = template_twin(reader->book, row);

    (void)column(reader, 1);
    row->line = reader->file != NULL ? reader->csv.line : 0;
    if (twin == NULL)
        reader->book->templates_len++;
    else if (row->line == 0 || twin->line != 0)
        return complain(reader, "the same version twice", row->key);
    else
        *twin = *row;
    return true;
}

static bool template_read(struct reader *reader)
{
    struct notification_book *book = reader->book;
    struct notification_template *row = &book->templates[book->templates_len];
    const struct mc_csv *csv = &reader->csv;

    if (book->templates_len == NOTIFICATION_TEMPLATES_MAX)
        return complain(reader, "too many", "templates");
    if (!mc_csv_copy(csv, column(reader, 0), row->key, sizeof row->key) || row->key[0] == '\0' ||
        !number_read(csv, column(reader, 1), &row->version) ||
        !mc_csv_copy(csv, column(reader, 2), row->title, sizeof row->title) ||
        row->title[0] == '\0' || !mc_csv_copy(csv, column(reader, 3), row->sms, sizeof row->sms) ||
        !mc_csv_copy(csv, column(reader, 4), row->text, sizeof row->text) || row->text[0] == '\0')
        return complain(reader, "a field is missing or too long", row->key);
    return words_hold(reader, row) && template_put(reader, row);
}

/* The operator's own words go before ours, whatever version ours has got to. */
static bool is_better(const struct notification_template *row,
                      const struct notification_template *best)
{
    if (best == NULL || (row->line != 0) != (best->line != 0))
        return best == NULL || row->line != 0;
    return row->version > best->version;
}

const struct notification_template *notification_template_find(const struct notification_book *book,
                                                               const char *key)
{
    const struct notification_template *best = NULL;

    for (size_t i = 0; i < book->templates_len; i++)
        if (strcmp(book->templates[i].key, key) == 0 && is_better(&book->templates[i], best))
            best = &book->templates[i];
    return best;
}

static bool source_find(const char *event, enum notification_source *ret_source)
{
    for (size_t i = 0; i < MC_LEN(events); i++)
        if (strcmp(events[i].event, event) == 0) {
            *ret_source = events[i].source;
            return true;
        }
    return false;
}

/* What a row's to_state may name; NULL: events of this source have none. */
static const ProtobufCEnumDescriptor *states_of(enum notification_source source)
{
    switch (source) {
    case NOTIFICATION_OF_DOSSIER:
        return &dossier__state__descriptor;
    case NOTIFICATION_OF_LINK:
        return &payment__link_state__descriptor;
    case NOTIFICATION_OF_TAX:
        return &payment__attempt_state__descriptor;
    case NOTIFICATION_OF_FEEDBACK:
        return &support__feedback_state__descriptor;
    case NOTIFICATION_OF_ACCOUNT:
    case NOTIFICATION_OF_SECURITY:
    case NOTIFICATION_OF_ORDER:
    case NOTIFICATION_OF_TAX_NOTICE:
    case NOTIFICATION_OF_DUE:
    case NOTIFICATION_OF_ROUND:
    case NOTIFICATION_OF_REFUND:
    case NOTIFICATION_OF_OFFICER:
    case NOTIFICATION_OF_PHONE:
    case NOTIFICATION_OF_RECEIPT:
    case NOTIFICATION_OF_COPY:
    case NOTIFICATION_OF_STATUS:
        return NULL;
    }
    return NULL;
}

static bool state_read(const char *name, enum notification_source source, int *ret_state)
{
    const ProtobufCEnumDescriptor *states = states_of(source);

    *ret_state = NOTIFICATION_STATE_ANY;
    if (name[0] == '\0')
        return true;
    const ProtobufCEnumValue *value =
        states != NULL ? protobuf_c_enum_descriptor_get_value_by_name(states, name) : NULL;
    if (value == NULL)
        return false;
    *ret_state = value->value;
    return true;
}

const char *notification_rule_state(const struct notification_rule *rule)
{
    enum notification_source source;
    const ProtobufCEnumValue *value = NULL;

    if (rule->to_state != NOTIFICATION_STATE_ANY && source_find(rule->event, &source))
        value = protobuf_c_enum_descriptor_get_value(states_of(source), rule->to_state);
    return value != NULL ? value->name : "";
}

/* Of the operator's words, the line there is named: the rule that wants them may be ours. */
static bool complain_words(const struct reader *reader, const struct notification_template *words,
                           const char *of, const char *what)
{
    char where[NOTIFICATION_WHERE_SIZE];

    if (words->line == 0)
        return complain(reader, what, words->key);
    (void)snprintf(reader->why, reader->why_size, "%s%s: %s",
                   notification_template_where(reader->book, words, of, where), words->key, what);
    return false;
}

static bool words_fit(struct reader *reader, const struct notification_rule *rule,
                      enum notification_source source)
{
    static const char not_offered[] = "a variable that its event does not offer";
    const struct notification_template *words = rule->words;
    const struct {
        const char *column;
        const char *text;
    } places[] = {{"title", words->title}, {"text", words->text}, {"sms", words->sms}};

    (void)column(reader, 2);
    for (size_t i = 0; i < MC_LEN(places); i++)
        if (!notification_variables_fit(places[i].text, offered[source]))
            return complain_words(reader, words, places[i].column, not_offered);
    (void)column(reader, 3);
    if (rule->sms && words->sms[0] == '\0')
        return complain_words(reader, words, "sms",
                              "a rule wants an SMS, and there is no text for it");
    return true;
}

static bool channels_read(const struct mc_csv *csv, size_t at, struct notification_rule *rule)
{
    static const struct {
        const char *text;
        bool sms;
        bool email;
    } known[] = {
        {"inbox", false, false},
        {"inbox sms", true, false},
        {"inbox email", false, true},
        {"inbox sms email", true, true},
    };

    for (size_t i = 0; i < MC_LEN(known); i++)
        if (mc_csv_is(csv, at, known[i].text)) {
            rule->sms = known[i].sms;
            rule->email = known[i].email;
            return true;
        }
    return false;
}

/* Hours, as "24h"; empty: the room's own. */
static bool life_read(const struct mc_csv *csv, size_t at, int64_t *ret_ms)
{
    char text[8];
    char *end = text;

    *ret_ms = 0;
    if (!mc_csv_copy(csv, at, text, sizeof text))
        return false;
    if (text[0] == '\0')
        return true;
    long hours = 0;
    for (; *end >= '0' && *end <= '9'; end++)
        hours = hours * 10 + (*end - '0');
    *ret_ms = hours * HOUR_MS;
    return strcmp(end, "h") == 0 && hours >= 1 && hours <= NOTIFICATION_LIFE_HOURS_MAX;
}

/* What waits for the morning must still be news then. */
static bool survives_night(const struct notification_rule *rule)
{
    return !rule->sms || !notification_kinds[rule->kind].quiet || rule->sms_life_ms == 0 ||
           rule->sms_life_ms > NOTIFICATION_NIGHT_HOURS_MAX * HOUR_MS;
}

static bool kind_read(struct reader *reader, struct notification_rule *rule)
{
    char name[NOTIFICATION_NAME_SIZE];

    if (!mc_csv_copy(&reader->csv, column(reader, 4), name, sizeof name) ||
        (rule->kind = notification_kind_find(name)) == NOTIFICATION_KINDS_LEN)
        return complain(reader, "no such kind", rule->event);
    if (!life_read(&reader->csv, column(reader, 5), &rule->sms_life_ms))
        return complain(reader, "the life of an SMS is 1h to 72h, or empty", rule->event);
    if (!survives_night(rule))
        return complain(reader, "an SMS that may wait for the morning lives no longer than a night",
                        rule->event);
    return true;
}

/* The rule of exactly this event and state: its place, or rules_len. */
static size_t rule_twin(const struct notification_book *book, const struct notification_rule *rule)
{
    size_t i = 0;

    while (i < book->rules_len && (book->rules[i].to_state != rule->to_state ||
                                   strcmp(book->rules[i].event, rule->event) != 0))
        i++;
    return i;
}

/* A rule of one state has to stand before the one of any state, or it would never be found. */
static size_t rule_place(const struct notification_book *book, const struct notification_rule *rule)
{
    size_t i = 0;

    if (rule->to_state == NOTIFICATION_STATE_ANY)
        return book->rules_len;
    while (i < book->rules_len && (book->rules[i].to_state != NOTIFICATION_STATE_ANY ||
                                   strcmp(book->rules[i].event, rule->event) != 0))
        i++;
    return i;
}

/* It was read into the place behind all others. */
static bool own_rule_put(struct reader *reader)
{
    struct notification_book *book = reader->book;
    struct notification_rule rule = book->rules[book->rules_len];
    size_t twin = rule_twin(book, &rule);

    rule.line = reader->csv.line;
    if (twin < book->rules_len) {
        (void)column(reader, 0);
        if (book->rules[twin].line != 0)
            return complain(reader, "two rules for one event", rule.event);
        book->rules[twin] = rule;
        return true;
    }
    size_t place = rule_place(book, &rule);
    memmove(&book->rules[place + 1], &book->rules[place],
            (book->rules_len - place) * sizeof book->rules[0]);
    book->rules[place] = rule;
    book->rules_len++;
    return true;
}

static bool rule_put(struct reader *reader)
{
    struct notification_book *book = reader->book;

    if (reader->file != NULL)
        return own_rule_put(reader);
    book->rules[book->rules_len++].line = 0;
    return true;
}

static bool rule_read(struct reader *reader)
{
    struct notification_book *book = reader->book;
    struct notification_rule *rule = &book->rules[book->rules_len];
    const struct mc_csv *csv = &reader->csv;
    char name[NOTIFICATION_NAME_SIZE];
    enum notification_source source;

    if (book->rules_len == NOTIFICATION_RULES_MAX)
        return complain(reader, "too many", "rules");
    if (!mc_csv_copy(csv, column(reader, 0), rule->event, sizeof rule->event) ||
        !source_find(rule->event, &source))
        return complain(reader, "no such event", rule->event);
    if (!mc_csv_copy(csv, column(reader, 1), name, sizeof name) ||
        !state_read(name, source, &rule->to_state))
        return complain(reader, "no such state", rule->event);
    if (reader->file == NULL && notification_rule_find(book, rule->event, rule->to_state) != NULL)
        return complain(reader, "two rules for one event", rule->event);
    if (!mc_csv_copy(csv, column(reader, 2), name, sizeof name) ||
        (rule->words = notification_template_find(book, name)) == NULL)
        return complain(reader, "no such template", rule->event);
    if (!channels_read(csv, column(reader, 3), rule))
        return complain(reader, "channels are \"inbox\", then \"sms\", then \"email\"",
                        rule->event);
    return kind_read(reader, rule) && words_fit(reader, rule, source) && rule_put(reader);
}

static bool columns_find(struct reader *reader, struct mc_bytes text)
{
    mc_csv_open(&reader->csv, text.data, text.len);
    reader->column = reader->names[0];
    if (!mc_csv_next(&reader->csv))
        return complain(reader, "empty", reader->names[0]);
    for (size_t i = 0; reader->names[i] != NULL; i++) {
        reader->column = reader->names[i];
        reader->at[i] = mc_csv_column(&reader->csv, reader->names[i]);
        if (reader->at[i] == reader->csv.fields_len)
            return complain(reader, "no such column", reader->names[i]);
    }
    return true;
}

struct table {
    const char *what;
    const char *const *names;
    bool (*read)(struct reader *reader);
};

static bool read_table(struct reader *reader, const struct table *table, struct mc_bytes text)
{
    reader->names = table->names;
    if (!columns_find(reader, text))
        return false;
    while (mc_csv_next(&reader->csv))
        if (!table->read(reader))
            return false;
    reader->column = "row";
    return reader->csv.status == MC_OK || complain(reader, "cannot be read", table->what);
}

/* Ours, then the operator's. */
static bool read_both(struct reader *reader, const struct table *table, struct mc_bytes ours,
                      const struct notification_own *own)
{
    reader->file = NULL;
    if (!read_table(reader, table, ours))
        return false;
    if (own == NULL || own->file[0] == '\0')
        return true;
    reader->file = own->file;
    return read_table(reader, table, own->text);
}

enum mc_status notification_book_read_own(struct notification_book *book, struct mc_bytes rules,
                                          struct mc_bytes templates,
                                          const struct notification_own *own_rules,
                                          const struct notification_own *own_templates, char *why,
                                          size_t why_size)
{
    static const char *const of_template[] = {"key", "version", "title", "sms", "text", NULL};
    static const char *const of_rule[] = {"event", "to_state", "template", "channels",
                                          "kind",  "sms_life", NULL};
    static const struct table of_templates = {"templates", of_template, template_read};
    static const struct table of_rules = {"rules", of_rule, rule_read};
    struct reader reader = {.book = book, .why_size = why_size};

    reader.why = why;
    book->templates_len = 0;
    book->rules_len = 0;
    book->own_templates = own_templates != NULL ? own_templates->file : NULL;
    return read_both(&reader, &of_templates, templates, own_templates) &&
                   read_both(&reader, &of_rules, rules, own_rules)
               ? MC_OK
               : MC_INVALID;
}

enum mc_status notification_book_read(struct notification_book *book, struct mc_bytes rules,
                                      struct mc_bytes templates, char *why, size_t why_size)
{
    return notification_book_read_own(book, rules, templates, NULL, NULL, why, why_size);
}

const struct notification_rule *notification_rule_find(const struct notification_book *book,
                                                       const char *event, int to_state)
{
    for (size_t i = 0; i < book->rules_len; i++)
        if (strcmp(book->rules[i].event, event) == 0 &&
            (book->rules[i].to_state == NOTIFICATION_STATE_ANY ||
             book->rules[i].to_state == to_state))
            return &book->rules[i];
    return NULL;
}
