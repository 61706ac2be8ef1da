/* Any bytes as a scan: told apart without a fault; a kind that is told has its magic. */
#include "services/identity/officer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *type = identity_scan_type((struct mc_bytes){data, size});

    assert(type == NULL || data[0] == '%' || data[0] == 'P' || data[0] == 0xd0);
    return 0;
}
