/* dossier: what operators ask the dossier room. */
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
