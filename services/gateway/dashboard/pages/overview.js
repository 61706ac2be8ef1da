import { h, replace, table } from '../dom.js';
import { age, big, bytes, number, time } from '../format.js';
import * as live from '../live.js';
import { deadCount, forecast, laneLink, oldest } from '../parts.js';
import { t } from '../text.js';

function roomStatus(room) {
  if (!room.up) return { text: t('silent'), class: 'bad' };
  if (room.stats.store?.refusing) return { text: t('refusing'), class: 'bad' };
  if (!room.health) return { text: t('up') };
  return room.health.ready ? { text: t('ready'), class: 'good' } : { text: t('not_ready'), class: 'bad' };
}

const lag = (room) => Math.max(0, ...(room.stats?.follows ?? []).map((f) => big(f.last) - big(f.applied)));

function roomTable() {
  return table(t('rooms'), [
    { label: t('room'), head: true, cell: (r) => r.room },
    { label: t('status'), cell: roomStatus },
    { label: t('oldest'), number: true, cell: (r) => (r.up ? age(Math.max(0, ...(r.stats.lanes ?? []).map((l) => big(l.oldestMs)))) : '–') },
    { label: t('depth'), number: true, cell: (r) => (r.up ? number((r.stats.lanes ?? []).reduce((n, l) => n + live.depth(l), 0)) : '–') },
    { label: t('lag'), number: true, cell: (r) => (r.up ? { text: number(lag(r)), class: lag(r) > 1000 ? 'warn' : '' } : '–') },
    { label: t('calls'), number: true, cell: (r) => (r.up ? number(big(r.stats.calls)) : '–') },
    { label: t('memory'), number: true, cell: (r) => (r.up ? bytes(r.stats.memoryBytes) : '–') },
    { label: t('store'), number: true, cell: (r) => (r.up && r.stats.store ? `${bytes(r.stats.store.usedBytes)} / ${bytes(r.stats.store.mapBytes)}` : '–') },
    { label: t('since'), cell: (r) => (r.up ? time(r.stats.startedMs) : '–') },
    { label: t('version'), cell: (r) => (r.up ? r.stats.version : '–') },
  ], (r) => r.room);
}

function followTable() {
  return table(t('follows'), [
    { label: t('room'), head: true, cell: (f) => f.by },
    { label: t('from'), cell: (f) => f.room },
    { label: t('lag'), number: true, cell: (f) => number(Math.max(0, big(f.last) - big(f.applied))) },
    { label: t('applied'), number: true, cell: (f) => number(big(f.applied)) },
    { label: t('last'), number: true, cell: (f) => number(big(f.last)) },
    { label: t('heard'), number: true, cell: (f) => (big(f.heardMs) ? age(Math.max(f.nowMs - big(f.heardMs), 1)) : t('never')) },
  ], (f) => `${f.by}/${f.room}`);
}

// The other way round: who reads a room's journal, whether we know it as a room or not (a portal's feed).
function followerTable() {
  return table(t('followers'), [
    { label: t('who'), head: true, cell: (f) => f.name },
    { label: t('from'), cell: (f) => f.room },
    { label: t('lag'), number: true, cell: (f) => number(Math.max(0, f.journalLast - big(f.after))) },
    { label: t('heard'), number: true, cell: (f) => age(Math.max(f.nowMs - big(f.heardMs), 1)) },
  ], (f) => `${f.room}/${f.name}`);
}

// The lanes that need somebody: the oldest first, then those with dead letters.
function worst(lanes) {
  return lanes.filter((l) => live.depth(l) > 0 || big(l.dead) > 0 || big(l.held) > 0)
    .sort((a, b) => big(b.oldestMs) - big(a.oldestMs) || big(b.dead) - big(a.dead)).slice(0, 10);
}

export function overview() {
  const cards = h('ul', { class: 'cards', id: 'cards' });
  const values = {};
  for (const name of ['oldest', 'depth', 'dead', 'held', 'rooms_up']) {
    values[name] = h('b', { id: `card-${name}` }, '–');
    cards.append(h('li', {}, t(name), values[name]));
  }
  const problems = h('ul');
  const eye = h('section', { class: 'notice', hidden: true, 'aria-label': t('problems') }, h('b', {}, t('problems')), problems);
  const lanes = table(t('queues'), [
    { label: t('lane'), head: true, cell: (l) => ({ text: `${l.room}/${l.lane}`, href: laneLink(l) }) },
    { label: t('oldest'), number: true, cell: oldest },
    { label: t('depth'), number: true, flash: true, cell: (l) => number(live.depth(l)) },
    { label: t('dead'), number: true, cell: deadCount },
    { label: t('forecast'), cell: forecast },
  ], (l) => `${l.room}/${l.lane}`, t('nothing_waits'));
  const rooms = roomTable();
  const follows = followTable();
  const followers = followerTable();

  return {
    title: t('overview'),
    node: h('div', {}, cards, eye, lanes.node, rooms.node, follows.node, followers.node),
    update(picture) {
      const all = live.lanes(picture);
      const sum = (f) => all.reduce((n, l) => n + f(l), 0);
      const set = (name, text, cls) => { values[name].textContent = text; values[name].className = cls ?? ''; };
      set('oldest', age(Math.max(0, ...all.map((l) => big(l.oldestMs)))));
      set('depth', number(sum(live.depth)));
      set('dead', number(sum((l) => big(l.dead))), sum((l) => big(l.dead)) ? 'bad' : '');
      set('held', number(sum((l) => big(l.held))));
      const up = picture.rooms.filter((r) => r.up).length;
      set('rooms_up', `${up} / ${picture.rooms.length}`, up < picture.rooms.length ? 'bad' : '');
      const told = picture.rooms.flatMap((r) => (r.health?.problems ?? []).map((p) => `${r.room}: ${p}`));
      eye.hidden = told.length === 0;
      if (problems.textContent !== told.join('')) replace(problems, told.map((p) => h('li', {}, p)));
      lanes.update(worst(all));
      rooms.update(picture.rooms);
      follows.update(picture.rooms.flatMap((r) => (r.stats?.follows ?? []).map((f) => ({ ...f, by: r.room, nowMs: big(r.stats.nowMs) }))));
      followers.update(picture.rooms.flatMap((r) => (r.stats?.followers ?? []).map((f) => ({ ...f, room: r.room,
        journalLast: big(r.stats.journalLast), nowMs: big(r.stats.nowMs) }))));
    },
  };
}
