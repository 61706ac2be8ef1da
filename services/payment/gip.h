/*
 * GIP: the tax office's gateway as DVCQG asks it (TRAN_CODE 05011), the pure part of it. Only the
 * payment room's files include it.
 *
 * The messages are XML turned into JSON, with what that brings: one element stands where a list
 * stands otherwise. SEND_DATE is MM-dd-yyyy, the US order; other dates come in four forms. An
 * identity number may carry a suffix. What is still owed is SO_CON_PHAI_NOP, not a notice's total:
 * a notice may be paid in parts. Codes of TRANGTHAI other than 01 are not published;
 * data/gip_states.csv holds our reading, with its certainty.
 */
#pragma once

#include "common/arena.h"
#include "common/date.h"
#include "common/json.h"

#define PAYMENT_GIP_TRAN    "05011"
#define PAYMENT_GIP_LAND    "00110"
#define PAYMENT_GIP_VEHICLE "00047" /* the vehicle charge, and personal tax beside it */

enum {
    PAYMENT_GIP_ROWS_MAX = 100,
    PAYMENT_GIP_TEXT_MAX = 500, /* bytes */
    PAYMENT_GIP_DATE_SIZE = 11,
};

/* One line of what is owed; texts in the arena, "" when not said. */
struct payment_gip_row {
    const char *dossier_code;
    const char *certificate;
    const char *parcel;
    const char *map_sheet;
    const char *address;
    const char *province_code; /* tax area codes: 3, 5, 7 digits; not those of the statistics */
    const char *district_code;
    const char *commune_code;
    const char *area; /* MA_DBHC, the statistics office's code */
    const char *taxpayer;
    const char *tax_code;
    const char *identity;
    const char *notice;   /* SO_QUYET_DINH or SO_QDINH; "" of personal tax */
    char notice_date[11]; /* yyyy-MM-dd, or "" */
    const char *chapter;
    const char *item;
    const char *item_name;
    const char *account; /* LOAI_TK_NSNN or SO_TAI_KHOAN_CO */
    const char *office;  /* MA_CQUAN_THU or MA_CQ_THU */
    const char *treasury;
    char due_date[11]; /* yyyy-MM-dd, or "" */
    const char *period;
    const char *vehicle;
    int64_t amount; /* what is still owed */
};

enum payment_gip_state {
    PAYMENT_GIP_UNREADABLE, /* ask again */
    PAYMENT_GIP_OWES,
    PAYMENT_GIP_NOTHING,
    PAYMENT_GIP_NOT_FOUND,
};

struct payment_gip {
    enum payment_gip_state state;
    struct payment_gip_row *rows;
    size_t rows_len;
};

/* Builds the question; id is the message's, which the answer names. */
enum mc_status payment_gip_ask(struct mc_arena *arena, const char *id, const char *type,
                               int64_t now_ms, const char *const *fields,
                               struct mc_bytes *ret_body);
/* Reads the answer to the question of this id and type. Rows without a debt are left out. */
struct payment_gip payment_gip_read(struct mc_arena *arena, const struct mc_json *json,
                                    const char *id, const char *type);

/* "012193990017" and "012193990017-001", "012193990017 " are one person's. */
mc_nodiscard bool payment_gip_same_person(const char *told, const char *asked);
/* MM-dd-yyyy, as the envelope has it; false for anything else. */
mc_nodiscard bool payment_gip_send_date(const char *text, struct mc_date *ret_date);
/* yyyy-MM-dd HH:mm:ss.0, dd/MM/yyyy, dd-MM-yyyy or yyyy-MM-dd as yyyy-MM-dd; "" for others. */
void payment_gip_date(char out[PAYMENT_GIP_DATE_SIZE], const char *text);
