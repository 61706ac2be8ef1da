#include "source.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_LEN = 16, IPV4_AT = 12, IPV4_BITS = 32, IPV6_BITS = 128, TEXT_SIZE = 64 };

/* IPv4 as ::ffff:a.b.c.d, so that one comparison serves both. */
struct address {
    uint8_t bytes[ADDRESS_LEN];
    bool is_v4;
};

static const uint8_t mapped[IPV4_AT] = {[10] = 0xff, [11] = 0xff};

static bool address_parse(const char *text, struct address *ret_address)
{
    struct address address = {0};

    memcpy(address.bytes, mapped, sizeof mapped);
    address.is_v4 = inet_pton(AF_INET, text, address.bytes + IPV4_AT) == 1;
    if (!address.is_v4) {
        if (inet_pton(AF_INET6, text, address.bytes) != 1)
            return false;
        address.is_v4 = memcmp(address.bytes, mapped, sizeof mapped) == 0;
    }
    *ret_address = address;
    return true;
}

static void keep_bits(struct address *address, unsigned bits)
{
    for (size_t i = 0; i < ADDRESS_LEN; i++) {
        unsigned left = bits > 8 * i ? bits - 8 * (unsigned)i : 0;

        if (left < 8)
            address->bytes[i] &= (uint8_t)(0xff00U >> left);
    }
}

static bool bits_parse(const char *text, unsigned most, unsigned *ret_bits)
{
    size_t digits = strspn(text, "0123456789");
    unsigned bits = 0;

    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        bits = bits * 10 + (unsigned)(text[i] - '0');
    *ret_bits = bits;
    return bits <= most;
}

/* "10.0.0.0/8" or one address. Bits are counted in the mapped form. */
static bool prefix_parse(const char *text, struct address *ret_address, unsigned *ret_bits)
{
    char part[TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    unsigned bits;

    if (len >= sizeof part)
        return false;
    memcpy(part, text, len);
    part[len] = '\0';
    if (!address_parse(part, ret_address))
        return false;
    bits = ret_address->is_v4 ? IPV4_BITS : IPV6_BITS;
    if (slash != NULL && !bits_parse(slash + 1, bits, &bits))
        return false;
    *ret_bits = ret_address->is_v4 ? bits + 8 * IPV4_AT : bits;
    return true;
}

bool gateway_proxies_ok(const struct mc_config_list *proxies)
{
    struct address address;
    unsigned bits;

    for (size_t i = 0; i < proxies->len; i++)
        if (!prefix_parse(proxies->items[i], &address, &bits))
            return false;
    return true;
}

static bool is_proxy(const struct mc_config_list *proxies, struct address address)
{
    for (size_t i = 0; i < proxies->len; i++) {
        struct address prefix;
        struct address peer = address;
        unsigned bits;

        if (!prefix_parse(proxies->items[i], &prefix, &bits))
            continue;
        keep_bits(&prefix, bits);
        keep_bits(&peer, bits);
        if (memcmp(prefix.bytes, peer.bytes, ADDRESS_LEN) == 0)
            return true;
    }
    return false;
}

/* One hop as proxies write it: "203.0.113.7", "203.0.113.7:4711", "[2001:db8::1]:4711". */
static bool hop_parse(struct mc_bytes text, struct address *ret_address)
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
    return address_parse(from, ret_address);
}

/* Walks a line from its end. False: an address that is no proxy's was found, or nonsense. */
static bool walk_line(const struct mc_config_list *proxies, const char *line,
                      struct address *address)
{
    size_t end = strlen(line);

    for (;;) {
        size_t begin = end;
        struct address hop;

        while (begin > 0 && line[begin - 1] != ',')
            begin--;
        if (!hop_parse((struct mc_bytes){line + begin, end - begin}, &hop))
            return false;
        *address = hop;
        if (!is_proxy(proxies, hop))
            return false;
        if (begin == 0)
            return true;
        end = begin - 1;
    }
}

/* A proxy may add a line of its own instead of adding to the last: all are one list. */
static void follow_proxies(const struct mc_config_list *proxies, const struct mc_header *headers,
                           struct address *address)
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
    struct address address;

    ret_source[0] = '\0';
    if (!address_parse(remote, &address))
        return;
    if (is_proxy(rules->proxies, address))
        follow_proxies(rules->proxies, headers, &address);
    unsigned bits = address.is_v4 ? rules->ipv4_bits : rules->ipv6_bits;
    keep_bits(&address, address.is_v4 ? bits + 8 * IPV4_AT : bits);
    const void *from = address.is_v4 ? address.bytes + IPV4_AT : address.bytes;
    if (inet_ntop(address.is_v4 ? AF_INET : AF_INET6, from, text, sizeof text) != NULL)
        (void)snprintf(ret_source, GATEWAY_SOURCE_SIZE, "%s/%u", text, bits);
}
