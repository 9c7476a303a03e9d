// A user: attributes, groups, and why each permission is held.

import { get } from './api.js';
import { card, chip, el, facts, head, identifier, named, time, valueOf }
  from './elements.js';
import { history } from './history.js';
import { ifLeft, permissions } from './permissions.js';

function attributes(resource, prefix = '') {
  return Object.entries(resource).flatMap(([name, value]) => {
    if (['schemas', 'meta', 'groups', 'id'].includes(name)
      || name.startsWith('urn:')) {
      return [];
    }
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return attributes(value, `${prefix}${name}.`);
    }
    return [[prefix + name, Array.isArray(value)
      ? value.map((one) => el('div', {}, el('bdi', {}, valueOf(one))))
      : String(value)]];
  });
}

// The schemas, each with what the user has of it.
function bySchema(resource) {
  const own = ['User', attributes(resource)];
  const others = Object.entries(resource).filter(([name, value]) =>
    name.startsWith('urn:') && value !== null && typeof value === 'object')
    .map(([name, value]) => [name, attributes(value)]);
  return [own, ...others].map(([name, rows], i) => [
    i > 0 && el('h3', {}, name.replace(/.*:([^:]+):[\d.]+:User$/, '$1'), ' ',
      el('code', { className: 'small soft' }, name)), facts(rows)]);
}

const groupRow = (page, user, group) => el('li', {}, el('div', {},
  el('a', { href: page.link('group', group.id) }, named(group.name)),
  group.direct === false && el('p', { className: 'small soft' }, 'through ',
    group.via ? named(group.via.name) : 'a group')),
group.direct !== false && el('button', { type: 'button',
  'aria-label': `What would change without ${group.name}`,
  onclick: () => ifLeft(page, user, group) }, 'If it were left…'));

export async function show(page) {
  const [user, why] = await Promise.all([
    get(page.at('users', page.id), {}, page.signal),
    get(page.at('users', page.id, 'permissions'), {}, page.signal)]);
  const resource = user.resource || {};
  const groups = user.groups || [];
  const left = groups.find((one) => one.direct !== false
    && one.id === page.query.get('without'));
  if (left) {
    setTimeout(() => !page.ended() && ifLeft(page, user, left)); // above it
  }
  return [
    el('p', { className: 'crumbs' }, el('a', { href: page.link('users') },
      'Users')),
    head(user.name || user.user_name, null,
      user.active ? chip('active', 'good') : chip('inactive', 'warn')),
    facts([['User name', user.user_name], user.email && ['E-mail', user.email],
      ['Id', identifier(user.id)],
      ['External id', user.external_id ? el('code', {}, user.external_id)
        : '–'], ['App', user.app],
      ['Created', time(user.created)], ['Changed', time(user.last_modified)]]),
    card('Permissions', 'What the user holds, and the groups that give it.',
      permissions(page, { permissions: [], ...why })),
    card('Groups', null, groups.length === 0
      ? el('p', { className: 'soft' }, 'In no group.')
      : el('ul', { className: 'steps plain' }, groups.map((group) =>
        groupRow(page, user, group)))),
    card('Attributes', null, bySchema(resource),
      el('details', {}, el('summary', {}, 'As JSON'),
        el('pre', { tabindex: '0' }, JSON.stringify(resource, null, 2)))),
    el('section', { className: 'stack' }, el('h2', {}, 'History'),
      history(page, 'users', page.id, page.again)),
  ];
}
