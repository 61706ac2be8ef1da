/*
 * SetPreferences: switches kinds of notices on and off, for the session's own account. They hold
 * for what happens from then on, and for SMS that wait for the morning. All are taken, or none.
 */
#include <string.h>

#include "prefs.h"

static const char *channel_name(unsigned channel)
{
    switch (channel) {
    case NOTIFICATION_INBOX:
        return "hộp thư trên Cổng";
    case NOTIFICATION_SMS:
        return "tin nhắn SMS";
    default:
        return "email";
    }
}

static void refuse_at(struct mc_txn *txn, size_t i, const char *member, const char *code,
                      const char *name)
{
    const char *field = mc_sprintf(txn->arena, "switches[%zu].%s", i, member);

    if (field == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_refuse(txn, MC_INVALID, field, code, "field", name, NULL);
}

static bool named_before(const Notification__SetPreferencesRequest *req, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (req->switches[k]->channel == req->switches[i]->channel &&
            strcmp(req->switches[k]->kind, req->switches[i]->kind) == 0)
            return true;
    return false;
}

static void check_one(struct mc_txn *txn, const Notification__SetPreferencesRequest *req, size_t i)
{
    const Notification__PreferenceSwitch *one = req->switches[i];
    enum notification_kind kind = notification_kind_find(one->kind);
    unsigned channel = prefs_channel(one->channel);

    if (kind == NOTIFICATION_KINDS_LEN)
        refuse_at(txn, i, "kind", "FIELD_INVALID", "Loại thông báo");
    if (channel == 0)
        refuse_at(txn, i, "channel", "FIELD_INVALID", "Kênh nhận thông báo");
    if (kind == NOTIFICATION_KINDS_LEN || channel == 0)
        return;
    if (named_before(req, i))
        refuse_at(txn, i, "channel", "NOTICE_SWITCH_TWICE", "");
    if (one->on || (notification_kinds[kind].locked & channel) == 0)
        return;
    const char *field = mc_sprintf(txn->arena, "switches[%zu].on", i);
    if (field == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_refuse(txn, MC_INVALID, field, "NOTICE_LOCKED", "kind",
                        notification_kinds[kind].name, "channel", channel_name(channel), NULL);
}

static void check(struct mc_txn *txn, const Notification__SetPreferencesRequest *req)
{
    if (req->n_switches == 0)
        (void)mc_refuse(txn, MC_INVALID, "switches", "FIELD_REQUIRED", "field",
                        "lựa chọn nhận thông báo", NULL);
    if (req->n_switches > NOTIFICATION_SWITCHES_MAX)
        (void)mc_refuse(txn, MC_INVALID, "switches", "FIELD_TOO_LONG", "field",
                        "Danh sách lựa chọn", "max", "30", NULL);
    for (size_t i = 0; i < req->n_switches && i < NOTIFICATION_SWITCHES_MAX; i++)
        check_one(txn, req, i);
}

/* The record in force, with a place for each kind; NULL: the call has failed. */
static NotificationState__Preferences *load(struct mc_txn *txn, struct mc_bytes owner)
{
    const NotificationState__Preferences *old =
        mc_load(txn, NOTIFICATION_PREFERENCES, owner, &notification_state__preferences__descriptor);
    NotificationState__Preferences *preferences = mc_alloc(txn->arena, sizeof *preferences);
    NotificationState__KindOff *rows = mc_alloc(txn->arena, NOTIFICATION_KINDS_LEN * sizeof *rows);

    if (txn->status != MC_OK || preferences == NULL || rows == NULL)
        return NULL;
    notification_state__preferences__init(preferences);
    preferences->off =
        mc_alloc(txn->arena, NOTIFICATION_KINDS_LEN * sizeof(NotificationState__KindOff *));
    if (preferences->off == NULL)
        return NULL;
    for (unsigned kind = 0; kind < NOTIFICATION_KINDS_LEN; kind++) {
        notification_state__kind_off__init(&rows[kind]);
        rows[kind].kind = mc_unconst(notification_kinds[kind].key);
        preferences->off[preferences->n_off++] = &rows[kind];
        for (size_t i = 0; old != NULL && i < old->n_off; i++)
            if (strcmp(old->off[i]->kind, rows[kind].kind) == 0)
                rows[kind].channels = old->off[i]->channels;
    }
    return preferences;
}

/* Found by the account whose switches they are, and by the one that went into it. */
static void tell(struct mc_txn *txn, const Notification__PreferencesChanged *changed,
                 struct mc_bytes owner)
{
    char uuid[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(uuid, owner.data);
    bool merged = strcmp(uuid, changed->account_id) != 0;
    const char *keys[] = {mc_sprintf(txn->arena, "account:%s", uuid),
                          merged ? mc_sprintf(txn->arena, "account:%s", changed->account_id) : NULL,
                          NULL};

    if (keys[0] == NULL || (merged && keys[1] == NULL))
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_emit(txn, "notification.preferences_changed", &changed->base, MC_PLAIN, keys);
}

enum mc_status notification_set_preferences(struct notification *notification, struct mc_txn *txn,
                                            const Notification__SetPreferencesRequest *req,
                                            Notification__Preferences *rep)
{
    struct mc_bytes account = notification_caller_account(txn);
    Notification__PreferencesChanged changed = NOTIFICATION__PREFERENCES_CHANGED__INIT;
    Notification__PreferenceSwitch *moved[NOTIFICATION_SWITCHES_MAX];

    check(txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes owner = notification_recipient(txn, account);
    NotificationState__Preferences *preferences = load(txn, owner);
    if (preferences == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    changed.switches = moved;
    for (size_t i = 0; i < req->n_switches; i++) {
        uint32_t *off = &preferences->off[notification_kind_find(req->switches[i]->kind)]->channels;
        uint32_t channel = prefs_channel(req->switches[i]->channel);
        uint32_t now = req->switches[i]->on ? *off & ~channel : *off | channel;

        if (now != *off)
            moved[changed.n_switches++] = req->switches[i];
        *off = now;
    }
    if (changed.n_switches > 0) {
        mc_save(txn, NOTIFICATION_PREFERENCES, owner, &preferences->base);
        changed.account_id = mc_unconst(txn->caller->account_id);
        tell(txn, &changed, owner);
    }
    return prefs_tell(notification, txn, account, rep);
}
