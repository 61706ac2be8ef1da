// Acting on many jobs: filter → preview (count, sample, hash) → run → another approves → progress → stop, undo.
import { call, can, session } from '../api.js';
import { facts, field, h, replace, select, table } from '../dom.js';
import { big, fromBase64, hex, number, time } from '../format.js';
import { button, form, jobLink, problem } from '../parts.js';
import { say } from '../said.js';
import { t, word } from '../text.js';

const KINDS = ['RETRY', 'HOLD', 'RELEASE', 'DROP', 'MOVE'];
const STATES = ['DEAD', 'QUEUED', 'HELD'];
const UNDO = { HOLD: ['RELEASE', 'HELD'], RELEASE: ['HOLD', 'QUEUED'] };
const EVERY_MS = 700;
const actionLink = (room, action) => `#/action/${encodeURIComponent(room)}/${encodeURIComponent(action.actionId)}`;
// A new call at each press; the same one if the browser sends it again.
const callId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16)).join('-');

export function actions() {
  const shown = problem();
  const list = table(t('recent_actions'), [
    { label: t('when'), head: true, cell: (a) => ({ text: time(a.preparedMs), href: actionLink(a.room, a) }) },
    { label: t('lane'), cell: (a) => `${a.room}/${a.filter?.lane ?? ''}` },
    { label: t('action'), cell: (a) => word('kind', a.kind) },
    { label: t('state'), cell: (a) => ({ text: word('astate', a.state), class: a.state === 'ASKED' ? 'warn' : '' }) },
    { label: t('count'), number: true, cell: (a) => number(big(a.count)) },
    { label: t('done'), number: true, cell: (a) => number(big(a.done)) },
    { label: t('prepared_by'), cell: (a) => a.preparedBy ?? '' },
    { label: t('approved_by'), cell: (a) => a.approvedBy ?? '' },
    { label: t('reason'), long: true, cell: (a) => a.reason ?? '' },
  ], (a) => `${a.room}/${a.actionId}`, t('no_actions'));
  async function load() {
    const found = [];
    await Promise.all(session.rooms.map(async (room) => {
      try {
        const answer = await call(room, 'Room/ListActions', { pageSize: 20 });
        found.push(...(answer.actions ?? []).map((a) => ({ room, ...a })));
      } catch (error) {
        error.message = `${room}: ${error.message}`;
        shown.show(error);
      }
    }));
    list.update(found.sort((a, b) => big(b.preparedMs) - big(a.preparedMs)));
  }
  load();
  return { title: t('actions'), node: h('div', {}, shown.node, list.node, button(t('refresh'), load, shown)) };
}

export function actionNew({ parts: [room, lane], query, go }) {
  const shown = problem();
  if (!can('Room/PrepareAction')) return { title: t('action_new', { room, lane }), node: h('p', { class: 'notice' }, t('no_role')) };
  const text = (name, value = '') => h('input', { name, value, autocomplete: 'off' });
  const kind = select('kind', KINDS.map((k) => [k, word('kind', k)]), query.get('kind') ?? 'RETRY');
  const state = select('state', STATES.map((s) => [s, word('state', s)]), query.get('state') ?? 'DEAD');
  const to = field(t('move_to'), text('to'));
  const showTo = () => { to.hidden = kind.value !== 'MOVE'; };
  kind.addEventListener('change', showTo);
  showTo();
  const fields = [
    field(t('action'), kind), field(t('which'), state), to,
    field(t('kind_filter'), text('job_kind')), field(t('destination_filter'), text('destination', query.get('destination') ?? '')),
    field(t('error_filter'), text('error')), field(t('key_filter'), text('key')),
    field(t('older_filter'), h('input', { name: 'older', type: 'number', min: '0' })),
    field(t('ids_filter'), text('ids', query.get('ids') ?? '')),
    field(t('why'), h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' })),
  ];
  return {
    title: t('action_new', { room, lane }),
    node: h('div', {}, shown.node, h('p', {}, t('preview_what')), form(fields, t('preview'), async (v) => {
      const filter = { lane, state: v.state, kind: v.job_kind, destination: v.destination, error: v.error, key: v.key, ids: v.ids.split(/[\s,]+/).filter(Boolean) };
      if (Number(v.older) > 0) filter.createdBeforeMs = String(Date.now() - Number(v.older) * 60000);
      const action = await call(room, 'Room/PrepareAction', { kind: v.kind, filter, destination: v.kind === 'MOVE' ? v.to : '', reason: v.reason }, callId());
      go(actionLink(room, action));
    }, shown)),
  };
}

function numbers(action) {
  const list = facts();
  const hash = action.setHash ? hex(fromBase64(action.setHash)) : '–';
  list.update([
    [t('state'), word('astate', action.state)], [t('in_set'), number(big(action.count))], [t('set_hash'), hash], [t('reason'), action.reason || '–'],
    [t('prepared_by'), `${action.preparedBy ?? '–'}, ${time(action.preparedMs)}`], [t('run_by'), action.runBy || '–'],
    [t('approved_by'), action.approvedBy || '–'], [t('done'), number(big(action.done))], [t('passed_over'), number(big(action.skipped))],
    ...(action.stoppedBy ? [[t('stopped_by'), `${action.stoppedBy}: ${action.stopReason ?? ''}`]] : []),
  ]);
  return list.node;
}

function sample(room, action) {
  const list = table(t('sample'), [
    { label: t('id'), head: true, cell: (j) => ({ text: j.id, href: jobLink(room, j.id) }) }, { label: t('kind'), cell: (j) => j.kind },
    { label: t('destination'), cell: (j) => j.destination ?? '' }, { label: t('tries'), number: true, cell: (j) => j.attempts ?? 0 },
    { label: t('last_error'), long: true, cell: (j) => j.lastError ?? '' },
  ], (j) => j.id);
  list.update(action.sample ?? []);
  return list.node;
}

function undo(room, action) {
  if (action.state !== 'DONE' && action.state !== 'STOPPED') return null;
  const [kind, state] = UNDO[action.kind] ?? [];
  if (!kind) return h('p', { class: 'faint' }, t('no_undo'));
  const { lane, destination, ids } = action.filter;
  const query = new URLSearchParams({ kind, state, destination: destination ?? '', ids: (ids ?? []).join(' ') });
  return h('p', {}, h('a', { href: `#/act/${encodeURIComponent(room)}/${encodeURIComponent(lane)}?${query}` }, t('undo')));
}

function steps(room, action, draw, shown) {
  const bound = { actionId: action.actionId, setHash: action.setHash };
  const act = (method) => async () => draw(await call(room, `Room/${method}`, bound, callId()));
  const made = [];
  if (action.needsApproval && ['PREPARED', 'ASKED'].includes(action.state)) made.push(h('p', { class: 'notice' }, t('needs_second')));
  if (action.state === 'PREPARED' && can('Room/RunAction') && big(action.count) > 0)
    made.push(button(t('run_exactly', { count: number(big(action.count)) }), act('RunAction'), shown, { class: 'main', id: 'run' }));
  if (action.state === 'ASKED' && can('Room/ApproveAction')) {
    const own = [action.preparedBy, action.runBy].includes(session.operator);
    made.push(own ? h('p', { class: 'faint' }, t('not_yourself'))
      : button(t('approve_exactly', { count: number(big(action.count)) }), act('ApproveAction'), shown, { class: 'main', id: 'approve' }));
  }
  if (['PREPARED', 'COUNTING', 'ASKED', 'RUNNING'].includes(action.state) && can('Room/StopAction')) {
    const reason = h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' });
    made.push(form([field(t('stop_why'), reason)], t('stop'), async (v) =>
      draw(await call(room, 'Room/StopAction', { actionId: action.actionId, reason: v.reason }, callId())), shown, { class: 'line' }));
  }
  return made;
}

// Numbers move by themselves; buttons are drawn again only when the state has changed, so focus stays.
export function actionPage({ parts: [room, actionId] }) {
  const shown = problem();
  const [top, middle, controls] = [h('div'), h('div'), h('div')];
  const bar = h('progress', { 'aria-label': t('progress'), max: '1' });
  const title = t('actions');
  let timer = null;
  let state = '';
  let closed = false;

  function draw(action) {
    if (closed) return;
    replace(top, numbers(action));
    bar.hidden = !['RUNNING', 'DONE', 'STOPPED'].includes(action.state);
    bar.max = Math.max(1, big(action.count));
    bar.value = big(action.done) + big(action.skipped);
    if (action.state !== state) {
      state = action.state;
      const held = controls.contains(document.activeElement);
      replace(middle, action.more ? h('p', { class: 'notice' }, t('is_more')) : null, sample(room, action));
      replace(controls, steps(room, action, draw, shown), undo(room, action));
      if (held) document.getElementById('main').focus();
      say(word('astate', state));
    }
    clearTimeout(timer);
    if (!['DONE', 'STOPPED'].includes(action.state)) timer = setTimeout(load, EVERY_MS);
  }
  const load = () => call(room, 'Room/GetAction', { actionId }).then(draw, shown.show);
  load();
  return {
    title, node: h('div', {}, shown.node, top, bar, controls, middle),
    close() { closed = true; clearTimeout(timer); },
  };
}
