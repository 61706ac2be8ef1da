"""What must be true after any crash, as functions from evidence to violations.

Evidence is plain data, so that a test can plant a wrong and see it found (checker_test.py). `collect` asks the rooms
through their own doors, `collect_stores` reads their stores with another LMDB when they have ended.
"""
import base64
import collections
import dataclasses
import functools
import hashlib
import os
import re
import struct
import subprocess
import tempfile
import uuid

import lmdb
import xxhash
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from world import ROOMS, SOURCE, NoAnswer, Refused, message

VALUE_HEAD = 9  # version, checksum: common/store_mdb.h
PIECE = 256 * 1024  # of a file (services/dossier/files.h)
FRESH = {"LeaseJobs"}  # no answer is kept of these: the handler knows its last one again
BUGS = ("RESULT_REFUSED", "PAYLOAD_UNREADABLE", "KIND_UNKNOWN", "NOT_BUILT")  # dead letters that only a bug makes
PENDING, PAID, REFUNDED, SUCCEEDED, FAILED, SUSPENSE = 1, 2, 5, 4, 5, 7
CASE_RESOLVED, REFUND_FAILED = 4, 12
REFUND_APPROVED, REFUND_SENT, REFUND_UNKNOWN, REFUND_DONE = 2, 3, 4, 5
CAUSE_REFUND = 3
QUEUED, LEASED, HELD, DEAD = 1, 2, 3, 4


@dataclasses.dataclass
class Evidence:
    calls: list = dataclasses.field(default_factory=list)
    leases: list = dataclasses.field(default_factory=list)
    journals: dict = dataclasses.field(default_factory=dict)    # room -> [Event]
    told: dict = dataclasses.field(default_factory=dict)        # room -> {seq: bytes}
    heads: list = dataclasses.field(default_factory=list)       # (size, hash)
    views: dict = dataclasses.field(default_factory=dict)       # dossier id -> (DossierView, what was filed)
    papers: dict = dataclasses.field(default_factory=dict)      # dossier id -> content
    platform: list = dataclasses.field(default_factory=list)    # rows of the platform's own ledger
    ledger: object = None                                       # CheckLedgerReply
    audit: object = None                                        # VerifyReply
    stores: dict = dataclasses.field(default_factory=dict)      # room -> table -> {key: value without head}
    torn: list = dataclasses.field(default_factory=list)        # values that are not what was written
    revoked: list = dataclasses.field(default_factory=list)     # (room, what a dead session was answered)
    repeats: list = dataclasses.field(default_factory=list)     # violations found by asking everything again


@functools.lru_cache
def state(room):
    """Messages of services/<room>/state.proto, by name."""
    with tempfile.NamedTemporaryFile(suffix=".pb") as out:
        subprocess.run(["protoc", "-I", f"{SOURCE}/services/{room}", "-I", "/usr/include", "--include_imports", "-o", out.name,
                        "state.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    get = message_factory.MessageFactory(pool).GetPrototype
    return lambda name: get(pool.FindMessageTypeByName(f"motcua.{room}.state.{name}"))


def named(path, pattern):
    with open(f"{SOURCE}/{path}") as source:
        return tuple(re.findall(pattern, source.read()))


def tables_of(room):
    """A store's tables in the order of their numbers, which are part of each checksum: the house's, then the room's."""
    own = dict(named(f"services/{room}/room.c", r'\[(\w+)\s*- MC_TABLE_ROOM\]\s*=\s*"(\w+)"'))
    header = "".join(named(f"services/{room}/{room}.h", r"enum \w+_table \{([^}]*)\}"))  # the numbers; room.c may name them in any order
    return (named("common/store.c", r'\[MC_TABLE_\w+\]\s*=\s*"(\w+)"')
            + tuple(own[symbol] for symbol in re.findall(r"\w+", header) if symbol in own))


# --- collecting ---


def collect(campaign, platform):
    world = campaign.world
    found = Evidence()
    read_papers(campaign, found)  # which is written down: before the journals are read
    campaign.drain(())
    found.calls, found.leases, found.told, found.heads = list(world.calls), list(world.leases), world.told, list(world.heads)
    found.journals = {room: world.journal(room) for room in ROOMS}
    found.platform = platform
    found.ledger = world.read("payment", "CheckLedger", portal="check")
    found.audit = verify_all(world)
    for _, session in world.revoked:
        for room, method in (("dossier", "ListMine"), ("payment", "ListOrders"), ("notification", "ListInbox")):
            found.revoked.append((room, answer_to(world, room, method, session)))
    found.repeats = repeat_all(world, found.calls)
    return found


def read_papers(campaign, found):
    for dossier_id, case in campaign.dossiers.items():
        session, world = campaign.sessions[case.citizen], campaign.world
        found.views[dossier_id] = (world.read("dossier", "Get", {"dossier_id": dossier_id}, session, purpose="crash test"), case)
        if hasattr(case, "sha256"):
            found.papers[dossier_id] = world.read("dossier", "ReadAttachment", {"dossier_id": dossier_id, "sha256": case.sha256},
                                                  session, purpose="crash test").content


def verify_all(world):
    after = 1
    while True:
        reply = world.read("audit", "Verify", {"from": after}, portal="check")
        if not reply.whole or reply.next == 0:
            return reply
        after = reply.next


def answer_to(world, room, method, session):
    try:
        world.read(room, method, {}, session)
        return "ok"
    except Refused as refused:
        return refused.code


def repeat_all(world, calls):
    """Every acknowledged request once more, by its own id: the same answer, byte for byte."""
    ended, problems = {session for _, session in world.revoked}, []
    for call in calls:
        if call.outcome != "ok" or call.session in ended or call.method in FRESH:
            continue
        try:
            reply = world.portals[call.portal].call(call.room, call.method, call.request, call.session, call.id, timeout=20)
            if reply.SerializeToString(deterministic=True) != call.reply:
                problems.append(f"{call.method} {call.id.hex()}: acknowledged, and now answered otherwise")
        except (Refused, NoAnswer) as error:
            problems.append(f"{call.method} {call.id.hex()}: acknowledged, and now: {error}")
    return problems


def collect_stores(found, folder):
    def checksum(table, key, value):
        both = [xxhash.xxh3_64_intdigest(part).to_bytes(8, "little") for part in (bytes([table]) + key, value)]
        return xxhash.xxh3_64_intdigest(both[0] + both[1]).to_bytes(8, "little")

    for room in ROOMS:
        if not os.path.exists(f"{folder}/{room}/data.mdb"):
            continue
        env = lmdb.open(f"{folder}/{room}", readonly=True, lock=False, max_dbs=64)
        tables = found.stores[room] = {}
        for number, name in enumerate(tables_of(room)):
            rows = tables[name] = {}
            with env.begin(db=env.open_db(name.encode(), create=False)) as txn:
                for key, value in txn.cursor():
                    rows[key] = value[VALUE_HEAD:]
                    if value[:1] != b"\1" or value[1:VALUE_HEAD] != checksum(number, key, value[VALUE_HEAD:]):
                        found.torn.append(f"{room}.{name} {key.hex()}")
        env.close()


# --- the rules ---


def parsed(event, name):
    return message(name).FromString(event.body)


def of_type(found, room, *types):
    return [e for e in found.journals.get(room, []) if e.type in types]


def check_journals(found):
    """I1, I2: sequences without gaps; what was told once is there for ever; the store has what the door tells."""
    for room, events in found.journals.items():
        if [e.seq for e in events] != list(range(1, len(events) + 1)):
            yield f"{room}: the journal has gaps"
        now = {e.seq: e.SerializeToString(deterministic=True) for e in events}
        for seq, told in found.told.get(room, {}).items():
            if now.get(seq) != told:
                yield f"{room}/{seq}: was told before a crash, and is {'another' if seq in now else 'gone'} now"
        rows = found.stores.get(room, {}).get("journal")
        if rows is not None and sorted(rows) != [struct.pack(">Q", seq) for seq in sorted(now)]:
            yield f"{room}: the store's journal has {len(rows)} rows, the door told {len(now)}"


def check_effects(found):
    """I2: an event of another room has each of its effects once."""
    for room, events in found.journals.items():
        seen = collections.Counter((e.cause_event, e.type, tuple(sorted(e.keys))) for e in events if e.cause_event)
        for (cause, kind, _), n in seen.items():
            if n > 1:
                yield f"{room}: {kind} {n} times in answer to {cause}"
        for event in events:
            source, _, seq = event.cause_event.partition("/")
            if seq and source in found.journals and int(seq) > len(found.journals[source]):
                yield f"{room}/{event.seq}: answers {event.cause_event}, which is not there"


def check_repeats(found):
    yield from found.repeats
    for call in found.calls:
        if call.outcome == "unknown":
            yield f"{call.method} {call.id.hex()}: never answered"
    kept = {room: {key[1:17] for key in tables["answers"]} for room, tables in found.stores.items()}
    for call in found.calls:
        if call.outcome == "ok" and call.method not in FRESH and call.room in kept and call.id not in kept[call.room]:
            yield f"{call.method} {call.id.hex()}: acknowledged, and its answer is not in the store"


def check_codes(found):
    """I10: a code is right once."""
    right = collections.defaultdict(int)
    for event in found.journals.get("otp", []):
        if event.type == "otp.code_issued":
            issued = parsed(event, "motcua.otp.v1.CodeIssued")
            right[issued.purpose, issued.subject] = 0
        elif event.type == "otp.code_verified":
            checked = parsed(event, "motcua.otp.v1.CodeChecked")
            right[checked.purpose, checked.subject] += 1
            if right[checked.purpose, checked.subject] > 1:
                yield f"otp/{event.seq}: one code was right twice"
    told = collections.Counter()
    for call in found.calls:
        if call.method == "Verify" and call.outcome == "ok" and message("motcua.otp.v1.VerifyReply").FromString(call.reply).correct:
            told[call.request.purpose, call.request.subject, call.request.code] += 1
    for (_, subject, _), n in told.items():
        if n > 1:
            yield f"challenge {subject.hex()}: {n} clients were told that the code is right"


def check_accounts(found):
    """One account per identity number; every account that was promised is there."""
    by_number, opened = collections.Counter(), set()
    for event in of_type(found, "identity", "identity.account_opened"):
        account = parsed(event, "motcua.identity.v1.AccountOpened")
        by_number[account.login_id] += 1
        opened.add((account.login_id, account.account_id))
    for number, n in by_number.items():
        if n > 1:
            yield f"{n} accounts for one identity number {number[:3]}…"
    for call in found.calls:
        if call.method == "FinishRegistration" and call.outcome == "ok":
            account = message("motcua.identity.v1.FinishRegistrationReply").FromString(call.reply).account_id
            if (call.about, account) not in opened:
                yield f"account {account}: acknowledged, and not in the journal"
    store = found.stores.get("identity", {})
    if store and not len(store["accounts"]) == len(store["login_index"]) == len(opened):
        yield f"identity: {len(store['accounts'])} accounts, {len(store['login_index'])} in the index, {len(opened)} opened"
    counted = sum(int.from_bytes(value, "big") for value in store.get("counts", {}).values())
    if store and counted != len(store["accounts"]):  # REG-47
        yield f"identity: {len(store['accounts'])} accounts, {counted} counted"


def check_dossiers(found):
    """Official codes: unique, gapless per agency and day. What was filed is there as it was filed."""
    last, seen = collections.Counter(), set()
    for event in of_type(found, "dossier", "dossier.accepted"):
        changed = parsed(event, "motcua.dossier.v1.Changed")
        series, _, number = changed.code.rpartition("-")
        if int(number) != last[series] + 1:
            yield f"{changed.code}: after number {last[series]} of its day"
        last[series] = int(number)
        if changed.dossier_id in seen:
            yield f"{changed.code}: accepted twice"
        seen.add(changed.dossier_id)
    for call in found.calls:
        if call.method == "Accept" and call.outcome == "ok" and call.request.dossier_id not in seen:
            yield f"dossier {call.request.dossier_id.hex()}: its acceptance was acknowledged and is gone"
    for call in found.calls:
        if call.method == "ReceiveAtDesk" and call.outcome == "ok":
            reply = message("motcua.dossier.v1.DossierReply").FromString(call.reply)
            if reply.dossier_id not in seen:
                yield f"dossier {reply.code}: its reception at the desk was acknowledged and is gone"
    for dossier_id, (view, case) in found.views.items():
        if (view.abstract, view.dossier_id) != (case.abstract, dossier_id):
            yield f"dossier {dossier_id.hex()}: another content than was filed"
        if case.code and view.code != case.code:
            yield f"dossier {case.code}: now has the code {view.code}"
        if dossier_id in found.papers and found.papers[dossier_id] != case.pdf:
            yield f"dossier {dossier_id.hex()}: another paper than was attached"
        if hasattr(case, "sha256") and len(view.attachments) != 1:
            yield f"dossier {dossier_id.hex()}: {len(view.attachments)} papers instead of one"
    tables = found.stores.get("dossier", {})
    if tables:
        yield from check_lives(tables)
        mine, drafted = online(tables["dossiers"]), len(of_type(found, "dossier", "dossier.drafted"))
        if not set(found.views) <= mine or len(mine) != len(found.views):
            yield f"dossier: {len(found.views)} drafts were acknowledged, {len(mine)} are in the store ({drafted} events)"


def online(dossiers):
    kind = state("dossier")("Dossier")
    return {key for key, value in dossiers.items() if not kind.FromString(value).channel}


def check_lives(tables):
    """A dossier and its rows in other tables were written together: code, queue, history, what is not carried yet."""
    kind, changes, codes = state("dossier")("Dossier"), collections.Counter(), 0
    for key in tables["changes"]:
        changes[key[:16]] = max(changes[key[:16]], struct.unpack(">Q", key[16:])[0])
    for key, value in tables["dossiers"].items():
        dossier = kind.FromString(value)
        codes += bool(dossier.code)
        if changes[key] > dossier.version:
            yield f"dossier {key.hex()}: version {dossier.version}, and a change to {changes[key]}"
        if dossier.code and tables["codes"].get(dossier.code.encode()) != key:
            yield f"dossier {dossier.code}: is not found by its code"
        if dossier.state and dossier.unit.encode() + bytes([0, dossier.state]) + key not in tables["units"]:
            yield f"dossier {key.hex()}: state {dossier.state}, and not in its unit's list"
        since = dossier.sync.unsynced_since_ms
        if since and struct.pack(">Q", since) + key not in tables["unsynced"]:
            yield f"dossier {key.hex()}: is to be carried, and nobody is told"
    if codes != len(tables["codes"]):
        yield f"dossier: {codes} have a code, {len(tables['codes'])} codes are given"
    listed = sum(kind.FromString(value).state != 0 for value in tables["dossiers"].values())
    if listed != len(tables["units"]):  # none here is received for another unit
        yield f"dossier: {listed} are sent, {len(tables['units'])} are in units' lists"


def orders_of(found):
    """(order id, Order, [(attempt id, Attempt)]) of the payment room's store."""
    store, kind = found.stores.get("payment"), state("payment")
    if store is None:
        return []
    attempts = collections.defaultdict(list)
    for key, value in store["attempts"].items():
        attempts[key[:16]].append((key[16:], kind("Attempt").FromString(value)))
    return [(key, kind("Order").FromString(value), attempts[key]) for key, value in store["orders"].items()]


def check_payments(found):
    """I8: one intent, at most one movement of money; the platform's own ledger is the judge."""
    orders, platform = orders_of(found), {row["reference"]: row for row in found.platform}
    known = {}
    for order_id, order, attempts in orders:
        paid = [a for _, a in attempts if a.state == SUCCEEDED]
        if len(paid) != (order.state in (PAID, REFUNDED)):
            yield f"order {order.dossier_code}: state {order.state} with {len(paid)} successful attempts"
        if order.state not in (PAID, PENDING, REFUNDED):
            yield f"order {order.dossier_code}: state {order.state}"
        for _, attempt in attempts:
            known[attempt.reference] = (order, attempt)
            if attempt.state not in (SUCCEEDED, FAILED, SUSPENSE):
                yield f"attempt {attempt.reference}: is still in state {attempt.state}"
            row = platform.get(attempt.reference)
            booked = row is not None and row["state"] == "00"
            if booked != (attempt.state in (SUCCEEDED, SUSPENSE)):
                yield f"attempt {attempt.reference}: state {attempt.state}, at the platform {row and row['state']}"
        if order.state == PENDING and not any(a.state == SUSPENSE for _, a in attempts) and order.dossier_code:
            yield f"order {order.dossier_code}: was never paid"
    for reference, row in platform.items():
        if row["bookings"] > 1:
            yield f"{reference}: booked {row['bookings']} times at the platform"
        if row["state"] == "00" and reference not in known:
            yield f"{reference}: money at the platform that no attempt knows of"
    made = collections.Counter(order.dossier_code for _, order, _ in orders)
    for event in of_type(found, "dossier", "dossier.accepted") if found.stores else []:
        changed = parsed(event, "motcua.dossier.v1.Changed")
        if made[changed.code] != (changed.fee > 0):
            yield f"dossier {changed.code}: {made[changed.code]} orders, its fee is {changed.fee}"
    yield from check_paid_events(found, orders)


def check_paid_events(found, orders):
    paid = collections.Counter(parsed(e, "motcua.payment.v1.OrderChanged").order_id for e in of_type(found, "payment", "payment.paid"))
    for order_id, order, _ in orders:
        if paid[order_id] != (order.state in (PAID, REFUNDED)):
            yield f"order {order.dossier_code}: told paid {paid[order_id]} times, its state is {order.state}"
    states = {order.dossier_id: order.state for _, order, _ in orders}
    for dossier_id, (view, _) in found.views.items():
        if (view.money == 2, view.money == 3) != (states.get(dossier_id) == PAID, states.get(dossier_id) == REFUNDED):
            yield f"dossier {view.code}: money state {view.money}, its order {states.get(dossier_id)}"


def check_receipts(found):
    """One receipt for each kind of item of a paid order; numbers without gaps."""
    store = found.stores.get("payment")
    if store is None:
        return
    receipts = {key.decode(): state("payment")("Receipt").FromString(value) for key, value in store["receipts"].items()}
    serials, of_order = collections.defaultdict(list), collections.defaultdict(list)
    for number, receipt in receipts.items():
        serials[receipt.symbol].append(receipt.serial)
        of_order[receipt.order_id].append((number, receipt))
    for symbol, numbers in serials.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"receipts {symbol}: {sorted(numbers)}"
    for order_id, order, _ in orders_of(found):
        want = collections.Counter() if order.state not in (PAID, REFUNDED) else sum((collections.Counter({i.kind: i.amount}) for i in order.items),
                                                                     collections.Counter())
        got = collections.Counter({r.kind: r.amount for _, r in of_order[order_id]})
        if want != got or len(of_order[order_id]) != len(want) or sorted(order.receipts) != sorted(n for n, _ in of_order[order_id]):
            yield f"order {order.dossier_code}: receipts {sorted(n for n, _ in of_order[order_id])} for {dict(want)}"
        for number, _ in of_order[order_id]:
            if (number.encode() in store["receipt_ends"]) != (order.state == REFUNDED):
                yield f"receipt {number}: good or not otherwise than its order in state {order.state}"
    yield from check_prints(store, of_order)


def check_prints(store, of_order):
    """A receipt that is not cancelled has its file, or a job that makes it, or that job as a dead letter.

    What a job prints is sealed; its keys name the order, which has a job for each receipt that waits.
    """
    jobs = (message("motcua.v1.Job").FromString(value) for table in ("jobs", "dead") for value in store[table].values())
    printing = collections.Counter(key for job in jobs if job.kind == "receipt.print" for key in job.keys if key.startswith("payment:"))
    for order_id, issued in of_order.items():
        bare = [n for n, _ in issued if n.encode() not in store["receipt_files"] and n.encode() not in store["receipt_ends"]]
        if len(bare) > printing[f"payment:{uuid.UUID(bytes=order_id)}"]:
            yield f"receipts {sorted(bare)}: no file, and too few jobs that make one"


def check_ledger(found):
    """I7: each transfer sums to zero, balances are the sums of their postings, and what came is what the platform has."""
    if found.ledger is not None and not found.ledger.balanced:
        yield f"CheckLedger: {found.ledger.problem}"
    store = found.stores.get("payment")
    if store is None:
        return
    kind, transfers, causes = state("payment"), collections.Counter(), collections.defaultdict(set)
    debit, credit = collections.Counter(), collections.Counter()
    if sorted(store["postings"]) != [struct.pack(">Q", n + 1) for n in range(len(store["postings"]))]:
        yield "postings: the sequence has gaps"
    for value in store["postings"].values():
        posting = kind("Posting").FromString(value)
        transfers[posting.transfer] += posting.amount
        causes[posting.cause_kind, posting.cause].add(posting.transfer)
        (debit if posting.amount > 0 else credit)[posting.account] += abs(posting.amount)
    for transfer, total in transfers.items():
        if total != 0:
            yield f"transfer {transfer}: sums to {total}"
    for (what, cause), of in causes.items():
        if len(of) > (2 if what == CAUSE_REFUND else 1):  # set aside, and done or taken back
            yield f"cause {what} {cause.hex()}: posted {len(of)} times"
    if len(store["by_account"]) != len(store["postings"]):
        yield f"postings: {len(store['postings'])}, and {len(store['by_account'])} by their accounts"
    balances = {key.decode(): kind("Balance").FromString(value) for key, value in store["balances"].items()}
    for account in set(balances) | set(debit) | set(credit):
        balance = balances.get(account, kind("Balance")())
        if (balance.debit, balance.credit) != (debit[account], credit[account]):
            yield f"account {account}: balance {balance.debit}/{balance.credit}, postings {debit[account]}/{credit[account]}"
    there = {"booked": debit["platform:receivable"], "refunded": credit["platform:receivable"]}
    for what, here in there.items():
        if here != (told := sum(row.get(what, 0) for row in found.platform if row["state"] == "00")):
            yield f"{what}: {here} in the books, {told} at the platform"


def held(store, prefix):
    kind = state("payment")("Balance")
    kept = [kind.FromString(value) for key, value in store["balances"].items() if key.startswith(prefix)]
    return sum(balance.credit - balance.debit for balance in kept)


def check_cases(found):
    """Money at the platform is one paid order or one case: to the đồng, and never neither."""
    store, kind = found.stores.get("payment"), state("payment")
    if store is None:
        return
    cases = {key: kind("Case").FromString(value) for key, value in store["cases"].items()}
    of_attempt = collections.Counter(case.attempt_id for case in cases.values() if case.kind != REFUND_FAILED)
    for _, order, attempts in orders_of(found):
        for attempt_id, attempt in attempts:
            if attempt.state == SUSPENSE and of_attempt[attempt_id] != 1:
                yield f"attempt {attempt.reference}: money in suspense and {of_attempt[attempt_id]} cases"
            if attempt.state == FAILED and of_attempt[attempt_id]:
                yield f"attempt {attempt.reference}: a case, and no money"
    waiting = {key: case for key, case in cases.items() if case.state != CASE_RESOLVED}
    if (lies := held(store, b"suspense:")) != sum(case.amount for case in waiting.values()):
        yield f"{lies} lie in suspense, the open cases say {sum(case.amount for case in waiting.values())}"
    if {key[-16:] for key in store["by_unit"] if key[:1] == b"o"} != set(waiting):
        yield "an open case is in no officer's list, or a resolved one is in one"


def check_refunds(found):
    """What is promised is set aside, what is done has left, and nobody forgot to ask."""
    store, kind = found.stores.get("payment"), state("payment")
    if store is None:
        return
    refunds = {key: kind("Refund").FromString(value) for key, value in store["refunds"].items()}
    promised = sum(r.amount for r in refunds.values() if r.state in (REFUND_APPROVED, REFUND_SENT, REFUND_UNKNOWN))
    if promised != held(store, b"refunds:"):
        yield f"{promised} are promised, {held(store, b'refunds:')} are set aside"
    for key, refund in refunds.items():
        if refund.state in (REFUND_SENT, REFUND_UNKNOWN) or refund.state == REFUND_APPROVED and refund.by_platform:
            yield f"refund {key.hex()}: is still in state {refund.state}"
    done = collections.Counter(r.order_id for r in refunds.values() if r.state == REFUND_DONE and not r.case_id)
    for order_id, order, _ in orders_of(found):
        if done[order_id] != (order.state == REFUNDED):
            yield f"order {order.dossier_code}: state {order.state}, refunded {done[order_id]} times"


def check_leases(found):
    """I9: at any instant at most one gateway holds a job; what was acknowledged is never handed out again."""
    by_job = collections.defaultdict(list)
    for lease in found.leases:
        by_job[lease.job].append(lease)
        if lease.expires_ms and lease.expires_ms <= lease.asked_ms:
            yield f"job {lease.job:x}: handed out after its end"
        if lease.sent_ms and lease.expires_ms and lease.sent_ms > lease.expires_ms + 1000:
            yield f"job {lease.job:x}: sent after its end"
    for job, leases in by_job.items():
        tokens = collections.Counter(lease.token for lease in leases)
        if max(tokens.values()) > 1:
            yield f"job {job:x}: one lease token given out {max(tokens.values())} times"
        if sum(lease.acked for lease in leases) > 1:
            yield f"job {job:x}: acknowledged twice"
        leases.sort(key=lambda lease: lease.attempt)
        for one, other in zip(leases, leases[1:]):
            yield from overlap(job, one, other)


def overlap(job, one, other):
    """Certain overlap only: the second was surely given before the first surely had ended."""
    ended = one.asked_ms + one.lease_ms
    if one.acked and other.asked_ms > one.given_back_ms:
        yield f"job {job:x}: handed out after it was acknowledged"
    if one.nacked:
        ended = min(ended, one.back_asked_ms)
    if other.got_ms < ended:
        yield f"job {job:x}: {other.gateway} got it while {one.gateway} held it"


def check_texts(found):
    """An acknowledged SMS has its one event; a code is sent before it ends."""
    ends = collections.Counter()
    for event in of_type(found, "otp", "otp.sms_sent", "otp.sms_expired"):
        ends[parsed(event, "motcua.otp.v1.SmsChanged").job_id] += 1
    final = {parsed(e, "motcua.otp.v1.SmsChanged").job_id for e in of_type(found, "otp", "otp.sms_sent", "otp.sms_delivered",
                                                                           "otp.sms_failed", "otp.sms_expired")}
    for job, n in ends.items():
        if n > 1:
            yield f"SMS {job:x}: {n} ends"
    for lease in found.leases:
        if lease.acked and lease.job not in final:
            yield f"SMS {lease.job:x}: acknowledged, and no event says so"


def check_notices(found):
    """A notice for an event: once."""
    seen = collections.Counter()
    for event in of_type(found, "notification", "notification.notice_made"):
        made = parsed(event, "motcua.notification.v1.NoticeMade")
        seen[event.cause_event, made.account_id, made.template] += 1
    for (cause, _, template), n in seen.items():
        if n > 1:
            yield f"{template}: {n} notices for {cause}"
    rows = found.stores.get("notification", {}).get("notices")
    if rows is not None:
        kind = state("notification")
        stored = collections.Counter((key[:-16], n.cause_event, n.template) for key, n in
                                     ((key, kind("Notice").FromString(value)) for key, value in rows.items()))
        if any(n > 1 for n in stored.values()) or sum(stored.values()) != sum(seen.values()):
            yield f"notices: {sum(stored.values())} in the store, {sum(seen.values())} told, {max(stored.values(), default=0)} alike at most"


def check_sessions(found):
    for room, answer in found.revoked:
        if answer == "ok":
            yield f"{room}: a session that was ended is still served"


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_roots(leaves, sizes):
    """{size: root}: RFC 6962 sect. 2.1, with the complete subtrees so far at hand; services/audit says what a leaf is."""
    peaks, roots = [], {0: hashlib.sha256(b"").digest()}
    for n, leaf in enumerate(leaves, 1):
        peaks.append(leaf)
        for _ in range((n & -n).bit_length() - 1):
            right = peaks.pop()
            peaks.append(node(peaks.pop(), right))
        if n in sizes:
            roots[n] = functools.reduce(lambda right, left: node(left, right), reversed(peaks))
    return roots


def check_audit(found):
    """I12: every event of every journal once and in its order; the tree is whole; heads only ever grew."""
    if found.audit is not None and not found.audit.whole:
        yield f"Verify: {found.audit.problem}"
    store = found.stores.get("audit")
    if store is None:
        return
    kind, leaves, logged = state("audit"), [], collections.defaultdict(list)
    for number, (key, value) in enumerate(sorted(store["entries"].items()), 1):
        entry = kind("Entry").FromString(value)
        leaf = message("motcua.audit.v1.Leaf").FromString(entry.leaf)
        if key != struct.pack(">Q", number) or leaf.number != number:
            yield f"audit: entry {number} is missing"
            return
        if leaf.commitment != hashlib.sha256(entry.disclosure).digest():
            yield f"audit: entry {number} tells of another than it was committed to"
        leaves.append(hashlib.sha256(b"\0" + entry.leaf).digest())
        logged[leaf.room].append((leaf, message("motcua.audit.v1.Disclosure").FromString(entry.disclosure)))
    head = kind("Head").FromString(store["head"][b"head"])
    if head.size != len(leaves):
        yield f"audit: the head says {head.size} entries, there are {len(leaves)}"
    for room in set(logged) | (set(found.journals) - {"audit"}):
        yield from audit_of(room, logged[room], found.journals.get(room, []))
    checkpoints = {struct.unpack(">Q", key)[0]: kind("Checkpoint").FromString(value).text.split("\n")
                   for key, value in store["checkpoints"].items()}
    roots, last = merkle_roots(leaves, {size for size, _ in found.heads} | set(checkpoints)), 0
    for size, value in found.heads:
        if size < last or roots.get(size) != value:
            yield f"audit: a head of {size} entries was told that is not in the log (before it: {last})"
        last = size
    for size, text in checkpoints.items():
        if size not in roots or text[1:3] != [str(size), base64.b64encode(roots[size]).decode()]:
            yield f"audit: a checkpoint of {size} entries is not of this log"


def audit_of(room, entries, events):
    if [leaf.seq for leaf, _ in entries] != [e.seq for e in events]:
        yield f"audit: {len(entries)} entries of {room}, its journal has {len(events)}"
        return
    for (leaf, about), event in zip(entries, events):
        same = (leaf.type, leaf.at_ms, about.actor, list(about.keys), leaf.cause, leaf.cause_event, about.body_hash)
        if same != (event.type, event.at_ms, event.actor, list(event.keys), event.cause, event.cause_event,
                    hashlib.sha256(event.body).digest()):
            yield f"audit: {room}/{event.seq} is logged as something else"


def check_stores(found):
    """I20: no value is torn. Queues, their order and their counters say the same. Nothing is left to do."""
    yield from (f"torn: {place}" for place in found.torn)
    for room, tables in found.stores.items():
        yield from check_queues(room, tables)
        for key, value in tables["cursors"].items():
            applied, = struct.unpack("<Q", value)
            if applied != len(found.journals.get(key.decode(), [])):
                yield f"{room}: has applied {applied} events of {key.decode()}, there are {len(found.journals[key.decode()])}"


def check_files(found):
    """I21: what is referred to is there, whole; what is there is referred to, or has its end; and every count says so."""
    tables = found.stores.get("dossier")
    if not tables or "pieces" not in tables:
        return
    kept, pieces = state("dossier"), collections.Counter(key[:16] for key in tables["pieces"])
    files = {key: kept("File").FromString(value) for key, value in tables["files"].items()}
    uploads = {key: kept("Upload").FromString(value) for key, value in tables["uploads"].items()}
    refers, late = collections.Counter(), set()
    for value in tables["dossiers"].values():
        dossier = kept("Dossier").FromString(value)
        refers.update(paper.sha256 for paper in [*dossier.papers, *dossier.results])
    for name, table in (("StoredPaper", "stored_papers"), ("CertifiedCopy", "copies"), ("Document", "documents"), ("Upload", "uploads")):
        refers.update(kept(name).FromString(value).sha256 for value in tables[table].values())
    for value in tables["changes"].values():  # a paper that was taken out of a dossier that had been sent
        late.update(paper.sha256 for paper in kept("Dossier").FromString(kept("Change").FromString(value).before).papers)
    del refers[b""]
    for sha256 in refers:
        if sha256 not in files:
            yield f"file {sha256.hex()} is referred to and missing"
    for sha256, file in files.items():
        want = -(-file.size // PIECE)
        if pieces.pop(file.file_id, 0) != want or len(file.piece_hashes) != 32 * want:
            yield f"file {sha256.hex()}: its pieces are not {want}"
        if file.references < refers[sha256] or (file.references > refers[sha256] and sha256 not in late):
            yield f"file {sha256.hex()}: {file.references} references are counted, there are {refers[sha256]}"
        if (file.references == 0) != (struct.pack(">q", file.ends_at_ms) + b"f" + sha256 in tables["file_ends"]):
            yield f"file {sha256.hex()}: {file.references} references, and its end says otherwise"
    for key, upload in uploads.items():
        if not upload.sha256 and pieces.pop(key[16:], 0) != -(-upload.received // PIECE):
            yield f"upload {key[16:].hex()}: its pieces are not what it received"
        if struct.pack(">q", upload.ends_at_ms) + b"u" + key not in tables["file_ends"]:
            yield f"upload {key[16:].hex()} has no end"
    for orphan in pieces:
        yield f"pieces of {orphan.hex()} belong to nothing"


def tallies_of(job):
    """Where common/tally.h counts a job: lane, what, text and slot."""
    lane, text = job.id >> 56, lambda words: words.encode()[:64]
    slot = {QUEUED: 1 if job.attempts else 0, LEASED: 2, HELD: 3, DEAD: 4}[job.state]
    yield lane, 0, text(job.destination), slot
    if job.state == LEASED:
        yield lane, 1, text(job.leased_by), 0
    elif job.state == DEAD:
        yield lane, 2, text(job.last_error), 0
    elif job.state == QUEUED and job.due_ms > job.created_ms:
        yield lane, 3, b"", 0


def check_tallies(room, meta, jobs):
    """The numbers that Shape shows, which are kept with the jobs, against the jobs themselves."""
    want = collections.Counter(place for job in jobs for place in tallies_of(job))
    got = collections.Counter()
    for key, value in meta.items():
        if key.startswith(b"tally/"):
            for ages in message("motcua.v1.Tally").FromString(value).ages:
                got[key[6], key[7], key[8:], ages.slot] += sum(ages.cells[2::3])
    for place in want.keys() | got.keys():
        if want[place] != got[place]:
            yield f"{room}: tally {place} says {got[place]}, there are {want[place]}"


def check_queues(room, tables):
    jobs = {key: message("motcua.v1.Job").FromString(value) for key, value in tables["jobs"].items()}
    dead = {key: message("motcua.v1.Job").FromString(value) for key, value in tables["dead"].items()}
    due = sorted(bytes([j.id >> 56]) + j.destination.encode()[:64] + b"\0" + struct.pack(">qQ", j.due_ms, j.id)
                 for j in jobs.values() if j.state != HELD)  # common/due.h
    if due != sorted(tables["due"]):
        yield f"{room}: {len(tables['due'])} rows of due times for {len(due)} jobs"
    counts = collections.Counter((j.id >> 56, j.state) for j in jobs.values())
    dead_counts = collections.Counter(j.id >> 56 for j in dead.values())
    row = tables["meta"].get(b"state\0")
    kept = message("motcua.v1.StoreState").FromString(row) if row is not None else message("motcua.v1.StoreState")()
    for lane, numbers in enumerate(kept.lanes):
        want = (counts[lane, QUEUED], counts[lane, LEASED], counts[lane, HELD], dead_counts[lane])
        if (numbers.queued, numbers.leased, numbers.held, numbers.dead) != want:
            yield f"{room}: lane {lane} counts {numbers.queued}/{numbers.leased}/{numbers.held}/{numbers.dead}, there are {want}"
        if numbers.enqueued_total < numbers.done_total + sum(want):
            yield f"{room}: lane {lane} enqueued {numbers.enqueued_total}, done {numbers.done_total}, there are {sum(want)}"
    if kept.tallied:
        yield from check_tallies(room, tables["meta"], list(jobs.values()) + list(dead.values()))
    if kept.journal_last != len(tables["journal"]):
        yield f"{room}: the journal's counter says {kept.journal_last}, there are {len(tables['journal'])}"
    for job in jobs.values():
        yield f"{room}: job {job.id:x} {job.kind} is left in state {job.state}"
    for job in dead.values():
        if job.last_error in BUGS:
            yield f"{room}: job {job.id:x} {job.kind} died of {job.last_error}"


RULES = (check_journals, check_effects, check_repeats, check_codes, check_accounts, check_dossiers, check_payments, check_receipts,
         check_ledger, check_cases, check_refunds, check_leases, check_texts, check_notices, check_sessions, check_audit,
         check_stores, check_files)


def check(found):
    return [f"{rule.__name__[6:]}: {problem}" for rule in RULES for problem in rule(found)]


__all__ = ["Evidence", "check", "collect", "collect_stores"]
