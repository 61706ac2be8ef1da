/*
 * motcuactl: what operators type. Noun and verb, one table of commands; data goes to stdout,
 * words about it to stderr, and the exit code says what happened (sysexits.h).
 */
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "motcuactl.h"

const char *const ctl_rooms[CTL_ROOMS] = {"identity", "otp",   "dossier", "payment", "notification",
                                          "audit",    "print", "partner", "support"};

enum { ARENA_SIZE = 256 << 20, TIMEOUT_MS = 3000, SECONDS_MAX = 3600 };

/* clang-format off */
const struct ctl_command ctl_commands[] = {
    {"status", NULL,     "",                  "Every room: up, queues, lag, memory.",             ctl_status},
    {"check",  NULL,     "[WARN_S CRIT_S] | --up ROOM", "Nagios-style: oldest job, dead letters, what rooms say of themselves, rooms that are down; or whether one takes calls.", ctl_check},
    {"trace",  NULL,     "ID [--words PURPOSE]", "The story of a business id across rooms: a dossier's code, account:…, payment:…, phone:…, message:…, action:…. --words: and what people were told; the reading is written down.", ctl_trace},
    {"dashboard", "token", "[NAME] [--role view,operate,approve]", "Lets an operator in at the dashboard: good once, for five minutes.", ctl_dashboard_token},
    {"queue",  "list",   "",                  "Every lane: depth by state, totals, oldest.",      ctl_queue_list},
    {"queue",  "peek",   "ROOM [LANE] [dead]", "Looks into a queue without changing it.",         ctl_queue_peek},
    {"queue",  "shape",  "ROOM LANE [STATE]", "By destination and age, who holds what, why jobs died.", ctl_queue_shape},
    {"queue",  "forecast", "[ROOM [LANE]]",   "When each is empty, or late, at the present rate.", ctl_queue_forecast},
    {"queue",  "find",   "KEY [ROOM]",        "Jobs about a business id (dossier:…), without changing them.", ctl_queue_find},
    {"queue",  "job",    "ROOM ID",           "One job: its attempts, and what was done to it by whom.", ctl_queue_job},
    {"queue",  "pause",  "ROOM LANE [DESTINATION] --reason TEXT [--until 2h]", "Nobody takes jobs of it until then, or until resume.", ctl_queue_pause},
    {"queue",  "resume", "ROOM LANE [DESTINATION] --reason TEXT", "Lets it be taken again.",  ctl_queue_resume},
    {"queue",  "check",  "ROOM LANE [--age 30:120] [--depth W:C] [--dead W:C]", "Nagios-style: one queue, with its numbers.", ctl_queue_check},
    {"queue",  "prepare", "retry|hold|release|drop|move ROOM LANE dead|queued|held [--kind K] [--destination D] [--error E] [--key K] [--older S] [--to D] --reason R", "Counts and shows the jobs that fit, and prints the hash of the set.", ctl_queue_prepare},
    {"queue",  "run",    "ROOM ID HASH",      "Does it to what was shown; large sets and money need a second operator.", ctl_queue_run},
    {"queue",  "approve", "ROOM ID HASH",     "The second operator's word.",                      ctl_queue_approve},
    {"queue",  "stop",   "ROOM ID REASON",    "What was done stays done.",                        ctl_queue_stop},
    {"queue",  "actions", "ROOM",             "What was done to its queues, by whom and why.",    ctl_queue_actions},
    {"gateway", "list",  "",                  "Every SMS gateway: mode, share, health.",          ctl_gateway_list},
    {"gateway", "pause", "NAME --reason TEXT [--until 2h]", "Stops it at once; what it holds goes to others.", ctl_gateway_pause},
    {"gateway", "drain", "NAME --reason TEXT [--until 2h]", "Gives it nothing new; it finishes what it holds.", ctl_gateway_drain},
    {"gateway", "resume", "NAME --reason TEXT", "Lets it take jobs again.",                       ctl_gateway_resume},
    {"sms",    "costs",  "[MONTH]",           "What carriers took in 2026-09, in parts, by unit.", ctl_sms_costs},
    {"sms",    "alarms", "",                  "Blocks of numbers and units that pump codes.",    ctl_sms_alarms},
    {"partner", "list",  "[UNIT]",            "Systems that are sent dossiers and vouchers: circuit, what waits.", ctl_partner_list},
    {"partner", "show",  "ID",                "One of them, without its secrets.",                ctl_partner_show},
    {"partner", "save",  "FILE REASON",       "Puts one down or changes it, from JSON.",          ctl_partner_save},
    {"partner", "credential", "ID outbound|inbound FILE REASON", "The user name and the password, a line each.", ctl_partner_credential},
    {"partner", "pause", "ID REASON [HOURSh]", "Sends it nothing; what waits is kept.",           ctl_partner_pause},
    {"partner", "resume", "ID REASON",        "Sends to it again.",                               ctl_partner_resume},
    {"partner", "checks", "[UNIT]",           "API checks, the newest of them.",                  ctl_partner_checks},
    {"partner", "contracts", "[UNIT]",        "Contract tests: whether each holds, its last and next run.", ctl_partner_contracts},
    {"partner", "webhooks", "[UNIT]",         "Who is sent events: how far, and what fails.",     ctl_partner_webhooks},
    {"partner", "certificate", "[DSTCODE]",   "Integration certificates; with -o json the code that is signed.", ctl_partner_certificate},
    {"webhook", "resume", "ID",               "One that was disabled goes on where it stood.",    ctl_webhook_resume},
    {"delivery", "list", "PARTNER|DOSSIER [failing]", "What was sent, the newest first.",         ctl_delivery_list},
    {"delivery", "show", "ID",                "One, with every attempt.",                         ctl_delivery_show},
    {"delivery", "mark", "ID EVIDENCE REASON", "It arrived by another way; what waited behind it goes on.", ctl_delivery_mark},
    {"rights", "grant",  "IDNUMBER UNIT RIGHT[,RIGHT...] REASON", "Gives an account a unit and rights.", ctl_rights_grant},
    {"agency", "import", "FILE REASON",       "Adds and changes agencies by a CSV: code,name,parent,level1,one_stop,valid_from,valid_until.", ctl_agency_import},
    {"procedure", "import", "FILE REASON [complete]", "Collects procedures from a CSV and shows what would change.", ctl_procedure_import},
    {"procedure", "fetch", "REASON [complete]", "Collects them from the national database.",      ctl_procedure_fetch},
    {"procedure", "imports", "",              "Imports of procedures, the newest first.",         ctl_procedure_imports},
    {"procedure", "preview", "ID",            "What an import would change, and its hash.",       ctl_procedure_preview},
    {"procedure", "apply", "ID HASH REASON",  "Applies an import as it was previewed.",           ctl_procedure_apply},
    {"procedure", "resume", "ID",             "Goes on with one that failed.",                    ctl_procedure_resume},
    {"procedure", "undo", "ID REASON",        "Collects what takes an applied one back; preview and apply that.", ctl_procedure_undo},
    {"codes",  "import", "LIST FILE REASON [yes]", "Shows what a CSV would change in a code list; yes: applies it.", ctl_codes_import},
    {"map",    "propose", "FROM TO PROVINCE [PROVINCE]", "Compares a province of two code lists.", ctl_map_propose},
    {"map",    "list",   "FROM TO [PROPOSED|REVIEW|UNMATCHED|CONFIRMED|REJECTED]", "What a code of one list is in the other.", ctl_map_list},
    {"map",    "decide", "FROM TO CODE TO_CODE|- VERSION REASON", "Confirms, chooses, or says there is none (-).", ctl_map_decide},
    {"map",    "sign",   "FROM TO DAY REASON", "Signs what is confirmed as a version from 2026-09-01 on.", ctl_map_sign},
    {"map",    "export", "FROM TO [VERSION]", "A signed version as CSV.",                         ctl_map_export},
    {"alert",  "list",   "[UNIT]",            "Who is told of failures, of which type of service.", ctl_alert_list},
    {"alert",  "show",   "ID",                "A subscription in full, and who changed it; the reading is written down.", ctl_alert_show},
    {"alert",  "subscribe", "UNIT SERVICE PHONE[,PHONE...] EMAIL[,EMAIL...]", "Subscribes phones and addresses; services: land_payment, receipt, dossier_sync, connection, sms, queues.", ctl_alert_subscribe},
    {"alert",  "follow", "ID on|off",         "Whether a subscription is told anything.",         ctl_alert_follow},
    {"alert",  "sent",   "[UNIT]",            "The newest alerts, and how each message went.",    ctl_alert_sent},
    {"notice", "list",   "KEY PURPOSE",       "What people were told of dossier:CODE, payment:ID, account:ID; the reading is written down.", ctl_notice_list},
    {"notice", "show",   "ID PURPOSE",        "One notice: its words, and what became of it by each channel.", ctl_notice_show},
    {"template", "list", "[NAME]",            "The words of notices: versions, which is used, by how many rules.", ctl_template_list},
    {"template", "preview", "NAME [VARIABLE=VALUE...]", "How it looks and what its SMS costs; samples stand for what is not given.", ctl_template_preview},
    {"mail", "bounced",  "ADDRESS",           "Takes a report of a mail that came back, from a mail system's pipe; ADDRESS is what it was sent to.", ctl_mail_bounced},
    {"client", "list",   "",                  "Portals that let their users sign in here.",       ctl_client_list},
    {"client", "save",   "FILE REASON",       "Registers or changes one, from JSON; prints a new one's secret.", ctl_client_save},
    {"client", "secret", "ID REASON [at-once]", "Gives one a new secret and prints it.",          ctl_client_secret},
    {"account", "count", "",                  "Accounts by subject, method, status, verification.", ctl_account_count},
    {"account", "set",   "IDNUMBER STATUS REASON", "ACCOUNT_ACTIVE, _INACTIVE, _LOCKED or _CLOSED; ends its sessions.", ctl_account_set},
    {"audit",  "head",   "",                  "Size and root of the audit log.",                  ctl_audit_head},
    {"audit",  "verify", "",                  "Recomputes the whole tree, against every checkpoint.", ctl_audit_verify},
    {"audit",  "checkpoint", "",              "The newest signed checkpoint, to be kept elsewhere.", ctl_audit_checkpoint},
    {"audit",  "key",    "",                  "The key that checks checkpoints; behind it those of older ones.",                 ctl_audit_key},
    {"audit",  "prove",  "NUMBER",            "That an entry is in the log, as JSON for motcua-verify.", ctl_audit_prove},
    {"audit",  "export", "FILE",              "All leaves, for motcua-verify; they name no person.", ctl_audit_export},
    {"audit",  "forget", "KEY REASON",        "Takes who and about whom from the entries of a business id.", ctl_audit_forget},
    {"dossier", "unsynced", "",               "What the national portal and partners have not been told yet, oldest first.", ctl_dossier_unsynced},
    {"dossier", "states", "",                 "The state table of dossiers as Markdown with a diagram.", ctl_dossier_states},
    {"payment", "account", "[UNIT BIN ACCOUNT NAME]", "Whose bank account takes an agency's transfers; all of them without words.", ctl_payment_account},
    {"dossier", "overdue", "UNIT",            "What is late now in an agency and below, the earliest due first.", ctl_dossier_overdue},
    {"dossier", "forecast", "UNIT",           "What is due today, and what of it will be late.",  ctl_dossier_forecast},
    {"indicators", "show", "UNIT [MONTH [UNTIL]]", "The indicators of QĐ 766, of 2026-09 say.",   ctl_indicators_show},
    {"indicators", "export", "UNIT MONTH FILE", "The same as FILE.xlsx or FILE.csv.",             ctl_indicators_export},
    {"indicators", "check", "",               "Sums the journal again and compares.",             ctl_indicators_check},
    {"rounds", "list",   "",                  "Rounds of reports that are open, the newest first.", ctl_rounds_list},
    {"rounds", "show",   "ROUND [behind]",    "The units of a round: targets, who has confirmed, who is behind.", ctl_rounds_show},
    {"payment", "reconcile", "DAY [PARTNER [FILE]]", "A day (2026-09-07) with platform or BIN/ACCOUNT; FILE: its statement as CSV.", ctl_payment_reconcile},
    {"payment", "cases", "[UNIT]",            "Open cases: money that waits for an officer.",     ctl_payment_cases},
    {"ledger", "check",  "",                  "Sums the ledger again and compares.",              ctl_ledger_check},
    {"backup", "run",    "ROOM|all REASON",   "Copies the store into backup.dir while the room works, and reads it back.", ctl_backup_run},
    {"backup", "list",   "DIR",               "Every backup in a folder; no room is needed.",     ctl_backup_list},
    {"backup", "verify", "FOLDER",            "The file is its manifest's, and every row is whole; keys: motcua-ROOM --verify.", ctl_backup_verify},
    {"backup", "gap",    "ROOM",              "After a restore: who has applied what the room no longer has.", ctl_backup_gap},
    {"config", "show",   "ROOM [all]",        "What a room was started with: what is not as by default, or all; -o wide says what each is.", ctl_config_show},
    {"config", "check",  "ROOM FILE",         "Whether the room could be started with a file.",   ctl_config_check},
    {"config", "diff",   "ROOM FILE",         "What a start with that file would change.",        ctl_config_diff},
    {"store",  "verify", "ROOM|all REASON",   "Every row, the journal's order, the queues' counters, while the room works.", ctl_store_verify},
    {"store",  "upkeep", "ROOM",              "The backup or check that runs, or the last one.",  ctl_store_upkeep},
    {"store",  "stop",   "ROOM",              "Stops it.",                                        ctl_store_stop},
    {"follow", "accept", "ROOM OF REASON",    "Lets ROOM go on with OF, which was restored and has lost events.", ctl_follow_accept},
    {"retention", "show", "[ROOM]",           "How long each kind of data is kept, by what rule; what has gone by it.", ctl_retention_show},
    {"retention", "preview", "ROOM RULE",     "What a rule that deletes business data would take now; changes nothing.", ctl_retention_preview},
    {"retention", "hold", "add KEY REASON | list | release KEY REASON", "Data about dossier:…, account:…, payment:… that no rule takes; releasing needs the role to approve.", ctl_retention_hold},
    {"support", "list",  "[SENT|ASSIGNED|IN_PROGRESS|WAITING|DONE|CANCELLED|REOPENED [UNIT]]", "Requests for support, the newest first.", ctl_support_list},
    {"support", "show",  "CODE",              "One, with comments and changes.",                  ctl_support_show},
    {"support", "assign", "CODE ACCOUNT [NAME]", "Gives one to somebody of the staff.",           ctl_support_assign},
    {"support", "answer", "CODE IN_PROGRESS|WAITING|DONE|CANCELLED [TEXT]", "Takes one a step; the requesting unit reads the text.", ctl_support_answer},
    {"support", "states", "",                 "The state tables as Markdown with diagrams.",      ctl_support_states},
    {"feedback", "list", "[NEW|ASKED|PROCESSING|REFUSED|ANSWERED|WITHDRAWN [UNIT]]", "Feedback of people, the newest first.", ctl_feedback_list},
    {"feedback", "show", "CODE",              "One, with comments and changes.",                  ctl_feedback_show},
    {"key",    "rotate", "ROOM KEYS_DIR REASON", "Makes the room a new key and seals its whole store anew, while it works.", ctl_key_rotate},
    {"key",    "resume", "ROOM REASON",       "Goes on with a rotation that was stopped.",        ctl_key_resume},
    {"key",    "publish", "ROOM KEYS_DIR",    "Makes the key that is to sign next, and publishes it ahead.", ctl_key_publish},
    {"key",    "switch", "ROOM KEYS_DIR REASON", "The room signs with the key that was published; the one before stays valid.", ctl_key_switch},
    {"key",    "retire", "ROOM KEYS_DIR REASON [--at-once]", "What keys before the newest signed is not believed any more.", ctl_key_retire},
    {"key",    "make",   "FILE",              "Makes a CURVE key pair: secret into FILE, public printed.", ctl_key_make},
    {"context", "list",  "",                  "Houses that are known, and the one in use.",       ctl_context_list},
    {"context", "show",  "[NAME]",            "Where a house is.",                                ctl_context_show},
    {"context", "use",   "NAME|-",            "The house that is meant from now on; -: none.",    ctl_context_use_command},
    {"completion", NULL, "bash",              "Completion for a shell: source <(motcuactl completion bash).", ctl_completion},
    {"manual", NULL,     "",                  "This as a manual page: motcuactl manual | man -l -.", ctl_manual},
};
/* clang-format on */
const size_t ctl_commands_len = MC_LEN(ctl_commands);

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: motcuactl [--run-dir DIR | --context NAME] [--keys-dir DIR] "
                 "[-o table|wide|json|name] [--timeout S] [--watch S] COMMAND\n\n");
    for (size_t i = 0; i < ctl_commands_len; i++) {
        char words[192];

        (void)snprintf(words, sizeof words, "%s%s%s %s", ctl_commands[i].noun,
                       ctl_commands[i].verb != NULL ? " " : "",
                       ctl_commands[i].verb != NULL ? ctl_commands[i].verb : "",
                       ctl_commands[i].arguments);
        fprintf(out, "  %-44s %s\n", words, ctl_commands[i].sentence);
    }
    fprintf(out, "\nExit codes: 0 done, 64 usage, 69 a room was not reached, 77 refused; check: "
                 "0 ok, 1 warning, 2 critical.\n");
    return code;
}

static const struct ctl_command *command_find(int argc, char **argv, int *ret_used)
{
    for (size_t i = 0; i < ctl_commands_len; i++) {
        const struct ctl_command *command = &ctl_commands[i];

        if (argc < 1 || strcmp(argv[0], command->noun) != 0)
            continue;
        *ret_used = command->verb != NULL ? 2 : 1;
        if (command->verb == NULL || (argc > 1 && strcmp(argv[1], command->verb) == 0))
            return command;
    }
    return NULL;
}

static bool open_ctl(struct ctl *ctl)
{
    char why[256] = "out of memory";
    const struct passwd *user = getpwuid(geteuid()); // NOLINT(concurrency-mt-unsafe): one thread

    ctl->clock = mc_clock_real();
    (void)snprintf(ctl->caller, sizeof ctl->caller, "operator:%s",
                   user != NULL ? user->pw_name : "unknown");
    if (mc_random_open(&ctl->random) != MC_OK || (ctl->loop = mc_loop_create()) == NULL ||
        mc_bus_open(&ctl->bus, why, sizeof why) != MC_OK) {
        fprintf(stderr, "motcuactl: %s\n", why);
        return false;
    }
    struct mc_links_options options = {.bus = ctl->bus,
                                       .loop = ctl->loop,
                                       .clock = &ctl->clock,
                                       .run_dir = ctl->run_dir,
                                       .remote = ctl->remote,
                                       .secret_key = ctl->secret_key};
    return (ctl->links = mc_links_create(&options)) != NULL;
}

static void close_ctl(struct ctl *ctl)
{
    mc_wipe(ctl->secret_key, sizeof ctl->secret_key);
    mc_links_destroy(ctl->links);
    mc_bus_close(ctl->bus);
    if (ctl->loop != NULL)
        mc_loop_destroy(ctl->loop);
    if (ctl->random.fill != NULL)
        mc_random_close(&ctl->random);
    if (ctl->arena.base != NULL)
        mc_arena_done(&ctl->arena);
}

static bool output_parse(const char *name, enum ctl_output *ret_output)
{
    static const char *const names[] = {"table", "json", "name"};

    for (unsigned i = 0; i < MC_LEN(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *ret_output = (enum ctl_output)i;
            return true;
        }
    return false;
}

/* What the command line says before the command. False: *ret_exit is how the program ends. */
struct said {
    const char *context;
    long watch_s;
};

static bool read_options(struct ctl *ctl, struct said *said, int argc, char **argv, int *ret_exit)
{
    static const struct option options[] = {
        {"run-dir", required_argument, NULL, 'r'},
        {"context", required_argument, NULL, 'c'},
        {"keys-dir", required_argument, NULL, 'k'},
        {"output", required_argument, NULL, 'o'},
        {"timeout", required_argument, NULL, 't'},
        {"watch", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };

    for (int c; (c = getopt_long(argc, argv, "+r:c:k:o:t:w:hv", options, NULL)) != -1;) {
        const char *value = optarg != NULL ? optarg : "";
        long seconds = strtol(value, NULL, 10);

        if (c == 'r') {
            ctl->run_dir = value;
        } else if (c == 'c') {
            said->context = value;
        } else if (c == 'k') {
            ctl->keys_dir = value;
        } else if (c == 'o' && strcmp(value, "wide") == 0) {
            ctl->wide = true;
        } else if (c == 'o' && output_parse(value, &ctl->output)) {
            continue;
        } else if (c == 't' && seconds > 0 && seconds <= SECONDS_MAX) {
            ctl->timeout_ms = 1000 * seconds;
        } else if (c == 'w' && seconds > 0 && seconds <= SECONDS_MAX) {
            said->watch_s = seconds;
        } else if (c == 'v') {
            printf("motcuactl %s\n", MC_VERSION);
            *ret_exit = CTL_OK;
            return false;
        } else {
            *ret_exit = c == 'h' ? usage(stdout, CTL_OK) : usage(stderr, CTL_USAGE);
            return false;
        }
    }
    return true;
}

/* Said on the line, else by a context, else by the environment, else where scripts/run puts it. */
static bool settle(struct ctl *ctl, const struct said *said)
{
    const char *run_dir = getenv("MOTCUA_RUN_DIR");   // NOLINT(concurrency-mt-unsafe): one thread
    const char *context = getenv("MOTCUA_CONTEXT");   // NOLINT(concurrency-mt-unsafe)
    const char *keys_dir = getenv("MOTCUA_KEYS_DIR"); // NOLINT(concurrency-mt-unsafe)

    if (said->context != NULL)
        context = said->context;
    if (ctl->run_dir == NULL && context == NULL)
        ctl->run_dir = run_dir;
    if (ctl->run_dir == NULL && !ctl_context_use(ctl, context))
        return false;
    if (ctl->run_dir == NULL)
        ctl->run_dir = "data/run";
    if (ctl->keys_dir == NULL)
        ctl->keys_dir = keys_dir != NULL ? keys_dir : "data/keys";
    if (ctl->timeout_ms == 0)
        ctl->timeout_ms = TIMEOUT_MS;
    return true;
}

static void rung(void *arg)
{
    *(bool *)arg = true;
}

/* Again and again, the screen cleared each time; an interrupt ends it. */
static int watch(struct ctl *ctl, const struct ctl_command *command, long every_s, int argc,
                 char **argv)
{
    bool due = true;
    struct mc_timer *timer = mc_timer_create(ctl->loop, rung, &due);
    size_t mark = ctl->arena.used;

    while (timer != NULL && mc_loop_step(ctl->loop, !due) == MC_OK) {
        if (!due)
            continue;
        due = false;
        mc_arena_rewind(&ctl->arena, mark);
        if (isatty(STDOUT_FILENO))
            printf("\033[H\033[J");
        (void)command->run(ctl, argc, argv);
        (void)fflush(stdout);
        mc_timer_start(timer, 1000 * every_s);
    }
    return CTL_SOFTWARE;
}

int motcuactl_main(int argc, char **argv)
{
    struct ctl ctl = {0};
    struct said said = {0};
    int code = CTL_SOFTWARE;
    int used = 0;

    if (!read_options(&ctl, &said, argc, argv, &code))
        return code;
    argc -= optind;
    argv += optind;
    const struct ctl_command *command = command_find(argc, argv, &used);
    if (command == NULL)
        return usage(stderr, CTL_USAGE);
    argc -= used;
    argv += used;
    bool opened = mc_arena_init(&ctl.arena, ARENA_SIZE) == MC_OK;
    if (opened && !settle(&ctl, &said))
        code = CTL_USAGE;
    else if (opened && open_ctl(&ctl))
        code = said.watch_s > 0 ? watch(&ctl, command, said.watch_s, argc, argv)
                                : command->run(&ctl, argc, argv);
    close_ctl(&ctl);
    return code;
}
