/* payment: an agency's bank account, a partner's statement against the books, and the cases that
 * wait for officers. */
#include <stdio.h>
#include <string.h>

#include "payment.pb-c.h"

#include "ctl.h"

/* "platform", or "970415/990000000017" as two texts. */
static bool partner_read(char *partner, char **ret_bin, char **ret_account)
{
    char *slash = strchr(partner, '/');

    *ret_bin = mc_unconst("");
    *ret_account = mc_unconst("");
    if (slash == NULL)
        return strcmp(partner, "platform") == 0;
    *slash = '\0';
    *ret_bin = partner;
    *ret_account = slash + 1;
    return true;
}

static const Payment__Reconciliation *import(struct ctl *ctl, char *day, char *bin, char *account,
                                             struct mc_bytes text, int *ret_code)
{
    struct mc_bytes head = {text.data, ctl_csv_line(text)};
    const Payment__Reconciliation *reply = NULL;
    size_t at = head.len;

    do {
        Payment__ImportStatementRequest request = PAYMENT__IMPORT_STATEMENT_REQUEST__INIT;
        struct mc_bytes rest = {(const char *)text.data + at, text.len - at};
        size_t len = ctl_csv_part(rest);
        char *csv = mc_sprintf(&ctl->arena, "%.*s%.*s", (int)head.len, (const char *)head.data,
                               (int)len, (const char *)rest.data);
        if (csv == NULL) {
            *ret_code = CTL_SOFTWARE;
            return NULL;
        }
        at += len;
        request.bin = bin;
        request.account = account;
        request.day = day;
        request.content = (ProtobufCBinaryData){strlen(csv), (uint8_t *)csv};
        request.last = at >= text.len;
        reply = ctl_call(ctl, "payment", &payment__payment__descriptor, "ImportStatement",
                         &request.base, ret_code);
    } while (reply != NULL && at < text.len);
    return reply;
}

int ctl_payment_reconcile(struct ctl *ctl, int argc, char **argv)
{
    Payment__GetReconciliationRequest request = PAYMENT__GET_RECONCILIATION_REQUEST__INIT;
    char platform[] = "platform";
    const Payment__Reconciliation *reply = NULL;
    int code = CTL_OK;

    if (argc < 1 || argc > 3 ||
        !partner_read(argc > 1 ? argv[1] : platform, &request.bin, &request.account))
        return CTL_USAGE;
    request.day = argv[0];
    if (argc == 3) {
        struct mc_bytes text = ctl_file_read(ctl, argv[2]);
        if (text.len == 0)
            return CTL_DATA;
        reply = import(ctl, argv[0], request.bin, request.account, text, &code);
    } else {
        reply = ctl_call(ctl, "payment", &payment__payment__descriptor, "GetReconciliation",
                         &request.base, &code);
    }
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s %s: %u rows, %u matched, %u differences%s%s\n", reply->partner, reply->day,
           reply->rows, reply->matched, reply->difference_count,
           reply->closed_at_ms != 0 ? "" : ", not closed", reply->missing ? ", was missing" : "");
    for (size_t i = 0; i < reply->n_differences; i++)
        printf("%-40s %-16s %16lld %16lld%s\n", reply->differences[i]->reference,
               protobuf_c_enum_descriptor_get_value(&payment__case_kind__descriptor,
                                                    (int)reply->differences[i]->kind)
                   ->name,
               (long long)reply->differences[i]->ours, (long long)reply->differences[i]->theirs,
               reply->differences[i]->resolved_at_ms != 0 ? " resolved" : "");
    return CTL_OK;
}

int ctl_payment_cases(struct ctl *ctl, int argc, char **argv)
{
    Payment__ListCasesRequest request = PAYMENT__LIST_CASES_REQUEST__INIT;
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    if (argc == 1)
        request.unit = argv[0];
    const Payment__ListCasesReply *reply =
        ctl_call(ctl, "payment", &payment__payment__descriptor, "ListCases", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    for (size_t i = 0; i < reply->n_cases; i++) {
        char id[2 * MC_ID_LEN + 1] = "";
        (void)mc_hex(id,
                     (struct mc_bytes){reply->cases[i]->case_id.data,
                                       MC_MIN(reply->cases[i]->case_id.len, (size_t)MC_ID_LEN)});
        printf("%-32s %-20s %16lld  %s\n", id,
               protobuf_c_enum_descriptor_get_value(&payment__case_kind__descriptor,
                                                    (int)reply->cases[i]->kind)
                   ->name,
               (long long)reply->cases[i]->amount, reply->cases[i]->unit);
    }
    return CTL_OK;
}

static int accounts_list(struct ctl *ctl)
{
    Payment__ListBeneficiariesRequest request = PAYMENT__LIST_BENEFICIARIES_REQUEST__INIT;
    const Payment__ListBeneficiariesReply *reply = NULL;
    int code = CTL_OK;

    do {
        reply = ctl_call(ctl, "payment", &payment__payment__descriptor, "ListBeneficiaries",
                         &request.base, &code);
        if (reply == NULL)
            return code;
        if (ctl->output == CTL_JSON && ctl_print_json(ctl, &reply->base) != CTL_OK)
            return CTL_SOFTWARE;
        for (size_t i = 0; i < reply->n_beneficiaries && ctl->output != CTL_JSON; i++)
            printf("%-20s %s %-20s %s\n", reply->beneficiaries[i]->unit,
                   reply->beneficiaries[i]->bin, reply->beneficiaries[i]->account,
                   reply->beneficiaries[i]->name);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return CTL_OK;
}

int ctl_payment_account(struct ctl *ctl, int argc, char **argv)
{
    Payment__Beneficiary request = PAYMENT__BENEFICIARY__INIT;
    int code = CTL_OK;

    if (argc == 0)
        return accounts_list(ctl);
    if (argc != 4)
        return CTL_USAGE;
    request.unit = argv[0];
    request.bin = argv[1];
    request.account = argv[2];
    request.name = argv[3];
    const Payment__Beneficiary *reply = ctl_call(ctl, "payment", &payment__payment__descriptor,
                                                 "SaveBeneficiary", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s %s %s %s\n", reply->unit, reply->bin, reply->account, reply->name);
    return CTL_OK;
}
