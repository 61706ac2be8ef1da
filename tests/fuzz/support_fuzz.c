/* Any bytes to every method of the room, as every kind of caller. */
#include "room_fuzz.h"

extern const struct mc_room support_room;

ROOM_FUZZ(support_room, NULL)
