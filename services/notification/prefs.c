/* Who is told what, where, and when not. */
#include "prefs.h"

#include <stdio.h>
#include <string.h>

#include "common/date.h"

#define MINUTE_MS INT64_C(60000)
enum { DAY_MINUTES = 24 * 60 };

static unsigned off_of(const NotificationState__Preferences *preferences,
                       enum notification_kind kind)
{
    for (size_t i = 0; preferences != NULL && i < preferences->n_off; i++)
        if (strcmp(preferences->off[i]->kind, notification_kinds[kind].key) == 0)
            return preferences->off[i]->channels & ~notification_kinds[kind].locked;
    return 0;
}

static const NotificationState__Preferences *load(struct mc_txn *txn, struct mc_bytes account)
{
    return mc_load(txn, NOTIFICATION_PREFERENCES, notification_recipient(txn, account),
                   &notification_state__preferences__descriptor);
}

unsigned prefs_channels(struct mc_txn *txn, struct mc_bytes account, enum notification_kind kind)
{
    unsigned off = off_of(load(txn, account), kind);

    return txn->status == MC_OK ? ~off : 0;
}

bool prefs_allow(const struct notification *notification, struct mc_txn *txn,
                 struct mc_bytes account, enum notification_kind kind, unsigned channel)
{
    (void)notification;
    return (prefs_channels(txn, account, kind) & channel) != 0;
}

static const Notification__Channel channels[] = {
    NOTIFICATION__CHANNEL__INBOX, NOTIFICATION__CHANNEL__SMS, NOTIFICATION__CHANNEL__EMAIL};

unsigned prefs_channel(Notification__Channel channel)
{
    for (unsigned i = 0; i < MC_LEN(channels); i++)
        if (channels[i] == channel)
            return 1U << i;
    return 0;
}

/* NULL: the arena is full. */
static Notification__KindPreference *tell_kind(struct mc_txn *txn, enum notification_kind kind,
                                               unsigned off)
{
    const struct notification_kind_row *row = &notification_kinds[kind];
    Notification__KindPreference *told = mc_alloc(txn->arena, sizeof *told);
    Notification__ChannelPreference *each = mc_alloc(txn->arena, MC_LEN(channels) * sizeof *each);
    Notification__ChannelPreference **list =
        mc_alloc(txn->arena, MC_LEN(channels) * sizeof(Notification__ChannelPreference *));

    if (told == NULL || each == NULL || list == NULL)
        return NULL;
    for (size_t i = 0; i < MC_LEN(channels); i++) {
        unsigned bit = prefs_channel(channels[i]);

        notification__channel_preference__init(&each[i]);
        each[i].channel = channels[i];
        each[i].on = (off & bit) == 0;
        each[i].locked = (row->locked & bit) != 0;
        list[i] = &each[i];
    }
    notification__kind_preference__init(told);
    told->kind = mc_unconst(row->key);
    told->name = mc_unconst(row->name);
    told->quiet = row->quiet;
    told->channels = list;
    told->n_channels = MC_LEN(channels);
    return told;
}

enum mc_status prefs_tell(const struct notification *notification, struct mc_txn *txn,
                          struct mc_bytes account, Notification__Preferences *rep)
{
    const NotificationState__Preferences *preferences = load(txn, account);

    rep->quiet_from = mc_unconst(notification->quiet.from_text);
    rep->quiet_until = mc_unconst(notification->quiet.until_text);
    rep->kinds =
        mc_alloc(txn->arena, NOTIFICATION_KINDS_LEN * sizeof(Notification__KindPreference *));
    for (unsigned kind = 0; rep->kinds != NULL && kind < NOTIFICATION_KINDS_LEN; kind++) {
        unsigned off = off_of(preferences, (enum notification_kind)kind);

        rep->kinds[kind] = tell_kind(txn, (enum notification_kind)kind, off);
        if (rep->kinds[kind] == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        rep->n_kinds++;
    }
    return rep->kinds != NULL ? txn->status : mc_fail(txn, MC_LIMITED, "arena full");
}

/* HH:MM, as minutes of the day. */
static bool minutes_read(const char *text, int *ret_minutes)
{
    if (strlen(text) != 5 || strspn(text, "0123456789") != 2 || text[2] != ':' ||
        strspn(text + 3, "0123456789") != 2)
        return false;
    int hour = (text[0] - '0') * 10 + (text[1] - '0');
    int minute = (text[3] - '0') * 10 + (text[4] - '0');
    *ret_minutes = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

static int night_minutes(const struct notification_quiet *quiet)
{
    return (quiet->until - quiet->from + DAY_MINUTES) % DAY_MINUTES;
}

enum mc_status prefs_boot(struct notification *notification, struct mc_boot *with)
{
    struct notification_quiet *quiet = &notification->quiet;
    const char *why = NULL;

    if (!minutes_read(quiet->from_text, &quiet->from))
        why = "notification.quiet_from: must be HH:MM";
    else if (!minutes_read(quiet->until_text, &quiet->until))
        why = "notification.quiet_until: must be HH:MM";
    else if (night_minutes(quiet) > NOTIFICATION_NIGHT_HOURS_MAX * 60)
        why = "notification.quiet_until: at most 12 hours after quiet_from";
    else if (notification->sms_life_ms <= night_minutes(quiet) * MINUTE_MS)
        why = "notification.sms_life: an SMS that waits for the morning would be too old then";
    if (why == NULL)
        return MC_OK;
    (void)snprintf(with->why, sizeof with->why, "%s", why);
    return MC_INVALID;
}

int64_t prefs_sms_due(const struct notification *notification, enum notification_kind kind,
                      int64_t now_ms)
{
    const struct notification_quiet *quiet = &notification->quiet;

    if (!notification_kinds[kind].quiet)
        return 0;
    struct mc_local local = mc_local_from_ms(now_ms);
    int minutes = local.hour * 60 + local.minute;
    int since = (minutes - quiet->from + DAY_MINUTES) % DAY_MINUTES;
    if (since >= night_minutes(quiet))
        return 0;
    int left = night_minutes(quiet) - since;
    return now_ms / MINUTE_MS * MINUTE_MS + left * MINUTE_MS;
}
