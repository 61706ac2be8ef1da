#include "scanworker.h"

int main(int argc, char **argv)
{
    static struct scanworker worker;
    const struct mc_config_group group = {scanworker_config, scanworker_config_len, &worker};
    char why[256] = "";
    int code = 0;

    if (!mc_process_open(&worker.process, "scanworker", argc, argv, &group, 1, &code))
        return code;
    code = 0;
    if (scanworker_open(&worker, why, sizeof why) != MC_OK)
        code = mc_process_fatal(&worker.process, why);
    else if (mc_process_run(&worker.process) != MC_OK)
        code = mc_process_fatal(&worker.process, "the loop broke");
    scanworker_close(&worker);
    mc_process_close(&worker.process);
    return code;
}
