/* gateway: who sends our SMS, and stopping and starting them, with the reason and until when. sms:
 * what they cost, and where codes are pumped. */
#include <stdlib.h>
#include <string.h>

#include "common/date.h"

#include "otp.pb-c.h"

#include "ctl.h"

struct asked {
    const char *gateway;
    const char *reason;
    int64_t until_ms;
};

bool ctl_until_parse(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    static const char units[] = "smhd";
    static const int64_t unit_ms[] = {1000, 60000, 3600000, 86400000};
    struct mc_local local = {0};
    char *end = NULL;
    int used = 0;
    long number = strtol(text, &end, 10);
    const char *unit = end != text && *end != '\0' ? strchr(units, *end) : NULL;

    if (unit != NULL && end[1] == '\0' && number > 0 && number < 100000) {
        *ret_ms = now_ms + number * unit_ms[unit - units];
        return true;
    }
    // NOLINTNEXTLINE(cert-err34-c): what does not fit is not a date
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d%n", &local.date.year, &local.date.month, &local.date.day,
               &local.hour, &local.minute, &used) != 5 ||
        text[used] != '\0' || !mc_date_valid(local.date) || local.hour > 23 || local.minute > 59)
        return false;
    *ret_ms = mc_local_to_ms(&local);
    return true;
}

static bool asked_parse(const struct ctl *ctl, int argc, char **argv, struct asked *ret)
{
    if (argc < 1)
        return false;
    *ret = (struct asked){.gateway = argv[0], .reason = ""};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--reason") == 0)
            ret->reason = argv[i + 1];
        else if (strcmp(argv[i], "--until") != 0 ||
                 !ctl_until_parse(argv[i + 1], mc_now_ms(&ctl->clock), &ret->until_ms))
            return false;
    }
    if (ret->reason[0] == '\0')
        fprintf(stderr, "motcuactl: say why: --reason TEXT\n");
    return ret->reason[0] != '\0';
}

static const char *mode_name(Otp__GatewayMode mode)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&otp__gateway_mode__descriptor, (int)mode);

    return value != NULL ? value->name : "?";
}

static void print_gateway(const Otp__GatewayView *view, int64_t now_ms)
{
    char seen[CTL_AGE_SIZE];
    char until[CTL_AGE_SIZE];

    printf("%-20s %-8s %6s %5u%% %6u %6u %6u %6u %6u %-7s %-7s %s%s%s\n", view->gateway,
           mode_name(view->mode), ctl_age(seen, now_ms - view->seen_at_ms), view->share_percent,
           view->held, view->sent, view->failed, view->slow, view->rate,
           view->healthy ? "well" : "bad",
           view->until_ms != 0 ? ctl_age(until, view->until_ms - now_ms) : "-", view->by,
           view->by[0] != '\0' ? ": " : "", view->reason);
}

static int print_view(struct ctl *ctl, const Otp__GatewayView *view, int code)
{
    if (view == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &view->base);
    printf("%s: %s\n", view->gateway, mode_name(view->mode));
    return CTL_OK;
}

int ctl_gateway_list(struct ctl *ctl, int argc, char **argv)
{
    Otp__ListGatewaysRequest request = OTP__LIST_GATEWAYS_REQUEST__INIT;
    int code = CTL_OK;

    (void)argc;
    (void)argv;
    const Otp__ListGatewaysReply *reply =
        ctl_call(ctl, "otp", &otp__otp__descriptor, "ListGateways", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_TABLE)
        printf("%-20s %-8s %6s %6s %6s %6s %6s %6s %6s %-7s %-7s %s\n", "GATEWAY", "MODE", "SEEN",
               "SHARE", "HELD", "SENT15", "FAIL15", "SLOW15", "RATE", "HEALTH", "UNTIL", "BY");
    for (size_t i = 0; i < reply->n_gateways; i++) {
        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->gateways[i]->base);
        else if (ctl->output == CTL_NAME)
            printf("%s\n", reply->gateways[i]->gateway);
        else
            print_gateway(reply->gateways[i], mc_now_ms(&ctl->clock));
    }
    return code;
}

static int stop(struct ctl *ctl, int argc, char **argv, bool drain)
{
    Otp__PauseGatewayRequest request = OTP__PAUSE_GATEWAY_REQUEST__INIT;
    struct asked asked;
    int code = CTL_OK;

    if (!asked_parse(ctl, argc, argv, &asked))
        return CTL_USAGE;
    request.gateway = mc_unconst(asked.gateway);
    request.reason = mc_unconst(asked.reason);
    request.until_ms = asked.until_ms;
    request.drain = drain;
    const Otp__GatewayView *view =
        ctl_call(ctl, "otp", &otp__otp__descriptor, "PauseGateway", &request.base, &code);
    return print_view(ctl, view, code);
}

int ctl_gateway_pause(struct ctl *ctl, int argc, char **argv)
{
    return stop(ctl, argc, argv, false);
}

int ctl_gateway_drain(struct ctl *ctl, int argc, char **argv)
{
    return stop(ctl, argc, argv, true);
}

int ctl_gateway_resume(struct ctl *ctl, int argc, char **argv)
{
    Otp__ResumeGatewayRequest request = OTP__RESUME_GATEWAY_REQUEST__INIT;
    struct asked asked;
    int code = CTL_OK;

    if (!asked_parse(ctl, argc, argv, &asked) || asked.until_ms != 0)
        return CTL_USAGE;
    request.gateway = mc_unconst(asked.gateway);
    request.reason = mc_unconst(asked.reason);
    const Otp__GatewayView *view =
        ctl_call(ctl, "otp", &otp__otp__descriptor, "ResumeGateway", &request.base, &code);
    return print_view(ctl, view, code);
}

static void print_cost(const Otp__SmsCost *cost)
{
    printf("%-32s %10llu %10llu %10llu %10llu\n",
           cost->unit_code[0] != '\0' ? cost->unit_code : "-", (unsigned long long)cost->messages,
           (unsigned long long)cost->parts, (unsigned long long)cost->code_messages,
           (unsigned long long)cost->code_parts);
}

int ctl_sms_costs(struct ctl *ctl, int argc, char **argv)
{
    Otp__SmsCostsRequest request = OTP__SMS_COSTS_REQUEST__INIT;
    int code = CTL_OK;

    request.limit = 500;
    if (argc > 0)
        request.month = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-32s %10s %10s %10s %10s\n", "UNIT", "MESSAGES", "PARTS", "CODES", "CODE_PARTS");
    for (;;) {
        const Otp__SmsCostsReply *reply =
            ctl_call(ctl, "otp", &otp__otp__descriptor, "SmsCosts", &request.base, &code);
        if (reply == NULL || reply->n_units == 0)
            return code;
        for (size_t i = 0; i < reply->n_units; i++) {
            if (ctl->output == CTL_JSON)
                (void)ctl_print_json(ctl, &reply->units[i]->base);
            else if (ctl->output == CTL_NAME)
                printf("%s\n", reply->units[i]->unit_code);
            else
                print_cost(reply->units[i]);
        }
        request.after = reply->units[reply->n_units - 1]->unit_code;
        if (request.after[0] == '\0') /* only those of no unit: there is no page behind them */
            return code;
    }
}

int ctl_sms_alarms(struct ctl *ctl, int argc, char **argv)
{
    Otp__ListAlarmsRequest request = OTP__LIST_ALARMS_REQUEST__INIT;
    int code = CTL_OK;
    char age[CTL_AGE_SIZE];

    (void)argc;
    (void)argv;
    const Otp__ListAlarmsReply *reply =
        ctl_call(ctl, "otp", &otp__otp__descriptor, "ListAlarms", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_TABLE)
        printf("%-32s %6s %8s %8s %6s %6s\n", "SCOPE", "SINCE", "SENT", "ENTERED", "USED", "MOST");
    for (size_t i = 0; i < reply->n_alarms; i++) {
        const Otp__PumpingAlarm *alarm = reply->alarms[i];

        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &alarm->base);
        else if (ctl->output == CTL_NAME)
            printf("%s\n", alarm->scope);
        else
            printf("%-32s %6s %8llu %8llu %6llu %6llu\n", alarm->scope,
                   ctl_age(age, mc_now_ms(&ctl->clock) - alarm->since_ms),
                   (unsigned long long)alarm->sent, (unsigned long long)alarm->verified,
                   (unsigned long long)alarm->used, (unsigned long long)alarm->most);
    }
    return code;
}
