/*
 * motcua-verify: holds what motcua handed out against its keys, without network, daemon or store.
 *
 * It is for who does not trust the machine that made the proof: it reads files, and believes only
 * the key that it is given.
 */
#include <string.h>

#include "verify.h"

enum { MEMORY = 16 << 20 };

static const struct {
    const char *name;
    const char *arguments;
    const char *sentence;
    int (*run)(struct verify *verify, int argc, char **argv);
} commands[] = {
    {"proof", "FILE KEY", "An entry is in the audit log: from motcuactl audit prove.",
     verify_proof},
    {"log", "LEAVES KEY CHECKPOINT...",
     "The whole log is what each checkpoint says: from motcuactl audit export.", verify_log},
    {"receipt", "CODE|FILE KEYS", "A receipt's QR code: KEYS holds payment.pub, or several.",
     verify_receipt},
    {"certificate", "CODE|FILE KEYS",
     "An integration certificate's QR code: KEYS holds partner.pub, or several.",
     verify_certificate},
};

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: motcua-verify COMMAND\n\n");
    for (size_t i = 0; i < MC_LEN(commands); i++)
        fprintf(out, "  %-11s %-26s %s\n", commands[i].name, commands[i].arguments,
                commands[i].sentence);
    fprintf(out, "\nKEY is a key or the file that holds it; FILE may be - for the standard input.\n"
                 "Exit codes: 0 it holds, 1 it does not, 64 usage, 65 unreadable.\n");
    return code;
}

int main(int argc, char **argv)
{
    struct verify verify = {0};
    int code = VERIFY_USAGE;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, VERIFY_OK);
    if (mc_arena_init(&verify.arena, MEMORY) != MC_OK)
        return VERIFY_DATA;
    for (size_t i = 0; argc > 1 && i < MC_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            code = commands[i].run(&verify, argc - 2, argv + 2);
    mc_arena_done(&verify.arena);
    return code == VERIFY_USAGE ? usage(stderr, code) : code;
}
