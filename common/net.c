#include "common/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { TEXT_SIZE = 64 };

static const uint8_t mapped[MC_NET_V4_AT] = {[10] = 0xff, [11] = 0xff};

static void v4_set(struct mc_net *net)
{
    memcpy(net->bytes, mapped, sizeof mapped);
    net->is_v4 = true;
}

static void v6_set(struct mc_net *net)
{
    net->is_v4 = memcmp(net->bytes, mapped, sizeof mapped) == 0;
}

bool mc_net_parse(const char *text, struct mc_net *ret_net)
{
    struct mc_net net = {0};

    if (inet_pton(AF_INET, text, net.bytes + MC_NET_V4_AT) == 1)
        v4_set(&net);
    else if (inet_pton(AF_INET6, text, net.bytes) == 1)
        v6_set(&net);
    else
        return false;
    *ret_net = net;
    return true;
}

bool mc_net_of(const struct sockaddr *address, struct mc_net *ret_net)
{
    struct mc_net net = {0};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        memcpy(net.bytes + MC_NET_V4_AT, &v4.sin_addr, sizeof v4.sin_addr);
        v4_set(&net);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        memcpy(net.bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
        v6_set(&net);
    } else {
        return false;
    }
    *ret_net = net;
    return true;
}

void mc_net_keep(struct mc_net *net, unsigned bits)
{
    for (size_t i = 0; i < MC_NET_LEN; i++) {
        unsigned left = bits > 8 * i ? bits - 8 * (unsigned)i : 0;

        if (left < 8)
            net->bytes[i] &= (uint8_t)(0xff00U >> left);
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

bool mc_net_prefix_parse(const char *text, struct mc_net_prefix *ret_prefix)
{
    char part[TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    struct mc_net_prefix prefix = {0};

    if (len >= sizeof part)
        return false;
    memcpy(part, text, len);
    part[len] = '\0';
    if (!mc_net_parse(part, &prefix.net))
        return false;
    prefix.bits = prefix.net.is_v4 ? MC_NET_V4_BITS : MC_NET_V6_BITS;
    if (slash != NULL && !bits_parse(slash + 1, prefix.bits, &prefix.bits))
        return false;
    if (prefix.net.is_v4)
        prefix.bits += 8 * MC_NET_V4_AT;
    *ret_prefix = prefix;
    return true;
}

bool mc_net_within(const struct mc_net *net, const struct mc_net_prefix *prefix)
{
    struct mc_net a = *net;
    struct mc_net b = prefix->net;

    mc_net_keep(&a, prefix->bits);
    mc_net_keep(&b, prefix->bits);
    return memcmp(a.bytes, b.bytes, MC_NET_LEN) == 0;
}

/* IANA IPv4 and IPv6 Special-Purpose Address Registries: "Globally Reachable: False", and
 * multicast.
 */
static const char *const special_v4[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};
static const char *const special_v6[] = {"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

static bool is_listed(const struct mc_net *net, const char *const *list, size_t len)
{
    struct mc_net_prefix prefix;

    for (size_t i = 0; i < len; i++)
        if (mc_net_prefix_parse(list[i], &prefix) && mc_net_within(net, &prefix))
            return true;
    return false;
}

bool mc_net_is_public(const struct mc_net *net)
{
    if (net->is_v4)
        return !is_listed(net, special_v4, MC_LEN(special_v4));
    bool unicast = (net->bytes[0] & 0xe0) == 0x20; /* 2000::/3 is all that has been given out */
    return unicast && !is_listed(net, special_v6, MC_LEN(special_v6));
}
