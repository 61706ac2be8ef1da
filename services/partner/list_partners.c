/* GetPartner, ListPartners, ListPartnerChanges, ListCircuits: the registry as those may see it who
 * administer a partner's agency or one above it. */
#include <string.h>

#include "circuit.h"
#include "registry.h"

enum { LOOK_ROWS = 1000 }; /* of a page: rows of others are passed over */

enum mc_status partner_get_partner(struct partner *partner, struct mc_txn *txn,
                                   const Partner__GetPartnerRequest *req, Partner__PartnerView *rep)
{
    const PartnerState__Partner *record = partner_mine(txn, req->partner_id);

    (void)partner;
    if (record != NULL)
        partner_view(txn, req->partner_id, record, rep);
    return txn->status;
}

/* Partners by id, those of others passed over. */
struct walk {
    struct mc_cursor cursor;
    const char *unit;
    size_t left; /* rows that may still be looked at */
    size_t size;
    const char *id;
};

static bool walk_begin(struct mc_txn *txn, const char *unit, uint32_t size, const char *token,
                       struct walk *walk)
{
    char code[MC_AGENCY_CODE_SIZE] = "";

    if (size > PARTNER_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (token[0] != '\0' && !partner_id_ok(token))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (unit[0] != '\0' && mc_agency_parse(unit, code, sizeof code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
    const char *from = token[0] != '\0' ? mc_sprintf(txn->arena, "%s!", token) : "";
    const char *kept = mc_strdup(txn->arena, code);
    if (txn->status != MC_OK || from == NULL || kept == NULL)
        return false;
    *walk = (struct walk){
        .unit = kept, .left = LOOK_ROWS, .size = size != 0 ? size : PARTNER_PAGE_DEFAULT};
    /* '!' is below every sign of an id, and behind the id itself */
    walk->cursor =
        mc_seek(txn, PARTNER_PARTNERS, (struct mc_bytes){0}, mc_key_text(from), MC_FORWARD);
    return true;
}

static const PartnerState__Partner *walk_next(struct mc_txn *txn, struct walk *walk)
{
    while (walk->left > 0 && mc_next(&walk->cursor)) {
        const PartnerState__Partner *record =
            mc_row(&walk->cursor, &partner_state__partner__descriptor);

        walk->left--;
        if (record == NULL)
            return NULL;
        walk->id = mc_sprintf(txn->arena, "%.*s", (int)walk->cursor.key.len,
                              (const char *)walk->cursor.key.data);
        if (mc_unit_mine(txn, record->unit) &&
            (walk->unit[0] == '\0' || mc_agency_within(record->unit, walk->unit)))
            return record;
    }
    return NULL;
}

enum mc_status partner_list_partners(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListPartnersRequest *req,
                                     Partner__ListPartnersReply *rep)
{
    struct walk walk;
    const char *last = "";

    (void)partner;
    if (!walk_begin(txn, req->unit, req->page_size, req->page_token, &walk))
        return txn->status;
    rep->partners = mc_alloc(txn->arena, walk.size * sizeof(Partner__PartnerView *));
    for (const PartnerState__Partner *record;
         rep->partners != NULL && (record = walk_next(txn, &walk)) != NULL;) {
        Partner__PartnerView *view = mc_alloc(txn->arena, sizeof *view);

        if (rep->n_partners == walk.size) {
            rep->next_page_token = mc_unconst(last);
            break;
        }
        if (view == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        partner__partner_view__init(view);
        partner_view(txn, walk.id, record, view);
        rep->partners[rep->n_partners++] = view;
        last = walk.id;
    }
    if (walk.left == 0 && rep->next_page_token[0] == '\0' && walk.id != NULL)
        rep->next_page_token = mc_unconst(walk.id);
    return txn->status;
}

enum mc_status partner_list_circuits(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListCircuitsRequest *req,
                                     Partner__ListCircuitsReply *rep)
{
    struct walk walk;
    const char *last = "";

    (void)partner;
    if (!walk_begin(txn, "", req->page_size, req->page_token, &walk))
        return txn->status;
    rep->circuits = mc_alloc(txn->arena, walk.size * sizeof(Partner__Circuit *));
    for (const PartnerState__Partner *record;
         rep->circuits != NULL && (record = walk_next(txn, &walk)) != NULL;) {
        Partner__Circuit *view = mc_alloc(txn->arena, sizeof *view);

        if (view == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        partner__circuit__init(view);
        partner_circuit_view(txn, walk.id, record, view);
        if (req->open && view->state == PARTNER__CIRCUIT_STATE__CIRCUIT_CLOSED)
            continue;
        if (rep->n_circuits == walk.size) {
            rep->next_page_token = mc_unconst(last);
            break;
        }
        rep->circuits[rep->n_circuits++] = view;
        last = walk.id;
    }
    if (walk.left == 0 && rep->next_page_token[0] == '\0' && walk.id != NULL)
        rep->next_page_token = mc_unconst(walk.id);
    return txn->status;
}

static Partner__PartnerChange *change_of(struct mc_txn *txn, const PartnerState__Change *row)
{
    Partner__PartnerChange *change = mc_alloc(txn->arena, sizeof *change);

    if (change == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    partner__partner_change__init(change);
    change->at_ms = row->at_ms;
    change->by = row->by;
    change->what = row->what;
    change->reason = row->reason;
    change->version = row->version;
    change->fields = row->fields;
    change->n_fields = row->n_fields;
    return change;
}

enum mc_status partner_list_partner_changes(struct partner *partner, struct mc_txn *txn,
                                            const Partner__ListPartnerChangesRequest *req,
                                            Partner__ListPartnerChangesReply *rep)
{
    const PartnerState__Partner *record = partner_mine(txn, req->partner_id);
    size_t size = req->page_size != 0 ? req->page_size : PARTNER_PAGE_DEFAULT;
    struct mc_bytes prefix = {req->partner_id, strlen(req->partner_id) + 1};
    struct mc_bytes from = {0};
    uint8_t number[sizeof(uint64_t)];

    (void)partner;
    if (size > PARTNER_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unhex(number, sizeof number, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (record == NULL || txn->status != MC_OK)
        return txn->status;
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){number, sizeof number});
    rep->changes = mc_alloc(txn->arena, size * sizeof(Partner__PartnerChange *));
    struct mc_cursor cursor = mc_seek(txn, PARTNER_CHANGES, prefix, from, MC_BACKWARD);
    while (rep->changes != NULL && rep->n_changes < size && mc_next(&cursor)) {
        const PartnerState__Change *row = mc_row(&cursor, &partner_state__change__descriptor);
        Partner__PartnerChange *change = row != NULL ? change_of(txn, row) : NULL;
        char *token = mc_alloc(txn->arena, 2 * sizeof number + 1);

        if (change == NULL || token == NULL)
            break;
        rep->changes[rep->n_changes++] = change;
        (void)mc_hex(
            token, (struct mc_bytes){(const uint8_t *)cursor.key.data + prefix.len, sizeof number});
        if (rep->n_changes == size && memcmp(cursor.key.data, prefix.data, prefix.len) == 0)
            rep->next_page_token = token;
    }
    return txn->status;
}
