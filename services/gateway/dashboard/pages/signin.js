import * as api from '../api.js';
import { signedIn } from '../app.js';
import { field, h } from '../dom.js';
import { form, problem } from '../parts.js';
import { t } from '../text.js';

export function signIn() {
  const shown = problem();
  const token = h('input', { name: 'token', required: true, autocomplete: 'off', spellcheck: 'false' });
  return {
    title: t('sign_in'),
    node: h('div', {}, h('p', {}, t('sign_in_how')), h('pre', {}, 'motcuactl dashboard token'), shown.node,
      form([field(t('token'), token)], t('sign_in'), async (values) => {
        await api.signIn(values.token.trim().replace(/^.*#token=/, '')); // a whole link will do
        signedIn();
      }, shown)),
  };
}
