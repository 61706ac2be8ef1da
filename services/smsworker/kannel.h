/*
 * Kannel: the words of its sendsms interface, and what an answer means for a job. Pure.
 */
#pragma once

#include "common/arena.h"
#include "common/http.h"

#include "verdict.h"

enum {
    KANNEL_REFERENCE_SIZE = 65,
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

/* The provider's reference, when it gave one; else "". */
enum verdict kannel_judge(const struct mc_http_answer *answer,
                          char ret_reference[KANNEL_REFERENCE_SIZE]);
