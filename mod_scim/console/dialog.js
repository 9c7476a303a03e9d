// Dialogs and forms: what is asked, typed and confirmed before something
// happens. A fault stays next to what was typed, and nothing typed is lost.

import { el, trouble } from './elements.js';

let ids = 0; // of dialogs and fields, as one may open above another

// ------------------------------------------------------------------ conflicts

const labelOf = (form, input) =>
  form.querySelector(`label[for="${CSS.escape(input.id)}"]`)?.textContent
  || input.getAttribute('aria-label') || input.name;

const ownOf = (input) => input.type === 'checkbox' ? input.checked
  : input.value;

const shown = (value, input) => {
  if (typeof value === 'boolean') {
    return value ? 'on' : 'off';
  }
  const text = Array.isArray(value) ? value.join('\n') : String(value ?? '');
  const option = input.options
    && [...input.options].find((one) => one.value === text);
  return option ? option.text : text || '–';
};

function take(input, value) {
  if (input.type === 'checkbox') {
    input.checked = value === true;
  } else {
    input.value = Array.isArray(value) ? value.join('\n') : value ?? '';
  }
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

// Two editors at once: both versions side by side, and either can be had.
export function sideBySide(rows, takeTheirs) {
  const note = el('div', { className: 'note warn stack conflict',
    role: 'alert' },
  el('strong', {}, 'Somebody else has changed this meanwhile'),
  el('div', { className: 'sides' },
    el('span', {}, ''), el('strong', {}, 'Yours'), el('strong', {}, 'Theirs'),
    rows.map(([name, mine, theirs]) => [el('span', { className: 'soft' }, name),
      el('div', {}, mine), el('div', {}, theirs)])),
  el('p', {}, 'Nothing is lost: confirm once more to put yours in place of'
    + ' theirs.'),
  takeTheirs && el('p', {}, el('button', { type: 'button', onclick: () => {
    takeTheirs();
    note.remove();
  } }, 'Take theirs')));
  return note;
}

function conflict(form, current) {
  const inputs = [...form.elements].filter((input) => input.name
    && current[input.name] !== undefined);
  return sideBySide(inputs.filter((input) =>
    shown(ownOf(input), input) !== shown(current[input.name], input))
    .map((input) => [labelOf(form, input), shown(ownOf(input), input),
      shown(current[input.name], input)]),
  () => inputs.forEach((input) => take(input, current[input.name])));
}

// ---------------------------------------------------------------------- forms

function explain(form, problem) {
  const box = problem.status === 412 && problem.current
    ? conflict(form, problem.current) : trouble(problem);
  const input = problem.field
    && form.elements[problem.field.replace(/[.[].*/, '')];
  box.classList.add('fault');
  form.lastElementChild.before(box);
  if (input?.focus) {
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  }
  box.scrollIntoView?.({ block: 'nearest' });
}

// Runs work(form data, form, version) when the form is sent. The version is the
// one that was seen: after a conflict, theirs. Calls done() unless the work
// says false.
function submitting(form, submit, work, seen, done = () => {}) {
  let version = seen;

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (submit.ariaBusy === 'true') {
      return;
    }
    form.querySelectorAll('.fault').forEach((node) => node.remove());
    for (const input of form.querySelectorAll('[aria-invalid]')) {
      input.removeAttribute('aria-invalid');
    }
    submit.ariaBusy = 'true';
    try {
      if (await work(new FormData(form), form, version) !== false) {
        done();
      }
    } catch (problem) {
      version = problem.current?.version ?? version;
      explain(form, problem);
    } finally {
      submit.removeAttribute('aria-busy');
    }
  });
}

// A form on a page: fields, a button, what went wrong beside it.
export function editor({ content, confirm = 'Save', version, work }) {
  const submit = el('button', { type: 'submit', className: 'main' }, confirm);
  const form = el('form', {}, content,
    el('div', { className: 'actions' }, submit));

  submitting(form, submit, work, version);
  return form;
}

// -------------------------------------------------------------------- dialogs

// The browser gives the focus back to where it was, and tells of the closing
// later: who has gone on meanwhile keeps it. If there is nothing to go back to,
// main.js finds its place where the page was drawn anew.
function giveBack(before) {
  if (document.activeElement !== document.body) {
    return;
  }
  if (before?.isConnected && before !== document.body) {
    before.focus();
  } else {
    document.getElementById('main').focus({ preventScroll: true });
  }
}

// Shows `content` in a modal dialog. The form's submit runs work(form data,
// form, version), and the dialog closes when it is done, unless it says false.
// `typed`: a text that has to be repeated first.
export function ask({ title, content = [], confirm, work, danger = false,
  typed = null, side = false, version, onclose = null }) {
  const before = document.activeElement;
  const id = `dialog-${++ids}`;
  const repeat = typed === null ? null
    : el('input', { name: 'typed', autocomplete: 'off', id: `${id}-typed`,
      spellcheck: 'false', required: true });
  const submit = confirm && el('button', { type: 'submit',
    className: danger ? 'main danger' : 'main' }, confirm);
  const form = el('form', { method: 'dialog', novalidate: false },
    el('h2', { id }, title), content,
    repeat && el('div', { className: 'field' },
      el('label', { for: repeat.id }, 'Type ', el('code', {}, typed),
        ' to confirm'), repeat),
    el('div', { className: 'actions' },
      el('button', { type: 'button', onclick: () => dialog.close() },
        confirm ? 'Cancel' : 'Close'), submit));
  const toasts = el('div', { className: 'toasts', role: 'status' });
  const dialog = el('dialog', { className: side ? 'side' : '',
    'aria-labelledby': id }, form, toasts);

  if (repeat) {
    submit.disabled = true;
    repeat.addEventListener('input', () => {
      submit.disabled = repeat.value !== typed;
    });
  }
  if (submit) {
    submitting(form, submit, work, version, () => dialog.close());
  } else {
    form.addEventListener('submit', (event) => event.preventDefault());
  }
  dialog.addEventListener('close', () => {
    document.getElementById('toasts').append(...toasts.children);
    dialog.remove();
    giveBack(before);
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// --------------------------------------------------------------------- fields

export function field(label, input, help) {
  input.id ||= `field-${++ids}`;
  const text = help && el('span', { className: 'help', id: `${input.id}-help` },
    help);
  if (help) {
    input.setAttribute('aria-describedby', `${input.id}-help`);
  }
  return el('div', { className: 'field' },
    el('label', { for: input.id }, label), input, text);
}

export function check(label, input, help) {
  input.type = 'checkbox';
  input.id ||= `field-${++ids}`;
  return el('div', { className: 'check' }, input,
    el('div', {}, el('label', { for: input.id }, label),
      help && el('p', { className: 'small soft' }, help)));
}
