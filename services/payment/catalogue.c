#include "catalogue.h"

#include <string.h>

#include "common/csv.h"
#include "common/ident.h"

#include "payment.pb-c.h"

extern const char mc_data_payment_items[];
extern const size_t mc_data_payment_items_len;
extern const char mc_data_sub_items[];
extern const size_t mc_data_sub_items_len;

enum { COLUMN_PROCEDURE, COLUMN_KIND, COLUMN_CODE, COLUMN_NAME, NATIONAL_SIZE = 32 };

struct payment_fee payment_fee_of(const char *procedure_code)
{
    struct payment_fee fee = {.kind = PAYMENT__ITEM_KIND__FEE};
    char national[NATIONAL_SIZE];
    struct mc_csv csv;

    if (mc_procedure_parse(procedure_code, national, sizeof national) != MC_WHY_OK)
        national[0] = '\0';
    mc_csv_open(&csv, mc_data_payment_items, mc_data_payment_items_len);
    while (mc_csv_next(&csv)) {
        /* the last row has no procedure: it is for all others */
        if (!mc_csv_is(&csv, COLUMN_PROCEDURE, national) && !mc_csv_is(&csv, COLUMN_PROCEDURE, ""))
            continue;
        fee.kind = mc_csv_is(&csv, COLUMN_KIND, "CHARGE") ? PAYMENT__ITEM_KIND__CHARGE
                                                          : PAYMENT__ITEM_KIND__FEE;
        if (mc_csv_copy(&csv, COLUMN_CODE, fee.code, sizeof fee.code) &&
            mc_csv_copy(&csv, COLUMN_NAME, fee.name, sizeof fee.name))
            break;
    }
    return fee;
}

const char *payment_sub_item_name(struct mc_arena *arena, const char *code)
{
    enum { GROUP, CODE, NAME, NAME_SIZE = 256 };
    char name[NAME_SIZE];
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_sub_items, mc_data_sub_items_len);
    while (mc_csv_next(&csv)) {
        if (!mc_csv_is(&csv, CODE, code) || !mc_csv_copy(&csv, NAME, name, sizeof name))
            continue;
        const char *copy = mc_strdup(arena, name);
        return copy != NULL ? copy : "";
    }
    return "";
}
