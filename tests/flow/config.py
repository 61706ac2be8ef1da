"""What an operator writes wrong is told where and why; keys and callers are files with rules (layers, modes, SIGHUP).

    config.py <folder of the daemons>
"""
import os
import signal
import stat
import subprocess

import story
from story import NoAnswer, Portal

DAEMONS = [*story.ROOMS, "gateway", "smsworker", "sandbox"]


class Config(story.Story):
    def run_daemon(self, name, *arguments, env=None, text=None):
        """(exit code, stdout, stderr) of a daemon that is expected to end by itself."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MOTCUA_")}
        if text is not None:
            with open(f"{self.folder}/{name}.yaml", "w", encoding="utf-8") as file:
                file.write(text)
            arguments = ("-c", f"{self.folder}/{name}.yaml", *arguments)
        done = subprocess.run([f"{self.bin}/motcua-{name}", *arguments], capture_output=True, text=True, timeout=story.PATIENCE_S,
                              cwd=self.folder, env={**environment, **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def bad(self, want, name, *arguments, code=78, **more):
        ended, _, told = self.run_daemon(name, *arguments, **more)
        self.assertEqual(ended, code, told)
        self.assertIn(want, told)
        self.assertEqual(len(told.strip().splitlines()), 1, told)

    def test_mistakes_are_told_with_their_place(self):
        """file:line:column of what is wrong; nothing has been started or made by then."""
        at = f"{self.folder}/otp.yaml"
        for text, want in (
                ("otp:\n  code_lief: 90s\n", f"{at}:2:14: unknown key \"otp.code_lief\""),
                ("otp:\n  code_life: 90s\n  code_life: 80s\n", f"{at}:3:14: \"otp.code_life\" is given twice, first at {at}:2:14"),
                ("otp:\n    attempts_max: many\n", f"{at}:2:19: "),
                ("otp:\n  code_life: 5\n", f"{at}:2:14: "),
                ("otp:\n  code_life: 29s\n", f"{at}:2:14: \"otp.code_life\" must be from 30s to 10m"),
                ("otp:\n  code_life: 601s\n", f"{at}:2:14: "),
                ("store.map_size: 64\n", f"{at}:1:17: \"store.map_size\" must be from 4MiB to 16TiB"),
                ("otp: [1, 2\n", f"{at}:2:1: "),
                ("keys.generate: perhaps\n", f"{at}:1:16: "),
                ("payment.partner: X\n", f"{at}:1:18: unknown key ")):  # another room's key
            self.bad(want, "otp", text=text)
        self.bad("otp.code_lief", "otp", text="otp.code_lief: 90s\n")
        self.bad(f"{self.folder}/none.yaml: no such file", "otp", "-c", f"{self.folder}/none.yaml")
        self.bad("otp.attempts_max", "otp", "--set", "otp.attempts_max=11")
        self.bad("otp.nothing", "otp", "--set", "otp.nothing=1")
        self.bad("MOTCUA_OTP__ATTEMPTS_MAX", "otp", env={"MOTCUA_OTP__ATTEMPTS_MAX": "0"})
        self.bad("log.level", "otp", "--set", "log.level=loud")
        self.assertEqual(self.run_daemon("otp", "--sett", "x=y")[0], 64)
        self.assertEqual(self.run_daemon("otp", "more")[0], 64)
        self.assertEqual(sorted(os.listdir(self.folder)), ["otp.yaml"])

    def test_rules_between_keys(self):
        """What each value alone allows and together they do not; what would be unsafe by accident."""
        self.table = f"{self.folder}/methods.csv"
        with open(self.table, "w") as table:
            table.write("code,name_vi,ial,open,citizen,enterprise,state_agency,officer_rights,fields,condition,verifier,confirmation\n"
                        "SUBSCRIBER,Thuê bao,2,yes,soon,,,yes,login_id*,a,b,c\n")
        keys = ["--set", f"keys.dir={self.folder}/keys", "--set", f"data.dir={self.folder}/data", "--set",
                f"run.dir={self.folder}/run", "--set", "keys.generate=true"]
        for name, setting, want in (
                ("otp", "otp.min_useful_life=120s", "otp.min_useful_life: must be shorter than otp.code_life"),
                ("identity", "identity.carrier_url=http://carrier.example", "identity.carrier_url: https:// is needed"),
                ("identity", f"identity.methods_file={self.table}", f"{self.table}: line 2: citizen: not a window"),
                ("identity", "identity.consents_file=/nowhere/consents.csv", "/nowhere/consents.csv: no such file"),
                ("payment", "payment.platform_url=http://platform.example", "payment.platform_url must be https://"),
                ("payment", "payment.partner=A", "payment.platform_secret_file is needed"),
                ("smsworker", "smsworker.url=http://sms.example", "smsworker.url must be https://"),
                ("gateway", "gateway.listen=localhost", "gateway.listen is not address:port"),
                ("gateway", "gateway.tls_cert=/nowhere.pem", "gateway.tls_cert and gateway.tls_key go together")):
            room = ["--set", "store.map_size=64MiB"] if name in story.ROOMS else []
            code, _, told = self.run_daemon(name, *keys, *room, "--set", setting)
            self.assertIn(code, (70, 78), told)
            self.assertIn(want, told)

    def test_layers_and_round_trip(self):
        """default < file < environment < --set; what --config prints can be read back and says the same."""
        def effective(*arguments, **more):
            code, out, told = self.run_daemon("otp", *arguments, "--config", **more)
            self.assertEqual((code, told), (0, ""))
            return out

        def value(text, key):
            return next(line for line in text.splitlines() if line.strip().startswith(f"{key}:")).split(": ", 1)[1].split(" #")[0].strip('" ')

        file = "otp:\n  code_life: 90s\n  resend_gap: 50s\n  attempts_max: 4\n"
        env = {"MOTCUA_OTP__RESEND_GAP": "40s", "MOTCUA_OTP__ATTEMPTS_MAX": "3", "MOTCUA_PORT_80": "tcp://10.0.0.1"}
        text = effective("--set", "otp.attempts_max=2", text=file, env=env)
        self.assertEqual([value(text, k) for k in ("otp.lock", "otp.code_life", "otp.resend_gap", "otp.attempts_max")],
                         ["30m", "90s", "40s", "2"])
        for origin in ("otp.yaml:2", "MOTCUA_OTP__RESEND_GAP", "--set", "default"):
            self.assertIn(origin, text)
        again = effective(text=text)
        self.assertEqual([line for line in again.splitlines() if not line.startswith("#")],
                         [line for line in text.splitlines() if not line.startswith("#")])
        for name in DAEMONS:  # every daemon's own print is a file of its own
            code, out, told = self.run_daemon(name, "--config")
            self.assertEqual((code, told), (0, ""), name)
            code, back, told = self.run_daemon(name, "--config", text=out)
            self.assertEqual((code, told), (0, ""), name)
            self.assertEqual(len(out.splitlines()), len(back.splitlines()), name)
            self.assertEqual(self.run_daemon(name, "--version")[0], 0)

    def boot(self, name="otp", *more):
        return self.run_daemon(name, "--set", f"keys.dir={self.folder}/keys", "--set", f"data.dir={self.folder}", "--set",
                               f"run.dir={self.folder}/run", "--set", "store.map_size=64MiB", *more)

    def test_keys_are_files_with_rules(self):
        """No keys: it does not start. Keys others may read, of a wrong length, or somebody else's: neither."""
        code, _, told = self.boot()
        self.assertEqual(code, 70, told)
        self.assertIn(f"{self.folder}/keys/otp.master: ", told)
        self.up()
        self.down()
        keys = f"{self.folder}/keys"
        secrets = [n for n in os.listdir(keys) if n.endswith((".master", ".sign", ".curve"))]
        self.assertGreaterEqual(len(secrets), 3 * len(story.ROOMS))
        for name in secrets:
            self.assertEqual(stat.S_IMODE(os.stat(f"{keys}/{name}").st_mode), 0o600, name)
        self.assertEqual(stat.S_IMODE(os.stat(keys).st_mode), 0o700)
        for name in ("otp.master", "otp.sign", "otp.curve"):
            path = f"{keys}/{name}"
            os.chmod(path, 0o644)
            code, _, told = self.boot()
            self.assertEqual(code, 70, told)
            self.assertIn(f"{path}: ", told)
            os.chmod(path, 0o600)
            with open(path, encoding="ascii") as file:
                good = file.read()
            for broken in (good[:-3], good.strip() + "00\n", ""):
                with open(path, "w", encoding="ascii") as file:
                    file.write(broken)
                code, _, told = self.boot()
                self.assertEqual(code, 70, (name, broken, told))
                self.assertIn(name, told)
            with open(path, "w", encoding="ascii") as file:
                file.write(good)
        os.rename(f"{keys}/otp.sign", f"{keys}/otp.sign.kept")
        code, _, told = self.boot("otp", "--set", "keys.generate=true")  # a new key would make all proofs worthless, unseen
        self.assertEqual(code, 70, told)
        self.assertIn("otp.pub", told)
        os.replace(f"{keys}/otp.sign.kept", f"{keys}/otp.sign")
        os.replace(f"{keys}/otp.master", f"{keys}/otp.master.kept")
        code, _, told = self.boot("otp", "--set", "keys.generate=true")  # the store was sealed with another
        self.assertEqual(code, 70, told)
        os.replace(f"{keys}/otp.master.kept", f"{keys}/otp.master")
        self.up()  # and with its own keys all is well again

    def test_all_mistakes_of_a_file_at_once(self):
        """--check-config tells everything that is wrong, and starts nothing; a good file says nothing."""
        at = f"{self.folder}/otp.yaml"
        code, out, told = self.run_daemon("otp", "--check-config", "--set", "otp.attempts_max=11",
                                          text="otp:\n  code_lief: 90s\n  code_life: 5\nstore.map_size: 64\n")
        self.assertEqual((code, out), (78, ""), told)
        lines = told.strip().splitlines()
        self.assertEqual(len(lines), 4, told)
        for line, want in zip(lines, (f"{at}:2:14: unknown key", f"{at}:3:14: \"otp.code_life\"",
                                      f"{at}:4:17: \"store.map_size\"", "--set: \"otp.attempts_max\"")):
            self.assertIn(want, line)
        for name in DAEMONS:
            self.assertEqual(self.run_daemon(name, "--check-config", text=""), (0, "", ""), name)
        self.assertEqual([n for n in os.listdir(self.folder) if not n.endswith(".yaml")], [])

    def test_how_long_it_keeps_what(self):
        """How long each room keeps what, what would go, and what is held (B1-51)."""
        self.up()
        rules = self.operator("retention", "show")
        for room, rule in (("otp", "challenges"), ("identity", "sessions"), ("dossier", "uploads"), ("notification", "notices"),
                           ("partner", "deliveries"), ("support", "uploads"), ("payment", "books"), ("audit", "entries"),
                           ("print", "answers")):
            self.assertRegex(rules, rf"(?m)^{room} +{rule} ")
        self.assertIn("kept for ever", self.operator("retention", "preview", "notification", "notices"))
        self.assertIn("0 would go", self.operator("retention", "preview", "partner", "deliveries"))
        held = self.operator("retention", "hold", "add", "dossier:000.20.31.H53-260907-0007", "complaint 17")
        self.assertEqual([line.split()[0] for line in held.splitlines()], ["notification", "partner", "support"])
        self.assertEqual(len(self.operator("retention", "hold", "list").splitlines()), 3)
        self.operator("retention", "hold", "release", "dossier:000.20.31.H53-260907-0007", "over")
        self.assertEqual(self.operator("retention", "hold", "list"), "")
        self.assertEqual([e.type for e in self.journal("partner")], ["partner.hold_added", "partner.hold_released"])

    def reloaded(self, name, event, count):
        def seen():
            with open(f"{self.house.log_dir}/{name}.log", encoding="utf-8") as log:
                return log.read().count(f"event={event}") >= count
        self.wait(f"{name} to say {event}", seen)

    def hup(self, name="payment"):
        self.house.processes[name].send_signal(signal.SIGHUP)

    def test_a_running_room_tells_and_tries(self):
        """What it was started with, and what another file would change: told by the room, from anywhere."""
        self.up()
        shown = self.operator("config", "show", "otp")
        self.assertRegex(shown, r"(?m)^store\.map_size +64MiB +--set$")
        self.assertNotIn("otp.code_life", shown)
        self.assertRegex(self.operator("config", "show", "otp", "all"), r"(?m)^otp\.code_life +2m +default$")
        path = f"{self.folder}/next.yaml"
        with open(path, "w") as file:
            file.write("otp:\n  code_life: 90s\nstore.map_size: 2GiB\npool.queue: 100\n")
        self.assertIn("within its range", self.operator("config", "check", "otp", path))
        self.assertRegex(self.operator("config", "diff", "otp", path), rf"^otp\.code_life +2m -> 90s +\({path}:2:14\)\n$")
        with open(path, "w") as file:
            file.write("otp:\n  code_life: 5\n")
        self.operator("config", "check", "otp", path, want=65)
        self.operator("config", "diff", "payment", path, want=65)  # another room's key

    def test_callers_are_read_again(self):
        """SIGHUP: who is new may connect, who is gone may not; a broken list changes nothing."""
        self.up()
        late = self.house.allow("portal:late")
        portal = Portal(self.house.run_dir, keys_dir=self.house.keys_dir, secret=late, resend=0.3)
        ask = ("payment", "ListOrders", {})
        with self.assertRaises(NoAnswer):
            portal.call(*ask, timeout=0.5)
        self.hup()
        self.reloaded("payment", "reloaded", 1)
        self.refused("SESSION_REQUIRED", *ask, portal=portal)  # it was let in
        callers = f"{self.house.keys_dir}/callers"
        with open(callers, encoding="ascii") as file:
            good = file.read()
        with open(callers, "w", encoding="ascii") as file:
            file.write(good + "portal:broken tooshort\n")
        self.hup()
        self.wait("the broken list to be told", lambda: "callers:" in self.house.tail("payment"))
        self.refused("SESSION_REQUIRED", *ask, portal=portal)
        with open(callers, "w", encoding="ascii") as file:
            file.write("".join(line for line in good.splitlines(True) if "portal:late" not in line))
        self.hup()
        self.reloaded("payment", "reloaded", 2)
        portal.reconnect("payment")
        with self.assertRaises(NoAnswer):
            portal.call(*ask, timeout=0.5)
        self.refused("SESSION_REQUIRED", *ask)  # nobody else noticed


if __name__ == "__main__":
    story.main()
