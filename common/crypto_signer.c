/* Signers: documents signed in an agency's name (CAdES). */
#include <dirent.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/crypto_cert.h"

enum {
    SIGNATURE_SLACK = 4096, /* all of a CMS that is neither certificate nor signature */
    NAME_SIZE = 256,
    PATH_SIZE = 1024,
};

struct mc_signer {
    char agency[MC_SIGNER_NAME_MAX + 1];
    char name[NAME_SIZE];
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
    int64_t from_ms;
    int64_t until_ms;
    size_t size_max;
};

struct mc_signers {
    struct mc_signer *list;
    size_t len;
};

static void signer_free(struct mc_signer *signer)
{
    sk_X509_pop_free(signer->chain, X509_free);
    EVP_PKEY_free(signer->key);
    X509_free(signer->cert);
    *signer = (struct mc_signer){0};
}

void mc_signers_free(struct mc_signers *signers)
{
    if (signers == NULL)
        return;
    for (size_t i = 0; i < signers->len; i++)
        signer_free(&signers->list[i]);
    free(signers->list);
    free(signers);
}

static bool read_certificates(struct mc_signer *signer, const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *x = NULL;

    signer->chain = sk_X509_new_null();
    if (file != NULL && signer->chain != NULL)
        signer->cert = PEM_read_bio_X509(file, NULL, NULL, NULL);
    while (signer->cert != NULL && sk_X509_num(signer->chain) < MC_CERT_BETWEEN_MAX &&
           (x = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
        if (sk_X509_push(signer->chain, x) == 0)
            X509_free(x);
    BIO_free(file);
    return signer->cert != NULL;
}

static enum mc_status read_key(struct mc_signer *signer, const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    struct stat info;

    if (file != NULL)
        signer->key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    BIO_free(file);
    if (stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return MC_DENIED;
    return signer->key != NULL ? MC_OK : MC_INVALID;
}

/* The longest: certificates, the key's signature, and what holds them together. */
static size_t size_max(const struct mc_signer *signer)
{
    size_t size = SIGNATURE_SLACK + (size_t)EVP_PKEY_get_size(signer->key);

    size += (size_t)i2d_X509(signer->cert, NULL);
    for (int i = 0; i < sk_X509_num(signer->chain); i++)
        size += (size_t)i2d_X509(sk_X509_value(signer->chain, i), NULL);
    return size;
}

static enum mc_status signer_open(struct mc_signer *signer, const char *folder, const char *file)
{
    size_t len = strlen(file) - strlen(".key");
    char path[PATH_SIZE];

    if (len == 0 || len > MC_SIGNER_NAME_MAX)
        return MC_INVALID;
    memcpy(signer->agency, file, len);
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    enum mc_status status = read_key(signer, path);
    if (status != MC_OK)
        return status;
    (void)snprintf(path, sizeof path, "%s/%s.pem", folder, signer->agency);
    if (!read_certificates(signer, path) ||
        X509_check_private_key(signer->cert, signer->key) != 1 ||
        !mc_cert_key_is_strong(signer->key) ||
        !mc_cert_time(X509_get0_notBefore(signer->cert), &signer->from_ms) ||
        !mc_cert_time(X509_get0_notAfter(signer->cert), &signer->until_ms))
        return MC_INVALID;
    int n = X509_NAME_get_text_by_NID(X509_get_subject_name(signer->cert), NID_commonName,
                                      signer->name, sizeof signer->name);
    signer->size_max = size_max(signer);
    return n > 0 && signer->size_max <= MC_CMS_MAX ? MC_OK : MC_INVALID;
}

static bool is_key(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && name[0] != '.' && strcmp(name + len - 4, ".key") == 0;
}

static enum mc_status load_all(DIR *folder, const char *path, struct mc_signers *signers, char *why,
                               size_t why_size)
{
    const struct dirent *entry;

    while ((entry = readdir(folder)) != NULL) {
        struct mc_signer *longer;
        enum mc_status status = MC_INVALID;

        if (!is_key(entry->d_name))
            continue;
        (void)snprintf(why, why_size, "%s", entry->d_name);
        longer = realloc(signers->list, (signers->len + 1) * sizeof *longer);
        if (longer == NULL || signers->len == MC_SIGNERS_MAX)
            return MC_FULL;
        signers->list = longer;
        signers->list[signers->len] = (struct mc_signer){0};
        status = signer_open(&signers->list[signers->len++], path, entry->d_name);
        if (status != MC_OK)
            return status;
    }
    return MC_OK;
}

enum mc_status mc_signers_load(const char *folder, struct mc_signers **ret_signers, char *why,
                               size_t why_size)
{
    struct mc_signers *signers = calloc(1, sizeof *signers);
    DIR *dir = opendir(folder);
    enum mc_status status = MC_NOT_FOUND;

    (void)snprintf(why, why_size, "%s", folder);
    if (signers == NULL)
        status = MC_FULL;
    else if (dir != NULL)
        status = load_all(dir, folder, signers, why, why_size);
    if (dir != NULL)
        (void)closedir(dir);
    ERR_clear_error();
    if (status == MC_OK)
        *ret_signers = signers;
    else
        mc_signers_free(signers);
    return status;
}

const struct mc_signer *mc_signers_find(const struct mc_signers *signers, const char *name)
{
    for (size_t i = 0; signers != NULL && i < signers->len; i++)
        if (strcmp(signers->list[i].agency, name) == 0)
            return &signers->list[i];
    return NULL;
}

size_t mc_signers_len(const struct mc_signers *signers)
{
    return signers != NULL ? signers->len : 0;
}

const char *mc_signer_name(const struct mc_signer *signer)
{
    return signer->name;
}

bool mc_signer_is_valid_at(const struct mc_signer *signer, int64_t at_ms)
{
    return at_ms >= signer->from_ms && at_ms <= signer->until_ms;
}

size_t mc_signer_size_max(const struct mc_signer *signer)
{
    return signer->size_max;
}

/*
 * OpenSSL would put its own clock's time where none is. PAdES (ETSI EN 319 142-1, 6.3) wants the
 * time in the PDF's dictionary alone, but OpenSSL 3.0 cannot leave it out; the two are the same.
 */
static bool add_time(CMS_SignerInfo *info, int64_t at_ms)
{
    ASN1_TIME *time = X509_time_adj_ex(NULL, 0, 0, &(time_t){(time_t)(at_ms / 1000)});
    bool added = time != NULL && CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime,
                                                             time->type, time, -1) == 1;

    ASN1_TIME_free(time);
    return added;
}

static CMS_ContentInfo *sign(const struct mc_signer *signer, struct mc_bytes text, int64_t at_ms)
{
    const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL | CMS_NOSMIMECAP;
    BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
    CMS_ContentInfo *cms = in != NULL ? CMS_sign(NULL, NULL, signer->chain, NULL, flags) : NULL;
    CMS_SignerInfo *info = NULL;

    if (cms != NULL)
        info = CMS_add1_signer(cms, signer->cert, signer->key, EVP_sha256(), flags | CMS_CADES);
    bool good = info != NULL && add_time(info, at_ms) && CMS_final(cms, in, NULL, flags) == 1;
    BIO_free(in);
    if (good)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

enum mc_status mc_signer_sign(const struct mc_signer *signer, struct mc_arena *arena,
                              struct mc_bytes text, int64_t at_ms, struct mc_bytes *ret_cms)
{
    CMS_ContentInfo *cms = text.len <= INT32_MAX ? sign(signer, text, at_ms) : NULL;
    int len = cms != NULL ? i2d_CMS_ContentInfo(cms, NULL) : 0;
    uint8_t *der = len > 0 ? mc_alloc(arena, (size_t)len) : NULL;
    unsigned char *at = der;

    if (der != NULL)
        (void)i2d_CMS_ContentInfo(cms, &at);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    if (len <= 0 || (size_t)len > signer->size_max)
        return MC_INVALID;
    *ret_cms = (struct mc_bytes){der, (size_t)len};
    return der != NULL ? MC_OK : MC_FULL;
}
