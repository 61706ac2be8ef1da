/* indicators: the numbers of QĐ 766, as a table, as a file, and against the journal. */
#include <stdlib.h>
#include <string.h>

#include "dossier.pb-c.h"

#include "ctl.h"

static double hundredths(int64_t value)
{
    return (double)value / 100;
}

int ctl_indicators_show(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ShowIndicatorsRequest request = DOSSIER__SHOW_INDICATORS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 1 || argc > 3)
        return CTL_USAGE;
    request.unit = argv[0];
    request.from = argc > 1 ? argv[1] : request.from;
    request.to = argc > 2 ? argv[2] : request.to;
    const Dossier__ShowIndicatorsReply *reply = ctl_call(
        ctl, "dossier", &dossier__dossier__descriptor, "ShowIndicators", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%-36s  %10s  %10s  %7s  %6s  %s\n", "INDICATOR", "OF THESE", "ALL", "PERCENT", "POINTS",
           "MAX");
    for (size_t i = 0; i < reply->n_indicators; i++) {
        const Dossier__Indicator *row = reply->indicators[i];

        if (!row->measured) {
            printf("%-36s  %10s  %10s  %7s  %6s  %u\n", row->code, "-", "-", "-", "-",
                   row->max_points);
            continue;
        }
        printf("%-36s  %10lld  %10lld  %7.2f  %6.2f  %u%s\n", row->code,
               (long long)row->score->numerator, (long long)row->score->denominator,
               hundredths(row->score->percent_hundredths),
               hundredths(row->score->points_hundredths), row->max_points,
               row->score->below_target ? "  below target" : "");
    }
    return CTL_OK;
}

static int write_file(const char *path, ProtobufCBinaryData content)
{
    FILE *file = fopen(path, "wxe");

    if (file == NULL || fwrite(content.data, 1, content.len, file) != content.len ||
        fclose(file) != 0) {
        (void)fprintf(stderr, "motcuactl: %s cannot be written, or is there already\n", path);
        return CTL_DATA;
    }
    return CTL_OK;
}

int ctl_indicators_export(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ExportIndicatorsRequest request = DOSSIER__EXPORT_INDICATORS_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 3)
        return CTL_USAGE;
    size_t len = strlen(argv[2]);
    request.unit = argv[0];
    request.from = argv[1];
    request.csv = len > 4 && strcmp(argv[2] + len - 4, ".csv") == 0;
    const Dossier__ExportIndicatorsReply *reply = ctl_call(
        ctl, "dossier", &dossier__dossier__descriptor, "ExportIndicators", &request.base, &code);
    return reply != NULL ? write_file(argv[2], reply->content) : code;
}

enum { SUMS_MAX = 20000 };

struct sums {
    const Dossier__UnitSum **rows; /* first seen of a unit and month: the others are added to it */
    size_t len;
};

static const Dossier__UnitSum *find(const struct sums *sums, const Dossier__UnitSum *like)
{
    for (size_t i = 0; i < sums->len; i++)
        if (sums->rows[i]->month_number == like->month_number &&
            strcmp(sums->rows[i]->unit, like->unit) == 0)
            return sums->rows[i];
    return NULL;
}

static bool add(struct sums *sums, const Dossier__UnitSum *more)
{
    const Dossier__UnitSum *row = find(sums, more);

    if (row == NULL && sums->len == SUMS_MAX)
        return false;
    if (row == NULL) {
        sums->rows[sums->len++] = more;
        return true;
    }
    for (size_t i = 0; i < row->n_counts && i < more->n_counts; i++)
        row->counts[i] += more->counts[i];
    return true;
}

static bool same(const Dossier__UnitSum *kept, const Dossier__UnitSum *folded)
{
    for (size_t i = 0; i < kept->n_counts; i++)
        if (kept->counts[i] != (folded != NULL && i < folded->n_counts ? folded->counts[i] : 0))
            return false;
    return true;
}

int ctl_indicators_check(struct ctl *ctl, int argc, char **argv)
{
    Dossier__CheckIndicatorsRequest request = DOSSIER__CHECK_INDICATORS_REQUEST__INIT;
    const Dossier__CheckIndicatorsReply *reply = NULL;
    struct sums sums = {.rows = mc_alloc(&ctl->arena, SUMS_MAX * sizeof(void *))};
    size_t wrong = 0;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    do {
        reply = ctl_call(ctl, "dossier", &dossier__dossier__descriptor, "CheckIndicators",
                         &request.base, &code);
        if (reply == NULL || sums.rows == NULL)
            return reply == NULL ? code : CTL_SOFTWARE;
        for (size_t i = 0; i < reply->n_sums; i++)
            if (!add(&sums, reply->sums[i]))
                return CTL_SOFTWARE;
        request.after = reply->next_after;
    } while (!reply->done);
    for (size_t i = 0; i < reply->n_kept; i++) {
        if (same(reply->kept[i], find(&sums, reply->kept[i])))
            continue;
        wrong++;
        printf("%s %04u-%02u: the sums are not those of the journal\n", reply->kept[i]->unit,
               reply->kept[i]->month_number / 12, reply->kept[i]->month_number % 12 + 1);
    }
    printf("%zu sums, %zu differ, %llu events\n", reply->n_kept, wrong,
           (unsigned long long)reply->next_after);
    return wrong == 0 ? CTL_OK : CTL_CRITICAL;
}
