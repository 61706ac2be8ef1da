/* What is told of the commands elsewhere: completion for shells, and the manual page. */
#include <string.h>

#include "ctl.h"

static const char options[] =
    "--run-dir --context --keys-dir --output --timeout --watch --help --version";

/* Nouns, each once; then the verbs of each. */
static bool is_first(size_t i)
{
    for (size_t n = 0; n < i; n++)
        if (strcmp(ctl_commands[n].noun, ctl_commands[i].noun) == 0)
            return false;
    return true;
}

static void print_nouns(void)
{
    for (size_t i = 0; i < ctl_commands_len; i++)
        if (is_first(i))
            printf(" %s", ctl_commands[i].noun);
}

static void print_verbs(const char *noun)
{
    for (size_t i = 0; i < ctl_commands_len; i++)
        if (strcmp(ctl_commands[i].noun, noun) == 0 && ctl_commands[i].verb != NULL)
            printf(" %s", ctl_commands[i].verb);
}

static void print_rooms(void)
{
    for (size_t i = 0; i < CTL_ROOMS; i++)
        printf(" %s", ctl_rooms[i]);
}

int ctl_completion(struct ctl *ctl, int argc, char **argv)
{
    (void)ctl;
    if (argc != 1 || strcmp(argv[0], "bash") != 0)
        return CTL_USAGE;
    printf(
        "# source <(motcuactl completion bash)\n"
        "_motcuactl() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=() i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "            -r|-c|-k|-o|-t|-w|--run-dir|--context|--keys-dir|--output|--timeout|--watch) "
        "((i++)) ;;\n"
        "            -*) ;;\n"
        "            *) words+=(\"${COMP_WORDS[i]}\") ;;\n"
        "        esac\n"
        "    done\n"
        "    case $prev in\n"
        "        -o|--output) COMPREPLY=($(compgen -W 'table wide json name' -- \"$cur\")); return "
        ";;\n"
        "        -c|--context) COMPREPLY=($(compgen -W \"$(motcuactl -o name context list)\" -- "
        "\"$cur\")); return ;;\n"
        "        -r|-k|--run-dir|--keys-dir) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
        "    esac\n"
        "    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return; fi\n"
        "    case \"${#words[@]} ${words[0]}\" in\n"
        "        '0 ') COMPREPLY=($(compgen -W '",
        options);
    print_nouns();
    printf("' -- \"$cur\")) ;;\n");
    for (size_t i = 0; i < ctl_commands_len; i++)
        if (is_first(i) && ctl_commands[i].verb != NULL) {
            printf("        '1 %s') COMPREPLY=($(compgen -W '", ctl_commands[i].noun);
            print_verbs(ctl_commands[i].noun);
            printf("' -- \"$cur\")) ;;\n");
        }
    printf("        *) COMPREPLY=($(compgen -W '");
    print_rooms();
    printf("' -- \"$cur\") $(compgen -f -- \"$cur\")) ;;\n"
           "    esac\n"
           "}\n"
           "complete -F _motcuactl motcuactl\n");
    return CTL_OK;
}

/* roff takes a leading dot or quote for a request, and a backslash for an escape. */
static void print_roff(const char *text)
{
    if (*text == '.' || *text == '\'')
        printf("\\&");
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            (void)putchar(*text);
    }
}

int ctl_manual(struct ctl *ctl, int argc, char **argv)
{
    (void)ctl;
    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    printf(".TH MOTCUACTL 1 \"\" \"motcua %s\" \"motcua\"\n"
           ".SH NAME\nmotcuactl \\- operate the rooms of a public\\-service portal\n"
           ".SH SYNOPSIS\n.B motcuactl\n[\\fIoptions\\fR] \\fInoun\\fR [\\fIverb\\fR] "
           "[\\fIarguments\\fR]\n"
           ".SH DESCRIPTION\nAsks rooms over their local sockets, or elsewhere over CURVE with an "
           "operator's key. Data goes to stdout, words about it to stderr.\n"
           ".SH OPTIONS\n"
           ".TP\n.B \\-r, \\-\\-run\\-dir \\fIDIR\\fR\nThe folder of the rooms' sockets.\n"
           ".TP\n.B \\-c, \\-\\-context \\fINAME\\fR\nA house of ~/.config/motcua/NAME.yaml.\n"
           ".TP\n.B \\-k, \\-\\-keys\\-dir \\fIDIR\\fR\nThe folder of the rooms' keys, for what "
           "needs them.\n"
           ".TP\n.B \\-o, \\-\\-output \\fRtable|wide|json|name\nHow it is printed.\n"
           ".TP\n.B \\-t, \\-\\-timeout \\fISECONDS\\fR\nHow long an answer is waited for.\n"
           ".TP\n.B \\-w, \\-\\-watch \\fISECONDS\\fR\nAgain and again, until interrupted.\n"
           ".SH COMMANDS\n",
           MC_VERSION);
    for (size_t i = 0; i < ctl_commands_len; i++) {
        const struct ctl_command *command = &ctl_commands[i];

        printf(".TP\n.B %s%s%s\n\\&", command->noun, command->verb != NULL ? " " : "",
               command->verb != NULL ? command->verb : "");
        print_roff(command->arguments);
        printf("%s", command->arguments[0] != '\0' ? "\n.br\n" : "\n");
        print_roff(command->sentence);
        printf("\n");
    }
    printf(".SH EXIT STATUS\n"
           "0 done; 64 usage; 65 no such data; 69 a room was not reached; 70 our own trouble; 77 "
           "refused. Of \\fBcheck\\fR: 0 ok, 1 warning, 2 critical.\n"
           ".SH ENVIRONMENT\n"
           "MOTCUA_RUN_DIR, MOTCUA_CONTEXT: as the options.\n"
           ".SH FILES\n~/.config/motcua/NAME.yaml, ~/.config/motcua/current\n");
    return CTL_OK;
}
