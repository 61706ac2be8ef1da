// The story of a business id across rooms, in causal order: the same as `motcuactl trace`.
import { call, can } from '../api.js';
import { field, h, replace, table } from '../dom.js';
import { time } from '../format.js';
import { form, problem, traceLink } from '../parts.js';
import { t } from '../text.js';

const MOST = 1000;
const NOTICES = 50; // whose words are read at once; each reading is written down

const noticeOf = (e) => (e.type === 'notification.notice_made' ? (e.keys ?? []).find((k) => k.startsWith('notice:'))?.slice('notice:'.length) : undefined);
const bytesOf = (uuid) => btoa(String.fromCharCode(...uuid.replaceAll('-', '').match(/../g).map((hex) => parseInt(hex, 16))));

function said(notice) {
  return h('section', {}, h('h3', {}, notice.title ?? ''), h('p', { class: 'faint' }, time(notice.atMs, true)), h('p', { class: 'break' }, notice.text ?? ''),
    notice.smsText ? h('p', { class: 'break' }, `SMS ${notice.phone ?? ''}: ${notice.smsText}`) : null);
}

// What people read, for who may and says why.
function words(entries) {
  const ids = entries.map(noticeOf).filter(Boolean).slice(0, NOTICES);
  if (!ids.length || !can('Notification/GetNotice')) return null;
  const shown = problem();
  const place = h('div', { role: 'status' });
  const read = async ({ purpose }) => {
    const told = await Promise.allSettled(ids.map((id) => call('notification', 'Notification/GetNotice', { noticeId: bytesOf(id) }, undefined, purpose.trim())));
    replace(place, told.filter((one) => one.status === 'fulfilled').map((one) => said(one.value)));
    const failed = told.find((one) => one.status === 'rejected');
    if (failed) shown.show(failed.reason);
  };
  return h('section', {}, h('h2', {}, t('words')),
    form([field(t('purpose'), h('input', { name: 'purpose', required: true, autocomplete: 'off', maxlength: 200 }))], t('read_words'), read, shown, { class: 'line' }),
    shown.node, place);
}

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
    words(answer.entries ?? []),
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
