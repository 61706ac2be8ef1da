"""The real otp room and two SMS gateways: a stranger's in Python (CURVE and ipc), and our worker with the sandbox.

    otp_gateways.py <folder of the daemons>
"""
import json
import os
import subprocess
import sys
import time
import unittest

import zmq

import daemons
import smsworker
from daemons import call

PHONE = "0912000101"
CONSUMER = os.path.join(os.path.dirname(__file__), "..", "interop", "sms_consumer.py")


class Gateways(daemons.Story):
    def setUp(self):
        super().setUp()
        keys = os.path.join(self.folder, "keys")
        os.makedirs(keys, mode=0o700)
        self.public, self.secret = (key.decode() for key in zmq.curve_keypair())
        callers = os.path.join(keys, "callers")
        with open(callers, "w", encoding="ascii") as file:
            file.write(f"sms:python {self.public}\n")
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

    def consume(self, count, *more):
        command = ["/usr/bin/python3", CONSUMER, *more, "--protos", os.environ.get("MC_PROTO_DIR", "proto")]
        command.insert(3, str(count))
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, self.log_of_all())
        return [json.loads(line)["text"] for line in done.stdout.splitlines()]

    def test_python_gateway_over_curve_and_ipc(self):
        self.enqueue(5)
        texts = self.consume(5, self.tcp, "--server-key", self.server, "--public", self.public, "--secret", self.secret)
        self.assertEqual(texts, [f"Ho so {i} da tiep nhan" for i in range(1, 6)])
        self.enqueue(2)
        self.assertEqual(len(self.consume(2, self.ipc)), 2)

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
    unittest.main()
