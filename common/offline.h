/*
 * Offline: what a room's program does to its store instead of serving.
 *
 *     motcua-otp … --verify            looks at every row of its own store; it must not be running
 *     motcua-otp … --verify FOLDER     the same of a backup, and whether our keys open it
 *     motcua-otp … --restore FOLDER    puts a backup where the store belongs, which must be empty
 *     motcua-otp … --restore FOLDER --until MOMENT    carried on (redo.h) to yyyyMMddHHmmss, local
 *                                      time, to epoch ms, or to the "end" of what is told
 *
 * A restored store begins a new lineage (lineage.h), so that who had applied what it has lost is
 * told so instead of passing over what comes.
 */
#pragma once

#include "common/process.h"
#include "common/service.h"

struct mc_offline {
    enum { MC_ONLINE, MC_OFFLINE_VERIFY, MC_OFFLINE_RESTORE } what;
    const char *folder; /* NULL: our own store */
    const char *until;  /* NULL: as the backup is */
};

/* Takes these options out of the arguments. False: used wrongly, told on stderr. */
mc_nodiscard bool mc_offline_parse(int *argc, char **argv, struct mc_offline *ret_offline);
/* Exit code: 0 good, 65 the data is not, 70 it could not be done. */
int mc_offline_run(struct mc_process *process, const struct mc_room *room,
                   const struct mc_offline *offline);
