/* Papers of a dossier: found, and read for a purpose. */
#include <string.h>

#include "common/text.h"

#include "dossier.h"

bool dossier_paper_is(const DossierState__Paper *paper, struct mc_bytes hash)
{
    return mc_bytes_same(mc_key_bytes(paper->sha256), hash);
}

const DossierState__Paper *dossier_paper_find(const DossierState__Dossier *record,
                                              struct mc_bytes hash, const char *component)
{
    for (size_t i = 0; i < record->n_papers; i++)
        if (dossier_paper_is(record->papers[i], hash) &&
            (component == NULL || strcmp(record->papers[i]->component, component) == 0))
            return record->papers[i];
    return NULL;
}

bool dossier_check_purpose(struct mc_txn *txn, unsigned actor)
{
    const char *purpose = txn->header->purpose;

    if (actor == DOSSIER_BY_CITIZEN)
        return true;
    if (purpose[strspn(purpose, " \t")] == '\0')
        mc_refuse(txn, MC_INVALID, "purpose", "PURPOSE_REQUIRED", NULL);
    else if (mc_text_chars(purpose) > DOSSIER_PURPOSE_CHARS_MAX)
        mc_refuse(txn, MC_INVALID, "purpose", "FIELD_TOO_LONG", "field", "purpose", "max",
                  dossier_number_text(txn, DOSSIER_PURPOSE_CHARS_MAX), NULL);
    return txn->status == MC_OK;
}
