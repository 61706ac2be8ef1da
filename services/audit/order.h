/*
 * Order: entries of several journals, told as they must have happened. Pure.
 *
 * Clocks of rooms differ by more than a call takes, so time alone would show effects before their
 * causes. Certain are two things: a journal's own sequence, and that an event comes after the one
 * of another room it answers (cause_event). Where these leave a choice the earlier time goes
 * first, then room and sequence. A circle of causes (no honest journal has one) is broken at its
 * earliest entry.
 */
#pragma once

#include "common/arena.h"

#include "audit.pb-c.h"

/* "room/seq", as an event names its cause. The room is not copied: it is text up to room_len. */
struct audit_place {
    const char *room;
    size_t room_len;
    uint64_t seq;
};
bool audit_place_parse(const char *text, struct audit_place *ret_place);

/* Sorts in place; false: the arena is full. Entries of one room and sequence occur once. */
mc_nodiscard bool audit_order(struct mc_arena *arena, Audit__Entry **entries, size_t n);
