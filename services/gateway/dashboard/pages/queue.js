import { call, can } from '../api.js';
import { chart } from '../chart.js';
import { facts, field, h, replace, table } from '../dom.js';
import { age, big, number, time } from '../format.js';
import * as live from '../live.js';
import { button, deadCount, forecast, form, jobLink, oldest, perMinute, problem } from '../parts.js';
import { t, word } from '../text.js';

const EVERY_MS = 10000; // how often the room is asked for its queue's shape

// Depth and age are what this page saw; rates are the room's own minutes, so the hour is whole at once.
function charts() {
  const jobs = chart(t('chart_depth'), [{ label: t('depth'), values: (k) => k.depth }, { label: t('dead'), values: (k) => k.dead }], (v) => number(v));
  const ages = chart(t('chart_oldest'), [{ label: t('oldest'), values: (k) => k.oldest }], (v) => number(v));
  const rates = chart(t('chart_rates'), [{ label: t('in'), values: (k) => k.in }, { label: t('out'), values: (k) => k.out },
    { label: t('failed'), values: (k) => k.failed }], (v) => number(v));
  const all = [jobs, ages, rates];
  return {
    node: h('section', { 'aria-label': t('last_hour') }, h('p', { class: 'faint' }, t('last_hour')), h('div', { class: 'charts' }, all.map((c) => c.node))),
    update(kept) {
      jobs.update(kept);
      ages.update(kept);
    },
    minutes(answer) {
      const from = big(answer.minutesFromMs) / 1000;
      const list = (name) => (answer[name] ?? []).map(big);
      rates.update({ t: list('inMinutes').map((_, i) => from + i * 60), in: list('inMinutes'), out: list('outMinutes'), failed: list('failedMinutes') });
    },
    close: () => all.forEach((c) => c.close()),
  };
}

// The columns' ends are the room's, so the table is made with its first answer.
function matrixOf(limitsMs) {
  return table(t('shape'), [
    { label: t('destination'), head: true, cell: (r) => ({ text: r.name, class: r.paused ? 'warn' : '' }) },
    { label: t('total'), number: true, cell: (r) => number(big(r.total)) },
    ...[...limitsMs, null].map((limit, i) => ({
      label: limit === null ? t('older') : `≤ ${age(limit)}`, number: true, cell: (r) => number(big(r.ages?.[i])) })),
    { label: t('dead'), number: true, cell: deadCount },
    { label: t('oldest'), number: true, cell: (r) => age(big(r.oldestMs)) },
  ], (r) => r.id, t('nothing_waits'));
}

function rowsOf(answer) {
  const rows = (answer.rows ?? []).map((r) => ({ ...r, name: r.destination || '–', id: `d:${r.destination}` }));
  if (answer.otherDestinations) rows.push({ ...answer.other, name: `${t('other')} ${answer.otherDestinations}`, id: 'other' });
  if (answer.total && rows.length > 0) rows.push({ ...answer.total, name: t('total'), id: 'total' });
  return rows;
}

const counts = (caption, name, label) => table(caption, [
  { label, head: true, cell: (r) => r[name] || '–' }, { label: t('count'), number: true, cell: (r) => number(big(r.count)) },
  { label: t('oldest'), number: true, cell: (r) => age(big(r.oldestMs)) }], (r) => r[name] ?? '', t('none'));

// Age × destination: what the room counts as it goes, so looking costs the same at ten and ten million.
function shapeSection(room, lane, shown, onAnswer) {
  const place = h('div');
  const holders = counts(t('holders'), 'worker', t('worker'));
  const reasons = counts(t('reasons'), 'reason', t('reason'));
  let matrix = null;
  async function load() {
    const answer = await call(room, 'Room/Shape', { lane });
    if (!matrix) {
      matrix = matrixOf((answer.ageLimitsMs ?? []).map(big));
      replace(place, matrix.node);
    }
    matrix.update(rowsOf(answer));
    holders.update(answer.holders ?? []);
    reasons.update(answer.reasons ?? []);
    onAnswer(answer);
  }
  const timer = setInterval(() => load().catch(() => {}), EVERY_MS); // a room that is away is told at the top
  load().catch(shown.show);
  return {
    node: h('section', {}, h('h2', {}, t('shape')), place, h('h3', {}, t('holders')), holders.node, h('h3', {}, t('reasons')), reasons.node,
      button(t('refresh'), load, shown)),
    close: () => clearInterval(timer),
  };
}

function jobsSection(room, lane, shown) {
  const list = table(t('jobs'), [
    { label: t('id'), head: true, cell: (j) => ({ text: j.id, href: jobLink(room, j.id) }) },
    { label: t('kind'), cell: (j) => j.kind },
    { label: t('state'), cell: (j) => word('state', j.state) },
    { label: t('age'), number: true, cell: (j) => age(Date.now() - big(j.createdMs)) },
    { label: t('due_in'), number: true, cell: (j) => (big(j.dueMs) > Date.now() ? age(big(j.dueMs) - Date.now()) : t('now')) },
    { label: t('tries'), number: true, cell: (j) => `${j.attempts ?? 0}/${j.attemptsMax ?? 0}` },
    { label: t('destination'), cell: (j) => j.destination ?? '' },
    { label: t('held_by'), cell: (j) => j.leasedBy ?? j.triedBy ?? '' },
    { label: t('last_error'), long: true, cell: (j) => j.lastError ?? '' },
  ], (j) => j.id, t('nothing_waits'));
  const which = h('select', { id: 'which' }, h('option', { value: 'QUEUED' }, t('live_jobs')), h('option', { value: 'DEAD' }, t('dead_jobs')));
  let after = '0';
  async function load(from) {
    const answer = await call(room, 'Room/Peek', { lane, state: which.value, limit: 50, after: from });
    list.update(answer.jobs ?? []);
    after = answer.jobs?.at(-1)?.id ?? '0';
    next.disabled = (answer.jobs ?? []).length < 50;
  }
  which.addEventListener('change', () => load('0').catch(shown.show));
  const next = button(t('next_page'), () => load(after).then(() => {}), shown);
  load('0').catch(shown.show);
  return h('section', {}, h('h2', {}, t('jobs')),
    h('div', { class: 'row' }, field(t('show'), which), button(t('refresh'), () => load('0'), shown), next,
      can('Room/PrepareAction') ? h('a', { href: `#/act/${encodeURIComponent(room)}/${encodeURIComponent(lane)}` }, t('act_on')) : null),
    list.node);
}

function pauseForm(room, lane, shown) {
  if (!can('Room/PauseLane')) return null;
  const destination = h('input', { name: 'destination', autocomplete: 'off' });
  const minutes = h('input', { name: 'minutes', type: 'number', min: '0', max: '43200', value: '60' });
  const reason = h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' });
  const node = form([field(t('only_destination'), destination), field(t('minutes'), minutes), field(t('why'), reason)], t('pause'), async (v) => {
    const minutesNumber = Number(v.minutes || 0);
    await call(room, 'Room/PauseLane', { lane, destination: v.destination, wholeLane: v.destination === '', reason: v.reason,
      untilMs: minutesNumber > 0 ? String(Date.now() + minutesNumber * 60000) : '0' });
    node.reset();
  }, shown);
  return h('details', {}, h('summary', {}, t('pause_what')), node);
}

function pauseList(room, lane, shown) {
  const place = h('div');
  let was = '';
  return {
    node: place,
    update(pauses) {
      const now = JSON.stringify(pauses);
      if (now === was) return;
      was = now;
      replace(place, pauses.map((p) => {
        const reason = h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' });
        return h('div', { class: 'notice' },
          h('p', {}, `${t('pauses')}: ${p.wholeLane ? t('whole_lane') : p.destination || '–'}. ${p.by}: ${p.reason}. ${t('since')} ${time(p.sinceMs)}, `,
            big(p.untilMs) ? `${t('until')} ${time(p.untilMs)}` : t('until_resumed')),
          can('Room/ResumeLane') ? form([field(t('why'), reason)], t('resume'), (v) => call(room, 'Room/ResumeLane',
            { lane, destination: p.destination ?? '', wholeLane: p.wholeLane ?? false, reason: v.reason }), shown, { class: 'line' }) : null);
      }));
    },
  };
}

export function queue({ parts: [room, lane] }) {
  const shown = problem();
  const drawn = charts();
  const shape = shapeSection(room, lane, shown, drawn.minutes);
  const paused = pauseList(room, lane, shown);
  const numbers = facts();
  return {
    title: t('queue_of', { room, lane }),
    node: h('div', {}, shown.node, paused.node, numbers.node, drawn.node,
      shape.node, jobsSection(room, lane, shown), pauseForm(room, lane, shown)),
    update(picture) {
      const found = live.lanes(picture).find((l) => l.room === room && l.lane === lane);
      if (found) {
        numbers.update([[t('oldest'), oldest(found)], [t('queued'), number(big(found.queued))], [t('scheduled'), number(big(found.scheduled))],
          [t('retrying'), number(big(found.retrying))], [t('leased'), number(big(found.leased))], [t('held'), number(big(found.held))],
          [t('dead'), deadCount(found)], [t('in_rate'), perMinute(found.inPerMinute)],
          [t('out_rate'), perMinute(found.outPerMinute)], [t('failed_rate'), perMinute(found.failedPerMinute)],
          [t('forecast'), forecast(found)]]);
        paused.update(found.pauses ?? []);
      }
      drawn.update(live.history(room, lane));
    },
    close() {
      drawn.close();
      shape.close();
    },
  };
}
