"""A follower that loses replies, repeats and restarts sees every event once and in order; and what operators see.

    follow.py <folder of the daemons>
"""
import json
import pathlib
import random
import re
import signal
import subprocess
import threading
import uuid

import story
from story import CITIZEN, NoAnswer, Portal, Refused


class Follower(threading.Thread):
    """Follows one journal from its own cursor, as a careless program would: half of what it is told it loses."""

    def __init__(self, run_dir, room, seed):
        super().__init__(daemon=True)
        self.run_dir, self.room, self.dice = run_dir, room, random.Random(seed)
        self.events, self.last, self.lost, self.error, self.stop = [], 0, 0, None, threading.Event()
        self.start()

    def run(self):
        portal = Portal(self.run_dir, caller="room:check", resend=0.3)
        while not self.stop.is_set():
            if self.dice.random() < 0.1:
                portal = Portal(self.run_dir, caller="room:check", resend=0.3)  # it died and came back
            after = len(self.events)
            try:
                reply = portal.call(self.room, "Follow", {"after": after, "credit": self.dice.randint(1, 4), "wait_ms": 300},
                                    timeout=5)
            except (NoAnswer, Refused):
                continue
            self.last = max(self.last, reply.last)
            if [e.seq for e in reply.events] != list(range(after + 1, after + 1 + len(reply.events))):
                self.error = f"after {after}: {[e.seq for e in reply.events]}"
                return
            if reply.events and self.dice.random() < 0.5:
                self.lost += 1  # never applied: asked for again
                continue
            self.events += [e.SerializeToString(deterministic=True) for e in reply.events]


class Follow(story.Story):
    def test_every_event_once_and_in_order(self):
        """Also when the followed room is killed in between: no gap, no event that changes, none that goes."""
        steps = self.up()
        followers = [Follower(self.house.run_dir, room, seed) for seed, room in enumerate(("dossier", "payment", "otp"))]
        session, desk = self.citizen(), self.officer()
        for sig in (None, signal.SIGKILL, signal.SIGTERM):
            if sig is not None:
                self.end_daemons(["dossier", "payment", "otp"], sig)
                self.start_daemons(["dossier", "payment", "otp"])
            code = steps.accept(desk, steps.file_dossier(session))
            order = self.wait("the order", lambda code=code: steps.order(session, code))
            attempt, url = steps.start_payment(session, order.order_id)
            steps.choose(url, "pay")
            self.wait("the payment", lambda order=order, attempt=attempt: steps.settled(session, order.order_id, attempt))
        journals = self.journals()
        for follower in followers:
            whole = [e.SerializeToString(deterministic=True) for e in journals[follower.room]]
            self.wait(f"{follower.room} to be heard", lambda f=follower, w=whole: f.error or len(f.events) >= len(w))
            follower.stop.set()
            follower.join()
            self.assertIsNone(follower.error)
            self.assertEqual(follower.events[:len(whole)], whole)
        self.assertGreater(sum(f.lost for f in followers), 0)

    def test_who_may_follow(self):
        """Facts with personal data are for rooms; a cursor beyond the end belongs to another journal, and is told so."""
        self.up()
        for caller in ("portal:x", "sms:x", "operator:x"):
            self.refused("CALLER_DENIED", "identity", "Follow", {"after": 0, "credit": 1}, portal=self.local(caller))
        check = self.local("room:check")
        self.refused("CONFLICT", "identity", "Follow", {"after": 10**9, "credit": 1, "wait_ms": 0}, portal=check)
        for request in ({"credit": 0}, {"credit": 1001}, {"credit": 1, "wait_ms": 10001}):
            with self.assertRaises(Refused):
                check.call("identity", "Follow", request)


class Operators(story.Story):
    def parsed(self, *arguments):
        return [json.loads(line) for line in self.operator("-o", "json", *arguments).splitlines()]

    def test_what_operators_see(self):
        """motcuactl against the running house: tables for people, JSON for programs, Nagios' codes for check."""
        steps = self.up()
        session, desk = self.citizen(), self.officer()
        code = steps.accept(desk, steps.file_dossier(session))
        self.wait("the order", lambda: steps.order(session, code))
        self.journals()

        status = self.operator("status").splitlines()
        self.assertEqual([line.split()[0] for line in status], ["ROOM", *story.ROOMS])
        self.assertEqual([s["room"] for s in self.parsed("status")], story.ROOMS)
        self.assertEqual(self.operator("-o", "name", "status").split(), story.ROOMS)
        self.assertIn("identity/carrier", self.operator("queue", "list"))
        lanes = {lane["lane"]: lane for lane in self.parsed("queue", "list")}
        self.assertEqual(int(lanes["otp"]["doneTotal"]), 4)
        self.assertTrue(self.operator("check").startswith("OK every room is up"))

        trace = self.operator("trace", code)
        self.assertIn("dossier.accepted", trace)
        timeline, = self.parsed("trace", code)
        self.assertEqual(len(trace.splitlines()) - 1, len(timeline["entries"]))
        account = next(k for e in timeline["entries"] for k in e["keys"] if k.startswith("account:"))
        self.assertIn("identity.account_opened", self.operator("trace", account))
        self.operator("trace", "000.00.00.H00-000000-0000", want=65)

        self.check_books()
        size, head = self.operator("audit", "head").split()
        self.assertRegex(head, "^[0-9a-f]{64}$")
        told, = self.parsed("audit", "head")
        self.assertGreaterEqual(int(told["size"]), int(size))
        self.assertIn("balanced", self.operator("ledger", "check"))
        self.check_proofs(timeline["entries"][0])

        for wrong in (["nothing"], ["queue"], ["queue", "peek"], ["trace"], ["check", "9", "1"], ["-o", "xml", "status"]):
            self.operator(*wrong, want=64)
        self.operator("queue", "peek", "kitchen", want=69)
        self.operator("rights", "grant", CITIZEN["login_id"], "not-a-unit", "DOSSIER_RECEIVE", "x", want=77)

    def verify(self, *arguments, want=0):
        done = subprocess.run([f"{self.bin}/motcua-verify", *arguments], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, want, done.stdout + done.stderr)
        return done.stdout

    def check_proofs(self, entry):
        """Without the daemons: an entry is in the log that was signed as they stopped, and the log is all of it (C3)."""
        self.end_daemons(["audit"])
        self.start_daemons(["audit"])
        folder = pathlib.Path(self.folder)
        for name, arguments in (("proof", ["prove", entry["number"]]), ("checkpoint", ["checkpoint"]), ("key", ["key"])):
            (folder / name).write_text(self.operator("audit", *arguments))
        self.operator("audit", "export", str(folder / "leaves"))
        self.assertIn(entry["type"], self.verify("proof", "proof", "key"))
        self.assertIn("1 checkpoints", self.verify("log", "leaves", "key", "checkpoint"))
        proof = json.loads((folder / "proof").read_text())
        proof["path"][0] = proof["path"][1]
        (folder / "proof").write_text(json.dumps(proof))
        self.verify("proof", "proof", "key", want=1)
        self.operator("audit", "export", str(folder / "leaves"), want=65)  # never over another file

    def test_waiting_jobs_and_rooms_that_are_down(self):
        """A queue that stands, looked into without its secrets; check warns, then cries; a silent room is said to be one.

        D6 (xroad-joint-development#152): nobody waits for the log. Audit is away while people register, and has it all later.
        """
        steps = self.up()
        self.end_daemons(["smsworker", "audit"])
        registration = steps.start_registration(CITIZEN)
        self.wait("the code to be queued", lambda: steps.tag("REGISTER", registration))
        job, = self.parsed("queue", "peek", "otp", "otp")
        self.assertEqual((job["kind"], job["state"], job["destination"]), ("sms", "QUEUED", "vinaphone"))
        self.assertNotIn("payload", job)
        shown = self.operator("queue", "peek", "otp")
        self.assertRegex(shown, r"sms +queued")
        for text in (shown, json.dumps(job)):
            self.assertNotIn(CITIZEN["phone"][1:], text)
            self.assertIsNone(re.search(r"Ma OTP", text))
        self.assertEqual(self.operator("-o", "name", "queue", "peek", "otp").strip(), job["id"])
        self.assertEqual(self.parsed("queue", "peek", "otp", "dead"), [])
        self.start_daemons(["audit"])
        entries = self.wait("audit to have caught up", lambda: self.told_of(registration))
        self.assertIn("otp.code_issued", entries)

        self.hold_and_release()
        old = self.wait("the job to be a second old", lambda: self.checked("1", "100") == 1 and self.operator("check", "1", "100", want=1))
        self.assertRegex(old, r"^WARNING otp oldest=\d+s")
        self.wait("it to be older", lambda: self.checked("1", "1") == 2)
        self.end_daemons(["payment"], signal.SIGKILL)
        self.assertIn("CRITICAL payment is down", self.operator("--timeout", "1", "check", want=2))
        self.assertIn("payment       down: the picture is incomplete", self.operator("--timeout", "1", "status", want=69))

    def told_of(self, registration):
        done = subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "trace", f"registration:{uuid.UUID(bytes=registration)}"],
                              capture_output=True, text=True)
        return done.stdout if "otp.code_issued" in done.stdout else None

    def hold_and_release(self):
        """What was previewed is what runs; another set's hash is refused; audit knows who did it."""
        prepared = self.operator("-o", "name", "queue", "prepare", "hold", "otp", "otp", "queued", "--reason", "carrier asks us to wait").split()
        self.operator("queue", "run", "otp", prepared[0], "00" * 32, want=77)
        self.operator("queue", "run", "otp", *prepared)
        self.wait("the job to be held", lambda: self.parsed("queue", "peek", "otp", "otp")[0]["state"] == "HELD")
        again = self.operator("-o", "name", "queue", "prepare", "release", "otp", "otp", "held", "--reason", "it is well again").split()
        self.operator("queue", "run", "otp", *again)
        self.wait("the job to be released", lambda: self.parsed("queue", "peek", "otp", "otp")[0]["state"] == "QUEUED")
        self.assertIn("RELEASE DONE", self.operator("queue", "actions", "otp"))
        self.wait("audit to know", lambda: "otp.queue_action_done" in self.operator("trace", f"action:{again[0]}"))
        self.operator("queue", "prepare", "hold", "otp", "otp", "dead", "--reason", "x", want=77)
        self.operator("queue", "prepare", "hold", "otp", "otp", "queued", "--speed", "x", want=64)

    def checked(self, *limits):
        return subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "check", *limits],
                                    capture_output=True).returncode


if __name__ == "__main__":
    story.main()
