#include "source.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/net.h"

enum { TEXT_SIZE = 64 };

bool gateway_proxies_ok(const struct mc_config_list *proxies)
{
    struct mc_net_prefix prefix;

    for (size_t i = 0; i < proxies->len; i++)
        if (!mc_net_prefix_parse(proxies->items[i], &prefix))
            return false;
    return true;
}

static bool is_proxy(const struct mc_config_list *proxies, const struct mc_net *address)
{
    struct mc_net_prefix prefix;

    for (size_t i = 0; i < proxies->len; i++)
        if (mc_net_prefix_parse(proxies->items[i], &prefix) && mc_net_within(address, &prefix))
            return true;
    return false;
}

/* One hop as proxies write it: "203.0.113.7", "203.0.113.7:4711", "[2001:db8::1]:4711". */
static bool hop_parse(struct mc_bytes text, struct mc_net *ret_address)
{
    char part[TEXT_SIZE];
    const char *at = text.data;
    size_t len = text.len;

    while (len > 0 && (at[0] == ' ' || at[0] == '\t')) {
        at++;
        len--;
    }
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    if (len == 0 || len >= sizeof part)
        return false;
    memcpy(part, at, len);
    part[len] = '\0';
    char *from = part;
    char *colon = strchr(part, ':');
    if (part[0] == '[') {
        from++;
        part[strcspn(part, "]")] = '\0';
    } else if (colon != NULL && colon == strrchr(part, ':')) {
        *colon = '\0';
    }
    return mc_net_parse(from, ret_address);
}

/* Walks a line from its end. False: an address that is no proxy's was found, or nonsense. */
static bool walk_line(const struct mc_config_list *proxies, const char *line,
                      struct mc_net *address)
{
    size_t end = strlen(line);

    for (;;) {
        size_t begin = end;
        struct mc_net hop;

        while (begin > 0 && line[begin - 1] != ',')
            begin--;
        if (!hop_parse((struct mc_bytes){line + begin, end - begin}, &hop))
            return false;
        *address = hop;
        if (!is_proxy(proxies, &hop))
            return false;
        if (begin == 0)
            return true;
        end = begin - 1;
    }
}

/* A proxy may add a line of its own instead of adding to the last: all are one list. */
static void follow_proxies(const struct mc_config_list *proxies, const struct mc_header *headers,
                           struct mc_net *address)
{
    size_t len = 0;

    while (headers != NULL && headers[len].name != NULL)
        len++;
    while (len-- > 0)
        if (strcasecmp(headers[len].name, "X-Forwarded-For") == 0 &&
            !walk_line(proxies, headers[len].value, address))
            return;
}

void gateway_source(const struct gateway_source_rules *rules, const char *remote,
                    const struct mc_header *headers, char ret_source[GATEWAY_SOURCE_SIZE])
{
    char text[INET6_ADDRSTRLEN];
    struct mc_net address;

    ret_source[0] = '\0';
    if (!mc_net_parse(remote, &address))
        return;
    if (is_proxy(rules->proxies, &address))
        follow_proxies(rules->proxies, headers, &address);
    unsigned bits = address.is_v4 ? rules->ipv4_bits : rules->ipv6_bits;
    mc_net_keep(&address, address.is_v4 ? bits + 8 * MC_NET_V4_AT : bits);
    const void *from = address.is_v4 ? address.bytes + MC_NET_V4_AT : address.bytes;
    if (inet_ntop(address.is_v4 ? AF_INET : AF_INET6, from, text, sizeof text) != NULL)
        (void)snprintf(ret_source, GATEWAY_SOURCE_SIZE, "%s/%u", text, bits);
}
