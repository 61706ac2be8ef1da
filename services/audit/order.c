/* A merge of journals that holds each effect back until its cause was told. */
#include "order.h"

#include <stdlib.h>
#include <string.h>

/* One journal's part: entries [at, end) of the sorted list are not told yet. */
struct journal {
    size_t at;
    size_t end;
};

struct merge {
    Audit__Entry **sorted; /* by room, then sequence */
    bool *told;
    size_t n;
    struct journal *journals;
    size_t journals_len;
};

bool audit_place_parse(const char *text, struct audit_place *ret_place)
{
    const char *slash = strrchr(text, '/');
    uint64_t seq = 0;

    if (slash == NULL || slash == text || slash[1] == '\0')
        return false;
    for (const char *digit = slash + 1; *digit != '\0'; digit++)
        if (*digit < '0' || *digit > '9' || __builtin_mul_overflow(seq, 10, &seq) ||
            __builtin_add_overflow(seq, (uint64_t)(*digit - '0'), &seq))
            return false;
    *ret_place = (struct audit_place){text, (size_t)(slash - text), seq};
    return seq != 0;
}

static int by_place(const void *left, const void *right)
{
    const Audit__Entry *a = *(Audit__Entry *const *)left;
    const Audit__Entry *b = *(Audit__Entry *const *)right;
    int order = strcmp(a->room, b->room);

    if (order != 0)
        return order;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int against(const struct audit_place *place, const Audit__Entry *entry)
{
    int order = strncmp(place->room, entry->room, place->room_len);

    if (order == 0 && entry->room[place->room_len] != '\0')
        order = -1;
    if (order != 0)
        return order;
    return place->seq < entry->seq ? -1 : place->seq > entry->seq;
}

/* True when the entry's cause is in the list and was not told. */
static bool waits(const struct merge *merge, const Audit__Entry *entry)
{
    struct audit_place cause;
    size_t low = 0;
    size_t high = merge->n;

    if (!audit_place_parse(entry->cause_event, &cause))
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = against(&cause, merge->sorted[middle]);

        if (order == 0)
            return !merge->told[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool earlier(const Audit__Entry *a, const Audit__Entry *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms;
    return by_place(&a, &b) < 0;
}

/* The journal whose next entry is to be told. */
static struct journal *choose(const struct merge *merge)
{
    struct journal *ready = NULL;
    struct journal *any = NULL;

    for (size_t i = 0; i < merge->journals_len; i++) {
        struct journal *journal = &merge->journals[i];

        if (journal->at == journal->end)
            continue;
        Audit__Entry *next = merge->sorted[journal->at];
        if (any == NULL || earlier(next, merge->sorted[any->at]))
            any = journal;
        if ((ready == NULL || earlier(next, merge->sorted[ready->at])) && !waits(merge, next))
            ready = journal;
    }
    return ready != NULL ? ready : any;
}

static void split(struct merge *merge)
{
    for (size_t i = 0; i < merge->n; i++) {
        if (i == 0 || strcmp(merge->sorted[i]->room, merge->sorted[i - 1]->room) != 0)
            merge->journals[merge->journals_len++] = (struct journal){i, i};
        merge->journals[merge->journals_len - 1].end = i + 1;
    }
}

bool audit_order(struct mc_arena *arena, Audit__Entry **entries, size_t n)
{
    struct merge merge = {
        .sorted = mc_alloc(arena, (n + 1) * sizeof(Audit__Entry *)),
        .told = mc_alloc(arena, n + 1),
        .n = n,
        .journals = mc_alloc(arena, (n + 1) * sizeof *merge.journals),
    };

    if (merge.sorted == NULL || merge.told == NULL || merge.journals == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        merge.sorted[i] = entries[i];
    qsort(merge.sorted, n, sizeof(Audit__Entry *), by_place);
    split(&merge);
    for (size_t i = 0; i < n; i++) {
        struct journal *journal = choose(&merge);

        assert(journal != NULL);
        merge.told[journal->at] = true;
        entries[i] = merge.sorted[journal->at++];
    }
    return true;
}
