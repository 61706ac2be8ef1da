#include "support.h"

int main(int argc, char **argv)
{
    return mc_service_main(&support_room, argc, argv);
}
