/* What a person asks the catalogue for, and how well a procedure fits. */
#include <string.h>

#include "common/text.h"

#include "catalogue.h"

/* Folded, punctuation as blanks, and one blank before each word, so that " ho" finds words' starts.
 */
enum mc_status dossier_key(char out[DOSSIER_KEY_SIZE], const char *text)
{
    char folded[DOSSIER_KEY_SIZE];
    enum mc_status status = mc_text_fold(folded, sizeof folded, text);
    size_t len = 0;
    bool blank = true;

    out[0] = '\0';
    if (status != MC_OK)
        return status;
    for (const char *at = folded; *at != '\0'; at++) {
        bool sign = (unsigned char)*at < 0x80 && strchr(" .,;:()/|-_\"'!?", *at) != NULL;

        if (!sign && len + 3 > DOSSIER_KEY_SIZE)
            return MC_FULL;
        if (!sign && blank)
            out[len++] = ' ';
        if (!sign)
            out[len++] = *at;
        blank = sign;
    }
    out[len] = '\0';
    return MC_OK;
}

/* A person's text as a key; too long is told before anything is compared. */
static enum mc_status key_of(char out[DOSSIER_KEY_SIZE], const char *text)
{
    out[0] = '\0';
    if (strlen(text) >= DOSSIER_KEY_SIZE || mc_text_chars(text) > DOSSIER_WORDS_CHARS_MAX)
        return MC_FULL;
    return dossier_key(out, text);
}

enum mc_status dossier_query_unit(struct dossier_query *query,
                                  const struct dossier_catalogue *catalogue, const char *text)
{
    enum mc_status status = key_of(query->unit, text);

    query->unit_exact = status == MC_OK ? dossier_unit_find(catalogue, text) : NULL;
    return status;
}

static void cut_end(char *key, const char *word)
{
    size_t len = strlen(key);
    size_t word_len = strlen(word);

    if (len > word_len && strcmp(key + len - word_len, word) == 0)
        key[len - word_len] = '\0';
}

static void cut_begin(char *key, const char *words)
{
    size_t len = strlen(words);

    if (strncmp(key, words, len) == 0 && key[len] == ' ')
        memmove(key, key + len, strlen(key + len) + 1);
}

/*
 * Provinces write the level with the field, and name it after the department: «Tư pháp(xã)»,
 * «Lĩnh vực ngành Tư pháp (Xã)» are what the national catalogue calls Hộ tịch, Chứng thực, …
 */
enum mc_status dossier_query_sector(struct dossier_query *query,
                                    const struct dossier_catalogue *catalogue, const char *text)
{
    enum mc_status status = key_of(query->sector, text);

    if (status != MC_OK)
        return status;
    cut_begin(query->sector, " linh vuc");
    cut_begin(query->sector, " nganh");
    static const char *const levels[] = {" xa", " huyen", " tinh", " bo"};
    for (size_t i = 0; i < MC_LEN(levels); i++)
        cut_end(query->sector, levels[i]);
    query->sector_is_alias = false;
    for (size_t i = 0; i < catalogue->aliases_len; i++)
        if (strcmp(catalogue->aliases[i].key, query->sector) == 0)
            query->sector_is_alias = true;
    return MC_OK;
}

enum mc_status dossier_query_level(struct dossier_query *query, const char *level)
{
    return key_of(query->level, level);
}

enum mc_status dossier_query_words(struct dossier_query *query,
                                   const struct dossier_catalogue *catalogue, const char *text)
{
    enum mc_status status = key_of(query->words, text);

    if (status == MC_OK)
        status = mc_text_upper(query->upper, sizeof query->upper, text);
    if (status != MC_OK)
        return status;
    const struct dossier_procedure *procedure = dossier_procedure_find(catalogue, text);
    query->code = procedure != NULL ? procedure->code : NULL;
    return MC_OK;
}

/* Each of the query's words begins a word of the key. */
static bool has_all_words(const char *key, const char *words)
{
    char word[DOSSIER_KEY_SIZE];

    for (const char *at = words; *at == ' ';) {
        const char *end = strchrnul(at + 1, ' ');
        size_t len = (size_t)(end - at);

        memcpy(word, at, len);
        word[len] = '\0';
        if (strstr(key, word) == NULL)
            return false;
        at = end;
    }
    return true;
}

enum dossier_rank dossier_query_rank(const struct dossier_query *query,
                                     const struct dossier_procedure *procedure)
{
    if (query->code != NULL)
        return strcmp(query->code, procedure->code) == 0 ? DOSSIER_RANK_EXACT : DOSSIER_RANK_NONE;
    if (strstr(procedure->key, query->words) != NULL)
        return strstr(procedure->upper, query->upper) != NULL ? DOSSIER_RANK_EXACT
                                                              : DOSSIER_RANK_PHRASE;
    return has_all_words(procedure->key, query->words) ? DOSSIER_RANK_WORDS : DOSSIER_RANK_NONE;
}

static bool alias_names(const struct dossier_query *query,
                        const struct dossier_catalogue *catalogue, const char *sector)
{
    for (size_t i = 0; i < catalogue->aliases_len; i++) {
        const struct dossier_alias *alias = &catalogue->aliases[i];

        if (strcmp(alias->key, query->sector) == 0 && strcmp(alias->sector, sector) == 0)
            return true;
    }
    return false;
}

bool dossier_query_in_sector(const struct dossier_query *query,
                             const struct dossier_catalogue *catalogue,
                             const struct dossier_procedure *procedure)
{
    if (query->sector[0] == '\0')
        return true;
    if (query->sector_is_alias)
        return alias_names(query, catalogue, procedure->sector);
    return has_all_words(procedure->sector_key, query->sector);
}

bool dossier_query_at_level(const struct dossier_query *query,
                            const struct dossier_procedure *procedure)
{
    return query->level[0] == '\0' || strcmp(query->level, procedure->level_key) == 0;
}

bool dossier_query_at_unit(const struct dossier_query *query, const struct dossier_unit *unit)
{
    if (query->unit_exact != NULL)
        return query->unit_exact == unit;
    return has_all_words(unit->key, query->unit);
}
