// The brake on mass deprovisioning: its settings, and who is held.

import { get, patch, post } from './api.js';
import { check, field } from './dialog.js';
import { action, chip, el, time, toast } from './elements.js';

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
    el('div', {}, el('strong', {}, one.name), ' ',
      chip(ASKED[one.action] || one.action, 'warn'),
      el('p', { className: 'small soft' }, one.app || '', ' ',
        time(one.since))),
    action('Let through', async () => {
      await post(page.at('brake', 'held', one.id, 'let-through'));
      toast(`${one.name} is let through`);
      page.again();
    }))));

export async function brake(page) {
  const [found, held] = await Promise.all([
    get(page.at('brake'), {}, page.signal),
    get(page.at('brake', 'held'), { limit: 50 }, page.signal)]);
  const number = (name, most) => el('input', { name, type: 'number', min: 1,
    max: most, value: String(found[name] ?? '') });
  const on = el('input', { name: 'on', checked: found.on });
  const groups = el('input', { name: 'groups', checked: found.groups });
  const numbers = [number('users', 1000000), number('percent', 100),
    number('minutes', 10080), number('hours', 168)];
  const [users, percent, minutes, hours] = numbers;
  return el('section', { className: 'card' }, el('h2', {}, 'Brake'),
    el('p', { className: 'soft' }, 'Holds back further removals when an'
      + ' identity provider deactivates or deletes more people than it'
      + ' should.'),
    engaged(page, found), waiting(page, held.items),
    check('Use the brake', on),
    el('div', { className: 'grid' }, field('More than so many users', users),
      field('or so many percent', percent), field('within minutes', minutes),
      field('released after hours', hours)),
    check('Also when a mapped group is emptied', groups),
    action('Save', async () => {
      const given = { on: on.checked, groups: groups.checked };
      for (const input of numbers) {
        if (input.value !== '') {
          given[input.name] = Number(input.value);
        } else if (input === users || input === percent) {
          given[input.name] = null;
        }
      }
      await patch(page.at('brake'), given, found.version);
      toast('Saved');
      page.again();
    }, 'main'));
}
