/* Provinces and communes by the codes of the statistics office, since 1/7/2025. */
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

#include "form.h"

enum { PLACES_MAX = 8192, PLACE_TEXT_SIZE = 128 };

struct columns {
    size_t code;
    size_t name;
    size_t province;
};

static bool read_place(const struct mc_csv *csv, const struct columns *columns,
                       struct mc_arena *memory, struct dossier_place *place)
{
    char text[PLACE_TEXT_SIZE];

    if (!mc_csv_copy(csv, columns->code, text, sizeof text) || text[0] == '\0')
        return false;
    place->code = mc_strdup(memory, text);
    if (!mc_csv_copy(csv, columns->name, text, sizeof text) || text[0] == '\0')
        return false;
    place->name = mc_strdup(memory, text);
    if (!mc_csv_copy(csv, columns->province, text, sizeof text))
        return false;
    place->province = mc_strdup(memory, text);
    return place->code != NULL && place->name != NULL && place->province != NULL;
}

static int by_code(const void *a, const void *b)
{
    const struct dossier_place *left = a;
    const struct dossier_place *right = b;

    return strcmp(left->code, right->code);
}

static enum mc_status load(struct mc_bytes text, struct mc_arena *memory,
                           struct dossier_place **ret_places, size_t *ret_len)
{
    struct mc_csv csv;
    struct dossier_place *places = mc_alloc(memory, PLACES_MAX * sizeof *places);
    size_t len = 0;

    mc_csv_open(&csv, text.data, text.len);
    if (places == NULL || !mc_csv_next(&csv))
        return MC_INVALID;
    const struct columns columns = {mc_csv_column(&csv, "gso_code"),
                                    mc_csv_column(&csv, "full_name"),
                                    mc_csv_column(&csv, "province_gso_code")};
    while (mc_csv_next(&csv)) {
        if (len == PLACES_MAX || !read_place(&csv, &columns, memory, &places[len]))
            return MC_INVALID;
        len++;
    }
    qsort(places, len, sizeof *places, by_code);
    *ret_places = places;
    *ret_len = len;
    return len > 0 ? csv.status : MC_INVALID;
}

enum mc_status dossier_places_load(struct dossier_places *places, struct mc_arena *memory,
                                   struct mc_bytes provinces, struct mc_bytes communes)
{
    enum mc_status status = load(provinces, memory, &places->provinces, &places->provinces_len);

    if (status == MC_OK)
        status = load(communes, memory, &places->communes, &places->communes_len);
    return status;
}

static const struct dossier_place *find(const struct dossier_place *places, size_t len,
                                        const char *code)
{
    const struct dossier_place key = {.code = code};

    return bsearch(&key, places, len, sizeof *places, by_code);
}

const struct dossier_place *dossier_province_find(const struct dossier_places *places,
                                                  const char *code)
{
    return find(places->provinces, places->provinces_len, code);
}

const struct dossier_place *dossier_commune_find(const struct dossier_places *places,
                                                 const char *code)
{
    return find(places->communes, places->communes_len, code);
}
