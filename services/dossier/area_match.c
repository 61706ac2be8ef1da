/* Areas by their names: what a code of one list could be in another. Nothing here guesses. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#include "codelist.h"

/* As they are written, folded; what people shorten is the same kind. */
static const struct {
    const char *written;
    const char *kind;
} kinds[] = {
    {"thanh pho ", "thanh pho"},
    {"tp ", "thanh pho"},
    {"tinh ", "tinh"},
    {"thi xa ", "thi xa"},
    {"tx ", "thi xa"},
    {"thi tran ", "thi tran"},
    {"tt ", "thi tran"},
    {"phuong ", "phuong"},
    {"p ", "phuong"},
    {"dac khu ", "dac khu"},
    {"quan ", "quan"},
    {"q ", "quan"},
    {"huyen ", "huyen"},
    {"h ", "huyen"},
    {"xa ", "xa"},
    {"x ", "xa"},
};

/* Letters and numbers parted by one blank; a number's leading zeros go: «Phường 01» is «Phường 1».
 */
static void words_of(const char *name, char *out, size_t size)
{
    char folded[4 * DOSSIER_AREA_KEY];
    size_t len = 0;
    bool blank = true;

    out[0] = '\0';
    if (mc_text_fold(folded, sizeof folded, name) != MC_OK)
        return;
    for (const char *at = folded; *at != '\0' && len + 2 < size; at++) {
        bool letter = isalnum((unsigned char)*at) != 0 || (unsigned char)*at >= 0x80;

        if (!letter) {
            blank = true;
            continue;
        }
        if (blank && *at == '0' && isdigit((unsigned char)at[1]) != 0)
            continue;
        if (blank && len > 0)
            out[len++] = ' ';
        blank = false;
        out[len++] = *at;
    }
    out[len] = '\0';
}

void dossier_area_name(const char *name, char kind[16], char key[DOSSIER_AREA_KEY])
{
    char words[DOSSIER_AREA_KEY];

    words_of(name, words, sizeof words);
    kind[0] = '\0';
    (void)snprintf(key, DOSSIER_AREA_KEY, "%s", words);
    for (size_t i = 0; i < MC_LEN(kinds); i++) {
        size_t len = strlen(kinds[i].written);

        if (strncmp(words, kinds[i].written, len) != 0)
            continue;
        (void)snprintf(kind, 16, "%s", kinds[i].kind);
        (void)snprintf(key, DOSSIER_AREA_KEY, "%s", words + len);
        return;
    }
}

static int by_key(const void *a, const void *b)
{
    const struct dossier_area *left = a;
    const struct dossier_area *right = b;
    int order = strcmp(left->key, right->key);

    return order != 0 ? order : strcmp(left->code, right->code);
}

void dossier_areas_sort(struct dossier_area *areas, size_t len)
{
    if (len > 0)
        qsort(areas, len, sizeof areas[0], by_key);
}

/* The first of those with a key, and how many there are. */
static size_t same_key(const struct dossier_area *areas, size_t len, const char *key,
                       size_t *ret_count)
{
    size_t low = 0;
    size_t high = len;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(areas[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_count = 0;
    while (low + *ret_count < len && strcmp(areas[low + *ret_count].key, key) == 0)
        (*ret_count)++;
    return low;
}

static bool differ(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

/* Both sides say in which district it is, and of which kind, and it is the same. */
static bool placed_alike(const struct dossier_area *a, const struct dossier_area *b)
{
    return a->parent[0] != '\0' && strcmp(a->parent, b->parent) == 0 &&
           strcmp(a->kind, b->kind) == 0;
}

static size_t count_alike(const struct dossier_area *areas, size_t len,
                          const struct dossier_area *like, size_t *ret_place)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (placed_alike(&areas[i], like)) {
            *ret_place = i;
            n++;
        }
    return n;
}

/*
 * One of a name on either side is proposed, unless the kind or the district speaks against it.
 * Where a name is there more than once (MAP-05), only one that is in the same district and of the
 * same kind, once on either side, is proposed. Everything else is an officer's to decide.
 */
void dossier_area_match(const struct dossier_area *from, size_t from_len, size_t at,
                        const struct dossier_area *to, size_t to_len,
                        struct dossier_area_match *ret_match)
{
    size_t rivals = 0;
    size_t found = 0;
    size_t place = 0;
    size_t ours = 0;
    size_t first_rival = same_key(from, from_len, from[at].key, &rivals);
    size_t first = same_key(to, to_len, from[at].key, &found);

    *ret_match =
        (struct dossier_area_match){.state = DOSSIER__MAP_STATE__MAP_UNMATCHED, .rule = ""};
    if (found == 0 || from[at].key[0] == '\0')
        return;
    ret_match->state = DOSSIER__MAP_STATE__MAP_REVIEW;
    for (size_t i = 0; i < found && i < DOSSIER_CANDIDATES_MAX; i++)
        ret_match->candidates[ret_match->candidates_len++] = first + i;
    if (rivals == 1 && found == 1) {
        ret_match->rule = differ(from[at].kind, to[first].kind)       ? "KIND_DIFFERS"
                          : differ(from[at].parent, to[first].parent) ? "PARENT_DIFFERS"
                                                                      : "NAME";
        if (strcmp(ret_match->rule, "NAME") == 0)
            ret_match->state = DOSSIER__MAP_STATE__MAP_PROPOSED;
        return;
    }
    ret_match->rule = "SAME_NAME";
    if (count_alike(to + first, found, &from[at], &place) == 1 &&
        count_alike(from + first_rival, rivals, &from[at], &ours) == 1) {
        ret_match->state = DOSSIER__MAP_STATE__MAP_PROPOSED;
        ret_match->rule = "NAME_PARENT";
        ret_match->candidates[0] = first + place;
        ret_match->candidates_len = 1;
    }
}
