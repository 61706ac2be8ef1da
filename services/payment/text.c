#include "common/text.h"

#include <string.h>

#include "payment.h"

const char *payment_line_read(struct mc_txn *txn, const char *field, const char *text, bool needed)
{
    char *clean = mc_alloc(txn->arena, MC_TEXT_SIZE(PAYMENT_TEXT_MAX));

    if (clean == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else if (strlen(text) > PAYMENT_TEXT_MAX)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", field, "max", "500",
                        NULL);
    else if (mc_text_clean(clean, MC_TEXT_SIZE(PAYMENT_TEXT_MAX), text) != MC_OK)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
    else if (needed && clean[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", field, NULL);
    else
        return clean;
    return "";
}
