/*
 * Pack: messages packed in one pass.
 *
 * protobuf-c walks a message twice, once to know its size and once to write it, and the inner ones
 * more often; that was a seventh of what an SMS costs its room. Here it is written from its end to
 * its beginning, where each length is known when its turn comes. What comes out is what
 * protobuf_c_message_pack() writes, byte for byte (tests/common/pack_test.c holds them against each
 * other); what does not fit the scratch, or has fields of kinds that no record of ours has, is left
 * to protobuf-c.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/arena.h"

/* In the arena, behind `head` bytes for the caller's use; NULL: the arena is full. */
mc_nodiscard uint8_t *mc_pack(struct mc_arena *arena, const ProtobufCMessage *message, size_t head,
                              size_t *ret_len);
