"""The SMS worker before an SMSC that keeps to nothing.

    smpp_rogue.py <folder of the daemons>
"""
import socket
import struct
import sys
import types
import unittest

import daemons
import smpp
import smsworker


class Rogue(smsworker.RoomStory):
    """An SMSC that keeps to nothing: bytes by hand."""

    worker = smpp.SmppStory.worker

    def setUp(self):
        super().setUp()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(daemons.PATIENCE_S)
        self.addCleanup(self.listener.close)
        self.smsc = types.SimpleNamespace(port=self.listener.getsockname()[1])

    def bound(self):
        """A connection that was bound."""
        line, _ = self.listener.accept()
        self.addCleanup(line.close)
        line.settimeout(daemons.PATIENCE_S)
        command, _, sequence, _ = self.pdu(line)
        self.assertEqual(command, 0x09)
        self.send(line, 0x80000009, 0, sequence, b"x\0")
        return line

    def send(self, line, command, status, sequence, body=b"", length=None):
        line.sendall(struct.pack(">IIII", 16 + len(body) if length is None else length, command, status, sequence) + body)

    def pdu(self, line):
        length, command, status, sequence = struct.unpack(">IIII", self.exactly(line, 16))
        return command, status, sequence, self.exactly(line, length - 16)

    def exactly(self, line, count):
        got = b""
        while len(got) < count:
            more = line.recv(count - len(got))
            self.assertNotEqual(more, b"", "the worker hung up")
            got += more
        return got

    def test_words_it_does_not_know(self):
        self.worker()
        line = self.bound()
        self.send(line, 0x0103, 0, 5, b"data_sm")
        self.assertEqual(self.pdu(line)[:3], (0x80000000, 3, 5))  # generic_nack: unknown command
        self.send(line, 0x05, 0, 6, b"\0\1\1 cut off")
        self.assertEqual(self.pdu(line)[:3], (0x80000005, 0x65, 6))  # not to be sent again
        for command in (0x80000004, 0x80000000, 0x80000009, 0x80000006, 0x80000015, 0xFFFFFFFF):
            self.send(line, command, 0x58, 77, b"\xff" * 40)  # answers to what was never asked
        self.send(line, 0x15, 0, 8)
        self.assertEqual(self.pdu(line)[:3], (0x80000015, 0, 8))  # and it is well

    def test_an_answer_without_an_id_in_pieces(self):
        self.worker()
        line = self.bound()
        token = self.job()
        sequence = self.pdu(line)[2]
        for byte in struct.pack(">IIII", 16, 0x80000004, 0, sequence):
            line.sendall(bytes([byte]))
        self.assertEqual(self.settled("AckJobs", token).provider_reference, "")

    def test_lengths_that_cannot_be(self):
        """The connection is of no use any more; another one is made."""
        self.worker()
        for length in (15, 4097, 0xFFFFFFFF):
            self.send(self.bound(), 0x15, 0, 1, length=length)
        self.bound()
        self.assertEqual(self.log_of_all().count("not SMPP"), 3)

    def test_an_endless_stream_of_receipts(self):
        """More than are told at once are put off, none is lost, and the memory stays where it is."""
        worker = self.worker()
        line = self.bound()
        self.settled_with_id(line, b"42\0")
        self.otp.refuse = "ReportDelivery"
        receipt = b"\0\1\0018491\0\5\0DVC\0\4\0\0\0\0\0\0\0\0" + bytes([21]) + b"id:42 stat:DELIVRD x:"
        before = self.memory(worker)
        statuses = []
        for turn in range(10):
            line.sendall(b"".join(struct.pack(">IIII", 16 + len(receipt), 5, 0, 1000 * turn + i + 1) + receipt for i in range(500)))
            statuses += [self.pdu(line)[1] for _ in range(500)]
        self.assertEqual(set(statuses), {0x64})
        self.assertLess(self.memory(worker) - before, 64 << 20)  # a sanitizer keeps what was freed for a while
        self.otp.refuse = None
        self.send(line, 5, 0, 1, receipt)
        self.assertEqual(self.pdu(line)[:3], (0x80000005, 0, 1))
        self.assertIn("ref1", self.otp.settled("ReportDelivery"))

    def settled_with_id(self, line, message_id):
        token = self.job()
        self.send(line, 0x80000004, 0, self.pdu(line)[2], message_id)
        self.settled("AckJobs", token)

    def memory(self, process):
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096


if __name__ == "__main__":
    smsworker.OTP, smsworker.ENVELOPE = smsworker.messages()
    daemons.Story.bin = sys.argv.pop(1)
    unittest.main()
