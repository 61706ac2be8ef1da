/* Mappings of codes, as they are being decided. */
#include <string.h>

#include "common/date.h"

#include "codelist.h"

bool dossier_map_check(struct mc_txn *txn, const char *from, const char *to)
{
    if (!dossier_list_check(txn, "from_list", from) || !dossier_list_check(txn, "to_list", to))
        return false;
    if (strcmp(from, to) != 0)
        return true;
    mc_refuse(txn, MC_INVALID, "to_list", "LIST_UNKNOWN", NULL);
    return false;
}

struct mc_bytes dossier_map_key(struct mc_txn *txn, const char *from, const char *to,
                                const char *code)
{
    const char *parts[] = {from, to};
    struct mc_bytes pair = dossier_list_key(txn, parts, MC_LEN(parts));

    return code[0] != '\0' ? mc_key_join(txn, pair, mc_key_text(code)) : pair;
}

DossierState__MapHead *dossier_map_head(struct mc_txn *txn, const char *from, const char *to)
{
    DossierState__MapHead *head =
        mc_load(txn, DOSSIER_MAP_VERSIONS, dossier_map_key(txn, from, to, ""),
                &dossier_state__map_head__descriptor);

    if (head == NULL && (head = dossier_alloc(txn, sizeof *head)) != NULL)
        dossier_state__map_head__init(head);
    return head;
}

static uint32_t *counter(DossierState__MapHead *head, uint32_t state)
{
    return state == DOSSIER__MAP_STATE__MAP_PROPOSED    ? &head->proposed
           : state == DOSSIER__MAP_STATE__MAP_REVIEW    ? &head->review
           : state == DOSSIER__MAP_STATE__MAP_UNMATCHED ? &head->unmatched
           : state == DOSSIER__MAP_STATE__MAP_CONFIRMED ? &head->confirmed
                                                        : &head->rejected;
}

static struct mc_bytes state_key(struct mc_txn *txn, const char *from, const char *to,
                                 uint32_t state, const char *code)
{
    const uint8_t byte = (uint8_t)state;

    return mc_key_join(
        txn, mc_key_join(txn, dossier_map_key(txn, from, to, ""), mc_keep(txn, &byte, sizeof byte)),
        mc_key_text(code));
}

DossierState__Mapping *dossier_map_load(struct mc_txn *txn, const char *from, const char *to,
                                        const char *code)
{
    return mc_load(txn, DOSSIER_MAPPINGS, dossier_map_key(txn, from, to, code),
                   &dossier_state__mapping__descriptor);
}

void dossier_map_save(struct mc_txn *txn, const char *from, const char *to, const char *code,
                      DossierState__Mapping *mapping)
{
    const DossierState__Mapping *old = dossier_map_load(txn, from, to, code);
    DossierState__MapHead *head = dossier_map_head(txn, from, to);

    if (head == NULL)
        return;
    if (old != NULL) {
        *counter(head, old->state) -= 1;
        mc_drop(txn, DOSSIER_MAP_STATES, state_key(txn, from, to, old->state, code));
    }
    *counter(head, mapping->state) += 1;
    mapping->version = (old != NULL ? old->version : 0) + 1;
    mc_put(txn, DOSSIER_MAP_STATES, state_key(txn, from, to, mapping->state, code),
           mc_key_text(""));
    mc_save(txn, DOSSIER_MAPPINGS, dossier_map_key(txn, from, to, code), &mapping->base);
    mc_save(txn, DOSSIER_MAP_VERSIONS, dossier_map_key(txn, from, to, ""), &head->base);
}

void dossier_map_counts(const DossierState__MapHead *head, Dossier__MapCounts *out)
{
    out->proposed = head->proposed;
    out->review = head->review;
    out->unmatched = head->unmatched;
    out->confirmed = head->confirmed;
    out->rejected = head->rejected;
}

static char *name_of(struct mc_txn *txn, const char *list, const char *code)
{
    const DossierState__ListCode *record =
        code[0] != '\0' ? dossier_code_last(txn, list, code) : NULL;

    return record != NULL ? record->name : mc_unconst("");
}

Dossier__Mapping *dossier_map_message(struct mc_txn *txn, const char *from, const char *to,
                                      const char *code, const DossierState__Mapping *mapping)
{
    Dossier__Mapping *out = dossier_alloc(txn, sizeof *out);

    if (out == NULL)
        return NULL;
    dossier__mapping__init(out);
    out->from_code = dossier_text(txn, code);
    out->from_name = name_of(txn, from, code);
    out->to_code = mapping->to_code;
    out->to_name = name_of(txn, to, mapping->to_code);
    out->state = (Dossier__MapState)mapping->state;
    out->rule = mapping->rule;
    out->version = mapping->version;
    out->decided_by = mapping->decided_by;
    out->decided_at_ms = mapping->decided_at_ms;
    out->reason = mapping->reason;
    out->candidates = dossier_list(txn, mapping->n_candidates);
    for (size_t i = 0; out->candidates != NULL && i < mapping->n_candidates; i++) {
        const DossierState__ListCode *record = dossier_code_last(txn, to, mapping->candidates[i]);
        Dossier__ListCode *one =
            record != NULL ? dossier_code_message(txn, to, mapping->candidates[i], record) : NULL;
        if (one != NULL)
            out->candidates[out->n_candidates++] = one;
    }
    return out;
}

/* ListMap: what is to be decided, or was, by code. */
enum mc_status dossier_list_map(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__ListMapRequest *req, Dossier__ListMapReply *rep)
{
    (void)dossier;
    size_t size = 0;

    if (!dossier_map_check(txn, req->from_list, req->to_list) ||
        !dossier_page(txn, req->page_size, &size))
        return txn->status;
    if (strlen(req->page_token) > DOSSIER_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "page_token", "PAGE_TOKEN_INVALID", NULL);
    bool any = req->state == DOSSIER__MAP_STATE__MAP_ANY;
    struct mc_bytes prefix =
        any ? dossier_map_key(txn, req->from_list, req->to_list, "")
            : state_key(txn, req->from_list, req->to_list, (uint32_t)req->state, "");
    struct mc_bytes from = {0};
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, mc_key_text(req->page_token));
    rep->mappings = dossier_list(txn, size);
    rep->counts = dossier_alloc(txn, sizeof *rep->counts);
    const DossierState__MapHead *head = dossier_map_head(txn, req->from_list, req->to_list);
    if (rep->mappings == NULL || rep->counts == NULL || head == NULL)
        return txn->status;
    dossier__map_counts__init(rep->counts);
    dossier_map_counts(head, rep->counts);
    struct mc_cursor cursor =
        mc_seek(txn, any ? DOSSIER_MAPPINGS : DOSSIER_MAP_STATES, prefix, from, MC_FORWARD);
    while (mc_next(&cursor)) {
        char *code = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                (const char *)cursor.key.data + prefix.len);

        if (code == NULL || rep->n_mappings == size) {
            rep->next_page_token = code != NULL ? code : mc_unconst("");
            break;
        }
        const DossierState__Mapping *mapping =
            dossier_map_load(txn, req->from_list, req->to_list, code);
        if (mapping != NULL)
            rep->mappings[rep->n_mappings++] =
                dossier_map_message(txn, req->from_list, req->to_list, code, mapping);
    }
    return txn->status;
}

/* DecideMap: an officer confirms, chooses, or says that there is none. */
enum mc_status dossier_decide_map(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__DecideMapRequest *req, Dossier__Mapping *rep)
{
    (void)dossier;
    Dossier__MapDecided decided = DOSSIER__MAP_DECIDED__INIT;
    const char *keys[] = {NULL};
    char *reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);
    int64_t today = mc_date_days(mc_date_from_ms(txn->now_ms));

    if (reason == NULL || !dossier_map_check(txn, req->from_list, req->to_list))
        return txn->status;
    if (strlen(req->from_code) > DOSSIER_CODE_MAX || strlen(req->to_code) > DOSSIER_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "from_code", "CODE_FORMAT", NULL);
    DossierState__Mapping *mapping =
        req->from_code[0] != '\0'
            ? dossier_map_load(txn, req->from_list, req->to_list, req->from_code)
            : NULL;
    if (mapping == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "from_code", "CODE_UNKNOWN", NULL);
    if (mapping->version != req->version)
        mc_refuse(txn, MC_CONFLICT, "version", "STALE_VERSION", NULL);
    if (req->to_code[0] != '\0' && dossier_code_on(txn, req->to_list, req->to_code, today) == NULL)
        mc_refuse(txn, MC_INVALID, "to_code", "CODE_UNKNOWN", NULL);
    if (reason[0] == '\0' && strcmp(req->to_code, mapping->to_code) != 0)
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    if (strcmp(mapping->to_code, req->to_code) != 0)
        mapping->rule = mc_unconst("OFFICER");
    mapping->to_code = req->to_code;
    mapping->state = req->to_code[0] != '\0' ? DOSSIER__MAP_STATE__MAP_CONFIRMED
                                             : DOSSIER__MAP_STATE__MAP_REJECTED;
    mapping->decided_by = dossier_text(txn, txn->actor);
    mapping->decided_at_ms = txn->now_ms;
    mapping->reason = reason;
    dossier_map_save(txn, req->from_list, req->to_list, req->from_code, mapping);
    decided.from_list = req->from_list;
    decided.to_list = req->to_list;
    decided.from_code = req->from_code;
    decided.to_code = req->to_code;
    decided.reason = reason;
    mc_emit(txn, "dossier.map_decided", &decided.base, MC_PLAIN, keys);
    const Dossier__Mapping *out =
        dossier_map_message(txn, req->from_list, req->to_list, req->from_code, mapping);
    if (out != NULL)
        *rep = *out;
    return txn->status;
}
