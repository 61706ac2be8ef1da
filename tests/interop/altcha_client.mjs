// ALTCHA's own library solves our captcha, or our own script does.  stdin: the challenge; stdout: the payload as the
// widget sends it.
//
//     node altcha_client.mjs [script] < challenge.json

import { readFileSync } from "node:fs";
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";

const text = readFileSync(0, "utf8");
const challenge = JSON.parse(text);
if (process.argv[2]) {
  const { solve } = await import(process.argv[2]);
  process.stdout.write(await solve(text));
} else {
  const solution = await solveChallenge({ challenge, deriveKey });
  process.stdout.write(Buffer.from(JSON.stringify({ challenge, solution })).toString("base64"));
}
