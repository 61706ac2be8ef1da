"""SMS gateways that share no code with us: over TCP with CURVE, competing, dying, too late (OTP-03, OTP-12, S31).

    sms_gateway.py <folder of the daemons>
"""
import json
import os
import re
import signal
import subprocess
import threading
import time

import zmq

import story
from portal import uuid7
from story import CITIZEN, Portal, enum_name

GUIDE = f"{story.SOURCE}/services/otp/gateways"
HOLD = """
import sys, threading
from sms_gateway import connect, otp, send

ask = connect(*sys.argv[1:])
for job in ask("LeaseJobs", otp.LeaseJobsRequest(credit=100, wait_ms=5000, lease_ms=1500), otp.LeaseJobsReply).jobs:
    send(job)
threading.Event().wait()  # keeps what it leased and says nothing more: to be killed
"""
PHONE = "0912000101"


class Gateway:
    """The carriers' guide's gateway as a process; its lines are gathered as they come."""

    def __init__(self, story_, name, program=(f"{GUIDE}/sms_gateway.py",)):
        house = story_.house
        secret = house.allow(f"sms:{name}")
        story_.know_callers()
        self.secret, self.lines, self.name = secret, [], f"sms:{name}"
        with open(secret, encoding="ascii") as file:
            key = file.read().strip()
        public = zmq.curve_public(key.encode()).decode()
        with open(f"{house.keys_dir}/otp.curve.pub", encoding="ascii") as file:
            server = file.read().strip()
        with open(f"{house.run_dir}/otp/tcp", encoding="ascii") as file:
            endpoint = file.read().strip()
        self.process = subprocess.Popen(
            ["/usr/bin/python3", *program, name, endpoint, server, public, key], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": GUIDE, "PROTOS": f"{story.SOURCE}/proto"})
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        story_.addCleanup(self.kill)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


class Gateways(story.Story):
    without = ("smsworker",)

    def know_callers(self):
        """The list of callers is read again on SIGHUP; nobody is cut off by it."""
        known = f"{self.house.log_dir}/otp.log"
        with open(known, encoding="utf-8") as log:
            before = log.read().count("event=reloaded")
        self.house.processes["otp"].send_signal(signal.SIGHUP)

        def again():
            with open(known, encoding="utf-8") as log:
                return log.read().count("event=reloaded") > before

        self.wait("the otp room to read its callers again", again)

    def gateway(self, name):
        """The same, step by step in this process."""
        secret = self.house.allow(f"sms:{name}")
        self.know_callers()
        return Portal(self.house.run_dir, caller="sms:nobody", keys_dir=self.house.keys_dir, secret=secret, resend=0.5)

    def lease(self, gateway, **more):
        return gateway.call("otp", "LeaseJobs", {"credit": 10, "wait_ms": 2000, **more}).jobs

    def enqueue(self, count, first=1):
        room = self.local("room:notification")
        for i in range(first, first + count):
            room.call("otp", "EnqueueSms", {"lane": "TRANSACTIONAL", "phone": PHONE, "text": f"Ho so {i} da tiep nhan"})

    def lane(self, name):
        return next(lane for lane in self.stats("otp").lanes if lane.lane == name)

    def start_registration(self):
        """A person waits for a code; its subject."""
        registration = self.steps.start_registration(CITIZEN)
        self.steps.await_carrier(registration)
        self.wait("the code to be made", lambda: self.steps.tag("REGISTER", registration))
        return registration

    def delivery(self, registration):
        return enum_name(self.portal.call("otp", "Status", {"purpose": "REGISTER", "subject": registration}), "state")


class SmsGateway(Gateways):
    def test_a_code_from_queue_to_phone(self):
        """OTP-12: what the waiting screen shows, from queued to delivered; and the code that came this way is good."""
        self.up()
        registration = self.start_registration()
        self.assertEqual(self.delivery(registration), "QUEUED")
        gateway = self.gateway("viettel")
        job, = self.lease(gateway)
        self.assertEqual((enum_name(job, "lane"), job.phone, job.encoding, job.parts, job.attempt), ("OTP", "84912000101", "GSM7", 1, 1))
        self.assertEqual(self.delivery(registration), "HANDED_OVER")
        peek = self.local("operator:check").call("otp", "Peek", {"lane": "otp"}).jobs[0]
        self.assertEqual((peek.leased_by, bytes(peek.payload)), ("sms:viettel", b""))  # the CURVE key says who, not the header
        ack = gateway.call("otp", "AckJobs", {"acks": [{"token": job.token, "provider_reference": "v-1"}]})
        self.assertTrue(ack.results[0].ok)
        self.assertEqual(self.delivery(registration), "SENT")
        for applied in (1, 0):  # a second report of the same changes nothing
            done = gateway.call("otp", "ReportDelivery", {"reports": [{"reference": job.reference, "state": "DELIVERED"}]})
            self.assertEqual((done.applied, done.ignored), (applied, 1 - applied))
        self.assertEqual(self.delivery(registration), "DELIVERED")
        code = re.search(r": (\d{6})\.", job.text)[1]
        proof = self.portal.call("otp", "Verify", {"purpose": "REGISTER", "subject": registration, "code": code}).proof
        self.assertTrue(self.steps.finish_registration(registration, proof).account_id)
        request = {"purpose": "LOGIN", "subject": registration, "phone": PHONE}
        self.refused("CALLER_DENIED", "otp", "Issue", request, portal=gateway)  # a gateway makes no codes

    def test_two_gateways_compete(self):
        """Each text goes to one of them, once; codes overtake notices."""
        self.up()
        self.enqueue(30)
        registration = self.start_registration()
        gateways = [Gateway(self, "viettel"), Gateway(self, "vnpt")]
        self.wait("the first texts", lambda: self.lane("transactional").done_total >= 30)
        for i in range(4):
            self.enqueue(10, 31 + 10 * i)
        self.wait("all texts", lambda: self.lane("transactional").done_total == 70)
        self.wait("the reports", lambda: self.types({"otp": self.journal("otp")}).get("otp.sms_delivered") == 71)
        for gateway in gateways:
            gateway.kill()
        lines = [line for gateway in gateways for line in gateway.lines]
        self.assertEqual(len(lines), 71)
        self.assertEqual(len({line["reference"] for line in lines}), 71)
        self.assertEqual(len({line["text"] for line in lines}), 71)
        for gateway in gateways:
            if any(line["lane"] == "OTP" for line in gateway.lines):
                self.assertEqual(gateway.lines[0]["lane"], "OTP")
        self.assertEqual(self.delivery(registration), "DELIVERED")
        self.assertEqual(self.lane("transactional").failed_total, 0)
        self.check_books()

    def test_one_is_killed_while_it_holds(self):
        """Its lease runs out, and not before does the other get the job; the dead one's token is worth nothing then."""
        self.up()
        self.enqueue(3)
        holder = Gateway(self, "viettel", ("-c", HOLD))
        self.wait("it to hold all", lambda: len(holder.lines) == 3)
        held = self.lane("transactional")
        self.assertEqual((held.queued, held.leased), (0, 3))
        ends = min(job.due_ms for job in self.local("operator:check").call("otp", "Peek", {"lane": "transactional"}).jobs)
        holder.kill()
        other = self.gateway("vnpt")
        self.assertEqual(len(self.lease(other, wait_ms=0)), 0)
        jobs = self.wait("the lease to run out", lambda: self.lease(other, wait_ms=500))
        self.assertGreaterEqual(time.time() * 1000, ends)
        self.assertEqual([(j.text, j.attempt) for j in jobs], [(f"Ho so {i} da tiep nhan", 2) for i in (1, 2, 3)])
        stale = [bytes.fromhex(line["token"]) for line in holder.lines]
        late = Portal(self.house.run_dir, keys_dir=self.house.keys_dir, secret=holder.secret, resend=0.5)
        results = late.call("otp", "AckJobs", {"acks": [{"token": t} for t in stale]}).results
        self.assertEqual([(r.ok, r.code) for r in results], [(False, "LEASE_STALE")] * 3)
        results = other.call("otp", "AckJobs", {"acks": [{"token": j.token} for j in jobs]}).results
        self.assertEqual([r.ok for r in results], [True] * 3)
        self.assertEqual(self.lane("transactional").done_total, 3)

    def test_a_repeat_takes_nothing_more(self):
        """Told that there is nothing, a gateway asks anew: repeats of the first call, waiting or late, are answered to nobody."""
        self.up()
        gateway = self.gateway("viettel")
        gateway.resend = 0.05  # some repeats wait in the room when the first is answered
        for i in range(5):
            asked, credit = uuid7(), {"credit": 10, "wait_ms": 300}
            self.assertEqual(len(gateway.call("otp", "LeaseJobs", credit, request_id=asked).jobs), 0)
            self.enqueue(1, i + 1)
            self.assertEqual(len(gateway.call("otp", "LeaseJobs", credit, request_id=asked).jobs), 0)  # and one comes late
            job, = gateway.call("otp", "LeaseJobs", credit).jobs
            self.assertEqual((job.text, job.attempt), (f"Ho so {i + 1} da tiep nhan", 1))
            gateway.call("otp", "AckJobs", {"acks": [{"token": job.token}]})

    def test_strangers_lease_nothing(self):
        """A portal's key, and a key nobody knows."""
        self.up()
        self.enqueue(1)
        self.refused("CALLER_DENIED", "otp", "LeaseJobs", {"credit": 1})
        stranger = f"{self.folder}/stranger.curve"
        subprocess.run([f"{self.bin}/motcuactl", "key", "make", stranger], check=True, capture_output=True)
        nobody = Portal(self.house.run_dir, caller="sms:viettel", keys_dir=self.house.keys_dir, secret=stranger)
        with self.assertRaises(story.NoAnswer):
            nobody.call("otp", "LeaseJobs", {"credit": 1}, timeout=0.5)
        self.assertEqual(self.lane("transactional").queued, 1)


class TooLate(Gateways):
    """A code's useful life here is two seconds (OTP-02): past it, it is never handed out."""

    extra = {"otp": {"otp.code_life": "30s", "otp.min_useful_life": "28s", "otp.resend_gap": "1s"}}

    def test_a_code_nobody_fetched(self):
        self.up()
        gateway = self.gateway("viettel")
        registration = self.start_registration()
        status = self.portal.call("otp", "Status", {"purpose": "REGISTER", "subject": registration})
        useful_until = status.expires_at_ms / 1000 - 28
        held, = self.lease(gateway, lease_ms=1000)  # fetched in time, and forgotten
        self.assertLess(time.time(), useful_until)
        got = []
        while time.time() < useful_until + 0.5:
            for job in self.lease(gateway, wait_ms=200, lease_ms=1000):
                got.append((time.time(), job.attempt))
        for at, _ in got:
            self.assertLess(at, useful_until + 0.1)  # the room's clock said so a moment before
        self.assertEqual(len(self.lease(gateway, wait_ms=0)), 0)
        self.wait("it to be put away", lambda: self.delivery(registration) == "EXPIRED")
        self.assertFalse(gateway.call("otp", "AckJobs", {"acks": [{"token": held.token}]}).results[0].ok)
        self.assertEqual(self.lane("otp").queued + self.lane("otp").leased, 0)
        again = self.portal.call("otp", "Resend", {"purpose": "REGISTER", "subject": registration})
        fresh, = self.lease(gateway)
        self.assertIn(f"Ky hieu {again.tag}.", fresh.text)  # a new one is as good as ever
        self.assertNotEqual(fresh.reference, held.reference)


if __name__ == "__main__":
    story.main()
