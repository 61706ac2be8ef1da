/* Any bytes as a mail system's report. */
#include <string.h>

#include "common/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mc_dsn dsn;

    if (mc_dsn_read((struct mc_bytes){data, size}, &dsn) && strlen(dsn.status) < 5)
        __builtin_trap();
    return 0;
}
