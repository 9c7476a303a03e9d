// A group: who is in it, what it gives.

import { get } from './api.js';
import { chip, count, el, facts, head, identifier, nothing, time }
  from './elements.js';
import { history } from './history.js';
import { list } from './list.js';
import { granted } from './mapping.js';

export async function show(page) {
  const group = await get(page.at('groups', page.id), {}, page.signal);
  return [
    el('p', { className: 'crumbs' }, el('a', { href: page.link('groups') },
      'Groups')),
    head(group.name, null, el('a', { className: 'button',
      href: `${page.link('mapping')}?group=${encodeURIComponent(group.id)}` },
    group.mapping ? 'Change the mapping' : 'Map to roles')),
    facts([['Id', identifier(group.id)],
      ['External id', group.external_id || '–'], ['App', group.app],
      ['Members', count(group.members)], ['Created', time(group.created)],
      ['Changed', time(group.last_modified)]]),
    el('section', { className: 'card' }, el('h2', {}, 'Gives'),
      group.mapping ? granted(group.mapping)
        : el('p', { className: 'soft' }, 'Nothing: the group is not mapped.')),
    el('section', { className: 'stack' }, el('h2', {}, 'Members'),
      list({ label: 'Members',
        load: (after) => get(page.at('groups', page.id, 'members'),
          { after, limit: 50 }, page.signal),
        empty: nothing('Nobody', 'This group has no members.'),
        columns: [
          { name: 'Member', cell: (member) => el('a', { className: 'row',
            href: page.link(member.type === 'Group' ? 'group' : 'user',
              member.id) }, member.name || member.user_name) },
          { name: 'Kind', cell: (member) =>
            chip(member.type === 'Group' ? 'group' : 'user') },
          { name: 'State', cell: (member) => member.active === false
            ? chip('inactive') : '' },
        ] })),
    el('section', { className: 'stack' }, el('h2', {}, 'History'),
      history(page, 'groups', page.id, () => location.reload())),
  ];
}
