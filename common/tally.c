#include "common/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/store_mdb.h"

enum {
    CHAINS = 4096,
    KEEP_EMPTY = 256, /* tallies that count nothing are let go beyond so many of all */
    ID_SHIFT = 56,
    CELL_NUMBERS = 3,
};

struct mc_tallies {
    struct mc_tally *chains[CHAINS];
    struct mc_tally *changed;
    size_t len;
};

static const char prefix[] = "tally/";
enum { PREFIX_LEN = sizeof prefix - 1, KEY_HEAD = PREFIX_LEN + 2 };

/* --- in memory --- */

/* FNV-1a: texts are short, and made by ourselves or by workers of ours. */
static size_t chain_of(unsigned lane, enum mc_tally_what what, const char *text, size_t len)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (lane << 8 | what);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
    return (hash ^ hash >> 32) % CHAINS;
}

static struct mc_tally *tally_of(struct mc_tallies *tallies, unsigned lane, enum mc_tally_what what,
                                 const char *text, size_t len)
{
    struct mc_tally **chain = &tallies->chains[chain_of(lane, what, text, len)];
    struct mc_tally *tally = *chain;

    while (tally != NULL && (tally->lane != lane || tally->what != what ||
                             strncmp(tally->text, text, len) != 0 || tally->text[len] != '\0'))
        tally = tally->next;
    if (tally != NULL || (tally = calloc(1, sizeof *tally)) == NULL)
        return tally;
    tally->lane = lane;
    tally->what = what;
    memcpy(tally->text, text, len);
    tally->next = *chain;
    *chain = tally;
    tallies->len++;
    return tally;
}

static struct mc_tally *tally_find(struct mc_tallies *tallies, unsigned lane,
                                   enum mc_tally_what what, const char *text)
{
    return tally_of(tallies, lane, what, text, strnlen(text, MC_TALLY_TEXT_MAX));
}

static void tally_free(struct mc_tally *tally)
{
    for (size_t i = 0; i < MC_TALLY_SLOTS; i++)
        mc_ages_free(&tally->slots[i]);
    free(tally);
}

static bool is_empty(const struct mc_tally *tally)
{
    size_t cells = 0;

    for (size_t i = 0; i < MC_TALLY_SLOTS; i++)
        cells += tally->slots[i].len;
    return cells == 0;
}

static void mark(struct mc_tallies *tallies, struct mc_tally *tally)
{
    if (tally->changed)
        return;
    tally->changed = true;
    tally->changed_next = tallies->changed;
    tallies->changed = tally;
}

static bool add(struct mc_tallies *tallies, const struct mc_tally_step *step, int64_t now_ms,
                int64_t sign)
{
    struct mc_ages *slots = step->tally->slots;

    mark(tallies, step->tally);
    if (step->from != MC_TALLY_NONE && !mc_ages_add(&slots[step->from], step->at_ms, now_ms, -sign))
        return false;
    return step->to == MC_TALLY_NONE || mc_ages_add(&slots[step->to], step->at_ms, now_ms, sign);
}

/* --- noted in a call --- */

static void note(struct mc_txn *txn, const Motcua__Job *job, enum mc_tally_what what,
                 const char *text, int64_t at_ms, enum mc_tally_slot slot, bool enters)
{
    struct mc_tally *tally =
        tally_find(txn->store->tallies, (unsigned)(job->id >> ID_SHIFT), what, text);
    struct mc_tally_step *last = txn->tally_last;

    /* mostly a job changes from one state to another: one step for both */
    if (enters && last != NULL && last->tally == tally && last->at_ms == at_ms &&
        last->to == MC_TALLY_NONE) {
        last->to = slot;
        return;
    }
    struct mc_tally_step *step = mc_alloc(txn->arena, sizeof *step);
    if (step == NULL || tally == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    *step = (struct mc_tally_step){.tally = tally,
                                   .at_ms = at_ms,
                                   .from = enters ? MC_TALLY_NONE : slot,
                                   .to = enters ? slot : MC_TALLY_NONE};
    if (last != NULL)
        last->next = step;
    else
        txn->tally = step;
    txn->tally_last = step;
}

static enum mc_tally_slot slot_of(const Motcua__Job *job)
{
    switch (job->state) {
    case MOTCUA__JOB_STATE__LEASED:
        return MC_TALLY_LEASED;
    case MOTCUA__JOB_STATE__HELD:
        return MC_TALLY_HELD;
    case MOTCUA__JOB_STATE__DEAD:
        return MC_TALLY_DEAD;
    case MOTCUA__JOB_STATE__QUEUED:
    case MOTCUA__JOB_STATE__JOB_STATE_UNSPECIFIED:
    case _MOTCUA__JOB_STATE_IS_INT_SIZE:
        break;
    }
    return job->attempts == 0 ? MC_TALLY_FRESH : MC_TALLY_AGAIN;
}

static void note_job(struct mc_txn *txn, const Motcua__Job *job, bool enters)
{
    enum mc_tally_slot slot = slot_of(job);
    int64_t since_ms = job->since_ms != 0 ? job->since_ms : job->created_ms;

    if (txn->status != MC_OK)
        return;
    if (slot == MC_TALLY_LEASED)
        note(txn, job, MC_TALLY_WORKER, job->leased_by, since_ms, 0, enters);
    else if (slot == MC_TALLY_DEAD)
        note(txn, job, MC_TALLY_REASON, job->last_error, since_ms, 0, enters);
    else if (slot != MC_TALLY_HELD && job->due_ms > job->created_ms)
        note(txn, job, MC_TALLY_DUE, "", job->due_ms, 0, enters);
    note(txn, job, MC_TALLY_DESTINATION, job->destination, since_ms, slot, enters);
}

void mc_tally_leave(struct mc_txn *txn, const Motcua__Job *job)
{
    note_job(txn, job, false);
}

void mc_tally_enter(struct mc_txn *txn, const Motcua__Job *job)
{
    note_job(txn, job, true);
}

/* --- with the commit --- */

/* The row's value behind its head; cells as width, start, count, one after the other. */
static struct mc_bytes tally_pack(struct mc_arena *arena, const struct mc_tally *tally)
{
    Motcua__TallyAges ages[MC_TALLY_SLOTS];
    Motcua__TallyAges *list[MC_TALLY_SLOTS];
    Motcua__Tally row = MOTCUA__TALLY__INIT;

    row.ages = list;
    for (unsigned i = 0; i < MC_TALLY_SLOTS; i++) {
        const struct mc_ages *slot = &tally->slots[i];

        if (slot->len == 0)
            continue;
        uint64_t *numbers = mc_alloc(arena, CELL_NUMBERS * slot->len * sizeof *numbers);
        if (numbers == NULL)
            return (struct mc_bytes){0};
        list[row.n_ages] = &ages[row.n_ages];
        motcua__tally_ages__init(list[row.n_ages]);
        list[row.n_ages]->slot = i;
        list[row.n_ages]->cells = numbers;
        list[row.n_ages++]->n_cells = CELL_NUMBERS * slot->len;
        for (size_t j = 0; j < slot->len; j++) {
            *numbers++ = slot->cells[j].log;
            *numbers++ = (uint64_t)slot->cells[j].start;
            *numbers++ = (uint64_t)slot->cells[j].count;
        }
    }
    size_t len = motcua__tally__get_packed_size(&row);
    uint8_t *value = mc_alloc(arena, VALUE_HEAD + len);
    if (value != NULL)
        (void)motcua__tally__pack(&row, value + VALUE_HEAD);
    return (struct mc_bytes){value, VALUE_HEAD + len};
}

static size_t key_of(uint8_t key[KEY_HEAD + MC_TALLY_TEXT_MAX], const struct mc_tally *tally)
{
    size_t len = strlen(tally->text);

    memcpy(key, prefix, PREFIX_LEN);
    key[PREFIX_LEN] = (uint8_t)tally->lane;
    key[PREFIX_LEN + 1] = (uint8_t)tally->what;
    memcpy(key + KEY_HEAD, tally->text, len);
    return KEY_HEAD + len;
}

static int put_row(struct mc_turn *turn, const struct mc_tally *tally)
{
    uint8_t bytes[KEY_HEAD + MC_TALLY_TEXT_MAX];
    MDB_val key = {key_of(bytes, tally), bytes};

    if (is_empty(tally))
        return mc_turn_drop(turn, MC_TABLE_META, key);
    struct mc_bytes value = tally_pack(turn->arena, tally);
    if (value.data == NULL)
        return ENOMEM;
    mc_value_seal(MC_TABLE_META, key, mc_unconst(value.data), value.len - VALUE_HEAD);
    return mc_turn_put(turn, MC_TABLE_META, key, mc_mdb_val(value), 0);
}

void mc_tallies_apply(struct mc_turn *turn)
{
    struct mc_tallies *tallies = turn->store->tallies;

    for (const struct mc_tally_step *step = turn->tally; step != NULL; step = step->next)
        if (!add(tallies, step, turn->now_ms, 1))
            (void)mc_turn_fail(turn, ENOMEM);
    for (struct mc_tally *tally = tallies->changed; tally != NULL && turn->status == MC_OK;
         tally = tally->changed_next) {
        int rc = put_row(turn, tally);

        if (rc != MDB_SUCCESS)
            (void)mc_turn_fail(turn, rc);
    }
}

/* They stay marked: what was counted at open still has to be written. */
void mc_tallies_undo(struct mc_turn *turn)
{
    for (const struct mc_tally_step *step = turn->tally; step != NULL; step = step->next)
        (void)add(turn->store->tallies, step, turn->now_ms, -1);
}

static void let_go(struct mc_tallies *tallies, const struct mc_tally *tally)
{
    struct mc_tally **chain =
        &tallies->chains[chain_of(tally->lane, tally->what, tally->text, strlen(tally->text))];

    while (*chain != tally)
        chain = &(*chain)->next;
    struct mc_tally *gone = *chain;
    *chain = gone->next;
    tally_free(gone);
    tallies->len--;
}

void mc_tallies_committed(struct mc_turn *turn)
{
    struct mc_tallies *tallies = turn->store->tallies;

    while (tallies->changed != NULL) {
        struct mc_tally *tally = tallies->changed;

        tallies->changed = tally->changed_next;
        tally->changed = false;
        if (tallies->len > KEEP_EMPTY && is_empty(tally))
            let_go(tallies, tally);
    }
}

/* --- at open --- */

static enum mc_status unpack_slot(struct mc_ages *slot, const Motcua__TallyAges *ages)
{
    size_t len = ages->n_cells / CELL_NUMBERS;

    if (len == 0 || (slot->cells = calloc(len, sizeof *slot->cells)) == NULL)
        return len == 0 ? MC_OK : MC_FULL;
    slot->size = slot->len = len;
    for (size_t i = 0; i < len; i++) {
        const uint64_t *numbers = ages->cells + CELL_NUMBERS * i;

        if (numbers[0] > MC_AGES_LOG_MAX)
            return MC_CORRUPT;
        slot->cells[i] = (struct mc_ages_cell){.log = (unsigned)numbers[0],
                                               .start = (int64_t)numbers[1],
                                               .count = (int64_t)numbers[2]};
        slot->total += slot->cells[i].count;
    }
    return MC_OK;
}

static enum mc_status load_row(struct mc_tallies *tallies, const struct mc_cursor *cursor)
{
    const uint8_t *key = cursor->key.data;
    const Motcua__Tally *row = mc_row(cursor, &motcua__tally__descriptor);

    if (row == NULL)
        return cursor->txn->status;
    if (cursor->key.len < KEY_HEAD || key[PREFIX_LEN + 1] >= MC_TALLY_WHAT_END)
        return MC_CORRUPT;
    struct mc_tally *tally =
        tally_of(tallies, key[PREFIX_LEN], (enum mc_tally_what)key[PREFIX_LEN + 1],
                 (const char *)key + KEY_HEAD, cursor->key.len - KEY_HEAD);
    enum mc_status status = tally != NULL ? MC_OK : MC_FULL;
    for (size_t i = 0; i < row->n_ages && status == MC_OK; i++)
        status = row->ages[i]->slot < MC_TALLY_SLOTS
                     ? unpack_slot(&tally->slots[row->ages[i]->slot], row->ages[i])
                     : MC_CORRUPT;
    return status;
}

static enum mc_status load_rows(struct mc_tallies *tallies, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_META, mc_key_text(prefix), (struct mc_bytes){0}, MC_FORWARD);
    enum mc_status status = MC_OK;

    while (status == MC_OK && mc_next(&cursor)) {
        status = load_row(tallies, &cursor);
        mc_pass(&cursor);
    }
    return status != MC_OK ? status : txn->status;
}

/* What a store holds that was written before there were tallies. */
static enum mc_status count_jobs(struct mc_store *store, struct mc_txn *txn, unsigned table)
{
    struct mc_cursor cursor =
        mc_seek(txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        const Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);

        if (job == NULL)
            break;
        txn->tally = txn->tally_last = NULL;
        mc_tally_enter(txn, job);
        for (const struct mc_tally_step *step = txn->tally; step != NULL; step = step->next)
            if (!add(store->tallies, step, job->created_ms, 1)) /* they come in this order */
                return MC_FULL;
        mc_pass(&cursor);
    }
    return txn->status;
}

enum mc_status mc_tallies_load(struct mc_store *store, struct mc_arena *arena, bool counted)
{
    struct mc_txn txn;

    store->tallies = calloc(1, sizeof *store->tallies);
    if (store->tallies == NULL)
        return MC_FULL;
    enum mc_status status = mc_snapshot_open(store, arena, &txn);
    if (status != MC_OK)
        return status;
    if (counted)
        status = load_rows(store->tallies, &txn);
    else if ((status = count_jobs(store, &txn, MC_TABLE_JOBS)) == MC_OK)
        status = count_jobs(store, &txn, MC_TABLE_DEAD);
    mc_snapshot_close(&txn);
    return status;
}

void mc_tallies_free(struct mc_store *store)
{
    for (size_t i = 0; store->tallies != NULL && i < CHAINS; i++)
        while (store->tallies->chains[i] != NULL) {
            struct mc_tally *tally = store->tallies->chains[i];

            store->tallies->chains[i] = tally->next;
            tally_free(tally);
        }
    free(store->tallies);
    store->tallies = NULL;
}

/* --- looked at --- */

void mc_tally_each(const struct mc_store *store, unsigned lane, enum mc_tally_what what,
                   mc_tally_seen *seen, void *arg)
{
    for (size_t i = 0; i < CHAINS; i++)
        for (const struct mc_tally *tally = store->tallies->chains[i]; tally != NULL;
             tally = tally->next)
            if (tally->lane == lane && tally->what == what && !is_empty(tally))
                seen(arg, tally);
}

struct sum {
    enum mc_tally_slot slot;
    int64_t n;
};

int64_t mc_tally_of_destination(const struct mc_store *store, unsigned lane,
                                const char *destination, enum mc_tally_slot slot)
{
    size_t len = strnlen(destination, MC_TALLY_TEXT_MAX);
    const struct mc_tally *tally =
        store->tallies->chains[chain_of(lane, MC_TALLY_DESTINATION, destination, len)];

    while (tally != NULL &&
           (tally->lane != lane || tally->what != MC_TALLY_DESTINATION ||
            strncmp(tally->text, destination, len) != 0 || tally->text[len] != '\0'))
        tally = tally->next;
    return tally != NULL ? tally->slots[slot].total : 0;
}

static void add_up(void *arg, const struct mc_tally *tally)
{
    struct sum *sum = arg;

    sum->n += tally->slots[sum->slot].total;
}

int64_t mc_tally_sum(const struct mc_store *store, unsigned lane, enum mc_tally_slot slot)
{
    struct sum sum = {.slot = slot};

    mc_tally_each(store, lane, MC_TALLY_DESTINATION, add_up, &sum);
    return sum.n;
}

static void see_first(void *arg, const struct mc_tally *tally)
{
    int64_t *first_ms = arg;

    for (unsigned slot = 0; slot < MC_TALLY_SLOTS; slot++)
        if (slot != MC_TALLY_DEAD)
            *first_ms = mc_earlier_ms(*first_ms, mc_ages_first_ms(&tally->slots[slot]));
}

int64_t mc_tally_first_ms(const struct mc_store *store, unsigned lane)
{
    int64_t first_ms = 0;

    mc_tally_each(store, lane, MC_TALLY_DESTINATION, see_first, &first_ms);
    return first_ms;
}

int64_t mc_tally_scheduled(const struct mc_store *store, unsigned lane, int64_t now_ms)
{
    const struct mc_tally *due = tally_find(store->tallies, lane, MC_TALLY_DUE, "");

    return due != NULL ? mc_ages_after(&due->slots[0], now_ms) : 0;
}
