/*
 * Procedures and code lists: imports that are shown before they are applied.
 *
 *     procedure import FILE REASON [complete]    collects and shows; prints the id and the hash
 *     procedure fetch REASON [complete]          the same from the national database
 *     procedure apply ID HASH REASON
 *
 * A CSV of any length goes in parts of whole lines, each with the head line (parts.c).
 */
#include <stdio.h>
#include <string.h>

#include "dossier.pb-c.h"

#include "ctl.h"

static const ProtobufCServiceDescriptor *const dossier = &dossier__dossier__descriptor;

static int show_import(struct ctl *ctl, const Dossier__Import *import)
{
    char id[2 * MC_ID_LEN + 1] = "";
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &dossier__import_state__descriptor, (int)import->state);

    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &import->base);
    if (import->import_id.len == MC_ID_LEN)
        (void)mc_hex(id, (struct mc_bytes){import->import_id.data, import->import_id.len});
    printf("%s  %s  %u added, %u changed, %u ended, %u the same, %u waiting, %u applied  %s%s%s\n",
           id, state != NULL ? state->name : "?", import->added, import->changed, import->ended,
           import->same, import->waiting, import->applied, import->reason,
           import->error[0] != '\0' ? "  " : "", import->error);
    for (size_t i = 0; i < import->n_faults; i++)
        printf("    not taken: %s\n", import->faults[i]);
    return CTL_OK;
}

static bool read_id(struct ctl *ctl, const char *text, ProtobufCBinaryData *ret_id)
{
    uint8_t *id = mc_alloc(&ctl->arena, MC_ID_LEN);

    if (id == NULL || !mc_unhex(id, MC_ID_LEN, (struct mc_bytes){text, strlen(text)})) {
        fprintf(stderr, "%s: no id of an import\n", text);
        return false;
    }
    *ret_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    return true;
}

static void show_differences(const Dossier__PreviewImportReply *page)
{
    for (size_t i = 0; i < page->n_differences; i++) {
        const Dossier__Difference *one = page->differences[i];

        printf("%s %s %s\n", one->kind, one->code, one->name);
        for (size_t k = 0; k < one->n_fields; k++)
            printf("    %s: «%s» → «%s»\n", one->fields[k]->field, one->fields[k]->old,
                   one->fields[k]->new_);
    }
}

static int preview(struct ctl *ctl, ProtobufCBinaryData id)
{
    Dossier__PreviewImportRequest request = DOSSIER__PREVIEW_IMPORT_REQUEST__INIT;
    const Dossier__PreviewImportReply *page = NULL;
    int code = CTL_OK;

    request.import_id = id;
    request.page_size = 50;
    do {
        page = ctl_call(ctl, "dossier", dossier, "PreviewImport", &request.base, &code);
        if (page == NULL)
            return code;
        if (ctl->output == CTL_JSON)
            return ctl_print_json(ctl, &page->base);
        show_differences(page);
        request.page_token = page->next_page_token;
    } while (page->next_page_token[0] != '\0');
    code = show_import(ctl, page->import);
    printf("hash %s\n", page->hash);
    return code;
}

static const Dossier__Import *start(struct ctl *ctl, Dossier__ImportSource source,
                                    const char *reason, bool complete, int *ret_code)
{
    Dossier__StartImportRequest request = DOSSIER__START_IMPORT_REQUEST__INIT;

    request.source = source;
    request.reason = mc_unconst(reason);
    request.complete = complete;
    return ctl_call(ctl, "dossier", dossier, "StartImport", &request.base, ret_code);
}

int ctl_procedure_import(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "complete") != 0))
        return CTL_USAGE;
    struct mc_bytes text = ctl_file_read(ctl, argv[0]);
    if (text.len == 0)
        return CTL_DATA;
    const Dossier__Import *import =
        start(ctl, DOSSIER__IMPORT_SOURCE__FROM_CSV, argv[1], argc == 3, &code);
    struct ctl_part part = ctl_part_first(ctl, text);
    while (import != NULL && part.text.len > 0) {
        Dossier__AddImportRowsRequest request = DOSSIER__ADD_IMPORT_ROWS_REQUEST__INIT;

        request.import_id = import->import_id;
        request.csv = (ProtobufCBinaryData){part.text.len, mc_unconst(part.text.data)};
        part = ctl_part_next(ctl, &part);
        request.last = part.text.len == 0;
        import = ctl_call(ctl, "dossier", dossier, "AddImportRows", &request.base, &code);
    }
    return import != NULL ? preview(ctl, import->import_id) : code;
}

int ctl_procedure_fetch(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    if (argc < 1 || argc > 2 || (argc == 2 && strcmp(argv[1], "complete") != 0))
        return CTL_USAGE;
    const Dossier__Import *import =
        start(ctl, DOSSIER__IMPORT_SOURCE__FROM_NATIONAL, argv[0], argc == 2, &code);
    return import != NULL ? show_import(ctl, import) : code;
}

int ctl_procedure_preview(struct ctl *ctl, int argc, char **argv)
{
    ProtobufCBinaryData id;

    if (argc != 1 || !read_id(ctl, argv[0], &id))
        return CTL_USAGE;
    return preview(ctl, id);
}

int ctl_procedure_apply(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ApplyImportRequest request = DOSSIER__APPLY_IMPORT_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 3 || !read_id(ctl, argv[0], &request.import_id))
        return CTL_USAGE;
    request.hash = argv[1];
    request.reason = argv[2];
    const Dossier__Import *import =
        ctl_call(ctl, "dossier", dossier, "ApplyImport", &request.base, &code);
    return import != NULL ? show_import(ctl, import) : code;
}

int ctl_procedure_resume(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ResumeImportRequest request = DOSSIER__RESUME_IMPORT_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1 || !read_id(ctl, argv[0], &request.import_id))
        return CTL_USAGE;
    const Dossier__Import *import =
        ctl_call(ctl, "dossier", dossier, "ResumeImport", &request.base, &code);
    return import != NULL ? show_import(ctl, import) : code;
}

int ctl_procedure_undo(struct ctl *ctl, int argc, char **argv)
{
    Dossier__StartImportRequest request = DOSSIER__START_IMPORT_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 2 || !read_id(ctl, argv[0], &request.undo_import))
        return CTL_USAGE;
    request.source = DOSSIER__IMPORT_SOURCE__FROM_UNDO;
    request.reason = argv[1];
    const Dossier__Import *import =
        ctl_call(ctl, "dossier", dossier, "StartImport", &request.base, &code);
    return import != NULL ? show_import(ctl, import) : code;
}

int ctl_procedure_imports(struct ctl *ctl, int argc, char **argv)
{
    Dossier__ListImportsRequest request = DOSSIER__LIST_IMPORTS_REQUEST__INIT;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Dossier__ListImportsReply *list =
        ctl_call(ctl, "dossier", dossier, "ListImports", &request.base, &code);
    if (list == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &list->base);
    for (size_t i = 0; i < list->n_imports; i++)
        (void)show_import(ctl, list->imports[i]);
    return CTL_OK;
}
