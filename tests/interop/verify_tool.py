"""motcua-verify against logs and checkpoints that hashlib and openssl made.

usage: verify_tool.py <motcua-verify> [LEAVES]     with a number: how many leaves a second it takes
"""
import base64
import functools
import hashlib
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ORIGIN = "log.example/audit"


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    peaks = []
    for n, leaf in enumerate(leaves, 1):
        peaks.append(hashlib.sha256(b"\0" + leaf).digest())
        for _ in range((n & -n).bit_length() - 1):
            right = peaks.pop()
            peaks.append(node(peaks.pop(), right))
    return functools.reduce(lambda right, left: node(left, right), reversed(peaks)) if peaks else hashlib.sha256(b"").digest()


def pack(leaves):
    return b"".join(struct.pack(">I", len(leaf)) + leaf for leaf in leaves)


class Signer:
    """A log's key, by openssl."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
        public = self.openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-32:]
        self.hash = hashlib.sha256(ORIGIN.encode() + b"\n\1" + public).digest()[:4]
        self.key = f"{ORIGIN}+{self.hash.hex()}+" + base64.b64encode(b"\1" + public).decode()

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder).stdout

    def checkpoint(self, leaves):
        text = f"{ORIGIN}\n{len(leaves)}\n{base64.b64encode(root_of(leaves)).decode()}\n"
        (self.folder / "text").write_text(text)
        signature = self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "text")
        return f"{text}\n\N{EM DASH} {ORIGIN} {base64.b64encode(self.hash + signature).decode()}\n"


class Log(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        self.signer = Signer(made.name)
        self.leaves = [random.Random(7).randbytes(n % 200) for n in range(1000)]

    def verify(self, want, leaves, *checkpoints, key=None):
        (self.folder / "leaves").write_bytes(leaves)
        names = []
        for i, note in enumerate(checkpoints):
            (self.folder / f"checkpoint{i}").write_text(note)
            names.append(str(self.folder / f"checkpoint{i}"))
        done = subprocess.run([TOOL, "log", str(self.folder / "leaves"), key or self.signer.key, *names], capture_output=True, text=True)
        self.assertEqual(done.returncode, want, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_whole_log_at_every_checkpoint(self):
        notes = [self.signer.checkpoint(self.leaves[:n]) for n in (0, 1, 2, 3, 511, 512, 513, 1000)]
        self.assertIn("1000 leaves, 8 checkpoints", self.verify(0, pack(self.leaves), *reversed(notes)))
        (self.folder / "key").write_text(self.signer.key + "\n")
        self.verify(0, pack(self.leaves), notes[0], key=str(self.folder / "key"))

    def test_deleted_edited_cut_off_moved_forked(self):
        note = self.signer.checkpoint(self.leaves)
        edited = [*self.leaves[:499], b"x", *self.leaves[500:]]
        swapped = [*self.leaves[:10], self.leaves[11], self.leaves[10], *self.leaves[12:]]
        for wrong in (self.leaves[1:], self.leaves[:-1], edited, swapped, [*self.leaves[:500], *self.leaves[501:]]):
            self.verify(1, pack(wrong), note)
        # a log that was written anew, and signed anew, does not fit what was kept from before
        self.assertIn("another log", self.verify(1, pack(edited), self.signer.checkpoint(edited), self.signer.checkpoint(self.leaves[:600])))
        self.verify(0, pack([*self.leaves, b"more"]), note)

    def test_what_cannot_be_read_or_believed(self):
        note, leaves = self.signer.checkpoint(self.leaves), pack(self.leaves)
        self.verify(65, leaves[:-1], note)
        self.verify(65, leaves + b"\0\0", note)
        self.verify(65, b"\xff\xff\xff\xff", note)
        self.verify(1, leaves, note.replace("1000", "1001"))
        with tempfile.TemporaryDirectory() as other:
            self.assertIn("not signed by", self.verify(1, leaves, Signer(other).checkpoint(self.leaves)))
        self.verify(65, leaves, note, key="not+a+key")
        for arguments in ([], ["log"], ["log", "x", self.signer.key], ["proof", "x"], ["nothing"]):
            self.assertEqual(subprocess.run([TOOL, *arguments], capture_output=True).returncode, 64, arguments)


def measure(count):
    with tempfile.TemporaryDirectory() as folder:
        signer, leaves = Signer(folder), [os.urandom(180) for _ in range(count)]
        pathlib.Path(folder, "leaves").write_bytes(pack(leaves))
        pathlib.Path(folder, "checkpoint").write_text(signer.checkpoint(leaves))
        began = time.perf_counter()
        subprocess.run([TOOL, "log", f"{folder}/leaves", signer.key, f"{folder}/checkpoint"], check=True)
        print(f"{count / (time.perf_counter() - began):,.0f} leaves of 180 bytes a second")


TOOL = sys.argv.pop(1)
if len(sys.argv) > 1:
    measure(int(sys.argv[1]))
else:
    unittest.main()
