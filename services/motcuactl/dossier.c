/* dossier: what operators ask the dossier room. */
#include "common/date.h"

#include "dossier.pb-c.h"

#include "ctl.h"

int ctl_dossier_states(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListStagesRequest request = DOSSIER__LIST_STAGES_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Dossier__ListStagesReply *reply =
        ctl_call(ctl, "dossier", &dossier__dossier__descriptor, "ListStages", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s", reply->markdown);
    return CTL_OK;
}

static void print_unsynced(const struct ctl *ctl, const Dossier__Unsynced *row)
{
    char since[CTL_AGE_SIZE];
    char id[2 * MC_ID_LEN + 1] = "";

    if (row->dossier_id.len == MC_ID_LEN)
        (void)mc_hex(id, (struct mc_bytes){row->dossier_id.data, row->dossier_id.len});
    printf("%-32s %-26s %8llu %8llu %8s  %s\n", id, row->code[0] != '\0' ? row->code : "-",
           (unsigned long long)row->version, (unsigned long long)row->synced_version,
           ctl_age(since, mc_now_ms(&ctl->clock) - row->since_ms), row->problem);
}

int ctl_dossier_unsynced(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListUnsyncedRequest request = DOSSIER__LIST_UNSYNCED_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    request.page_size = 100;
    const Dossier__ListUnsyncedReply *reply = ctl_call(
        ctl, "dossier", &dossier__dossier__descriptor, "ListUnsynced", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%-32s %-26s %8s %8s %8s  %s\n", "DOSSIER", "CODE", "VERSION", "CARRIED", "SINCE",
           "PROBLEM");
    for (size_t i = 0; i < reply->n_dossiers; i++)
        print_unsynced(ctl, reply->dossiers[i]);
    if (reply->next_page_token[0] != '\0')
        fprintf(stderr, "the oldest %zu are shown, there are more\n", reply->n_dossiers);
    return CTL_OK;
}

static void print_rows(Dossier__DossierSummary *const *rows, size_t n)
{
    printf("%-16s  %-28s  %-18s  %-36s  %s\n", "DUE", "CODE", "UNIT", "OFFICER", "PROCEDURE");
    for (size_t i = 0; i < n; i++) {
        const Dossier__DossierSummary *row = rows[i];
        char due[MC_DATETIME_SIZE];

        mc_time_format(due, sizeof due, row->work_due_ms);
        printf("%-16s  %-28s  %-18s  %-36s  %s\n", due, row->code[0] != '\0' ? row->code : "-",
               row->unit, row->assignee[0] != '\0' ? row->assignee : "-", row->procedure_name);
    }
}

int ctl_dossier_overdue(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListWorkRequest request = DOSSIER__LIST_WORK_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    request.unit = argv[0];
    request.overdue = true;
    request.page_size = 100;
    const Dossier__ListWorkReply *reply =
        ctl_call(ctl, "dossier", &dossier__dossier__descriptor, "ListWork", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    print_rows(reply->dossiers, reply->n_dossiers);
    if (reply->next_page_token[0] != '\0')
        (void)fprintf(stderr, "there are more; these are the earliest due\n");
    return CTL_OK;
}

int ctl_dossier_forecast(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ForecastRequest request = DOSSIER__FORECAST_REQUEST__INIT;
    char until[MC_DATETIME_SIZE];
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    request.unit = argv[0];
    const Dossier__ForecastReply *reply =
        ctl_call(ctl, "dossier", &dossier__dossier__descriptor, "Forecast", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    mc_time_format(until, sizeof until, reply->until_ms);
    printf("until %s: %u due, %u of them likely late; %llu late already; %u.%u finished a day\n",
           until, reply->due_today, reply->likely_late, (unsigned long long)reply->overdue,
           reply->finished_per_day / 10, reply->finished_per_day % 10);
    print_rows(reply->dossiers, reply->n_dossiers);
    return CTL_OK;
}
