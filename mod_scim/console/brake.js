// The brake on mass deprovisioning: its settings, and who is held.

import { get, patch, post } from './api.js';
import { check, editor, field } from './dialog.js';
import { action, card, chip, count, el, named, plural, time, toast }
  from './elements.js';

const ASKED = { deactivate: 'to be deactivated', delete: 'to be deleted',
  remove_members: 'to be emptied' };

const engaged = (page, found) => found.engaged
  && el('div', { className: 'note bad' },
    el('strong', {}, 'The brake is on'), el('p', {}, 'Since ',
      time(found.engaged_at), '. It releases itself ', time(found.until),
      '; what the identity provider asks for again then is done.'),
    action('Release it now', async () => {
      await post(page.at('brake', 'release'));
      toast('Released');
      page.again();
    }, 'danger'));

const waiting = (page, held) => held.length > 0
  && el('ul', { className: 'steps' }, held.map((one) => el('li', {},
    el('span', { className: 'mark', 'aria-hidden': 'true' }, '!'),
    el('div', {}, el('strong', {}, named(one.name)), ' ',
      chip(ASKED[one.action] || one.action, 'warn'),
      el('p', { className: 'small soft' }, named(one.app || ''), ' · ',
        time(one.since))),
    action('Let through', async () => {
      await post(page.at('brake', 'held', one.id, 'let-through'));
      toast(`${one.name} is let through`);
      page.again();
    }))));

const what = (found) => {
  const most = [found.users && plural(found.users, 'user'),
    found.percent && `${found.percent} %`].filter(Boolean).join(' or ');
  return found.on ? `Now: ${count(found.removed)} removed in this window${
    most ? `, of ${most} at most` : ''}.` : 'It is not used.';
};

export async function brake(page) {
  const [found, held] = await Promise.all([
    get(page.at('brake'), {}, page.signal),
    get(page.at('brake', 'held'), { limit: 50 }, page.signal)]);
  const number = (name, label, most, required) => field(label, el('input',
    { name, type: 'number', min: 1, max: most, required,
      value: String(found[name] ?? '') }));
  return card('Brake', 'Holds back further removals when an identity provider'
    + ' deactivates or deletes more people than it should.',
  engaged(page, found), waiting(page, held.items),
  el('p', { className: 'small soft' }, what(found)),
  editor({ version: found.version,
    content: [
      check('Use the brake', el('input', { name: 'on', checked: found.on })),
      el('div', { className: 'grid' },
        number('users', 'More than so many users', 1000000),
        number('percent', 'or so many percent', 100),
        number('minutes', 'within minutes', 10080, true),
        number('hours', 'released after hours', 168, true)),
      check('Also when a mapped group is emptied', el('input',
        { name: 'groups', checked: found.groups })),
    ],
    work: async (data, form, version) => {
      const optional = (name) => data.get(name) === '' ? null
        : Number(data.get(name));
      await patch(page.at('brake'), { on: data.has('on'),
        groups: data.has('groups'), users: optional('users'),
        percent: optional('percent'), minutes: Number(data.get('minutes')),
        hours: Number(data.get('hours')) }, version);
      toast('The brake is saved');
      page.again();
    } }));
}
