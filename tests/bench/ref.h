/* What the references share: a ROUTER on ipc, [id][header][body] in and out. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { REF_TURN_MAX = 4096, REF_ID_MAX = 8, REF_TAG = 8, REF_REPLY_MAX = 4096 };

/* A request of this turn: who to answer, and the number to give back. */
struct ref_call {
    uint8_t id[REF_ID_MAX];
    size_t id_len;
    uint8_t tag[REF_TAG];
};

static inline void ref_check(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static inline void *ref_open(const char *endpoint)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int none = 0;

    ref_check(socket != NULL && zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none) == 0 &&
                  zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none) == 0 &&
                  zmq_bind(socket, endpoint) == 0,
              endpoint);
    return socket;
}

/* 1: a request; 0: none waits. Asks for the number of commits are answered at once. */
static inline int ref_take(void *socket, struct ref_call *call, uint64_t commits)
{
    zmq_msg_t part;
    int id = zmq_recv(socket, call->id, sizeof call->id, ZMQ_DONTWAIT);

    if (id < 0)
        return 0;
    call->id_len = (size_t)id;
    zmq_msg_init(&part);
    ref_check(zmq_msg_recv(&part, socket, 0) >= 7, "header");
    int asks = zmq_msg_size(&part) == 7;
    memcpy(call->tag, zmq_msg_data(&part), asks ? 7 : REF_TAG);
    ref_check(zmq_msg_recv(&part, socket, 0) >= 0, "body");
    zmq_msg_close(&part);
    if (!asks)
        return 1;
    ref_check(zmq_send(socket, call->id, call->id_len, ZMQ_SNDMORE) >= 0 &&
                  zmq_send(socket, &commits, sizeof commits, ZMQ_SNDMORE) >= 0 &&
                  zmq_send(socket, "", 0, 0) >= 0,
              "reply");
    return ref_take(socket, call, commits);
}

static inline void ref_reply(void *socket, const struct ref_call *call, size_t header, size_t body)
{
    static uint8_t bytes[REF_REPLY_MAX];

    memcpy(bytes, call->tag, REF_TAG);
    ref_check(zmq_send(socket, call->id, call->id_len, ZMQ_SNDMORE) >= 0 &&
                  zmq_send(socket, bytes, header, ZMQ_SNDMORE) >= 0 &&
                  zmq_send(socket, bytes, body, 0) >= 0,
              "reply");
}

static inline void ref_wait(void *socket)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

    while (zmq_poll(&item, 1, -1) < 0 && zmq_errno() == EINTR)
        ;
}

/* A size from the command line, at least `least` and within a reply. */
static inline size_t ref_size(const char *text, size_t least)
{
    size_t size = strtoul(text, NULL, 10);

    return size < least ? least : size > REF_REPLY_MAX ? REF_REPLY_MAX : size;
}
