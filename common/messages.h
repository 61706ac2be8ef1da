/*
 * Messages: the Vietnamese sentence for every stable code (common/data/messages.csv).
 *
 * The table is read once, at the first call, and lives as long as the process; the texts returned
 * are its own. A table that cannot be read is a build mistake and stops the process.
 */
#pragma once

#include "common/base.h"

/* NULL for a code that is not in the table. */
const char *mc_message_text(const char *code);

/*
 * Writes the text with each {name} replaced; args is name, value, name, value, NULL, or NULL for
 * none. A name that is not given stays in braces. Returns the bytes written, the text cut at a
 * character when it does not fit; 0, and an empty text, for an unknown code.
 */
size_t mc_message_format(char *out, size_t size, const char *code, const char *const *args);
