// Somebody at a browser: what one sees, clicks, types and reads, as TAP.
// Pictures go into `folder`; `wanted` are errors that the browser notes and that
// are none. Used by guide.mjs, pages.mjs and visitor.mjs.

import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url)
  .resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = { timeout: 30000 };
// How long somebody takes: reading, and the keystroke-level model of Card, Moran
// and Newell for hands (pointing 1.1, a click .2, an average typist .28).
const WORDS_A_MINUTE = 250;
const POINTING_S = 1.3;
const TYPING_S = 0.28; // a character

export async function person({ url, username, password, folder, name,
  by = 'mouse', width, theme, wanted = /^(?!)/ }) {
  mkdirSync(folder, { recursive: true });
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  const page = await browser.newPage();
  const faults = [];  // errors that the browser tells of
  const outside = []; // requests to anybody else
  let tests = 0;
  let seconds = 0;    // that somebody would have taken
  let looked = 0;     // ms that looking took, which is not the guide's
  const known = new Set(); // lines that were read already

  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error'
    && !wanted.test(message.text()) && faults.push(message.text()));
  page.on('request', (request) => new URL(request.url()).origin
    !== new URL(url).origin && !/^(data|blob):/.test(request.url())
    && outside.push(request.url()));
  await page.setViewport({ width: Number(width), height: 900 });
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: theme },
    { name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.authenticate({ username, password });

  function ok(good, title, detail = '') {
    tests++;
    console.log(`${good ? 'ok' : 'not ok'} ${tests} - ${title}`);
    if (!good && detail) {
      console.log(`# ${String(detail).replaceAll('\n', '\n# ')}`);
    }
    return good;
  }

  const is = (got, wanted, title) => ok(got === wanted, title,
    `got ${JSON.stringify(got)}\nwanted ${JSON.stringify(wanted)}`);

  // ----------------------------------------------------------------- reading

  // Whatever is on top: an open dialog, or the page.
  const top = () => page.evaluateHandle(() =>
    [...document.querySelectorAll('dialog[open]')].pop() || document.body);

  // Counts the time that new words on the screen take; nobody waits for it.
  async function read() {
    const lines = await (await top()).evaluate((root) => {
      const all = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const found = [];
      while (all.nextNode()) {
        const around = all.currentNode.parentElement;
        const box = around.getBoundingClientRect();
        if (around.checkVisibility({ visibilityProperty: true })
          && !around.closest('.aside, .skip, option, script, noscript')
          && box.bottom > 0 && box.top < innerHeight) {
          found.push(all.currentNode.data.trim());
        }
      }
      return found;
    });
    for (const line of lines.filter((one) => /\p{L}|\p{N}/u.test(one))) {
      if (!known.has(line)) {
        known.add(line);
        seconds += line.split(/\s+/).length / WORDS_A_MINUTE * 60;
      }
    }
  }

  const see = (text) => page.waitForFunction((wanted) =>
    ([...document.querySelectorAll('dialog[open]')].pop() || document.body)
      .innerText.includes(wanted) || document.body.innerText.includes(wanted),
  PATIENCE, text);

  // ------------------------------------------------------------------- doing

  async function find(text, exact = false) {
    const handle = await page.waitForFunction((root, wanted, whole) => {
      const label = (node) => (node.getAttribute('aria-label')
        || node.textContent).trim();
      const all = [...root.querySelectorAll('a, button, summary')]
        .filter((node) => node.checkVisibility() && !node.disabled);
      return all.find((node) => label(node) === wanted)
        || !whole && all.find((node) => label(node).startsWith(wanted));
    }, PATIENCE, await top(), text, exact);
    return handle.asElement();
  }

  // To the element by Tab alone, as somebody without a mouse has to.
  async function reach(element) {
    for (let i = 0; i < 200; i++) {
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

  async function act(text) {
    await read();
    seconds += POINTING_S;
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
      await element.evaluate((node) => node.scrollIntoView({
        block: 'center' }));
      await element.click();
    }
  }

  async function field(label) {
    return (await page.waitForFunction((root, wanted) => {
      const found = [...root.querySelectorAll('label')].find((node) =>
        node.textContent.trim().startsWith(wanted));
      return found ? document.getElementById(found.htmlFor)
        : root.querySelector(`[aria-label="${wanted}"]`);
    }, PATIENCE, await top(), label)).asElement();
  }

  async function type(label, text) {
    const input = await field(label);
    if (by === 'keys') {
      await reach(input);
    } else {
      await input.evaluate((node) => node.scrollIntoView({
        block: 'center' }));
      await input.click();
    }
    if (await input.evaluate((node) => node.tagName === 'SELECT')) {
      seconds += 2 * POINTING_S;
      await page.keyboard.type(text);
    } else {
      seconds += POINTING_S + TYPING_S * text.length;
      await page.keyboard.down('Control');
      await page.keyboard.press('a');
      await page.keyboard.up('Control');
      await page.keyboard.type(text);
    }
  }

  // The element goes when the page has heard of it, with the focus in its place.
  const closed = () => page.waitForFunction(() =>
    !document.querySelector('dialog'), PATIENCE);

  const settled = () => page.waitForFunction(() =>
    !document.querySelector('[aria-busy="true"]'), PATIENCE);

  async function go(title) {
    const menu = await page.$('#menu');
    if (await menu.evaluate((node) => node.checkVisibility())) {
      await act('Menu');
    }
    await act(title);
    await page.waitForFunction((wanted) => document.querySelector(
      'nav a[aria-current]')?.textContent === wanted
      && !document.querySelector('main[aria-busy]'), PATIENCE, title);
  }

  // ----------------------------------------------------------------- looking

  const sideways = () => page.evaluate(() => Math.max(
    document.documentElement.scrollWidth
      - document.documentElement.clientWidth,
    ...[...document.querySelectorAll('dialog[open]')].map((node) =>
      node.scrollWidth - node.clientWidth)));

  // A picture, and what a machine can say of accessibility and layout.
  async function look(what) {
    const began = Date.now();
    await page.screenshot({ path: `${folder}/${name}-${what}.png`,
      fullPage: !await page.$('dialog[open]') });
    const px = await sideways();
    ok(px <= 0, `${what}: nothing scrolls sideways`, `${px} px`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document,
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
        'best-practice'] }));
    ok(violations.length === 0, `${what}: axe-core finds nothing`,
      violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) =>
        `  ${node.html.slice(0, 160)}\n  ${node.failureSummary}`).join('\n')}`)
        .join('\n'));
    looked += Date.now() - began;
  }

  // Runs all of it, and says how it ended.
  async function run(work) {
    try {
      await work();
    } catch (fault) {
      await page.screenshot({ path: `${folder}/${name}-failed.png` });
      ok(false, `${name} goes to its end`, fault.stack);
    }
    ok(faults.length === 0, 'nothing fails in the browser', faults.join('\n'));
    ok(outside.length === 0, 'nothing is asked of others', outside.join('\n'));
    console.log(`1..${tests}`);
    await browser.close();
  }

  return { page, ok, is, read, see, find, field, reach, act, type, closed,
    settled, go, look, sideways, run, faults,
    took: () => seconds, looked: () => looked,
    wait: (more) => { seconds += more; } };
}
