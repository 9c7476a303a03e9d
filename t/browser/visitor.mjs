// Somebody in front of a browser, with a mouse or with keys alone, who looks at
// pictures and has axe-core look at pages. Prints TAP.
//
//   import { begin } from './visitor.mjs';
//   const { go, act, ... } = await begin(process.argv.slice(2));
//
// Words: URL USER PASSWORD FOLDER mouse|keys WIDTH light|dark

import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const PATIENCE = 20000; // ms
const axe = readFileSync(createRequire(import.meta.url)
  .resolve('axe-core/axe.min.js'), 'utf8');

export async function begin([url, username, password, folder, by, width,
  theme]) {
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
  // A 401 and a 403 of the connection test are wanted; browsers note them.
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error'
    && !/^Failed to load resource: .* status of (401|403|405)/
      .test(message.text()) && faults.push(message.text()));
  page.on('request', (request) => new URL(request.url()).origin
    !== new URL(url).origin && !/^(data|blob):/.test(request.url())
    && outside.push(request.url()));
  await browser.defaultBrowserContext().overridePermissions(
    new URL(url).origin, ['clipboard-read', 'clipboard-write',
      'clipboard-sanitized-write']);
  await page.setViewport({ width: Number(width), height: 900 });
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: theme },
    { name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.authenticate({ username, password });

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
    }, { timeout: PATIENCE }, within, text);
    return handle.asElement();
  }

  const labelled = async (label) => (await page.waitForFunction(
    (root, wanted) => {
      const found = [...root.querySelectorAll('label')].find((node) =>
        node.textContent.trim().startsWith(wanted));
      return found ? document.getElementById(found.htmlFor)
        : root.querySelector(`[aria-label="${wanted}"]`);
    }, { timeout: PATIENCE }, await top(), label)).asElement();

  // To the element by Tab alone, as somebody without a mouse has to.
  async function reach(element) {
    for (let i = 0; i < 160; i++) {
      if (await element.evaluate((node) => node === document.activeElement)) {
        return;
      }
      if (!await element.evaluate((node) => node.isConnected)) {
        throw new Error('it is detached');
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reaches ${await element.evaluate((node) =>
      node.outerHTML.slice(0, 200))}`);
  }

  async function press(element, text, key = 'Enter') {
    if (by === 'keys') {
      await reach(element);
      const outline = await element.evaluate((node) =>
        getComputedStyle(node).outlineStyle);
      if (outline === 'none') {
        throw new Error(`the focus of "${text}" cannot be seen`);
      }
      await page.keyboard.press(key);
    } else {
      await element.evaluate((node) =>
        node.scrollIntoView({ block: 'center' }));
      await element.click();
    }
  }

  // A page that is drawn anew meanwhile has another one.
  async function act(text, times = 3) {
    try {
      await press(await find(text), text);
    } catch (fault) {
      if (times === 1 || !/detached|not clickable/.test(fault.message)) {
        throw fault;
      }
      await act(text, times - 1);
    }
  }

  // A radio button: Tab comes to the one that is chosen, arrows to the others.
  async function choose(label) {
    const radio = await labelled(label);
    if (by === 'keys') {
      const first = await radio.evaluateHandle((node) =>
        document.querySelector(`[name="${node.name}"]:checked`));
      await reach(first);
      for (let i = 0; i < 5 && !await radio.evaluate((node) =>
        node.checked); i++) {
        await page.keyboard.press('ArrowDown');
      }
    } else {
      await radio.click();
    }
  }

  async function type(label, text) {
    const input = await labelled(label);
    if (by === 'keys') {
      await reach(input);
    } else if (await input.evaluate((node) => node.tagName === 'SELECT')) {
      await input.focus(); // its list is the system's
    } else {
      await input.click();
    }
    if (!await input.evaluate((node) => node.tagName === 'SELECT')) {
      await page.keyboard.down('Control');
      await page.keyboard.press('a');
      await page.keyboard.up('Control');
    }
    await page.keyboard.type(text);
  }

  // What is pasted comes at once.
  async function paste(text) {
    await page.evaluate((words) => navigator.clipboard.writeText(words), text);
    await page.keyboard.down('Control');
    await page.keyboard.press('v');
    await page.keyboard.up('Control');
  }

  const see = (text) => page.waitForFunction((wanted) =>
    document.body.innerText.includes(wanted), { timeout: PATIENCE }, text)
    .catch(() => { throw new Error(`"${text}" is not to be seen`); });

  const closed = () => page.waitForFunction(() =>
    !document.querySelector('dialog[open]'), { timeout: PATIENCE });

  const words = async () => (await top()).evaluate((node) => node.innerText);

  async function go(title) {
    const menu = await page.$('#menu');
    if (await menu.evaluate((node) => node.checkVisibility())) {
      await act('Menu');
    }
    await act(title);
    await page.waitForNetworkIdle({ idleTime: 150, timeout: PATIENCE })
      .catch(() => {});
  }

  // Pictures, of a dialog also of what is below, and what a machine can say of
  // accessibility and layout.
  async function look(what) {
    await page.screenshot({ path: `${folder}/${name}-${what}.png` });
    const dialog = await page.evaluate(() => {
      const open = [...document.querySelectorAll('dialog[open]')].pop();
      return open ? open.scrollHeight : 0;
    });
    if (dialog > 900) {
      await page.setViewport({ width: Number(width), height: Math.min(dialog,
        6000) });
      await page.screenshot({ path: `${folder}/${name}-${what}-whole.png` });
      await page.setViewport({ width: Number(width), height: 900 });
    }
    if (width < 600) { // as narrow as a telephone may be
      await page.setViewport({ width: 360, height: 900 });
    }
    const sideways = await page.evaluate(() => Math.max(
      document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll('dialog[open]')].map((node) =>
        node.scrollWidth - node.clientWidth)));
    ok(sideways <= 0, `${what}: nothing scrolls sideways`, `${sideways} px`);
    await page.setViewport({ width: Number(width), height: 900 });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document,
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
        'best-practice'] }));
    ok(violations.length === 0, `${what}: axe-core finds nothing`,
      violations.map((one) => `${one.id}: ${one.help}\n${one.nodes
        .map((node) => `  ${node.html.slice(0, 160)}\n  ${node.failureSummary}`)
        .join('\n')}`).join('\n'));
  }

  // Runs the story to its end, whatever comes of it.
  async function tell(story) {
    try {
      await page.goto(url, { waitUntil: 'networkidle0' });
      await story();
    } catch (fault) {
      await page.screenshot({ path: `${folder}/${name}-failed.png` });
      ok(false, `the story of ${name} goes to its end`, fault.stack);
    }
    ok(faults.length === 0, 'nothing fails in the browser', faults.join('\n'));
    ok(outside.length === 0, 'nothing is asked of others', outside.join('\n'));
    console.log(`1..${tests}`);
    await browser.close();
  }

  return { page, name, ok, act, choose, closed, find, go, look, paste, see,
    tell, type, words };
}
