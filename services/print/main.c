#include "print.h"

int main(int argc, char **argv)
{
    return mc_service_main(&print_room, argc, argv);
}
