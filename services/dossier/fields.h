/*
 * Fields: a packed message taken apart into its fields, and put together again.
 *
 * Pure, and for any message: what changed between two versions of a record is the fields whose
 * bytes differ; a record as it was is today's with the bytes of then in these fields.
 */
#pragma once

#include "common/base.h"

enum { DOSSIER_FIELDS_MAX = 128 }; /* field numbers below it */

struct dossier_fields {
    struct mc_bytes
        of[DOSSIER_FIELDS_MAX]; /* all there is of a field, its tags included; borrowed */
};

/* False: not a packed message, a field number too high, or a field in two places. */
mc_nodiscard bool dossier_fields_split(struct mc_bytes packed, struct dossier_fields *ret_fields);

size_t dossier_fields_size(const struct dossier_fields *fields);
/* `out` holds dossier_fields_size() bytes. */
void dossier_fields_join(const struct dossier_fields *fields, uint8_t *out);

/*
 * Leaves in each only what differs, save what is in neither. Returns how many fields differ.
 */
size_t dossier_fields_differ(struct dossier_fields *before, struct dossier_fields *after);
