/*
 * Source: where an HTTP request comes from, as the prefix of an address that budgets are counted
 * by. Pure. The peer's word (X-Forwarded-For) counts only when the peer is a proxy of ours, and
 * then from its end: everything before the first foreign address could be made up.
 */
#pragma once

#include "common/config.h"
#include "common/envelope.h"
#include "common/header.h"

enum { GATEWAY_SOURCE_SIZE = MC_SOURCE_MAX + 1 };

struct gateway_source_rules {
    const struct mc_config_list *proxies; /* addresses or prefixes: "10.0.0.0/8" */
    unsigned ipv4_bits;
    unsigned ipv6_bits;
};

/* "203.0.113.0/24", "2001:db8:1::/48"; empty when `remote` is no address. */
void gateway_source(const struct gateway_source_rules *rules, const char *remote,
                    const struct mc_header *headers, char ret_source[GATEWAY_SOURCE_SIZE]);

/* Whether every entry is an address or a prefix. */
bool gateway_proxies_ok(const struct mc_config_list *proxies);
