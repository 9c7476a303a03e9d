// Users: who is here. Search as you type.

import { get } from './api.js';
import { chip, el, head, nothing, time } from './elements.js';
import { list } from './list.js';

const PAUSE = 200; // ms after a key before the server is asked

function filters(page, apps, changed) {
  const search = el('input', { type: 'search', name: 'search',
    'aria-label': 'Search users', value: page.query.get('search') || '',
    placeholder: 'Name, user name, e-mail or external id   ( / )' });
  const active = el('select', { 'aria-label': 'State' },
    [['', 'All'], ['true', 'Active'], ['false', 'Inactive']]
      .map(([value, name]) => el('option', { value,
        selected: value === (page.query.get('active') || '') }, name)));
  const app = el('select', { 'aria-label': 'App' },
    el('option', { value: '' }, 'All apps'), apps.map((one) =>
      el('option', { value: String(one.id),
        selected: String(one.id) === page.query.get('app') }, one.name)));
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => changed({ search: search.value.trim() }), PAUSE);
  });
  active.addEventListener('change', () => changed({ active: active.value }));
  app.addEventListener('change', () => changed({ app: app.value }));
  return el('div', { className: 'tools', role: 'search' }, search, active,
    apps.length > 1 && app);
}

export async function show(page) {
  const apps = (await get(page.at('apps'), { limit: 200 }, page.signal)).items;
  const asked = () => ({ search: page.query.get('search'),
    active: page.query.get('active'), app: page.query.get('app') });
  const table = list({ label: 'Users',
    load: (after) => get(page.at('users'), { ...asked(), after, limit: 50 },
      page.signal),
    empty: nothing('Nobody is here', 'Users appear when an identity provider'
      + ' sends them. With a search or a filter: nobody fits.',
    el('a', { className: 'button', href: page.link('connect') },
      'Connect a provider')),
    columns: [
      { name: 'User', cell: (user) => [el('a', { className: 'row',
        href: page.link('user', user.id) }, user.name || user.user_name),
      user.name && user.name !== user.user_name
        && el('div', { className: 'small soft' }, user.user_name)] },
      { name: 'E-mail', cell: (user) => user.email || '' },
      { name: 'State', cell: (user) => user.active ? chip('active', 'good')
        : chip('inactive') },
      { name: 'App', cell: (user) => user.app || '' },
      { name: 'Changed', cell: (user) => time(user.last_modified) },
    ] });
  return [
    head('Users', 'Everybody whom an identity provider has sent.'),
    filters(page, apps, (changes) => {
      page.remember(changes);
      for (const [name, value] of Object.entries(changes)) {
        if (value) {
          page.query.set(name, value);
        } else {
          page.query.delete(name);
        }
      }
      table.reload();
    }), table];
}
