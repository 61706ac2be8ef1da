/*
 * Why: the condition a piece of input failed, as a small number and a stable code.
 *
 * Checks return MC_WHY_OK or the first condition that failed. mc_why_code() gives the text that
 * travels to callers ("CCCD_FORMAT"); common/data/messages.csv holds a Vietnamese sentence for
 * each. Codes are for ever: clients branch on them.
 */
#pragma once

#include "common/base.h"

/* clang-format off */
#define MC_WHY_LIST(X)        \
    X(FIELD_REQUIRED)         \
    X(FIELD_TOO_LONG)         \
    X(FIELD_INVALID)          \
    X(FIELD_UTF8)             \
    X(NAME_INVALID)           \
    X(ID_REQUIRED)            \
    X(ID_FORMAT)              \
    X(CCCD_FORMAT)            \
    X(CCCD_PROVINCE)          \
    X(CCCD_BIRTH_FUTURE)      \
    X(BIRTH_YEAR_MISMATCH)    \
    X(SEX_MISMATCH)           \
    X(CMND_FORMAT)            \
    X(TAX_CODE_FORMAT)        \
    X(TAX_CODE_CHECK_DIGIT)   \
    X(TAX_CODE_BRANCH)        \
    X(INSURANCE_FORMAT)       \
    X(HEALTH_CARD_FORMAT)     \
    X(HEALTH_CARD_BENEFIT)    \
    X(BUDGET_CODE_FORMAT)     \
    X(AGENCY_CODE_FORMAT)     \
    X(AGENCY_CODE_ROOT)       \
    X(DOSSIER_CODE_FORMAT)    \
    X(DOSSIER_CODE_DATE)      \
    X(PROCEDURE_CODE_FORMAT)  \
    X(PHONE_FORMAT)           \
    X(PHONE_NO_ZERO)          \
    X(PHONE_FIXED_LINE)       \
    X(PHONE_FOREIGN)          \
    X(PHONE_PREFIX_RETIRED)   \
    X(PHONE_PREFIX_UNKNOWN)   \
    X(EMAIL_FORMAT)           \
    X(OTP_FORMAT)             \
    X(CAPTCHA_FORMAT)         \
    X(PASSWORD_WEAK)          \
    X(DATE_FORMAT)            \
    X(DATE_INVALID)           \
    X(AMOUNT_FORMAT)          \
    X(AMOUNT_DECIMAL)         \
    X(AMOUNT_TOO_LARGE)
/* clang-format on */

#define MC_WHY_ENUM(name) MC_WHY_##name,
enum mc_why { MC_WHY_OK = 0, MC_WHY_LIST(MC_WHY_ENUM) MC_WHY_LEN };
#undef MC_WHY_ENUM

/* The stable code, e.g. "PHONE_FIXED_LINE"; "OK" for MC_WHY_OK. */
const char *mc_why_code(enum mc_why why);
