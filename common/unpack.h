/*
 * Unpack: messages read in one pass, where protobuf-c makes a list of all members first.
 *
 * Only what is written as we write it (pack.h) is read here: fields in the order of their numbers,
 * none twice, none unknown. Anything else, and whatever is wrong, is left to protobuf-c to read or
 * to refuse, so the answer is always its answer (tests/common/pack_test.c, tests/fuzz/
 * common_unpack_fuzz.c).
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/arena.h"

/* In the arena, with copies of all it holds. NULL: it does not open, or the arena is full. */
mc_nodiscard void *mc_unpack_message(struct mc_arena *arena, const ProtobufCMessageDescriptor *type,
                                     struct mc_bytes bytes);
