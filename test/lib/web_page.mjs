// web_page.mjs: what people do on the page of examples/web, in Chromium, and whether it does what they expect.
//
//	node web_page.mjs URL SCREENSHOTS
//
// Prints "ok - TEXT" or "not ok - TEXT: what was there" for each thing looked at, and writes pictures into the folder
// SCREENSHOTS.  The database is that of PGHOST and PGPORT, for the mails.
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { chromium } from 'playwright-core';

const [base, pictures] = process.argv.slice(2);
const WAIT = 20_000;
const PASSWORD = 'a heron stands in the reeds';
const OTHER_PASSWORD = 'a heron flies over the reeds';
const NEXT_PASSWORD = 'two herons stand in the reeds';
const TOKEN = /fa_[a-z]{2}_[A-Za-z0-9_-]{20}|eyJ[A-Za-z0-9_-]{20}/;
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1';

const database = new pg.Client({ database: 'postgres' });
await database.connect();
const one = async (sql, values) => Object.values((await database.query(sql, values)).rows[0] ?? {})[0];
const link = (template, address) => one('SELECT link($1, $2)', [template, address]);

const note = (good, text, found) => console.log(`${good ? 'ok' : 'not ok'} - ${text}${good ? '' : `: ${JSON.stringify(found)}`}`);
const is = (found, expected, text) => note(isDeepStrictEqual(found, expected), text, found);

// Chromium's own sandbox wants a user that is not root.
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--headless', ...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const bodies = [];		// of all answers of the API
const complaints = [];		// of the page, and of the policy that it has

async function person(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1000, height: 760 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT);
  page.on('response', async (answer) => {
    if (answer.url().includes('/api/')) bodies.push(await answer.text().catch(() => ''));
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser's own line about an answer that is a refusal.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  return { context, page };
}

const picture = (page, name) => page.screenshot({ path: `${pictures}/${name}.png` });
const seen = (page, id) => page.locator(`#view-${id}`).waitFor({ state: 'visible' });
const text = async (page, selector) => (await page.locator(selector).innerText()).trim();

async function refusal(page, form) {
  const error = page.locator(`#form-${form} .error`);
  await error.waitFor({ state: 'visible' });
  return (await error.innerText()).trim();
}

async function submit(page, form, fields) {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#form-${form} [name=${name}]`, value);
  await page.click(`#form-${form} button.primary`);
}

const cookies = async (context) => (await context.cookies(base)).sort((a, b) => (a.name < b.name ? -1 : 1));

fs.mkdirSync(pictures, { recursive: true });
const ada = await person();
const { page } = ada;

// --- signing up ---------------------------------------------------------------------------
await page.goto(base);
await seen(page, 'signin');
await picture(page, '01-signin');
await page.click('a[data-view=signup]');
await seen(page, 'signup');
is([new URL(page.url()).pathname, await page.title()], ['/signup', 'Create your account · Harbor'], 'each view has an address and a title');
await submit(page, 'signup', { name: 'Ada Lovelace', email: 'ada@example.com', password: 'short' });
note(/8/.test(await refusal(page, 'signup')), 'a short password is refused before it is sent', await refusal(page, 'signup'));
await submit(page, 'signup', { password: 'password123' });
await page.waitForFunction(() => /guess|weak|common/i.test(document.querySelector('#form-signup .error').textContent));
await picture(page, '02-signup-refused');
await submit(page, 'signup', { password: PASSWORD });
await seen(page, 'account');
is([await text(page, '#name'), await text(page, '#email'), await text(page, '#badge')], ['Ada Lovelace', 'ada@example.com', 'Not confirmed'], 'who signed up sees the profile');
is(await page.locator('#sessions li').count(), 1, 'and one session');
await picture(page, '03-account-unconfirmed');

// --- where the tokens are -------------------------------------------------------------------
is((await cookies(ada.context)).map((c) => [c.name, c.httpOnly, c.secure, c.sameSite, c.path]),
  [['__Host-fastauth-access', true, true, 'Lax', '/'], ['__Host-fastauth-csrf', false, true, 'Strict', '/'], ['__Host-fastauth-refresh', true, true, 'Strict', '/']], 'the cookies are such that no script and no other site has the tokens');
const readable = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
note(readable[0].startsWith('__Host-fastauth-csrf=') && !readable[0].includes(';') && readable[1] + readable[2] === 0, 'a script finds the CSRF token alone', readable);

// --- the link in the mail -------------------------------------------------------------------
await page.click('#resend');
await page.waitForFunction(() => /on its way/.test(document.querySelector('#notice').textContent));
await page.goto(`${base}/verify-email#token=${await link('verification', 'ada@example.com')}`);
await seen(page, 'verified');
is([await page.evaluate(() => location.hash), await page.evaluate(() => performance.getEntriesByType('resource').some((e) => e.name.includes('fa_ot_')))], ['', false], 'the token leaves the address, and is in no request\'s');
await picture(page, '04-verified');
await page.click('#continue');
await seen(page, 'account');
is(await text(page, '#badge'), 'Confirmed', 'the address is confirmed, and who signed up is still in');

// --- another device ---------------------------------------------------------------------------
const phone = await person({ userAgent: IPHONE, viewport: { width: 390, height: 780 }, colorScheme: 'dark' });
await phone.page.goto(base);
await submit(phone.page, 'signin', { email: 'ada@example.com', password: 'not this one' });
is(await refusal(phone.page, 'signin'), 'That e-mail address and password do not match.', 'a wrong password is refused');
await picture(phone.page, '05-signin-refused-phone');
await submit(phone.page, 'signin', { password: PASSWORD });
await seen(phone.page, 'account');
await picture(phone.page, '06-account-phone');
await page.reload();
await seen(page, 'account');
is(await page.locator('#sessions strong').allInnerTexts(), ['Chrome on Linux', 'Safari on iOS'], 'two sessions, one\'s own first');
note(/^(127\.0\.0\.1|::1) · signed in/.test(await page.locator('#sessions p').first().innerText()), 'with the address', await page.locator('#sessions p').first().innerText());
await picture(page, '07-two-sessions');

// --- ending it: long after the sign-in a password is asked for ------------------------------------
await database.query("UPDATE fastauth.sessions SET authenticated_at = authenticated_at - interval '1 hour'");
await page.locator('#sessions li button').click();
await page.locator('#dialog-again').waitFor({ state: 'visible' });
await picture(page, '08-is-it-still-you');
await page.fill('#form-again [name=password]', OTHER_PASSWORD);
await page.click('#dialog-again [data-close]');
is([await page.locator('#sessions li').count(), await page.locator('#notice').isVisible()], [2, false], 'who goes back ends nothing');
await page.locator('#sessions li button').click();
await page.locator('#dialog-again').waitFor({ state: 'visible' });
is(await page.inputValue('#form-again [name=password]'), '', 'and can try again, in an empty dialog');
await submit(page, 'again', { password: 'not this one' });
is(await refusal(page, 'again'), 'That is not your password.', 'a wrong one does not do');
await submit(page, 'again', { password: PASSWORD });
await page.waitForFunction(() => /signed out/.test(document.querySelector('#notice').textContent));
is(await page.locator('#sessions li').count(), 1, 'the other session is gone from the list');
await picture(page, '09-revoked');
await phone.page.reload();
await seen(phone.page, 'signin');
is((await cookies(phone.context)).map((c) => c.name), [], 'the other device is signed out at its next request, and keeps no cookie');

// --- the access token is over -----------------------------------------------------------------------
const before = (await cookies(ada.context)).find((c) => c.name.endsWith('refresh')).value;
await ada.context.clearCookies({ name: '__Host-fastauth-access' });
await page.reload();
await seen(page, 'account');
note((await cookies(ada.context)).find((c) => c.name.endsWith('refresh')).value !== before, 'a refresh token gets the next, unseen', 'the same');

// --- the profile ------------------------------------------------------------------------------------
await page.click('#edit');
await submit(page, 'name', { name: 'Augusta Ada King' });
await page.waitForFunction(() => document.querySelector('#name').textContent === 'Augusta Ada King');
is(await one("SELECT name FROM fastauth.get_user_by_email('ada@example.com')"), 'Augusta Ada King', 'the name is changed');

await page.click('#change');
await submit(page, 'password', { current_password: 'not this one', new_password: NEXT_PASSWORD });
is(await refusal(page, 'password'), 'That is not your password.', 'a password is not changed without the old one');
await submit(page, 'password', { current_password: PASSWORD, new_password: OTHER_PASSWORD });
await page.waitForFunction(() => /password is changed/.test(document.querySelector('#notice').textContent));
await picture(page, '10-changed');

// --- another site -----------------------------------------------------------------------------------
const evil = await ada.context.newPage();
const forged = await evil.evaluate(async (url) => {
  const answers = [];
  for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
    answers.push(await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': type }, body: '{"scope":"global"}' }).then((a) => a.type, (e) => e.message));
  return answers;
}, `${base}/api/rpc/signout`);
is(forged, ['opaque', 'opaque'], 'another site sends a sign-out');
await evil.close();
await page.reload();
await seen(page, 'account');
is(await one("SELECT count(*)::int FROM fastauth.list_user_sessions((SELECT id FROM fastauth.get_user_by_email('ada@example.com')))"), 1, 'which does nothing');

// --- a forgotten password -----------------------------------------------------------------------------
await page.click('#signout');
await seen(page, 'signin');
is((await cookies(ada.context)).map((c) => c.name), [], 'signing out leaves no cookie');
await page.click('#view-signin a[data-view=forgot]');
await seen(page, 'forgot');
await submit(page, 'forgot', { email: 'ada@example.com' });
await page.waitForFunction(() => /on its way/.test(document.querySelector('#notice').textContent));
await page.goto(`${base}/reset-password#token=${await link('password_reset', 'ada@example.com')}`);
await seen(page, 'reset');
await picture(page, '11-reset');
await submit(page, 'reset', { new_password: NEXT_PASSWORD });
await seen(page, 'signin');
await submit(page, 'signin', { email: 'ada@example.com', password: OTHER_PASSWORD });
await refusal(page, 'signin');
await submit(page, 'signin', { password: NEXT_PASSWORD });
await seen(page, 'account');
note(true, 'the new password signs in, the old one does not');

// --- a link that is opened where nobody is signed in -----------------------------------------------------
const bob = await person();
await bob.page.goto(`${base}/signup`);
await submit(bob.page, 'signup', { name: 'Bob', email: 'bob@example.com', password: PASSWORD });
await seen(bob.page, 'account');
const elsewhere = await person();
await elsewhere.page.goto(`${base}/verify-email#token=${await link('verification', 'bob@example.com')}`);
await seen(elsewhere.page, 'verify');
await picture(elsewhere.page, '12-verify-elsewhere');
await submit(elsewhere.page, 'verify', { password: 'not this one' });
await refusal(elsewhere.page, 'verify');
await submit(elsewhere.page, 'verify', { password: PASSWORD });
await seen(elsewhere.page, 'verified');
is(await one("SELECT email_verified FROM fastauth.get_user_by_email('bob@example.com')"), true, 'elsewhere the link wants the password');

// --- what never happened -----------------------------------------------------------------------------
is(bodies.filter((body) => TOKEN.test(body)), [], `no token in any of ${bodies.length} answers`);
note(bodies.length > 40, 'and there were many', bodies.length);
is(complaints, [], 'the page and its policy had nothing to complain of');

await browser.close();
await database.end();
