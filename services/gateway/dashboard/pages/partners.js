// Partners, their circuits and what was sent to them lately, as the partner room lists them.
import { call, can } from '../api.js';
import { h, replace, table } from '../dom.js';
import { age, time } from '../format.js';
import { button, problem } from '../parts.js';
import { t } from '../text.js';

const isTime = (name) => /Ms$/.test(name);

function text(name, value) {
  if (isTime(name)) return Number(value) > 1e12 ? time(value) : age(Number(value));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

// Columns are what the messages have: a field that a room adds is shown without a word from us.
function listOf(caption, rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const list = table(caption, names.map((name, i) => ({ label: name, head: i === 0, cell: (r) => (name in r ? text(name, r[name]) : '') })),
    (r) => JSON.stringify(r), t('none'));
  list.update(rows);
  return list.node;
}

export function partners() {
  const shown = problem();
  const place = h('div');
  const wanted = [['ListPartners', 'partners'], ['ListCircuits', 'circuits'], ['ListDeliveries', 'deliveries']].filter(([m]) => can(`Partner/${m}`));
  if (wanted.length === 0) return { title: t('partners'), node: h('p', { class: 'notice' }, t('no_partners')) };
  async function load() {
    const parts = await Promise.all(wanted.map(async ([method, caption]) => {
      const answer = await call('partner', `Partner/${method}`);
      const rows = Object.values(answer).find(Array.isArray) ?? [];
      return [listOf(t(caption), rows), answer.more || answer.nextPageToken ? h('p', { class: 'faint' }, t('more_there')) : null];
    }));
    replace(place, parts.flat());
  }
  load().catch(shown.show);
  return { title: t('partners'), node: h('div', {}, shown.node, place, button(t('refresh'), load, shown)) };
}
