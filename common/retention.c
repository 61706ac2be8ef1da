#include "common/retention.h"

#include <string.h>

/* What the frame itself keeps in every room's store. */
static const struct mc_retention house_rules[] = {
    {.rule = "answers",
     .what = "Answers of calls, for their repeats",
     .keep_ms = MC_ANSWER_LIFE_MS,
     .source = "B1-E",
     .table = MC_TABLE_ANSWERS,
     .id_at = 1},
    {.rule = "revoked",
     .what = "Sessions that were revoked",
     .until = "until they would have ended",
     .source = "AUT"},
};

static struct mc_bytes count_key(struct mc_txn *txn, const char *rule)
{
    return mc_key_join(txn, mc_key_text("retention/"), mc_key_text(rule));
}

static const Motcua__RetentionCount *count_load(struct mc_txn *txn, const char *rule)
{
    return mc_load(txn, MC_TABLE_META, count_key(txn, rule), &motcua__retention_count__descriptor);
}

void mc_retention_count(struct mc_txn *txn, const char *rule, uint64_t rows)
{
    Motcua__RetentionCount count = MOTCUA__RETENTION_COUNT__INIT;

    if (rows == 0)
        return;
    const Motcua__RetentionCount *before = count_load(txn, rule);
    if (before != NULL)
        count.erased_total = before->erased_total;
    count.erased_total += rows;
    count.erased_ms = txn->now_ms;
    mc_save(txn, MC_TABLE_META, count_key(txn, rule), &count.base);
}

bool mc_sweep_takes(struct mc_sweep *sweep, int64_t made_ms, bool held)
{
    if (held) {
        sweep->held++;
        return false;
    }
    sweep->over++;
    if (sweep->oldest_ms == 0 || made_ms < sweep->oldest_ms)
        sweep->oldest_ms = made_ms;
    return !sweep->dry;
}

/* How long a rule keeps now; 0: it says so otherwise, or is switched off. */
static int64_t keep_ms(const struct mc_service *service, const struct mc_retention *rule)
{
    const struct mc_room *room = service->room;

    for (size_t i = 0; rule->key != NULL && i < room->config_len; i++) {
        int64_t ms = 0;

        if (strcmp(room->config[i].name, rule->key) != 0)
            continue;
        assert(room->config[i].type == MC_CONFIG_DURATION);
        memcpy(&ms, (const uint8_t *)service->ctx + room->config[i].offset, sizeof ms);
        return ms;
    }
    assert(rule->key == NULL); /* a key that the room does not have is a bug */
    return rule->keep_ms;
}

static int64_t oldest_ms(struct mc_txn *txn, const struct mc_retention *rule)
{
    int64_t made_ms = 0;

    if (rule->table == 0)
        return 0;
    struct mc_cursor cursor =
        mc_seek(txn, rule->table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    if (!mc_next(&cursor) || cursor.key.len < rule->id_at + MC_ID_LEN ||
        !mc_uuid7_time((const uint8_t *)cursor.key.data + rule->id_at, &made_ms))
        return 0;
    return made_ms;
}

static void tell(const struct mc_service *service, struct mc_txn *txn,
                 const struct mc_retention *rule, Motcua__RetentionRule *told)
{
    const Motcua__RetentionCount *count = count_load(txn, rule->rule);

    motcua__retention_rule__init(told);
    told->rule = mc_unconst(rule->rule);
    told->what = mc_unconst(rule->what);
    told->key = mc_unconst(rule->key != NULL ? rule->key : "");
    told->until = mc_unconst(rule->until != NULL ? rule->until : "");
    told->source = mc_unconst(rule->source);
    told->action = rule->action == MC_RETAIN_FORGET ? MOTCUA__RETENTION_ACTION__FORGET
                                                    : MOTCUA__RETENTION_ACTION__ERASE;
    told->keep_ms = keep_ms(service, rule);
    told->off = rule->key != NULL && told->keep_ms == 0;
    told->oldest_ms = oldest_ms(txn, rule);
    told->previews = told->minds_holds = rule->sweep != NULL;
    if (count != NULL) {
        told->erased_total = count->erased_total;
        told->erased_ms = count->erased_ms;
    }
}

enum mc_status mc_retention_list(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__RetentionRequest *req, Motcua__RetentionReply *rep)
{
    size_t len = MC_LEN(house_rules) + service->room->retention_len;
    Motcua__RetentionRule *rules = mc_alloc(txn->arena, len * sizeof *rules);

    (void)req;
    rep->rules = mc_alloc(txn->arena, len * sizeof(Motcua__RetentionRule *));
    if (rules == NULL || rep->rules == NULL)
        return MC_LIMITED;
    rep->room = mc_unconst(service->room->name);
    rep->now_ms = txn->now_ms;
    for (size_t i = 0; i < len; i++) {
        tell(service, txn,
             i < MC_LEN(house_rules) ? &house_rules[i]
                                     : &service->room->retention[i - MC_LEN(house_rules)],
             &rules[i]);
        rep->rules[rep->n_rules++] = &rules[i];
    }
    return txn->status;
}

enum mc_status mc_retention_preview(struct mc_service *service, struct mc_txn *txn,
                                    const Motcua__PreviewRetentionRequest *req,
                                    Motcua__RetentionPreview *rep)
{
    const struct mc_retention *rule = service->room->retention;
    const struct mc_retention *end = rule + service->room->retention_len;
    struct mc_sweep sweep = {.looks = MC_RETENTION_PREVIEW_ROWS, .dry = true};

    while (rule < end && (strcmp(rule->rule, req->rule) != 0 || rule->sweep == NULL))
        rule++;
    if (rule == end)
        return mc_refuse(txn, MC_NOT_FOUND, "rule", "NOT_FOUND", NULL);
    rep->rule = mc_unconst(rule->rule);
    int64_t keep = keep_ms(service, rule);
    if (keep == 0)
        return txn->status; /* kept for ever */
    sweep.before_ms = txn->now_ms - keep;
    rule->sweep(service->ctx, txn, &sweep);
    rep->before_ms = sweep.before_ms;
    rep->count = sweep.over;
    rep->held = sweep.held;
    rep->oldest_ms = sweep.oldest_ms;
    rep->looked_at = sweep.looked_at;
    rep->more = sweep.more;
    return txn->status;
}
