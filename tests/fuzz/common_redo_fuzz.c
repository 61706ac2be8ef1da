/* Any bytes as a redo file: records and rows stay within them. */
#include "common/redo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mc_bytes left = {data, size};
    struct mc_bytes rows = {data, size};
    struct mc_redo_record record;
    struct mc_redo_row row;
    uint64_t sum = 0;

    while (mc_redo_next(&left, &record))
        sum += mc_checksum(record.rows, left);
    while (mc_redo_row_next(&rows, &row)) /* a checksum keeps most inputs from coming this far */
        sum += mc_checksum(row.key, row.value);
    return sum == 1; /* so that every byte is looked at */
}
