"""A complete SMS gateway for motcua: leases texts, sends them, says what became of them. Yours is send().

    sms_gateway.py NAME ENDPOINT [ROOM_KEY PUBLIC_KEY SECRET_KEY]       needs pyzmq, protobuf, protoc; PROTOS=folder of the .proto files
"""
import importlib, json, os, signal, subprocess, sys, tempfile, time  # noqa: E401
import zmq

with tempfile.TemporaryDirectory() as out:
    subprocess.run(["protoc", "-I", os.environ.get("PROTOS", "proto"), "-I", "/usr/include", "--python_out", out, "otp.proto",
                    "envelope.proto", "protobuf-c/protobuf-c.proto"], check=True)
    sys.path.insert(0, out)
    otp, envelope = importlib.import_module("otp_pb2"), importlib.import_module("envelope_pb2")

class Refused(Exception):
    """This text will never be taken: the number does not exist, the words are not allowed."""

def send(job):
    """Hands one text to the carrier; returns the carrier's reference. Raises Refused, or OSError: try again later."""
    print(json.dumps({"to": job.phone, "text": job.text, "reference": job.reference, "lane": otp.Lane.Name(job.lane),
                      "token": job.token.hex()}), flush=True)
    return "py-" + job.reference

def connect(name, endpoint, *keys):
    room = zmq.Context.instance().socket(zmq.DEALER)
    if keys:
        room.curve_serverkey, room.curve_publickey, room.curve_secretkey = (key.encode() for key in keys)
    room.connect(endpoint)
    return lambda method, request, reply: call(room, name, method, request, reply)

def call(room, name, method, request, reply):
    """Asks until there is an answer, always with the same id (a UUIDv7): the room does it once."""
    new_id = int(time.time() * 1000).to_bytes(6, "big") + b"\x70\0\x80" + os.urandom(7)
    head = envelope.Header(request_id=new_id, method="motcua.otp.v1.Otp/" + method, caller="sms:" + name, tag=time.monotonic_ns())
    while True:
        room.send_multipart([head.SerializeToString(), request.SerializeToString()])
        while room.poll(15000):
            answer, body = room.recv_multipart()
            answer = envelope.Header.FromString(answer)
            if answer.tag == head.tag and answer.status != 0:
                sys.exit(f"{method}: {answer.code} {answer.message}")  # what is leased goes to others when its time is over
            if answer.tag == head.tag:
                return reply.FromString(body)

def turn(ask, send):
    acks, nacks, reports = [], [], []
    for job in ask("LeaseJobs", otp.LeaseJobsRequest(credit=100, wait_ms=5000), otp.LeaseJobsReply).jobs:
        try:
            if 0 < job.expires_at_ms <= time.time() * 1000:
                raise OSError("EXPIRED")
            acks.append(otp.Ack(token=job.token, provider_reference=send(job)))
            reports.append(otp.DeliveryReport(reference=job.reference, state=otp.DELIVERED))
        except (Refused, OSError) as why:
            nacks.append(otp.Nack(token=job.token, error=str(why), permanent=isinstance(why, Refused)))
    if acks or nacks:  # reports are told when the carrier says so; here that is at once
        ask("AckJobs", otp.AckJobsRequest(acks=acks), otp.JobResults)
        ask("NackJobs", otp.NackJobsRequest(nacks=nacks), otp.JobResults)
        ask("ReportDelivery", otp.ReportDeliveryRequest(reports=reports), otp.ReportDeliveryReply)

if __name__ == "__main__":
    room, stopping = connect(*sys.argv[1:]), []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))  # a last turn: what it leases is still sent
    while not stopping:
        turn(room, send)
