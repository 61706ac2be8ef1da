"""Copies of every store while calls go on, a look at them, and the house started again from them.

    backup.py <folder of the daemons>
"""
import glob
import json
import os
import shutil
import statistics
import subprocess
import threading
import time

import story
from house import ROOMS
from story import Refused

ORDER = ["audit", "support", "partner", "notification", "print", "payment", "dossier", "otp", "identity"]


class Backup(story.Story):
    def settings(self):
        merged = super().settings()
        for room in ROOMS:
            merged.setdefault(room, {}).update({"backup.dir": f"{self.folder}/backup", "backup.keep": "2"})
        return merged

    def drafts(self, session, stop, told):
        """Files drafts until it is told to stop; (id, ms it took) of each that was acknowledged."""
        while not stop.is_set():
            began = time.monotonic()
            told.append((self.draft(session), 1000 * (time.monotonic() - began)))

    def draft(self, session):
        form = {"procedure_code": "1.001193", "unit": story.UNIT, "abstract": "Đăng ký khai sinh", "form": "{}"}
        return self.portal.call("dossier", "SaveDraft", form, session, timeout=20).dossier_id

    def offline(self, room, *arguments, want=0, data=None):
        settings = {**self.house.settings(room), **({"data.dir": data} if data else {})}
        done = subprocess.run([f"{self.bin}/motcua-{room}", *(f"--set={k}={v}" for k, v in settings.items()), *arguments],
                              capture_output=True, text=True, timeout=60, cwd=self.folder)
        self.assertEqual(done.returncode, want, f"{room} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def newest(self, room):
        return sorted(glob.glob(f"{self.folder}/backup/{room}/2*"))[-1]

    def mine(self, session):
        found, token = set(), ""
        while True:
            page = self.portal.call("dossier", "ListMine", {"page_size": 100, "page_token": token}, session)
            found |= {d.dossier_id for d in page.dossiers}
            token = page.next_page_token
            if not token:
                return found

    def accept(self):
        """Every follower that is ahead of what was restored is told to go on."""
        for leader in ROOMS:
            self.operator_any("backup", "gap", leader)
        for room in ROOMS:
            for follow in self.stats(room).follows:
                if follow.diverged:
                    self.operator("follow", "accept", room, follow.room, "rehearsal")

    def operator_any(self, *arguments):
        done = subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, *arguments], capture_output=True, text=True,
                              timeout=20)
        return done.returncode, done.stdout

    def test_the_rehearsal(self):
        self.up()
        session = self.citizen()
        stop, told = threading.Event(), []
        threads = [threading.Thread(target=self.drafts, args=(session, stop, told), daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        self.wait("drafts before", lambda: len(told) > 150)
        before = len(told)
        said = self.operator("backup", "run", "all", "rehearsal")
        during = len(told)
        self.assertEqual([line.split()[:2] for line in said.splitlines()], [[room, "done"] for room in ORDER], said)
        self.wait("drafts after", lambda: len(told) > during + 50)
        stop.set()
        for thread in threads:
            thread.join()
        p99 = [statistics.quantiles([ms for _, ms in part], n=100)[98] for part in (told[:before], told[before:during])]
        print(f"drafts: p99 {p99[0]:.1f} ms before, {p99[1]:.1f} ms of {during - before} while copies were made", flush=True)

        # Every copy is whole, and says so without any room; one flipped bit does not.
        self.assertEqual(len(self.operator("-o", "name", "backup", "list", f"{self.folder}/backup").split()), len(ROOMS))
        for room in ROOMS:
            self.operator("backup", "verify", self.newest(room))
            self.assertRegex(self.offline(room, "--verify", self.newest(room)), r"^whole: \d+ rows, \d+ events, \d+ sealed")
        self.operator("store", "verify", "dossier", "nightly")
        self.assertIn("is in use", self.offline("dossier", "--verify", want=70))  # it runs
        spoiled = f"{self.folder}/spoiled"
        shutil.copytree(self.newest("dossier"), spoiled)
        with open(f"{spoiled}/data.mdb", "r+b") as file:
            file.seek(os.path.getsize(f"{spoiled}/data.mdb") * 2 // 3)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 4]))
        self.operator("backup", "verify", spoiled, want=65)

        kept = {room: self.stats(room).journal_last for room in ROOMS}
        manifests = {room: json.load(open(f"{self.newest(room)}/manifest.json")) for room in ROOMS}
        self.house.stop()

        # Another machine: the same keys, empty folders.
        self.assertIn("is there already", self.offline("otp", "--restore", self.newest("otp"), want=73))
        other = f"{self.folder}/new"
        self.assertIn("is of the room", self.offline("otp", "--restore", self.newest("audit"), want=65, data=other))
        self.assertIn("not the file", self.offline("dossier", "--restore", spoiled, want=65, data=other))
        began = time.monotonic()
        for room in ROOMS:
            self.assertIn("restored", self.offline(room, "--restore", self.newest(room), data=other))
            self.assertRegex(self.offline(room, "--verify", data=other), "^whole")
        print(f"restored and looked at {len(ROOMS)} rooms in {time.monotonic() - began:.1f} s", flush=True)
        for room in ROOMS:
            self.house.extra.setdefault(room, {})["data.dir"] = other
        self.house.stopping = False
        self.house.start_all()
        self.house.gateway_port = self.house.port("gateway")
        self.wait_ready()
        self.wait("the rooms to hear each other", lambda: all(f.heard_ms for room in ROOMS for f in self.stats(room).follows))
        self.accept()

        # What had been acknowledged when its room was copied is there, and the house lives.
        self.assertTrue({d for d, _ in told[:before]} <= self.mine(session), "drafts from before the copies")
        fresh = self.draft(session)
        self.assertIn(fresh, self.mine(session))
        for room in ROOMS:
            self.assertGreaterEqual(self.stats(room).journal_last, int(manifests[room]["journalLast"]))
            self.assertLessEqual(int(manifests[room]["journalLast"]), kept[room] + 3)
        self.journals()
        self.check_books()
        self.operator("store", "verify", "all", "after the restore")

    def test_one_room_alone(self):
        """A room that comes back older than its followers: they stop, say so, and go on when an operator says so."""
        self.up()
        session = self.citizen()
        first = self.draft(session)
        self.operator("backup", "run", "dossier", "before the loss")
        lost = [self.draft(session) for _ in range(5)]
        self.journals()  # audit has them all
        self.end_daemons(["dossier"])
        os.rename(f"{self.folder}/dossier", f"{self.folder}/dossier.lost")
        self.offline("dossier", "--restore", self.newest("dossier"))
        self.start_daemons(["dossier"])
        self.wait("audit to stop", lambda: any(f.diverged for f in self.stats("audit").follows))
        fresh = [self.draft(session) for _ in range(8)]  # more than were lost: numbers that audit knows otherwise
        self.assertTrue(set(fresh) <= self.mine(session) and first in self.mine(session))
        self.assertFalse(set(lost) & self.mine(session))
        code, said = self.operator_any("backup", "gap", "dossier")
        self.assertEqual((code, "audit" in said), (1, True), said)
        stats = next(f for f in self.stats("audit").follows if f.room == "dossier")
        self.assertEqual(stats.applied - stats.fork, 6)  # five drafts, and that the copy was done
        self.assertIn("FOLLOW_DIVERGED", self.local("room:check").call("audit", "Health").problems)
        with self.assertRaises(Refused) as told:
            self.local("operator:test").call("audit", "AcceptLineage", {"room": "dossier", "lineage": b"x" * 16, "reason": ""})
        self.assertEqual({code for _, code, _ in told.exception.violations}, {"LINEAGE_OTHER", "FIELD_REQUIRED"})
        self.wait("all of them to stop", lambda: all(
            f.diverged for room in ("audit", "notification", "payment") for f in self.stats(room).follows if f.room == "dossier"))
        self.accept()
        journals = self.journals()
        self.assertEqual(self.types(journals)["audit.lineage_accepted"], 1)
        self.assertEqual(self.operator("audit", "verify").split()[0], "whole:")

    def test_any_moment(self):
        """A backup carried on: to a moment between two calls, and to the last commit before the machine was lost."""
        self.up()
        session = self.citizen()
        first = self.draft(session)
        self.operator("backup", "run", "dossier", "nightly")
        good = [self.draft(session) for _ in range(3)]
        moment = int(time.time() * 1000)
        self.wait("another millisecond", lambda: int(time.time() * 1000) > moment + 1)
        mistaken = [self.draft(session) for _ in range(3)]
        self.house.kill("dossier")
        self.start_daemons(["dossier"])
        later = [self.draft(session) for _ in range(2)]
        self.house.kill("dossier")

        os.rename(f"{self.folder}/dossier", f"{self.folder}/dossier.lost")
        copy = self.newest("dossier")
        self.assertRegex(self.operator("backup", "list", f"{self.folder}/backup"), r"dossier +\d.*, carried on until \d\d/")
        self.offline("dossier", "--restore", copy, "--until", "yesterday", want=64)
        self.assertIn("carried on by", self.offline("dossier", "--restore", copy, "--until", str(moment)))
        self.start_daemons(["dossier"])
        self.assertEqual(self.mine(session), {first, *good})
        self.end_daemons(["dossier"])

        shutil.rmtree(f"{self.folder}/dossier")
        self.offline("dossier", "--restore", copy, "--until", "end")
        self.assertRegex(self.offline("dossier", "--verify"), "^whole")
        self.start_daemons(["dossier"])
        self.assertEqual(self.mine(session), {first, *good, *mistaken, *later})
        self.assertEqual(self.local("room:check").call("dossier", "Health").problems, [])


if __name__ == "__main__":
    story.main()
