#include "reference.h"

#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

enum {
    NUMBER_LEN = 14,   /* yyMMdd, six digits, two check digits */
    CODE_TAIL = 10,    /* yyMMdd and at least four digits end a dossier's code */
    CODE_HEAD_MIN = 3, /* H35 */
    MODULUS = 97,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of the run of digits that begins here. */
static size_t digits_at(const char *text)
{
    size_t n = 0;

    while (is_digit(text[n]))
        n++;
    return n;
}

static unsigned rest_of(const char *digits, size_t len)
{
    unsigned rest = 0;

    for (size_t i = 0; i < len; i++)
        rest = (rest * 10 + (unsigned)(digits[i] - '0')) % MODULUS;
    return rest;
}

static int two(const char *digits)
{
    return (digits[0] - '0') * 10 + (digits[1] - '0');
}

static bool is_day(const char *yymmdd)
{
    return mc_date_valid((struct mc_date){2000 + two(yymmdd), two(yymmdd + 2), two(yymmdd + 4)});
}

static bool is_number(const char *digits)
{
    return is_day(digits) && rest_of(digits, NUMBER_LEN) == 1;
}

void payment_short_reference(char out[PAYMENT_SHORT_SIZE], struct mc_date date, uint64_t number)
{
    char day[MC_YYMMDD_SIZE];

    assert(number >= 1 && number <= PAYMENT_SHORT_NUMBER_MAX);
    mc_date_format_yymmdd(day, sizeof day, date);
    (void)snprintf(out, PAYMENT_SHORT_SIZE, "DVC%s%06u00", day, (unsigned)number);
    unsigned check = MODULUS + 1 - rest_of(out + 3, NUMBER_LEN);
    (void)snprintf(out + PAYMENT_SHORT_SIZE - 3, 3, "%02u", check % 100);
}

void payment_squeeze(char *out, size_t size, const char *text)
{
    char plain[PAYMENT_SQUEEZED_SIZE * 3];
    size_t len = 0;

    out[0] = '\0';
    if (mc_text_unaccent(plain, sizeof plain, text) != MC_OK)
        return;
    for (const char *c = plain; *c != '\0' && len + 1 < size; c++) {
        if (*c >= 'a' && *c <= 'z')
            out[len++] = (char)(*c - 'a' + 'A');
        else if (is_digit(*c) || (*c >= 'A' && *c <= 'Z'))
            out[len++] = *c;
    }
    out[len] = '\0';
}

struct finding {
    struct payment_hit *hits;
    size_t n;
};

static void add(struct finding *found, enum payment_hit_kind kind, const char *prefix,
                const char *text, size_t len)
{
    struct payment_hit hit = {.kind = kind};

    (void)snprintf(hit.key, sizeof hit.key, "%s%.*s", prefix, (int)len, text);
    for (size_t i = 0; i < found->n; i++)
        if (strcmp(found->hits[i].key, hit.key) == 0)
            return;
    if (found->n < PAYMENT_HITS_MAX)
        found->hits[found->n++] = hit;
}

static void numbers_find(const char *text, struct finding *found)
{
    for (const char *at = text; *at != '\0'; at++)
        if (digits_at(at) >= NUMBER_LEN && is_number(at))
            add(found, PAYMENT_HIT_REFERENCE, "DVC", at, NUMBER_LEN);
}

/* 0002031H53, of ten characters, or H3512…: a letter and two digits first (ident.h). */
static bool is_head(const char *head, size_t len)
{
    enum { OLD_LEN = 10 };

    return len == OLD_LEN || (!is_digit(head[0]) && is_digit(head[1]) && is_digit(head[2]));
}

/* Every text that ends where a day and four to six digits end, as long as a code may be. */
static void codes_find(const char *text, struct finding *found)
{
    size_t len = strlen(text);

    for (size_t day = CODE_HEAD_MIN; day + CODE_TAIL <= len; day++) {
        size_t digits = digits_at(text + day);
        if (digits < CODE_TAIL || !is_day(text + day))
            continue;
        for (size_t tail = CODE_TAIL; tail <= MC_MIN(digits, CODE_TAIL + 2); tail++)
            for (size_t head = CODE_HEAD_MIN; head <= day && head + tail < PAYMENT_HIT_SIZE; head++)
                if (is_head(text + day - head, head))
                    add(found, PAYMENT_HIT_CODE, "", text + day - head, head + tail);
    }
}

/* One digit was lost: each that could have been, in each place where it could. */
static void repairs_find(const char *text, struct finding *found)
{
    char tried[NUMBER_LEN + 1];

    for (const char *at = text; *at != '\0'; at++) {
        bool begins = at == text || !is_digit(at[-1]);
        if (!begins || digits_at(at) != NUMBER_LEN - 1)
            continue;
        for (size_t place = 0; place < NUMBER_LEN; place++)
            for (int digit = 0; digit <= 9; digit++) {
                memcpy(tried, at, place);
                tried[place] = (char)('0' + digit);
                memcpy(tried + place + 1, at + place, NUMBER_LEN - 1 - place);
                tried[NUMBER_LEN] = '\0';
                if (is_number(tried))
                    add(found, PAYMENT_HIT_REPAIRED, "DVC", tried, NUMBER_LEN);
            }
    }
}

size_t payment_reference_find(const char *squeezed, struct payment_hit hits[PAYMENT_HITS_MAX])
{
    struct finding found = {hits, 0};

    numbers_find(squeezed, &found);
    codes_find(squeezed, &found);
    repairs_find(squeezed, &found);
    return found.n;
}
