/*
 * What a search of the catalogue costs at ten thousand procedures: the dossier room in one process.
 * Calls go through the frame as in the daemon, one after the other, without sockets. Each figure is
 * CPU time of this thread.
 *
 *     searches --dir FOLDER [--procedures 10000] [--calls 5000]
 *
 * JSON lines; `build_ms` is the first call after a change, which makes the catalogue in memory
 * anew.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/frame.h"

#include "inside.h"
#include "upkeep.h"

enum { TURN_ROWS = 500, MAP_GIB = 4 };

#define T0 INT64_C(1795330800000) /* 2026-11-22 */

struct bench {
    struct inside in;
    struct dossier dossier;
};

static void open_room(struct bench *bench, const char *dir)
{
    const struct inside_options options = {
        .room = &dossier_room,
        .ctx = &bench->dossier,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 64 << 20,
    };

    inside_begin(&bench->in, &options);
    inside_open(&bench->in, &options);
}

static void txn_open(struct bench *bench, struct mc_turn *turn, struct mc_txn *txn)
{
    static const struct mc_caller caller = {.name = "system", .who = MC_ROOM};
    static const Motcua__Header header = MOTCUA__HEADER__INIT;

    mc_txn_open(txn, turn);
    txn->now_ms = bench->in.time.now_ms;
    txn->random = &bench->in.random;
    txn->secrets = &bench->in.service.secrets;
    txn->caller = &caller;
    txn->header = &header;
    txn->actor = "system";
    txn->cause_event = "";
}

/* Names as long and as alike as the national ones: what, of whom, in which field. */
static void add_procedure(struct mc_txn *txn, size_t number)
{
    static const char *const what[] = {"Cấp mới",   "Cấp lại",  "Cấp đổi",           "Gia hạn",
                                       "Đăng ký",   "Thu hồi",  "Thay đổi nội dung", "Xác nhận",
                                       "Phê duyệt", "Chấm dứt", "Công nhận",         "Thẩm định"};
    static const char *const of[] = {"giấy phép hoạt động",
                                     "giấy chứng nhận đủ điều kiện",
                                     "chứng chỉ hành nghề",
                                     "khai sinh",
                                     "kết hôn",
                                     "quyền sử dụng đất",
                                     "giấy phép xây dựng",
                                     "hộ kinh doanh",
                                     "hợp đồng lao động"};
    static const char *const whom[] = {"đối với tổ chức, cá nhân trong nước",
                                       "có yếu tố nước ngoài", "cho doanh nghiệp nhỏ và vừa",
                                       "thuộc thẩm quyền của Ủy ban nhân dân cấp xã",
                                       "trường hợp bị mất, hư hỏng"};
    static const char *const levels[] = {"xã", "tỉnh", "bộ"};
    static const char *const service_levels[] = {"FULL", "PARTIAL", "INFORMATION"};
    Dossier__ProcedureDetail detail = DOSSIER__PROCEDURE_DETAIL__INIT;
    Dossier__TimeLimit limit = DOSSIER__TIME_LIMIT__INIT;
    Dossier__TimeLimit *limits[] = {&limit};
    char code[32];
    char name[512];
    char sector[64];

    (void)snprintf(code, sizeof code, "3.%06zu", number);
    (void)snprintf(name, sizeof name, "%s %s %s số %zu", what[number % MC_LEN(what)],
                   of[number / 12 % MC_LEN(of)], whom[number / 108 % MC_LEN(whom)], number);
    (void)snprintf(sector, sizeof sector, "Lĩnh vực %zu", number % 200);
    detail.code = code;
    detail.name = name;
    detail.sector = sector;
    detail.level = mc_unconst(levels[number % MC_LEN(levels)]);
    detail.service_level = mc_unconst(service_levels[number % MC_LEN(service_levels)]);
    detail.version = 1;
    limit.unit = mc_unconst("working_day");
    limit.value = (uint32_t)(1 + number % 30);
    detail.limits = limits;
    detail.n_limits = 1;
    dossier_detail_save(txn, &detail);
}

static void grow(struct bench *bench, size_t procedures)
{
    for (size_t at = 0; at < procedures;) {
        struct mc_turn turn;
        struct mc_txn txn;

        mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena,
                      bench->in.time.now_ms);
        txn_open(bench, &turn, &txn);
        for (size_t i = 0; i < TURN_ROWS && at < procedures; i++)
            add_procedure(&txn, at++);
        if (at == procedures)
            dossier_revision_next(&txn);
        inside_ok(mc_txn_apply(&txn), "procedures");
        inside_ok(mc_turn_commit(&turn), "a turn");
        mc_arena_reset(&bench->in.service.arena);
    }
}

static double search(struct bench *bench, const Dossier__SearchProceduresRequest *request)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];

    mc_arena_reset(&bench->in.keep);
    mc_uuid7(id, bench->in.time.now_ms, &bench->in.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst("motcua.dossier.v1.Dossier/SearchProcedures");
    head.caller = mc_unconst("portal:bench");
    struct mc_call call = {.header = mc_envelope_pack(&bench->in.keep, &head),
                           .body = mc_body_pack(&bench->in.keep, &request->base),
                           .arrived_ms = bench->in.time.now_ms};
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);
    if (mc_call_open(&bench->in.service, &call))
        mc_call_read(&bench->in.service, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    if (call.status != MC_OK)
        inside_die("SearchProcedures", "refused");
    mc_arena_reset(&bench->in.service.arena);
    return took;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

static void measure(struct bench *bench, size_t procedures, size_t calls)
{
    static const struct {
        const char *what, *unit, *sector, *words, *level;
    } searches[] = {
        {"everything", "", "", "", ""},
        {"words with marks", "", "", "khai sinh", ""},
        {"words without marks", "", "", "giay phep xay dung", ""},
        {"words in many names", "", "", "cap", ""},
        {"unit, field and words", "thị trấn Bến Cầu", "lĩnh vực 12", "đăng ký", ""},
        {"unit and level", "000.20.31.H53", "", "", "xã"},
        {"nothing fits", "", "", "khong co thu tuc nao nhu the", ""},
    };
    double *took = calloc(calls, sizeof *took);

    if (took == NULL)
        inside_die("memory", strerror(errno));
    for (size_t i = 0; i < MC_LEN(searches); i++) {
        Dossier__SearchProceduresRequest request = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;

        request.unit = mc_unconst(searches[i].unit);
        request.sector = mc_unconst(searches[i].sector);
        request.words = mc_unconst(searches[i].words);
        request.level = mc_unconst(searches[i].level);
        for (size_t n = 0; n < calls; n++)
            took[n] = search(bench, &request);
        qsort(took, calls, sizeof *took, compare);
        printf("{\"bench\":\"search\",\"procedures\":%zu,\"search\":\"%s\",\"p50_us\":%.0f,"
               "\"p99_us\":%.0f}\n",
               procedures, searches[i].what, took[calls / 2], took[calls * 99 / 100]);
    }
    free(took);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *dir = NULL;
    size_t procedures = 10000;
    size_t calls = 5000;
    Dossier__SearchProceduresRequest first = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--procedures") == 0)
            procedures = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--calls") == 0)
            calls = strtoul(argv[i + 1], NULL, 10);
        else
            inside_die(argv[i], "unknown");
    }
    if (dir == NULL || calls == 0)
        inside_die("--dir FOLDER", "is needed");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    open_room(&bench, dir);
    grow(&bench, procedures);
    printf("{\"bench\":\"search\",\"procedures\":%zu,\"build_ms\":%.0f}\n", procedures,
           search(&bench, &first) / 1000);
    measure(&bench, procedures, calls);
    mc_service_close(&bench.in.service);
    mc_config_close(&bench.in.config);
    return 0;
}
