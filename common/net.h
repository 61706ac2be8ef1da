/*
 * Net: addresses and prefixes as numbers. Pure.
 *
 * IPv4 is kept as ::ffff:a.b.c.d, so that one comparison serves both. Text is taken in the one form
 * that inet_pton() knows: "127.1", "0x7f000001" and "2130706433" are no addresses.
 */
#pragma once

#include "common/base.h"

struct sockaddr;

enum { MC_NET_LEN = 16, MC_NET_V4_AT = 12, MC_NET_V4_BITS = 32, MC_NET_V6_BITS = 128 };

struct mc_net {
    uint8_t bytes[MC_NET_LEN];
    bool is_v4;
};

struct mc_net_prefix {
    struct mc_net net;
    unsigned bits; /* counted in the mapped form */
};

mc_nodiscard bool mc_net_parse(const char *text, struct mc_net *ret_net);

/* "10.0.0.0/8", "2001:db8::/32", or one address. */
mc_nodiscard bool mc_net_prefix_parse(const char *text, struct mc_net_prefix *ret_prefix);

/* False: neither IPv4 nor IPv6. */
mc_nodiscard bool mc_net_of(const struct sockaddr *address, struct mc_net *ret_net);

/* Clears all but the first bits of the mapped form. */
void mc_net_keep(struct mc_net *net, unsigned bits);

bool mc_net_within(const struct mc_net *net, const struct mc_net_prefix *prefix);

/*
 * Whether anybody on the Internet may be reached there: globally reachable unicast by IANA's
 * special-purpose registries (RFC 6890 and successors). Not so: loopback, private (RFC 1918), link
 * local with the clouds' metadata services, carrier-grade NAT, unique local, documentation,
 * benchmarking, multicast, and every form that has an IPv4 address inside an IPv6 one
 * (::ffff:0:0/96 written out, NAT64, 6to4, Teredo), for who knows where that leads.
 */
bool mc_net_is_public(const struct mc_net *net);
