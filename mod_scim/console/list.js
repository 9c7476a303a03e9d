// Lists: loading, empty, error, and paging that keeps its place.

import { el, trouble } from './elements.js';

const bones = (columns, rows = 5) => Array.from({ length: rows }, () =>
  el('tr', {}, columns.map(() => el('td', {},
    el('span', { className: 'bone' })))));

const row = (columns, item) => el('tr', {}, columns.map((column) =>
  el('td', { 'data-label': column.name, className: column.className || '' },
    column.cell(item) ?? '')));

// columns: [{ name, cell(item), className }]; load(after): { items, next };
// empty: a node. The element has reload().
export function list({ label, columns, load, empty }) {
  const body = el('tbody', {});
  const table = el('table', { 'aria-label': label },
    el('thead', {}, el('tr', {}, columns.map((column) =>
      el('th', { scope: 'col', className: column.className || '' },
        column.name)))), body);
  const box = el('div', { className: 'list' }, table);
  let turn = 0;

  async function more(after) {
    const mine = after === undefined ? ++turn : turn;
    box.querySelector('.more, .note, .nothing')?.remove();
    table.hidden = false;
    const waiting = bones(columns, after === undefined ? 5 : 2);
    if (after === undefined) {
      body.replaceChildren(...waiting);
    } else {
      body.append(...waiting);
    }
    box.setAttribute('aria-busy', 'true');
    try {
      let page = await load(after);
      // What is rare may be on a later page: each looks at so many rows only.
      while (mine === turn && page.items.length === 0 && page.next) {
        page = await load(page.next);
      }
      if (mine !== turn) {
        return;
      }
      waiting.forEach((bone) => bone.remove());
      body.append(...page.items.map((item) => row(columns, item)));
      if (body.children.length === 0) {
        table.hidden = true;
        box.append(empty);
      }
      if (page.next) {
        box.append(el('div', { className: 'more' }, el('button',
          { type: 'button', onclick: () => more(page.next) }, 'Show more')));
      }
    } catch (problem) {
      if (problem.name !== 'AbortError' && mine === turn) {
        waiting.forEach((bone) => bone.remove());
        table.hidden = body.children.length === 0;
        box.append(trouble(problem, () => more(after)));
      }
    } finally {
      box.removeAttribute('aria-busy');
    }
  }
  box.reload = () => more();
  more();
  return box;
}
