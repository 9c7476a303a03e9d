// What somebody holds and why; and what leaving a group would change.

import { get } from './api.js';
import { ask } from './dialog.js';
import { chip, el, named, nothing, plural, trouble } from './elements.js';

// "Developer on Website", "admin of the organization".
export const roleOf = (held) => held.organization_role
  ? [named(held.organization_role), ' of the organization']
  : [named(held.role), ' on ', held.every_stack ? 'every stack'
    : named(held.stack)];

// user → group → group that is mapped
const chain = (page, links, isLinked) => el('div', { className: 'chips' },
  el('span', { className: 'soft small' }, 'because of'),
  links.map((link, i) => [i > 0 && el('span', { className: 'soft small' },
    'which is in'), isLinked ? el('a', { className: 'chip long',
    href: page.link('group', link.id) }, el('span', {}, link.name))
    : chip(el('span', {}, link.name), 'long')]));

const reasons = (page, held, isLinked) => [
  held.by_default && el('p', { className: 'small soft' },
    'as every active user'),
  (held.reasons || []).map((reason) => [chain(page, reason.chain || [],
    isLinked), reason.rehearsing && chip('rehearsing', 'warn')])];

export function permissions(page, found, isLinked = true) {
  const why = (found.why_not || []).map((one) => el('p',
    { className: 'note warn' }, one.detail));
  if (found.permissions.length === 0) {
    return why.length > 0 ? why : nothing('No permissions',
      'No group of this user is mapped to a role.');
  }
  return [why, el('ul', { className: 'steps' }, found.permissions.map((held) =>
    el('li', {}, el('span', { className: held.held ? 'mark done' : 'mark',
      'aria-hidden': 'true' }, held.held ? '✓' : '–'),
    el('div', { className: 'stack tight' }, el('strong', {}, roleOf(held)),
      reasons(page, held, isLinked)),
    held.held ? '' : chip('not held', 'warn')))),
  !found.complete && el('p', { className: 'small soft' }, 'There are more ways'
    + ' through groups than are shown; what is held does not depend on it.')];
}

// ------------------------------------------------------------- without a group

const part = (title, kind, mark, rows) => rows.length > 0 && el('section',
  { className: 'stack tight' }, el('h3', {}, title),
  el('ul', { className: 'steps' }, rows.map((row) => el('li', {},
    el('span', { className: `mark ${kind}`, 'aria-hidden': 'true' }, mark),
    row, ''))));

function consequences(page, without) {
  const { loses, keeps, through } = without;
  return [
    el('p', { className: `note ${loses.length > 0 ? 'warn' : 'good'}` },
      el('strong', {}, loses.length > 0
        ? `${plural(loses.length, 'permission')} would be lost`
        : 'Nothing would be lost'),
      keeps.length > 0 && el('span', {}, `, ${plural(keeps.length,
        'permission')} of this group would stay`), '.',
      !without.held && ' None of it is held now; it is what would come back'
        + ' otherwise.'),
    part('Lost', 'bad', '−', loses.map((held) => el('strong', {},
      roleOf(held)))),
    part('Stays', 'done', '✓', keeps.map((held) => el('div',
      { className: 'stack tight' }, el('strong', {}, roleOf(held)),
      reasons(page, held, true)))),
    through.length > 0 && el('p', { className: 'soft' }, 'The user would still'
      + ' be in the group, through ', through.map((group, i) => [i > 0 && ', ',
      named(group.name)]), '.'),
    loses.length + keeps.length === 0 && el('p', { className: 'soft' },
      'This group gives nothing.'),
  ];
}

// Asks the server, which knows every other way to the same permission.
export function ifLeft(page, user, group) {
  const box = el('div', { className: 'stack', role: 'status' },
    el('p', { className: 'soft' }, 'Looking at every other way…'));
  const look = async () => {
    try {
      const found = await get(page.at('users', user.id, 'permissions'),
        { without: group.id }, page.signal);
      box.replaceChildren(...consequences(page, found.without).flat(Infinity)
        .filter(Boolean));
    } catch (problem) {
      box.replaceChildren(trouble(problem, look));
    }
  };
  page.remember({ without: group.id });
  ask({ title: ['Without ', named(group.name)], side: true,
    onclose: () => page.remember({ without: '' }), content: [
    el('p', { className: 'soft' }, 'What would change if ',
      named(user.name || user.user_name), ' left this group. Nothing is changed'
      + ' here: the identity provider says who is in it.'), box] });
  look();
}
