/* Where other systems are asked: every address is looked at when the room starts. */
#include <string.h>

#include "common/ident.h"

#include "lookup.h"

static bool url_is_good(const struct identity *identity, const char *url)
{
    return strncmp(url, "https://", 8) == 0 ||
           (identity->allow_plain_http && strncmp(url, "http://", 7) == 0);
}

static bool carriers_are_good(const struct identity *identity, char *why, size_t why_size)
{
    struct mc_carrier carrier;

    for (size_t i = 0; i < identity->carriers.len; i++) {
        const char *item = identity->carriers.items[i];
        const char *equals = strchr(item, '=');
        char code[sizeof carrier.code];
        size_t len = equals != NULL ? (size_t)(equals - item) : sizeof code;
        if (len < sizeof code)
            memcpy(code, item, len);
        if (len < sizeof code)
            code[len] = '\0';
        if (len < sizeof code && mc_carrier_find(code, &carrier) &&
            url_is_good(identity, equals + 1))
            continue;
        (void)snprintf(why, why_size,
                       "identity.carriers: carrier=https://… of a known carrier is needed");
        return false;
    }
    return true;
}

bool identity_lookup_urls_are_good(const struct identity *identity, char *why, size_t why_size)
{
    const struct {
        const char *key;
        const char *url;
        bool needed;
    } urls[] = {
        {"identity.carrier_url", identity->carrier_url, true},
        {"identity.mnp_url", identity->mnp_url, false},
        {"identity.insurance_url", identity->insurance_url, true},
        {"identity.insurance_find_url", identity->insurance_find_url, true},
        {"identity.post_url", identity->post_url, true},
        {"identity.population_url", identity->population_url, false},
    };

    for (size_t i = 0; i < MC_LEN(urls); i++) {
        if ((!urls[i].needed && urls[i].url[0] == '\0') || url_is_good(identity, urls[i].url))
            continue;
        (void)snprintf(why, why_size, "%s: https:// is needed", urls[i].key);
        return false;
    }
    return carriers_are_good(identity, why, why_size);
}
