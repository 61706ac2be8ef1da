/*
 * The library writes to a path; the path is that of a file without a name in memory. Rows and parts
 * go to temporary files of the library's own, and those too lie in memory.
 */
#include "common/xlsx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "common/text.h"

struct mc_xlsx {
    int fd;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    size_t columns;
    lxw_row_t rows;
};

enum { PATH_SIZE = 40 };

static bool write_head(struct mc_xlsx *xlsx, const char *const *head, const unsigned *widths)
{
    lxw_format *bold = workbook_add_format(xlsx->book);

    if (bold == NULL)
        return false;
    format_set_bold(bold);
    for (size_t i = 0; i < xlsx->columns; i++) {
        lxw_col_t column = (lxw_col_t)i;
        if (worksheet_set_column(xlsx->sheet, column, column, widths[i], NULL) != LXW_NO_ERROR ||
            worksheet_write_string(xlsx->sheet, 0, column, head[i], bold) != LXW_NO_ERROR)
            return false;
    }
    worksheet_freeze_panes(xlsx->sheet, 1, 0);
    return true;
}

struct mc_xlsx *mc_xlsx_open(const char *sheet, const char *const *head, const unsigned *widths,
                             size_t columns)
{
    char memory[] = "/dev/shm"; /* what it holds on the way are people's names: never on a disk */
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = memory};
    struct mc_xlsx *xlsx = calloc(1, sizeof *xlsx);
    char path[PATH_SIZE];

    if (xlsx == NULL)
        return NULL;
    xlsx->columns = columns;
    xlsx->fd = memfd_create("xlsx", MFD_CLOEXEC);
    if (xlsx->fd >= 0) {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", xlsx->fd);
        xlsx->book = workbook_new_opt(path, &options);
    }
    if (xlsx->book != NULL)
        xlsx->sheet = workbook_add_worksheet(xlsx->book, sheet);
    if (xlsx->sheet != NULL && write_head(xlsx, head, widths))
        return xlsx;
    mc_xlsx_abandon(xlsx);
    return NULL;
}

bool mc_xlsx_row(struct mc_xlsx *xlsx, const char *const *cells)
{
    if (xlsx->rows == MC_XLSX_ROWS_MAX)
        return false;
    for (size_t i = 0; i < xlsx->columns; i++)
        if (mc_text_chars(cells[i]) > MC_XLSX_CELL_MAX)
            return false;
    xlsx->rows += 1;
    for (size_t i = 0; i < xlsx->columns; i++)
        (void)worksheet_write_string(xlsx->sheet, xlsx->rows, (lxw_col_t)i, cells[i], NULL);
    return true;
}

static enum mc_status read_back(int fd, struct mc_arena *arena, struct mc_bytes *ret_file)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t size = end > 0 ? (size_t)end : 0;
    uint8_t *bytes = mc_alloc(arena, size);
    size_t len = 0;

    if (bytes == NULL)
        return MC_FULL;
    while (len < size) {
        ssize_t got = pread(fd, bytes + len, size - len, (off_t)len);
        if (got <= 0)
            return MC_IO;
        len += (size_t)got;
    }
    *ret_file = (struct mc_bytes){bytes, len};
    return len > 0 ? MC_OK : MC_IO;
}

enum mc_status mc_xlsx_close(struct mc_xlsx *xlsx, struct mc_arena *arena,
                             struct mc_bytes *ret_file)
{
    bool written = workbook_close(xlsx->book) == LXW_NO_ERROR; /* frees the book as well */
    enum mc_status status = written ? read_back(xlsx->fd, arena, ret_file) : MC_IO;

    xlsx->book = NULL;
    mc_xlsx_abandon(xlsx);
    return status;
}

void mc_xlsx_abandon(struct mc_xlsx *xlsx)
{
    if (xlsx->book != NULL)
        lxw_workbook_free(xlsx->book);
    if (xlsx->fd >= 0)
        (void)close(xlsx->fd);
    free(xlsx);
}
