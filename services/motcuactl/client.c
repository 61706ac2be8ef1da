/* Portals that let their users sign in here: registered from a file, listed, given a new secret. */
#include <string.h>

#include "identity.pb-c.h"

#include "ctl.h"

enum { FILE_MAX = 64 << 10 };

static int usage(const char *arguments)
{
    fprintf(stderr, "motcuactl: client %s\n", arguments);
    return CTL_USAGE;
}

static struct mc_bytes read_file(struct ctl *ctl, const char *path)
{
    char *text = mc_alloc(&ctl->arena, FILE_MAX);
    FILE *file = fopen(path, "re");
    size_t len = file != NULL && text != NULL ? fread(text, 1, FILE_MAX, file) : 0;

    if (file != NULL)
        (void)fclose(file);
    return (struct mc_bytes){text, len};
}

/* FILE holds a Client as JSON; what it says is what holds from now on. The secret is told once. */
int ctl_client_save(struct ctl *ctl, int argc, char **argv)
{
    Identity__SaveClientRequest request = IDENTITY__SAVE_CLIENT_REQUEST__INIT;
    struct mc_json_error error = {0};
    ProtobufCMessage *client = NULL;
    int code = CTL_OK;

    if (argc != 2)
        return usage("save FILE REASON");
    struct mc_bytes text = read_file(ctl, argv[0]);
    if (text.len == 0 || mc_json_decode(&ctl->arena, &identity__client__descriptor, text, &client,
                                        &error) != MC_OK) {
        fprintf(stderr, "motcuactl: %s: %s %s\n", argv[0],
                text.len == 0 ? "cannot be read" : error.code, error.field);
        return CTL_DATA;
    }
    request.client = (void *)client;
    request.reason = argv[1];
    const Identity__SaveClientReply *reply = ctl_call(
        ctl, "identity", &identity__identity__descriptor, "SaveClient", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    if (reply->client_secret[0] != '\0')
        printf("%s\n", reply->client_secret);
    return CTL_OK;
}

int ctl_client_secret(struct ctl *ctl, int argc, char **argv)
{
    Identity__RotateClientSecretRequest request = IDENTITY__ROTATE_CLIENT_SECRET_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "at-once") != 0))
        return usage("secret ID REASON [at-once]");
    request.client_id = argv[0];
    request.reason = argv[1];
    request.at_once = argc == 3;
    const Identity__RotateClientSecretReply *reply =
        ctl_call(ctl, "identity", &identity__identity__descriptor, "RotateClientSecret",
                 &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    printf("%s\n", reply->client_secret);
    return CTL_OK;
}

static void print_clients(const struct ctl *ctl, const Identity__ListClientsReply *reply)
{
    for (size_t i = 0; i < reply->n_clients; i++) {
        const Identity__Client *client = reply->clients[i];
        if (ctl->output == CTL_NAME)
            printf("%s\n", client->client_id);
        else
            printf("%-40s %-20s %-9s %s\n", client->client_id, client->unit,
                   client->disabled ? "disabled" : "enabled", client->name);
    }
}

int ctl_client_list(struct ctl *ctl, int argc, char **argv)
{
    Identity__ListClientsRequest request = IDENTITY__LIST_CLIENTS_REQUEST__INIT;
    const Identity__ListClientsReply *reply = NULL;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return usage("list");
    do {
        reply = ctl_call(ctl, "identity", &identity__identity__descriptor, "ListClients",
                         &request.base, &code);
        if (reply == NULL)
            return code;
        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->base);
        else
            print_clients(ctl, reply);
        if (reply->n_clients > 0)
            request.after = reply->clients[reply->n_clients - 1]->client_id;
    } while (reply->more);
    return CTL_OK;
}
