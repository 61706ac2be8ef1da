/* Trust sets, and what a certificate says of its holder. */
#include "common/crypto_cert.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void close_file(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

static enum mc_status add_file(struct mc_trust *trust, const char *path, size_t *roots)
{
    mc_cleanup(close_file) FILE *file = fopen(path, "re");
    size_t found = 0;
    X509 *x;

    if (file == NULL)
        return errno == ENOENT ? MC_NOT_FOUND : MC_IO;
    while ((x = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
        bool root = X509_self_signed(x, 1) == 1;
        bool added = trust->len < MC_TRUST_MAX && X509_STORE_add_cert(trust->store, x) == 1;
        X509_free(x);
        if (!added)
            return MC_INVALID;
        trust->len += 1;
        *roots += root;
        found += 1;
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return ended && found > 0 ? MC_OK : MC_INVALID;
}

static int is_certificate_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && (strcmp(entry->d_name + len - 4, ".pem") == 0 ||
                       strcmp(entry->d_name + len - 4, ".crt") == 0);
}

static enum mc_status add_folder(struct mc_trust *trust, const char *path, size_t *roots)
{
    struct dirent **entries = NULL;
    enum mc_status status = MC_OK;
    char name[4096];
    int len = scandir(path, &entries, is_certificate_file, alphasort);

    for (int i = 0; i < len; i++) {
        int n = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (status == MC_OK)
            status = n > 0 && (size_t)n < sizeof name ? add_file(trust, name, roots) : MC_INVALID;
        free(entries[i]);
    }
    free(entries);
    return len < 0 ? MC_IO : status;
}

enum mc_status mc_trust_load(const char *path, struct mc_trust **ret_trust)
{
    struct mc_trust *trust = calloc(1, sizeof *trust);
    struct stat file;
    size_t roots = 0;
    enum mc_status status = MC_NOT_FOUND;

    if (trust == NULL || (trust->store = X509_STORE_new()) == NULL) {
        free(trust);
        return MC_FULL;
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(trust->store), MC_TRUST_LEVEL);
    if (stat(path, &file) == 0)
        status =
            S_ISDIR(file.st_mode) ? add_folder(trust, path, &roots) : add_file(trust, path, &roots);
    if (status == MC_OK && roots == 0)
        status = MC_INVALID;
    if (status == MC_OK)
        *ret_trust = trust;
    else
        mc_trust_free(trust);
    return status;
}

void mc_trust_free(struct mc_trust *trust)
{
    if (trust != NULL)
        X509_STORE_free(trust->store);
    free(trust);
}

size_t mc_trust_len(const struct mc_trust *trust)
{
    return trust->len;
}

bool mc_cert_hash_is_strong(int nid)
{
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

bool mc_cert_key_is_strong(EVP_PKEY *key)
{
    char group[32] = "";

    if (key == NULL)
        return false;
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
        int bits = EVP_PKEY_get_bits(key);
        return bits >= MC_CERT_RSA_BITS_MIN && bits <= MC_CERT_RSA_BITS_MAX;
    }
    /* named curves only: one that a certificate spells out itself may be any */
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          NULL) == 1 &&
           (strcmp(group, SN_X9_62_prime256v1) == 0 || strcmp(group, SN_secp384r1) == 0 ||
            strcmp(group, SN_secp521r1) == 0);
}

X509 *mc_cert_open(struct mc_bytes der)
{
    const unsigned char *at = der.data;

    if (der.len == 0 || der.len > MC_CMS_MAX)
        return NULL;
    X509 *x = d2i_X509(NULL, &at, (long)der.len);
    if (x != NULL && at != (const unsigned char *)der.data + der.len) {
        X509_free(x);
        x = NULL;
    }
    return x;
}

struct mc_bytes mc_cert_der(struct mc_arena *arena, X509 *x)
{
    int len = i2d_X509(x, NULL);
    uint8_t *der = len > 0 && len <= MC_CMS_MAX ? mc_alloc(arena, (size_t)len) : NULL;
    unsigned char *at = der;

    if (der == NULL || i2d_X509(x, &at) != len)
        return (struct mc_bytes){0};
    return (struct mc_bytes){der, (size_t)len};
}

bool mc_cert_time(const ASN1_TIME *at, int64_t *ret_ms)
{
    struct tm tm;

    if (at == NULL || ASN1_TIME_to_tm(at, &tm) != 1)
        return false;
    *ret_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* UTF-8 of any of ASN.1's string types; NULL: it is none, is too long, or holds NUL. */
static char *text_of(struct mc_arena *arena, const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    char *text = NULL;

    if (len >= 0 && len <= MC_CERT_TEXT_MAX && memchr(utf8, 0, (size_t)len) == NULL) {
        text = mc_alloc(arena, (size_t)len + 1);
        if (text != NULL)
            memcpy(text, utf8, (size_t)len);
    }
    OPENSSL_free(utf8);
    return text;
}

/* The first of its type, wherever it stands, in an RDN of its own or not. */
static const char *name_part(struct mc_arena *arena, const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);

    return at < 0 ? "" : text_of(arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* What has no known shape is no number of ours; it is passed over. */
static bool number_parse(const char *text, struct mc_cert_number *number)
{
    size_t kind = 0;

    while (is_letter(text[kind]) && kind < sizeof number->kind - 1) {
        number->kind[kind] = (char)(text[kind] & ~0x20);
        kind++;
    }
    const char *value = text + kind + 1;
    if (kind == 0 || text[kind] != ':')
        return false;
    value += strspn(value, " ");
    size_t len = strcspn(value, " ");
    if (len == 0 || len >= sizeof number->number || value[len + strspn(value + len, " ")] != '\0')
        return false;
    number->kind[kind] = '\0';
    memcpy(number->number, value, len);
    number->number[len] = '\0';
    return true;
}

static bool read_numbers(struct mc_arena *arena, const X509_NAME *subject, int nid,
                         struct mc_cert *cert)
{
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0;) {
        struct mc_cert_number number = {0};
        const char *text =
            text_of(arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (text == NULL)
            return false;
        if (!number_parse(text, &number))
            continue;
        if (cert->numbers_len == MC_LEN(cert->numbers))
            return false;
        cert->numbers[cert->numbers_len++] = number;
    }
    return true;
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static const char *ocsp_url(struct mc_arena *arena, X509 *x)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);
    const char *url = "";

    for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && url != NULL && url[0] == '\0'; i++) {
        const char *one = sk_OPENSSL_STRING_value(urls, i);
        if (is_http(one) && strlen(one) <= MC_CERT_TEXT_MAX)
            url = mc_strdup(arena, one);
    }
    X509_email_free(urls);
    return url;
}

static const char *point_url(struct mc_arena *arena, const DIST_POINT *point)
{
    if (point->distpoint == NULL || point->distpoint->type != 0)
        return "";
    for (int i = 0; i < sk_GENERAL_NAME_num(point->distpoint->name.fullname); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, i);
        if (name->type != GEN_URI)
            continue;
        const char *url = text_of(arena, name->d.uniformResourceIdentifier);
        if (url != NULL && is_http(url))
            return url;
    }
    return "";
}

static const char *crl_url(struct mc_arena *arena, const X509 *x)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    const char *url = "";

    for (int i = 0; i < sk_DIST_POINT_num(points) && url[0] == '\0'; i++)
        url = point_url(arena, sk_DIST_POINT_value(points, i));
    CRL_DIST_POINTS_free(points);
    return url;
}

/* RFC 5280, 4.1.2.2: at most 20 octets. */
static const char *serial_of(struct mc_arena *arena, X509 *x)
{
    enum { SERIAL_MAX = 20 };
    const ASN1_INTEGER *number = X509_get0_serialNumber(x);
    struct mc_bytes raw = {ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number)};

    if (raw.len > SERIAL_MAX)
        return "";
    char *hex = mc_alloc(arena, 2 * raw.len + 1);
    if (hex != NULL)
        (void)mc_hex(hex, raw);
    return hex;
}

bool mc_cert_read(struct mc_arena *arena, X509 *x, struct mc_cert *ret_cert)
{
    const X509_NAME *subject = X509_get_subject_name(x);
    const X509_NAME *issuer = X509_get_issuer_name(x);
    struct mc_cert cert = {.der = mc_cert_der(arena, x)};

    cert.common_name = name_part(arena, subject, NID_commonName);
    cert.organization = name_part(arena, subject, NID_organizationName);
    cert.issuer = name_part(arena, issuer, NID_commonName);
    if (cert.issuer != NULL && cert.issuer[0] == '\0')
        cert.issuer = name_part(arena, issuer, NID_organizationName);
    cert.serial = serial_of(arena, x);
    cert.ocsp_url = ocsp_url(arena, x);
    cert.crl_url = crl_url(arena, x);
    if (cert.der.len == 0 || cert.common_name == NULL || cert.organization == NULL ||
        cert.issuer == NULL || cert.serial == NULL || cert.ocsp_url == NULL)
        return false;
    if (!read_numbers(arena, subject, NID_userId, &cert) ||
        !read_numbers(arena, subject, NID_serialNumber, &cert) ||
        !mc_cert_time(X509_get0_notBefore(x), &cert.from_ms) ||
        !mc_cert_time(X509_get0_notAfter(x), &cert.until_ms))
        return false;
    mc_hash(cert.fingerprint, cert.der);
    *ret_cert = cert;
    return true;
}
