// The login page when strangers have guessed at a number too often (LOG-04, REG-17): before the form goes, the browser
// does the work that GetCaptcha asks for. ALTCHA's proof of work (PoW v2): the PBKDF2 key of nonce and counter must begin
// with a prefix. Nothing is fetched from elsewhere; without scripts the page names the other ways in.

const AT_ONCE = 64; // keys in the making: a browser spreads them over its processors

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

async function keyOf(parameters, counter) {
  const nonce = bytesOf(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const material = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: bytesOf(parameters.salt), iterations: parameters.cost };
  return hexOf(new Uint8Array(await crypto.subtle.deriveBits(how, material, 8 * parameters.keyLength)));
}

// The captcha of a challenge, as Login takes it.
export async function solve(text) {
  const challenge = JSON.parse(text);
  for (let from = 0; ; from += AT_ONCE) {
    const keys = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => keyOf(challenge.parameters, from + i)));
    const at = keys.findIndex((key) => key.startsWith(challenge.parameters.keyPrefix));
    if (at >= 0) return btoa(JSON.stringify({ challenge, solution: { counter: from + at, derivedKey: keys[at] } }));
  }
}

async function captchaFor(loginId) {
  const answer = await fetch('/motcua.identity.v1.Identity/GetCaptcha', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ loginId }),
  });
  return answer.ok ? solve((await answer.json()).challenge) : ''; // refused: Login says what is wrong with the number
}

async function send(form, button) {
  const captcha = form.elements.namedItem('captcha');
  button.disabled = true;
  document.getElementById('captcha_wait').hidden = false;
  try {
    captcha.value = await captchaFor(form.elements.namedItem('login_id').value);
  } catch {
    captcha.value = ''; // offline, or an old browser: the page comes again and says so
  }
  form.submit();
}

if (typeof document !== 'undefined' && globalThis.crypto?.subtle) {
  document.getElementById('captcha_noscript').hidden = true; // the way by script is open
  const form = document.getElementById('captcha').form;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form, event.submitter ?? form.querySelector('button'));
  });
}
