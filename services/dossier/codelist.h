/*
 * Code lists (danh mục dùng chung), and maps between them.
 *
 *     list_codes: list ‖ 0 ‖ code ‖ 0 ‖ valid_from ("0": ever) -> DossierState__ListCode
 *     list_names: list ‖ 0 ‖ province ‖ 0 ‖ folded name ‖ 0 ‖ code ‖ 0 ‖ valid_from -> nothing
 *                 the uppermost codes lie under the province ""
 *     mappings:   from ‖ 0 ‖ to ‖ 0 ‖ code -> DossierState__Mapping
 *     map_states: from ‖ 0 ‖ to ‖ 0 ‖ state (1) ‖ code -> nothing
 *     map_rows:   from ‖ 0 ‖ to ‖ 0 ‖ code ‖ 0 ‖ version (4) -> DossierState__MapRow
 *     map_versions: from ‖ 0 ‖ to ‖ 0 -> DossierState__MapHead
 *                 from ‖ 0 ‖ to ‖ 0 ‖ version (4) -> DossierState__MapVersion
 *
 * A code is never dropped: it ends, and names what it became. A map grows by proposals that an
 * officer decides on; a version of it is signed and never changes.
 */
#pragma once

#include "dossier.h"
#include "upkeep.h"

enum {
    DOSSIER_CODES_ROWS_MAX = 500, /* of one import */
    DOSSIER_CODE_MAX = 35,        /* bytes of a code */
    DOSSIER_CODE_NAME_CHARS_MAX = 200,
    DOSSIER_CODE_STEPS_MAX = 8, /* from a code to what came after it */
    DOSSIER_AREAS_MAX = 1500,   /* of one province, in one proposal */
    DOSSIER_AREA_KEY = 256,     /* bytes of a folded name; longer ones are cut, on both sides */
    DOSSIER_CANDIDATES_MAX = 20,
    DOSSIER_MAP_ROWS_MAX = 19000, /* of a signed version: what an Excel file of ours can hold */
    DOSSIER_SEED_STEP = 400,      /* rows of the linked-in list in a tick */
};

/* codelist.c */
bool dossier_list_check(struct mc_txn *txn, const char *field, const char *list);
bool dossier_list_is_agency(const char *list);
/* Texts, each with a NUL behind it. */
struct mc_bytes dossier_list_key(struct mc_txn *txn, const char *const *parts, size_t len);
/* A code as it was on a day; NULL: it was not valid then. */
DossierState__ListCode *dossier_code_on(struct mc_txn *txn, const char *list, const char *code,
                                        int64_t day);
/*
 * The code an index row is about (its key begins with list and province, so long), when that very
 * row holds on a day: a code that was renamed lies there under each name.
 */
DossierState__ListCode *dossier_code_at(struct mc_txn *txn, const char *list, struct mc_bytes key,
                                        size_t prefix_len, int64_t day, const char **ret_code);
/* As it was last. */
DossierState__ListCode *dossier_code_last(struct mc_txn *txn, const char *list, const char *code);
void dossier_code_save(struct mc_txn *txn, const char *list, const char *code,
                       const DossierState__ListCode *record);
Dossier__ListCode *dossier_code_message(struct mc_txn *txn, const char *list, const char *code,
                                        const DossierState__ListCode *record);
bool dossier_day_of(struct mc_txn *txn, const char *field, const char *text, int64_t *ret_day);
void dossier_codes_seed(struct mc_txn *txn); /* the first ticks */

/* area_match.c, pure: names of areas compared. */
struct dossier_area {
    const char *code;
    const char *name;
    char key[DOSSIER_AREA_KEY];    /* the name folded, without its kind: "ba dinh" */
    char kind[16];                 /* "phuong", or "" */
    char parent[DOSSIER_AREA_KEY]; /* the key of the district, or "" where there is none */
};
/* "Phường 01" is "1" of kind "phuong"; "TP. Cao Lãnh" is "cao lanh" of kind "thanh pho". */
void dossier_area_name(const char *name, char kind[16], char key[DOSSIER_AREA_KEY]);

struct dossier_area_match {
    Dossier__MapState state;
    const char *rule;
    size_t candidates[DOSSIER_CANDIDATES_MAX]; /* places in `to`; PROPOSED: the one */
    size_t candidates_len;
};
/* Both sorted by key (dossier_areas_sort). What from[at] could be. */
void dossier_area_match(const struct dossier_area *from, size_t from_len, size_t at,
                        const struct dossier_area *to, size_t to_len,
                        struct dossier_area_match *ret_match);
void dossier_areas_sort(struct dossier_area *areas, size_t len);

/* map.c */
struct mc_bytes dossier_map_key(struct mc_txn *txn, const char *from, const char *to,
                                const char *code);
bool dossier_map_check(struct mc_txn *txn, const char *from, const char *to);
DossierState__MapHead *dossier_map_head(struct mc_txn *txn, const char *from, const char *to);
void dossier_map_save(struct mc_txn *txn, const char *from, const char *to, const char *code,
                      DossierState__Mapping *mapping);
DossierState__Mapping *dossier_map_load(struct mc_txn *txn, const char *from, const char *to,
                                        const char *code);
void dossier_map_counts(const DossierState__MapHead *head, Dossier__MapCounts *out);
Dossier__Mapping *dossier_map_message(struct mc_txn *txn, const char *from, const char *to,
                                      const char *code, const DossierState__Mapping *mapping);

/* map_version.c: rows of a signed version, in order. False ends the walk. */
struct dossier_map_line {
    const char *code;
    const DossierState__MapRow *row;
};
typedef bool dossier_map_each(void *arg, const struct dossier_map_line *line);
void dossier_map_walk(struct mc_txn *txn, const char *from, const char *to, uint32_t version,
                      dossier_map_each *each, void *arg);
DossierState__MapVersion *dossier_map_version(struct mc_txn *txn, const char *from, const char *to,
                                              uint32_t version);
/* The version that holds on a day; 0: none. */
uint32_t dossier_map_version_on(struct mc_txn *txn, const char *from, const char *to, int64_t day);
const DossierState__MapRow *dossier_map_row(struct mc_txn *txn, const char *from, const char *to,
                                            const char *code, uint32_t version);
/* One line of the CSV, in the arena; NULL: the head. */
char *dossier_map_csv(struct mc_txn *txn, const struct dossier_map_line *line);
void dossier_map_version_message(const struct dossier *dossier, struct mc_txn *txn,
                                 const char *from, const char *to, uint32_t version,
                                 const DossierState__MapVersion *record, Dossier__MapVersion *out);

/* Handlers. */
enum mc_status dossier_preview_codes(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ImportCodesRequest *req,
                                     Dossier__ImportCodesReply *rep);
enum mc_status dossier_import_codes(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ImportCodesRequest *req,
                                    Dossier__ImportCodesReply *rep);
enum mc_status dossier_list_codes(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ListCodesRequest *req,
                                  Dossier__ListCodesReply *rep);
enum mc_status dossier_resolve_code(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ResolveCodeRequest *req,
                                    Dossier__ResolveCodeReply *rep);
enum mc_status dossier_propose_map(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ProposeMapRequest *req, Dossier__MapCounts *rep);
enum mc_status dossier_list_map(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__ListMapRequest *req, Dossier__ListMapReply *rep);
enum mc_status dossier_decide_map(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__DecideMapRequest *req, Dossier__Mapping *rep);
enum mc_status dossier_sign_map(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__SignMapRequest *req, Dossier__MapVersion *rep);
enum mc_status dossier_export_map(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__ExportMapRequest *req,
                                  Dossier__ExportMapReply *rep);
