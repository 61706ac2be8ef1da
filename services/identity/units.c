/*
 * The units an officer works for (OFF-10). The account's own fields hold the home unit, which a new
 * session acts for; the others follow in a list. Rights belong to a unit: what somebody may do in
 * one opens nothing in another.
 */
#include <string.h>

#include "officer.h"

static IdentityState__Assignment *new_row(struct mc_txn *txn, const char *unit, char **rights,
                                          size_t n_rights)
{
    IdentityState__Assignment *row = mc_alloc(txn->arena, sizeof *row);
    char *copy = mc_strdup(txn->arena, unit);

    if (row == NULL || copy == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity_state__assignment__init(row);
    row->unit = copy;
    row->rights = rights;
    row->n_rights = n_rights;
    return row;
}

void identity_units_read(struct mc_txn *txn, const IdentityState__Account *account,
                         struct identity_units *ret_units)
{
    ret_units->len = 0;
    if (account->unit[0] == '\0')
        return;
    ret_units->rows[0] = new_row(txn, account->unit, account->rights, account->n_rights);
    if (ret_units->rows[0] == NULL)
        return;
    ret_units->len = 1;
    for (size_t i = 0; i < account->n_more_units && ret_units->len < IDENTITY_UNITS_MAX; i++)
        ret_units->rows[ret_units->len++] = account->more_units[i];
}

void identity_units_write(struct mc_txn *txn, IdentityState__Account *account,
                          const struct identity_units *units)
{
    account->unit = mc_unconst("");
    account->rights = NULL;
    account->n_rights = 0;
    account->more_units = NULL;
    account->n_more_units = 0;
    if (units->len == 0)
        return;
    account->unit = units->rows[0]->unit;
    account->rights = units->rows[0]->rights;
    account->n_rights = units->rows[0]->n_rights;
    if (units->len == 1)
        return;
    size_t size = (units->len - 1) * sizeof(void *);
    account->more_units = mc_alloc(txn->arena, size);
    if (account->more_units == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    memcpy(account->more_units, units->rows + 1, size);
    account->n_more_units = units->len - 1;
}

IdentityState__Assignment *identity_units_find(const struct identity_units *units, const char *code)
{
    for (size_t i = 0; i < units->len; i++)
        if (strcmp(units->rows[i]->unit, code) == 0)
            return units->rows[i];
    return NULL;
}

IdentityState__Assignment *identity_units_add(struct mc_txn *txn, struct identity_units *units,
                                              const char *code)
{
    if (units->len == IDENTITY_UNITS_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "units", "UNITS_TOO_MANY", "max", "20", NULL);
        return NULL;
    }
    IdentityState__Assignment *row = new_row(txn, code, NULL, 0);
    if (row != NULL)
        units->rows[units->len++] = row;
    return row;
}

void identity_units_remove(struct identity_units *units, const char *code)
{
    size_t kept = 0;

    for (size_t i = 0; i < units->len; i++)
        if (strcmp(units->rows[i]->unit, code) != 0)
            units->rows[kept++] = units->rows[i];
    units->len = kept;
}

static char *rights_text(struct mc_txn *txn, char *text, const IdentityState__Assignment *row)
{
    for (size_t i = 0; i < row->n_rights && text != NULL; i++)
        text = mc_sprintf(txn->arena, "%s%s%s", text, i > 0 ? "," : "", row->rights[i]);
    return text;
}

/* For the history: one unit's as they are, several as "H35.14: A,B; H35.20: C". */
void identity_units_text(struct mc_txn *txn, const IdentityState__Account *account,
                         const char **ret_units, const char **ret_rights)
{
    struct identity_units units;
    char *codes = mc_strdup(txn->arena, "");
    char *rights = mc_strdup(txn->arena, "");

    identity_units_read(txn, account, &units);
    for (size_t i = 0; i < units.len && codes != NULL && rights != NULL; i++) {
        const char *code = units.rows[i]->unit;
        codes = mc_sprintf(txn->arena, "%s%s%s", codes, i > 0 ? "," : "", code);
        if (units.len > 1)
            rights = mc_sprintf(txn->arena, "%s%s%s: ", rights, i > 0 ? "; " : "", code);
        if (rights != NULL)
            rights = rights_text(txn, rights, units.rows[i]);
    }
    if (codes == NULL || rights == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    *ret_units = codes != NULL ? codes : "";
    *ret_rights = rights != NULL ? rights : "";
}
