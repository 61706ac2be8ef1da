/* Code lists and the maps between them (MAP-01 to MAP-07, C14). */
#include "../../services/dossier/codelist.h"
#include "dossier_help.h"

static const struct mc_caller keeper = {.name = "operator:test", .who = MC_OPERATOR};

static int open_room(void **state)
{
    struct harness *h = harness_open(&dossier_room, NULL);

    harness_as(h, &keeper);
    *state = h;
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__ImportCodesReply *codes(struct harness *h, const char *method, const char *list,
                                        const char *csv, const char *hash, enum mc_status want)
{
    Dossier__ImportCodesRequest req = DOSSIER__IMPORT_CODES_REQUEST__INIT;

    req.list = mc_unconst(list);
    req.csv = (ProtobufCBinaryData){strlen(csv), mc_unconst(csv)};
    req.reason = mc_unconst("QĐ 124/2004/QĐ-TTg");
    req.hash = mc_unconst(hash);
    return harness_call(h, method, &req.base, want);
}

static void import(struct harness *h, const char *list, const char *csv)
{
    (void)codes(h, "ImportCodes", list, csv, codes(h, "PreviewCodes", list, csv, "", MC_OK)->hash,
                MC_OK);
}

static Dossier__ResolveCodeReply *resolve(struct harness *h, const char *list, const char *code,
                                          const char *day, const char *to)
{
    Dossier__ResolveCodeRequest req = DOSSIER__RESOLVE_CODE_REQUEST__INIT;

    req.list = mc_unconst(list);
    req.code = mc_unconst(code);
    req.day = mc_unconst(day);
    req.to_list = mc_unconst(to);
    return harness_call(h, "ResolveCode", &req.base, MC_OK);
}

static Dossier__MapCounts *propose(struct harness *h, const char *province, enum mc_status want)
{
    Dossier__ProposeMapRequest req = DOSSIER__PROPOSE_MAP_REQUEST__INIT;

    req.from_list = mc_unconst("LAND_AREA");
    req.to_list = mc_unconst("TAX_AREA");
    req.province = mc_unconst(province);
    return harness_call(h, "ProposeMap", &req.base, want);
}

static Dossier__ListMapReply *list_map(struct harness *h, Dossier__MapState state)
{
    Dossier__ListMapRequest req = DOSSIER__LIST_MAP_REQUEST__INIT;

    req.from_list = mc_unconst("LAND_AREA");
    req.to_list = mc_unconst("TAX_AREA");
    req.state = state;
    return harness_call(h, "ListMap", &req.base, MC_OK);
}

static Dossier__Mapping *decide(struct harness *h, const char *from, const char *to,
                                uint64_t version, enum mc_status want)
{
    Dossier__DecideMapRequest req = DOSSIER__DECIDE_MAP_REQUEST__INIT;

    req.from_list = mc_unconst("LAND_AREA");
    req.to_list = mc_unconst("TAX_AREA");
    req.from_code = mc_unconst(from);
    req.to_code = mc_unconst(to);
    req.version = version;
    req.reason = mc_unconst("đối chiếu hồ sơ địa chính");
    return harness_call(h, "DecideMap", &req.base, want);
}

static Dossier__MapVersion *sign(struct harness *h, const char *day, enum mc_status want)
{
    Dossier__SignMapRequest req = DOSSIER__SIGN_MAP_REQUEST__INIT;

    req.from_list = mc_unconst("LAND_AREA");
    req.to_list = mc_unconst("TAX_AREA");
    req.effective_from = mc_unconst(day);
    req.reason = mc_unconst("ban hành");
    return harness_call(h, "SignMap", &req.base, want);
}

static Dossier__ExportMapReply *export(struct harness *h, uint32_t version,
                                       Dossier__MapFormat format)
{
    Dossier__ExportMapRequest req = DOSSIER__EXPORT_MAP_REQUEST__INIT;

    req.from_list = mc_unconst("LAND_AREA");
    req.to_list = mc_unconst("TAX_AREA");
    req.version = version;
    req.format = format;
    return harness_call(h, "ExportMap", &req.base, MC_OK);
}

/* A province with two communes of one name in two districts, and two in none that is told. */
static const char land[] = "code,name,parent\n"
                           "31,Tỉnh Tây Ninh,\n"
                           "311,Huyện Bến Cầu,31\n"
                           "312,Huyện Gò Dầu,31\n"
                           "31101,Thị trấn Bến Cầu,311\n"
                           "31102,Xã Long Thuận,311\n"
                           "31103,Xã Tân Bình,311\n"
                           "31203,Xã Tân Bình,312\n"
                           "31204,Phường 01,312\n"
                           "31205,Xã Hòa Hội,31\n"
                           "31206,Xã Hòa Hội,31\n"
                           "31207,Xã Lợi Thuận,311\n";
static const char tax[] = "code,name,parent\n"
                          "709,Tây Ninh,\n"
                          "70901,Huyện Bến Cầu,709\n"
                          "70902,Gò Dầu,709\n"
                          "7090101,TT. Bến Cầu,70901\n"
                          "7090102,Long Thuận,70901\n"
                          "7090103,Xã Tân Bình,70901\n"
                          "7090203,Xã Tân Bình,70902\n"
                          "7090204,Phường 1,70902\n"
                          "7090205,Xã Hoà Hội,709\n"
                          "7090207,Phường Lợi Thuận,70901\n";

static void test_the_statistics_office_list(void **state)
{
    struct harness *h = *state;
    Dossier__ListCodesRequest req = DOSSIER__LIST_CODES_REQUEST__INIT;

    for (int i = 0; i < 12; i++)
        harness_tick(h);
    assert_int_equal(harness_rows(h, DOSSIER_LIST_CODES), 63 + 34 + 3321 + 1);
    req.list = mc_unconst("GSO_AREA");
    req.page_size = 100;
    Dossier__ListCodesReply *found = harness_call(h, "ListCodes", &req.base, MC_OK);
    assert_int_equal(found->n_codes, 34);
    req.day = mc_unconst("2025-06-30");
    found = harness_call(h, "ListCodes", &req.base, MC_OK);
    assert_int_equal(found->n_codes, 63);
    req.day = mc_unconst("");
    req.province = mc_unconst("01");
    req.words = mc_unconst("ba dinh");
    found = harness_call(h, "ListCodes", &req.base, MC_OK);
    assert_int_equal(found->n_codes, 1);
    assert_string_equal(found->codes[0]->name, "Phường Ba Đình");

    /* Old codes stay readable, and lead to what came after them. */
    Dossier__ResolveCodeReply *old = resolve(h, "GSO_AREA", "02", "", "");
    assert_false(old->valid);
    assert_string_equal(old->code->name, "Tỉnh Hà Giang");
    assert_int_equal(old->n_successors, 1);
    assert_string_equal(old->successors[0]->name, "Tỉnh Tuyên Quang");
    old = resolve(h, "GSO_AREA", "02", "2024-01-01", "");
    assert_true(old->valid);
    assert_int_equal(old->n_successors, 0);
}

static void test_pages_of_a_province(void **state)
{
    struct harness *h = *state;
    Dossier__ListCodesRequest req = DOSSIER__LIST_CODES_REQUEST__INIT;
    size_t seen = 0;

    import(h, "LAND_AREA", land);
    req.list = mc_unconst("LAND_AREA");
    req.province = mc_unconst("31");
    req.page_size = 3;
    for (;;) {
        Dossier__ListCodesReply *page = harness_call(h, "ListCodes", &req.base, MC_OK);

        seen += page->n_codes;
        if (page->next_page_token[0] == '\0')
            break;
        req.page_token = page->next_page_token;
    }
    assert_int_equal(seen, 10);
}

static void test_proposals_and_review(void **state)
{
    struct harness *h = *state;

    import(h, "LAND_AREA", land);
    import(h, "TAX_AREA", tax);
    Dossier__MapCounts *counts = propose(h, "31", MC_OK);
    /* one of a name; of a name twice, in districts that are the same on both sides */
    Dossier__ListMapReply *proposed = list_map(h, DOSSIER__MAP_STATE__MAP_PROPOSED);
    for (size_t i = 0; i < proposed->n_mappings; i++) {
        const Dossier__Mapping *one = proposed->mappings[i];
        bool twin = strcmp(one->from_name, "Xã Tân Bình") == 0;
        bool town = strcmp(one->from_name, "Thị trấn Bến Cầu") == 0; /* as its district */
        assert_string_equal(one->rule, twin || town ? "NAME_PARENT" : "NAME");
        if (twin)
            assert_string_equal(one->to_code,
                                strcmp(one->from_code, "31103") == 0 ? "7090103" : "7090203");
    }
    assert_int_equal(counts->proposed, proposed->n_mappings);
    assert_int_equal(counts->proposed,
                     6); /* Bến Cầu, Gò Dầu, Long Thuận, Phường 1, Tân Bình twice */
    /* Hòa Hội twice without a district, Lợi Thuận of another kind, Bến Cầu as a district */
    assert_int_equal(counts->review, 4);
    assert_int_equal(counts->unmatched, 0);
    Dossier__ListMapReply *review = list_map(h, DOSSIER__MAP_STATE__MAP_REVIEW);
    for (size_t i = 0; i < review->n_mappings; i++) {
        assert_string_equal(review->mappings[i]->to_code, "");
        assert_true(review->mappings[i]->n_candidates > 0);
    }
    assert_int_equal(list_map(h, DOSSIER__MAP_STATE__MAP_ANY)->n_mappings, 10);

    /* A second look changes nothing; what is decided stays. */
    uint64_t version = review->mappings[0]->version;
    const char *from = review->mappings[0]->from_code;
    (void)decide(h, from, "7090999", version, MC_INVALID);
    (void)decide(h, from, "7090205", version + 1, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "STALE_VERSION"));
    Dossier__Mapping *decided = decide(h, from, "7090205", version, MC_OK);
    assert_int_equal(decided->state, DOSSIER__MAP_STATE__MAP_CONFIRMED);
    assert_string_equal(decided->rule, "OFFICER");
    counts = propose(h, "31", MC_OK);
    assert_int_equal(counts->confirmed, 1);
    assert_int_equal(counts->review, 3);
    assert_int_equal(counts->proposed, 6);
    assert_int_equal(harness_events(h, "dossier.map_decided"), 1);
    (void)propose(h, "99", MC_NOT_FOUND);
}

static void test_signed_versions(void **state)
{
    struct harness *h = *state;

    import(h, "LAND_AREA", land);
    import(h, "TAX_AREA", tax);
    (void)propose(h, "31", MC_OK);
    (void)sign(h, "2026-09-01", MC_EXPIRED);
    assert_true(harness_violated(h, "", "MAP_EMPTY"));
    (void)decide(h, "31102", "7090102", 1, MC_OK);
    (void)decide(h, "31103", "7090103", 1, MC_OK);
    (void)sign(h, "", MC_INVALID);
    Dossier__MapVersion *first = sign(h, "2026-09-01", MC_OK);
    assert_int_equal(first->version, 1);
    assert_int_equal(first->rows, 2);
    assert_int_equal(first->open, 8);
    (void)decide(h, "31103", "", 2, MC_OK);
    (void)decide(h, "31204", "7090204", 1, MC_OK);
    assert_int_equal(sign(h, "2026-10-01", MC_OK)->version, 2);

    /* The statement hashes the very bytes of the CSV, and the key signs the statement. */
    Dossier__ExportMapReply *csv = export(h, 1, DOSSIER__MAP_FORMAT__MAP_CSV);
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN + 1];
    mc_hash(hash, mc_key_bytes(csv->content));
    (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    assert_non_null(strstr(csv->version->statement, text));
    assert_non_null(strstr(csv->version->statement, "effective_from=2026-09-01\nrows=2\n"));
    assert_int_equal(csv->version->signature.len, MC_SIGNATURE_LEN);
    assert_true(mc_sign_verify(csv->version->signature.data, csv->version->public_key.data,
                               mc_key_text(csv->version->statement)));
    assert_non_null(
        memmem(csv->content.data, csv->content.len, "31103,\"Xã Tân Bình\",7090103", 26));
    csv = export(h, 0, DOSSIER__MAP_FORMAT__MAP_CSV);
    assert_int_equal(csv->version->version, 2);
    assert_null(memmem(csv->content.data, csv->content.len, "31103", 5));
    Dossier__ExportMapReply *xlsx = export(h, 2, DOSSIER__MAP_FORMAT__MAP_XLSX);
    assert_memory_equal(xlsx->content.data, "PK", 2);

    /* What a code is there depends on the day. */
    assert_string_equal(resolve(h, "LAND_AREA", "31103", "2026-09-30", "TAX_AREA")->to_code,
                        "7090103");
    assert_string_equal(resolve(h, "LAND_AREA", "31103", "2026-10-01", "TAX_AREA")->to_code, "");
    assert_string_equal(resolve(h, "LAND_AREA", "31204", "2026-10-01", "TAX_AREA")->to_code,
                        "7090204");
    assert_int_equal(resolve(h, "LAND_AREA", "31204", "2026-08-01", "TAX_AREA")->map_version, 0);
    assert_int_equal(harness_events(h, "dossier.map_signed"), 2);
}

static void test_imports_as_previewed(void **state)
{
    struct harness *h = *state;
    static const struct {
        const char *list;
        const char *csv;
        const char *field;
        const char *code;
    } wrong[] = {
        {"COUNTRY", "code,name\n1,x\n", "list", "LIST_UNKNOWN"},
        {"TAX_AREA", "code\n1\n", "csv", "IMPORT_COLUMN"},
        {"TAX_AREA", "code,name\nmã một,x\n", "rows[1].code", "CODE_FORMAT"},
        {"TAX_AREA", "code,name\n1,\n", "rows[1].name", "FIELD_REQUIRED"},
        {"TAX_AREA", "code,name,parent\n1,x,9\n", "rows[1].parent", "CODE_PARENT_UNKNOWN"},
        {"TAX_AREA", "code,name,valid_from\n1,x,1/7/2025\n", "rows[1].valid_from", "DATE_INVALID"},
        {"TAX_AREA", "code,name,valid_from,valid_until\n1,x,2025-07-01,2025-06-30\n",
         "rows[1].valid_until", "DATE_INVALID"},
        {"AGENCY_QCVN102", "code,name\nh31,x\n", "rows[1].code", "CODE_FORMAT"},
    };

    for (size_t i = 0; i < MC_LEN(wrong); i++) {
        (void)codes(h, "PreviewCodes", wrong[i].list, wrong[i].csv, "", MC_INVALID);
        assert_true(harness_violated(h, wrong[i].field, wrong[i].code));
    }
    Dossier__ImportCodesReply *seen = codes(h, "PreviewCodes", "TAX_AREA", tax, "", MC_OK);
    assert_int_equal(seen->added, 10);
    (void)codes(h, "ImportCodes", "TAX_AREA", tax, "00", MC_CONFLICT);
    (void)codes(h, "ImportCodes", "TAX_AREA", tax, seen->hash, MC_OK);
    assert_int_equal(codes(h, "PreviewCodes", "TAX_AREA", tax, "", MC_OK)->same, 10);
    /* the same rows, but the list is another now: what was previewed is not what would be done */
    (void)codes(h, "ImportCodes", "TAX_AREA", tax, seen->hash, MC_CONFLICT);
    /* a code that ends and becomes two: both are told, none is chosen */
    import(h, "TAX_AREA",
           "code,name,parent,valid_until,successors\n"
           "7090103,Xã Tân Bình,70901,2026-08-31,7090102|7090204\n");
    Dossier__ResolveCodeReply *split = resolve(h, "TAX_AREA", "7090103", "", "");
    assert_false(split->valid);
    assert_int_equal(split->n_successors, 2);
    /* MAP-07: agency identifiers of both styles, with their tree */
    import(h, "AGENCY_QCVN102",
           "code,name\n000.00.00.H35,UBND tỉnh Lai Châu\n000.00.43.H35,UBND huyện Tam Đường\n"
           "000.15.43.H35,UBND xã Nùng Nàng\n");
    assert_string_equal(resolve(h, "AGENCY_QCVN102", "000.15.43.H35", "", "")->code->parent,
                        "000.00.43.H35");
    import(h, "AGENCY_QD20", "code,name\nH35,UBND tỉnh Lai Châu\nH35.15,UBND xã Nùng Nàng\n");
    assert_string_equal(resolve(h, "AGENCY_QD20", "H35.15", "", "")->code->province, "H35");
}

/* Where procedures are filed is a matter of the list of agencies, not of the release. */
static void test_agencies_take_procedures(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;

    harness_tick(h);
    req.unit = mc_unconst("xã Mới");
    Dossier__SearchProceduresReply *found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 0);
    import(h, "AGENCY_QD20",
           "code,name,levels\nH53,UBND tỉnh Tây Ninh,tỉnh\nH53.77,UBND xã Mới,xã\n");
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_true(found->total > 30);
    import(h, "AGENCY_QCVN102",
           "code,name,levels,valid_until\n" BEN_CAU ",Thị trấn Bến Cầu,xã,2026-09-01\n");
    req.unit = mc_unconst(BEN_CAU);
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 0); /* it has ended */
    req.unit = mc_unconst("H53.77");
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_string_equal(found->procedures[0]->units[0]->name, "UBND xã Mới");
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *kind;
        const char *key;
    } cases[] = {
        {"Phường Ba Đình", "phuong", "ba dinh"},
        {"Phường 01", "phuong", "1"},
        {"P. 1", "phuong", "1"},
        {"TP. Cao Lãnh", "thanh pho", "cao lanh"},
        {"Thị trấn Bến Cầu", "thi tran", "ben cau"},
        {"Xã Ia Đơk", "xa", "ia dok"},
        {"Hoà Hội", "", "hoa hoi"},
        {"Xã Ea H'leo", "xa", "ea h leo"},
        {"XÃ  LONG-THUẬN", "xa", "long thuan"},
    };
    char kind[16];
    char key[DOSSIER_AREA_KEY];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        dossier_area_name(cases[i].name, kind, key);
        assert_string_equal(kind, cases[i].kind);
        assert_string_equal(key, cases[i].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(test_the_statistics_office_list),
        TEST(test_pages_of_a_province),
        TEST(test_proposals_and_review),
        TEST(test_signed_versions),
        TEST(test_imports_as_previewed),
        TEST(test_agencies_take_procedures),
        TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
