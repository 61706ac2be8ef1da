#include "smsworker.h"

int main(int argc, char **argv)
{
    static struct smsworker worker;
    const struct mc_config_group group = {smsworker_config, smsworker_config_len, &worker};
    char why[256] = "";
    int code = 0;

    if (!mc_process_open(&worker.process, "smsworker", argc, argv, &group, 1, &code))
        return code;
    code = 0;
    if (smsworker_open(&worker, why, sizeof why) != MC_OK)
        code = mc_process_fatal(&worker.process, why);
    else if (mc_process_run(&worker.process) != MC_OK)
        code = mc_process_fatal(&worker.process, "the loop broke");
    else if (!smsworker_drain(&worker))
        code = mc_process_fatal(&worker.process, "stopped with jobs in hand: their leases run out");
    smsworker_close(&worker);
    mc_process_close(&worker.process);
    return code;
}
