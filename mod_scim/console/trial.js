// The connection test: the provider's own first requests, from this browser to
// the tenant URL, step by step.

import { get, post } from './api.js';
import { ask } from './dialog.js';
import { chip, copyButton, el, plural, trouble } from './elements.js';
import { providerOf } from './providers.js';

const PATIENCE = 20000; // ms for one answer
const SHOWN = 1500;     // characters of a body that are shown
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

const isHere = (url) => /^(localhost|127\.[\d.]+|\[::1\])$/
  .test(new URL(url).hostname);

// ------------------------------------------------------------------- one step

// Without the browser's own logins: they are for this console.
async function send(step, url, token) {
  const headers = { Accept: 'application/scim+json' };
  if (step.auth !== 'none') {
    headers.Authorization = step.auth === 'bare' ? token : `Bearer ${token}`;
  }
  if (step.body) {
    headers['Content-Type'] = 'application/scim+json';
  }
  const began = performance.now();
  const timeout = AbortSignal.timeout(PATIENCE);
  try {
    const reply = await fetch(url.replace(/\/+$/, '') + step.path,
      { method: step.method, headers, credentials: 'omit', cache: 'no-store',
        redirect: 'manual', body: step.body || undefined, signal: timeout });
    const text = await reply.text();
    return { status: reply.type === 'opaqueredirect' ? 302 : reply.status,
      type: reply.headers.get('Content-Type') || '',
      challenge: reply.headers.get('WWW-Authenticate') || '', text,
      ms: Math.round(performance.now() - began) };
  } catch (fault) {
    return { status: 0, type: '', challenge: '', text: timeout.aborted
      ? `No answer within ${PATIENCE / 1000} seconds.` : fault.message,
    ms: Math.round(performance.now() - began) };
  }
}

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const isGood = (step, reply, body) => (body?.schemas || [])
  .includes?.(step.schema)
  && (step.schema !== LIST || Number.isInteger(body.totalResults))
  && (!step.empty || body.totalResults === 0)
  && (!step.challenge || /^bearer/i.test(reply.challenge));

// kind: good, warn, bad; says; remedy.
function judge(step, reply, remedies) {
  const body = parse(reply.text);
  const remedy = (key) => step.remedies[key] ?? step.remedies.other
    ?? remedies[key] ?? remedies.other;
  if (reply.status === step.status) {
    return isGood(step, reply, body) ? { kind: 'good', says: step.meaning }
      : { kind: 'bad', says: 'The answer is not SCIM’s.',
        remedy: remedy('something_else') };
  }
  return { kind: 'bad', says: reply.status === 0
    ? `No answer. ${reply.text}`
    : body?.detail || `The server answered ${reply.status}.`,
  remedy: remedy(String(reply.status)) };
}

function judgeUrl(step, url) {
  if (new URL(url).protocol === 'https:') {
    return { kind: 'good', says: step.meaning };
  }
  return isHere(url)
    ? { kind: 'warn', says: 'It is http, for this machine alone.', remedy:
      'Enough to try it. A provider in the cloud needs https, and a name that'
      + ' the internet knows.' }
    : { kind: 'bad', says: 'It is http: the token would be read on its way.',
      remedy: step.remedies.other };
}

// A token that only reads is refused, and what it was to show is known already.
function judgeReading(step, reply, writers) {
  if (reply.status !== 403 || parse(reply.text)?.status !== '403') {
    return null;
  }
  return writers > 0
    ? { kind: 'good', says: 'POST comes through. The token of this test may'
      + ` only read, and was refused as it should be; ${plural(writers,
        'token')} of this app may write.` }
    : { kind: 'bad', says: 'POST comes through, but no token of this app may'
      + ' write.', remedy: 'Make one without “Read only”, and paste it into'
      + ' the provider.' };
}

// --------------------------------------------------------------------- showing

const cut = (text) => text.length > SHOWN
  ? `${text.slice(0, SHOWN)}\n… (${text.length - SHOWN} more)` : text;

const pretty = (text) => {
  const json = parse(text);
  return json === null ? text : JSON.stringify(json, null, 2);
};

function asked(step, url) {
  const path = new URL(url.replace(/\/+$/, '') + step.path);
  return [`${step.method} ${path.pathname}${path.search}`,
    'Accept: application/scim+json',
    step.auth !== 'none' && `Authorization: ${step.auth === 'bare' ? ''
      : 'Bearer '}…`,
    step.body && 'Content-Type: application/scim+json',
    step.body && `\n${pretty(step.body)}`].filter(Boolean).join('\n');
}

const answered = (reply) => [`HTTP ${reply.status}`,
  reply.type && `Content-Type: ${reply.type}`,
  reply.challenge && `WWW-Authenticate: ${reply.challenge}`,
  reply.text && `\n${cut(pretty(reply.text))}`].filter(Boolean).join('\n');

const MARKS = { busy: '…', good: '✓', warn: '!', bad: '✗' };
const WORDS = { good: 'good', warn: 'look at this', bad: 'failed' };

function row(step) {
  const mark = el('span', { className: 'mark', 'aria-hidden': 'true' });
  const about = el('div', { className: 'stack tight' },
    el('strong', {}, step.title));
  const right = el('div', { className: 'actions' });
  const item = el('li', {}, mark, about, right);
  item.show = (kind, result, reply, url) => {
    mark.className = `mark ${kind === 'good' ? 'done' : kind}`;
    mark.textContent = MARKS[kind];
    if (!result) {
      return;
    }
    right.replaceChildren(reply ? el('span', { className: 'small soft ms' },
      `${reply.ms} ms`) : '', chip(reply && kind !== 'bad'
      ? String(reply.status) : WORDS[kind], kind));
    about.append(el('p', { className: kind === 'bad' ? 'failed' : 'soft' },
      result.says),
    result.remedy ? el('p', {}, el('strong', {}, 'To do: '), result.remedy)
      : '',
    reply ? el('details', {}, el('summary', {}, 'Sent and answered'),
      el('div', { className: 'stack tight' },
        el('pre', { tabindex: '0', 'aria-label': `Sent: ${step.title}` },
          asked(step, url)),
        el('pre', { tabindex: '0', 'aria-label': `Answered: ${step.title}` },
          answered(reply)))) : '');
  };
  item.leave = () => {
    right.replaceChildren(el('span', { className: 'small soft' },
      'not tried'));
    about.classList.add('soft');
  };
  return item;
}

function lines(test) {
  const text = [`read -rsp 'Secret token: ' SCIM_TOKEN && export SCIM_TOKEN`,
    ...test.steps.map((step) => step.curl).filter(Boolean)].join('\n');
  return [el('p', { className: 'soft' }, 'In a shell, on a machine outside of'
    + ' your network, as the provider is:'),
  el('pre', { tabindex: '0', 'aria-label': 'Lines for a shell' }, text),
  el('div', { className: 'actions' }, copyButton(text, 'Lines')),
  el('p', { className: 'soft' }, 'Or with scimctl, which says what the answers mean:'),
  el('pre', { tabindex: '0', 'aria-label': 'scimctl' }, test.doctor),
  el('div', { className: 'actions' }, copyButton(test.doctor, 'Command'))];
}

// ------------------------------------------------------------------ the whole

function summary(results, all) {
  const counted = (kind) => results.filter((one) => one.kind === kind).length;
  const bad = counted('bad');
  const warned = counted('warn');
  return bad > 0
    ? el('div', { className: 'note bad' }, el('strong', {},
      `${plural(bad, 'step')} of ${all} failed`),
    el('p', {}, all > results.length
      ? 'The steps behind it were not tried: they need it.'
      : 'Begin with the first one: what comes after may only follow from'
        + ' it.'))
    : el('div', { className: 'note good' }, el('strong', {}, warned > 0
      ? `${results.length - warned} of ${results.length} steps are good,`
        + ` look at ${warned} more` : `All ${results.length} steps are good`),
    el('p', {}, 'From this browser. The provider comes from the internet: if'
      + ' its own test fails all the same, look at firewall, public DNS name'
      + ' and certificate.'));
}

function choices(made, rerun) {
  const name = `token-${Math.random().toString(36).slice(2)}`;
  const pasted = el('input', { type: 'password', 'aria-label':
    'Secret token to test with', autocomplete: 'off', spellcheck: 'false',
  placeholder: 'mscim1_…', hidden: true });
  const radio = (value, label, help, checked) => {
    const id = `${name}-${value}`;
    return el('div', { className: 'check' },
      el('input', { type: 'radio', name, value, id, checked, onchange: () => {
        pasted.hidden = value !== 'pasted';
      } }),
      el('div', {}, el('label', { for: id }, label),
        el('p', { className: 'small soft' }, help)));
  };
  pasted.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      rerun();
    }
  });
  const box = el('fieldset', { className: 'choices' },
    el('legend', {}, 'With which token?'),
    radio('test', 'One that is made for this test',
      'It only reads, ends after five minutes, is not shown, and does not count'
      + ' as the provider’s first contact.', true),
    made && radio('made', `The token that was just made (…${made.slice(-4)})`,
      'As the provider will use it. It counts as its first use.'),
    radio('pasted', 'Another one',
      'Pasted here, kept nowhere. It counts as used.'), pasted);
  box.chosen = () => {
    const value = box.querySelector('input[type="radio"]:checked').value;
    return value === 'made' ? made : value === 'pasted' ? pasted.value.trim()
      : null;
  };
  box.paste = () => {
    pasted.hidden = false;
    pasted.focus();
  };
  return box;
}

// A box with the test of an app; `made`: a token that is known here, or null.
export function trial(page, app, made = null) {
  const list = el('ol', { className: 'steps trial' });
  const end = el('div', { role: 'status' });
  const more = el('div', { className: 'stack' });
  const button = el('button', { type: 'button', className: 'main' },
    'Run the test');
  let stop = null;

  async function run() {
    const given = tokens.chosen();
    if (given === '') {
      tokens.paste();
      return;
    }
    stop?.abort();
    stop = new AbortController();
    const mine = stop;
    button.ariaBusy = 'true';
    end.replaceChildren();
    more.replaceChildren();
    list.replaceChildren();
    try {
      const test = await get(page.at('apps', app.id, 'test'), {}, mine.signal);
      if (!test.tenant_url) {
        nowhere();
        return;
      }
      if (new URL(test.tenant_url).origin !== location.origin) {
        elsewhere(test);
        return;
      }
      const token = given ?? (await post(page.at('apps', app.id,
        'test-tokens'))).token;
      const all = (await get(page.at('tokens'), { app: app.id, limit: 200 },
        mine.signal)).items;
      const writers = all.filter((one) => !one.read_only && !one.revoked
        && !(one.expires && new Date(one.expires) < new Date())).length;
      await walk(test, token, given === null ? writers : -1, mine.signal);
    } catch (problem) {
      if (problem.name !== 'AbortError') {
        end.replaceChildren(trouble(problem, run));
      }
    } finally {
      button.ariaBusy = null;
      button.textContent = 'Run it again';
    }
  }

  async function walk(test, token, writers, signal) {
    const url = test.tenant_url;
    const rows = test.steps.map(row);
    const results = [];
    list.replaceChildren(...rows);
    for (const [i, step] of test.steps.entries()) {
      if (signal.aborted || !list.isConnected) {
        return;
      }
      if (results.at(-1)?.ends) {
        rows.slice(i).forEach((one) => one.leave());
        break;
      }
      rows[i].show('busy');
      const reply = step.method ? await send(step, url, token) : null;
      const result = !reply ? judgeUrl(step, url)
        : step.writes && writers >= 0 && judgeReading(step, reply, writers)
          || judge(step, reply, test.remedies);
      rows[i].show(result.kind, result, reply, url);
      results.push({ ...result, ends: step.decides && result.kind === 'bad' });
    }
    end.replaceChildren(summary(results, rows.length));
    more.replaceChildren(el('details', {}, el('summary', {},
      'The same steps from elsewhere'), el('div', { className: 'stack' },
      lines(test))));
  }

  function nowhere() {
    end.replaceChildren(el('div', { className: 'note bad' },
      el('strong', {}, 'There is no tenant URL'),
      el('p', {}, 'No section of this host has ScimService scim for this'
        + ' organization: ask the server’s operator.')));
  }

  // A browser lets no page of ours send a token to another origin, and the
  // console's policy has no exception.
  function elsewhere(test) {
    end.replaceChildren(el('div', { className: 'note warn' },
      el('strong', {}, 'Not from this browser'),
      el('p', {}, 'The tenant URL is on ', el('code', {},
        new URL(test.tenant_url).origin), ', and this console on ',
      el('code', {}, location.origin), ': this page may send nothing there. The'
        + ' steps are these:')));
    more.replaceChildren(el('ul', { className: 'steps trial' },
      test.steps.map((step) => el('li', {}, el('span', { className: 'mark',
        'aria-hidden': 'true' }), el('div', {}, el('strong', {}, step.title),
        el('p', { className: 'soft' }, step.method
          ? `${step.method} ${step.path} → ${step.status}` : step.meaning)),
      ''))), ...lines(test));
  }

  const tokens = choices(made, run);
  button.addEventListener('click', run);
  return el('div', { className: 'stack' },
    el('p', { className: 'soft' }, `What ${providerOf(app.kind).name} asks`
      + ' first, asked by this browser of the tenant URL. Nothing is changed'
      + ' by it.'),
    tokens, el('div', { className: 'actions start' }, button), list, end,
    more);
}

export const testConnection = (page, app) => ask({ side: true,
  title: `Test the connection of ${app.name}`, content: trial(page, app) });
