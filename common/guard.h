/*
 * Guard: where the house may go when somebody outside says where (SSRF: CWE-918, OWASP A10:2021).
 *
 * An address that a person types is looked at twice. mc_guard_url() reads it as strictly as there
 * is one way to read it, so that what was judged is what libcurl opens: an http(s) URL with a plain
 * host name or address, an allowed port, and no user name, odd number, percent sign or backslash
 * in the host. What its name leads to is judged when the connection is made, with the very address
 * that is connected to (common/http.c), so a name that answers otherwise the second time gains
 * nothing. Redirects are never followed.
 */
#pragma once

#include "common/config.h"
#include "common/net.h"

struct mc_arena;

enum { MC_GUARD_URL_MAX = 1024, MC_GUARD_HOST_MAX = 253 };

struct mc_guard {
    const struct mc_config_list *networks; /* allowed though not public: "127.0.0.0/8"; or NULL */
    const struct mc_config_list *ports;    /* allowed, as text; NULL or empty: 80 and 443 */
    bool allow_plain;                      /* http:// too */
};

/* Why an address may not be asked: stable codes of messages.csv. NULL: it may, as far as it tells.
 */
mc_nodiscard const char *mc_guard_url(const struct mc_guard *guard, const char *url);

/* Public, or in one of the guard's networks. */
bool mc_guard_net(const struct mc_guard *guard, const struct mc_net *net);
bool mc_guard_address(const struct mc_guard *guard, const struct sockaddr *address);

/* Whether every entry of the two lists can be read: for boot. */
bool mc_guard_is_sound(const struct mc_guard *guard);

#define MC_CODE_URL_INVALID  "URL_INVALID"
#define MC_CODE_URL_SCHEME   "URL_SCHEME"
#define MC_CODE_URL_USER     "URL_USER"
#define MC_CODE_URL_PORT     "URL_PORT"
#define MC_CODE_URL_INTERNAL "URL_INTERNAL"
