// Stacks and roles: what can be granted.

import { get, patch, post, remove } from './api.js';
import { ask, field } from './dialog.js';
import { effect } from './effect.js';
import { chip, clamped, el, head, named, nothing, plural, toast, trouble }
  from './elements.js';
import { list } from './list.js';

// Asks for name and description; `item` is what is there already.
function edit(what, item, save) {
  ask({ title: item ? ['Change ', named(item.name)] : `New ${what}`,
    confirm: item ? 'Save' : 'Add', version: item?.version,
    content: [
      field('Name', el('input', { name: 'name', required: true, maxlength: 200,
        value: item?.name ?? '', autocomplete: 'off' }),
      'Unique in the organization.'),
      field('Description', el('textarea', { name: 'description',
        maxlength: 2000 }, item?.description ?? ''),
      'For whoever chooses between them.'),
    ],
    work: (data, form, version) => save(Object.fromEntries(data), version) });
}

// What becomes of people is said before it happens, in numbers.
function erase(what, item, path, done) {
  const box = el('div', { role: 'status' }, el('p', { className: 'soft' },
    'Looking who would lose something…'));
  const look = async () => {
    try {
      box.replaceChildren(effect(await get(`${path}/preview`, { limit: 20 }),
        `Nobody holds anything by this ${what}.`));
    } catch (problem) {
      box.replaceChildren(trouble(problem, look));
    }
  };
  ask({ title: ['Delete ', named(item.name), '?'], danger: true,
    confirm: 'Delete', typed: item.name, version: item.version,
    content: [el('p', {}, `The ${what} is taken out of every group mapping at`
      + ' once. This cannot be undone.'), box],
    work: async (data, form, version) => {
      await remove(path, version);
      toast(`${item.name} is deleted`);
      done();
    } });
  look();
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
          onclick: () => edit(what, item, async (given, version) => {
            await patch(path(item), given, version);
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
      el('div', {}, el('h2', {}, title), text && el('p', {}, text)),
      isEditor && el('button', { type: 'button', onclick: add },
        `New ${what}`)), table);
}

export function show(page) {
  const name = { name: 'Name',
    cell: (item) => el('strong', {}, clamped(item.name)) };
  const description = { name: 'Description',
    cell: (item) => item.description ? clamped(item.description)
      : el('span', { className: 'soft' }, '–') };
  return [
    head('Stacks and roles', 'A stack is one application or environment; a'
      + ' role says what somebody may do on it.'),
    section({ page, title: 'Stacks', noun: 'stacks', what: 'stack',
      text: null, columns: [name, description],
      empty: nothing('No stacks yet', 'Add the first application or'
        + ' environment.') }),
    section({ page, title: 'Roles', noun: 'roles', what: 'role',
      text: 'What can be held on a stack. Nobody is granted Owner.',
      columns: [name, description, { name: 'Kind', cell: (item) =>
        chip(item.seeded ? 'built in' : 'custom') },
      { name: 'Held by', className: 'number', cell: (item) =>
        item.people === undefined ? '' : plural(item.people, 'person',
          'people') }],
      empty: nothing('No roles', 'Add a role to grant it.') }),
  ];
}
