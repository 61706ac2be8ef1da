#include "audit.h"

int main(int argc, char **argv)
{
    return mc_service_main(&audit_room, argc, argv);
}
