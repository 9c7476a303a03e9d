// Settings: accounts, rules, alerts, the brake, configuration, the end.

import { get, patch, post, remove } from './api.js';
import { brake } from './brake.js';
import { ask, check, editor, field } from './dialog.js';
import { action, card, chip, clamped, count, el, facts, head, named, nothing,
  plural, searchField, time, toast, trouble } from './elements.js';
import { list } from './list.js';

// -------------------------------------------------------------------- accounts

const roleChoice = (chosen) => el('select', { name: 'role' },
  ['owner', 'admin', 'member'].map((role) => el('option', { value: role,
    selected: role === chosen }, role)));

const MAY = 'Owners may do everything. Admins everything but accounts, who'
  + ' becomes an administrator, suspending and deleting. Members see what they'
  + ' hold.';

function addAccount(page, done) {
  ask({ title: 'New account', confirm: 'Add', content: [
    field('Name', el('input', { name: 'name', required: true,
      autocomplete: 'off' }), 'As the login of this site calls the person.'),
    field('Realm', el('input', { name: 'realm', value: 'default',
      required: true }), 'Whose names these are (ScimRealm).'),
    field('Role', roleChoice('admin'), MAY)],
  work: async (data) => {
    await post(page.at('accounts'), Object.fromEntries(data));
    toast(`${data.get('name')} has an account`);
    done();
  } });
}

function changeAccount(page, account, done) {
  ask({ title: ['Role of ', named(account.name)], confirm: 'Save',
    version: account.version,
    content: field('Role', roleChoice(account.role), MAY),
    work: async (data, form, version) => {
      await patch(page.at('accounts', account.id), { role: data.get('role') },
        version);
      toast(`${account.name} is saved`);
      done();
    } });
}

function removeAccount(page, account, done) {
  ask({ title: ['Remove ', named(account.name), '?'], danger: true,
    confirm: 'Remove', version: account.version,
    content: el('p', {}, 'One person can no longer look after this'
      + ' organization. Provisioned users are not touched.'),
    work: async (data, form, version) => {
      await remove(page.at('accounts', account.id), version);
      toast(`${account.name} is removed`);
      done();
    } });
}

// Which provisioned user a person is: by id, chosen once and never guessed.
function link(page, account, done) {
  const found = el('ul', { className: 'steps plain' });
  const choose = (user) => action('Link', async () => {
    await post(page.at('accounts', account.id, 'link'), { user: user.id });
    toast(`${account.name} is linked`);
    dialog.close();
    done();
  });
  const look = async (text) => {
    try {
      const users = (await get(page.at('users'), { search: text, limit: 10 },
        page.signal)).items;
      found.replaceChildren(...users.map((user) => el('li', {},
        el('div', {}, el('strong', {}, clamped(user.name || user.user_name)),
          el('p', { className: 'small soft' }, clamped(user.user_name))),
        choose(user))));
    } catch (problem) {
      found.replaceChildren(el('li', {}, trouble(problem, () => look(text))));
    }
  };
  const dialog = ask({ title: ['Which user is ', named(account.name), '?'],
    side: true, content: [el('p', { className: 'soft' }, 'Once linked, the'
      + ' person does not get in here any more when the user is deactivated or'
      + ' deleted; owners excepted.'), searchField('Search users', 'Name',
      '', look), found] });
  look('');
}

const unlink = (page, account, done) => ask({ confirm: 'Unlink',
  title: ['Unlink ', named(account.name), '?'],
  content: el('p', {}, 'The account stays; whether the user is active no longer'
    + ' matters for it.'),
  work: async () => {
    await post(page.at('accounts', account.id, 'unlink'));
    toast(`${account.name} is unlinked`);
    done();
  } });

const transfer = (page, account) => ask({ danger: true, confirm: 'Hand over',
  title: ['Make ', named(account.name), ' the owner?'], typed: account.name,
  content: el('p', {}, 'The first owner becomes an admin. If that is you, you'
    + ' cannot take it back.'),
  work: async () => {
    await post(page.at('accounts', account.id, 'transfer'));
    location.reload(); // what one may do is another thing now
  } });

function more(page, one, done) {
  ask({ title: named(one.name), content: [
    facts([['Realm', one.realm], ['Role', one.role],
      ['Linked user', one.user_id ? el('a', { href: page.link('user',
        one.user_id) }, named(one.user_name || 'user')) : 'none'],
      one.linked && ['Linked', time(one.linked)],
      ['Since', time(one.created)]]),
    el('div', { className: 'actions' },
      el('button', { type: 'button', onclick: () => link(page, one, done) },
        one.user_id ? 'Link to another user' : 'Link to a user'),
      one.user_id && el('button', { type: 'button',
        onclick: () => unlink(page, one, done) }, 'Unlink'),
      !one.first && el('button', { type: 'button', className: 'danger',
        onclick: () => transfer(page, one) }, 'Hand ownership over'))] });
}

function accounts(page) {
  const isOwner = page.role === 'owner';
  const done = () => {
    document.querySelectorAll('dialog[open]').forEach((one) => one.close());
    table.reload();
  };
  const button = (one, text, work, kind = '') => el('button', {
    type: 'button', className: `quiet ${kind}`,
    'aria-label': `${text} ${one.name}`, onclick: () => work(page, one, done) },
  text);
  const table = list({ label: 'Accounts',
    load: (after) => get(page.at('accounts'), { after, limit: 50 },
      page.signal),
    empty: nothing('No accounts', ''),
    columns: [
      { name: 'Name', cell: (one) => [el('strong', {}, clamped(one.name)),
        el('div', { className: 'small soft' }, clamped(one.realm))] },
      { name: 'Role', cell: (one) => chip(one.role, one.role === 'owner'
        ? 'accent' : '') },
      { name: 'Linked user', cell: (one) => one.user_id
        ? el('a', { href: page.link('user', one.user_id) },
          clamped(one.user_name || 'user')) : '–' },
      { name: 'Since', cell: (one) => time(one.created) },
      { name: 'Actions', className: 'number', cell: (one) => isOwner
        && el('div', { className: 'actions' },
          button(one, 'Change', changeAccount), button(one, 'More', more),
          button(one, 'Remove', removeAccount, 'danger')) },
    ] });
  return el('section', { className: 'card' }, el('header', {},
    el('div', {}, el('h2', {}, 'Accounts'), el('p', { className: 'soft' },
      'People who look after this organization.')),
    isOwner && el('button', { type: 'button',
      onclick: () => addAccount(page, done) }, 'New account')), table);
}

// -------------------------------------------------------------- organization

function rules(page, organization) {
  const admins = el('input', { name: 'mapped_admins',
    checked: organization.mapped_admins, disabled: page.role !== 'owner' });
  return card('Organization', null, editor({ version: organization.version,
    content: [
      field('Name', el('input', { name: 'name', value: organization.name,
        maxlength: 200, required: true })),
      check('Active users are members', el('input', {
        name: 'members_by_default',
        checked: organization.members_by_default }), 'Every active provisioned'
        + ' user holds the organization role member.'),
      check('Mapped admins may open this console', admins, 'Where a group'
        + ' mapping gives the role admin and an owner has linked the account.'),
    ],
    work: async (data, form, version) => {
      const given = { name: data.get('name'),
        members_by_default: data.has('members_by_default') };
      if (!admins.disabled) {
        given.mapped_admins = admins.checked;
      }
      await patch(page.at(), given, version);
      toast('The organization is saved');
      page.again();
    } }));
}

// ---------------------------------------------------------------------- alerts

async function alerts(page) {
  const found = await get(page.at('alerts'), {}, page.signal);
  return card('Alerts', 'E-mail when something needs attention, each once.',
    editor({ version: found.version,
      content: field('Addresses, one a line', el('textarea', {
        name: 'addresses', rows: 3, spellcheck: 'false' },
      (found.addresses || []).join('\n'))),
      work: async (data, form, version) => {
        await patch(page.at('alerts'), { addresses: data.get('addresses')
          .split(/[\s,;]+/).filter(Boolean) }, version);
        toast('The addresses are saved');
        page.again();
      } }));
}

const retention = () => card('Retention', 'How long the journal is kept is how'
  + ' far back one can look and undo. It is one setting of the whole'
  + ' installation: its operator runs', el('pre', { tabindex: '0' },
  'scimctl journal maintain --keep MONTHS'), el('p', { className: 'soft' },
  'Mappings of deleted groups are kept for 90 days.'));

// --------------------------------------------------------------- configuration

function save(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el('a', { download: name, href: url }).click();
  URL.revokeObjectURL(url);
}

const lines = (title, rows) => rows.length > 0 && el('div', {},
  el('h3', {}, `${title} (${count(rows.length)})`),
  el('ul', { className: 'who' }, rows.map((row) => el('li', {}, row))));

const difference = (found) => el('div', { className: 'note stack' },
  el('strong', {}, found.changes.length === 0 ? 'Nothing would be changed'
    : `${plural(found.changes.length, 'thing')} would be changed`),
  lines('To do', found.changes.map((one) => [el('code', {}, one.action), ' ',
    named(one.name)])),
  lines('Not in the text, and left alone', found.extra.map((one) =>
    [one.in, ' ', named(one.name)])),
  lines('Not mapped, as there is no such group', found.missing.map((one) =>
    named(one.group))));

function bring(page) {
  const seen = el('div', { role: 'status' });
  const file = el('input', { type: 'file', name: 'file',
    accept: 'application/json,.json', onchange: async () => {
      if (file.files[0]) {
        text.value = await file.files[0].text();
        text.dispatchEvent(new Event('input'));
      }
    } });
  let previewed = null;
  const text = el('textarea', { name: 'configuration', rows: 10,
    className: 'mono', spellcheck: 'false', required: true, oninput: () => {
      previewed = null;
      seen.replaceChildren();
      dialog.querySelector('button[type="submit"]').replaceChildren('Preview');
    } });
  const dialog = ask({ title: 'Import a configuration', side: true,
    confirm: 'Preview', content: [el('p', { className: 'soft' }, 'Adds and'
      + ' changes what differs, in one transaction, and removes nothing.'),
    field('File', file), field('Its text', text), seen],
    work: async () => {
      const given = { configuration: parsed(text.value) };
      const path = page.at('configuration', 'import');
      if (previewed !== text.value) {
        seen.replaceChildren(difference(await post(path,
          { ...given, dry_run: true })));
        previewed = text.value;
        dialog.querySelector('button[type="submit"]')
          .replaceChildren('Import');
        return false;
      }
      const done = await post(path, given);
      toast(`${plural(done.changes.length, 'thing')} changed`);
      page.again();
      return true;
    } });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (fault) {
    throw Object.assign(new Error(`This is no JSON: ${fault.message}`),
      { title: 'Not understood', field: 'configuration' });
  }
}

const configuration = (page) => card('Configuration', 'Settings, accounts, apps,'
  + ' stacks, roles and mappings as one text, without secrets: for version'
  + ' control, or for another organization.',
el('div', { className: 'actions' }, action('Save to a file', async () => {
  save(`${page.slug}.json`, JSON.stringify(await get(page.at('configuration'),
    {}, page.signal), null, 2), 'application/json');
  toast('The configuration is saved to a file');
}), page.role === 'owner' && el('button', { type: 'button',
  onclick: () => bring(page) }, 'Import…')));

// --------------------------------------------------------------------- the end

function suspend(page, organization) {
  const on = organization.suspended;
  ask({ danger: !on, title: [on ? 'Resume ' : 'Suspend ',
    named(organization.name), '?'], confirm: on ? 'Resume' : 'Suspend',
  content: el('p', {}, on
    ? `Permissions of ${plural(organization.users, 'user')} count again, and`
      + ' identity providers get in.'
    : `Whatever ${plural(organization.users, 'user')} hold by groups does not`
      + ` count while it is suspended, and ${plural(organization.apps, 'app')}`
      + ' are refused. Nothing is deleted.'),
  work: async () => {
    await post(page.at(on ? 'resume' : 'suspend'));
    toast(on ? 'Resumed' : 'Suspended');
    page.again();
  } });
}

const end = (page, organization) => ask({ danger: true,
  title: ['Delete ', named(organization.name), '?'],
  typed: organization.slug, confirm: 'Delete for ever',
  content: [el('p', {}, el('strong', {}, [plural(organization.users, 'user'),
    plural(organization.groups, 'group'), plural(organization.apps, 'app')]
    .join(', ')), ', all mappings, tokens and accounts are deleted. This cannot'
    + ' be undone.'), el('p', {}, 'The slug is never given away again.')],
  work: async () => {
    await remove(page.at(), undefined, { confirm: organization.slug });
    location.hash = '#/';
    location.reload();
  } });

const danger = (page, organization) => el('section', { className: 'card bad' },
  el('h2', {}, 'Danger zone'), el('ul', { className: 'steps plain' },
    el('li', {}, el('div', {}, el('strong', {}, organization.suspended
      ? 'Resume' : 'Suspend'), el('p', { className: 'soft' },
      organization.suspended ? 'Everything counts again.'
        : 'Ends all permissions and provisioning until it is resumed.')),
    el('button', { type: 'button', className: 'danger',
      onclick: () => suspend(page, organization) },
    organization.suspended ? 'Resume…' : 'Suspend…')),
    el('li', {}, el('div', {}, el('strong', {}, 'Delete'),
      el('p', { className: 'soft' }, 'Takes everything away, for good.')),
    el('button', { type: 'button', className: 'danger',
      onclick: () => end(page, organization) }, 'Delete…'))));

export async function show(page) {
  const [organization, braking, alerting] = await Promise.all([
    get(page.at(), {}, page.signal), brake(page), alerts(page)]);
  return [head('Settings'), rules(page, organization), accounts(page), braking,
    alerting, retention(), configuration(page),
    page.role === 'owner' && danger(page, organization)];
}
