"""An operator's day, as the README tells it: a gateway goes bad, the alert fires, the page shows where, traffic is moved,
dead letters are previewed and sent again by two people, and the audit log proves who did what.

    operators_day.py <folder of the daemons>
"""
import json
import shutil
import subprocess
import sys

import prometheus  # modules, not their classes: those have tests of their own
import remote_operator
import sms_gateway
import story

ALERT, NOTICES = "MotcuaOtpOld", 120  # more than one operator alone may send again


class OperatorsDay(prometheus.Prometheus, remote_operator.RemoteOperator, sms_gateway.Gateways):
    # only their steps are wanted here
    test_rules_and_dashboards_fit_the_numbers = test_an_operator_far_away = test_watching = None
    test_what_documents_tell_to_type = test_completion_and_manual = None
    without = ()
    extra = {**prometheus.Prometheus.extra, "smsworker": {"smsworker.name": "viettel"}}

    def quicken(self, name, text):
        """The alert waits half a minute in life; here it fires after a second and a half."""
        if name == "motcua.rules.yml":
            text = text.replace('queue="otp"} > 15\n        for: 15s', 'queue="otp"} > 1\n        for: 500ms')
            self.assertIn("for: 500ms", text)
        return text

    def alerts(self):
        return {a["labels"]["alertname"] for a in self.ask_prometheus("alerts")["alerts"] if a["state"] == "firing"}

    def as_operator(self, name, *arguments, want=0):
        return self.far("--context", name, *arguments, want=want)

    def codes(self, count):
        subjects = [story.uuid7() for _ in range(count)]
        for i, subject in enumerate(subjects):
            self.local("room:identity").call("otp", "Issue", {"purpose": "LOGIN", "subject": subject, "phone": f"091200020{i}"})
        return subjects

    def refused_for_good(self):
        """The carrier has not heard of the brandname: what it is handed comes back, and stays."""
        carrier = self.gateway("mobifone")
        self.enqueue(NOTICES)

        def step():
            jobs = self.lease(carrier, credit=100, wait_ms=100)
            if jobs:
                carrier.call("otp", "NackJobs", {"nacks": [
                    {"token": job.token, "error": "BRANDNAME: chưa đăng ký", "permanent": True} for job in jobs]})
            return self.lane("transactional").dead == NOTICES

        self.wait("the dead letters", step)

    def test_the_day(self):
        if not shutil.which("prometheus"):
            print("prometheus is not to be had here: the day is not walked", file=sys.stderr)
            sys.exit(77)
        self.up()
        self.start_prometheus()
        for name, roles in (("an", "operate"), ("binh", "operate,approve")):
            self.context(name, self.admit(f"operator:{name}", roles))
            self.wait(f"the rooms to know {name}", lambda name=name: self.ask_house("--context", name, "status").returncode == 0)
        reserve = sms_gateway.Gateway(self, "vnpt")
        self.wait("both gateways", lambda: self.as_operator("an", "-o", "name", "gateway", "list").count("sms:") == 2)
        self.as_operator("an", "gateway", "pause", "sms:vnpt", "--reason", "dự phòng")

        # 1. Viettel's gateway goes bad: codes age, the alert fires.
        self.fault("sms", "http500")
        subjects = self.codes(4)
        self.wait("the alert", lambda: ALERT in self.alerts())

        # 2. The queue says which destination, and why.
        shape = json.loads(self.as_operator("an", "-o", "json", "queue", "shape", "otp", "otp"))
        self.assertEqual([(row["destination"], int(row["total"])) for row in shape["rows"]], [("vinaphone", 4)])
        job = json.loads(self.as_operator("an", "-o", "json", "queue", "peek", "otp", "otp").splitlines()[0])
        self.assertIn("500", json.dumps(job))

        # 3. Traffic is moved, and people get their codes; the alert is over.
        self.as_operator("an", "gateway", "drain", "sms:viettel", "--reason", "nhà mạng trả lỗi 500", "--until", "2h")
        self.as_operator("an", "gateway", "resume", "sms:vnpt", "--reason", "thay Viettel")
        again = self.codes(2)
        self.wait("the codes to be sent", lambda: self.lane("otp").queued + self.lane("otp").leased == 0)
        self.wait("their lines", lambda: len(reserve.lines) >= len(subjects) + len(again))
        self.assertEqual({line["lane"] for line in reserve.lines}, {"OTP"})
        self.wait("the alert to be over", lambda: ALERT not in self.alerts())

        # 4. Dead letters: previewed, asked for by one, approved by another; each arrives once.
        self.as_operator("an", "gateway", "pause", "sms:vnpt", "--reason", "chờ xử lý tin hỏng")
        self.refused_for_good()
        reserve.lines.clear()
        shown = self.as_operator("an", "-o", "name", "queue", "prepare", "retry", "otp", "transactional", "dead", "--error", "BRANDNAME",
                                 "--reason", "brandname đã đăng ký").split()
        self.assertIn(f"{NOTICES} jobs", self.as_operator("an", "queue", "actions", "otp"))
        self.as_operator("an", "queue", "run", "otp", *shown)
        self.as_operator("an", "queue", "approve", "otp", *shown, want=77)
        self.as_operator("binh", "queue", "approve", "otp", *shown)
        self.as_operator("an", "gateway", "resume", "sms:vnpt", "--reason", "gửi lại")
        self.wait("all to arrive", lambda: self.lane("transactional").done_total == NOTICES)
        self.wait("their lines", lambda: len(reserve.lines) == NOTICES)
        self.assertEqual(len({line["text"] for line in reserve.lines}), NOTICES)
        self.assertEqual(self.lane("transactional").dead, 0)

        # 5. The audit log proves who did what, to somebody who trusts neither.
        self.journals()
        self.end_daemons(["audit"])  # signs what it has, as it does every minute
        self.start_daemons(["audit"])
        told = self.action_entries()
        self.assertEqual({actor for actor, _, _ in told}, {"operator:an", "operator:binh"})
        story_told = "".join(self.operator("trace", key) for key in self.actions())
        self.assertIn("operator:binh", story_told)
        self.assertIn("action_approved", story_told)
        approved = next(number for actor, kind, number in told if actor == "operator:binh" and kind.endswith("action_approved"))
        for name, arguments in (("proof", ["prove", str(approved)]), ("key", ["key"])):
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(self.operator("audit", *arguments))
        done = subprocess.run([f"{self.bin}/motcua-verify", "proof", "proof", "key"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def actions(self):
        return {key for event in self.journal("otp") if ".queue_action_" in event.type for key in event.keys if key.startswith("action:")}

    def action_entries(self):
        """(who, what, number) of every step of the actions."""
        entries = []
        for key in self.actions():
            timeline = self.local("operator:check").call("audit", "Timeline", {"key": key, "limit": 100})
            entries += [(e.actor, e.type, e.number) for e in timeline.entries if e.actor.startswith("operator:")]
        return entries


if __name__ == "__main__":
    story.main()
