"""The SMS worker as an SMPP client of an SMSC by other people (npm's smpp), before an otp room made of Python (S31).

    smpp.py <folder of the daemons>
"""
import json
import os
import queue
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import daemons
import smsworker
from smsworker import PHONE

INTEROP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop")
sys.path.insert(0, INTEROP)

import npm  # noqa: E402

PASSWORD = "s3cret"
THROTTLED, QUEUE_FULL, BAD_ADDRESS, BAD_PASSWORD = 0x58, 0x14, 0x0B, 0x0E


class Smsc:
    """smsc.mjs as a process."""

    def __init__(self, node, place, port=0):
        self.process = subprocess.Popen([node, f"{INTEROP}/smsc.mjs", str(port)], cwd=place, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.events, self.seen = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()
        self.port = self.next("listening")["port"]

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.seen.append(event)
            self.events.put(event)

    def next(self, *kinds):
        """The next event of these kinds; others are passed over."""
        ends = time.monotonic() + daemons.PATIENCE_S
        while True:
            event = self.events.get(timeout=max(0.01, ends - time.monotonic()))
            if event["event"] in kinds:
                return event

    def tell(self, **what):
        before = sum(e["event"] == "told" for e in self.seen)
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        ends = time.monotonic() + daemons.PATIENCE_S
        while sum(e["event"] == "told" for e in self.seen) == before:
            assert time.monotonic() < ends, "the SMSC does not listen"
            time.sleep(0.002)

    def all(self, kind):
        """What it has seen until now, also what is still on its way here."""
        self.tell()
        return [event for event in self.seen if event["event"] == kind]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class SmppStory(smsworker.RoomStory):
    def setUp(self):
        super().setUp()
        self.smsc = self.smsc_start()

    def smsc_start(self, port=0):
        smsc = Smsc(*PACKAGES, port)
        self.addCleanup(smsc.close)
        return smsc

    def worker(self, **settings):
        password = os.path.join(self.folder, "password")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        return self.start("smsworker", **{
            "smsworker__name": "viettel", "smsworker__mode": "smpp", "smsworker__username": "motcua",
            "smsworker__smpp_address": f"127.0.0.1:{self.smsc.port}", "smsworker__password_file": password,
            "smsworker__wait": "200ms", "smsworker__timeout": "2s", **settings})

    def reported(self, reference):
        return self.wait_for(lambda: self.otp.settled("ReportDelivery").get(reference), f"a report of {reference}")

    def submits(self):
        return self.smsc.all("submit")


class Smpp(SmppStory):
    def test_a_code_and_its_receipt(self):
        self.smsc.tell(receipt="DELIVRD")
        worker = self.worker(smsworker__smpp_system_type="DVC")
        bind = self.smsc.next("bind")
        self.assertEqual((bind["system_id"], bind["password"], bind["system_type"], bind["version"]),
                         ("motcua", PASSWORD, "DVC", 0x34))
        ack = self.settled("AckJobs", self.job(text="Ma xac thuc: 200832. Gia 5$ @DVC", life_ms=120000))
        sent, = self.submits()
        self.assertEqual((sent["from"], sent["from_ton"], sent["from_npi"]), ("DVCQG", 5, 0))
        self.assertEqual((sent["to"], sent["to_ton"], sent["to_npi"]), (PHONE, 1, 1))
        self.assertEqual((sent["coding"], sent["esm_class"], sent["receipt"]), (0, 0, 1))
        self.assertEqual(sent["text"], "Ma xac thuc: 200832. Gia 5$ @DVC")
        self.assertTrue(115000 < sent["valid_ms"] <= 121000, sent)  # OTP-02: the carrier does not keep it longer
        self.assertEqual(ack.provider_reference, sent["id"])
        self.assertEqual(self.reported("ref1").state, smsworker.OTP.DELIVERED)
        self.assertEqual(self.smsc.next("delivered")["status"], 0)
        worker.terminate()
        self.smsc.next("unbind")
        self.assertEqual(worker.wait(daemons.PATIENCE_S), 0, self.log_of_all())
        log = self.log_of_all()
        self.assertIn("phone=8491xxx101", log)
        for secret in (PHONE, "200832", PASSWORD):
            self.assertNotIn(secret, log)

    def test_long_texts_in_both_codings(self):
        """Two parts each, put together again by their headers; only the last part's receipt says delivered."""
        self.smsc.tell(receipt="DELIVRD")
        self.worker()
        wide = "Hồ sơ đã được tiếp nhận. " * 4
        plain = "Ho so da duoc tiep nhan. " * 8
        self.settled("AckJobs", self.job("TRANSACTIONAL", wide, encoding="UCS2", parts=2))
        self.settled("AckJobs", self.job("TRANSACTIONAL", plain, parts=2))
        for text, coding, parts in ((wide, 8, self.submits()[:2]), (plain, 0, self.submits()[2:])):
            self.assertEqual("".join(part["text"] for part in parts), text)
            self.assertEqual([part["coding"] for part in parts], [coding] * 2)
            self.assertEqual([part["receipt"] for part in parts], [2, 1])
            self.assertEqual([part["udh"][-4:] for part in parts], ["0201", "0202"])
            self.assertEqual(parts[0]["udh"][:-4], parts[1]["udh"][:-4])
        self.assertEqual(self.reported("ref1").state, smsworker.OTP.DELIVERED)
        self.reported("ref2")

    def test_undeliverable(self):
        self.smsc.tell(receipt="UNDELIV")
        self.worker()
        self.settled("AckJobs", self.job())
        report = self.reported("ref1")
        self.assertEqual((report.state, report.reason), (smsworker.OTP.FAILED, "UNDELIV 021"))

    def test_a_part_that_failed_fails_the_text(self):
        self.worker()
        self.settled("AckJobs", self.job("TRANSACTIONAL", "a" * 200, parts=2))
        first, last = self.submits()
        self.smsc.tell(deliver=f"id:{first['id']} stat:DELIVRD err:000")
        self.assertEqual(self.smsc.next("delivered")["status"], 0)
        self.assertEqual(self.otp.settled("ReportDelivery"), {})  # one part is not the text
        self.smsc.tell(deliver=f"id:{first['id']} stat:EXPIRED err:000")
        self.assertEqual(self.reported("ref1").reason, "EXPIRED")
        self.assertNotEqual(first["id"], last["id"])

    def test_hex_answers_and_decimal_receipts(self):
        self.smsc.tell(receipt="DELIVRD", ids="hex")
        self.worker(smsworker__smpp_ids="hex")
        ack = self.settled("AckJobs", self.job())
        self.assertEqual(ack.provider_reference, "4F1A")
        self.reported("ref1")

    def test_late_double_and_unknown_receipts(self):
        self.worker()
        self.settled("AckJobs", self.job())
        words = f"id:{self.submits()[0]['id']} stat:DELIVRD err:000"
        for text in (words, words, "id:999999 stat:DELIVRD", "id:1 stat:ENROUTE", "STOP"):
            self.smsc.tell(deliver=text)
            self.assertEqual(self.smsc.next("delivered")["status"], 0)
        self.smsc.tell(deliver="", tlv={"message_state": 5, "receipted_message_id": self.submits()[0]["id"]})
        self.assertEqual(self.smsc.next("delivered")["status"], 0)
        reports = [r for name, _, request in self.otp.calls if name == "ReportDelivery" for r in request.reports]
        self.assertEqual([r.state for r in reports], [smsworker.OTP.DELIVERED] * 2 + [smsworker.OTP.FAILED])

    def test_a_receipt_that_overtakes_its_answer(self):
        """It is put off once, and understood when it comes again."""
        self.smsc.tell(receipt="DELIVRD", early=True)
        self.worker()
        self.settled("AckJobs", self.job())
        self.reported("ref1")
        self.assertEqual([e["status"] for e in self.smsc.all("delivered")][:1], [0x64])

    def test_a_receipt_while_the_room_is_away(self):
        """The SMSC keeps what the room has not taken."""
        self.worker()
        self.settled("AckJobs", self.job())
        self.otp.refuse = "ReportDelivery"
        self.smsc.tell(deliver=f"id:{self.submits()[0]['id']} stat:DELIVRD err:000")
        self.assertEqual(self.smsc.next("delivered")["status"], 0x64)
        self.otp.refuse = None
        self.reported("ref1")

    def test_receipts_are_understood_after_a_restart(self):
        worker = self.worker()
        self.settled("AckJobs", self.job())
        worker.kill()
        self.assertEqual(worker.wait(), -9)
        self.killed.append(worker)
        self.worker()
        self.wait_for(lambda: len(self.smsc.all("bind")) == 2, "the second bind")
        self.smsc.tell(deliver=f"id:{self.submits()[0]['id']} stat:DELIVRD err:000")
        self.reported("ref1")

    def test_throttled(self):
        """The text comes back soon, and the next ones go slower; nothing is lost, nothing given up."""
        self.smsc.tell(answers=[0] * 10 + [THROTTLED])
        tokens = [self.job("BULK", f"n{i}") for i in range(20)]
        self.worker()
        nacked = self.wait_for(lambda: self.otp.settled("NackJobs"), "the throttled one")
        nack, = nacked.values()
        self.assertEqual((nack.error, nack.permanent, nack.retry_ms), ("ESME_RTHROTTLED 0x00000058", False, 1000))
        for token in tokens:
            if token != nack.token:
                self.settled("AckJobs", token)
        self.assertEqual(len(self.submits()), 20)

    def test_refused_and_queue_full(self):
        self.smsc.tell(answers=[BAD_ADDRESS, 0x0410, QUEUE_FULL])
        self.worker(smsworker__concurrency=1)
        nack = self.settled("NackJobs", self.job())
        self.assertEqual((nack.error, nack.permanent), ("ESME_RINVDSTADR 0x0000000B", True))
        nack = self.settled("NackJobs", self.job())
        self.assertEqual((nack.error, nack.permanent), ("SMSC_STATUS 0x00000410", False))  # a carrier's own code
        nack = self.settled("NackJobs", self.job())
        self.assertEqual((nack.error, nack.permanent), ("ESME_RMSGQFUL 0x00000014", False))
        self.settled("AckJobs", self.job())  # after a rest, all is well

    def test_wrong_password(self):
        self.smsc.tell(bind=BAD_PASSWORD)
        self.worker()
        self.wait_for(lambda: "locked_out" in self.log_of_all(), "the log line")
        self.assertIn("ESME_RINVPASWD", self.log_of_all())
        self.job()
        time.sleep(0.3)  # nothing is leased while nothing can be sent
        self.assertEqual([c for c in self.otp.calls if c[0] == "LeaseJobs"], [])
        self.assertEqual(len(self.smsc.all("bind")), 1)  # and the account is not tried again and again

    def test_cut_off_and_back(self):
        """What was under way: a code counts as sent, notices come again. Then it binds again and goes on: eight texts
        that were lost together are one outage, and the pause after it is a second, not minutes."""
        self.smsc.tell(answers=[None] * 8)
        self.worker()
        code, notices = self.job("OTP"), [self.job("BULK", f"n{i}") for i in range(7)]
        self.wait_for(lambda: len(self.submits()) == 8, "all texts")
        began = time.monotonic()
        self.smsc.tell(drop=True)
        self.settled("AckJobs", code)
        for notice in notices:
            self.assertEqual(self.settled("NackJobs", notice).error, "SMSC_AWAY")
        self.wait_for(lambda: len(self.smsc.all("bind")) == 2, "the second bind")
        self.settled("AckJobs", self.job())
        self.assertLess(time.monotonic() - began, 8)

    def test_unbound_and_away_and_back(self):
        self.worker()
        self.settled("AckJobs", self.job())
        self.smsc.tell(unbind=True)
        self.wait_for(lambda: "unbound by the SMSC" in self.log_of_all(), "the log line")
        self.smsc.close()
        self.wait_for(lambda: "cannot connect" in self.log_of_all(), "an attempt")
        self.smsc = self.smsc_start(self.smsc.port)
        self.settled("AckJobs", self.job())

    def test_no_answer_in_time(self):
        self.smsc.tell(answers=[None])
        self.worker(smsworker__timeout="400ms")
        self.assertEqual(self.settled("NackJobs", self.job("BULK")).error, "SMSC_SILENT")

    def test_the_line_is_looked_after(self):
        self.worker(smsworker__smpp_enquire="200ms", smsworker__timeout="400ms")
        self.smsc.next("enquire_link")
        self.smsc.next("enquire_link")
        self.assertEqual(len(self.smsc.all("bind")), 1)

    def test_the_window_holds(self):
        """Never more unanswered parts than smsworker.smpp_window."""
        self.smsc.tell(answers=[None] * 10)
        self.worker(smsworker__smpp_window=3, smsworker__timeout="800ms", smsworker__lease="10s")
        for i in range(5):
            self.job("BULK", f"n{i}")
        self.wait_for(lambda: len(self.submits()) == 3, "a full window")
        time.sleep(0.2)
        self.assertEqual(len(self.submits()), 3)

    def test_the_rate_holds(self):
        tokens = [self.job("BULK", f"n{i}") for i in range(12)]
        began = time.monotonic()
        self.worker(smsworker__rate=10)
        for token in tokens:
            self.settled("AckJobs", token)
        self.assertGreater(time.monotonic() - began, 1.05)  # twelve at ten a second

    def test_hundreds_with_their_receipts(self):
        self.smsc.tell(receipt="DELIVRD")
        for i in range(300):
            self.job("BULK", f"n{i}")
        self.worker(smsworker__concurrency=64, smsworker__smpp_window=50, smsworker__credit=100)
        self.wait_for(lambda: len(self.otp.settled("ReportDelivery")) == 300, "all reports")
        self.wait_for(lambda: len(self.otp.settled("AckJobs")) == 300, "all answers")
        self.assertEqual(len(self.submits()), 300)

    def test_not_smpp_at_all(self):
        ear = self.ear()
        self.smsc.port = int(ear.url.rsplit(":", 1)[1])
        self.worker(smsworker__timeout="400ms")
        self.wait_for(lambda: "state=down" in self.log_of_all(), "the log line")

    def test_settings_that_cannot_be(self):
        for key, value in (("smpp_address", "smsc.example:2775"), ("smpp_ids", "octal"), ("username", "x" * 16)):
            worker = self.worker(**{"smsworker__" + key: value})
            self.assertEqual(worker.wait(daemons.PATIENCE_S), 70)
            self.killed.append(worker)


if __name__ == "__main__":
    smsworker.OTP, smsworker.ENVELOPE = smsworker.messages()
    daemons.Story.bin = sys.argv.pop(1)
    place = Path(daemons.Story.bin).resolve().parent / "tests" / "interop" / "connect"
    PACKAGES = npm.packages(place), place
    unittest.main()
