/*
 * Stored papers:
 *
 *     stored_papers   paper id                  -> DossierState__StoredPaper
 *     holders         holder (16), paper id     -> nothing
 *     paper_uses      paper id, use id          -> DossierState__PaperUse
 */
#include <string.h>

#include "common/date.h"

#include "dossier.h"

enum { HOPS_MAX = 8 }; /* accounts merged, and merged again */

static const struct mc_bytes nothing = {NULL, 0};

struct mc_bytes dossier_holder_of_account(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];
    struct mc_bytes at;

    if (!mc_uuid_parse(id, mc_key_text(account)))
        return nothing;
    at = mc_keep(txn, id, sizeof id);
    for (int i = 0; i < HOPS_MAX; i++) { /* the account that goes on holds what is to come */
        struct mc_bytes next;
        if (!mc_get(txn, DOSSIER_ALIASES, at, &next) || next.len != MC_ID_LEN)
            break;
        at = next;
    }
    const DossierState__Account *kept =
        mc_load(txn, DOSSIER_ACCOUNTS, at, &dossier_state__account__descriptor);
    return kept != NULL ? mc_key_bytes(kept->holder) : nothing;
}

struct mc_bytes dossier_holder_of_dossier(struct mc_txn *txn, const DossierState__Dossier *record)
{
    if (record->owner_account[0] != '\0')
        return dossier_holder_of_account(txn, record->owner_account);
    if (record->applicant == NULL || record->applicant->id_number.len == 0)
        return nothing;
    return dossier_person_key(txn, mc_open_text(txn, record->applicant->id_number));
}

void dossier_holders_share(struct mc_txn *txn, const char *kept, const char *merged, bool shared)
{
    struct mc_bytes to = dossier_holder_of_account(txn, kept);
    uint8_t id[MC_ID_LEN];

    if (to.len == 0 || !mc_uuid_parse(id, mc_key_text(merged)))
        return;
    const DossierState__Account *account = mc_load(
        txn, DOSSIER_ACCOUNTS, mc_keep(txn, id, sizeof id), &dossier_state__account__descriptor);
    struct mc_bytes from = account != NULL ? mc_key_bytes(account->holder) : nothing;
    if (from.len == 0 || mc_bytes_same(from, to))
        return;
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_HOLDERS, from, nothing, MC_FORWARD);
    while (mc_next(&cursor)) { /* at most DOSSIER_STORED_MAX */
        struct mc_bytes paper = {(const uint8_t *)cursor.key.data + from.len,
                                 cursor.key.len - from.len};
        struct mc_bytes key = mc_key_join(txn, to, paper);

        if (shared)
            mc_put(txn, DOSSIER_HOLDERS, key, mc_key_text(""));
        else
            mc_drop(txn, DOSSIER_HOLDERS, key);
    }
}

/* Two accounts of one person hold what either does, so it is the index that tells. */
static bool holds(struct mc_txn *txn, struct mc_bytes holder, struct mc_bytes paper)
{
    struct mc_bytes value;

    return holder.len > 0 && mc_get(txn, DOSSIER_HOLDERS, mc_key_join(txn, holder, paper), &value);
}

static bool may_see(struct mc_txn *txn, struct dossier_stored *stored,
                    const struct dossier_open *with)
{
    const struct mc_caller *caller = txn->caller;

    if (caller->account_id != NULL &&
        holds(txn, dossier_holder_of_account(txn, caller->account_id), stored->id)) {
        stored->holder = true;
        return true;
    }
    if ((caller->who & MC_OFFICER) == 0 || caller->unit == NULL)
        return false;
    if (mc_agency_within(stored->record->issuer, caller->unit))
        return true;
    return with != NULL && with->actor == DOSSIER_BY_OFFICER &&
           holds(txn, dossier_holder_of_dossier(txn, with->record), stored->id);
}

enum mc_status dossier_stored_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                   const struct dossier_open *with,
                                   struct dossier_stored *ret_stored)
{
    *ret_stored = (struct dossier_stored){.id = mc_key_bytes(id)};
    if (id.len == MC_ID_LEN)
        ret_stored->record = mc_load(txn, DOSSIER_STORED_PAPERS, ret_stored->id,
                                     &dossier_state__stored_paper__descriptor);
    if (txn->status == MC_OK && (ret_stored->record == NULL || !may_see(txn, ret_stored, with)))
        return mc_refuse(txn, MC_NOT_FOUND, "paper_id", "PAPER_NOT_FOUND", NULL);
    return txn->status;
}

void dossier_stored_save(struct mc_txn *txn, const struct dossier_stored *stored)
{
    mc_save(txn, DOSSIER_STORED_PAPERS, stored->id, &stored->record->base);
}

Dossier__PaperState dossier_stored_state(struct mc_txn *txn,
                                         const DossierState__StoredPaper *record)
{
    if (record->state != DOSSIER__PAPER_STATE__PAPER_VALID)
        return (Dossier__PaperState)record->state;
    /* Good to the end of its last day. */
    if (record->valid_until_days != 0 &&
        mc_date_days(mc_date_from_ms(txn->now_ms)) > record->valid_until_days)
        return DOSSIER__PAPER_STATE__PAPER_EXPIRED;
    return DOSSIER__PAPER_STATE__PAPER_VALID;
}

static char *day_text(struct mc_txn *txn, int64_t days)
{
    char text[MC_DATE_SIZE] = "";

    if (days != 0)
        mc_date_format(text, sizeof text, mc_date_from_days(days));
    return dossier_text(txn, text);
}

void dossier_stored_fill(struct mc_txn *txn, struct mc_bytes id,
                         const DossierState__StoredPaper *record, Dossier__StoredPaper *out)
{
    char sha256[2 * MC_HASH_LEN + 1];

    dossier__stored_paper__init(out);
    (void)mc_hex(sha256, mc_key_bytes(record->sha256));
    out->paper_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    out->origin = (Dossier__PaperOrigin)record->origin;
    out->result_code = record->result_code;
    out->name = record->name;
    out->number = mc_open_text(txn, record->number);
    out->issuer = record->issuer;
    out->issued_on = day_text(txn, record->issued_on_days);
    out->valid_until = day_text(txn, record->valid_until_days);
    out->signature = (Dossier__PaperSignature)record->signature;
    out->state = dossier_stored_state(txn, record);
    out->sha256 = dossier_text(txn, sha256);
    out->content_type = record->content_type;
    out->size = record->size;
    out->dossier_id = record->dossier_id;
    out->deposited_at_ms = record->deposited_at_ms;
    out->uses = record->uses;
    out->end_reason = mc_open_text(txn, record->end_reason);
    out->replaced_by = record->replaced_by;
}

void dossier_stored_use(struct mc_txn *txn, const struct dossier_stored *stored, const char *how,
                        const DossierState__Dossier *with)
{
    DossierState__PaperUse use = DOSSIER_STATE__PAPER_USE__INIT;
    Dossier__PaperUsed used = DOSSIER__PAPER_USED__INIT;
    char id[MC_UUID_TEXT_LEN + 1];

    stored->record->uses++;
    dossier_stored_save(txn, stored);
    use.at_ms = txn->now_ms;
    use.how = mc_unconst(how);
    use.by = dossier_text(txn, txn->actor);
    use.unit = mc_unconst(!stored->holder && txn->caller->unit != NULL ? txn->caller->unit : "");
    use.purpose = txn->header->purpose;
    if (with != NULL) {
        use.dossier_id = with->dossier_id;
        use.procedure_name = with->procedure_name;
    }
    mc_save(txn, DOSSIER_PAPER_USES, mc_key_join(txn, stored->id, mc_new_id(txn)), &use.base);

    used.paper_id = (ProtobufCBinaryData){stored->id.len, mc_unconst(stored->id.data)};
    used.how = use.how;
    used.by = use.by;
    used.unit = use.unit;
    used.purpose = use.purpose;
    used.dossier_id = use.dossier_id;
    mc_uuid_text(id, stored->id.data);
    const char *keys[] = {mc_sprintf(txn->arena, "paper:%s", id), NULL, NULL};
    if (with != NULL) {
        mc_uuid_text(id, with->dossier_id.data);
        keys[1] = mc_sprintf(txn->arena, "dossier:%s", id);
    }
    mc_emit(txn, "dossier.paper_used", &used.base, MC_SEALED, keys);
}
