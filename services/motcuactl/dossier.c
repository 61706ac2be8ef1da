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
