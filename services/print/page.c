#include "page.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"

enum { CHUNK = 64 << 10 };

#define LINE_WIDTH 0.6

/* cairo writes in small pieces. */
struct chunk {
    struct chunk *next;
    size_t len;
    uint8_t bytes[CHUNK];
};

struct page {
    struct mc_arena *arena;
    struct chunk *first;
    struct chunk *last;
    size_t len;
    bool too_long;
    cairo_surface_t *surface;
    cairo_t *cairo;
    PangoLayout *layout;
    PangoFontDescription *font;
    unsigned count;
};

static cairo_status_t write_chunks(void *closure, const unsigned char *data, unsigned len)
{
    struct page *page = closure;

    page->too_long = page->too_long || len > PRINT_PDF_MAX - page->len;
    if (page->too_long)
        return CAIRO_STATUS_WRITE_ERROR;
    while (len > 0) {
        if (page->last == NULL || page->last->len == CHUNK) {
            struct chunk *chunk = mc_alloc(page->arena, sizeof *chunk);
            if (chunk == NULL)
                return CAIRO_STATUS_NO_MEMORY;
            *(page->last != NULL ? &page->last->next : &page->first) = chunk;
            page->last = chunk;
        }
        unsigned n = (unsigned)MC_MIN((size_t)len, CHUNK - page->last->len);
        memcpy(page->last->bytes + page->last->len, data, n);
        page->last->len += n;
        page->len += n;
        data += n;
        len -= n;
    }
    return CAIRO_STATUS_SUCCESS;
}

/* Without a date of ours cairo would look at the clock. */
static void describe(struct page *page, const struct print_facts *facts)
{
    const struct mc_local at = mc_local_from_ms(facts->at_ms);
    char date[64];

    (void)snprintf(date, sizeof date, "%04d-%02d-%02dT%02d:%02d:%02d+07:00", at.date.year,
                   at.date.month, at.date.day, at.hour, at.minute, at.second);
    cairo_pdf_surface_set_metadata(page->surface, CAIRO_PDF_METADATA_TITLE, facts->title);
    cairo_pdf_surface_set_metadata(page->surface, CAIRO_PDF_METADATA_AUTHOR, facts->author);
    cairo_pdf_surface_set_metadata(page->surface, CAIRO_PDF_METADATA_CREATOR, "motcua");
    cairo_pdf_surface_set_metadata(page->surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
}

/* A pixel's grid is for screens: on paper letters stand where the font wants them. */
static PangoLayout *layout_new(cairo_t *cairo)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(pango_layout_get_context(layout), options);
    pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72);
    pango_layout_context_changed(layout);
    cairo_font_options_destroy(options);
    return layout;
}

struct page *page_open(struct mc_arena *arena, double width, double height,
                       const struct print_facts *facts)
{
    struct page *page = mc_alloc(arena, sizeof *page);

    if (page == NULL)
        return NULL;
    page->arena = arena;
    page->surface = cairo_pdf_surface_create_for_stream(write_chunks, page, width, height);
    describe(page, facts);
    page->cairo = cairo_create(page->surface);
    cairo_set_line_width(page->cairo, LINE_WIDTH);
    page->layout = layout_new(page->cairo);
    page->font = pango_font_description_from_string(PAGE_FONT);
    page->count = 1;
    return page;
}

void page_next(struct page *page)
{
    cairo_show_page(page->cairo);
    page->count++;
}

unsigned page_count(const struct page *page)
{
    return page->count;
}

static void style_spans(PangoAttrList *list, const struct print_text *text)
{
    for (size_t i = 0; i < text->spans_len; i++) {
        const struct print_span *span = &text->spans[i];
        PangoAttribute *made[] = {
            span->bold ? pango_attr_weight_new(PANGO_WEIGHT_BOLD) : NULL,
            span->italic ? pango_attr_style_new(PANGO_STYLE_ITALIC) : NULL,
        };

        for (size_t j = 0; j < MC_LEN(made); j++)
            if (made[j] != NULL) {
                made[j]->start_index = (guint)span->from;
                made[j]->end_index = (guint)span->to;
                pango_attr_list_insert(list, made[j]);
            }
    }
}

static void set_text(struct page *page, const struct print_text *text,
                     const struct page_style *style, double width)
{
    static const PangoAlignment aligns[] = {
        [PAGE_LEFT] = PANGO_ALIGN_LEFT,
        [PAGE_CENTER] = PANGO_ALIGN_CENTER,
        [PAGE_RIGHT] = PANGO_ALIGN_RIGHT,
        [PAGE_JUSTIFY] = PANGO_ALIGN_LEFT,
    };
    PangoAttrList *list = pango_attr_list_new();

    pango_font_description_set_absolute_size(page->font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(page->font,
                                      style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_style(page->font,
                                     style->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    pango_layout_set_font_description(page->layout, page->font);
    style_spans(list, text);
    pango_layout_set_attributes(page->layout, list);
    pango_attr_list_unref(list);
    pango_layout_set_width(page->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_indent(page->layout, (int)(style->indent * PANGO_SCALE));
    pango_layout_set_alignment(page->layout, aligns[style->align]);
    pango_layout_set_justify(page->layout, style->align == PAGE_JUSTIFY);
    pango_layout_set_text(page->layout, text->text, (int)text->len);
}

double page_text_height(struct page *page, const struct print_text *text,
                        const struct page_style *style, double width)
{
    int height = 0;

    set_text(page, text, style, width);
    pango_layout_get_size(page->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

double page_text_width(struct page *page, const struct print_text *text,
                       const struct page_style *style, double width)
{
    PangoRectangle logical;

    set_text(page, text, style, width);
    pango_layout_get_extents(page->layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

double page_text_draw(struct page *page, const struct print_text *text,
                      const struct page_style *style, double x, double y, double width,
                      double bottom, unsigned *line, bool *ret_done)
{
    set_text(page, text, style, width);
    PangoLayoutIter *iter = pango_layout_get_iter(page->layout);
    double top = y;
    unsigned number = 0;
    bool more = true;

    while (more && number < *line) {
        more = pango_layout_iter_next_line(iter);
        number++;
    }
    bool first = true;
    double begin = 0;
    while (more) {
        PangoRectangle at;

        pango_layout_iter_get_line_extents(iter, NULL, &at);
        double line_top = (double)at.y / PANGO_SCALE;
        if (first)
            begin = line_top;
        first = false;
        double below = top + line_top - begin + (double)at.height / PANGO_SCALE;
        if (below > bottom)
            break;
        double baseline = (double)pango_layout_iter_get_baseline(iter) / PANGO_SCALE;
        cairo_move_to(page->cairo, x + (double)at.x / PANGO_SCALE, top + baseline - begin);
        pango_cairo_show_layout_line(page->cairo, pango_layout_iter_get_line_readonly(iter));
        y = below;
        number++;
        more = pango_layout_iter_next_line(iter);
    }
    pango_layout_iter_free(iter);
    *line = number;
    *ret_done = !more;
    return y;
}

void page_line(struct page *page, double x1, double y1, double x2, double y2)
{
    cairo_move_to(page->cairo, x1, y1);
    cairo_line_to(page->cairo, x2, y2);
    cairo_stroke(page->cairo);
}

void page_qr(struct page *page, const struct mc_qr *qr, double x, double y, double size)
{
    double module = size / (qr->width + 2 * MC_QR_MARGIN);
    double left = x + module * MC_QR_MARGIN;
    double top = y + module * MC_QR_MARGIN;

    for (unsigned row = 0; row < qr->width; row++)
        for (unsigned from = 0, to = 0; from < qr->width; from = to + 1) {
            for (to = from; to < qr->width && qr->dark[row * qr->width + to] != 0;)
                to++;
            if (to > from)
                cairo_rectangle(page->cairo, left + from * module, top + row * module,
                                (to - from) * module, module);
        }
    cairo_fill(page->cairo);
}

static bool join(const struct page *page, struct mc_bytes *ret_pdf)
{
    uint8_t *out = mc_alloc(page->arena, page->len);
    size_t at = 0;

    for (const struct chunk *chunk = page->first; out != NULL && chunk != NULL;
         chunk = chunk->next) {
        memcpy(out + at, chunk->bytes, chunk->len);
        at += chunk->len;
    }
    *ret_pdf = (struct mc_bytes){out, page->len};
    return out != NULL;
}

enum mc_status page_close(struct page *page, struct mc_bytes *ret_pdf)
{
    pango_font_description_free(page->font);
    g_object_unref(page->layout);
    cairo_show_page(page->cairo);
    cairo_status_t drawn = cairo_status(page->cairo);
    cairo_destroy(page->cairo);
    cairo_surface_finish(page->surface);
    cairo_status_t written = cairo_surface_status(page->surface);
    cairo_surface_destroy(page->surface);

    if (page->too_long)
        return MC_LIMITED;
    if (drawn == CAIRO_STATUS_NO_MEMORY || written == CAIRO_STATUS_NO_MEMORY)
        return MC_FULL;
    if (drawn != CAIRO_STATUS_SUCCESS || written != CAIRO_STATUS_SUCCESS)
        return MC_IO;
    return join(page, ret_pdf) ? MC_OK : MC_FULL;
}

bool page_font_is_there(void)
{
    PangoFontDescription *want = pango_font_description_from_string(PAGE_FONT);
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    PangoFont *font = pango_context_load_font(context, want);
    bool there = false;

    if (font != NULL) {
        PangoFontDescription *got = pango_font_describe(font);
        there = strcmp(pango_font_description_get_family(got), PAGE_FONT) == 0;
        pango_font_description_free(got);
        g_object_unref(font);
    }
    g_object_unref(context);
    pango_font_description_free(want);
    return there;
}
