/*
 * Preferences: what of which kind somebody is told, and where; and the hours in which SMS that can
 * wait are not sent.
 *
 * What is switched off is kept by account, so that a new kind or channel is on. An account that was
 * merged has the switches of the one it went into. What the law or the account's safety wants
 * cannot be switched off, and is told even if a record says otherwise.
 */
#pragma once

#include "notification.h"

/*
 * Is an account told of this kind by this channel (one bit of enum notification_channel)? False
 * too when the call has failed.
 */
bool prefs_allow(const struct notification *notification, struct mc_txn *txn,
                 struct mc_bytes account, enum notification_kind kind, unsigned channel);

/* The channels that an account is told of a kind by, all in one; 0 too when the call has failed. */
unsigned prefs_channels(struct mc_txn *txn, struct mc_bytes account, enum notification_kind kind);

/* All kinds as they are for an account; for both handlers. */
enum mc_status prefs_tell(const struct notification *notification, struct mc_txn *txn,
                          struct mc_bytes account, Notification__Preferences *rep);

/* The room's bit of a channel on the wire; 0: none. */
unsigned prefs_channel(Notification__Channel channel);

/* Reads the quiet hours; MC_INVALID with a line in with->why. */
mc_nodiscard enum mc_status prefs_boot(struct notification *notification, struct mc_boot *with);

/* When the SMS of a kind may go that is made now: 0 at once, else when the quiet hours end. */
int64_t prefs_sms_due(const struct notification *notification, enum notification_kind kind,
                      int64_t now_ms);
