/*
 * Note: a text that was signed, and stays readable (C2SP signed-note), and the checkpoints of
 * transparency logs, which are such notes (C2SP tlog-checkpoint, tlog-cosignature):
 *
 *     audit.motcua.example             the log's name
 *     4711                             its size
 *     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     its root
 *
 *     — audit.motcua.example Az3grl…  the log's signature
 *     — tinh.tayninh.example 8fO0…    a witness's, with the time at which it signed
 *
 * A signature's first four bytes say whose key it is: of SHA-256(name ‖ "\n" ‖ kind ‖ public key).
 * A verifier's key is told as text too: name+hex of those four bytes+base64(kind ‖ public key).
 */
#pragma once

#include "common/crypto.h"

enum {
    MC_NOTE_NAME_MAX = 100,
    MC_NOTE_TEXT_MAX = 1024,
    MC_NOTE_MAX = 16 << 10,                   /* bytes of a note, signatures and all */
    MC_NOTE_KEY_SIZE = MC_NOTE_NAME_MAX + 80, /* of a key told as text, with NUL */
};

/* What a signature is of: the text, or the text and a time (a witness's). */
enum mc_note_kind { MC_NOTE_SIGNED = 1, MC_NOTE_COSIGNED = 4 };

struct mc_note_key {
    char name[MC_NOTE_NAME_MAX + 1];
    enum mc_note_kind kind;
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
};

/* A name is a host or path: no blanks, no plus sign. */
mc_nodiscard bool mc_note_name_is_valid(const char *name);

mc_nodiscard bool mc_note_key_parse(struct mc_note_key *key, struct mc_bytes text);
void mc_note_key_text(char out[MC_NOTE_KEY_SIZE], const struct mc_note_key *key);

/*
 * One signature line, with its newline, over a text that ends in one. at_ms, of a witness's
 * signature, is told in whole seconds. In the arena; NULL: it is full.
 */
mc_nodiscard char *mc_note_sign(struct mc_arena *arena, const char *text,
                                const struct mc_note_key *key,
                                const uint8_t secret[MC_SIGN_SECRET_LEN], int64_t at_ms);

/* A note's text, with its last newline, without the empty line; false: it is not a note. */
mc_nodiscard bool mc_note_text(struct mc_bytes note, struct mc_bytes *ret_text);
/* The note bears a signature of this key. ret_at_ms, for a witness's, may be NULL. */
mc_nodiscard bool mc_note_verify(struct mc_bytes note, const struct mc_note_key *key,
                                 int64_t *ret_at_ms);

struct mc_checkpoint {
    char origin[MC_NOTE_NAME_MAX + 1];
    uint64_t size;
    uint8_t root[MC_HASH_LEN];
};

/* The text to be signed; NULL: the arena is full. */
mc_nodiscard char *mc_checkpoint_text(struct mc_arena *arena,
                                      const struct mc_checkpoint *checkpoint);
/* Of a note or its text. Lines after the third (extensions) are passed over. */
mc_nodiscard bool mc_checkpoint_parse(struct mc_checkpoint *checkpoint, struct mc_bytes note);
