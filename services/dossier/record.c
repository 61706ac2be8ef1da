/* A dossier on disk: found, opened for those who may, noted, saved with its indexes. */
#include <string.h>

#include "indicators.h"

static struct mc_bytes account_key(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(account)))
        return (struct mc_bytes){NULL, 0};
    return mc_copy(txn->arena, id, sizeof id);
}

struct mc_bytes dossier_owner_prefix(struct mc_txn *txn, const char *account)
{
    struct mc_bytes key = account_key(txn, account);

    if (key.len == 0)
        mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_INVALID", NULL);
    return key;
}

struct mc_bytes dossier_unit_prefix(struct mc_txn *txn, const char *unit, Dossier__State state)
{
    uint8_t tail[] = {0, (uint8_t)state};

    return mc_key_join(txn, mc_key_text(unit), mc_copy(txn->arena, tail, sizeof tail));
}

static DossierState__Dossier *find(struct mc_txn *txn, ProtobufCBinaryData id, const char *code)
{
    struct mc_bytes key = mc_key_bytes(id);

    if (id.len == 0 && !mc_get(txn, DOSSIER_CODES, mc_key_text(code), &key))
        return NULL;
    DossierState__Dossier *record =
        mc_load(txn, DOSSIER_DOSSIERS, key, &dossier_state__dossier__descriptor);
    if (record != NULL && record->state >= DOSSIER_STATES_LEN)
        mc_fail(txn, MC_CORRUPT, "dossier state");
    return txn->status == MC_OK ? record : NULL;
}

static void set_open(struct dossier_open *open, DossierState__Dossier *record, unsigned actor)
{
    *open = (struct dossier_open){
        .record = record, .actor = actor, .was = (Dossier__State)record->state};
}

enum mc_status dossier_open_any(struct mc_txn *txn, ProtobufCBinaryData id, const char *code,
                                struct dossier_open *ret_open)
{
    bool known = id.len == MC_ID_LEN ||
                 (id.len == 0 && code[0] != '\0' && strlen(code) < MC_DOSSIER_CODE_SIZE);
    DossierState__Dossier *record = known ? find(txn, id, code) : NULL;

    if (txn->status != MC_OK)
        return txn->status;
    if (record == NULL)
        return MC_NOT_FOUND;
    set_open(ret_open, record, DOSSIER_BY_SYSTEM);
    return MC_OK;
}

/* The owner is a citizen to his own dossier, even when he is an officer of its unit. */
static unsigned actor_of(struct mc_txn *txn, const DossierState__Dossier *record,
                         bool *ret_desk_only)
{
    const struct mc_caller *caller = txn->caller;
    bool officer = (caller->who & MC_OFFICER) != 0 && caller->unit != NULL;

    if (caller->account_id != NULL && dossier_is_owned(txn, record, caller->account_id))
        return DOSSIER_BY_CITIZEN;
    if (!officer || record->state == DOSSIER__STATE__DRAFT)
        return 0;
    *ret_desk_only = !mc_agency_within(record->unit, caller->unit);
    if (!*ret_desk_only || (record->receiving_unit[0] != '\0' &&
                            mc_agency_within(record->receiving_unit, caller->unit)))
        return DOSSIER_BY_OFFICER;
    return 0;
}

unsigned dossier_actor_of(struct mc_txn *txn, const DossierState__Dossier *record)
{
    bool desk_only = false;

    return actor_of(txn, record, &desk_only);
}

enum mc_status dossier_open(struct mc_txn *txn, ProtobufCBinaryData id, const char *code,
                            struct dossier_open *ret_open)
{
    if (id.len == 0 && code[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "dossier_id", "FIELD_REQUIRED", "field", "dossier_id",
                         NULL);
    if (id.len != 0 && id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "dossier_id", "FIELD_INVALID", "field", "dossier_id",
                         NULL);
    enum mc_status status = dossier_open_any(txn, id, code, ret_open);
    if (status == MC_OK)
        ret_open->actor = actor_of(txn, ret_open->record, &ret_open->desk_only);
    /* The same answer for what is not there and what is not his: ids tell nothing. */
    if (status == MC_NOT_FOUND || (status == MC_OK && ret_open->actor == 0))
        return mc_refuse(txn, MC_NOT_FOUND, "", "DOSSIER_NOT_FOUND", NULL);
    return status;
}

enum mc_status dossier_open_officer(struct mc_txn *txn, ProtobufCBinaryData id,
                                    struct dossier_open *ret_open)
{
    if (dossier_open(txn, id, "", ret_open) == MC_OK && ret_open->actor != DOSSIER_BY_OFFICER)
        return mc_refuse(txn, MC_DENIED, "", "OWN_DOSSIER", NULL);
    return txn->status;
}

bool dossier_may(const struct mc_caller *caller, const char *right)
{
    for (size_t i = 0; i < caller->rights_len; i++)
        if (strcmp(caller->rights[i], right) == 0)
            return true;
    return false;
}

/* LOG-10, DOS-23: what is filed online belongs to a registered account from its first moment. */
const char *dossier_session_account(struct mc_txn *txn)
{
    if (txn->caller->account_id != NULL)
        return txn->caller->account_id;
    mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    return "";
}

void dossier_give_to(struct mc_txn *txn, DossierState__Dossier *record, const char *account)
{
    struct mc_bytes owner = dossier_owner_prefix(txn, account);

    record->owner_account = dossier_text(txn, account);
    mc_put(txn, DOSSIER_OWNERS, mc_key_join(txn, owner, mc_key_bytes(record->dossier_id)),
           mc_key_text(""));
}

void dossier_begin(struct mc_txn *txn, const char *account, struct dossier_open *ret_open)
{
    DossierState__Dossier *record = dossier_alloc(txn, sizeof *record);
    struct mc_bytes id = mc_new_id(txn);

    if (record == NULL || txn->status != MC_OK)
        return;
    dossier_state__dossier__init(record);
    record->dossier_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    record->internal_number = mc_count(txn, "internal");
    record->created_at_ms = txn->now_ms;
    if (account[0] != '\0')
        dossier_give_to(txn, record, account);
    if (txn->status == MC_OK)
        *ret_open = (struct dossier_open){
            .record = record, .actor = DOSSIER_BY_CITIZEN, .was = DOSSIER__STATE__DRAFT};
}

enum mc_status dossier_check_version(struct mc_txn *txn, const struct dossier_open *open,
                                     uint64_t version)
{
    if (open->record->version == version)
        return MC_OK;
    return mc_refuse(txn, MC_CONFLICT, "version", "STALE_VERSION", NULL);
}

/*
 * A history may not grow for ever; but a dossier with a long one can still be brought to its end,
 * and a payment is a fact whatever we think of it.
 */
static bool has_room(const struct dossier_open *open)
{
    Dossier__State to = (Dossier__State)open->record->state;

    return open->record->n_steps < DOSSIER_STEPS_MAX || to == DOSSIER__STATE__FINISHED ||
           dossier_state_is_final(to) || open->actor == DOSSIER_BY_PAYMENT;
}

/* Appends to the history: who, when, from where to where, why. */
void dossier_note(struct mc_txn *txn, const struct dossier_open *open, const char *reason)
{
    DossierState__Dossier *record = open->record;
    size_t n = record->n_steps;
    DossierState__Step **steps = dossier_list(txn, n + 1);
    DossierState__Step *step = dossier_alloc(txn, sizeof *step);

    if (!has_room(open)) {
        mc_refuse(txn, MC_LIMITED, "", "HISTORY_FULL", NULL);
        return;
    }
    if (steps == NULL || step == NULL)
        return;
    if (n > 0)
        memcpy(steps, record->steps, n * sizeof(void *));
    dossier_state__step__init(step);
    step->at_ms = txn->now_ms;
    step->from = (uint32_t)open->was;
    step->to = record->state;
    step->actor = dossier_text(txn, txn->actor);
    if (reason[0] != '\0')
        step->reason = mc_seal_text(txn, reason);
    steps[n] = step;
    record->steps = steps;
    record->n_steps = n + 1;
}

static void index_unit(struct mc_txn *txn, const struct dossier_open *open, const char *unit)
{
    struct mc_bytes id = mc_key_bytes(open->record->dossier_id);
    Dossier__State is = (Dossier__State)open->record->state;

    if (open->was != DOSSIER__STATE__DRAFT)
        mc_drop(txn, DOSSIER_UNITS,
                mc_key_join(txn, dossier_unit_prefix(txn, unit, open->was), id));
    mc_put(txn, DOSSIER_UNITS, mc_key_join(txn, dossier_unit_prefix(txn, unit, is), id),
           mc_key_text(""));
}

/* Officers see no drafts, so drafts are not in their index; both units' see what a desk took in. */
static void index_state(struct mc_txn *txn, const struct dossier_open *open)
{
    const DossierState__Dossier *record = open->record;

    if (record->state == open->was)
        return;
    index_unit(txn, open, record->unit);
    if (record->receiving_unit[0] != '\0')
        index_unit(txn, open, record->receiving_unit);
}

void dossier_save(struct mc_txn *txn, const struct dossier_open *open)
{
    DossierState__Dossier *record = open->record;

    record->version++;
    index_state(txn, open);
    dossier_sync_changed(txn, record);
    dossier_facts_sync(txn, record);
    dossier_work_index(txn, record);
    dossier_change_keep(txn, open);
    mc_save(txn, DOSSIER_DOSSIERS, mc_key_bytes(record->dossier_id), &record->base);
}

const char *const *dossier_keys(struct mc_txn *txn, const DossierState__Dossier *record)
{
    char id[MC_UUID_TEXT_LEN + 1];
    const char **keys = dossier_list(txn, 4);
    size_t n = 0;

    if (keys == NULL)
        return NULL;
    mc_uuid_text(id, record->dossier_id.data);
    keys[n++] = mc_sprintf(txn->arena, "dossier:%s", id);
    if (record->owner_account[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "account:%s", record->owner_account);
    if (record->code[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "dossier:%s", record->code);
    keys[n] = NULL;
    return keys;
}

/* Sealed when a reason goes along: officers write names into them. */
void dossier_tell(struct mc_txn *txn, const struct dossier_open *open, const char *event,
                  const char *reason)
{
    const DossierState__Dossier *record = open->record;
    Dossier__Changed changed = DOSSIER__CHANGED__INIT;

    changed.dossier_id = record->dossier_id;
    changed.internal_number = record->internal_number;
    changed.code = record->code;
    changed.from = open->was;
    changed.to = (Dossier__State)record->state;
    changed.owner_account = record->owner_account;
    changed.procedure_code = record->procedure_code;
    changed.procedure_name = record->procedure_name;
    changed.unit = record->unit;
    changed.unit_name = record->unit_name;
    changed.due_at_ms = record->due_at_ms;
    changed.reason = mc_unconst(reason);
    changed.fee = record->fee;
    changed.version = record->version;
    changed.told_by = mc_unconst(open->member != NULL ? open->member : "");
    changed.return_way = (Dossier__ReturnWay)record->return_way;
    if (record->parcel != NULL) {
        changed.parcel = (Dossier__ParcelState)record->parcel->state;
        changed.waybill = record->parcel->waybill;
    }

    mc_emit(txn, event, &changed.base, reason[0] != '\0' ? MC_SEALED : MC_PLAIN,
            dossier_keys(txn, record));
}
