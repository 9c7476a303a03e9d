// Journal: what happened, what failed; a reference finds its row.

import { get } from './api.js';
import { action, copyButton, count, el, head, named, nothing, time, trouble }
  from './elements.js';
import { follow, followRow, open, outcome } from './entry.js';
import { list } from './list.js';
import { referenceIn, referenceOf } from './reference.js';

const LIVE = 3000; // ms between two looks for new rows
const MOST = 100000; // rows in one file

const PERIODS = [['', 'Any time', 0], ['1h', 'Last hour', 1],
  ['1d', 'Last 24 hours', 24], ['7d', 'Last 7 days', 168],
  ['30d', 'Last 30 days', 720]];

// The time that a period began; what else the address has is a time.
function beginning(period) {
  const known = PERIODS.find(([key]) => key === period);
  return !known ? period : known[2]
    ? new Date(Date.now() - known[2] * 3600000).toISOString() : '';
}

// A cell that a spreadsheet would run gets a quote before it.
const csvCell = (value) => {
  const text = value === null || value === undefined ? ''
    : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

function save(rows, kind) {
  const names = ['time', 'actor', 'action', 'type', 'id', 'name', 'status',
    'scim_type', 'detail', 'duration_ms', 'request_id', 'address', 'request',
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

// Each in one element: a narrow page has the column's name beside it.
const said = (row) => el('div', {}, outcome(row), row.detail && [
  el('div', { className: 'small soft' }, row.detail.slice(0, 300)),
  row.request_id && el('div', { className: 'reference small' },
    el('code', {}, row.request_id), copyButton(row.request_id, 'Reference'))]);

const who = (row) => el('div', {}, row.app || row.actor, row.app
  && el('div', { className: 'small soft' }, row.actor));

export function show(page) {
  const value = (name) => page.query.get(name) || '';
  const note = el('div', {});
  const search = el('input', { type: 'search', value: value('text'),
    'aria-label': 'Search the journal', autocomplete: 'off',
    placeholder: 'Name, or an error with its reference   ( / )' });
  const select = (name, label, choices) => el('select', { 'aria-label': label,
    onchange: (event) => changed(name, event.target.value) },
  choices.map(([key, text]) => el('option', { value: key,
    selected: key === value(name) }, text)));
  const shown = [];
  const asked = (after, limit) => ({ text: value('text'),
    outcome: value('outcome'), type: value('type'), app: value('app'),
    since: beginning(value('since')), after, limit });
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
    empty: nothing('Nothing here', 'With filters: no row fits. Reads, and'
      + ' requests without a valid token, are in no journal: they are in'
      + ' httpd’s error log.'),
    columns: [
      { name: 'When', cell: (row) => el('button', { type: 'button',
        className: 'quiet', 'aria-label': `Open ${row.action} ${(row.name
          || '').slice(0, 80)}`, onclick: () => open(page, row) },
      time(row.time)) },
      { name: 'What', cell: (row) => el('div', {}, el('strong', {},
        row.action), ' ', named(row.name || row.type || '', 200)) },
      { name: 'Outcome', cell: said },
      { name: 'Who', cell: who },
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

  // What is found opens; what may be a reference and is none is searched for.
  async function find(reference, quiet) {
    note.replaceChildren();
    try {
      return await follow(page, reference, quiet);
    } catch (problem) {
      if (problem.name !== 'AbortError') {
        note.replaceChildren(trouble(problem, () => find(reference, quiet)));
      }
      return true;
    }
  }
  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = search.value.trim();
      const reference = referenceOf(text);
      if (referenceIn(text)) { // a whole error, which may be long
        search.value = reference;
      }
      if (!reference || !await find(reference, !referenceIn(text))) {
        changed('text', search.value.trim().slice(0, 200));
      }
    }, 250);
  });
  const apps = select('app', 'App', [['', 'All apps']]);
  get(page.at('apps'), { limit: 200 }, page.signal).then((found) =>
    apps.append(...found.items.map((app) => el('option', { value: app.id,
      selected: String(app.id) === value('app') }, app.name))), () => {});

  // All that the filters let through, not only what is on the page.
  const saved = el('p', { className: 'aside', role: 'status' });
  const saving = (kind, label) => action(label, async () => {
    const rows = [];
    const since = asked();
    let after;
    do {
      const found = await get(page.at('journal'), { ...since, after,
        limit: 200 }, page.signal);
      rows.push(...found.items);
      after = found.next;
      saved.textContent = `${count(rows.length)} rows are read`;
    } while (after && rows.length < MOST);
    save(rows, kind);
    saved.textContent = after ? `The newest ${count(rows.length)} rows are`
      + ' saved; scimctl journal list has no limit.'
      : `${count(rows.length)} rows are saved.`;
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

  // The page is shown after this, and has the focus then.
  const focusSearch = () => setTimeout(() => search.isConnected
    ? search.focus() : !page.ended() && focusSearch(), 50);

  // What the address names, once the page is there.
  setTimeout(() => {
    if (page.ended()) {
      return;
    }
    if (value('reference')) {
      find(value('reference'), false);
    } else if (value('row')) {
      followRow(page, value('row')).catch((problem) =>
        note.replaceChildren(trouble(problem)));
    } else if (value('find')) {
      page.remember({ find: '' });
      focusSearch();
    }
  });
  return [
    head('Journal', 'Every change and every refusal, the newest first. An error'
      + ' of the provider ends with a reference: paste it here, or anywhere in'
      + ' the console.',
    saving('csv', 'Save as CSV'), saving('ndjson', 'Save as NDJSON')), saved,
    el('div', { className: 'tools', role: 'search' }, search,
      select('outcome', 'Outcome', [['', 'All outcomes'], ['refused', 'Failed'],
        ['warned', 'With warnings'], ['unexpected', 'Unexpected'],
        ['ok', 'Done']]),
      select('type', 'Type', [['', 'All types'], ['User', 'Users'],
        ['Group', 'Groups']]), apps, select('since', 'Time',
        PERIODS.map(([key, text]) => [key, text]))), note, fresh, table];
}
