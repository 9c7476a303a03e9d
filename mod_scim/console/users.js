// Users: who is here. Search as you type.

import { get } from './api.js';
import { chip, clamped, el, head, nothing, searchField, time }
  from './elements.js';
import { list } from './list.js';

const choice = (label, rows, chosen, changed) => el('select',
  { 'aria-label': label, onchange: (event) => changed(event.target.value) },
  rows.map(([value, name]) => el('option', { value,
    selected: value === (chosen || '') }, name)));

function filters(page, apps, changed) {
  const set = (name) => (value) => {
    page.remember({ [name]: value });
    changed();
  };
  return el('div', { className: 'tools', role: 'search' },
    searchField('Search users', 'Name, user name, e-mail or external id',
      page.query.get('search') || '', set('search')),
    choice('State', [['', 'All states'], ['true', 'Active'],
      ['false', 'Inactive']], page.query.get('active'), set('active')),
    apps.length > 1 && choice('App', [['', 'All apps'], ...apps.map((one) =>
      [String(one.id), one.name])], page.query.get('app'), set('app')));
}

const none = (page) => ['search', 'active', 'app'].some((name) =>
  page.query.get(name))
  ? nothing('Nobody fits', 'Names are found by how they begin. Take a filter'
    + ' away to see more.')
  : nothing('Nobody is here yet', 'Users appear when an identity provider sends'
    + ' them.', el('a', { className: 'button', href: page.link('connect') },
    'Connect a provider'));

export async function show(page) {
  const apps = (await get(page.at('apps'), { limit: 200 }, page.signal)).items;
  const table = list({ label: 'Users',
    load: (after) => get(page.at('users'), { search: page.query.get('search'),
      active: page.query.get('active'), app: page.query.get('app'), after,
      limit: 50 }, page.signal),
    empty: () => none(page),
    columns: [
      { name: 'User', cell: (user) => [el('a', { className: 'row',
        href: page.link('user', user.id) },
      clamped(user.name || user.user_name)),
      user.name && user.name !== user.user_name
        && el('div', { className: 'small soft' }, clamped(user.user_name))] },
      { name: 'E-mail', cell: (user) => clamped(user.email || '') },
      { name: 'State', cell: (user) => user.active ? chip('active', 'good')
        : chip('inactive', 'warn') },
      { name: 'App', cell: (user) => clamped(user.app || '') },
      { name: 'Changed', cell: (user) => time(user.last_modified) },
    ] });
  return [head('Users', 'Everybody whom an identity provider has sent.'),
    el('div', {}, filters(page, apps, table.reload), table)];
}
