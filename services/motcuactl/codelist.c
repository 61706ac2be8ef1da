/*
 * Code lists and maps:
 *
 *     codes import LIST FILE REASON [yes]    shows the differences; with "yes" applies them
 *     map propose FROM TO PROVINCE, map list FROM TO [STATE], map decide FROM TO CODE TO_CODE|-
 *     VERSION REASON, map sign FROM TO DAY REASON, map export FROM TO [VERSION] (CSV on stdout)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dossier.pb-c.h"

#include "ctl.h"

static const ProtobufCServiceDescriptor *const dossier = &dossier__dossier__descriptor;

static void show_differences(const Dossier__ImportCodesReply *seen)
{
    for (size_t i = 0; i < seen->n_differences; i++)
        printf("%s %s «%s» → «%s»\n", seen->differences[i]->kind, seen->differences[i]->code,
               seen->differences[i]->fields[0]->old, seen->differences[i]->fields[0]->new_);
}

int ctl_codes_import(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ImportCodesReply total = DOSSIER__IMPORT_CODES_REPLY__INIT;
    int code = CTL_OK;

    if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "yes") != 0))
        return CTL_USAGE;
    struct mc_bytes text = ctl_file_read(ctl, argv[1]);
    if (text.len == 0)
        return CTL_DATA;
    for (struct ctl_part part = ctl_part_first(ctl, text); part.text.len > 0;
         part = ctl_part_next(ctl, &part)) {
        Dossier__ImportCodesRequest request = DOSSIER__IMPORT_CODES_REQUEST__INIT;

        request.list = argv[0];
        request.csv = (ProtobufCBinaryData){part.text.len, mc_unconst(part.text.data)};
        request.reason = argv[2];
        const Dossier__ImportCodesReply *seen =
            ctl_call(ctl, "dossier", dossier, "PreviewCodes", &request.base, &code);
        if (seen == NULL)
            return code;
        show_differences(seen);
        request.hash = seen->hash;
        if (argc == 4 &&
            ctl_call(ctl, "dossier", dossier, "ImportCodes", &request.base, &code) == NULL)
            return code;
        total.added += seen->added;
        total.changed += seen->changed;
        total.same += seen->same;
    }
    printf("%u added, %u changed, %u the same%s\n", total.added, total.changed, total.same,
           argc == 4 ? "" : " (not applied: say yes)");
    return CTL_OK;
}

int ctl_map_propose(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ProposeMapRequest request = DOSSIER__PROPOSE_MAP_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 3 || argc > 4)
        return CTL_USAGE;
    request.from_list = argv[0];
    request.to_list = argv[1];
    request.province = argv[2];
    if (argc == 4)
        request.to_province = argv[3];
    const Dossier__MapCounts *counts =
        ctl_call(ctl, "dossier", dossier, "ProposeMap", &request.base, &code);
    if (counts != NULL)
        printf("%u proposed, %u for review, %u unmatched, %u confirmed, %u rejected\n",
               counts->proposed, counts->review, counts->unmatched, counts->confirmed,
               counts->rejected);
    return code;
}

static void show_mapping(const Dossier__Mapping *one)
{
    const ProtobufCEnumValue *state =
        protobuf_c_enum_descriptor_get_value(&dossier__map_state__descriptor, (int)one->state);

    printf("%s  %s «%s» → %s «%s»  %s  v%llu\n", state != NULL ? state->name : "?", one->from_code,
           one->from_name, one->to_code[0] != '\0' ? one->to_code : "-", one->to_name, one->rule,
           (unsigned long long)one->version);
    if (one->state == DOSSIER__MAP_STATE__MAP_REVIEW)
        for (size_t i = 0; i < one->n_candidates; i++)
            printf("    %s «%s»\n", one->candidates[i]->code, one->candidates[i]->name);
}

int ctl_map_list(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListMapRequest request = DOSSIER__LIST_MAP_REQUEST__INIT;
    const Dossier__ListMapReply *page = NULL;
    char name[32] = "";
    int code = CTL_OK;

    if (argc < 2 || argc > 3)
        return CTL_USAGE;
    (void)snprintf(name, sizeof name, "MAP_%s", argc == 3 ? argv[2] : "ANY");
    const ProtobufCEnumValue *state =
        protobuf_c_enum_descriptor_get_value_by_name(&dossier__map_state__descriptor, name);
    if (state == NULL)
        return CTL_USAGE;
    request.from_list = argv[0];
    request.to_list = argv[1];
    request.state = (Dossier__MapState)state->value;
    request.page_size = 100;
    do {
        page = ctl_call(ctl, "dossier", dossier, "ListMap", &request.base, &code);
        for (size_t i = 0; page != NULL && i < page->n_mappings; i++)
            show_mapping(page->mappings[i]);
        request.page_token = page != NULL ? page->next_page_token : mc_unconst("");
    } while (request.page_token[0] != '\0');
    return code;
}

int ctl_map_decide(struct ctl *ctl, int argc, char **argv)
{
    Dossier__DecideMapRequest request = DOSSIER__DECIDE_MAP_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 6)
        return CTL_USAGE;
    request.from_list = argv[0];
    request.to_list = argv[1];
    request.from_code = argv[2];
    request.to_code = strcmp(argv[3], "-") == 0 ? mc_unconst("") : argv[3];
    request.version = strtoull(argv[4], NULL, 10);
    request.reason = argv[5];
    const Dossier__Mapping *one =
        ctl_call(ctl, "dossier", dossier, "DecideMap", &request.base, &code);
    if (one != NULL)
        show_mapping(one);
    return code;
}

int ctl_map_sign(struct ctl *ctl, int argc, char **argv)
{
    Dossier__SignMapRequest request = DOSSIER__SIGN_MAP_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 4)
        return CTL_USAGE;
    request.from_list = argv[0];
    request.to_list = argv[1];
    request.effective_from = argv[2];
    request.reason = argv[3];
    const Dossier__MapVersion *made =
        ctl_call(ctl, "dossier", dossier, "SignMap", &request.base, &code);
    if (made != NULL)
        printf("version %u: %u rows, %u still open\n%s", made->version, made->rows, made->open,
               made->statement);
    return code;
}

int ctl_map_export(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ExportMapRequest request = DOSSIER__EXPORT_MAP_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 2 || argc > 3)
        return CTL_USAGE;
    request.from_list = argv[0];
    request.to_list = argv[1];
    if (argc == 3)
        request.version = (uint32_t)strtoul(argv[2], NULL, 10);
    const Dossier__ExportMapReply *map =
        ctl_call(ctl, "dossier", dossier, "ExportMap", &request.base, &code);
    if (map != NULL)
        (void)fwrite(map->content.data, 1, map->content.len, stdout);
    return code;
}
