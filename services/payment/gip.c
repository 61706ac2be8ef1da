#include "gip.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/money.h"

#include "catalogue.h"

extern const char mc_data_gip_states[];
extern const size_t mc_data_gip_states_len;

enum mc_status payment_gip_ask(struct mc_arena *arena, const char *id, const char *type,
                               int64_t now_ms, const char *const *fields, struct mc_bytes *ret_body)
{
    struct mc_local now = mc_local_from_ms(now_ms);
    struct mc_json_writer writer;
    char sent[PAYMENT_GIP_DATE_SIZE];

    (void)snprintf(sent, sizeof sent, "%02u-%02u-%04u", (unsigned)now.date.month % 100,
                   (unsigned)now.date.day % 100, (unsigned)now.date.year % 10000);
    const char *const header[][2] = {
        {"VERSION", "1"},         {"SENDER_CODE", "DVCQG"},
        {"RECEIVER_CODE", "GIP"}, {"TRAN_CODE", PAYMENT_GIP_TRAN},
        {"MSG_ID", id},           {"SEND_DATE", sent},
    };
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "HEADER");
    mc_json_object(&writer);
    for (size_t i = 0; i < MC_LEN(header); i++) {
        mc_json_key(&writer, header[i][0]);
        mc_json_string(&writer, header[i][1]);
    }
    mc_json_end(&writer);
    mc_json_key(&writer, "BODY");
    mc_json_object(&writer);
    mc_json_key(&writer, "ROW");
    mc_json_object(&writer);
    mc_json_key(&writer, "TYPE");
    mc_json_string(&writer, type);
    for (; *fields != NULL; fields += 2) {
        mc_json_key(&writer, fields[0]);
        mc_json_string(&writer, fields[1]);
    }
    mc_json_end(&writer);
    mc_json_end(&writer);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_body);
}

bool payment_gip_same_person(const char *told, const char *asked)
{
    size_t len = strlen(asked);

    while (*told == ' ')
        told++;
    return len > 0 && strncmp(told, asked, len) == 0 && !(told[len] >= '0' && told[len] <= '9');
}

/* Digits at these places, as numbers. */
static bool numbers(const char *text, const char *pattern, int *a, int *b, int *c)
{
    int *parts[] = {a, b, c};
    size_t part = 0;

    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '9') {
            if (*text < '0' || *text > '9')
                return false;
            *parts[part] = *parts[part] * 10 + (*text - '0');
        } else {
            if (*text != *pattern)
                return false;
            part++;
        }
    }
    return true;
}

bool payment_gip_send_date(const char *text, struct mc_date *ret_date)
{
    struct mc_date date = {0};

    if (!numbers(text, "99-99-9999", &date.month, &date.day, &date.year) || text[10] != '\0' ||
        !mc_date_valid(date))
        return false;
    *ret_date = date;
    return true;
}

void payment_gip_date(char out[PAYMENT_GIP_DATE_SIZE], const char *text)
{
    static const struct {
        const char *pattern;
        bool year_first;
    } forms[] = {{"9999-99-99", true}, {"99/99/9999", false}, {"99-99-9999", false}};

    out[0] = '\0';
    for (size_t i = 0; i < MC_LEN(forms); i++) {
        struct mc_date date = {0};
        bool read = forms[i].year_first
                        ? numbers(text, forms[i].pattern, &date.year, &date.month, &date.day)
                        : numbers(text, forms[i].pattern, &date.day, &date.month, &date.year);
        if (!read || !mc_date_valid(date))
            continue;
        mc_date_format_iso(out, PAYMENT_GIP_DATE_SIZE, date);
        return;
    }
}

static const char *text_of(struct mc_arena *arena, const struct mc_json *json, const char *path)
{
    const char *text = mc_json_text(json, path);
    int64_t number = 0;

    if (text == NULL && mc_json_number(json, path, &number)) /* "0012" cannot have become one */
        text = mc_sprintf(arena, "%lld", (long long)number);
    if (text == NULL || strlen(text) > PAYMENT_GIP_TEXT_MAX)
        return "";
    const char *copy = mc_strdup(arena, text);
    return copy != NULL ? copy : "";
}

static const char *either(struct mc_arena *arena, const struct mc_json *json, const char *first,
                          const char *second)
{
    const char *text = text_of(arena, json, first);

    return text[0] != '\0' ? text : text_of(arena, json, second);
}

static bool amount_of(const struct mc_json *json, const char *path, int64_t *ret_amount)
{
    const char *text = mc_json_text(json, path);

    return (text != NULL ? mc_money_parse(text, ret_amount) == MC_WHY_OK
                         : mc_json_number(json, path, ret_amount)) &&
           *ret_amount >= 0;
}

/* False: what is owed cannot be read; then nothing of the answer is believed. */
static bool row_read(struct mc_arena *arena, const struct mc_json *json,
                     struct payment_gip_row *row)
{
    const char *frame = text_of(arena, json, "SO_KHUNG");
    const char *engine = text_of(arena, json, "SO_MAY");

    *row = (struct payment_gip_row){
        .dossier_code = text_of(arena, json, "MA_HS"),
        .certificate = text_of(arena, json, "MA_GCN"),
        .parcel = text_of(arena, json, "SO_THUADAT"),
        .map_sheet = text_of(arena, json, "SO_TO_BANDO"),
        .address = text_of(arena, json, "DIA_CHI_TS"),
        .province_code = text_of(arena, json, "MA_TINH_TS"),
        .district_code = text_of(arena, json, "MA_HUYEN_TS"),
        .commune_code = text_of(arena, json, "MA_XA_TS"),
        .area = text_of(arena, json, "MA_DBHC"),
        .taxpayer = text_of(arena, json, "TEN_NNT"),
        .tax_code = either(arena, json, "MA_SO_THUE", "MST"),
        .identity = text_of(arena, json, "SO"),
        .notice = either(arena, json, "SO_QUYET_DINH", "SO_QDINH"),
        .chapter = text_of(arena, json, "MA_CHUONG"),
        .item = text_of(arena, json, "MA_TMUC"),
        .item_name = text_of(arena, json, "TEN_TMUC"),
        .account = either(arena, json, "LOAI_TK_NSNN", "SO_TAI_KHOAN_CO"),
        .office = either(arena, json, "MA_CQUAN_THU", "MA_CQ_THU"),
        .treasury = text_of(arena, json, "SHKB"),
        .period = text_of(arena, json, "KY_THUE"),
    };
    if (row->item_name[0] == '\0')
        row->item_name = payment_sub_item_name(arena, row->item);
    payment_gip_date(row->notice_date, either(arena, json, "NGAY_QUYET_DINH", "NGAY_QDINH"));
    payment_gip_date(row->due_date, text_of(arena, json, "HAN_NOP"));
    if (frame[0] != '\0' || engine[0] != '\0')
        row->vehicle =
            mc_sprintf(arena, "%s %s/%s", text_of(arena, json, "DAC_DIEM_PTIEN"), frame, engine);
    if (row->vehicle == NULL)
        row->vehicle = "";
    return amount_of(json, "SO_CON_PHAI_NOP", &row->amount) ||
           amount_of(json, "NO_CUOI_KY", &row->amount);
}

static enum payment_gip_state state_of(const char *code)
{
    struct mc_csv csv;

    if (code == NULL)
        return PAYMENT_GIP_OWES; /* the vehicle's answer has none: its rows tell */
    mc_csv_open(&csv, mc_data_gip_states, mc_data_gip_states_len);
    while (mc_csv_next(&csv)) {
        if (!mc_csv_is(&csv, 0, code))
            continue;
        return mc_csv_is(&csv, 1, "OWES")      ? PAYMENT_GIP_OWES
               : mc_csv_is(&csv, 1, "NOTHING") ? PAYMENT_GIP_NOTHING
                                               : PAYMENT_GIP_NOT_FOUND;
    }
    return PAYMENT_GIP_NOT_FOUND;
}

/* A good answer, to this question, of this kind, on some day. */
static bool envelope_ok(const struct mc_json *json, const char *id, const char *type)
{
    static const char *const fine[] = {"", "0", "00", "000"};
    const char *error = mc_json_text(json, "HEADER.ERROR_CODE");
    const char *about = mc_json_text(json, "HEADER.MSG_REFID");
    const char *kind = mc_json_text(json, "BODY.ROW.TYPE");
    const char *sent = mc_json_text(json, "HEADER.SEND_DATE");
    struct mc_date date;
    bool good = error == NULL;

    for (size_t i = 0; i < MC_LEN(fine) && !good; i++)
        good = strcmp(error, fine[i]) == 0;
    return good && about != NULL && strcmp(about, id) == 0 && kind != NULL &&
           strcmp(kind, type) == 0 && sent != NULL && payment_gip_send_date(sent, &date);
}

struct payment_gip payment_gip_read(struct mc_arena *arena, const struct mc_json *json,
                                    const char *id, const char *type)
{
    static const char path[] = "BODY.ROW.SOTHUE.ROW_SOTHUE";
    static const struct payment_gip unreadable = {.state = PAYMENT_GIP_UNREADABLE};
    struct payment_gip gip = {0};

    if (!envelope_ok(json, id, type))
        return unreadable;
    gip.state = state_of(mc_json_text(json, "BODY.ROW.SOTHUE.TRANGTHAI"));
    const struct mc_json *list = mc_json_at(json, path);
    if (gip.state != PAYMENT_GIP_OWES)
        return gip;
    /* one element comes as itself, and then it has fields */
    bool alone = list != NULL && mc_json_item(list, "", 0) == NULL && mc_json_count(list, "") > 0;
    size_t n = alone ? 1 : mc_json_count(json, path);
    if (n > PAYMENT_GIP_ROWS_MAX)
        return unreadable;
    gip.rows = mc_alloc(arena, (n + 1) * sizeof *gip.rows);
    if (gip.rows == NULL)
        return unreadable;
    for (size_t i = 0; i < n; i++) {
        struct payment_gip_row *row = &gip.rows[gip.rows_len];
        if (!row_read(arena, alone ? list : mc_json_item(list, "", i), row))
            return unreadable;
        gip.rows_len += row->amount > 0;
    }
    if (gip.rows_len == 0)
        gip.state = PAYMENT_GIP_NOTHING;
    return gip;
}
