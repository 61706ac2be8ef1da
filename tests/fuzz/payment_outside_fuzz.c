/* What other systems' bytes become: the tax office's JSON, a bank's statement, a payer's words. */
#include <string.h>

#include "services/payment/gip.h"
#include "services/payment/reconcile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void words(const char *text)
{
    struct payment_hit hits[PAYMENT_HITS_MAX];
    char squeezed[PAYMENT_SQUEEZED_SIZE];

    payment_squeeze(squeezed, sizeof squeezed, text);
    assert(payment_reference_find(squeezed, hits) <= PAYMENT_HITS_MAX);
}

static void statement(struct mc_bytes text, bool platform)
{
    struct payment_statement_line line;
    struct payment_statement reader;

    if (!payment_statement_open(&reader, text, platform))
        return;
    for (;;) {
        enum payment_statement_read read = payment_statement_next(&reader, &line);
        if (read == PAYMENT_STATEMENT_END || read == PAYMENT_STATEMENT_BAD)
            return;
        if (read == PAYMENT_STATEMENT_ROW)
            assert(line.amount > 0 && line.reference[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct mc_json *json = NULL;

    if (arena.base == NULL && mc_arena_init(&arena, 16 << 20) != MC_OK)
        return 0;
    mc_arena_reset(&arena);
    struct mc_bytes copy = mc_copy(&arena, data, size);
    if (copy.data == NULL)
        return 0;
    if (strlen(copy.data) <= PAYMENT_CONTENT_MAX)
        words(copy.data);
    statement(copy, true);
    statement(copy, false);
    if (mc_json_parse(copy, &json) == MC_OK) {
        struct payment_gip gip = payment_gip_read(&arena, json, "q", PAYMENT_GIP_LAND);
        for (size_t i = 0; i < gip.rows_len; i++)
            assert(gip.rows[i].amount > 0);
        mc_json_free(json);
    }
    return 0;
}
