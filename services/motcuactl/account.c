/* account: how many there are (REG-47, indicator 4.5), and one switched on or off. */
#include <string.h>

#include "identity.pb-c.h"

#include "ctl.h"

static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    return found != NULL ? found->name : "";
}

int ctl_account_count(struct ctl *ctl, int argc, char **argv)
{
    Identity__CountAccountsRequest request = IDENTITY__COUNT_ACCOUNTS_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Identity__CountAccountsReply *reply = ctl_call(
        ctl, "identity", &identity__identity__descriptor, "CountAccounts", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%-14s %-18s %-18s %-10s %12s\n", "SUBJECT", "METHOD", "STATUS", "VERIFIED", "ACCOUNTS");
    for (size_t i = 0; i < reply->n_counts; i++) {
        const Identity__AccountCount *row = reply->counts[i];
        printf("%-14s %-18s %-18s %-10s %12llu\n",
               name_of(&identity__subject_kind__descriptor, (int)row->subject_kind), row->method,
               name_of(&identity__account_status__descriptor, (int)row->status),
               row->verified ? "yes" : "no", (unsigned long long)row->count);
    }
    printf("total %llu, verified with the population register and not closed %llu\n",
           (unsigned long long)reply->total, (unsigned long long)reply->verified);
    return CTL_OK;
}

int ctl_account_set(struct ctl *ctl, int argc, char **argv)
{
    Identity__SetAccountStatusRequest request = IDENTITY__SET_ACCOUNT_STATUS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 3)
        return CTL_USAGE;
    const ProtobufCEnumValue *status = protobuf_c_enum_descriptor_get_value_by_name(
        &identity__account_status__descriptor, argv[1]);
    if (status == NULL) {
        fprintf(stderr,
                "%s: not a status; ACCOUNT_ACTIVE, ACCOUNT_INACTIVE, ACCOUNT_LOCKED or "
                "ACCOUNT_CLOSED\n",
                argv[1]);
        return CTL_USAGE;
    }
    request.login_id = argv[0];
    request.status = (Identity__AccountStatus)status->value;
    request.reason = argv[2];
    const Identity__SetAccountStatusReply *reply = ctl_call(
        ctl, "identity", &identity__identity__descriptor, "SetAccountStatus", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s\n", reply->account_id);
    return CTL_OK;
}
