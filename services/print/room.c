/*
 * print: documents as PDF.
 *
 * Render takes a template's name and fields and gives the pages, in the layout of administrative
 * documents (NĐ 30/2020/NĐ-CP), signed with the agency's key where there is one (PAdES). Rooms call
 * it by a job of theirs and keep what it gives; this room keeps nothing and emits nothing. Pages
 * are set in the pool's threads: its loop, and all other rooms, stay quick.
 *
 * A template is a JSON file in data/ (README.md); an operator's folder may replace any of them.
 */
#include <stdio.h>

#include "page.h"

/* clang-format off */
#define PRINT_ROUTES(X)                                                                                                   \
    X(Render,        print_render,         Print__RenderRequest,        Print__RenderReply,        MC_WRITE_FRESH, MC_ROOM, NULL, print_render_prepare, MC_FORM_BODY_MAX) \
    X(ListTemplates, print_list_templates, Print__ListTemplatesRequest, Print__ListTemplatesReply, MC_READ,        MC_ROOM | MC_OPERATOR, NULL)

#define AT(field) offsetof(struct print, field)
static const struct mc_config_key config[] = {
    {"print.templates",   MC_CONFIG_PATH, AT(templates_dir), "", 0, 512, "A folder of templates that replace those of the same name; empty: none."},
    {"print.agency_keys", MC_CONFIG_PATH, AT(keys_dir),      "", 0, 512, "A folder of <agency>.key and <agency>.pem, to sign with; empty: nothing is signed."},
};
/* clang-format on */

#define PRINT_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct print, fn, req, rep)
PRINT_ROUTES(PRINT_CALL)

static const struct mc_route routes[] = {PRINT_ROUTES(MC_ROUTE_ROW)};

enum { TEMPLATES_ARENA = 16 << 20 };

static enum mc_status load_keys(struct print *print, struct mc_boot *with)
{
    char which[160] = "";

    if (print->keys_dir[0] == '\0')
        return MC_OK;
    enum mc_status status = mc_signers_load(print->keys_dir, &print->signers, which, sizeof which);
    if (status != MC_OK)
        (void)snprintf(with->why, sizeof with->why, "print.agency_keys: %s: %s", which,
                       status == MC_DENIED      ? "others may read it"
                       : status == MC_NOT_FOUND ? "no such folder"
                                                : "not a key with its certificate");
    return status;
}

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct print *print = ctx;

    if (!page_font_is_there()) {
        (void)snprintf(with->why, sizeof with->why, "no font \"%s\": install fonts-liberation2",
                       PAGE_FONT);
        return MC_NOT_FOUND;
    }
    if (mc_arena_init(&print->arena, TEMPLATES_ARENA) != MC_OK)
        return MC_FULL;
    print->templates_len = 0;
    if (!print_templates_load(print, with->why, sizeof with->why))
        return MC_INVALID;
    return load_keys(print, with);
}

static void end(void *ctx)
{
    struct print *print = ctx;

    mc_signers_free(print->signers);
    print->signers = NULL;
    mc_arena_done(&print->arena);
}

const struct mc_room print_room = {
    .name = "print",
    .proto = &print__print__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .config = config,
    .config_len = MC_LEN(config),
    .ctx_size = sizeof(struct print),
    .boot = boot,
    .shutdown = end,
};
