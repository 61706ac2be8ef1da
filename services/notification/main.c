#include "notification.h"

int main(int argc, char **argv)
{
    return mc_service_main(&notification_room, argc, argv);
}
