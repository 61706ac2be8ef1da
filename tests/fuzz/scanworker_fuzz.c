/* Any bytes as clamd's answer: what is not plainly clean is not clean. */
#include <stdlib.h>
#include <string.h>

#include "../../services/scanworker/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[VERDICT_NAME_SIZE];
    uint8_t *own = malloc(size + 1); /* a copy of its own: reading past its end is seen */

    assert(own != NULL);
    if (size > 0)
        memcpy(own, data, size);
    enum verdict verdict = verdict_read((struct mc_bytes){own, size}, name);
    assert(strlen(name) < VERDICT_NAME_SIZE);
    assert((name[0] != '\0') == (verdict == VERDICT_INFECTED));
    assert(verdict != VERDICT_CLEAN || (size >= 10 && memcmp(data, "stream: OK", 10) == 0));
    free(own);
    return 0;
}
