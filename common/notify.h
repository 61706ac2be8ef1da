/*
 * Notify: what systemd wants to hear (sd_notify(3)), one datagram each; and the sockets it holds.
 *
 * Without a socket name (not started by systemd) every call is a harmless no-op. A lost datagram is
 * not an error for the daemon: nothing here reports failure except having no memory at the start.
 */
#pragma once

#include "common/base.h"

struct mc_loop;
struct mc_notify;

/*
 * `socket` and `watchdog_usec` are the values of NOTIFY_SOCKET and WATCHDOG_USEC, or NULL. With a
 * watchdog, WATCHDOG=1 is sent every half period for as long as the loop turns. NULL: no memory.
 */
mc_nodiscard struct mc_notify *mc_notify_create(struct mc_loop *loop, const char *socket,
                                                const char *watchdog_usec);
void mc_notify_destroy(struct mc_notify *notify);

void mc_notify_ready(struct mc_notify *notify);
void mc_notify_stopping(struct mc_notify *notify);
void mc_notify_status(struct mc_notify *notify, const char *text);

/*
 * A socket that somebody listens at for us (sd_listen_fds_with_names(3)): the values of LISTEN_PID,
 * LISTEN_FDS and LISTEN_FDNAMES, each may be NULL. 0: none of this name, or they are another
 * process's.
 */
int mc_notify_socket(const char *pid, const char *fds, const char *names, const char *name);
