// Dialogs: what is asked, typed and confirmed before something happens.

import { el, trouble } from './elements.js';

// Shows `content` in a modal dialog; the focus goes back where it was. The
// form's submit runs work(form data): a fault stays next to what was typed, and
// the dialog closes when it is done. `typed`: a text that has to be repeated.
export function ask({ title, content = [], confirm, work, danger = false,
  typed = null, side = false, onclose = null }) {
  const before = document.activeElement;
  const repeat = typed === null ? null
    : el('input', { name: 'typed', autocomplete: 'off', id: 'typed',
      required: true });
  const submit = confirm && el('button', { type: 'submit',
    className: danger ? 'main danger' : 'main' }, confirm);
  const form = el('form', { method: 'dialog', novalidate: false },
    el('h2', { id: 'dialog-title' }, title), content,
    repeat && el('div', { className: 'field' },
      el('label', { for: 'typed' }, 'Type ', el('code', {}, typed),
        ' to confirm'), repeat),
    el('div', { className: 'actions' },
      el('button', { type: 'button', onclick: () => dialog.close() },
        confirm ? 'Cancel' : 'Close'), submit));
  const dialog = el('dialog', { className: side ? 'side' : '',
    'aria-labelledby': 'dialog-title' }, form);

  if (repeat) {
    submit.disabled = true;
    repeat.addEventListener('input', () => {
      submit.disabled = repeat.value !== typed;
    });
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    form.querySelector('.note.fault')?.remove();
    for (const input of form.querySelectorAll('[aria-invalid]')) {
      input.removeAttribute('aria-invalid');
    }
    submit.setAttribute('aria-busy', 'true');
    submit.disabled = true;
    try {
      if (await work(new FormData(form), form) !== false) {
        dialog.close();
      }
    } catch (problem) {
      const box = trouble(problem);
      box.classList.add('fault');
      form.lastElementChild.before(box);
      const input = problem.field && form.elements[problem.field];
      if (input) {
        input.setAttribute('aria-invalid', 'true');
        input.focus?.();
      }
    } finally {
      submit.removeAttribute('aria-busy');
      submit.disabled = false;
    }
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    before?.focus?.();
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function field(label, input, help) {
  input.id ||= `field-${input.name}`;
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
  input.id ||= `field-${input.name}`;
  return el('div', { className: 'check' }, input,
    el('div', {}, el('label', { for: input.id }, label),
      help && el('p', { className: 'small soft' }, help)));
}
