#include "otp.h"

int main(int argc, char **argv)
{
    return mc_service_main(&otp_room, argc, argv);
}
