// The history of a user or a group, and the way back to an earlier version.

import { get, post } from './api.js';
import { ask, check } from './dialog.js';
import { chip, el, nothing, time, toast } from './elements.js';
import { list } from './list.js';

const short = (value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

// "title: Tour Guide → Boss", a line for each attribute.
export function changes(row) {
  const before = row.before || {};
  const after = row.after || {};
  const members = row.members || {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const lines = names.slice(0, 8).map((name) => el('div', {},
    el('span', { className: 'soft' }, `${name}: `),
    name in before ? el('s', {}, short(before[name])) : '',
    name in before && name in after ? ' → ' : '',
    name in after ? short(after[name]) : ''));
  if (members.added || members.removed) {
    lines.push(el('div', {}, `members: +${members.added || 0} −${
      members.removed || 0}`));
  }
  const cause = row.cause || (row.changes || {}).cause;
  if (cause) {
    lines.push(el('div', { className: 'soft' }, `because of ${cause.kind} ${
      cause.name || cause.id || ''}`));
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
      { name: 'Who', cell: (row) => row.actor },
      { name: 'Changed', cell: changes },
      { name: 'Actions', cell: (row) => row.version && page.role !== 'member'
        && el('button', { type: 'button', className: 'quiet',
          onclick: () => restore(page, noun, id, row, done) }, 'Restore') },
    ] });
}
