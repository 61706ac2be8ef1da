// The dashboard as an operator has it: real Chromium, driven by Playwright, judged by axe.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function ask(name, ...args) {
  process.stdout.write(JSON.stringify({ do: name, arguments: args }) + '\n');
  return JSON.parse((await lines.next()).value);
}

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 375, height: 740 };
// As root Chromium's own sandbox does not start; what it loads here is our own.
const browser = await chromium.launch({ executablePath: process.argv[2], args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
const problems = [];
let away = false; // then the browser itself says that nobody listens

async function open(link, options = {}) {
  const context = await browser.newContext({ viewport: WIDE, locale: 'vi-VN', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !away && !/status of (401|403|404)/.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
  await page.goto(link);
  return page;
}
const at = async (page, hash) => {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.waitForFunction((to) => location.hash === to && document.querySelector('h1'), hash);
};
const shows = (page, text) => page.getByText(text).filter({ visible: true }).first().waitFor();
const activeText = (page) => page.evaluate(() => document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent ?? '');
async function tabTo(page, text) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    if ((await activeText(page)).trim().startsWith(text)) return;
  }
  assert.fail(`Tab never comes to «${text}»`);
}

const steps = {
  async 'nobody comes in without a token, and a token is good once'() {
    const link = await ask('link', 'an');
    const base = link.split('#')[0];
    const stranger = await open(base);
    await shows(stranger, 'motcuactl dashboard token');
    await stranger.getByLabel('Mã đăng nhập').fill('v1.a.b');
    await stranger.getByRole('button', { name: 'Đăng nhập' }).click();
    await shows(stranger, 'OPERATOR_TOKEN_INVALID');
    await judge(stranger, 'sign-in');
    this.an = await open(link);
    await this.an.locator('#card-rooms_up').filter({ hasText: '/' }).waitFor();
    assert.equal(await this.an.evaluate(() => location.hash), '#/'); // the token is not left in the address
    assert.equal(await this.an.evaluate(() => document.cookie), ''); // nor can a script read the cookie
    await stranger.goto('about:blank');
    await stranger.goto(link);
    await shows(stranger, 'motcuactl dashboard token');
    await stranger.context().close();
    this.base = base;
  },
  async 'what a person read, for who may and says why'() {
    const key = await ask('citizen');
    const story = `#/trace?key=${encodeURIComponent(key)}`;
    await at(this.an, story);
    await this.an.getByLabel('Mục đích xem').fill('khiếu nại số 12');
    await this.an.getByRole('button', { name: 'Xem lời đã gửi' }).click();
    await shows(this.an, 'tài khoản của bạn trên Cổng Dịch vụ công đã được mở');
    await judge(this.an, 'trace with words');
    const viewer = await open(await ask('link', 'xem', '--role', 'view'));
    await viewer.locator('#card-rooms_up').waitFor();
    await at(viewer, story);
    await shows(viewer, 'notification.notice_made');
    assert.equal(await viewer.getByRole('button', { name: 'Xem lời đã gửi' }).count(), 0);
    await viewer.context().close();
    await at(this.an, '#/');
  },
  async 'numbers move by themselves, and are those of /metrics'() {
    await this.an.locator('#card-depth').filter({ hasText: /^0$/ }).waitFor();
    await ask('issue');
    await this.an.locator('#card-depth').filter({ hasText: /^1$/ }).waitFor();
    await ask('many');
    await this.an.locator('#card-depth').filter({ hasText: /^102$/ }).waitFor();
    assert.deepEqual(await ask('jobs', 'otp', 'bulk'), { queued: 101, held: 0, dead: 0 });
    await at(this.an, '#/queue/otp/bulk');
    await this.an.locator('dd').filter({ hasText: /^101$/ }).first().waitFor();
    await this.an.locator('.uplot canvas').first().waitFor();
  },
  async 'what a partner or a job says is text'() {
    await ask('dead');
    await at(this.an, '#/queue/otp/transactional');
    await this.an.locator('#which').selectOption('DEAD');
    await shows(this.an, '<script>window.hacked=1</script>');
    await this.an.locator('tbody th a').first().click();
    await shows(this.an, '<script>window.hacked=1</script>');
    await at(this.an, '#/trace?key=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E');
    await shows(this.an, '<img src=x');
    assert.equal(await this.an.evaluate(() => window.hacked), undefined);
  },
  async 'a bulk action by keyboard alone, approved by another'() {
    const { an } = this;
    await at(an, '#/');
    await an.reload();
    await an.locator('#nav a').first().waitFor();
    await an.keyboard.press('Tab');
    assert.match(await activeText(an), /nội dung chính/);
    await an.keyboard.press('Enter');
    assert.equal(await an.evaluate(() => document.activeElement.id), 'main');
    await tabTo(an, 'otp/bulk');
    await an.keyboard.press('Enter');
    await an.waitForFunction(() => location.hash === '#/queue/otp/bulk');
    await shows(an, 'Thao tác trên nhiều việc'); // the address changes before the page does
    await tabTo(an, 'Thao tác trên nhiều việc');
    await an.keyboard.press('Enter');
    await an.waitForFunction(() => location.hash === '#/act/otp/bulk');
    await an.getByRole('button', { name: 'Xem trước' }).waitFor();
    await tabTo(an, 'Thao tác');
    await an.keyboard.press('ArrowDown'); // RETRY → HOLD
    await tabTo(an, 'Việc ở trạng thái');
    await an.keyboard.press('ArrowDown'); // DEAD → QUEUED
    await tabTo(an, 'Lý do');
    await an.keyboard.type('nhà mạng <b>bảo trì</b>');
    await tabTo(an, 'Xem trước');
    await an.keyboard.press('Enter');
    await shows(an, 'Thực hiện trên đúng 101 việc này');
    await shows(an, 'nhà mạng <b>bảo trì</b>');
    await judge(an, 'action, previewed');
    assert.equal((await ask('jobs', 'otp', 'bulk')).held, 0); // a preview does nothing
    await tabTo(an, 'Thực hiện trên đúng 101 việc này');
    await an.keyboard.press('Enter');
    await shows(an, 'Người chuẩn bị hoặc thực hiện không tự phê duyệt được.');
    const page = await an.evaluate(() => location.hash);

    const viewer = await open(await ask('link', 'cuc', '--role', 'view'));
    await viewer.locator('#nav a').first().waitFor();
    await at(viewer, page);
    await viewer.locator('dd').filter({ hasText: 'chờ phê duyệt' }).waitFor();
    assert.equal(await viewer.getByRole('button', { name: /Phê duyệt|Dừng/ }).count(), 0);
    await at(viewer, '#/act/otp/bulk');
    await shows(viewer, 'Bạn không có quyền');
    await viewer.context().close();

    const binh = await open(await ask('link', 'binh', '--role', 'approve'));
    await binh.locator('#nav a').first().waitFor();
    await at(binh, page);
    await tabTo(binh, 'Phê duyệt cho đúng 101 việc này');
    await binh.keyboard.press('Enter');
    await binh.locator('dd').filter({ hasText: 'đã xong' }).waitFor();
    await an.locator('dd').filter({ hasText: 'đã xong' }).waitFor(); // the first operator's page, by itself
    assert.equal((await ask('jobs', 'otp', 'bulk')).held, 101);
    await binh.context().close();
    const actors = await ask('actors');
    assert.ok(actors.some(([, who]) => who === 'operator:an') && actors.some(([, who]) => who === 'operator:binh'), JSON.stringify(actors));

    await tabTo(an, 'Hoàn tác');
    await an.keyboard.press('Enter');
    await an.waitForFunction(() => location.hash.startsWith('#/act/otp/bulk?kind=RELEASE&state=HELD'));
    await an.getByLabel('Lý do').fill('xong bảo trì');
    await an.getByRole('button', { name: 'Xem trước' }).click();
    await shows(an, 'Thực hiện trên đúng 101 việc này');
    await an.getByLabel('Lý do dừng').fill('nhầm');
    await an.getByRole('button', { name: 'Dừng lại' }).click();
    await an.locator('dd').filter({ hasText: 'đã dừng' }).waitFor();
    this.action = page;
  },
  async 'a queue is paused with who, why and until when, and resumed'() {
    const { an } = this;
    await at(an, '#/queue/otp/bulk');
    await an.getByText('Dừng hàng đợi').click();
    await an.locator('details').getByLabel('Lý do').fill('nhà mạng bảo trì');
    await an.getByRole('button', { name: 'Dừng', exact: true }).click();
    await shows(an, 'operator:an: nhà mạng bảo trì');
    await an.locator('dd').filter({ hasText: 'đang dừng' }).waitFor();
    await an.locator('.notice').getByLabel('Lý do').fill('xong');
    await an.getByRole('button', { name: 'Chạy lại' }).click();
    await an.locator('dd').filter({ hasText: 'đang dừng' }).waitFor({ state: 'detached' });
  },
  async 'a partner is paused with who, why and until when, and resumed'() {
    const { an } = this;
    await ask('partner');
    await at(an, '#/partners');
    await an.getByRole('link', { name: 'tayninh' }).last().click();
    await shows(an, 'Cổng Tây Ninh <script>');
    const reason = an.locator('form').getByLabel('Lý do');
    await reason.fill('bảo trì');
    await an.getByRole('button', { name: 'Dừng' }).click();
    await shows(an, 'operator:an: bảo trì (Đến lúc');
    await reason.fill('xong');
    await an.getByRole('button', { name: 'Chạy lại' }).click();
    await an.getByRole('button', { name: 'Dừng' }).waitFor();
  },
  async 'a proof is checked in the browser, and a wrong one is found'() {
    const { an } = this;
    await at(an, '#/audit?number=1');
    await shows(an, 'Mục 1 nằm trong nhật ký');
    await shows(an, 'Chữ ký của điểm kiểm chứng đúng.');
    await shows(an, 'khớp với cam kết');
    const found = await an.evaluate(async () => {
      const { check, signatureGood } = await import('/proof.js');
      const { call } = await import('/api.js');
      const head = await call('audit', 'Audit/Head');
      const size = Number(head.checkpoint.split('\n')[1]);
      const good = [];
      for (let number = 1; number <= size; number++)
        good.push((await check(await call('audit', 'Audit/Prove', { number: String(number) }), number)).good);
      const proof = await call('audit', 'Audit/Prove', { number: '1' });
      const leaf = [...atob(proof.leaf)];
      leaf[3] = String.fromCharCode(leaf[3].charCodeAt(0) ^ 1);
      const wrong = await check({ ...proof, leaf: btoa(leaf.join('')) }, 1);
      const elsewhere = size > 1 ? (await check(proof, 2)).good : false;
      const other = await check({ ...proof, checkpoint: proof.checkpoint.replace(/\n\d+\n/, `\n${size + 1}\n`) }, 1);
      return { good, wrong: wrong.good, elsewhere, signed: await signatureGood(other.checkpoint, [head.key, ...(head.otherKeys ?? [])]) };
    });
    assert.ok(found.good.length > 0 && found.good.every(Boolean), JSON.stringify(found));
    assert.deepEqual([found.wrong, found.elsewhere, found.signed], [false, false, false]);
  },
  async 'the sign-in page does the work of a captcha, and says so without scripts (LOG-04)'() {
    const login = async (page, number) => {
      await page.getByLabel('CMT/CCCD').fill(number);
      await page.getByLabel('Mật khẩu').fill('Khong-Phai#1');
      await page.getByRole('button', { name: 'Đăng nhập', exact: true }).click();
    };
    const number = '001190990011';
    const address = await ask('guessed', number);
    const page = await open(address);
    await login(page, number);
    await page.locator('#captcha_noscript').waitFor({ state: 'hidden' });
    await judge(page, 'captcha');
    await login(page, number);
    await shows(page, 'Tên đăng nhập hoặc mật khẩu không đúng.'); // it was looked at: the work was done
    await page.context().close();
    const plain = await open(address, { javaScriptEnabled: false });
    await login(plain, number);
    await shows(plain, 'Hãy bật JavaScript');
    await plain.context().close();
  },
  async 'a room that does not answer is said to be missing'() {
    const { an } = this;
    await at(an, '#/');
    await ask('stop', 'print');
    await an.locator('#incomplete').filter({ hasText: 'Phân hệ print không trả lời' }).waitFor();
    await an.locator('#card-rooms_up.bad').waitFor();
    await an.locator('#said').filter({ hasText: 'print' }).waitFor({ state: 'attached' });
    await judge(an, 'incomplete');
    await ask('start', 'print');
    await an.locator('#incomplete').waitFor({ state: 'hidden' });
  },
  async 'axe finds nothing, in both languages, light and dark, wide and narrow'() {
    const state = await this.an.context().storageState();
    const places = ['#/', '#/queues', '#/queue/otp/bulk', '#/find?key=dossier:h1', this.action, '#/actions', '#/act/otp/bulk', '#/gateways',
      '#/gateway/sms:evil', '#/partners', '#/partner/tayninh', '#/trace?key=dossier:h1', '#/audit?number=1'];
    await at(this.an, '#/queue/otp/transactional');
    await this.an.locator('#which').selectOption('DEAD');
    places.push(await this.an.locator('tbody th a').last().getAttribute('href'));
    const looks = [];
    // Contrast hangs on width and theme, words and structure on width and language: these four have every pair.
    for (const [viewport, colorScheme, language] of [[WIDE, 'light', 'vi'], [WIDE, 'dark', 'en'], [NARROW, 'light', 'en'], [NARROW, 'dark', 'vi']])
      looks.push({ viewport, colorScheme, language });
    const look = async ({ viewport, colorScheme, language }) => {
      const page = await open('about:blank', { viewport, colorScheme, storageState: state });
      await page.addInitScript((chosen) => localStorage.setItem('language', chosen), language);
      await page.goto(this.base);
      await page.locator('#nav a').first().waitFor();
      for (const place of places) {
        await at(page, place);
        await page.waitForFunction(() => !/Đang tải…|Loading…/.test(document.querySelector('main').textContent));
        await judge(page, `${place} ${viewport.width} ${colorScheme} ${language}`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        const wide = over <= 0 ? '' : await page.evaluate(() => [...document.querySelectorAll('body *')].filter((e) =>
          e.getBoundingClientRect().right > innerWidth && !e.closest('.scroll')).map((e) => e.outerHTML.slice(0, 120)).join('\n'));
        assert.ok(over <= 0, `${place} is ${over} px wider than ${viewport.width}: ${wide}`);
      }
      await page.context().close();
    };
    await Promise.all(looks.map(look));
  },
  async 'the switches switch, and signing out ends it'() {
    const { an } = this;
    await at(an, '#/queues');
    await an.locator('#language').click();
    await an.getByRole('heading', { level: 1, name: 'Queues' }).waitFor();
    assert.equal(await an.evaluate(() => document.documentElement.lang), 'en');
    const ground = () => an.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await an.locator('#theme').click();
    assert.notEqual(await ground(), before);
    await an.locator('#sign-out').click();
    await shows(an, 'motcuactl dashboard token');
    assert.equal(await an.evaluate(async () => (await fetch('/api/session')).status), 401);
  },
  async 'a gateway that is away is said, with the time of what is still shown'() {
    const page = await open(await ask('link', 'dung', '--role', 'view'));
    await page.locator('#card-rooms_up').filter({ hasText: '/' }).waitFor();
    away = true;
    await ask('stop', 'gateway');
    await page.locator('#incomplete').filter({ hasText: 'Mất kết nối với cổng' }).waitFor();
    await at(page, '#/actions');
    await shows(page, 'Không có phản hồi từ cổng.');
    await page.context().close();
  },
};

async function judge(page, what) {
  const found = await page.evaluate(async (source) => {
    if (!window.axe) throw new Error('axe is not here: ' + source);
    const result = await window.axe.run(document, { resultTypes: ['violations'], preload: false, iframes: false });
    return result.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' | ')}`);
  }, what).catch(async (error) => {
    if (!/axe is not here/.test(error.message)) throw error;
    await page.evaluate(axe); // by the debugger, so the page's own policy stays as it is
    return judge(page, what);
  });
  if (Array.isArray(found) && found.length) assert.fail(`${what}\n${found.join('\n')}`);
  return [];
}

let code = 0;
const shared = {};
try {
  for (const [name, step] of Object.entries(steps)) {
    const began = Date.now();
    await step.call(shared);
    console.log(`ok ${name} (${Date.now() - began} ms)`);
  }
  assert.deepEqual(problems, []);
} catch (error) {
  console.log(`failed: ${error.stack}`);
  if (shared.an) console.log((await shared.an.textContent('body').catch(() => '')).slice(0, 1500));
  for (const problem of problems) console.log(problem);
  code = 1;
}
await browser.close();
process.exit(code);
