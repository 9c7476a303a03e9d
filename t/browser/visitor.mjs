// A person who connects providers: pastes, chooses, copies, and looks at what is
// below the edge of a dialog, too. Used by connect.mjs and elsewhere.mjs.
//
//   const { go, act, ... } = await begin(process.argv.slice(2));
//
// Words: URL USER PASSWORD FOLDER mouse|keys WIDTH light|dark

import { person } from './person.mjs';

const HEIGHT = 900; // of the window, px

export async function begin([url, username, password, folder, by, width,
  theme]) {
  const name = `${by}-${width}-${theme}`;
  // What the connection test is told no for is wanted; browsers note it.
  const self = await person({ url, username, password, folder, name, by, width,
    theme, wanted: /^Failed to load resource: .* status of (401|403|405)/ });
  const { page, ok, field, reach } = self;
  await page.browserContext().overridePermissions(new URL(url).origin,
    ['clipboard-read', 'clipboard-write', 'clipboard-sanitized-write']);

  // A page that is drawn anew meanwhile has another one.
  async function act(text, times = 3) {
    try {
      await self.act(text);
    } catch (fault) {
      if (times === 1 || !/detached|not clickable/.test(fault.message)) {
        throw fault;
      }
      await act(text, times - 1);
    }
  }

  // A radio button: Tab comes to the one that is chosen, arrows to the others.
  async function choose(label) {
    const radio = await field(label);
    if (by === 'keys') {
      await reach(await radio.evaluateHandle((node) =>
        document.querySelector(`[name="${node.name}"]:checked`)));
      for (let i = 0; i < 5 && !await radio.evaluate((node) =>
        node.checked); i++) {
        await page.keyboard.press('ArrowDown');
      }
    } else {
      await radio.click();
    }
  }

  // A list that a click opens is the system's.
  async function type(label, text) {
    const input = await field(label);
    if (by === 'keys' || await input.evaluate((node) =>
      node.tagName !== 'SELECT')) {
      await self.type(label, text);
    } else {
      await input.focus();
      await page.keyboard.type(text);
    }
  }

  // What is pasted comes at once.
  async function paste(text) {
    await page.evaluate((words) => navigator.clipboard.writeText(words), text);
    await page.keyboard.down('Control');
    await page.keyboard.press('v');
    await page.keyboard.up('Control');
  }

  const words = () => page.evaluate(() =>
    ([...document.querySelectorAll('dialog[open]')].pop() || document.body)
      .innerText);

  async function look(what) {
    await self.look(what);
    const dialog = await page.evaluate(() =>
      [...document.querySelectorAll('dialog[open]')].pop()?.scrollHeight || 0);
    if (dialog > HEIGHT) {
      await page.setViewport({ width: Number(width),
        height: Math.min(dialog, 6000) });
      await page.screenshot({ path: `${folder}/${name}-${what}-whole.png` });
    }
    if (width < 600) { // as narrow as a telephone may be
      await page.setViewport({ width: 360, height: HEIGHT });
      const px = await self.sideways();
      ok(px <= 0, `${what}: nothing scrolls sideways at 360`, `${px} px`);
    }
    await page.setViewport({ width: Number(width), height: HEIGHT });
  }

  const tell = (story) => self.run(async () => {
    await page.goto(url, { waitUntil: 'networkidle0' });
    await story();
  });

  return { ...self, name, act, choose, look, paste, tell, type, words };
}
