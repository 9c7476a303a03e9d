// Groups: what the identity provider has sent, and what each gives.

import { get } from './api.js';
import { chip, clamped, count, el, head, nothing, searchField, time }
  from './elements.js';
import { list } from './list.js';

const none = (page) => page.query.get('search')
  ? nothing('No group fits', 'Names are found by how they begin.')
  : nothing('No groups yet', 'Groups appear when an identity provider sends'
    + ' them: assign groups to the application there.');

export function show(page) {
  const table = list({ label: 'Groups',
    load: (after) => get(page.at('groups'), { after, limit: 50,
      search: page.query.get('search') }, page.signal),
    empty: () => none(page),
    columns: [
      { name: 'Group', cell: (group) => el('a', { className: 'row',
        href: page.link('group', group.id) }, clamped(group.name)) },
      { name: 'Members', className: 'number', cell: (group) => [
        count(group.members), group.groups > 0 && el('div',
          { className: 'small soft' }, `and ${count(group.groups)} ${
            group.groups === 1 ? 'group' : 'groups'}`)] },
      { name: 'Mapping', cell: (group) => group.mapped
        ? chip('mapped', 'good') : chip('not mapped', 'warn') },
      { name: 'App', cell: (group) => clamped(group.app || '') },
      { name: 'Changed', cell: (group) => time(group.last_modified) },
    ] });
  const search = searchField('Search groups', 'Name or external id',
    page.query.get('search') || '', (text) => {
      page.remember({ search: text });
      table.reload();
    });
  return [head('Groups', 'Groups of people, as identity providers sent them.',
    el('a', { className: 'button', href: page.link('mapping') },
      'Group mapping')),
  el('div', {}, el('div', { className: 'tools', role: 'search' }, search),
    table)];
}
