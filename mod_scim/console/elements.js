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

const counts = new Intl.NumberFormat();
export const count = (n) => counts.format(n ?? 0);
export const plural = (n, one, many = `${one}s`) =>
  `${count(n)} ${n === 1 ? one : many}`;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined,
  { dateStyle: 'medium', timeStyle: 'medium' });
const steps = [['second', 60], ['minute', 60], ['hour', 24], ['day', 30],
  ['month', 12], ['year', Infinity]];

function distance(date) {
  let amount = (date - Date.now()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) {
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

export const chip = (text, kind = '') =>
  el('span', { className: `chip ${kind}` }, text);

export function copyButton(text, what) {
  const button = el('button', { type: 'button', 'aria-label': `Copy ${what}` },
    'Copy');
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    toast(`${what} copied`);
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  return button;
}

export const secret = (text, what) => el('div', { className: 'secret' },
  el('output', { 'aria-label': what }, text), copyButton(text, what));

export function identifier(text) {
  return el('span', { className: 'actions' },
    el('code', {}, text), copyButton(text, 'Id'));
}

export function facts(pairs) {
  return el('dl', { className: 'facts' }, pairs.filter(Boolean)
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

export function head(title, text, ...actions) {
  return el('div', { className: 'head' },
    el('div', {}, el('h1', {}, title), text && el('p', {}, text)),
    el('div', { className: 'actions' }, actions));
}

// ------------------------------------------------------------------- telling

export function toast(text) {
  const line = el('p', {}, text);
  document.getElementById('toasts').append(line);
  setTimeout(() => line.remove(), 5000);
}

export function trouble(problem, again) {
  return el('div', { className: 'note bad', role: 'alert' },
    el('strong', {}, problem.title || 'This did not work'),
    el('p', {}, problem.message),
    problem.reference && el('p', { className: 'small soft' },
      'Reference: ', el('code', {}, problem.reference)),
    again && el('p', {}, el('button', { type: 'button', onclick: again },
      'Try again')));
}

export const nothing = (title, text, ...actions) =>
  el('div', { className: 'nothing' }, el('strong', {}, title),
    el('p', {}, text), actions);

// A button whose work takes a while: busy meanwhile, a fault beside it.
export function action(label, work, className = '') {
  const button = el('button', { type: 'button', className }, label);
  const box = el('div', { className: 'actions' }, button);
  button.addEventListener('click', async () => {
    box.querySelector('.note')?.remove();
    button.setAttribute('aria-busy', 'true');
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      box.append(trouble(problem));
    } finally {
      button.removeAttribute('aria-busy');
      button.disabled = false;
    }
  });
  return box;
}
