/*
 * The registry's records. One partner is one row; its profile is sealed as a whole, because it
 * names people, and what each turn looks at (concurrency, windows, APIs) lies beside it.
 *
 *     partner_units: agency code, NUL, 'P' or 'T' -> partner id
 */
#include "registry.h"

#include <string.h>

#include "common/date.h"
#include "common/tally.h"
#include "common/text.h"

#include "circuit.h"

enum { MINUTE_MS = 60000, DAY_MS = 24 * 60 * MINUTE_MS, DAYS_AHEAD = 8 };

bool partner_id_ok(const char *id)
{
    size_t len = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-");

    return len > 0 && len <= PARTNER_ID_MAX && id[len] == '\0';
}

PartnerState__Partner *partner_load(struct mc_txn *txn, const char *id)
{
    return partner_id_ok(id) ? mc_load(txn, PARTNER_PARTNERS, mc_key_text(id),
                                       &partner_state__partner__descriptor)
                             : NULL;
}

void partner_save(struct mc_txn *txn, const char *id, const PartnerState__Partner *record)
{
    mc_save(txn, PARTNER_PARTNERS, mc_key_text(id), &record->base);
}

PartnerState__Partner *partner_mine(struct mc_txn *txn, const char *id)
{
    PartnerState__Partner *record = partner_load(txn, id);

    if (record != NULL && mc_unit_mine(txn, record->unit))
        return record;
    (void)mc_refuse(txn, MC_NOT_FOUND, "partner_id", "NOT_FOUND", NULL);
    return NULL;
}

void partner_refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", label, "max", max, NULL);
}

void partner_reason_check(struct mc_txn *txn, const char *reason)
{
    if (reason[strspn(reason, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(reason) > PARTNER_REASON_MAX)
        partner_refuse_long(txn, "reason", "Lý do", "500 ký tự");
}

static struct mc_bytes change_key(struct mc_txn *txn, const char *id, uint64_t number)
{
    return mc_key_join(txn, (struct mc_bytes){id, strlen(id) + 1}, mc_key_u64(txn, number));
}

void partner_changed(struct mc_txn *txn, const char *id, PartnerState__Partner *record,
                     const struct partner_change *change)
{
    PartnerState__Change row = PARTNER_STATE__CHANGE__INIT;
    Partner__PartnerChanged told = PARTNER__PARTNER_CHANGED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "partner:%s", id), NULL};

    if (keys[0] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    record->version++;
    record->changes++;
    record->changed_ms = txn->now_ms;
    record->changed_by = mc_unconst(partner_actor(txn));
    row.at_ms = txn->now_ms;
    row.by = record->changed_by;
    row.what = mc_unconst(change->type + sizeof "partner." - 1);
    row.reason = mc_unconst(change->reason);
    row.version = record->version;
    row.fields = change->fields;
    row.n_fields = change->fields_len;
    mc_save(txn, PARTNER_CHANGES, change_key(txn, id, record->changes), &row.base);
    told.partner_id = mc_unconst(id);
    told.name = record->name;
    told.unit = record->unit;
    told.dstcode = record->dstcode;
    told.production = record->production;
    told.version = record->version;
    told.reason = row.reason;
    told.until_ms = change->until_ms;
    told.fields = change->fields;
    told.n_fields = change->fields_len;
    told.way = change->way;
    mc_emit(txn, change->type, &told.base, MC_SEALED, keys); /* reasons name people */
}

static const char *masked(struct mc_txn *txn, const char *username)
{
    size_t shown = mc_text_prefix(username, 2, strlen(username));

    return mc_sprintf(txn->arena, "%.*s***", (int)shown, username);
}

static void view_credentials(struct mc_txn *txn, const PartnerState__Partner *record,
                             Partner__PartnerView *rep)
{
    Partner__Credential *rows = mc_alloc(txn->arena, (record->n_credentials + 1) * sizeof *rows);
    rep->credentials =
        mc_alloc(txn->arena, (record->n_credentials + 1) * sizeof(Partner__Credential *));

    if (rows == NULL || rep->credentials == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < record->n_credentials; i++) {
        const PartnerState__Credential *from = record->credentials[i];
        const PartnerState__Secret *secret = partner_credential_open(txn, from);

        if (secret == NULL)
            return;
        partner__credential__init(&rows[i]);
        rows[i].credential_id = from->credential_id;
        rows[i].way = (Partner__CredentialWay)from->way;
        rows[i].username = mc_unconst(masked(txn, secret->username));
        rows[i].from_ms = from->from_ms;
        rows[i].until_ms = from->until_ms;
        rows[i].saved_by = from->saved_by;
        rep->credentials[rep->n_credentials++] = &rows[i];
    }
}

void partner_circuit_view(struct mc_txn *txn, const char *id, const PartnerState__Partner *record,
                          Partner__Circuit *rep)
{
    const PartnerState__Circuit *circuit = partner_circuit_load(txn, id);

    rep->partner_id = mc_unconst(id);
    rep->name = record->name;
    rep->unit = record->unit;
    rep->paused = record->pause != NULL &&
                  (record->pause->until_ms == 0 || record->pause->until_ms > txn->now_ms);
    if (circuit != NULL) {
        rep->state = partner_circuit_state(circuit, txn->now_ms);
        rep->failures = circuit->failures;
        rep->since_ms = circuit->since_ms;
        rep->probe_ms = circuit->probe_ms;
        rep->reason = circuit->reason;
    }
    rep->waiting = partner_waiting(txn, id);
    rep->in_hand =
        (uint64_t)mc_tally_of_destination(txn->store, PARTNER_LANE_DELIVER, id, MC_TALLY_LEASED);
    rep->dead =
        (uint64_t)mc_tally_of_destination(txn->store, PARTNER_LANE_DELIVER, id, MC_TALLY_DEAD);
}

void partner_view(struct mc_txn *txn, const char *id, const PartnerState__Partner *record,
                  Partner__PartnerView *rep)
{
    Partner__Circuit *circuit = mc_alloc(txn->arena, sizeof *circuit);
    Partner__PartnerPause *pause = mc_alloc(txn->arena, sizeof *pause);

    if (circuit == NULL || pause == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    rep->profile = partner_open(txn, record->profile, &partner__partner_profile__descriptor);
    rep->version = record->version;
    rep->created_ms = record->created_ms;
    rep->changed_ms = record->changed_ms;
    rep->changed_by = record->changed_by;
    view_credentials(txn, record, rep);
    partner__circuit__init(circuit);
    partner_circuit_view(txn, id, record, circuit);
    rep->circuit = circuit;
    if (record->pause == NULL)
        return;
    partner__partner_pause__init(pause);
    pause->by = record->pause->by;
    pause->reason = record->pause->reason;
    pause->since_ms = record->pause->since_ms;
    pause->until_ms = record->pause->until_ms;
    rep->pause = pause;
}

const PartnerState__Api *partner_api_of(const PartnerState__Partner *record, const char *type)
{
    for (size_t i = 0; i < record->n_apis; i++)
        if (strcmp(record->apis[i]->type, type) == 0)
            return record->apis[i];
    return NULL;
}

static const PartnerState__Partner *at_unit(struct mc_txn *txn, const char *unit, char which,
                                            const char *api_type, const char **ret_id)
{
    const char tail[2] = {'\0', which};
    struct mc_bytes value = {0};

    struct mc_bytes key = mc_key_join(txn, mc_key_text(unit), (struct mc_bytes){tail, 2});
    if (!mc_get(txn, PARTNER_UNITS, key, &value))
        return NULL;
    const char *id = mc_sprintf(txn->arena, "%.*s", (int)value.len, (const char *)value.data);
    const PartnerState__Partner *record = id != NULL ? partner_load(txn, id) : NULL;
    if (record == NULL || partner_api_of(record, api_type) == NULL)
        return NULL;
    *ret_id = id;
    return record;
}

const PartnerState__Partner *partner_of_unit(const struct partner *partner, struct mc_txn *txn,
                                             const char *unit, const char *api_type,
                                             const char **ret_id)
{
    char code[MC_AGENCY_CODE_SIZE];
    char parent[MC_AGENCY_CODE_SIZE];

    if (mc_agency_parse(unit, code, sizeof code) != MC_WHY_OK)
        return NULL;
    for (unsigned depth = 0; depth < MC_UNITS_DEPTH_MAX; depth++) {
        const PartnerState__Partner *found = at_unit(txn, code, 'P', api_type, ret_id);

        if (found == NULL && partner->call_test_systems)
            found = at_unit(txn, code, 'T', api_type, ret_id);
        if (found != NULL || !mc_agency_parent(code, parent, sizeof parent))
            return found;
        memcpy(code, parent, sizeof code);
    }
    return NULL;
}

/* The window's next moment that is not before now, within the days ahead. */
static int64_t window_open_ms(const PartnerState__Window *window, int64_t now_ms)
{
    int64_t today_ms = mc_date_to_ms(mc_date_from_ms(now_ms));

    for (int day = 0; day < DAYS_AHEAD; day++) {
        int64_t day_ms = today_ms + (int64_t)day * DAY_MS;
        unsigned weekday = (unsigned)mc_date_weekday(mc_date_from_ms(day_ms));
        int64_t until_ms = day_ms + (int64_t)window->until * MINUTE_MS;

        if ((window->days == 0 || (window->days >> weekday & 1) != 0) && until_ms > now_ms)
            return MC_MAX(day_ms + (int64_t)window->from * MINUTE_MS, now_ms);
    }
    return INT64_MAX;
}

int64_t partner_open_ms(const PartnerState__Partner *record, int64_t now_ms)
{
    int64_t from_ms = now_ms;
    int64_t open_ms = record->n_windows == 0 ? now_ms : INT64_MAX;

    if (record->pause != NULL && record->pause->until_ms == 0)
        return INT64_MAX;
    if (record->pause != NULL)
        from_ms = MC_MAX(from_ms, record->pause->until_ms);
    for (size_t i = 0; i < record->n_windows; i++)
        open_ms = MC_MIN(open_ms, window_open_ms(record->windows[i], from_ms));
    open_ms = MC_MAX(open_ms, from_ms);
    return open_ms <= now_ms ? 0 : open_ms;
}
