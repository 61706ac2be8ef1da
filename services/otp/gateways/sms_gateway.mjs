// A complete SMS gateway for motcua: leases texts, sends them, says what became of them. Yours is send().
//
//     node sms_gateway.mjs NAME ENDPOINT [ROOM_KEY PUBLIC_KEY SECRET_KEY]     npm install zeromq protobufjs; PROTOS=folder of the .proto files
import { randomBytes } from "node:crypto";
import protobuf from "protobufjs";
import { Dealer } from "zeromq";

const root = new protobuf.Root();
root.resolvePath = (from, file) => (file.startsWith("protobuf-c/") ? null : `${process.env.PROTOS ?? "proto"}/${file}`);
root.loadSync(["otp.proto", "envelope.proto"]);
const Header = root.lookupType("motcua.v1.Header");
const type = (name) => root.lookupType("motcua.otp.v1." + name);
const LANES = root.lookupEnum("motcua.otp.v1.Lane").valuesById;
const REPLIES = { LeaseJobs: "LeaseJobsReply", AckJobs: "JobResults", NackJobs: "JobResults", ReportDelivery: "ReportDeliveryReply" };

class Refused extends Error {} // this text will never be taken: the number does not exist, the words are not allowed

// Hands one text to the carrier; returns the carrier's reference. Throws Refused, or any other error: try again later.
async function send(job) {
  console.log(JSON.stringify({ to: job.phone, text: job.text, reference: job.reference, lane: LANES[job.lane], token: Buffer.from(job.token).toString("hex") }));
  return "js-" + job.reference;
}

const [name, endpoint, curveServerKey, curvePublicKey, curveSecretKey] = process.argv.slice(2);
const keys = curveServerKey ? { curveServerKey, curvePublicKey, curveSecretKey } : {};
const room = new Dealer({ ...keys, receiveTimeout: 15000 });
room.connect(endpoint);

// Asks until there is an answer, always with the same id: the room does it once.
async function call(method, request) {
  const id = randomBytes(16); // a UUIDv7
  id.writeUIntBE(Date.now(), 0, 6);
  id[6] = (id[6] & 0x0f) | 0x70;
  id[8] = (id[8] & 0x3f) | 0x80;
  const tag = id.readUInt32BE(12);
  const head = Header.encode({ requestId: id, method: "motcua.otp.v1.Otp/" + method, caller: "sms:" + name, tag }).finish();
  const body = type(method + "Request").encode(type(method + "Request").fromObject(request)).finish();
  for (;;) {
    await room.send([head, body]);
    for (;;) {
      const frames = await room.receive().catch(() => null);
      if (frames === null) break; // no answer: again
      const answer = Header.decode(frames[0]);
      if (Number(answer.tag) !== tag) continue; // a late one to an earlier question
      if (answer.status !== 0) throw new Error(`${method}: ${answer.code} ${answer.message}`);
      return type(REPLIES[method]).decode(frames[1]);
    }
  }
}

async function turn() {
  const acks = [], nacks = [], reports = [];
  for (const job of (await call("LeaseJobs", { credit: 100, waitMs: 5000 })).jobs)
    try {
      if (Number(job.expiresAtMs) > 0 && Number(job.expiresAtMs) <= Date.now()) throw new Error("EXPIRED");
      acks.push({ token: job.token, providerReference: await send(job) });
      reports.push({ reference: job.reference, state: "DELIVERED" });
    } catch (why) {
      nacks.push({ token: job.token, error: why.message, permanent: why instanceof Refused });
    }
  if (nacks.length > 0) await call("NackJobs", { nacks });
  if (acks.length > 0) await call("AckJobs", { acks });
  if (reports.length > 0) await call("ReportDelivery", { reports }); // when the carrier says so; here that is at once
}

let stopping = false;
process.on("SIGTERM", () => (stopping = true)); // a last turn: what it leases is still sent
while (!stopping)
  await turn().catch((why) => { // the room refused: paused, for example; what is leased runs out by itself
    console.error(why.message);
    return new Promise((again) => setTimeout(again, 5000));
  });
room.close();
