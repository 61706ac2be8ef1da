#include "common/guard.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 63, PORT_DIGITS_MAX = 5 };

static bool port_parse(const char *text, size_t len, unsigned *ret_port)
{
    unsigned port = 0;

    if (len == 0 || len > PORT_DIGITS_MAX || text[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *ret_port = port;
    return port <= UINT16_MAX;
}

static bool port_is_allowed(const struct mc_guard *guard, unsigned port)
{
    if (guard->ports == NULL || guard->ports->len == 0)
        return port == 80 || port == 443;
    for (size_t i = 0; i < guard->ports->len; i++) {
        const char *text = guard->ports->items[i];
        unsigned allowed = 0;

        if (port_parse(text, strlen(text), &allowed) && allowed == port)
            return true;
    }
    return false;
}

bool mc_guard_is_sound(const struct mc_guard *guard)
{
    struct mc_net_prefix prefix;
    unsigned port;

    for (size_t i = 0; guard->networks != NULL && i < guard->networks->len; i++)
        if (!mc_net_prefix_parse(guard->networks->items[i], &prefix))
            return false;
    for (size_t i = 0; guard->ports != NULL && i < guard->ports->len; i++)
        if (!port_parse(guard->ports->items[i], strlen(guard->ports->items[i]), &port))
            return false;
    return true;
}

bool mc_guard_net(const struct mc_guard *guard, const struct mc_net *net)
{
    struct mc_net_prefix prefix;

    for (size_t i = 0; guard->networks != NULL && i < guard->networks->len; i++)
        if (mc_net_prefix_parse(guard->networks->items[i], &prefix) && mc_net_within(net, &prefix))
            return true;
    return mc_net_is_public(net);
}

bool mc_guard_address(const struct mc_guard *guard, const struct sockaddr *address)
{
    struct mc_net net;

    return mc_net_of(address, &net) && mc_guard_net(guard, &net);
}

/*
 * RFC 1123 names. The last label may not be a number (127.1, 2130706433, 0x7f.1): libraries differ
 * in what address that is. The dot at the end is refused: it makes another name of the same host.
 */
static bool name_ok(const char *host, size_t len)
{
    size_t label = 0;

    if (len == 0 || len > MC_GUARD_HOST_MAX)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i == len || host[i] == '.') {
            if (i == label || i - label > LABEL_MAX || host[label] == '-' || host[i - 1] == '-')
                return false;
            if (i < len)
                label = i + 1;
        } else if (!isalnum((unsigned char)host[i]) && host[i] != '-') {
            return false;
        }
    }
    return isdigit((unsigned char)host[label]) == 0;
}

static const char *judge_host(const struct mc_guard *guard, const char *host, size_t len, bool v6)
{
    char text[MC_GUARD_HOST_MAX + 1];
    struct mc_net net;

    if (len == 0 || len >= sizeof text)
        return MC_CODE_URL_INVALID;
    memcpy(text, host, len);
    text[len] = '\0';
    if (mc_net_parse(text, &net) && v6 == (strchr(text, ':') != NULL))
        return mc_guard_net(guard, &net) ? NULL : MC_CODE_URL_INTERNAL;
    return !v6 && name_ok(host, len) ? NULL : MC_CODE_URL_INVALID;
}

static bool text_ok(const char *url)
{
    size_t len = strnlen(url, MC_GUARD_URL_MAX + 1);

    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] > '~' || strchr("\\\"<>^`{|}#", url[i]) != NULL)
            return false;
    return len > 0 && len <= MC_GUARD_URL_MAX;
}

const char *mc_guard_url(const struct mc_guard *guard, const char *url)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    bool plain = strncmp(url, "http://", 7) == 0;
    unsigned port = tls ? 443 : 80;

    if (!text_ok(url))
        return MC_CODE_URL_INVALID;
    if (!tls && !(plain && guard->allow_plain))
        return MC_CODE_URL_SCHEME;
    const char *host = url + (tls ? 8 : 7);
    const char *end = host + strcspn(host, "/?");
    if (memchr(host, '@', (size_t)(end - host)) != NULL)
        return MC_CODE_URL_USER;
    bool v6 = host[0] == '[';
    const char *stop = v6 ? memchr(host, ']', (size_t)(end - host)) : host + strcspn(host, ":/?");
    if (stop == NULL)
        return MC_CODE_URL_INVALID;
    const char *rest = stop + (v6 ? 1 : 0);
    if (rest < end && (*rest != ':' || !port_parse(rest + 1, (size_t)(end - rest - 1), &port)))
        return MC_CODE_URL_INVALID;
    host += v6 ? 1 : 0;
    const char *why = judge_host(guard, host, (size_t)(stop - host), v6);
    if (why == NULL && !port_is_allowed(guard, port))
        why = MC_CODE_URL_PORT;
    return why;
}
