/* retention: how long each kind of data is kept, what would go, and what is held back from going.
 */
#include <string.h>

#include "room.pb-c.h"

#include "ctl.h"

static const char *keeps(const Motcua__RetentionRule *rule, char out[CTL_AGE_SIZE])
{
    if (rule->off)
        return "for ever";
    return rule->keep_ms > 0 ? ctl_age(out, rule->keep_ms) : rule->until;
}

/* What becomes of the rows then; what is kept for ever has no then. */
static const char *ends(const Motcua__RetentionRule *rule)
{
    if (rule->off || strncmp(rule->until, "for ever", strlen("for ever")) == 0)
        return "-";
    return rule->action == MOTCUA__RETENTION_ACTION__FORGET ? "forget" : "erase";
}

static void print_rule(const char *room, const Motcua__RetentionRule *rule, int64_t now_ms)
{
    char kept[CTL_AGE_SIZE];
    char oldest[CTL_AGE_SIZE];
    char last[CTL_AGE_SIZE];
    char gone[CTL_AGE_SIZE] = "-";

    if (rule->erased_ms > 0)
        (void)snprintf(gone, sizeof gone, "%llu", (unsigned long long)rule->erased_total);
    printf("%-13s %-16s %-30s %-7s %8s %6s %6s  %s%s%s%s [%s]\n", room, rule->rule,
           keeps(rule, kept), ends(rule), gone,
           rule->erased_ms > 0 ? ctl_age(last, now_ms - rule->erased_ms) : "-",
           rule->oldest_ms > 0 ? ctl_age(oldest, now_ms - rule->oldest_ms) : "-", rule->what,
           rule->key[0] != '\0' ? ": " : "", rule->key, rule->minds_holds ? ", minds holds" : "",
           rule->source);
}

static void print_rules(const Motcua__RetentionReply *reply)
{
    for (size_t i = 0; i < reply->n_rules; i++)
        print_rule(reply->room, reply->rules[i], reply->now_ms);
}

int ctl_retention_show(struct ctl *ctl, int argc, char **argv)
{
    Motcua__RetentionRequest request = MOTCUA__RETENTION_REQUEST__INIT;
    void *replies[CTL_ROOMS] = {0};
    int code = CTL_OK;

    if (argc > 1)
        return CTL_USAGE;
    if (argc == 1)
        replies[0] =
            ctl_call(ctl, argv[0], &motcua__room__descriptor, "Retention", &request.base, &code);
    else
        ctl_call_rooms(ctl, &motcua__room__descriptor, "Retention", &request.base, replies, &code);
    if (ctl->output == CTL_TABLE)
        printf("%-13s %-16s %-30s %-7s %8s %6s %6s  %s\n", "ROOM", "RULE", "KEPT", "THEN", "GONE",
               "LAST", "OLDEST", "WHAT");
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__RetentionReply *reply = replies[i];

        if (reply == NULL)
            continue;
        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->base);
        else
            print_rules(reply);
    }
    return code;
}

int ctl_retention_preview(struct ctl *ctl, int argc, char **argv)
{
    Motcua__PreviewRetentionRequest request = MOTCUA__PREVIEW_RETENTION_REQUEST__INIT;
    int code = CTL_OK;
    char oldest[CTL_AGE_SIZE];
    int64_t now_ms = mc_now_ms(&ctl->clock);

    if (argc != 2)
        return CTL_USAGE;
    request.rule = argv[1];
    const Motcua__RetentionPreview *reply =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "PreviewRetention", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    if (reply->before_ms == 0) {
        printf("%s: kept for ever\n", reply->rule);
        return CTL_OK;
    }
    printf("%s: %llu would go, the oldest is from %s ago; %llu are held; looked at %llu%s\n",
           reply->rule, (unsigned long long)reply->count,
           reply->oldest_ms > 0 ? ctl_age(oldest, now_ms - reply->oldest_ms) : "-",
           (unsigned long long)reply->held, (unsigned long long)reply->looked_at,
           reply->more ? ", and there are more" : "");
    return CTL_OK;
}

/* --- holds --- */

static void print_hold(const char *room, const Motcua__Hold *hold, int64_t now_ms)
{
    char age[CTL_AGE_SIZE];

    printf("%-13s %-44s %s, %s ago: %s\n", room, hold->key, hold->by,
           ctl_age(age, now_ms - hold->at_ms), hold->reason);
}

/* Rooms with a rule that minds holds. */
static size_t minding(struct ctl *ctl, const char *ret_rooms[CTL_ROOMS], int *ret_exit)
{
    Motcua__RetentionRequest request = MOTCUA__RETENTION_REQUEST__INIT;
    void *replies[CTL_ROOMS] = {0};
    size_t n = 0;

    ctl_call_rooms(ctl, &motcua__room__descriptor, "Retention", &request.base, replies, ret_exit);
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__RetentionReply *reply = replies[i];
        bool minds = false;

        for (size_t j = 0; reply != NULL && j < reply->n_rules; j++)
            minds = minds || reply->rules[j]->minds_holds;
        if (minds)
            ret_rooms[n++] = ctl_rooms[i];
    }
    return n;
}

static int list_room(struct ctl *ctl, const char *room)
{
    Motcua__ListHoldsRequest request = MOTCUA__LIST_HOLDS_REQUEST__INIT;
    const Motcua__ListHoldsReply *reply = NULL;
    int code = CTL_OK;

    do {
        reply = ctl_call(ctl, room, &motcua__room__descriptor, "ListHolds", &request.base, &code);
        if (reply == NULL)
            return code;
        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->base);
        for (size_t i = 0; i < reply->n_holds && ctl->output != CTL_JSON; i++)
            print_hold(room, reply->holds[i], mc_now_ms(&ctl->clock));
        if (reply->more)
            request.after = reply->holds[reply->n_holds - 1]->key;
    } while (reply->more);
    return CTL_OK;
}

static int change_room(struct ctl *ctl, const char *room, const char *method, char **argv)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;
    int code = CTL_OK;

    request.key = argv[1];
    request.reason = argv[2];
    const Motcua__Hold *hold =
        ctl_call(ctl, room, &motcua__room__descriptor, method, &request.base, &code);
    if (hold == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &hold->base);
    print_hold(room, hold, mc_now_ms(&ctl->clock));
    return CTL_OK;
}

/* In every room that it means something to. One that is away is told, and the command may be said
 * again: what is held already stays so. */
int ctl_retention_hold(struct ctl *ctl, int argc, char **argv)
{
    const char *rooms[CTL_ROOMS];
    int code = CTL_OK;
    const char *method = NULL;

    if (argc == 3 && strcmp(argv[0], "add") == 0)
        method = "AddHold";
    else if (argc == 3 && strcmp(argv[0], "release") == 0)
        method = "ReleaseHold";
    else if (argc != 1 || strcmp(argv[0], "list") != 0)
        return CTL_USAGE;
    size_t len = minding(ctl, rooms, &code);
    for (size_t i = 0; i < len; i++) {
        int one =
            method == NULL ? list_room(ctl, rooms[i]) : change_room(ctl, rooms[i], method, argv);

        code = one != CTL_OK ? one : code;
    }
    return code;
}
