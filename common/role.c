#include "common/role.h"

#include <string.h>

static const struct {
    const char *word;
    enum mc_role role;
} words[] = {{"view", MC_ROLE_VIEW}, {"operate", MC_ROLE_OPERATE}, {"approve", MC_ROLE_APPROVE}};

static unsigned role_of(const char *text, size_t len)
{
    for (size_t i = 0; i < MC_LEN(words); i++)
        if (strlen(words[i].word) == len && strncmp(words[i].word, text, len) == 0)
            return words[i].role | MC_ROLE_VIEW;
    return 0;
}

bool mc_roles_read(const char *text, unsigned *ret_roles)
{
    unsigned roles = 0;

    for (;; text++) {
        size_t len = strcspn(text, ",");
        unsigned role = role_of(text, len);

        if (role == 0)
            return false;
        roles |= role;
        text += len;
        if (*text == '\0')
            break;
    }
    *ret_roles = roles;
    return true;
}

const char *mc_role_word(enum mc_role role)
{
    for (size_t i = 0; i < MC_LEN(words); i++)
        if (words[i].role == role)
            return words[i].word;
    return "";
}
