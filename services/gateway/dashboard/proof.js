// An entry's proof, computed again here: RFC 9162 2.1.3.2, C2SP tlog-checkpoint and signed-note. Pure.
import { fromBase64 } from './format.js';

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer()));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

// "origin\nsize\nroot\n\n— name base64(key hash ‖ signature)\n"
export function readCheckpoint(note) {
  const at = note.indexOf('\n\n');
  const [origin, size, root] = note.slice(0, at).split('\n');
  return { origin, size: Number(size), root: fromBase64(root), signed: note.slice(0, at + 1), signatures: note.slice(at + 2).split('\n').filter(Boolean) };
}

export async function rootOf(leaf, number, size, path) {
  let fn = number - 1, sn = size - 1; // the log counts from 1
  if (fn < 0 || fn > sn) return null;
  let hash = await sha256(Uint8Array.of(0), leaf);
  for (const step of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      hash = await sha256(Uint8Array.of(1), step, hash);
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, step);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? hash : null;
}

// As below, of the log's keys: that of now, and those that were switched from or to.
export async function signatureGood(checkpoint, vkeys) {
  let found = null;
  for (const vkey of vkeys) {
    const good = await signedBy(checkpoint, vkey);
    if (good) return true;
    found ??= good;
  }
  return found;
}

// True, false, or null: no key of this name signed it, or the browser has no Ed25519. vkey: "name+hash+base64(1 ‖ key)".
async function signedBy(checkpoint, vkey) {
  const [name, , encoded] = [vkey.split('+')[0], 0, vkey.split('+').slice(2).join('+')];
  const key = fromBase64(encoded).slice(1);
  for (const line of checkpoint.signatures) {
    const [dash, who, value] = line.split(' ');
    if (dash !== '—' || who !== name) continue;
    try {
      const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
      return await crypto.subtle.verify('Ed25519', imported, fromBase64(value).slice(4), new TextEncoder().encode(checkpoint.signed));
    } catch {
      return null;
    }
  }
  return null;
}

// Field 9 of a Leaf (proto/audit.proto), the last of that number.
function commitmentOf(leaf) {
  let at = 0, found = null;
  const varint = () => {
    let value = 0, shift = 1;
    for (; ;) {
      const byte = leaf[at++];
      value += (byte & 127) * shift;
      shift *= 128;
      if (byte < 128 || at > leaf.length) return value;
    }
  };
  while (at < leaf.length) {
    const tag = varint();
    if (tag % 8 === 0) varint();
    else if (tag % 8 === 2) {
      const len = varint();
      if (Math.floor(tag / 8) === 9) found = leaf.slice(at, at + len);
      at += len;
    } else return null;
  }
  return found;
}

// Whether who and about whom is what the leaf committed itself to; null: it was forgotten on request.
export async function disclosureGood(leaf, disclosure) {
  if (disclosure.length === 0) return null;
  const commitment = commitmentOf(leaf);
  return commitment !== null && same(await sha256(disclosure), commitment);
}

export async function check(proof, number) {
  const checkpoint = readCheckpoint(proof.checkpoint);
  const leaf = fromBase64(proof.leaf);
  const path = (proof.path ?? []).map(fromBase64);
  const root = await rootOf(leaf, number, checkpoint.size, path);
  return { good: root !== null && same(root, checkpoint.root), checkpoint, leafHash: await sha256(Uint8Array.of(0), leaf), steps: path.length,
    disclosure: await disclosureGood(leaf, fromBase64(proof.disclosure ?? '')) };
}
