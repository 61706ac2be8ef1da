"""A portal written in Python talks to a listener of ours: CURVE over tcp, REQ and DEALER over ipc.

    bus_peer.py BUS_ECHO
"""
import os
import subprocess
import sys
import tempfile
import unittest

import zmq

PATIENCE_MS = 10_000
REFUSAL_MS = 700  # several times what a handshake takes


class BusPeer(unittest.TestCase):
    program = ""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.public, self.secret = zmq.curve_keypair()
        callers = os.path.join(self.folder.name, "callers")
        with open(callers, "w", encoding="ascii") as file:
            file.write(f"# who may call\nportal:tayninh {self.public.decode()}\n")
        os.chmod(callers, 0o600)
        socket = os.path.join(self.folder.name, "room.sock")
        self.daemon = subprocess.Popen(
            [self.program, socket, callers], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ipc, self.tcp, key = self.daemon.stdout.readline().split()
        self.server_key = key.encode()
        self.context = zmq.Context()
        self.addCleanup(self.context.term)

    def tearDown(self):
        self.daemon.stdin.close()
        self.assertEqual(self.daemon.wait(PATIENCE_MS / 1000), 0)
        self.daemon.stdout.close()
        self.folder.cleanup()

    def connect(self, kind, endpoint, keys=None):
        socket = self.context.socket(kind)
        self.addCleanup(socket.close, linger=0)
        socket.rcvtimeo = PATIENCE_MS
        if keys:
            socket.curve_publickey, socket.curve_secretkey = keys
            socket.curve_serverkey = self.server_key
        socket.connect(endpoint)
        return socket

    def test_dealer_over_curve_is_known_by_its_key(self):
        portal = self.connect(zmq.DEALER, self.tcp, (self.public, self.secret))
        for size in (0, 1, 33, 34, 8192, 1 << 20):
            portal.send_multipart([b"header", b"x" * size])
            self.assertEqual(portal.recv_multipart(), [b"portal:tayninh", b"x" * size])

    def test_many_outstanding(self):
        portal = self.connect(zmq.DEALER, self.tcp, (self.public, self.secret))
        count = 900  # under both queues
        for i in range(count):
            portal.send_multipart([b"header", b"%d" % i])
        got = [int(portal.recv_multipart()[1]) for _ in range(count)]
        self.assertEqual(got, list(range(count)))

    def test_req_over_curve(self):
        portal = self.connect(zmq.REQ, self.tcp, (self.public, self.secret))
        for body in (b"one", b"two"):
            portal.send_multipart([b"header", body])
            self.assertEqual(portal.recv_multipart(), [b"portal:tayninh", body])

    def test_req_over_ipc_has_no_name(self):
        local = self.connect(zmq.REQ, self.ipc)
        local.send_multipart([b"header", "Tây Ninh".encode()])
        self.assertEqual(local.recv_multipart(), [b"local", "Tây Ninh".encode()])

    def test_wrong_shape_gets_no_answer_and_the_next_does(self):
        local = self.connect(zmq.DEALER, self.ipc)
        local.send_multipart([b"alone"])
        local.send_multipart([b"one", b"two", b"three"])
        local.send_multipart([b"header", b"right"])
        self.assertEqual(local.recv_multipart(), [b"local", b"right"])

    def refused(self, socket):
        socket.send_multipart([b"header", b"body"])
        self.assertEqual(socket.poll(REFUSAL_MS), 0)

    def test_strange_key_is_refused(self):
        self.refused(self.connect(zmq.DEALER, self.tcp, zmq.curve_keypair()))

    def test_no_key_is_refused(self):
        self.refused(self.connect(zmq.DEALER, self.tcp))

    def test_own_routing_id_over_tcp_is_not_heard(self):
        portal = self.context.socket(zmq.DEALER)
        self.addCleanup(portal.close, linger=0)
        portal.routing_id = b"somebody-else"
        portal.curve_publickey, portal.curve_secretkey = self.public, self.secret
        portal.curve_serverkey = self.server_key
        portal.connect(self.tcp)
        self.refused(portal)


if __name__ == "__main__":
    BusPeer.program = sys.argv.pop(1)
    unittest.main()
