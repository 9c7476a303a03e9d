// SCIM: the switch, the apps, their tokens; installing one step by step.

import { get, patch, post } from './api.js';
import { ask, check, field } from './dialog.js';
import { action, chip, copyButton, count, el, facts, head, nothing, secret,
  time, toast } from './elements.js';
import { entraMappings, entraScript } from './entra.js';
import { effect } from './mapping.js';
import { providerOf, PROVIDERS } from './providers.js';
import { testConnection, trial } from './trial.js';

const POLL = 2000; // ms between two looks for the first contact
const NAMED = 3;   // of the first users

const isGone = (token) => token.revoked
  || (token.expires && new Date(token.expires) < new Date());

// ------------------------------------------------------------------ the switch

function turn(page, organization, again) {
  const on = !organization.scim;
  ask({ title: on ? 'Enable SCIM?' : 'Disable SCIM?',
    confirm: on ? 'Enable SCIM' : 'Disable SCIM', danger: !on,
    content: on
      ? [el('p', {}, 'Identity providers can then create, change, disable and'
        + ' delete users and groups of this organization, with a secret token'
        + ' that you make for each of them.'),
      el('p', {}, 'Nothing happens until you install an app and paste its'
        + ' tenant URL and secret token into the provider.')]
      : [el('p', {}, 'Identity providers are refused from the next request on.'
        + ' Users, groups, mappings and permissions stay as they are.'),
      el('p', {}, 'Enable it again and the same tokens work.')],
    work: async () => {
      await post(page.at(on ? 'enable' : 'disable'));
      toast(on ? 'SCIM is on' : 'SCIM is off');
      again();
    } });
}

function switchCard(page, organization, again) {
  return el('section', { className: 'card' },
    el('header', {}, el('div', { className: 'actions' },
      el('h2', {}, 'SCIM'), organization.scim ? chip('on', 'good')
        : chip('off', 'warn')),
    page.role !== 'member' && el('button', { type: 'button',
      className: organization.scim ? 'danger' : 'main',
      onclick: () => turn(page, organization, again) },
    organization.scim ? 'Disable SCIM' : 'Enable SCIM')),
    el('p', { className: 'soft' }, organization.scim
      ? 'Identity providers with a valid token provision this organization.'
      : 'While SCIM is off every identity provider is refused. What has been'
        + ' provisioned stays, and goes on to hold.'));
}

// ------------------------------------------------------------------ installing

const tenantUrl = (organization, made) => made?.tenant_url
  || organization.tenant_url
  || `${location.origin}/scim/v2/${organization.slug}`;

// What has arrived through the app, once it is connected.
async function arrived(page, app, signal) {
  const [users, groups] = await Promise.all([
    get(page.at('users'), { app: app.id, limit: NAMED }, signal),
    get(page.at('groups'), { app: app.id, limit: 1 }, signal)]);
  if (users.items.length === 0 && groups.items.length === 0) {
    return 'No user yet: they come with the provider’s first cycle.';
  }
  const names = users.items.map((user) => user.user_name.slice(0, 60));
  return [users.items.length === 0 ? 'The first group has come'
    : `The first users have come: ${names.join(', ')}${users.next ? ', …' : ''}`,
  '. ', el('a', { href: page.link('users') }, 'Users'), ' · ',
  el('a', { href: page.link('mapping') }, 'Group mapping')];
}

// Turns green by itself when the provider has used the token; then says who has
// come.
function waiting(page, app, key, signal) {
  const line = el('div', { className: 'note warn', role: 'status' },
    el('p', {}, `Waiting for ${providerOf(app.kind).test}…`));
  const users = el('p', {});
  let said = '';
  const look = async () => {
    if (signal.aborted) {
      return;
    }
    try {
      if (line.className !== 'note good') {
        const token = await get(page.at('tokens', key), {}, signal);
        if (token.last_used) {
          line.className = 'note good';
          line.replaceChildren(el('p', {}, '✓ Connected: the first request came ',
            time(token.last_used),
            token.last_address ? ` from ${token.last_address}.` : '.'), users);
        }
      }
      if (line.className === 'note good') {
        const content = [await arrived(page, app, signal)].flat();
        const text = content.map((one) => one.textContent ?? one).join('');
        if (text !== said) { // what is the same is not read out again
          said = text;
          users.replaceChildren(...content);
        }
      }
    } catch (problem) {
      if (problem.name === 'AbortError') {
        return;
      }
    }
    setTimeout(look, POLL);
  };
  look();
  return line;
}

const pasted = (label, text, help) => el('div', { className: 'field' },
  el('span', { className: 'label' }, label), secret(text, label),
  help && el('span', { className: 'help' }, help));

const fields = (pairs) => (pairs || []).length > 0 && facts(pairs);

function script(app, url) {
  const text = entraScript(url, app.name);
  const mappings = JSON.stringify(entraMappings, null, 2);
  return [el('details', {},
    el('summary', {}, 'One script instead of twenty clicks'),
    el('div', { className: 'stack' },
      el('p', { className: 'soft' }, 'For bash with az and jq, as in the Azure'
        + ' Cloud Shell: makes the application and its provisioning job, tests'
        + ' and saves these values, maps externalId to objectId, sets the'
        + ' notification e-mail and starts. It asks for the secret token, and'
        + ' stops with a reason where something fails.'),
      el('pre', { tabindex: '0', 'aria-label': 'Script' }, text),
      el('div', { className: 'actions' }, copyButton(text, 'Script')))),
  el('details', {}, el('summary', {}, 'Attribute mappings as JSON'),
    el('div', { className: 'stack' },
      el('pre', { tabindex: '0', 'aria-label': 'Mappings' }, mappings),
      el('div', { className: 'actions' }, copyButton(mappings, 'Mappings'))))];
}

function shown(page, organization, app, made) {
  const provider = providerOf(app.kind);
  const url = tenantUrl(organization, made);
  const stop = new AbortController(); // the page may be drawn anew below
  ask({ title: `Paste these into ${provider.name}`, side: true,
    onclose: () => { stop.abort(); page.again(); },
    content: [
      el('p', { className: 'soft' }, `In ${provider.site}: ${provider.where}.`),
      fields(provider.before),
      pasted(provider.url, url),
      fields(provider.between),
      pasted(provider.secret, made.token,
        'Shown once. If it is lost, rotate the token.'),
      el('p', {}, 'Then: ', el('strong', {}, provider.then), '.'),
      waiting(page, app, made.id, stop.signal),
      el('details', {}, el('summary', {}, 'Test the connection from here first'),
        trial(page, app, made.token)),
      el('h3', {}, 'And there, before the first cycle'),
      fields(provider.after),
      app.kind === 'entra' && script(app, url),
    ] });
}

function install(page, organization) {
  const name = el('input', { name: 'name', required: true, maxlength: 200,
    value: PROVIDERS.entra.title, autocomplete: 'off' });
  const kind = el('select', { name: 'kind', onchange: () => {
    name.value = PROVIDERS[kind.value].title;
  } }, Object.entries(PROVIDERS).map(([value, one]) =>
    el('option', { value }, one.name)));
  ask({ title: 'Install a provisioning app', confirm: 'Install',
    content: [field('Identity provider', kind),
      field('Name', name, 'How people here call it.'),
      check('Rehearse first', el('input', { name: 'rehearsing' }),
        'It provisions normally, but its groups grant nothing until you have'
        + ' seen what would change and go live.')],
    work: async (data) => {
      const app = await post(page.at('apps'), { kind: data.get('kind'),
        name: data.get('name'), rehearsing: data.has('rehearsing') });
      const made = await post(page.at('apps', app.id, 'tokens'),
        { name: 'first' });
      shown(page, organization, app, made);
    } });
}

// ---------------------------------------------------------------------- tokens

function newToken(page, organization, app) {
  ask({ title: `New token for ${app.name}`, confirm: 'Make the token',
    content: [field('Name', el('input', { name: 'name', maxlength: 200,
      autocomplete: 'off', required: true }), 'To tell it from the others.'),
    field('Expires after days', el('input', { name: 'days', type: 'number',
      min: 0, max: 36500, value: '365' }), '0: never.'),
    check('Read only', el('input', { name: 'read_only' }),
      'It changes nothing.')],
    work: async (data) => {
      const made = await post(page.at('apps', app.id, 'tokens'), {
        name: data.get('name'), expires_days: Number(data.get('days')),
        read_only: data.has('read_only') });
      shown(page, organization, app, made);
    } });
}

function rotate(page, organization, app, token) {
  ask({ title: `Rotate the token …${token.last_four}?`, confirm: 'Rotate',
    content: [el('p', {}, 'You get a new token. The old one works until an hour'
      + ' after the new one’s first use, at most 7 days.'),
    check('It is compromised', el('input', { name: 'compromised' }),
      'The old token ends at once.')],
    work: async (data) => {
      const made = await post(page.at('tokens', token.id, 'rotate'),
        { compromised: data.has('compromised') });
      shown(page, organization, app, made);
    } });
}

function revoke(page, token) {
  ask({ title: `Revoke the token …${token.last_four}?`, danger: true,
    confirm: 'Revoke', content: el('p', {}, 'It is refused from the next'
      + ' request on, and cannot be brought back.'),
    work: async () => {
      await post(page.at('tokens', token.id, 'revoke'));
      toast('The token is revoked');
      page.again();
    } });
}

function tokenRow(page, organization, app, token) {
  return el('li', {}, el('span', { className: 'mark', 'aria-hidden': 'true' },
    '•'), el('div', {}, el('strong', {}, token.name || 'token'), ' ',
    el('code', {}, `…${token.last_four}`), ' ',
    token.read_only && chip('read only'),
    el('p', { className: 'small soft' }, 'made by ', token.creator, ' ',
      time(token.created), ' · expires ', time(token.expires), ' · used ',
      time(token.last_used),
      token.last_address ? ` from ${token.last_address}` : '')),
  page.role !== 'member' && el('div', { className: 'actions' },
    el('button', { type: 'button', className: 'quiet',
      onclick: () => rotate(page, organization, app, token) }, 'Rotate'),
    el('button', { type: 'button', className: 'quiet danger',
      onclick: () => revoke(page, token) }, 'Revoke')));
}

// ------------------------------------------------------------------------ apps

function settings(page, app) {
  ask({ title: `Settings of ${app.name}`, confirm: 'Save', content: [
    field('Name', el('input', { name: 'name', value: app.name,
      required: true, maxlength: 200 })),
    check('Strict', el('input', { name: 'strict', checked: app.strict }),
      'What is not as the RFCs say is refused instead of understood.'),
    check('Whole organization', el('input', { name: 'whole_organization',
      checked: app.whole_organization }),
    'It sees and writes users and groups of other apps, too.'),
    check('Keep passwords', el('input', { name: 'passwords',
      checked: app.passwords === 'store' }),
    'Hashed, for signing in here; otherwise they are dropped.')],
  work: async (data) => {
    await patch(page.at('apps', app.id), { name: data.get('name'),
      strict: data.has('strict'),
      whole_organization: data.has('whole_organization'),
      passwords: data.has('passwords') ? 'store' : 'drop' }, app.version);
    toast('Saved');
    page.again();
  } });
}

function uninstall(page, app) {
  ask({ title: `Uninstall ${app.name}?`, danger: true, confirm: 'Uninstall',
    typed: app.name, content: el('p', {}, 'Its tokens end at once. Its users'
      + ' and groups stay and keep what they hold; another app can adopt'
      + ' them.'),
    work: async () => {
      await post(page.at('apps', app.id, 'uninstall'));
      toast(`${app.name} is uninstalled`);
      page.again();
    } });
}

// A rehearsing app: what would change, and then that it does.
async function goLive(page, app) {
  const found = await get(page.at('apps', app.id, 'rehearsal'), {},
    page.signal);
  ask({ title: `Go live with ${app.name}?`, confirm: 'Go live', content: [
    el('p', {}, `${count(found.users.active)} active users, `
      + `${count(found.groups)} groups, ${count(found.unmapped_groups)} of`
      + ' them not mapped.'), effect(found)],
  work: async () => {
    await post(page.at('apps', app.id, 'live'));
    toast(`${app.name} is live`);
    page.again();
  } });
}

function appCard(page, organization, app, tokens) {
  const live = tokens.filter((token) => token.app_id === app.id
    && !isGone(token));
  return el('section', { className: 'card' },
    el('header', {}, el('div', { className: 'actions' },
      el('h3', {}, app.name),
      chip(providerOf(app.kind).name),
      app.rehearsing && chip('rehearsing', 'warn'),
      app.strict && chip('strict'),
      app.uninstalled && chip('uninstalled')),
    !app.uninstalled && page.role !== 'member'
      && el('div', { className: 'actions' },
        el('button', { type: 'button', className: 'quiet',
          onclick: () => settings(page, app) }, 'Settings'),
        el('button', { type: 'button', className: 'quiet danger',
          onclick: () => uninstall(page, app) }, 'Uninstall'))),
    !app.uninstalled && el('div', { className: 'field' },
      el('span', { className: 'label' }, 'Tenant URL'),
      secret(tenantUrl(organization), 'Tenant URL')),
    app.rehearsing && !app.uninstalled && page.role !== 'member'
      && action('See what would change…', () => goLive(page, app)),
    !app.uninstalled && [el('ul', { className: 'steps' }, live.map((token) =>
      tokenRow(page, organization, app, token))),
    live.length === 0 && el('p', { className: 'note warn' },
      'No token: the provider cannot connect.'),
    page.role !== 'member' && el('div', { className: 'actions' },
      el('button', { type: 'button',
        onclick: () => testConnection(page, app) }, 'Test the connection'),
      el('button', { type: 'button',
        onclick: () => newToken(page, organization, app) }, 'New token'))]);
}

export async function show(page) {
  const [organization, apps, tokens] = await Promise.all([
    get(page.at(), {}, page.signal),
    get(page.at('apps'), { limit: 200 }, page.signal),
    get(page.at('tokens'), { limit: 200 }, page.signal)]);
  const canInstall = organization.scim && page.role !== 'member';
  return [
    head('SCIM', 'Connects identity providers, which then send users and'
      + ' groups.', canInstall && el('button', { type: 'button',
      className: 'main', onclick: () => install(page, organization) },
    'Install app')),
    switchCard(page, organization, page.again),
    el('section', { className: 'stack' }, el('h2', {}, 'Apps'),
      apps.items.length === 0
        ? el('div', { className: 'list' }, nothing('No app yet',
          organization.scim ? 'Install one to get a tenant URL and a secret'
            + ' token.' : 'Enable SCIM first.'))
        : apps.items.map((app) => appCard(page, organization, app,
          tokens.items))),
    organization.scim && el('p', {}, el('a', { href: page.link('mapping') },
      'Group mapping'), ': what the members of each group may do.'),
  ];
}
