#!/usr/bin/env python3
"""kill -9 at any moment: the whole house under load, and afterwards every promise is checked.

    campaign.py --bin build/dev/bin [--kills 500] [--seed S] [--keep]

A seed gives the same plan of load and kills, not the same run: real processes race. A violation keeps the folder with
all stores and logs, and says how to run again.
"""
import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checker  # noqa: E402
from world import BIRTH_FORM, PROCEDURE, ROOMS, UNIT, NoAnswer, Refused, World, enum_name, partner, post_form  # noqa: E402

PDF = (b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
       b"trailer<</Root 1 0 R>>\n%%%%EOF\n%% %s\n")
OFFICER, SECOND, CITIZENS = 900, 901, (101, 212, 323)
TERM_SECONDS = 10
MOVED_ON = ("CASE_CHANGED", "CASE_RESOLVED", "CASE_PROPOSED", "CASE_NOT_PROPOSED", "CASE_AMOUNT_SHORT", "ALREADY_PAID",
            "ORDER_REFUNDED", "PAYMENT_PENDING", "REFUND_EXISTS", "REFUND_DECIDED", "REFUND_NOT_BY_HAND", "ORDER_NOT_PAID")
DRAIN_SECONDS, STILL_SECONDS = 150, 40


class Case:
    """One dossier on its way: each step does what can be done now and never waits."""

    def __init__(self, campaign, citizen, number, rng):
        self.campaign, self.world, self.citizen, self.number, self.rng = campaign, campaign.world, citizen, number, rng
        self.portal = rng.choice(("portal:ipc", "portal:tcp"))
        self.failures = rng.choice((0, 0, 1, 2))  # attempts at paying that the payer lets fail
        self.next, self.done, self.views = self.draft, False, {}
        self.abstract, self.pdf = f"Hồ sơ {citizen}-{number}", PDF % f"{citizen}-{number // 2}".encode()
        self.id = self.code = self.order = self.attempt = self.page = None

    def step(self):
        self.next()

    def ask(self, room, method, values, officer=False):
        session = self.campaign.sessions[OFFICER if officer else self.citizen]
        reply = self.world.ask(room, method, values, session, self.portal)
        self.world.doubt(self.rng)
        return reply

    def draft(self):
        form = {"procedure_code": PROCEDURE, "unit": UNIT, "abstract": self.abstract, "form": BIRTH_FORM}
        if self.number % 5 == 4:
            self.id = self.draft_by_http()
        else:
            self.id = self.ask("dossier", "SaveDraft", form).dossier_id
        self.campaign.dossiers[self.id] = self
        self.next = self.attach

    def draft_by_http(self):
        import base64

        body = {"procedureCode": PROCEDURE, "unit": UNIT, "abstract": self.abstract, "form": BIRTH_FORM}
        session, key = self.campaign.sessions[self.citizen], f"case-{self.citizen}-{self.number}"
        answers = [self.world.http("motcua.dossier.v1.Dossier/SaveDraft", body, session, key) for _ in range(2)]
        if answers[0] != answers[1] or answers[0][0] != 200:
            self.world.violate(f"SaveDraft by HTTP, twice by one key: {answers}")
        return base64.b64decode(answers[0][1]["dossierId"])

    def attach(self):
        content = {"upload_id": self.upload()} if self.number % 3 == 1 else {"content": self.pdf}
        reply = self.ask("dossier", "Attach", {"dossier_id": self.id, "component": "Giấy chứng sinh", "file_name": "a.pdf", **content})
        self.sha256 = reply.sha256
        self.next = self.submit

    def upload(self):
        import hashlib

        started = self.ask("dossier", "StartUpload", {"size": len(self.pdf)})
        for at in range(0, len(self.pdf), started.part_size):
            self.ask("dossier", "UploadPart", {"upload_id": started.upload_id, "offset": at,
                                               "content": self.pdf[at:at + started.part_size]})
        self.ask("dossier", "FinishUpload", {"upload_id": started.upload_id, "sha256": hashlib.sha256(self.pdf).hexdigest()})
        return started.upload_id

    def submit(self):
        self.version = self.ask("dossier", "Submit", {"dossier_id": self.id}).version
        self.next = self.accept

    def accept(self):
        self.code = self.ask("dossier", "Accept", {"dossier_id": self.id, "version": self.version}, officer=True).code
        self.next = self.find_order if self.rng.random() < 0.6 else self.desk

    def desk(self):
        """Somebody without an account brings a dossier to the desk: codes of both ways are of one series (S16, S38)."""
        from world import person

        somebody = person(20000 + 100 * self.citizen + self.number)
        self.ask("dossier", "ReceiveAtDesk", {"procedure_code": "1.004873", "channel": "AT_DESK", "form": "{}", "applicant": {
            "full_name": somebody["full_name"], "id_number": somebody["login_id"]}}, officer=True)
        self.next = self.find_order

    def find_order(self):
        order = self.get_order()
        if order is not None:
            self.order, self.next = order.order_id, self.start_payment

    def get_order(self):
        try:
            return self.world.read("payment", "GetOrder", {"dossier_code": self.code}, self.campaign.sessions[self.citizen])
        except Refused as refused:
            if refused.code != "NOT_FOUND":
                raise
            return None

    def start_payment(self):
        try:
            reply = self.ask("payment", "StartPayment", {"order_id": self.order, "return_url": "http://127.0.0.1/"})
        except Refused as refused:
            if refused.code == "ALREADY_PAID":
                self.finish()
            elif refused.code != "PAYMENT_PENDING":
                raise
            return
        self.attempt, self.next = reply.attempt_id, self.choose

    def mine(self):
        return next((a for a in self.get_order().attempts if a.attempt_id == self.attempt), None)

    def choose(self):
        attempt = self.mine()
        if attempt is None:
            self.world.violate(f"{self.code}: an attempt that was started is not there")
            self.finish()
        elif enum_name(attempt, "state") in ("FAILED", "SUCCEEDED", "SUSPENSE"):
            self.settle()
        elif attempt.pay_url:
            choice, self.page = "fail" if self.failures > 0 else "pay", attempt.pay_url
            self.failures -= 1
            for _ in range(2 if self.rng.random() < 0.2 else 1):  # an impatient payer presses twice
                post_form(attempt.pay_url, {"action": choice, "bank": "VIETINBANK"})
            self.next = self.settle

    def settle(self):
        state = enum_name(self.mine(), "state")
        if state == "FAILED":
            if self.page and self.rng.random() < 0.2:  # another card after all: paid twice, or late
                post_form(self.page, {"action": "pay", "bank": "VIETINBANK"})
            self.next = self.start_payment
        elif state in ("SUCCEEDED", "SUSPENSE"):
            self.finish()

    def finish(self):
        self.done = True


class Campaign:
    def __init__(self, world, seed, kills, interval):
        self.world, self.seed, self.kills, self.interval = world, seed, kills, interval
        self.sessions, self.dossiers = {}, {}
        self.killed, self.paused, self.ended = collections.Counter(), 0, collections.Counter()
        self.enough, self.over = threading.Event(), threading.Event()
        self.storm, self.loud, self.began = 0.0, False, time.monotonic()

    def rng(self, name):
        return random.Random(f"{self.seed}/{name}")

    # --- set-up, in peace ---

    def open_accounts(self):
        rng = self.rng("open")
        for number in (OFFICER, SECOND) + CITIZENS:
            self.world.register(number, rng)
        from world import person

        for number in (OFFICER, SECOND):
            self.world.ask("identity", "GrantRights", {
                "login_id": person(number)["login_id"], "unit": UNIT,
                "rights": ["DOSSIER_RECEIVE", "DOSSIER_PROCESS", "RECONCILE", "FEE_COLLECT"], "reason": "crash test"},
                portal="operator:check")
        for number in (OFFICER, SECOND) + CITIZENS:
            self.sessions[number] = self.world.login(number, rng)

    # --- load ---

    def guarded(self, name, work, *args):
        def run():
            try:
                work(*args)
            except Exception as error:  # noqa: BLE001 - whatever stops a worker is a finding
                self.world.violate(f"{name}: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-4)}")

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def work(self, citizen):
        """A citizen with some dossiers under way at once; new ones until it is enough."""
        rng, cases, number = self.rng(f"citizen {citizen}"), [], 0
        while cases or not self.enough.is_set():
            if self.over.is_set():
                return
            if len(cases) < 5 and not self.enough.is_set():
                cases.append(Case(self, citizen, number, rng))
                number += 1
            case = rng.choice(cases)
            before = case.next
            case.step()
            if case.done:
                cases.remove(case)
            time.sleep(0.1 if case.next == before else rng.uniform(0, 0.1))
            if rng.random() < 0.05:
                self.world.read("notification", "ListInbox", {}, self.sessions[citizen])
            if rng.random() < 0.03:
                self.world.ask("notification", "MarkRead", {}, self.sessions[citizen])

    # --- two officers over money that has no place, and money that goes back ---

    def clerks(self):
        rng = self.rng("clerks")
        while not self.enough.is_set():
            for work in (self.case, self.decide, self.refund, self.record):
                try:
                    work(rng)
                except Refused as refused:  # the platform, a payer or a crash was quicker
                    if refused.code not in MOVED_ON:
                        self.world.violate(f"clerks: {work.__name__}: {refused}")
            time.sleep(rng.uniform(0.1, 0.5))

    def officer(self, method, values, number=OFFICER):
        reply = self.world.ask("payment", method, values, self.sessions[number])
        self.world.doubt(self.rng("doubt"))
        return reply

    def cases(self, state):
        found = self.world.read("payment", "ListCases", {"page_size": 100}, self.sessions[OFFICER]).cases
        return [c for c in found if enum_name(c, "state") in state]

    def case(self, rng):
        if not (found := self.cases(("CASE_OPEN", "CASE_ASSIGNED"))):
            return
        case, values = rng.choice(found), {"reason": "đã đối chiếu"}
        if rng.random() < 0.2:
            self.officer("AssignCase", {"case_id": case.case_id, "version": case.version})
            return
        action = rng.choice(("APPLY_TO_ORDER", "REFUND_PAYER", "TO_TREASURY"))
        if action == "APPLY_TO_ORDER":
            values["order_id"] = case.order_id
        if action == "TO_TREASURY":
            values["decision_number"] = "12/QĐ-UBND"
        self.officer("ResolveCase", {"case_id": case.case_id, "version": case.version, "action": action, **values})

    def decide(self, rng):
        for case in self.cases(("CASE_PROPOSED",))[:2]:
            self.officer("ApproveCase", {"case_id": case.case_id, "version": case.version, "approve": rng.random() < 0.8,
                                         "reason": "đã xem"}, SECOND)

    def refund(self, rng):
        done = [case for case in list(self.dossiers.values()) if case.done and case.order]
        if done and rng.random() < 0.1:
            order = self.world.read("payment", "GetOrder", {"order_id": (case := rng.choice(done)).order},
                                    self.sessions[case.citizen])
            if enum_name(order, "state") == "PAID":
                self.officer("RequestRefund", {"order_id": order.order_id, "amount": order.total, "reason": "nộp nhầm"})

    def refunds(self, state):
        found = self.world.read("payment", "ListRefunds", {"page_size": 100}, self.sessions[OFFICER]).refunds
        return [r for r in found if enum_name(r, "state") == state]

    def record(self, rng):
        for refund in self.refunds("REFUND_REQUESTED")[:2]:
            self.officer("ApproveRefund", {"refund_id": refund.refund_id, "version": refund.version,
                                           "approve": rng.random() < 0.8, "reason": "đã xem"}, SECOND)
        for refund in self.refunds("REFUND_APPROVED")[:2]:
            if not refund.by_platform:
                self.officer("RecordRefund", {"refund_id": refund.refund_id, "version": refund.version,
                                              "transfer_number": "UNC-1"})

    def newcomers(self):
        """Registrations, logins and goodbyes while rooms die; two of them for one identity number at once."""
        rng, number = self.rng("newcomers"), 4000
        while not self.enough.is_set():
            number += 1
            if number % 3 == 0:
                self.two_at_once(number, rng)
            else:
                self.world.register(number, rng, "portal:tcp")
            session = self.world.login(number, rng)
            self.world.ask("identity", "Logout", {}, session)
            self.world.revoked.append((self.world.local.call.ended_ms, session))
            time.sleep(0.5)

    def two_at_once(self, number, rng):
        """One gets the account, the other is refused; both may be when both wait for the other's code."""

        def one():
            try:
                return self.world.register(number, random.Random(f"{self.seed}/{number}"))
            except Refused as refused:
                return refused

        accounts = [r for r in self.world.race(2, one) if isinstance(r, str)]
        if len(set(accounts)) > 1:
            self.world.violate(f"one identity number, two accounts: {accounts}")
        if not accounts:
            self.world.register(number, rng)

    def weather(self):
        """The outside world is unwell, now this way, now that."""
        rng = self.rng("weather")
        kinds = [("platform", "http500", 0.2), ("platform", "drop_reply", 0.2), ("platform", "reset", 0.2),
                 ("platform", "garbage", 0.1), ("platform", "slow", 0.1), ("platform", "no_callback", 0.3),
                 ("platform", "duplicate_callback", 0.5), ("platform", "late_callback", 0.3), ("platform", "throttle", 0.1),
                 ("platform", "contradict", 0.3), ("platform", "stale_callback", 0.3), ("platform", "forget", 0.3),
                 ("carrier", "http500", 0.2), ("carrier", "drop_reply", 0.2), ("carrier", "slow", 0.2),
                 ("sms", "slow", 0.2), ("sms", "duplicate_callback", 0.3), ("sms", "late_callback", 0.3)]
        # no refusals by "sms": a notice rests for minutes after some of them, and the end would have to wait for it
        self.world.fault("platform", "wrong_amount", count=2, rate=0.1)
        while not self.enough.wait(rng.uniform(0.5, 2)):
            system, fault, rate = rng.choice(kinds)
            more = {"ms": 700} if fault in ("slow", "late_callback", "stale_callback") else {}
            self.world.fault(system, fault, rate=rate, count=rng.randint(1, 6), **more)

    def operators(self):
        """A partner is changed from the version that was seen: after one that was lost, or done twice, the next is refused."""
        rng, seen = self.rng("operators"), 0
        while not self.enough.wait(rng.uniform(0.1, 0.6)):
            seen = self.world.ask("partner", "SavePartner", partner(f"lần {seen}", seen), portal="operator:check").version
            self.world.doubt(rng)
        changes = self.world.read("partner", "ListPartnerChanges", {"partner_id": "crash", "page_size": 1}, portal="operator:check").changes
        if seen > 0 and changes[0].version != seen:
            self.world.violate(f"partner: its history ends with version {changes[0].version}, {seen} was answered")

    # --- death ---

    def nemesis(self):
        rng, house = self.rng("nemesis"), self.world.house
        victims = ROOMS + ["gateway"] + (["smsworker"] if self.world.smsworker else [])
        while sum(self.killed.values()) < self.kills:
            time.sleep(rng.expovariate(1 / self.interval))
            self.look()
            dice, names = rng.random(), rng.sample(victims, 2)
            if dice < 0.08:
                self.pause(names[0], rng.uniform(0.05, 0.6))
            elif dice < 0.14:
                self.terminate(names[0])
            elif dice < 0.24:
                self.kill(names)
            else:
                self.kill(names[:1])

    def look(self):
        """Nobody may die but by our hand."""
        for name, process in list(self.world.house.processes.items()):
            if process.poll() is not None:
                self.world.violate(f"{name} ended by itself with {process.returncode}: {self.world.house.tail(name, 3)}")
                self.world.house.restart(name)

    def kill(self, names):
        house = self.world.house
        for name in names:
            house.processes[name].send_signal(signal.SIGKILL)
        for name in names:
            house.processes[name].wait()
            self.killed[name] += 1
        for name in names:
            house.restart(name)

    def pause(self, name, seconds):
        process = self.world.house.processes[name]
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)
        self.paused += 1

    def terminate(self, name):
        process = self.world.house.processes[name]
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(TERM_SECONDS)
        except subprocess.TimeoutExpired:
            self.world.violate(f"{name} does not end {TERM_SECONDS} s after SIGTERM")
            process.kill()
            code = process.wait()
        # a daemon that is just starting may be ended before it listens to signals
        # a gateway that cannot give its jobs back, for the room is dead too, says so and leaves them to their leases
        if code not in (0, -signal.SIGTERM) and not (name == "smsworker" and "their leases run out" in self.world.house.tail(name, 1)):
            self.world.violate(f"{name}: SIGTERM, and it ended with {code}: {self.world.house.tail(name, 3)}")
        self.ended[name] += 1
        self.world.house.restart(name)

    # --- peace again ---

    def drained(self):
        """None when nothing is left to do, else what is."""
        stats, left = self.world.stats(), []
        for room, seen in stats.items():
            left += [f"{room}.{lane.lane}: {lane.queued + lane.leased}" for lane in seen.lanes if lane.queued + lane.leased]
            left += [f"{room} follows {f.room}: {f.applied} of {stats[f.room].journal_last}"
                     for f in seen.follows if f.applied != stats[f.room].journal_last]
        self.progress = tuple((s.journal_last, s.store.commits, tuple((f.room, f.applied) for f in s.follows)) for s in stats.values())
        return left

    def drain(self, workers):
        ends, still, before = time.monotonic() + DRAIN_SECONDS, time.monotonic(), None
        while True:
            busy = [thread.name for thread in workers if thread.is_alive()]
            left = busy or self.drained()
            if not left:
                return
            if not busy and self.progress != before:
                still, before = time.monotonic(), self.progress
            if time.monotonic() > ends or time.monotonic() - still > STILL_SECONDS + (DRAIN_SECONDS if busy else 0):
                self.world.violate(f"it does not end: {left}")
                return
            self.look()
            self.say(f"left: {left}")
            time.sleep(1.0 if self.loud else 0.2)

    def run(self):
        world = self.world
        world.start()
        if dead := [name for name, process in world.house.processes.items() if process.poll() is not None]:
            raise SystemExit(f"{dead[0]} does not start: {world.house.tail(dead[0], 1)}")
        gateways = [self.guarded(f"sms {i}", world.gateway, f"python{i}", self.rng(f"sms {i}")) for i in range(2)]
        self.open_accounts()
        eyes = self.guarded("eyes", world.listen)
        workers = [self.guarded(f"citizen {c}", self.work, c) for c in CITIZENS]
        workers += [self.guarded("clerks", self.clerks), self.guarded("newcomers", self.newcomers), self.guarded("weather", self.weather), self.guarded("operators", self.operators)]
        began = time.monotonic()
        self.nemesis()
        self.storm = time.monotonic() - began
        world.web("DELETE", "/faults")
        self.enough.set()
        evidence = self.end(workers)
        self.say("asked everything again")
        world.stopping.set()
        for thread in gateways + [eyes]:
            thread.join(10)
        codes = stop_all(world)
        checker.collect_stores(evidence, world.house.folder)
        for name, code in codes.items():
            if code != 0:
                world.violate(f"{name}: ended with {code} at the end: {world.house.tail(name, 3)}")
        self.say("read the stores")
        world.violations += checker.check(evidence)
        self.leave(evidence)

    def end(self, workers):
        """Waits for all that is under way, silences the world outside, and takes the evidence.

        A platform whose CONFIRM was refused repeats it for ever, each time an event more than the evidence has.
        """
        self.drain(workers)
        self.over.set()
        self.say("drained")
        platform = self.world.web("GET", "/platform/ledger")["payments"]
        sandbox = self.world.house.processes.pop("sandbox")
        sandbox.send_signal(signal.SIGTERM)
        if sandbox.wait(TERM_SECONDS) != 0:
            self.world.violate(f"sandbox: ended with {sandbox.returncode}: {self.world.house.tail('sandbox', 3)}")
        self.drain(workers)
        return checker.collect(self, platform)

    def leave(self, evidence):
        """What the stores cannot tell, into the folder that is kept when something is wrong."""
        with open(f"{self.world.house.folder}/evidence.txt", "w") as out:
            out.writelines(f"VIOLATION {v}\n" for v in self.world.violations)
            out.writelines(f"{lease}\n" for lease in evidence.leases)
            out.writelines(f"{call.room} {call.method} {call.id.hex()} {call.portal} {call.began_ms}-{call.ended_ms} {call.outcome} "
                           f"{call.code}\n" for call in evidence.calls)

    def say(self, text):
        if self.loud:
            print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)


def stop_all(world):
    worker = world.house.processes.get("smsworker")
    if worker is not None:  # while the room is there to take its jobs back
        worker.send_signal(signal.SIGTERM)
        worker.wait(TERM_SECONDS)
    world.house.stop()
    return {name: process.returncode for name, process in world.house.processes.items()}


def summary(campaign, seconds):
    world, outcomes = campaign.world, collections.Counter(c.outcome for c in campaign.world.calls)
    kills = " ".join(f"{name}={n}" for name, n in sorted(campaign.killed.items()))
    return (f"seed {campaign.seed}: {sum(campaign.killed.values())} kills ({kills}), {campaign.paused} pauses, "
            f"{sum(campaign.ended.values())} SIGTERM, {sum(world.house.restarts.values())} restarts; "
            f"{outcomes['ok']} requests acknowledged, {outcomes['refused']} refused, {outcomes['unknown']} unknown; "
            f"{len(campaign.dossiers)} dossiers, {len(world.accounts)} accounts, {len(world.leases)} SMS leases; "
            f"storm {campaign.storm:.0f} s of {seconds:.0f} s; {len(world.violations)} violations")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--interval", type=float, default=0.12, help="mean seconds between two blows")
    parser.add_argument("--keep", action="store_true", help="the folder, also when all is well")
    parser.add_argument("--loud", action="store_true", help="say what is waited for")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    folder = tempfile.mkdtemp(prefix="motcua-crash-")
    world = World(folder, os.path.abspath(arguments.bin), arguments.seed)
    campaign = Campaign(world, arguments.seed, arguments.kills, arguments.interval)
    campaign.loud, began = arguments.loud, time.monotonic()
    try:
        campaign.run()
    except (Exception, SystemExit) as error:  # noqa: BLE001
        world.violate(f"the campaign itself: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-6)}")
    finally:
        world.stopping.set()
        campaign.over.set()
        world.house.stop()
    print(summary(campaign, time.monotonic() - began), flush=True)
    if world.violations:
        print("\n".join(f"VIOLATION {v}" for v in world.violations[:100]))
        print(f"kept: {folder}\nagain: {sys.executable} {os.path.abspath(__file__)} --bin {arguments.bin} "
              f"--kills {arguments.kills} --seed {arguments.seed}")
        return 1
    if arguments.keep:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
