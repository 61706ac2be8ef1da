// The story of a business id across rooms, in causal order: the same as `motcuactl trace`.
import { call } from '../api.js';
import { field, h, replace, table } from '../dom.js';
import { time } from '../format.js';
import { form, problem, traceLink } from '../parts.js';
import { t } from '../text.js';

const MOST = 1000;

function story(key, answer) {
  const list = table(t('story_of', { key }), [
    { label: t('when'), head: true, cell: (e) => time(e.atMs, true) },
    { label: t('what'), cell: (e) => ({ text: e.type, href: `#/audit?number=${e.number}` }) },
    { label: t('because'), cell: (e) => e.causeEvent || '–' },
    { label: t('who'), cell: (e) => (e.forgotten ? t('forgotten') : e.actor ?? '') },
    { label: t('summary'), long: true, cell: (e) => e.summary ?? '' },
  ], (e) => e.number, t('nothing_known', { key }));
  list.update(answer.entries ?? []);
  const about = [...new Set((answer.entries ?? []).flatMap((e) => e.keys ?? []))].filter((k) => k !== key).slice(0, 20);
  return [
    answer.missing?.length ? h('p', { class: 'problem', role: 'status' }, t('story_incomplete', { rooms: answer.missing.join(', ') })) : null,
    (answer.entries ?? []).length >= MOST ? h('p', { class: 'notice' }, t('more_there')) : null, list.node,
    about.length ? h('section', {}, h('h2', {}, t('keys')), h('ul', {}, about.map((k) => h('li', { class: 'break' }, h('a', { href: traceLink(k) }, k))))) : null,
  ];
}

export function trace({ query, go }) {
  const shown = problem();
  const place = h('div');
  const key = query.get('key') ?? '';
  const input = h('input', { name: 'key', required: true, autocomplete: 'off', value: key });
  if (key) {
    replace(place, h('p', {}, t('loading')));
    call('audit', 'Audit/Timeline', { key, limit: MOST }).then((answer) => replace(place, story(key, answer)), (error) => {
      replace(place);
      shown.show(error);
    });
  }
  return {
    title: t('trace'),
    node: h('div', {}, form([field(t('trace_key'), input)], t('find'), async (v) => go(traceLink(v.key.trim())), shown, { class: 'line' }), shown.node, place),
  };
}
