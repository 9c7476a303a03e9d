// Group mapping: which group gives which roles. The panel is in grants.js.

import { get, post, remove } from './api.js';
import { ask } from './dialog.js';
import { effect } from './effect.js';
import { clamped, count, el, head, named, nothing, plural, time, toast, trouble }
  from './elements.js';
import { chooseGroup, editMappings, granted } from './grants.js';
import { list } from './list.js';

export { effect, granted };

// What an action that is about to open a panel says when it cannot.
const opening = (page, ids) => editMappings(page, ids, page.again)
  .catch((problem) => {
    if (problem.name !== 'AbortError') {
      ask({ title: 'The panel cannot be opened', content: trouble(problem,
        () => opening(page, ids)) });
    }
  });

function erase(page, mapping) {
  const box = el('div', { role: 'status' }, el('p', { className: 'soft' },
    'Looking who would lose something…'));
  const look = async () => {
    try {
      box.replaceChildren(effect(await get(page.at('mappings', mapping.id,
        'preview'), { limit: 20 }, page.signal), 'Nobody loses anything: other'
        + ' groups give the same, or nobody is in this one.'));
    } catch (problem) {
      box.replaceChildren(trouble(problem, look));
    }
  };
  ask({ title: ['Remove the mapping of ', named(mapping.group.name), '?'],
    danger: true, confirm: 'Remove', version: mapping.version,
    content: [granted(mapping), box],
    work: async (data, form, version) => {
      await remove(page.at('mappings', mapping.id), version);
      toast('The mapping is removed');
      page.again();
    } });
  look();
}

function choose(page) {
  const dialog = ask({ title: 'Map a group', side: true, content: chooseGroup(
    page, (group) => group.mapped ? 'Change' : 'Map', (group) => {
      dialog.close();
      opening(page, [group.id]);
    }) });
}

// -------------------------------------------------------------------- dormant

// First what would come of it, then that it does.
function reconnect(page, mapping) {
  const candidates = mapping.candidates || [];
  const seen = el('div', { role: 'status' });
  let previewed = null;
  const dialog = ask({ title: ['Reconnect ', named(mapping.group.name)],
    confirm: candidates.length > 0 && 'Preview',
    content: [el('p', {}, 'The group was deleted. The group that takes its'
      + ' place gets:'), granted(mapping),
    candidates.length === 0
      ? el('p', { className: 'note' }, 'No group of this name or external id is'
        + ' there now. When the identity provider makes it again, it can be'
        + ' reconnected here.')
      : el('fieldset', {}, el('legend', {}, 'Which group?'),
        candidates.map((group, i) => el('label', { className: 'check' },
          el('input', { type: 'radio', name: 'group', value: group.id,
            required: true, checked: i === 0 }), el('span', {},
            named(group.name), ` (${plural(group.members ?? 0, 'member')})`)))),
    seen],
    work: async (data) => {
      const group = data.get('group');
      const path = page.at('mappings', mapping.id, 'reconnect');
      if (previewed !== group) {
        seen.replaceChildren(effect(await post(path, { group, dry_run: true })));
        previewed = group;
        dialog.querySelector('button[type="submit"]')
          .replaceChildren('Reconnect');
        return false;
      }
      await post(path, { group });
      toast('Reconnected');
      page.again();
      return true;
    } });
}

const dormantPart = (page, isEditor) => list({ label: 'Dormant',
  load: (after) => get(page.at('mappings', 'dormant'), { after, limit: 20 },
    page.signal),
  empty: nothing('None', 'Mappings of deleted groups are kept here for 90 days,'
    + ' giving nothing.'),
  columns: [
    { name: 'Group', cell: (one) => el('strong', {}, clamped(one.group.name)) },
    { name: 'Gave', cell: granted },
    { name: 'Since', cell: (one) => time(one.dormant_since) },
    { name: 'Actions', className: 'number', cell: (one) => isEditor
      && el('div', { className: 'actions' }, el('button', { type: 'button',
        'aria-label': `Reconnect ${one.group.name}`,
        onclick: () => reconnect(page, one) }, 'Reconnect'),
      el('button', { type: 'button', className: 'quiet danger',
        'aria-label': `Remove the dormant mapping of ${one.group.name}`,
        onclick: () => erase(page, one) }, 'Remove')) },
  ] });

// -------------------------------------------------------------------- the page

const mapped = (page, isEditor) => list({ label: 'Mappings',
  // Those of deleted groups have a list of their own.
  load: async (after) => {
    const found = await get(page.at('mappings'), { after, limit: 50 },
      page.signal);
    return { ...found,
      items: found.items.filter((one) => !one.dormant_since) };
  },
  empty: nothing('No group is mapped yet', 'Members hold nothing by a group'
    + ' until it is mapped.'),
  columns: [
    { name: 'Group', cell: (one) => [el('a', { className: 'row',
      href: page.link('group', one.group.id) }, clamped(one.group.name)),
    el('div', { className: 'small soft' },
      plural(one.group.members ?? 0, 'member'))] },
    { name: 'Gives', cell: granted },
    { name: 'Changed', cell: (one) => [time(one.changed),
      el('div', { className: 'small soft' }, named(one.changed_by))] },
    { name: 'Actions', className: 'number', cell: (one) => isEditor
      && el('div', { className: 'actions' }, el('button', { type: 'button',
        className: 'quiet', 'aria-label': `Change the mapping of ${
          one.group.name}`, onclick: () => opening(page, [one.group.id]) },
      'Change'), el('button', { type: 'button', className: 'quiet danger',
        'aria-label': `Remove the mapping of ${one.group.name}`,
        onclick: () => erase(page, one) }, 'Remove')) },
  ] });

const unmapped = (page, isEditor) => list({ label: 'Not mapped',
  load: (after) => get(page.at('mappings', 'unmapped'), { after, limit: 20 },
    page.signal),
  empty: nothing('None is forgotten', 'Every group that is there has a'
    + ' mapping.'),
  columns: [
    { name: 'Group', cell: (group) => el('a', { className: 'row',
      href: page.link('group', group.id) }, clamped(group.name)) },
    { name: 'Members', className: 'number',
      cell: (group) => count(group.members) },
    { name: 'App', cell: (group) => clamped(group.app || '') },
    { name: 'Actions', className: 'number', cell: (group) => isEditor
      && el('div', { className: 'actions' }, el('button', { type: 'button',
        'aria-label': `Map ${group.name}`,
        onclick: () => opening(page, [group.id]) }, 'Map')) },
  ] });

export async function show(page) {
  const isEditor = page.role !== 'member';
  const { items } = await get(page.at('mappings', 'dormant'), { limit: 1 },
    page.signal);
  const wanted = (page.query.get('group') || '').split(',').filter(Boolean);
  if (wanted.length > 0 && isEditor) {
    setTimeout(() => opening(page, wanted)); // above the page
  }
  return [
    head('Group mapping', 'Members of a group hold its roles for as long as'
      + ' they are in it.',
    isEditor && el('button', { type: 'button', className: 'main',
      onclick: () => choose(page) }, 'Map a group')),
    mapped(page, isEditor),
    el('section', { className: 'stack' }, el('h2', {}, 'Not mapped'),
      unmapped(page, isEditor)),
    items.length > 0 && el('section', { className: 'stack' },
      el('h2', {}, 'Dormant'), el('p', { className: 'soft' }, 'Their groups'
        + ' were deleted. Kept for 90 days, giving nothing.'),
      dormantPart(page, isEditor)),
  ];
}
