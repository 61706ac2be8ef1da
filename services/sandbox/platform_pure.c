#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"

#include "platform.h"

/* data source: the fields of protocol 1.0.6 in the product's domain study */
static const char *const init_fields[] = {
    "LoaiBanTin",        "PhienBan",         "MaDoiTac",   "MaThamChieu", "SoTien",
    "LoaiHinhThanhToan", "MaKenhThanhToan",  "MaThietBi",  "NgonNgu",     "MaTienTe",
    "MaNganHang",        "ThongTinGiaoDich", "ThoiGianGD", "Ip",          NULL,
};
static const char *const query_fields[] = {
    "LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD", NULL,
};
static const char *const confirm_fields[] = {
    "LoaiBanTin", "MaLoi",      "MaDoiTac",   "MaThamChieu",      "SoTien", "MaTienTe",
    "MaGiaoDich", "MaNganHang", "ThoiGianGD", "ThongTinGiaoDich", NULL,
};

static const char *const refund_fields[] = {
    "LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "MaHoanTien",
    "MaGiaoDich", "SoTien",   "MaTienTe", "ThoiGianGD",  NULL,
};
static const char *const query_refund_fields[] = {
    "LoaiBanTin", "PhienBan", "MaDoiTac", "MaHoanTien", "ThoiGianGD", NULL,
};

void sandbox_hash(char out[SANDBOX_HASH_SIZE], const char *const *fields, const char *secret)
{
    struct mc_bytes parts[2 * SANDBOX_FIELDS_MAX + 1];
    uint8_t hash[MC_HASH_LEN];
    size_t n = 0;

    for (size_t i = 0; fields[i] != NULL; i++) {
        assert(i < SANDBOX_FIELDS_MAX);
        parts[n++] = (struct mc_bytes){fields[i], strlen(fields[i])};
        parts[n++] = (struct mc_bytes){"|", 1};
    }
    parts[n++] = (struct mc_bytes){secret, strlen(secret)};
    mc_hash_parts(hash, parts, n);
    (void)mc_hex(out, (struct mc_bytes){hash, sizeof hash});
}

const char *const *sandbox_fields_of(const char *message)
{
    if (strcmp(message, "INIT") == 0)
        return init_fields;
    if (strcmp(message, "QUERY") == 0 || strcmp(message, "GET_BILL") == 0)
        return query_fields;
    if (strcmp(message, "REFUND") == 0)
        return refund_fields;
    if (strcmp(message, "QUERY_REFUND") == 0)
        return query_refund_fields;
    return strcmp(message, "CONFIRM") == 0 ? confirm_fields : NULL;
}

const char *sandbox_message_read(const struct mc_json *json, const char *secret,
                                 const char *values[SANDBOX_FIELDS_MAX + 1], const char **ret_field)
{
    char hash[SANDBOX_HASH_SIZE];
    const char *message = mc_json_text(json, "LoaiBanTin");
    const char *const *fields = message != NULL ? sandbox_fields_of(message) : NULL;
    size_t n = 0;

    *ret_field = "LoaiBanTin";
    if (fields == NULL)
        return SANDBOX_ERROR_FORMAT;
    for (; fields[n] != NULL; n++) {
        values[n] = mc_json_text(json, fields[n]);
        *ret_field = fields[n];
        /* a '|' in a value would move the borders of what is hashed */
        if (values[n] == NULL || strlen(values[n]) > SANDBOX_FIELD_MAX ||
            strchr(values[n], '|') != NULL)
            return SANDBOX_ERROR_FORMAT;
    }
    values[n] = NULL;
    *ret_field = "MaXacThuc";
    const char *given = mc_json_text(json, "MaXacThuc");
    sandbox_hash(hash, values, secret);
    if (given == NULL || strlen(given) != sizeof hash - 1 || !mc_equal(hash, given, strlen(given)))
        return SANDBOX_ERROR_HASH;
    *ret_field = NULL;
    return NULL;
}

bool sandbox_reference_ok(const char *text)
{
    size_t len = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-");

    return len >= 1 && len <= SANDBOX_REFERENCE_MAX && text[len] == '\0';
}

bool sandbox_amount_parse(const char *text, int64_t *ret_amount)
{
    size_t len = strspn(text, "0123456789");
    int64_t amount = 0;

    if (len < 1 || len > SANDBOX_AMOUNT_MAX_DIGITS || text[len] != '\0' || text[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++)
        amount = amount * 10 + (text[i] - '0');
    *ret_amount = amount;
    return true;
}

size_t sandbox_receipt_pdf(char out[SANDBOX_PDF_SIZE], const struct sandbox_payment *payment)
{
    char page[400];
    char objects[4][560];
    size_t at[4];
    size_t len = 9;

    int page_len =
        snprintf(page, sizeof page,
                 "BT /F1 14 Tf 60 780 Td (BIEN LAI DIEN TU - SANDBOX) Tj 0 -24 Td "
                 "(%s) Tj 0 -24 Td (%" PRId64 " VND) Tj 0 -24 Td (%s %s) Tj ET",
                 payment->reference, payment->booked, payment->transaction, payment->bank);
    (void)snprintf(objects[0], sizeof objects[0], "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
    (void)snprintf(objects[1], sizeof objects[1],
                   "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n");
    (void)snprintf(objects[2], sizeof objects[2],
                   "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
                   "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
                   "endobj\n");
    (void)snprintf(objects[3], sizeof objects[3],
                   "4 0 obj<</Length %d>>stream\n%s\nendstream endobj\n", page_len, page);

    memcpy(out, "%PDF-1.4\n", len);
    for (size_t i = 0; i < MC_LEN(objects); i++) {
        size_t size = strlen(objects[i]);
        at[i] = len;
        memcpy(out + len, objects[i], size);
        len += size;
    }
    int tail = snprintf(out + len, SANDBOX_PDF_SIZE - len,
                        "xref\n0 5\n0000000000 65535 f \n%010zu 00000 n \n%010zu 00000 n \n"
                        "%010zu 00000 n \n%010zu 00000 n \ntrailer<</Size 5/Root 1 0 R>>\n"
                        "startxref\n%zu\n%%%%EOF\n",
                        at[0], at[1], at[2], at[3], len);
    return len + (size_t)tail;
}
