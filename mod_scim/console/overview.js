// Overview: is it set up, is it well?

import { get, post } from './api.js';
import { action, chip, count, el, head, keepFocus, nothing, plural, svg, time,
  toast } from './elements.js';

const LIVE = 10000;   // ms between two looks
const WAITING = 3000; // while somebody waits for the next step

const PLACES = { enable: 'connect', install: 'connect', paste: 'connect',
  contact: 'connect', user: 'users', map: 'mapping' };

// Where a hint leads, by its code.
const HINTS = { brake_engaged: ['settings', 'Settings'],
  rehearsing: ['connect', 'SCIM'], token_expires: ['connect', 'SCIM'],
  no_token: ['connect', 'SCIM'], never_contacted: ['connect', 'SCIM'],
  quarantine: ['journal', 'Journal'], failures: ['journal', 'Journal'],
  unmapped_groups: ['mapping', 'Group mapping'],
  dormant_mappings: ['mapping', 'Group mapping'],
  group_names: ['groups', 'Groups'], inactive_users: ['users', 'Users'] };
const QUERIES = { journal: '?outcome=refused', users: '?active=false' };
const KINDS = { error: 'bad', warning: 'warn' };

// -------------------------------------------------------------------- set-up

function checklist(page, steps) {
  const next = steps.find((step) => !step.done);
  const done = steps.filter((step) => step.done).length;
  return next && el('section', { className: 'card', 'aria-label': 'Set up' },
    el('header', {}, el('h2', {}, 'Set up'), el('span', { className: 'soft' },
      `${count(done)} of ${count(steps.length)} done`)),
    el('ol', { className: 'steps' }, steps.map((step) => el('li', {},
      el('span', { 'aria-hidden': 'true', className: `mark ${step.done
        ? 'done' : step === next ? 'next' : ''}` }, step.done ? '✓' : ''),
      step.done ? el('span', { className: 'soft' }, step.title,
        el('span', { className: 'aside' }, ' (done)'))
        : el('a', { className: 'row', href: page.link(PLACES[step.code]
          || 'connect') }, step.title),
      step === next ? el('a', { className: 'button main',
        href: page.link(PLACES[step.code] || 'connect') }, 'Go on') : ''))));
}

// -------------------------------------------------------------------- health

const figure = (href, label, value, more, words = false) => el('a',
  { className: 'figure', href }, el('span', { className: 'soft' }, label),
  el('span', { className: words ? 'value words' : 'value' }, value),
  el('span', { className: 'small soft' }, more || ' '));

function figures(page, found) {
  const failed = found.failures.reduce((sum, one) => sum + one.count, 0);
  return el('div', { className: 'figures' },
    figure(page.link('users'), 'Active users', count(found.users.active),
      `${count(found.users.inactive)} inactive`),
    figure(page.link('groups'), 'Groups', count(found.groups),
      found.unmapped_groups ? `${count(found.unmapped_groups)} not mapped`
        : found.groups ? 'all of them mapped' : 'none yet'),
    figure(`${page.link('journal')}?outcome=refused`, 'Failed in 24 hours',
      count(failed), failed ? 'see why' : 'nothing was refused'),
    figure(page.link('connect'), 'Last contact', time(found.last_contact,
      'none yet'), found.last_write ? ['last write ', time(found.last_write)]
      : 'no write yet', true),
    figure(page.link('connect'), 'Expiring tokens',
      count(found.tokens_expiring), 'within 60 days'));
}

function braked(page, brake) {
  return brake?.engaged && el('section', { className: 'note bad',
    'aria-label': 'Brake' },
  el('strong', {}, 'The brake on mass deprovisioning is on'),
  el('p', {}, brake.reason === 'group' ? 'A mapped group was to be emptied. '
    : 'Too many users were to be deactivated or deleted. ',
  `${plural(brake.held ?? 0, 'removal')} held since `, time(brake.engaged_at),
  '; it releases itself ', time(brake.until), '.'),
  el('div', { className: 'actions' }, el('a', { className: 'button',
    href: page.link('settings') }, 'Look at whom'),
  action('Release it', async () => {
    await post(page.at('brake', 'release'));
    toast('The brake is released');
    page.again();
  }, 'danger')));
}

const hour = new Intl.DateTimeFormat(undefined,
  { hour: '2-digit', minute: '2-digit' });

// A bar for each hour; what failed stands at its top.
function chart(hours) {
  const most = Math.max(1, ...hours.map((one) => one.done + one.failed));
  const sum = (name) => hours.reduce((all, one) => all + one[name], 0);
  const image = svg('svg', { viewBox: '0 0 480 96', class: 'chart',
    role: 'img', preserveAspectRatio: 'none',
    'aria-label': `${plural(sum('done'), 'operation')} in 24 hours, ${
      count(sum('failed'))} failed; at most ${count(most)} in one hour` },
  svg('line', { x1: 0, x2: 480, y1: 95.5, y2: 95.5 }),
  svg('line', { x1: 0, x2: 480, y1: .5, y2: .5 }));
  const width = 480 / hours.length;
  hours.forEach((one, i) => {
    const tall = (n) => n === 0 ? 0 : Math.max(2, (n / most) * 94);
    const bar = (y, height, kind) => svg('rect', { x: i * width + 1.5, y,
      width: width - 3, height, class: kind });
    const over = svg('rect', { x: i * width, y: 0, width, height: 95,
      class: 'over' });
    over.append(svg('title', {}, `${hour.format(new Date(one.hour))}: ${
      count(one.done)} done, ${count(one.failed)} failed`));
    image.append(bar(95 - tall(one.done), tall(one.done), 'good'),
      bar(95 - tall(one.done) - tall(one.failed), tall(one.failed), 'bad'),
      over);
  });
  return [image, el('div', { className: 'axis' },
    el('span', {}, hour.format(new Date(hours[0].hour))),
    el('span', {}, el('span', { className: 'key' },
      `${count(sum('done'))} done`), ' ', el('span', { className: 'key bad' },
        `${count(sum('failed'))} failed`)),
    el('span', {}, `now · highest ${count(most)} an hour`))];
}

const operations = (hours) => el('section', { className: 'card' },
  el('h2', {}, 'Operations per hour'),
  hours.some((one) => one.done + one.failed > 0) ? chart(hours)
    : nothing('None in the last day', 'What identity providers write is drawn'
      + ' here, by the hour.'));

const failures = (page, rows) => rows.length > 0 && el('section',
  { className: 'card' }, el('h2', {}, 'Why requests failed'),
  el('ul', { className: 'steps' }, rows.map((one) => el('li', {},
    el('span', { className: 'mark bad', 'aria-hidden': 'true' }, '!'),
    el('div', {}, el('strong', {}, [one.status, one.scim_type, one.action]
      .filter(Boolean).join(' ')),
    one.detail && el('p', { className: 'soft' }, el('span',
      { className: 'clamped' }, one.detail))),
    el('a', { href: `${page.link('journal')}?outcome=refused` },
      plural(one.count, 'time'))))));

// --------------------------------------------------------------------- hints

function hint(page, one) {
  const [where, title] = HINTS[one.code] || [];
  return el('li', {},
    el('span', { className: `mark ${one.severity === 'error' ? 'bad' : ''}`,
      'aria-hidden': 'true' }, one.severity === 'info' ? 'i' : '!'),
    el('div', {}, el('strong', {}, one.title), ' ',
      one.severity !== 'info' && chip(one.severity, KINDS[one.severity]),
      one.detail && el('p', { className: 'soft' }, el('span',
        { className: 'clamped' }, one.detail)),
      one.remedy && el('p', {}, one.remedy),
      one.where && !one.where.startsWith(title) && el('p',
        { className: 'small soft' }, one.where)),
    where ? el('a', { className: 'button',
      href: page.link(where) + (QUERIES[where] || '') }, title) : '');
}

const hints = (page, items) => el('section', { className: 'card' },
  el('h2', {}, 'Hints'), items.length === 0
    ? el('p', { className: 'soft' }, 'Nothing needs your attention.')
    : el('ul', { className: 'steps' }, items.map((one) => hint(page, one))));

// ---------------------------------------------------------------------- page

async function ofMember(page) {
  const [organization, why, { permissions }] = await Promise.all([
    get(page.at(), {}, page.signal),
    get(page.at('me', 'permissions'), {}, page.signal),
    import('./permissions.js')]);
  return [head(organization.name, 'What you hold here, and by which groups.'),
    el('section', { className: 'card' }, el('h2', {}, 'Your permissions'),
      permissions(page, why, false))];
}

const read = (page) => Promise.all([
  get(page.at('overview'), {}, page.signal),
  get(page.at('hints'), { limit: 20 }, page.signal),
  get(page.at(), {}, page.signal)]);

const title = (organization) => head(organization.name, null,
  organization.scim ? chip('SCIM is on', 'good') : chip('SCIM is off', 'warn'),
  organization.suspended && chip('suspended', 'bad'));

// Before anybody has called there is nothing to be well or not.
const content = (page, [found, hinted, organization]) => [
  title(organization), braked(page, found.brake),
  checklist(page, found.steps), ...found.last_contact || found.users.active
    ? [figures(page, found), hints(page, hinted.items),
      operations(found.operations), failures(page, found.failures)]
    : [hinted.items.length > 0 && hints(page, hinted.items)]].filter(Boolean);

// Looks again by itself; draws only what has changed, so that the focus stays.
function follow(page, box, first) {
  let seen = JSON.stringify(first);
  const pause = ([{ steps }]) => steps.every((step) => step.done) ? LIVE
    : WAITING;
  let last = first;
  const look = async () => {
    if (page.ended()) {
      return;
    }
    try {
      const now = document.hidden ? null : await read(page);
      const text = JSON.stringify(now);
      if (now && text !== seen && !page.ended()) {
        const back = keepFocus(box);
        seen = text;
        last = now;
        box.replaceChildren(...content(page, now));
        back();
      }
    } catch (problem) {
      if (problem.name === 'AbortError') {
        return;
      }
    }
    setTimeout(look, pause(last));
  };
  setTimeout(look, pause(first));
}

export async function show(page) {
  if (page.role === 'member') {
    return ofMember(page);
  }
  const found = await read(page);
  const box = el('div', { className: 'parts', tabindex: '-1' },
    content(page, found));
  follow(page, box, found);
  return box;
}
