/*
 * key publish, switch, retire: another key signs a room's tokens, receipts, certificates, maps and
 * checkpoints, and nobody's call fails meanwhile. In three steps, since whoever checks must know a
 * key before it is used, and the one before as long as what it signed is shown:
 *
 *     <room>.sign.next   made, and its public half added to <room>.pub: nothing is signed with it
 *     <room>.sign.<n>    the same file: the room signs with the newest
 *     <room>.pub         without the keys before it, when what they signed has ended
 *
 * <room>.sign stays: the ids of what a room asks others to do once are made of it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

enum {
    BELIEVED_MS = 5000,            /* signers.h: rooms look every two seconds */
    LIFE_MS = 24 * 60 * 60 * 1000, /* tokens and proofs end within a day */
    PUBLIC_MAX = MC_SIGN_KEYS_MAX,
};

struct keys {
    struct ctl *ctl;
    const char *folder;
    const char *room;
    const char *first; /* paths */
    const char *next;
    const char *public;
    const char *newest; /* the one that signs, as far as the folder tells */
    unsigned number;    /* of it; 0: the first */
};

static const char *path_of(const struct keys *keys, const char *what)
{
    const char *path = mc_sprintf(&keys->ctl->arena, "%s/%s.%s", keys->folder, keys->room, what);

    return path != NULL ? path : "";
}

static const char *path_number(const struct keys *keys, unsigned n)
{
    const char *what = mc_sprintf(&keys->ctl->arena, "sign.%u", n);

    return what != NULL ? path_of(keys, what) : "";
}

static bool fail(const char *path, const char *why)
{
    fprintf(stderr, "motcuactl: %s: %s\n", path, why);
    return false;
}

static bool keys_open(struct keys *keys, struct ctl *ctl, const char *room, const char *folder)
{
    *keys = (struct keys){.ctl = ctl, .folder = folder, .room = room};
    keys->first = keys->newest = path_of(keys, "sign");
    keys->next = path_of(keys, "sign.next");
    keys->public = path_of(keys, "pub");
    if (access(keys->first, F_OK) != 0)
        return fail(keys->first, "no such file: not the folder of this room's keys");
    for (unsigned n = 1; n <= MC_SIGN_NUMBER_MAX; n++) {
        const char *path = path_number(keys, n);

        if (access(path, F_OK) == 0) {
            keys->newest = path;
            keys->number = n;
        }
    }
    return true;
}

static bool public_of(const char *path, uint8_t ret_key[MC_SIGN_PUBLIC_LEN])
{
    uint8_t seed[MC_KEY_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];
    enum mc_status status = mc_key_load(path, seed, sizeof seed);

    if (status != MC_OK)
        return fail(path, mc_key_sentence(status));
    mc_sign_key(seed, ret_key, secret);
    mc_wipe(seed, sizeof seed);
    mc_wipe(secret, sizeof secret);
    return true;
}

/* How long ago a file was last written; 0 when it cannot be told. */
static int64_t age_ms(const struct keys *keys, const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return 0;
    int64_t at_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
    return mc_now_ms(&keys->ctl->clock) - at_ms;
}

static bool save(const struct keys *keys, uint8_t (*list)[MC_SIGN_PUBLIC_LEN], size_t n)
{
    enum mc_status status = mc_public_keys_save(keys->public, list, n);

    return status == MC_OK || fail(keys->public, mc_key_sentence(status));
}

/* Adds the next key to those that others believe. */
static bool publish(const struct keys *keys)
{
    uint8_t list[PUBLIC_MAX][MC_SIGN_PUBLIC_LEN];
    uint8_t next[MC_SIGN_PUBLIC_LEN];
    size_t n = 0;
    enum mc_status status = mc_public_keys_load(keys->public, list, &n);

    if (status != MC_OK)
        return fail(keys->public, mc_key_sentence(status));
    if (!public_of(keys->next, next))
        return false;
    for (size_t i = 0; i < n; i++)
        if (memcmp(list[i], next, sizeof next) == 0)
            return true;
    if (n == PUBLIC_MAX)
        return fail(keys->public, "has 16 keys, and takes no more: retire some");
    memcpy(list[n], next, sizeof next);
    return save(keys, list, n + 1);
}

int ctl_key_publish(struct ctl *ctl, int argc, char **argv)
{
    struct keys keys;

    if (argc != 2)
        return CTL_USAGE;
    if (!keys_open(&keys, ctl, argv[0], argv[1]))
        return CTL_DATA;
    if (access(keys.next, F_OK) != 0) {
        enum mc_status status = mc_key_create(keys.next, &ctl->random, MC_KEY_LEN);

        if (status != MC_OK || !ctl_key_give(keys.next, keys.first)) {
            (void)fail(keys.next, mc_key_sentence(status));
            return CTL_DATA;
        }
    }
    if (!publish(&keys))
        return CTL_DATA;
    printf("%s: the next key is published; other machines and verifiers need this file too\n",
           keys.public);
    return CTL_OK;
}

/* The next key gets its number, and the time of it. */
static bool take_next(struct keys *keys)
{
    const char *path = path_number(keys, keys->number + 1);

    if (keys->number == MC_SIGN_NUMBER_MAX)
        return fail(keys->next, "there are 99 keys");
    while (age_ms(keys, keys->next) < BELIEVED_MS)
        ctl_pause(keys->ctl);
    if (rename(keys->next, path) != 0 || utimensat(AT_FDCWD, path, NULL, 0) != 0)
        return fail(path, "cannot be written");
    keys->newest = path;
    keys->number++;
    return true;
}

int ctl_key_switch(struct ctl *ctl, int argc, char **argv)
{
    struct keys keys;

    if (argc != 3)
        return CTL_USAGE;
    if (!keys_open(&keys, ctl, argv[0], argv[1]))
        return CTL_DATA;
    bool is_next = access(keys.next, F_OK) == 0;
    if (!is_next && keys.number == 0) {
        (void)fail(keys.next, "no key is published ahead: motcuactl key publish");
        return CTL_DATA;
    }
    /* Without a next one: a switch that was cut off before the room was told. */
    if (is_next && (!publish(&keys) || !take_next(&keys)))
        return CTL_DATA;
    return ctl_upkeep_run(ctl, argv[0], MOTCUA__UPKEEP_KIND__SIGN, argv[2]);
}

/* What they signed is kept by people and systems, and held against the keys for years. */
static bool signs_for_ever(const char *room)
{
    static const char *const rooms[] = {"audit", "dossier", "partner", "payment"};

    for (size_t i = 0; i < MC_LEN(rooms); i++)
        if (strcmp(rooms[i], room) == 0)
            return true;
    return false;
}

static bool may_retire(const struct keys *keys, bool at_once)
{
    if (keys->number == 0)
        return fail(keys->first, "no other key signs yet: motcuactl key switch");
    if (at_once)
        return true;
    if (signs_for_ever(keys->room))
        return fail(keys->public, "what this room signed is checked for ever; a stolen key goes "
                                  "with --at-once, and all that it signed");
    if (age_ms(keys, keys->newest) < LIFE_MS)
        return fail(keys->newest, "signs for less than a day: tokens of the key before it may live "
                                  "(--at-once ends them)");
    return true;
}

/* The keys that stay: what signs, and what is published ahead. */
static bool drop_old(const struct keys *keys)
{
    uint8_t list[2][MC_SIGN_PUBLIC_LEN];
    size_t n = 1;

    if (!public_of(keys->newest, list[0]))
        return false;
    if (access(keys->next, F_OK) == 0 && !public_of(keys->next, list[n++]))
        return false;
    if (!save(keys, list, n))
        return false;
    for (unsigned i = 1; i < keys->number; i++)
        (void)unlink(path_number(keys, i));
    return true;
}

int ctl_key_retire(struct ctl *ctl, int argc, char **argv)
{
    struct keys keys;
    bool at_once = argc == 4 && strcmp(argv[3], "--at-once") == 0;

    if (argc != 3 && !at_once)
        return CTL_USAGE;
    if (!keys_open(&keys, ctl, argv[0], argv[1]) || !may_retire(&keys, at_once))
        return CTL_DATA;
    /* The room says first that it signs with the newest: audit has it, with the reason. */
    int code = ctl_upkeep_run(ctl, argv[0], MOTCUA__UPKEEP_KIND__SIGN, argv[2]);
    if (code != CTL_OK)
        return code;
    if (!drop_old(&keys))
        return CTL_DATA;
    printf("%s: the keys before %s are believed by nobody in two seconds\n", keys.public,
           keys.newest);
    return CTL_OK;
}
