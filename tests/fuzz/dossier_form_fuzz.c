/*
 * A form's definition, its values and a pattern, all of any bytes: "definition\0values\0pattern\0
 * text". A known definition is also filled in with any values, so that these get past the load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../services/dossier/form.h"

extern const char mc_data_form_birth[];
extern const size_t mc_data_form_birth_len;
extern const char mc_data_provinces_34[];
extern const size_t mc_data_provinces_34_len;
extern const char mc_data_communes_2025[];
extern const size_t mc_data_communes_2025_len;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mc_arena process;
static struct mc_arena call;
static struct dossier_places places;

static struct mc_bytes next(struct mc_bytes *rest)
{
    const uint8_t *data = rest->data;
    const uint8_t *end = rest->len > 0 ? memchr(data, 0, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - data) : rest->len;
    struct mc_bytes part = {data, len};

    rest->data = data + len + (end != NULL);
    rest->len -= len + (end != NULL);
    return part;
}

static void fill_in(const struct dossier_form *form, struct mc_bytes text)
{
    struct mc_json *values mc_cleanup(mc_json_freep) = NULL;
    struct mc_json *again mc_cleanup(mc_json_freep) = NULL;
    struct dossier_problems problems = {.arena = &call};
    struct mc_bytes clean;
    const struct dossier_form_check check = {
        .form = form, .places = &places, .today = {2026, 9, 7}, .papers = true};

    if (mc_json_parse(text, &values) != MC_OK ||
        dossier_form_check(&check, values, &problems, &clean) != MC_OK)
        return;
    /* what is kept is JSON, and is taken again as it is */
    if (mc_json_parse(clean, &again) != MC_OK)
        abort();
    struct mc_bytes twice;
    if (dossier_form_check(&check, again, &problems, &twice) != MC_OK ||
        !mc_bytes_same(clean, twice))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dossier_form birth;
    struct dossier_problems problems;
    struct dossier_form form;
    struct mc_bytes rest = {data, size};

    if (process.base == NULL) {
        struct dossier_problems none = {.arena = &process};

        if (mc_arena_init(&process, 16 << 20) != MC_OK || mc_arena_init(&call, 32 << 20) != MC_OK ||
            dossier_places_load(
                &places, &process,
                (struct mc_bytes){mc_data_provinces_34, mc_data_provinces_34_len},
                (struct mc_bytes){mc_data_communes_2025, mc_data_communes_2025_len}) != MC_OK ||
            dossier_form_load(&birth, &process,
                              (struct mc_bytes){mc_data_form_birth, mc_data_form_birth_len},
                              &none) != MC_OK)
            abort();
    }
    struct mc_bytes definition = next(&rest);
    struct mc_bytes values = next(&rest);
    const struct mc_bytes pattern = next(&rest);
    const struct mc_bytes text = next(&rest);
    struct dossier_form_change changes[8];

    memset(&problems, 0, sizeof problems);
    problems.arena = &call;
    if (dossier_form_load(&form, &call, definition, &problems) == MC_OK)
        fill_in(&form, values);
    fill_in(&birth, values);
    (void)dossier_form_diff(&call, definition, values, changes, MC_LEN(changes));
    char *pattern_text = mc_sprintf(&call, "%.*s", (int)pattern.len, (const char *)pattern.data);
    char *any_text = mc_sprintf(&call, "%.*s", (int)text.len, (const char *)text.data);
    if (pattern_text != NULL && any_text != NULL)
        (void)dossier_pattern_match(pattern_text, any_text);
    mc_arena_reset(&call);
    return 0;
}
