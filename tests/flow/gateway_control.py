"""An operator and the SMS gateways: motcuactl lists, pauses, drains and resumes them in a real otp room.

    gateway_control.py <folder of the daemons>
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

A, B = "sms:viettel", "sms:vnpt"
SCREENS = 512  # SCREENS_MAX of common/daemon.h


class Control(daemons.Story):
    def setUp(self):
        super().setUp()
        self.start("otp", store__map_size="64MiB", otp__gateway_rates="sms:vnpt=100", otp__pumping_sends="5")
        self.context = zmq.Context()
        self.addCleanup(self.context.term)
        self.room = self.context.socket(zmq.DEALER)
        self.addCleanup(self.room.close)
        self.room.linger = 0
        self.room.connect(f"ipc://{self.run_dir}/otp/sock")
        self.screens = self.context.socket(zmq.DEALER)
        self.addCleanup(self.screens.close)
        self.screens.linger, self.screens.sndhwm, self.screens.rcvhwm = 0, 2000, 2000
        self.screens.connect(f"ipc://{self.run_dir}/otp/sock")

    def call(self, caller, method, request, reply):
        now = int(time.time() * 1000).to_bytes(6, "big")
        header = smsworker.ENVELOPE.Header(request_id=now + b"\x70\0\x80" + os.urandom(7), tag=1, caller=caller,
                                           method=f"motcua.otp.v1.Otp/{method}")
        self.room.send_multipart([header.SerializeToString(), request.SerializeToString()])
        self.assertTrue(self.room.poll(daemons.PATIENCE_S * 1000), self.log_of_all())
        head, body = self.room.recv_multipart()
        self.assertEqual(smsworker.ENVELOPE.Header.FromString(head).status, 0, self.log_of_all())
        return reply.FromString(body)

    def ask(self, caller, method, request):
        """Sends without waiting for the answer."""
        now = int(time.time() * 1000).to_bytes(6, "big")
        header = smsworker.ENVELOPE.Header(request_id=now + b"\x70\0\x80" + os.urandom(7), tag=1, caller=caller,
                                           method=f"motcua.otp.v1.Otp/{method}")
        self.screens.send_multipart([header.SerializeToString(), request.SerializeToString()])

    def answer(self):
        self.assertTrue(self.screens.poll(daemons.PATIENCE_S * 1000), self.log_of_all())
        head, body = self.screens.recv_multipart()
        return smsworker.ENVELOPE.Header.FromString(head), body

    def lease(self, gateway, credit=10):
        otp = smsworker.OTP
        return self.call(gateway, "LeaseJobs", otp.LeaseJobsRequest(credit=credit), otp.LeaseJobsReply).jobs

    def ack(self, gateway, job):
        otp = smsworker.OTP
        request = otp.AckJobsRequest(acks=[otp.Ack(token=job.token)])
        return self.call(gateway, "AckJobs", request, otp.JobResults).results[0]

    def queue(self, count):
        otp = smsworker.OTP
        for i in range(count):
            self.call("room:notification", "EnqueueSms",
                      otp.EnqueueSmsRequest(lane=otp.TRANSACTIONAL, phone="0912000101", text=f"Ho so {i}"), otp.EnqueueSmsReply)

    def ctl(self, *words, code=0, output="json"):
        done = subprocess.run([os.path.join(self.bin, "motcuactl"), "--run-dir", self.run_dir, "-o", output, "gateway", *words],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if output != "json" else [json.loads(line) for line in done.stdout.splitlines()]

    def test_pause_drain_resume(self):
        self.queue(4)
        held = self.lease(A, 2)
        self.assertEqual(len(held), 2)
        views = self.ctl("list")
        self.assertEqual([(view["gateway"], view["mode"], view["held"]) for view in views], [(A, "ACTIVE", 2)])

        self.ctl("pause", A, code=64)  # no reason given
        self.ctl("pause", A, "--reason", "x", "--until", "soon", code=64)
        self.ctl("pause", "sms:nobody", "--reason", "x", code=77)
        view, = self.ctl("drain", A, "--reason", "đổi đường truyền", "--until", "2h")
        self.assertEqual((view["mode"], view["reason"]), ("DRAINING", "đổi đường truyền"))
        self.assertTrue(view["by"].startswith("operator:"))
        self.assertAlmostEqual(int(view["untilMs"]) / 1000, time.time() + 7200, delta=60)
        self.assertEqual(len(self.lease(A)), 0)
        self.assertTrue(self.ack(A, held[0]).ok)

        view, = self.ctl("pause", A, "--reason", "nhà mạng báo sự cố")
        self.assertEqual((view["mode"], view.get("held", 0)), ("PAUSED", 0))
        self.assertEqual(self.ack(A, held[1]).code, "LEASE_STALE")
        self.assertEqual(len(self.lease(B)), 3)  # with the one that was taken back
        rows = {view["gateway"]: view for view in self.ctl("list")}
        self.assertEqual((rows[A]["mode"], rows[B]["mode"], rows[B]["rate"]), ("PAUSED", "ACTIVE", 100))
        self.assertIn("nhà mạng báo sự cố", self.ctl("list", output="table"))

        self.queue(1)
        self.assertEqual(len(self.lease(A)), 0)
        self.ctl("resume", A, "--reason", "xong")
        self.assertEqual(len(self.lease(A)), 1)
        self.ctl("resume", A, "--reason", "xong", code=77)

    def test_many_screens_wait_and_gateways_are_served(self):
        otp = smsworker.OTP
        subject = int(time.time() * 1000).to_bytes(6, "big") + b"\x70\0\x80" + os.urandom(7)
        issued = self.call("room:identity", "Issue", otp.IssueRequest(purpose=otp.LOGIN, subject=subject, phone="0912000101"),
                           otp.IssueReply)
        waiting = otp.StatusRequest(purpose=otp.LOGIN, subject=subject, wait_ms=10000, seen_state=otp.QUEUED, seen_tag=issued.tag)
        for _ in range(SCREENS + 1):
            self.ask("portal:web", "Status", waiting)
        head, _ = self.answer()  # one too many: it is told at once, and the others wait
        self.assertEqual(head.code, "BUSY")
        job, = self.lease(A)
        for _ in range(SCREENS):
            head, body = self.answer()
            self.assertEqual(head.status, 0)
            self.assertEqual(otp.StatusReply.FromString(body).state, otp.HANDED_OVER)
        self.assertTrue(self.ack(A, job).ok)
        row, = (json.loads(line) for line in subprocess.run(
            [os.path.join(self.bin, "motcuactl"), "--run-dir", self.run_dir, "-o", "json", "sms", "costs"],
            capture_output=True, text=True, timeout=60, check=True).stdout.splitlines())
        self.assertEqual((int(row["parts"]), int(row["codeParts"])), (1, 1))

    def tool(self, *words, code=0, output="json"):
        done = subprocess.run([os.path.join(self.bin, "motcuactl"), "--run-dir", self.run_dir, "-o", output, "queue", *words],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if output != "json" else [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_queue_is_seen_and_paused(self):
        """What waits for whom, one job's page, search by business id, a pause that ends by itself."""
        otp, lane = smsworker.OTP, ("otp", "transactional")
        for i in range(3):
            self.call("room:notification", "EnqueueSms",
                      otp.EnqueueSmsRequest(lane=otp.TRANSACTIONAL, phone="0912000101", text="Ho so", keys=[f"dossier:H53-{i}"]),
                      otp.EnqueueSmsReply)
        held, = self.lease(A, 1)
        told, = self.tool("shape", *lane)
        row, = told["rows"]
        self.assertEqual((int(row["total"]), int(row["queued"]), int(row["leased"])), (3, 2, 1))
        self.assertEqual(sum(int(n) for n in row["ages"]), 3)
        self.assertEqual([(who["worker"], int(who["count"])) for who in told["holders"]], [(A, 1)])
        self.assertEqual(sum(int(n) for n in told["inMinutes"]), 3)
        carrier = row["destination"]
        self.assertEqual(self.tool("shape", *lane, output="name").split(), [carrier])
        self.assertIn("DESTINATION", self.tool("shape", *lane, output="wide"))

        job, = self.tool("find", "dossier:H53-2", "otp")
        self.assertNotIn("payload", job)
        page, = self.tool("job", "otp", job["id"])
        self.assertEqual((page["lane"], page["job"]["state"]), ("transactional", "QUEUED"))
        self.assertIn("about dossier:H53-2", self.tool("job", "otp", job["id"], output="table"))
        self.tool("job", "otp", "1", code=77)
        self.assertEqual(self.tool("find", "dossier:H53-9", "otp"), [])

        self.tool("pause", *lane, carrier, code=64)
        pause, = self.tool("pause", *lane, carrier, "--reason", "nhà mạng bảo trì", "--until", "1h")
        self.assertTrue(pause["by"].startswith("operator:"))
        self.assertEqual(len(self.lease(B)), 0)
        self.assertTrue(self.ack(A, held).ok)  # what is in somebody's hands stays there
        self.assertIn("nhà mạng bảo trì", self.tool("shape", *lane, output="table"))
        self.assertIn("paused in part", self.tool("forecast", "otp", output="table"))
        page, = self.tool("job", "otp", job["id"])
        self.assertEqual(page["pause"]["reason"], "nhà mạng bảo trì")
        until = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 31 * 86400))
        self.tool("pause", *lane, "--reason", "x", "--until", until, code=77)
        self.tool("pause", *lane, carrier, "--reason", "chốc lát", "--until", "1s")
        jobs, ends = [], time.monotonic() + daemons.PATIENCE_S
        while not jobs and time.monotonic() < ends:
            jobs = self.call(B, "LeaseJobs", otp.LeaseJobsRequest(credit=10, wait_ms=200), otp.LeaseJobsReply).jobs
        self.assertEqual(len(jobs), 2)
        self.tool("resume", *lane, carrier, "--reason", "xong", code=77)

        self.assertIn("OK otp/transactional | age=", self.tool("check", *lane, output="table"))
        self.assertIn("CRITICAL", self.tool("check", *lane, "--depth", "1:2", output="table", code=2))
        self.assertIn("WARNING", self.tool("check", *lane, "--depth", "1:20", output="table", code=1))
        self.assertIn("CRITICAL", self.tool("check", "otp", "x", output="table", code=2))
        self.tool("check", *lane, "--depth", "20:1", code=64)

    def test_young_codes_raise_no_alarm(self):
        otp = smsworker.OTP
        for i in range(7):
            subject = int(time.time() * 1000).to_bytes(6, "big") + b"\x70\0\x80" + os.urandom(7)
            self.call("room:identity", "Issue", otp.IssueRequest(purpose=otp.LOGIN, subject=subject, phone=f"091200010{i}"),
                      otp.IssueReply)
        words = [os.path.join(self.bin, "motcuactl"), "--run-dir", self.run_dir, "-o", "json", "sms", "alarms"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stdout, "")  # the youngest are not counted: the clock is moved in otp_pumping_test


if __name__ == "__main__":
    smsworker.OTP, smsworker.ENVELOPE = smsworker.messages()
    daemons.Story.bin = sys.argv.pop(1)
    unittest.main()
