/* The state tables as Markdown: what STATES.md holds. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "refunds.h"
#include "states.h"

/* A kind of thing that has states: what it may become by which step, in words. */
struct graph {
    const char *title;
    const ProtobufCEnumDescriptor *states;
    const char *prefix; /* of its names, left out */
    const char *const *steps;
    unsigned steps_len;
    unsigned (*next)(uint32_t state, unsigned step);
};

static unsigned order_next(uint32_t state, unsigned step)
{
    return payment_order_next(state, (enum payment_order_step)step);
}

static unsigned attempt_next(uint32_t state, unsigned step)
{
    return payment_attempt_next(state, (enum payment_attempt_step)step);
}

static unsigned refund_next(uint32_t state, unsigned step)
{
    return payment_refund_next(state, (enum payment_refund_step)step);
}

static const char *const order_steps[PAYMENT_ORDER_STEPS_LEN] = {
    [PAYMENT_ORDER_PAY] = "money came, as the platform's or the bank's own record says",
    [PAYMENT_ORDER_APPLY] = "two officers let money that lay in suspense pay it",
    [PAYMENT_ORDER_CANCEL] = "it is not owed: its dossier has ended, or an officer says so",
    [PAYMENT_ORDER_EXPIRE] = "nobody paid in time",
    [PAYMENT_ORDER_REFUND] = "its money went back",
};

static const char *const attempt_steps[PAYMENT_ATTEMPT_STEPS_LEN] = {
    [PAYMENT_ATTEMPT_PAGE] = "INIT is answered with a page",
    [PAYMENT_ATTEMPT_NO_ANSWER] = "INIT may have been done: asked",
    [PAYMENT_ATTEMPT_TOLD] = "CONFIRM came: asked",
    [PAYMENT_ATTEMPT_FAIL] = "INIT is refused, or QUERY says not paid",
    [PAYMENT_ATTEMPT_PAY] = "QUERY says paid, and the order takes it",
    [PAYMENT_ATTEMPT_MISFIT] = "QUERY says paid, and the order does not take it: a case",
    [PAYMENT_ATTEMPT_APPLY] = "two officers let its money pay the order after all",
};

static const char *const refund_steps[PAYMENT_REFUND_STEPS_LEN] = {
    [PAYMENT_REFUND_APPROVE] = "another officer agrees: set aside in the books",
    [PAYMENT_REFUND_ACCEPT] = "the platform is at it",
    [PAYMENT_REFUND_SILENCE] = "the platform may have heard: asked until known",
    [PAYMENT_REFUND_FINISH] = "it left: by the platform, or as an officer recorded",
    [PAYMENT_REFUND_REFUSE] = "the other officer or the platform does not: back where it was",
};

struct out {
    char *text;
    size_t size;
    size_t len;
};

static mc_printf(2, 3) void add(struct out *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(out->text + out->len, out->size - out->len, fmt, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < out->size - out->len);
    out->len += (size_t)len;
}

static const char *name_of(const struct graph *graph, unsigned state)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(graph->states, (int)state);

    assert(value != NULL);
    return value->name + strlen(graph->prefix);
}

static void rows_add(struct out *out, const struct graph *graph, bool drawn)
{
    for (unsigned i = 0; i < graph->states->n_values; i++) {
        unsigned from = (unsigned)graph->states->values[i].value;
        for (unsigned step = 0; step < graph->steps_len; step++) {
            unsigned to = graph->next(from, step);
            if (to == 0)
                continue;
            if (!drawn)
                add(out, "| %s | %s | %s |\n", name_of(graph, from), name_of(graph, to),
                    graph->steps[step]);
            else
                add(out, "    %s --> %s\n", name_of(graph, from), name_of(graph, to));
        }
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through `out` */
size_t payment_states_text(char *text, size_t size)
{
    static const struct graph graphs[] = {
        {"An order", &payment__order_state__descriptor, "", order_steps, PAYMENT_ORDER_STEPS_LEN,
         order_next},
        {"An attempt at paying it", &payment__attempt_state__descriptor, "", attempt_steps,
         PAYMENT_ATTEMPT_STEPS_LEN, attempt_next},
        {"A refund", &payment__refund_state__descriptor, "REFUND_", refund_steps,
         PAYMENT_REFUND_STEPS_LEN, refund_next},
    };
    struct out out = {text, size, 0};

    add(&out,
        "# What becomes of orders, attempts and refunds\n\n"
        "Printed from the tables that the code is driven by (`states.c`); a test compares. A step "
        "that is no row is\nrefused, or is no news.\n");
    for (size_t i = 0; i < MC_LEN(graphs); i++) {
        add(&out, "\n## %s\n\n| from | to | when |\n|---|---|---|\n", graphs[i].title);
        rows_add(&out, &graphs[i], false);
        add(&out, "\n```mermaid\nstateDiagram-v2\n");
        rows_add(&out, &graphs[i], true);
        add(&out, "```\n");
    }
    return out.len;
}
