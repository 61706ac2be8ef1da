#!/usr/bin/python3
"""Deliveries: what sick partners cost the healthy ones, and what a backlog costs.

    tests/bench/partners.py BIN [--partners 1000] [--rate 200] [--seconds 20] [--backlog 100000] [--day 200000]

The partner room and the sandbox alone; the payment room's journal is played here, one receipt an event, spread over the
partners. First all are well; then 10 are dead (no answer at all) and 10 slow (3 s), under the same rate; then a backlog for
the dead ones is queued, the room's processor time is measured while nothing else is to be done, and the rate once more.
Delay is from the event's time to the arrival at the partner, of healthy partners only. Then the dead come back, each
answering after 50 ms: the backlog drains, at most four calls at once to each (the partners' own limit), beside the same
rate for the others. Last a day's receipts, as fast as they go, with memory at each tenth. JSON lines on stdout.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import urllib.request

import zmq

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("MC_PROTO_DIR", f"{SOURCE}/proto")
sys.path.insert(0, f"{SOURCE}/scripts")

from house import House  # noqa: E402
from portal import Header, NoAnswer, Portal, message  # noqa: E402

SICK = 10
AT_ONCE, ANSWER_MS = 4, 50  # calls a partner takes, unless its profile says otherwise; what a recovered one needs for each
AHEAD = 2000  # events of the day that the room has not made deliveries of, at most


class Journal(threading.Thread):
    """Rooms that are not here: payment tells receipts, all others nothing."""

    def __init__(self, run_dir, rooms):
        super().__init__(daemon=True)
        self.events, self.lock, self.applied = [], threading.Lock(), 0
        context, self.sockets = zmq.Context.instance(), {}
        for room in rooms:
            os.makedirs(f"{run_dir}/{room}", exist_ok=True)
            socket = context.socket(zmq.ROUTER)
            socket.bind(f"ipc://{run_dir}/{room}/sock")
            self.sockets[socket] = room
        self.start()

    def add(self, unit, number):
        body = message("motcua.payment.v1.ReceiptChanged")(number=number, unit=unit, amount=8000)
        with self.lock:
            event = message("motcua.v1.Event")(seq=len(self.events) + 1, room="payment", type="payment.receipt_printed",
                                               at_ms=int(time.time() * 1000), actor="system", body=body.SerializeToString())
            self.events.append(event)
        return event.at_ms

    def answer(self, room, body):
        request = message("motcua.v1.FollowRequest").FromString(body)
        reply = message("motcua.v1.FollowReply")()
        with self.lock:
            events = self.events if room == "payment" else []
            if room == "payment":
                self.applied = max(self.applied, request.after)
            reply.events.extend(events[request.after:request.after + request.credit])
            reply.last = len(events)
        return reply

    def run(self):
        poller, waiting = zmq.Poller(), []
        for socket in self.sockets:
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll(2):
                who, head, body = socket.recv_multipart()[:3]
                waiting.append((socket, who, Header.FromString(head), body, time.monotonic() + 1))
            kept = []
            for socket, who, head, body, until in waiting:
                reply = self.answer(self.sockets[socket], body)
                if not reply.events and time.monotonic() < until:
                    kept.append((socket, who, head, body, until))
                    continue
                answer = Header(request_id=head.request_id, method=head.method, tag=head.tag)
                socket.send_multipart([who, answer.SerializeToString(), reply.SerializeToString()])
            waiting = kept


class Bench:
    def __init__(self, bin_dir, partners):
        self.folder = tempfile.mkdtemp(prefix="mc-partners-", dir="/tmp")
        own = {"partner.call_test_systems": "true", "partner.retry_first": "1s", "partner.probe_first": "5s"}
        self.house = House(self.folder, os.path.abspath(bin_dir), map_size="2GiB", tcp=False, extra={"partner": own})
        self.journal = Journal(self.house.run_dir, ("payment", "dossier", "identity"))
        for name in ("sandbox", "partner"):
            self.house.start(name)
            self.house.wait_file(f"{self.house.run_dir}/{name}/{'port' if name == 'sandbox' else 'sock'}", name)
        self.sandbox = f"http://127.0.0.1:{self.house.port('sandbox')}"
        self.operator = Portal(self.house.run_dir, caller="operator:bench")
        self.units = [f"000.{1 + i // 50:02d}.{1 + i % 50:02d}.H53" for i in range(partners)]
        self.sent = 0
        for i, unit in enumerate(self.units):
            self.save(i, unit)

    def save(self, i, unit):
        api = {"type": "receipt", "session_url": f"{self.sandbox}/province/session", "data_url": f"{self.sandbox}/province/data"}
        while True:
            try:
                self.operator.call("partner", "SavePartner", {"reason": "bench", "profile": {
                    "partner_id": f"p{i:04d}", "name": unit, "kind": "PROVINCE", "unit": unit, "dstcode": f"D{i:04d}",
                    "apis": [api], "timeout_ms": 5000}})
                self.operator.call("partner", "SaveCredential", {"partner_id": f"p{i:04d}", "way": "OUTBOUND",
                                                                 "username": "u", "password": "p", "reason": "bench"})
                return
            except NoAnswer:
                continue

    def fault(self, i, fault, ms=0):
        body = json.dumps({"dstcode": f"D{i:04d}", "fault": fault, "ms": ms}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.sandbox}/province/faults", body,
                                                      {"Content-Type": "application/json"})).close()

    def received(self, i):
        with urllib.request.urlopen(f"{self.sandbox}/province/received/D{i:04d}") as answer:
            return json.load(answer)

    def usage(self):
        pid = self.house.processes["partner"].pid
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        with open(f"/proc/{pid}/status") as status:
            rss = next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), rss / 1024

    def run(self, rate, seconds, name):
        """Delays of healthy partners, in ms."""
        told, began = {}, time.monotonic()
        n = len(self.units)
        for k in range(int(rate * seconds)):
            while (ahead := began + k / rate - time.monotonic()) > 0:
                time.sleep(min(ahead, 0.01))
            self.sent += 1
            who = (self.sent * 7919) % n
            number = f"R{self.sent}"
            told[number] = (who, self.journal.add(self.units[who], number))
        deadline, delays = time.monotonic() + 30, []
        healthy = {number: at for number, (who, at) in told.items() if who >= 2 * SICK}
        whose = {who for who, _ in told.values() if who >= 2 * SICK}
        while True:
            got = {item["object"]: item["at_ms"] for who in whose for item in self.received(who)}
            if all(number in got for number in healthy) or time.monotonic() > deadline:
                break
        delays = sorted(got[number] - at for number, at in healthy.items() if number in got)
        lost = len(healthy) - len(delays)
        cpu, rss = self.usage()
        row = {"bench": "partners", "phase": name, "events": len(told), "missing": lost, "p50_ms": delays[len(delays) // 2],
               "p99_ms": delays[int(len(delays) * 0.99)], "cpu_s": round(cpu, 2), "anon_mb": round(rss, 1)}
        print(json.dumps(row), flush=True)
        return row

    def waiting(self):
        lanes = self.operator.call("partner", "Stats").lanes
        return next(lane.queued + lane.leased for lane in lanes if lane.lane == "deliver")

    def drain(self, backlog):
        """The dead are back. Its rate is that between a tenth and nine tenths: circuits open one after the other."""
        for i in range(SICK):
            self.fault(i, "slow", ANSWER_MS)
        came, marks, most = self.usage()[0], {}, 0.0
        began = time.monotonic()
        while (left := self.waiting()) > 0 and time.monotonic() - began < 1800:
            done, now = 1 - left / backlog, time.monotonic()
            for mark in (0.1, 0.9):
                if done >= mark:
                    marks.setdefault(mark, (now, left))
            most = max(most, self.usage()[1])
            time.sleep(0.25)
        (first, before), (last, after) = marks[0.1], marks[0.9]
        rate, allowed = (before - after) / (last - first), SICK * AT_ONCE * 1000 / ANSWER_MS
        print(json.dumps({"bench": "partners", "phase": "drain", "queued": backlog, "left": left, "per_s": round(rate, 1),
                          "allowed_per_s": allowed, "of_allowed": round(rate / allowed, 2),
                          "began_s": round(first - began, 1), "took_s": round(time.monotonic() - began, 1),
                          "cpu_s": round(self.usage()[0] - came, 1), "anon_mb_most": round(most, 1)}), flush=True)

    def day(self, receipts):
        """As many receipts as a day may have, one right after the other; memory when each tenth has arrived."""
        sizes, came, began, last = [], self.usage()[0], time.monotonic(), len(self.journal.events)
        for k in range(receipts):
            self.sent += 1
            self.journal.add(self.units[(self.sent * 7919) % len(self.units)], f"R{self.sent}")
            while k % 100 == 99 and last + k - self.journal.applied > AHEAD:
                time.sleep(0.01)
            if (k + 1) % (receipts // 10) == 0:
                while self.waiting() > AHEAD:
                    time.sleep(0.1)
                sizes.append(round(self.usage()[1], 1))
        while (left := self.waiting()) > 0 and time.monotonic() - began < 3600:
            time.sleep(0.1)
        print(json.dumps({"bench": "partners", "phase": "a day", "receipts": receipts, "left": left,
                          "took_s": round(time.monotonic() - began, 1), "cpu_s": round(self.usage()[0] - came, 1),
                          "anon_mb": sizes}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--partners", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--backlog", type=int, default=100000)
    parser.add_argument("--day", type=int, default=200000)
    arguments = parser.parse_args()
    bench = Bench(arguments.bin, arguments.partners)
    try:
        bench.run(arguments.rate, arguments.seconds / 2, "warm-up")
        well = bench.run(arguments.rate, arguments.seconds, "all well")
        for i in range(SICK):
            bench.fault(i, "slow", 60000)  # past every timeout: dead
            bench.fault(SICK + i, "slow", 3000)
        bench.run(arguments.rate, arguments.seconds / 2, "falling ill")
        sick = bench.run(arguments.rate, arguments.seconds, "10 dead, 10 slow")
        for k in range(arguments.backlog):
            bench.sent += 1
            bench.journal.add(bench.units[k % SICK], f"R{bench.sent}")
        began = time.monotonic()
        while bench.journal.applied < len(bench.journal.events) and time.monotonic() - began < 600:
            time.sleep(0.2)
        queued, took = bench.waiting(), time.monotonic() - began
        before, began = bench.usage()[0], time.monotonic()
        time.sleep(5)
        idle = (bench.usage()[0] - before) / (time.monotonic() - began)
        print(json.dumps({"bench": "partners", "phase": "backlog", "queued": queued, "queued_in_s": round(took, 1),
                          "cpu_share_at_rest": round(idle, 4), "anon_mb": round(bench.usage()[1], 1)}), flush=True)
        loaded = bench.run(arguments.rate, arguments.seconds, "the same with the backlog")
        print(json.dumps({"bench": "partners", "p99_ratio_sick": round(sick["p99_ms"] / well["p99_ms"], 2),
                          "p99_ratio_backlog": round(loaded["p99_ms"] / well["p99_ms"], 2)}), flush=True)
        for i in range(SICK):
            bench.fault(SICK + i, "slow", 0)
        bench.drain(bench.waiting())
        bench.day(arguments.day)
    finally:
        bench.house.stop()
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
