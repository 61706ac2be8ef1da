/*
 * Chain: each entry's hash covers the entry and the hash before it, so that no entry can be
 * edited, dropped, added or moved without every later hash being wrong. Pure.
 *
 *     hash(n) = SHA-256(0x01 ‖ hash(n-1) ‖ canonical bytes of entry n)
 *
 * 0x01 is the version of this format; hash(0) is 32 zero bytes. The canonical bytes are, in this
 * order, with numbers big-endian and each text or byte string led by its length in 4 bytes:
 *
 *     number 8 ‖ room ‖ seq 8 ‖ type ‖ at_ms 8 ‖ actor ‖ count of keys 4 ‖ each key
 *     ‖ traceparent ‖ cause ‖ cause_event ‖ body hash
 *
 * Entry 1, event 7 "otp.x" of room "otp" at 1 ms by "system" about "k:1", with no trace, cause or
 * cause event, and an empty body:
 *
 *     0000000000000001 00000003 6f7470 0000000000000007 00000005 6f74702e78 0000000000000001
 *     00000006 73797374656d 00000001 00000003 6b3a31 00000000 00000000 00000000
 *     00000020 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
 *
 *     hash(1) = 0976ead7a7c8592e6f7bb3899c359d65564943b0b47d5e1b08338754dd622319
 */
#pragma once

#include "common/crypto.h"

#include "state.pb-c.h"

enum { AUDIT_CHAIN_VERSION = 1 };

void audit_chain_next(uint8_t out[MC_HASH_LEN], const uint8_t before[MC_HASH_LEN], uint64_t number,
                      const AuditState__Entry *entry);
