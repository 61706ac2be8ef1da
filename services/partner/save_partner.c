/*
 * SavePartner: a partner is put down, or changed as it was seen. Its id and its agency stay: jobs,
 * deliveries and history go by them. A unit has one production system and one for tests.
 */
#include <string.h>

#include "common/date.h"

#include "registry.h"

static struct mc_bytes unit_key(struct mc_txn *txn, const char *unit, bool production)
{
    const char tail[2] = {'\0', production ? 'P' : 'T'};

    return mc_key_join(txn, mc_key_text(unit), (struct mc_bytes){tail, sizeof tail});
}

/* One system of each kind for a unit, and as many APIs as it likes. */
static void take_unit(struct mc_txn *txn, const char *id, const PartnerState__Partner *record)
{
    struct mc_bytes key = unit_key(txn, record->unit, record->production);
    struct mc_bytes held = {0};

    if (mc_get(txn, PARTNER_UNITS, key, &held) &&
        (held.len != strlen(id) || memcmp(held.data, id, held.len) != 0)) {
        (void)mc_refuse(txn, MC_CONFLICT, "profile.unit", "PARTNER_UNIT_TAKEN", NULL);
        return;
    }
    mc_put(txn, PARTNER_UNITS, key, mc_key_text(id));
}

static void *rows(struct mc_txn *txn, size_t n, size_t size)
{
    void *list = mc_alloc(txn->arena, (n + 1) * size);

    if (list == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return list;
}

static void take_apis(struct mc_txn *txn, const Partner__PartnerProfile *profile,
                      PartnerState__Partner *record)
{
    PartnerState__Api *apis = rows(txn, profile->n_apis, sizeof *apis);

    record->apis = rows(txn, profile->n_apis, sizeof(PartnerState__Api *));
    record->n_apis = 0;
    for (size_t i = 0; txn->status == MC_OK && i < profile->n_apis; i++) {
        if (profile->apis[i]->disabled)
            continue;
        partner_state__api__init(&apis[i]);
        apis[i].type = profile->apis[i]->type;
        apis[i].session_url = profile->apis[i]->session_url;
        apis[i].data_url = profile->apis[i]->data_url;
        apis[i].service = profile->apis[i]->service;
        record->apis[record->n_apis++] = &apis[i];
    }
}

static void take_windows(struct mc_txn *txn, const Partner__PartnerProfile *profile,
                         PartnerState__Partner *record)
{
    PartnerState__Window *windows = rows(txn, profile->n_windows, sizeof *windows);

    record->windows = rows(txn, profile->n_windows, sizeof(PartnerState__Window *));
    record->n_windows = 0;
    for (size_t i = 0; txn->status == MC_OK && i < profile->n_windows; i++) {
        const Partner__PartnerWindow *from = profile->windows[i];

        partner_state__window__init(&windows[i]);
        for (size_t d = 0; d < from->n_weekdays; d++)
            windows[i].days |= 1U << from->weekdays[d];
        (void)partner_minutes_parse(from->from, &windows[i].from);
        (void)partner_minutes_parse(from->until, &windows[i].until);
        record->windows[record->n_windows++] = &windows[i];
    }
}

static void take(struct mc_txn *txn, const Partner__PartnerProfile *profile, const char *unit,
                 PartnerState__Partner *record)
{
    record->profile = partner_seal(txn, &profile->base);
    record->name = profile->name;
    record->unit = mc_unconst(unit);
    record->dstcode = profile->dstcode;
    record->production = profile->production;
    record->kind = profile->kind;
    record->concurrency =
        profile->concurrency != 0 ? profile->concurrency : PARTNER_CONCURRENCY_DEFAULT;
    record->timeout_ms =
        profile->timeout_ms != 0 ? profile->timeout_ms : PARTNER_TIMEOUT_DEFAULT_MS;
    take_apis(txn, profile, record);
    take_windows(txn, profile, record);
}

/* Whether a field says the same in both: its own bytes when it alone is packed. */
static bool same_field(struct mc_txn *txn, const Partner__PartnerProfile *a,
                       const Partner__PartnerProfile *b, const char *name)
{
    Partner__PartnerProfile one = PARTNER__PARTNER_PROFILE__INIT;
    Partner__PartnerProfile two = PARTNER__PARTNER_PROFILE__INIT;
    const struct {
        const char *name;
        size_t at;
        size_t size;
    } fields[] = {
#define FIELD(field) {#field, offsetof(Partner__PartnerProfile, field), sizeof one.field}
        FIELD(name),       FIELD(kind), FIELD(dstcode),  FIELD(production), FIELD(concurrency),
        FIELD(timeout_ms), FIELD(apis), FIELD(contacts), FIELD(windows),
#undef FIELD
    };

    for (size_t i = 0; i < MC_LEN(fields); i++)
        if (strcmp(fields[i].name, name) == 0) {
            memcpy((char *)&one + fields[i].at, (const char *)a + fields[i].at, fields[i].size);
            memcpy((char *)&two + fields[i].at, (const char *)b + fields[i].at, fields[i].size);
        }
    if (strcmp(name, "apis") == 0) {
        one.n_apis = a->n_apis;
        two.n_apis = b->n_apis;
    } else if (strcmp(name, "contacts") == 0) {
        one.n_contacts = a->n_contacts;
        two.n_contacts = b->n_contacts;
    } else if (strcmp(name, "windows") == 0) {
        one.n_windows = a->n_windows;
        two.n_windows = b->n_windows;
    }
    ProtobufCBinaryData x = partner_pack(txn, &one.base);
    ProtobufCBinaryData y = partner_pack(txn, &two.base);
    return x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
}

/* Names of the profile's fields that are others now. */
static char **differences(struct mc_txn *txn, const Partner__PartnerProfile *before,
                          const Partner__PartnerProfile *after, size_t *ret_len)
{
    static const char *const names[] = {"name",       "kind",        "dstcode",
                                        "production", "concurrency", "timeout_ms",
                                        "apis",       "contacts",    "windows"};
    char **list = rows(txn, MC_LEN(names), sizeof(char *));

    *ret_len = 0;
    for (size_t i = 0; list != NULL && i < MC_LEN(names); i++)
        if (before == NULL || !same_field(txn, before, after, names[i]))
            list[(*ret_len)++] = mc_unconst(names[i]);
    return list;
}

static void check_stays(struct mc_txn *txn, const Partner__SavePartnerRequest *req,
                        const PartnerState__Partner *record, const char *unit)
{
    if (record == NULL && req->version != 0) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "profile.partner_id", "NOT_FOUND", NULL);
        return;
    }
    if (record == NULL)
        return;
    if (!mc_unit_mine(txn, record->unit))
        (void)mc_refuse(txn, MC_DENIED, "profile.partner_id", "UNIT_OUTSIDE", NULL);
    else if (record->version != req->version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "PARTNER_STALE", NULL);
    else if (strcmp(record->unit, unit) != 0)
        (void)mc_refuse(txn, MC_INVALID, "profile.unit", "PARTNER_UNIT_STAYS", NULL);
}

enum mc_status partner_save_partner(struct partner *partner, struct mc_txn *txn,
                                    const Partner__SavePartnerRequest *req,
                                    Partner__PartnerView *rep)
{
    PartnerState__Partner fresh = PARTNER_STATE__PARTNER__INIT;
    const Partner__PartnerProfile *before = NULL;
    struct partner_change change = {.type = "partner.saved", .reason = req->reason};
    char unit[MC_AGENCY_CODE_SIZE] = "";

    if (req->profile == NULL)
        return mc_refuse(txn, MC_INVALID, "profile", "FIELD_REQUIRED", "field", "đối tác", NULL);
    partner_profile_check(partner, txn, req->profile);
    partner_reason_check(txn, req->reason);
    if (txn->status != MC_OK)
        return txn->status;
    const char *id = req->profile->partner_id;
    if (mc_agency_parse(req->profile->unit, unit, sizeof unit) != MC_WHY_OK)
        return mc_fail(txn, MC_INVALID, "a unit that was checked");
    PartnerState__Partner *record = partner_load(txn, id);
    check_stays(txn, req, record, unit);
    if (txn->status != MC_OK)
        return txn->status;
    if (record != NULL) {
        before = partner_open(txn, record->profile, &partner__partner_profile__descriptor);
        mc_drop(txn, PARTNER_UNITS, unit_key(txn, record->unit, record->production));
    } else {
        record = &fresh;
        record->created_ms = txn->now_ms;
    }
    take(txn, req->profile, mc_strdup(txn->arena, unit), record);
    take_unit(txn, id, record);
    change.fields = differences(txn, before, req->profile, &change.fields_len);
    if (txn->status != MC_OK)
        return txn->status;
    partner_changed(txn, id, record, &change);
    partner_save(txn, id, record);
    partner_view(txn, id, record, rep);
    return txn->status;
}
