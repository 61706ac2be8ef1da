/* rounds: rounds of reports, and who is behind (RPT-07, RPT-11). */
#include <string.h>

#include "common/date.h"

#include "dossier.pb-c.h"

#include "ctl.h"

enum { PAGE = 100, TIME_SIZE = 48 };

static const char *time_text(char out[TIME_SIZE], int64_t at_ms)
{
    struct mc_local at = mc_local_from_ms(at_ms);

    (void)snprintf(out, TIME_SIZE, "%04d-%02d-%02d %02d:%02d", at.date.year, at.date.month,
                   at.date.day, at.hour, at.minute);
    return at_ms != 0 ? out : "-";
}

int ctl_rounds_list(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListRoundsRequest request = DOSSIER__LIST_ROUNDS_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    request.open = true;
    request.page_size = PAGE;
    const Dossier__ListRoundsReply *reply =
        ctl_call(ctl, "dossier", &dossier__dossier__descriptor, "ListRounds", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%-32s  %-14s  %-16s  %9s  %s\n", "ROUND", "UNIT", "BEFORE", "CONFIRMED", "NAME");
    for (size_t i = 0; i < reply->n_rounds; i++) {
        const Dossier__Round *row = reply->rounds[i];
        char id[2 * MC_ID_LEN + 1] = "";
        char by[TIME_SIZE];

        if (row->round_id.len == MC_ID_LEN)
            (void)mc_hex(id, (struct mc_bytes){row->round_id.data, row->round_id.len});
        printf("%-32s  %-14s  %-16s  %4u/%-4u  %s\n", id, row->unit,
               time_text(by, row->units_by_ms), row->confirmed, row->units, row->name);
    }
    if (reply->next_page_token[0] != '\0')
        (void)fprintf(stderr, "the newest are shown, there are more\n");
    return CTL_OK;
}

static void print_unit(const Dossier__RoundUnit *unit)
{
    char at[TIME_SIZE];

    for (size_t i = 0; i < unit->n_scores; i++) {
        const Dossier__RoundScore *score = unit->scores[i];

        printf("%-14s  %-32s  %8lld  %8lld  %7.2f  %-3s  %8lld  %-16s  %s\n", unit->unit,
               score->code, (long long)score->numerator, (long long)score->denominator,
               (double)score->percent_hundredths / 100, score->met ? "yes" : "no",
               (long long)score->missing, time_text(at, unit->confirmed_at_ms),
               unit->overdue || unit->late ? "late" : "");
    }
}

int ctl_rounds_show(struct ctl *ctl, int argc, char **argv)
{
    Dossier__GetRoundRequest request = DOSSIER__GET_ROUND_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc < 1 || argc > 2 ||
        !mc_unhex(id, sizeof id, (struct mc_bytes){argv[0], strlen(argv[0])}) ||
        (argc == 2 && strcmp(argv[1], "behind") != 0))
        return CTL_USAGE;
    request.round_id = (ProtobufCBinaryData){sizeof id, id};
    request.behind = argc == 2;
    request.page_size = PAGE;
    if (ctl->output != CTL_JSON)
        printf("%-14s  %-32s  %8s  %8s  %7s  %-3s  %8s  %-16s\n", "UNIT", "INDICATOR", "OF THESE",
               "ALL", "PERCENT", "MET", "MISSING", "CONFIRMED");
    do {
        const Dossier__GetRoundReply *reply = ctl_call(
            ctl, "dossier", &dossier__dossier__descriptor, "GetRound", &request.base, &code);

        if (reply == NULL)
            return code;
        if (ctl->output == CTL_JSON && (code = ctl_print_json(ctl, &reply->base)) != CTL_OK)
            return code;
        for (size_t i = 0; i < reply->n_units && ctl->output != CTL_JSON; i++)
            print_unit(reply->units[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return CTL_OK;
}
