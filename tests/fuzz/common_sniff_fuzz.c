/* Any bytes as a file: its kind is one that is taken, or none. */
#include <stdlib.h>
#include <string.h>

#include "common/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_file_types types;
    uint8_t *own = malloc(size + 1);

    assert(own != NULL);
    if (size > 0)
        memcpy(own, data, size);
    const char *type = mc_sniff((struct mc_bytes){own, size});
    assert(type == NULL || strlen(type) < MC_MEDIA_TYPE_SIZE);
    type = mc_sniff_any((struct mc_bytes){own, size});
    assert(type == NULL || strlen(type) < MC_MEDIA_TYPE_SIZE);
    if (mc_file_types_load(&types, (struct mc_bytes){own, size}) == MC_OK)
        assert(types.len <= MC_FILE_TYPES_MAX);
    free(own);
    return 0;
}
