/* data/result_codes.csv: code, name, certainty. */
#include <string.h>

#include "common/csv.h"

#include "data_store.h"

enum mc_status dossier_result_codes_load(struct dossier_result_codes *ret_codes,
                                         struct mc_bytes csv)
{
    struct mc_csv rows;

    ret_codes->len = 0;
    mc_csv_open(&rows, csv.data, csv.len);
    if (!mc_csv_next(&rows))
        return MC_INVALID;
    while (mc_csv_next(&rows)) {
        struct dossier_result_code *row = &ret_codes->rows[ret_codes->len];

        if (ret_codes->len == DOSSIER_RESULT_CODES_MAX ||
            !mc_csv_copy(&rows, 0, row->code, sizeof row->code) ||
            !mc_csv_copy(&rows, 1, row->name, sizeof row->name) || row->code[0] == '\0' ||
            row->name[0] == '\0')
            return MC_INVALID;
        ret_codes->len++;
    }
    return rows.status;
}

const char *dossier_result_name(const struct dossier_result_codes *codes, const char *code)
{
    for (size_t i = 0; i < codes->len; i++)
        if (strcmp(codes->rows[i].code, code) == 0)
            return codes->rows[i].name;
    return NULL;
}
