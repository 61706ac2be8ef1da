/* Any bytes to the XML reader: a tree, or a refusal. */
#include "common/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    const struct mc_xml *root = NULL;

    if (arena.base == NULL && mc_arena_init(&arena, 16 << 20) != MC_OK)
        return 0;
    mc_arena_reset(&arena);
    if (mc_xml_parse(&arena, (struct mc_bytes){data, size}, &root) == MC_OK)
        (void)mc_xml_text(root, "BODY");
    return 0;
}
