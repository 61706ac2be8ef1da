"""motcuactl elsewhere: contexts over CURVE, who it was in the audit log, watching; and what documents tell to type.

    remote_operator.py <folder of the daemons>
"""
import glob
import os
import re
import signal
import subprocess

import story
from story import ROOMS, SOURCE


class RemoteOperator(story.Story):
    def context(self, name, key_file, rooms=ROOMS):
        folder = f"{self.folder}/config/motcua"
        os.makedirs(folder, exist_ok=True)
        remote = []
        for room in rooms:
            with open(f"{self.house.run_dir}/{room}/tcp") as tcp, open(f"{self.house.keys_dir}/{room}.curve.pub") as key:
                remote.append(f'  - "{room}={tcp.read().strip()}={key.read().strip()}"\n')
        with open(f"{folder}/{name}.yaml", "w") as file:
            file.write(f"key_file: {key_file}\ntimeout: 2s\nremote:\n{''.join(remote)}")

    def admit(self, name, *roles):
        """A key on the list of callers, which the running rooms read again."""
        secret = f"{self.folder}/{name.split(':')[1]}.curve"
        public = subprocess.run([f"{self.bin}/motcuactl", "key", "make", secret], check=True, capture_output=True, text=True).stdout
        with open(f"{self.house.keys_dir}/callers", "a") as callers:
            callers.write(" ".join([name, public.strip(), *roles]) + "\n")
        for room in ROOMS:
            self.house.processes[room].send_signal(signal.SIGHUP)
        return secret

    def ask_house(self, *arguments):
        return subprocess.run([f"{self.bin}/motcuactl", *arguments], capture_output=True, text=True, timeout=story.PATIENCE_S,
                              env={"XDG_CONFIG_HOME": f"{self.folder}/config", "PATH": os.environ["PATH"]}, cwd="/")

    def far(self, *arguments, want=0):
        done = self.ask_house(*arguments)
        self.assertEqual(done.returncode, want, f"motcuactl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def test_an_operator_far_away(self):
        self.up()
        self.context("house", self.admit("operator:an", "operate"))
        self.far("context", "use", "house")
        self.assertEqual(self.far("-o", "name", "context", "list"), "house\n")
        self.wait("every room to know the key", lambda: self.ask_house("status").returncode == 0)
        self.assertEqual(set(re.findall(r"^(\w+)", self.far("status"), re.M)) & set(ROOMS), set(ROOMS))
        self.wait("the worker's gateway to be known", lambda: "sms:" in self.far("gateway", "list"))
        name = re.search(r"sms:\w+", self.far("gateway", "list"))[0]
        self.far("gateway", "pause", name, "--reason", "thử")
        actors = {event.actor for event in self.journal("otp") if "gateway_paused" in event.type}
        self.assertEqual(actors, {"operator:an"})  # the key says who it was, not the user's name there
        self.far("gateway", "resume", name, "--reason", "xong")
        self.context("looker", self.admit("operator:binh"))
        self.wait("every room to know the other key", lambda: self.ask_house("--context", "looker", "status").returncode == 0)
        self.far("--context", "looker", "gateway", "pause", name, "--reason", "thử", want=77)

        stranger = f"{self.folder}/stranger.curve"
        subprocess.run([f"{self.bin}/motcuactl", "key", "make", stranger], check=True, capture_output=True)
        self.context("stranger", stranger, rooms=["otp"])
        self.far("--context", "stranger", "-t", "1", "gateway", "list", want=69)
        os.chmod(stranger, 0o644)
        self.assertIn("key_file", self.far("--context", "stranger", "status", want=64))
        self.assertIn("no such context", self.far("--context", "nobody", "status", want=64))
        self.assertIn("not a context's name", self.far("--context", "../x", "status", want=64))
        self.far("context", "use", "-")
        self.assertIn("  house", self.far("context", "list"))

    def test_watching(self):
        self.up()
        watching = subprocess.Popen([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, "--watch", "1", "status"],
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(watching.stdout.close)
        heads = []
        for line in iter(watching.stdout.readline, ""):
            heads += [line] if line.startswith("ROOM") else []
            if len(heads) == 2:
                break
        watching.kill()
        watching.wait()

    def test_what_documents_tell_to_type(self):
        """Each command in a README or a runbook is one that motcuactl knows; completion is bash; the manual names them all."""
        help_text = subprocess.run([f"{self.bin}/motcuactl", "--help"], check=True, capture_output=True, text=True).stdout
        known = {tuple(line.split()[:2]) for line in help_text.splitlines() if line.startswith("  ")}
        nouns = {noun for noun, _ in known}
        alone = {noun for noun in nouns if re.search(rf"^  {noun} +(\[|[A-Z]|bash|\S+ )", help_text, re.M)}
        documents = glob.glob(f"{SOURCE}/**/*.md", recursive=True)
        self.assertGreater(len(documents), 20)
        for path in documents:
            if "/build/" in path or "/node_modules/" in path:
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for said in re.findall(r"(?:`|^    )motcuactl ((?:-\S+ )*)([a-z]+)(?: ([a-z]+))?", text, re.M):
                noun, verb = said[1], said[2]
                self.assertTrue((noun, verb) in known or noun in alone, f"{os.path.relpath(path, SOURCE)}: motcuactl {noun} {verb}")
        completion = subprocess.run([f"{self.bin}/motcuactl", "completion", "bash"], check=True, capture_output=True, text=True).stdout
        asked = "COMP_WORDS=(motcuactl queue p); COMP_CWORD=2; _motcuactl; echo ${COMPREPLY[*]}"
        told = subprocess.run(["bash", "-c", f"{completion}\n{asked}"], check=True, capture_output=True, text=True).stdout
        self.assertIn("peek", told.split())
        manual = subprocess.run([f"{self.bin}/motcuactl", "manual"], check=True, capture_output=True, text=True).stdout
        for noun in nouns:
            self.assertIn(f"\n.B {noun}", manual)


if __name__ == "__main__":
    story.main()
