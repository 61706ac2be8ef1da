"""A caller with a key of its own that has turned against us: it gets answers, not rights, and not our memory.

What a caller on the list may cost is bounded, but not small: it is a portal of ours that was taken over.
"""
import ctypes
import ctypes.util
import os
import socket
import sys
import time

import zmq
from siege import MIB, Header, Siege, check, message, uuid7

DAY_MS = 24 * 3600 * 1000


class Peer:
    """A DEALER that sends what it likes."""

    def __init__(self, siege, room, ipc=False, secret=None, **options):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        for name, value in options.items():
            setattr(self.socket, name, value)
        if ipc:
            self.socket.connect(f"ipc://{siege.house.run_dir}/{room}/sock")
            return
        secret = open(secret or siege.evil, "rb").read().strip()
        self.socket.curve_secretkey = secret
        self.socket.curve_publickey = zmq.curve_public(secret)
        self.socket.curve_serverkey = open(f"{siege.house.keys_dir}/{room}.curve.pub", "rb").read().strip()
        self.socket.connect(open(f"{siege.house.run_dir}/{room}/tcp").read().strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.context.term()

    def ask(self, method, body=b"", seconds=5, **head):
        frames = [Header(request_id=head.pop("request_id", None) or uuid7(), method=method, **head).SerializeToString(), body]
        self.socket.send_multipart(frames)
        if not self.socket.poll(seconds * 1000):
            return None
        got = self.socket.recv_multipart()
        return Header.FromString(got[0]), got[1]

    def flood(self, frames, seconds):
        """As many as fit in, for so long."""
        ends, sent = time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            if self.socket.poll(50, zmq.POLLOUT):
                self.socket.send_multipart(frames, zmq.DONTWAIT, copy=False)
                sent += 1
        return sent


def head(method, **more):
    return Header(request_id=uuid7(), method=method, **more).SerializeToString()


def large_bodies(siege):
    """The largest that the dossier room takes, each refused, as fast as they go."""
    content = bytes(6 * MIB - 1024)
    paper = message("motcua.dossier.v1.AttachRequest")(component="x", file_name="x", content=content).SerializeToString()
    with Peer(siege, "dossier", sndhwm=4) as peer:
        for body in (b"\x0f" + content, paper):
            sent = peer.flood([head("motcua.dossier.v1.Dossier/Attach"), body], 2)
            check(f"only {sent} were sent", sent > 20)


def too_large_a_frame(siege):
    with Peer(siege, "otp", sndhwm=1) as peer:
        peer.socket.send_multipart([head("motcua.otp.v1.Otp/Verify"), bytes(32 * MIB)], copy=False)
        check("32 MiB were answered", not peer.socket.poll(700))


def empty_messages(siege):
    """256 KiB of messages with nothing in them become 21 MB in protobuf-c. (F12)"""
    methods = ["motcua.otp.v1.Otp/AckJobs", "motcua.otp.v1.Otp/NackJobs", "motcua.otp.v1.Otp/LeaseJobs",
               "motcua.dossier.v1.Dossier/SaveDraft", "motcua.identity.v1.Identity/GrantRights"]
    bodies = [bytes([field << 3 | 2, 0]) * (128 * 1024 - 1) for field in (1, 2, 3)]
    for method in methods:
        with Peer(siege, method.split(".")[1]) as peer:
            for body in bodies * 20:
                reply, _ = peer.ask(method, body)
                check(f"{method}: {reply.status}", reply.status in (3, 7, 8, 16) and reply.code)


def long_multipart(siege):
    """A message of a hundred thousand frames is thrown away, and costs its sender nothing else."""
    for ipc in (False, True):
        with Peer(siege, "audit", ipc=ipc) as peer:
            for _ in range(100000):
                peer.socket.send(b"", zmq.SNDMORE)
            peer.socket.send(b"")
            reply = peer.ask("motcua.v1.Room/Health", seconds=10)
            check("it can still be answered", reply is not None and reply[0].status == 0)


def endless_multipart(siege):
    """ZeroMQ keeps a message until its last frame has come, 60 bytes for each empty one of two, and has no limit for how
    many. So a process of ours, or the holder of a listed key with a client of its own, can make a room grow until the
    unit's MemoryMax ends it. What can be held to is that half a MiB of them is survived and forgotten with its sender."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(f"{siege.house.run_dir}/audit/sock")
        sock.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        check("the other side's greeting", len(sock.recv(64, socket.MSG_WAITALL)) == 64)
        ready = b"\x05READY\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER"
        sock.sendall(b"\x04" + bytes([len(ready)]) + ready)
        time.sleep(0.2)
        sock.sendall(b"\x01\x00" * (MIB // 4))
        time.sleep(0.5)


def never_reads(siege, **options):
    """Replies wait in its queue, and then are thrown away: the queue has an end in bytes too."""
    request = message("motcua.dossier.v1.SearchProceduresRequest")(page_size=100)
    with Peer(siege, "dossier", rcvhwm=1, rcvbuf=4096, **options) as peer:
        peer.flood([head("motcua.dossier.v1.Dossier/SearchProcedures"), request.SerializeToString()], 2)


def floods_and_hangs_up(siege):
    """Its queue is full when it goes. With ZeroMQ's heartbeats on, the room went two seconds later. (libzmq 4364)"""
    never_reads(siege, heartbeat_ivl=100, heartbeat_ttl=200, heartbeat_timeout=300)  # its own, which we have to answer
    time.sleep(2.5)  # and what malloc kept of the first time serves the second


def wrong_shapes(siege):
    good = head("motcua.v1.Room/Health")
    for ipc in (False, True):
        with Peer(siege, "payment", ipc=ipc) as peer:
            for frames in ([b""], [b"", b""], [b"", good, b""], [good], [good, b"", b""], [good] * 50, [b"\xff" * 8193, b""],
                           [bytes(70000), b""], [good[:-1], b""], [good, b"\x0f" * 1000]):
                for _ in range(50):
                    peer.socket.send_multipart(frames)
            while peer.socket.poll(300):
                reply = Header.FromString(peer.socket.recv_multipart()[-2])
                check(f"passed: {reply}", reply.status != 0 or reply.code == "")
            reply = peer.ask("motcua.v1.Room/Health", seconds=10)
            check("it can still be answered", reply is not None)


def forged_names(siege):
    """Over TCP the key says who calls; the header's word is worth nothing. (I23)"""
    wanted = {"motcua.v1.Room/Follow": b"\x10\x01", "motcua.v1.Room/Stats": b"", "motcua.v1.Room/Peek": b""}
    for room in ("identity", "otp", "dossier", "payment", "notification", "audit", "print", "partner", "support"):
        with Peer(siege, room) as peer:
            for name in ("room:payment", "operator:an", "sms:viettel", "room:gateway", ""):
                for method, body in wanted.items():
                    reply, _ = peer.ask(method, body, caller=name)
                    check(f"{room} {method} as {name}: {reply.status} {reply.code}", reply.code == "CALLER_DENIED")
    rights = {"otp": ["Otp/Issue", "Otp/EnqueueSms", "Otp/LeaseJobs", "Otp/AckJobs", "Otp/DeliveryWebhook"],
              "payment": ["Payment/CreateOrder", "Payment/PlatformConfirm", "Payment/CheckLedger"],
              "audit": ["Audit/Verify", "Audit/Forget", "Audit/Timeline"], "identity": ["Identity/GrantRights"], "print": ["Print/Render"]}
    for room, methods in rights.items():
        with Peer(siege, room) as peer:
            for method in methods:
                for name in ("room:dossier", "sms:viettel", "operator:an"):
                    reply, _ = peer.ask(f"motcua.{room}.v1.{method}", caller=name)
                    check(f"{method} as {name}: {reply.status} {reply.code}", reply.status in (7, 16))


def an_operator_who_may_look(siege):
    """The list names no role for it: it looks, and whatever it claims in the header, it changes nothing."""
    Pause = message("motcua.v1.PauseLaneRequest")
    body = Pause(lane="otp", whole_lane=True, reason="x").SerializeToString()
    with Peer(siege, "otp", secret=siege.looker) as peer:
        for roles in ("", "view", "operate,approve"):
            for method in ("Stats", "Peek", "ListActions"):
                reply, _ = peer.ask(f"motcua.v1.Room/{method}", caller="operator:root", roles=roles)
                check(f"{method}: {reply.code}", reply.status == 0)
            for method in ("PauseLane", "RunAction", "ApproveAction"):
                reply, _ = peer.ask(f"motcua.v1.Room/{method}", body if method == "PauseLane" else b"", roles=roles)
                check(f"{method} as {roles}: {reply.code}", reply.code == "ROLE_MISSING")
        reply, _ = peer.ask("motcua.otp.v1.Otp/PauseGateway", roles="operate")
        check(f"PauseGateway: {reply.code}", reply.code == "ROLE_MISSING")
        reply, _ = peer.ask("motcua.v1.Room/Stats", roles="root")
        check(f"a role nobody knows: {reply.code}", reply.code == "ROLE_MISSING")


def replays(siege):
    """An id is one call, for ever: the same answer again, no other body, not after a day. (E)"""
    subject = os.urandom(16)

    def verify(peer, code, **more):
        body = message("motcua.otp.v1.VerifyRequest")(purpose=1, subject=subject, code=code).SerializeToString()
        return peer.ask("motcua.otp.v1.Otp/Verify", body, **more)

    with Peer(siege, "identity") as peer:
        form = message("motcua.identity.v1.StartRegistrationRequest")(
            subject_kind=1, method="SUBSCRIBER", login_id="012193990017", full_name="Nguyễn Thị Hoà Bình", birth_date="05/03/1993",
            phone="0912000101", consent_version="2026-01")
        method, same = "motcua.identity.v1.Identity/StartRegistration", uuid7()
        answers = {peer.ask(method, form.SerializeToString(), request_id=same)[1] for _ in range(20)}
        check("twenty repeats have one answer", len(answers) == 1 and answers != {b""})
        form.phone = "0868000202"
        reply, _ = peer.ask(method, form.SerializeToString(), request_id=same)
        check(f"another body under the id: {reply.code}", reply.code == "REQUEST_REUSED")
    with Peer(siege, "otp") as peer:
        old, early = uuid7(time.time() - DAY_MS / 1000 - 60), uuid7(time.time() + 3600)
        check("yesterday's id", verify(peer, "123456", request_id=old)[0].code == "REQUEST_TOO_OLD")
        check("tomorrow's id", verify(peer, "123456", request_id=early)[0].code == "REQUEST_ID_INVALID")


def token(seed, payload):
    """A session as identity signs it, made with any seed."""
    import base64

    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    text = b"v1." + base64.urlsafe_b64encode(payload).rstrip(b"=")
    signature = ctypes.create_string_buffer(64)
    sodium.crypto_sign_detached(signature, None, text, ctypes.c_ulonglong(len(text)), secret)
    return text + b"." + base64.urlsafe_b64encode(signature.raw).rstrip(b"=")


def sessions(siege):
    now = int(time.time() * 1000)
    claims = message("motcua.v1.SessionClaims")(
        session_id="0190a07b-0000-7000-8000-00000000cafe", account_id="0190a07b-0000-7000-8000-00000000beef", subject_kind=1, ial=3,
        unit="000.20.31.H53", rights=["DOSSIER_RECEIVE", "AUDIT_VIEW"], issued_at_ms=now, expires_at_ms=now + 900000,
        type="TOKEN_SESSION")
    forged = token(os.urandom(32), claims.SerializeToString())
    seed = bytes.fromhex(open(f"{siege.house.keys_dir}/identity.sign").read().strip())
    claims.expires_at_ms = now - 1
    expired = token(seed, claims.SerializeToString())
    claims.expires_at_ms = now + 60000
    good = token(seed, claims.SerializeToString())
    claims.ClearField("type")
    untyped = token(seed, claims.SerializeToString())
    for room, method in {"dossier": "Dossier/ListUnit", "payment": "Payment/ListOrders", "notification": "Notification/ListInbox",
                         "audit": "Audit/Timeline", "identity": "Identity/GetProfile", "otp": "Otp/Status"}.items():
        name = f"motcua.{room}.v1.{method}"
        with Peer(siege, room) as peer:
            wanted = {forged: "SESSION_INVALID", untyped: "SESSION_INVALID", expired: "SESSION_EXPIRED", good[:-20] + b"A" * 20: "SESSION_INVALID",
                      b"v1..": "SESSION_INVALID", b"\0": "SESSION_INVALID", good + b"A": "SESSION_INVALID"}
            for session, code in wanted.items():
                reply, _ = peer.ask(name, session=session)
                check(f"{name}: {reply.code}, not {code}", reply.code == code)
            if room != "identity":  # where there is no such account
                reply, _ = peer.ask(name, session=good)  # or nothing above would be proved
                check(f"{name}: {reply.code}", reply.code not in ("SESSION_INVALID", "SESSION_EXPIRED"))


def main():
    with Siege(sys.argv) as siege:
        for attack in (forged_names, an_operator_who_may_look, replays, sessions, wrong_shapes, too_large_a_frame, empty_messages, large_bodies, never_reads,
                       floods_and_hangs_up, long_multipart, endless_multipart):
            if len(sys.argv) > 2 and sys.argv[-1][0] != "-" and attack.__name__ != sys.argv[-1]:
                continue
            with siege.attack(attack.__name__.replace("_", " ")):
                attack(siege)


if __name__ == "__main__":
    main()
