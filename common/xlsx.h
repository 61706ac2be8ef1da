/*
 * Xlsx: a table as an Excel file in memory, one row after another. libxlsxwriter stays behind this
 * header. Cells are text and never formulas, whatever they begin with. A file holds at most
 * MC_XLSX_ROWS_MAX rows and takes its memory from the arena only at the end.
 */
#pragma once

#include "common/arena.h"

enum { MC_XLSX_ROWS_MAX = 20000, MC_XLSX_CELL_MAX = 32767 /* Excel's own limit, in characters */ };

struct mc_xlsx;

/* The head row is bold; `widths` are in characters, one for each. NULL: no memory. */
mc_nodiscard struct mc_xlsx *mc_xlsx_open(const char *sheet, const char *const *head,
                                          const unsigned *widths, size_t columns);
/* False: too many rows, or a cell that does not fit; the file stays as it was. */
mc_nodiscard bool mc_xlsx_row(struct mc_xlsx *xlsx, const char *const *cells);
/* Ends the file and the object. MC_FULL: the arena; MC_IO: it could not be written. */
mc_nodiscard enum mc_status mc_xlsx_close(struct mc_xlsx *xlsx, struct mc_arena *arena,
                                          struct mc_bytes *ret_file);
void mc_xlsx_abandon(struct mc_xlsx *xlsx);
