#include "gateway.h"

int main(int argc, char **argv)
{
    static struct gateway gateway;

    return gateway_main(&gateway, argc, argv);
}
