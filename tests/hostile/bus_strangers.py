"""Those without a key at the TCP door of a room: none gets in, none costs more than a connection. (F9, F10, I15)"""
import os
import random
import sys
import time

import zmq
from siege import MIB, Siege, check, closed

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00"  # ZMTP 3.0
CURVE = GREETING + b"CURVE".ljust(20, b"\0") + bytes(32)
NULL = GREETING + b"NULL".ljust(20, b"\0") + bytes(32)
IDLE = 2000
HANDSHAKE_S = 6.0  # the door's own limit is 2 s; the rest is for a busy machine


def ask(siege, configure, seconds=0.7):
    """Whether a room answers a socket set up in some way."""
    with zmq.Context() as context:
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        configure(socket)
        socket.connect(open(f"{siege.house.run_dir}/otp/tcp").read().strip())
        for _ in range(3):
            socket.send_multipart([b"\x0f", b""])  # a header so wrong that even so it would be answered
        answered = socket.poll(seconds * 1000) != 0
        socket.close()
        return answered


def keys(siege, secret=None, server=None):
    def configure(socket):
        socket.curve_secretkey = secret
        socket.curve_publickey = zmq.curve_public(secret)
        socket.curve_serverkey = server or open(f"{siege.house.keys_dir}/otp.curve.pub", "rb").read().strip()

    return configure


def plain(socket):
    socket.plain_username = b"portal:honest"
    socket.plain_password = b"x"


def without_a_key(siege):
    mine = open(siege.evil, "rb").read().strip()
    check("a caller on the list is answered", ask(siege, keys(siege, mine), 5))
    check("no key", not ask(siege, lambda socket: None))
    check("PLAIN", not ask(siege, plain))
    check("a key nobody knows", not ask(siege, keys(siege, zmq.curve_keypair()[1])))
    check("the wrong server key", not ask(siege, keys(siege, mine, zmq.curve_keypair()[0])))


def push(sock, most):
    """Sends until the other side has had enough; how much it took."""
    sent, block = 0, bytes(64 * 1024)
    try:
        while sent < most:
            sock.sendall(block)
            sent += len(block)
    except OSError:
        pass
    return sent


def one_huge_frame(siege):
    for greeting in (CURVE, NULL):
        for flags in (b"\x06", b"\x02"):  # a command; a message
            with siege.connect() as sock:
                sock.sendall(greeting + flags + (300 * MIB).to_bytes(8, "big"))
                took = push(sock, 300 * MIB)
                check(f"a frame of 300 MiB was taken, {took} bytes of it", took < 300 * MIB)


def endless_multipart(siege):
    for greeting in (CURVE, NULL):
        with siege.connect() as sock:
            sock.sendall(greeting)
            sent, block = 0, b"\x01\x00" * 32768  # "more follows", nothing in it
            try:
                while sent < 40 * MIB:
                    sock.sendall(block)
                    sent += len(block)
            except OSError:
                pass
            check("40 MiB of empty frames were taken from a stranger", sent < 40 * MIB)


def idle(siege):
    """Each room has its share; afterwards a stranger's connection has ended by itself."""
    socks = []
    try:
        for i in range(IDLE):
            socks.append(siege.connect("otp" if i % 2 else "identity"))
            if i % 4 == 0:
                socks[-1].sendall(CURVE[: i % 64])
        time.sleep(1)
        check("idle strangers are shown out", all(closed(sock, HANDSHAKE_S) for sock in random.sample(socks, 50)))
    finally:
        for sock in socks:
            sock.close()


def garbage(siege):
    rng = random.Random(5)
    samples = [rng.randbytes(rng.randrange(1, 4000)) for _ in range(200)]
    samples += [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"\xff" * 5000,
                b"\x01\x00", bytes(100), CURVE + bytes(10), CURVE + b"\x04\x06\x05HELLO" + bytes(194), b"\x00" * 65536]
    samples += [CURVE + rng.randbytes(rng.randrange(1, 600)) for _ in range(200)]
    samples += [CURVE + b"\x04\xc8\x05HELLO\x01\x00" + rng.randbytes(192) for _ in range(50)]
    for sample in samples:
        with siege.connect() as sock:
            try:
                sock.sendall(sample)
            except OSError:
                pass


def main():
    with Siege(sys.argv) as siege:
        for attack in (without_a_key, one_huge_frame, endless_multipart, idle, garbage):
            with siege.attack(attack.__name__.replace("_", " ")):
                attack(siege)


if __name__ == "__main__":
    main()
