// A group: who is in it, which groups it is in, what it gives.

import { get } from './api.js';
import { card, chip, clamped, count, el, facts, head, identifier, named,
  nothing, time } from './elements.js';
import { history } from './history.js';
import { list } from './list.js';
import { granted } from './mapping.js';

const members = (page) => list({ label: 'Members',
  load: (after) => get(page.at('groups', page.id, 'members'),
    { after, limit: 50 }, page.signal),
  empty: nothing('Nobody', 'This group has no members.'),
  columns: [
    { name: 'Member', cell: (member) => el('a', { className: 'row',
      href: page.link(member.type === 'Group' ? 'group' : 'user', member.id) },
    clamped(member.name || member.user_name)) },
    { name: 'Kind', cell: (member) =>
      member.type === 'Group' ? chip('group', 'accent') : chip('user') },
    { name: 'State', cell: (member) => member.type === 'Group' ? ''
      : member.active === false ? chip('inactive', 'warn')
        : chip('active', 'good') },
  ] });

export async function show(page) {
  const group = await get(page.at('groups', page.id), {}, page.signal);
  const within = group.within || [];
  return [
    el('p', { className: 'crumbs' }, el('a', { href: page.link('groups') },
      'Groups')),
    head(group.name, null, page.role !== 'member' && el('a',
      { className: 'button', href: `${page.link('mapping')}?group=${
        encodeURIComponent(group.id)}` },
      group.mapping ? 'Change the mapping' : 'Map to roles')),
    facts([['Id', identifier(group.id)],
      ['External id', group.external_id ? el('code', {}, group.external_id)
        : '–'], ['App', group.app],
      ['Members', `${count(group.members)}${group.groups > 0
        ? ` and ${count(group.groups)} within it` : ''}`],
      ['Created', time(group.created)], ['Changed', time(group.last_modified)]]),
    card('Gives', null, group.mapping ? [granted(group.mapping),
      el('p', { className: 'small soft' }, 'since ',
        time(group.mapping.changed), ', by ', named(group.mapping.changed_by))]
      : el('p', { className: 'soft' }, 'Nothing: the group is not mapped.')),
    within.length > 0 && card('Is in', 'Its members are members of these, too,'
      + ' and hold what they give.', el('div', { className: 'chips' },
      within.map((one) => el('a', { className: 'chip long',
        href: page.link('group', one.id) }, el('span', {}, one.name))))),
    el('section', { className: 'stack' }, el('h2', {}, 'Members'),
      members(page)),
    el('section', { className: 'stack' }, el('h2', {}, 'History'),
      history(page, 'groups', page.id, page.again)),
  ];
}
