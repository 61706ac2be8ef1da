import { call, can } from '../api.js';
import { facts, h, replace, table } from '../dom.js';
import { age, big, time } from '../format.js';
import { button, problem, traceLink } from '../parts.js';
import { t, word } from '../text.js';

// Done or dropped, a job is no more: that is no failure of the page.
const load = (room, id) => call(room, 'Room/GetJob', { id }).catch((error) => {
  if (error.status === 404) return {};
  throw error;
});

function about(job) {
  const list = facts();
  list.update([
    [t('state'), { text: word('state', job.state), class: job.state === 'DEAD' ? 'bad' : '' }],
    [t('kind'), job.kind], [t('destination'), job.destination || '–'], [t('tries'), `${job.attempts ?? 0}/${job.attemptsMax ?? 0}`],
    [t('age'), age(Date.now() - big(job.createdMs))], [t('created'), time(job.createdMs, true)], [t('due'), time(job.dueMs, true)],
    [t('expires'), time(job.expiresMs, true)], [t('held_by'), job.leasedBy || job.triedBy || '–'], [t('last_error'), job.lastError || '–'],
    [t('actor'), job.actor || '–'], [t('cause_event'), job.causeEvent || '–'],
  ]);
  const keys = (job.keys ?? []).map((key) => h('li', { class: 'break' }, h('a', { href: traceLink(key) }, key)));
  return [list.node, keys.length ? h('section', {}, h('h2', {}, t('keys')), h('ul', {}, keys)) : null];
}

function attempts(job) {
  const list = table(t('attempts'), [
    { label: '#', head: true, cell: (a) => a.number ?? '' }, { label: t('when'), cell: (a) => time(a.atMs, true) },
    { label: t('worker'), cell: (a) => a.worker ?? '' }, { label: t('error'), long: true, cell: (a) => a.error ?? '' },
  ], (a) => `${a.atMs}/${a.number}`, t('none'));
  list.update(job.failures ?? []);
  return list.node;
}

function touches(room, page) {
  const list = table(t('touches'), [
    { label: t('when'), head: true, cell: (a) => time(a.atMs, true) },
    { label: t('action'), cell: (a) => ({ text: word('kind', a.kind), href: a.actionId ? `#/action/${room}/${encodeURIComponent(a.actionId)}` : undefined }) },
    { label: t('by'), cell: (a) => a.by ?? '' }, { label: t('approved_by'), cell: (a) => a.approvedBy ?? '' },
    { label: t('reason'), long: true, cell: (a) => (page.actions ?? []).find((b) => b.actionId === a.actionId)?.reason ?? '' },
    { label: t('destination'), cell: (a) => (a.toDestination ? t('moved', { from: a.fromDestination ?? '', to: a.toDestination }) : '') },
  ], (a) => `${a.atMs}/${a.actionId}`, t('none'));
  list.update(page.job.touches ?? []);
  return list.node;
}

export function job({ parts: [room, id] }) {
  const shown = problem();
  const place = h('div', {}, h('p', {}, t('loading')));
  async function draw() {
    const page = await load(room, id);
    if (!page.job) {
      replace(place, h('p', { class: 'notice' }, t('job_gone')));
      return;
    }
    const lane = page.lane ? `#/act/${room}/${encodeURIComponent(page.lane)}?ids=${id}&state=${page.job.state}` : null;
    replace(place, page.pause ? h('p', { class: 'notice' }, `${t('pauses')}: ${page.pause.by}: ${page.pause.reason}`) : null,
      about(page.job), attempts(page.job), touches(room, page),
      lane && can('Room/PrepareAction') && page.job.state !== 'LEASED' ? h('p', {}, h('a', { href: lane }, t('act_on'))) : null);
  }
  draw().catch((error) => {
    replace(place);
    shown.show(error);
  });
  return { title: t('job', { id }), node: h('div', {}, shown.node, place, button(t('refresh'), draw, shown)) };
}
