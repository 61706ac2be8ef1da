/* Any bytes at all as a packed record: taken apart and put together they say the same. */
#include <string.h>

#include "../../services/dossier/fields.h"

enum { INPUT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dossier_fields fields;
    static struct dossier_fields again;
    static uint8_t out[INPUT_MAX];

    if (size > INPUT_MAX || !dossier_fields_split((struct mc_bytes){data, size}, &fields))
        return 0;
    assert(dossier_fields_size(&fields) == size);
    dossier_fields_join(&fields, out);
    assert(dossier_fields_split((struct mc_bytes){out, size}, &again));
    assert(dossier_fields_differ(&fields, &again) == 0);
    assert(dossier_fields_size(&fields) == 0 && dossier_fields_size(&again) == 0);
    return 0;
}
