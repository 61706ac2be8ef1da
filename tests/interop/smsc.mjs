// An SMSC by the npm package smpp, told what to do by JSON lines on stdin; what it sees are JSON
// lines on stdout. The first line names its port.
//
//     {"answers": [0, 88]}      statuses of the next submit_sm; null: no answer at all; then 0 again
//     {"bind": 14}              the status of binds from now on
//     {"receipt": "DELIVRD"}    sends a receipt for every text taken from now on ("" stops that)
//     {"early": true}           ... before the answer to submit_sm
//     {"ids": "hex"}            answers have hex ids, receipts decimal ones
//     {"deliver": "id:…", "tlv": {…}}   one deliver_sm with these words
//     {"drop": true}            cuts all connections;  {"unbind": true}  says so before

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const smpp = createRequire(process.cwd() + "/")("smpp");
const told = { answers: [], bind: 0, receipt: "", early: false, ids: "same" };
const sessions = new Set();
let number = 20249; // 0x4F19

const say = (event, more = {}) => process.stdout.write(JSON.stringify({ event, ...more }) + "\n");

function deliver(session, words, tlv = {}) {
  const pdu = { esm_class: 4, source_addr: "84912000101", destination_addr: "DVCQG", short_message: words, ...tlv };
  session.deliver_sm(pdu, (reply) => {
    say("delivered", { status: reply.command_status, words });
    if (reply.command_status === 0x64) setTimeout(() => deliver(session, words, tlv), 50);
  });
}

function submitted(session, pdu) {
  const status = told.answers.length > 0 ? told.answers.shift() : 0;
  const answerId = told.ids === "hex" ? (++number).toString(16).toUpperCase() : String(++number);
  say("submit", {
    from: pdu.source_addr, from_ton: pdu.source_addr_ton, from_npi: pdu.source_addr_npi,
    to: pdu.destination_addr, to_ton: pdu.dest_addr_ton, to_npi: pdu.dest_addr_npi,
    esm_class: pdu.esm_class, coding: pdu.data_coding, receipt: pdu.registered_delivery,
    valid_ms: pdu.validity_period ? new Date(pdu.validity_period) - Date.now() : 0,
    udh: pdu.short_message.udh ? pdu.short_message.udh.map((h) => h.toString("hex")).join("") : "",
    text: pdu.short_message.message.toString(), status, id: answerId, sequence: pdu.sequence_number,
  });
  if (status === null) return;
  const answer = () => session.send(pdu.response({ command_status: status, message_id: answerId }));
  const receipt = () => {
    if (status === 0 && told.receipt && (pdu.registered_delivery & 3) === 1)
      deliver(session, `id:${number} sub:001 dlvrd:001 submit date:2609070920 done date:2609070921 ` +
        `stat:${told.receipt} err:0${told.receipt === "DELIVRD" ? "00" : "21"} text:`);
  };
  if (told.early) {
    receipt();
    setTimeout(answer, 30);
  } else {
    answer();
    receipt();
  }
}

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on("bind_transceiver", (pdu) => {
    say("bind", { system_id: pdu.system_id, password: pdu.password, system_type: pdu.system_type,
      version: pdu.interface_version });
    session.send(pdu.response({ command_status: told.bind, system_id: "smsc" }));
  });
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("enquire_link", (pdu) => { say("enquire_link"); session.send(pdu.response()); });
  session.on("unbind", (pdu) => { say("unbind"); session.send(pdu.response()); session.close(); });
  session.on("error", () => {});
  session.on("close", () => { sessions.delete(session); say("close"); });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => say("listening", { port: server.address().port }));

createInterface({ input: process.stdin }).on("line", (line) => {
  const { deliver: words, tlv, drop, unbind, ...rest } = JSON.parse(line);
  Object.assign(told, rest);
  for (const session of sessions) {
    if (words !== undefined) deliver(session, words, tlv);
    if (unbind) session.unbind();
    if (drop) session.destroy();
  }
  say("told");
}).on("close", () => process.exit(0));
