import { call, session } from '../api.js';
import { field, h, replace, table } from '../dom.js';
import { age, big, number } from '../format.js';
import * as live from '../live.js';
import { deadCount, forecast, form, jobLink, laneLink, oldest, perMinute, problem } from '../parts.js';
import { t, word } from '../text.js';

export function queues({ go }) {
  const list = table(t('all_queues'), [
    { label: t('lane'), head: true, cell: (l) => ({ text: `${l.room}/${l.lane}`, href: laneLink(l) }) },
    { label: t('oldest'), number: true, cell: oldest },
    { label: t('queued'), number: true, flash: true, cell: (l) => number(big(l.queued)) },
    { label: t('scheduled'), number: true, cell: (l) => number(big(l.scheduled)) },
    { label: t('retrying'), number: true, cell: (l) => number(big(l.retrying)) },
    { label: t('leased'), number: true, cell: (l) => number(big(l.leased)) },
    { label: t('held'), number: true, cell: (l) => number(big(l.held)) },
    { label: t('dead'), number: true, cell: deadCount },
    { label: t('in_rate'), number: true, cell: (l) => perMinute(l.inPerMinute) },
    { label: t('out_rate'), number: true, cell: (l) => perMinute(l.outPerMinute) },
    { label: t('failed_rate'), number: true, cell: (l) => perMinute(l.failedPerMinute) },
    { label: t('forecast'), cell: forecast },
  ], (l) => `${l.room}/${l.lane}`);
  const key = h('input', { name: 'key', required: true, autocomplete: 'off' });
  const search = h('section', {}, h('h2', {}, t('find_jobs')), form([field(t('business_id'), key)], t('find'), async (v) =>
    go(`#/find?key=${encodeURIComponent(v.key.trim())}`), problem(), { class: 'line' }));
  return { title: t('queues'), node: h('div', {}, list.node, search), update(picture) { list.update(live.lanes(picture)); } };
}

// Every room is asked, and looks in parts: what was not looked at yet is said, and asked for by hand.
export function find({ query }) {
  const key = query.get('key') ?? '';
  const shown = problem();
  const told = h('p', { role: 'status' }, t('loading'));
  const found = [];
  const list = table(key, [
    { label: t('id'), head: true, cell: (j) => ({ text: j.id, href: jobLink(j.room, j.id) }) },
    { label: t('room'), cell: (j) => j.room },
    { label: t('kind'), cell: (j) => j.kind },
    { label: t('state'), cell: (j) => word('state', j.state) },
    { label: t('age'), number: true, cell: (j) => age(Date.now() - big(j.createdMs)) },
    { label: t('destination'), cell: (j) => j.destination ?? '' },
    { label: t('last_error'), long: true, cell: (j) => j.lastError ?? '' },
  ], (j) => `${j.room}/${j.id}`);
  const more = h('p');
  let looked = 0;

  async function look(places) {
    const next = [];
    await Promise.all(places.map(async ({ room, place }) => {
      try {
        const answer = await call(room, 'Room/FindJobs', { key, limit: 200, place });
        found.push(...(answer.jobs ?? []).map((j) => ({ room, ...j })));
        looked += big(answer.lookedAt);
        if (answer.more) next.push({ room, place: answer.place });
      } catch (error) {
        error.message = `${room}: ${error.message}`;
        shown.show(error);
      }
    }));
    list.update(found);
    told.textContent = [found.length === 0 ? t('found_none') : '', t('looked_at', { count: number(looked) }),
      next.length ? t('found_incomplete') : ''].filter(Boolean).join(' ');
    replace(more, next.length ? h('button', { type: 'button', onclick: () => look(next) }, t('look_on')) : '');
  }
  look(session.rooms.map((room) => ({ room })));
  return { title: t('find_jobs'), node: h('div', {}, shown.node, told, list.node, more) };
}
