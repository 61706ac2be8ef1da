/* Any bytes to every method of the room, as every kind of caller. */
#include "room_fuzz.h"

extern const struct mc_room payment_room;

ROOM_FUZZ(payment_room, "payment.platform_secret_file=@secret", "payment.bank_secret_file=@secret",
          "payment.bank_gateway_url=https://banks.test", "payment.tax_url=https://gip.test",
          "payment.notice_key_file=@secret", NULL)
