"""A portal front end in Python: ZeroMQ and protobuf straight from the .proto files, no code of the daemons.

    portal = Portal(run_dir, caller="portal:demo")                        # ipc, trusted local user
    portal = Portal(run_dir, keys_dir=keys, secret="keys/portal.curve")   # tcp with CURVE
    reply = portal.call("otp", "Verify", {"subject": ..., "code": "123456"})

A call is repeated with the same request id until it is answered: rooms do it once.
"""
import base64
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import time

import zmq
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PROTO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "proto")
SERVICES = {
    "identity": "motcua.identity.v1.Identity",
    "otp": "motcua.otp.v1.Otp",
    "dossier": "motcua.dossier.v1.Dossier",
    "payment": "motcua.payment.v1.Payment",
    "notification": "motcua.notification.v1.Notification",
    "audit": "motcua.audit.v1.Audit",
    "support": "motcua.support.v1.Support",
    "partner": "motcua.partner.v1.Partner",
}
HOUSE = "motcua.v1.Room"
HOUSE_METHODS = {"Follow", "Stats", "Peek", "Health", "StartUpkeep", "GetUpkeep", "StopUpkeep", "AcceptLineage"}


def load_descriptors():
    with tempfile.NamedTemporaryFile(suffix=".pb") as out:
        names = sorted(n for n in os.listdir(PROTO) if n.endswith(".proto"))
        subprocess.run(["protoc", "-I", PROTO, "-I", "/usr/include", "--include_imports", "-o", out.name]
                       + [os.path.join(PROTO, n) for n in names], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(open(out.name, "rb").read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


POOL = load_descriptors()
FACTORY = message_factory.MessageFactory(POOL)


def message(name):
    return FACTORY.GetPrototype(POOL.FindMessageTypeByName(name))


Header = message("motcua.v1.Header")


def uuid7(now=None):
    ms = int((time.time() if now is None else now) * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return bytes(raw)


class Refused(Exception):
    def __init__(self, method, header):
        self.status = header.status
        self.code = header.code
        self.message = header.message
        self.violations = [(v.field, v.code, v.message) for v in header.violations]
        self.retry_after_ms = header.retry_after_ms
        super().__init__(f"{method}: {header.code}: {header.message} {self.violations}")


class NoAnswer(Exception):
    pass


class Portal:
    """One DEALER per room and thread."""

    context = zmq.Context.instance()

    def __init__(self, run_dir, caller="portal:demo", keys_dir=None, secret=None, resend=1.0):
        self.run_dir, self.caller, self.keys_dir, self.secret = run_dir, caller, keys_dir, secret
        self.resend = resend
        self.local = threading.local()
        self.traceparent = ""
        self.source = ""  # where this front end's user is: failures are counted by it

    def _socket(self, room):
        sockets = self.local.__dict__.setdefault("sockets", {})
        if room in sockets:
            return sockets[room]
        socket = self.context.socket(zmq.DEALER)
        socket.linger = 0
        if self.secret:
            secret = open(self.secret, "rb").read().strip()
            socket.curve_secretkey = secret
            socket.curve_publickey = zmq.curve_public(secret)
            socket.curve_serverkey = open(f"{self.keys_dir}/{room}.curve.pub", "rb").read().strip()
            socket.connect(open(f"{self.run_dir}/{room}/tcp").read().strip())
        else:
            socket.connect(f"ipc://{self.run_dir}/{room}/sock")
        sockets[room] = socket
        return socket

    def reconnect(self, room):
        socket = self.local.__dict__.get("sockets", {}).pop(room, None)
        if socket is not None:
            socket.close()

    def captcha(self, login_id):
        """Solved, for one call about this number; "" when none is asked for."""
        return self.solved("identity", {"login_id": login_id})

    def feedback_captcha(self, session=""):
        """The same for one SendFeedback."""
        return self.solved("support", {}, session)

    def solved(self, room, about, session=""):
        asked = self.call(room, "GetCaptcha", about, session)
        return solve_captcha(asked.challenge) if asked.required else ""

    def call(self, room, method, request=None, session="", request_id=None, timeout=10.0, purpose=""):
        service = POOL.FindServiceByName(HOUSE if method in HOUSE_METHODS else SERVICES[room])
        descriptor = service.FindMethodByName(method)
        body = message(descriptor.input_type.full_name)()
        if isinstance(request, dict):
            fill(body, request)
        elif request is not None:
            body.CopyFrom(request)
        head = Header(request_id=request_id or uuid7(), method=f"{service.full_name}/{method}", caller=self.caller,
                      session=session.encode(), traceparent=self.traceparent, purpose=purpose,
                      source=self.source)
        frames = [head, body.SerializeToString()]
        reply_head, reply_body = self._exchange(room, frames, timeout)
        if reply_head.status:
            raise Refused(method, reply_head)
        return message(descriptor.output_type.full_name).FromString(reply_body)

    def _exchange(self, room, frames, timeout):
        head, body = frames
        ends = time.monotonic() + timeout
        head.tag = int.from_bytes(os.urandom(7), "big")
        packed = head.SerializeToString()
        while time.monotonic() < ends:
            socket = self._socket(room)
            try:
                socket.send_multipart([packed, body], zmq.DONTWAIT)
            except zmq.Again:
                pass
            again = min(ends, time.monotonic() + self.resend)
            while (left := again - time.monotonic()) > 0:
                if not socket.poll(left * 1000):
                    break
                got = socket.recv_multipart()
                reply = Header.FromString(got[0])
                if reply.tag == head.tag:
                    return reply, got[1]
            if self.secret is not None and os.path.exists(f"{self.run_dir}/{room}/tcp"):
                self.reconnect(room)  # a restarted room may listen on another port
        raise NoAnswer(f"{room} {head.method}")


def fill(target, values):
    """A dict into a message: bytes and text as they are, lists, nested dicts, enum names."""
    for key, value in values.items():
        field = target.DESCRIPTOR.fields_by_name[key]
        if field.message_type is not None and field.label == field.LABEL_REPEATED:
            for item in value:
                fill(getattr(target, key).add(), item)
        elif field.message_type is not None:
            fill(getattr(target, key), value)
        elif field.label == field.LABEL_REPEATED:
            getattr(target, key).extend(enum_number(field, v) for v in value)
        else:
            setattr(target, key, enum_number(field, value))


def solve_captcha(challenge):
    """Proof of work of ALTCHA (PoW v2): what its widget would send for GetCaptcha's challenge."""
    asked = json.loads(challenge)["parameters"]
    nonce, salt, prefix = bytes.fromhex(asked["nonce"]), bytes.fromhex(asked["salt"]), asked["keyPrefix"]
    counter = 0
    while True:
        key = hashlib.pbkdf2_hmac("sha256", nonce + counter.to_bytes(4, "big"), salt, asked["cost"], asked["keyLength"]).hex()
        if key.startswith(prefix):
            payload = {"challenge": json.loads(challenge), "solution": {"counter": counter, "derivedKey": key}}
            return b64(json.dumps(payload).encode())
        counter += 1


def enum_number(field, value):
    return field.enum_type.values_by_name[value].number if field.enum_type and isinstance(value, str) else value


def enum_name(msg, field):
    descriptor = msg.DESCRIPTOR.fields_by_name[field]
    return descriptor.enum_type.values_by_number[getattr(msg, field)].name


def as_json(msg):
    return json_format.MessageToJson(msg, indent=None)


def b64(data):
    return base64.b64encode(data).decode()


def pretty(msg):
    return json.dumps(json.loads(as_json(msg)), ensure_ascii=False)
