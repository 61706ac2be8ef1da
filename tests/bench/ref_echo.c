/*
 * The least a reply can cost: a ROUTER that answers at once.
 *
 *     ref_echo ENDPOINT HEADER BODY      sizes of a reply
 */
#include "ref.h"

int main(int argc, char **argv)
{
    struct ref_call call;

    if (argc != 4)
        return 64;
    void *socket = ref_open(argv[1]);
    size_t header = ref_size(argv[2], REF_TAG);
    size_t body = ref_size(argv[3], 0);
    for (;;) {
        ref_wait(socket);
        while (ref_take(socket, &call, 0))
            ref_reply(socket, &call, header, body);
    }
}
