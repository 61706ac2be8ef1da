/* The rights an officer may hold, embedded in the program (data/quantri_rights.csv). */
#include <string.h>

#include "common/csv.h"

#include "identity.h"

extern const char mc_data_quantri_rights[];
extern const size_t mc_data_quantri_rights_len;

enum mc_status identity_rights_read(struct identity *identity)
{
    struct mc_csv csv;

    identity->rights_len = 0;
    mc_csv_open(&csv, mc_data_quantri_rights, mc_data_quantri_rights_len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    size_t column = mc_csv_column(&csv, "right");
    while (mc_csv_next(&csv)) {
        if (identity->rights_len == IDENTITY_RIGHTS_MAX ||
            !mc_csv_copy(&csv, column, identity->rights[identity->rights_len], IDENTITY_CODE_SIZE))
            return MC_INVALID;
        identity->rights_len += 1;
    }
    return csv.status;
}

bool identity_right_is_known(const struct identity *identity, const char *right)
{
    for (size_t i = 0; i < identity->rights_len; i++)
        if (strcmp(identity->rights[i], right) == 0)
            return true;
    return false;
}
