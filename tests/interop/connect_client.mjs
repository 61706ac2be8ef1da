// The Connect project's own client against our gateway, in JSON and in protobuf, without generated
// code: everything comes from the descriptors.
//
//     node connect_client.mjs http://127.0.0.1:PORT descriptors.binpb

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";

const [baseUrl, descriptors] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const Violation = registry.getMessage("motcua.v1.Violation");
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function clientOf(service, options) {
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", ...options });
  return createClient(registry.getService(service), transport);
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof ConnectError, String(error));
    return error;
  }
  assert.fail("it was expected to fail");
}

async function an_answer_comes_whole(options) {
  const reply = await clientOf("motcua.otp.v1.Otp", options).issue({ phone: "0912000101" });
  assert.equal(reply.phoneMasked, "091****101");
  assert.equal(reply.tag, "ĐÃ GỬI");
  assert.equal(reply.expiresAtMs, 1788888888123n);
  assert.equal(reply.attemptsLeft, 3);
}

async function every_failed_condition_is_told(options) {
  const error = await failure(clientOf("motcua.otp.v1.Otp", options).issue({}));
  assert.equal(error.code, Code.InvalidArgument);
  assert.equal(error.rawMessage, "Số điện thoại không đúng định dạng.");
  assert.equal(error.metadata.get("Motcua-Code"), "PHONE_FORMAT");
  const told = error.findDetails(Violation).map(({ field, code }) => `${field} ${code}`);
  assert.deepEqual(told, ["phone PHONE_FORMAT", "purpose FIELD_REQUIRED"]);
  assert.equal(error.details[0].debug.message, "Số điện thoại không đúng định dạng.");
}

async function headers_reach_the_room(options) {
  const headers = {
    Authorization: "Bearer v1.abc.def",
    "Idempotency-Key": "0198f2ab-5b1c-7c3d-8e4f-0123456789ab",
    Purpose: encodeURIComponent("giải quyết hồ sơ"),
    Traceparent: TRACE,
    Caller: "room:payment",
  };
  let answered;
  const before = Date.now();
  const reply = await clientOf("motcua.otp.v1.Otp", options).status({}, {
    headers,
    timeoutMs: 5000,
    onHeader: (header) => (answered = header),
  });
  const [session, purpose, trace] = reply.reason.split("|");
  assert.equal(reply.state, 4);
  assert.equal(reply.phoneMasked, "portal:http");
  assert.equal(reply.tag, "0198f2ab5b1c7c3d8e4f0123456789ab");
  assert.equal(session, "v1.abc.def");
  assert.equal(purpose, "giải quyết hồ sơ");
  assert.equal(trace.slice(0, 35), TRACE.slice(0, 35));
  assert.notEqual(trace, TRACE);
  assert.equal(answered.get("Traceparent"), trace);
  const deadline = Number(reply.expiresAtMs) - before;
  assert(deadline > 4000 && deadline < 7000, `deadline in ${deadline} ms`);
}

// Without a key each call is its own; any text as key is the same id every time.
async function ids_follow_the_key(options) {
  const otp = clientOf("motcua.otp.v1.Otp", options);
  const id = async (key) => (await otp.status({}, key && { headers: { "Idempotency-Key": key } })).tag;
  assert.notEqual(await id(), await id());
  assert.match(await id(), /^.{12}7/);
  assert.equal(await id("order 1"), await id("order 1"));
  assert.notEqual(await id("order 1"), await id("order 2"));
  assert.match(await id("order-1"), /^.{12}8.{3}[89ab]/);
}

async function statuses_have_their_names(options) {
  const otp = clientOf("motcua.otp.v1.Otp", options);
  for (let code = 1; code <= 16; code++) {
    const error = await failure(otp.verify({ code: `status ${code}` }));
    assert.equal(error.code, code);
    assert.equal(error.metadata.get("Motcua-Code"), "TEST_STATUS");
    assert.equal(error.metadata.get("Retry-After"), "2");
    assert.equal(error.findDetails(Violation)[0].code, "TEST_STATUS");
  }
}

async function silence_ends_in_time(options) {
  const started = Date.now();
  const error = await failure(clientOf("motcua.otp.v1.Otp", options)
    .verify({ code: "silent" }, { headers: { "Connect-Timeout-Ms": "300" } }));
  assert.equal(error.code, Code.DeadlineExceeded);
  assert.equal(error.metadata.get("Motcua-Code"), "DEADLINE_EXCEEDED"); // ours, not the client's own
  assert(Date.now() - started < 5000);
}

async function bytes_and_files_come_whole(options) {
  const login = await clientOf("motcua.identity.v1.Identity", options).login({ loginId: "x", password: "y" });
  assert.equal(login.login.length, 16);
  const content = Buffer.alloc(5 * 1024 * 1024, "một cửa ");
  const { sha256 } = await clientOf("motcua.dossier.v1.Dossier", options).attach({ fileName: "a.pdf", content });
  assert.equal(sha256, createHash("sha256").update(content).digest("hex"));
}

async function what_is_not_there_is_unimplemented(options) {
  const room = await failure(clientOf("motcua.v1.Room", options).stats({}));
  assert.equal(room.code, Code.Unimplemented);
  const hook = await failure(clientOf("motcua.otp.v1.Otp", options).deliveryWebhook({}));
  assert.equal(hook.code, Code.Unimplemented);
  assert.equal(hook.metadata.get("Motcua-Code"), "METHOD_UNKNOWN");
}

async function compression_is_refused(options) {
  const packed = { ...options, sendCompression: compressionGzip, compressMinBytes: 0 };
  const error = await failure(clientOf("motcua.otp.v1.Otp", packed).issue({ phone: "0912000101" }));
  assert.equal(error.code, Code.Unimplemented);
  assert.equal(error.metadata.get("Accept-Encoding"), "identity");
}

const tests = [
  an_answer_comes_whole,
  every_failed_condition_is_told,
  headers_reach_the_room,
  ids_follow_the_key,
  statuses_have_their_names,
  silence_ends_in_time,
  bytes_and_files_come_whole,
  what_is_not_there_is_unimplemented,
  compression_is_refused,
];
for (const useBinaryFormat of [false, true]) {
  for (const test of tests) {
    await test({ useBinaryFormat });
    console.log(`ok ${useBinaryFormat ? "proto" : "json "} ${test.name}`);
  }
}
process.exit(0); // kept-alive connections would hold it
