/* A self-signed certificate for 127.0.0.1, made anew in the test's own folder. */
#pragma once

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tls_files {
    char folder[64];
    char cert[96];
    char key[96];
};

static inline void tls_files_make(struct tls_files *files)
{
    *files = (struct tls_files){.folder = "/tmp/motcua-tls-XXXXXX"};
    char *folder = mkdtemp(files->folder);
    assert(folder != NULL);
    (void)snprintf(files->cert, sizeof files->cert, "%s/cert.pem", folder);
    (void)snprintf(files->key, sizeof files->key, "%s/key.pem", folder);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_NAME *subject = X509_get_subject_name(cert);
    (void)X509_set_version(cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    (void)X509_set_pubkey(cert, key);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
                                     -1, 0);
    (void)X509_set_issuer_name(cert, subject);
    (void)X509_add_ext(cert, names, -1);
    int signature = X509_sign(cert, key, EVP_sha256());
    assert(signature > 0);

    FILE *file = fopen(files->cert, "we");
    assert(file != NULL);
    (void)PEM_write_X509(file, cert);
    (void)fclose(file);
    file = fopen(files->key, "we");
    assert(file != NULL);
    (void)PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    (void)fclose(file);
    X509_EXTENSION_free(names);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static inline void tls_files_remove(struct tls_files *files)
{
    (void)unlink(files->cert);
    (void)unlink(files->key);
    (void)rmdir(files->folder);
}
