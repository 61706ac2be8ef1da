/* Any bytes as what a local API answered: a verdict, and one that says why. */
#include <string.h>

#include "services/partner/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct partner_book book;
    static struct mc_arena arena;
    char why[128];

    if (book.types_len == 0)
        assert(mc_arena_init(&arena, 8 << 20) == MC_OK &&
               partner_book_read(&book, why, sizeof why) == MC_OK);
    for (size_t i = 0; i < book.types_len; i++) {
        const Partner__ApiVerdict *verdict = partner_answer_judge(
            &book, &arena, book.types[i].key, 200, (struct mc_bytes){data, size}, true);

        assert(verdict != NULL && verdict->fits == (verdict->n_problems == 0));
        assert(verdict->n_problems <= PARTNER_PROBLEMS_MAX);
        mc_arena_reset(&arena);
    }
    return 0;
}
