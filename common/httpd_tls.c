#include "common/httpd_tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct mc_httpd_tls {
    SSL_CTX *context;
};

static SSL_CTX *load_context(const char *cert_file, const char *key_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL)
        return NULL;
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate_chain_file(context, cert_file) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

struct mc_httpd_tls *mc_httpd_tls_load(const char *cert_file, const char *key_file)
{
    struct mc_httpd_tls *tls = calloc(1, sizeof *tls);

    if (tls != NULL)
        tls->context = load_context(cert_file, key_file);
    ERR_clear_error();
    if (tls == NULL || tls->context == NULL) {
        free(tls);
        return NULL;
    }
    return tls;
}

void mc_httpd_tls_free(struct mc_httpd_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

struct bufferevent *mc_httpd_tls_accept(struct mc_httpd_tls *tls, struct event_base *base, int fd,
                                        int options)
{
    SSL *ssl = SSL_new(tls->context);

    if (ssl == NULL)
        return NULL;
    struct bufferevent *stream =
        bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, options);
    if (stream != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(stream,
                                                     1); /* an end is an end: lengths decide */
    return stream;
}
