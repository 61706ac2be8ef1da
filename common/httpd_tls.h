/* TLS for the server's connections: the one place where libevent and OpenSSL meet. */
#pragma once

#include "common/base.h"

struct bufferevent;
struct event_base;
struct mc_httpd_tls;

/* NULL when a file cannot be read or the key does not fit the certificate. */
mc_nodiscard struct mc_httpd_tls *mc_httpd_tls_load(const char *cert_file, const char *key_file);
void mc_httpd_tls_free(struct mc_httpd_tls *tls);

/* A connection that starts with the handshake; closes `fd` when freed. NULL: `fd` is still yours.
 */
mc_nodiscard struct bufferevent *mc_httpd_tls_accept(struct mc_httpd_tls *tls,
                                                     struct event_base *base, int fd, int options);
