// Groups: what the identity provider has sent, and what each gives.

import { get } from './api.js';
import { chip, count, el, head, nothing, time } from './elements.js';
import { list } from './list.js';

const PAUSE = 200; // ms after a key before the server is asked

export function show(page) {
  const search = el('input', { type: 'search', 'aria-label': 'Search groups',
    placeholder: 'Name   ( / )', value: page.query.get('search') || '' });
  const table = list({ label: 'Groups',
    load: (after) => get(page.at('groups'), { after, limit: 50,
      search: search.value.trim() }, page.signal),
    empty: nothing('No groups', 'Groups appear when an identity provider sends'
      + ' them: assign groups to the application there.'),
    columns: [
      { name: 'Group', cell: (group) => el('a', { className: 'row',
        href: page.link('group', group.id) }, group.name) },
      { name: 'Members', className: 'number',
        cell: (group) => count(group.members) },
      { name: 'Mapping', cell: (group) => group.mapped
        ? chip('mapped', 'good') : chip('not mapped', 'warn') },
      { name: 'App', cell: (group) => group.app || '' },
      { name: 'Changed', cell: (group) => time(group.last_modified) },
    ] });
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      page.remember({ search: search.value.trim() });
      table.reload();
    }, PAUSE);
  });
  return [head('Groups', 'Groups of people, as identity providers sent them.',
    el('a', { className: 'button', href: page.link('mapping') },
      'Group mapping')),
  el('div', { className: 'tools', role: 'search' }, search), table];
}
