"""The whole house in a temporary folder, and what its stories share.

Beside daemons.py (one daemon or two, made ready by hand) this starts all of them by scripts/house.py and walks with
scripts/demo.py's steps. Every story ends with the house stopped cleanly; its folder goes when it was good, and when
not, the tails of the logs are shown.
"""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import zmq

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [f"{SOURCE}/scripts", f"{SOURCE}/tests"]

import demo  # noqa: E402
from demo import CITIZEN, OFFICER, PASSWORD, UNIT, Demo  # noqa: E402
from house import ROOMS, House  # noqa: E402
from people import person  # noqa: E402, F401: for the stories
from portal import POOL, NoAnswer, Portal, Refused, enum_name, message, uuid7  # noqa: E402

PATIENCE_S = 40
QUICK = {  # what would make a story wait
    "smsworker": {"smsworker.wait": "100ms", "smsworker.timeout": "800ms", "smsworker.lease": "3s"},
    "sandbox": {"sandbox.dlr_after": "10ms", "sandbox.callback_backoff": "100ms"},
    "otp": {"otp.sends_short": "50", "otp.sends_day": "50", "otp.sends_identity": "50"},
    "identity": {"identity.starts_max": "1000"},
}


class Home(House):
    """A house without some of its daemons."""

    without = ()

    def start(self, name):
        if name not in self.without:
            self.begins = {**self.__dict__.get("begins", {}), name: self.readies(name)}
            super().start(name)

    def readies(self, name):
        path = f"{self.log_dir}/{name}.log"
        if not os.path.exists(path):
            return 0
        with open(path, "rb") as log:
            return log.read().count(b" event=ready ")

    def begun(self, name):
        return self.readies(name) > self.begins[name]


class Steps(Demo):
    """The demo's steps; what they say is kept."""

    def __init__(self, house, secret, resend):
        super().__init__(house, secret)
        self.portal = Portal(house.run_dir, keys_dir=house.keys_dir, secret=secret, resend=resend)
        self.said = []

    def say(self, text):
        self.said.append(text)

    def wait(self, what, probe, seconds=PATIENCE_S):
        return super().wait(what, probe, seconds)


class Story(unittest.TestCase):
    bin = ""
    without = ()
    extra = {}
    resend = 0.2
    authorities = None  # of certificates
    mailbox = False  # e-mails go to the catcher of scripts/run
    gateway_socket = None  # that listens already

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mc-", dir="/tmp")  # short: sockets' paths are
        self.house, self.callers = None, {}
        self.addCleanup(self.end)

    def failed(self):
        """Whether it has, up to here; in a cleanup the outcome's own word is of the cleanup."""
        result = self._outcome.result
        return any(self in (case, getattr(case, "test_case", None)) for case, _ in result.errors + result.failures)

    def end(self):
        try:
            if not self.failed() and self.house is not None:
                self.wait_begun(self.house.processes)
        finally:
            self.stop_house()

    def stop_house(self):
        clean = self.house is None or self.house.stop()
        good = not self.failed()
        if not good or not clean:
            print(f"--- {self.id()}: the logs' tails", file=sys.stderr)
            for name in sorted(os.listdir(f"{self.folder}/log") if os.path.isdir(f"{self.folder}/log") else []):
                with open(f"{self.folder}/log/{name}", errors="replace") as log:
                    print(f"--- {name}\n{''.join(log.readlines()[-12:])}", file=sys.stderr)
        ended = {} if self.house is None else {name: p.returncode for name, p in self.house.processes.items()}
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertTrue(clean or not good, f"a daemon did not end with 0: {ended}")

    # --- the house ---

    def settings(self):
        merged = {name: dict(values) for name, values in QUICK.items()}
        for name, values in self.extra.items():
            merged.setdefault(name, {}).update(values)
        return merged

    def up(self):
        """Starts all daemons, waits until every room answers, and makes the portal front end."""
        self.house = Home(self.folder, self.bin, map_size="64MiB", extra=self.settings(), authorities=self.authorities,
                          mailbox=self.mailbox)
        self.house.without = self.without
        self.house.gateway_socket = self.gateway_socket
        secret = self.house.allow("portal:demo")
        self.house.start_all()
        self.house.gateway_port = self.house.port("gateway")  # a restarted gateway is found where it was
        self.steps = Steps(self.house, secret, self.resend)
        self.portal = self.steps.portal
        self.wait_ready()
        return self.steps

    def down(self):
        self.assertTrue(self.house.stop(), "a daemon had to be killed")
        self.house = None

    def local(self, caller):
        """A caller on the ipc sockets, where the name is believed."""
        if caller not in self.callers:
            self.callers[caller] = Portal(self.house.run_dir, caller=caller, resend=self.resend)
        return self.callers[caller]

    def wait_ready(self):
        check = self.local("room:check")
        self.wait_begun(self.house.processes)
        for room in ROOMS:
            self.wait(f"{room} to be ready", lambda room=room: self.answers(check, room))

    def answers(self, portal, room):
        try:
            return portal.call(room, "Health", timeout=1).ready
        except (NoAnswer, Refused):
            return False

    def end_daemons(self, names, sig=signal.SIGTERM):
        if sig == signal.SIGTERM:
            self.wait_begun(names)
        for name in names:
            self.house.processes[name].send_signal(sig)
        for name in names:
            code = self.house.processes.pop(name).wait(PATIENCE_S)
            self.assertEqual(code, 0 if sig == signal.SIGTERM else -sig, f"{name}: {self.house.tail(name)}")

    def wait_begun(self, names):
        """Before its loop runs, a daemon ends as any program does, not with 0."""
        for name in names:
            self.wait(f"{name} to be ready", lambda name=name: self.house.begun(name))

    def start_daemons(self, names):
        for name in names:
            self.house.start(name)

    # --- waiting ---

    def wait(self, what, probe, seconds=PATIENCE_S):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            value = probe()
            if value:
                return value
            time.sleep(0.01)
        self.fail(f"waited {seconds} s in vain for {what}")

    # --- the world outside ---

    def http(self, method, url, body=None, headers=None, timeout=PATIENCE_S):
        """(status, headers, bytes); an HTTP error is an answer too."""
        request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def sandbox(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        status, _, text = self.http(method, self.steps.sandbox + path, data, {"Content-Type": "application/json"})
        self.assertIn(status, (200, 204), text)
        return json.loads(text) if text else None

    def fault(self, system, fault, **more):
        return self.sandbox("POST", "/faults", {"system": system, "fault": fault, **more})

    # --- what operators see ---

    def operator(self, *arguments, want=0):
        """motcuactl: its standard output; the exit code must be the wanted one."""
        done = subprocess.run([f"{self.bin}/motcuactl", "--run-dir", self.house.run_dir, *arguments],
                              capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, want, f"motcuactl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def stats(self, room):
        return self.local("room:check").call(room, "Stats")

    def journal(self, room):
        portal, events = self.local("room:check"), []
        while True:
            batch = portal.call(room, "Follow", {"after": len(events), "credit": 1000, "wait_ms": 0})
            events.extend(batch.events)
            if len(events) >= batch.last:
                return events

    def journals(self):
        """All journals, once nobody has anything left to do."""

        def quiet():
            stats = [self.stats(room) for room in ROOMS]
            return all(not lane.queued and not lane.leased for s in stats for lane in s.lanes if lane.lane != "later") and all(
                follow.applied == stats[ROOMS.index(follow.room)].journal_last
                for s in stats for follow in s.follows)

        self.wait("the rooms to have nothing left to do", quiet)
        return {room: self.journal(room) for room in ROOMS}

    def types(self, journals=None):
        """How many events of each type there are."""
        count = {}
        for events in (journals or self.journals()).values():
            for event in events:
                count[event.type] = count.get(event.type, 0) + 1
        return count

    def check_books(self):
        """The audit log holds every event of every journal, its tree is whole, and the ledger balances."""

        def same():  # a delivery report may come in between
            journals = self.journals()
            for events in journals.values():
                self.assertEqual([e.seq for e in events], list(range(1, len(events) + 1)))
            total = sum(len(events) for events in journals.values())
            whole = self.operator("audit", "verify").strip()
            self.assertRegex(whole, r"^whole: \d+ entries$")
            return whole == f"whole: {total} entries"

        self.wait("the audit log to hold as many entries as there are events", same)
        ledger = json.loads(self.operator("-o", "json", "ledger", "check"))
        self.assertTrue(ledger["balanced"], ledger)
        self.assertEqual(ledger.get("debit", "0"), ledger.get("credit", "0"))
        return ledger

    # --- people ---

    def citizen(self):
        """Registered and signed in."""
        self.steps.register(CITIZEN)
        return self.steps.login(CITIZEN)

    def officer(self):
        self.steps.register(OFFICER)
        self.steps.grant_desk(OFFICER)
        return self.steps.login(OFFICER)

    # --- land ---

    def tell_notices(self, code, notices, key=None):
        """A province's message about (number, name, amount) of a dossier; (status, answer)."""
        lists = "".join(f"<LIST><MA_SO_THUE>{CITIZEN['login_id']}</MA_SO_THUE><SO_QUYET_DINH>{number}</SO_QUYET_DINH>"
                        f"<NGAY_QUYET_DINH>04-09-2026</NGAY_QUYET_DINH><TEN_TIEUMUC>{name}</TEN_TIEUMUC>"
                        f"<SO_TIEN>{amount}</SO_TIEN></LIST>" for number, name, amount in notices)
        xml = f"<DATA><BODY><ROW_LIST><MA_HSO>{code}</MA_HSO>{lists}</ROW_LIST></BODY></DATA>"
        body = {"SecurityKey": key or self.house.notice_key()[1], "Service": "ThongBaoThue", "Ngay": "07/09/2026",
                "IsUpdating": False, "Data": {"FileThongBaoThue": base64.b64encode(xml.encode()).decode()}}
        status, _, text = self.http("POST", f"{self.steps.http.base}/webhooks/tax-notice", json.dumps(body).encode(),
                                    {"Content-Type": "application/json"})
        return status, json.loads(text)

    def pay_land(self, session, code, notice, item, name, amount):
        """The citizen looks the notice up, and pays it at the platform."""
        self.sandbox("POST", "/gip/land", {"dossier": code, "identity": CITIZEN["login_id"], "taxpayer": "NGUYỄN THỊ HÒA BÌNH",
                                           "notice": notice, "item": item, "name": name, "amount": amount})
        started = self.portal.call("payment", "StartLandLookUp", {"dossier_code": code, "id_number": CITIZEN["login_id"]})
        shown = self.portal.call("payment", "GetLandLookUp", {"look_up_id": started.look_up_id, "wait_ms": 5000})
        order = self.portal.call("payment", "PayLand", {"look_up_id": shown.look_up_id, "notice": notice}, session)
        attempt, url = self.steps.start_payment(session, order.order_id)
        self.steps.choose(url, "pay")
        self.wait("the payment's end", lambda: self.steps.settled(session, order.order_id, attempt))

    def refused(self, code, *arguments, **more):
        """A call of the portal that must be refused by this code; returns the refusal."""
        portal = more.pop("portal", self.portal)
        with self.assertRaises(Refused) as told:
            portal.call(*arguments, **more)
        self.assertEqual(told.exception.code, code, str(told.exception))
        return told.exception


def together(works):
    """Runs each in a thread of its own; their results in order. The first failure is raised."""
    results, errors = [None] * len(works), []

    def run(i, work):
        try:
            results[i] = work()
        except BaseException as error:  # noqa: BLE001: told to who waits
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i, work), daemon=True) for i, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def main():
    Story.bin = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2, warnings="ignore")  # sockets of threads that ended: nobody can close them
