/*
 * Process: what every daemon of ours is made of before it does anything of its own.
 *
 * Command line, configuration in layers, keys, log, clock, randomness, loop, bus, links. Made
 * in this order, ended in reverse; a failure is one line on stderr and an exit code of
 * sysexits.h (64 usage, 78 configuration, 70 ours).
 *
 *     motcua-otp [-c file.yaml] [--set key=value]… [--config] [--version] [--help]
 *
 * Keys lie in keys.dir, one file each, made at first start when keys.generate is set:
 *
 *     <name>.master  seals what is at rest (secret)      <name>.sign   signs tokens (secret)
 *     <name>.pub     checks what <name> signed           <name>.curve  CURVE secret key, Z85
 *     <name>.curve.pub                                   callers       who may connect over TCP
 *     <name>.seal.1, .seal.2 …  made by `motcuactl key rotate`: the newest seals instead of
 * <name>.master
 *     <name>.sign.next, then .sign.1, .sign.2 …  by `motcuactl key publish` and `key switch`: the
 * newest with a number signs instead of <name>.sign; <name>.pub has a line for each that is valid
 */
#pragma once

#include "common/bus.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/crypto.h"
#include "common/links.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"

struct mc_process_config {
    const char *data_dir;
    const char *run_dir;
    const char *keys_dir;
    bool keys_generate;
    const char *log_level;
    const char *log_format;
    struct mc_config_list remote;
};

struct mc_process {
    const char *name; /* "otp": keys, log lines, socket */
    struct mc_process_config settings;
    char run_dir[128]; /* ours: <run.dir>/<name> */
    struct mc_config config;
    struct mc_config_group groups[3];
    struct mc_log log;
    struct mc_clock clock;
    struct mc_random random;
    struct mc_loop *loop;
    struct mc_notify *notify;
    struct mc_bus *bus;
    struct mc_links *links;
    void (*reload)(void *arg); /* on SIGHUP, when set */
    void *reload_arg;
    char caller[64];                       /* "room:otp" */
    char curve_secret[MC_BUS_KEY_LEN + 1]; /* ours */
};

/*
 * Readies a process. `groups` are the daemon's own configuration tables beside the house's
 * (at most 2). Returns true to go on; false: return *ret_exit from main at once.
 */
mc_nodiscard bool mc_process_open(struct mc_process *process, const char *name, int argc,
                                  char **argv, const struct mc_config_group *groups, size_t len,
                                  int *ret_exit);
void mc_process_close(struct mc_process *process);

/* Runs the loop until SIGTERM or SIGINT; tells systemd. */
mc_nodiscard enum mc_status mc_process_run(struct mc_process *process);

/* One line, level error, event "fatal"; returns 70 for main. */
int mc_process_fatal(struct mc_process *process, const char *why);

/* Our own secret of MC_KEY_LEN bytes ("master", "sign"); made when missing and allowed. */
mc_nodiscard enum mc_status mc_process_secret(struct mc_process *process, const char *kind,
                                              uint8_t ret_key[MC_KEY_LEN], char *why,
                                              size_t why_size);
/*
 * What opens our store: the key derived from `master`, or the newest of <name>.seal.1, .seal.2, …
 * with the one before it. MC_CONFLICT: two that cannot be told apart; *ret_number: 0, derived.
 */
mc_nodiscard enum mc_status mc_process_seal_keys(struct mc_process *process,
                                                 const uint8_t master[MC_KEY_LEN],
                                                 struct mc_keyring *ret_ring, unsigned *ret_number,
                                                 char *why, size_t why_size);
/*
 * What signs for us: the newest of <name>.sign.1, .sign.2 …, or else the first, `sign`.
 * *ret_number: 0, the first. <name>.sign.next is published already and signs nothing yet.
 */
mc_nodiscard enum mc_status mc_process_sign_seed(struct mc_process *process,
                                                 const uint8_t first[MC_KEY_LEN],
                                                 uint8_t ret_seed[MC_KEY_LEN], unsigned *ret_number,
                                                 char *why, size_t why_size);
/* The public signing keys of a room, from its .pub file; 0: there is none, or it is no such file.
 */
mc_nodiscard size_t mc_process_public_keys(void *process, const char *room,
                                           uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN]);
/* Writes our .pub file when it is missing. MC_CONFLICT: it is there, without this key. */
mc_nodiscard enum mc_status mc_process_publish(struct mc_process *process,
                                               const uint8_t public_key[MC_SIGN_PUBLIC_LEN]);
/* Path of a file in keys.dir; false when it does not fit. */
mc_nodiscard bool mc_process_key_path(const struct mc_process *process, const char *file, char *out,
                                      size_t size);

/* Makes a folder of ours and those above it that are missing. */
mc_nodiscard bool mc_folder_make(const char *path, unsigned mode);
/* A descriptor that keeps other processes of ours out of a folder until it is closed; -1: one is
 * there, or it cannot be opened. */
mc_nodiscard int mc_folder_lock(const char *path);
