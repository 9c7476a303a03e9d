// Stacks and roles: what can be granted.

import { get, patch, post, remove } from './api.js';
import { ask, field } from './dialog.js';
import { chip, el, head, nothing, plural, toast } from './elements.js';
import { list } from './list.js';

// Asks for name and description; `item` is what is there already.
function edit(what, item, save) {
  ask({ title: item ? `Change ${item.name}` : `New ${what}`,
    confirm: item ? 'Save' : 'Add',
    content: [
      field('Name', el('input', { name: 'name', required: true, maxlength: 200,
        value: item?.name ?? '', autocomplete: 'off' }),
      'Unique in the organization; upper and lower case are not told apart.'),
      field('Description', el('textarea', { name: 'description',
        maxlength: 2000 }, item?.description ?? ''),
      'For people who choose between them.'),
    ],
    work: (data) => save(Object.fromEntries(data)) });
}

// What becomes of people is said before it happens.
function erase(what, item, path, done) {
  ask({ title: `Delete ${item.name}?`, danger: true, confirm: 'Delete',
    typed: item.name,
    content: el('p', {}, `Whoever holds a permission by this ${what} loses it`
      + ' at once, in every group mapping. This cannot be undone.'),
    work: async () => {
      await remove(path, item.version);
      toast(`${item.name} is deleted`);
      done();
    } });
}

function section({ title, text, what, noun, columns, page, empty }) {
  const isEditor = page.role !== 'member';
  const path = (item) => page.at(noun, item.id);
  const table = list({ label: title, empty,
    load: (after) => get(page.at(noun), { after, limit: 50 }, page.signal),
    columns: [...columns, { name: 'Actions', className: 'number',
      cell: (item) => isEditor && el('div', { className: 'actions' },
        el('button', { type: 'button', className: 'quiet',
          'aria-label': `Change ${item.name}`,
          onclick: () => edit(what, item, async (given) => {
            await patch(path(item), given, item.version);
            toast(`${given.name} is saved`);
            table.reload();
          }) }, 'Change'),
        el('button', { type: 'button', className: 'quiet danger',
          'aria-label': `Delete ${item.name}`,
          onclick: () => erase(what, item, path(item), table.reload) },
        'Delete')) }] });
  const add = () => edit(what, null, async (given) => {
    await post(page.at(noun), given);
    toast(`${given.name} is added`);
    table.reload();
  });
  return el('section', { className: 'stack' },
    el('div', { className: 'head' },
      el('div', {}, el('h2', {}, title), el('p', {}, text)),
      isEditor && el('button', { type: 'button', onclick: add },
        `New ${what}`)), table);
}

export function show(page) {
  const name = { name: 'Name', cell: (item) => el('strong', {}, item.name) };
  const description = { name: 'Description',
    cell: (item) => item.description || el('span', { className: 'soft' }, '–') };
  return [
    head('Stacks and roles', 'A stack is one application or environment that'
      + ' your organization owns. A role says what somebody may do in it; group'
      + ' mappings grant roles.'),
    section({ page, title: 'Stacks', noun: 'stacks', what: 'stack',
      text: 'Where roles are held.', columns: [name, description],
      empty: nothing('No stacks yet', 'Add the first application or'
        + ' environment, then map a group to a role in it.') }),
    section({ page, title: 'Roles', noun: 'roles', what: 'role',
      text: 'What can be held in a stack. Nobody is granted Owner.',
      columns: [name, description, { name: 'Kind', cell: (item) =>
        chip(item.seeded ? 'built in' : 'custom') },
      { name: 'Held by', className: 'number', cell: (item) =>
        item.people === undefined ? '' : plural(item.people, 'person',
          'people') }],
      empty: nothing('No roles', 'Add a role to grant it.') }),
  ];
}
