"""How the SMS worker ends, before the real otp room: killed between submit and acknowledgement, and stopped in order.

    worker_ends.py <folder of the daemons>
"""
import os
import re
import sys
import time
import unittest
from pathlib import Path

import daemons
import smpp

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

from portal import Portal, enum_name, uuid7  # noqa: E402

PHONE = "84912000101"
LONG = "Ho so cua ong ba da duoc tiep nhan. " * 6  # two parts


class Ends(daemons.Story):
    def setUp(self):
        super().setUp()
        self.otp = self.start("otp", store__map_size="64MiB")
        path = f"{self.run_dir}/otp/sock"
        self.wait_for(lambda: os.path.exists(path), path)
        self.room = Portal(self.run_dir, caller="room:notification")
        self.addCleanup(self.room.reconnect, "otp")
        self.smsc = smpp.Smsc(*smpp.PACKAGES)
        self.addCleanup(self.smsc.close)

    def worker(self, **settings):
        path = f"{self.folder}/password"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write("secret\n")
        return self.start("smsworker", **{
            "smsworker__mode": "smpp", "smsworker__smpp_address": f"127.0.0.1:{self.smsc.port}",
            "smsworker__password_file": path, "smsworker__wait": "100ms", "smsworker__timeout": "800ms",
            "smsworker__lease": "3s", **settings})

    def enqueue(self, text):
        self.room.call("otp", "EnqueueSms", {"lane": "TRANSACTIONAL", "phone": PHONE, "text": text})

    def lane(self, name="transactional"):
        return next(lane for lane in self.room.call("otp", "Stats").lanes if lane.lane == name)

    def log_of(self, name):
        with open(f"{self.folder}/{name}.log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def test_killed_between_submit_and_ack(self):
        """The lease runs out and the text is sent again with the same reference: the parts of both are the same."""
        self.smsc.tell(answers=[None, None])  # taken by the SMSC, which has not said so yet
        worker = self.worker()
        self.enqueue(LONG)
        self.wait_for(lambda: len(self.smsc.all("submit")) == 2, "both parts")
        worker.kill()
        worker.wait()
        self.killed.append(worker)
        self.assertEqual(self.lane().leased, 1)
        self.worker()
        self.wait_for(lambda: self.lane().done_total == 1, "the second sending")
        first, second = self.smsc.all("submit")[:2], self.smsc.all("submit")[2:]
        self.assertEqual([(part["udh"], part["text"]) for part in first], [(part["udh"], part["text"]) for part in second])
        self.assertEqual("".join(part["text"] for part in second), LONG.strip())
        self.assertEqual(len(re.findall(r"reference=0100000000000001", self.log_of("smsworker"))), 1)

    def test_a_code_killed_in_the_same_moment(self):
        """A code, too: its life is longer than a lease, and the second copy has the same digits and the same tag."""
        self.smsc.tell(answers=[None])
        worker = self.worker()
        subject = uuid7()
        room = Portal(self.run_dir, caller="room:identity")
        self.addCleanup(room.reconnect, "otp")
        room.call("otp", "Issue", {"purpose": "LOGIN", "subject": subject, "phone": PHONE})
        self.wait_for(lambda: self.smsc.all("submit"), "the text")
        worker.kill()
        worker.wait()
        self.killed.append(worker)
        self.smsc.tell(receipt="DELIVRD")
        self.worker()
        self.wait_for(lambda: len(self.smsc.all("submit")) == 2, "the second copy")
        first, second = self.smsc.all("submit")
        self.assertEqual(first["text"], second["text"])

        def delivered():
            return enum_name(room.call("otp", "Status", {"purpose": "LOGIN", "subject": subject}), "state") == "DELIVERED"

        self.wait_for(delivered, "the receipt")
        code = re.search(r"\b(\d{6})\b", second["text"])[1]
        self.assertTrue(room.call("otp", "Verify", {"purpose": "LOGIN", "subject": subject, "code": code}).correct)

    def test_stopped_with_texts_in_hand(self):
        """What still waits goes back at once, for another gateway; what is under way is finished."""
        self.smsc.tell(answers=[None] * 2)
        worker = self.worker(smsworker__concurrency=2, smsworker__timeout="700ms", smsworker__lease="60s")
        for i in range(10):
            self.enqueue(f"Ho so {i}")
        self.wait_for(lambda: len(self.smsc.all("submit")) == 2 and self.lane().leased == 10, "ten leases")
        worker.terminate()
        self.assertEqual(worker.wait(daemons.PATIENCE_S), 0, self.log_of_all())
        lane = self.lane()
        self.assertEqual((lane.leased, lane.queued), (0, 10))  # two without an answer: notices come again
        self.assertEqual(len(self.smsc.all("unbind")), 1)
        self.smsc.tell(answers=[])
        self.worker(smsworker__lease="60s")
        self.wait_for(lambda: self.lane().done_total >= 8, "the rest")

    def stop_after_the_room(self, worker):
        """Returns the exit code; the room was killed before."""
        self.otp.kill()
        self.otp.wait()
        began = time.monotonic()
        worker.terminate()
        self.killed += [self.otp, worker]
        code = worker.wait(daemons.PATIENCE_S)
        self.assertLess(time.monotonic() - began, 6.5, self.log_of_all())  # 5 s, and 0.5 for a text
        return code

    def test_stopped_after_the_room(self):
        """A lease call that nobody answers any more does not hold up the stop."""
        worker = self.worker(smsworker__wait="4s", smsworker__lease="60s")
        self.wait_for(lambda: "state=bound" in self.log_of("smsworker"), "the bind")
        self.assertEqual(self.stop_after_the_room(worker), 0, self.log_of_all())

    def test_stopped_after_the_room_with_a_text(self):
        """Nor does a text that cannot be given back; that it was in hand is told."""
        self.smsc.tell(answers=[None])
        worker = self.worker(smsworker__timeout="500ms", smsworker__lease="60s")
        self.enqueue("Ho so")
        self.wait_for(lambda: self.smsc.all("submit"), "the text")
        self.assertNotEqual(self.stop_after_the_room(worker), 0, self.log_of_all())
        self.assertIn("stopped with jobs in hand", self.log_of("smsworker"))


if __name__ == "__main__":
    daemons.Story.bin = sys.argv.pop(1)
    place = Path(daemons.Story.bin).resolve().parent / "tests" / "interop" / "connect"
    smpp.PACKAGES = smpp.npm.packages(place), place
    unittest.main()
