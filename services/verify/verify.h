/* motcua-verify: what its commands share. Nothing outside this folder includes it. */
#pragma once

#include <stdio.h>

#include "common/merkle.h"
#include "common/note.h"
#include "common/proof.h"

#include "partner.pb-c.h"
#include "payment.pb-c.h"

enum { VERIFY_FILE_MAX = 1 << 20 }; /* bytes of a proof, a checkpoint, a key */

/* What the program ends with. */
enum verify_exit {
    VERIFY_OK = 0,
    VERIFY_BAD = 1, /* it was read, and does not hold */
    VERIFY_USAGE = 64,
    VERIFY_DATA = 65, /* it could not be read */
};

struct verify {
    struct mc_arena arena; /* all that is read lives as long as the program */
};

/* Each takes what follows its name; what it found is printed, why it failed goes to stderr. */
int verify_proof(struct verify *verify, int argc, char **argv);
int verify_log(struct verify *verify, int argc, char **argv);
int verify_receipt(struct verify *verify, int argc, char **argv);
int verify_certificate(struct verify *verify, int argc, char **argv);

/* A kind of code (common/proof.h): what is signed, and how that is told. */
struct verify_code {
    const char *kind;
    const ProtobufCMessageDescriptor *type;
    void (*tell)(const ProtobufCMessage *message);
};
extern const struct verify_code verify_receipt_code;
extern const struct verify_code verify_certificate_code;

/* The command: "CODE|FILE KEYS" (code.c). */
int verify_code(struct verify *verify, int argc, char **argv, const struct verify_code *of);
/* "label: value", unless there is none. */
void verify_line(const char *label, const char *value);

/*
 * What a code says, in the arena. MC_INVALID: it is none of this kind; MC_UNAUTHENTICATED: none of
 * these keys signed it; MC_FULL: no memory.
 */
mc_nodiscard enum mc_status verify_code_open(struct mc_arena *arena,
                                             uint8_t (*keys)[MC_SIGN_PUBLIC_LEN], size_t keys_len,
                                             const struct verify_code *of, struct mc_bytes code,
                                             const ProtobufCMessage **ret_message);
/* The same of a receipt. */
mc_nodiscard enum mc_status verify_receipt_open(struct mc_arena *arena,
                                                uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                                                size_t keys_len, struct mc_bytes code,
                                                const Payment__ReceiptProof **ret_receipt);
/* Public keys as the rooms publish them: hex, one a line. 0: there is none, or something else. */
size_t verify_keys(struct mc_bytes text, uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN]);

/* A whole file ("-": the standard input); false, told on stderr: it could not be read. */
mc_nodiscard bool verify_read(struct verify *verify, const char *path, struct mc_bytes *ret_text);
/* A key as text, or the file that holds it. */
mc_nodiscard bool verify_key(struct verify *verify, const char *key, struct mc_note_key *ret_key);
/* A checkpoint that this key has signed. `what` names it on stderr. */
mc_nodiscard bool verify_checkpoint(const char *what, struct mc_bytes note,
                                    const struct mc_note_key *key,
                                    struct mc_checkpoint *ret_checkpoint);
