/* partner: other systems that are sent dossiers, vouchers and receipts, and stopping and starting
 * that. delivery: what they were sent, and each attempt. */
#include <stdlib.h>
#include <string.h>

#include "common/date.h"

#include "partner.pb-c.h"

#include "ctl.h"

static const char *value_name(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    return value != NULL ? value->name : "?";
}

static void *call(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
                  int *ret_exit)
{
    return ctl_call(ctl, "partner", &partner__partner__descriptor, method, request, ret_exit);
}

static void print_partner(const Partner__PartnerView *view)
{
    const Partner__Circuit *circuit = view->circuit;

    printf("%-24s %-18s %-24s %-4s %-17s %8llu %6llu %6llu %s\n", view->profile->partner_id,
           view->profile->unit, view->profile->dstcode, view->profile->production ? "live" : "test",
           circuit->paused ? "PAUSED"
                           : value_name(&partner__circuit_state__descriptor, (int)circuit->state),
           (unsigned long long)circuit->waiting, (unsigned long long)circuit->in_hand,
           (unsigned long long)circuit->dead, circuit->reason);
}

static int print_view(struct ctl *ctl, const Partner__PartnerView *view, int code)
{
    if (view == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &view->base);
    print_partner(view);
    return CTL_OK;
}

int ctl_partner_list(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListPartnersRequest request = PARTNER__LIST_PARTNERS_REQUEST__INIT;
    int code = CTL_OK;

    request.page_size = 50;
    if (argc > 0)
        request.unit = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-24s %-18s %-24s %-4s %-17s %8s %6s %6s %s\n", "PARTNER", "UNIT", "DSTCODE",
               "KIND", "CIRCUIT", "WAITING", "HAND", "DEAD", "REASON");
    do {
        const Partner__ListPartnersReply *reply = call(ctl, "ListPartners", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_partners; i++) {
            if (ctl->output == CTL_NAME)
                printf("%s\n", reply->partners[i]->profile->partner_id);
            else
                (void)print_view(ctl, reply->partners[i], code);
        }
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

int ctl_partner_show(struct ctl *ctl, int argc, char **argv)
{
    Partner__GetPartnerRequest request = PARTNER__GET_PARTNER_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    request.partner_id = argv[0];
    const Partner__PartnerView *view = call(ctl, "GetPartner", &request.base, &code);
    return view != NULL ? ctl_print_json(ctl, &view->base) : code;
}

/* A profile as JSON; the version is what it is now, so what is saved is what the file says. */
int ctl_partner_save(struct ctl *ctl, int argc, char **argv)
{
    Partner__SavePartnerRequest request = PARTNER__SAVE_PARTNER_REQUEST__INIT;
    Partner__ListPartnersRequest list = PARTNER__LIST_PARTNERS_REQUEST__INIT;
    ProtobufCMessage *profile = NULL;
    struct mc_json_error error;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    struct mc_bytes text = ctl_file_read(ctl, argv[0]);
    if (text.data == NULL)
        return CTL_DATA;
    if (mc_json_decode(&ctl->arena, &partner__partner_profile__descriptor, text, &profile,
                       &error) != MC_OK) {
        fprintf(stderr, "motcuactl: %s: %s: %s\n", argv[0], error.field, error.code);
        return CTL_DATA;
    }
    request.profile = (Partner__PartnerProfile *)(void *)profile;
    request.reason = argv[1];
    list.page_size = 50;
    do {
        const Partner__ListPartnersReply *reply = call(ctl, "ListPartners", &list.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_partners; i++)
            if (strcmp(reply->partners[i]->profile->partner_id, request.profile->partner_id) == 0)
                request.version = reply->partners[i]->version;
        list.page_token = reply->next_page_token;
    } while (request.version == 0 && list.page_token[0] != '\0');
    return print_view(ctl, call(ctl, "SavePartner", &request.base, &code), code);
}

/* "USERNAME PASSWORD" are the file's two lines: secrets are no arguments, which others can see. */
int ctl_partner_credential(struct ctl *ctl, int argc, char **argv)
{
    Partner__SaveCredentialRequest request = PARTNER__SAVE_CREDENTIAL_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 4 || (strcmp(argv[1], "outbound") != 0 && strcmp(argv[1], "inbound") != 0))
        return CTL_USAGE;
    struct mc_bytes text = ctl_file_read(ctl, argv[2]);
    const char *end = text.data != NULL ? memchr(text.data, '\n', text.len) : NULL;
    if (end == NULL) {
        fprintf(stderr, "motcuactl: %s: a line with the user name, a line with the password\n",
                argv[2]);
        return CTL_DATA;
    }
    size_t first = (size_t)(end - (const char *)text.data);
    const char *rest = end + 1;
    size_t left = text.len - first - 1;
    const char *newline = memchr(rest, '\n', left);
    request.partner_id = argv[0];
    request.way =
        argv[1][0] == 'o' ? PARTNER__CREDENTIAL_WAY__OUTBOUND : PARTNER__CREDENTIAL_WAY__INBOUND;
    request.username = mc_sprintf(&ctl->arena, "%.*s", (int)first, (const char *)text.data);
    request.password = mc_sprintf(&ctl->arena, "%.*s",
                                  (int)(newline != NULL ? (size_t)(newline - rest) : left), rest);
    request.reason = argv[3];
    if (request.username == NULL || request.password == NULL)
        return CTL_SOFTWARE;
    return print_view(ctl, call(ctl, "SaveCredential", &request.base, &code), code);
}

int ctl_partner_pause(struct ctl *ctl, int argc, char **argv)
{
    Partner__PausePartnerRequest request = PARTNER__PAUSE_PARTNER_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 2 && argc != 3)
        return CTL_USAGE;
    request.partner_id = argv[0];
    request.reason = argv[1];
    if (argc == 3) {
        char *end = NULL;
        long hours = strtol(argv[2], &end, 10);
        if (end == argv[2] || strcmp(end, "h") != 0 || hours <= 0 || hours > 720)
            return CTL_USAGE;
        request.until_ms = mc_now_ms(&ctl->clock) + (int64_t)hours * 3600000;
    }
    return print_view(ctl, call(ctl, "PausePartner", &request.base, &code), code);
}

int ctl_partner_resume(struct ctl *ctl, int argc, char **argv)
{
    Partner__ResumePartnerRequest request = PARTNER__RESUME_PARTNER_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    request.partner_id = argv[0];
    request.reason = argv[1];
    return print_view(ctl, call(ctl, "ResumePartner", &request.base, &code), code);
}

static void print_delivery(const Partner__Delivery *delivery)
{
    char id[2 * MC_ID_LEN + 1] = "";
    char at[MC_DATETIME_SIZE];

    if (delivery->delivery_id.len == MC_ID_LEN)
        (void)mc_hex(id, (struct mc_bytes){delivery->delivery_id.data, MC_ID_LEN});
    mc_time_format(at, sizeof at, delivery->created_ms);
    printf("%-32s %-20s %-17s %-19s %-28s %-16s %4u %s\n", id, delivery->partner_id,
           value_name(&partner__delivery_kind__descriptor, (int)delivery->kind),
           value_name(&partner__delivery_state__descriptor, (int)delivery->state), delivery->object,
           at, delivery->attempts, delivery->reason);
}

int ctl_delivery_list(struct ctl *ctl, int argc, char **argv)
{
    Partner__ListDeliveriesRequest request = PARTNER__LIST_DELIVERIES_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 1 || argc > 2)
        return CTL_USAGE;
    /* a dossier's code has capitals, a partner's id has none */
    if (strpbrk(argv[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ/") != NULL)
        request.object = argv[0];
    else
        request.partner_id = argv[0];
    request.failing = argc == 2 && strcmp(argv[1], "failing") == 0;
    request.page_size = 50;
    const Partner__ListDeliveriesReply *reply = call(ctl, "ListDeliveries", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    if (ctl->output == CTL_TABLE)
        printf("%-32s %-20s %-17s %-19s %-28s %-16s %4s %s\n", "DELIVERY", "PARTNER", "KIND",
               "STATE", "OBJECT", "CREATED", "TRY", "REASON");
    for (size_t i = 0; i < reply->n_deliveries; i++)
        print_delivery(reply->deliveries[i]);
    return code;
}

int ctl_delivery_show(struct ctl *ctl, int argc, char **argv)
{
    Partner__GetDeliveryRequest request = PARTNER__GET_DELIVERY_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 1 || !mc_unhex(id, sizeof id, (struct mc_bytes){argv[0], strlen(argv[0])}))
        return CTL_USAGE;
    request.delivery_id = (ProtobufCBinaryData){sizeof id, id};
    const Partner__Delivery *delivery = call(ctl, "GetDelivery", &request.base, &code);
    return delivery != NULL ? ctl_print_json(ctl, &delivery->base) : code;
}

int ctl_delivery_mark(struct ctl *ctl, int argc, char **argv)
{
    Partner__MarkDeliveredRequest request = PARTNER__MARK_DELIVERED_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 3 || !mc_unhex(id, sizeof id, (struct mc_bytes){argv[0], strlen(argv[0])}))
        return CTL_USAGE;
    request.delivery_id = (ProtobufCBinaryData){sizeof id, id};
    request.evidence = argv[1];
    request.reason = argv[2];
    const Partner__Delivery *delivery = call(ctl, "MarkDelivered", &request.base, &code);
    if (delivery == NULL)
        return code;
    print_delivery(delivery);
    return CTL_OK;
}
