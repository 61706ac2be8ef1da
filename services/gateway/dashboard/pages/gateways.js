import { call, can } from '../api.js';
import { field, h, replace, table } from '../dom.js';
import { age, big, number, time } from '../format.js';
import { form, problem } from '../parts.js';
import { t, word } from '../text.js';

const EVERY_MS = 2000;

function list() {
  return table(t('gateways'), [
    { label: t('gateway'), head: true, cell: (g) => ({ text: g.gateway, href: can('Otp/PauseGateway') ? `#/gateway/${encodeURIComponent(g.gateway)}` : undefined }) },
    { label: t('mode'), cell: (g) => ({ text: word('mode', g.mode ?? 'ACTIVE'), class: g.mode === 'ACTIVE' ? '' : 'warn' }) },
    { label: t('seen'), number: true, cell: (g) => (big(g.seenAtMs) ? age(Math.max(1, Date.now() - big(g.seenAtMs))) : t('never')) },
    { label: t('share'), number: true, cell: (g) => `${g.sharePercent ?? 0} %` },
    { label: t('leased'), number: true, cell: (g) => number(g.held ?? 0) },
    { label: t('sent'), number: true, flash: true, cell: (g) => number(g.sent ?? 0) },
    { label: t('failed'), number: true, cell: (g) => ({ text: number(g.failed ?? 0), class: g.failed ? 'bad' : '' }) },
    { label: t('slow'), number: true, cell: (g) => (g.reports ? number(g.slow ?? 0) : '–') },
    { label: t('health'), cell: (g) => (g.healthy ? { text: t('healthy'), class: 'good' } : { text: t('unwell'), class: 'bad' }) },
    { label: t('reason'), long: true, cell: (g) => (g.by ? `${g.by}: ${g.reason ?? ''}${big(g.untilMs) ? ` (${t('until')} ${time(g.untilMs)})` : ''}` : '') },
  ], (g) => g.gateway, t('no_gateways'));
}

// Blocks of numbers and units that have many codes sent and few entered: their budgets are tight until it is over.
function alarmList() {
  return table(t('alarms'), [
    { label: t('whose'), head: true, cell: (a) => ({ text: a.scope, class: 'bad' }) },
    { label: t('since'), cell: (a) => time(a.sinceMs) },
    { label: t('codes_sent'), number: true, cell: (a) => number(big(a.sent)) },
    { label: t('codes_entered'), number: true, cell: (a) => number(big(a.verified)) },
    { label: t('sent_since'), number: true, cell: (a) => `${number(big(a.used))} / ${number(big(a.most))}` },
  ], (a) => a.scope, t('no_alarms'));
}

function polled(load) {
  let timer = null;
  let closed = false;
  const again = () => load().finally(() => { if (!closed) timer = setTimeout(again, EVERY_MS); });
  again();
  return () => { closed = true; clearTimeout(timer); };
}

export function gateways() {
  const shown = problem();
  const rows = list();
  const alarms = alarmList();
  async function load() {
    rows.update((await call('otp', 'Otp/ListGateways')).gateways ?? []);
    alarms.update((await call('otp', 'Otp/ListAlarms')).alarms ?? []);
    shown.clear();
  }
  const close = polled(() => load().catch(shown.show));
  return {
    title: t('gateways'), close,
    node: h('div', {}, shown.node, rows.node, h('p', { class: 'faint' }, t('quarter')), h('h2', {}, t('alarms')), alarms.node),
  };
}

export function gatewayPage({ parts: [name] }) {
  const shown = problem();
  const rows = list();
  const load = () => call('otp', 'Otp/ListGateways').then((answer) => {
    const own = (answer.gateways ?? []).filter((g) => g.gateway === name);
    rows.update(own);
    return own[0];
  });
  const place = h('div');
  const reason = () => field(t('why'), h('input', { name: 'reason', required: true, maxlength: '500', autocomplete: 'off' }));
  let mode = null;
  function draw(gateway) {
    const now = gateway?.mode ?? 'ACTIVE';
    if (now === mode) return;
    mode = now;
    replace(place, now === 'PAUSED' || now === 'DRAINING'
      ? form([reason()], t('resume_gateway', { name }), async (v) => {
        await call('otp', 'Otp/ResumeGateway', { gateway: name, reason: v.reason });
        draw(await load());
      }, shown)
      : form([reason(), field(t('minutes'), h('input', { name: 'minutes', type: 'number', min: '0', max: '43200', value: '60' })),
        h('label', { class: 'row' }, h('span', { class: 'row' }, h('input', { type: 'checkbox', name: 'drain' }), t('drain')))],
      t('pause_gateway', { name }), async (v) => {
        const minutes = Number(v.minutes || 0);
        await call('otp', 'Otp/PauseGateway', { gateway: name, reason: v.reason, drain: v.drain === 'on',
          untilMs: minutes > 0 ? String(Date.now() + minutes * 60000) : '0' });
        draw(await load());
      }, shown));
  }
  const close = polled(() => load().then(draw, shown.show));
  return { title: name, node: h('div', {}, shown.node, rows.node, h('h2', {}, t('gateway_change')), place), close };
}
