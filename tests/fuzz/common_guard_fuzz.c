/*
 * Any text as an address that somebody typed: what passes is one plain host that is no inside
 * address in any spelling libc knows, or a name that is judged when it is connected to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mc_guard guard = {.allow_plain = true};
    char text[MC_GUARD_URL_MAX + 16];
    char host[MC_GUARD_HOST_MAX + 1];
    struct sockaddr_in v4 = {.sin_family = AF_INET};

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const char *why = mc_guard_url(&guard, text);
    if (why != NULL)
        return 0;
    assert(strchr(text, '\\') == NULL && strpbrk(text, "\r\n\t #") == NULL);
    const char *from = strstr(text, "://") + 3;
    size_t len = strcspn(from, ":/?");
    assert(memchr(from, '@', strcspn(from, "/?")) == NULL);
    if (from[0] == '[')
        return 0;
    assert(len > 0 && len < sizeof host);
    memcpy(host, from, len);
    host[len] = '\0';
    /* inet_aton() takes 127.1, 0x7f000001 and 017700000001, too: none of them may lead inside */
    if (inet_aton(host, &v4.sin_addr) != 0)
        assert(mc_guard_address(&guard, (const struct sockaddr *)&v4));
    return 0;
}
