/* Any text as X-Forwarded-For of a chain of proxies, as a peer and as a proxy: a prefix or nothing.
 */
#include <string.h>

#include "../../services/gateway/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const all[] = {"0.0.0.0/1", "::/1", "192.0.2.1"};
    char text[TEXT_MAX + 1];
    char source[GATEWAY_SOURCE_SIZE];

    if (size > TEXT_MAX)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const struct mc_config_list proxies = {all, MC_LEN(all)};
    const char *const item = text;
    const struct mc_config_list odd = {&item, 1};
    const struct mc_header headers[] = {{"X-Forwarded-For", text}, {NULL, NULL}};
    const struct gateway_source_rules rules = {&proxies, 1 + size % 32, 1 + size % 128};

    gateway_source(&rules, "192.0.2.1", headers, source);
    assert(source[0] != '\0' && mc_source_is_valid(source));
    gateway_source(&rules, text, headers, source);
    assert(mc_source_is_valid(source));
    (void)gateway_proxies_ok(&odd);
    gateway_source(&(struct gateway_source_rules){&odd, 24, 48}, "2001:db8::1", headers, source);
    assert(mc_source_is_valid(source));
    return 0;
}
