// Elements from values. Text from outside becomes text nodes and nothing else.

export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (key.startsWith('on')) {
      node.addEventListener(key.slice(2), value);
    } else if (key in node && typeof value !== 'string') {
      node[key] = value;
    } else {
      node.setAttribute(key === 'className' ? 'class' : key,
        value === true ? '' : value);
    }
  }
  node.append(...children.flat(Infinity).filter((child) =>
    child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(name, properties = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(properties)) {
    node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

// A name within a sentence: what turns the direction of writing stays in it, and
// what is very long is cut; the tooltip has all of it.
export const named = (text, most = 100) => text.length > most
  ? el('bdi', { title: text }, `${text.slice(0, most - 1)}…`)
  : el('bdi', {}, text);

// What may be 2,000 characters long, in a row of a list: three lines of it, and
// all of it as a tooltip.
export const clamped = (text) => el('span', { className: 'clamped',
  title: text.length > 80 ? text : null }, text);

const counts = new Intl.NumberFormat();
export const count = (n) => counts.format(n ?? 0);
export const plural = (n, one, many = `${one}s`) =>
  `${count(n)} ${n === 1 ? one : many}`;

// Where the focus is within `root`, to be found again when it was drawn anew: on
// what has the same name, or else on the root.
export function keepFocus(root) {
  const nameOf = (node) => `${node.tagName} ${node.getAttribute('aria-label')
    || node.name || node.textContent}`;
  const all = () => [...root.querySelectorAll('a, button, input, select,'
    + ' textarea, summary')];
  const node = root.contains(document.activeElement) ? document.activeElement
    : null;
  const name = node && node !== root && nameOf(node);
  const n = name ? all().filter((one) => nameOf(one) === name).indexOf(node)
    : -1;
  return () => {
    if (node && !node.isConnected) {
      const same = all().filter((one) => nameOf(one) === name);
      (same[n] || same[0] || root).focus({ preventScroll: true });
    }
  };
}

// ----------------------------------------------------------------------- times

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined,
  { dateStyle: 'medium', timeStyle: 'medium' });
const steps = [['second', 60], ['minute', 60], ['hour', 24], ['day', 30],
  ['month', 12], ['year', Infinity]];
const TICK = 20000; // ms after which "2 minutes ago" is looked at again

function distance(date) {
  let amount = (date - Date.now()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(Math.round(amount)) < size) {
      return relative.format(Math.round(amount), unit);
    }
    amount /= size;
  }
  return exact.format(date);
}

export function time(text, otherwise = 'never') {
  if (!text) {
    return el('span', { className: 'soft' }, otherwise);
  }
  const date = new Date(text);
  return el('time', { datetime: text, title: exact.format(date) },
    distance(date));
}

setInterval(() => {
  for (const node of document.querySelectorAll('time[datetime]')) {
    const now = distance(new Date(node.dateTime));
    if (node.textContent !== now) {
      node.textContent = now;
    }
  }
}, TICK);

// ------------------------------------------------------------------ small parts

export const chip = (text, kind = '') =>
  el('span', { className: `chip ${kind}` }, text);

// Without TLS a page may not use the clipboard: then the old way.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el('textarea', { className: 'aside', readonly: true }, text);
    (document.activeElement?.closest('dialog') || document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function copyButton(text, what) {
  const button = el('button', { type: 'button', 'aria-label': `Copy ${what}` },
    'Copy');
  button.addEventListener('click', async () => {
    if (!await copy(text)) {
      toast(`The browser does not let the page copy: select ${what} by hand`);
      return;
    }
    button.focus();
    button.textContent = 'Copied';
    toast(`${what} copied`);
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  return button;
}

export const secret = (text, what) => el('div', { className: 'secret' },
  el('output', { 'aria-label': what }, text), copyButton(text, what));

export function identifier(text) {
  return el('span', { className: 'id' },
    el('code', {}, text), copyButton(text, 'Id'));
}

export function facts(pairs) {
  return el('dl', { className: 'facts' }, pairs.filter(Boolean)
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

export function head(title, text, ...actions) {
  return el('div', { className: 'head' },
    el('div', {}, el('h1', {}, title), text && el('p', {}, text)),
    actions.some(Boolean) && el('div', { className: 'actions' }, actions));
}

export const card = (title, text, ...content) => el('section',
  { className: 'card' }, el('h2', {}, title),
  text && el('p', { className: 'soft' }, text), content);

// "home: 12 High Street (work, primary)", or whatever a value has.
export function valueOf(one) {
  if (typeof one !== 'object' || one === null) {
    return String(one);
  }
  const text = one.display || one.formatted || one.value;
  const rest = Object.entries(one).filter(([name]) =>
    !['type', 'primary', '$ref'].includes(name))
    .map(([, value]) => value).join(', ');
  const kind = [one.type, one.primary === true && 'primary'].filter(Boolean);
  return `${text || rest}${kind.length > 0 ? ` (${kind.join(', ')})` : ''}`;
}

// -------------------------------------------------------------------- telling

// A dialog hides what is outside it from eyes and screen readers.
export function toast(text) {
  const line = el('p', {}, text);
  const box = [...document.querySelectorAll('dialog[open] > .toasts')].pop()
    || document.getElementById('toasts');
  box.append(line);
  setTimeout(() => line.remove(), 5000);
}

export function trouble(problem, again) {
  return el('div', { className: 'note bad', role: 'alert' },
    el('strong', {}, problem.title || 'This did not work'),
    el('p', {}, problem.message),
    problem.reference && el('p', { className: 'small' },
      'Reference: ', el('code', {}, problem.reference)),
    again && el('p', {}, el('button', { type: 'button', onclick: again },
      'Try again')));
}

export const nothing = (title, text, ...actions) =>
  el('div', { className: 'nothing' }, el('strong', {}, title),
    text && el('p', {}, text), actions);

export const bone = (kind = '') => el('span', { className: `bone ${kind}` });

// A button whose work takes a while: busy meanwhile, a fault beside it.
export function action(label, work, className = '') {
  const button = el('button', { type: 'button', className }, label);
  const box = el('div', { className: 'actions' }, button);
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') {
      return;
    }
    box.querySelector('.note')?.remove();
    button.ariaBusy = 'true';
    try {
      await work();
    } catch (problem) {
      box.append(trouble(problem));
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return box;
}

// Calls `changed` when somebody has stopped typing; at once for Enter.
export function searchField(label, placeholder, value, changed) {
  const PAUSE = 200; // ms
  let timer = 0;
  let last = value;
  const input = el('input', { type: 'search', 'aria-label': label, value,
    placeholder: `${placeholder}   ( / )`, autocomplete: 'off',
    spellcheck: 'false' });
  const now = () => {
    clearTimeout(timer);
    if (input.value.trim() !== last) {
      last = input.value.trim();
      changed(last);
    }
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      now();
    }
  });
  return input;
}
