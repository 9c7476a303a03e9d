// A row of the journal, opened: what was asked and answered, the rule that was
// broken, what to do.

import { get } from './api.js';
import { ask } from './dialog.js';
import { chip, copyButton, el, facts, identifier, time } from './elements.js';
import { changes } from './history.js';
import { linkTo, missing } from './reference.js';

const PAGES = { User: 'user', Group: 'group' };
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

export const outcome = (row) => row.status >= 400
  ? chip(String(row.status), 'bad')
  : (row.warnings || []).length
    ? chip('with warnings', 'warn') : chip('done', 'good');

// Where a row is: by its reference if it has one, so that the link also tells
// its neighbours in the same request.
export const placeOf = (row) => row.request_id && row.status >= 400
  ? { reference: row.request_id } : { row: row.key };

// ----------------------------------------------------------------- the request

// JSON in lines, the attribute at fault marked.
function json(value, attribute) {
  const top = (attribute || '').split(/[.[]/)[0].toLowerCase();
  const lines = JSON.stringify(value, null, 2).split('\n').map((line) =>
    `${line}\n`);
  return lines.map((line) => top
    && line.toLowerCase().startsWith(`  "${top}"`)
    ? el('mark', {}, line.replace('\n', '')) : line)
    .flatMap((one) => typeof one === 'string' ? one : [one, '\n']);
}

const block = (content, label) => el('pre', { tabindex: '0',
  'aria-label': label }, content);

function operations(list, wrong) {
  return el('ol', { className: 'asked' }, list.map((operation, i) =>
    el('li', { className: i === wrong ? 'wrong' : '' },
      i === wrong && el('p', {}, chip('this one', 'bad')),
      block(JSON.stringify(operation, null, 2), `Operation ${i + 1}`))));
}

function asked(row) {
  const request = row.request;
  const help = row.help || {};
  if (!request) {
    return [el('p', { className: 'soft' }, 'It is not kept what was sent.')];
  }
  const body = request.body;
  return [el('p', {}, el('code', {}, `${request.method} ${request.path}`), ' ',
    request.bulk && chip('part of a Bulk')),
  facts([request.if_match && ['If-Match', el('code', {}, request.if_match)],
    request.if_none_match && ['If-None-Match',
      el('code', {}, request.if_none_match)],
    request.content_type && row.status === 415 && ['Content-Type',
      el('code', {}, request.content_type)]]),
  body && (Array.isArray(body.Operations)
    ? operations(body.Operations, help.operation)
    : block(json(body, help.attribute), 'What was sent')),
  request.left_out && el('p', { className: 'small soft' }, 'Not all of it is'
    + ' kept: no passwords, no values of attributes that are unknown here, and'
    + ' of what is long the beginning.')];
}

const answer = (row) => JSON.stringify({ schemas: [ERROR],
  status: String(row.status), scimType: row.scim_type ?? undefined,
  detail: `${row.detail} (request ${row.request_id})` }, null, 2);

function rule(help) {
  return [el('p', {}, help.rule),
    facts([help.attribute && ['Attribute', el('code', {}, help.attribute)],
      help.operation !== null && ['Operation', el('code', {},
        `Operations[${help.operation}]`)],
      help.section && ['Says', help.url
        ? el('a', { href: help.url, rel: 'noreferrer', target: '_blank' },
          help.section) : help.section]])];
}

const section = (title, ...content) => el('section',
  { className: 'stack tight' }, el('h3', {}, title), content);

function refusal(row) {
  const help = row.help;
  return [
    el('div', { className: 'note bad' },
      el('strong', {}, [row.status, row.scim_type].filter(Boolean).join(' ')),
      el('p', {}, row.detail)),
    help && section('What to do', el('p', {}, help.remedy),
      help.where && el('p', { className: 'soft' }, help.where)),
    help && section('The rule that was broken', rule(help)),
    section('What was asked', asked(row)),
    section('What was answered', block(answer(row), 'What was answered'))];
}

// -------------------------------------------------------------------- the row

const link = (row) => {
  const [[name, value]] = Object.entries(placeOf(row));
  return new URL(linkTo(name, value), location.href).href;
};

function warnings(list) {
  return list.length > 0 && el('div', { className: 'note warn stack' },
    el('strong', {}, 'Off-standard, and how it was read'),
    list.map((one) => el('p', {}, one.path && el('code', {}, one.path),
      one.path && ' ', one.detail || one.code)));
}

function content(page, row) {
  const isRefused = row.status >= 400 && row.detail;
  return [isRefused ? refusal(row) : '',
    warnings(row.warnings || []),
    !isRefused && section('Changes', changes(row)),
    section('The request', facts([['When', time(row.time)], ['Who', row.actor],
      row.app && ['App', row.app],
      row.id && ['Resource', el('div', { className: 'stack tight' },
        PAGES[row.type] && el('a', { href: page.link(PAGES[row.type],
          row.id) }, `Open the ${row.type.toLowerCase()}`),
        identifier(row.id))],
      ['Took', row.duration_ms === null || row.duration_ms === undefined
        ? '–' : `${row.duration_ms} ms`],
      ['From', row.address || '–'],
      ['Reference', row.request_id ? el('span', { className: 'actions' },
        el('code', {}, row.request_id), copyButton(row.request_id, 'Reference'))
        : '–'],
      ['Link to this row', copyButton(link(row), 'Link to this row')]])),
    el('details', {}, el('summary', {}, 'As JSON'),
      block(JSON.stringify(row, null, 2), 'The row as JSON'))];
}

const title = (row) => `${row.action} ${(row.name || row.type || '')
  .slice(0, 120)}`.trim();

// The query names what is open, so that the address can be handed on; another
// address that has come meanwhile is left alone.
function keep(page, query) {
  const [[name, value]] = Object.entries(query);
  page.remember({ reference: '', row: '', [name]: value });
  return () => {
    const now = new URLSearchParams(location.hash.split('?')[1]);
    if (now.get(name) === value) {
      page.remember({ [name]: '' });
    }
  };
}

export function open(page, row) {
  const onclose = keep(page, placeOf(row));
  ask({ title: title(row), side: true, onclose, content: content(page, row) });
}

// Of a Bulk: one of many.
function choose(page, found) {
  const onclose = keep(page, { reference: found.reference });
  const dialog = ask({ title: `${found.rows.length} rows of one request`,
    side: true, onclose, content: [
      el('ul', { className: 'steps' }, found.rows.map((row) => el('li', {},
        el('span', { className: 'mark', 'aria-hidden': 'true' },
          row.status >= 400 ? '!' : '✓'),
        el('div', {}, el('strong', {}, title(row)), ' ', outcome(row),
          row.detail && el('p', { className: 'soft' }, row.detail)),
        el('button', { type: 'button', 'aria-label': `Open ${title(row)}`,
          onclick: () => {
            dialog.close();
            ask({ title: title(row), side: true, content: content(page, row),
              onclose: keep(page, { reference: found.reference }) });
          } }, 'Open'))))] });
}

function nowhere(page, found) {
  ask({ title: 'Not in the journal', content: missing(found),
    onclose: keep(page, { reference: found.reference }) });
}

// What a reference leads to. False: to nothing, and nobody is told.
export async function follow(page, reference, quiet = false) {
  const found = await get(page.at('journal', 'show'), { reference },
    page.signal);
  const refused = found.rows.filter((row) => row.status >= 400);
  if (!found.found) {
    if (!quiet) {
      nowhere(page, found);
    }
    return false;
  }
  if (found.rows.length === 1 || refused.length === 1) {
    const row = refused[0] || found.rows[0];
    ask({ title: title(row), side: true, content: content(page, row),
      onclose: keep(page, { reference: found.reference }) });
  } else {
    choose(page, found);
  }
  return true;
}

// A row without a reference, by its place in the journal's time.
export async function followRow(page, key) {
  const ms = Number(key.split('.')[0]);
  const found = await get(page.at('journal'), { limit: 200,
    since: new Date(ms).toISOString(), until: new Date(ms + 1).toISOString() },
  page.signal);
  const row = found.items.find((one) => one.key === key);
  if (row) {
    open(page, row);
  } else {
    ask({ title: 'Not in the journal', onclose: keep(page, { row: key }),
      content: el('p', {}, 'The row is not there any more: the journal is'
        + ' kept for a time only.') });
  }
}
