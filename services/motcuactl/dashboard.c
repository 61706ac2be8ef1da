/*
 * dashboard token: lets an operator in at the dashboard. Signed with the gateway's key, so who may
 * read that file may say who comes in, as who may reach the rooms' sockets may say who calls.
 */
#include <string.h>

#include "envelope.pb-c.h"

#include "ctl.h"

enum { ROLES_MAX = 3, LIFE_MS = 5 * 60 * 1000, LINE_MAX_LEN = 256 };

/* "view,approve"; cut in place. */
static bool roles_parse(char *text, Motcua__OperatorClaims *claims, char *roles[ROLES_MAX])
{
    static const char *const known[ROLES_MAX] = {"view", "operate", "approve"};
    char *save = NULL;

    claims->roles = roles;
    for (char *role = strtok_r(text, ",", &save); role != NULL; role = strtok_r(NULL, ",", &save)) {
        bool is_known = false;

        for (size_t i = 0; i < ROLES_MAX; i++)
            is_known |= strcmp(role, known[i]) == 0;
        if (!is_known || claims->n_roles == ROLES_MAX) {
            fprintf(stderr, "motcuactl: roles are view, operate, approve\n");
            return false;
        }
        roles[claims->n_roles++] = role;
    }
    return claims->n_roles > 0;
}

static char *sign(struct ctl *ctl, const Motcua__OperatorClaims *claims)
{
    uint8_t seed[MC_KEY_LEN];
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
    uint8_t secret_key[MC_SIGN_SECRET_LEN];
    const char *path = mc_sprintf(&ctl->arena, "%s/gateway.sign", ctl->keys_dir);
    enum mc_status status = path != NULL ? mc_key_load(path, seed, sizeof seed) : MC_FULL;

    if (status != MC_OK) {
        fprintf(stderr, "motcuactl: %s: %s (--keys-dir)\n", path, mc_key_sentence(status));
        return NULL;
    }
    mc_sign_key(seed, public_key, secret_key);
    struct mc_bytes payload = mc_body_pack(&ctl->arena, &claims->base);
    char *token = mc_token_sign(&ctl->arena, secret_key, payload);
    mc_wipe(seed, sizeof seed);
    mc_wipe(secret_key, sizeof secret_key);
    return token;
}

/* The port that the gateway told; the address is 127.0.0.1 as far as we know. */
static unsigned port_read(const struct ctl *ctl)
{
    char path[LINE_MAX_LEN];
    unsigned port = 0;

    (void)snprintf(path, sizeof path, "%s/gateway/dashboard", ctl->run_dir);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%5u", &port) != 1) // NOLINT(cert-err34-c): five digits fit
        port = 0;
    (void)fclose(file);
    return port;
}

/* After the hash mark, where browsers keep it to themselves: no server's log ever has the token. */
static int print_token(const struct ctl *ctl, const char *token)
{
    unsigned port = port_read(ctl);

    if (ctl->output == CTL_NAME || port == 0)
        printf("%s\n", token);
    else if (ctl->output == CTL_JSON)
        printf("{\"token\":\"%s\",\"port\":%u}\n", token, port);
    else
        printf("http://127.0.0.1:%u/#token=%s\n", port, token);
    if (port == 0)
        fprintf(stderr,
                "motcuactl: the gateway shows no dashboard (gateway.dashboard, --run-dir)\n");
    return CTL_OK;
}

/* [NAME] [--role view,operate,approve] */
int ctl_dashboard_token(struct ctl *ctl, int argc, char **argv)
{
    Motcua__OperatorClaims claims = MOTCUA__OPERATOR_CLAIMS__INIT;
    char all[] = "view,operate,approve";
    char *roles[ROLES_MAX];
    char *chosen = all;
    uint8_t id[MC_ID_LEN];

    claims.name = ctl->caller + strlen("operator:");
    if (argc > 0 && argv[0][0] != '-') {
        claims.name = argv[0];
        argc--;
        argv++;
    }
    if (argc == 2 && strcmp(argv[0], "--role") == 0)
        chosen = argv[1];
    else if (argc != 0)
        return CTL_USAGE;
    if (!roles_parse(chosen, &claims, roles))
        return CTL_USAGE;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_OPERATOR;
    claims.issued_at_ms = mc_now_ms(&ctl->clock);
    claims.expires_at_ms = claims.issued_at_ms + LIFE_MS;
    mc_uuid7(id, claims.issued_at_ms, &ctl->random);
    claims.token_id = (ProtobufCBinaryData){sizeof id, id};
    const char *token = sign(ctl, &claims);
    return token != NULL ? print_token(ctl, token) : CTL_DATA;
}
