/*
 * Log: one line per event, to stderr, for journald or a collector.
 *
 *     ts=2026-09-07T02:20:00.412Z level=info room=otp event=call method=Verify us=412
 *
 *     struct mc_log_line line;
 *     mc_log_begin(&line, log, MC_LOG_INFO, now_ms, "call");
 *     mc_log_text(&line, "method", "Verify");
 *     mc_log_int(&line, "us", 412);
 *     mc_log_end(&line);
 *
 * A line is built on the stack and written at once; nothing is allocated and nothing fails: what
 * does not fit is cut and marked cut=true, what the kernel does not take is counted and told by the
 * next line as lost=N. No value can end a line or forge a field. Ids and codes only: what may be a
 * person's goes through mc_log_masked(). Not for several threads at once.
 */
#pragma once

#include "common/base.h"

enum {
    MC_LOG_LINE_MAX = 2048,
    MC_LOG_VALUE_MAX = 512, /* bytes of one value, before escaping */
};

enum mc_log_level { /* syslog's numbers */
                    MC_LOG_ERROR = 3,
                    MC_LOG_WARNING = 4,
                    MC_LOG_NOTICE = 5,
                    MC_LOG_INFO = 6,
                    MC_LOG_DEBUG = 7,
};

enum mc_log_format { MC_LOG_LOGFMT, MC_LOG_JSON };

struct mc_log {
    const char *room; /* borrowed */
    int fd;
    enum mc_log_level level; /* the last that is written */
    enum mc_log_format format;
    bool prefix; /* "<6>" before each line, which journald understands */
    uint64_t lost;
};

/* `journal_stream` is the value of JOURNAL_STREAM or NULL; fd is prefixed if it is that stream. */
struct mc_log mc_log_make(const char *room, int fd, enum mc_log_level level,
                          enum mc_log_format format, const char *journal_stream);
mc_nodiscard bool mc_log_level_parse(const char *name, enum mc_log_level *ret_level);

struct mc_log_line {
    struct mc_log *log; /* NULL when the level is not written: then the rest costs nothing */
    size_t len;
    bool cut;
    char text[MC_LOG_LINE_MAX];
};

/* Room and event are constants of the code. So are keys: a-z 0-9 _ and dot. */
void mc_log_begin(struct mc_log_line *line, struct mc_log *log, enum mc_log_level level,
                  int64_t now_ms, const char *event);
void mc_log_text(struct mc_log_line *line, const char *key, const char *value); /* NULL: left out */
void mc_log_bytes(struct mc_log_line *line, const char *key, struct mc_bytes text);
void mc_log_int(struct mc_log_line *line, const char *key, int64_t value);
void mc_log_bool(struct mc_log_line *line, const char *key, bool value);
void mc_log_hex(struct mc_log_line *line, const char *key, struct mc_bytes id);
void mc_log_masked(struct mc_log_line *line, const char *key, const char *value);
void mc_log_end(struct mc_log_line *line);

/* "0869123603" is 0869xxx603; what is shorter than ten, or not plain ASCII, is xxx. */
enum { MC_LOG_MASK_SIZE = 16 };
void mc_log_mask(char out[MC_LOG_MASK_SIZE], const char *value);
