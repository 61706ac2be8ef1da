/*
 * The national database of procedures: who calls has a session, then asks for the list and for each
 * procedure of it. Its answers have the shape of LayDanhSachTTHC and LayThuTuc.
 *
 *     POST /dvcqg/session {"username", "password"}, header dstcode -> {"session", "error_code":
 * "0"} POST /dvcqg/data {"session", "service", "maTTHC", "madonvi"} -> {"error_code", "result":
 * […]}
 */
#include <string.h>

#include "common/csv.h"

#include "sandbox.h"

extern const char mc_data_national_procedures[];
extern const size_t mc_data_national_procedures_len;

enum { CODE, NAME, SECTOR, LEVEL, SERVICE, LIMIT, UNIT, FEE_KIND, AMOUNT, TEXT_SIZE = 512 };

static const char session_text[] = "sandbox-session";

static void write_text(struct mc_json_writer *writer, const char *key, const char *text)
{
    mc_json_key(writer, key);
    mc_json_string(writer, text);
}

static void begin(struct sandbox *sandbox, struct mc_json_writer *writer, const char *error_code)
{
    mc_json_begin(writer, &sandbox->turn);
    mc_json_object(writer);
    write_text(writer, "error_code", error_code);
}

static void refuse(struct sandbox *sandbox, struct sandbox_answer *answer, const char *message)
{
    struct mc_json_writer writer;

    begin(sandbox, &writer, "-1");
    write_text(&writer, "message", message);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_national_session(struct sandbox *sandbox, struct mc_httpd_request *request,
                              const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"username", "password", NULL};
    struct mc_json_writer writer;

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    if (mc_httpd_header(request, "dstcode") == NULL) {
        refuse(sandbox, answer, "dstcode is missing");
        return;
    }
    begin(sandbox, &writer, "0");
    write_text(&writer, "session", session_text);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

static const char *cell(struct sandbox *sandbox, const struct mc_csv *csv, size_t column)
{
    char text[TEXT_SIZE];

    if (!mc_csv_copy(csv, column, text, sizeof text))
        return "";
    const char *copy = mc_strdup(&sandbox->turn, text);
    return copy != NULL ? copy : "";
}

static void write_ways(struct sandbox *sandbox, struct mc_json_writer *writer,
                       const struct mc_csv *csv)
{
    mc_json_key(writer, "CACHTHUCTHUCHIEN");
    mc_json_array(writer);
    mc_json_object(writer);
    write_text(writer, "KENH", "1");
    mc_json_key(writer, "THOIGIAN");
    mc_json_array(writer);
    mc_json_object(writer);
    write_text(writer, "THOIGIANGIAIQUYET", cell(sandbox, csv, LIMIT));
    write_text(writer, "DONVITINH", cell(sandbox, csv, UNIT));
    mc_json_key(writer, "PHILEPHI");
    mc_json_array(writer);
    if (mc_csv_field(csv, AMOUNT).len > 0) {
        mc_json_object(writer);
        write_text(writer, "MAPHILEPHI", cell(sandbox, csv, FEE_KIND));
        write_text(writer, "SOTIEN", cell(sandbox, csv, AMOUNT));
        write_text(writer, "MOTA", "");
        mc_json_end(writer);
    }
    for (int i = 0; i < 5; i++)
        mc_json_end(writer); /* PHILEPHI, its time, THOIGIAN, its way, CACHTHUCTHUCHIEN */
}

static void write_procedure(struct sandbox *sandbox, struct mc_json_writer *writer,
                            const struct mc_csv *csv)
{
    mc_json_object(writer);
    write_text(writer, "MATTHC", cell(sandbox, csv, CODE));
    write_text(writer, "TENTTHC", cell(sandbox, csv, NAME));
    mc_json_key(writer, "LINHVUCTHUCHIEN");
    mc_json_array(writer);
    if (mc_csv_field(csv, SECTOR).len > 0) {
        mc_json_object(writer);
        write_text(writer, "TENLINHVUC", cell(sandbox, csv, SECTOR));
        mc_json_end(writer);
    }
    mc_json_end(writer);
    write_text(writer, "CAPTHUCHIEN", cell(sandbox, csv, LEVEL));
    write_text(writer, "MUCDO", cell(sandbox, csv, SERVICE));
    write_ways(sandbox, writer, csv);
    mc_json_end(writer);
}

/* All of them by their codes, or the one that is asked for. */
static void answer_data(struct sandbox *sandbox, const char *code, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_national_procedures, mc_data_national_procedures_len);
    (void)mc_csv_next(&csv);
    begin(sandbox, &writer, "0");
    mc_json_key(&writer, "result");
    mc_json_array(&writer);
    while (mc_csv_next(&csv)) {
        if (code != NULL && mc_csv_is(&csv, CODE, code))
            write_procedure(sandbox, &writer, &csv);
        if (code != NULL)
            continue;
        mc_json_object(&writer);
        write_text(&writer, "MATTHC", cell(sandbox, &csv, CODE));
        write_text(&writer, "TENTTHC", cell(sandbox, &csv, NAME));
        mc_json_end(&writer);
    }
    mc_json_end(&writer);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_national_data(struct sandbox *sandbox, struct mc_httpd_request *request,
                           const char *tail, struct sandbox_answer *answer)
{
    static const char *const names[] = {"session", "service", NULL};

    (void)tail;
    mc_cleanup(mc_json_freep) struct mc_json *json =
        sandbox_question(sandbox, request, names, answer);
    if (json == NULL)
        return;
    const char *service = mc_json_text(json, "service");
    if (strcmp(mc_json_text(json, "session"), session_text) != 0)
        refuse(sandbox, answer, "Invalid session");
    else if (strcmp(service, "LayDanhSachTTHC") == 0)
        answer_data(sandbox, NULL, answer);
    else if (strcmp(service, "LayThuTuc") == 0 && mc_json_text(json, "maTTHC") != NULL)
        answer_data(sandbox, mc_json_text(json, "maTTHC"), answer);
    else
        refuse(sandbox, answer, "Unknown service");
}
