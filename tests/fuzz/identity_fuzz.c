/* Any bytes to every method of the room, as every kind of caller. */
#include "room_fuzz.h"

extern const struct mc_room identity_room;

ROOM_FUZZ(identity_room, NULL)
