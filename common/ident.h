/*
 * Identity numbers, codes and phone numbers as Vietnam writes them.
 *
 * Pure. A parse function takes what a person typed or a system sent, leaves out the blanks and
 * separators people use, and gives the one form that is stored and compared; on failure it returns
 * the condition that failed and leaves its result alone. Numbers are text: leading zeros matter.
 */
#pragma once

#include "common/base.h"
#include "common/date.h"
#include "common/why.h"

enum {
    MC_CCCD_SIZE = 13,
    MC_CMND_SIZE = 10,
    MC_TAX_CODE_SIZE = 15, /* 0314409058-002 */
    MC_INSURANCE_SIZE = 13,
    MC_HEALTH_CARD_SIZE = 16,
    MC_BUDGET_CODE_SIZE = 8,
    MC_AGENCY_CODE_SIZE = 36,
    MC_DOSSIER_CODE_SIZE = 50, /* agency code, -yyMMdd-, six digits */
    MC_DOSSIER_SEQUENCE_MAX = 999999,
    MC_PROCEDURE_CODE_SIZE = 9,
    MC_PHONE_SIZE = 12, /* 84 and nine digits */
    MC_OTP_LEN = 6,
    MC_CAPTCHA_LEN = 6,
    MC_EMAIL_SIZE = 255, /* RFC 5321: a path of 256 with its angle brackets, and NUL */
    MC_EMAIL_LOCAL_MAX = 64,
    MC_MASK_SIZE = 128,
};

enum mc_sex { MC_SEX_UNKNOWN, MC_SEX_MALE, MC_SEX_FEMALE };

struct mc_cccd {
    char number[MC_CCCD_SIZE];
    int birth_year;
    enum mc_sex sex;
    bool abroad; /* birth registered in a country whose code we cannot check: a flag, no fault */
};

struct mc_province {
    char code[4]; /* of the CCCD, 001 to 096 */
    char name[64];
    char h_code[4];
    char new_name[64]; /* since 1/7/2025; never rewrite old codes with it */
    char new_h_code[4];
};

bool mc_province_find(const char *cccd_code, struct mc_province *ret_province);

/* CCCD, thẻ căn cước, and the 12-digit CMND of 2012 to 2016: one number, PPP G YY NNNNNN. */
mc_nodiscard enum mc_why mc_cccd_parse(const char *text, struct mc_cccd *ret_cccd);

/* Cross checks. Refuse at registration; on a dossier only warn: old records hold mistakes. */
mc_nodiscard enum mc_why mc_cccd_check_today(const struct mc_cccd *cccd, int year_now);
mc_nodiscard enum mc_why mc_cccd_check_birth(const struct mc_cccd *cccd, struct mc_date birth);
mc_nodiscard enum mc_why mc_cccd_check_sex(const struct mc_cccd *cccd, enum mc_sex sex);

/* No longer valid as a paper since 1/1/2025, but still found in dossiers and tax records. */
mc_nodiscard enum mc_why mc_cmnd_parse(const char *text, char *out, size_t size);

/* The numbers the national messages give these in LoaiDinhDanh. */
enum mc_identity_kind { MC_IDENTITY_NONE = 0, MC_IDENTITY_CCCD = 1, MC_IDENTITY_CMND = 2 };

/* A "Số CMND/CCCD" field. ID_REQUIRED when empty, ID_FORMAT when neither 9 nor 12 digits. */
mc_nodiscard enum mc_why mc_identity_parse(const char *text, char *out, size_t size,
                                           enum mc_identity_kind *ret_kind);

enum mc_tax_kind { MC_TAX_HEAD, MC_TAX_BRANCH, MC_TAX_PERSON };

struct mc_tax_code {
    char code[MC_TAX_CODE_SIZE]; /* 0100233488, 0314409058-002, or a 12-digit personal number */
    enum mc_tax_kind kind;
};

mc_nodiscard enum mc_why mc_tax_code_parse(const char *text, struct mc_tax_code *ret_code);

/* Ten digits; the personal number instead only where the insurer takes it. */
mc_nodiscard enum mc_why mc_insurance_parse(const char *text, bool personal_allowed, char *out,
                                            size_t size);

/* Fifteen characters, or the ten digits that cards since 2021 print. */
mc_nodiscard enum mc_why mc_health_card_parse(const char *text, char *out, size_t size);

/* Mã đơn vị có quan hệ với ngân sách (MNS). */
mc_nodiscard enum mc_why mc_budget_code_parse(const char *text, char *out, size_t size);

/*
 * Agency codes, in upper case, of both kinds in use: 000.15.43.H35 (QCVN 102:2016, read from right
 * to left, zeros for "not used") and H21.217 (QĐ 20/2020, from left to right). They are compared as
 * text, and one kind is never turned into the other.
 */
mc_nodiscard enum mc_why mc_agency_parse(const char *text, char *out, size_t size);

/* False for a code without a parent, and for what is no code as mc_agency_parse() gives it. */
mc_nodiscard bool mc_agency_parent(const char *code, char *out, size_t size);

/* The code is the ancestor, or below it. Both as mc_agency_parse() gives them. */
bool mc_agency_within(const char *code, const char *ancestor);

struct mc_dossier_code {
    char code[MC_DOSSIER_CODE_SIZE];
    char agency[MC_AGENCY_CODE_SIZE];
    struct mc_date date;
    int sequence;
};

/* Ours: <agency>-<yyMMdd>-<sequence>, at least four digits, no more zeros than that needs. */
mc_nodiscard enum mc_why mc_dossier_code_parse(const char *text, struct mc_dossier_code *ret_code);

/* What members send, which need not be a real agency, day or sequence; anything else is opaque. */
mc_nodiscard enum mc_why mc_dossier_code_parse_member(const char *text, char *out, size_t size);

/* The agency code is valid, and the sequence 1 to MC_DOSSIER_SEQUENCE_MAX. */
void mc_dossier_code_make(char *out, size_t size, const char *agency, struct mc_date date,
                          int sequence);

/* National 1.004873; local and service forms (1.004873.000.00.00.H56, .H56, .01) lose their tail.
 */
mc_nodiscard enum mc_why mc_procedure_parse(const char *text, char *out, size_t size);

struct mc_phone {
    char number[MC_PHONE_SIZE]; /* 84912000101: E.164 without the plus, as carriers want it */
    bool converted;             /* was one of the 11-digit numbers of before 2018: say so */
};

/* A mobile number that can be sent an SMS. Fixed lines are PHONE_FIXED_LINE. */
mc_nodiscard enum mc_why mc_phone_parse(const char *text, struct mc_phone *ret_phone);

struct mc_carrier {
    char code[16]; /* viettel */
    char name[64];
};

/* A first guess by prefix: since 2018 people take their number along to another carrier. */
bool mc_carrier_guess(const char *phone, struct mc_carrier *ret_carrier);

/* By its code: "viettel". False when there is none of that code. */
bool mc_carrier_find(const char *code, struct mc_carrier *ret_carrier);

mc_nodiscard enum mc_why mc_email_check(const char *email);
mc_nodiscard enum mc_why mc_otp_check(const char *code);
mc_nodiscard enum mc_why mc_captcha_check(const char *answer);

/* For logs and screens: 091****101, 012******017, n****@example.vn. MC_MASK_SIZE is enough. */
void mc_mask_phone(char *out, size_t size, const char *phone);
void mc_mask_identity(char *out, size_t size, const char *number);
void mc_mask_email(char *out, size_t size, const char *email);
