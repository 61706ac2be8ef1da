/* A packed message by its fields: protobuf's wire format, as far as needed to pass over a value. */
#include "fields.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, VARINT_MAX = 10 };

struct walk {
    const uint8_t *at;
    size_t left;
};

static bool skip(struct walk *walk, uint64_t len)
{
    if (len > walk->left)
        return false;
    walk->at += len;
    walk->left -= (size_t)len;
    return true;
}

static bool read_varint(struct walk *walk, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_MAX && i < walk->left; i++) {
        value |= (uint64_t)(walk->at[i] & 0x7f) << (7 * i);
        if ((walk->at[i] & 0x80) == 0) {
            *ret_value = value;
            return skip(walk, i + 1);
        }
    }
    return false;
}

static bool skip_value(struct walk *walk, unsigned wire)
{
    uint64_t value = 0;

    switch (wire) {
    case WIRE_VARINT:
        return read_varint(walk, &value);
    case WIRE_64:
        return skip(walk, 8);
    case WIRE_32:
        return skip(walk, 4);
    case WIRE_BYTES:
        return read_varint(walk, &value) && skip(walk, value);
    default:
        return false;
    }
}

bool dossier_fields_split(struct mc_bytes packed, struct dossier_fields *ret_fields)
{
    struct walk walk = {packed.data, packed.len};

    memset(ret_fields, 0, sizeof *ret_fields);
    while (walk.left > 0) {
        const uint8_t *begin = walk.at;
        uint64_t tag = 0;

        if (!read_varint(&walk, &tag) || tag >> 3 == 0 || tag >> 3 >= DOSSIER_FIELDS_MAX ||
            !skip_value(&walk, (unsigned)(tag & 7)))
            return false;
        struct mc_bytes *field = &ret_fields->of[tag >> 3];
        if (field->len > 0 && (const uint8_t *)field->data + field->len != begin)
            return false;
        if (field->len == 0)
            field->data = begin;
        field->len += (size_t)(walk.at - begin);
    }
    return true;
}

size_t dossier_fields_size(const struct dossier_fields *fields)
{
    size_t size = 0;

    for (size_t i = 0; i < DOSSIER_FIELDS_MAX; i++)
        size += fields->of[i].len;
    return size;
}

void dossier_fields_join(const struct dossier_fields *fields, uint8_t *out)
{
    for (size_t i = 0; i < DOSSIER_FIELDS_MAX; i++) {
        if (fields->of[i].len == 0)
            continue;
        memcpy(out, fields->of[i].data, fields->of[i].len);
        out += fields->of[i].len;
    }
}

size_t dossier_fields_differ(struct dossier_fields *before, struct dossier_fields *after)
{
    size_t n = 0;

    for (size_t i = 0; i < DOSSIER_FIELDS_MAX; i++) {
        struct mc_bytes *was = &before->of[i];
        struct mc_bytes *is = &after->of[i];

        if (was->len != is->len || (is->len > 0 && memcmp(was->data, is->data, is->len) != 0)) {
            n++;
            continue;
        }
        was->len = 0;
        is->len = 0;
    }
    return n;
}
