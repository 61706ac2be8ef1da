"""A room's store is sealed with a new key while calls go on, and through a kill -9; then the old key is not needed.

    keys.py <folder of the daemons>
"""
import os
import signal
import subprocess
import threading

import story
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


if __name__ == "__main__":
    story.main()
