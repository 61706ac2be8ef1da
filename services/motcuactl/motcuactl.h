/* The program's one entry. */
#pragma once

int motcuactl_main(int argc, char **argv);
