/*
 * What a file is, by its content and never by its name, and how large its kind may be. Pure.
 *
 * Only the first MC_SNIFF_MAX bytes are looked at, so that the first part of an upload tells
 * the same as the whole file.
 */
#pragma once

#include "common/base.h"

enum {
    MC_SNIFF_MAX = 256 * 1024,
    MC_FILE_TYPES_MAX = 16,
    MC_MEDIA_TYPE_SIZE = 96,
};

struct mc_file_type {
    char media_type[MC_MEDIA_TYPE_SIZE];
    uint64_t max; /* bytes */
};

struct mc_file_types {
    struct mc_file_type rows[MC_FILE_TYPES_MAX];
    size_t len;
    uint64_t largest; /* of all kinds */
};

/* data/file_types.csv. MC_INVALID: a row that is too long, a size that is none, too many rows. */
mc_nodiscard enum mc_status mc_file_types_load(struct mc_file_types *ret_types,
                                               struct mc_bytes csv);

/* A document's media type, which lives for ever; NULL: none of the kinds known here. */
const char *mc_sniff(struct mc_bytes content);

/*
 * The same, and sound (audio/mpeg), film (video/mp4) and plain text: UTF-8 without controls, of
 * which the last character may be cut. Text has no mark of its own, so it is told last.
 */
const char *mc_sniff_any(struct mc_bytes content);

/* Bytes a file of this type may have; 0: the type is not taken. */
uint64_t mc_file_max(const struct mc_file_types *types, const char *media_type);
