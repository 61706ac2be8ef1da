#!/usr/bin/env python3
"""Death and disk errors at exact points of a commit: before, between and after its steps (shim.c).

    points.py --bin build/dev/bin --shim build/dev/tests/crash/libcrash_shim.so [--keep] [--rounds 4]

First each room takes one request under each fault: a death leaves all of it or nothing, and the repeat by the same id
finds out; an I/O error ends the process; a full disk refuses and serves on. Then the main job runs while every room
dies at its Nth commit. Then a real small disk is filled, enlarged, and found read-only. At the end the checker.
"""
import argparse
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checker  # noqa: E402
from campaign import CITIZENS, OFFICER, Campaign, Case, stop_all  # noqa: E402
from world import BIRTH_FORM, PROCEDURE, ROOMS, UNIT, NoAnswer, Refused, World, partner, person, uuid7  # noqa: E402

PAGES, SYNC, META = 1, 2, 3
KILL_BEFORE, KILL_AFTER, FAIL, SHORT, TORN = 1, 2, 3, 4, 5
EIO, ENOSPC = 5, 28
DIES, ABORTS, SERVES, EITHER = -signal.SIGKILL, -signal.SIGABRT, None, "either"
FAULTS = [  # name, point, action, error, what the process does
    ("killed before its pages are written", PAGES, KILL_BEFORE, 0, DIES),
    ("killed with half a page written", PAGES, TORN, 0, DIES),
    ("killed before the flush", SYNC, KILL_BEFORE, 0, DIES),
    ("killed after the flush", SYNC, KILL_AFTER, 0, DIES),
    ("killed before the commit", META, KILL_BEFORE, 0, DIES),
    ("killed with half a meta page written", META, TORN, 0, DIES),
    ("killed after the commit, before the reply", META, KILL_AFTER, 0, DIES),
    ("a page cannot be written", PAGES, FAIL, EIO, ABORTS),
    ("a page is written in part", PAGES, SHORT, 0, ABORTS),
    ("the flush fails", SYNC, FAIL, EIO, ABORTS),
    ("the commit fails", META, FAIL, EIO, ABORTS),
    ("no space for a page", PAGES, FAIL, ENOSPC, SERVES),
    ("no space at the flush", SYNC, FAIL, ENOSPC, SERVES),
    ("no space at the commit", META, FAIL, ENOSPC, EITHER),
]
TMPFS_SMALL, TMPFS_LARGE = "6M", "24M"



def feedback(text):
    return {"kind": "KIND_QUESTION", "unit": UNIT, "unit_name": "UBND huyện Bến Cầu", "name": "Nguyễn Văn Kiểm", "address": "Tây Ninh", "phone": person(CITIZENS[0])["phone"],
            "title": f"Hỏi về hồ sơ {text}", "text": f"Nội dung {text}"}


class Points:
    def __init__(self, folder, bin_dir, shim, seed):
        self.folder = folder
        env = {"LD_PRELOAD": os.path.abspath(shim)}
        extra = {"dossier": {"store.preallocate": "false"}}
        self.world = World(folder, bin_dir, seed, env=env, extra=extra, tcp=False)
        self.house = self.world.house
        self.campaign = Campaign(self.world, seed, 0, 1)
        self.campaign.loud = True
        self.deaths, self.keeping, self.number, self.struck = [], True, 0, 0
        self.partner_seen = 0
        self.rng = random.Random(seed)
        start, env = self.house.start, self.house.env

        def start_shimmed(name):
            self.house.env = {**env, "MC_SHIM": f"{folder}/{name}.shim"} if name in ROOMS else env
            start(name)

        self.house.start = start_shimmed
        for room in ROOMS:
            self.arm(room, 0, 0, armed=0)

    # --- the shim's orders ---

    def arm(self, room, point, action, error=0, after=1, sticky=0, armed=1):
        with open(os.open(f"{self.folder}/{room}.shim", os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as order:
            order.write(struct.pack("<8I", 0, point, after, action, error, sticky, 0, 0))
            order.seek(0)
            order.write(struct.pack("<I", armed))

    def fired(self, room):
        with open(f"{self.folder}/{room}.shim", "rb") as order:
            return struct.unpack("<8I", order.read(32))[7]

    # --- who dies is started again ---

    def keep(self):
        while self.keeping:
            for name, process in list(self.house.processes.items()):
                code = process.poll()
                if code is not None and self.keeping:
                    self.deaths.append((name, code))
                    self.house.restart(name)
            time.sleep(0.01)

    def expect(self, text, room, want, before):
        died = [code for name, code in self.deaths[before:] if name == room]
        if want == EITHER:
            fine = set(died) <= {ABORTS}
        else:
            fine = died == [] if want is SERVES else died == [want]
        if not fine:
            self.world.violate(f"{room}: {text}: ended with {died}, expected {want}: {self.house.tail(room, 2)}")
        others = [(name, code) for name, code in self.deaths[before:] if name != room]
        if others:
            self.world.violate(f"{room}: {text}: others ended: {others}")

    # --- one request under one fault ---

    def case(self):
        self.number += 1
        return Case(self.campaign, CITIZENS[0], self.number * 5, self.rng)  # times five: none goes by HTTP

    def until(self, case, step):
        """A dossier brought to where its next step is the wanted one."""
        ends = time.monotonic() + 30
        while case.next.__name__ != step and not case.done:
            case.step()
            time.sleep(0.01)
            if time.monotonic() > ends:
                raise NoAnswer(f"{step} is not reached, {case.next.__name__} is")
        return case

    def request_of(self, room):
        """A request that writes in this room, as a function that makes it and returns when it is answered."""
        self.number += 1
        ask, session, text = self.world.ask, self.campaign.sessions[CITIZENS[0]], f"n{self.number}"
        if room == "identity":
            form = dict(person(5000 + self.number), subject_kind="CITIZEN", method="SUBSCRIBER", consent_version="2026-01")
            return lambda: ask("identity", "StartRegistration", form)
        if room == "otp":
            sms = {"lane": "BULK", "phone": person(CITIZENS[0])["phone"], "text": text, "dedupe": text}
            return lambda: ask("otp", "EnqueueSms", sms, portal="room:check")
        if room == "dossier":
            return self.case().draft
        if room == "payment":
            return self.until(self.paying.pop(), "start_payment").start_payment
        if room == "notification":
            return lambda: ask("notification", "MarkRead", {}, session)
        if room == "support":
            return lambda: ask("support", "SendFeedback", feedback(text), session)
        if room == "partner":
            return lambda: self.change_partner(text)
        return self.case().draft  # audit has no request that writes: it hears of the draft

    def change_partner(self, text):
        """Each change names the version that the last one made: one that was done twice, or not, is refused here."""
        self.partner_seen = self.world.ask("partner", "SavePartner", partner(text, self.partner_seen), portal="operator:check").version

    def one(self, room, fault):
        text, point, action, error, want = fault
        work, before = self.request_of(room), len(self.deaths)
        self.arm(room, point, action, error)
        work()
        self.world.same(self.world.local.call)
        ends = time.monotonic() + 15
        while not self.fired(room) and time.monotonic() < ends:
            time.sleep(0.01)  # audit and notification may be a moment behind
        if not self.fired(room):
            self.world.violate(f"{room}: {text}: the fault never struck")
        self.struck += 1
        self.arm(room, 0, 0, armed=0)
        time.sleep(0.05)  # an error of the commit ends the process at its next turn
        self.world.read(room, "Health", portal="check")
        self.expect(text, room, want, before)

    def refuses_when_full(self, room):
        """I13: a disk that stays full refuses and reads; when there is room again the same request goes through."""
        if room in ("audit", "payment"):
            return
        self.arm(room, PAGES, FAIL, ENOSPC, sticky=1)
        before, process = len(self.deaths), self.house.processes[room]
        method, values = {"identity": ("Login", {"login_id": person(OFFICER)["login_id"], "password": "wrong wrong wrong"}),
                          "otp": ("EnqueueSms", {"lane": "BULK", "phone": person(CITIZENS[0])["phone"], "text": "full"}),
                          "dossier": ("SaveDraft", {"procedure_code": PROCEDURE, "unit": UNIT, "form": "{}"}),
                          "support": ("SendFeedback", feedback("full")),
                          "partner": ("SavePartner", partner("full", self.partner_seen)),
                          "notification": ("MarkRead", {})}[room]
        portal = {"otp": "room:check", "partner": "operator:check"}.get(room, "portal:ipc")
        session, request_id = "" if room in ("identity", "otp", "partner") else self.campaign.sessions[CITIZENS[0]], uuid7()
        try:
            self.world.portals[portal].call(room, method, values, session, request_id, timeout=10)
            self.world.violate(f"{room}: wrote to a full disk")
        except Refused as refused:
            if refused.code != "STORE_FULL":
                self.world.violate(f"{room}: a full disk is told as {refused.code}")
        if not self.world.read(room, "Stats", portal="check").store.refusing:
            self.world.violate(f"{room}: does not say that it refuses")
        self.arm(room, 0, 0, armed=0)
        began = time.monotonic()
        while time.monotonic() < began + 5:
            try:
                reply = self.world.portals[portal].call(room, method, values, session, request_id, timeout=5)
                break
            except Refused:
                time.sleep(0.05)
        else:
            self.world.violate(f"{room}: still refuses 5 s after there is space again")
            return
        if room == "dossier":
            case = self.case()
            case.id, case.abstract = reply.dossier_id, ""
            self.campaign.dossiers[case.id] = case
        self.expect("a full disk", room, SERVES, before)
        if self.house.processes[room] is not process:
            self.world.violate(f"{room}: was started anew because of a full disk")

    def matrix(self):
        self.paying = [self.until(self.case(), "find_order") for _ in FAULTS]
        unfinished = list(self.paying)
        for room in [room for room in ROOMS if room != "print"]:  # it keeps nothing
            for fault in FAULTS:
                self.one(room, fault)
            self.refuses_when_full(room)
            self.campaign.say(f"{room}: {len(FAULTS)} faults, {len(self.deaths)} ends so far")
        self.finish(unfinished)

    def finish(self, cases, seconds=90):
        ends = time.monotonic() + seconds
        while cases := [case for case in cases if not case.done]:
            for case in cases:
                case.step()
            time.sleep(0.02)
            if time.monotonic() > ends:
                self.world.violate(f"not paid {seconds} s later: {[(c.code, c.next.__name__) for c in cases]}")
                return

    # --- the main job while every room dies at its Nth commit ---

    def sweep(self, rounds):
        for n in range(1, rounds + 1):
            for action in (KILL_BEFORE, KILL_AFTER):
                for room in ROOMS:
                    self.arm(room, META, action, after=n)
                self.finish([self.case(), self.case()])
                self.struck += sum(self.fired(room) for room in ROOMS)
            self.campaign.say(f"commit {n}: {len(self.deaths)} ends so far")
        for room in ROOMS:
            self.arm(room, 0, 0, armed=0)

    # --- a real disk ---

    def mount(self):
        """The dossier room's store on a disk of its own; without the right to mount that part is left out."""
        os.makedirs(f"{self.folder}/dossier", mode=0o700)
        self.mounted = self.run_mount("-t", "tmpfs", "-o", f"size={TMPFS_SMALL},mode=0700", "tmpfs")
        if not self.mounted:
            print("skipped: a small file system, for nobody may mount one here", flush=True)

    def run_mount(self, *arguments):
        return subprocess.run(["mount", *arguments, f"{self.folder}/dossier"], capture_output=True).returncode == 0

    def fill(self, papers_each=10):
        """Attaches papers to draft after draft until one is refused: what was taken, and the request that was not."""
        portal, session = self.world.portals["portal:ipc"], self.campaign.sessions[CITIZENS[0]]
        taken = []
        for number in range(200):
            if number % papers_each == 0:
                case = self.case()
                try:
                    draft = portal.call("dossier", "SaveDraft", {
                        "procedure_code": PROCEDURE, "unit": UNIT, "abstract": case.abstract, "form": BIRTH_FORM}, session)
                except Refused as refused:
                    return taken, ("SaveDraft", {"procedure_code": PROCEDURE, "unit": UNIT, "form": "{}"}), uuid7(), refused.code
                case.id = draft.dossier_id
                self.campaign.dossiers[case.id] = case
                taken.append([case.id, 0])
            body = {"dossier_id": case.id, "component": "x", "file_name": "x.pdf",
                    "content": b"%PDF-1.4\n" + os.urandom(200000) + b"\n%%EOF\n"}
            request_id = uuid7()
            try:
                portal.call("dossier", "Attach", body, session, request_id, timeout=10)
            except Refused as refused:
                return taken, ("Attach", body), request_id, refused.code
            taken[-1][1] += 1
        return taken, None, None, "nothing"

    def small_disk(self):
        if not self.mounted:
            return
        before, session = len(self.deaths), self.campaign.sessions[CITIZENS[0]]
        taken, refused, request_id, code = self.fill()
        if code != "STORE_FULL":
            self.world.violate(f"dossier: a full file system is told as {code}")
            return
        for dossier_id, papers in taken:
            view = self.world.read("dossier", "Get", {"dossier_id": dossier_id}, session, purpose="crash test")
            if len(view.attachments) != papers:
                self.world.violate(f"dossier: {papers} papers were acknowledged, {len(view.attachments)} are there")
        self.run_mount("-o", f"remount,size={TMPFS_LARGE}")
        ends = time.monotonic() + 5
        while code and time.monotonic() < ends:
            try:
                reply = self.world.portals["portal:ipc"].call("dossier", *refused, session, request_id, timeout=5)
                code = ""
            except Refused as again:
                code = again.code
                time.sleep(0.05)
        if code:
            self.world.violate(f"dossier: refuses 5 s after the disk has grown: {code}")
        elif refused[0] == "SaveDraft":
            case = self.case()
            case.id, case.abstract = reply.dossier_id, ""
            self.campaign.dossiers[case.id] = case
        self.expect("a full file system", "dossier", SERVES, before)
        self.campaign.say(f"a disk of {TMPFS_SMALL} took {sum(n for _, n in taken)} papers, refused, and took more when it had grown")
        self.read_only()

    def read_only(self):
        """A store that cannot be written: the room says so and does not start; later all is as it was."""
        self.keeping = False
        time.sleep(0.1)
        self.house.kill("dossier", signal.SIGTERM)
        self.run_mount("-o", "remount,ro")
        self.house.start("dossier")
        try:
            code = self.house.processes["dossier"].wait(10)
            if code <= 0:
                self.world.violate(f"dossier: a read-only store ends it with {code}: {self.house.tail('dossier', 2)}")
        except subprocess.TimeoutExpired:
            self.world.violate("dossier: runs on a read-only store")
            self.house.kill("dossier")
        self.run_mount("-o", "remount,rw")
        self.house.start("dossier")
        self.begin_keeping()

    def begin_keeping(self):
        self.keeping = True
        threading.Thread(target=self.keep, daemon=True).start()

    # --- all of it ---

    def run(self, rounds):
        world, campaign = self.world, self.campaign
        self.mount()
        world.start()
        campaign.began = time.monotonic()
        self.begin_keeping()
        gateways = [campaign.guarded(f"sms {i}", world.gateway, f"python{i}", random.Random(i)) for i in range(2)]
        campaign.open_accounts()
        campaign.say("accounts are open")
        self.matrix()
        self.sweep(rounds)
        self.small_disk()
        evidence = campaign.end([])
        world.stopping.set()
        for thread in gateways:
            thread.join(10)
        self.keeping = False
        time.sleep(0.1)
        for name, code in stop_all(world).items():
            if code != 0:
                world.violate(f"{name}: ended with {code} at the end: {self.house.tail(name, 2)}")
        checker.collect_stores(evidence, self.folder)
        world.violations += checker.check(evidence)

    def clean(self):
        self.keeping = False
        self.world.stopping.set()
        self.house.stop()
        if getattr(self, "mounted", False):
            subprocess.run(["umount", "-l", f"{self.folder}/dossier"], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--shim", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    folder, began = tempfile.mkdtemp(prefix="motcua-points-"), time.monotonic()
    points = Points(folder, os.path.abspath(arguments.bin), arguments.shim, arguments.seed)
    try:
        points.run(arguments.rounds)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        points.world.violate(f"the test itself: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-6)}")
    finally:
        points.clean()
    violations = points.world.violations
    print(f"{points.struck} faults struck, {len(points.deaths)} ends, {len(points.world.calls)} requests, "
          f"{time.monotonic() - began:.0f} s; {len(violations)} violations", flush=True)
    if violations or arguments.keep:
        print("\n".join(f"VIOLATION {v}" for v in violations[:50]) + f"\nkept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
