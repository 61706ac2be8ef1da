/*
 * Kannel: the words of its sendsms interface, and what an answer means for a job. Pure.
 */
#pragma once

#include "common/arena.h"
#include "common/http.h"

enum {
    KANNEL_REFERENCE_SIZE = 65,
    KANNEL_DLR_MASK = 31, /* every report there is */
};

struct kannel_login {
    const char *url; /* http://gateway:13013/cgi-bin/sendsms */
    const char *username;
    const char *password;
    const char *sender;
    const char *report_base; /* where delivery reports go; "": none are asked for */
};

struct kannel_sms {
    const char *phone;
    const char *text;
    bool ucs2;
    const char *report_path; /* signed by the otp room; begins with '/' */
};

/* NULL: arena full. Every value is percent-encoded, all but letters, digits and -._~. */
mc_nodiscard const char *kannel_url(struct mc_arena *arena, const struct kannel_login *login,
                                    const struct kannel_sms *sms);

enum kannel_verdict {
    KANNEL_TAKEN,   /* the gateway has it */
    KANNEL_PERHAPS, /* it may have it; taken for a code, not taken for a notice: see below */
    KANNEL_RETRY,   /* it has it not */
    KANNEL_REFUSED, /* and never will */
    KANNEL_LOCKED,  /* it does not know us */
};

/* The provider's reference, when it gave one; else "". */
enum kannel_verdict kannel_judge(const struct mc_http_answer *answer,
                                 char ret_reference[KANNEL_REFERENCE_SIZE]);

/*
 * A doubtful code is never sent again: two codes confuse, and a new one is asked for quickly. A
 * doubtful notice is: it is better had twice than never.
 */
enum kannel_verdict kannel_settle(enum kannel_verdict verdict, bool code);

/* Is the gateway itself unwell, so that all sending should rest? */
bool kannel_is_unwell(enum kannel_verdict verdict);

/* 1 s, 2 s, 4 s … a minute; one more failure each. */
int64_t kannel_pause_ms(unsigned failures);
