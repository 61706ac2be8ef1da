/*
 * QR: a text as a QR code (ISO/IEC 18004), as dots to draw, as SVG or as PNG. The owner of
 * libqrencode, and of zlib, which packs the PNG.
 *
 * Error correction M: 15 % of a printed code may be smudged. Results live in the arena.
 * MC_INVALID: the text is empty or longer than a code can hold; MC_FULL: no memory for it.
 */
#pragma once

#include "common/arena.h"

enum {
    MC_QR_TEXT_MAX = 2331, /* bytes in the largest code at level M */
    MC_QR_MARGIN = 4,      /* the quiet zone, in modules, on every side (section 9.1) */
    MC_QR_SCALE_DEFAULT = 8,
    MC_QR_SCALE_MAX = 32, /* pixels of one module */
};

/* The modules row by row, without the quiet zone: 1 is dark. */
struct mc_qr {
    unsigned width;
    const uint8_t *dark; /* width × width */
};

mc_nodiscard enum mc_status mc_qr_make(struct mc_arena *arena, const char *text,
                                       struct mc_qr *ret_qr);

/* One path in a viewBox of modules with the quiet zone: it scales without loss. */
mc_nodiscard enum mc_status mc_qr_svg(struct mc_arena *arena, const char *text,
                                      struct mc_bytes *ret_svg);

/* Black and white, one bit a pixel; `scale` pixels a module, 0: MC_QR_SCALE_DEFAULT. */
mc_nodiscard enum mc_status mc_qr_png(struct mc_arena *arena, const char *text, unsigned scale,
                                      struct mc_bytes *ret_png);
