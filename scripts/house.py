"""The whole system on one machine: starts every daemon, keeps it up, stops it cleanly.

Used by scripts/run, and by the flow and crash tests with a temporary folder.
"""
import csv
import json
import os
import signal
import subprocess
import sys
import time

from authority import Authorities

ROOMS = ["identity", "otp", "dossier", "payment", "notification", "audit", "print", "partner", "support"]


class House:
    def __init__(self, folder, bin_dir, gateway_port=0, map_size="256MiB", log=None, tcp=True, extra=None, env=None,
                 sandbox_arguments=(), authorities=None, dashboard_port=0, mailbox=False):
        self.folder = os.path.abspath(folder)
        self.bin_dir = bin_dir
        self.run_dir, self.keys_dir = f"{self.folder}/run", f"{self.folder}/keys"
        self.gateway_port, self.map_size, self.tcp = gateway_port, map_size, tcp
        self.dashboard_port = dashboard_port
        self.extra = extra or {}
        self.env = {**os.environ, **(env or {})}
        self.sandbox_arguments = list(sandbox_arguments)
        self.authorities = authorities  # of certificates (authority.py), or None
        self.mailbox = mailbox  # e-mails go to the catcher (mailbox.py)
        self.log_dir = log or f"{self.folder}/log"
        self.gateway_socket = None  # one that listens already
        self.processes, self.restarts, self.stopping = {}, {}, False
        for path in (self.run_dir, self.keys_dir, self.log_dir):
            os.makedirs(path, mode=0o700, exist_ok=True)
        if len(f"{self.run_dir}/notification/sock") > 100:
            raise SystemExit(f"{self.run_dir}: too long for a socket's path")

    # What each daemon is told beside its defaults.
    def settings(self, name):
        common = {"data.dir": self.folder, "run.dir": self.run_dir, "keys.dir": self.keys_dir, "keys.generate": "true"}
        if name in ROOMS:
            common["store.map_size"] = self.map_size
            if self.tcp:
                common["listen.tcp"] = "tcp://127.0.0.1:*"
        gateway, sandbox = f"http://127.0.0.1:{self.port('gateway')}", f"http://127.0.0.1:{self.port('sandbox')}"
        own = {
            "identity": {"identity.carrier_url": f"{sandbox}/carrier/{{carrier}}/check", "identity.mnp_url": f"{sandbox}/mnp/check",
                         "identity.insurance_url": f"{sandbox}/bhxh/check", "identity.insurance_find_url": f"{sandbox}/bhxh/find",
                         "identity.post_url": f"{sandbox}/vnpost/check",
                         "identity.population_url": f"{sandbox}/population/check", "identity.allow_plain_http": "true",
                         "http.allow_plain": "true", "identity.oidc_issuer": gateway, "identity.vneid_issuer": f"{sandbox}/vneid"},
            "payment": {"payment.platform_url": f"{sandbox}/platform", "payment.platform_secret_file": self.platform_secret()[0],
                        "payment.allow_plain_http": "true", "http.allow_plain": "true", "payment.query_backoff": "1s",
                        "payment.query_after": "30s", "payment.bank_secret_file": self.bank_secret()[0],
                        "payment.bank_gateway_url": f"{sandbox}/banks",
                        "payment.tax_url": f"{sandbox}/gip", "payment.notice_key_file": self.notice_key()[0]},
            "dossier": {"dossier.post_url": f"{sandbox}/vnpost", "dossier.national_url": f"{sandbox}/dvcqg", "dossier.national_username": "motcua",
                        "dossier.national_password_file": self.made("dossier-national.secret", os.urandom(12).hex()), "dossier.allow_plain_http": "true", "http.allow_plain": "true"},
            "partner": {"partner.door_url": f"{gateway}/dvcqg/v1", "partner.check_networks": "127.0.0.0/8", "partner.allow_plain_http": "true", "partner.call_test_systems": "true",
                        "partner.check_ports": f"80,443,{self.port('sandbox') or 80}"},
            "gateway": {"gateway.listen": f"127.0.0.1:{self.gateway_port}", "gateway.dashboard": f"127.0.0.1:{self.dashboard_port}"},
            "sandbox": {"sandbox.listen": "127.0.0.1:0", "sandbox.sms_password": open(self.sms_password()).read(),
                        "sandbox.payment_secret": self.platform_secret()[1],
                        "sandbox.bank_secret": self.bank_secret()[1],
                        "sandbox.payment_callback": f"{gateway}/webhooks/payment"},
            # No SMS waits for the morning here: a story is told at any time of day.
            "notification": {"notification.quiet_from": "00:00", "notification.quiet_until": "00:00"},
            "smsworker": {"smsworker.url": f"{sandbox}/cgi-bin/sendsms", "smsworker.report_base": gateway,
                          "smsworker.password_file": self.sms_password(), "smsworker.allow_plain_http": "true",
                          "smsworker.wait": "1s"},
        }
        if self.mailbox:
            own["notification"].update({"notification.relay": f"smtp://127.0.0.1:{self.port('mailbox', 'smtp')}",
                                        "notification.relay_plain": "true", "http.allow_plain": "true",
                                        "notification.mail_from": "khong-tra-loi@dichvucong.example"})
        if self.authorities is not None:
            own["identity"].update({"identity.trust_public": self.authorities.public.root,
                                    "identity.trust_government": self.authorities.government.root,
                                    "identity.sim_url": f"{sandbox}/sim/signatures",
                                    "identity.remote_url": f"{sandbox}/smartca/signatures"})
            own["sandbox"]["sandbox.signers"] = self.authorities.signers
            own["print"] = {"print.agency_keys": self.authorities.agencies}
        return {**common, **own.get(name, {}), **self.extra.get(name, {})}

    def made(self, name, text):
        """The path of a file of ours that nobody else may read; made at the first run."""
        path = f"{self.keys_dir}/{name}"
        if not os.path.exists(path):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        return path

    def sms_password(self):
        """What the worker shows the sandbox's SMS gateway."""
        return self.made("smsworker.password", os.urandom(12).hex())

    def platform_secret(self):
        """What payment shares with the sandbox's platform: the file of hex, and the secret itself."""
        path = self.made("payment-platform.secret", os.urandom(12).hex().encode().hex())
        with open(path) as file:
            return path, bytes.fromhex(file.read()).decode()

    def bank_secret(self):
        """What banks sign their notices with: the file of hex, and the secret itself."""
        path = self.made("payment-bank.secret", os.urandom(12).hex().encode().hex())
        with open(path) as file:
            return path, bytes.fromhex(file.read()).decode()

    def notice_key(self):
        """SecurityKey of provinces that hand on tax notices: the file of hex, and the key itself."""
        path = self.made("payment-notice.key", os.urandom(12).hex().encode().hex())
        with open(path) as file:
            return path, bytes.fromhex(file.read()).decode()

    def partner(self, name, unit, dstcode, **more):
        """What motcuactl saves as a partner: a province in the sandbox."""
        base = f"http://127.0.0.1:{self.port('sandbox')}/province"
        apis = [{"type": kind, "sessionUrl": f"{base}/session", "dataUrl": f"{base}/data", "version": "2020"}
                for kind in ("dossier_sync", "dossier_progress", "land_payment", "receipt", "account_sync")]
        return {"partnerId": name, "name": f"Một cửa điện tử {unit} (mô phỏng)", "kind": "PROVINCE", "unit": unit,
                "dstcode": dstcode, "apis": apis, **more}

    def save_partner(self, partner):
        """Puts it down with a credential of its own, unless it is there."""
        path, secret = f"{self.keys_dir}/partner.json", f"{self.keys_dir}/partner.credential"
        control = [f"{self.bin_dir}/motcuactl", "--run-dir", self.run_dir]
        if subprocess.run([*control, "partner", "show", partner["partnerId"]], capture_output=True).returncode == 0:
            return
        with open(path, "w") as file:
            json.dump(partner, file, ensure_ascii=False)
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"dvcqg\n{os.urandom(12).hex()}\n")
        subprocess.run([*control, "partner", "save", path, "sandbox"], check=True, capture_output=True)
        subprocess.run([*control, "partner", "credential", partner["partnerId"], "outbound", secret, "sandbox"],
                       check=True, capture_output=True)
        for made in (path, secret):
            os.unlink(made)

    def port(self, name, kind="port"):
        try:
            return int(open(f"{self.run_dir}/{name}/{kind}").read())
        except (OSError, ValueError):
            return 0

    def dashboard_link(self, *arguments):
        """An address that signs an operator in, once, in the next minutes."""
        made = subprocess.run([f"{self.bin_dir}/motcuactl", "--run-dir", self.run_dir, "--keys-dir", self.keys_dir, "dashboard",
                               "token", *arguments], check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def command(self, name):
        if name == "mailbox":
            return [sys.executable, f"{os.path.dirname(os.path.abspath(__file__))}/mailbox.py", f"{self.run_dir}/mailbox"]
        arguments = [f"{self.bin_dir}/motcua-{name}"]
        for key, value in self.settings(name).items():
            arguments += ["--set", f"{key}={value}"]
        return arguments

    def start(self, name):
        arguments = self.command(name)
        if name == "sandbox":
            arguments += self.sandbox_arguments
        if name == "gateway" and self.gateway_socket is not None:  # as systemd hands over a port that it holds
            fd = self.gateway_socket.fileno()
            arguments = ["/bin/sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=gateway exec "$@" 3<&{fd}', "sh", *arguments]
        log = open(f"{self.log_dir}/{name}.log", "ab")
        self.processes[name] = subprocess.Popen(arguments, pass_fds=() if self.gateway_socket is None else (self.gateway_socket.fileno(),), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                                env=self.env, start_new_session=True,
                                                preexec_fn=(lambda: os.nice(10)) if name == "print" else None)
        log.close()

    def wait_file(self, path, name, seconds=20):
        ends = time.monotonic() + seconds
        while not os.path.exists(path):
            if self.processes[name].poll() is not None:
                raise SystemExit(f"{name} did not start: {self.tail(name)}")
            if time.monotonic() > ends:
                raise SystemExit(f"{name}: no {path} after {seconds} s: {self.tail(name)}")
            time.sleep(0.01)

    def tail(self, name, lines=5):
        with open(f"{self.log_dir}/{name}.log", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def allow(self, name):
        """Makes a CURVE key for a caller and puts it on the list; returns the secret's path."""
        secret = f"{self.keys_dir}/{name.replace(':', '-')}.curve"
        if not os.path.exists(secret):
            made = subprocess.run([f"{self.bin_dir}/motcuactl", "key", "make", secret], check=True, capture_output=True, text=True)
            with open(f"{self.keys_dir}/callers", "a") as callers:
                callers.write(f"{name} {made.stdout.strip()}\n")
        return secret

    def start_all(self):
        # What an earlier run left would be taken for a daemon that is up.
        for stale in ["gateway/port", "gateway/dashboard", "sandbox/port", "mailbox/port", "mailbox/smtp"] + [f"{room}/{name}" for room in ROOMS for name in ("tcp", "sock")]:
            if os.path.exists(f"{self.run_dir}/{stale}"):
                os.unlink(f"{self.run_dir}/{stale}")
        if self.tcp and not os.path.exists(f"{self.keys_dir}/callers"):
            with open(f"{self.keys_dir}/callers", "w") as callers:
                callers.write("# name and CURVE public key of who may connect over TCP\n")
        self.start("gateway")
        self.wait_file(f"{self.run_dir}/gateway/port", "gateway")
        self.start("sandbox")
        self.wait_file(f"{self.run_dir}/sandbox/port", "sandbox")
        if self.mailbox:
            self.start("mailbox")
            self.wait_file(f"{self.run_dir}/mailbox/port", "mailbox")
        for room in ROOMS:
            self.start(room)
        for room in ROOMS:
            self.wait_file(f"{self.run_dir}/{room}/{'tcp' if self.tcp else 'sock'}", room)
        self.start("smsworker")

    def kill(self, name, sig=signal.SIGKILL):
        self.processes[name].send_signal(sig)
        self.processes[name].wait()

    def restart(self, name):
        self.restarts[name] = self.restarts.get(name, 0) + 1
        self.start(name)

    def watch(self):
        """Restarts what ended by itself; for ever, until a signal comes."""
        while not self.stopping:
            time.sleep(0.2)
            for name, process in list(self.processes.items()):
                if not self.stopping and process.poll() is not None:
                    print(f"{name} ended with {process.returncode}, starting it again: {self.tail(name, 1).strip()}", file=sys.stderr)
                    time.sleep(min(5, self.restarts.get(name, 0)))
                    self.restart(name)

    def stop(self):
        """The SMS worker first: it gives back to the otp room what it holds. False: something had to be killed."""
        self.stopping, clean = True, True
        for names in (["smsworker", "scanworker"], ["gateway"] + ROOMS + ["sandbox", "mailbox"]):
            clean = self.stop_some(names) and clean
        if self.authorities is not None:
            self.authorities.stop()
        return clean

    def stop_some(self, names):
        clean = True
        names = [name for name in names if name in self.processes]
        for name in names:
            if self.processes[name].poll() is None:
                self.processes[name].send_signal(signal.SIGTERM)
        for name in names:
            try:
                clean = self.processes[name].wait(8) == 0 and clean
            except subprocess.TimeoutExpired:
                print(f"{name} does not stop; killed", file=sys.stderr)
                self.kill(name)
                clean = False
        return clean


def main():
    import argparse

    parser = argparse.ArgumentParser(description="Runs the whole system on embedded defaults.")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--data", default="data")
    parser.add_argument("--port", type=int, default=8080, help="of the gateway; 0: any free one")
    parser.add_argument("--demo", action="store_true", help="walk the main job and stop")
    arguments = parser.parse_args()

    authorities = Authorities(f"{os.path.abspath(arguments.data)}/authorities")
    authorities.signer("84912000101", "NGUYỄN THỊ HOÀ BÌNH", "CCCD:012193990017")  # the scenarios' citizen, by SIM
    authorities.signer("9900000016", "CÔNG TY CỔ PHẦN THỬ NGHIỆM", "MST:9900000016")  # an enterprise, by app
    authorities.agency("000.20.31.H53", "ỦY BAN NHÂN DÂN THỊ TRẤN BẾN CẦU")
    house = House(arguments.data, os.path.abspath(arguments.bin), gateway_port=arguments.port, authorities=authorities,
                  dashboard_port=arguments.port + 1 if arguments.port else 0, mailbox=True)

    def stop(*_):
        house.stopping = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    code = 0
    try:
        portal = house.allow("portal:demo")
        house.start_all()
        with open(f"{os.path.dirname(os.path.abspath(__file__))}/../services/sandbox/data/provinces.csv") as provinces:
            for province in csv.DictReader(provinces):  # test systems all of them: nothing real is called from here
                house.save_partner(house.partner(province["h_code"].lower(), f"000.00.00.{province['h_code']}",
                                                 f"VN:COOP:000.00.00.{province['h_code']}"))
        gateway = f"http://127.0.0.1:{house.port('gateway')}"
        print(f"motcua is up.  gateway {gateway}   sandbox http://127.0.0.1:{house.port('sandbox')}\n"
              f"  sockets {house.run_dir}   logs {house.log_dir}\n"
              f"  operators: {house.bin_dir}/motcuactl --run-dir {house.run_dir} status\n"
              f"  e-mails: http://127.0.0.1:{house.port('mailbox')}   webhooks: http://127.0.0.1:{house.port('sandbox')}/hooks\n"
              f"  dashboard: {house.dashboard_link()}\n", flush=True)
        if arguments.demo:
            import demo

            code = demo.main(house, portal)
        else:
            print("Ctrl-C stops it.", flush=True)
            house.watch()
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
    finally:
        house.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
