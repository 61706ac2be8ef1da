/* template: the words of notices, and how they look with values. */
#include <string.h>

#include "notification.pb-c.h"

#include "ctl.h"

enum { VALUES_MAX = 20 };

static const void *ask(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
                       int *ret_code)
{
    return ctl_call(ctl, "notification", &notification__notification__descriptor, method, request,
                    ret_code);
}

static void print_row(struct ctl *ctl, const Notification__Template *row)
{
    if (ctl->output == CTL_JSON)
        (void)ctl_print_json(ctl, &row->base);
    else if (ctl->output == CTL_NAME)
        printf("%s\n", row->template_);
    else
        printf("%-32s %3u  %-3s  %-3s  %4zu  %s\n", row->template_, row->version,
               row->current ? "yes" : "no", row->sms[0] != '\0' ? "yes" : "no", row->n_uses,
               row->title);
}

int ctl_template_list(struct ctl *ctl, int argc, char **argv)
{
    Notification__ListTemplatesRequest request = NOTIFICATION__LIST_TEMPLATES_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    if (argc == 1)
        request.template_ = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-32s %3s  %-3s  %-3s  %4s  %s\n", "TEMPLATE", "V", "NOW", "SMS", "USES", "TITLE");
    do {
        const Notification__ListTemplatesReply *reply =
            ask(ctl, "ListTemplates", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_templates; i++)
            print_row(ctl, reply->templates[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

/* "name=value", taken apart in place. */
static bool value_parse(char *text, Notification__NotifyValue *value)
{
    char *equals = strchr(text, '=');

    notification__notify_value__init(value);
    if (equals == NULL)
        return false;
    *equals = '\0';
    value->name = text;
    value->value = equals + 1;
    return true;
}

int ctl_template_preview(struct ctl *ctl, int argc, char **argv)
{
    Notification__PreviewTemplateRequest request = NOTIFICATION__PREVIEW_TEMPLATE_REQUEST__INIT;
    Notification__NotifyValue values[VALUES_MAX];
    Notification__NotifyValue *list[VALUES_MAX];
    int code = CTL_OK;

    if (argc < 1 || argc > 1 + VALUES_MAX)
        return CTL_USAGE;
    request.template_ = argv[0];
    request.values = list;
    for (; request.n_values < (size_t)argc - 1; request.n_values++) {
        list[request.n_values] = &values[request.n_values];
        if (!value_parse(argv[1 + request.n_values], list[request.n_values]))
            return CTL_USAGE;
    }
    const Notification__TemplatePreview *reply = ask(ctl, "PreviewTemplate", &request.base, &code);
    if (reply == NULL || ctl->output == CTL_JSON)
        return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
    printf("%s %u\n%s\n\n%s\n", reply->template_, reply->version, reply->title, reply->text);
    if (reply->parts > 0)
        printf("\n%s\n%s, %u units, %u parts\n", reply->sms_text, reply->alphabet, reply->units,
               reply->parts);
    return CTL_OK;
}
