/* The state table as Markdown: what STATES.md holds. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stages.h"

struct page {
    char *text;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct page *page, const char *format, ...)
{
    va_list args;
    size_t left = page->size - page->len;

    va_start(args, format);
    int more = vsnprintf(page->text + page->len, left, format, args);
    va_end(args);
    page->len += more < 0 || (size_t)more >= left ? left : (size_t)more; /* full: len == size */
}

static void say_actors(struct page *page, const struct dossier_stage *stage)
{
    static const struct {
        unsigned actor;
        const char *name;
    } actors[] = {{DOSSIER_BY_CITIZEN, "citizen"},
                  {DOSSIER_BY_OFFICER, "officer"},
                  {DOSSIER_BY_PAYMENT, "payment"},
                  {DOSSIER_BY_SYSTEM, "system"}};
    const char *between = "";

    for (size_t i = 0; i < MC_LEN(actors); i++)
        if ((stage->actors & actors[i].actor) != 0) {
            say(page, "%s%s", between, actors[i].name);
            between = stage->consent ? " asks, " : ", ";
        }
    say(page, "%s", stage->consent ? " confirms" : "");
}

static const char *name_of(const char *const names[DOSSIER_STATES_LEN], Dossier__State state)
{
    return names[state] != NULL ? names[state] : "bản nháp";
}

static void say_row(struct page *page, const char *const names[DOSSIER_STATES_LEN],
                    const struct dossier_stage *stage)
{
    static const char *const whens[] = {"", "accepted before", "not accepted yet"};

    say(page, "| %u %s | %u %s | ", (unsigned)stage->from, name_of(names, stage->from),
        (unsigned)stage->to, name_of(names, stage->to));
    say_actors(page, stage);
    say(page, " | %s | %s | %s | `%s` |\n", stage->right != NULL ? stage->right : "",
        stage->reason ? "yes" : "", whens[stage->when], stage->event);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the page */
bool dossier_stages_text(const char *const names[DOSSIER_STATES_LEN], char *out, size_t size)
{
    struct page page = {out, size, 0};
    size_t n;
    const struct dossier_stage *stages = dossier_stages(&n);

    say(&page, "# The states of a dossier\n\n"
               "Printed from the table that the code is driven by (`stages.c`): "
               "`motcuactl dossier states > services/dossier/STATES.md`.\n"
               "A step that is no row is refused. 0 is a draft; 3, 7, 8 and 10 are ends: a step "
               "taken by mistake is not taken\nback, except 9 to 4 (the leader sends a result "
               "back before it is handed over); a refused dossier is copied to a new one.\n\n"
               "| from | to | who | right of the officer | reason | only if | event |\n"
               "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        say_row(&page, names, &stages[i]);
    say(&page, "\n```mermaid\nstateDiagram-v2\n");
    for (unsigned i = 0; i < DOSSIER_STATES_LEN; i++)
        say(&page, "    s%u: %u %s\n", i, i, name_of(names, (Dossier__State)i));
    say(&page, "    [*] --> s0\n");
    for (size_t i = 0; i < n; i++)
        say(&page, "    s%u --> s%u\n", (unsigned)stages[i].from, (unsigned)stages[i].to);
    for (unsigned i = 0; i < DOSSIER_STATES_LEN; i++)
        if (dossier_state_is_final((Dossier__State)i))
            say(&page, "    s%u --> [*]\n", i);
    say(&page, "```\n");
    return page.len < size;
}
