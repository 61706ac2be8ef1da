"""The real otp room and three SMS gateways: the carriers' guide's in Python and in Node, and our worker with the sandbox.

    otp_gateways.py <folder of the daemons>
"""
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import zmq

import daemons
import smsworker
from daemons import call

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import npm  # noqa: E402
from portal import Portal  # noqa: E402

PHONE = "0912000101"
SOURCE = Path(__file__).resolve().parent.parent.parent
GUIDE = SOURCE / "services" / "otp" / "gateways"


class Gateways(daemons.Story):
    def setUp(self):
        super().setUp()
        keys = os.path.join(self.folder, "keys")
        os.makedirs(keys, mode=0o700)
        self.public, self.secret = (key.decode() for key in zmq.curve_keypair())
        callers = os.path.join(keys, "callers")
        with open(callers, "w", encoding="ascii") as file:
            file.write(f"sms:carrier {self.public}\n")
        os.chmod(callers, 0o600)
        self.start("otp", store__map_size="64MiB", listen__tcp="tcp://127.0.0.1:0")
        path = os.path.join(self.run_dir, "otp/tcp")
        self.wait_for(lambda: os.path.exists(path), path)
        with open(path, encoding="ascii") as file:
            self.tcp = self.wait_for(lambda: file.seek(0) or file.read().strip(), path)
        with open(os.path.join(keys, "otp.curve.pub"), encoding="ascii") as file:
            self.server = file.read().strip()
        self.ipc = f"ipc://{self.run_dir}/otp/sock"
        self.notices = 0
        self.check = Portal(self.run_dir, caller="room:check")
        self.addCleanup(self.check.reconnect, "otp")

    def enqueue(self, count):
        context = zmq.Context()
        room = context.socket(zmq.DEALER)
        room.linger = 0
        room.connect(self.ipc)
        for i in range(count):
            self.notices += 1
            now = int(time.time() * 1000).to_bytes(6, "big")
            header = smsworker.ENVELOPE.Header(request_id=now + b"\x70\0\x80" + os.urandom(7), tag=i,
                                               method="motcua.otp.v1.Otp/EnqueueSms", caller="room:notification")
            request = smsworker.OTP.EnqueueSmsRequest(lane=smsworker.OTP.TRANSACTIONAL, phone=PHONE,
                                                      text=f"Ho so {self.notices} da tiep nhan")
            room.send_multipart([header.SerializeToString(), request.SerializeToString()])
        for _ in range(count):
            self.assertTrue(room.poll(daemons.PATIENCE_S * 1000), self.log_of_all())
            self.assertEqual(smsworker.ENVELOPE.Header.FromString(room.recv_multipart()[0]).status, 0)
        room.close()
        context.term()

    def consume(self, command, *keys):
        """
        The guide's program as it is. Told to stop, it still serves the lease it waits for: the texts that come last are
        its, and nothing is left leased. Returns what it printed.
        """
        environment = {**os.environ, "PROTOS": str(SOURCE / "proto"), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen([*command, "carrier", *keys], stdout=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(process.kill)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(map(json.loads, process.stdout)), daemon=True)
        reader.start()
        self.enqueue(5)
        self.wait_for(lambda: self.reported() == self.notices, "five reports")
        self.wait_for(lambda: self.check.call("otp", "Stats").parked, "it to wait for more")
        process.terminate()
        self.enqueue(1)
        self.assertEqual(process.wait(daemons.PATIENCE_S), 0)
        reader.join()
        process.stdout.close()
        self.assertEqual(self.reported(), self.notices)
        return [line["text"] for line in lines]

    def reported(self):
        """Texts that were leased, acknowledged and reported as delivered: as the journal has them."""
        journal = self.check.call("otp", "Follow", {"after": 0, "credit": 1000, "wait_ms": 0})
        return sum(event.type == "otp.sms_delivered" for event in journal.events)

    def over_curve_and_ipc(self, command):
        texts = self.consume(command, self.tcp, self.server, self.public, self.secret)
        self.assertEqual(texts, [f"Ho so {i} da tiep nhan" for i in range(1, 7)])
        texts = self.consume(command, self.ipc)
        self.assertEqual(texts, [f"Ho so {i} da tiep nhan" for i in range(7, 13)])

    def test_the_guides_python(self):
        self.over_curve_and_ipc(["/usr/bin/python3", GUIDE / "sms_gateway.py"])

    def test_the_guides_node(self):
        os.symlink(PLACE / "node_modules", f"{self.folder}/node_modules")  # where a carrier's npm would put them
        program = shutil.copy(GUIDE / "sms_gateway.mjs", self.folder)
        self.over_curve_and_ipc([NODE, program])

    def test_worker_with_the_sandbox(self):
        self.sandbox()
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write("motcua\n")
        os.chmod(password, 0o600)
        self.enqueue(200)
        self.start("smsworker", smsworker__url=self.url + "/cgi-bin/sendsms", smsworker__password_file=password,
                   smsworker__allow_plain_http="true", smsworker__wait="200ms")
        seen = self.wait_for(lambda: len(self.texts()) >= 200 and self.texts(), "200 texts")
        self.assertEqual(len(set(seen)), 200)
        self.assertEqual(len(seen), 200)

    def texts(self):
        return [text["text"] for text in json.loads(call("GET", f"{self.url}/handset/{PHONE}")[2])]


if __name__ == "__main__":
    smsworker.OTP, smsworker.ENVELOPE = smsworker.messages()
    daemons.Story.bin = sys.argv.pop(1)
    PLACE = Path(daemons.Story.bin).resolve().parent / "tests" / "interop" / "connect"
    NODE = npm.packages(PLACE)
    unittest.main()
