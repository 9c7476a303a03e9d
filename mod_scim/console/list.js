// Lists: loading, empty, error, and paging that keeps its place.

import { bone, el, plural, trouble } from './elements.js';

// What main.js keeps of the page that is being made: which lists it waits for,
// and how far each of them was read the last time that one was here.
let place = { lists: [], kept: {} };

export function begin(kept) {
  place = { lists: [], kept };
  return place;
}

const bones = (columns, rows) => Array.from({ length: rows }, () =>
  el('tr', { className: 'waiting', 'aria-hidden': 'true' },
    columns.map(() => el('td', {}, bone()))));

const row = (columns, item) => el('tr', {}, columns.map((column) =>
  el('td', { 'data-label': column.name, className: column.className || '' },
    el('div', {}, column.cell(item) ?? ''))));

function focusOn(line) {
  const target = line?.querySelector('a, button') || line;
  if (target === line) {
    line?.setAttribute('tabindex', '-1');
  }
  target?.focus({ preventScroll: true });
}

// columns: [{ name, cell(item), className }]; load(after): { items, next };
// empty: a node, or what makes one. The element has reload(), and ready: a
// promise.
export function list({ label, columns, load, empty }) {
  const body = el('tbody', {}, bones(columns, 5));
  const table = el('table', { 'aria-label': label },
    el('thead', {}, el('tr', {}, columns.map((column) =>
      el('th', { scope: 'col', className: column.className || '' },
        column.name === 'Actions' ? el('span', { className: 'aside' },
          column.name) : column.name)))), body);
  const told = el('p', { className: 'aside', role: 'status' });
  const box = el('div', { className: 'list', 'aria-busy': 'true' }, table, told);
  const here = place;
  let turn = 0; // of the last answer that is wanted

  const drop = () => box.querySelectorAll(':scope > .more, :scope > .note,'
    + ' :scope > .nothing').forEach((node) => node.remove());

  const wait = (rows) => {
    box.setAttribute('aria-busy', 'true');
    return bones(columns, rows);
  };

  function finish(page, read) {
    here.kept[label] = read;
    if (page.next) {
      box.append(el('div', { className: 'more' }, el('button',
        { type: 'button', onclick: () => more(page.next, read) },
        'Show more')));
    }
  }

  function fail(problem, again) {
    if (problem.name !== 'AbortError') {
      table.hidden = body.children.length === 0;
      box.append(trouble(problem, again));
    }
  }

  // What is rare may be on a later page: each looks at so many rows only.
  async function next(after, mine) {
    let page = await load(after);
    while (mine === turn && page.items.length === 0 && page.next) {
      page = await load(page.next);
    }
    return page;
  }

  // The next page, below what is there; the focus goes to its first row.
  async function more(after, read) {
    const mine = turn;
    drop();
    const waiting = wait(2);
    body.append(...waiting);
    try {
      const page = await next(after, mine);
      if (mine === turn) {
        const rows = page.items.map((item) => row(columns, item));
        waiting.forEach((one) => one.remove());
        body.append(...rows);
        focusOn(rows[0]);
        told.textContent = `${plural(rows.length, 'more row')}`;
        finish(page, read + 1);
      }
    } catch (problem) {
      waiting.forEach((one) => one.remove());
      if (mine === turn) {
        fail(problem, () => more(after, read));
      }
    } finally {
      box.removeAttribute('aria-busy');
    }
  }

  // From the beginning, as many pages as there were: what is there stays until
  // the others have come.
  async function reload(pages = 1) {
    const mine = ++turn;
    box.setAttribute('aria-busy', 'true');
    try {
      let page = await next(undefined, mine);
      let items = page.items;
      let read = 1;
      for (; read < pages && page.next && mine === turn; read++) {
        page = await next(page.next, mine);
        items = [...items, ...page.items];
      }
      if (mine !== turn) {
        return;
      }
      drop();
      body.replaceChildren(...items.map((item) => row(columns, item)));
      table.hidden = items.length === 0;
      if (items.length === 0) {
        box.append(typeof empty === 'function' ? empty() : empty);
      }
      told.textContent = box.isConnected ? `${plural(items.length, 'row')}${
        page.next ? ', and more' : ''}` : '';
      finish(page, read);
    } catch (problem) {
      if (mine === turn) {
        drop();
        body.replaceChildren();
        fail(problem, () => reload());
      }
    } finally {
      if (mine === turn) {
        box.removeAttribute('aria-busy');
      }
    }
  }

  box.reload = () => reload();
  box.ready = reload(here.kept[label] || 1);
  here.lists.push(box.ready);
  return box;
}
