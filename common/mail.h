/*
 * Mail: one e-mail as the bytes that go over the wire (RFC 5322, MIME). Pure; how it travels is
 * http.h's.
 *
 * Bodies and attachments are base64, so no line is long, none begins with a dot, and no text can
 * end its part. What would stand in a header is refused when it holds a control character: nobody
 * adds a header or a recipient by a name with a line break in it (NOT-07).
 */
#pragma once

#include "common/arena.h"

enum {
    MC_MAIL_TEXT_MAX = 1000,       /* bytes of a subject or a name */
    MC_MAIL_FILE_NAME_MAX = 200,   /* bytes */
    MC_MAIL_ID_MAX = 128,          /* characters of a Message-ID's left side */
    MC_MAIL_FILES_MAX = 10,        /* attachments */
    MC_MAIL_BODY_MAX = 256 << 10,  /* bytes of a text */
    MC_MAIL_FILES_SIZE = 10 << 20, /* bytes of all attachments: what relays take at least */
};

struct mc_mail_file {
    const char *name; /* "bien-lai.pdf"; any language */
    const char *type; /* "application/pdf" */
    struct mc_bytes bytes;
};

struct mc_mail {
    const char *from;
    const char *from_name; /* NULL: none */
    const char *to;
    const char *subject;
    const char *text;
    const char *html;        /* NULL: made of the text */
    const char *id;          /* letters, digits, '.', '-', '_'; the same mail again has the same */
    const char *unsubscribe; /* https:// address for List-Unsubscribe; NULL: it cannot be stopped */
    int64_t at_ms;
    const struct mc_mail_file *files;
    size_t files_len;
};

/*
 * `ret_bytes` lives in the arena. MC_INVALID: an address, a name or the id cannot stand in a
 * header. MC_LIMITED: a limit above is passed, or the arena is full.
 */
mc_nodiscard enum mc_status mc_mail_build(struct mc_arena *arena, const struct mc_mail *mail,
                                          struct mc_bytes *ret_bytes);
