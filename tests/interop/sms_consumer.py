"""An SMS gateway that shares no code with us: leases jobs, "sends" them by printing, acknowledges, reports.

    sms_consumer.py ENDPOINT COUNT [--name GW] [--server-key Z85 --public Z85 --secret Z85] [--protos DIR] [--seconds N]
                    [--lease-ms N] [--hold]

ENDPOINT is ipc:///run/motcua/otp/sock, or tcp://host:port with the three CURVE keys. Prints one JSON line a text and
ends with 0 once COUNT were delivered, with 1 when time is over.
"""
import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time

import zmq

args = argparse.ArgumentParser()
args.add_argument("endpoint")
args.add_argument("count", type=int)
args.add_argument("--name", default="python")
args.add_argument("--server-key")
args.add_argument("--public")
args.add_argument("--secret")
args.add_argument("--protos", default="proto")
args.add_argument("--seconds", type=float, default=30)
args.add_argument("--lease-ms", type=int, default=0)
args.add_argument("--hold", action="store_true", help="keep what was leased, say nothing more: to be killed")
args = args.parse_args()

with tempfile.TemporaryDirectory() as out:  # Google's compiler and library, not protobuf-c
    subprocess.run(["protoc", "-I", args.protos, "-I", "/usr/include", "--python_out", out, "otp.proto",
                    "envelope.proto", "protobuf-c/protobuf-c.proto"], check=True)
    sys.path.insert(0, out)
    otp, envelope = importlib.import_module("otp_pb2"), importlib.import_module("envelope_pb2")

room = zmq.Context().socket(zmq.DEALER)
room.linger = 0
if args.server_key:
    room.curve_serverkey, room.curve_publickey, room.curve_secretkey = (
        key.encode() for key in (args.server_key, args.public, args.secret))
room.connect(args.endpoint)
until = time.monotonic() + args.seconds
tag = 0


def uuid7():
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = raw[6] & 0x0F | 0x70, raw[8] & 0x3F | 0x80
    return bytes(raw)


def call(method, request, reply):
    """Asks, and asks again with the same request id until it is answered."""
    global tag
    tag += 1
    header = envelope.Header(request_id=uuid7(), method="motcua.otp.v1.Otp/" + method, tag=tag, caller="sms:" + args.name)
    while time.monotonic() < until:
        room.send_multipart([header.SerializeToString(), request.SerializeToString()])
        again = time.monotonic() + 4
        while room.poll(max(0, (min(again, until) - time.monotonic()) * 1000)):
            head, body = room.recv_multipart()
            head = envelope.Header.FromString(head)
            if head.tag != tag:
                continue  # a late answer to an earlier question
            if head.status != 0:
                sys.exit(f"{method}: {head.status} {head.code} {head.message}")
            return reply.FromString(body)
    sys.exit(f"{method}: time is over")


delivered = 0
while delivered < args.count:
    jobs = call("LeaseJobs", otp.LeaseJobsRequest(credit=100, wait_ms=2000, lease_ms=args.lease_ms), otp.LeaseJobsReply).jobs
    jobs = [job for job in jobs if not job.expires_at_ms or job.expires_at_ms > time.time() * 1000]
    for job in jobs:
        print(json.dumps({"to": job.phone, "text": job.text, "lane": otp.Lane.Name(job.lane), "reference": job.reference,
                          "encoding": job.encoding, "parts": job.parts, "token": job.token.hex()}, ensure_ascii=False), flush=True)
    if not jobs or args.hold:
        continue
    acks = [otp.Ack(token=job.token, provider_reference="py-" + job.reference) for job in jobs]
    results = call("AckJobs", otp.AckJobsRequest(acks=acks), otp.JobResults).results
    reports = [otp.DeliveryReport(reference=job.reference, state=otp.DELIVERED)
               for job, result in zip(jobs, results) if result.ok]
    delivered += call("ReportDelivery", otp.ReportDeliveryRequest(reports=reports), otp.ReportDeliveryReply).applied
