// References: what stands at the end of an error leads to the journal's row,
// wherever it is pasted.

import { el } from './elements.js';

const LETTERS = 'A-Za-z0-9@_+/=.:-';
const marked = new RegExp(`\\(request ([${LETTERS}]{8,64})\\)`, 'g');
// What httpd makes of a request: no name looks so.
const alone = /^[A-Za-z0-9@_+/=-]{22,64}$/;

// The last one of an error's text; or null.
export function referenceIn(text) {
  const found = [...text.matchAll(marked)].pop();
  return found ? found[1] : null;
}

// The same, or a text that may be one by itself.
export const referenceOf = (text) => referenceIn(text)
  || (alone.test(text.trim()) ? text.trim() : null);

const slugHere = () => location.hash.replace(/^#\/?/, '').split(/[/?]/)[0];

const journal = (query) => `#/${slugHere()}/journal${query}`;

export const linkTo = (name, value) =>
  `${journal('')}?${new URLSearchParams({ [name]: value })}`;

export function followReference(reference) {
  const hash = linkTo('reference', reference);
  if (location.hash === hash) {
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = hash;
  }
}

// A whole error that is pasted anywhere but into a form; and "/" on a page that
// has nothing to search.
export function listen() {
  document.addEventListener('paste', (event) => {
    const reference = referenceIn(event.clipboardData.getData('text'));
    const target = event.target;
    const isForm = /^(INPUT|TEXTAREA)$/.test(target.tagName)
      && target.type !== 'search';
    if (reference && slugHere() && !isForm && !target.closest?.('dialog')) {
      event.preventDefault();
      followReference(reference);
    }
  });
  addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.defaultPrevented && slugHere()
      && !event.ctrlKey && !event.metaKey && !event.altKey
      && !document.querySelector('dialog[open], main input[type="search"]')
      && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      location.hash = journal('?find=1');
    }
  });
}

// The words of what is found nowhere, for people.
export const missing = (found) => [el('p', {}, el('code', {},
  found.reference)), el('p', {}, found.says)];
