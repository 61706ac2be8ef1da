"""A running system under siege: real daemons in a folder of their own, an honest client, and scales.

    with Siege(sys.argv) as siege:
        with siege.attack("300 MB in one frame"):
            ...

While an attack lasts the honest client (its own process) must go on being answered by every room and by the
gateway; no daemon may die; none may grow over its cap, or stay grown. (reliability: I14, I15, I16, F9-F13)
"""
import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "scripts"))

from house import ROOMS, House  # noqa: E402
from portal import Header, NoAnswer, Portal, Refused, message, uuid7  # noqa: E402

MIB = 1 << 20
# Resident memory a daemon may have, attacked or not. A room: one turn's memory (96 MiB, and the call that went over),
# replies nobody reads (64 MiB), requests that wait, the pages of its store, and itself.
CAPS = {"gateway": 256 * MIB, "sandbox": 128 * MIB, "smsworker": 128 * MIB, **{room: 256 * MIB for room in ROOMS}}
GROWN_MAX = 64 * MIB  # what may be left of an attack's memory after SETTLE_S: malloc keeps what it may need again
SETTLE_S = 10.0  # patience: a busy machine takes longer to see that a peer has gone
MAP_SIZE = "64MiB"
ANSWER_S = 6.0  # the honest client's patience with one answer, on a machine that is busy attacking and testing
LOOK_S = 0.05


class Fallen(AssertionError):
    pass


def honest(run_dir, keys_dir, secret, port, ready, stop, told):
    """Asks every room over CURVE and the gateway over HTTP, round after round; tells (rounds, worst seconds, failure)."""
    portal = Portal(run_dir, keys_dir=keys_dir, secret=secret)
    rounds, worst = 0, 0.0
    failure = ""

    def http(method, body):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{method}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return json.load(answer)

    def refused_write():
        """A write that changes nothing, but goes all the way."""
        try:
            portal.call("otp", "Verify", {"purpose": "LOGIN", "subject": os.urandom(16), "code": "123456"}, timeout=ANSWER_S)
        except Refused:
            pass

    asks = [(room, lambda room=room: portal.call(room, "Health", timeout=ANSWER_S)) for room in ROOMS]
    asks.append(("a write", refused_write))
    asks.append(("the gateway", lambda: http("motcua.dossier.v1.Dossier/SearchProcedures", {"words": "khai sinh"})))
    while not failure and not (stop.is_set() and rounds > 1):
        for name, ask in asks:
            began = time.monotonic()
            try:
                ask()
            except Exception as error:  # whatever it is, it is told, and fails the attack
                failure = f"{name}: {type(error).__name__} {error} after {time.monotonic() - began:.1f} s"
                break
            worst = max(worst, time.monotonic() - began)
        rounds += 1
        ready.set()
        time.sleep(LOOK_S)
    ready.set()
    told.put((rounds, worst, failure))


class Siege:
    def __init__(self, arguments):
        self.bin_dir = os.path.abspath(arguments[1])
        self.sanitized = "--sanitized" in arguments  # then memory is the sanitizer's, and is not weighed
        self.folder = tempfile.mkdtemp(prefix="motcua_siege.")
        self.house = House(self.folder, self.bin_dir, map_size=MAP_SIZE)
        self.spawn = multiprocessing.get_context("spawn")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def __enter__(self):
        house = self.house
        self.secret = house.allow("portal:honest")
        self.evil = house.allow("portal:evil")
        self.looker = house.allow("operator:looker")
        start_without_worker(house)
        self.gateway = house.port("gateway")
        portal = Portal(house.run_dir, keys_dir=house.keys_dir, secret=self.secret)
        for room in ROOMS:
            portal.call(room, "Health", timeout=20)
        self.pids = {name: process.pid for name, process in house.processes.items()}
        self.warm_up()
        return self

    def __exit__(self, kind, error, trace):
        self.house.stop()
        bad = {name: p.returncode for name, p in self.house.processes.items() if p.returncode != 0}
        if kind is not None or bad:
            print(f"logs of {self.folder}:", file=sys.stderr)
            for name in self.house.processes:
                print(f"--- {name}\n{self.house.tail(name, 8)}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and bad:
            raise Fallen(f"did not stop cleanly: {bad}")

    def warm_up(self):
        """Tables read, pools made: what the first calls cost is no attack's doing."""
        with self.attack("warm-up", weigh=False):
            time.sleep(0.3)
        self.base = {name: self.memory(name) for name in self.pids}

    def memory(self, name):
        with open(f"/proc/{self.pids[name]}/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    def address(self, room):
        host, port = open(f"{self.house.run_dir}/{room}/tcp").read().strip()[len("tcp://"):].rsplit(":", 1)
        return host, int(port)

    def connect(self, room="otp", timeout=3.0):
        return socket.create_connection(self.address(room), timeout)

    def http(self, timeout=5.0):
        return socket.create_connection(("127.0.0.1", self.gateway), timeout)

    def alive(self, what):
        for name, process in self.house.processes.items():
            if process.poll() is not None:
                raise Fallen(f"{what}: {name} fell with {process.returncode}: {self.house.tail(name, 3)}")

    @contextlib.contextmanager
    def attack(self, what, weigh=True):
        house, began = self.house, time.monotonic()
        ready, stop, told = self.spawn.Event(), self.spawn.Event(), self.spawn.Queue()
        client = self.spawn.Process(target=honest, daemon=True,
                                    args=(house.run_dir, house.keys_dir, self.secret, self.gateway, ready, stop, told))
        client.start()
        ready.wait(60)
        peaks = dict.fromkeys(self.pids, 0)
        over = threading.Event()

        def sample():
            while not over.wait(LOOK_S):
                for name in peaks:
                    with contextlib.suppress(OSError, IndexError):
                        peaks[name] = max(peaks[name], self.memory(name))

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            yield
            if weigh and not self.sanitized:
                self.settle(what)
        finally:
            stop.set()
            over.set()
            sampler.join()
        rounds, worst, failure = told.get(timeout=60)
        client.join()
        self.alive(what)
        if failure:
            raise Fallen(f"{what}: the honest client, after {rounds} rounds: {failure}")
        if weigh and not self.sanitized:
            self.caps(what, peaks)
        top = max(peaks, key=lambda name: peaks[name] - (self.base[name] if weigh else 0))
        print(f"{what}: {time.monotonic() - began:.1f} s, {rounds} honest rounds, worst answer {worst * 1000:.0f} ms, "
              f"most memory {top} {peaks[top] // MIB} MiB", flush=True)

    def caps(self, what, peaks):
        for name, peak in peaks.items():
            if peak > CAPS[name]:
                raise Fallen(f"{what}: {name} grew to {peak // MIB} MiB, over its {CAPS[name] // MIB}")

    def settle(self, what):
        """Memory comes back while the honest client goes on: rooms give up pages in quiet turns."""
        ends = time.monotonic() + SETTLE_S
        grown = {}
        while time.monotonic() < ends:
            grown = {n: self.memory(n) - b for n, b in self.base.items() if self.memory(n) - b > GROWN_MAX}
            if not grown:
                return
            time.sleep(LOOK_S)
        raise Fallen(f"{what}: keeps {({n: f'{g // MIB} MiB' for n, g in grown.items()})} of it")


def start_without_worker(house):
    """As House.start_all, less the SMS worker: nothing here sends."""
    with open(f"{house.keys_dir}/callers", "a"):
        pass
    house.start("gateway")
    house.wait_file(f"{house.run_dir}/gateway/port", "gateway")
    house.start("sandbox")
    house.wait_file(f"{house.run_dir}/sandbox/port", "sandbox")
    for room in ROOMS:
        house.start(room)
    for room in ROOMS:
        house.wait_file(f"{house.run_dir}/{room}/tcp", room)


def closed(sock, seconds):
    """Whether the other side ends the connection in time."""
    sock.settimeout(seconds)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            if not sock.recv(65536):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def check(what, good):
    if not good:
        raise Fallen(what)


__all__ = ["MIB", "ROOMS", "Fallen", "Header", "NoAnswer", "Portal", "Refused", "Siege", "check", "closed", "message", "uuid7"]
