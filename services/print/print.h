/*
 * The print room: what its files share. Nothing outside this folder includes it.
 *
 * Templates and signers are read at boot and never change afterwards: the pool's threads use them.
 * What a rendering makes lives in its task's arena.
 */
#pragma once

#include "common/crypto_cert.h"
#include "common/service.h"

#include "print.pb-c.h"
#include "template.pb-c.h"

enum {
    PRINT_TEMPLATES_MAX = 64,
    PRINT_TEMPLATE_MAX = 64 << 10, /* bytes of a template's file */
    PRINT_FIELDS_MAX = 200,
    PRINT_NAME_MAX = 40,
    PRINT_TABLES_MAX = 10,
    PRINT_ROWS_MAX = 1000, /* of one table */
    PRINT_COLUMNS_MAX = 12,
    PRINT_BLOCKS_MAX = 200,
    PRINT_TEXT_MAX = 16 << 10, /* bytes of one text when its fields are filled in */
    PRINT_SPANS_MAX = 32,      /* bold or italic pieces of one text */
    PRINT_PAGES_MAX = 50,
    PRINT_PDF_MAX = 4 << 20,
    PRINT_WHY_MAX = 200,
};

/* A field's value is at most as long as any string of a message (common/validate.h). */
struct print_template {
    const char *name;
    const Template__Document *document;
};

struct print {
    const char *templates_dir;
    const char *keys_dir;
    struct print_template templates[PRINT_TEMPLATES_MAX];
    size_t templates_len;
    struct mc_signers *signers; /* NULL: none are configured */
    struct mc_arena arena;      /* of the templates */
};

extern const struct mc_room print_room;

enum mc_status print_render(struct print *print, struct mc_txn *txn,
                            const Print__RenderRequest *req, Print__RenderReply *rep);
enum mc_status print_render_prepare(void *ctx, struct mc_txn *snapshot, const ProtobufCMessage *req,
                                    struct mc_work *ret_work);
enum mc_status print_list_templates(struct print *print, struct mc_txn *txn,
                                    const Print__ListTemplatesRequest *req,
                                    Print__ListTemplatesReply *rep);

/* --- templates (template.c) --- */

/* Reads and checks one; NULL: `why` says what is wrong, and where. */
const Template__Document *print_template_read(struct mc_arena *arena, struct mc_bytes json,
                                              char why[PRINT_WHY_MAX]);
/* Those linked in, each replaced by <templates_dir>/<name>.json where there is one. */
mc_nodiscard bool print_templates_load(struct print *print, char *why, size_t why_size);
const Template__Document *print_template_find(const struct print *print, const char *name);
/* "name*" is a field that must come. */
bool print_field_is_named(const char *entry, const char *name, bool *ret_required);

/* --- texts (expand.c) --- */

struct print_span {
    size_t from; /* bytes */
    size_t to;
    bool bold;
    bool italic;
};

/* A template's text with its fields filled in. */
struct print_text {
    char *text;
    size_t len;
    struct print_span spans[PRINT_SPANS_MAX];
    size_t spans_len;
};

struct print_fields {
    const Print__RenderRequest *request;
    const char *signed_by; /* "" when it will not be signed */
    const char *signed_at;
};

/* "" for a field that did not come; NULL: there is no such name. */
const char *print_field(const struct print_fields *fields, const char *name, size_t len);

/*
 * {name} becomes the field's value, ** and __ begin and end bold and italic in the template's own
 * text: a value is never read for either. False: too long, or no memory.
 */
mc_nodiscard bool print_expand(struct mc_arena *arena, const char *text,
                               const struct print_fields *fields, bool upper,
                               struct print_text *ret_text);

/* Calls `found` for each {name}; false: a brace or a mark without its other half, or found() was.
 */
mc_nodiscard bool print_names(const char *text, bool (*found)(void *arg, const char *name, size_t),
                              void *arg);

/* --- documents --- */

struct print_made {
    enum mc_status status;
    const char *code; /* of messages.csv, when the request is refused */
    const char *field;
    struct mc_bytes pdf;
    unsigned pages;
    bool is_signed;
    const char *signed_by;
};

/* Sets the pages and signs them; signer NULL: they are not signed (layout.c). */
void print_layout(struct mc_arena *arena, const Template__Document *document,
                  const struct print_fields *fields, const struct mc_signer *signer,
                  struct print_made *ret_made);

/* What a catalogue and a signature say beside the pages. */
struct print_facts {
    const char *title;
    const char *author;
    int64_t at_ms;
    const struct mc_signer *signer; /* NULL: not signed */
};

/*
 * The incremental update that makes it a signed document with language and metadata (pdf.c);
 * `pdf` is cairo's. MC_FULL: no memory; MC_INVALID: not what cairo writes, or it cannot be signed.
 */
mc_nodiscard enum mc_status print_pdf_finish(struct mc_arena *arena, struct mc_bytes pdf,
                                             const struct print_facts *facts,
                                             struct mc_bytes *ret_pdf);
