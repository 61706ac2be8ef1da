/* motcuactl: what its commands share. Nothing outside this folder includes it. */
#pragma once

#include <stdio.h>

#include "common/crypto.h"
#include "common/json.h"
#include "common/links.h"

#include "room.pb-c.h"

enum ctl_output { CTL_TABLE, CTL_JSON, CTL_NAME };

enum { CTL_ROOMS = 9 };
extern const char *const ctl_rooms[CTL_ROOMS];

/* sysexits.h, and Nagios' codes for `check`. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_WARNING = 1,
    CTL_CRITICAL = 2,
    CTL_USAGE = 64,
    CTL_DATA = 65,
    CTL_UNREACHABLE = 69,
    CTL_SOFTWARE = 70,
    CTL_REFUSED = 77,
};

struct ctl {
    const char *run_dir;
    const char *keys_dir;
    enum ctl_output output;
    bool wide;          /* a table with more columns */
    int64_t timeout_ms; /* 0: nobody has said */
    struct mc_config_list remote;
    char secret_key[MC_BUS_KEY_LEN + 1];
    char caller[64];
    const char *purpose; /* why personal data is read; NULL: none is */
    struct mc_clock clock;
    struct mc_random random;
    struct mc_loop *loop;
    struct mc_bus *bus;
    struct mc_links *links;
    struct mc_arena arena; /* replies live until the program ends */
};

/* A command: a noun, a verb (or NULL), what follows, one sentence, and what it does. */
struct ctl_command {
    const char *noun;
    const char *verb;
    const char *arguments;
    const char *sentence;
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_commands_len;

/* Where a house is: a file in ~/.config/motcua. */
struct ctl_context {
    const char *run_dir;
    struct mc_config_list remote;
    const char *key_file;
    int64_t timeout_ms;
};
/* By name; NULL: the current one, if any. False: told on stderr why not. */
bool ctl_context_use(struct ctl *ctl, const char *name);

/*
 * Calls a method of a room and waits. NULL: refused (told on stderr, *ret_exit says how the
 * program ends) or not reached.
 */
void *ctl_call(struct ctl *ctl, const char *room, const ProtobufCServiceDescriptor *service,
               const char *method, const ProtobufCMessage *request, int *ret_exit);

/* The same of every room, all at once: those that are down are waited for once, not one by one. */
void ctl_call_rooms(struct ctl *ctl, const ProtobufCServiceDescriptor *service, const char *method,
                    const ProtobufCMessage *request, void *ret_replies[CTL_ROOMS], int *ret_exit);

/* Asks one room for upkeep, waits for its end, and prints what came of it; the exit code. */
int ctl_upkeep_run(struct ctl *ctl, const char *room, Motcua__UpkeepKind kind, const char *reason);
/* A moment for others, of a fifth of a second. */
void ctl_pause(struct ctl *ctl);
/* A new key file is for the user that owns the one it is like (root made it). */
bool ctl_key_give(const char *path, const char *like);

/* Prints any message as JSON. */
int ctl_print_json(struct ctl *ctl, const ProtobufCMessage *message);

/* A file's bytes, until the program ends; none: told on stderr why. */
struct mc_bytes ctl_file_read(struct ctl *ctl, const char *path);
/* Bytes of the first line; of as many whole lines as one part may hold. */
size_t ctl_csv_line(struct mc_bytes text);
size_t ctl_csv_part(struct mc_bytes rest);

int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_check(struct ctl *ctl, int argc, char **argv);
int ctl_trace(struct ctl *ctl, int argc, char **argv);
int ctl_dashboard_token(struct ctl *ctl, int argc, char **argv);
int ctl_queue_list(struct ctl *ctl, int argc, char **argv);
int ctl_queue_peek(struct ctl *ctl, int argc, char **argv);
int ctl_queue_prepare(struct ctl *ctl, int argc, char **argv);
int ctl_queue_run(struct ctl *ctl, int argc, char **argv);
int ctl_queue_approve(struct ctl *ctl, int argc, char **argv);
int ctl_queue_stop(struct ctl *ctl, int argc, char **argv);
int ctl_queue_shape(struct ctl *ctl, int argc, char **argv);
int ctl_queue_forecast(struct ctl *ctl, int argc, char **argv);
int ctl_queue_find(struct ctl *ctl, int argc, char **argv);
int ctl_queue_job(struct ctl *ctl, int argc, char **argv);
int ctl_queue_pause(struct ctl *ctl, int argc, char **argv);
int ctl_queue_resume(struct ctl *ctl, int argc, char **argv);
int ctl_queue_check(struct ctl *ctl, int argc, char **argv);
int ctl_queue_actions(struct ctl *ctl, int argc, char **argv);
int ctl_gateway_list(struct ctl *ctl, int argc, char **argv);
int ctl_gateway_pause(struct ctl *ctl, int argc, char **argv);
int ctl_gateway_drain(struct ctl *ctl, int argc, char **argv);
int ctl_gateway_resume(struct ctl *ctl, int argc, char **argv);
int ctl_partner_list(struct ctl *ctl, int argc, char **argv);
int ctl_partner_show(struct ctl *ctl, int argc, char **argv);
int ctl_partner_save(struct ctl *ctl, int argc, char **argv);
int ctl_partner_credential(struct ctl *ctl, int argc, char **argv);
int ctl_partner_pause(struct ctl *ctl, int argc, char **argv);
int ctl_partner_resume(struct ctl *ctl, int argc, char **argv);
int ctl_partner_checks(struct ctl *ctl, int argc, char **argv);
int ctl_partner_contracts(struct ctl *ctl, int argc, char **argv);
int ctl_partner_webhooks(struct ctl *ctl, int argc, char **argv);
int ctl_partner_certificate(struct ctl *ctl, int argc, char **argv);
int ctl_webhook_resume(struct ctl *ctl, int argc, char **argv);
int ctl_delivery_list(struct ctl *ctl, int argc, char **argv);
int ctl_delivery_show(struct ctl *ctl, int argc, char **argv);
int ctl_delivery_mark(struct ctl *ctl, int argc, char **argv);
int ctl_sms_costs(struct ctl *ctl, int argc, char **argv);
int ctl_sms_alarms(struct ctl *ctl, int argc, char **argv);
int ctl_alert_list(struct ctl *ctl, int argc, char **argv);
int ctl_alert_show(struct ctl *ctl, int argc, char **argv);
int ctl_alert_follow(struct ctl *ctl, int argc, char **argv);
int ctl_alert_subscribe(struct ctl *ctl, int argc, char **argv);
int ctl_alert_sent(struct ctl *ctl, int argc, char **argv);
int ctl_notice_list(struct ctl *ctl, int argc, char **argv);
int ctl_notice_show(struct ctl *ctl, int argc, char **argv);
int ctl_template_list(struct ctl *ctl, int argc, char **argv);
int ctl_template_preview(struct ctl *ctl, int argc, char **argv);
int ctl_rights_grant(struct ctl *ctl, int argc, char **argv);
int ctl_agency_import(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_import(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_fetch(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_preview(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_apply(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_resume(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_undo(struct ctl *ctl, int argc, char **argv);
int ctl_procedure_imports(struct ctl *ctl, int argc, char **argv);
int ctl_codes_import(struct ctl *ctl, int argc, char **argv);
int ctl_map_propose(struct ctl *ctl, int argc, char **argv);
int ctl_map_list(struct ctl *ctl, int argc, char **argv);
int ctl_map_decide(struct ctl *ctl, int argc, char **argv);
int ctl_map_sign(struct ctl *ctl, int argc, char **argv);
int ctl_map_export(struct ctl *ctl, int argc, char **argv);
int ctl_client_list(struct ctl *ctl, int argc, char **argv);
int ctl_client_save(struct ctl *ctl, int argc, char **argv);
int ctl_client_secret(struct ctl *ctl, int argc, char **argv);
int ctl_account_count(struct ctl *ctl, int argc, char **argv);
int ctl_account_set(struct ctl *ctl, int argc, char **argv);
int ctl_audit_head(struct ctl *ctl, int argc, char **argv);
int ctl_audit_verify(struct ctl *ctl, int argc, char **argv);
int ctl_audit_checkpoint(struct ctl *ctl, int argc, char **argv);
int ctl_audit_key(struct ctl *ctl, int argc, char **argv);
int ctl_audit_prove(struct ctl *ctl, int argc, char **argv);
int ctl_audit_export(struct ctl *ctl, int argc, char **argv);
int ctl_audit_forget(struct ctl *ctl, int argc, char **argv);
int ctl_payment_reconcile(struct ctl *ctl, int argc, char **argv);
int ctl_payment_account(struct ctl *ctl, int argc, char **argv);
int ctl_payment_cases(struct ctl *ctl, int argc, char **argv);
int ctl_dossier_unsynced(struct ctl *ctl, int argc, char **argv);
int ctl_dossier_states(struct ctl *ctl, int argc, char **argv);
int ctl_dossier_overdue(struct ctl *ctl, int argc, char **argv);
int ctl_dossier_forecast(struct ctl *ctl, int argc, char **argv);
int ctl_indicators_show(struct ctl *ctl, int argc, char **argv);
int ctl_indicators_export(struct ctl *ctl, int argc, char **argv);
int ctl_indicators_check(struct ctl *ctl, int argc, char **argv);
int ctl_rounds_list(struct ctl *ctl, int argc, char **argv);
int ctl_rounds_show(struct ctl *ctl, int argc, char **argv);
int ctl_ledger_check(struct ctl *ctl, int argc, char **argv);
int ctl_backup_run(struct ctl *ctl, int argc, char **argv);
int ctl_backup_list(struct ctl *ctl, int argc, char **argv);
int ctl_backup_verify(struct ctl *ctl, int argc, char **argv);
int ctl_backup_gap(struct ctl *ctl, int argc, char **argv);
int ctl_mail_bounced(struct ctl *ctl, int argc, char **argv);
int ctl_config_show(struct ctl *ctl, int argc, char **argv);
int ctl_config_check(struct ctl *ctl, int argc, char **argv);
int ctl_config_diff(struct ctl *ctl, int argc, char **argv);
int ctl_store_verify(struct ctl *ctl, int argc, char **argv);
int ctl_store_upkeep(struct ctl *ctl, int argc, char **argv);
int ctl_store_stop(struct ctl *ctl, int argc, char **argv);
int ctl_follow_accept(struct ctl *ctl, int argc, char **argv);
int ctl_retention_show(struct ctl *ctl, int argc, char **argv);
int ctl_retention_preview(struct ctl *ctl, int argc, char **argv);
int ctl_retention_hold(struct ctl *ctl, int argc, char **argv);
int ctl_support_list(struct ctl *ctl, int argc, char **argv);
int ctl_support_show(struct ctl *ctl, int argc, char **argv);
int ctl_support_assign(struct ctl *ctl, int argc, char **argv);
int ctl_support_answer(struct ctl *ctl, int argc, char **argv);
int ctl_support_states(struct ctl *ctl, int argc, char **argv);
int ctl_feedback_list(struct ctl *ctl, int argc, char **argv);
int ctl_feedback_show(struct ctl *ctl, int argc, char **argv);
int ctl_key_rotate(struct ctl *ctl, int argc, char **argv);
int ctl_key_resume(struct ctl *ctl, int argc, char **argv);
int ctl_key_publish(struct ctl *ctl, int argc, char **argv);
int ctl_key_switch(struct ctl *ctl, int argc, char **argv);
int ctl_key_retire(struct ctl *ctl, int argc, char **argv);
int ctl_key_make(struct ctl *ctl, int argc, char **argv);
int ctl_context_list(struct ctl *ctl, int argc, char **argv);
int ctl_context_show(struct ctl *ctl, int argc, char **argv);
int ctl_context_use_command(struct ctl *ctl, int argc, char **argv);
int ctl_completion(struct ctl *ctl, int argc, char **argv);
int ctl_manual(struct ctl *ctl, int argc, char **argv);

/* A CSV in parts of at most 400 whole lines, each behind the head line; an empty text ends it. */
struct ctl_part {
    struct mc_bytes head;
    struct mc_bytes rest;
    struct mc_bytes text;
};
struct ctl_part ctl_part_first(struct ctl *ctl, struct mc_bytes text);
struct ctl_part ctl_part_next(struct ctl *ctl, const struct ctl_part *before);

/* What a room says of itself; NULL: told on stderr why. */
const Motcua__StatsReply *ctl_stats(struct ctl *ctl, const char *room, int *ret_exit);
/* Of every room at once, in the order of ctl_rooms; NULL: it is silent. */
void ctl_stats_all(struct ctl *ctl, const Motcua__StatsReply *ret_told[CTL_ROOMS], int *ret_exit);
void ctl_print_job(const Motcua__Job *job, int64_t now_ms);
void ctl_print_pauses(const Motcua__LaneStats *stats);

/* "30m", "2h", "3d" from now, or a local time: 2026-09-07T15:00. False: neither. */
bool ctl_until_parse(const char *text, int64_t now_ms, int64_t *ret_ms);
/* In either case: "dead" as well as "DEAD". False, and told on stderr: no such value. */
bool ctl_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *ret_value);

/* "3s", "12m", "5h", "2d" into a small buffer of the caller. */
enum { CTL_AGE_SIZE = 24 }; /* any number of days */
const char *ctl_age(char out[CTL_AGE_SIZE], int64_t ms);
