/*
 * The tables of notices at boot: ours are linked in, the operator's are files. A house that words
 * its messages otherwise, or tells more or less, needs no other build.
 */
#include <stdio.h>

#include "common/file.h"

#include "notification.h"

extern const char mc_data_rules[];
extern const size_t mc_data_rules_len;
extern const char mc_data_templates[];
extern const size_t mc_data_templates_len;

static enum mc_status file_read(struct mc_arena *arena, const char *key, const char *file,
                                struct mc_boot *with, struct notification_own *ret_own)
{
    *ret_own = (struct notification_own){.file = file};
    if (file[0] == '\0')
        return MC_OK;
    enum mc_status status = mc_file_read(arena, file, NOTIFICATION_TABLE_FILE_MAX, &ret_own->text);
    if (status != MC_OK)
        (void)snprintf(with->why, sizeof with->why, "%s: %.100s: %s", key, file,
                       mc_file_sentence(status));
    return status;
}

static enum mc_status tables_read(struct notification *notification, struct mc_arena *arena,
                                  struct mc_boot *with)
{
    struct notification_own rules;
    struct notification_own templates;
    enum mc_status status =
        file_read(arena, "notification.rules_file", notification->rules_file, with, &rules);

    if (status == MC_OK)
        status = file_read(arena, "notification.templates_file", notification->templates_file, with,
                           &templates);
    if (status != MC_OK)
        return status;
    return notification_book_read_own(&notification->book,
                                      (struct mc_bytes){mc_data_rules, mc_data_rules_len},
                                      (struct mc_bytes){mc_data_templates, mc_data_templates_len},
                                      &rules, &templates, with->why, sizeof with->why);
}

enum mc_status notification_tables_boot(struct notification *notification, struct mc_boot *with)
{
    struct mc_arena arena;

    if (mc_arena_init(&arena, (size_t)3 * NOTIFICATION_TABLE_FILE_MAX) != MC_OK)
        return MC_FULL;
    enum mc_status status = tables_read(notification, &arena, with);
    mc_arena_done(&arena); /* the book holds copies */
    return status;
}
