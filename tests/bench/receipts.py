#!/usr/bin/env python3
"""Receipts a second, and what payment's other calls feel of it.

    tests/bench/receipts.py BIN [--receipts 1000] [--seconds 8]

The payment and print rooms alone. Orders are paid by a bank's notices while the print room is away; then it comes, and
while it works through the queue one caller makes orders (durable) and another reads one, as they did before on the quiet
house. JSON lines on stdout. Both rooms, the caller and whatever else the machine does share its cores.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import shutil
import sys
import tempfile
import threading
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("MC_PROTO_DIR", f"{SOURCE}/proto")
sys.path.insert(0, f"{SOURCE}/scripts")

from authority import Authorities  # noqa: E402
from house import House  # noqa: E402
from portal import Portal  # noqa: E402

UNIT = "000.20.31.H53"
OWNER = "0190a07b-0000-7000-8000-000000000001"


class Bench:
    def __init__(self, bin_dir):
        self.folder = tempfile.mkdtemp(prefix="mc-receipts-", dir=os.path.dirname(os.path.abspath(bin_dir)))
        self.authorities = Authorities(f"{self.folder}/authorities")
        self.authorities.agency(UNIT, "ỦY BAN NHÂN DÂN THỊ TRẤN BẾN CẦU")
        self.house = House(self.folder, os.path.abspath(bin_dir), map_size="2GiB", tcp=False, authorities=self.authorities)
        self.house.start("payment")
        self.house.wait_file(f"{self.house.run_dir}/payment/sock", "payment")
        self.room = Portal(self.house.run_dir, caller="room:gateway")
        self.looker = Portal(self.house.run_dir, caller="operator:look")
        self.secret = self.house.bank_secret()[1].encode()
        self.made = 0
        Portal(self.house.run_dir, caller="operator:bench").call(
            "payment", "SaveBeneficiary", {"unit": UNIT, "bin": "970415", "account": "990000000017", "name": "UBND BEN CAU"})

    def order(self):
        self.made += 1
        return self.room.call("payment", "CreateOrder", {
            "dossier_code": f"{UNIT}-261122-{self.made:04d}", "unit": UNIT, "unit_name": "UBND thị trấn Bến Cầu",
            "owner_account": OWNER, "description": "Thanh toán lệ phí",
            "items": [{"kind": "CHARGE", "code": "2771", "name": "Lệ phí hộ tịch", "amount": 8000}]})

    def pay(self):
        """A bank's notice pays it: one receipt."""
        order = self.order()
        qr = self.room.call("payment", "GetQr", {"order_id": order.order_id})
        stamp = str(int(time.time()))
        body = json.dumps({"bank": "970415", "account": "990000000017", "transaction_id": f"FT{self.made}", "amount": "8000",
                           "time": time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 7 * 3600)),
                           "content": qr.reference}).encode()
        mac = hmac.new(self.secret, f"n{self.made}.{stamp}.".encode() + body, hashlib.sha256).digest()
        reply = self.room.call("payment", "BankNotice", {
            "method": "POST", "body": body, "webhook_id": f"n{self.made}", "webhook_timestamp": stamp,
            "signature": "v1," + base64.b64encode(mac).decode()})
        assert reply.status == 200, reply
        return order.order_id

    def lane(self):
        stats = self.looker.call("payment", "Stats")
        return next(lane for lane in stats.lanes if lane.lane == "print")

    def calls(self, over):
        """Latencies in µs: one caller writes, another reads, until it is over."""
        order = self.order().order_id
        reader = Portal(self.house.run_dir, caller="room:dossier")
        works = {"CreateOrder": self.order, "GetOrder": lambda: reader.call("payment", "GetOrder", {"order_id": order})}
        times, ended = {name: [] for name in works}, threading.Event()

        def loop(name, work):
            while not ended.is_set():
                began = time.perf_counter_ns()
                work()
                times[name].append((time.perf_counter_ns() - began) / 1000)
                time.sleep(0.002)  # people, not a flood

        threads = [threading.Thread(target=loop, args=item, daemon=True) for item in works.items()]
        for thread in threads:
            thread.start()
        while not over():
            time.sleep(0.1)
        ended.set()
        for thread in threads:
            thread.join()
        return times

    def memory(self):
        with open(f"/proc/{self.house.processes['print'].pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def end(self):
        self.house.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def point(times, share):
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("--receipts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8)
    arguments = parser.parse_args()
    bench = Bench(arguments.bin)
    try:
        for _ in range(arguments.receipts):
            bench.pay()
        assert bench.lane().queued + bench.lane().leased == arguments.receipts, bench.lane()
        ends = time.monotonic() + arguments.seconds
        quiet = bench.calls(lambda: time.monotonic() > ends)
        bench.house.start("print")
        bench.house.wait_file(f"{bench.house.run_dir}/print/sock", "print")
        while bench.lane().done_total < 20:  # it is at work
            time.sleep(0.02)
        before, began, memory = bench.lane().done_total, time.monotonic(), bench.memory()
        busy = bench.calls(lambda: bench.lane().done_total >= arguments.receipts - 4)
        seconds = time.monotonic() - began
        print(json.dumps({"receipts_per_s": round((bench.lane().done_total - before) / seconds, 1),
                          "receipts": bench.lane().done_total - before, "seconds": round(seconds, 1),
                          "print_rss_kib": [memory, bench.memory()]}))
        for name, times in quiet.items():
            print(json.dumps({"call": name, "quiet_us": [point(times, 0.5), point(times, 0.99)],
                              "printing_us": [point(busy[name], 0.5), point(busy[name], 0.99)],
                              "calls": [len(times), len(busy[name])],
                              "p99_ratio": round(point(busy[name], 0.99) / point(times, 0.99), 2)}))
    finally:
        bench.end()


if __name__ == "__main__":
    main()
