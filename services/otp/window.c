/*
 * Windows: how often something happened lately, in a row of bounded size. Time is cut into pieces
 * of a twentieth of the window; a piece counts until all of it is older than the window, so a limit
 * is kept a little longer than it says and never shorter.
 */
#include "otp.h"

enum { OTP_WINDOW_COUNTS = OTP_WINDOW_PIECES + 1 };

static int64_t piece_of(int64_t at_ms, int64_t window_ms)
{
    return at_ms / MC_MAX(window_ms / OTP_WINDOW_PIECES, 1);
}

/* How much of the window is not yet counted: what the row's newest piece is behind. */
static int64_t behind(const OtpState__Window *window, int64_t now_ms, int64_t window_ms)
{
    return MC_MAX(piece_of(now_ms, window_ms) - window->newest, 0);
}

/* The piece that began `back` pieces before now. */
static uint32_t piece(const OtpState__Window *window, int64_t behind_by, int64_t back)
{
    int64_t from_end = back - behind_by;

    return from_end < 0 || from_end >= (int64_t)window->n_counts
               ? 0
               : window->counts[(int64_t)window->n_counts - 1 - from_end];
}

uint64_t otp_window_sum(const OtpState__Window *window, int64_t now_ms, int64_t window_ms,
                        unsigned skip)
{
    uint64_t sum = 0;

    if (window == NULL)
        return 0;
    int64_t late = behind(window, now_ms, window_ms);
    for (int64_t back = skip; back <= OTP_WINDOW_PIECES; back++)
        sum += piece(window, late, back);
    return sum;
}

OtpState__Window *otp_window_add(struct mc_txn *txn, const OtpState__Window *old, int64_t window_ms,
                                 int64_t at_ms, uint32_t count)
{
    OtpState__Window *window = mc_alloc(txn->arena, sizeof *window);
    uint32_t *counts = mc_alloc(txn->arena, OTP_WINDOW_COUNTS * sizeof *counts);
    int64_t ago = piece_of(txn->now_ms, window_ms) - piece_of(at_ms, window_ms);

    if (window == NULL || counts == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    otp_state__window__init(window);
    window->newest = piece_of(txn->now_ms, window_ms);
    window->counts = counts;
    window->n_counts = OTP_WINDOW_COUNTS;
    int64_t late = old != NULL ? behind(old, txn->now_ms, window_ms) : 0;
    for (int64_t back = 0; old != NULL && back < OTP_WINDOW_COUNTS; back++)
        counts[OTP_WINDOW_COUNTS - 1 - back] = piece(old, late, back);
    if (ago >= 0 && ago < OTP_WINDOW_COUNTS)
        counts[OTP_WINDOW_COUNTS - 1 - ago] += count;
    while (window->n_counts > 1 && window->counts[0] == 0) { /* empty ones in front are not kept */
        window->counts++;
        window->n_counts--;
    }
    return window;
}

int64_t otp_window_free_at(const OtpState__Window *window, int64_t now_ms, int64_t window_ms,
                           int64_t most)
{
    uint64_t sum = otp_window_sum(window, now_ms, window_ms, 0);
    int64_t length_ms = MC_MAX(window_ms / OTP_WINDOW_PIECES, 1);
    int64_t now = piece_of(now_ms, window_ms);

    if (sum < (uint64_t)most)
        return 0;
    for (int64_t back = OTP_WINDOW_PIECES; back >= 0; back--) {
        sum -= piece(window, behind(window, now_ms, window_ms), back);
        if (sum < (uint64_t)most)
            return (now - back + OTP_WINDOW_COUNTS) * length_ms;
    }
    return now_ms + window_ms;
}
