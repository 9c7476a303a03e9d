// Which page is shown: #/acme/users?q=anna. One module a page.

import { get, of } from './api.js';
import { el, trouble } from './elements.js';
import { listen } from './reference.js';

const PAGES = [
  ['overview', 'Overview'], ['connect', 'SCIM'], ['mapping', 'Group mapping'],
  ['users', 'Users'], ['groups', 'Groups'], ['journal', 'Journal'],
  ['stacks', 'Stacks and roles'], ['settings', 'Settings'],
];
const MODULES = { overview: 'overview', connect: 'connect', mapping: 'mapping',
  users: 'users', user: 'user', groups: 'groups', group: 'group',
  journal: 'journal', stacks: 'stacks', settings: 'settings' };

const main = document.getElementById('main');
const nav = document.getElementById('nav');
const menu = document.getElementById('menu');
let organizations = null;
let leave = null; // of the page that is shown
let menus = '';   // what they were drawn for: the focus stays in them

function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [slug = '', page = '', id = ''] = path.split('/')
    .map(decodeURIComponent);
  return { slug, page: page || 'overview', id,
    query: new URLSearchParams(query) };
}

// A new query of the same page: typing does not fill the history.
function remember(changes, replace = true) {
  const here = place();
  for (const [name, value] of Object.entries(changes)) {
    if (value) {
      here.query.set(name, value);
    } else {
      here.query.delete(name);
    }
  }
  const text = here.query.toString();
  const hash = `${location.hash.split('?')[0]}${text ? `?${text}` : ''}`;
  if (replace) {
    history.replaceState(null, '', hash);
  } else {
    location.hash = hash;
  }
}

function drawNav(here) {
  nav.hidden = !here.slug;
  if (menu.getAttribute('aria-expanded') === 'false') {
    nav.hidden = !here.slug || matchMedia('(max-width: 899px)').matches;
  }
  const current = { user: 'users', group: 'groups' }[here.page] || here.page;
  nav.replaceChildren(el('ul', {}, PAGES.map(([page, title]) => el('li', {},
    el('a', { href: `#/${here.slug}/${page}`,
      'aria-current': page === current ? 'page' : null }, title)))),
    el('p', { className: 'foot' }, themeSwitch()));
}

function drawWhere(here) {
  const where = document.getElementById('where');
  if (organizations.length === 0 || !here.slug) {
    where.replaceChildren();
    return;
  }
  where.replaceChildren(el('select', { 'aria-label': 'Organization',
    onchange: (event) => { location.hash = `#/${event.target.value}`; } },
  organizations.map((one) => el('option', { value: one.slug,
    selected: one.slug === here.slug }, one.name))));
}

function themeSwitch() {
  const dark = document.documentElement.dataset.theme === 'dark';
  return el('button', { type: 'button', className: 'quiet', onclick: () => {
    setTheme(dark ? 'light' : 'dark', true);
    drawNav(place());
  } }, dark ? 'Light colours' : 'Dark colours');
}

function setTheme(theme, keep) {
  document.documentElement.dataset.theme = theme;
  if (keep) {
    localStorage.setItem('theme', theme);
  }
}

function chooser() {
  if (organizations.length === 0) {
    return el('div', { className: 'nothing' },
      el('strong', {}, 'No organization'),
      el('p', {}, 'Your login has no account in any organization. An owner'
        + ' adds one in Settings, or an operator with scimctl.'));
  }
  return el('div', { className: 'stack' }, el('h1', {}, 'Organizations'),
    el('div', { className: 'grid' }, organizations.map((one) =>
      el('a', { className: 'card', href: `#/${one.slug}` },
        el('h3', {}, one.name), el('p', { className: 'soft' },
          `${one.slug} · you are ${one.role}`)))));
}

async function draw() {
  const here = place();
  leave?.();
  leave = null;
  if (!here.slug && organizations.length === 1) {
    location.replace(`#/${organizations[0].slug}`);
    return;
  }
  if (menus !== `${here.slug}/${here.page}`) {
    menus = `${here.slug}/${here.page}`;
    menu.setAttribute('aria-expanded', 'false');
    drawWhere(here);
    drawNav(here);
  }
  if (!here.slug) {
    main.replaceChildren(chooser());
    return;
  }
  const title = (PAGES.find(([page]) => page === here.page) || [])[1];
  document.title = `${title || here.page} · SCIM console`;
  const stop = new AbortController();
  leave = () => stop.abort();
  const ended = () => stop.signal.aborted;
  const at = of(here.slug);
  try {
    const page = await import(`./${MODULES[here.page] || 'overview'}.js`);
    const content = await page.show({ ...here, at, remember, ended, again: draw,
      signal: stop.signal,
      role: (organizations.find((one) => one.slug === here.slug) || {}).role,
      link: (...parts) => `#/${[here.slug, ...parts]
        .map(encodeURIComponent).join('/')}` });
    if (!ended()) {
      main.replaceChildren(...[content].flat());
    }
  } catch (problem) {
    if (!ended()) {
      main.replaceChildren(trouble(problem, draw));
    }
  }
}

async function start() {
  const chosen = localStorage.getItem('theme')
    || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  setTheme(chosen, false);
  try {
    organizations = (await get('organizations', { limit: 200 })).items;
  } catch (problem) {
    main.replaceChildren(trouble(problem, start));
    return;
  }
  addEventListener('hashchange', () => { draw().then(() => main.focus()); });
  draw();
}

menu.addEventListener('click', () => {
  const open = menu.getAttribute('aria-expanded') === 'true';
  menu.setAttribute('aria-expanded', String(!open));
  nav.hidden = open;
});
addEventListener('keydown', (event) => {
  const search = main.querySelector('input[type="search"]');
  if (event.key === '/' && search
    && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
listen();
start();
