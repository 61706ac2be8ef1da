import { call } from '../api.js';
import { facts, field, h, replace, table } from '../dom.js';
import { fromBase64, hex, number, time } from '../format.js';
import { button, form, problem } from '../parts.js';
import { check, signatureGood } from '../proof.js';
import { t } from '../text.js';

const verdict = (good, yes, no) => h('p', { class: good ? 'good' : 'bad' }, good ? yes : no);

function result(entry, checked, signed) {
  const about = facts();
  about.update([[t('leaf'), hex(checked.leafHash)], [t('root'), hex(checked.checkpoint.root)], [t('steps'), String(checked.steps)]]);
  return [
    verdict(checked.good, t('proof_good', { number: entry, size: number(checked.checkpoint.size) }), t('proof_bad', { number: entry })),
    signed === null ? h('p', { class: 'faint' }, t('signature_unknown')) : verdict(signed, t('signature_good'), t('signature_bad')),
    checked.disclosure === null ? h('p', { class: 'faint' }, t('forgotten')) : verdict(checked.disclosure, t('disclosure_good'), t('disclosure_bad')),
    h('p', { class: 'faint' }, t('checked_here')), about.node,
  ];
}

export function audit({ query }) {
  const shown = problem();
  const head = h('section', {}, h('p', {}, t('loading')));
  const place = h('div', { id: 'proof', role: 'status' });
  let keys = [];
  async function loadHead() {
    const answer = await call('audit', 'Audit/Head');
    const list = facts();
    keys = answer.key ? [answer.key, ...(answer.otherKeys ?? [])] : [];
    list.update([[t('size'), number(Number(answer.size ?? 0))], [t('root'), answer.hash ? hex(fromBase64(answer.hash)) : '–'],
      [t('when'), time(answer.atMs)], [t('check_key'), keys[0] ?? '–']]);
    const kept = await call('audit', 'Audit/ListCheckpoints', { pageSize: 20, newest: true });
    const notes = table(t('witnesses'), [{ label: t('size'), head: true, number: true, cell: (c) => number(Number(c.size)) },
      { label: t('when'), cell: (c) => time(c.atMs) }], (c) => c.size, t('none'));
    notes.update(kept.checkpoints ?? []);
    replace(head, list.node, answer.checkpoint ? [h('h2', {}, t('checkpoint')), h('pre', {}, answer.checkpoint)] : null, notes.node);
  }
  async function prove(entry) {
    replace(place, t('loading'));
    try {
      if (keys.length === 0) await loadHead();
      const proof = await call('audit', 'Audit/Prove', { number: String(entry) });
      const checked = await check(proof, Number(entry));
      let signed = await signatureGood(checked.checkpoint, keys);
      if (signed === false) { // by a key that was switched to since
        await loadHead();
        signed = await signatureGood(checked.checkpoint, keys);
      }
      replace(place, result(entry, checked, signed));
    } catch (error) {
      replace(place);
      throw error;
    }
  }
  const asked = query.get('number') ?? '';
  const input = h('input', { name: 'number', type: 'number', min: '1', required: true, value: asked });
  loadHead().then(() => (asked ? prove(asked) : null)).catch(shown.show);
  return {
    title: t('log'),
    node: h('div', {}, shown.node, h('section', {}, h('h2', {}, t('prove')), form([field(t('entry_number'), input)], t('check'), (v) => prove(v.number), shown, { class: 'line' }), place),
      head, button(t('refresh'), loadHead, shown)),
  };
}
