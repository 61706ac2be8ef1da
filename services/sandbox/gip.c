/*
 * The tax office's gateway (GIP), as its messages look when their XML was turned into JSON: one row
 * stands as an object, several as a list; SEND_DATE is MM-dd-yyyy.
 *
 *     POST /gip        {"HEADER": {…, "MSG_ID"}, "BODY": {"ROW": {"TYPE": "00110", "MA_HS", "SO"}}}
 *                      … "TYPE": "00047", "MST"
 *     POST /gip/land   {"dossier", "identity", "taxpayer", "notice", "item", "name", "amount"}: a
 *                      notice of ours for tests, or another amount of one
 *
 * Debts: data/gip_debts.csv and data/gip_land.csv. What was paid at a bank is owed no more.
 */
#include <stdio.h>
#include <string.h>

#include "common/csv.h"

#include "sandbox.h"

extern const char mc_data_gip_debts[];
extern const size_t mc_data_gip_debts_len;
extern const char mc_data_gip_land[];
extern const size_t mc_data_gip_land_len;

enum { ROWS_MAX = 64 };

static void pair(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

static void field(struct mc_json_writer *writer, const struct mc_csv *csv, const char *key,
                  size_t column)
{
    mc_json_key(writer, key);
    mc_json_string_n(writer, mc_csv_field(csv, column));
}

static void head_write(struct sandbox *sandbox, struct mc_json_writer *writer, const char *about,
                       const char *type)
{
    struct mc_local now = mc_local_from_ms(mc_now_ms(&sandbox->process.clock));
    char sent[16];

    (void)snprintf(sent, sizeof sent, "%02u-%02u-%04u", (unsigned)now.date.month % 100,
                   (unsigned)now.date.day % 100, (unsigned)now.date.year % 10000);
    mc_json_begin(writer, &sandbox->turn);
    mc_json_object(writer);
    mc_json_key(writer, "HEADER");
    mc_json_object(writer);
    pair(writer, "VERSION", "1");
    pair(writer, "SENDER_CODE", "GIP");
    pair(writer, "RECEIVER_CODE", "DVCQG");
    pair(writer, "TRAN_CODE", "05011");
    pair(writer, "MSG_REFID", about);
    pair(writer, "SEND_DATE", sent);
    pair(writer, "ERROR_CODE", "00");
    mc_json_end(writer);
    mc_json_key(writer, "BODY");
    mc_json_object(writer);
    mc_json_key(writer, "ROW");
    mc_json_object(writer);
    pair(writer, "TYPE", type);
    mc_json_key(writer, "SOTHUE");
    mc_json_object(writer);
}

static void end_write(struct mc_json_writer *writer)
{
    for (int i = 0; i < 4; i++) /* SOTHUE, ROW, BODY, the document */
        mc_json_end(writer);
}

/* Was it paid at a bank of ours? Personal tax has no decision. */
static bool is_paid(const struct sandbox *sandbox, const char *tax_code, struct mc_bytes decision)
{
    for (size_t i = 0; i < sandbox->banks.taxes_len; i++) {
        const struct sandbox_tax *tax = &sandbox->banks.taxes[i];
        if (strcmp(tax->state, "PAID") != 0 || strcmp(tax->tax_code, tax_code) != 0)
            continue;
        for (size_t n = 0; n < tax->decisions_len; n++)
            if (mc_bytes_same(decision,
                              (struct mc_bytes){tax->decisions[n], strlen(tax->decisions[n])}))
                return true;
    }
    return false;
}

static void debt_write(struct mc_json_writer *writer, const struct mc_csv *csv)
{
    static const char *const names[] = {"MST",      "TEN_NNT",         "SO_QDINH",  "NGAY_QDINH",
                                        "MA_TMUC",  "NO_CUOI_KY",      "MA_CHUONG", "MA_CQ_THU",
                                        "SHKB",     "SO_TAI_KHOAN_CO", "MA_DBHC",   "KY_THUE",
                                        "SO_KHUNG", "SO_MAY"};

    mc_json_object(writer);
    for (size_t i = 0; i < MC_LEN(names); i++)
        field(writer, csv, names[i], i);
    pair(writer, "LOAI_TIEN", "VND");
    mc_json_end(writer);
}

static void debts(struct sandbox *sandbox, const char *about, const char *tax_code,
                  struct sandbox_answer *answer)
{
    enum { MST, TAXPAYER, DECISION };
    struct mc_json_writer writer;
    struct mc_csv csv;
    size_t n = 0;

    for (int round = 0; round < 2; round++) { /* count, then write: one row stands alone */
        size_t counted = n;
        mc_csv_open(&csv, mc_data_gip_debts, mc_data_gip_debts_len);
        if (round == 1) {
            head_write(sandbox, &writer, about, "00047");
            if (counted > 0)
                mc_json_key(&writer, "ROW_SOTHUE");
            if (counted > 1)
                mc_json_array(&writer);
        }
        while (mc_csv_next(&csv)) {
            if (!mc_csv_is(&csv, MST, tax_code) ||
                is_paid(sandbox, tax_code, mc_csv_field(&csv, DECISION)))
                continue;
            if (round == 0)
                n++;
            else
                debt_write(&writer, &csv);
        }
        if (round == 1 && counted > 1)
            mc_json_end(&writer);
    }
    end_write(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static void land_read(struct sandbox_banks *banks)
{
    struct mc_csv csv;

    if (banks->land_read)
        return;
    banks->land_read = true;
    mc_csv_open(&csv, mc_data_gip_land, mc_data_gip_land_len);
    (void)mc_csv_next(&csv); /* the names */
    while (mc_csv_next(&csv) && banks->land_len < SANDBOX_LAND_MAX) {
        struct sandbox_land *row = &banks->land[banks->land_len];
        char amount[24];
        *row = (struct sandbox_land){0};
        if (mc_csv_copy(&csv, 0, row->dossier, sizeof row->dossier) &&
            mc_csv_copy(&csv, 1, row->identity, sizeof row->identity) &&
            mc_csv_copy(&csv, 2, row->cmnd, sizeof row->cmnd) &&
            mc_csv_copy(&csv, 3, row->taxpayer, sizeof row->taxpayer) &&
            mc_csv_copy(&csv, 4, row->notice, sizeof row->notice) &&
            mc_csv_copy(&csv, 5, row->item, sizeof row->item) &&
            mc_csv_copy(&csv, 6, row->name, sizeof row->name) &&
            mc_csv_copy(&csv, 7, amount, sizeof amount) &&
            sandbox_amount_parse(amount, &row->amount))
            banks->land_len++;
    }
}

static bool is_of(const struct sandbox_land *row, const char *dossier)
{
    return strcmp(row->dossier, dossier) == 0;
}

/* Does one of the dossier's taxpayers have this number? */
static bool is_known(const struct sandbox_banks *banks, const char *dossier, const char *identity)
{
    for (size_t i = 0; i < banks->land_len; i++)
        if (is_of(&banks->land[i], dossier) && (strcmp(banks->land[i].identity, identity) == 0 ||
                                                strcmp(banks->land[i].cmnd, identity) == 0))
            return true;
    return false;
}

static void land_write(struct sandbox *sandbox, struct mc_json_writer *writer,
                       const struct sandbox_land *row, const char *asked)
{
    mc_json_object(writer);
    pair(writer, "MA_HS", row->dossier);
    pair(writer, "MA_GCN", "CS 012345");
    pair(writer, "SO_THUADAT", "217");
    pair(writer, "SO_TO_BANDO", "12");
    pair(writer, "DIA_CHI_TS", "Ấp Thuận Hòa, xã Lợi Thuận, tỉnh Tây Ninh");
    pair(writer, "MA_TINH_TS", "709");
    pair(writer, "MA_HUYEN_TS", "70913");
    pair(writer, "MA_XA_TS", "7091303");
    pair(writer, "MA_DBHC", "25459");
    pair(writer, "MA_SO_THUE", row->identity);
    pair(writer, "TEN_NNT", row->taxpayer);
    /* the record may carry the old number, and a suffix */
    pair(writer, "SO",
         strcmp(row->cmnd, asked) == 0 && asked[0] != '\0'
             ? row->cmnd
             : mc_sprintf(&sandbox->turn, "%s-001", row->identity));
    pair(writer, "SO_QUYET_DINH", row->notice);
    pair(writer, "NGAY_QUYET_DINH", "2026-09-04 00:00:00.0");
    pair(writer, "MA_CHUONG", "757");
    pair(writer, "MA_TMUC", row->item);
    pair(writer, "TEN_TMUC", row->name);
    pair(writer, "LOAI_TK_NSNN", "7111");
    pair(writer, "MA_CQUAN_THU", "1054321");
    mc_json_key(writer, "SO_CON_PHAI_NOP");
    mc_json_int(writer, row->amount);
    pair(writer, "HAN_NOP", "20/09/2026");
    pair(writer, "SHKB", "0111");
    mc_json_end(writer);
}

static void land(struct sandbox *sandbox, const char *about, const char *dossier,
                 const char *identity, struct sandbox_answer *answer)
{
    const struct sandbox_banks *banks = &sandbox->banks;
    const struct sandbox_land *rows[ROWS_MAX];
    struct mc_json_writer writer;
    size_t n = 0;

    land_read(&sandbox->banks);
    bool known = is_known(banks, dossier, identity);
    for (size_t i = 0; known && i < banks->land_len && n < ROWS_MAX; i++)
        if (is_of(&banks->land[i], dossier) && banks->land[i].amount > 0)
            rows[n++] = &banks->land[i];
    head_write(sandbox, &writer, about, "00110");
    pair(&writer, "TRANGTHAI", !known ? "03" : n > 0 ? "01" : "02");
    if (n > 0)
        mc_json_key(&writer, "ROW_SOTHUE");
    if (n > 1)
        mc_json_array(&writer);
    for (size_t i = 0; i < n; i++)
        land_write(sandbox, &writer, rows[i], identity);
    if (n > 1)
        mc_json_end(&writer);
    end_write(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_gip(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                 struct sandbox_answer *answer)
{
    static const char *const names[] = {"HEADER.MSG_ID", "BODY.ROW.TYPE", NULL};
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);

    (void)tail;
    if (json == NULL)
        return;
    const char *about = mc_json_text(json, "HEADER.MSG_ID");
    const char *type = mc_json_text(json, "BODY.ROW.TYPE");
    const char *dossier = mc_json_text(json, "BODY.ROW.MA_HS");
    const char *identity = mc_json_text(json, "BODY.ROW.SO");
    const char *tax_code = mc_json_text(json, "BODY.ROW.MST");
    if (strcmp(type, "00110") == 0 && dossier != NULL && identity != NULL)
        land(sandbox, about, dossier, identity, answer);
    else if (strcmp(type, "00047") == 0 && tax_code != NULL)
        debts(sandbox, about, tax_code, answer);
    else
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "TYPE");
}

void sandbox_gip_land(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                      struct sandbox_answer *answer)
{
    static const char *const names[] = {"dossier", "identity", "taxpayer", "notice",
                                        "item",    "name",     NULL};
    struct sandbox_banks *banks = &sandbox->banks;
    struct sandbox_land row = {0};
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);

    (void)tail;
    if (json == NULL)
        return;
    land_read(banks);
    (void)mc_json_number(json, "amount", &row.amount);
    (void)snprintf(row.dossier, sizeof row.dossier, "%s", mc_json_text(json, "dossier"));
    (void)snprintf(row.identity, sizeof row.identity, "%s", mc_json_text(json, "identity"));
    (void)snprintf(row.taxpayer, sizeof row.taxpayer, "%s", mc_json_text(json, "taxpayer"));
    (void)snprintf(row.notice, sizeof row.notice, "%s", mc_json_text(json, "notice"));
    (void)snprintf(row.item, sizeof row.item, "%s", mc_json_text(json, "item"));
    (void)snprintf(row.name, sizeof row.name, "%s", mc_json_text(json, "name"));
    for (size_t i = 0; i < banks->land_len; i++)
        if (is_of(&banks->land[i], row.dossier) && strcmp(banks->land[i].notice, row.notice) == 0 &&
            strcmp(banks->land[i].item, row.item) == 0) {
            banks->land[i].amount = row.amount;
            sandbox_say_result(sandbox, "CHANGED", answer);
            return;
        }
    if (banks->land_len == SANDBOX_LAND_MAX) {
        sandbox_refuse(sandbox, answer, 503, "FULL", "");
        return;
    }
    banks->land[banks->land_len++] = row;
    sandbox_say_result(sandbox, "ADDED", answer);
}
