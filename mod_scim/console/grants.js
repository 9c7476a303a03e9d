// What groups give: the side panel of Group mapping, for several at once.

import { get, post } from './api.js';
import { ask, sideBySide } from './dialog.js';
import { effect } from './effect.js';
import { chip, el, named, plural, searchField, toast, trouble }
  from './elements.js';

const SHOWN = 10; // groups that a search shows

// What a mapping gives, as chips.
export const granted = (mapping) => el('div', { className: 'chips' },
  mapping.organization_role
    && chip(`${mapping.organization_role} of the organization`, 'accent'),
  (mapping.roles || []).map((role) => chip(el('span', {},
    named(role.role_name ?? role.role), ' · ',
    role.stack === null || role.stack === undefined ? 'every stack'
      : named(role.stack_name ?? role.stack)), 'long')),
  !mapping.organization_role && !(mapping.roles || []).length
    && el('span', { className: 'soft' }, 'nothing'));

// A search for a group, and a button beside each that it finds, unless it has no
// label.
export function chooseGroup(page, label, chosen) {
  const found = el('ul', { className: 'steps plain', role: 'list' });
  let last = 0;
  const look = async (text) => {
    const mine = ++last;
    try {
      const groups = (await get(page.at('groups'), { search: text,
        limit: SHOWN }, page.signal)).items;
      if (mine === last) {
        found.replaceChildren(...groups.map((group) => el('li', {},
          el('div', {}, el('strong', { className: 'clamped' }, group.name),
            el('p', { className: 'small soft' }, plural(group.members,
              'member'), group.mapped ? ' · mapped already' : '', ' · ',
            named(group.app || ''))),
          label(group) && el('button', { type: 'button',
            'aria-label': `${label(group)} ${group.name}`,
            onclick: () => chosen(group) }, label(group)))));
        if (groups.length === 0) {
          found.append(el('li', {}, el('span', { className: 'soft' },
            'No group is called so.')));
        }
      }
    } catch (problem) {
      if (problem.name !== 'AbortError' && mine === last) {
        found.replaceChildren(el('li', {}, trouble(problem,
          () => look(text))));
      }
    }
  };
  look('');
  return el('div', { className: 'stack tight' }, searchField('Search groups',
    'Name of a group', '', look), found);
}

// -------------------------------------------------------------- one group of it

const options = (rows, chosen) => rows.map(([value, name, disabled]) =>
  el('option', { value: String(value), selected: value === chosen, disabled },
    name));

const ROLES = [['', 'none'], ['member', 'member'], ['admin', 'admin']];

function organizationRole(page, entry, changed) {
  // Only an owner lets a group make people admins.
  const rows = ROLES.map(([value, name]) => [value, name, value === 'admin'
    && page.role !== 'owner' && entry.organization_role !== 'admin']);
  const id = `organization-role-${entry.group.id}`;
  return el('div', { className: 'field' },
    el('label', { for: id }, 'Organization role'),
    el('select', { id, onchange: (event) => {
      entry.organization_role = event.target.value || null;
      changed();
    } }, options(rows, entry.organization_role || '')),
    el('span', { className: 'help' }, 'An owner is never made by a mapping.'));
}

function roleRow(choice, entry, role, changed) {
  return el('div', { className: 'tools' },
    el('select', { 'aria-label': 'Role', onchange: (event) => {
      role.role = Number(event.target.value);
      changed();
    } }, options(choice.roles.map((one) => [one.id, one.name]), role.role)),
    el('span', { className: 'soft' }, 'on'),
    el('select', { 'aria-label': 'Stack', onchange: (event) => {
      role.stack = event.target.value === '' ? null
        : Number(event.target.value);
      changed();
    } }, options([['', 'every stack'], ...choice.stacks.map((one) =>
      [one.id, one.name])], role.stack ?? '')),
    el('button', { type: 'button', className: 'quiet', onclick: (event) => {
      const box = event.target.closest('fieldset');
      entry.roles = entry.roles.filter((one) => one !== role);
      changed(true);
      box.querySelector('.add')?.focus();
    } }, 'Remove'));
}

function groupPart(page, choice, entry, panel) {
  const { entries, changed } = panel;
  return el('fieldset', {}, el('legend', {}, named(entry.group.name), ' ',
    el('span', { className: 'soft small' }, plural(entry.group.members ?? 0,
      'member'))),
  organizationRole(page, entry, changed),
  el('div', { className: 'stack tight' },
    el('span', { className: 'label' }, el('strong', {}, 'Stack roles')),
    entry.roles.map((role) => roleRow(choice, entry, role, changed)),
    el('div', { className: 'actions' },
      el('button', { type: 'button', className: 'add',
        disabled: choice.roles.length === 0, onclick: (event) => {
          const box = event.target.closest('fieldset');
          entry.roles.push({ role: choice.roles[0].id,
            stack: choice.stacks[0]?.id ?? null });
          changed(true);
          [...box.querySelectorAll('.tools')].pop()?.querySelector('select')
            .focus();
        } }, 'Add a stack role'),
      entries.length > 1 && entry !== entries[0] && el('button',
        { type: 'button', className: 'quiet', onclick: () => {
          entry.organization_role = entries[0].organization_role;
          entry.roles = entries[0].roles.map((role) => ({ ...role }));
          changed(true);
        } }, 'Same as the first'),
      entries.length > 1 && el('button', { type: 'button', className: 'quiet',
        onclick: () => panel.drop(entry) }, 'Leave out'))),
  choice.stacks.length === 0 && el('p', { className: 'small soft' },
    'There is no stack yet: ', el('a', { href: page.link('stacks') },
      'add one'), ', or grant roles on every stack.'));
}

// ------------------------------------------------------------------- the panel

const entryOf = (group, mapping) => ({ group,
  version: mapping?.version ?? 0,
  organization_role: mapping?.organization_role ?? null,
  roles: (mapping?.roles || []).map(({ role, stack }) =>
    ({ role, stack: stack ?? null })) });

const wantedOf = (entries) => entries.map((entry) => ({ group: entry.group.id,
  organization_role: entry.organization_role, roles: entry.roles,
  version: entry.version }));

const withNames = (entry, choice) => ({ ...entry,
  roles: entry.roles.map((role) => ({ ...role,
    role_name: choice.roles.find((one) => one.id === role.role)?.name,
    stack_name: choice.stacks.find((one) => one.id === role.stack)?.name })) });

// Whose mapping is another one than was seen: both, side by side.
async function overtaken(page, choice, panel) {
  const now = await Promise.all(panel.entries.map((entry) =>
    get(page.at('groups', entry.group.id), {}, page.signal)));
  const rows = panel.entries.map((entry, i) => [entry, now[i].mapping])
    .filter(([entry, theirs]) => (theirs?.version ?? 0) !== entry.version);
  const node = sideBySide(rows.map(([entry, theirs]) => [
    named(entry.group.name), granted(withNames(entry, choice)),
    theirs ? granted(theirs) : 'no mapping']), () => {
    for (const [entry, theirs] of rows) {
      Object.assign(entry, entryOf(entry.group, theirs));
    }
    panel.changed(true);
  });
  for (const [entry, theirs] of rows) {
    entry.version = theirs?.version ?? 0;
  }
  return node;
}

function panelOf(page, choice, entries, done) {
  const parts = el('div', { className: 'stack' });
  const seen = el('div', { className: 'stack', role: 'status' });
  let previewed = null;
  let dialog = null;

  const label = (text) => dialog.querySelector('button[type="submit"]')
    .replaceChildren(text);
  const keep = () => page.remember({ group: entries.map((entry) =>
    entry.group.id).join(',') });
  const panel = { entries,
    changed(whole = false) {
      previewed = null;
      seen.replaceChildren();
      label('Preview');
      if (whole) {
        parts.replaceChildren(...entries.map((entry) =>
          groupPart(page, choice, entry, panel)));
      }
    },
    drop(entry) {
      entries.splice(entries.indexOf(entry), 1);
      panel.changed(true);
      parts.querySelector('select').focus();
      keep();
    },
    async add(group) {
      if (!entries.some((entry) => entry.group.id === group.id)) {
        const found = await get(page.at('groups', group.id), {}, page.signal);
        entries.push(entryOf(found, found.mapping));
        panel.changed(true);
        keep();
      }
      more.open = false;
      [...parts.children].pop().querySelector('select').focus();
    } };
  const more = el('details', { ontoggle: () => {
    if (more.open) {
      more.children[1]?.remove(); // it may offer what is taken by now
      more.append(chooseGroup(page, (group) => entries.some((entry) =>
        entry.group.id === group.id) ? null : 'Add', panel.add));
    }
  } }, el('summary', {}, 'Add another group'));

  async function perform() {
    const wanted = wantedOf(entries);
    if (previewed !== JSON.stringify(wanted)) {
      const found = await post(page.at('mappings', 'preview'),
        { mappings: wanted });
      seen.replaceChildren(effect(found));
      seen.scrollIntoView({ block: 'nearest' });
      previewed = JSON.stringify(wanted);
      label('Update');
      return false;
    }
    await post(page.at('mappings'), { mappings: wanted });
    toast(entries.length === 1 ? `${entries[0].group.name} is mapped`
      : `${plural(entries.length, 'mapping')} saved`);
    page.remember({ group: '' }); // or it would be opened again
    done();
    return true;
  }

  async function work() {
    try {
      return await perform();
    } catch (problem) {
      if (problem.status !== 412) {
        throw problem;
      }
      const both = await overtaken(page, choice, panel);
      panel.changed();
      seen.replaceChildren(both);
      return false;
    }
  }

  dialog = ask({ title: entries.length === 1 ? ['Mapping of ',
    named(entries[0].group.name)] : 'Group mappings', side: true,
  confirm: 'Preview', work, onclose: () => page.remember({ group: '' }),
  content: [el('p', { className: 'soft' }, 'Every member holds these while in'
    + ' the group. The preview says who gains and who loses.'), parts, more,
  seen] });
  panel.changed(true);
  keep();
}

// Opens the panel for groups of these ids.
export async function editMappings(page, ids, done) {
  const [stacks, roles, ...groups] = await Promise.all([
    get(page.at('stacks'), { limit: 200 }, page.signal),
    get(page.at('roles'), { limit: 200 }, page.signal),
    ...ids.map((id) => get(page.at('groups', id), {}, page.signal))]);
  panelOf(page, { stacks: stacks.items, roles: roles.items },
    groups.map((group) => entryOf(group, group.mapping)), done);
}
