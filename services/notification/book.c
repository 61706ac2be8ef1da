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
};

static bool complain(const struct reader *reader, const char *what, const char *name)
{
    (void)snprintf(reader->why, reader->why_size, "%s: %s", name, what);
    return false;
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

static bool number_read(const struct mc_csv *csv, size_t column, uint32_t *ret_number)
{
    char text[8];
    uint32_t number = 0;

    if (!mc_csv_copy(csv, column, text, sizeof text) || text[0] == '\0')
        return false;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        number = number * 10 + (uint32_t)(*digit - '0');
    }
    *ret_number = number;
    return number > 0;
}

static bool template_read(struct reader *reader, const size_t at[5])
{
    struct notification_book *book = reader->book;
    struct notification_template *row = &book->templates[book->templates_len];
    const struct mc_csv *csv = &reader->csv;

    if (book->templates_len == NOTIFICATION_TEMPLATES_MAX)
        return complain(reader, "too many", "templates");
    if (!mc_csv_copy(csv, at[0], row->key, sizeof row->key) || row->key[0] == '\0' ||
        !number_read(csv, at[1], &row->version) ||
        !mc_csv_copy(csv, at[2], row->title, sizeof row->title) || row->title[0] == '\0' ||
        !mc_csv_copy(csv, at[3], row->sms, sizeof row->sms) ||
        !mc_csv_copy(csv, at[4], row->text, sizeof row->text) || row->text[0] == '\0')
        return complain(reader, "a field is missing or too long", row->key);
    if (!mc_utf8_valid(row->title, strlen(row->title)) ||
        !mc_utf8_valid(row->text, strlen(row->text)))
        return complain(reader, "not UTF-8", row->key);
    if (!all_gsm(row->sms))
        return complain(reader, "the SMS has letters that are not of GSM-7", row->key);
    for (size_t i = 0; i < book->templates_len; i++)
        if (strcmp(book->templates[i].key, row->key) == 0 &&
            book->templates[i].version == row->version)
            return complain(reader, "the same version twice", row->key);
    book->templates_len++;
    return true;
}

const struct notification_template *notification_template_find(const struct notification_book *book,
                                                               const char *key)
{
    const struct notification_template *best = NULL;

    for (size_t i = 0; i < book->templates_len; i++)
        if (strcmp(book->templates[i].key, key) == 0 &&
            (best == NULL || book->templates[i].version > best->version))
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

static bool words_fit(const struct reader *reader, const struct notification_rule *rule,
                      enum notification_source source)
{
    const struct notification_template *words = rule->words;

    if (!notification_variables_fit(words->title, offered[source]) ||
        !notification_variables_fit(words->text, offered[source]) ||
        !notification_variables_fit(words->sms, offered[source]))
        return complain(reader, "a variable that its event does not offer", words->key);
    if (rule->sms && words->sms[0] == '\0')
        return complain(reader, "a rule wants an SMS, and there is no text for it", words->key);
    return true;
}

static bool channels_read(const struct mc_csv *csv, size_t column, struct notification_rule *rule)
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
        if (mc_csv_is(csv, column, known[i].text)) {
            rule->sms = known[i].sms;
            rule->email = known[i].email;
            return true;
        }
    return false;
}

/* Hours, as "24h"; empty: the room's own. */
static bool life_read(const struct mc_csv *csv, size_t column, int64_t *ret_ms)
{
    char text[8];
    char *end = text;

    *ret_ms = 0;
    if (!mc_csv_copy(csv, column, text, sizeof text))
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

static bool kind_read(const struct reader *reader, const size_t at[2],
                      struct notification_rule *rule)
{
    char name[NOTIFICATION_NAME_SIZE];

    if (!mc_csv_copy(&reader->csv, at[0], name, sizeof name) ||
        (rule->kind = notification_kind_find(name)) == NOTIFICATION_KINDS_LEN)
        return complain(reader, "no such kind", rule->event);
    if (!life_read(&reader->csv, at[1], &rule->sms_life_ms))
        return complain(reader, "the life of an SMS is 1h to 72h, or empty", rule->event);
    if (!survives_night(rule))
        return complain(reader, "an SMS that may wait for the morning lives no longer than a night",
                        rule->event);
    return true;
}

static bool rule_read(struct reader *reader, const size_t at[6])
{
    struct notification_book *book = reader->book;
    struct notification_rule *rule = &book->rules[book->rules_len];
    const struct mc_csv *csv = &reader->csv;
    char name[NOTIFICATION_NAME_SIZE];
    enum notification_source source;

    if (book->rules_len == NOTIFICATION_RULES_MAX)
        return complain(reader, "too many", "rules");
    if (!mc_csv_copy(csv, at[0], rule->event, sizeof rule->event) ||
        !source_find(rule->event, &source))
        return complain(reader, "no such event", rule->event);
    if (!mc_csv_copy(csv, at[1], name, sizeof name) || !state_read(name, source, &rule->to_state))
        return complain(reader, "no such state", rule->event);
    if (notification_rule_find(book, rule->event, rule->to_state) != NULL)
        return complain(reader, "two rules for one event", rule->event);
    if (!mc_csv_copy(csv, at[2], name, sizeof name) ||
        (rule->words = notification_template_find(book, name)) == NULL)
        return complain(reader, "no such template", rule->event);
    if (!channels_read(csv, at[3], rule))
        return complain(reader, "channels are \"inbox\", then \"sms\", then \"email\"",
                        rule->event);
    if (!kind_read(reader, at + 4, rule) || !words_fit(reader, rule, source))
        return false;
    book->rules_len++;
    return true;
}

static bool columns_find(struct reader *reader, struct mc_bytes text, const char *const *names,
                         size_t *ret_at)
{
    mc_csv_open(&reader->csv, text.data, text.len);
    if (!mc_csv_next(&reader->csv))
        return complain(reader, "empty", names[0]);
    for (size_t i = 0; names[i] != NULL; i++) {
        ret_at[i] = mc_csv_column(&reader->csv, names[i]);
        if (ret_at[i] == reader->csv.fields_len)
            return complain(reader, "no such column", names[i]);
    }
    return true;
}

static bool read_tables(struct reader *reader, struct mc_bytes rules, struct mc_bytes templates)
{
    static const char *const of_template[] = {"key", "version", "title", "sms", "text", NULL};
    static const char *const of_rule[] = {"event", "to_state", "template", "channels",
                                          "kind",  "sms_life", NULL};
    size_t at[6];

    if (!columns_find(reader, templates, of_template, at))
        return false;
    while (mc_csv_next(&reader->csv))
        if (!template_read(reader, at))
            return false;
    if (reader->csv.status != MC_OK)
        return complain(reader, "cannot be read", "templates");
    if (!columns_find(reader, rules, of_rule, at))
        return false;
    while (mc_csv_next(&reader->csv))
        if (!rule_read(reader, at))
            return false;
    return reader->csv.status == MC_OK || complain(reader, "cannot be read", "rules");
}

enum mc_status notification_book_read(struct notification_book *book, struct mc_bytes rules,
                                      struct mc_bytes templates, char *why, size_t why_size)
{
    struct reader reader = {.book = book, .why_size = why_size};

    reader.why = why;
    book->templates_len = 0;
    book->rules_len = 0;
    return read_tables(&reader, rules, templates) ? MC_OK : MC_INVALID;
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
