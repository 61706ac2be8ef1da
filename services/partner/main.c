#include "partner.h"

int main(int argc, char **argv)
{
    return mc_service_main(&partner_room, argc, argv);
}
