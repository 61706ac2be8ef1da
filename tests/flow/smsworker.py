"""The SMS worker between an otp room made of Python and the sandbox's gateway.

    smsworker.py <folder of the daemons>
"""
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import zmq

import daemons
from daemons import call

PHONE = "84912000101"


def messages():
    """The .proto files, compiled by Google's compiler."""
    protos = os.environ.get("MC_PROTO_DIR", "proto")
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["protoc", "-I", protos, "-I", "/usr/include", "--python_out", out, "otp.proto",
                        "envelope.proto", "protobuf-c/protobuf-c.proto"], check=True)
        sys.path.insert(0, out)
        return importlib.import_module("otp_pb2"), importlib.import_module("envelope_pb2")


class Otp(threading.Thread):
    """Leases what the test queues, and remembers every call."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(endpoint)
        self.lock = threading.Lock()
        self.waiting = []
        self.queue = []
        self.calls = []
        self.refuse = None  # a method that is answered by UNAVAILABLE
        self.stopped = False
        self.start()

    def run(self):
        while not self.stopped:
            if self.socket.poll(5):
                self.receive(*self.socket.recv_multipart())
            self.lease()
        self.socket.close()
        self.context.term()

    def receive(self, who, header, body):
        head = ENVELOPE.Header.FromString(header)
        method = head.method.rsplit("/")[1]
        request = getattr(OTP, method + "Request").FromString(body)
        if method == "LeaseJobs":
            if (who, head.tag) not in [(w, h.tag) for w, h, _, _ in self.waiting]:
                self.waiting.append((who, head, request, time.monotonic() + request.wait_ms / 1000))
            return
        if method == self.refuse:
            back = ENVELOPE.Header(request_id=head.request_id, method=head.method, tag=head.tag, status=14)
            self.socket.send_multipart([who, back.SerializeToString(), b""])
            return
        with self.lock:
            self.calls.append((method, head, request))
        reply = OTP.ReportDeliveryReply() if method == "ReportDelivery" else OTP.JobResults()
        self.reply(who, head, reply)

    def lease(self):
        for lease in list(self.waiting):
            who, head, request, until = lease
            with self.lock:
                jobs, self.queue = self.queue[:request.credit], self.queue[request.credit:]
            if jobs or time.monotonic() > until:
                with self.lock:
                    self.calls.append(("LeaseJobs", head, request))
                self.waiting.remove(lease)
                self.reply(who, head, OTP.LeaseJobsReply(jobs=jobs))

    def reply(self, who, head, reply):
        back = ENVELOPE.Header(request_id=head.request_id, method=head.method, tag=head.tag)
        self.socket.send_multipart([who, back.SerializeToString(), reply.SerializeToString()])

    def add(self, *jobs):
        with self.lock:
            self.queue += jobs

    def settled(self, method):
        """Token -> Ack or Nack; reference -> report."""
        with self.lock:
            calls = [request for name, _, request in self.calls if name == method]
        if method == "AckJobs":
            return {ack.token: ack for request in calls for ack in request.acks}
        if method == "NackJobs":
            return {nack.token: nack for request in calls for nack in request.nacks}
        return {report.reference: report for request in calls for report in request.reports}

    def stop(self):
        self.stopped = True
        self.join()


class RoomStory(daemons.Story):
    """A story with the room made of Python."""

    def setUp(self):
        super().setUp()
        os.makedirs(f"{self.run_dir}/otp", mode=0o700)
        self.otp = Otp(f"ipc://{self.run_dir}/otp/sock")
        self.addCleanup(self.otp.stop)
        self.jobs = 0

    def job(self, lane="OTP", text="Ma K7: 200832", life_ms=60000, **fields):
        self.jobs += 1
        token = b"token-%d" % self.jobs
        given = {"parts": 1, "encoding": "GSM7", **fields}
        self.otp.add(OTP.SmsJob(token=token, reference=f"ref{self.jobs}", lane=OTP.Lane.Value(lane), phone=PHONE,
                                text=text, expires_at_ms=int(time.time() * 1000) + life_ms, attempt=1,
                                report_path=f"/webhooks/sms?ref=ref{self.jobs}&sig=s", **given))
        return token

    def settled(self, method, token):
        return self.wait_for(lambda: self.otp.settled(method).get(token), f"{method} of {token}")


class Worker(RoomStory):
    def setUp(self):
        super().setUp()
        self.sandbox()
        self.reports = self.ear()

    def worker(self, **settings):
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="ascii") as file:
            file.write("motcua\n")
        os.chmod(password, 0o600)
        return self.start("smsworker", **{
            "smsworker__name": "viettel", "smsworker__url": self.url + "/cgi-bin/sendsms",
            "smsworker__password_file": password, "smsworker__allow_plain_http": "true",
            "smsworker__report_base": self.reports.url, "smsworker__wait": "200ms", **settings})

    def texts(self):
        return [t["text"] for t in json.loads(call("GET", f"{self.url}/handset/{PHONE}")[2])]

    def test_sent_acknowledged_and_reported(self):
        self.worker()
        self.settled("AckJobs", self.job(text="Mã & số: 200832 +%"))
        self.assertEqual(self.texts(), ["Mã & số: 200832 +%"])
        for state in ("8", "1"):
            _, path, query, _ = self.reports.next()
            self.assertEqual((path, query), ("/webhooks/sms", {"ref": "ref1", "sig": "s", "st": state}))
        method, head, request = self.otp.calls[0]
        self.assertEqual((method, head.caller, request.credit, request.lease_ms), ("LeaseJobs", "sms:viettel", 50, 60000))
        self.assertEqual(len(head.request_id), 16)
        log = self.log_of_all()
        self.assertIn("phone=8491xxx101", log)
        self.assertNotIn(PHONE, log)
        self.assertNotIn("200832", log)

    def test_expired_is_never_sent(self):
        self.worker()
        nack = self.settled("NackJobs", self.job(life_ms=-1))
        self.assertEqual((nack.error, nack.permanent), ("EXPIRED", False))
        self.assertEqual(self.texts(), [])

    def test_codes_go_first(self):
        tokens = [self.job("BULK", "b1"), self.job("BULK", "b2"), self.job("OTP", "code"), self.job("TRANSACTIONAL", "t")]
        self.worker(smsworker__concurrency=1)
        for token in tokens:
            self.settled("AckJobs", token)
        self.assertEqual(self.texts()[::-1], ["code", "t", "b1", "b2"])

    def test_hundreds_in_batches(self):
        tokens = [self.job("BULK", f"n{i}") for i in range(300)]
        self.worker()
        for token in tokens:
            self.settled("AckJobs", token)
        self.assertEqual(len(self.texts()), 300)
        self.assertLess(len([c for c in self.otp.calls if c[0] == "AckJobs"]), 150)

    def test_lost_answer_is_sent_for_a_code_and_not_for_a_notice(self):
        self.worker()
        self.fault("sms", "drop_reply", count=1)
        self.settled("AckJobs", self.job("OTP"))
        self.fault("sms", "drop_reply", count=1)
        self.assertFalse(self.settled("NackJobs", self.job("BULK")).permanent)

    def test_gateway_unwell_then_well(self):
        self.worker()
        self.fault("sms", "http500", count=1)
        nack = self.settled("NackJobs", self.job())
        self.assertEqual((nack.error, nack.permanent, nack.retry_ms), ("GATEWAY_HTTP 500", False, 0))
        self.fault("sms", "throttle", count=1)
        self.assertEqual(self.settled("NackJobs", self.job()).error, "GATEWAY_HTTP 503")
        self.settled("AckJobs", self.job())
        credits = [c[2].credit for c in self.otp.calls if c[0] == "LeaseJobs"]
        self.assertEqual((credits[0], min(credits)), (50, 1))  # one at a time while in doubt

    def test_locked_out(self):
        self.worker(smsworker__username="stranger")
        nack = self.settled("NackJobs", self.job())
        self.assertEqual((nack.error, nack.permanent), ("GATEWAY_LOCKED_OUT 403", False))
        self.assertIn("locked_out", self.log_of_all())

    def test_refused_for_good(self):
        self.worker()
        self.assertTrue(self.settled("NackJobs", self.job(text="")).permanent)

    def test_too_long_is_refused(self):
        self.worker()
        nack = self.settled("NackJobs", self.job(text="x" * 2049))
        self.assertEqual((nack.error, nack.permanent), ("TOO_LONG", True))
        self.settled("AckJobs", self.job(text="x" * 2048))

    def test_stop_finishes_what_is_held(self):
        worker = self.worker()
        self.fault("sms", "slow", count=1, ms=400)
        token = self.job()
        self.wait_for(self.texts, "the text")
        worker.terminate()
        self.wait_for(lambda: "stopping" in self.log_of_all(), "its stop to begin")
        late = self.job()  # comes while it stops
        self.assertEqual(worker.wait(daemons.PATIENCE_S), 0, self.log_of_all())
        self.assertIn(token, self.otp.settled("AckJobs"))
        self.assertNotIn(late, self.otp.settled("AckJobs"))

    def test_file_mode(self):
        path = os.path.join(self.folder, "sms.jsonl")
        self.worker(smsworker__mode="file", smsworker__file=path)
        self.settled("AckJobs", self.job(text="Mã: 1"))
        self.wait_for(lambda: "ref1" in self.otp.settled("ReportDelivery"), "the report")
        with open(path, encoding="utf-8") as file:
            line = json.loads(file.read())
        self.assertEqual((line["to"], line["text"], line["reference"]), (PHONE, "Mã: 1", "ref1"))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_password_that_others_may_read(self):
        password = os.path.join(self.folder, "open")
        with open(password, "w", encoding="ascii") as file:
            file.write("motcua\n")
        os.chmod(password, 0o644)
        command = [os.path.join(self.bin, "motcua-smsworker"), "--set", "smsworker.password_file=" + password]
        for key in ("data", "run", "keys"):
            command += ["--set", f"{key}.dir={self.folder}/{key}"]
        self.assertEqual(subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode, 70)


if __name__ == "__main__":
    OTP, ENVELOPE = messages()
    daemons.Story.bin = sys.argv.pop(1)
    unittest.main()
