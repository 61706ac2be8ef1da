/* Any bytes to every method of the room, as every kind of caller. */
#include "room_fuzz.h"

extern const struct mc_room partner_room;

ROOM_FUZZ(partner_room, NULL)
