/*
 * backup, store, follow: copies of the stores, looks at every row of them, and what to do when a
 * room came back from a copy. Rooms make and check; what lies in a folder is read here, so that it
 * can be looked at when no room runs.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/backup.h"
#include "common/date.h"
#include "common/redo.h"

#include "room.pb-c.h"

#include "ctl.h"

enum { LOOK_MS = 200, WHY = 300 };

static const char *state_name(Motcua__UpkeepState state)
{
    static const char *const names[] = {"?", "running", "done", "failed", "stopped"};

    return (size_t)state < MC_LEN(names) ? names[state] : "?";
}

static int print_upkeep(struct ctl *ctl, const char *room, const Motcua__Upkeep *upkeep)
{
    bool good = upkeep->state == MOTCUA__UPKEEP_STATE__UPKEEP_DONE;

    if (ctl->output == CTL_JSON) {
        (void)ctl_print_json(ctl, &upkeep->base);
    } else if (ctl->output == CTL_NAME) {
        printf("%s\n", upkeep->folder);
    } else {
        printf("%-13s %-8s %12llu of %-12llu %s\n", room, state_name(upkeep->state),
               (unsigned long long)upkeep->done, (unsigned long long)upkeep->total, upkeep->folder);
        for (size_t i = 0; i < upkeep->n_problems; i++)
            printf("    %s\n", upkeep->problems[i]);
        if (upkeep->problems_more > 0)
            printf("    and %llu more\n", (unsigned long long)upkeep->problems_more);
    }
    return good ? CTL_OK : CTL_DATA;
}

static void fire(void *arg)
{
    bool *fired = arg;

    *fired = true;
}

void ctl_pause(struct ctl *ctl)
{
    bool fired = false;
    struct mc_timer *timer = mc_timer_create(ctl->loop, fire, &fired);

    if (timer == NULL)
        return;
    mc_timer_start(timer, LOOK_MS);
    while (!fired && mc_loop_step(ctl->loop, true) == MC_OK)
        continue;
    mc_timer_destroy(timer);
}

static const Motcua__Upkeep *get(struct ctl *ctl, const char *room, int *ret_exit)
{
    Motcua__GetUpkeepRequest request = MOTCUA__GET_UPKEEP_REQUEST__INIT;

    return ctl_call(ctl, room, &motcua__room__descriptor, "GetUpkeep", &request.base, ret_exit);
}

int ctl_upkeep_run(struct ctl *ctl, const char *room, Motcua__UpkeepKind kind, const char *reason)
{
    Motcua__StartUpkeepRequest request = MOTCUA__START_UPKEEP_REQUEST__INIT;
    int code = CTL_OK;

    request.kind = kind;
    request.reason = mc_unconst(reason);
    const Motcua__Upkeep *upkeep =
        ctl_call(ctl, room, &motcua__room__descriptor, "StartUpkeep", &request.base, &code);
    while (upkeep != NULL && upkeep->state == MOTCUA__UPKEEP_STATE__UPKEEP_ASKED) {
        ctl_pause(ctl);
        upkeep = get(ctl, room, &code);
    }
    return upkeep != NULL ? print_upkeep(ctl, room, upkeep) : code;
}

static int run(struct ctl *ctl, int argc, char **argv, Motcua__UpkeepKind kind)
{
    /* Who follows others before whom he follows: a copy that is behind catches up by itself, one
     * that is ahead waits for an operator (dossier and payment follow each other). */
    static const char *const order[CTL_ROOMS] = {"audit",        "support", "partner",
                                                 "notification", "print",   "payment",
                                                 "dossier",      "otp",     "identity"};
    int worst = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    if (strcmp(argv[0], "all") != 0)
        return ctl_upkeep_run(ctl, argv[0], kind, argv[1]);
    for (size_t i = 0; i < MC_LEN(order); i++) {
        int code = ctl_upkeep_run(ctl, order[i], kind, argv[1]);

        worst = MC_MAX(worst, code);
    }
    return worst;
}

int ctl_backup_run(struct ctl *ctl, int argc, char **argv)
{
    return run(ctl, argc, argv, MOTCUA__UPKEEP_KIND__BACKUP);
}

int ctl_store_verify(struct ctl *ctl, int argc, char **argv)
{
    return run(ctl, argc, argv, MOTCUA__UPKEEP_KIND__VERIFY);
}

int ctl_store_upkeep(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    const Motcua__Upkeep *upkeep = get(ctl, argv[0], &code);
    if (upkeep == NULL)
        return code;
    (void)print_upkeep(ctl, argv[0], upkeep);
    return CTL_OK;
}

int ctl_store_stop(struct ctl *ctl, int argc, char **argv)
{
    Motcua__StopUpkeepRequest request = MOTCUA__STOP_UPKEEP_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    const Motcua__Upkeep *upkeep = get(ctl, argv[0], &code);
    if (upkeep == NULL)
        return code;
    request.upkeep_id = upkeep->upkeep_id;
    upkeep = ctl_call(ctl, argv[0], &motcua__room__descriptor, "StopUpkeep", &request.base, &code);
    if (upkeep == NULL)
        return code;
    (void)print_upkeep(ctl, argv[0], upkeep);
    return CTL_OK;
}

/* --- keys --- */

bool ctl_key_give(const char *path, const char *like)
{
    struct stat about;

    return stat(like, &about) == 0 && chown(path, about.st_uid, about.st_gid) == 0;
}

static int key_fault(const char *path, enum mc_status status)
{
    fprintf(stderr, "motcuactl: %s: %s\n", path, mc_key_sentence(status));
    return CTL_DATA;
}

int ctl_key_rotate(struct ctl *ctl, int argc, char **argv)
{
    uint8_t key[MC_KEY_LEN]; /* the one that seals now */

    if (argc != 3)
        return CTL_USAGE;
    const char *master = mc_sprintf(&ctl->arena, "%s/%s.master", argv[1], argv[0]);
    const char *newest = master;
    const char *path = NULL;
    for (unsigned n = 1;; n++) {
        path = mc_sprintf(&ctl->arena, "%s/%s.seal.%u", argv[1], argv[0], n);
        if (path == NULL || access(path, F_OK) != 0)
            break;
        newest = path;
    }
    if (path == NULL || master == NULL || access(master, F_OK) != 0) {
        fprintf(stderr, "motcuactl: %s: no such file: not the folder of this room's keys\n",
                master);
        return CTL_DATA;
    }
    enum mc_status status = mc_key_load(newest, key, sizeof key);
    if (status != MC_OK)
        return key_fault(newest, status);
    if (newest == master)
        mc_key_derive(key, key, "seal");
    status = mc_seal_key_create(path, &ctl->random, key);
    mc_wipe(key, sizeof key);
    if (status != MC_OK || !ctl_key_give(path, master))
        return key_fault(path, status);
    fprintf(stderr, "motcuactl: made %s: keep a copy of it where the other keys are kept\n", path);
    return ctl_upkeep_run(ctl, argv[0], MOTCUA__UPKEEP_KIND__RESEAL, argv[2]);
}

int ctl_key_resume(struct ctl *ctl, int argc, char **argv)
{
    return run(ctl, argc, argv, MOTCUA__UPKEEP_KIND__RESEAL);
}

/* --- folders --- */

/* Until when what was committed later is told beside it (redo.h). */
static void print_redo(const char *folder, const Motcua__BackupManifest *manifest)
{
    char dir[MC_REDO_PATH_MAX];
    char until[MC_DATETIME_SIZE];

    (void)snprintf(dir, sizeof dir, "%s/../redo", folder);
    struct mc_redo_record last = mc_redo_last(dir, manifest->lineage);
    if (last.at_ms <= manifest->made_ms)
        return;
    mc_time_format(until, sizeof until, last.at_ms);
    printf(", carried on until %s", until);
}

static void print_manifest(struct ctl *ctl, const char *folder,
                           const Motcua__BackupManifest *manifest)
{
    char made[MC_DATETIME_SIZE];

    mc_time_format(made, sizeof made, manifest->made_ms);
    if (ctl->output == CTL_JSON)
        (void)ctl_print_json(ctl, &manifest->base);
    else if (ctl->output == CTL_NAME)
        printf("%s\n", folder);
    else {
        printf("%-13s %-17s %10llu %12llu %12llu  %s", manifest->room, made,
               (unsigned long long)manifest->journal_last, (unsigned long long)manifest->rows,
               (unsigned long long)manifest->size, folder);
        print_redo(folder, manifest);
        printf("\n");
    }
}

static int is_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "redo") != 0;
}

/* Every backup of one room; what is not whole is named, and is no backup. */
static int list_room(struct ctl *ctl, const char *root, const char *room)
{
    const char *path = mc_sprintf(&ctl->arena, "%s/%s", root, room);
    struct dirent **names = NULL;
    int n = path != NULL ? scandir(path, &names, is_name, alphasort) : 0;
    int worst = CTL_OK;

    for (int i = 0; i < n; i++) {
        const char *folder = mc_sprintf(&ctl->arena, "%s/%s", path, names[i]->d_name);
        char why[WHY] = "out of memory";
        const Motcua__BackupManifest *manifest =
            folder != NULL ? mc_backup_manifest(&ctl->arena, folder, why, sizeof why) : NULL;

        if (manifest != NULL && strchr(names[i]->d_name, '.') != NULL &&
            strcmp(strrchr(names[i]->d_name, '.'), ".bad") != 0) {
            print_manifest(ctl, folder, manifest);
        } else {
            fprintf(stderr, "motcuactl: no backup: %s\n", manifest != NULL ? folder : why);
            worst = CTL_DATA;
        }
        free(names[i]);
    }
    free(names);
    return worst;
}

int ctl_backup_list(struct ctl *ctl, int argc, char **argv)
{
    int worst = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    if (ctl->output == CTL_TABLE)
        printf("%-13s %-17s %10s %12s %12s  %s\n", "ROOM", "MADE", "JOURNAL", "ROWS", "BYTES",
               "FOLDER");
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        int code = list_room(ctl, argv[0], ctl_rooms[i]);

        worst = MC_MAX(worst, code);
    }
    return worst;
}

/* Every row of a copy, by the tables that its manifest names. */
static int check_copy(const Motcua__BackupManifest *manifest, char *folder)
{
    static struct mc_store_check check; /* large, and the program ends after it */
    struct mc_store_options options = {.dir = folder};
    struct mc_store *store = NULL;
    char why[WHY];

    if (manifest->n_tables < MC_TABLE_ROOM || manifest->n_tables > MC_TABLES_MAX) {
        fprintf(stderr, "motcuactl: %s: of another version\n", folder);
        return CTL_DATA;
    }
    options.tables = (const char *const *)manifest->tables + MC_TABLE_ROOM;
    options.tables_len = manifest->n_tables - MC_TABLE_ROOM;
    enum mc_status status = mc_store_open_copy(&store, &options, why, sizeof why);
    if (status == MC_OK) {
        status = mc_store_check(store, &check);
        mc_store_close(store);
    } else {
        fprintf(stderr, "motcuactl: %s\n", why);
    }
    for (size_t i = 0; i < check.problems_len; i++)
        printf("    %s\n", check.problems[i]);
    if (status == MC_OK && check.problems_len == 0 && check.journal_last != manifest->journal_last)
        printf("    the journal ends at %llu\n", (unsigned long long)check.journal_last);
    return status == MC_OK && check.problems_len == 0 &&
                   check.journal_last == manifest->journal_last
               ? CTL_OK
               : CTL_DATA;
}

/* The file is the one of its manifest, and every row in it is what was written. Whether our keys
 * open it: motcua-ROOM --verify FOLDER. */
int ctl_backup_verify(struct ctl *ctl, int argc, char **argv)
{
    char why[WHY];

    if (argc != 1)
        return CTL_USAGE;
    const Motcua__BackupManifest *manifest =
        mc_backup_manifest(&ctl->arena, argv[0], why, sizeof why);
    if (manifest == NULL || mc_backup_read(manifest, argv[0], NULL, why, sizeof why) != MC_OK) {
        fprintf(stderr, "motcuactl: %s\n", why);
        return CTL_DATA;
    }
    int code = check_copy(manifest, argv[0]);
    if (code == CTL_OK)
        print_manifest(ctl, argv[0], manifest);
    return code;
}

/* --- after a restore --- */

/* Which followers had applied more than the restored room has, and how much of it. */
int ctl_backup_gap(struct ctl *ctl, int argc, char **argv)
{
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;
    bool found = false;
    int code = CTL_OK;

    if (argc != 1)
        return CTL_USAGE;
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        if (strcmp(ctl_rooms[i], argv[0]) == 0)
            continue;
        const Motcua__StatsReply *stats =
            ctl_call(ctl, ctl_rooms[i], &motcua__room__descriptor, "Stats", &request.base, &code);

        for (size_t j = 0; stats != NULL && j < stats->n_follows; j++) {
            const Motcua__FollowStats *follow = stats->follows[j];

            if (strcmp(follow->room, argv[0]) != 0 || !follow->diverged)
                continue;
            found = true;
            printf("%-13s has applied %llu to %llu of %s, which it no longer has\n", ctl_rooms[i],
                   (unsigned long long)follow->fork + 1, (unsigned long long)follow->applied,
                   argv[0]);
        }
    }
    if (!found && code == CTL_OK)
        printf("no room has applied more of %s than it has\n", argv[0]);
    return code != CTL_OK ? code : found ? CTL_WARNING : CTL_OK;
}

static const Motcua__FollowStats *diverged(struct ctl *ctl, const char *room, const char *leader,
                                           int *ret_exit)
{
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;
    const Motcua__StatsReply *stats =
        ctl_call(ctl, room, &motcua__room__descriptor, "Stats", &request.base, ret_exit);

    for (size_t i = 0; stats != NULL && i < stats->n_follows; i++)
        if (strcmp(stats->follows[i]->room, leader) == 0 && stats->follows[i]->diverged)
            return stats->follows[i];
    if (stats != NULL) {
        fprintf(stderr, "motcuactl: %s follows %s as it did: nothing to accept\n", room, leader);
        *ret_exit = CTL_DATA;
    }
    return NULL;
}

int ctl_follow_accept(struct ctl *ctl, int argc, char **argv)
{
    Motcua__AcceptLineageRequest request = MOTCUA__ACCEPT_LINEAGE_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 3)
        return CTL_USAGE;
    const Motcua__FollowStats *follow = diverged(ctl, argv[0], argv[1], &code);
    if (follow == NULL)
        return code;
    request.room = argv[1];
    request.lineage = follow->lineage;
    request.reason = argv[2];
    const Motcua__AcceptLineageReply *reply =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "AcceptLineage", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s goes on with %s from %llu; what it did on %llu to %llu before stays done\n", argv[0],
           argv[1], (unsigned long long)reply->fork, (unsigned long long)reply->fork + 1,
           (unsigned long long)reply->applied);
    return CTL_OK;
}
