// Who gains and who loses what, before it happens: in numbers, then by name.

import { chip, count, el, named, plural } from './elements.js';

const PEOPLE = 20; // who are named

const people = (n) => plural(n, 'person', 'people');

const what = (row) => row.organization_role
  ? [named(row.organization_role), ' of the organization']
  : [named(row.role), ' on ', row.every_stack ? 'every stack'
    : named(row.stack)];

// "12 people lose Developer on Website"
const line = (row) => el('li', {}, chip(row.change === 'gain' ? '+' : '−',
  row.change === 'gain' ? 'good' : 'bad'), el('div', {}, people(row.people),
  row.change === 'gain' ? ' gain' : ' lose', row.people === 1 ? 's ' : ' ',
  el('strong', {}, what(row))), '');

// A role on one stack is a part of the same role on every stack.
const isWidened = (rows) => rows.some((lost) => lost.change === 'loss'
  && lost.role && !lost.every_stack && rows.some((row) =>
  row.change === 'gain' && row.every_stack && row.role === lost.role));

function names(title, rows, total, kind) {
  const shown = Math.min(rows.length, PEOPLE);
  return total > 0 && el('div', { className: 'stack tight' },
    el('h3', {}, title), el('ul', { className: 'who' },
      rows.slice(0, PEOPLE).map((row) => el('li', {},
        el('span', { className: 'clamped' }, row.user_name), ' ',
        chip(el('span', {}, what(row)), `${kind} long`)))),
    total > shown && el('p', { className: 'soft' },
      `and ${count(total - shown)} more`));
}

export function effect(found, none = 'Nobody gains or loses anything now: it'
  + ' counts for whoever joins later.') {
  const gains = found.gain_count ?? (found.gains || []).length;
  const losses = found.loss_count ?? (found.losses || []).length;
  if (gains === 0 && losses === 0) {
    return el('p', { className: 'note' }, none);
  }
  return el('div', { className: `note stack ${losses > 0 ? 'warn' : ''}` },
    el('strong', {}, `${plural(gains, 'gain')}, ${plural(losses, 'loss',
      'losses')}${found.people ? ` · ${people(found.people)}` : ''}`),
    found.changes && el('ul', { className: 'steps changes' },
      found.changes.map(line)),
    isWidened(found.changes || []) && el('p', { className: 'small' }, 'Whoever'
      + ' gains a role on every stack goes on holding it on each of them.'),
    el('details', {}, el('summary', {}, 'By name'),
      el('div', { className: 'stack' },
        names('Gains', found.gains || [], gains, 'good'),
        names('Losses', found.losses || [], losses, 'bad'))));
}
