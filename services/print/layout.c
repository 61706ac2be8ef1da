/*
 * Layout: blocks one below the other, on as many sheets as they need. Measures after NĐ
 * 30/2020/NĐ-CP, annex I: A4 with 20 mm above, below and right, 30 mm left; 13 points; sheets from
 * the second on have their number in the middle above.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "page.h"

/* A5 on its side is as wide as A4. */
enum { A4_WIDTH_MM = 210, A4_HEIGHT_MM = 297, A5_HEIGHT_MM = 148 };

#define SIZE_DEFAULT  13.0
#define LINE_GAP      (1.2 * PAGE_MM) /* between two paragraphs */
#define RULE_GAP      2.0
#define CELL_PADDING  3.0
#define CODE_DEFAULT  28.0
#define NUMBER_HEIGHT (10 * PAGE_MM)
#define NUMBER_SIZE   12.0

struct pen {
    struct mc_arena *arena;
    const Template__Document *document;
    const struct print_fields *fields;
    struct page *page;
    double left;
    double width;
    double top;
    double bottom;
    double y;
    struct print_made *made;
};

static bool fail(struct pen *pen, enum mc_status status, const char *code, const char *field)
{
    if (pen->made->status == MC_OK) {
        pen->made->status = status;
        pen->made->code = code;
        pen->made->field = field;
    }
    return false;
}

static bool good(const struct pen *pen)
{
    return pen->made->status == MC_OK;
}

static bool expand(struct pen *pen, const char *template, bool upper, struct print_text *ret_text)
{
    return print_expand(pen->arena, template, pen->fields, upper, ret_text) ||
           fail(pen, MC_INVALID, "DOCUMENT_TOO_LONG", "fields");
}

static struct page_style style_of(const struct pen *pen, const Template__Text *text)
{
    static const enum page_align aligns[] = {
        [TEMPLATE__ALIGN__LEFT] = PAGE_LEFT,
        [TEMPLATE__ALIGN__CENTER] = PAGE_CENTER,
        [TEMPLATE__ALIGN__RIGHT] = PAGE_RIGHT,
        [TEMPLATE__ALIGN__JUSTIFY] = PAGE_JUSTIFY,
    };
    double size = pen->document->size > 0 ? pen->document->size : SIZE_DEFAULT;

    return (struct page_style){
        .size = text->size > 0 ? text->size : size,
        .align = aligns[text->align],
        .bold = text->bold != 0,
        .italic = text->italic != 0,
        .indent = text->indent * PAGE_MM,
    };
}

static void sheet_number(struct pen *pen)
{
    const struct page_style style = {.size = NUMBER_SIZE, .align = PAGE_CENTER};
    struct print_text text = {.text = mc_sprintf(pen->arena, "%u", page_count(pen->page))};
    unsigned line = 0;
    bool done;

    if (text.text == NULL)
        return;
    text.len = strlen(text.text);
    (void)page_text_draw(pen->page, &text, &style, pen->left, NUMBER_HEIGHT, pen->width, pen->top,
                         &line, &done);
}

static bool sheet_next(struct pen *pen)
{
    if (page_count(pen->page) == PRINT_PAGES_MAX)
        return fail(pen, MC_LIMITED, "DOCUMENT_TOO_LONG", "fields");
    page_next(pen->page);
    pen->y = pen->top;
    sheet_number(pen);
    return true;
}

/* Room for something that may not be parted; what is higher than a sheet begins on a new one. */
static bool keep(struct pen *pen, double height)
{
    return pen->y + height <= pen->bottom || pen->y <= pen->top || sheet_next(pen);
}

/* --- texts --- */

static void rule_below(struct pen *pen, const Template__Text *text, const struct print_text *set,
                       const struct page_style *style, double x, double width, double *y)
{
    if (text->rule <= 0)
        return;
    double length = page_text_width(pen->page, set, style, width) * text->rule;
    double middle = x + width / 2;

    page_line(pen->page, middle - length / 2, *y + RULE_GAP, middle + length / 2, *y + RULE_GAP);
    *y += 2 * RULE_GAP;
}

/* A paragraph that flows over the sheet's end. */
static void flow(struct pen *pen, const Template__Text *text)
{
    const struct page_style style = style_of(pen, text);
    struct print_text set;
    unsigned line = 0;
    bool done = false;

    if (!expand(pen, text->text, text->upper != 0, &set))
        return;
    pen->y += text->before * PAGE_MM;
    while (good(pen) && !done) {
        unsigned before = line;
        pen->y = page_text_draw(pen->page, &set, &style, pen->left, pen->y, pen->width, pen->bottom,
                                &line, &done);
        if (!done && line == before && pen->y <= pen->top)
            (void)fail(pen, MC_INVALID, "DOCUMENT_TOO_LONG", "fields"); /* a line above a sheet */
        else if (!done)
            (void)sheet_next(pen);
    }
    rule_below(pen, text, &set, &style, pen->left, pen->width, &pen->y);
    pen->y += LINE_GAP;
}

/* --- codes --- */

static double code_size(const Template__Code *code)
{
    return (code->size > 0 ? code->size : CODE_DEFAULT) * PAGE_MM;
}

static void code_draw(struct pen *pen, const Template__Code *code, double x, double y, double width)
{
    double size = code_size(code);
    struct print_text text;
    struct mc_qr qr;

    if (!expand(pen, code->text, false, &text) || text.len == 0)
        return;
    enum mc_status status = mc_qr_make(pen->arena, text.text, &qr);
    if (status != MC_OK) {
        (void)fail(pen, status, "DOCUMENT_TOO_LONG", "fields");
        return;
    }
    if (code->align == TEMPLATE__ALIGN__CENTER)
        x += (width - size) / 2;
    else if (code->align == TEMPLATE__ALIGN__RIGHT)
        x += width - size;
    page_qr(pen->page, &qr, x, y, size);
}

static void code(struct pen *pen, const Template__Code *code)
{
    if (keep(pen, code_size(code)))
        code_draw(pen, code, pen->left, pen->y, pen->width);
    pen->y += code_size(code) + LINE_GAP;
}

/* --- two columns --- */

/* Sets a column, or only measures it; returns the y below. */
static double side(struct pen *pen, const Template__Side *side, double x, double y, double width,
                   bool draw)
{
    for (size_t i = 0; side != NULL && i < side->n_texts && good(pen); i++) {
        const Template__Text *text = side->texts[i];
        const struct page_style style = style_of(pen, text);
        struct print_text set;
        unsigned line = 0;
        bool done;

        if (!expand(pen, text->text, text->upper != 0, &set))
            return y;
        y += text->before * PAGE_MM;
        if (set.len == 0 && text->text[0] != '\0')
            continue; /* nothing came for it: no empty line either */
        double below = y + page_text_height(pen->page, &set, &style, width);
        if (draw) {
            (void)page_text_draw(pen->page, &set, &style, x, y, width, below + 1, &line, &done);
            double at = below;
            rule_below(pen, text, &set, &style, x, width, &at);
        }
        y = below + (text->rule > 0 ? 2 * RULE_GAP : 0);
    }
    if (side != NULL && side->qr != NULL && good(pen)) {
        if (draw)
            code_draw(pen, side->qr, x, y, width);
        y += code_size(side->qr);
    }
    return y;
}

static void sides(struct pen *pen, const Template__Sides *sides)
{
    double part = sides->left_part > 0 ? sides->left_part : 0.5;
    double gap = 3 * PAGE_MM;
    double left = pen->width * part - gap / 2;
    double right = pen->width * (1 - part) - gap / 2;
    double right_x = pen->left + pen->width - right;
    double height = MC_MAX(side(pen, sides->left, pen->left, 0, left, false),
                           side(pen, sides->right, right_x, 0, right, false));

    if (!good(pen) || !keep(pen, height))
        return;
    (void)side(pen, sides->left, pen->left, pen->y, left, true);
    (void)side(pen, sides->right, right_x, pen->y, right, true);
    pen->y += height + LINE_GAP;
}

/* The same two columns on every document: the agency, and the nation's name and motto. */
static void header(struct pen *pen, const Template__Header *header)
{
    Template__Text lines[6];
    Template__Text *left[3];
    Template__Text *right[3];
    Template__Side agency = TEMPLATE__SIDE__INIT;
    Template__Side nation = TEMPLATE__SIDE__INIT;
    Template__Sides both = TEMPLATE__SIDES__INIT;
    const struct {
        const char *text;
        double size;
        bool bold;
        bool italic;
        bool upper;
        double rule;
        double before;
    } rows[] = {
        {header->authority, 12, false, false, true, 0, 0},
        {header->agency, 12, true, false, true, 0.4, 0},
        {header->number, 12, false, false, false, 0, 1.5},
        {"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, true, false, false, 0, 0},
        {"Độc lập - Tự do - Hạnh phúc", 13, true, false, false, 1, 0},
        {header->place_date, 12, false, true, false, 0, 1.5},
    };

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        template__text__init(&lines[i]);
        lines[i].text = mc_unconst(rows[i].text);
        lines[i].size = rows[i].size;
        lines[i].bold = rows[i].bold;
        lines[i].italic = rows[i].italic;
        lines[i].upper = rows[i].upper;
        lines[i].rule = rows[i].rule;
        lines[i].before = rows[i].before;
        lines[i].align = TEMPLATE__ALIGN__CENTER;
        *(i < 3 ? &left[i] : &right[i - 3]) = &lines[i];
    }
    agency.texts = left;
    nation.texts = right;
    agency.n_texts = MC_LEN(left);
    nation.n_texts = MC_LEN(right);
    both.left = &agency;
    both.right = &nation;
    both.left_part = 0.42;
    sides(pen, &both);
}

/* --- tables --- */

struct grid {
    const Template__Table *table;
    struct page_style style;
};

static struct print_text plain(const char *text)
{
    assert(text != NULL);
    return (struct print_text){.text = mc_unconst(text), .len = strlen(text)};
}

static double column_width(const struct pen *pen, const struct grid *grid, size_t i)
{
    return pen->width * grid->table->columns[i]->part;
}

static double row_height(struct pen *pen, const struct grid *grid, char *const *cells)
{
    double height = 0;

    for (size_t i = 0; i < grid->table->n_columns; i++) {
        const struct print_text text = plain(cells[i]);
        double needed = page_text_height(pen->page, &text, &grid->style,
                                         column_width(pen, grid, i) - 2 * CELL_PADDING);
        height = MC_MAX(height, needed);
    }
    return height + 2 * CELL_PADDING;
}

static void row_draw(struct pen *pen, const struct grid *grid, char *const *cells, double height,
                     bool heading)
{
    double x = pen->left;

    page_line(pen->page, x, pen->y, x + pen->width, pen->y);
    page_line(pen->page, x, pen->y + height, x + pen->width, pen->y + height);
    page_line(pen->page, x, pen->y, x, pen->y + height);
    for (size_t i = 0; i < grid->table->n_columns; i++) {
        const struct print_text text = plain(cells[i]);
        struct page_style style = grid->style;
        double width = column_width(pen, grid, i);
        unsigned line = 0;
        bool done;

        Template__Text column = TEMPLATE__TEXT__INIT;
        column.align = grid->table->columns[i]->align;
        style.align = heading ? PAGE_CENTER : style_of(pen, &column).align;
        style.bold = heading;
        (void)page_text_draw(pen->page, &text, &style, x + CELL_PADDING, pen->y + CELL_PADDING,
                             width - 2 * CELL_PADDING, pen->y + height, &line, &done);
        x += width;
        page_line(pen->page, x, pen->y, x, pen->y + height);
    }
    pen->y += height;
}

static void headings(struct pen *pen, struct grid *grid, char *cells[PRINT_COLUMNS_MAX])
{
    grid->style.bold = true;
    row_draw(pen, grid, cells, row_height(pen, grid, cells), true);
    grid->style.bold = false;
}

/* Rows are not parted; headings stand again on every sheet. */
static void table(struct pen *pen, const Template__Table *layout)
{
    double size = pen->document->size > 0 ? pen->document->size : SIZE_DEFAULT;
    struct grid grid = {layout, {.size = layout->size > 0 ? layout->size : size - 1}};
    const Print__RenderRequest *request = pen->fields->request;
    const Print__Table *rows = NULL;
    char *cells[PRINT_COLUMNS_MAX] = {NULL};

    for (size_t i = 0; i < layout->n_columns; i++) {
        struct print_text text;
        if (!expand(pen, layout->columns[i]->heading, false, &text))
            return;
        cells[i] = text.text;
    }
    for (size_t i = 0; i < request->n_tables; i++)
        if (strcmp(request->tables[i]->name, layout->name) == 0)
            rows = request->tables[i];
    if (!keep(pen, 3 * row_height(pen, &grid, cells)))
        return;
    headings(pen, &grid, cells);
    for (size_t i = 0; rows != NULL && i < rows->n_rows && good(pen); i++) {
        double height = row_height(pen, &grid, rows->rows[i]->cells);

        if (height > pen->bottom - pen->top - 60)
            (void)fail(pen, MC_INVALID, "DOCUMENT_TOO_LONG", "tables");
        else if (pen->y + height > pen->bottom && sheet_next(pen))
            headings(pen, &grid, cells);
        if (good(pen))
            row_draw(pen, &grid, rows->rows[i]->cells, height, false);
    }
    pen->y += LINE_GAP;
}

/* --- the document --- */

static bool is_shown(const struct pen *pen, const char *when)
{
    bool negated = when[0] == '!';

    if (when[0] == '\0')
        return true;
    when += negated;
    return (print_field(pen->fields, when, strlen(when))[0] == '\0') == negated;
}

static void block(struct pen *pen, const Template__Block *block)
{
    if (!is_shown(pen, block->when))
        return;
    switch ((int)block->what_case) {
    case TEMPLATE__BLOCK__WHAT_HEADER:
        header(pen, block->header);
        return;
    case TEMPLATE__BLOCK__WHAT_TEXT:
        flow(pen, block->text);
        return;
    case TEMPLATE__BLOCK__WHAT_SIDES:
        sides(pen, block->sides);
        return;
    case TEMPLATE__BLOCK__WHAT_TABLE:
        table(pen, block->table);
        return;
    case TEMPLATE__BLOCK__WHAT_SPACE:
        pen->y += block->space * PAGE_MM;
        return;
    case TEMPLATE__BLOCK__WHAT_QR:
        code(pen, block->qr);
        return;
    case TEMPLATE__BLOCK__WHAT__NOT_SET:
    default:
        return;
    }
}

static void paper(struct pen *pen, double *ret_width, double *ret_height)
{
    bool small = pen->document->paper == TEMPLATE__PAPER__A5_LANDSCAPE;
    double margin = (small ? 12 : 20) * PAGE_MM;

    *ret_width = A4_WIDTH_MM * PAGE_MM;
    *ret_height = (small ? A5_HEIGHT_MM : A4_HEIGHT_MM) * PAGE_MM;
    pen->left = small ? 15 * PAGE_MM : 30 * PAGE_MM;
    pen->width = *ret_width - pen->left - margin;
    pen->top = margin;
    pen->bottom = *ret_height - margin;
    pen->y = pen->top;
}

static void set_pages(struct pen *pen, const struct print_facts *facts, struct mc_bytes *ret_pdf)
{
    double width;
    double height;

    paper(pen, &width, &height);
    pen->page = page_open(pen->arena, width, height, facts);
    if (pen->page == NULL) {
        (void)fail(pen, MC_BUSY, "BUSY", "");
        return;
    }
    for (size_t i = 0; i < pen->document->n_blocks && good(pen); i++)
        block(pen, pen->document->blocks[i]);
    pen->made->pages = page_count(pen->page);
    enum mc_status status = page_close(pen->page, ret_pdf);
    if (status == MC_LIMITED)
        (void)fail(pen, MC_LIMITED, "DOCUMENT_TOO_LONG", "fields");
    else if (status != MC_OK)
        (void)fail(pen, MC_BUSY, "BUSY", "");
}

void print_layout(struct mc_arena *arena, const Template__Document *document,
                  const struct print_fields *fields, const struct mc_signer *signer,
                  struct print_made *ret_made)
{
    const Print__RenderRequest *request = fields->request;
    struct pen pen = {.arena = arena, .document = document, .fields = fields, .made = ret_made};
    struct print_text title;
    struct mc_bytes pdf;

    if (!expand(&pen, document->title, false, &title))
        return;
    const struct print_facts facts = {
        .title = title.text,
        .author = request->author[0] != '\0' ? request->author : request->sign_as,
        .at_ms = request->at_ms,
        .signer = signer,
    };
    set_pages(&pen, &facts, &pdf);
    if (good(&pen) && print_pdf_finish(arena, pdf, &facts, &ret_made->pdf) != MC_OK)
        (void)fail(&pen, MC_BUSY, "BUSY", "");
    ret_made->is_signed = good(&pen) && signer != NULL;
}
