/*
 * The catalogue's readers. The first byte picks: any bytes as a CSV; any rows below a head with
 * every column; any bytes as the national database's answer; any members of its one procedure.
 * They are refused, or taken; what is taken is within bounds.
 */
#include "../../services/dossier/upkeep.h"
#include "room_fuzz.h"

enum { IMPORT_INPUTS = 1000, TEXT_MAX = 64 << 10 }; /* an import only grows: then a new room */

#define CODE "1.001193"
#define HEAD_LINE                                                                                  \
    "code,old_code,name,sector,level,service_level,old_level,presence,valid_from,valid_until,"     \
    "legal_basis,decision,topics,subjects,agencies,limit,limit_online,limit_desk,fees,components," \
    "forms,results,user_guide,process_guide\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mc_bytes import_id(struct harness *h)
{
    Dossier__StartImportRequest req = DOSSIER__START_IMPORT_REQUEST__INIT;

    req.source = DOSSIER__IMPORT_SOURCE__FROM_CSV;
    req.reason = mc_unconst("fuzz");
    const Dossier__Import *import = harness_call(h, "StartImport", &req.base, MC_OK);
    return mc_key_bytes(import->import_id);
}

static void add_rows(struct mc_bytes text)
{
    static const struct mc_caller keeper = {.name = "operator:test", .who = MC_OPERATOR};
    static struct harness *h;
    static struct mc_random_seeded seeded;
    static struct mc_bytes import;
    static uint64_t inputs;
    Dossier__AddImportRowsRequest req = DOSSIER__ADD_IMPORT_ROWS_REQUEST__INIT;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_random random = mc_random_seed(&seeded, ++inputs);
    uint8_t header[MC_HEADER_MAX];
    uint8_t id[MC_ID_LEN];
    static uint8_t body[2 * TEXT_MAX];

    if (h == NULL) {
        h = harness_open(&dossier_room, NULL);
        harness_tick(h); /* rows are laid over a catalogue */
        harness_as(h, &keeper);
        import = import_id(h);
    }
    req.import_id = (ProtobufCBinaryData){import.len, mc_unconst(import.data)};
    req.csv = (ProtobufCBinaryData){text.len, mc_unconst(text.data)};
    mc_uuid7(id, harness_now(h), &random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst("motcua.dossier.v1.Dossier/AddImportRows");
    head.caller = mc_unconst(keeper.name);
    struct mc_call call = {
        .header = {header, motcua__header__pack(&head, header)},
        .body = {body, dossier__add_import_rows_request__pack(&req, body)},
        .arrived_ms = harness_now(h),
    };
    room_fuzz_run(h, &call);
    if (mc_is_fault(call.status)) {
        fprintf(stderr, "fault: status %d\n", (int)call.status);
        abort();
    }
    mc_arena_reset(&harness_service(h)->arena);
    if (inputs % IMPORT_INPUTS == 0) {
        harness_close(h);
        h = NULL;
    }
}

static void read_answer(struct mc_bytes text)
{
    static struct mc_arena arena;
    struct mc_json *json mc_cleanup(mc_json_freep) = NULL;
    Dossier__ProcedureDetail detail = DOSSIER__PROCEDURE_DETAIL__INIT;
    const char *code = NULL;

    if (arena.base == NULL && mc_arena_init(&arena, 32 << 20) != MC_OK)
        abort();
    if (mc_json_parse(text, &json) != MC_OK)
        return;
    (void)dossier_national_is_good(json);
    detail.code = mc_unconst(CODE);
    if (dossier_national_read(&arena, json, &detail) == NULL) {
        if (strlen(detail.name) > MC_STRING_MAX || detail.service_level[0] == '\0')
            abort();
        if (dossier_detail_check(&detail, &code) == NULL &&
            dossier_detail_content(&arena, &detail).len == 0)
            abort();
    }
    mc_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        const char *before;
        const char *after;
        void (*read)(struct mc_bytes text);
    } ways[] = {
        {"", "", add_rows},
        {HEAD_LINE, "", add_rows},
        {"", "", read_answer},
        {"{\"result\":[{\"MATTHC\":\"" CODE "\",", "}]}", read_answer},
    };
    static char text[TEXT_MAX];

    if (size == 0 || size > TEXT_MAX / 2)
        return 0;
    const char *before = ways[data[0] % MC_LEN(ways)].before;
    const char *after = ways[data[0] % MC_LEN(ways)].after;
    size_t len = strlen(before);

    memcpy(text, before, len);
    memcpy(text + len, data + 1, size - 1);
    len += size - 1;
    memcpy(text + len, after, strlen(after));
    ways[data[0] % MC_LEN(ways)].read(
        (struct mc_bytes){(const uint8_t *)text, len + strlen(after)});
    return 0;
}
