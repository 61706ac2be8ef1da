#include "sandbox.h"

int main(int argc, char **argv)
{
    static struct sandbox sandbox; /* some megabytes of tables */
    const struct mc_config_group group = {sandbox_config, sandbox_config_len, &sandbox};
    char why[256] = "";
    int code = 0;

    if (!mc_process_open(&sandbox.process, "sandbox", argc, argv, &group, 1, &code))
        return code;
    code = 0;
    if (sandbox_open(&sandbox, why, sizeof why) != MC_OK)
        code = mc_process_fatal(&sandbox.process, why);
    else if (mc_process_run(&sandbox.process) != MC_OK)
        code = mc_process_fatal(&sandbox.process, "the loop broke");
    sandbox_close(&sandbox);
    mc_process_close(&sandbox.process);
    return code;
}
