// The set-up guide in a real browser, by clicks or by keys alone: enable SCIM,
// install an app, paste, first contact, stacks and roles, group mapping,
// explain. Called by t/90-console.t; prints TAP.
//
//   node guide.mjs URL USER PASSWORD FOLDER mouse|keys WIDTH light|dark

import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const [url, username, password, folder, by, width, theme] =
  process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url)
  .resolve('axe-core/axe.min.js'), 'utf8');
const name = `${by}-${width}-${theme}`;
let tests = 0;

function ok(good, title, detail = '') {
  tests++;
  console.log(`${good ? 'ok' : 'not ok'} ${tests} - ${title}`);
  if (!good && detail) {
    console.log(`# ${String(detail).replaceAll('\n', '\n# ')}`);
  }
}

mkdirSync(folder, { recursive: true });
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const page = await browser.newPage();
const faults = [];
const outside = [];
page.on('pageerror', (error) => faults.push(error.message));
page.on('console', (message) => message.type() === 'error'
  && faults.push(message.text()));
page.on('request', (request) => new URL(request.url()).origin
  !== new URL(url).origin && !/^(data|blob):/.test(request.url())
  && outside.push(request.url()));
await page.setViewport({ width: Number(width), height: 900 });
await page.emulateMediaFeatures([
  { name: 'prefers-color-scheme', value: theme },
  { name: 'prefers-reduced-motion', value: 'reduce' }]);
await page.authenticate({ username, password });

// ------------------------------------------------------------- what one does

// Whatever is on top: an open dialog, or the page.
const top = () => page.evaluateHandle(() =>
  [...document.querySelectorAll('dialog[open]')].pop() || document.body);


async function find(text) {
  const within = await top();
  const handle = await page.waitForFunction((root, wanted) => {
    const label = (node) => (node.getAttribute('aria-label')
      || node.textContent).trim();
    const all = [...root.querySelectorAll('a, button, summary')]
      .filter((node) => node.checkVisibility() && !node.disabled);
    return all.find((node) => label(node) === wanted)
      || all.find((node) => label(node).startsWith(wanted));
  }, { timeout: 15000 }, within, text);
  return handle.asElement();
}

// To the element by Tab alone, as somebody without a mouse has to.
async function reach(element) {
  for (let i = 0; i < 120; i++) {
    if (await element.evaluate((node) => node === document.activeElement)) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${await element.evaluate((node) =>
    node.outerHTML.slice(0, 200))}`);
}

async function act(text) {
  const element = await find(text);
  if (by === 'keys') {
    await reach(element);
    const outline = await element.evaluate((node) =>
      getComputedStyle(node).outlineStyle);
    if (outline === 'none') {
      throw new Error(`the focus of "${text}" cannot be seen`);
    }
    await page.keyboard.press('Enter');
  } else {
    await element.evaluate((node) => node.scrollIntoView({ block: 'center' }));
    await element.click();
  }
}

async function type(label, text) {
  const within = await top();
  const input = (await page.waitForFunction((root, wanted) => {
    const found = [...root.querySelectorAll('label')].find((node) =>
      node.textContent.trim().startsWith(wanted));
    return found ? document.getElementById(found.htmlFor)
      : root.querySelector(`[aria-label="${wanted}"]`);
  }, { timeout: 15000 }, within, label)).asElement();
  if (by === 'keys') {
    await reach(input);
  } else {
    await input.click();
  }
  if (await input.evaluate((node) => node.tagName === 'SELECT')) {
    await page.keyboard.type(text);
  } else {
    await page.keyboard.down('Control');
    await page.keyboard.press('a');
    await page.keyboard.up('Control');
    await page.keyboard.type(text);
  }
}

const see = (text) => page.waitForFunction((wanted) =>
  document.body.innerText.includes(wanted), { timeout: 15000 }, text);

const closed = () => page.waitForFunction(() =>
  !document.querySelector('dialog[open]'), { timeout: 15000 });

async function go(title) {
  const menu = await page.$('#menu');
  if (await menu.evaluate((node) => node.checkVisibility())) {
    await act('Menu');
  }
  await act(title);
  await page.waitForNetworkIdle({ idleTime: 150, timeout: 15000 })
    .catch(() => {});
}

// A picture, and what a machine can say of accessibility and layout.
async function look(what) {
  await page.screenshot({ path: `${folder}/${name}-${what}.png`,
    fullPage: true });
  const sideways = await page.evaluate(() =>
    document.documentElement.scrollWidth - innerWidth);
  ok(sideways <= 0, `${what}: nothing scrolls sideways`, `${sideways} px`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document,
    { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
      'best-practice'] }));
  ok(violations.length === 0, `${what}: axe-core finds nothing`,
    violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) =>
      `  ${node.html.slice(0, 160)}\n  ${node.failureSummary}`).join('\n')}`)
      .join('\n'));
}

// ----------------------------------------------------- the identity provider

async function provider(tenantUrl, token) {
  const send = async (method, path, body) => {
    const reply = await fetch(tenantUrl + path, { method, headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/scim+json' },
    body: body && JSON.stringify(body) });
    return reply.status === 204 ? null : reply.json();
  };
  await send('GET', '/Users?filter=userName+eq+%22none%22');
  const people = [];
  for (const person of ['anna', 'otto',
    '<script>document.title="owned"</script>', `long-${'x'.repeat(990)}`,
    '\u{1D4B3}-four-bytes', '\u202Ereversed']) {
    people.push((await send('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: `${people.length}-${by}-${width}@x.example`,
      displayName: person })).id);
  }
  await send('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Developers', members: people.map((value) => ({ value })) });
}

// ---------------------------------------------------------------- the guide

try {
  await page.goto(url, { waitUntil: 'networkidle0' });
  await see('Set up');
  await look('01-overview-empty');

  await go('SCIM');
  await see('Enable SCIM');
  await act('Enable SCIM');
  await look('02-enable');
  await act('Enable SCIM');
  await closed();
  await see('Install app');
  ok(true, 'SCIM is enabled');

  await act('Install app');
  await look('03-install');
  await act('Install');
  await see('Secret token');
  await see('Waiting for Test Connection');
  const shown = await page.$$eval('dialog output', (nodes) =>
    nodes.map((node) => node.textContent));
  ok(/^https?:\/\/.*\/scim\/v2\//.test(shown[0]), 'a tenant URL is shown',
    shown[0]);
  ok(/^mscim1_/.test(shown[1]), 'and a secret token');
  await look('04-paste');
  await provider(shown[0], shown[1]);
  await see('Connected');
  ok(true, 'the line turns green by itself');
  await look('05-connected');
  await act('Close');
  await closed();

  await go('Stacks and roles');
  await act('New stack');
  await type('Name', 'Website');
  await act('Add');
  await closed();
  await see('Website');
  await look('06-stacks');

  await go('Group mapping');
  await see('No group is mapped yet');
  await look('07-mapping-empty');
  await act('Map a group');
  await see('Developers');
  await act('Map');
  await see('Every member holds these');
  await act('Add a stack role');
  await type('Role', 'Developer');
  await type('Stack', 'Website');
  await act('Preview');
  await see('6 gains');
  await look('08-preview');
  await act('Update');
  await closed();
  await see('Developer · Website');
  ok(true, 'the group is mapped');
  await look('09-mapping');

  await go('Users');
  await see('anna');
  ok(await page.title() !== 'owned', 'text from outside is text');
  await look('10-users');
  await act('anna');
  await see('Permissions');
  await see('Developer on Website');
  ok(true, 'the permission is explained');
  await look('11-user');

  await go('Stacks and roles');
  await act('Holders of Developer');
  await see('Developer in Website');
  await see('6 people');
  ok(true, 'who holds a role is listed');
  await look('11-holders');

  for (const [title, what, wanted] of [['Groups', '12-groups', 'Developers'],
    ['Journal', '13-journal', 'create'], ['Settings', '14-settings', 'Danger'],
    ['Overview', '15-overview', 'Active users']]) {
    await go(title);
    await see(wanted);
    await look(what);
  }
} catch (fault) {
  await page.screenshot({ path: `${folder}/${name}-failed.png` });
  ok(false, `the guide of ${name} goes to its end`, fault.stack);
}
ok(faults.length === 0, 'nothing fails in the browser', faults.join('\n'));
ok(outside.length === 0, 'nothing is asked of others', outside.join('\n'));
console.log(`1..${tests}`);
await browser.close();
