// Overview: is it set up, is it well?

import { get } from './api.js';
import { chip, count, el, facts, head, nothing, svg, time }
  from './elements.js';

const figure = (label, value, kind, href) => el('div',
  { className: 'card figure' }, el('span', { className: 'soft' }, label),
  el('span', { className: 'value' }, value),
  kind || '', href && el('a', { className: 'small', href }, 'Show'));

const STEPS = { enable: ['Enable SCIM', 'connect'],
  install: ['Install an app', 'connect'],
  paste: ['Paste tenant URL and secret token into the provider', 'connect'],
  contact: ['First contact: Test Connection', 'connect'],
  user: ['First user', 'users'], map: ['Map groups to roles', 'mapping'] };

function checklist(page, steps) {
  if (steps.every((step) => step.done)) {
    return null;
  }
  const next = steps.find((step) => !step.done);
  return el('section', { className: 'card' }, el('h2', {}, 'Set up'),
    el('ol', { className: 'steps' }, steps.map((step) => {
      const [title, where] = STEPS[step.code] || [step.title, 'connect'];
      return el('li', {}, el('span', { 'aria-hidden': 'true',
        className: step.done ? 'mark done' : 'mark' }, step.done ? '✓' : ''),
      el('div', {}, el('strong', {}, step.title || title),
        step.done && el('span', { className: 'soft' }, ' done'),
        step.detail && el('p', { className: 'soft' }, step.detail)),
      step === next ? el('a', { className: 'button', href: page.link(where) },
        'Go on') : '');
    })));
}

// A bar for each hour; what failed stands at its top.
function chart(hours) {
  const most = Math.max(1, ...hours.map((hour) => (hour.done ?? hour.ok ?? 0)
    + (hour.failed ?? 0)));
  const width = 480 / Math.max(1, hours.length);
  const total = hours.reduce((sum, hour) => sum + (hour.done ?? hour.ok ?? 0),
    0);
  const failed = hours.reduce((sum, hour) => sum + (hour.failed ?? 0), 0);
  const image = svg('svg', { viewBox: '0 0 480 96', class: 'chart',
    role: 'img', preserveAspectRatio: 'none',
    'aria-label': `${count(total)} operations, ${count(failed)} failed` },
  svg('line', { x1: 0, x2: 480, y1: 95.5, y2: 95.5 }));
  hours.forEach((hour, i) => {
    const good = ((hour.done ?? hour.ok ?? 0) / most) * 92;
    const bad = ((hour.failed ?? 0) / most) * 92;
    image.append(svg('rect', { x: i * width + 1, width: width - 2,
      y: 95 - good, height: good }), svg('rect', { x: i * width + 1,
      width: width - 2, y: 95 - good - bad, height: bad, class: 'bad' }));
  });
  return image;
}

const hintKind = { error: 'bad', warning: 'warn', warn: 'warn' };

function hints(items) {
  if (items.length === 0) {
    return el('p', { className: 'note good' }, 'Nothing needs your attention.');
  }
  return el('div', { className: 'stack' }, items.map((hint) =>
    el('div', { className: `note ${hintKind[hint.severity] || ''}` },
      el('strong', {}, hint.title), hint.detail && el('p', {}, hint.detail),
      el('p', {}, hint.remedy || hint.todo || '', ' ',
        hint.where && el('span', { className: 'soft' }, hint.where)))));
}

export async function show(page) {
  const organization = await get(page.at(), {}, page.signal);
  if (page.role === 'member') {
    return [head(organization.name, 'You are a member of this organization.')];
  }
  const [found, hinted] = await Promise.all([
    get(page.at('overview'), {}, page.signal),
    get(page.at('hints'), { limit: 20 }, page.signal)]);
  const failures = found.failures || [];
  return [
    head(organization.name, null, organization.scim ? chip('SCIM is on',
      'good') : chip('SCIM is off', 'warn'),
    organization.suspended && chip('suspended', 'bad')),
    checklist(page, found.steps || []),
    el('div', { className: 'grid' },
      figure('Active users', count(found.users?.active), found.users?.inactive
        ? el('span', { className: 'soft small' },
          `${count(found.users.inactive)} inactive`) : '', page.link('users')),
      figure('Groups', count(found.groups), found.unmapped_groups
        ? el('span', { className: 'soft small' },
          `${count(found.unmapped_groups)} not mapped`) : '',
      page.link('groups')),
      figure('Failures in 24 hours', count(failures.reduce((sum, one) =>
        sum + one.count, 0)), '', `${page.link('journal')}?outcome=refused`),
      figure('Last contact', time(found.last_contact, 'none yet'))),
    el('section', { className: 'stack' }, el('h2', {}, 'Hints'),
      hints(hinted.items)),
    el('section', { className: 'card' }, el('h2', {}, 'Operations per hour'),
      (found.operations || []).length > 0 ? chart(found.operations)
        : nothing('None yet', 'Writes of the last 24 hours are drawn here.')),
    failures.length > 0 && el('section', { className: 'card' },
      el('h2', {}, 'Why requests failed'), el('ul', { className: 'steps' },
        failures.map((one) => el('li', {}, el('span', { className: 'mark' },
          '!'), el('div', {}, one.detail || one.reason),
        el('span', { className: 'number' }, count(one.count)))))),
    facts([['Last contact', time(found.last_contact)],
      ['Last write', time(found.last_write)],
      ['Tokens that expire within 60 days', count(found.tokens_expiring
        ?.length ?? found.tokens_expiring ?? 0)]]),
  ].filter(Boolean);
}
