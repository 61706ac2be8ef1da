/* SearchProcedures: by unit, field and words, best first (DOS-01, DOS-02, DOS-03, DOS-17). */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#include "upkeep.h"

/* The last bit is never a topic's. */
#define NO_TOPIC (1ULL << (DOSSIER_TOPICS_MAX - 1))

struct match {
    const struct dossier_procedure *procedure;
    enum dossier_rank rank;
    size_t chars; /* shorter names say more exactly what was asked; 0 when nothing was */
};

struct matches {
    struct match *rows;
    size_t len;
};

static void refuse_text(struct mc_txn *txn, const char *field, enum mc_status status)
{
    if (status == MC_FULL)
        mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", field, "max",
                  dossier_number_text(txn, DOSSIER_WORDS_CHARS_MAX), NULL);
    else if (status != MC_OK)
        mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
}

/* A topic nobody has named finds nothing. */
static uint64_t topic_of(const struct dossier_catalogue *catalogue, const char *topic)
{
    if (topic[0] == '\0')
        return 0;
    for (size_t i = 0; i < catalogue->topics_len; i++)
        if (mc_text_same(catalogue->topics[i], topic))
            return 1ULL << i;
    return NO_TOPIC;
}

static struct dossier_query *query_of(const struct dossier *dossier, struct mc_txn *txn,
                                      const Dossier__SearchProceduresRequest *req)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    struct dossier_query *query = dossier_alloc(txn, sizeof *query);

    if (query == NULL)
        return NULL;
    refuse_text(txn, "unit", dossier_query_unit(query, catalogue, req->unit));
    refuse_text(txn, "sector", dossier_query_sector(query, catalogue, req->sector));
    refuse_text(txn, "words", dossier_query_words(query, catalogue, req->words));
    refuse_text(txn, "level", dossier_query_level(query, req->level));
    query->service_level = req->service_level;
    query->subject = req->subject != DOSSIER__SUBJECT_KIND__SUBJECT_ANY ? 1U << req->subject : 0;
    query->topic = topic_of(catalogue, req->topic);
    return txn->status == MC_OK ? query : NULL;
}

/* The units that are meant, as a map of the catalogue's; NULL: any. */
struct where {
    const uint8_t *meant;
    uint64_t level_bits; /* that any of them takes */
};

static struct where where_of(const struct dossier *dossier, struct mc_txn *txn,
                             const struct dossier_query *query)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    struct where where = {0};

    if (query->unit[0] == '\0')
        return where;
    uint8_t *meant = dossier_alloc(txn, catalogue->units_len + 1);
    for (size_t i = 0; meant != NULL && i < catalogue->units_len; i++)
        if (dossier_query_at_unit(query, &catalogue->units[i])) {
            meant[i] = 1;
            where.level_bits |= catalogue->units[i].level_bits;
        }
    where.meant = meant;
    return where;
}

static bool filed_at(const struct dossier *dossier, const struct where *where,
                     const struct dossier_procedure *procedure)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;

    if (where->meant == NULL)
        return true;
    if (procedure->agencies_len == 0)
        return (where->level_bits >> procedure->level_at & 1) != 0;
    for (size_t i = 0; i < procedure->agencies_len; i++) {
        const struct dossier_unit *unit = dossier_unit_find(catalogue, procedure->agencies[i]);

        if (unit != NULL && where->meant[unit - catalogue->units])
            return true;
    }
    return false;
}

static int compare(const void *left, const void *right)
{
    const struct match *a = left;
    const struct match *b = right;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->chars != b->chars)
        return a->chars < b->chars ? -1 : 1;
    return a->procedure < b->procedure ? -1 : a->procedure > b->procedure;
}

/* How many fit the rest of the search in each field and at each level, so that one is chosen. */
struct counts {
    uint32_t *sectors;
    uint32_t *levels;
    uint32_t *topics; /* of what is found */
};

static bool fits(const struct dossier_query *query, const struct dossier_procedure *procedure)
{
    return (query->service_level[0] == '\0' ||
            strcmp(query->service_level, procedure->service_level) == 0) &&
           (query->topic == 0 || (query->topic & procedure->topics) != 0) &&
           (query->subject == 0 || procedure->subjects == 0 ||
            (query->subject & procedure->subjects) != 0);
}

static void count_topics(const struct counts *counts, uint64_t topics)
{
    for (; topics != 0; topics &= topics - 1)
        counts->topics[__builtin_ctzll(topics)]++;
}

/* Ten thousand procedures are looked at in about two milliseconds: no index is worth its keep. */
static struct matches collect(const struct dossier *dossier, struct mc_txn *txn,
                              const struct dossier_query *query, const struct counts *counts)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    const struct where where = where_of(dossier, txn, query);
    struct matches found = {0};

    found.rows = dossier_alloc(txn, (catalogue->procedures_len + 1) * sizeof found.rows[0]);
    for (size_t i = 0; txn->status == MC_OK && i < catalogue->procedures_len; i++) {
        const struct dossier_procedure *procedure = &catalogue->procedures[i];

        if (!dossier_procedure_in_force(procedure, catalogue->today) || !fits(query, procedure) ||
            !filed_at(dossier, &where, procedure))
            continue;
        enum dossier_rank rank = dossier_query_rank(query, procedure);
        if (rank == DOSSIER_RANK_NONE)
            continue;
        counts->levels[procedure->level_at]++;
        if (!dossier_query_at_level(query, procedure))
            continue;
        counts->sectors[procedure->sector_at]++;
        if (!dossier_query_in_sector(query, catalogue, procedure))
            continue;
        count_topics(counts, procedure->topics);
        found.rows[found.len++] =
            (struct match){procedure, rank, query->words[0] != '\0' ? procedure->chars : 0};
    }
    if (found.len > 0 && query->words[0] != '\0')
        qsort(found.rows, found.len, sizeof found.rows[0], compare);
    return found;
}

static void answer_sectors(const struct dossier *dossier, struct mc_txn *txn,
                           const uint32_t *counts, Dossier__SearchProceduresReply *rep)
{
    size_t len = dossier->catalogue.sectors_len;
    Dossier__SectorCount *rows = dossier_alloc(txn, (len + 1) * sizeof rows[0]);

    rep->sectors = dossier_list(txn, len);
    if (rep->sectors == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        if (counts[i] == 0)
            continue;
        dossier__sector_count__init(&rows[i]);
        rows[i].sector = mc_unconst(dossier->catalogue.sectors[i]);
        rows[i].count = counts[i];
        rep->sectors[rep->n_sectors++] = &rows[i];
    }
}

static void answer_levels(const struct dossier *dossier, struct mc_txn *txn, const uint32_t *counts,
                          Dossier__SearchProceduresReply *rep)
{
    size_t len = dossier->catalogue.levels_len;
    Dossier__LevelCount *rows = dossier_alloc(txn, (len + 1) * sizeof rows[0]);

    rep->levels = dossier_list(txn, len);
    if (rep->levels == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        if (counts[i] == 0)
            continue;
        dossier__level_count__init(&rows[i]);
        rows[i].level = mc_unconst(dossier->catalogue.levels[i]);
        rows[i].count = counts[i];
        rep->levels[rep->n_levels++] = &rows[i];
    }
}

static void answer_topics(const struct dossier *dossier, struct mc_txn *txn, const uint32_t *counts,
                          Dossier__SearchProceduresReply *rep)
{
    size_t len = dossier->catalogue.topics_len;
    Dossier__TopicCount *rows = dossier_alloc(txn, (len + 1) * sizeof rows[0]);

    rep->topics = dossier_list(txn, len);
    if (rep->topics == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        if (counts[i] == 0)
            continue;
        dossier__topic_count__init(&rows[i]);
        rows[i].topic = mc_unconst(dossier->catalogue.topics[i]);
        rows[i].count = counts[i];
        rep->topics[rep->n_topics++] = &rows[i];
    }
}

static void answer_page(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_query *query, const struct matches *found, size_t from,
                        size_t size, Dossier__SearchProceduresReply *rep)
{
    size_t len = from < found->len ? MC_MIN(size, found->len - from) : 0;

    rep->procedures = dossier_list(txn, len);
    Dossier__Procedure *rows = dossier_alloc(txn, (len + 1) * sizeof rows[0]);
    if (rep->procedures == NULL || rows == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        dossier__procedure__init(&rows[i]);
        dossier_fill_procedure(dossier, txn, found->rows[from + i].procedure, query, &rows[i]);
        rep->procedures[i] = &rows[i];
    }
    rep->n_procedures = len;
    if (from + len < found->len)
        rep->next_page_token = mc_unconst(dossier_number_text(txn, from + len));
}

/* A page's token is its place: when the catalogue changes meanwhile, a row may come twice. */
static bool place(struct mc_txn *txn, const char *token, size_t *ret_from)
{
    size_t from = 0;

    for (const char *at = token; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || from > DOSSIER_PROCEDURES_MAX) {
            mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
            return false;
        }
        from = from * 10 + (size_t)(*at - '0');
    }
    *ret_from = from;
    return true;
}

enum mc_status dossier_search_procedures(struct dossier *dossier, struct mc_txn *txn,
                                         const Dossier__SearchProceduresRequest *req,
                                         Dossier__SearchProceduresReply *rep)
{
    size_t size = 0;
    size_t from = 0;

    if (!dossier_page(txn, req->page_size, &size) || !place(txn, req->page_token, &from))
        return txn->status;
    dossier_catalogue_now(dossier, txn);
    const struct dossier_query *query = query_of(dossier, txn, req);
    if (query == NULL)
        return txn->status;
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    const struct counts counts = {
        .sectors = dossier_alloc(txn, (catalogue->sectors_len + 1) * sizeof(uint32_t)),
        .levels = dossier_alloc(txn, (catalogue->levels_len + 1) * sizeof(uint32_t)),
        .topics = dossier_alloc(txn, DOSSIER_TOPICS_MAX * sizeof(uint32_t)),
    };
    const struct matches found = collect(dossier, txn, query, &counts);
    if (txn->status != MC_OK)
        return txn->status;

    rep->total = (uint32_t)found.len;
    answer_sectors(dossier, txn, counts.sectors, rep);
    answer_levels(dossier, txn, counts.levels, rep);
    answer_topics(dossier, txn, counts.topics, rep);
    answer_page(dossier, txn, query, &found, from, size, rep);
    return txn->status;
}
