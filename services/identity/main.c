#include "identity.h"

int main(int argc, char **argv)
{
    return mc_service_main(&identity_room, argc, argv);
}
