// Journal: what happened, what failed; a reference finds its row.

import { get } from './api.js';
import { ask } from './dialog.js';
import { chip, el, facts, head, identifier, nothing, time }
  from './elements.js';
import { changes } from './history.js';
import { list } from './list.js';

const LIVE = 3000; // ms between two looks for new rows

const outcome = (row) => row.status >= 400 ? chip(String(row.status), 'bad')
  : (row.warnings || []).length
    ? chip('with warnings', 'warn') : chip('done', 'good');

// A cell that a spreadsheet would run gets a quote before it.
const csvCell = (value) => {
  const text = value === null || value === undefined ? ''
    : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

function save(rows, kind) {
  const names = ['time', 'actor', 'action', 'type', 'id', 'name', 'status',
    'scim_type', 'detail', 'duration_ms', 'request_id', 'address',
    'before', 'after', 'members', 'changes'];
  const text = kind === 'csv'
    ? [names.join(','), ...rows.map((row) => names.map((name) =>
      csvCell(row[name])).join(','))].join('\r\n')
    : rows.map((row) => JSON.stringify(row)).join('\n');
  const link = el('a', { download: `journal.${kind}`,
    href: URL.createObjectURL(new Blob([text], { type: 'text/plain' })) });
  link.click();
  URL.revokeObjectURL(link.href);
}

export function open(row) {
  const warnings = row.warnings || [];
  ask({ title: `${row.action} ${row.name || row.type || ''}`, side: true,
    content: [
      row.detail && el('div', { className: 'note bad' },
        el('strong', {}, `${row.status} ${row.scim_type || ''}`),
        el('p', {}, row.detail)),
      facts([['When', time(row.time)], ['Who', row.actor],
        row.app && ['App', row.app],
        row.id && ['Resource', identifier(row.id)],
        row.status && ['Status', String(row.status)],
        ['Took', row.duration_ms === null || row.duration_ms === undefined
          ? '–' : `${row.duration_ms} ms`],
        ['From', row.address || '–'],
        ['Reference', row.request_id ? identifier(row.request_id) : '–']]),
      warnings.length > 0 && el('div', { className: 'note warn stack' },
        el('strong', {}, 'Off-standard, and how it was read'),
        warnings.map((warning) => el('p', {}, warning.detail || warning.text
          || JSON.stringify(warning)))),
      el('h3', {}, 'Changes'), changes(row),
      el('details', {}, el('summary', {}, 'As JSON'),
        el('pre', { tabindex: '0' }, JSON.stringify(row, null, 2)))] });
}

export function show(page) {
  const value = (name) => page.query.get(name) || '';
  const search = el('input', { type: 'search', value: value('text'),
    'aria-label': 'Search the journal',
    placeholder: 'Name, text of an error, or its reference   ( / )' });
  const select = (name, label, choices) => el('select', { 'aria-label': label,
    onchange: (event) => changed(name, event.target.value) },
  choices.map(([key, text]) => el('option', { value: key,
    selected: key === value(name) }, text)));
  const shown = [];
  const asked = (after, limit) => ({ text: value('text'),
    outcome: value('outcome'), type: value('type'), after, limit });
  const table = list({ label: 'Journal',
    load: async (after) => {
      const found = await get(page.at('journal'), asked(after, 50),
        page.signal);
      if (!after) {
        shown.length = 0;
      }
      shown.push(...found.items);
      return found;
    },
    empty: nothing('Nothing here', 'With filters: no row fits.'),
    columns: [
      { name: 'When', cell: (row) => el('button', { type: 'button',
        className: 'quiet', 'aria-label': `Open ${row.action} ${row.name
          || ''}`, onclick: () => open(row) }, time(row.time)) },
      { name: 'What', cell: (row) => [el('strong', {}, row.action), ' ',
        row.name || ''] },
      { name: 'Outcome', cell: (row) => [outcome(row), row.detail
        && el('div', { className: 'small soft' }, row.detail)] },
      { name: 'Who', cell: (row) => row.actor },
    ] });

  function changed(name, text) {
    page.remember({ [name]: text });
    if (text) {
      page.query.set(name, text);
    } else {
      page.query.delete(name);
    }
    table.reload();
  }
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => changed('text', search.value.trim()), 250);
  });
  const fresh = el('div', { role: 'status' });
  const watch = async () => {
    if (page.ended()) {
      return;
    }
    try {
      const newest = (await get(page.at('journal'), asked(undefined, 1),
        page.signal)).items[0];
      if (newest && shown[0] && newest.key !== shown[0].key) {
        fresh.replaceChildren(el('button', { type: 'button', onclick: () => {
          fresh.replaceChildren();
          table.reload();
        } }, 'Show what is new'));
      }
    } catch (problem) {
      if (problem.name === 'AbortError') {
        return;
      }
    }
    setTimeout(watch, LIVE);
  };
  setTimeout(watch, LIVE);
  return [
    head('Journal', 'Every change and every refusal, the newest first.',
      el('button', { type: 'button', onclick: () => save(shown, 'csv') },
        'Save as CSV'),
      el('button', { type: 'button', onclick: () => save(shown, 'ndjson') },
        'Save as NDJSON')),
    el('div', { className: 'tools', role: 'search' }, search,
      select('outcome', 'Outcome', [['', 'All outcomes'], ['refused', 'Failed'],
        ['warned', 'With warnings'], ['unexpected', 'Unexpected'],
        ['ok', 'Done']]),
      select('type', 'Type', [['', 'All types'], ['User', 'Users'],
        ['Group', 'Groups']])), fresh, table];
}
