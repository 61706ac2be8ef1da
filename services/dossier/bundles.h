/*
 * Bundles: linked procedures (liên thông), several procedures at several agencies that are filed as
 * one request, and which of them waits for which. Pure; read once, at boot.
 */
#pragma once

#include "common/base.h"

enum { DOSSIER_BUNDLES_MAX = 64, DOSSIER_BUNDLE_PARTS_MAX = 8, DOSSIER_BUNDLE_NAME_SIZE = 300 };

struct dossier_bundle {
    char code[32]; /* 2.002622 */
    char name[DOSSIER_BUNDLE_NAME_SIZE];
    struct {
        char procedure[32];
        unsigned after; /* bits of the parts (bit 0: part 1) that must be finished first */
    } parts[DOSSIER_BUNDLE_PARTS_MAX];
    size_t parts_len;
};

struct dossier_bundles {
    struct dossier_bundle rows[DOSSIER_BUNDLES_MAX];
    size_t len;
};

/*
 * bundle,name,part,procedure,after,origin: parts of a bundle in order from 1, after naming earlier
 * ones with blanks between. MC_INVALID for anything else: so nothing can wait for itself.
 */
mc_nodiscard enum mc_status dossier_bundles_load(struct dossier_bundles *ret_table,
                                                 struct mc_bytes csv);
const struct dossier_bundle *dossier_bundle_find(const struct dossier_bundles *table,
                                                 const char *code);
