/*
 * How hard a password is to guess: libzxcvbn (this is its only user), which knows English words,
 * dates, keyboards and repeats, with data/passwords_words_vi.txt and the person's own words beside
 * them. Marks are taken off first: the guess "mat khau" comes before "mật khẩu" falls.
 */
#include <pthread.h>
#include <string.h>
#include <zxcvbn.h>

#include "common/password.h"
#include "common/text.h"

enum { WORDS_MAX = 512, OWN_MAX = 24, TEXT_MAX = 8192, FOLDED_MAX = 4 * MC_PASSWORD_MAX + 1 };

extern const char mc_data_passwords_words_vi[];

/* Made once, read by all threads of the pool. */
static char words_text[TEXT_MAX];
static const char *words[WORDS_MAX];
static size_t words_len;
static pthread_once_t words_once = PTHREAD_ONCE_INIT;

/* Splits lines in place; comments are passed over. */
static size_t split(char *text, const char **list, size_t most)
{
    char *rest = NULL;
    size_t len = 0;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL && len < most;
         line = strtok_r(NULL, "\n", &rest))
        if (line[0] != '#')
            list[len++] = line;
    return len;
}

static void read_words(void)
{
    size_t len = strlen(mc_data_passwords_words_vi);

    assert(len < sizeof words_text);
    memcpy(words_text, mc_data_passwords_words_vi, len + 1);
    words_len = split(words_text, words, WORDS_MAX);
}

unsigned mc_password_bits(const char *password, const char *own_words)
{
    const char *list[WORDS_MAX + OWN_MAX + 1];
    char own[1024];
    char folded[FOLDED_MAX];

    (void)pthread_once(&words_once, read_words);
    memcpy(list, words, words_len * sizeof *words);
    size_t len = words_len;
    if (strlen(own_words) < sizeof own) {
        memcpy(own, own_words, strlen(own_words) + 1);
        len += split(own, list + len, OWN_MAX);
    }
    list[len] = NULL;
    if (mc_text_fold(folded, sizeof folded, password) != MC_OK)
        folded[0] = '\0';
    double bits = ZxcvbnMatch(folded[0] != '\0' ? folded : password, list, NULL);
    explicit_bzero(folded, sizeof folded);
    return bits > 0 ? (unsigned)bits : 0;
}
