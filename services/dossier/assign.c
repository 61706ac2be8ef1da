/*
 * Assign: who holds a dossier now: a department, and one of its officers or none yet. What was
 * received goes to be processed by it, and what is processed goes on to another (rows 2->4, 4->4
 * of the state table); in any other state only the holder changes.
 */
#include <string.h>

#include "dossier.h"

static bool has(const DossierState__Officer *officer, const char *right)
{
    for (size_t i = 0; i < officer->n_rights; i++)
        if (strcmp(officer->rights[i], right) == 0)
            return true;
    return false;
}

/* By identity's journal he may process what is filed with this unit. */
static bool works_at(struct mc_txn *txn, const char *account, const char *unit)
{
    struct mc_bytes prefix = dossier_owner_prefix(txn, account);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_OFFICERS, prefix, (struct mc_bytes){0}, MC_FORWARD);

    while (txn->status == MC_OK && mc_next(&cursor)) {
        const DossierState__Officer *row = mc_row(&cursor, &dossier_state__officer__descriptor);
        const char *his = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                     (const char *)cursor.key.data + prefix.len);

        if (row != NULL && his != NULL && has(row, DOSSIER_RIGHT_PROCESS) &&
            mc_agency_within(unit, his))
            return true;
    }
    return false;
}

/* Oneself always; his account's id, or "" for nobody. NULL: refused. */
static char *check_assignee(struct mc_txn *txn, const char *account, const char *unit)
{
    uint8_t id[MC_ID_LEN];
    char text[MC_UUID_TEXT_LEN + 1];

    if (account[0] == '\0')
        return dossier_text(txn, "");
    if (!mc_uuid_parse(id, mc_key_text(account))) {
        mc_refuse(txn, MC_INVALID, "assignee", "FIELD_INVALID", "field", "assignee", NULL);
        return NULL;
    }
    mc_uuid_text(text, id);
    bool self = txn->caller->account_id != NULL && strcmp(text, txn->caller->account_id) == 0;
    if (!self && !works_at(txn, text, unit)) {
        mc_refuse(txn, MC_INVALID, "assignee", "ASSIGNEE_NOT_HERE", NULL);
        return NULL;
    }
    return dossier_text(txn, text);
}

static void tell(struct mc_txn *txn, const DossierState__Dossier *record, const char *reason)
{
    Dossier__Assigned assigned = DOSSIER__ASSIGNED__INIT;

    assigned.dossier_id = record->dossier_id;
    assigned.department = record->department;
    assigned.assignee = record->assignee;
    assigned.by = mc_unconst(txn->actor);
    assigned.reason = mc_unconst(reason);
    mc_emit(txn, "dossier.assigned", &assigned.base, reason[0] != '\0' ? MC_SEALED : MC_PLAIN,
            dossier_keys(txn, record));
}

static enum mc_status hold(struct mc_txn *txn, const struct dossier_open *open, const char *reason)
{
    if (dossier_state_is_final(open->was) || open->was == DOSSIER__STATE__DRAFT)
        return mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_ENDED", NULL);
    if (!dossier_may(txn->caller, DOSSIER_RIGHT_ACCEPT) &&
        !dossier_may(txn->caller, DOSSIER_RIGHT_PROCESS))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_PROCESS, NULL);
    dossier_save(txn, open);
    tell(txn, open->record, reason);
    return txn->status;
}

enum mc_status dossier_assign(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AssignRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    char *department =
        dossier_line(txn, "department", req->department, DOSSIER_DEPARTMENT_CHARS_MAX);
    const char *reason = dossier_lines(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    if (txn->status != MC_OK || dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        dossier_check_version(txn, &open, req->version) != MC_OK)
        return txn->status;
    char *assignee = check_assignee(txn, req->assignee, open.record->unit);
    if (department == NULL || reason == NULL || assignee == NULL)
        return txn->status;
    if (department[0] == '\0' && assignee[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "department", "FIELD_REQUIRED", "field", "department",
                         NULL);
    open.record->department = department;
    open.record->assignee = assignee;
    bool step = open.was == DOSSIER__STATE__RECEIVED || open.was == DOSSIER__STATE__PROCESSING;
    enum mc_status status =
        step ? dossier_move(dossier, txn, &open, DOSSIER__STATE__PROCESSING, reason)
             : hold(txn, &open, reason);
    if (status == MC_OK)
        dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
