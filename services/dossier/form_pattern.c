/*
 * Patterns: compiled to a line of one-character states, walked with a set of states. A piece that
 * may come m to n times is m states that must and n - m that may be passed over; one without end
 * is a state that stays where it is.
 */
#include <string.h>

#include "form.h"

struct state {
    uint8_t set[16]; /* ASCII characters it takes, a bit each */
    bool others;     /* and all beyond ASCII */
    bool skip;       /* may be passed over */
    bool stay;       /* may be taken again */
};

struct pattern {
    struct state states[DOSSIER_PATTERN_STATES_MAX];
    size_t len;
};

static void take(struct state *state, unsigned char c)
{
    state->set[c / 8] |= (uint8_t)(1U << (c % 8));
}

static void take_range(struct state *state, unsigned char first, unsigned char last)
{
    for (unsigned c = first; c <= last; c++)
        take(state, (unsigned char)c);
}

static bool takes(const struct state *state, unsigned char c)
{
    return c < 128 ? (state->set[c / 8] >> (c % 8) & 1) != 0 : state->others;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 127;
}

/* \d, \w, or a sign that would mean something else. */
static const char *read_escape(const char *at, struct state *state)
{
    switch (*at) {
    case 'd':
        take_range(state, '0', '9');
        return at + 1;
    case 'w':
        take_range(state, '0', '9');
        take_range(state, 'a', 'z');
        take_range(state, 'A', 'Z');
        take(state, '_');
        return at + 1;
    default:
        if (*at == '\0' || strchr(".\\[]{}()*+?|^$/-", *at) == NULL)
            return NULL;
        take(state, (unsigned char)*at);
        return at + 1;
    }
}

static void turn_over(struct state *state)
{
    for (size_t i = 0; i < sizeof state->set; i++)
        state->set[i] = (uint8_t)~state->set[i];
    state->others = true;
}

static const char *read_set(const char *at, struct state *state)
{
    bool negated = *at == '^';

    at += negated;
    if (*at == ']')
        return NULL;
    while (at != NULL && *at != ']') {
        if (*at == '\\') {
            at = read_escape(at + 1, state);
        } else if (!is_plain((unsigned char)*at) || *at == '[') {
            return NULL;
        } else if (at[1] == '-' && at[2] != ']') {
            if (!is_plain((unsigned char)at[2]) || at[2] < at[0] || at[2] == '\\')
                return NULL;
            take_range(state, (unsigned char)at[0], (unsigned char)at[2]);
            at += 3;
        } else {
            take(state, (unsigned char)*at++);
        }
    }
    if (at == NULL)
        return NULL;
    if (negated)
        turn_over(state);
    return at + 1;
}

static const char *read_piece(const char *at, struct state *state)
{
    *state = (struct state){0};
    switch (*at) {
    case '\\':
        return read_escape(at + 1, state);
    case '[':
        return read_set(at + 1, state);
    case '.':
        turn_over(state);
        return at + 1;
    default:
        if (!is_plain((unsigned char)*at) || strchr("]{}()*+?|^$", *at) != NULL)
            return NULL;
        take(state, (unsigned char)*at);
        return at + 1;
    }
}

static const char *read_number(const char *at, size_t *ret_number)
{
    size_t number = 0;

    if (*at < '0' || *at > '9')
        return NULL;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (size_t)(*at - '0');
        if (number > DOSSIER_PATTERN_STATES_MAX)
            return NULL;
    }
    *ret_number = number;
    return at;
}

/* max 0: without end. */
static const char *read_times(const char *at, size_t *ret_min, size_t *ret_max)
{
    static const struct {
        char sign;
        size_t min;
        size_t max;
    } signs[] = {{'?', 0, 1}, {'*', 0, 0}, {'+', 1, 0}};

    *ret_min = 1;
    *ret_max = 1;
    for (size_t i = 0; i < MC_LEN(signs); i++)
        if (*at == signs[i].sign) {
            *ret_min = signs[i].min;
            *ret_max = signs[i].max;
            return at + 1;
        }
    if (*at != '{')
        return at;
    at = read_number(at + 1, ret_min);
    *ret_max = *ret_min;
    if (at != NULL && at[0] == ',' && at[1] == '}') {
        *ret_max = 0;
        return at + 2;
    }
    if (at != NULL && *at == ',')
        at = read_number(at + 1, ret_max);
    if (at == NULL || *at != '}' || *ret_max == 0 || *ret_max < *ret_min)
        return NULL;
    return at + 1;
}

static bool append(struct pattern *pattern, const struct state *state, bool skip, bool stay)
{
    if (pattern->len == DOSSIER_PATTERN_STATES_MAX)
        return false;
    struct state *next = &pattern->states[pattern->len++];
    *next = *state;
    next->skip = skip;
    next->stay = stay;
    return true;
}

static bool append_times(struct pattern *pattern, const struct state *state, size_t min, size_t max)
{
    for (size_t i = 0; i < min; i++)
        if (!append(pattern, state, false, false))
            return false;
    if (max == 0)
        return append(pattern, state, true, true);
    for (size_t i = min; i < max; i++)
        if (!append(pattern, state, true, false))
            return false;
    return true;
}

static bool compile(struct pattern *pattern, const char *text)
{
    pattern->len = 0;
    if (*text == '\0' || strlen(text) > DOSSIER_PATTERN_MAX)
        return false;
    while (*text != '\0') {
        struct state state;
        size_t min;
        size_t max;

        text = read_piece(text, &state);
        if (text != NULL)
            text = read_times(text, &min, &max);
        if (text == NULL || !append_times(pattern, &state, min, max))
            return false;
    }
    return true;
}

bool dossier_pattern_valid(const char *pattern)
{
    struct pattern compiled;

    return compile(&compiled, pattern);
}

/* at[i]: the next character may be for state i; at[len]: the text may end here. */
static void pass_over(const struct pattern *pattern, bool *at)
{
    for (size_t i = 0; i < pattern->len; i++)
        if (at[i] && pattern->states[i].skip)
            at[i + 1] = true;
}

bool dossier_pattern_match(const char *pattern, const char *text)
{
    struct pattern compiled;
    bool at[DOSSIER_PATTERN_STATES_MAX + 1] = {true};

    if (!compile(&compiled, pattern))
        return false;
    pass_over(&compiled, at);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool next[DOSSIER_PATTERN_STATES_MAX + 1] = {false};

        if ((*c & 0xc0) == 0x80)
            continue; /* the rest of a character that was seen */
        for (size_t i = 0; i < compiled.len; i++)
            if (at[i] && takes(&compiled.states[i], *c))
                next[compiled.states[i].stay ? i : i + 1] = true;
        memcpy(at, next, sizeof at);
        pass_over(&compiled, at);
    }
    return at[compiled.len];
}
