/* data/sub_states.csv. */
#include "sub_states.h"

#include <string.h>

#include "common/csv.h"
#include "common/ident.h"

static bool read_row(const struct mc_csv *csv, struct dossier_sub_state *row)
{
    char state[48];
    const ProtobufCEnumValue *value = NULL;

    if (mc_csv_copy(csv, 1, state, sizeof state))
        value = protobuf_c_enum_descriptor_get_value_by_name(&dossier__state__descriptor, state);
    if (value == NULL || !mc_csv_copy(csv, 0, row->code, sizeof row->code) ||
        !mc_csv_copy(csv, 2, row->agency, sizeof row->agency) ||
        !mc_csv_copy(csv, 3, row->name, sizeof row->name))
        return false;
    row->state = (Dossier__State)value->value;
    return row->code[0] != '\0' && row->name[0] != '\0';
}

enum mc_status dossier_sub_states_load(struct dossier_sub_states *ret_table, struct mc_bytes csv)
{
    struct mc_csv rows;

    ret_table->len = 0;
    mc_csv_open(&rows, csv.data, csv.len);
    if (!mc_csv_next(&rows))
        return MC_INVALID;
    while (mc_csv_next(&rows)) {
        if (ret_table->len == DOSSIER_SUB_STATES_MAX ||
            !read_row(&rows, &ret_table->rows[ret_table->len]))
            return MC_INVALID;
        ret_table->len++;
    }
    return rows.status;
}

const struct dossier_sub_state *dossier_sub_state_find(const struct dossier_sub_states *table,
                                                       const char *code, const char *unit)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct dossier_sub_state *row = &table->rows[i];

        if (strcmp(row->code, code) == 0 &&
            (row->agency[0] == '\0' || mc_agency_within(unit, row->agency)))
            return row;
    }
    return NULL;
}
