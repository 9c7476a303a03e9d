// Group mapping: which group gives which roles.

import { get, post, remove } from './api.js';
import { ask } from './dialog.js';
import { chip, count, el, head, nothing, plural, time, toast, trouble }
  from './elements.js';
import { list } from './list.js';

const PEOPLE = 20; // of a preview that are named

const nameOfRole = (role) => `${role.role_name || role.role} · ${
  role.stack === null || role.stack === undefined ? 'every stack'
    : role.stack_name || role.stack}`;

// What a mapping gives, as chips.
export const granted = (mapping) => el('div', { className: 'chips' },
  mapping.organization_role
    && chip(`organization ${mapping.organization_role}`, 'accent'),
  (mapping.roles || []).map((role) => chip(nameOfRole(role))),
  !mapping.organization_role && !(mapping.roles || []).length
    && el('span', { className: 'soft' }, 'nothing'));

// ------------------------------------------------------------------- preview

function people(title, rows, total, kind) {
  if (total === 0) {
    return null;
  }
  return el('div', {}, el('h3', {}, title),
    el('ul', {}, rows.slice(0, PEOPLE).map((row) => el('li', {},
      el('strong', {}, row.user_name), ' ',
      chip(row.organization_role ? `organization ${row.organization_role}`
        : `${row.role} · ${row.every_stack ? 'every stack' : row.stack}`,
      kind)))),
    total > Math.min(rows.length, PEOPLE)
      && el('p', { className: 'soft' }, `and ${count(total
        - Math.min(rows.length, PEOPLE))} more`));
}

export function effect(found) {
  const gains = found.gain_count ?? (found.gains || []).length;
  const losses = found.loss_count ?? (found.losses || []).length;
  if (gains === 0 && losses === 0) {
    return el('p', { className: 'note' }, 'Nobody gains or loses anything now:'
      + ' it counts for whoever joins later.');
  }
  return el('div', { className: 'note stack' },
    el('p', {}, el('strong', {}, `${plural(gains, 'gain')}, `,
      plural(losses, 'loss', 'losses')),
    found.people ? ` · ${plural(found.people, 'person', 'people')}` : ''),
    people('Gains', found.gains || [], gains, 'good'),
    people('Losses', found.losses || [], losses, 'bad'));
}

// -------------------------------------------------------------------- editing

function roleRow(choice, role, redraw) {
  const options = (rows, chosen, first) => [first
    && el('option', { value: '' }, first), rows.map((one) => el('option',
    { value: String(one.id), selected: one.id === chosen }, one.name))];
  return el('div', { className: 'tools' },
    el('select', { 'aria-label': 'Role', onchange: (event) => {
      role.role = Number(event.target.value);
      redraw();
    } }, options(choice.roles, role.role)),
    el('span', { className: 'soft' }, 'in'),
    el('select', { 'aria-label': 'Stack', onchange: (event) => {
      role.stack = event.target.value === '' ? null
        : Number(event.target.value);
      redraw();
    } }, options(choice.stacks, role.stack, 'every stack')),
    el('button', { type: 'button', className: 'quiet',
      'aria-label': 'Remove this role', onclick: () => {
        choice.wanted.roles = choice.wanted.roles.filter((one) =>
          one !== role);
        redraw(true);
      } }, 'Remove'));
}

function editor(page, group, mapping, choice, done) {
  const wanted = { group: group.id,
    organization_role: mapping?.organization_role ?? null,
    roles: (mapping?.roles || []).map(({ role, stack }) =>
      ({ role, stack: stack ?? null })) };
  wanted.version = mapping?.version ?? 0;
  choice.wanted = wanted;
  const rows = el('div', { className: 'stack' });
  const seen = el('div', { role: 'status' });
  const organizationRole = el('select', { id: 'organization-role',
    name: 'organization_role', onchange: () => {
      wanted.organization_role = organizationRole.value || null;
      redraw();
    } }, [['', 'none'], ['member', 'member'], ['admin', 'admin']]
    .map(([value, name]) => el('option', { value,
      selected: value === (wanted.organization_role || '') }, name)));
  let previewed = null;

  function redraw(whole = false) {
    previewed = null;
    seen.replaceChildren();
    dialog?.querySelector('button[type="submit"]')
      .replaceChildren('Preview');
    if (whole) {
      rows.replaceChildren(...wanted.roles.map((role) =>
        roleRow(choice, role, redraw)),
      el('div', {}, el('button', { type: 'button',
        disabled: choice.roles.length === 0, onclick: () => {
          wanted.roles.push({ role: choice.roles[0].id, stack: null });
          redraw(true);
          rows.querySelector('div.tools:last-of-type select')?.focus();
        } }, 'Add a stack role')));
    }
  }

  async function work() {
    if (previewed !== JSON.stringify(wanted)) {
      const found = await post(page.at('mappings', 'preview'),
        { mappings: [wanted] });
      seen.replaceChildren(effect(found));
      previewed = JSON.stringify(wanted);
      dialog.querySelector('button[type="submit"]').replaceChildren('Update');
      return false;
    }
    try {
      await post(page.at('mappings'), { mappings: [wanted] });
    } catch (problem) {
      if (problem.status === 412) {
        const theirs = (await get(page.at('groups', group.id))).mapping;
        seen.replaceChildren(el('div', { className: 'note warn stack' },
          el('strong', {}, 'Somebody else has changed this mapping meanwhile'),
          el('p', {}, 'Theirs:'), theirs ? granted(theirs)
            : el('p', {}, 'it is gone'),
          el('p', {}, 'Yours is still here: preview it again to put it in'
            + ' place of theirs.')));
        wanted.version = theirs?.version ?? 0;
        previewed = null;
        dialog.querySelector('button[type="submit"]')
          .replaceChildren('Preview');
        return false;
      }
      throw problem;
    }
    toast(`${group.name} is mapped`);
    done();
    return true;
  }

  const dialog = ask({ title: group.name, side: true, confirm: 'Preview',
    content: [
      el('p', { className: 'soft' }, 'Every member holds these, now and later,'
        + ' until the membership ends.'),
      el('div', { className: 'field' },
        el('label', { for: 'organization-role' }, 'Organization role'),
        organizationRole, el('span', { className: 'help' },
          'An owner is never made by a mapping.')),
      el('div', { className: 'field' },
        el('span', { className: 'label' }, 'Stack roles'), rows), seen], work });
  redraw(true);
}

async function edit(page, group, mapping, done) {
  const [stacks, roles] = await Promise.all([
    get(page.at('stacks'), { limit: 200 }, page.signal),
    get(page.at('roles'), { limit: 200 }, page.signal)]);
  editor(page, group, mapping, { stacks: stacks.items, roles: roles.items },
    done);
}

function erase(page, mapping, done) {
  ask({ title: `Remove the mapping of ${mapping.group.name}?`, danger: true,
    confirm: 'Remove', content: el('p', {}, 'Its members lose at once what no'
      + ' other group gives them.'),
    work: async () => {
      await remove(page.at('mappings', mapping.id), mapping.version);
      toast('The mapping is removed');
      done();
    } });
}

// Chooses a group that has no mapping yet.
function choose(page, done) {
  const found = el('ul', { className: 'steps' });
  const search = el('input', { type: 'search', 'aria-label': 'Search groups',
    placeholder: 'Name of the group' });
  const look = async () => {
    const groups = (await get(page.at('groups'), { search: search.value.trim(),
      limit: 20 }, page.signal)).items;
    found.replaceChildren(...groups.map((group) => el('li', {}, '',
      el('div', {}, el('strong', {}, group.name),
        el('p', { className: 'small soft' },
          `${plural(group.members, 'member')} · ${group.app || ''}`)),
      el('button', { type: 'button', onclick: async () => {
        dialog.close();
        edit(page, group, (await get(page.at('groups', group.id))).mapping,
          done);
      } }, group.mapped ? 'Change' : 'Map'))));
    if (groups.length === 0) {
      found.replaceChildren(el('li', {}, '', 'No group fits.', ''));
    }
  };
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  });
  const dialog = ask({ title: 'Map a group', side: true,
    content: [search, found] });
  look().catch((problem) => found.replaceChildren(trouble(problem)));
}

// -------------------------------------------------------------------- dormant

function reconnect(page, mapping, done) {
  const box = el('div', { className: 'stack' });
  ask({ title: `Reconnect ${mapping.group.name}`, confirm: 'Reconnect',
    content: [el('p', {}, 'The group was deleted. Choose the group that takes'
      + ' its place; it gets:'), granted(mapping), box],
    work: async (data) => {
      await post(page.at('mappings', mapping.id, 'reconnect'),
        { group: data.get('group') });
      toast('Reconnected');
      done();
    } });
  const candidates = mapping.candidates || [];
  box.append(candidates.length === 0
    ? el('p', { className: 'soft' }, 'No group of this name or external id is'
      + ' there now.')
    : el('div', { className: 'stack' }, candidates.map((group, i) =>
      el('label', { className: 'check' }, el('input', { type: 'radio',
        name: 'group', value: group.id, required: true, checked: i === 0 }),
      `${group.name} (${plural(group.members ?? 0, 'member')})`))));
}

const dormantPart = (page, dormant, done) => dormant.length > 0
  && el('section', { className: 'stack' }, el('h2', {}, 'Dormant'),
    el('p', { className: 'soft' }, 'Their groups were deleted. Kept for 90'
      + ' days, giving nothing.'),
    el('ul', { className: 'steps' }, dormant.map((mapping) => el('li', {},
      el('span', { className: 'mark', 'aria-hidden': 'true' }, '…'),
      el('div', {}, el('strong', {}, mapping.group.name), ' since ',
        time(mapping.dormant_since), granted(mapping)),
      page.role !== 'member' && el('button', { type: 'button',
        onclick: () => reconnect(page, mapping, done) }, 'Reconnect')))));

const unmappedPart = (page, groups, done) => groups.length > 0
  && el('section', { className: 'stack' }, el('h2', {}, 'Not mapped'),
    el('div', { className: 'chips' }, groups.map((group) => el('button',
      { type: 'button', className: 'chip',
        onclick: () => edit(page, group, null, done) },
      group.name, ' ', el('span', { className: 'soft' },
        count(group.members))))));

export async function show(page) {
  const [dormant, unmapped] = await Promise.all([
    get(page.at('mappings', 'dormant'), { limit: 50 }, page.signal),
    get(page.at('mappings', 'unmapped'), { limit: 50 }, page.signal)]);
  const done = page.again;
  const isEditor = page.role !== 'member';
  const wanted = page.query.get('group');
  if (wanted && isEditor) {
    page.remember({ group: '' });
    get(page.at('groups', wanted), {}, page.signal)
      .then((group) => edit(page, group, group.mapping, done));
  }
  return [
    head('Group mapping', 'Gives every member of a group a role in the'
      + ' organization and in stacks, for as long as the membership lasts.',
    isEditor && el('button', { type: 'button', className: 'main',
      onclick: () => choose(page, done) }, 'Map a group')),
    list({ label: 'Mappings',
      load: (after) => get(page.at('mappings'), { after, limit: 50 },
        page.signal),
      empty: nothing('No group is mapped yet', 'Members of groups hold nothing'
        + ' but membership until a group is mapped.'),
      columns: [
        { name: 'Group', cell: (one) => [el('a', { className: 'row',
          href: page.link('group', one.group.id) }, one.group.name),
        el('div', { className: 'small soft' },
          plural(one.group.members ?? 0, 'member'))] },
        { name: 'Gives', cell: granted },
        { name: 'Changed', cell: (one) => [time(one.changed),
          el('div', { className: 'small soft' }, one.changed_by)] },
        { name: 'Actions', className: 'number', cell: (one) => isEditor
          && el('div', { className: 'actions' }, el('button',
            { type: 'button', className: 'quiet',
              'aria-label': `Change the mapping of ${one.group.name}`,
              onclick: () => edit(page, one.group, one, done) }, 'Change'),
          el('button', { type: 'button', className: 'quiet danger',
            'aria-label': `Remove the mapping of ${one.group.name}`,
            onclick: () => erase(page, one, done) }, 'Remove')) },
      ] }),
    unmappedPart(page, unmapped.items, done),
    dormantPart(page, dormant.items, done),
  ].filter(Boolean);
}
