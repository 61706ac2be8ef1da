/* Signed versions of a map: kept as what changed since the one before. */
#include <string.h>

#include "common/date.h"

#include "codelist.h"

static struct mc_bytes number_key(struct mc_txn *txn, struct mc_bytes prefix, uint32_t version)
{
    const uint8_t tail[] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16),
                            (uint8_t)(version >> 8), (uint8_t)version};

    return mc_key_join(txn, prefix, mc_keep(txn, tail, sizeof tail));
}

static struct mc_bytes row_prefix(struct mc_txn *txn, const char *from, const char *to,
                                  const char *code)
{
    const char *parts[] = {from, to, code};

    return dossier_list_key(txn, parts, MC_LEN(parts));
}

DossierState__MapVersion *dossier_map_version(struct mc_txn *txn, const char *from, const char *to,
                                              uint32_t version)
{
    return mc_load(txn, DOSSIER_MAP_VERSIONS,
                   number_key(txn, dossier_map_key(txn, from, to, ""), version),
                   &dossier_state__map_version__descriptor);
}

uint32_t dossier_map_version_on(struct mc_txn *txn, const char *from, const char *to, int64_t day)
{
    const DossierState__MapHead *head = dossier_map_head(txn, from, to);
    int64_t begins = 0;

    for (uint32_t version = head != NULL ? head->version : 0; version > 0; version--) {
        const DossierState__MapVersion *record = dossier_map_version(txn, from, to, version);

        if (record != NULL && dossier_day_parse(record->effective_from, DOSSIER_DAY_MIN, &begins) &&
            begins <= day)
            return version;
    }
    return 0;
}

/* The newest row up to a version. */
const DossierState__MapRow *dossier_map_row(struct mc_txn *txn, const char *from, const char *to,
                                            const char *code, uint32_t version)
{
    struct mc_bytes prefix = row_prefix(txn, from, to, code);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_MAP_ROWS, prefix, number_key(txn, prefix, version + 1), MC_BACKWARD);

    return mc_next(&cursor) ? mc_row(&cursor, &dossier_state__map_row__descriptor) : NULL;
}

/* Every code that any version has, once. */
typedef bool each_code(void *arg, const char *code);
static void walk_codes(struct mc_txn *txn, const char *from, const char *to, each_code *each,
                       void *arg)
{
    struct mc_bytes pair = dossier_map_key(txn, from, to, "");
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_MAP_ROWS, pair, (struct mc_bytes){0}, MC_FORWARD);
    char code[DOSSIER_CODE_MAX + 1] = "";

    while (mc_next(&cursor)) {
        const char *at = (const char *)cursor.key.data + pair.len;

        if (strcmp(code, at) == 0 || strlen(at) >= sizeof code) {
            mc_pass(&cursor);
            continue;
        }
        memcpy(code, at, strlen(at) + 1);
        if (!each(arg, code)) /* it may write, so its memory stays */
            return;
    }
}

struct walk {
    struct mc_txn *txn;
    const char *from;
    const char *to;
    uint32_t version;
    dossier_map_each *each;
    void *arg;
};

static bool give(void *arg, const char *code)
{
    const struct walk *walk = arg;
    struct dossier_map_line line = {.code = code};

    line.row = dossier_map_row(walk->txn, walk->from, walk->to, code, walk->version);
    return line.row == NULL || line.row->to_code[0] == '\0' || walk->each(walk->arg, &line);
}

void dossier_map_walk(struct mc_txn *txn, const char *from, const char *to, uint32_t version,
                      dossier_map_each *each, void *arg)
{
    struct walk walk = {txn, from, to, version, each, arg};

    walk_codes(txn, from, to, give, &walk);
}

/* A field in quotes, a quote in it doubled (RFC 4180). */
static char *quoted(struct mc_txn *txn, const char *text)
{
    char *out = dossier_alloc(txn, 2 * strlen(text) + 3);
    size_t len = 0;

    if (out == NULL)
        return mc_unconst("");
    out[len++] = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"')
            out[len++] = '"';
        out[len++] = *text;
    }
    out[len] = '"';
    return out;
}

char *dossier_map_csv(struct mc_txn *txn, const struct dossier_map_line *line)
{
    char *text = line == NULL ? dossier_text(txn, "from_code,from_name,to_code,to_name\n")
                              : mc_sprintf(txn->arena, "%s,%s,%s,%s\n", line->code,
                                           quoted(txn, line->row->from_name), line->row->to_code,
                                           quoted(txn, line->row->to_name));

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text != NULL ? text : mc_unconst("");
}

/* The key that signed it: that of now, or one before it, which stays published. */
static struct mc_bytes signer_of(const struct dossier *dossier, struct mc_txn *txn,
                                 const DossierState__MapVersion *record)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    size_t len = dossier->boot->public_keys(dossier->boot, "dossier", keys);
    size_t i = 0;

    while (i + 1 < len &&
           (record->signature.len != MC_SIGNATURE_LEN ||
            !mc_sign_verify(record->signature.data, keys[i], mc_key_text(record->statement))))
        i++;
    return mc_keep(txn, keys[i], sizeof keys[i]);
}

void dossier_map_version_message(const struct dossier *dossier, struct mc_txn *txn,
                                 const char *from, const char *to, uint32_t version,
                                 const DossierState__MapVersion *record, Dossier__MapVersion *out)
{
    struct mc_bytes key = signer_of(dossier, txn, record);

    out->from_list = mc_unconst(from);
    out->to_list = mc_unconst(to);
    out->version = version;
    out->effective_from = record->effective_from;
    out->rows = record->rows;
    out->open = record->open;
    out->signed_by = record->signed_by;
    out->signed_at_ms = record->signed_at_ms;
    out->reason = record->reason;
    out->statement = record->statement;
    out->signature = record->signature;
    out->public_key = (ProtobufCBinaryData){key.len, mc_unconst(key.data)};
}

/* --- SignMap --- */

struct signing {
    struct mc_txn *txn;
    const Dossier__SignMapRequest *req;
    uint32_t version;
    uint32_t rows;
    struct mc_hasher hasher;
};

static void put_row(const struct signing *signing, const char *code, const char *to_code)
{
    struct mc_txn *txn = signing->txn;
    const char *from = signing->req->from_list;
    const char *to = signing->req->to_list;
    DossierState__MapRow row = DOSSIER_STATE__MAP_ROW__INIT;
    const DossierState__ListCode *ours = dossier_code_last(txn, from, code);
    const DossierState__ListCode *theirs =
        to_code[0] != '\0' ? dossier_code_last(txn, to, to_code) : NULL;
    const DossierState__MapRow *before = dossier_map_row(txn, from, to, code, signing->version - 1);

    row.to_code = mc_unconst(to_code);
    row.from_name = ours != NULL ? ours->name : mc_unconst("");
    row.to_name = theirs != NULL ? theirs->name : mc_unconst("");
    if (before != NULL && strcmp(before->to_code, row.to_code) == 0 &&
        strcmp(before->from_name, row.from_name) == 0 && strcmp(before->to_name, row.to_name) == 0)
        return;
    mc_save(txn, DOSSIER_MAP_ROWS,
            number_key(txn, row_prefix(txn, from, to, code), signing->version), &row.base);
}

static void put_confirmed(struct signing *signing)
{
    struct mc_txn *txn = signing->txn;
    struct mc_bytes pair = dossier_map_key(txn, signing->req->from_list, signing->req->to_list, "");
    const uint8_t state = DOSSIER__MAP_STATE__MAP_CONFIRMED;
    struct mc_bytes prefix = mc_key_join(txn, pair, mc_keep(txn, &state, 1));
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_MAP_STATES, prefix, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor) && txn->status == MC_OK) {
        char *code = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                (const char *)cursor.key.data + prefix.len);
        const DossierState__Mapping *mapping =
            code != NULL
                ? dossier_map_load(txn, signing->req->from_list, signing->req->to_list, code)
                : NULL;

        if (mapping != NULL)
            put_row(signing, code, mapping->to_code);
    }
}

/* What was confirmed once and is not any more leaves the map with this version. */
static bool put_gone(void *arg, const char *code)
{
    struct signing *signing = arg;
    const DossierState__Mapping *mapping =
        dossier_map_load(signing->txn, signing->req->from_list, signing->req->to_list, code);

    if (mapping == NULL || mapping->state != DOSSIER__MAP_STATE__MAP_CONFIRMED)
        put_row(signing, code, "");
    return signing->txn->status == MC_OK;
}

static bool hash_line(void *arg, const struct dossier_map_line *line)
{
    struct signing *signing = arg;

    mc_hasher_add(&signing->hasher, mc_key_text(dossier_map_csv(signing->txn, line)));
    signing->rows++;
    return signing->txn->status == MC_OK;
}

static char *statement(struct signing *signing)
{
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN + 1];

    mc_hasher_begin(&signing->hasher);
    mc_hasher_add(&signing->hasher, mc_key_text(dossier_map_csv(signing->txn, NULL)));
    dossier_map_walk(signing->txn, signing->req->from_list, signing->req->to_list, signing->version,
                     hash_line, signing);
    mc_hasher_end(&signing->hasher, hash);
    (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    char *out = mc_sprintf(signing->txn->arena,
                           "motcua map 1\nfrom=%s\nto=%s\nversion=%u\neffective_from=%s\n"
                           "rows=%u\nsha256=%s\n",
                           signing->req->from_list, signing->req->to_list, signing->version,
                           signing->req->effective_from, signing->rows, text);
    if (out == NULL)
        (void)mc_fail(signing->txn, MC_LIMITED, "arena full");
    return out != NULL ? out : mc_unconst("");
}

enum mc_status dossier_sign_map(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__SignMapRequest *req, Dossier__MapVersion *rep)
{
    DossierState__MapVersion record = DOSSIER_STATE__MAP_VERSION__INIT;
    struct signing signing = {.txn = txn, .req = req};
    uint8_t signature[MC_SIGNATURE_LEN];
    const char *keys[] = {NULL};
    int64_t day = 0;
    char *reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    if (reason == NULL || !dossier_map_check(txn, req->from_list, req->to_list) ||
        !dossier_day_of(txn, "effective_from", req->effective_from, &day))
        return txn->status;
    DossierState__MapHead *head = dossier_map_head(txn, req->from_list, req->to_list);
    if (reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (req->effective_from[0] == '\0')
        mc_refuse(txn, MC_INVALID, "effective_from", "FIELD_REQUIRED", "field", "effective_from",
                  NULL);
    if (head != NULL && head->confirmed == 0)
        mc_refuse(txn, MC_EXPIRED, "", "MAP_EMPTY", NULL);
    if (head != NULL && head->confirmed > DOSSIER_MAP_ROWS_MAX)
        mc_refuse(txn, MC_LIMITED, "", "LIST_TOO_LONG", NULL);
    if (txn->status != MC_OK || head == NULL)
        return txn->status;
    signing.version = head->version + 1;
    walk_codes(txn, req->from_list, req->to_list, put_gone, &signing);
    put_confirmed(&signing);
    record.statement = statement(&signing);
    mc_sign(signature, dossier->sign_secret, mc_key_text(record.statement));
    record.signature = (ProtobufCBinaryData){sizeof signature, signature};
    record.effective_from = req->effective_from;
    record.rows = signing.rows;
    record.open = head->proposed + head->review + head->unmatched;
    record.signed_by = dossier_text(txn, txn->actor);
    record.signed_at_ms = txn->now_ms;
    record.reason = reason;
    head->version = signing.version;
    mc_save(
        txn, DOSSIER_MAP_VERSIONS,
        number_key(txn, dossier_map_key(txn, req->from_list, req->to_list, ""), signing.version),
        &record.base);
    mc_save(txn, DOSSIER_MAP_VERSIONS, dossier_map_key(txn, req->from_list, req->to_list, ""),
            &head->base);
    struct mc_bytes kept = mc_keep(txn, signature, sizeof signature);
    record.signature = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
    dossier_map_version_message(dossier, txn, req->from_list, req->to_list, signing.version,
                                &record, rep);
    mc_emit(txn, "dossier.map_signed", &rep->base, MC_PLAIN, keys);
    return txn->status;
}
