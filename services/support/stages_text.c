/* The state tables as Markdown: what STATES.md holds. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "feedback.h"

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

static void say_actors(struct page *page, unsigned actors)
{
    static const struct {
        unsigned actor;
        const char *name;
    } rows[] = {{SUPPORT_BY_REQUESTER, "requesting unit"}, {SUPPORT_BY_STAFF, "staff"}};
    const char *between = "";

    for (size_t i = 0; i < MC_LEN(rows); i++)
        if ((actors & rows[i].actor) != 0) {
            say(page, "%s%s", between, rows[i].name);
            between = ", ";
        }
}

static void say_requests(struct page *page)
{
    size_t n;
    const struct support_stage *stages = support_stages(&n);

    say(page, "## Requests for support\n\n"
              "| from | to | who | words needed | the 8 working hours |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct support_stage *stage = &stages[i];

        say(page, "| %u %s | %u %s | ", stage->from,
            support_state_name((Support__RequestState)stage->from), stage->to,
            support_state_name((Support__RequestState)stage->to));
        say_actors(page, stage->actors);
        say(page, " | %s | %s |\n", stage->text ? "yes" : "",
            stage->clock                                             ? "begin"
            : support_state_counts((Support__RequestState)stage->to) ? "run"
            : stage->to == SUPPORT__REQUEST_STATE__REQUEST_WAITING   ? "stand"
                                                                     : "end");
    }
    say(page, "\n```mermaid\nstateDiagram-v2\n");
    for (unsigned i = 0; i <= SUPPORT__REQUEST_STATE__REQUEST_REOPENED; i++)
        say(page, "    s%u: %u %s\n", i, i, support_state_name((Support__RequestState)i));
    say(page, "    [*] --> s0\n");
    for (size_t i = 0; i < n; i++)
        say(page, "    s%u --> s%u\n", stages[i].from, stages[i].to);
    say(page, "```\n");
}

static void say_feedback_actors(struct page *page, unsigned actors)
{
    static const struct {
        unsigned actor;
        const char *name;
    } rows[] = {{SUPPORT_FEEDBACK_SENDER, "sender"},
                {SUPPORT_FEEDBACK_OFFICER, "officer"},
                {SUPPORT_FEEDBACK_MEMBER, "member's system"}};
    const char *between = "";

    for (size_t i = 0; i < MC_LEN(rows); i++)
        if ((actors & rows[i].actor) != 0) {
            say(page, "%s%s", between, rows[i].name);
            between = ", ";
        }
}

static void say_feedback(struct page *page)
{
    size_t n;
    const struct support_feedback_stage *stages = support_feedback_stages(&n);

    say(page, "\n## Feedback\n\n"
              "| from | to | who | words needed | on time within working days |\n"
              "|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct support_feedback_stage *stage = &stages[i];

        say(page, "| %u %s | %u %s%s | ", stage->from,
            support_feedback_state_name((Support__FeedbackState)stage->from), stage->to,
            support_feedback_state_name((Support__FeedbackState)stage->to),
            stage->forward ? ", of another unit" : "");
        say_feedback_actors(page, stage->actors);
        say(page, " | %s | ", stage->text ? "yes" : "");
        if (stage->days > 0)
            say(page, "%d", stage->days);
        say(page, " |\n");
    }
    say(page, "\n```mermaid\nstateDiagram-v2\n");
    for (unsigned i = 0; i <= SUPPORT__FEEDBACK_STATE__FEEDBACK_WITHDRAWN; i++)
        say(page, "    f%u: %u %s\n", i, i, support_feedback_state_name((Support__FeedbackState)i));
    say(page, "    [*] --> f0\n");
    for (size_t i = 0; i < n; i++)
        say(page, "    f%u --> f%u\n", stages[i].from, stages[i].to);
    say(page, "```\n");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the page */
bool support_stages_text(char *out, size_t size)
{
    struct page page = {out, size, 0};

    say(&page, "# The states of requests and feedback\n\n"
               "Printed from the tables that the code is driven by (`stages.c`): `motcuactl "
               "support states > services/support/STATES.md`.\n"
               "A step that is no row is refused.\n\n");
    say_requests(&page);
    say_feedback(&page);
    return page.len < size;
}
