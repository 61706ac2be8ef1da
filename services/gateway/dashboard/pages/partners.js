// Partners: which circuits are open, who is paused, and what one of them was sent.
import { call, can } from '../api.js';
import { facts, field, h, replace, table } from '../dom.js';
import { age, big, number, time } from '../format.js';
import { button, form, problem, traceLink } from '../parts.js';
import { t, word } from '../text.js';

const EVERY_MS = 5000;
const partnerLink = (id) => `#/partner/${encodeURIComponent(id)}`;
const circuitState = (c) => ({ text: word('circuit', c?.state ?? 'CIRCUIT_CLOSED'), class: (c?.state ?? 'CIRCUIT_CLOSED') === 'CIRCUIT_CLOSED' ? 'good' : 'bad' });
const pauseText = (p) => (p ? { text: `${p.by}: ${p.reason} (${t('until')} ${big(p.untilMs) ? time(p.untilMs) : t('until_resumed')})`, class: 'warn' } : '');

function circuitTable() {
  return table(t('circuits'), [
    { label: t('partner'), head: true, cell: (c) => ({ text: c.partnerId, href: partnerLink(c.partnerId) }) },
    { label: t('status'), cell: circuitState },
    { label: t('since'), cell: (c) => time(c.sinceMs) },
    { label: t('probe'), cell: (c) => (big(c.probeMs) ? time(c.probeMs) : '–') },
    { label: t('failures'), number: true, cell: (c) => number(c.failures ?? 0) },
    { label: t('queued'), number: true, flash: true, cell: (c) => number(big(c.waiting)) },
    { label: t('leased'), number: true, cell: (c) => number(big(c.inHand)) },
    { label: t('dead'), number: true, cell: (c) => ({ text: number(big(c.dead)), class: big(c.dead) ? 'bad' : '' }) },
    { label: t('reason'), long: true, cell: (c) => c.reason ?? '' },
  ], (c) => c.partnerId, t('none'));
}

function partnerTable() {
  return table(t('partners'), [
    { label: t('id'), head: true, cell: (p) => ({ text: p.profile.partnerId, href: partnerLink(p.profile.partnerId) }) },
    { label: t('partner'), cell: (p) => p.profile.name ?? '' },
    { label: t('unit'), cell: (p) => p.profile.unit ?? '' },
    { label: t('circuit'), cell: (p) => circuitState(p.circuit) },
    { label: t('pauses'), long: true, cell: (p) => pauseText(p.pause) },
    { label: t('changed'), cell: (p) => `${time(p.changedMs)} ${p.changedBy ?? ''}` },
  ], (p) => p.profile.partnerId, t('none'));
}

// Whole lists, a page after the other; a house has some hundred partners at most.
async function all(method, name, request = {}) {
  const rows = [];
  let token = '';
  do {
    const answer = await call('partner', `Partner/${method}`, { ...request, pageSize: 50, pageToken: token });
    rows.push(...(answer[name] ?? []));
    token = answer.nextPageToken ?? '';
  } while (token && rows.length < 1000);
  return rows;
}

export function partners() {
  const shown = problem();
  if (!can('Partner/ListPartners')) return { title: t('partners'), node: h('p', { class: 'notice' }, t('no_partners')) };
  const circuits = circuitTable();
  const list = partnerTable();
  const openFirst = (a, b) => (b.state ?? '').localeCompare(a.state ?? '') || a.partnerId.localeCompare(b.partnerId);
  async function load() {
    circuits.update((await all('ListCircuits', 'circuits')).sort(openFirst));
    list.update(await all('ListPartners', 'partners'));
  }
  const timer = setInterval(() => load().catch(() => {}), EVERY_MS); // a room that is away is told at the top
  load().catch(shown.show);
  return { title: t('partners'), node: h('div', {}, shown.node, circuits.node, list.node), close: () => clearInterval(timer) };
}

function deliveryTable() {
  return table(t('deliveries'), [
    { label: t('what'), head: true, cell: (d) => ({ text: d.object ?? '', href: traceLink(d.object ?? '') }) },
    { label: t('kind'), cell: (d) => d.kind ?? '' },
    { label: t('status'), cell: (d) => ({ text: word('delivery', d.state), class: /LATE|FAILED/.test(d.state) ? 'bad' : '' }) },
    { label: t('age'), number: true, cell: (d) => age(Math.max(1, (big(d.endedMs) || Date.now()) - big(d.createdMs))) },
    { label: t('tries'), number: true, cell: (d) => d.attempts ?? 0 },
    { label: t('last_try'), cell: (d) => time(d.lastTriedMs) },
    { label: t('reason'), long: true, cell: (d) => d.reason || d.markedReason || '' },
  ], (d) => d.deliveryId, t('none'));
}

function controls(id, view, load, shown) {
  const reason = field(t('why'), h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' }));
  const minutes = field(t('minutes'), h('input', { name: 'minutes', type: 'number', min: '0', max: '43200', value: '60' }));
  if (view.pause)
    return !can('Partner/ResumePartner') ? null : form([reason], t('resume'), async (v) => {
      await call('partner', 'Partner/ResumePartner', { partnerId: id, reason: v.reason });
      await load();
    }, shown);
  return !can('Partner/PausePartner') ? null : form([reason, minutes], t('pause'), async (v) => {
    const count = Number(v.minutes || 0);
    await call('partner', 'Partner/PausePartner', { partnerId: id, reason: v.reason, untilMs: count > 0 ? String(Date.now() + count * 60000) : '0' });
    await load();
  }, shown);
}

export function partnerPage({ parts: [id] }) {
  const shown = problem();
  const about = facts();
  const deliveries = deliveryTable();
  const failing = h('input', { type: 'checkbox', id: 'failing' });
  const place = h('div');
  const more = h('p', { class: 'faint', hidden: true }, t('more_there'));
  async function load() {
    const view = await call('partner', 'Partner/GetPartner', { partnerId: id });
    about.update([[t('partner'), view.profile.name ?? id], [t('unit'), view.profile.unit || '–'], [t('circuit'), circuitState(view.circuit)],
      [t('reason'), view.circuit?.reason || '–'], [t('pauses'), pauseText(view.pause) || '–'], [t('changed'), `${time(view.changedMs)} ${view.changedBy ?? ''}`]]);
    const answer = await call('partner', 'Partner/ListDeliveries', { partnerId: id, failing: failing.checked, pageSize: 50 });
    deliveries.update(answer.deliveries ?? []);
    more.hidden = !answer.nextPageToken;
    replace(place, controls(id, view, load, shown));
  }
  failing.addEventListener('change', () => load().catch(shown.show));
  load().catch(shown.show);
  return {
    title: id,
    node: h('div', {}, shown.node, about.node, h('div', { class: 'row' }, h('label', {}, h('span', { class: 'row' }, failing, t('only_failing'))),
      button(t('refresh'), load, shown)), deliveries.node, more, place),
  };
}
