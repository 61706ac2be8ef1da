// What several pages show alike: refusals, a lane's numbers, forms with a reason.
import { h, replace } from './dom.js';
import { age, big, clock, number } from './format.js';
import * as live from './live.js';
import { t } from './text.js';

// Every failed condition, with its field and stable code.
export function problem() {
  const node = h('div', { class: 'problem', role: 'alert', hidden: true });
  return {
    node,
    clear() { node.hidden = true; },
    show(error) {
      const lines = error.conditions?.length > 1 ? error.conditions : [];
      replace(node, h('p', {}, error.message, error.code ? ` (${error.code})` : ''),
        lines.length ? h('ul', {}, lines.map((c) => h('li', {}, `${c.field ? c.field + ': ' : ''}${c.message} (${c.code})`))) : null);
      node.hidden = false;
    },
  };
}

export const laneLink = (lane) => `#/queue/${encodeURIComponent(lane.room)}/${encodeURIComponent(lane.lane)}`;
export const jobLink = (room, id) => `#/job/${encodeURIComponent(room)}/${id}`;
export const traceLink = (key) => `#/trace?key=${encodeURIComponent(key)}`;

export const perMinute = (value) => number(Math.round(Number(value ?? 0) * 10) / 10);

export function forecast(lane) {
  const told = lane.forecast;
  if (told?.paused || (lane.pauses ?? []).some((p) => p.wholeLane)) return { text: t('is_paused'), class: 'warn' };
  if (told?.late) return { text: t('is_late'), class: 'bad' };
  if (big(told?.lateAtMs)) return { text: t('late_at', { time: clock(big(told.lateAtMs)) }), class: 'warn' };
  if (live.depth(lane) === 0) return { text: t('empty'), class: 'faint' };
  if (live.depth(lane) === big(lane.scheduled) && !big(lane.retrying)) return { text: t('all_later'), class: 'faint' };
  if (big(told?.emptyAtMs)) return { text: t('empty_at', { time: clock(big(told.emptyAtMs)) }) };
  return { text: t('not_draining'), class: 'warn' };
}

export const oldest = (lane) => ({ text: age(big(lane.oldestMs)), class: lane.forecast?.late ? 'bad' : '' });
export const deadCount = (lane) => ({ text: number(big(lane.dead)), class: big(lane.dead) ? 'bad' : '' });

// A button that asks once: it waits for its answer, and a second click does nothing meanwhile.
export function button(label, run, shown, attributes = {}) {
  const node = h('button', { type: 'button', ...attributes, onclick: async () => {
    node.disabled = true;
    shown?.clear();
    try {
      await run();
    } catch (error) {
      shown?.show(error);
    } finally {
      node.disabled = false;
    }
  } }, label);
  return node;
}

export function form(fields, label, submit, shown, attributes = {}) {
  const go = h('button', { class: 'main' }, label);
  return h('form', { ...attributes, onsubmit: async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    go.disabled = true;
    shown.clear();
    try {
      await submit(values);
    } catch (error) {
      shown.show(error);
    } finally {
      go.disabled = false;
    }
  } }, fields, h('div', { class: 'row' }, go));
}
