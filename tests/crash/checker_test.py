"""The checker finds what it is there to find: each rule is shown a sound history, then one with a planted wrong."""
import base64
import hashlib
import os
import struct
import sys
import types
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checker  # noqa: E402
from world import Call, Lease, fill, message  # noqa: E402

DAY = "000.20.31.H53-261122"


def event(room, seq, kind, body=None, cause_event="", keys=()):
    made = message("motcua.v1.Event")(seq=seq, room=room, type=kind, at_ms=1000 + seq, actor="system", cause_event=cause_event,
                                      keys=list(keys))
    if body is not None:
        made.body = body.SerializeToString()
    return made


def of(name, **values):
    made = message(name)()
    fill(made, values)
    return made


def row(made, /, **values):
    made = made()
    for key, value in values.items():
        if isinstance(value, list):
            getattr(made, key).extend(value)
        else:
            setattr(made, key, value)
    return made.SerializeToString()


def number(n):
    return struct.pack(">Q", n)


def sound():
    """Two dossiers, one paid, with all that belongs to it."""
    found = checker.Evidence()
    ids = [bytes([n]) * 16 for n in (1, 2)]
    changed = [of("motcua.dossier.v1.Changed", dossier_id=d, code=f"{DAY}-000{n}", fee=1000) for n, d in enumerate(ids, 1)]
    found.journals = {
        "identity": [event("identity", 1, "identity.account_opened",
                           of("motcua.identity.v1.AccountOpened", login_id="001", account_id="a"))],
        "otp": [event("otp", 1, "otp.code_issued", of("motcua.otp.v1.CodeIssued", purpose=2, subject=b"s" * 16)),
                event("otp", 2, "otp.code_verified", of("motcua.otp.v1.CodeChecked", purpose=2, subject=b"s" * 16)),
                event("otp", 3, "otp.sms_sent", of("motcua.otp.v1.SmsChanged", job_id=7))],
        "dossier": [event("dossier", 1, "dossier.accepted", changed[0]), event("dossier", 2, "dossier.accepted", changed[1]),
                    event("dossier", 3, "dossier.paid", changed[0], "payment/3", ["d1"])],
        "payment": [event("payment", n, "payment.order_created", of("motcua.payment.v1.OrderChanged", order_id=d), f"dossier/{n}")
                    for n, d in enumerate(ids, 1)]
                   + [event("payment", 3, "payment.paid", of("motcua.payment.v1.OrderChanged", order_id=ids[0]))],
        "notification": [event("notification", 1, "notification.notice_made",
                               of("motcua.notification.v1.NoticeMade", account_id="a", template="PAYMENT_OK"), "payment/3")],
        "audit": [],
    }
    found.told = {"dossier": {1: found.journals["dossier"][0].SerializeToString(deterministic=True)}}
    found.leases = [Lease("sms:a", 7, b"t1", 1, "", "", 0, 1000, 0, 10), Lease("sms:b", 7, b"t2", 2, "", "", 0, 1000, 1500, 1510)]
    found.leases[1].acked, found.leases[1].given_back_ms = True, 1600
    found.platform = [{"reference": "r1", "state": "00", "booked": 1000, "bookings": 1},
                      {"reference": "r2", "state": "24", "booked": 0, "bookings": 0},
                      {"reference": "r3", "state": "00", "booked": 2000, "bookings": 1}]
    reply = of("motcua.otp.v1.VerifyReply", correct=True)
    found.calls = [Call("otp", "Verify", of("motcua.otp.v1.VerifyRequest", purpose=2, subject=b"s" * 16, code="123456"), "", "", b"i" * 16,
                        0, "ok", reply=reply.SerializeToString())]
    for n, d in enumerate(ids, 1):
        view = types.SimpleNamespace(abstract="x", dossier_id=d, code=f"{DAY}-000{n}", attachments=[1], money=2 if n == 1 else 1)
        found.views[d] = (view, types.SimpleNamespace(abstract="x", code=view.code))
    found.stores = make_stores(found, ids)
    return found


def make_stores(found, ids):
    made = {room: {name: {} for name in checker.tables_of(room)} for room in found.journals}
    for room, events in found.journals.items():
        made[room]["journal"] = {number(e.seq): b"" for e in events}
        made[room]["meta"][b"state\0"] = row(message("motcua.v1.StoreState"), journal_last=len(events))
    made["identity"]["accounts"] = made["identity"]["login_index"] = {b"a": b""}
    made["identity"]["counts"] = {b"\1\1\0SUBSCRIBER": number(1)}
    made["otp"]["answers"] = {b"\0" + b"i" * 16 + b"c" * 8: b""}
    for n, d in enumerate(ids, 1):
        dossier = checker.state("dossier")("Dossier")(state=2, version=3, unit="H53", code=f"{DAY}-000{n}")
        dossier.sync.unsynced_since_ms = 7
        made["dossier"]["dossiers"][d] = dossier.SerializeToString()
        made["dossier"]["codes"][dossier.code.encode()] = d
        made["dossier"]["units"][b"H53\0\2" + d] = made["dossier"]["unsynced"][number(7) + d] = b""
        made["dossier"]["changes"][d + number(3)] = b""
    notice = checker.state("notification")("Notice")
    made["notification"]["notices"] = {b"a" * 16 + b"n" * 16: row(notice, template="PAYMENT_OK", cause_event="payment/3")}
    for room, other in (("dossier", "payment"), ("payment", "dossier"), ("audit", "otp")):
        made[room]["cursors"] = {other.encode(): struct.pack("<Q", len(found.journals[other]))}
    money(made["payment"], ids)
    log(made["audit"], found)
    return made


def money(payment, ids):
    kind = checker.state("payment")
    item = kind("Item")(kind=2, code="2771", amount=1000)
    payment["orders"] = {
        ids[0]: row(kind("Order"), state=2, dossier_code=f"{DAY}-0001", dossier_id=ids[0], items=[item], receipts=["28AA-26E/0000001"]),
        ids[1]: row(kind("Order"), state=1, dossier_code=f"{DAY}-0002", dossier_id=ids[1], items=[item])}
    payment["attempts"] = {ids[0] + b"1" * 16: row(kind("Attempt"), state=4, reference="r1"),
                           ids[0] + b"2" * 16: row(kind("Attempt"), state=5, reference="r2"),
                           ids[1] + b"3" * 16: row(kind("Attempt"), state=7, reference="r3")}
    payment["receipts"] = {b"28AA-26E/0000001": row(kind("Receipt"), symbol="28AA-26E", serial=1, order_id=ids[0], kind=2, amount=1000)}
    payment["receipt_files"] = {b"28AA-26E/0000001": row(kind("ReceiptFile"), pages=1)}
    payment["cases"] = {b"c" * 16: row(kind("Case"), state=1, kind=2, amount=2000, attempt_id=b"3" * 16)}
    payment["by_unit"] = {b"o\0" + b"c" * 16: b""}
    payment["refunds"] = {b"f" * 16: row(kind("Refund"), state=6, amount=1000, order_id=ids[0])}
    payment["by_account"] = {number(n): b"" for n in range(1, 5)}
    lines = [("platform:receivable", 1000, 1, b"1"), ("agency:x", -1000, 1, b"1"), ("platform:receivable", 2000, 3, b"3"),
             ("suspense:x", -2000, 3, b"3")]
    payment["postings"] = {number(n): row(kind("Posting"), account=a, amount=m, transfer=t, cause=c)
                           for n, (a, m, t, c) in enumerate(lines, 1)}
    payment["balances"] = {b"platform:receivable": row(kind("Balance"), debit=3000), b"agency:x": row(kind("Balance"), credit=1000),
                           b"suspense:x": row(kind("Balance"), credit=2000)}


def log(audit, found):
    kind, leaves = checker.state("audit"), []
    for room in ("identity", "otp", "dossier", "payment", "notification"):
        for e in found.journals[room]:
            about = of("motcua.audit.v1.Disclosure", salt=b"s" * 16, actor=e.actor, keys=list(e.keys),
                       body_hash=hashlib.sha256(e.body).digest()).SerializeToString()
            leaf = of("motcua.audit.v1.Leaf", number=len(leaves) + 1, room=room, seq=e.seq, type=e.type, at_ms=e.at_ms, cause=e.cause,
                      cause_event=e.cause_event, commitment=hashlib.sha256(about).digest()).SerializeToString()
            leaves.append(hashlib.sha256(b"\0" + leaf).digest())
            audit["entries"][number(len(leaves))] = row(kind("Entry"), leaf=leaf, disclosure=about)
    audit["head"][b"head"] = row(kind("Head"), size=len(leaves))
    root = checker.merkle_roots(leaves, {len(leaves)})[len(leaves)]
    audit["checkpoints"][number(len(leaves))] = row(kind("Checkpoint"), text=f"x\n{len(leaves)}\n{base64.b64encode(root).decode()}\n")
    found.heads = [(0, hashlib.sha256(b"").digest()), (len(leaves), root)]


def edit(kind, rows, key, **values):
    record = kind.FromString(rows[key])
    for name, value in values.items():
        setattr(record, name, value)
    rows[key] = record.SerializeToString()


def print_dies(found, order_id):
    """The receipt's job is a dead letter: no wrong by itself."""
    store, job = found.stores["payment"], message("motcua.v1.Job")
    store["dead"][number(1)] = row(job, id=1, state=4, kind="receipt.print", last_error="TEMPLATE_UNKNOWN", keys=[f"payment:{uuid.UUID(bytes=order_id)}"])
    kept = message("motcua.v1.StoreState").FromString(store["meta"][b"state\0"])
    kept.lanes.add(dead=1, enqueued_total=1)
    store["meta"][b"state\0"] = kept.SerializeToString()


# Each plants one wrong; the name begins with the rule that must find it.
def journals_gap(f): f.journals["dossier"].pop(1)
def journals_told_and_gone(f): f.told["dossier"][9] = b"x"
def journals_told_otherwise(f): f.told["dossier"][1] = b"x"
def journals_store_lost_one(f): f.stores["otp"]["journal"].pop(number(2))
def effects_event_applied_again(f): f.journals["payment"].append(event("payment", 4, "payment.order_created", None, "dossier/1"))
def effects_of_nothing(f): f.journals["payment"].append(event("payment", 4, "payment.order_created", None, "dossier/77"))
def repeats_answer_deleted(f): f.stores["otp"]["answers"].clear()
def repeats_never_answered(f): f.calls[0].outcome = "unknown"
def codes_right_twice(f): f.journals["otp"].insert(2, f.journals["otp"][1])
def codes_told_twice(f): f.calls.append(f.calls[0])
def accounts_two_of_one_number(f): f.journals["identity"].append(f.journals["identity"][0])
def accounts_index_lost(f): f.stores["identity"]["login_index"] = {}
def accounts_miscounted(f): f.stores["identity"]["counts"] = {b"\1\1\0SUBSCRIBER": number(2)}
def dossiers_code_gap(f): f.journals["dossier"].pop(0)
def dossiers_code_twice(f): f.journals["dossier"][1] = f.journals["dossier"][0]
def dossiers_other_content(f): f.views[b"\1" * 16][0].abstract = "y"
def dossiers_code_index_lost(f): f.stores["dossier"]["codes"].popitem()
def dossiers_code_of_nobody(f): f.stores["dossier"]["codes"][b"x"] = b"x"
def dossiers_not_in_the_list(f): f.stores["dossier"]["units"].popitem()
def dossiers_in_two_lists(f): f.stores["dossier"]["units"][b"H53\0\3" + b"\1" * 16] = b""
def dossiers_change_that_was_not(f): f.stores["dossier"]["changes"][b"\1" * 16 + number(4)] = b""
def dossiers_never_carried(f): f.stores["dossier"]["unsynced"].popitem()
def dossiers_one_too_many(f): f.stores["dossier"]["dossiers"][b"z"] = b""
def payments_booked_twice(f): f.platform[0]["bookings"] = 2
def payments_unknown_money(f): f.platform.append({"reference": "r9", "state": "00", "booked": 0, "bookings": 1})
def payments_lost_money(f): edit(checker.state("payment")("Attempt"), f.stores["payment"]["attempts"], b"\1" * 16 + b"2" * 16, reference="r1")
def payments_not_ended(f): edit(checker.state("payment")("Attempt"), f.stores["payment"]["attempts"], b"\1" * 16 + b"2" * 16, state=6)
def payments_told_twice(f): f.journals["payment"].append(f.journals["payment"][2])
def payments_dossier_not_told(f): f.views[b"\1" * 16][0].money = 1
def payments_dossier_told_refunded(f): f.views[b"\1" * 16][0].money = 3
def payments_two_orders(f): f.stores["payment"]["orders"][b"o" * 16] = f.stores["payment"]["orders"][b"\2" * 16]
def receipts_missing(f): f.stores["payment"]["receipts"].clear()
def receipts_gap(f): edit(checker.state("payment")("Receipt"), f.stores["payment"]["receipts"], b"28AA-26E/0000001", serial=2)
def ledger_posting_changed(f): edit(checker.state("payment")("Posting"), f.stores["payment"]["postings"], number(2), amount=-999)
def ledger_posting_lost(f): f.stores["payment"]["postings"].pop(number(2))
def ledger_balance_changed(f): edit(checker.state("payment")("Balance"), f.stores["payment"]["balances"], b"agency:x", credit=1)
def ledger_posted_twice(f): edit(checker.state("payment")("Posting"), f.stores["payment"]["postings"], number(3), cause=b"1")
def ledger_not_the_platforms(f): f.platform[0]["booked"] = 5
def ledger_index_lost(f): f.stores["payment"]["by_account"].pop(number(2))
def ledger_more_came_back(f): f.platform[0]["refunded"] = 5
def cases_lost(f): f.stores["payment"]["cases"].clear()
def cases_two_for_one(f): f.stores["payment"]["cases"][b"d" * 16] = f.stores["payment"]["cases"][b"c" * 16]
def cases_resolved_and_money_left(f): edit(checker.state("payment")("Case"), f.stores["payment"]["cases"], b"c" * 16, state=4)
def cases_in_no_list(f): f.stores["payment"]["by_unit"].clear()
def refunds_not_set_aside(f): edit(checker.state("payment")("Refund"), f.stores["payment"]["refunds"], b"f" * 16, state=2)
def refunds_done_and_order_paid(f): edit(checker.state("payment")("Refund"), f.stores["payment"]["refunds"], b"f" * 16, state=5)
def refunds_forgotten(f): edit(checker.state("payment")("Refund"), f.stores["payment"]["refunds"], b"f" * 16, state=4, amount=0)
def receipts_no_file_and_no_job(f): f.stores["payment"]["receipt_files"].clear()
def receipts_job_of_another(f):
    f.stores["payment"]["receipt_files"].clear()
    print_dies(f, b"\2" * 16)
def receipts_cancelled_alone(f): f.stores["payment"]["receipt_ends"][b"28AA-26E/0000001"] = b""
def leases_overlap(f): f.leases[1].got_ms = 900
def leases_after_the_end(f): f.leases[0].expires_ms = -1
def leases_acknowledged_twice(f): f.leases[0].acked = True
def leases_one_token_twice(f): f.leases[1].token = b"t1"
def leases_after_acknowledgement(f): f.leases[0].acked, f.leases[0].given_back_ms, f.leases[1].acked = True, 20, False
def texts_sent_twice(f): f.journals["otp"].append(f.journals["otp"][2])
def texts_no_event(f): f.leases[1].job = 8
def notices_twice(f): f.journals["notification"].append(f.journals["notification"][0])
def notices_lost(f): f.stores["notification"]["notices"].clear()
def files_missing(f): f.stores["dossier"]["stored_papers"][b"p" * 16] = row(checker.state("dossier")("StoredPaper"), sha256=b"s" * 32)
def files_orphan_pieces(f): f.stores["dossier"]["pieces"][b"o" * 16 + number(0)] = b""
def files_lost_piece(f): f.stores["dossier"]["files"][b"s" * 32] = row(checker.state("dossier")("File"), file_id=b"i" * 16, size=1, references=1)
def files_unused_without_end(f): f.stores["dossier"]["files"][b"s" * 32] = row(checker.state("dossier")("File"), file_id=b"i" * 16)
def sessions_served(f): f.revoked.append(("dossier", "ok"))
def audit_entry_changed(f): edit(checker.state("audit")("Entry"), f.stores["audit"]["entries"], number(2), disclosure=b"")
def audit_checkpoint_of_another(f): edit(checker.state("audit")("Checkpoint"), f.stores["audit"]["checkpoints"], number(len(f.stores["audit"]["entries"])), text="x\n1\ny\n")
def audit_entry_lost(f): f.stores["audit"]["entries"].pop(number(2))
def audit_event_missing(f): f.journals["otp"].append(event("otp", 4, "otp.x"))
def audit_event_other(f): f.journals["otp"][0].actor = "y"
def audit_head_shrank(f): f.heads.append((1, bytes(32)))
def audit_head_forged(f): f.heads[1] = (f.heads[1][0], bytes(32))
def stores_torn(f): f.torn.append("dossier.dossiers 01")
def stores_cursor_behind(f): f.stores["dossier"]["cursors"][b"payment"] = struct.pack("<Q", 2)
def stores_job_left(f): f.stores["otp"]["jobs"][number(1)] = row(message("motcua.v1.Job"), id=1, state=1)
def stores_due_without_job(f): f.stores["otp"]["due"][b"\0" * 17] = b""
def stores_counter_wrong(f): f.stores["otp"]["meta"][b"state\0"] = row(message("motcua.v1.StoreState"), journal_last=2)
def stores_tally_wrong(f): f.stores["otp"]["meta"][b"state\0"] = row(message("motcua.v1.StoreState"), journal_last=len(f.journals["otp"]), tallied=True); f.stores["otp"]["meta"][b"tally/\0\0viettel"] = row(message("motcua.v1.Tally"), ages=[message("motcua.v1.TallyAges")(slot=2, cells=[0, 1, 1])])
def stores_dead_of_a_bug(f): f.stores["otp"]["dead"][number(1)] = row(message("motcua.v1.Job"), id=1, state=4, last_error="RESULT_REFUSED")


WRONGS = [value for name, value in list(globals().items()) if isinstance(value, types.FunctionType)
          and "_" in name and f"check_{name.split('_')[0]}" in {rule.__name__ for rule in checker.RULES}]


class Checker(unittest.TestCase):
    def test_a_sound_history_is_sound(self):
        self.assertEqual(checker.check(sound()), [])

    def test_a_receipt_whose_print_died_is_no_wrong(self):
        found = sound()
        found.stores["payment"]["receipt_files"].clear()
        print_dies(found, b"\1" * 16)
        self.assertEqual(checker.check(found), [])

    def test_each_wrong_is_found_by_its_rule(self):
        for plant in WRONGS:
            with self.subTest(plant.__name__):
                found = sound()
                plant(found)
                rule = plant.__name__.split("_")[0]
                self.assertTrue([v for v in checker.check(found) if v.startswith(f"{rule}: ")], "not found")

    def test_every_rule_has_its_wrong(self):
        self.assertEqual({rule.__name__[6:] for rule in checker.RULES}, {plant.__name__.split("_")[0] for plant in WRONGS})


if __name__ == "__main__":
    unittest.main()
