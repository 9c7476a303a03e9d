// The history of a user or a group, and the way back to an earlier version.

import { get, post } from './api.js';
import { ask, check } from './dialog.js';
import { chip, clamped, count, el, named, nothing, plural, time, toast,
  valueOf } from './elements.js';
import { list } from './list.js';

const MOST = 120; // characters of a value that are shown
const LINES = 8;  // attributes

const short = (value) => {
  const text = Array.isArray(value) ? value.map(valueOf).join(', ')
    : valueOf(value);
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
};

// name.givenName instead of name, and the last part of an extension's URN.
function flat(values, prefix = '') {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name.replace(/^urn:.*:([^:]+):[\d.]+:\w+$/, '$1');
    if (path === 'schemas') {
      return [];
    }
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flat(value, `${path}.`) : [[path, value]];
  });
}

// "title: Tour Guide → Boss", a line for each attribute.
export function changes(row) {
  const before = Object.fromEntries(flat(row.before || {}));
  const after = Object.fromEntries(flat(row.after || {}));
  const members = row.members || {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(before[name])
      !== JSON.stringify(after[name]));
  const lines = names.slice(0, LINES).map((name) => el('div', {},
    el('span', { className: 'soft' }, `${name}: `),
    name in before ? el('s', {}, named(short(before[name]))) : '',
    name in before && name in after ? ' → ' : '',
    name in after ? named(short(after[name])) : ''));
  if (names.length > lines.length) {
    lines.push(el('div', { className: 'soft' }, `and ${plural(names.length
      - lines.length, 'attribute')} more`));
  }
  const many = (ids) => Array.isArray(ids) ? ids.length : ids || 0;
  if (many(members.added) + many(members.removed) > 0) {
    lines.push(el('div', {}, `members: +${count(many(members.added))} −${
      count(many(members.removed))}`));
  }
  const cause = row.cause || (row.changes || {}).cause;
  if (cause) {
    lines.push(el('div', { className: 'soft' }, `because of ${cause.kind} `,
      named(String(cause.name || cause.id || ''))));
  }
  return lines.length > 0 ? lines : el('span', { className: 'soft' }, '–');
}

function restore(page, noun, id, row, done) {
  ask({ title: 'Restore this version?', confirm: 'Restore',
    content: [el('p', {}, 'The attributes become what they were then. The'
      + ' identity provider may change them again at its next cycle.'),
    check('Memberships as well', el('input', { name: 'memberships' }),
      'In groups that still exist.')],
    work: async (data) => {
      await post(page.at(noun, id, 'restore'), { version: row.version,
        memberships: data.has('memberships') });
      toast('The version is restored');
      done();
    } });
}

export function history(page, noun, id, done) {
  return list({ label: 'History',
    load: (after) => get(page.at(noun, id, 'history'), { after, limit: 20 },
      page.signal),
    empty: nothing('No history', 'Nothing has been recorded, or it was older'
      + ' than the journal keeps.'),
    columns: [
      { name: 'When', cell: (row) => time(row.time) },
      { name: 'What', cell: (row) => chip(row.action) },
      { name: 'Who', cell: (row) => clamped(row.actor || '') },
      { name: 'Changed', className: 'wide', cell: changes },
      { name: 'Actions', className: 'number', cell: (row) => row.version > 0
        && page.role !== 'member' && el('div', { className: 'actions' },
        el('button', { type: 'button', className: 'quiet',
          'aria-label': `Restore version ${row.version}`,
          onclick: () => restore(page, noun, id, row, done) }, 'Restore')) },
    ] });
}
