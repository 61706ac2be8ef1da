/* What the print room's tests share: a receipt's fields, and an agency's key made for the test. */
#pragma once

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/cert_help.h"
#include "../harness.h"
#include "services/print/print.h"

#define AGENCY "000.20.31.H53"
#define AT_MS  HARNESS_T0

static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

/* The template is set by the test; fields end in a NULL name. */
struct render {
    Print__RenderRequest request;
    Print__Field fields[32];
    Print__Field *list[32];
};

static inline void field(struct render *render, const char *name, const char *value)
{
    size_t i = render->request.n_fields++;

    assert_true(i < MC_LEN(render->fields));
    print__field__init(&render->fields[i]);
    render->fields[i].name = text(name);
    render->fields[i].value = text(value);
    render->list[i] = &render->fields[i];
}

static inline void receipt(struct render *render)
{
    print__render_request__init(&render->request);
    render->request.template_ = text("receipt");
    render->request.at_ms = AT_MS;
    render->request.fields = render->list;
    field(render, "agency", "UBND xã Bến Cầu");
    field(render, "kind", "lệ phí");
    field(render, "number", "28AA-26E/0000001");
    field(render, "symbol", "28AA-26E");
    field(render, "serial", "0000001");
    field(render, "payer", "Nguyễn Thị Hoà Bình");
    field(render, "item", "Lệ phí hộ tịch");
    field(render, "amount", "8.000");
    field(render, "amount_in_words", "Tám nghìn đồng");
    field(render, "payment_form", "Thanh toán trực tuyến");
    field(render, "dossier_code", "000.20.31.H53-260907-0007");
    field(render, "place_date", "Ngày 07 tháng 9 năm 2026");
    field(render, "proof", "MCBL1:ABC123");
}

/* A folder with the agency's key, signed by `root`. */
struct keys {
    char dir[32];
    struct cert_party root;
    struct cert_party leaf;
};

static inline void key_write(const struct keys *keys, const char *ending, mode_t mode)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/" AGENCY "%s", keys->dir, ending);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    if (strcmp(ending, ".key") == 0)
        assert_int_equal(PEM_write_PKCS8PrivateKey(file, keys->leaf.key, NULL, NULL, 0, NULL, NULL),
                         1);
    else
        assert_int_equal(PEM_write_X509(file, keys->leaf.cert), 1);
    assert_int_equal(fclose(file), 0);
}

static inline void keys_make(struct keys *keys, mode_t mode)
{
    const struct cert_spec root = {.name = "CA",
                                   .from_ms = AT_MS - CERT_DAY_MS,
                                   .until_ms = AT_MS + 400 * CERT_DAY_MS,
                                   .basic = "critical,CA:TRUE",
                                   .usage = "critical,keyCertSign"};
    (void)snprintf(keys->dir, sizeof keys->dir, "/tmp/mc_print.XXXXXX");
    assert_non_null(mkdtemp(keys->dir));
    keys->root = cert_make(&root);
    const struct cert_spec leaf = {.issuer = &keys->root,
                                   .name = "UBND XÃ BẾN CẦU",
                                   .from_ms = AT_MS - CERT_DAY_MS,
                                   .until_ms = AT_MS + 300 * CERT_DAY_MS,
                                   .basic = "critical,CA:FALSE",
                                   .usage = "critical,digitalSignature,nonRepudiation"};
    keys->leaf = cert_make(&leaf);
    key_write(keys, ".key", mode);
    key_write(keys, ".pem", 0644);
}

static inline void keys_free(struct keys *keys)
{
    static const char *const endings[] = {".key", ".pem"};
    char path[128];

    for (size_t i = 0; i < MC_LEN(endings); i++) {
        (void)snprintf(path, sizeof path, "%s/" AGENCY "%s", keys->dir, endings[i]);
        (void)unlink(path);
    }
    (void)rmdir(keys->dir);
    cert_free(&keys->leaf);
    cert_free(&keys->root);
}

static inline bool has(struct mc_bytes bytes, const char *word)
{
    return memmem(bytes.data, bytes.len, word, strlen(word)) != NULL;
}
