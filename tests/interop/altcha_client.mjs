// ALTCHA's own library solves our captcha.  stdin: the challenge; stdout: the payload as its widget sends it.
//
//     node altcha_client.mjs < challenge.json

import { readFileSync } from "node:fs";
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";

const challenge = JSON.parse(readFileSync(0, "utf8"));
const solution = await solveChallenge({ challenge, deriveKey });
process.stdout.write(Buffer.from(JSON.stringify({ challenge, solution })).toString("base64"));
