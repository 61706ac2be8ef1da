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
    room.linger = 0
    if keys:
        room.curve_serverkey, room.curve_publickey, room.curve_secretkey = (key.encode() for key in keys)
    room.connect(endpoint)

    def call(method, request):
        """Asks until there is an answer, always with the same id: the room does it once."""
        at = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
        at[6], at[8] = at[6] & 0x0F | 0x70, at[8] & 0x3F | 0x80  # a UUIDv7
        head = envelope.Header(request_id=bytes(at), method="motcua.otp.v1.Otp/" + method, caller="sms:" + name,
                               tag=int.from_bytes(at[9:], "big"))
        while True:
            room.send_multipart([head.SerializeToString(), request.SerializeToString()])
            while room.poll(15000):
                answer, body = room.recv_multipart()
                answer = envelope.Header.FromString(answer)
                if answer.tag == head.tag and answer.status == 0:
                    return body
                if answer.tag == head.tag:
                    raise OSError(f"{method}: {answer.code} {answer.message}")
    return call

def turn(call, send, lease_ms=0):
    body = call("LeaseJobs", otp.LeaseJobsRequest(credit=100, wait_ms=5000, lease_ms=lease_ms))
    acks, nacks, reports = [], [], []
    for job in otp.LeaseJobsReply.FromString(body).jobs:
        try:
            if 0 < job.expires_at_ms <= time.time() * 1000:
                raise OSError("EXPIRED")
            acks.append(otp.Ack(token=job.token, provider_reference=send(job)))
            reports.append(otp.DeliveryReport(reference=job.reference, state=otp.DELIVERED))
        except (Refused, OSError) as why:
            nacks.append(otp.Nack(token=job.token, error=str(why), permanent=isinstance(why, Refused)))
    if nacks:
        call("NackJobs", otp.NackJobsRequest(nacks=nacks))
    if acks:
        call("AckJobs", otp.AckJobsRequest(acks=acks))
    if reports:  # told when the carrier says so; here that is at once
        call("ReportDelivery", otp.ReportDeliveryRequest(reports=reports))

if __name__ == "__main__":
    room, stopping = connect(*sys.argv[1:]), []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))  # a last turn: what it leases is still sent
    while not stopping:
        try:
            turn(room, send)
        except OSError as why:  # the room refused: paused, for example; what is leased runs out by itself
            print(why, file=sys.stderr)
            time.sleep(5)
