/* partner checks, contracts, webhooks, certificate: what the partner room keeps of other systems'
 * APIs; webhook resume: one that was disabled. */
#include <string.h>

#include "common/date.h"

#include "partner.pb-c.h"

#include "ctl.h"

enum { PAGE = 50, ID_SIZE = 2 * MC_ID_LEN + 1 };

static void *call(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
                  int *ret_exit)
{
    return ctl_call(ctl, "partner", &partner__partner__descriptor, method, request, ret_exit);
}

static const char *value_name(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    return value != NULL ? value->name : "?";
}

static const char *id_text(char out[ID_SIZE], ProtobufCBinaryData id)
{
    out[0] = '\0';
    if (id.len == MC_ID_LEN)
        (void)mc_hex(out, (struct mc_bytes){id.data, id.len});
    return out;
}

/* "-": never. */
static const char *time_text(char out[MC_DATETIME_SIZE], int64_t at_ms)
{
    if (at_ms != 0)
        mc_time_format(out, MC_DATETIME_SIZE, at_ms);
    else
        (void)snprintf(out, MC_DATETIME_SIZE, "-");
    return out;
}

/* The whole of it as JSON, or its name; false: a row of the table is wanted. */
static bool shown_otherwise(struct ctl *ctl, const ProtobufCMessage *message, const char *name)
{
    if (ctl->output == CTL_JSON)
        (void)ctl_print_json(ctl, message);
    else if (ctl->output == CTL_NAME)
        printf("%s\n", name);
    return ctl->output != CTL_TABLE;
}

static void print_check(struct ctl *ctl, const Partner__ApiCheck *check)
{
    char id[ID_SIZE];
    char at[MC_DATETIME_SIZE];
    const Partner__ApiVerdict *verdict = check->verdict;

    if (shown_otherwise(ctl, &check->base, id_text(id, check->check_id)))
        return;
    printf("%-32s %-19s %-16s %-18s %-24s %-21s %4u %-4s %s\n", id_text(id, check->check_id),
           time_text(at, check->started_ms), check->api_type, check->unit, check->dstcode,
           value_name(&partner__api_check_state__descriptor, (int)check->state), check->http_status,
           verdict == NULL ? "-"
           : verdict->fits ? "yes"
                           : "no",
           verdict != NULL ? verdict->error_code : check->why);
}

int ctl_partner_checks(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListApiChecksRequest request = PARTNER__LIST_API_CHECKS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    request.page_size = PAGE;
    if (argc == 1)
        request.unit = argv[0];
    /* the newest page: thousands are kept */
    const Partner__ListApiChecksReply *reply = call(ctl, "ListApiChecks", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_TABLE)
        printf("%-32s %-19s %-16s %-18s %-24s %-21s %4s %-4s %s\n", "CHECK", "STARTED", "API",
               "UNIT", "DSTCODE", "STATE", "HTTP", "FITS", "CODE");
    for (size_t i = 0; i < reply->n_checks; i++)
        print_check(ctl, reply->checks[i]);
    return code;
}

static void print_contract(struct ctl *ctl, const Partner__Contract *contract)
{
    char id[ID_SIZE];
    char last[MC_DATETIME_SIZE];
    char next[MC_DATETIME_SIZE];

    if (shown_otherwise(ctl, &contract->base, id_text(id, contract->contract_id)))
        return;
    printf("%-32s %-16s %-18s %-24s %-15s %-19s %-19s %-10s %s\n",
           id_text(id, contract->contract_id), contract->api_type, contract->unit,
           contract->dstcode,
           value_name(&partner__contract_state__descriptor, (int)contract->state),
           time_text(last, contract->last_run_ms), time_text(next, contract->next_run_ms),
           contract->reason[0] != '\0' ? contract->reason : "-", contract->name);
}

int ctl_partner_contracts(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListContractsRequest request = PARTNER__LIST_CONTRACTS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    request.page_size = PAGE;
    if (argc == 1)
        request.unit = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-32s %-16s %-18s %-24s %-15s %-19s %-19s %-10s %s\n", "CONTRACT", "API", "UNIT",
               "DSTCODE", "STATE", "LAST", "NEXT", "REASON", "NAME");
    do {
        const Partner__ListContractsReply *reply = call(ctl, "ListContracts", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_contracts; i++)
            print_contract(ctl, reply->contracts[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

static void print_webhook(struct ctl *ctl, const Partner__Webhook *webhook)
{
    char id[ID_SIZE];
    char at[MC_DATETIME_SIZE];

    if (shown_otherwise(ctl, &webhook->base, id_text(id, webhook->webhook_id)))
        return;
    printf("%-32s %-18s %-16s %9llu %-19s %5u %-16s %s\n", id_text(id, webhook->webhook_id),
           webhook->unit, value_name(&partner__webhook_state__descriptor, (int)webhook->state),
           (unsigned long long)webhook->delivered, time_text(at, webhook->last_success_ms),
           webhook->failures, webhook->last_error[0] != '\0' ? webhook->last_error : "-",
           webhook->url);
}

static void webhook_head(const struct ctl *ctl)
{
    if (ctl->output == CTL_TABLE)
        printf("%-32s %-18s %-16s %9s %-19s %5s %-16s %s\n", "WEBHOOK", "UNIT", "STATE",
               "DELIVERED", "SUCCESS", "FAILS", "ERROR", "URL");
}

int ctl_partner_webhooks(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListWebhooksRequest request = PARTNER__LIST_WEBHOOKS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    request.page_size = PAGE;
    if (argc == 1)
        request.unit = argv[0];
    webhook_head(ctl);
    do {
        const Partner__ListWebhooksReply *reply = call(ctl, "ListWebhooks", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_webhooks; i++)
            print_webhook(ctl, reply->webhooks[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

int ctl_webhook_resume(struct ctl *ctl, int argc, char **argv)
{
    Partner__ResumeWebhookRequest request = PARTNER__RESUME_WEBHOOK_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 1 || !mc_unhex(id, sizeof id, (struct mc_bytes){argv[0], strlen(argv[0])}))
        return CTL_USAGE;
    request.webhook_id = (ProtobufCBinaryData){sizeof id, id};
    const Partner__Webhook *webhook = call(ctl, "ResumeWebhook", &request.base, &code);
    if (webhook == NULL)
        return code;
    webhook_head(ctl);
    print_webhook(ctl, webhook);
    return code;
}

static void print_certificate(struct ctl *ctl, const Partner__IntegrationCertificate *certificate)
{
    char at[MC_DATETIME_SIZE];

    if (shown_otherwise(ctl, &certificate->base, certificate->number))
        return;
    printf("%-18s %-24s %-24s %-18s %-16s %-4s %-19s %5zu %s\n", certificate->number,
           certificate->partner_id, certificate->dstcode, certificate->unit, certificate->api_type,
           certificate->production ? "live" : "test", time_text(at, certificate->issued_at_ms),
           certificate->n_contract_ids, certificate->dossier_code);
}

int ctl_partner_certificate(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListCertificatesRequest request = PARTNER__LIST_CERTIFICATES_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    request.page_size = PAGE;
    if (argc == 1)
        request.dstcode = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-18s %-24s %-24s %-18s %-16s %-4s %-19s %5s %s\n", "NUMBER", "PARTNER", "DSTCODE",
               "UNIT", "API", "KIND", "ISSUED", "TESTS", "DOSSIER");
    do {
        const Partner__ListCertificatesReply *reply =
            call(ctl, "ListCertificates", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_certificates; i++)
            print_certificate(ctl, reply->certificates[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}
