#include "common/why.h"

const char *mc_why_code(enum mc_why why)
{
#define WHY_NAME(name) [MC_WHY_##name] = #name,
    static const char *const codes[MC_WHY_LEN] = {[MC_WHY_OK] = "OK", MC_WHY_LIST(WHY_NAME)};
#undef WHY_NAME

    assert(why < MC_WHY_LEN);
    return codes[why];
}
