/* Any bytes as a file: its kind is one that is taken, or none. */
#include <stdlib.h>
#include <string.h>

#include "../../services/dossier/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dossier_file_types types;
    uint8_t *own = malloc(size + 1);

    assert(own != NULL);
    if (size > 0)
        memcpy(own, data, size);
    const char *type = dossier_sniff((struct mc_bytes){own, size});
    assert(type == NULL || strlen(type) < DOSSIER_MEDIA_TYPE_SIZE);
    if (dossier_file_types_load(&types, (struct mc_bytes){own, size}) == MC_OK)
        assert(types.len <= DOSSIER_FILE_TYPES_MAX);
    free(own);
    return 0;
}
