/* Any operations on the store: what a txn shows is what a sorted array says. */
#include "../common/store_model.h"

enum { FUZZ_MAP = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct store_test t;

    store_open(&t, FUZZ_MAP);
    model_run(&model, &t, data, size);
    store_done(&t);
    return 0;
}
