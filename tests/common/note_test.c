/* Signed notes: the example of C2SP signed-note, and our own checkpoints. */
#include <string.h>

#include "common/note.h"

#include "../harness.h"

/* From golang.org/x/mod/sumdb/note, whose format C2SP signed-note describes. */
#define PETER_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_NOTE                                                                                 \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"                                                  \
    "\n"                                                                                           \
    "— PeterNeumann "                                                                            \
    "x08go/ZJkuBS9UG/"                                                                             \
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static struct mc_arena arena;

static int open_arena(void **state)
{
    (void)state;
    return mc_arena_init(&arena, 1 << 20) == MC_OK ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    mc_arena_done(&arena);
    return 0;
}

static struct mc_bytes bytes_of(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

static void the_published_note(void **state)
{
    struct mc_note_key key;
    struct mc_bytes text;
    char told[MC_NOTE_KEY_SIZE];

    (void)state;
    assert_true(mc_note_key_parse(&key, bytes_of(PETER_KEY)));
    assert_string_equal(key.name, "PeterNeumann");
    mc_note_key_text(told, &key);
    assert_string_equal(told, PETER_KEY);
    assert_true(mc_note_verify(bytes_of(PETER_NOTE), &key, NULL));
    assert_true(mc_note_text(bytes_of(PETER_NOTE), &text));
    assert_int_equal(text.len, strlen("If you think cryptography is the answer to your problem,\n"
                                      "then you don't know what your problem is.\n"));
    key.public_key[0] ^= 1;
    assert_false(mc_note_verify(bytes_of(PETER_NOTE), &key, NULL));
}

static void every_changed_byte_is_seen(void **state)
{
    struct mc_note_key key;
    char note[] = PETER_NOTE;

    (void)state;
    assert_true(mc_note_key_parse(&key, bytes_of(PETER_KEY)));
    for (size_t i = 0; i + 1 < sizeof note; i++) {
        note[i] ^= 1;
        assert_false(mc_note_verify((struct mc_bytes){note, sizeof note - 1}, &key, NULL));
        note[i] ^= 1;
    }
    assert_true(mc_note_verify((struct mc_bytes){note, sizeof note - 1}, &key, NULL));
}

static void make_key(struct mc_note_key *key, const char *name, enum mc_note_kind kind,
                     uint8_t number, uint8_t secret[MC_SIGN_SECRET_LEN])
{
    const uint8_t seed[MC_KEY_LEN] = {number};

    *key = (struct mc_note_key){.kind = kind};
    memcpy(key->name, name, strlen(name) + 1);
    mc_sign_key(seed, key->public_key, secret);
}

/* The log's signature and a province's, each found among the others. */
static void a_checkpoint_and_its_witness(void **state)
{
    struct mc_checkpoint made = {.origin = "audit.motcua.example", .size = 4711, .root = {1, 2}};
    struct mc_checkpoint read;
    struct mc_note_key log;
    struct mc_note_key witness;
    uint8_t log_secret[MC_SIGN_SECRET_LEN];
    uint8_t witness_secret[MC_SIGN_SECRET_LEN];
    int64_t at_ms = 0;

    (void)state;
    make_key(&log, "audit.motcua.example", MC_NOTE_SIGNED, 1, log_secret);
    make_key(&witness, "tinh.example/witness", MC_NOTE_COSIGNED, 2, witness_secret);
    const char *text = mc_checkpoint_text(&arena, &made);
    const char *first = mc_note_sign(&arena, text, &log, log_secret, 0);
    const char *second = mc_note_sign(&arena, text, &witness, witness_secret, 1795330800999);
    const char *note = mc_sprintf(&arena, "%s\n%s%s", text, first, second);
    assert_true(mc_note_verify(bytes_of(note), &log, NULL));
    assert_true(mc_note_verify(bytes_of(note), &witness, &at_ms));
    assert_int_equal(at_ms, 1795330800000);
    assert_true(mc_checkpoint_parse(&read, bytes_of(note)));
    assert_string_equal(read.origin, made.origin);
    assert_int_equal(read.size, 4711);
    assert_memory_equal(read.root, made.root, MC_HASH_LEN);

    witness.kind = MC_NOTE_SIGNED; /* the same key does not serve the other purpose */
    assert_false(mc_note_verify(bytes_of(note), &witness, NULL));
}

static void what_is_not_a_note_or_a_checkpoint(void **state)
{
    static const char *const notes[] = {"", "\n", "x", "x\n", "x\n\nno newline at the end"};
    static const char *const checkpoints[] = {
        "",
        "a.example\n1\n",
        "a.example\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a.example\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a.example\n12345678901234567890\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a.example\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2==\n",
        "a b\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    };
    static const char *const keys[] = {
        "",
        "name",
        "name+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    struct mc_checkpoint checkpoint;
    struct mc_note_key key;
    struct mc_bytes text;

    (void)state;
    for (size_t i = 0; i < MC_LEN(notes); i++)
        assert_false(mc_note_text(bytes_of(notes[i]), &text));
    for (size_t i = 0; i < MC_LEN(checkpoints); i++)
        assert_false(mc_checkpoint_parse(&checkpoint, bytes_of(checkpoints[i])));
    for (size_t i = 0; i < MC_LEN(keys); i++)
        assert_false(mc_note_key_parse(&key, bytes_of(keys[i])));
    assert_true(mc_checkpoint_parse(
        &checkpoint, bytes_of("a.example\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nx\n")));
}

static void the_longest_text_and_one_more(void **state)
{
    char note[MC_NOTE_TEXT_MAX + 8];
    struct mc_bytes text;

    (void)state;
    memset(note, 'x', sizeof note);
    memcpy(note + MC_NOTE_TEXT_MAX - 1, "\n\n— \n", 7);
    assert_true(mc_note_text((struct mc_bytes){note, MC_NOTE_TEXT_MAX + 6}, &text));
    assert_int_equal(text.len, MC_NOTE_TEXT_MAX);
    memset(note, 'x', sizeof note);
    memcpy(note + MC_NOTE_TEXT_MAX, "\n\n— \n", 7);
    assert_false(mc_note_text((struct mc_bytes){note, MC_NOTE_TEXT_MAX + 7}, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_note),
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(a_checkpoint_and_its_witness),
        cmocka_unit_test(what_is_not_a_note_or_a_checkpoint),
        cmocka_unit_test(the_longest_text_and_one_more),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
