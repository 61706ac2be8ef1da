// Which page for which address, the head of the page, and who is signed in.
import * as api from './api.js';
import { h, replace } from './dom.js';
import { clock, time } from './format.js';
import * as live from './live.js';
import { language, setLanguage, t, word } from './text.js';
import { actionNew, actionPage, actions } from './pages/actions.js';
import { audit } from './pages/audit.js';
import { gatewayPage, gateways } from './pages/gateways.js';
import { job } from './pages/job.js';
import { overview } from './pages/overview.js';
import { partnerPage, partners } from './pages/partners.js';
import { queue } from './pages/queue.js';
import { find, queues } from './pages/queues.js';
import { signIn } from './pages/signin.js';
import { trace } from './pages/trace.js';

const pages = { '': overview, queues, queue, job, find, actions, action: actionPage, act: actionNew, gateways, gateway: gatewayPage, partners, partner: partnerPage, trace, audit };
const menu = ['', 'queues', 'actions', 'gateways', 'partners', 'trace', 'audit'];
const belongs = { queue: 'queues', job: 'queues', find: 'queues', action: 'actions', act: 'actions', gateway: 'gateways', partner: 'partners' };
const $ = (id) => document.getElementById(id);
let page = null;
let shown = null; // the address of the page that is shown

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { name: parts[0], parts: parts.slice(1), query: new URLSearchParams(query ?? '') };
}

function drawHead(name) {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  const other = language() === 'vi' ? 'en' : 'vi';
  $('language').textContent = other === 'en' ? 'English' : 'Tiếng Việt';
  $('language').lang = other;
  $('theme').textContent = isDark() ? t('theme_light') : t('theme_dark');
  $('sign-out').hidden = !api.session;
  $('who').textContent = api.session
    ? t('signed_in_as', { name: api.session.operator.replace('operator:', ''), roles: api.session.roles.map((r) => word('role', r)).join(', ') }) : '';
  replace($('nav'), !api.session ? [] : menu.map((entry) =>
    h('a', { href: `#/${entry}`, 'aria-current': (belongs[name] ?? name) === entry ? 'page' : null }, t(entry || 'overview'))));
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function drawMissing() {
  const box = $('incomplete');
  const lines = api.session ? live.missing() : [];
  const text = lines.map((m) => (m.stale ? t('stale', { time: time(live.state.heardMs) })
    : t('room_silent', { room: m.room, time: m.seenMs ? clock(m.seenMs) : t('never') })));
  box.hidden = text.length === 0;
  if (box.textContent !== text.join('')) replace(box, text.map((line) => h('p', {}, line)));
  $('age').textContent = !api.session ? '' : live.state.picture ? t('at', { time: time(live.state.picture.atMs) }) : t('not_connected');
}

// A page: {title, node, update(picture), close()}.
function draw(focus) {
  const { name, parts, query } = address();
  const make = api.session ? pages[name] : signIn;
  page?.close?.();
  drawHead(name);
  page = make ? make({ parts, query, again: () => draw(false), go }) : { title: t('page_unknown'), node: h('p', {}, t('page_unknown')) };
  document.title = `${page.title} – motcua`;
  replace($('main'), h('h1', {}, page.title), page.node);
  shown = location.hash;
  if (live.state.picture) page.update?.(live.state.picture);
  drawMissing();
  if (focus) $('main').focus();
}

function go(to) {
  if (location.hash === to) draw(true);
  else location.hash = to;
}

function signedOut() {
  live.close();
  draw(true);
}

async function begin() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', '#/'); // not in the history, nor in a screenshot
  try {
    if (token) await api.signIn(token);
    else await api.getSession();
  } catch { /* the page to sign in says how */ }
  if (api.session) openLive();
  draw(false);
}

function openLive() {
  live.open(() => {
    api.getSession().then(() => setTimeout(() => api.session && openLive(), 3000), () => {
      if (api.session) setTimeout(() => api.session && openLive(), 3000); // the gateway is away: it comes again
    });
  });
}

export function signedIn() {
  openLive();
  go('#/');
  draw(true);
}

api.whenSignedOut(signedOut);
live.subscribe((picture) => {
  drawMissing();
  if (picture) page?.update?.(picture);
});
$('language').addEventListener('click', () => { setLanguage(language() === 'vi' ? 'en' : 'vi'); draw(false); });
$('theme').addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  localStorage.setItem('theme', theme);
  draw(false);
});
$('sign-out').addEventListener('click', async () => {
  await api.signOut().catch(() => {});
  api.setSession(null);
  signedOut();
});
addEventListener('hashchange', () => {
  if (location.hash === '#main') { // the skip link: to the content, and the address stays
    history.replaceState(null, '', shown ?? '#/');
    $('main').focus();
  } else {
    draw(true);
  }
});
const theme = localStorage.getItem('theme');
if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
document.documentElement.lang = language();
begin();
