/*
 * queue prepare, run, approve, stop, actions: what is done to many jobs. Prepare shows what fits
 * and prints the hash of it; run names that hash, so nothing runs that was not seen.
 */
#include <stdlib.h>
#include <string.h>

#include "room.pb-c.h"

#include "ctl.h"

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    return found != NULL ? found->name : "?";
}

bool ctl_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *ret_value)
{
    for (unsigned i = 0; i < type->n_values; i++)
        if (strcasecmp(type->values[i].name, name) == 0) {
            *ret_value = type->values[i].value;
            return true;
        }
    fprintf(stderr, "motcuactl: %s: not a value of %s\n", name, type->short_name);
    return false;
}

static bool id_parse(const char *text, ProtobufCBinaryData *id)
{
    return mc_uuid_parse(id->data, (struct mc_bytes){text, strlen(text)});
}

static void print_sample(const Motcua__Action *action)
{
    for (size_t i = 0; i < action->n_sample; i++) {
        const Motcua__Job *job = action->sample[i];

        printf("    %llu  %s  %u tries  %s  %s\n", (unsigned long long)job->id, job->kind,
               job->attempts, job->destination, job->last_error);
    }
}

static int print_action(struct ctl *ctl, const Motcua__Action *action)
{
    char id[MC_UUID_TEXT_LEN + 1] = "";
    char hash[2 * MC_HASH_LEN + 1] = "";

    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &action->base);
    if (action->action_id.len == MC_ID_LEN)
        mc_uuid_text(id, action->action_id.data);
    if (action->set_hash.len == MC_HASH_LEN)
        (void)mc_hex(hash, (struct mc_bytes){action->set_hash.data, MC_HASH_LEN});
    if (ctl->output == CTL_NAME) {
        printf("%s %s\n", id, hash);
        return CTL_OK;
    }
    printf("%s  %s %s  %s%s\n", id, enum_name(&motcua__action_kind__descriptor, (int)action->kind),
           enum_name(&motcua__action_state__descriptor, (int)action->state),
           action->filter != NULL ? action->filter->lane : "",
           action->needs_approval ? "  needs a second operator" : "");
    printf("    %llu jobs%s, %llu done, %llu passed over; %s by %s%s%s\n",
           (unsigned long long)action->count, action->more ? " and more" : "",
           (unsigned long long)action->done, (unsigned long long)action->skipped, action->reason,
           action->prepared_by, action->approved_by[0] != '\0' ? ", approved by " : "",
           action->approved_by);
    printf("    set %s\n", hash);
    return CTL_OK;
}

/* --kind K --destination D --error E --key K --older SECONDS --to D --reason R */
static bool options_parse(const struct ctl *ctl, int argc, char **argv,
                          Motcua__PrepareActionRequest *request)
{
    Motcua__JobFilter *filter = request->filter;
    const struct {
        const char *name;
        char **target;
    } texts[] = {
        {"--kind", &filter->kind},       {"--destination", &filter->destination},
        {"--error", &filter->error},     {"--key", &filter->key},
        {"--to", &request->destination}, {"--reason", &request->reason},
    };

    for (int i = 0; i < argc; i += 2) {
        bool known = false;

        for (size_t j = 0; i + 1 < argc && j < MC_LEN(texts); j++)
            if (strcmp(argv[i], texts[j].name) == 0) {
                *texts[j].target = argv[i + 1];
                known = true;
            }
        if (!known && i + 1 < argc && strcmp(argv[i], "--older") == 0) {
            long seconds = strtol(argv[i + 1], NULL, 10);
            filter->created_before_ms = mc_now_ms(&ctl->clock) - 1000 * seconds;
            known = seconds > 0;
        }
        if (!known)
            return false;
    }
    return true;
}

int ctl_queue_prepare(struct ctl *ctl, int argc, char **argv)
{
    Motcua__PrepareActionRequest request = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
    Motcua__JobFilter filter = MOTCUA__JOB_FILTER__INIT;
    int kind = 0;
    int state = 0;
    int code = CTL_OK;

    request.filter = &filter;
    if (argc < 4 || !ctl_enum_parse(&motcua__action_kind__descriptor, argv[0], &kind) ||
        !ctl_enum_parse(&motcua__job_state__descriptor, argv[3], &state) ||
        !options_parse(ctl, argc - 4, argv + 4, &request))
        return CTL_USAGE;
    request.kind = (Motcua__ActionKind)kind;
    filter.lane = argv[2];
    filter.state = (Motcua__JobState)state;
    const Motcua__Action *action =
        ctl_call(ctl, argv[1], &motcua__room__descriptor, "PrepareAction", &request.base, &code);
    if (action == NULL)
        return code;
    code = print_action(ctl, action);
    if (ctl->output == CTL_TABLE)
        print_sample(action);
    return code;
}

static int run_bound(struct ctl *ctl, const char *method, int argc, char **argv)
{
    Motcua__RunActionRequest request = MOTCUA__RUN_ACTION_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    uint8_t hash[MC_HASH_LEN];
    int code = CTL_OK;

    request.action_id = (ProtobufCBinaryData){sizeof id, id};
    request.set_hash = (ProtobufCBinaryData){sizeof hash, hash};
    if (argc != 3 || !id_parse(argv[1], &request.action_id) ||
        !mc_unhex(hash, sizeof hash, (struct mc_bytes){argv[2], strlen(argv[2])}))
        return CTL_USAGE;
    const Motcua__Action *action =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, method, &request.base, &code);
    return action != NULL ? print_action(ctl, action) : code;
}

int ctl_queue_run(struct ctl *ctl, int argc, char **argv)
{
    return run_bound(ctl, "RunAction", argc, argv);
}

int ctl_queue_approve(struct ctl *ctl, int argc, char **argv)
{
    return run_bound(ctl, "ApproveAction", argc, argv);
}

int ctl_queue_stop(struct ctl *ctl, int argc, char **argv)
{
    Motcua__StopActionRequest request = MOTCUA__STOP_ACTION_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    request.action_id = (ProtobufCBinaryData){sizeof id, id};
    if (argc != 3 || !id_parse(argv[1], &request.action_id))
        return CTL_USAGE;
    request.reason = argv[2];
    const Motcua__Action *action =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "StopAction", &request.base, &code);
    return action != NULL ? print_action(ctl, action) : code;
}

int ctl_queue_actions(struct ctl *ctl, int argc, char **argv)
{
    Motcua__ListActionsRequest request = MOTCUA__LIST_ACTIONS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    const Motcua__ListActionsReply *reply =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "ListActions", &request.base, &code);
    for (size_t i = 0; reply != NULL && i < reply->n_actions; i++)
        (void)print_action(ctl, reply->actions[i]);
    return code;
}
