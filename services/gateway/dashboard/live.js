// The picture of the house, as it comes; and the last hour of it, for charts.
import { big } from './format.js';
import { say } from './said.js';
import { t } from './text.js';

const HOUR = 3600; // points, one a second
const STALE_MS = 4000; // a picture a second; two when a room is silent

export const state = { picture: null, heardMs: 0, connected: false };
const listeners = new Set();
const histories = new Map(); // "otp/otp" → {t, depth, dead, oldest}
const lastSeen = new Map();  // room → ms, when it last answered
let source = null;

export function subscribe(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

export const history = (room, lane) => histories.get(`${room}/${lane}`);

export function lanes(picture) {
  return (picture?.rooms ?? []).flatMap((room) => (room.stats?.lanes ?? []).map((lane) => ({ room: room.room, ...lane })));
}

export const depth = (lane) => big(lane.queued) + big(lane.leased);

const columns = {
  depth, dead: (l) => big(l.dead), oldest: (l) => big(l.oldestMs) / 1000,
};

function remember(picture) {
  for (const room of picture.rooms) if (room.up) lastSeen.set(room.room, picture.atMs);
  for (const lane of lanes(picture)) {
    const key = `${lane.room}/${lane.lane}`;
    let kept = histories.get(key);
    if (!kept) histories.set(key, (kept = { t: [], ...Object.fromEntries(Object.keys(columns).map((c) => [c, []])) }));
    kept.t.push(picture.atMs / 1000);
    for (const [name, value] of Object.entries(columns)) kept[name].push(value(lane));
    if (kept.t.length > HOUR) for (const list of Object.values(kept)) list.shift();
  }
}

// What is missing of the picture, in words; [] when it is whole.
export function missing() {
  const said = [];
  if (state.picture && Date.now() - state.heardMs > STALE_MS) said.push({ stale: true });
  for (const room of state.picture?.rooms ?? [])
    if (!room.up) said.push({ room: room.room, seenMs: lastSeen.get(room.room) });
  return said;
}

let silentBefore = new Set();
function tellChanges(picture) {
  const silent = new Set(picture.rooms.filter((r) => !r.up).map((r) => r.room));
  for (const room of silent) if (!silentBefore.has(room)) say(t('said_silent', { room }));
  for (const room of silentBefore) if (!silent.has(room)) say(t('said_back', { room }));
  silentBefore = silent;
}

function show() {
  for (const listener of listeners) listener(state.picture);
}

export function open(onEnd) {
  close();
  source = new EventSource('/dash/stream');
  source.addEventListener('picture', (event) => {
    state.picture = JSON.parse(event.data);
    state.heardMs = Date.now();
    state.connected = true;
    remember(state.picture);
    tellChanges(state.picture);
    show();
  });
  source.addEventListener('error', () => {
    state.connected = false;
    if (source?.readyState === EventSource.CLOSED) onEnd(); // refused: not signed in any more, or the door is full
    show();
  });
}

export function close() {
  source?.close();
  source = null;
}

setInterval(() => { if (state.picture && Date.now() - state.heardMs > STALE_MS) show(); }, 1000);
