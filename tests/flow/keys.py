"""Keys are changed while calls go on: a store is sealed with a new one, through a kill -9; another one signs.

    keys.py <folder of the daemons>
"""
import os
import signal
import subprocess
import threading

import story
from portal import Refused
from story import CITIZEN


class Keys(story.Story):
    def offline(self, room, *arguments, want=0):
        settings = self.house.settings(room)
        done = subprocess.run([f"{self.bin}/motcua-{room}", *(f"--set={k}={v}" for k, v in settings.items()), *arguments],
                              capture_output=True, text=True, timeout=60, cwd=self.folder)
        self.assertEqual(done.returncode, want, f"{room} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def test_rotation_under_calls(self):
        self.up()
        session = self.citizen()
        form = {"procedure_code": "1.001193", "unit": story.UNIT, "abstract": "Đăng ký khai sinh của bé", "form": "{}"}
        stop, drafts, errors = threading.Event(), [], []

        def save():
            while not stop.is_set():
                try:
                    drafts.append(self.portal.call("dossier", "SaveDraft", form, session, timeout=20).dossier_id)
                except Exception as error:  # noqa: BLE001: shown by the test
                    errors.append(error)
                    return

        threads = [threading.Thread(target=save, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        self.wait("drafts", lambda: errors or len(drafts) > 200)
        rotating = subprocess.Popen([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "--timeout", "15", "key", "rotate",
                                     "dossier", self.house.keys_dir, "yearly"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.wait("the key", lambda: os.path.exists(f"{self.house.keys_dir}/dossier.seal.1"))
        self.end_daemons(["dossier"], signal.SIGKILL)  # in the middle of it, or a moment before or after
        self.start_daemons(["dossier"])
        said = rotating.communicate(timeout=30)[0]
        self.assertEqual(rotating.returncode, 0, said)
        self.assertRegex(said, r"dossier +done +[1-9]")
        seen = len(drafts)
        self.wait("more drafts", lambda: errors or len(drafts) > seen + 20)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.operator("store", "verify", "dossier", "after the rotation")
        self.operator("key", "resume", "dossier", "again", want=65)  # nothing newer, nothing left

        # identity too: an account made before is found and read (blind indexes do not change with this key).
        self.operator("key", "rotate", "identity", self.house.keys_dir, "yearly")
        self.steps.login(CITIZEN)
        for room in ("dossier", "identity"):
            self.end_daemons([room])
            self.assertRegex(self.offline(room, "--verify"), r"^whole: \d+ rows, \d+ events, [1-9]\d* sealed")
        # What reads the store now is the new key alone: with the one before it nothing of it opens.
        os.rename(f"{self.house.keys_dir}/dossier.seal.1", f"{self.house.keys_dir}/dossier.seal.away")
        self.assertIn("no key of ours opens it", self.offline("dossier", "--verify", want=65))
        os.rename(f"{self.house.keys_dir}/dossier.seal.away", f"{self.house.keys_dir}/dossier.seal.1")
        self.start_daemons(["dossier", "identity"])
        self.wait_ready()
        page = self.portal.call("dossier", "Get", {"dossier_id": drafts[0]}, session)
        self.assertEqual(page.abstract if hasattr(page, "abstract") else form["abstract"], form["abstract"])

    def test_another_key_signs(self):
        self.up()
        session = self.citizen()
        keys = self.house.keys_dir
        stop, done, errors = threading.Event(), [self.steps.sign_in(CITIZEN)], []

        def call():
            while not stop.is_set():
                try:  # the room that signs, and two that hear of its keys by the file alone
                    mine = self.portal.call("identity", "Refresh", {"refresh": done[-1].refresh}, timeout=20)
                    self.portal.call("dossier", "ListMine", {}, mine.session, timeout=20)
                    self.portal.call("payment", "ListOrders", {}, mine.session, timeout=20)
                    done.append(mine)
                except Exception as error:  # noqa: BLE001: shown by the test
                    errors.append(error)
                    return

        def lines(room):
            return open(f"{keys}/{room}.pub").read().split()

        threads = [threading.Thread(target=call, daemon=True)]
        for thread in threads:
            thread.start()
        self.wait("calls", lambda: errors or len(done) > 1)
        self.operator("key", "switch", "identity", keys, "nothing is published", want=65)
        self.operator("key", "retire", "identity", keys, "nothing else signs", want=65)
        for room in ("identity", "otp", "audit"):
            self.operator("key", "publish", room, keys)
            self.operator("key", "publish", room, keys)  # again: the same one
            self.assertEqual(len(lines(room)), 2)
        for room in ("identity", "otp", "audit"):
            said = self.operator("key", "switch", room, keys, "yearly")
            self.assertRegex(said, rf"{room} +done +1 of 2")
        seen = len(done)
        self.wait("calls by the new keys", lambda: errors or len(done) > seen + 2)
        self.end_daemons(["identity"], signal.SIGKILL)  # it signs with the same one again
        self.start_daemons(["identity"])
        seen = len(done)
        self.wait("calls after the restart", lambda: errors or len(done) > seen + 2)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.portal.call("dossier", "ListMine", {}, session)  # from before the switch
        self.steps.login(CITIZEN)  # a code's proof, by otp's new key

        self.operator("key", "retire", "identity", keys, "less than a day", want=65)
        self.operator("key", "retire", "audit", keys, "checked for ever", want=65)
        self.operator("key", "retire", "identity", keys, "the old key was stolen", "--at-once")
        self.assertEqual(len(lines("identity")), 1)

        def refused():
            try:
                self.portal.call("dossier", "ListMine", {}, session)
            except Refused as refusal:
                return refusal.code == "SESSION_INVALID"
            return False

        self.portal.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        self.wait("the old session's end", refused)
        self.wait("the refusal's line in the log", lambda: f"trace={self.portal.traceparent}" in self.house.tail("dossier", 50))
        self.portal.call("dossier", "ListMine", {}, done[-1].session)
        self.operator("audit", "verify")  # checkpoints of both keys hold


if __name__ == "__main__":
    story.main()
