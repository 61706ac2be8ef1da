#include "payment.h"

int main(int argc, char **argv)
{
    return mc_service_main(&payment_room, argc, argv);
}
