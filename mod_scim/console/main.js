// Which page is shown: #/acme/users?search=anna. One module a page.

import { get, of, offline } from './api.js';
import { bone, el, keepFocus, nothing, svg, trouble } from './elements.js';
import { begin } from './list.js';
import { listen } from './reference.js';

// Name, title, and the icon as a path of 16 by 16.
const PAGES = [
  ['overview', 'Overview', 'M2 9h4v5H2zM6 2h4v12H6zM10 6h4v8h-4z'],
  ['connect', 'SCIM', 'M6 10l4-4M5 7L3 9a2.8 2.8 0 0 0 4 4l2-2M11 9l2-2'
    + 'a2.8 2.8 0 0 0-4-4L7 5'],
  ['mapping', 'Group mapping', 'M2 4h5M2 12h5M7 4l4 4-4 4M11 8h3'],
  ['users', 'Users', 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.5-3 2.5-4'
    + ' 5.5-4s5 1 5.5 4'],
  ['groups', 'Groups', 'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z'
    + 'M1.5 13c.4-2.4 2-3.2 4.5-3.2s4.1.8 4.5 3.2M10.5 3.2a2.4'
    + ' 2.4 0 0 1 0 4.6M12 10c1.5.4 2.3 1.4 2.5 3'],
  ['journal', 'Journal', 'M3 2h10v12H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3'],
  ['stacks', 'Stacks and roles', 'M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3'],
  ['settings', 'Settings', 'M2 4.5h7M13 4.5h1M11 3v3M2 11.5h1M7 11.5h7'
    + 'M5 10v3'],
];
const MODULES = { overview: 'overview', connect: 'connect', mapping: 'mapping',
  users: 'users', user: 'user', groups: 'groups', group: 'group',
  journal: 'journal', stacks: 'stacks', settings: 'settings' };
const FOR_MEMBERS = ['overview'];

const PATIENCE = 150;  // ms before bones stand where a page will be
const LISTS = 1500;    // ms that a page waits for its lists: then they stand
                       // there with bones, and what is below may move

const main = document.getElementById('main');
const nav = document.getElementById('nav');
const menu = document.getElementById('menu');
const system = matchMedia('(prefers-color-scheme: dark)');
const narrow = matchMedia('(max-width: 899px)');
let organizations = null;
let leave = null;   // of the page that is shown
let menus = '';     // what they were drawn for: the focus stays in them
let attempts = 0;   // to get a page's module: a browser may keep a failure

// What was seen at each step of the browser's history: { key: { top, lists } }.
const steps = new Map();
let step = null;

function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [slug = '', page = '', id = ''] = path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { slug, page: page || 'overview', id, path,
    query: new URLSearchParams(query) };
}

// A new query of the same page, if it is still there: typing does not fill the
// history. The page's own one follows.
function remember({ path, query }, changes, replace = true) {
  if (place().path !== path) {
    return;
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value) {
      query.set(name, value);
    } else {
      query.delete(name);
    }
  }
  const text = query.toString();
  const hash = `${location.hash.split('?')[0]}${text ? `?${text}` : ''}`;
  if (replace) {
    history.replaceState(history.state, '', hash);
  } else {
    location.hash = hash;
  }
}

// ---------------------------------------------------------------- what is round

const roleIn = (slug) => (organizations.find((one) => one.slug === slug) || {})
  .role;

const icon = (path) => svg('svg', { viewBox: '0 0 16 16', class: 'icon',
  'aria-hidden': 'true' }, svg('path', { d: path }));

function drawNav(here) {
  const current = { user: 'users', group: 'groups' }[here.page] || here.page;
  const role = roleIn(here.slug);
  const pages = PAGES.filter(([page]) => role !== 'member'
    || FOR_MEMBERS.includes(page));
  nav.hidden = !here.slug || narrow.matches
    && menu.getAttribute('aria-expanded') === 'false';
  menu.hidden = !here.slug;
  nav.replaceChildren(el('ul', {}, pages.map(([page, title, path]) => el('li',
    {}, el('a', { href: `#/${encodeURIComponent(here.slug)}/${page}`,
      'aria-current': page === current ? 'page' : null }, icon(path), title)))),
  el('div', { className: 'foot' }, role && el('p', { className: 'small soft' },
    `You are ${role === 'member' ? 'a' : 'an'} ${role} here.`), themeSwitch()));
}

function drawWhere(here) {
  const where = document.getElementById('where');
  if (organizations.length === 0 || !here.slug) {
    where.replaceChildren();
    return;
  }
  if (organizations.length === 1) {
    where.replaceChildren(el('bdi', { className: 'cut' },
      organizations[0].name));
    return;
  }
  where.replaceChildren(el('select', { 'aria-label': 'Organization',
    onchange: (event) => {
      location.hash = `#/${encodeURIComponent(event.target.value)}`;
    } },
  organizations.map((one) => el('option', { value: one.slug,
    selected: one.slug === here.slug }, one.name))));
}

// ---------------------------------------------------------------------- colours

const isDark = () => (document.documentElement.dataset.theme
  || (system.matches ? 'dark' : 'light')) === 'dark';

function themeSwitch() {
  const button = el('button', { type: 'button', className: 'quiet' },
    isDark() ? 'Light colours' : 'Dark colours');
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    // What the system says, too, is no choice: it goes on with the system.
    const kept = theme === (system.matches ? 'dark' : 'light') ? '' : theme;
    document.documentElement.dataset.theme = kept;
    button.textContent = isDark() ? 'Light colours' : 'Dark colours';
    try {
      localStorage.setItem('theme', kept);
    } catch {
      // A browser that keeps nothing: until the page is closed.
    }
  });
  return button;
}

// ------------------------------------------------------------------------ pages

function chooser() {
  if (organizations.length === 0) {
    return nothing('No organization', 'Your login has no account in any'
      + ' organization. An owner adds one in Settings, or an operator with'
      + ' scimctl.');
  }
  return [el('h1', {}, 'Organizations'), el('div', { className: 'grid' },
    organizations.map((one) => el('a', { className: 'card',
      href: `#/${encodeURIComponent(one.slug)}` }, el('h2', {}, one.name),
    el('p', { className: 'soft' }, `${one.slug} · you are ${one.role}`))))];
}

const bones = () => el('div', { className: 'stack', 'aria-hidden': 'true' },
  bone('title'), bone('line'), Array.from({ length: 6 }, () => bone('row')));

async function moduleOf(name) {
  try {
    return await import(attempts === 0 ? `./${name}.js`
      : `./${name}.js?${attempts}`);
  } catch {
    attempts++;
    throw offline();
  }
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function show(here, context) {
  if (!here.slug) {
    return chooser();
  }
  if (!MODULES[here.page] || roleIn(here.slug) === 'member'
    && !FOR_MEMBERS.includes(here.page)) {
    return nothing('There is no such page', MODULES[here.page]
      ? 'Members see the overview only.' : 'The address may be mistyped.',
    el('a', { className: 'button', href: `#/${encodeURIComponent(here.slug)}` },
      'Overview'));
  }
  const page = await moduleOf(MODULES[here.page]);
  const waited = begin(step.lists);
  const content = await page.show(context);
  await Promise.race([Promise.all(waited.lists), pause(LISTS)]);
  return content;
}

function entitle(here) {
  const title = main.querySelector('h1')?.textContent
    || (PAGES.find(([page]) => page === here.page) || [])[1] || 'SCIM';
  document.title = `${title.slice(0, 80)} · SCIM console`;
  main.setAttribute('aria-label', title.slice(0, 80));
}

// `again`: the same page, after something was done there.
async function draw(again = false) {
  const here = place();
  leave?.();
  leave = null;
  if (!here.slug && organizations.length === 1) {
    location.replace(`#/${encodeURIComponent(organizations[0].slug)}`);
    return;
  }
  if (menus !== `${here.slug}/${here.page}`) {
    menus = `${here.slug}/${here.page}`;
    menu.setAttribute('aria-expanded', 'false');
    drawWhere(here);
    drawNav(here);
  }
  const stop = new AbortController();
  const ended = () => stop.signal.aborted;
  leave = () => stop.abort();
  main.ariaBusy = 'true';
  const early = setTimeout(() => {
    if (!again && !ended()) {
      main.replaceChildren(bones());
    }
  }, PATIENCE);
  let content;
  try {
    content = await show(here, { ...here, at: of(here.slug), ended,
      remember: (changes, replace) => remember(here, changes, replace),
      again: () => draw(true), signal: stop.signal, role: roleIn(here.slug),
      link: (...parts) => `#/${[here.slug, ...parts]
        .map(encodeURIComponent).join('/')}` });
  } catch (problem) {
    content = trouble(problem, () => draw(again));
  }
  clearTimeout(early);
  if (!ended()) {
    const back = keepFocus(main);
    main.replaceChildren(...[content].flat(Infinity).filter(Boolean));
    main.removeAttribute('aria-busy');
    entitle(here);
    back();
  }
}

// --------------------------------------------------------------------- history

// The step that one is at; a new one has no state yet.
function arrive() {
  const key = history.state?.key || crypto.getRandomValues(new Uint32Array(2))
    .join('-');
  history.replaceState({ key }, '');
  if (!steps.has(key)) {
    steps.set(key, { top: 0, lists: {} });
  }
  step = steps.get(key);
}

addEventListener('scroll', () => {
  if (step && main.ariaBusy !== 'true') {
    step.top = scrollY;
  }
}, { passive: true });

async function travel() {
  [...document.querySelectorAll('dialog[open]')].reverse()
    .forEach((dialog) => dialog.close());
  arrive();
  const { top } = step;
  await draw();
  scrollTo(0, top);
  main.focus({ preventScroll: true });
}

async function start() {
  history.scrollRestoration = 'manual';
  arrive();
  main.replaceChildren(bones());
  try {
    organizations = (await get('organizations', { limit: 200 })).items;
  } catch (problem) {
    main.removeAttribute('aria-busy');
    main.replaceChildren(trouble(problem, start));
    return;
  }
  addEventListener('hashchange', travel);
  draw();
}

// ------------------------------------------------------------------- menu, keys

menu.addEventListener('click', () => {
  const open = menu.getAttribute('aria-expanded') === 'true';
  menu.setAttribute('aria-expanded', String(!open));
  nav.hidden = open;
});
narrow.addEventListener('change', () => organizations && drawNav(place()));
system.addEventListener('change', () => organizations && drawNav(place()));
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash is the page
  main.focus();
});
addEventListener('keydown', (event) => {
  const within = [...document.querySelectorAll('dialog[open]')].pop() || main;
  const search = within.querySelector('input[type="search"]');
  if (event.key === '/' && search && !event.ctrlKey && !event.metaKey
    && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === 'Escape' && within === main
    && menu.getAttribute('aria-expanded') === 'true') {
    menu.click();
    menu.focus();
  }
});
listen();
start();
