// Every page of the console and every dialog of mapping, users, groups, stacks
// and settings: how they load, what hostile text does to them, what happens when
// something fails. Called by t/91-pages.t; prints TAP.
//
//   node pages.mjs URL USER PASSWORD FOLDER WIDTH light|dark PART...
//
// URL ends with "#/SLUG". What is there, t/91-pages.t has made.

import { person } from './person.mjs';

const [url, username, password, folder, width, theme, ...parts] =
  process.argv.slice(2);
const { page, ok, is, see, act, type, field, find, closed, settled, look,
  sideways, run, faults } = await person({ url, username, password, folder,
  width, theme, name: `pages-${width}-${theme}` });
const [base, slug] = url.split('#/');
const PAGES = ['overview', 'connect', 'mapping', 'users', 'groups', 'journal',
  'stacks', 'settings'];
const LIMIT = 60 * 1024; // bytes of the first page
const STILL = 0.01;      // layout shift that nobody sees

const api = async (method, path, body) => {
  const reply = await fetch(`${base}v1/organizations/${slug}${path}`, { method,
    headers: { Authorization: `Basic ${Buffer.from(`${username}:${password}`)
      .toString('base64')}`, 'X-Scim-Admin': '1',
    'Content-Type': 'application/json' },
    body: body && JSON.stringify(body) });
  return reply.status === 204 ? null : reply.json();
};
const items = async (path) => (await api('GET', path)).items;

// A page by its address, as from a bookmark: all of it is loaded anew.
async function open(where) {
  await page.goto('about:blank');
  await page.goto(`${base}#/${slug}/${where}`);
  await page.waitForSelector('main h1, main .note, main .nothing',
    { timeout: 30000 });
  await settled();
  await page.waitForNetworkIdle({ idleTime: 200, timeout: 5000 })
    .catch(() => {});
}

// A link within the console.
async function follow(where) {
  await page.evaluate((hash) => { location.hash = hash; },
    `#/${slug}/${where}`);
}

const path = () => page.evaluate(() => location.hash);

const focusText = () => page.evaluate(() => document.activeElement
  .getAttribute('aria-label') || document.activeElement.textContent.trim());

// --------------------------------------------------------------------- loading

const watchShifts = () => page.evaluateOnNewDocument(() => {
  window.shifts = [];
  new PerformanceObserver((all) => {
    for (const one of all.getEntries()) {
      if (!one.hadRecentInput) {
        window.shifts.push({ value: one.value, of: one.sources.map((source) =>
          source.node?.outerHTML?.slice(0, 120)) });
      }
    }
  }).observe({ type: 'layout-shift', buffered: true });
});

async function firstPage() {
  const client = await page.createCDPSession();
  const sizes = new Map();
  let requests = 0;
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  client.on('Network.requestWillBeSent', () => { requests++; });
  client.on('Network.loadingFinished', (event) =>
    sizes.set(event.requestId, event.encodedDataLength));
  await open('');
  await client.detach();
  const size = [...sizes.values()].reduce((sum, one) => sum + one, 0);
  ok(size > 10000 && size < LIMIT, `the first page is below ${LIMIT} bytes on`
    + ' the wire, headers and answers of the API included', `${size} bytes`);
  ok(requests < 25, 'by few requests', `${requests}`);
  console.log(`# ${size} bytes by ${requests} requests`);
}

async function loading(users, groups) {
  await page.emulateNetworkConditions({ download: 400000, upload: 400000,
    latency: 60 });
  for (const where of [...PAGES, `user/${users[0].id}`,
    `group/${groups[0].id}`]) {
    await open(where);
    const shifts = await page.evaluate(() => window.shifts);
    const sum = shifts.reduce((all, one) => all + one.value, 0);
    ok(sum < STILL, `${where.split('/')[0]}: nothing moves while it loads`,
      `${sum}\n${JSON.stringify(shifts, null, 1)}`);
  }
  await page.emulateNetworkConditions(null);
}

// --------------------------------------------------------------- hostile text

// Whether text that turns the direction of writing is alone in what isolates it.
const leaks = () => page.evaluate(() => {
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (all.nextNode()) {
    const text = all.currentNode;
    if (!/[\u202a-\u202e\u2066-\u2069]/.test(text.data)
      || text.parentElement.closest('pre, textarea, script')) {
      continue;
    }
    let around = text.parentElement;
    while (!/isolate|plaintext/.test(getComputedStyle(around).unicodeBidi)) {
      around = around.parentElement;
    }
    if (around.textContent.trim() !== text.data.trim()
      && !['OPTION', 'TITLE'].includes(around.tagName)) {
      found.push(around.outerHTML.slice(0, 200));
    }
  }
  return found;
});

async function harmless(what) {
  const found = await page.evaluate(() => ({
    title: document.title, owned: window.owned,
    made: document.querySelectorAll('main :is(script, img, iframe, object),'
      + ' dialog :is(script, img, iframe, object)').length,
    text: document.body.innerText.includes('<img') }));
  ok(!found.owned && !/owned/.test(found.title.replace(/<.*/, ''))
    && found.made === 0, `${what}: text stays text`, JSON.stringify(found));
  const px = await sideways();
  ok(px <= 0, `${what}: nothing scrolls sideways`, `${px} px`);
  const mixed = await leaks();
  ok(mixed.length === 0, `${what}: what turns the direction stays alone`,
    mixed.join('\n'));
}

async function hostile(users, groups) {
  const dangerous = (rows) => rows.filter((row) => /[<\u202e]|x{500}/u
    .test(row.name));
  for (const where of PAGES) {
    await open(where);
    await harmless(where);
    await look(`20-${where}`);
  }
  for (const user of dangerous(users)) {
    await open(`user/${user.id}`);
    await harmless(`user ${user.name.slice(0, 12)}`);
  }
  await look('21-user');
  await act('What would change without');
  await page.waitForSelector('dialog .note');
  const address = await path();
  await harmless('without a group');
  await look('22-without');
  await escape();
  await open(address.split('/').slice(2).join('/'));
  await page.waitForSelector('dialog .note');
  ok(true, '... which has an address');
  await escape();
  for (const group of dangerous(groups)) {
    await open(`group/${group.id}`);
    await harmless(`group ${group.name.slice(0, 12)}`);
  }
  await look('23-group');
}

// --------------------------------------------------------------------- dialogs

async function escape() {
  const open = await page.$$eval('dialog[open]', (all) => all.length);
  await page.keyboard.press('Escape');
  await page.waitForFunction((n) => document.querySelectorAll('dialog[open]')
    .length < n, { timeout: 15000 }, open);
}

async function dialogs(groups) {
  const free = groups.filter((group) => !group.mapped);
  await open('mapping');
  await act('Map a group');
  await see('Search groups').catch(() => {});
  await page.waitForSelector('dialog li button');
  await look('30-choose');
  await harmless('choosing a group');
  await escape();
  await follow(`mapping?group=${free.map((group) => group.id).join(',')}`);
  await page.waitForFunction((n) => document.querySelectorAll(
    'dialog fieldset').length === n, { timeout: 30000 }, free.length);
  ok(true, `${free.length} groups are mapped at once, by one address`);
  await act('Add a stack role');
  await type('Role', 'Content');
  await act('Same as the first');
  await act('Preview');
  await page.waitForSelector('dialog .note');
  await act('By name');
  await look('31-preview');
  await harmless('a preview');
  await escape();
  ok(!/group=/.test(await path()), 'the address forgets a panel that is closed',
    await path());
  await act('Reconnect Gone');
  await act('Preview');
  await page.waitForSelector('dialog .note');
  await look('32-reconnect');
  await harmless('reconnecting a mapping');
  await escape();
  await act('Remove the mapping of');
  await page.waitForSelector('dialog .note');
  await look('32-remove');
  await harmless('removing a mapping');
  await escape();
  await open(`user/${(await items('/users?search=anna'))[0].id}`);
  await act('Restore version');
  await look('32-restore');
  await escape();
  await open('stacks');
  await act('Delete Developer');
  await see('lose');
  ok(await page.$eval('dialog button[type="submit"]', (node) => node.disabled),
    'a role that people hold is not deleted before its name is typed');
  await look('33-delete-role');
  await escape();
  await act('New stack');
  await look('34-new-stack');
  await escape();
  await open('settings');
  await act('New account');
  await look('35-account');
  await escape();
  await act('More');
  await look('36-more');
  await act('Link to a user');
  await page.waitForSelector('dialog li button');
  await look('37-link');
  await harmless('linking');
  await escape();
  await escape();
  await act('Delete…');
  await see('mappings, tokens and accounts');
  await look('38-end');
  await escape();
  await act('Import');
  await type('Its text', '{');
  await act('Preview');
  await see('This is no JSON');
  is(await page.$eval('dialog textarea', (node) => node.value), '{',
    'what is no JSON stays to be mended');
  await look('39-import');
  await escape();
}

// ---------------------------------------------------------------------- errors

const problem = (status, title, detail) => ({ status,
  contentType: 'application/problem+json', body: JSON.stringify({
    type: 'urn:mod-scim:problem:x', title, status, detail,
    reference: 'REFERENCE' }) });

const FAILURES = {
  'an expired login': [problem(401, 'Not signed in', 'x'),
    'Your login has expired'],
  'a login by another page': [{ status: 302, headers: {
    Location: `${base}login` } }, 'Your login has expired'],
  'a lost network': [null, 'could not be reached'],
  'a right that is missing': [problem(403, 'Not allowed',
    'Your account is "member" in this organization.'),
  'Your account is "member"'],
  'a database that is away': [problem(503, 'Try again later',
    'The service cannot reach its database.'), 'cannot reach its database'],
  'a page of a proxy': [{ status: 502, contentType: 'text/html',
    body: '<h1>Bad gateway</h1>' }, 'answered 502'],
};

let failure; // what the API answers now; undefined: what it says

async function intercept() {
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (failure === undefined || !request.url().includes('/v1/')) {
      request.continue();
    } else if (failure === null) {
      request.abort('internetdisconnected');
    } else {
      request.respond(failure);
    }
  });
}

const alert = (words) => page.waitForFunction((wanted) =>
  [...document.querySelectorAll('[role="alert"]')].some((node) =>
    node.checkVisibility() && node.innerText.includes(wanted)),
{ timeout: 30000 }, words);

async function fails(name, [answer, words]) {
  await open('overview');
  failure = answer;
  await follow('users');
  await alert(words);
  failure = undefined;
  await act('Try again');
  await page.waitForSelector('tbody a.row');
  ok(true, `${name}: a page says so, and comes when it is over`);

  const search = await page.$('input[type="search"]');
  failure = answer;
  await search.type('anna');
  await alert(words);
  is(await search.evaluate((node) => node.value), 'anna',
    '... a search says so, and is not lost');
  failure = undefined;
  await act('Try again');
  await page.waitForSelector('tbody a.row');

  const stack = `Made after ${name} ${width}`;
  await follow('stacks');
  await act('New stack');
  await type('Name', stack);
  await type('Description', 'typed once');
  failure = answer;
  await act('Add');
  await alert(words);
  ok(await page.$eval('dialog form', (form) =>
    form.lastElementChild.previousElementSibling.matches('[role="alert"]')),
  '... a dialog says so beside its button');
  is(await (await field('Description')).evaluate((node) => node.value),
    'typed once', '... nothing typed is lost');
  failure = undefined;
  await act('Add');
  await closed();
  await see(stack);
  ok((await items('/stacks?limit=200')).some((one) => one.name === stack),
    '... and it is done when it is over');

  await follow('settings');
  const addresses = await page.waitForSelector('textarea[name="addresses"]');
  await settled();
  await addresses.evaluate((node) => { node.value = 'ops@x.example'; });
  failure = answer;
  const save = () => addresses.evaluate((node) => node.form.requestSubmit());
  await save();
  await alert(words);
  ok(await addresses.evaluate((node) => node.value === 'ops@x.example'
    && node.form.querySelector('[role="alert"]') !== null),
  '... a form says so, and keeps what was typed');
  failure = undefined;
}

async function errors() {
  await intercept();
  for (const [name, how] of Object.entries(FAILURES)) {
    await fails(name, how);
  }
  await open('stacks');
  await act('New stack');
  await type('Name', 'Refused');
  failure = FAILURES['a database that is away'][0];
  await act('Add');
  await alert('database');
  await look('40-failed');
  await escape();
  failure = undefined;
  const others = faults.filter((fault) =>
    !/Failed to load resource|ERR_INTERNET|ERR_FAILED/.test(fault));
  ok(others.length === 0, 'and nothing else is wrong', others.join('\n'));
  faults.length = 0;
}

// ------------------------------------------------------------------- conflicts

async function conflicts(groups) {
  const made = await api('POST', '/stacks', { name: `Raced ${width}` });
  const at = `/stacks/${made.id}`;
  const current = () => api('GET', at);
  await open('stacks');
  await act(`Change Raced ${width}`);
  await type('Description', 'mine');
  await api('PATCH', at, { description: 'theirs' });
  await act('Save');
  await see('Somebody else has changed this');
  const sides = await page.$eval('dialog .sides', (node) => node.innerText);
  ok(/mine/.test(sides) && /theirs/.test(sides), 'two editors: both are shown',
    sides);
  is(await (await field('Description')).evaluate((node) => node.value), 'mine',
    '... and mine is still there');
  await look('50-conflict');
  await act('Take theirs');
  is(await (await field('Description')).evaluate((node) => node.value),
    'theirs', '... theirs can be taken');
  await type('Description', 'mine again');
  await act('Save');
  await closed();
  is((await current()).description, 'mine again',
    '... and a second confirmation is for theirs to be replaced');

  await open('settings');
  const addresses = await page.waitForSelector('textarea[name="addresses"]');
  await addresses.evaluate((node) => { node.value = 'mine@x.example'; });
  await api('PATCH', '/alerts', { addresses: [`theirs${width}@x.example`] });
  await addresses.evaluate((node) => node.form.requestSubmit());
  await see('Somebody else has changed this');
  ok(/mine@x[^]*theirs/.test(await page.$eval('main .sides', (node) =>
    node.innerText)), '... in a form, too');

  const group = groups.find((one) => !one.mapped);
  await follow(`mapping?group=${group.id}`);
  await page.waitForSelector('dialog fieldset');
  await act('Add a stack role');
  await act('Preview');
  await page.waitForSelector('dialog .note');
  await api('POST', '/mappings', { mappings: [{ group: group.id,
    organization_role: 'member', roles: [] }] });
  await act('Update');
  await see('Somebody else has changed this');
  ok(/member of the organization/.test(await page.$eval('dialog .sides',
    (node) => node.innerText)), '... and of a mapping');
  await look('51-conflict');
  await act('Preview');
  await act('Update');
  await closed();
  const now = (await api('GET', `/groups/${group.id}`)).mapping;
  is(now.roles.length, 1, '... which the second one replaces, seeing it');
  await api('DELETE', `/mappings/${now.id}`, {});
  faults.length = 0; // the browser tells of each 412
}

// ------------------------------------------------------------------------ keys

const rows = () => page.$$eval('tbody tr:not(.waiting)', (all) => all.length);

async function keys() {
  await open('users');
  await page.keyboard.press('/');
  is(await focusText(), 'Search users', '"/" goes to the search');
  await page.keyboard.type('anna');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr')
    .length === 1, { timeout: 30000 });
  ok(/search=anna/.test(await path()), 'the address has the search');
  await open(`users?search=anna&active=true`);
  is(await rows(), 1, '... by which others find the same');
  is(await page.$eval('select[aria-label="State"]', (node) => node.value),
    'true', '... filters, too');

  await open('users');
  is(await rows(), 50, 'a page of a list');
  await act('Show more');
  await page.waitForFunction(() => document.querySelectorAll(
    'tbody tr:not(.waiting)').length > 50, { timeout: 30000 });
  ok(await page.evaluate(() => document.activeElement.closest('tr')
    ?.rowIndex === 51), 'the focus is at the first of the next ones');
  const link = await page.$('tbody tr:nth-child(70) a.row');
  await link.evaluate((node) => node.scrollIntoView({ block: 'center' }));
  await new Promise((done) => { setTimeout(done, 100); }); // scroll's event
  const top = await page.evaluate(() => scrollY);
  const name = await link.evaluate((node) => node.textContent);
  await link.click();
  await page.waitForSelector('.crumbs');
  await settled();
  is(await page.$eval('h1', (node) => node.textContent), name,
    'a row leads to its page');
  is(await page.evaluate(() => document.activeElement.id), 'main',
    '... which has the focus');
  is(await page.evaluate(() => scrollY), 0, '... from its top');
  await page.goBack();
  await page.waitForSelector('tbody tr:nth-child(70)', { timeout: 30000 });
  await settled();
  ok(Math.abs(await page.evaluate(() => scrollY) - top) < 4,
    'and back, the list is where it was', await page.evaluate(() => scrollY));
  await page.goForward();
  await page.waitForSelector('.crumbs');
  is(await page.$eval('h1', (node) => node.textContent), name, '... and forth');

  await open('stacks');
  await act('New stack');
  await page.keyboard.press('Escape');
  await closed();
  is(await focusText(), 'New stack', 'Esc closes, and gives the focus back');
  await act('New stack');
  await type('Name', `By Enter ${width}`);
  await page.keyboard.press('Enter');
  await closed();
  await see(`By Enter ${width}`);
  ok(true, 'Enter confirms');
  is(await page.$eval('.toasts p', (node) => node.textContent),
    `By Enter ${width} is added`, '... and it is said where screen readers'
    + ' listen');
  await act(`Change By Enter ${width}`);
  await page.goBack();
  await closed();
  ok(true, 'a dialog goes with its page');

  await open('nothing');
  await see('There is no such page');
  await open('user/00000000-0000-4000-8000-000000000000');
  await see('has no user');
  ok(true, 'what is not there is said');
  faults.length = 0; // 404
}

async function details(users) {
  await open('users');
  const time = await page.$eval('tbody time', (node) => ({
    title: node.title, text: node.textContent }));
  ok(/ago|now|second/.test(time.text) && /\d{1,2}:\d\d/.test(time.title),
    'times are relative, and exact as a tooltip', JSON.stringify(time));
  is(await page.evaluate(async () => (await import('./elements.js'))
    .count(1234567)), '1,234,567', 'counts have separators');
  await open(`user/${users[0].id}`);
  const id = await page.$eval('.id code', (node) => ({
    text: node.textContent, font: getComputedStyle(node).fontFamily }));
  ok(id.text === users[0].id && /mono/.test(id.font), 'an id is monospaced');
  await page.browserContext().overridePermissions(new URL(base).origin,
    ['clipboard-read', 'clipboard-write', 'clipboard-sanitized-write']);
  await act('Copy Id');
  is(await page.evaluate(() => navigator.clipboard.readText()), id.text,
    '... and can be copied');
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    document.querySelectorAll('.toasts p').forEach((line) => line.remove());
  });
  await act('Copy Id');
  await see('Id copied');
  ok(true, '... also where a page without TLS has no clipboard');
  await open('overview');
  const ground = () => page.evaluate(() =>
    getComputedStyle(document.documentElement).backgroundColor);
  const before = await ground();
  if (width < 900) {
    await act('Menu');
  }
  await act(theme === 'dark' ? 'Light colours' : 'Dark colours');
  const after = await ground();
  ok(before !== after, 'the colours can be switched', after);
  await open('overview');
  is(await ground(), after, '... and stay so');
  if (width < 900) {
    await act('Menu');
  }
  await act(theme === 'dark' ? 'Dark colours' : 'Light colours');
  is(await ground(), before, '... and back');
  const moving = await page.evaluate(() => [...document.styleSheets].flatMap(
    (sheet) => [...sheet.cssRules]).filter((rule) =>
    /animation|transition/.test(rule.cssText)
      && !/prefers-reduced-motion/.test(rule.cssText)).length);
  is(moving, 0, 'nothing moves for whoever wants no motion');
}

// What others do meanwhile.
async function live() {
  await open('overview');
  await see('SCIM is on');
  await page.focus('main a.figure');
  await api('POST', '/disable', {});
  await see('SCIM is off');
  ok(true, 'the overview follows by itself');
  is(await page.evaluate(() => document.activeElement.className), 'figure',
    '... and leaves the focus where it is');
  await api('POST', '/enable', {});
  await see('SCIM is on');
  await see('The brake on mass deprovisioning is on');
  await look('70-braked');
  await act('Release it');
  await page.waitForFunction(() => !document.querySelector(
    '[aria-label="Brake"]'), { timeout: 30000 });
  ok(true, 'an engaged brake is shown, and released');
  await open('mapping');
  await act('Reconnect Gone');
  await act('Preview');
  await act('Reconnect');
  await closed();
  await page.waitForFunction(() => !document.body.innerText.includes(
    'Dormant'), { timeout: 30000 });
  ok(true, 'a dormant mapping is taken up by another group');
}

// --------------------------------------------------------------------- members

async function member() {
  await open('');
  await see('Your permissions');
  await see('member of the organization');
  is(await page.$$eval('nav a', (all) => all.length), 1,
    'a member is shown what a member may see');
  await look('60-member');
  await follow('users');
  await see('Members see the overview only');
  ok(true, '... and told of the rest');
}

await watchShifts();
await run(async () => {
  const can = parts.includes('member') ? null : {
    users: await items('/users?limit=200'),
    groups: await items('/groups?limit=200') };
  const work = { first: firstPage, loading: () => loading(can.users,
    can.groups), hostile: () => hostile(can.users, can.groups),
  dialogs: () => dialogs(can.groups), errors,
  conflicts: () => conflicts(can.groups), keys,
  details: () => details(can.users), live, member };
  for (const part of parts) {
    const began = Date.now();
    await work[part]();
    console.log(`# ${part}: ${Math.round((Date.now() - began) / 1000)} s`);
  }
});
