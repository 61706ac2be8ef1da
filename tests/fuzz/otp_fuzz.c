/* Any bytes to every method of the room, as every kind of caller. */
#include "room_fuzz.h"

extern const struct mc_room otp_room;

ROOM_FUZZ(otp_room, NULL)
