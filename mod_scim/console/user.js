// A user: attributes, groups, and why each permission is held.

import { get } from './api.js';
import { chip, el, facts, head, identifier, nothing, time }
  from './elements.js';
import { history } from './history.js';

const roleOf = (permission) => permission.stack_name || permission.stack
  ? `${permission.role_name || permission.role} on ${permission.stack_name
    || permission.stack}`
  : `${permission.role_name || permission.role} in the organization`;

// user → group → group that is mapped
const chain = (page, links) => el('div', { className: 'chips' },
  links.map((link, i) => [i > 0 && el('span', { className: 'soft' }, '→'),
    link.id ? el('a', { className: 'chip',
      href: page.link('group', link.id) }, link.name) : chip(link.name)]));

function permissions(page, found) {
  if (found.permissions.length === 0) {
    return nothing('No permissions', found.why
      || 'No group of this user is mapped to a role.');
  }
  return el('ul', { className: 'steps' }, found.permissions.map((held) =>
    el('li', {}, el('span', { className: 'mark done', 'aria-hidden': 'true' },
      '✓'), el('div', {}, el('strong', {}, roleOf(held)),
      (held.reasons || []).map((reason) => chain(page, reason.chain || []))),
    (held.reasons || []).length === 1
      ? chip('lost when the group is left', 'warn') : '')));
}

function attributes(resource, prefix = '') {
  return Object.entries(resource).flatMap(([name, value]) => {
    if (name === 'schemas' || name === 'meta' || name === 'groups') {
      return [];
    }
    const path = prefix + name;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return attributes(value, `${path}${name.startsWith('urn:') ? ':' : '.'}`);
    }
    return [[path, Array.isArray(value)
      ? value.map((one) => el('div', {}, typeof one === 'object'
        ? [one.display || one.value, one.type && ` (${one.type})`].filter(Boolean)
          .join('') || JSON.stringify(one) : String(one)))
      : String(value)]];
  });
}

export async function show(page) {
  const [user, why] = await Promise.all([
    get(page.at('users', page.id), {}, page.signal),
    get(page.at('users', page.id, 'explain'), {}, page.signal)]);
  const resource = user.resource || {};
  return [
    el('p', { className: 'crumbs' }, el('a', { href: page.link('users') },
      'Users')),
    head(resource.displayName || user.user_name, null,
      user.active ? chip('active', 'good') : chip('inactive')),
    facts([['User name', user.user_name], ['Id', identifier(user.id)],
      ['External id', resource.externalId || '–'], ['App', user.app],
      ['Created', time(user.created)], ['Changed', time(user.last_modified)]]),
    el('section', { className: 'card' }, el('h2', {}, 'Permissions'),
      permissions(page, { permissions: [], ...why })),
    el('section', { className: 'card' }, el('h2', {}, 'Groups'),
      (user.groups || []).length === 0
        ? el('p', { className: 'soft' }, 'In no group.')
        : el('div', { className: 'chips' }, user.groups.map((group) =>
          el('a', { className: 'chip', href: page.link('group', group.id) },
            group.name, group.direct === false && ' (through a group)')))),
    el('section', { className: 'card' }, el('h2', {}, 'Attributes'),
      facts(attributes(resource)),
      el('details', {}, el('summary', {}, 'As JSON'),
        el('pre', {}, JSON.stringify(resource, null, 2)))),
    el('section', { className: 'stack' }, el('h2', {}, 'History'),
      history(page, 'users', page.id, () => location.reload())),
  ];
}
