#include "common/qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum {
    DARK = 1, /* the lowest bit of libqrencode's modules */
    SVG_HEAD = 256,
    SVG_RUN = 24, /* "M123 123h123v1h-123z" */
    IHDR_LEN = 13,
    CHUNKS_AROUND = 3 * 12, /* length, type, CRC of each of three chunks */
};

enum mc_status mc_qr_make(struct mc_arena *arena, const char *text, struct mc_qr *ret_qr)
{
    size_t len = strlen(text);

    if (len == 0 || len > MC_QR_TEXT_MAX)
        return MC_INVALID;
    QRcode *code = QRcode_encodeData((int)len, (const unsigned char *)text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return MC_FULL;
    size_t modules = (size_t)code->width * (size_t)code->width;
    uint8_t *dark = mc_alloc(arena, modules);
    for (size_t i = 0; dark != NULL && i < modules; i++)
        dark[i] = code->data[i] & DARK;
    *ret_qr = (struct mc_qr){(unsigned)code->width, dark};
    QRcode_free(code);
    return dark != NULL ? MC_OK : MC_FULL;
}

/* The end of the run of dark modules that begins at x. */
static unsigned run_end(const struct mc_qr *qr, unsigned x, unsigned y)
{
    while (x < qr->width && qr->dark[y * qr->width + x] != 0)
        x++;
    return x;
}

enum mc_status mc_qr_svg(struct mc_arena *arena, const char *text, struct mc_bytes *ret_svg)
{
    struct mc_qr qr;
    enum mc_status status = mc_qr_make(arena, text, &qr);

    if (status != MC_OK)
        return status;
    /* at most every second module begins a run */
    size_t size = SVG_HEAD + (size_t)qr.width * (qr.width / 2 + 1) * SVG_RUN;
    char *svg = mc_alloc(arena, size);
    if (svg == NULL)
        return MC_FULL;
    unsigned side = qr.width + 2 * MC_QR_MARGIN;
    size_t len = (size_t)snprintf(svg, size,
                                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
                                  "shape-rendering=\"crispEdges\"><path fill=\"#fff\" "
                                  "d=\"M0 0h%uv%uH0z\"/><path d=\"",
                                  side, side, side, side);
    for (unsigned y = 0; y < qr.width; y++)
        for (unsigned x = 0; x < qr.width; x++) {
            unsigned end = run_end(&qr, x, y);
            if (end == x)
                continue;
            len += (size_t)snprintf(svg + len, size - len, "M%u %uh%uv1h-%uz", x + MC_QR_MARGIN,
                                    y + MC_QR_MARGIN, end - x, end - x);
            x = end;
        }
    len += (size_t)snprintf(svg + len, size - len, "\"/></svg>\n");
    assert(len < size);
    *ret_svg = (struct mc_bytes){svg, len};
    return MC_OK;
}

static uint8_t *put_u32(uint8_t *out, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(number >> shift);
    return out;
}

/* PNG (RFC 2083) section 3.2: length, type, data, CRC of type and data. */
static uint8_t *put_chunk(uint8_t *out, const char *type, struct mc_bytes data)
{
    out = put_u32(out, (uint32_t)data.len);
    uint8_t *begin = out;
    memcpy(out, type, 4);
    if (data.len > 0)
        memcpy(out + 4, data.data, data.len);
    out += 4 + data.len;
    return put_u32(out, (uint32_t)crc32(0, begin, (uInt)(4 + data.len)));
}

/* The picture's rows, each behind its filter byte (0: none); 1 is white. */
static uint8_t *pixels_of(struct mc_arena *arena, const struct mc_qr *qr, unsigned scale,
                          unsigned side, size_t *ret_len)
{
    size_t stride = 1 + (side + 7) / 8;
    uint8_t *pixels = mc_alloc(arena, stride * side);

    *ret_len = stride * side;
    if (pixels == NULL)
        return NULL;
    for (unsigned y = 0; y < side; y++) {
        uint8_t *row = pixels + y * stride;
        memset(row + 1, 0xFF, stride - 1);
        unsigned down = y / scale - MC_QR_MARGIN; /* wraps in the margin: not below the width */
        for (unsigned x = 0; down < qr->width && x < side; x++) {
            unsigned right = x / scale - MC_QR_MARGIN;
            if (right < qr->width && qr->dark[down * qr->width + right] != 0)
                row[1 + x / 8] &= (uint8_t) ~(0x80U >> (x % 8));
        }
    }
    return pixels;
}

enum mc_status mc_qr_png(struct mc_arena *arena, const char *text, unsigned scale,
                         struct mc_bytes *ret_png)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    uint8_t head[IHDR_LEN] = {0};
    struct mc_qr qr;
    size_t len = 0;

    if (scale > MC_QR_SCALE_MAX)
        return MC_INVALID;
    if (scale == 0)
        scale = MC_QR_SCALE_DEFAULT;
    enum mc_status status = mc_qr_make(arena, text, &qr);
    if (status != MC_OK)
        return status;
    unsigned side = (qr.width + 2 * MC_QR_MARGIN) * scale;
    const uint8_t *pixels = pixels_of(arena, &qr, scale, side, &len);
    uLongf packed_len = compressBound(len);
    uint8_t *packed = mc_alloc(arena, packed_len);
    if (pixels == NULL || packed == NULL ||
        compress2(packed, &packed_len, pixels, len, Z_BEST_COMPRESSION) != Z_OK)
        return MC_FULL;
    uint8_t *png = mc_alloc(arena, sizeof signature + CHUNKS_AROUND + IHDR_LEN + packed_len);
    if (png == NULL)
        return MC_FULL;
    memcpy(png, signature, sizeof signature);
    (void)put_u32(put_u32(head, side), side);
    head[8] = 1; /* bits a pixel; grey, deflate, no filter, no interlace are the zeros behind it */
    uint8_t *end = put_chunk(png + sizeof signature, "IHDR", (struct mc_bytes){head, IHDR_LEN});
    end = put_chunk(end, "IDAT", (struct mc_bytes){packed, packed_len});
    end = put_chunk(end, "IEND", (struct mc_bytes){0});
    *ret_png = (struct mc_bytes){png, (size_t)(end - png)};
    return MC_OK;
}
