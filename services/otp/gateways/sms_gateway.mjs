// A complete SMS gateway for motcua: leases texts, sends them, says what became of them. Yours is send().
//
//     node sms_gateway.mjs NAME ENDPOINT [ROOM_KEY PUBLIC_KEY SECRET_KEY]     npm install zeromq protobufjs; PROTOS=folder of the .proto files
import { randomBytes } from "node:crypto";
import protobuf from "protobufjs";
import { Dealer } from "zeromq";

const root = new protobuf.Root();
root.resolvePath = (from, file) => (file.startsWith("protobuf-c/") ? null : `${process.env.PROTOS ?? "proto"}/${file}`);
root.loadSync(["otp.proto", "envelope.proto"]);
const type = (name) => root.lookupType(name.includes(".") ? name : "motcua.otp.v1." + name);
const Header = type("motcua.v1.Header");

class Refused extends Error {} // this text will never be taken: the number does not exist, the words are not allowed

// Hands one text to the carrier; returns the carrier's reference. Throws Refused, or any other error: try again later.
async function send(job) {
  console.log(JSON.stringify({ to: job.phone, text: job.text, reference: job.reference }));
  return "js-" + job.reference;
}

const [name, endpoint, curveServerKey, curvePublicKey, curveSecretKey] = process.argv.slice(2);
const room = new Dealer({ receiveTimeout: 15000, ...(curveServerKey && { curveServerKey, curvePublicKey, curveSecretKey }) });
room.connect(endpoint);
let calls = 0;

// Asks until there is an answer, always with the same id (a UUIDv7): the room does it once.
async function call(method, request, reply) {
  const time = Buffer.from(Date.now().toString(16).padStart(12, "0"), "hex");
  const requestId = Buffer.concat([time, Buffer.from([0x70, 0, 0x80]), randomBytes(7)]);
  const tag = ++calls;
  const head = Header.encode({ requestId, method: "motcua.otp.v1.Otp/" + method, caller: "sms:" + name, tag }).finish();
  const body = type(method + "Request").encode(type(method + "Request").fromObject(request)).finish();
  for (;;) {
    await room.send([head, body]);
    for (let frames; (frames = await room.receive().catch(() => null)) !== null; ) {
      const answer = Header.decode(frames[0]);
      if (Number(answer.tag) !== tag) continue; // late, to an earlier question
      if (answer.status === 0) return type(reply).decode(frames[1]);
      throw new Error(`${method}: ${answer.code} ${answer.message}`); // what is leased goes to others when its time is over
    }
  }
}

let stopping = false;
process.on("SIGTERM", () => (stopping = true)); // a last turn: what it leases is still sent
while (!stopping) {
  const acks = [], nacks = [], reports = [];
  for (const job of (await call("LeaseJobs", { credit: 100, waitMs: 5000 }, "LeaseJobsReply")).jobs)
    try {
      if (Number(job.expiresAtMs) > 0 && Number(job.expiresAtMs) <= Date.now()) throw new Error("EXPIRED");
      acks.push({ token: job.token, providerReference: await send(job) });
      reports.push({ reference: job.reference, state: "DELIVERED" });
    } catch (why) {
      nacks.push({ token: job.token, error: why.message, permanent: why instanceof Refused });
    }
  if (acks.length + nacks.length === 0) continue; // reports are told when the carrier says so; here that is at once
  await call("AckJobs", { acks }, "JobResults");
  await call("NackJobs", { nacks }, "JobResults");
  await call("ReportDelivery", { reports }, "ReportDeliveryReply");
}
room.close();
