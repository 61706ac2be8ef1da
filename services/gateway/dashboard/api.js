// Calls to the gateway's dashboard listener. The cookie says who; only JSON goes and comes.
import { t } from './text.js';

export class Refused extends Error {
  constructor(status, body) {
    super(body?.message || t('no_answer'));
    this.status = status;
    this.conditions = (body?.details ?? []).map((d) => d.debug).filter(Boolean);
    this.code = this.conditions[0]?.code ?? '';
  }
}

export let session = null;
let onSignedOut = () => {};
export function whenSignedOut(callback) { onSignedOut = callback; }
export function setSession(value) { session = value; }

async function request(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch {
    throw new Refused(0, null);
  }
  const text = await answer.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch { /* not ours: told by its status */ }
  if (answer.ok) return body;
  if (answer.status === 401 && path !== '/api/sign-in') {
    session = null;
    onSignedOut();
  }
  throw new Refused(answer.status, body);
}

export const getSession = async () => (session = await request('/api/session', {}));
export const signIn = async (token) => (session = await request('/api/sign-in', { method: 'POST', body: token }));
export const signOut = () => request('/api/sign-out', { method: 'POST' });

// method: "Room/Peek". The same id on a repeat is the same call: one click acts once. Who reads what people were told
// says why: the purpose.
export function call(room, method, body = {}, id = undefined, purpose = undefined) {
  const headers = { 'Content-Type': 'application/json', 'Connect-Timeout-Ms': '5000' };
  if (id) headers['Idempotency-Key'] = id;
  if (purpose) headers.Purpose = encodeURIComponent(purpose);
  return request(`/api/${encodeURIComponent(room)}/${method}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

export const can = (method) => session?.methods.includes(method) ?? false;
