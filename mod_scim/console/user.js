// A user: attributes, groups, and why each permission is held.

import { get } from './api.js';
import { chip, el, facts, head, identifier, nothing, time }
  from './elements.js';
import { history } from './history.js';

const roleOf = (held) => held.organization_role
  ? `${held.organization_role} in the organization`
  : `${held.role} on ${held.every_stack ? 'every stack' : held.stack}`;

// user → group → group that is mapped
const chain = (page, links) => el('div', { className: 'chips' },
  links.map((link, i) => [i > 0 && el('span', { className: 'soft' }, '→'),
    link.id ? el('a', { className: 'chip',
      href: page.link('group', link.id) }, link.name) : chip(link.name)]));

function permissions(page, found) {
  const why = (found.why_not || []).map((one) => el('p',
    { className: 'note warn' }, one.detail));
  if (found.permissions.length === 0) {
    return why.length > 0 ? why : nothing('No permissions',
      'No group of this user is mapped to a role.');
  }
  return [why, el('ul', { className: 'steps' }, found.permissions.map((held) =>
    el('li', {}, el('span', { className: held.held ? 'mark done' : 'mark',
      'aria-hidden': 'true' }, held.held ? '✓' : '–'),
    el('div', {}, el('strong', {}, roleOf(held)),
      held.by_default && el('p', { className: 'small soft' },
        'as every active user'),
      (held.reasons || []).map((reason) => chain(page, reason.chain || []))),
    held.held ? '' : chip('not held')))),
  (found.if_left || []).length > 0 && el('details', {},
    el('summary', {}, 'What leaving a group would take away'),
    el('ul', { className: 'steps' }, found.if_left.map((left) => el('li', {},
      '', el('div', {}, el('strong', {}, left.group.name), ': ',
        (left.loses || []).map(roleOf).join(', ')), ''))))];
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
    get(page.at('users', page.id, 'permissions'), {}, page.signal)]);
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
            group.name, group.direct === false
              && ` (through ${group.via?.name || 'a group'})`)))),
    el('section', { className: 'card' }, el('h2', {}, 'Attributes'),
      facts(attributes(resource)),
      el('details', {}, el('summary', {}, 'As JSON'),
        el('pre', {}, JSON.stringify(resource, null, 2)))),
    el('section', { className: 'stack' }, el('h2', {}, 'History'),
      history(page, 'users', page.id, () => location.reload())),
  ];
}
