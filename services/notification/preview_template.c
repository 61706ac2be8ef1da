/*
 * PreviewTemplate: how a notice would look, and what its SMS would cost, before anybody is told
 * anything. What is not given is taken from data/samples.csv.
 */
#include <string.h>

#include "common/csv.h"
#include "common/sms_text.h"

#include "mail.h"

extern const char mc_data_samples[];
extern const size_t mc_data_samples_len;

/* NULL: none is kept, or the arena is full. */
static char *sample_of(struct mc_txn *txn, const char *name)
{
    struct mc_csv *csv = mc_alloc(txn->arena, sizeof *csv);

    if (csv == NULL)
        return NULL;
    mc_csv_open(csv, mc_data_samples, mc_data_samples_len);
    while (mc_csv_next(csv))
        if (mc_csv_is(csv, 0, name)) {
            struct mc_bytes field = mc_csv_field(csv, 1);
            return mc_sprintf(txn->arena, "%.*s", (int)field.len, (const char *)field.data);
        }
    return NULL;
}

static const char *given(const Notification__PreviewTemplateRequest *req, const char *name)
{
    for (size_t i = 0; i < req->n_values; i++)
        if (strcmp(req->values[i]->name, name) == 0)
            return req->values[i]->value;
    return NULL;
}

/* Names and values, as the words will have them; NULL: the call has failed. */
static struct notification_value *values_of(struct mc_txn *txn,
                                            const struct notification_template *words,
                                            const Notification__PreviewTemplateRequest *req)
{
    char(*names)[NOTIFICATION_NAME_SIZE] =
        mc_alloc(txn->arena, (size_t)NOTIFICATION_VARIABLES_MAX * NOTIFICATION_NAME_SIZE);
    struct notification_value *values =
        mc_alloc(txn->arena, (NOTIFICATION_VARIABLES_MAX + 1) * sizeof *values);

    if (names == NULL || values == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    size_t n = notification_template_variables(words, names);
    for (size_t i = 0; i < n; i++) {
        const char *value = given(req, names[i]);
        if (value == NULL)
            value = sample_of(txn, names[i]);
        values[i] = (struct notification_value){names[i], value != NULL ? value : names[i]};
    }
    values[n] = (struct notification_value){NULL, NULL};
    return values;
}

/* A name that the words do not have is a slip of who asks. */
static void check_names(struct mc_txn *txn, const struct notification_value *values,
                        const Notification__PreviewTemplateRequest *req)
{
    for (size_t i = 0; i < req->n_values; i++) {
        const struct notification_value *value = values;

        while (value->name != NULL && strcmp(value->name, req->values[i]->name) != 0)
            value++;
        if (value->name != NULL)
            continue;
        const char *field = mc_sprintf(txn->arena, "values[%zu].name", i);
        if (field == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        else
            (void)mc_refuse(txn, MC_INVALID, field, "TEMPLATE_VALUE_UNKNOWN", "name",
                            req->values[i]->name, NULL);
    }
}

static const struct notification_template *check(const struct notification *notification,
                                                 struct mc_txn *txn,
                                                 const Notification__PreviewTemplateRequest *req)
{
    const struct notification_template *words =
        req->version == 0
            ? notification_template_find(&notification->book, req->template_)
            : notification_template_version(&notification->book, req->template_, req->version);

    if (req->template_[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "template", "FIELD_REQUIRED", "field", "mẫu thông báo",
                        NULL);
    else if (words == NULL)
        (void)mc_refuse(txn, MC_INVALID, req->version == 0 ? "template" : "version",
                        "TEMPLATE_UNKNOWN", "template", req->template_, NULL);
    if (req->n_values > NOTIFY_VALUES_MAX)
        (void)mc_refuse(txn, MC_INVALID, "values", "FIELD_TOO_LONG", "field", "Danh sách giá trị",
                        "max", "20", NULL);
    return words;
}

static enum mc_status tell_values(struct mc_txn *txn, const struct notification_value *values,
                                  Notification__TemplatePreview *rep)
{
    Notification__NotifyValue *rows =
        mc_alloc(txn->arena, NOTIFICATION_VARIABLES_MAX * sizeof *rows);

    rep->values =
        mc_alloc(txn->arena, NOTIFICATION_VARIABLES_MAX * sizeof(Notification__NotifyValue *));
    if (rows == NULL || rep->values == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (; values[rep->n_values].name != NULL; rep->n_values++) {
        Notification__NotifyValue *row = &rows[rep->n_values];
        notification__notify_value__init(row);
        row->name = mc_unconst(values[rep->n_values].name);
        row->value = mc_unconst(values[rep->n_values].value);
        rep->values[rep->n_values] = row;
    }
    return MC_OK;
}

static enum mc_status tell_words(struct mc_txn *txn, const struct notification_template *words,
                                 const struct notification_value *values,
                                 Notification__TemplatePreview *rep)
{
    rep->title = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    rep->text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    rep->sms_text = mc_alloc(txn->arena, NOTIFICATION_SMS_MAX + 1);
    if (rep->title == NULL || rep->text == NULL || rep->sms_text == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->template_ = mc_unconst(words->key);
    rep->version = words->version;
    notification_render(rep->title, words->title, values);
    notification_render(rep->text, words->text, values);
    notification_render_sms(rep->sms_text, words->sms, values);
    struct mc_sms_size size = mc_sms_measure(rep->sms_text);
    if (size.parts > 0)
        rep->alphabet = mc_unconst(mc_sms_encoding_name(size.encoding));
    rep->units = size.units;
    rep->parts = size.parts;
    return tell_values(txn, values, rep);
}

enum mc_status notification_preview_template(struct notification *notification, struct mc_txn *txn,
                                             const Notification__PreviewTemplateRequest *req,
                                             Notification__TemplatePreview *rep)
{
    const struct notification_template *words = check(notification, txn, req);

    if (words == NULL || txn->status != MC_OK)
        return txn->status;
    const struct notification_value *values = values_of(txn, words, req);
    if (values == NULL)
        return txn->status;
    check_names(txn, values, req);
    return txn->status == MC_OK ? tell_words(txn, words, values, rep) : txn->status;
}
