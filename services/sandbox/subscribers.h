/*
 * Subscribers: who owns a number at the simulated carriers. Pure.
 */
#pragma once

#include "common/base.h"

enum {
    SANDBOX_PHONE_SIZE = 12, /* 84 and nine digits */
    SANDBOX_CARRIER_SIZE = 64,
    SANDBOX_NAME_SIZE = 128,
    SANDBOX_ID_NUMBER_SIZE = 13,
    SANDBOX_DATE_SIZE = 11,
};

struct sandbox_subscriber {
    char phone[SANDBOX_PHONE_SIZE];
    char carrier[SANDBOX_CARRIER_SIZE];
    char full_name[SANDBOX_NAME_SIZE];
    char id_number[SANDBOX_ID_NUMBER_SIZE];
    char birth_date[SANDBOX_DATE_SIZE];
};

/* What can be read as a mobile number, as 84…; else false. */
mc_nodiscard bool sandbox_phone(const char *text, char out[SANDBOX_PHONE_SIZE]);

/* The carrier its prefix was given to; "" when none was. */
void sandbox_carrier_name(const char *phone, char out[SANDBOX_CARRIER_SIZE]);

/* From data/subscribers.csv, or by the rule for load tests; phone as 84…. */
mc_nodiscard bool sandbox_subscriber_find(const char *phone, struct sandbox_subscriber *ret_owner);
/* The code of the carrier he is with now, ported or not; "" for an unknown one. */
void sandbox_subscriber_carrier(const struct sandbox_subscriber *owner,
                                char out[SANDBOX_CARRIER_SIZE]);
/* The person with this identity number, a subscriber or one by the rule. */
mc_nodiscard bool sandbox_person_find(const char *id_number, struct sandbox_subscriber *ret_person);
/* From data/insured.csv, or by the rule: 7900NNNNNN is the code of who owns 0981NNNNNN. */
mc_nodiscard bool sandbox_insured_find(const char *insurance_no,
                                       struct sandbox_subscriber *ret_person);
/* The other way round: this person's code. */
mc_nodiscard bool sandbox_insured_number(const struct sandbox_subscriber *person,
                                         char out[SANDBOX_ID_NUMBER_SIZE]);
/* From data/post_accounts.csv, or by the rule: vnpNNNNNN; those ending in 9 were never checked. */
mc_nodiscard bool sandbox_post_find(const char *account, struct sandbox_subscriber *ret_person,
                                    bool *ret_checked);
/* By the rule alone: 84981NNNNNN. */
mc_nodiscard bool sandbox_subscriber_rule(const char *phone, struct sandbox_subscriber *ret_owner);
