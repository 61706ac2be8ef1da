"""End to end with Kannel: otp room, worker, bearerbox and smsbox, an SMSC, and back through the gateway's /webhooks/sms.

    kannel.py <folder of the daemons>

The SMSC is Kannel's own fakesmsc, or npm's smpp behind Kannel's SMPP driver. Exit 77: no Kannel here.
"""
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import unittest
from pathlib import Path

import daemons
import smpp

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

from portal import Portal, enum_name, uuid7  # noqa: E402

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
PHONE, PASSWORD = "84912000101", "kannel-secret"
CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = x
smsbox-port = {box}
smsbox-interface = 127.0.0.1
store-type = spool
store-location = {spool}
dlr-storage = internal
sms-resend-freq = 1
sms-resend-retry = 1

{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = motcua
password = {password}
concatenation = true
max-messages = 6
"""
FAKE = """
group = smsc
smsc = fake
smsc-id = FAKE
port = {port}
connect-allow-ip = 127.0.0.1
"""
SMPP = """
group = smsc
smsc = smpp
smsc-id = SMPP
host = 127.0.0.1
port = {port}
smsc-username = kannel
smsc-password = secret
system-type = ""
transceiver-mode = true
"""


def free_ports(count):
    """Kannel wants to be told its ports. Below those that the kernel gives to outgoing connections."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
                ports.add(port)
            except OSError:
                pass
    return list(ports)


class Kannel(daemons.Story):
    def setUp(self):
        super().setUp()
        self.start("otp", store__map_size="64MiB", otp__keep_accents="true")
        self.start("gateway", gateway__listen="127.0.0.1:0")
        self.edge = f"http://127.0.0.1:{self.port_of('gateway')}"
        socket_path = f"{self.run_dir}/otp/sock"
        self.wait_for(lambda: os.path.exists(socket_path), socket_path)
        self.identity = Portal(self.run_dir, caller="room:identity")
        self.addCleanup(self.identity.reconnect, "otp")

    def program(self, name, *arguments):
        log = open(f"{self.folder}/{os.path.basename(name)}.log", "ab")
        process = subprocess.Popen([name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        log.close()
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()

    def log_of(self, program):
        with open(f"{self.folder}/{program}.log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def kannel(self, smsc, port):
        """bearerbox and smsbox; its ports are taken from those free a moment ago, so it may need a second try."""
        for _ in range(3):
            self.admin, box, sendsms = free_ports(3)
            os.makedirs(f"{self.folder}/spool", exist_ok=True)
            with open(f"{self.folder}/kannel.conf", "w", encoding="ascii") as file:
                file.write(CONFIG.format(admin=self.admin, box=box, sendsms=sendsms, spool=f"{self.folder}/spool",
                                         password=PASSWORD, smsc=smsc.format(port=port)))
            bearer = self.program("/usr/sbin/bearerbox", "-v", "1", "kannel.conf")
            if self.wait_for(lambda: bearer.poll() is not None or self.status(), "bearerbox") is not True:
                self.program("/usr/sbin/smsbox", "-v", "1", "kannel.conf")
                self.wait_for(lambda: "smsbox" in self.status(), "smsbox")
                self.wait_for(lambda: self.listens(sendsms), "sendsms")
                return f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms"
        self.fail("Kannel does not start")

    def status(self):
        try:
            url = f"http://127.0.0.1:{self.admin}/status.txt?password=x"
            return daemons.OPENER.open(url, timeout=2).read().decode()
        except OSError:
            return ""

    def listens(self, port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def with_fakesmsc(self):
        port, = free_ports(1)
        url = self.kannel(FAKE, port)
        self.program(FAKESMSC, "-H", "127.0.0.1", "-r", str(port), "-m", "0", "x")
        self.wait_for(lambda: re.search(r"FAKE:\d+ \(online", self.status()), "the SMSC")
        return url

    def with_smpp(self):
        self.smsc = smpp.Smsc(*smpp.PACKAGES)
        self.addCleanup(self.smsc.close)
        url = self.kannel(SMPP, self.smsc.port)
        self.wait_for(lambda: re.search(r"SMPP:[^(]*\(online", self.status()), "the SMSC")
        return url

    def worker(self, url, password=PASSWORD):
        path = f"{self.folder}/password"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(password + "\n")
        self.start("smsworker", smsworker__url=url, smsworker__report_base=self.edge, smsworker__password_file=path,
                   smsworker__allow_plain_http="true", smsworker__wait="200ms")

    def issue(self):
        subject = uuid7()
        self.identity.call("otp", "Issue", {"purpose": "LOGIN", "subject": subject, "phone": PHONE})
        return subject

    def delivery(self, subject, wanted):
        def state():
            told = self.identity.call("otp", "Status", {"purpose": "LOGIN", "subject": subject})
            return told if enum_name(told, "state") == wanted else None

        return self.wait_for(state, f"the state {wanted}")

    def test_a_code_to_fakesmsc_and_its_report_back(self):
        """OTP-12: the report of Kannel's SMSC is what the waiting screen shows; the code that went this way is good."""
        self.worker(self.with_fakesmsc())
        subject = self.issue()
        got = self.wait_for(lambda: re.search(r"Got message \d+: <(\S+) (\S+) text (.*)>", self.log_of("fakesmsc")), "the SMS")
        self.assertEqual((got[1], got[2]), ("DVCQG", PHONE))
        self.delivery(subject, "DELIVERED")
        code = re.search(r"\b(\d{6})\b", got[3])[1]
        told = self.identity.call("otp", "Verify", {"purpose": "LOGIN", "subject": subject, "code": code})
        self.assertTrue(told.correct)
        with open(f"{self.folder}/smsworker.log", encoding="utf-8") as log:
            text = log.read()
        self.assertNotIn(code, text)
        self.assertNotIn(PHONE, text)

    def test_kannel_is_not_there(self):
        """Nothing is lost: the worker rests and tries again until Kannel is up."""
        port, = free_ports(1)
        self.worker(f"http://127.0.0.1:{port}/cgi-bin/sendsms")
        subject = self.issue()
        self.wait_for(lambda: "GATEWAY_AWAY" in self.log_of("smsworker"), "a failure")
        told = self.identity.call("otp", "Status", {"purpose": "LOGIN", "subject": subject})
        self.assertIn(enum_name(told, "state"), ("QUEUED", "HANDED_OVER"))

    def test_wrong_password_is_told(self):
        self.worker(self.with_fakesmsc(), password="another")
        self.issue()
        self.wait_for(lambda: "GATEWAY_LOCKED_OUT 403" in self.log_of("smsworker"), "a failure")

    def test_kannel_by_smpp_undeliverable(self):
        url = self.with_smpp()
        self.smsc.tell(receipt="UNDELIV")
        self.worker(url)
        subject = self.issue()
        self.delivery(subject, "FAILED")
        sent, = self.smsc.all("submit")
        self.assertEqual((sent["from"], sent["to"], sent["coding"]), ("DVCQG", PHONE, 0))

    def test_kannel_cuts_a_long_text(self):
        """UCS-2 in parts; Kannel's one report is of the whole text."""
        url = self.with_smpp()
        self.smsc.tell(receipt="DELIVRD")
        self.worker(url)
        text = "Hồ sơ của ông bà đã được tiếp nhận và đang được xử lý. " * 2 + "Trân trọng."
        room = Portal(self.run_dir, caller="room:notification")
        self.addCleanup(room.reconnect, "otp")
        room.call("otp", "EnqueueSms", {"lane": "TRANSACTIONAL", "phone": PHONE, "text": text})

        def delivered():
            events = room.call("otp", "Follow", {"after": 0, "credit": 100, "wait_ms": 0}).events
            return [event.type for event in events].count("otp.sms_delivered")

        self.assertEqual(self.wait_for(delivered, "the report"), 1)
        parts = self.smsc.all("submit")
        self.assertEqual(len(parts), 2)
        self.assertEqual("".join(part["text"] for part in parts), text)
        self.assertEqual({part["coding"] for part in parts}, {8})

    def test_kannel_by_smpp_refused(self):
        """What the SMSC refuses comes back as 16."""
        url = self.with_smpp()
        self.smsc.tell(answers=[smpp.BAD_ADDRESS] * 20)
        self.worker(url)
        self.delivery(self.issue(), "FAILED")
        self.assertEqual({event["status"] for event in self.smsc.all("submit")}, {smpp.BAD_ADDRESS})


if __name__ == "__main__":
    daemons.Story.bin = sys.argv.pop(1)
    if not os.path.exists(FAKESMSC) or not shutil.which("/usr/sbin/bearerbox"):
        print("skipped: no Kannel here")
        sys.exit(77)
    place = Path(daemons.Story.bin).resolve().parent / "tests" / "interop" / "connect"
    smpp.PACKAGES = smpp.npm.packages(place), place
    unittest.main()
