/*
 * Episodes: from the first failure of something until everything that failed is mended.
 *
 *     NOTIFICATION_EPISODES: blind hash of service, unit, group, subject (16) -> AlertEpisode
 *     NOTIFICATION_FAILING:  episode, blind hash of what failed -> nothing
 *     NOTIFICATION_TOLD:     episode, subscription id -> AlertTold
 *     NOTIFICATION_ALERTS_DUE: time (8), episode, subscription id -> nothing
 *
 * The first failure is told at once. What fails within the rule's window after a message is told
 * in the next one, with how many they were; so is what the subscription's budget leaves no place
 * for: nothing is lost, it is put together. Something that fails twice counts once. When the last
 * of what failed is mended, those who were told of the episode are told that once, and the episode
 * is gone: the next failure begins another. It follows from this that every alert has its recovery
 * message and no recovery comes without an alert, whatever the order of events.
 */
#include <string.h>

#include "common/retention.h"

#include "alert.h"

enum { DUE_KEY_LEN = 8 + MC_ID_LEN + MC_ID_LEN };

/* What one subscription is told of one episode. */
struct listener {
    struct mc_bytes key; /* of its AlertTold */
    struct mc_bytes id;
    const NotificationState__AlertSubscription *subscription;
    NotificationState__AlertTold *told;
};

static struct mc_bytes episode_key(struct mc_txn *txn, const char *service, const char *group,
                                   const struct alert_fact *fact)
{
    const char *text =
        mc_sprintf(txn->arena, "%s\n%s\n%s\n%s", service, fact->unit, group, fact->subject);

    if (text == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    return mc_blind(txn, "alert.episode", text);
}

static struct mc_bytes failing_key(struct mc_txn *txn, struct mc_bytes episode, const char *object)
{
    return mc_key_join(txn, episode, mc_blind(txn, "alert.object", object));
}

static NotificationState__AlertEpisode *episode_load(struct mc_txn *txn, struct mc_bytes key)
{
    return mc_load(txn, NOTIFICATION_EPISODES, key, &notification_state__alert_episode__descriptor);
}

static struct mc_bytes due_key(struct mc_txn *txn, int64_t at_ms, struct mc_bytes told_key)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), told_key);
}

static struct mc_bytes budget_key(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_key_join(txn, mc_key_text("s"), id);
}

static NotificationState__AlertTold *told_open(struct mc_txn *txn, struct mc_bytes key)
{
    NotificationState__AlertTold *told =
        mc_load(txn, NOTIFICATION_TOLD, key, &notification_state__alert_told__descriptor);

    if (told == NULL && txn->status == MC_OK) {
        told = mc_alloc(txn->arena, sizeof *told);
        if (told == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        else
            notification_state__alert_told__init(told);
    }
    return told;
}

static bool listens(const NotificationState__AlertSubscription *subscription)
{
    return subscription != NULL && subscription->following && !subscription->deleted;
}

static void tell_now(const struct notification *notification, struct mc_txn *txn,
                     const NotificationState__AlertEpisode *episode, const struct alert_rule *rule,
                     const struct listener *listener)
{
    NotificationState__AlertTold *told = listener->told;
    const struct alert_message message = {
        .subscription_id = listener->id,
        .subscription = listener->subscription,
        .episode = episode,
        .rule = rule,
        .kind = told->count == 0 ? NOTIFICATION__ALERT_KIND__ALERT_FAILURE
                                 : NOTIFICATION__ALERT_KIND__ALERT_MORE,
        .more = episode->count - told->count - 1,
    };

    alert_send(notification, txn, &message);
    alert_budget_count(txn, budget_key(txn, listener->id), notification->alerts_per_subscription,
                       txn->now_ms);
    told->count = episode->count;
    told->next_ms = txn->now_ms + rule->window_ms;
    told->due_ms = 0;
    mc_save(txn, NOTIFICATION_TOLD, listener->key, &told->base);
}

/* Now, or when its window and its budget allow it. */
static void tell_or_plan(const struct notification *notification, struct mc_txn *txn,
                         const NotificationState__AlertEpisode *episode,
                         const struct alert_rule *rule, const struct listener *listener)
{
    NotificationState__AlertTold *told = listener->told;
    int64_t free_at = alert_budget_free_at(txn, budget_key(txn, listener->id),
                                           notification->alerts_per_subscription);
    int64_t at_ms = MC_MAX(told->next_ms, free_at);

    if (at_ms <= txn->now_ms) {
        tell_now(notification, txn, episode, rule, listener);
        return;
    }
    told->due_ms = at_ms;
    mc_put(txn, NOTIFICATION_ALERTS_DUE, due_key(txn, at_ms, listener->key), (struct mc_bytes){0});
    mc_save(txn, NOTIFICATION_TOLD, listener->key, &told->base);
}

static void tell_all(const struct notification *notification, struct mc_txn *txn,
                     struct mc_bytes key, const NotificationState__AlertEpisode *episode,
                     const struct alert_rule *rule)
{
    struct mc_bytes ids[ALERT_HOUSE_MAX];
    size_t n = alert_subscribed_to(txn, episode->service_type, episode->unit, ids);

    for (size_t i = 0; i < n && txn->status == MC_OK; i++) {
        struct listener listener = {
            .key = mc_key_join(txn, key, ids[i]),
            .id = ids[i],
            .subscription = alert_subscription_load(txn, ids[i]),
        };

        listener.told = told_open(txn, listener.key);
        if (listener.told != NULL && listens(listener.subscription) && listener.told->due_ms == 0)
            tell_or_plan(notification, txn, episode, rule, &listener);
    }
}

static void describe(NotificationState__AlertEpisode *episode, const struct alert_rule *rule,
                     const struct alert_fact *fact)
{
    episode->rule_event = mc_unconst(rule->event);
    episode->member = mc_unconst(fact->member);
    episode->code = mc_unconst(fact->code);
    episode->error = mc_unconst(fact->error);
    episode->attempts = fact->attempts;
    episode->keys = fact->event->keys;
    episode->n_keys = MC_MIN(fact->event->n_keys, (size_t)NOTIFICATION_KEYS_MAX);
}

static void failed(const struct notification *notification, struct mc_txn *txn, const char *service,
                   const struct alert_rule *rule, const struct alert_fact *fact)
{
    NotificationState__AlertEpisode fresh = NOTIFICATION_STATE__ALERT_EPISODE__INIT;
    struct mc_bytes key = episode_key(txn, service, rule->group, fact);
    NotificationState__AlertEpisode *episode = episode_load(txn, key);
    struct mc_bytes object = failing_key(txn, key, fact->object);
    struct mc_bytes known;

    if (episode == NULL) {
        episode = &fresh;
        episode->group = mc_unconst(rule->group);
        episode->service_type = mc_unconst(service);
        episode->unit = mc_unconst(fact->unit);
        episode->subject = mc_unconst(fact->subject);
        episode->since_ms = fact->event->at_ms;
    }
    bool again = mc_get(txn, NOTIFICATION_FAILING, object, &known);
    describe(episode, rule, fact);
    if (!again) {
        episode->count++;
        episode->open++;
        mc_put(txn, NOTIFICATION_FAILING, object, (struct mc_bytes){0});
    }
    mc_save(txn, NOTIFICATION_EPISODES, key, &episode->base);
    /* A room that reads another's journal from its start hears old news: kept, not told. */
    if (!again && fact->event->at_ms + notification->sms_life_ms > txn->now_ms)
        tell_all(notification, txn, key, episode, rule);
}

static void tell_over(const struct notification *notification, struct mc_txn *txn,
                      const NotificationState__AlertEpisode *episode, const struct alert_rule *rule,
                      struct mc_bytes id, const NotificationState__AlertTold *told)
{
    const struct alert_message message = {
        .subscription_id = id,
        .subscription = alert_subscription_load(txn, id),
        .episode = episode,
        .rule = rule,
        .kind = NOTIFICATION__ALERT_KIND__ALERT_RECOVERY,
    };

    if (rule != NULL && told->count > 0 && listens(message.subscription))
        alert_send(notification, txn, &message);
}

static void end(const struct notification *notification, struct mc_txn *txn, struct mc_bytes key,
                const NotificationState__AlertEpisode *episode)
{
    const struct alert_rule *rule =
        alert_rule_find(&notification->alerts, episode->rule_event, episode->service_type);
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_TOLD, key, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        const NotificationState__AlertTold *told =
            mc_row(&cursor, &notification_state__alert_told__descriptor);
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + key.len, MC_ID_LEN};

        if (told == NULL)
            return;
        if (told->due_ms != 0)
            mc_drop(txn, NOTIFICATION_ALERTS_DUE, due_key(txn, told->due_ms, cursor.key));
        tell_over(notification, txn, episode, rule, id, told);
        mc_drop(txn, NOTIFICATION_TOLD, cursor.key);
    }
    mc_drop(txn, NOTIFICATION_EPISODES, key);
}

static void mended(const struct notification *notification, struct mc_txn *txn, const char *service,
                   const struct alert_rule *rule, const struct alert_fact *fact)
{
    struct mc_bytes key = episode_key(txn, service, rule->group, fact);
    NotificationState__AlertEpisode *episode = episode_load(txn, key);
    struct mc_bytes object = failing_key(txn, key, fact->object);
    struct mc_bytes known;

    if (episode == NULL || !mc_get(txn, NOTIFICATION_FAILING, object, &known))
        return;
    mc_drop(txn, NOTIFICATION_FAILING, object);
    episode->open--;
    if (episode->open == 0)
        end(notification, txn, key, episode);
    else
        mc_save(txn, NOTIFICATION_EPISODES, key, &episode->base);
}

void alert_hear(const struct notification *notification, struct mc_txn *txn,
                const struct alert_fact *fact)
{
    const struct alert_book *book = &notification->alerts;
    const struct alert_service *service =
        fact->api_type != NULL ? alert_service_of_api(book, fact->api_type) : NULL;
    const struct alert_rule *rule =
        alert_rule_find(book, fact->event->type, service != NULL ? service->key : NULL);

    if (rule == NULL || (service == NULL && strcmp(rule->service, "*") == 0))
        return;
    const char *key = service != NULL ? service->key : rule->service;
    const struct alert_service *about = alert_service_find(book, key);
    if (fact->unit[0] == '\0' && (about == NULL || !about->of_the_house))
        return; /* of no unit, and yet not the house's own: nobody's */
    bool well = rule->effect == ALERT_MENDS || (rule->effect == ALERT_EITHER && fact->well);
    if (well)
        mended(notification, txn, key, rule, fact);
    else
        failed(notification, txn, key, rule, fact);
}

static void tell_due(const struct notification *notification, struct mc_txn *txn,
                     struct mc_bytes told_key)
{
    struct mc_bytes key = {told_key.data, MC_ID_LEN};
    struct listener listener = {
        .key = told_key,
        .id = {(const uint8_t *)told_key.data + MC_ID_LEN, MC_ID_LEN},
    };
    const NotificationState__AlertEpisode *episode = episode_load(txn, key);
    const struct alert_rule *rule =
        episode != NULL
            ? alert_rule_find(&notification->alerts, episode->rule_event, episode->service_type)
            : NULL;

    listener.subscription = alert_subscription_load(txn, listener.id);
    listener.told = told_open(txn, told_key);
    if (listener.told == NULL)
        return;
    listener.told->due_ms = 0;
    if (rule != NULL && listens(listener.subscription) && episode->count > listener.told->count)
        tell_or_plan(notification, txn, episode, rule, &listener);
    else
        mc_save(txn, NOTIFICATION_TOLD, told_key, &listener.told->base);
}

/* Ids are time-ordered, so the oldest come first. */
static void drop_old(const struct notification *notification, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_ALERTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (size_t n = 0; n < ALERT_TICK_ROWS && mc_next(&cursor); n++) {
        int64_t at_ms = 0;

        if (!mc_uuid7_time(cursor.key.data, &at_ms) ||
            at_ms + notification->alert_keep_ms > txn->now_ms)
            break;
        const NotificationState__Alert *alert =
            mc_row(&cursor, &notification_state__alert__descriptor);
        if (alert == NULL)
            return;
        mc_unit_index_drop(txn, NOTIFICATION_ALERT_UNITS, "a", alert->unit, cursor.key);
        mc_drop(txn, NOTIFICATION_ALERTS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "alerts", gone);
}

void alert_tick(const struct notification *notification, struct mc_txn *txn)
{
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms + 1);
    struct mc_cursor cursor = mc_seek(txn, NOTIFICATION_ALERTS_DUE, (struct mc_bytes){0},
                                      (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < ALERT_TICK_ROWS && mc_next(&cursor); n++) {
        if (cursor.key.len != DUE_KEY_LEN || memcmp(cursor.key.data, now.data, now.len) >= 0)
            break;
        struct mc_bytes told_key = {(const uint8_t *)cursor.key.data + now.len,
                                    DUE_KEY_LEN - now.len};
        mc_drop(txn, NOTIFICATION_ALERTS_DUE, cursor.key);
        tell_due(notification, txn, told_key);
    }
    drop_old(notification, txn);
}
