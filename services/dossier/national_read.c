/*
 * What LayThuTuc says of a procedure. MATTHC, TENTTHC, LINHVUCTHUCHIEN, CACHTHUCTHUCHIEN, KENH,
 * THOIGIAN, PHILEPHI, MAPHILEPHI, SOTIEN and MOTA are known from members' programs; the names of
 * the others are proposed (README.md) and may be absent: what is absent stays as it is.
 */
#include <string.h>

#include "common/text.h"

#include "upkeep.h"

enum { ROWS_MAX = 200, DIGITS_MAX = 15 };

bool dossier_national_is_good(const struct mc_json *json)
{
    const char *text = mc_json_text(json, "error_code");
    int64_t number = -1;

    if (text != NULL)
        return strcmp(text, "0") == 0 || strcmp(text, "00") == 0;
    return mc_json_number(json, "error_code", &number) && number == 0;
}

/* A text or a number as a clean line; NULL: absent, or no text. */
static char *line_of(struct mc_arena *arena, const struct mc_json *json, const char *path)
{
    const char *text = mc_json_text(json, path);
    int64_t number = 0;

    if (text == NULL && mc_json_number(json, path, &number))
        return mc_sprintf(arena, "%lld", (long long)number);
    if (text == NULL || strlen(text) > MC_STRING_MAX)
        return NULL;
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *out = mc_alloc(arena, size);
    return out != NULL && mc_text_clean(out, size, text) == MC_OK ? out : NULL;
}

static void take_text(struct mc_arena *arena, const struct mc_json *json, const char *path,
                      char **text)
{
    char *line = line_of(arena, json, path);

    if (line != NULL && line[0] != '\0')
        *text = line;
}

/* "8.000", "8000 đồng", "Không": dots part thousands. False: no amount. */
static bool amount_of(const char *text, int64_t *ret_amount)
{
    char key[DOSSIER_KEY_SIZE];
    size_t digits = 0;

    *ret_amount = 0;
    if (text == NULL)
        return false;
    if (mc_text_fold(key, sizeof key, text) == MC_OK && strcmp(key, "khong") == 0)
        return true;
    for (; *text != '\0' && digits <= DIGITS_MAX; text++) {
        if (*text >= '0' && *text <= '9') {
            *ret_amount = *ret_amount * 10 + (*text - '0');
            digits++;
        } else if (*text != '.' && *text != ',')
            break;
    }
    return digits > 0 && digits <= DIGITS_MAX;
}

static Dossier__WayIn way_of(const char *channel)
{
    if (channel == NULL)
        return DOSSIER__WAY_IN__WAY_ANY;
    return strcmp(channel, "1") == 0   ? DOSSIER__WAY_IN__WAY_DESK
           : strcmp(channel, "2") == 0 ? DOSSIER__WAY_IN__WAY_ONLINE
           : strcmp(channel, "3") == 0 ? DOSSIER__WAY_IN__WAY_POST
                                       : DOSSIER__WAY_IN__WAY_ANY;
}

/* How a time limit is counted, by the words; NULL: not known. */
static const char *unit_of(const char *text)
{
    char key[DOSSIER_KEY_SIZE];

    if (text == NULL || mc_text_fold(key, sizeof key, text) != MC_OK)
        return NULL;
    if (strstr(key, "trong ngay") != NULL)
        return "same_day_15h";
    if (strstr(key, "ngay lam viec") != NULL)
        return "working_day";
    if (strstr(key, "gio") != NULL)
        return "working_hour";
    return strstr(key, "ngay") != NULL ? "calendar_day" : NULL;
}

/* What is read of the ways to file: limits, and what is paid. */
struct ways {
    struct mc_arena *arena;
    Dossier__TimeLimit **limits;
    size_t limits_len;
    Dossier__ProcedureFee **fees;
    size_t fees_len;
    const char *why;
};

static void take_fee(struct ways *ways, const struct mc_json *json, Dossier__WayIn way)
{
    Dossier__ProcedureFee *fee = mc_alloc(ways->arena, sizeof *fee);
    const char *kind = line_of(ways->arena, json, "MAPHILEPHI");
    char *note = line_of(ways->arena, json, "MOTA");

    if (fee == NULL || ways->fees_len == ROWS_MAX)
        return;
    dossier__procedure_fee__init(fee);
    if (!amount_of(line_of(ways->arena, json, "SOTIEN"), &fee->amount)) {
        ways->why = "FEE_INVALID";
        return;
    }
    fee->kind = kind != NULL && kind[0] == '2' ? DOSSIER__FEE_KIND__KIND_CHARGE
                                               : DOSSIER__FEE_KIND__KIND_FEE;
    fee->way = way;
    fee->before = true;
    fee->name = mc_unconst(fee->kind == DOSSIER__FEE_KIND__KIND_CHARGE ? "Lệ phí" : "Phí");
    fee->note = note != NULL ? note : mc_unconst("");
    ways->fees[ways->fees_len++] = fee;
}

static void take_time(struct ways *ways, const struct mc_json *json, Dossier__WayIn way)
{
    Dossier__TimeLimit *limit = mc_alloc(ways->arena, sizeof *limit);
    const char *unit = unit_of(line_of(ways->arena, json, "DONVITINH"));
    int64_t value = 0;

    if (limit == NULL || ways->limits_len == ROWS_MAX)
        return;
    bool told = amount_of(line_of(ways->arena, json, "THOIGIANGIAIQUYET"), &value);
    if (unit != NULL && (told || strcmp(unit, "same_day_15h") == 0) && value <= MC_TIME_LIMIT_MAX) {
        dossier__time_limit__init(limit);
        limit->way = way;
        limit->unit = mc_unconst(unit);
        limit->value = strcmp(unit, "same_day_15h") == 0 ? 0 : (uint32_t)value;
        ways->limits[ways->limits_len++] = limit;
    } else if (unit != NULL || told)
        ways->why = "LIMIT_INVALID";
    for (size_t i = 0; i < mc_json_count(json, "PHILEPHI"); i++)
        take_fee(ways, mc_json_item(json, "PHILEPHI", i), way);
}

/* Limits and fees are replaced; a unit's own fees are the province's and stay. */
static const char *take_ways(struct mc_arena *arena, const struct mc_json *json,
                             Dossier__ProcedureDetail *detail)
{
    struct ways ways = {
        .arena = arena,
        .limits = mc_alloc(arena, ROWS_MAX * sizeof(void *)),
        .fees = mc_alloc(arena, (ROWS_MAX + detail->n_fees) * sizeof(void *)),
    };

    if (ways.limits == NULL || ways.fees == NULL)
        return "FIELD_TOO_LONG";
    for (size_t i = 0; i < mc_json_count(json, "CACHTHUCTHUCHIEN"); i++) {
        const struct mc_json *one = mc_json_item(json, "CACHTHUCTHUCHIEN", i);
        Dossier__WayIn way = way_of(line_of(arena, one, "KENH"));

        for (size_t k = 0; k < mc_json_count(one, "THOIGIAN"); k++)
            take_time(&ways, mc_json_item(one, "THOIGIAN", k), way);
    }
    for (size_t i = 0; i < detail->n_fees; i++)
        if (detail->fees[i]->unit[0] != '\0')
            ways.fees[ways.fees_len++] = detail->fees[i];
    if (ways.limits_len > 0) {
        detail->limits = ways.limits;
        detail->n_limits = ways.limits_len;
        detail->fees = ways.fees;
        detail->n_fees = ways.fees_len;
    }
    return ways.why;
}

static uint32_t copies_of(struct mc_arena *arena, const struct mc_json *json, const char *path)
{
    int64_t number = 0;

    return amount_of(line_of(arena, json, path), &number) ? (uint32_t)MC_MIN(number, 1000) : 0;
}

static void take_components(struct mc_arena *arena, const struct mc_json *json,
                            Dossier__ProcedureDetail *detail)
{
    size_t len = MC_MIN(mc_json_count(json, "THANHPHANHOSO"), (size_t)ROWS_MAX);
    Dossier__Component **list = mc_alloc(arena, (len + 1) * sizeof(void *));
    size_t n = 0;

    for (size_t i = 0; list != NULL && i < len; i++) {
        const struct mc_json *one = mc_json_item(json, "THANHPHANHOSO", i);
        Dossier__Component *component = mc_alloc(arena, sizeof *component);
        char *name = line_of(arena, one, "TENGIAYTO");

        if (component == NULL || name == NULL)
            continue;
        dossier__component__init(component);
        component->name = name;
        component->originals = copies_of(arena, one, "SOBANCHINH");
        component->copies = copies_of(arena, one, "SOBANSAO");
        take_text(arena, one, "MAUDON", &component->form);
        list[n++] = component;
    }
    if (n > 0) {
        detail->components = list;
        detail->n_components = n;
    }
}

static void take_subjects(struct mc_arena *arena, const struct mc_json *json,
                          Dossier__ProcedureDetail *detail)
{
    size_t len = MC_MIN(mc_json_count(json, "DOITUONGTHUCHIEN"), (size_t)ROWS_MAX);
    Dossier__SubjectKind *list = mc_alloc(arena, (len + 1) * sizeof list[0]);
    char key[DOSSIER_KEY_SIZE];
    size_t n = 0;

    for (size_t i = 0; list != NULL && i < len; i++) {
        const struct mc_json *one = mc_json_item(json, "DOITUONGTHUCHIEN", i);
        const char *name = line_of(arena, one, "TENDOITUONG");

        if (name == NULL || mc_text_fold(key, sizeof key, name) != MC_OK)
            continue;
        list[n++] = strstr(key, "cong dan") != NULL || strstr(key, "ca nhan") != NULL
                        ? DOSSIER__SUBJECT_KIND__SUBJECT_CITIZEN
                    : strstr(key, "doanh nghiep") != NULL
                        ? DOSSIER__SUBJECT_KIND__SUBJECT_ENTERPRISE
                    : strstr(key, "co quan") != NULL ? DOSSIER__SUBJECT_KIND__SUBJECT_STATE_AGENCY
                                                     : DOSSIER__SUBJECT_KIND__SUBJECT_OTHER;
    }
    if (n > 0) {
        detail->subjects = list;
        detail->n_subjects = n;
    }
}

/* Trình tự thực hiện: a paragraph a line. */
static void take_guide(struct mc_arena *arena, const struct mc_json *json,
                       Dossier__ProcedureDetail *detail)
{
    const char *text = mc_json_text(json, "TRINHTUTHUCHIEN");
    char **list = mc_alloc(arena, ROWS_MAX * sizeof(void *));
    size_t n = 0;

    while (list != NULL && text != NULL && *text != '\0' && n < ROWS_MAX) {
        size_t len = strcspn(text, "\n");
        size_t size = MC_TEXT_SIZE(len);
        char *raw = mc_sprintf(arena, "%.*s", (int)len, text);
        char *line = mc_alloc(arena, size);

        if (raw != NULL && line != NULL && mc_text_clean(line, size, raw) == MC_OK &&
            line[0] != '\0' && strlen(line) <= MC_STRING_MAX)
            list[n++] = line;
        text += len + (text[len] == '\n');
    }
    if (n > 0) {
        detail->user_guide = list;
        detail->n_user_guide = n;
    }
}

/* «Cấp xã» is "xã"; what is no level we know stays as it is written. */
static void take_level(struct mc_arena *arena, const struct mc_json *json,
                       Dossier__ProcedureDetail *detail)
{
    static const char prefix[] = "Cấp ";
    char *level = line_of(arena, json, "CAPTHUCHIEN");

    if (level == NULL || level[0] == '\0')
        return;
    if (strncmp(level, prefix, sizeof prefix - 1) == 0)
        level += sizeof prefix - 1;
    detail->level = level;
}

static void take_service_level(struct mc_arena *arena, const struct mc_json *json,
                               Dossier__ProcedureDetail *detail)
{
    const char *text = line_of(arena, json, "MUCDO");
    char key[DOSSIER_KEY_SIZE];

    if (text != NULL && mc_text_fold(key, sizeof key, text) == MC_OK) {
        if (key[0] >= '1' && key[0] <= '4' && key[1] == '\0') {
            detail->old_level = (uint32_t)(key[0] - '0');
            detail->service_level = mc_unconst(dossier_level_of_old(detail->old_level));
        } else if (strstr(key, "toan trinh") != NULL)
            detail->service_level = mc_unconst("FULL");
        else if (strstr(key, "mot phan") != NULL)
            detail->service_level = mc_unconst("PARTIAL");
    }
    if (detail->service_level[0] == '\0')
        detail->service_level = mc_unconst("INFORMATION");
}

const char *dossier_national_read(struct mc_arena *arena, const struct mc_json *json,
                                  Dossier__ProcedureDetail *detail)
{
    const struct mc_json *one = mc_json_item(json, "result", 0);
    char code[MC_PROCEDURE_CODE_SIZE];
    const char *told = one != NULL ? mc_json_text(one, "MATTHC") : NULL;

    if (told == NULL || mc_procedure_parse(told, code, sizeof code) != MC_WHY_OK ||
        strcmp(code, detail->code) != 0)
        return "PROCEDURE_UNKNOWN";
    take_text(arena, one, "TENTTHC", &detail->name);
    take_text(arena, one, "LINHVUCTHUCHIEN.0.TENLINHVUC", &detail->sector);
    take_text(arena, one, "SOQUYETDINH", &detail->decision);
    take_text(arena, one, "CANCUPHAPLY", &detail->legal_basis);
    take_level(arena, one, detail);
    take_service_level(arena, one, detail);
    take_subjects(arena, one, detail);
    take_components(arena, one, detail);
    take_guide(arena, one, detail);
    return take_ways(arena, one, detail);
}
