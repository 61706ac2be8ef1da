// Every word of the dashboard is there in both languages, and every key that its pages name has one.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
const { vi } = await import(pathToFileURL(`${folder}/vi.js`));
const { en } = await import(pathToFileURL(`${folder}/en.js`));
assert.deepEqual(Object.keys(vi).sort(), Object.keys(en).sort());
const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
for (const key of Object.keys(vi)) assert.deepEqual(places(vi[key]), places(en[key]), key);

const files = ['', 'pages/'].flatMap((at) => readdirSync(`${folder}/${at}`).filter((f) => /\.(js|html)$/.test(f)).map((f) => `${folder}/${at}${f}`));
const named = new Set();
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const [, key] of text.matchAll(/\bt\('([a-z_]+)'/g)) named.add(key);
  for (const [, key] of text.matchAll(/data-t(?:-label)?="([a-z_]+)"/g)) named.add(key);
}
assert.ok(named.size > 100);
for (const key of named) assert.ok(key in vi, `no word for ${key}`);
// Scripts and styles are files of ours: the page's own policy refuses anything else.
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?:\/\/(?!www\.w3\.org)/, file);
}
console.log(`${named.size} keys`);
