/* A template as an operator may write it; one that is taken can be printed, whatever it says. */
#include <stdlib.h>
#include <string.h>

#include "services/print/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    Print__RenderRequest request = PRINT__RENDER_REQUEST__INIT;
    Print__Field field = PRINT__FIELD__INIT;
    Print__Field *fields[] = {&field};
    struct print_made made = {0};
    char why[PRINT_WHY_MAX];

    if (arena.base == NULL && mc_arena_init(&arena, 256 << 20) != MC_OK)
        abort();
    mc_arena_reset(&arena);
    const Template__Document *document =
        print_template_read(&arena, (struct mc_bytes){data, size}, why);
    if (document == NULL)
        return 0;
    field.name = document->n_fields > 0 ? document->fields[0] : mc_unconst("a");
    field.value = mc_unconst("Đặng **Thị** {x} __y__");
    request.fields = fields;
    request.n_fields = 1;
    request.at_ms = 1788747600000LL;
    const struct print_fields with = {.request = &request, .signed_by = "", .signed_at = ""};
    print_layout(&arena, document, &with, NULL, &made);
    if (made.status == MC_OK && made.pdf.len == 0)
        abort();
    return 0;
}
