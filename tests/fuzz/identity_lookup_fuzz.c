/*
 * Any bytes as another system's answer about a person, and as an operator's tables. Whatever it is,
 * the fields told are ones we know, a name fits a sentence, and a table is taken or its line named.
 */
#include <assert.h>
#include <string.h>

#include "services/identity/lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 8 << 20, TEXT_MAX = 64 << 10 };

static void answer(struct mc_arena *arena, struct mc_bytes body)
{
    static const char *const objects[] = {"owner", "person"};
    IdentityState__Lookup asked = IDENTITY_STATE__LOOKUP__INIT;
    struct identity_answer answer;

    asked.msisdn = mc_unconst("84912000101");
    asked.id_number = mc_unconst("012193990017");
    asked.full_name = mc_unconst("Nguyễn Thị Hoà Bình");
    asked.birth_date = mc_unconst("05/03/1993");
    for (size_t i = 0; i < MC_LEN(objects); i++) {
        identity_answer_read(arena, body, objects[i], &asked, &answer);
        assert(answer.fields_len <= MC_LEN(answer.fields));
        for (size_t k = 0; k < answer.fields_len; k++)
            assert(strlen(answer.fields[k]) > 0);
        assert(answer.system == NULL ||
               strlen(answer.system) <= (size_t)4 * IDENTITY_SYSTEM_NAME_MAX);
    }
}

static void tables(struct identity *identity, struct mc_bytes text)
{
    char why[128] = "";

    if (identity_methods_read(identity, text, why, sizeof why) != MC_OK)
        assert(strncmp(why, "line ", 5) == 0);
    if (identity_consents_read(identity, text, why, sizeof why) != MC_OK)
        assert(strncmp(why, "line ", 5) == 0);
    assert(identity->methods_len <= IDENTITY_METHODS_MAX);
    assert(identity->consents_len <= IDENTITY_CONSENTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct identity identity;
    static struct mc_arena arena;

    if (size > TEXT_MAX)
        return 0;
    if (arena.size == 0 &&
        (mc_arena_init(&arena, ARENA) != MC_OK || mc_arena_init(&identity.tables, ARENA) != MC_OK))
        return 0;
    mc_arena_reset(&arena);
    mc_arena_reset(&identity.tables);
    answer(&arena, (struct mc_bytes){data, size});
    tables(&identity, (struct mc_bytes){data, size});
    return 0;
}
