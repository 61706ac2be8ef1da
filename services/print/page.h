/*
 * Page: paper, set type, lines and codes, as a PDF. The owner of cairo and Pango.
 *
 * Lengths are points (1/72 inch), from the paper's upper left corner. A failure sticks and is told
 * by page_close(). One thread at a time per document; several documents at once are fine.
 */
#pragma once

#include "common/qr.h"

#include "print.h"

#define PAGE_MM (72.0 / 25.4)

struct page;

enum page_align { PAGE_LEFT, PAGE_CENTER, PAGE_RIGHT, PAGE_JUSTIFY };

struct page_style {
    double size;
    enum page_align align;
    bool bold;
    bool italic;
    double indent; /* of the first line */
};

/* NULL: no memory. The PDF's chunks are taken from the arena. */
mc_nodiscard struct page *page_open(struct mc_arena *arena, double width, double height,
                                    const struct print_facts *facts);
void page_next(struct page *page); /* the next sheet */
unsigned page_count(const struct page *page);

double page_text_height(struct page *page, const struct print_text *text,
                        const struct page_style *style, double width);
double page_text_width(struct page *page, const struct print_text *text,
                       const struct page_style *style, double width);
/*
 * Draws lines from number *line on, until the text ends or the next would pass `bottom`; *line is
 * then the first that is left. Returns the y below what was drawn; true in *ret_done at the end.
 */
double page_text_draw(struct page *page, const struct print_text *text,
                      const struct page_style *style, double x, double y, double width,
                      double bottom, unsigned *line, bool *ret_done);

void page_line(struct page *page, double x1, double y1, double x2, double y2);
void page_qr(struct page *page, const struct mc_qr *qr, double x, double y, double size);

/* Frees the document. MC_FULL: no memory; MC_LIMITED: larger than PRINT_PDF_MAX; MC_IO: cairo's. */
mc_nodiscard enum mc_status page_close(struct page *page, struct mc_bytes *ret_pdf);

/* The font documents are set in; boot asks whether the machine has it. */
#define PAGE_FONT "Liberation Serif"
bool page_font_is_there(void);
