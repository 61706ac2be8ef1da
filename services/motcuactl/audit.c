/* audit: the log's head, its proofs, and what others need to check them (motcua-verify). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.pb-c.h"

#include "ctl.h"

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;

    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static const Audit__HeadReply *head_of(struct ctl *ctl, int *ret_code)
{
    Audit__HeadRequest request = AUDIT__HEAD_REQUEST__INIT;

    return ctl_call(ctl, "audit", &audit__audit__descriptor, "Head", &request.base, ret_code);
}

int ctl_audit_head(struct ctl *ctl, int argc, char **argv)
{
    Audit__HeadRequest request = AUDIT__HEAD_REQUEST__INIT;
    int code = CTL_OK;
    char hex[2 * MC_HASH_LEN + 1];

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Audit__HeadReply *reply =
        ctl_call(ctl, "audit", &audit__audit__descriptor, "Head", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &reply->base);
    hex[0] = '\0';
    if (reply->hash.len == MC_HASH_LEN)
        (void)mc_hex(hex, (struct mc_bytes){reply->hash.data, reply->hash.len});
    printf("%llu %s\n", (unsigned long long)reply->size, hex);
    return CTL_OK;
}

int ctl_audit_verify(struct ctl *ctl, int argc, char **argv)
{
    Audit__VerifyRequest request = AUDIT__VERIFY_REQUEST__INIT;
    uint64_t checked = 0;
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    do {
        const Audit__VerifyReply *reply =
            ctl_call(ctl, "audit", &audit__audit__descriptor, "Verify", &request.base, &code);

        if (reply == NULL)
            return code;
        checked += reply->checked;
        if (!reply->whole) {
            printf("BROKEN after %llu entries: %s\n", (unsigned long long)checked, reply->problem);
            return CTL_CRITICAL;
        }
        request.from = reply->next;
    } while (request.from != 0);
    printf("whole: %llu entries\n", (unsigned long long)checked);
    return CTL_OK;
}

/* The newest checkpoint: what a witness keeps. */
int ctl_audit_checkpoint(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Audit__HeadReply *reply = head_of(ctl, &code);
    if (reply == NULL)
        return code;
    if (reply->checkpoint[0] == '\0')
        fprintf(stderr, "nothing is signed yet\n");
    printf("%s", reply->checkpoint);
    return reply->checkpoint[0] != '\0' ? CTL_OK : CTL_DATA;
}

/* The key that checks it: C2SP's form, one line. */
int ctl_audit_key(struct ctl *ctl, int argc, char **argv)
{
    int code = CTL_OK;

    (void)argv;
    if (argc != 0)
        return CTL_USAGE;
    const Audit__HeadReply *reply = head_of(ctl, &code);
    if (reply == NULL)
        return code;
    printf("%s\n", reply->key);
    for (size_t i = 0; i < reply->n_other_keys; i++)
        printf("%s\n", reply->other_keys[i]);
    return code;
}

int ctl_audit_prove(struct ctl *ctl, int argc, char **argv)
{
    Audit__ProveRequest request = AUDIT__PROVE_REQUEST__INIT;
    int code = CTL_OK;

    if (argc != 1 || !parse_number(argv[0], &request.number))
        return CTL_USAGE;
    const Audit__Proof *reply =
        ctl_call(ctl, "audit", &audit__audit__descriptor, "Prove", &request.base, &code);
    return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
}

int ctl_audit_forget(struct ctl *ctl, int argc, char **argv)
{
    Audit__ForgetRequest request = AUDIT__FORGET_REQUEST__INIT;
    const Audit__ForgetReply *reply;
    unsigned forgotten = 0;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    request.key = argv[0];
    request.reason = argv[1];
    do {
        reply = ctl_call(ctl, "audit", &audit__audit__descriptor, "Forget", &request.base, &code);
        if (reply == NULL)
            return code;
        forgotten += reply->forgotten;
    } while (reply->more);
    printf("%u\n", forgotten);
    return CTL_OK;
}

/* Each leaf is led by its length, big-endian in 4 bytes. */
static bool write_leaves(FILE *out, const Audit__ExportReply *reply)
{
    for (size_t i = 0; i < reply->n_leaves; i++) {
        size_t len = reply->leaves[i].len;
        const uint8_t head[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                                (uint8_t)len};

        if (fwrite(head, sizeof head, 1, out) != 1 ||
            fwrite(reply->leaves[i].data, len, 1, out) != 1)
            return false;
    }
    return true;
}

static int export_to(struct ctl *ctl, FILE *out)
{
    Audit__ExportRequest request = AUDIT__EXPORT_REQUEST__INIT;
    uint64_t leaves = 0;
    int code = CTL_OK;

    do {
        size_t mark = ctl->arena.used;
        const Audit__ExportReply *reply =
            ctl_call(ctl, "audit", &audit__audit__descriptor, "Export", &request.base, &code);

        if (reply == NULL)
            return code;
        if (!write_leaves(out, reply)) {
            perror("audit export");
            return CTL_DATA;
        }
        leaves += reply->n_leaves;
        request.from = reply->next;
        mc_arena_rewind(&ctl->arena, mark);
    } while (request.from != 0);
    fprintf(stderr, "%llu leaves\n", (unsigned long long)leaves);
    return CTL_OK;
}

int ctl_audit_export(struct ctl *ctl, int argc, char **argv)
{
    if (argc != 1)
        return CTL_USAGE;
    FILE *out = fopen(argv[0], "wbex");
    if (out == NULL) {
        perror(argv[0]);
        return CTL_DATA;
    }
    int code = export_to(ctl, out);
    if (fclose(out) != 0 && code == CTL_OK) {
        perror(argv[0]);
        return CTL_DATA;
    }
    return code;
}
