#include "common/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t billion = 1000000000;

/* The size of an amount; INT64_MIN has no positive twin in int64_t. */
static uint64_t magnitude(int64_t amount)
{
    return amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
}

void mc_money_format(char *out, size_t size, int64_t amount)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, magnitude(amount));
    size_t at = 0;

    assert(size >= MC_MONEY_SIZE);
    if (amount < 0)
        out[at++] = '-';
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = '.';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void mc_money_show(char *out, size_t size, int64_t amount, enum mc_money_style style)
{
    static const char *const units[] = {
        [MC_MONEY_PLAIN] = "",     [MC_MONEY_VND] = " VND", [MC_MONEY_DONG] = " đ",
        [MC_MONEY_HISTORY] = " đ", [MC_MONEY_FEE] = "đ",
    };
    char number[MC_MONEY_SIZE];

    assert(size >= MC_MONEY_STYLE_SIZE);
    mc_money_format(number, sizeof number, amount);
    for (char *at = number; style == MC_MONEY_HISTORY && *at != '\0'; at++)
        if (*at == '.')
            *at = ',';
    (void)snprintf(out, size, "%s%s", number, units[style]);
}

struct words {
    char *out;
    size_t size;
    size_t len;
};

static void say(struct words *words, const char *word)
{
    size_t len = strlen(word);
    size_t gap = words->len > 0;

    assert(words->len + gap + len < words->size);
    if (gap > 0)
        words->out[words->len++] = ' ';
    memcpy(words->out + words->len, word, len + 1);
    words->len += len;
}

static const char *const digit_words[] = {"không", "một", "hai", "ba",  "bốn",
                                          "năm",   "sáu", "bảy", "tám", "chín"};

static void say_tens(struct words *words, unsigned tens, unsigned unit)
{
    if (tens == 1) {
        say(words, "mười");
    } else {
        say(words, digit_words[tens]);
        say(words, "mươi");
    }
    if (unit == 0)
        return;
    if (unit == 5)
        say(words, "lăm");
    else if (tens > 1 && unit == 1)
        say(words, "mốt");
    else if (tens > 1 && unit == 4)
        say(words, "tư");
    else
        say(words, digit_words[unit]);
}

/* Three digits; those that follow others say their zeros too: "không trăm linh một". */
static void say_group(struct words *words, unsigned group, bool follows)
{
    unsigned tens = group / 10 % 10;
    unsigned unit = group % 10;

    if (group >= 100 || follows) {
        say(words, digit_words[group / 100]);
        say(words, "trăm");
    }
    if (tens > 0) {
        say_tens(words, tens, unit);
    } else if (unit > 0) {
        if (group >= 100 || follows)
            say(words, "linh");
        say(words, digit_words[unit]);
    }
}

/* Below a billion; an empty group is not said at all. */
static void say_millions(struct words *words, uint64_t number, bool follows)
{
    static const char *const units[] = {"triệu", "nghìn", NULL};
    uint64_t size = 1000000;

    for (size_t i = 0; i < MC_LEN(units); i++, size /= 1000) {
        unsigned group = (unsigned)(number / size % 1000);
        if (group == 0)
            continue;
        say_group(words, group, follows);
        if (units[i] != NULL)
            say(words, units[i]);
        follows = true;
    }
}

/* Above a billion, the count of billions is itself read as a number: "một nghìn hai trăm tỷ". */
static void say_number(struct words *words, uint64_t number)
{
    if (number >= billion) {
        say_number(words, number / billion);
        say(words, "tỷ");
    }
    say_millions(words, number % billion, number >= billion);
}

void mc_money_words(char *out, size_t size, int64_t amount)
{
    struct words words = {.out = out, .size = size};

    assert(size >= MC_MONEY_WORDS_SIZE);
    if (amount == 0)
        say(&words, digit_words[0]);
    if (amount < 0)
        say(&words, "Âm");
    say_number(&words, magnitude(amount));
    say(&words, "đồng");
    if (out[0] >= 'a' && out[0] <= 'z') /* every number word begins with an ASCII letter */
        out[0] = (char)(out[0] - 'a' + 'A');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Groups of three after the first separator; a shorter last group looks like a decimal part. */
static enum mc_why check_groups(const char *text, size_t len)
{
    size_t group = 0;
    char separator = '\0';

    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i])) {
            group++;
            continue;
        }
        if (text[i] != '.' && text[i] != ',')
            return MC_WHY_AMOUNT_FORMAT;
        if (separator != '\0' && text[i] != separator) /* "1.378,50", but not "1.378,500" */
            return len - i <= 3 ? MC_WHY_AMOUNT_DECIMAL : MC_WHY_AMOUNT_FORMAT;
        if (separator == '\0' && group > 3) /* "1000.50" */
            return len - i <= 3 ? MC_WHY_AMOUNT_DECIMAL : MC_WHY_AMOUNT_FORMAT;
        if (group == 0 || (separator != '\0' && group != 3))
            return MC_WHY_AMOUNT_FORMAT;
        separator = text[i];
        group = 0;
    }
    if (separator != '\0' && group != 3)
        return group == 1 || group == 2 ? MC_WHY_AMOUNT_DECIMAL : MC_WHY_AMOUNT_FORMAT;
    return MC_WHY_OK;
}

enum mc_why mc_money_parse(const char *text, int64_t *ret_amount)
{
    text += strspn(text, " ");
    size_t len = strlen(text);
    int64_t amount = 0;

    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len == 0)
        return MC_WHY_FIELD_REQUIRED;
    if (!is_digit(text[0]) || (text[0] == '0' && len > 1 && is_digit(text[1])))
        return MC_WHY_AMOUNT_FORMAT;

    enum mc_why why = check_groups(text, len);
    if (why != MC_WHY_OK)
        return why;
    if (text[0] == '0' && len > 1) /* "0.500" */
        return MC_WHY_AMOUNT_FORMAT;
    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]) && (__builtin_mul_overflow(amount, 10, &amount) ||
                                  __builtin_add_overflow(amount, text[i] - '0', &amount)))
            return MC_WHY_AMOUNT_TOO_LARGE;
    }
    *ret_amount = amount;
    return MC_WHY_OK;
}

bool mc_money_add(int64_t a, int64_t b, int64_t *ret_sum)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret_sum = sum;
    return true;
}

bool mc_money_sub(int64_t a, int64_t b, int64_t *ret_difference)
{
    int64_t difference;

    if (__builtin_sub_overflow(a, b, &difference))
        return false;
    *ret_difference = difference;
    return true;
}
