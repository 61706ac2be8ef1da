#include "dossier.h"

int main(int argc, char **argv)
{
    return mc_service_main(&dossier_room, argc, argv);
}
