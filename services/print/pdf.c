/*
 * A PDF's incremental update (ISO 32000-1, 7.5.6): what cairo wrote stays as it is, and behind it
 * come the catalogue once more (language, metadata as XMP, the form that signatures live in), the
 * first page once more (it names the signature's field), the field, and the signature:
 *
 *     /ByteRange [0 a b c] /Contents <hex of a CAdES signature, zeros behind it>
 *
 * over all bytes but the hex itself (7.5.8, 12.8.1; ETSI EN 319 142-1: PAdES, ETSI.CAdES.detached).
 * Reads cairo's files only: one cross-reference table, objects as plain text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"

#include "print.h"

enum {
    XREF_ROW = 20, /* "0000000016 00000 n \n" */
    XREF_DIGITS = 10,
    UPDATED_MAX = 5,
    DICT_MAX = 8192,
    RANGE_WIDTH = 10, /* digits of each number of a /ByteRange */
    DATE_SIZE = 32,
    UPDATE_SLACK = 32 << 10,
    XMP_SLACK = 2048,
};

struct pdf {
    struct mc_bytes bytes;
    size_t xref; /* offset of the table */
    unsigned size;
    unsigned root;
    unsigned info;
    unsigned page;
};

struct object {
    unsigned number;
    size_t offset;
};

/* The file as it grows. */
struct out {
    char *data;
    size_t len;
    size_t size;
    bool full;
    struct object objects[UPDATED_MAX];
    size_t objects_len;
};

static mc_printf(2, 3) void put(struct out *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(out->data + out->len, out->size - out->len, fmt, args);
    va_end(args);
    out->full = out->full || n < 0 || (size_t)n >= out->size - out->len;
    if (!out->full)
        out->len += (size_t)n;
}

static void put_bytes(struct out *out, const void *data, size_t len)
{
    out->full = out->full || len >= out->size - out->len;
    if (!out->full) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
    }
}

static void object_begin(struct out *out, unsigned number)
{
    assert(out->objects_len < UPDATED_MAX);
    out->objects[out->objects_len++] = (struct object){number, out->len};
    put(out, "%u 0 obj\n", number);
}

/* --- cairo's file --- */

/* The first or last place of a word in the bytes from `from` on; NULL when it is not there. */
static const char *find(struct mc_bytes bytes, size_t from, const char *word)
{
    if (from > bytes.len)
        return NULL;
    return memmem((const char *)bytes.data + from, bytes.len - from, word, strlen(word));
}

static const char *find_last(struct mc_bytes bytes, const char *word)
{
    const char *found = NULL;
    const char *next = find(bytes, 0, word);

    for (; next != NULL; next = find(bytes, (size_t)(next - (const char *)bytes.data) + 1, word))
        found = next;
    return found;
}

/* The number behind a key of the bytes: "/Root 23 0 R". Bytes end in what is no digit. */
static bool number_behind(struct mc_bytes bytes, size_t from, const char *key, size_t *ret_number)
{
    const char *end = (const char *)bytes.data + bytes.len;
    const char *at = find(bytes, from, key);
    size_t number = 0;
    int digits = 0;

    if (at == NULL)
        return false;
    at += strlen(key);
    while (at < end && (*at == ' ' || *at == '\n' || *at == '[' || *at == '\r'))
        at++;
    for (; at < end && *at >= '0' && *at <= '9' && digits < 10; at++, digits++)
        number = number * 10 + (size_t)(*at - '0');
    *ret_number = number;
    return digits > 0 && digits < 10;
}

/* An object's bytes between "N 0 obj" and "endobj"; .data is NULL when the table is wrong. */
static struct mc_bytes object_of(const struct pdf *pdf, unsigned number)
{
    static const struct mc_bytes none;
    char head[32];
    char digits[XREF_DIGITS + 1] = "";

    const char *rows = find(pdf->bytes, pdf->xref, "\n0 ");
    if (rows == NULL || number >= pdf->size)
        return none;
    const char *row = find(pdf->bytes, (size_t)(rows + 1 - (const char *)pdf->bytes.data), "\n");
    if (row == NULL)
        return none;
    size_t at = (size_t)(row + 1 - (const char *)pdf->bytes.data) + (size_t)number * XREF_ROW;
    if (at + XREF_ROW > pdf->bytes.len)
        return none;
    memcpy(digits, (const char *)pdf->bytes.data + at, XREF_DIGITS);
    size_t offset = strtoul(digits, NULL, 10);
    (void)snprintf(head, sizeof head, "%u 0 obj\n", number);
    const char *begin = find(pdf->bytes, offset, head);
    if (begin == NULL || begin != (const char *)pdf->bytes.data + offset)
        return none;
    begin += strlen(head);
    const char *end = find(pdf->bytes, (size_t)(begin - (const char *)pdf->bytes.data), "endobj");
    return end != NULL ? (struct mc_bytes){begin, (size_t)(end - begin)} : none;
}

static bool pdf_open(struct mc_bytes bytes, struct pdf *pdf)
{
    size_t numbers[4];
    const char *start = find_last(bytes, "startxref");
    const char *trailer = find_last(bytes, "trailer");

    *pdf = (struct pdf){.bytes = bytes};
    if (start == NULL || trailer == NULL)
        return false;
    size_t at = (size_t)(trailer - (const char *)bytes.data);
    if (!number_behind(bytes, (size_t)(start - (const char *)bytes.data), "startxref",
                       &pdf->xref) ||
        !number_behind(bytes, at, "/Size", &numbers[0]) ||
        !number_behind(bytes, at, "/Root", &numbers[1]) ||
        !number_behind(bytes, at, "/Info", &numbers[2]) || numbers[0] > UINT16_MAX ||
        pdf->xref >= bytes.len)
        return false;
    pdf->size = (unsigned)numbers[0];
    pdf->root = (unsigned)numbers[1];
    pdf->info = (unsigned)numbers[2];
    struct mc_bytes catalogue = object_of(pdf, pdf->root);
    if (catalogue.data == NULL || !number_behind(catalogue, 0, "/Pages", &numbers[3]))
        return false;
    struct mc_bytes pages = object_of(pdf, (unsigned)numbers[3]);
    if (pages.data == NULL || !number_behind(pages, 0, "/Kids", &numbers[3]))
        return false;
    pdf->page = (unsigned)numbers[3];
    return object_of(pdf, pdf->page).data != NULL;
}

/* --- the update --- */

/* A dictionary of cairo's, left open at its end for more keys. */
static bool put_dict_open(struct out *out, const struct pdf *pdf, unsigned number)
{
    struct mc_bytes dict = object_of(pdf, number);
    size_t len = dict.len;

    if (dict.data == NULL || dict.len > DICT_MAX)
        return false;
    while (len >= 2 && memcmp((const char *)dict.data + len - 2, ">>", 2) != 0)
        len--;
    if (len < 4)
        return false;
    put_bytes(out, dict.data, len - 2);
    return true;
}

/* Text as a PDF's hexadecimal string of UTF-16 with a mark in front (7.9.2.2). */
static void put_text(struct out *out, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;

    put(out, "<FEFF");
    while (*at != 0) {
        uint32_t code = *at;
        unsigned more = code < 0x80 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;

        code = more == 0 ? code : code & (0x3fU >> more);
        for (at++; more > 0 && *at != 0; more--, at++)
            code = code << 6 | (*at & 0x3fU);
        if (code >= 0x10000) {
            put(out, "%04X", 0xd800U + ((code - 0x10000) >> 10));
            code = 0xdc00U + ((code - 0x10000) & 0x3ff);
        }
        put(out, "%04X", code);
    }
    put(out, ">");
}

static void put_xml(struct out *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '<')
            put(out, "&lt;");
        else if (*text == '&')
            put(out, "&amp;");
        else
            put_bytes(out, text, 1);
}

/* The same facts for readers of today (XMP, ISO 16684-1). */
static void put_xmp(struct out *out, const struct print_facts *facts)
{
    const struct mc_local at = mc_local_from_ms(facts->at_ms);

    put(out, "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
             "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
             "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
             "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
             " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">"
             "<dc:format>application/pdf</dc:format>"
             "<dc:language><rdf:Bag><rdf:li>vi-VN</rdf:li></rdf:Bag></dc:language>"
             "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">");
    put_xml(out, facts->title);
    put(out, "</rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>");
    put_xml(out, facts->author);
    put(out,
        "</rdf:li></rdf:Seq></dc:creator>"
        "<xmp:CreateDate>%04d-%02d-%02dT%02d:%02d:%02d+07:00</xmp:CreateDate>"
        "<xmp:CreatorTool>motcua</xmp:CreatorTool>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>\n",
        at.date.year, at.date.month, at.date.day, at.hour, at.minute, at.second);
}

static void put_metadata(struct mc_arena *arena, struct out *out, unsigned number,
                         const struct print_facts *facts)
{
    struct out xmp = {.size = XMP_SLACK + 6 * (strlen(facts->title) + strlen(facts->author))};

    xmp.data = mc_alloc(arena, xmp.size);
    if (xmp.data == NULL) {
        out->full = true;
        return;
    }
    put_xmp(&xmp, facts);
    object_begin(out, number);
    put(out, "<< /Type /Metadata /Subtype /XML /Length %zu >>\nstream\n", xmp.len);
    put_bytes(out, xmp.data, xmp.len);
    put(out, "\nendstream\nendobj\n");
    out->full = out->full || xmp.full;
}

static void put_date(char out[DATE_SIZE], int64_t at_ms)
{
    const struct mc_local at = mc_local_from_ms(at_ms);

    (void)snprintf(out, DATE_SIZE, "D:%04d%02d%02d%02d%02d%02d+07'00'", at.date.year, at.date.month,
                   at.date.day, at.hour, at.minute, at.second);
}

/* Where the holes of a signature are. */
struct holes {
    size_t range;    /* of the first of three numbers */
    size_t contents; /* of "<" */
    size_t hex;      /* digits between "<" and ">" */
};

static void put_signature(struct out *out, const struct pdf *pdf, unsigned first,
                          const struct print_facts *facts, struct holes *ret_holes)
{
    char date[DATE_SIZE];

    object_begin(out, first); /* the field is its own widget, and has no place on the page */
    put(out,
        "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /F 132 /Rect [0 0 0 0]"
        " /P %u 0 R /V %u 0 R >>\nendobj\n",
        pdf->page, first + 1);
    put_date(date, facts->at_ms);
    object_begin(out, first + 1);
    put(out, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (%s) /Name ",
        date);
    put_text(out, mc_signer_name(facts->signer));
    put(out, " /ByteRange [0 ");
    ret_holes->range = out->len;
    put(out, "%*s %*s %*s]", RANGE_WIDTH, "", RANGE_WIDTH, "", RANGE_WIDTH, "");
    put(out, " /Contents ");
    ret_holes->contents = out->len;
    ret_holes->hex = 2 * mc_signer_size_max(facts->signer);
    put(out, "<%0*d> >>\nendobj\n", (int)ret_holes->hex, 0);
}

static void put_table(struct out *out, const struct pdf *pdf, unsigned size)
{
    uint8_t hash[MC_HASH_LEN];
    char id[2 * MC_ID_LEN + 1];
    size_t xref = out->len;

    mc_hash(hash, pdf->bytes);
    (void)mc_hex(id, (struct mc_bytes){hash, MC_ID_LEN});
    put(out, "xref\n");
    for (size_t i = 0; i < out->objects_len; i++)
        put(out, "%u 1\n%010zu 00000 n \n", out->objects[i].number, out->objects[i].offset);
    put(out,
        "trailer\n<< /Size %u /Root %u 0 R /Info %u 0 R /Prev %zu /ID [<%s> <%s>] >>\n"
        "startxref\n%zu\n%%%%EOF\n",
        size, pdf->root, pdf->info, pdf->xref, id, id, xref);
}

/* Everything but the hex between the angle brackets is signed. */
static enum mc_status fill_signature(struct mc_arena *arena, struct out *out,
                                     const struct holes *holes, const struct print_facts *facts)
{
    size_t after = holes->contents + holes->hex + 2;
    size_t rest = out->len - after;
    char range[3 * (RANGE_WIDTH + 1) + 1];
    struct mc_bytes cms;

    (void)snprintf(range, sizeof range, "%-*zu %-*zu %-*zu", RANGE_WIDTH, holes->contents,
                   RANGE_WIDTH, after, RANGE_WIDTH, rest);
    memcpy(out->data + holes->range, range, strlen(range));
    char *text = mc_alloc(arena, holes->contents + rest);
    if (text == NULL)
        return MC_FULL;
    memcpy(text, out->data, holes->contents);
    memcpy(text + holes->contents, out->data + after, rest);
    enum mc_status status = mc_signer_sign(
        facts->signer, arena, (struct mc_bytes){text, holes->contents + rest}, facts->at_ms, &cms);
    if (status != MC_OK)
        return status;
    char *hex = mc_alloc(arena, 2 * cms.len + 1);
    if (hex == NULL)
        return MC_FULL;
    memcpy(out->data + holes->contents + 1, hex, mc_hex(hex, cms));
    return MC_OK;
}

enum mc_status print_pdf_finish(struct mc_arena *arena, struct mc_bytes bytes,
                                const struct print_facts *facts, struct mc_bytes *ret_pdf)
{
    struct holes holes = {0};
    struct pdf pdf;
    struct out out = {.size = bytes.len + UPDATE_SLACK + 6 * strlen(facts->title) +
                              6 * strlen(facts->author)};

    if (!pdf_open(bytes, &pdf))
        return MC_INVALID;
    if (facts->signer != NULL)
        out.size += 2 * mc_signer_size_max(facts->signer);
    out.data = mc_alloc(arena, out.size);
    if (out.data == NULL)
        return MC_FULL;
    put_bytes(&out, bytes.data, bytes.len);
    put_metadata(arena, &out, pdf.size, facts);
    object_begin(&out, pdf.root);
    if (!put_dict_open(&out, &pdf, pdf.root))
        return MC_INVALID;
    put(&out, "   /Lang (vi-VN) /Metadata %u 0 R /ViewerPreferences << /DisplayDocTitle true >>\n",
        pdf.size);
    if (facts->signer != NULL)
        put(&out, "   /AcroForm << /Fields [%u 0 R] /SigFlags 3 >>\n", pdf.size + 1);
    put(&out, ">>\nendobj\n");
    if (facts->signer != NULL) {
        object_begin(&out, pdf.page);
        if (!put_dict_open(&out, &pdf, pdf.page))
            return MC_INVALID;
        put(&out, "   /Annots [%u 0 R]\n>>\nendobj\n", pdf.size + 1);
        put_signature(&out, &pdf, pdf.size + 1, facts, &holes);
    }
    put_table(&out, &pdf, pdf.size + (facts->signer != NULL ? 3 : 1));
    if (out.full)
        return MC_FULL;
    *ret_pdf = (struct mc_bytes){out.data, out.len};
    return facts->signer != NULL ? fill_signature(arena, &out, &holes, facts) : MC_OK;
}
