/*
 * What a file is, by its content and never by its name, and how large its kind may be. Pure.
 *
 * Only the first DOSSIER_SNIFF_MAX bytes are looked at, so that the first part of an upload tells
 * the same as the whole file.
 */
#pragma once

#include "common/base.h"

enum {
    DOSSIER_SNIFF_MAX = 256 * 1024,
    DOSSIER_FILE_TYPES_MAX = 16,
    DOSSIER_MEDIA_TYPE_SIZE = 96,
};

struct dossier_file_type {
    char media_type[DOSSIER_MEDIA_TYPE_SIZE];
    uint64_t max; /* bytes */
};

struct dossier_file_types {
    struct dossier_file_type rows[DOSSIER_FILE_TYPES_MAX];
    size_t len;
    uint64_t largest; /* of all kinds */
};

/* data/file_types.csv. MC_INVALID: a row that is too long, a size that is none, too many rows. */
mc_nodiscard enum mc_status dossier_file_types_load(struct dossier_file_types *ret_types,
                                                    struct mc_bytes csv);

/* The media type, which lives for ever; NULL: none that is taken. */
const char *dossier_sniff(struct mc_bytes content);

/* Bytes a file of this type may have; 0: the type is not taken. */
uint64_t dossier_file_max(const struct dossier_file_types *types, const char *media_type);
