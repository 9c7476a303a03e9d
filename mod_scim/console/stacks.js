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

// ------------------------------------------------------------------ who holds

const NAMES = ['role', 'stack', 'organization_role'];

// "Developer in Website by Engineers": one permission, and what gives it.
const permission = (page, held) => el('div', {}, held.role
  ? [named(held.role), ' in ', held.stack ? named(held.stack) : 'every stack']
  : held.organization_role, el('span', { className: 'small soft' },
  held.by_default ? ' as every active user' : [' by ', held.groups.map(
    (group, i) => [i ? ', ' : '', el('a', { href: page.link('group',
      group.id) }, named(group.name))])]));

function choice(name, label, chosen, options) {
  return el('select', { name, 'aria-label': label }, options.map(
    ([value, text]) => el('option', { value, selected: value === chosen },
      text)));
}

// Chooses an item, one that was just added as well; null: any.
function put(select, item) {
  const value = item ? String(item.id) : '';
  let option = [...select.options].find((one) => one.value === value);
  if (!option) {
    option = el('option', { value });
    select.append(option);
  }
  option.textContent = item ? item.name : option.textContent;
  select.value = value;
}

// What is asked for stands in the address; ask() asks for an item.
function holders(page, roles, stacks) {
  const asked = Object.fromEntries(NAMES.map((name) =>
    [name, page.query.get(name) || '']));
  const number = el('p', { role: 'status' });
  const role = choice('role', 'Role',
    asked.organization_role || asked.role, [['', 'Any role'],
      ...roles.map((one) => [String(one.id), one.name]),
      ['admin', 'Admin of the organization'],
      ['member', 'Member of the organization']]);
  const stack = choice('stack', 'Stack', asked.stack, [['', 'Any stack'],
    ...stacks.map((one) => [String(one.id), one.name])]);
  // Nobody waits for it; what fails, the list tells.
  async function tellNumber() {
    const query = { ...asked };
    number.textContent = '';
    try {
      const { people } = await get(page.at('holders', 'count'), query,
        page.signal);
      if (people && NAMES.every((name) => query[name] === asked[name])) {
        number.textContent = plural(people, 'person', 'people');
      }
    } catch {
      number.textContent = '';
    }
  }

  const table = list({ label: 'Who holds it',
    load: (after) => {
      if (!after) {
        tellNumber();
      }
      return get(page.at('holders'), { ...asked, after, limit: 50 },
        page.signal);
    },
    columns: [
      { name: 'User', cell: (one) => [el('a', { className: 'row',
        href: page.link('user', one.id) }, named(one.name || one.user_name)),
      one.name && one.name !== one.user_name
        && el('div', { className: 'small soft' }, named(one.user_name))] },
      { name: 'Holds', cell: (one) => one.permissions.map((held) =>
        permission(page, held)) },
      { name: 'App', cell: (one) => named(one.app || '') },
    ],
    empty: nothing('Nobody', 'No mapping gives this to an active user.',
      el('a', { className: 'button', href: page.link('mapping') },
        'Group mapping')) });
  const box = el('section', { className: 'stack', tabindex: '-1',
    'aria-label': 'Who holds it' },
  el('div', { className: 'head' }, el('div', {},
    el('h2', {}, 'Who holds it'), number)),
  el('div', { className: 'tools' }, role, stack), table);

  function choose() {
    const ofOrganization = ['admin', 'member'].includes(role.value);
    Object.assign(asked, ofOrganization
      ? { role: '', stack: '', organization_role: role.value }
      : { role: role.value, stack: stack.value, organization_role: '' });
    stack.disabled = ofOrganization;
    page.remember(asked);
    table.reload();
  }
  stack.disabled = asked.organization_role !== '';
  role.addEventListener('change', choose);
  stack.addEventListener('change', choose);
  box.ask = (noun, item) => {
    put(role, noun === 'roles' ? item : null);
    put(stack, noun === 'stacks' ? item : null);
    choose();
    box.scrollIntoView();
    box.focus();
  };
  return box;
}

// ------------------------------------------------------------- what there is

function section({ title, text, what, noun, columns, page, empty, who }) {
  const isEditor = page.role !== 'member';
  const path = (item) => page.at(noun, item.id);
  const table = list({ label: title, empty,
    load: (after) => get(page.at(noun), { after, limit: 50 }, page.signal),
    columns: [...columns, { name: 'Actions', className: 'number',
      cell: (item) => isEditor && el('div', { className: 'actions' },
        el('button', { type: 'button', className: 'quiet',
          'aria-label': `Holders of ${item.name}`,
          onclick: () => who.ask(noun, item) }, 'Holders'),
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

export async function show(page) {
  if (page.role === 'member') {
    return [head('Stacks and roles'), nothing('Not for members', 'Owners and'
      + ' admins see what can be granted, and who holds it.')];
  }
  const [stacks, roles] = await Promise.all(['stacks', 'roles'].map((noun) =>
    get(page.at(noun), { limit: 200 }, page.signal)));
  const who = holders(page, roles.items, stacks.items);
  const name = { name: 'Name',
    cell: (item) => el('strong', {}, clamped(item.name)) };
  const description = { name: 'Description',
    cell: (item) => item.description ? clamped(item.description)
      : el('span', { className: 'soft' }, '–') };
  return [
    head('Stacks and roles', 'A stack is one application or environment; a'
      + ' role says what somebody may do on it.'),
    section({ page, who, title: 'Stacks', noun: 'stacks', what: 'stack',
      text: null, columns: [name, description],
      empty: nothing('No stacks yet', 'Add the first application or'
        + ' environment.') }),
    section({ page, who, title: 'Roles', noun: 'roles', what: 'role',
      text: 'What can be held on a stack. Nobody is granted Owner.',
      columns: [name, description, { name: 'Kind', cell: (item) =>
        chip(item.seeded ? 'built in' : 'custom') }],
      empty: nothing('No roles', 'Add a role to grant it.') }),
    who,
  ];
}
