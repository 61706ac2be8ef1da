/*
 * ListRights: the dialog «Gán quyền người dùng»: rights in their groups as the guide prints them
 * (OFF-14, OFF-15, OFF-16). OFF-17: the guide's text calls CITIZEN_ACCOUNT_CREATE «Quyền tạo tài
 * khoản cho công dân», its list has no "cho"; the code is one.
 */
#include "common/csv.h"

#include "officer.h"

extern const char mc_data_quantri_rights[];
extern const size_t mc_data_quantri_rights_len;

static char *field(struct mc_txn *txn, const struct mc_csv *csv, size_t column)
{
    struct mc_bytes value = mc_csv_field(csv, column);
    char *text = mc_sprintf(txn->arena, "%.*s", (int)value.len, (const char *)value.data);

    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text != NULL ? text : mc_unconst("");
}

enum mc_status identity_list_rights(struct identity *identity, struct mc_txn *txn,
                                    const Identity__ListRightsRequest *req,
                                    Identity__ListRightsReply *rep)
{
    (void)req;
    struct mc_csv csv;

    rep->rights = mc_alloc(txn->arena, IDENTITY_RIGHTS_MAX * sizeof(void *));
    Identity__Right *rows = mc_alloc(txn->arena, IDENTITY_RIGHTS_MAX * sizeof *rows);
    if (rep->rights == NULL || rows == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    mc_csv_open(&csv, mc_data_quantri_rights, mc_data_quantri_rights_len);
    if (!mc_csv_next(&csv))
        return mc_fail(txn, MC_CORRUPT, "quantri_rights.csv");
    size_t group = mc_csv_column(&csv, "group");
    size_t group_name = mc_csv_column(&csv, "group_name_vi");
    size_t code = mc_csv_column(&csv, "right");
    size_t name = mc_csv_column(&csv, "name_vi");
    while (rep->n_rights < identity->rights_len && mc_csv_next(&csv)) {
        Identity__Right *row = &rows[rep->n_rights];
        identity__right__init(row);
        row->group = field(txn, &csv, group);
        row->group_name = field(txn, &csv, group_name);
        row->code = field(txn, &csv, code);
        row->name = field(txn, &csv, name);
        rep->rights[rep->n_rights++] = row;
    }
    return txn->status;
}
