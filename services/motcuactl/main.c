#include "motcuactl.h"

int main(int argc, char **argv)
{
    return motcuactl_main(argc, argv);
}
